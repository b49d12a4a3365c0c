// SPDX-License-Identifier: Apache-2.0
// What a table of results says of itself: its title, what its numbers are from, what they are.
#ifndef REFF_EXPERIMENTS_RESULTS_TABLE_RESULT_WORDS_H
#define REFF_EXPERIMENTS_RESULTS_TABLE_RESULT_WORDS_H

#include "core/base/text.h"
#include "experiments/results/table_result.h"

// All of them append.

// The definition's title, with the metric in place of its words "test accuracy" (or at its end).
void table_result_add_title(struct text *out, const struct table_result *r);

// ": part of the table, p = 0, 1 of ReFF" of one of which rows or columns were left out; else nothing.
void table_result_add_part(struct text *out, const struct table_result *r);

// "profile tiny: built-in digits ...; 900 training images, ..., network small (width 4), epochs: 1".
void table_result_add_setting(struct text *out, const struct table_result *r);

// "Test accuracy in percent after the last epoch", "Metric annotation.iou after ...".
void table_result_add_measure(struct text *out, const struct table_result *r);

// How many digits the table's numbers have after the point: percentages and points two, shares four.
int table_result_digits(const struct table_result *r);

// Of the data of one column, and of the whole table.
void table_result_add_data(struct text *out, const struct table_result *r, int column);
void table_result_add_all_data(struct text *out, const struct table_result *r);

// The seeds with `between` two of them.
void table_result_add_seeds(struct text *out, const uint64_t *seeds, int count, const char *between);

// What a column is called: its own title, or that of its method or data set.
const char *table_result_column_title(const struct table_result *r, int column);

// A column's heading: "ReFF", or "ReFF, worst_group_accuracy".
void table_result_add_heading(struct text *out, const struct table_result *r, int column);

#endif
