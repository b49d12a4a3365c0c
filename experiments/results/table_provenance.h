// SPDX-License-Identifier: Apache-2.0
// Where a table's numbers come from: enough to judge them, to find their runs and to make them again.
#ifndef REFF_EXPERIMENTS_RESULTS_TABLE_PROVENANCE_H
#define REFF_EXPERIMENTS_RESULTS_TABLE_PROVENANCE_H

#include "experiments/results/table_result.h"

// The provenance of a table, a new reference or NULL:
//   command         makes it again
//   table_made_by   program and machine that made the table (core/base/provenance.h), and when
//   runs_made_by    the same of its runs, each combination once with the number of its runs
//   inputs          digests of the data's sources
//   settings        per column: what its runs were trained with, the digest of their first weights, and what
//                   their pseudo-annotators were trained with
//   runs            row, column, seed, digest, accuracy, model_sha256, train_sha256, test_sha256 of each
//   results_sha256  of `runs`: equal tables have equal ones
json_t *table_provenance(const struct table_result *table, const char *command, struct error *err);

// Its `settings`: only the result's table and plan are looked at.
json_t *table_provenance_settings(const struct table_result *table);

// What a done run adds to `runs` and `makers`, which become the lists above.
void table_provenance_add_run(json_t *runs, json_t *makers, const json_t *run, const char *row,
                              const char *column, uint64_t seed);

// Appends "reff run table1 --profile tiny --seeds 1,2 --data /data": the command line, fit for a shell.
void table_provenance_command(struct text *out, char *const *words, int word_count, const char *profile,
                              const char *data, const struct seeds *seeds, const char *rows,
                              const char *columns, const char *set);

#endif
