// SPDX-License-Identifier: Apache-2.0
// What is to be submitted to Slurm of a sweep: which runs, in which tasks, with how much of a node.
#ifndef REFF_EXPERIMENTS_EXECUTOR_SLURM_PLAN_H
#define REFF_EXPERIMENTS_EXECUTOR_SLURM_PLAN_H

#include "experiments/executor/cluster.h"
#include "experiments/executor/executor.h"

struct slurm_plan {
    struct cluster cluster;
    int done, failed, queued; // runs that are done, failed, in the queue already
    const struct cell **todo; // [count]; the others
    int count;
    double *seconds; // [count]; without making data
    int *task;       // [count]; each run's task
    int tasks;
    double data;                // seconds of making a data set
    double longest, total;      // seconds of the longest task, of all
    int cpus, at_once, threads; // of a task: cores, runs at a time, threads of each
    double run_bytes, bytes;    // of memory: of a run, of a task
    double shards;              // bytes of all data sets and pseudo-annotations that lie there at once
    int measured, tried;        // kinds of run whose time is known from earlier runs, from trials
};

// Runs in the queue by digest: {"<digest>": {"state", "reason", "job"}}. New reference.
json_t *slurm_plan_queued(const json_t *submissions, const json_t *queue);

// queued: slurm_plan_queued, or NULL: none. Free with slurm_plan_free, also after a failure.
int slurm_plan_make(struct slurm_plan *p, const struct executor_job *job, const json_t *submissions,
                    const json_t *queued, struct error *err);
void slurm_plan_free(struct slurm_plan *p);

// Tasks, hours, memory and disk in words.
int slurm_plan_print(FILE *out, const struct slurm_plan *p, struct error *err);

#endif
