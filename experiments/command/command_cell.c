// SPDX-License-Identifier: Apache-2.0
// reff cell: single runs of a sweep, by their digests, on whatever machine sees the results folder.
#include "core/base/options.h"
#include "experiments/command/commands.h"
#include "experiments/executor/products.h"
#include "experiments/executor/task.h"

struct cell_options {
    char results[SETTING_TEXT_SIZE], sweep[SETTING_TEXT_SIZE], scratch[SETTING_TEXT_SIZE],
        isa[SETTING_WORD_SIZE];
    int task, jobs, threads, retry;
};

typedef struct cell_options O;

static const struct setting schema[] = {
    SETTING_PATH(O, results, "results", "DIR", "where the runs lie that were handed over"),
    SETTING_COUNT(O, jobs, "0", 0, 1024, "runs", "runs at a time; 0: as cores and memory allow"),
    SETTING_COUNT(O, threads, "0", 0, 1024, "threads", "of each run; 0: cores / jobs"),
    SETTING_SWITCH(O, retry, "repeat failed runs"),
    SETTING_PATH(O, scratch, "", "DIR", "folder of this machine for the data sets; none: beside the results"),
    SETTING_CHOICE(O, isa, "first", PRODUCTS_WORDS,
                   "instruction sets of products: the first run's, any, or at most this one"),
    SETTING_PATH(O, sweep, "", "ID", "a task of this submission, in place of digests"),
    SETTING_COUNT(O, task, "0", 0, 1000000, "number", "with --sweep: which of its tasks"),
    SETTING_END,
};

static const struct command command = {
    .name = "cell",
    .arguments = "[DIGEST...]",
    .summary = "Do single runs of a sweep that was handed over.",
    .description =
        "DIGEST names a run: at least the first 16 digits. reff run --executor list prints these commands, "
        "and "
        "--executor slurm submits them; what a run needs is in RESULTS/runs/DIGEST/task.json, so tables and "
        "profiles are not read. Runs that are done are not repeated, and those of another process are waited "
        "for. "
        "SIGUSR1, SIGTERM and Ctrl-C save checkpoints: the same command goes on, here or elsewhere. The exit "
        "status "
        "is then 130, and 75 where this machine does not multiply as the sweep does.",
    .example = "reff cell 0123456789abcdef --results /scratch/results",
    .minimum_words = 0,
    .maximum_words = -1,
    .schema = schema,
};

int command_cell(int argc, char **argv, struct error *err) {
    struct cell_options o;
    struct words words;
    int result = options_parse(&command, argc, argv, &o, &words, err);
    if (result)
        return result < 0 ? -1 : 0;
    if (!*o.sweep == !words.count)
        return fail_usage(err, *o.sweep ? "--sweep: takes no DIGEST" : "DIGEST... or --sweep is missing");
    struct task_job job = {.sweep = {.results = o.results,
                                     .label = "cells",
                                     .jobs = o.jobs,
                                     .threads = o.threads,
                                     .retry = o.retry,
                                     .leave_shards = 1,
                                     .log = stderr},
                           .work = &real_work,
                           .digests = words.items,
                           .count = words.count,
                           .submission = o.sweep,
                           .number = o.task,
                           .isa = o.isa,
                           .scratch = o.scratch};
    return task_run(&job, err);
}
