// SPDX-License-Identifier: Apache-2.0
// How long runs will take that have not been done: from earlier runs of their kind, else from a trial of a few steps.
#ifndef REFF_EXPERIMENTS_SWEEP_ESTIMATE_H
#define REFF_EXPERIMENTS_SWEEP_ESTIMATE_H

#include "experiments/sweep/probe.h"
#include "experiments/sweep/schedule.h"

struct estimate {
    struct forecast forecast;
    int measured, tried;                            // kinds of run known from records, and from trials
    const struct data_set *sets[DATA_SETS_MAXIMUM]; // that were tried, registered or a profile's own
    struct probed_data data[DATA_SETS_MAXIMUM];     // by data set
};

// Fills the forecast with what the runs to do need. known: records_scan.
int estimate_make(struct estimate *e, const struct cell *const *todo, int count, const json_t *known,
                  int threads, const char *results, const struct work *work, struct error *err);

// Seconds [count] of each run; making a data set or pseudo-annotations that are not there counts with the first run
// that needs them. *data and *annotations get these alone, in sum.
int estimate_seconds(const struct estimate *e, const struct cell *const *todo, int count, const char *results,
                     double *seconds, double *data, double *annotations, struct error *err);

// The set's place in `data`, or the first that is free.
int estimate_data_place(const struct estimate *e, const struct data_set *set);

#endif
