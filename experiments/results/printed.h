// SPDX-License-Identifier: Apache-2.0
// Tables that are printed from what is in force, without runs: the texture classes (kind = textures) and the
// hyperparameters (kind = settings), the paper's beside ours where the two differ. The paper's are those of
// the profile `paper`.
#ifndef REFF_EXPERIMENTS_RESULTS_PRINTED_H
#define REFF_EXPERIMENTS_RESULTS_PRINTED_H

#include "experiments/plan/profile.h"
#include "experiments/plan/table.h"
#include "experiments/results/sheet.h"

// Fills a sheet that is {0}; free it with sheet_free, also after a failure. The profile must be resolved where
// it has a texture set of the user's own; no data are read. Table and profile must live as long as the sheet.
int printed_sheet(struct sheet *sheet, const struct table *table, const struct profile *profile,
                  struct error *err);

#endif
