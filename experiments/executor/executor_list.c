// SPDX-License-Identifier: Apache-2.0
// One command a run on standard output, for whoever can start commands on the shared folder: PBS, HTCondor, GNU
// parallel, HyperQueue.
#include "experiments/executor/executor.h"
#include "experiments/executor/handed.h"
#include "experiments/process/shared_folder.h"

static int run(const struct executor_job *job, int *handed_over, struct error *err) {
    const char *results = job->sweep.results;
    struct text begin = {0};
    int open = 0, failed = folder_make(results, err) || shared_folder_check(results, err) ||
                           handed_command(&begin, results, err) || text_check(&begin, "a command", err);
    for (int i = 0; i < job->plan->count && !failed; i++) {
        const struct cell *cell = &job->plan->cells[i];
        int is_open = handed_is_open(results, cell, job->sweep.retry, err);
        failed = is_open < 0 || (is_open && handed_write(results, cell, err));
        if (!failed && is_open)
            printf("%s%s %.16s\n", text_string(&begin), job->sweep.retry ? " --retry" : "", cell->digest);
        open += is_open > 0;
    }
    text_free(&begin);
    *handed_over = failed || open;
    if (failed)
        return -1;
    if (open) {
        fprintf(job->sweep.log,
                "%d commands, one a run, in any order, on any machine that has this folder; the same command "
                "without --executor gathers the results\n",
                open);
        return 0;
    }
    struct sweep_options judge = job->sweep;
    judge.judge_only = 1;
    return sweep_run(job->plan, job->work, &judge, err);
}

const struct executor executor_list = {
    .name = "list", .summary = "one self-contained command a run, for other batch systems", .run = run};
