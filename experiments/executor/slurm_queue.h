// SPDX-License-Identifier: Apache-2.0
// Slurm's commands, and what its queue holds. What became of jobs is never asked of Slurm: our own records tell.
#ifndef REFF_EXPERIMENTS_EXECUTOR_SLURM_QUEUE_H
#define REFF_EXPERIMENTS_EXECUTOR_SLURM_QUEUE_H

#include "core/base/error.h"

#include <jansson.h>

// Jobs of this program in the queue, this user's and those of all who submitted one of `submissions` (NULL: none), each
// element of an array for itself: [{"user", "job", "index", "state", "reason", "name"}]. New reference; NULL with a message.
json_t *slurm_queue(const json_t *submissions, struct error *err);

// Whether a job of that name is in it; its number, or NULL.
const char *slurm_queue_job(const json_t *queue, const char *name);

// Submits the script that lies at `path`: its job's number, to be freed; NULL with what Slurm said. It may be in the queue
// all the same: what sbatch says when the controller's answer comes late.
char *slurm_submit(const char *path, const char *script, struct error *err);

// Gives a job another start that Slurm holds because its node failed while it was started. 0, or -1 with a message.
int slurm_release(const char *job, struct error *err);
int slurm_is_held_after_launch(const json_t *element); // of the queue

int slurm_cancel(const char *job, struct error *err);

// The most elements of an array (MaxArraySize limits the index, which begins at 0).
int slurm_array_most(struct error *err);

// Seconds that a job of that partition ("a,b", "": the default one) may last; INFINITY where there is no limit, or none is
// told. One that asks for more would wait for ever.
double slurm_time_most(const char *partition);

#endif
