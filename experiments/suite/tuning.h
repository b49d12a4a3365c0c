// SPDX-License-Identifier: Apache-2.0
// Runs that were spent on choosing settings, counted beside those that are reported. Seeds from TUNING_SEEDS up are for
// choosing, lower ones for reporting. RESULTS/tuning/<what>/<run>/run.json holds the records of a trial; its grid is
// what differs among them.
#ifndef REFF_EXPERIMENTS_SUITE_TUNING_H
#define REFF_EXPERIMENTS_SUITE_TUNING_H

#include "core/base/error.h"

#include <stdio.h>

enum { TUNING_SEEDS = 101 };

// A line for each trial (runs, seeds, time, grid), then the sums: runs for choosing, runs to report. Runs with such seeds
// under RESULTS/runs count as a trial of their own. A record that cannot be read, or whose seed is one to report, is
// told and counts as nothing.
int tuning_print(FILE *out, const char *results, struct error *err);

#endif
