// SPDX-License-Identifier: Apache-2.0
// Seeds until every claim is decided (results/looks.h), look after look: all cells of the tables get the seeds of
// the first look, then those that undecided claims need get the seeds of the next. Nothing is remembered but the
// results and the registered plan, so an interrupted one goes on to the same end.
#ifndef REFF_EXPERIMENTS_SUITE_UNTIL_DECIDED_H
#define REFF_EXPERIMENTS_SUITE_UNTIL_DECIDED_H

#include "experiments/suite/request.h"

// The runs of the next look that the results so far ask for, in a plan of its own whose cells are borrowed from the
// request's; `look` is the look's number from 1. Returns 1; 0: there is none (every claim is decided, or has had its
// last look within the budget); -1 with a message. Free with until_decided_free.
int until_decided_next(const struct request *r, const struct request_options *options, struct plan *next,
                       int *look, struct error *err);
void until_decided_free(struct plan *next);

// Does them all, within options->seeds_most and options->hours, and says on the job's log why it ends. -1 when runs
// failed, as sweep_run; the other claims have gone on without them. *handed_over: 1 when it ends because the executor
// has a look's runs; the same call goes on when they are done. The job's plan is set here.
int until_decided_run(const struct request *r, const struct request_options *options,
                      const struct executor_job *job, int *handed_over, struct error *err);

#endif
