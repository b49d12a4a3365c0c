// SPDX-License-Identifier: Apache-2.0
// The results of a table: every seed's value of every cell, read from the runs' records, beside the paper's.
#ifndef REFF_EXPERIMENTS_RESULTS_RESULTS_H
#define REFF_EXPERIMENTS_RESULTS_RESULTS_H

#include "experiments/plan/cells.h"
#include "experiments/results/statistics.h"

struct cell_result {
    int n;                      // seeds with a result
    uint64_t seeds[SEEDS_MOST]; // [n]
    double values[SEEDS_MOST];  // [n] test accuracy, percent
    struct sample sample;       // of the values
    int has_paper;
    double paper_mean, paper_std;
    json_t *metrics;   // {"worst_class_accuracy": {"values": [..], "mean", "std"}, "cam_inside.layer4": ...}
    json_t *confusion; // rows: labels, columns: answers; sums over the seeds; NULL: none is recorded
    char missing[240]; // why seeds are missing: "not run", "failed: ..."; "" if none is
    json_t *missing_seeds; // [{"seed", "reason"}]
};

struct table_result {
    const struct table *table;
    const struct plan *plan;
    struct cell_result *cells; // [row * column_count + column]
    char metric[128];          // what `values` are; "": test accuracy (metric.h)
    json_t *runs, *makers;     // of the runs that the table is made from: origin.h's `runs`, `runs_made_by`
};

// Reads the records of all cells. Free with table_result_free, also after a failure. `paper` is from
// paper_read.
int table_result_read(struct table_result *r, const struct table *table, const struct plan *plan,
                      const char *results, const json_t *paper, struct error *err);
void table_result_free(struct table_result *r);

const struct cell_result *table_result_cell(const struct table_result *r, int row, int column);

// The paper's numbers (experiments/tables/paper.csv: table,row_name,row,column,mean,std), as
// {"table1a|0|baseline": [31.29, 2.16], ...} with rows as numbers, All as N_ALL. New reference.
json_t *paper_read(struct error *err);

// Reads such a file at a path. A malformed line is refused with its place.
json_t *paper_read_file(const char *path, struct error *err);

// A value of it; 0, or -1 if the paper has none.
int paper_value(const json_t *paper, const char *table, double row, const char *column, double *mean,
                double *std);

#endif
