// SPDX-License-Identifier: Apache-2.0
// Which runs share a task of a batch system.
#ifndef REFF_EXPERIMENTS_EXECUTOR_PACKING_H
#define REFF_EXPERIMENTS_EXECUTOR_PACKING_H

#include "experiments/plan/cells.h"

// Puts `count` runs into tasks that last about `length` seconds with `jobs` at a time, data set by data set: a data set's
// runs are spread over as few tasks as that takes, and a task has runs of several data sets only where all runs of these
// fit. seconds [count] without making data, which each task does itself where need be: `data` seconds per data set.
// task [count] gets each run's task, in the order of the data sets' first runs. Returns the number of tasks.
int packing_make(const struct cell *const *cells, const double *seconds, int count, double data, int jobs,
                 double length, int *task);

// How long a task lasts.
double packing_length(const struct cell *const *cells, const double *seconds, int count, double data,
                      int jobs, const int *task, int which);

#endif
