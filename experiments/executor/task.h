// SPDX-License-Identifier: Apache-2.0
// What `reff cell` does: runs that were handed over, here, by sweep_run.
#ifndef REFF_EXPERIMENTS_EXECUTOR_TASK_H
#define REFF_EXPERIMENTS_EXECUTOR_TASK_H

#include "experiments/sweep/sweep.h"

struct task_job {
    struct sweep_options sweep; // as given: results relative to the current folder
    const struct work *work;
    char *const *digests; // [count]; or a task of a submission:
    int count;
    const char *submission; // its id; "": none
    int number;             // of its tasks
    const char *isa;        // without a submission: PRODUCTS_WORDS
    const char *scratch;    // folder for data sets; "": beside the results
};

// As sweep_run. EXIT_ELSEWHERE where this machine does not multiply as the sweep does.
int task_run(const struct task_job *job, struct error *err);

#endif
