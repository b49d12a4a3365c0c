// SPDX-License-Identifier: Apache-2.0
// The numbers that the paper prints.
#ifndef REFF_EXPERIMENTS_RESULTS_PAPER_H
#define REFF_EXPERIMENTS_RESULTS_PAPER_H

#include "core/base/error.h"

#include <jansson.h>

// The paper's numbers (experiments/tables/paper.csv: table,row_name,row,column,mean,std), as
// {"table1a|0|baseline": [31.29, 2.16], ...} with rows as numbers, All as N_ALL. New reference.
json_t *paper_read(struct error *err);

// Reads such a file at a path. A malformed line is refused with its place.
json_t *paper_read_file(const char *path, struct error *err);

// A value of it; 0, or -1 if the paper has none.
int paper_value(const json_t *paper, const char *table, double row, const char *column, double *mean,
                double *std);

#endif
