// SPDX-License-Identifier: Apache-2.0
#include "experiments/suite/until_decided.h"

#include "core/base/memory.h"
#include "core/base/progress.h"

#include <stdlib.h>
#include <string.h>

enum { CLAIMS_MAXIMUM = 256 }; // beyond them a claim cannot be given up, and ends the work

struct course { // of the looks
    const struct request *request;
    const struct request_options *options;
    int begun;                     // the first seeds of all cells are done, as far as they can be
    char given_up[CLAIMS_MAXIMUM]; // claims that a look's runs did not bring on: some failed
};

// ---------------------------------------------------------------------------------------- the next look

static int is_open(const struct course *c, const struct claim_result *claim, int index) {
    const struct looks *looks = &c->request->profile.looks;
    if (index >= CLAIMS_MAXIMUM || c->given_up[index])
        return 0;
    if (claim->ours.verdict == NOT_TESTED ? claim->looks || !claim->part_count
                                          : claim->ours.verdict != UNDECIDED)
        return 0;
    return claim->looks < looks->count && looks->seeds[claim->looks] <= c->options->seeds_most;
}

// 1 if a run with one of the first look's seeds is still to do, whether a claim needs it or not; 0; -1 with a message.
static int first_seeds_are_open(const struct course *c, struct error *err) {
    const struct request *r = c->request;
    int open = 0, seeds = r->profile.looks.seeds[0];
    for (int i = 0; i < r->plan.count && !open; i++) {
        struct run_status status;
        int is_first = 0;
        for (int s = 0; s < seeds; s++)
            is_first |= r->plan.cells[i].seed == r->seeds.values[s];
        if (!is_first)
            continue;
        if (run_look(c->options->results, &r->plan.cells[i], &status, err))
            return -1;
        open = status.state != RUN_DONE && (status.state != RUN_FAILED || c->options->retry);
        run_status_clear(&status);
    }
    return open;
}

// The first look that an open claim waits for; -1: there is none, -2 with a message. The tables' own first seeds come
// before all.
static int first_look(struct course *c, const struct request_results *results, struct error *err) {
    int first = -1, open = c->begun ? 0 : first_seeds_are_open(c, err);
    c->begun = 1;
    if (open)
        return open < 0 ? -2 : 0;
    for (int i = 0; i < results->claim_count; i++)
        if (is_open(c, &results->claims[i], i) && (first < 0 || results->claims[i].looks < first))
            first = results->claims[i].looks;
    return first;
}

// Marks the runs of one place of a table for the first `seeds` seeds.
static void mark_place(const struct request *r, const struct table *table, int row, int column, int seeds,
                       char *wanted) {
    for (int s = 0; s < seeds && s < r->seeds.count; s++) {
        const struct cell *cell = plan_find(&r->plan, table, row, column, r->seeds.values[s]);
        if (cell)
            wanted[cell - r->plan.cells] = 1;
    }
}

// The tables' cells at the first look; later those of the open claims.
static void mark_wanted(const struct course *c, const struct request_results *results, int look,
                        char *wanted) {
    const struct request *r = c->request;
    int seeds = r->profile.looks.seeds[look];
    for (int t = 0; t < r->table_count && !look; t++)
        for (int i = 0; i < r->tables[t].row_count * r->tables[t].column_count; i++)
            mark_place(r, &r->tables[t], i / r->tables[t].column_count, i % r->tables[t].column_count, seeds,
                       wanted);
    for (int i = 0; i < results->claim_count && look; i++) {
        const struct claim_result *claim = &results->claims[i];
        const struct table *t = claim->on->table;
        for (int k = 0; k < t->row_count * t->column_count && is_open(c, claim, i); k++)
            if (claim->needs[k])
                mark_place(r, t, k / t->column_count, k % t->column_count, seeds, wanted);
    }
}

static int take_wanted(const struct request *r, const char *wanted, int seeds, struct plan *next,
                       struct error *err) {
    *next = r->plan;
    next->count = next->alias_count = next->table_cells = 0;
    next->aliases = NULL;
    next->cells = allocate((size_t)r->plan.count, sizeof *next->cells, "a look", err);
    if (!next->cells)
        return -1;
    for (int i = 0; i < r->plan.count; i++)
        if (wanted[i]) {
            next->table_cells += r->plan.cells[i].seed == r->seeds.values[0];
            next->cells[next->count++] = r->plan.cells[i];
        }
    next->seeds.count = seeds < r->seeds.count ? seeds : r->seeds.count;
    return 0;
}

static int plan_look(struct course *c, const struct request_results *results, struct plan *next,
                     struct error *err) {
    const struct request *r = c->request;
    int look = first_look(c, results, err);
    *next = (struct plan){0};
    char *wanted = look < 0 ? NULL : allocate((size_t)r->plan.count + 1, 1, "a look", err);
    if (!wanted)
        return look == -1 ? 0 : -1;
    mark_wanted(c, results, look, wanted);
    int failed = take_wanted(r, wanted, r->profile.looks.seeds[look], next, err);
    free(wanted);
    return failed ? -1 : look + 1;
}

void until_decided_free(struct plan *next) {
    free(next->cells);
    memset(next, 0, sizeof *next);
}

int until_decided_next(const struct request *r, const struct request_options *options, struct plan *next,
                       int *look, struct error *err) {
    struct course course = {.request = r, .options = options};
    struct request_results results;
    int failed = request_results_read(&results, r, options->results, err);
    *look = failed ? -1 : plan_look(&course, &results, next, err);
    request_results_free(&results, r);
    return *look < 0 ? -1 : *look > 0;
}

// ---------------------------------------------------------------------------------------- all looks

static int count_verdicts(const struct request_results *results, enum verdict verdict) {
    int count = 0;
    for (int i = 0; i < results->claim_count; i++)
        count += results->claims[i].ours.verdict == verdict;
    return count;
}

static void say_standing(FILE *log, const struct request_results *results) {
    int undecided = count_verdicts(results, UNDECIDED), untested = count_verdicts(results, NOT_TESTED);
    fprintf(log, "%d of %d claims are decided", results->claim_count - undecided - untested,
            results->claim_count);
    if (untested)
        fprintf(log, ", %d cannot be tested yet", untested);
}

static void say_look(FILE *log, const struct course *c, const struct request_results *results, int look,
                     const struct plan *next) {
    int open = 0;
    for (int i = 0; i < results->claim_count; i++)
        open += is_open(c, &results->claims[i], i);
    say_standing(log, results);
    fprintf(log, "; look %d, %d seeds: %d runs for %d claim%s\n", look,
            c->request->profile.looks.seeds[look - 1], next->count, open, open == 1 ? "" : "s");
}

// Seeds of the last look within the budget.
static int most_seeds(const struct course *c) {
    const struct looks *looks = &c->request->profile.looks;
    int most = 0;
    for (int i = 0; i < looks->count; i++)
        if (looks->seeds[i] <= c->options->seeds_most)
            most = looks->seeds[i];
    return most;
}

static void say_end(FILE *log, const struct course *c, const struct request_results *results,
                    int out_of_time) {
    say_standing(log, results);
    if (out_of_time)
        fprintf(log, "; the hours are over: the same command goes on from here\n");
    else if (count_verdicts(results, UNDECIDED) + count_verdicts(results, NOT_TESTED))
        fprintf(log, "; the others have had their last look (%d seeds), or lack runs\n", most_seeds(c));
    else
        fputc('\n', log);
}

// Open claims that the look's runs have not brought on lack some that failed: they get no more.
static void give_up_stuck(struct course *c, const struct request_results *results, int look) {
    for (int i = 0; i < results->claim_count && i < CLAIMS_MAXIMUM; i++)
        if (is_open(c, &results->claims[i], i) && results->claims[i].looks < look)
            c->given_up[i] = 1;
}

// One look: its runs, after which the claims are read again. 1: it is done; 0: there is none; -1 with a message.
// Failed runs leave their message in `later` and do not end the work.
static int do_look(struct course *c, const struct executor_job *job, struct request_results *results,
                   int *out_of_time, int *handed_over, struct error *later, struct error *err) {
    struct plan next;
    struct error why = {0};
    int look = plan_look(c, results, &next, err);
    if (look < 1)
        return look;
    say_look(job->sweep.log, c, results, look, &next);
    struct executor_job one = *job;
    one.plan = &next;
    one.sweep.out_of_time = out_of_time;
    int failed = next.count && executor_run(&one, handed_over, &why);
    until_decided_free(&next);
    if (failed && (why.status == EXIT_INTERRUPTED || *handed_over))
        return *err = why, -1;
    if (*handed_over)
        return 0;
    if (failed)
        *later = why;
    request_results_free(results, c->request);
    if (request_results_read(results, c->request, c->options->results, err))
        return -1;
    if (!*out_of_time)
        give_up_stuck(c, results, look);
    return !*out_of_time;
}

int until_decided_run(const struct request *r, const struct request_options *options,
                      const struct executor_job *job, int *handed_over, struct error *err) {
    struct course course = {.request = r, .options = options};
    struct executor_job timed = *job;
    struct request_results results;
    struct error later = {0};
    int out_of_time = 0, result = request_results_read(&results, r, options->results, err) ? -1 : 1;
    *handed_over = 0;
    if (options->hours > 0)
        timed.sweep.deadline = seconds_now() + 3600 * options->hours;
    while (result > 0)
        result = do_look(&course, &timed, &results, &out_of_time, handed_over, &later, err);
    if (!result && !*handed_over)
        say_end(job->sweep.log, &course, &results, out_of_time);
    request_results_free(&results, r);
    if (!result && *later.message)
        *err = later;
    return result || *later.message ? -1 : 0;
}
