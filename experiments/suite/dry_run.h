// SPDX-License-Identifier: Apache-2.0
// What a sweep would do, and where it stands, without running anything of it.
#ifndef REFF_EXPERIMENTS_SUITE_DRY_RUN_H
#define REFF_EXPERIMENTS_SUITE_DRY_RUN_H

#include "experiments/suite/request.h"

// Cells by state, then time, memory and disk that the sweep will take. Where no earlier run tells the time, a
// trial of a few steps does (said so).
// Then what the job's executor would hand over; of its plan it takes none, but the request's.
int dry_run(FILE *out, const struct request *r, const struct request_options *options,
            const struct executor_job *job, struct error *err);

// Where things stand: a count of done runs per table cell, failures, unfinished runs, shards on disk, what executors
// know of runs that they were handed.
int dry_run_status(FILE *out, const struct request *r, const char *results, struct error *err);

#endif
