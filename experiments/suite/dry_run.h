// SPDX-License-Identifier: Apache-2.0
// What a sweep would do, and where it stands, without running anything of it.
#ifndef REFF_EXPERIMENTS_SUITE_DRY_RUN_H
#define REFF_EXPERIMENTS_SUITE_DRY_RUN_H

#include "experiments/suite/request.h"

// Cells by state, then time, memory and disk that the sweep will take. Where no earlier run tells the time, a
// trial of a few steps does (said so).
int dry_run(FILE *out, const struct request *r, const struct request_options *options,
            const struct work *work, struct error *err);

// Where things stand: a count of done runs per table cell, failures, unfinished runs, shards on disk.
int dry_run_status(FILE *out, const struct request *r, const char *results, struct error *err);

#endif
