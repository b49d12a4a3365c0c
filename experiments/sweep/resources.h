// SPDX-License-Identifier: Apache-2.0
// What a sweep takes of this machine: cores, memory, disk.
#ifndef REFF_EXPERIMENTS_SWEEP_RESOURCES_H
#define REFF_EXPERIMENTS_SWEEP_RESOURCES_H

#include "experiments/plan/cells.h"

struct resources {
    int cores;         // that this process may use
    int jobs, threads; // runs at a time, threads each
    double run_memory; // bytes of the largest run, its shards in memory included
    double memory;     // bytes that are available now; 0: unknown
    double data_set;   // bytes of the largest data set on disk
    double shards;     // bytes of shards on disk at a time, at most
    double disk;       // bytes free where results lie; 0: unknown
};

// `todo` cells are to be run. jobs and threads: 0 lets us choose: as many jobs as there are cores, as memory
// holds and as there are runs, and the cores shared among them.
int resources_plan(struct resources *r, const struct cell *const *todo, int count, const struct work *work,
                   const char *results, int jobs, int threads, int keep_shards, struct error *err);

char *resources_bytes_text(double bytes, char out[32]); // "812 MB"

#endif
