// SPDX-License-Identifier: Apache-2.0
// The results of a table: every seed's value of every cell, read from the runs' records, beside the paper's.
#ifndef REFF_EXPERIMENTS_RESULTS_TABLE_RESULT_H
#define REFF_EXPERIMENTS_RESULTS_TABLE_RESULT_H

#include "experiments/plan/cells.h"
#include "experiments/results/paper.h"
#include "experiments/results/statistics.h"
#include "experiments/store/record.h"

enum missing_kind {
    MISSING_CELL,   // there can be no such run; detail: why
    MISSING_RUN,    // its run is not done; detail: its message, if it has one
    MISSING_NUMBER, // its record lacks the number that the table shows; detail: the number's name
};

struct missing_seed { // a seed without a result
    uint64_t seed;
    enum missing_kind kind;
    enum run_state state; // of MISSING_RUN
    int elsewhere;        // a process is at work on it
    char detail[600];
};

struct cell_result {
    int n;                         // seeds with a result
    uint64_t seeds[SEEDS_MAXIMUM]; // [n]
    double values[SEEDS_MAXIMUM];  // [n] test accuracy, percent
    struct sample sample;          // of the values
    int has_paper;
    double paper_mean, paper_std;
    json_t *metrics;   // {"worst_class_accuracy": {"values": [..], "mean", "std"}, "cam_inside.layer4": ...}
    json_t *confusion; // rows: labels, columns: answers; sums over the seeds; NULL: none is recorded
    int missing_count;
    struct missing_seed *missing; // [missing_count]
};

struct table_result {
    const struct table *table;
    const struct plan *plan;
    struct cell_result *cells; // [row * column_count + column]
    int by_looks;              // each cell has as many of the seeds as the claims needed
    char metric[128];          // what `values` are; "": test accuracy (metric.h)
    char reference
        [SETTING_WORD_SIZE]; // whose numbers paper_mean and paper_std are: a user's own; "": the paper's
    json_t *runs,
        *makers; // of the runs that the table is made from: table_provenance.h's `runs`, `runs_made_by`
};

// What the table calls its reference: "paper", or the name of a user's own.
const char *table_result_reference(const struct table_result *r);

// Takes a user's numbers (paper_read_file) in place of the paper's, under a name. Returns how many cells have some.
int table_result_compare(struct table_result *r, const json_t *reference, const char *name);

// Reads the records of all cells. Free with table_result_free, also after a failure. `paper` is from
// paper_read (paper.h).
int table_result_read(struct table_result *r, const struct table *table, const struct plan *plan,
                      const char *results, const json_t *paper, struct error *err);
void table_result_free(struct table_result *r);

const struct cell_result *table_result_cell(const struct table_result *r, int row, int column);

// Of seeds that come only when claims need them, those that were never run are not missing: in each cell those after
// the first `count` of the plan's.
void table_result_forget_later(struct table_result *r, int count);

// A seed joins the missing ones of its cell.
void table_result_miss(struct cell_result *cell, const struct missing_seed *missing);

// The missing seed that stands for all of a cell; NULL: none is missing.
const struct missing_seed *table_result_missing(const struct cell_result *cell);

// Why: "not run", "failed: step 3: loss is NaN"; whether two have the same reason.
void table_result_missing_text(struct text *out, const struct missing_seed *missing);
int table_result_missing_is_alike(const struct missing_seed *a, const struct missing_seed *b);

#endif
