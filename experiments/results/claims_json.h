// SPDX-License-Identifier: Apache-2.0
// Decided claims in a table's JSON, and back: what was decided in several sweeps can be adjusted together.
#ifndef REFF_EXPERIMENTS_RESULTS_CLAIMS_JSON_H
#define REFF_EXPERIMENTS_RESULTS_CLAIMS_JSON_H

#include "experiments/results/claims.h"

// New reference; NULL: out of memory.
json_t *claim_json(const struct claim_result *claim);

// The parts of such a claim as claims_adjust takes them. Texts stay those of `json`, which must live as long.
// A claim whose p-values are not there is not tested, and says so.
void claim_from_json(const json_t *json, struct claim_result *claim);

#endif
