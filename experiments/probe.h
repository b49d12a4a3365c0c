// SPDX-License-Identifier: Apache-2.0
// How long a run will take, from a few steps of it on a few images: for estimates before anything has been
// run.
#ifndef REFF_EXPERIMENTS_PROBE_H
#define REFF_EXPERIMENTS_PROBE_H

#include "experiments/cells.h"

// Seconds of a whole run of the cell with so many threads. Takes some seconds (two steps at least), in a
// child process and a temporary folder that is removed. Making data is not counted, evaluations are modelled
// from the steps.
int probe_seconds(const struct cell *cell, const struct work *work, int threads, double *seconds,
                  struct error *err);

#endif
