// SPDX-License-Identifier: Apache-2.0
// A table's columns over all its rows (Agarwal and others, "Deep reinforcement learning at the edge of the statistical
// precipice", NeurIPS 2021): interquartile mean and probability of improvement, with 95 % intervals from a bootstrap
// that draws seeds anew within each cell (stratified). Equal results give equal intervals: the draws have a fixed key.
#ifndef REFF_EXPERIMENTS_RESULTS_AGGREGATE_H
#define REFF_EXPERIMENTS_RESULTS_AGGREGATE_H

#include "experiments/results/sheet.h"
#include "experiments/results/table_result.h"

struct aggregate_scores { // of a column: its rows' values
    int rows;
    int n[TABLE_ROWS_MAXIMUM];
    double values[TABLE_ROWS_MAXIMUM][SEEDS_MAXIMUM];
};

struct aggregate {
    double value, low, high; // NaN: there is nothing to take it from
};

enum { AGGREGATE_DRAWS = 2000 };

// The mean of the middle half of all values: of n the floor(n / 4) smallest and largest are left out.
struct aggregate aggregate_interquartile_mean(const struct aggregate_scores *scores);

// P(A > B): the share of pairs of a's and b's runs of a row in which a is above (a tie is one half), averaged over the
// rows. Rows that one of them lacks are left out.
struct aggregate aggregate_improvement(const struct aggregate_scores *a, const struct aggregate_scores *b);

// A line a column: its interquartile mean, and its probability of improvement on each other column. `sheet` is {0} and
// freed by the caller.
void aggregate_sheet(struct sheet *sheet, const struct table_result *table);

#endif
