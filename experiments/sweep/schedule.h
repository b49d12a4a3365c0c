// SPDX-License-Identifier: Apache-2.0
// In which order runs are started, and when they will be done.
#ifndef REFF_EXPERIMENTS_SWEEP_SCHEDULE_H
#define REFF_EXPERIMENTS_SWEEP_SCHEDULE_H

#include "experiments/plan/cells.h"

// What runs have taken, by cost key, to say what others will take.
enum { FORECAST_MAXIMUM = 64 };

struct forecast {
    struct {
        char key[DIGEST_SIZE], method[SETTING_WORD_SIZE];
        double steps, seconds, weight; // seconds per whole run, averaged with weight
    } items[FORECAST_MAXIMUM];
    int count;
    struct {
        char key[DIGEST_SIZE]; // annotation_cost_key
        double seconds, weight;
    } annotators[FORECAST_MAXIMUM];
    int annotator_count;
};

// A run of the cell's kind took so many seconds. Weight 1 for a measured run, less for estimates: an entry of
// more weight replaces one of less, equal ones are averaged.
void forecast_add(struct forecast *f, const struct cell *cell, double seconds, double weight);

// The same of making its pseudo-annotations.
void forecast_add_annotator(struct forecast *f, const struct cell *cell, double seconds, double weight);

// Seconds that making the cell's pseudo-annotations will take; 0: it has none, or nothing is known.
double forecast_annotator(const struct forecast *f, const struct cell *cell);

// Seconds that a run of the cell will take; -1: unknown. What is not known is taken from another method's
// runs, with two baseline steps for one of a method that regularises.
double forecast_seconds(const struct forecast *f, const struct cell *cell);

// The order in which to start `count` runs: data set by data set, so that few shards are on disk at a time;
// within one, runs of the same pseudo-annotations one after the other, the longest run first; the last `jobs`
// data sets are mixed, longest run first, so that all jobs end together. order [count] gets indices into
// `cells`.
void schedule_order(const struct cell *const *cells, const double *seconds, int count, int jobs, int *order);

// How long `count` runs take that are started in this order, `jobs` at a time, while running ones need
// `left` [running] seconds more.
double schedule_length(const double *seconds, int count, const double *left, int running, int jobs);

#endif
