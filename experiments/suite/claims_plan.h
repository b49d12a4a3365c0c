// SPDX-License-Identifier: Apache-2.0
// The plan by which claims are decided, registered before the first run: RESULTS/plans/<profile>.json (for
// tables of a suite <profile>-<suite>.json) holds looks,
// shares of the level, tests, margins, the claims and a digest of the runs' settings. Results that were made under
// one plan are not judged by another unawares: a changed one is refused as soon as runs of it are done.
#ifndef REFF_EXPERIMENTS_SUITE_CLAIMS_PLAN_H
#define REFF_EXPERIMENTS_SUITE_CLAIMS_PLAN_H

#include "experiments/suite/request.h"

// The plan of a request. New reference; NULL with a message.
json_t *claims_plan_json(const struct request *r, struct error *err);

// Registers it, or finds it registered. Another one there is refused with what differs, unless none of its runs is
// done or `new_plan` is asked for: then it is kept as <profile>-1.json, -2, ... and the new one says how many runs
// were done before it.
int claims_plan_register(const struct request *r, const char *results, int new_plan, struct error *err);

// 0 unless another plan is registered: claims are read by the plan by which they were sought.
int claims_plan_check(const struct request *r, const char *results, struct error *err);

#endif
