// SPDX-License-Identifier: Apache-2.0
// Tables of results in four formats. Every one says what +- means, which profile and which data it is from,
// and why a cell is empty.
#ifndef REFF_EXPERIMENTS_RESULTS_TABLE_RESULT_OUTPUT_H
#define REFF_EXPERIMENTS_RESULTS_TABLE_RESULT_OUTPUT_H

#include "experiments/results/claims.h"
#include "experiments/results/sheet.h"

// One table with the claims that were decided on it (others among `claims` are left out). `provenance` goes
// into the JSON as it is.
int table_result_print(FILE *out, enum sheet_format format, const struct table_result *table,
                       const struct claim_result *claims, int claim_count, const json_t *provenance,
                       struct error *err);

// All four formats of a table: results/tables/<profile>/<table>.{md,csv,tex,json}, each whole or absent. Of a
// table of which rows or columns were left out they are <table>-partial.*, which never take the place of the
// whole one, and say in title and JSON ("partial": true) what they are.
int table_result_files(const char *results, const struct table_result *table,
                       const struct claim_result *claims, int claim_count, const json_t *provenance,
                       struct error *err);

#endif
