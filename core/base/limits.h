// SPDX-License-Identifier: Apache-2.0
// How much of this machine the process may use: a container, a batch job or taskset may leave it less than there is.
#ifndef REFF_BASE_LIMITS_H
#define REFF_BASE_LIMITS_H

// Cores: those of the affinity mask, at most the CPU quotas of the process's control groups (version 1 and 2, each
// level up to the root; 1.5 cores count as 1), and at most SLURM_CPUS_PER_TASK. At least 1.
int limits_cores(void);

// Bytes of memory that are available now: of the machine, and of what each control group's limit leaves (pages that
// only cache files count as free), at most what Slurm promised the job (SLURM_MEM_PER_NODE, or SLURM_MEM_PER_CPU of each
// core). 0: unknown.
double limits_memory(void);

// Bytes that may be written to the folder's file system: free ones, at most what quotas of user and group leave. 0: it
// is not there, or unknown.
double limits_disk(const char *path);

// Makes limits_cores() the default number of threads, unless OMP_NUM_THREADS names one.
void limits_set_threads(void);

// For tests: reads ROOT/proc and ROOT/sys instead of /proc and /sys. "" is the machine's own again. root stays the
// caller's.
void limits_pretend(const char *root);

#endif
