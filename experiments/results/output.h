// SPDX-License-Identifier: Apache-2.0
// Tables in four formats from one structure. Every one says what +- means, which profile and which data it is
// from, and why a cell is empty.
#ifndef REFF_EXPERIMENTS_RESULTS_OUTPUT_H
#define REFF_EXPERIMENTS_RESULTS_OUTPUT_H

#include "experiments/results/claims.h"

#include <stdio.h>

enum output_format { OUTPUT_MARKDOWN, OUTPUT_CSV, OUTPUT_LATEX, OUTPUT_JSON, OUTPUT_FORMATS };
extern const char
    *const output_names[OUTPUT_FORMATS]; // also the files' extensions: "md", "csv", "tex", "json"

// One table with the claims that were decided on it (others among `claims` are left out). `provenance` goes
// into the JSON as it is.
int output_table(FILE *out, enum output_format format, const struct table_result *table,
                 const struct claim_result *claims, int claim_count, const json_t *provenance,
                 struct error *err);

// A field of CSV: with commas, quotes or line ends in quotes (RFC 4180).
void csv_text(FILE *out, const char *text);

// results/tables/<profile>/<table>.{md,csv,tex,json}, each whole or absent, as `write` writes them.
int output_write_files(const char *results, const char *profile, const char *table,
                       int (*write)(FILE *out, enum output_format format, const void *context,
                                    struct error *err),
                       const void *context, struct error *err);

// All four formats of a table: results/tables/<profile>/<table>.{md,csv,tex,json}, each whole or absent. Of a
// table of which rows or columns were left out they are <table>-partial.*, which never take the place of the
// whole one, and say in title and JSON ("partial": true) what they are.
int output_files(const char *results, const struct table_result *table, const struct claim_result *claims,
                 int claim_count, const json_t *provenance, struct error *err);

#endif
