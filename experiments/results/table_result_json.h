// SPDX-License-Identifier: Apache-2.0
// A table of results as JSON, with all numbers of its cells.
#ifndef REFF_EXPERIMENTS_RESULTS_TABLE_RESULT_JSON_H
#define REFF_EXPERIMENTS_RESULTS_TABLE_RESULT_JSON_H

#include "experiments/results/claims.h"

// New reference; NULL when out of memory. `provenance` goes into it as it is; of the claims those on this table.
json_t *table_result_json(const struct table_result *r, const struct claim_result *claims, int claim_count,
                          const json_t *provenance);

#endif
