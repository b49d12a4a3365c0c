// SPDX-License-Identifier: Apache-2.0
// Runs that are handed to others: runs/<run>/task.json holds what any process on the shared folder needs to do the run
// (cell_file.h) and the folder from which relative paths count. `reff cell DIGEST` reads nothing else.
#ifndef REFF_EXPERIMENTS_EXECUTOR_HANDED_H
#define REFF_EXPERIMENTS_EXECUTOR_HANDED_H

#include "experiments/plan/cell_file.h"
#include "experiments/store/record.h"

// Writes task.json of the cell's run.
int handed_write(const char *results, const struct cell *cell, struct error *err);

// The cells of `count` runs, by the first 16 digits or all of their digests, as a plan for sweep_run (plan_free).
// `folder` gets the one from which their paths count, which must be the same for all.
int handed_plan(struct plan *plan, const char *results, char *const *digests, int count,
                char folder[PATH_SIZE], struct error *err);

// Whether a sweep has the run still to do: neither done nor, without `retry`, failed. -1 with a message.
int handed_is_open(const char *results, const struct cell *cell, int retry, struct error *err);

// A word as a shell takes it, in quotes where it needs some.
void handed_add_word(struct text *out, const char *word);

// "'/usr/bin/reff' cell --results '/scratch/results'": what begins the command of a cell, wherever it is run.
int handed_command(struct text *out, const char *results, struct error *err);

#endif
