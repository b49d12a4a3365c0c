// SPDX-License-Identifier: Apache-2.0
// The results of a table: every seed's value of every cell, read from the runs' records, beside the paper's.
#ifndef REFF_EXPERIMENTS_RESULTS_TABLE_RESULT_H
#define REFF_EXPERIMENTS_RESULTS_TABLE_RESULT_H

#include "experiments/plan/cells.h"
#include "experiments/results/paper.h"
#include "experiments/results/statistics.h"

struct cell_result {
    int n;                         // seeds with a result
    uint64_t seeds[SEEDS_MAXIMUM]; // [n]
    double values[SEEDS_MAXIMUM];  // [n] test accuracy, percent
    struct sample sample;          // of the values
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
    json_t *runs,
        *makers; // of the runs that the table is made from: table_provenance.h's `runs`, `runs_made_by`
};

// Reads the records of all cells. Free with table_result_free, also after a failure. `paper` is from
// paper_read (paper.h).
int table_result_read(struct table_result *r, const struct table *table, const struct plan *plan,
                      const char *results, const json_t *paper, struct error *err);
void table_result_free(struct table_result *r);

const struct cell_result *table_result_cell(const struct table_result *r, int row, int column);

#endif
