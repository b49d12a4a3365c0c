// SPDX-License-Identifier: Apache-2.0
// The settings of a cluster, from a file like experiments/executor/cluster.ini. Sections:
//   [slurm]    the settings below
//   [sbatch]   further options of sbatch: `mail-type = FAIL` becomes `#SBATCH --mail-type=FAIL`; a word alone is given as
//              `exclusive = yes`
//   [before]   lines of shell that each job runs first, in the file's order, under numbers or names in small letters
#ifndef REFF_EXPERIMENTS_EXECUTOR_CLUSTER_H
#define REFF_EXPERIMENTS_EXECUTOR_CLUSTER_H

#include "core/base/settings.h"

struct cluster {
    char partition[SETTING_TEXT_SIZE], account[SETTING_TEXT_SIZE], qos[SETTING_TEXT_SIZE],
        constraint[SETTING_TEXT_SIZE], time[SETTING_TEXT_SIZE], memory[SETTING_TEXT_SIZE],
        scratch[SETTING_TEXT_SIZE];
    char isa[SETTING_WORD_SIZE], refused[SETTING_WORD_SIZE];
    int cpus, throttle, jobs, requeues, rounds, signal;
    double pack, run_seconds;
    struct text options, before; // lines of a script
};

extern const struct setting cluster_schema[];

// "" gives the defaults. Free with cluster_free, also after a failure.
int cluster_read(struct cluster *c, const char *path, struct error *err);
void cluster_free(struct cluster *c);

// As sbatch takes them: "64G", "500" (megabytes) in bytes; "30" (minutes), "12:00:00", "2-12" (days and hours) in seconds,
// INFINITY for no limit. -1: no such words.
double cluster_bytes(const char *text);
double cluster_seconds(const char *text);

#endif
