// SPDX-License-Identifier: Apache-2.0
// What stands below a table of results: paragraphs in Markdown, each with an empty line before it.
#ifndef REFF_EXPERIMENTS_RESULTS_TABLE_RESULT_NOTES_H
#define REFF_EXPERIMENTS_RESULTS_TABLE_RESULT_NOTES_H

#include "core/base/text.h"
#include "experiments/results/claims.h"

// All of them append, or nothing where there is nothing to say.

// The confusion matrix of each cell, where the table is asked for them (metric.h).
void table_result_add_matrices(struct text *out, const struct table_result *r);

// Which columns are another method in some row, and which see more data than others.
void table_result_add_methods(struct text *out, const struct table_result *r);

// The seeds that each cell lacks, with the reason.
void table_result_add_missing(struct text *out, const struct table_result *r);

// That runs of several instruction sets are among the table's, where they are.
void table_result_add_products(struct text *out, const struct table_result *r);

// The claims on this table among all that were decided.
void table_result_add_claims(struct text *out, const struct table_result *r,
                             const struct claim_result *claims, int claim_count);

#endif
