// SPDX-License-Identifier: Apache-2.0
// How long a run will take, from a few steps of it on a few images: for estimates before anything has been
// run.
#ifndef REFF_EXPERIMENTS_SWEEP_PROBE_H
#define REFF_EXPERIMENTS_SWEEP_PROBE_H

#include "experiments/plan/cells.h"

// Seconds of a whole run of the cell with so many threads. Takes some seconds (two steps at least), in a
// child process and a temporary folder that is removed. Making data is not counted (probe_data tells),
// evaluations are modelled from the steps.
int probe_seconds(const struct cell *cell, const struct work *work, int threads, double *seconds,
                  struct error *err);

// The same of making the cell's pseudo-annotations.
int probe_annotator(const struct cell *cell, const struct work *work, int threads, double *seconds,
                    struct error *err);

// What making data costs.
struct probed_data {
    double per_shard, per_image; // seconds
};

// Measures it on two small shards of the cell's kind, in a child process and a temporary folder.
int probe_data(const struct cell *cell, const struct work *work, int threads, struct probed_data *out,
               struct error *err);

#endif
