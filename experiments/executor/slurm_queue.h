// SPDX-License-Identifier: Apache-2.0
// Slurm's commands, and what its queue holds. What became of jobs is never asked of Slurm: our own records tell.
#ifndef REFF_EXPERIMENTS_EXECUTOR_SLURM_QUEUE_H
#define REFF_EXPERIMENTS_EXECUTOR_SLURM_QUEUE_H

#include "core/base/error.h"

#include <jansson.h>

// Runs a command by its name and gives what it prints, to be freed. NULL with the first line of its complaints.
char *slurm_call(const char *const argv[], struct error *err);

// This user's jobs in the queue, each element of an array for itself: [{"name", "job", "index", "state", "reason"}].
// New reference; NULL with a message.
json_t *slurm_queue(struct error *err);

// Whether a job of that name is in it; its number, or NULL.
const char *slurm_queue_job(const json_t *queue, const char *name);

// Submits a script: its job's number, to be freed; NULL with what Slurm said.
char *slurm_submit(const char *script, struct error *err);

// Gives a job another start that Slurm holds because its node failed while it was started. 0, or -1 with a message.
int slurm_release(const char *job, struct error *err);
int slurm_is_held_after_launch(const json_t *element); // of the queue

int slurm_cancel(const char *job, struct error *err);

// The most elements of an array (MaxArraySize limits the index, which begins at 0).
int slurm_array_most(struct error *err);

#endif
