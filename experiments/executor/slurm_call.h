// SPDX-License-Identifier: Apache-2.0
// One call of a command of Slurm. Whatever it does, the call ends: a command that prints without end, or not at all, or
// whose own children keep its output open, is given up.
#ifndef REFF_EXPERIMENTS_EXECUTOR_SLURM_CALL_H
#define REFF_EXPERIMENTS_EXECUTOR_SLURM_CALL_H

#include "core/base/error.h"

enum slurm_call {
    SLURM_ASKS,   // a question: who interrupts it does not wait for the answer
    SLURM_CHANGES // the answer is waited for, for what was changed must be known
};

// Runs a command by its name, without input and without the user's own defaults for it (SQUEUE_STATES and the like), and
// gives what it prints, to be freed. NULL with its complaint, or where it does not answer within slurm_call_patience.
// `script`: what sbatch is given; the environment (SBATCH_JOB_NAME) overrides none of its directives. NULL: none.
char *slurm_call(const char *const argv[], enum slurm_call kind, const char *script, struct error *err);

// Seconds: 300, or REFF_SLURM_SECONDS.
double slurm_call_patience(void);

#endif
