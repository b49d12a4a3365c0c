// SPDX-License-Identifier: Apache-2.0
// Tables in four formats from one structure. Every one says what +- means, which profile and which data it is
// from, and why a cell is empty.
#ifndef REFF_EXPERIMENTS_OUTPUT_H
#define REFF_EXPERIMENTS_OUTPUT_H

#include "experiments/claims.h"

#include <stdio.h>

enum output_format { OUTPUT_MARKDOWN, OUTPUT_CSV, OUTPUT_LATEX, OUTPUT_JSON, OUTPUT_FORMATS };
extern const char
    *const output_names[OUTPUT_FORMATS]; // also the files' extensions: "md", "csv", "tex", "json"

// One table with the claims that were decided on it (others among `claims` are left out). `provenance` goes
// into the JSON as it is.
int output_table(FILE *out, enum output_format format, const struct table_result *table,
                 const struct claim_result *claims, int claim_count, const json_t *provenance,
                 struct error *err);

// All four formats: results/tables/<profile>/<table>.{md,csv,tex,json}, each whole or absent.
int output_files(const char *results, const struct table_result *table, const struct claim_result *claims,
                 int claim_count, const json_t *provenance, struct error *err);

#endif
