// SPDX-License-Identifier: Apache-2.0
// The numbers that the paper prints, or that a user has to compare with.
#ifndef REFF_EXPERIMENTS_RESULTS_PAPER_H
#define REFF_EXPERIMENTS_RESULTS_PAPER_H

#include "core/base/error.h"
#include "core/base/text.h"

#include <jansson.h>

// The paper's numbers (experiments/tables/paper.csv), as {"table1a|0|baseline": [31.29, 2.16], ...} with rows as numbers
// where they are some, All as N_ALL. New reference.
json_t *paper_read(struct error *err);

// Reads such a file at a path: CSV (gen/read/csv_rows.h) with columns table, row, column, mean and, where there are
// deviations, std; others are ignored. A std may be empty: NaN, null here. What cannot be read is refused with its line.
json_t *paper_read_file(const char *path, struct error *err);

// A value of it; 0, or -1 if the paper has none.
int paper_value(const json_t *paper, const char *table, double row, const char *column, double *mean,
                double *std);

// The same of a row by its label: "0.0", "All", "hard".
int paper_value_at(const json_t *paper, const char *table, const char *row, const char *column, double *mean,
                   double *std);

// Of the keys of such numbers: whether one is of the table; whether it is the cell's; and "row All, column reff".
int paper_is_of(const char *key, const char *table);
int paper_is_at(const char *key, const char *table, const char *row, const char *column);
void paper_add_place(struct text *out, const char *key);

#endif
