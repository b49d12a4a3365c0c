// SPDX-License-Identifier: Apache-2.0
// This machine.
#include "experiments/executor/executor.h"

static int run(const struct executor_job *job, int *handed_over, struct error *err) {
    *handed_over = 0;
    return sweep_run(job->plan, job->work, &job->sweep, err);
}

const struct executor executor_local = {
    .name = "local", .summary = "child processes on this machine", .run = run};
