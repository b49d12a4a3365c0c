// SPDX-License-Identifier: Apache-2.0
// The scripts that are submitted to Slurm.
#ifndef REFF_EXPERIMENTS_EXECUTOR_SLURM_SCRIPT_H
#define REFF_EXPERIMENTS_EXECUTOR_SLURM_SCRIPT_H

#include "experiments/executor/cluster.h"

struct slurm_script {
    const struct cluster *cluster;
    const char *folder;  // in which it was asked for
    const char *results; // absolute
    const char *id;      // the submission's
    int cpus;            // of a task
    int threads;         // of each run, where they were asked for; 0: cores / runs at once
    double bytes;        // of memory of a task, where the cluster's settings have none
    double seconds;      // of the longest task, likewise
    double most;         // that a job may last, in seconds
};

// An array of `count` tasks that begin with number `first`. The script waits for its child and passes signals on to it;
// a child that saved its checkpoints, was killed or found the wrong machine is put back into the queue.
int slurm_script_array(struct text *out, const struct slurm_script *s, const char *name, int first, int count,
                       int at_once, struct error *err);

// The job after jobs `after` ("12:17"): runs `command` with one round more.
int slurm_script_gather(struct text *out, const struct slurm_script *s, const char *name, const char *after,
                        const char *command, int round, struct error *err);

#endif
