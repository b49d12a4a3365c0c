// SPDX-License-Identifier: Apache-2.0
// reff run: all runs of some tables, then the tables.
#include "experiments/command/commands.h"
#include "experiments/page/page.h"
#include "experiments/plan/home.h"
#include "experiments/suite/claims_plan.h"
#include "experiments/suite/dry_run.h"
#include "experiments/suite/until_decided.h"

#include <stdio.h>
#include <string.h>

static const struct setting schema[] = {
    REQUEST_SETTINGS,
    SETTING_COUNT(struct request_options, jobs, "0", 0, 1024, "runs",
                  "runs at a time; 0: as cores and memory allow"),
    SETTING_COUNT(struct request_options, threads, "0", 0, 1024, "threads", "of each run; 0: cores / jobs"),
    SETTING_SWITCH(struct request_options, keep_shards, "keep the data sets of finished runs"),
    SETTING_SWITCH(struct request_options, retry, "repeat failed runs"),
    SETTING_SWITCH(struct request_options, dry_run,
                   "list the runs by state, with time, memory and disk; run nothing"),
    EXECUTOR_SETTINGS(struct request_options),
    SETTING_SWITCH(struct request_options, cancel, "take back what was handed over of these runs"),
    SETTING_COUNT(struct request_options, seeds_most, "20", 2, SEEDS_MAXIMUM, "seeds",
                  "with --until-decided: of a cell at most"),
    SETTING_REAL(struct request_options, hours, "0", 0, 1e5, "hours",
                 "with --until-decided: no run begins after so many; 0: no limit"),
    SETTING_SWITCH(struct request_options, new_plan,
                   "with --until-decided: begin another plan though results of one exist"),
    SETTING_PATH(struct request_options, page, "", "FILE",
                 "results as one HTML file (reff page), renewed every minute and at the end"),
    SETTING_END,
};

static const struct command command = {
    .name = "run",
    .arguments = "TABLE...",
    .summary = "Do all runs that tables need, then print and write the tables.",
    .description =
        "TABLE is a file in experiments/tables (table1a), a table with all its parts (table1), "
        "every table (tables), or a path. Runs that are done are not repeated; interrupted ones "
        "continue from their checkpoints; failed ones are repeated with --retry. Tables are "
        "written to RESULTS/tables/<profile>/<table>.{md,csv,tex,json}.\n\nWith --until-decided "
        "cells get more seeds, at looks that the profile fixes, until every claim on the tables is "
        "decided: only those cells that undecided claims need. The plan is registered in "
        "RESULTS/plans before the first run.\n\n--executor list prints a command for each run, --executor "
        "slurm "
        "submits jobs to Slurm and returns; a last job prints the tables (docs/cluster.md).",
    .example = "reff run table1 --profile quick --seeds 5\n  reff run tables --until-decided --hours 8",
    .minimum_words = 1,
    .maximum_words = -1,
    .schema = schema,
};

// Prints the tables and writes their files.
static int show_tables(const struct request *r, const struct request_options *options, struct error *err) {
    struct request_results results;
    int failed = request_results_read(&results, r, options->results, err);
    for (int t = 0; t < r->table_count && !failed; t++) {
        putchar('\n');
        failed = table_result_print(stdout, SHEET_MARKDOWN, &results.tables[t], results.claims,
                                    results.claim_count, results.provenance[t], err) ||
                 table_result_files(options->results, &results.tables[t], results.claims, results.claim_count,
                                    results.provenance[t], err);
    }
    if (!failed)
        failed =
            request_print(stdout, SHEET_MARKDOWN, r, err) || request_print_files(r, options->results, err);
    if (!failed)
        printf("\nWritten to %s/tables/%s.\n", options->results, r->profile.name);
    request_results_free(&results, r);
    return failed ? -1 : 0;
}

// The page of a sweep.
struct follower {
    const struct request *request;
    const struct request_options *options;
    char output[PATH_SIZE];
    int told; // that it cannot be written
};

// A page that cannot be written stops no sweep; at the end it is an error.
static void renew_page(void *context) {
    struct follower *f = context;
    struct error err = {0};
    if (page_make(f->request, f->options->results, f->output, 1, &err) && !f->told++)
        fprintf(stderr, "the page is not renewed: %s\n", err.message);
}

// The last one: also of a sweep that failed or was interrupted, for the page must not say that it is at work.
static int end_page(struct follower *f, struct error *err) {
    return *f->output ? page_make(f->request, f->options->results, f->output, 0, err) : 0;
}

// The sweep, then the tables: also those with empty cells, whose reasons they name. An interrupted sweep has
// none, nor one whose runs others have now.
static int run(const struct request *r, const struct request_options *options, struct executor_job *job,
               struct error *err) {
    struct error later = {0};
    int handed_over = 0;
    if (folder_make(options->results, err))
        return -1;
    int failed = options->until_decided ? claims_plan_register(r, options->results, options->new_plan, err) ||
                                              until_decided_run(r, options, job, &handed_over, err)
                                        : r->plan.count && executor_run(job, &handed_over, err);
    int unwritten = end_page(job->sweep.visit_context, failed ? &later : err);
    if ((failed && err->status == EXIT_INTERRUPTED) || handed_over)
        return failed || unwritten ? -1 : 0;
    int unshown = show_tables(r, options, failed || unwritten ? &later : err);
    return failed || unwritten || unshown ? -1 : 0;
}

// What the next look would run.
static int show_next_look(const struct request *r, const struct request_options *options,
                          const struct executor_job *job, struct error *err) {
    struct request next = *r;
    int look, found = until_decided_next(r, options, &next.plan, &look, err);
    if (!found)
        printf("nothing to do: every claim is decided, or has had its last look\n");
    if (found < 1)
        return found;
    printf("look %d, %d seeds: ", look, next.plan.seeds.count);
    int failed = dry_run(stdout, &next, options, job, err);
    until_decided_free(&next.plan);
    return failed;
}

static int check_options(const struct request_options *o, struct error *err) {
    if (!o->until_decided && (o->hours > 0 || o->new_plan || o->seeds_most != 20))
        return fail_usage(err, "%s: it goes with --until-decided",
                          o->hours > 0  ? "--hours"
                          : o->new_plan ? "--new-plan"
                                        : "--seeds-most");
    if (*o->page && o->dry_run)
        return fail_usage(err, "--page: a dry run has none; reff page shows what is there");
    return *o->page ? file_check_target(o->page, err) : 0;
}

static int act(const struct request *r, const struct request_options *options, struct executor_job *job,
               struct error *err) {
    if (options->cancel)
        return executor_cancel(stdout, job->executor, &r->plan, options->results, err);
    if (options->dry_run && options->until_decided)
        return show_next_look(r, options, job, err);
    return options->dry_run ? dry_run(stdout, r, options, job, err) : run(r, options, job, err);
}

int command_run(int argc, char **argv, struct error *err) {
    struct request_options options = {0}; // of members that are no options of the command, too
    struct request request;
    struct words words;
    struct text again = {0};
    char name[64];
    int result = executor_add_command(&again, argc, argv, err) ? -1 : 0;
    result = result ? result : options_parse(&command, argc, argv, &options, &words, err);
    if (result || check_options(&options, err)) {
        text_free(&again);
        return result > 0 ? 0 : -1;
    }
    home_definition_name(words.items[0], name, sizeof name);
    struct follower follower = {.request = &request, .options = &options};
    snprintf(follower.output, sizeof follower.output, "%s", options.page);
    struct executor_job job = {.executor = executor_of(options.executor),
                               .plan = &request.plan,
                               .work = &real_work,
                               .sweep = {.results = options.results,
                                         .label = name,
                                         .jobs = options.jobs,
                                         .threads = options.threads,
                                         .keep_shards = options.keep_shards,
                                         .retry = options.retry,
                                         .log = stderr,
                                         .visit = *options.page ? renew_page : NULL,
                                         .visit_context = &follower},
                               .cluster = options.cluster,
                               .command = text_string(&again),
                               .round = options.round};
    result = request_read(&request, &options, words.items, words.count, &real_work, err) ||
             act(&request, &options, &job, err);
    request_free(&request);
    text_free(&again);
    return result ? -1 : 0;
}
