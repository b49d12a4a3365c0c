// SPDX-License-Identifier: Apache-2.0
// Where runs stand that were submitted to Slurm, and taking them back: our records joined with the queue.
#ifndef REFF_EXPERIMENTS_EXECUTOR_SLURM_STATUS_H
#define REFF_EXPERIMENTS_EXECUTOR_SLURM_STATUS_H

#include "experiments/plan/cells.h"

// As status and cancel of struct executor.
int slurm_status(FILE *out, const struct plan *plan, const char *results, struct error *err);
int slurm_take_back(FILE *out, const struct plan *plan, const char *results, struct error *err);

#endif
