// SPDX-License-Identifier: Apache-2.0
// Tables of results as sheets: one to read, with our numbers beside the paper's, and one for programs, with a
// line a cell.
#ifndef REFF_EXPERIMENTS_RESULTS_TABLE_RESULT_SHEET_H
#define REFF_EXPERIMENTS_RESULTS_TABLE_RESULT_SHEET_H

#include "experiments/results/claims.h"
#include "experiments/results/sheet.h"

// Rows and columns as in the definition. A column of the paper's numbers follows each, unless the paper has
// none in the whole table. After it stand, of this table: what is missing and why, and the claims that were
// decided. `sheet` is {0} and freed by the caller; what found no memory is told by sheet_check.
void table_result_sheet(struct sheet *sheet, const struct table_result *r, const struct claim_result *claims,
                        int claim_count);

// Every cell with all of its numbers in a row of its own; for CSV.
void table_result_cells(struct sheet *sheet, const struct table_result *r);

#endif
