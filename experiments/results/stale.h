// SPDX-License-Identifier: Apache-2.0
// Whether a table's file is still what its definition and its profile would give.
//
// Its rows and columns are compared with the definition's, the settings in its provenance and, of runs that
// lie under RESULTS/runs, their whole identity with those that the profile now gives. The data themselves and
// first weights may be elsewhere; they are not looked at.
#ifndef REFF_EXPERIMENTS_RESULTS_STALE_H
#define REFF_EXPERIMENTS_RESULTS_STALE_H

#include "experiments/plan/cells.h"

// 1: the table (its JSON) is out of date, and `why` ({0} before) says in what ("lambda 3 -> 4"). 0: it is current.
int stale_table(const struct table *definition, const struct profile *profile, const char *results,
                const json_t *table, struct text *why, struct error *err);

#endif
