// SPDX-License-Identifier: Apache-2.0
// Who does a sweep's runs: this machine, a batch system, somebody else. An executor is a file of this folder and a line
// of EXECUTOR_LINES; commands and experiments know none by name.
//
//     const struct executor *e = executor_of("slurm");
//     if (e->run(&job, &handed_over, err)) ...
#ifndef REFF_EXPERIMENTS_EXECUTOR_EXECUTOR_H
#define REFF_EXPERIMENTS_EXECUTOR_EXECUTOR_H

#include "experiments/sweep/sweep.h"

// _(variable's name without executor_, name on the command line)
#define EXECUTOR_LINES(_)                                                                                    \
    _(local, "local")                                                                                        \
    _(list, "list")                                                                                          \
    _(slurm, "slurm")

#define EXECUTOR_DEFAULT               "local"
#define EXECUTOR_WORD_(variable, name) " " name
#define EXECUTOR_NAMES                 (&(EXECUTOR_LINES(EXECUTOR_WORD_))[1]) // of a setting's table

struct executor;

struct executor_job {
    const struct executor *executor;
    const struct plan *plan;
    const struct work *work;
    struct sweep_options sweep; // label, results, jobs, threads, retry, log, ...
    const char *cluster;        // file with the batch system's settings; "": none
    const char
        *command; // shell words that ask for the same again: "reff run 'table1' ..."; "" outside of commands
    int round;    // 0; how many gathering jobs have asked for it since
};

struct executor {
    const char *name;    // the line's
    const char *summary; // one line for help texts, without a full stop

    // Does the runs of the plan that are not done, as sweep_run. *handed_over: 1 where it returns before they are done,
    // and others will do them; with a failure, where they could not be handed over.
    int (*run)(const struct executor_job *job, int *handed_over, struct error *err);

    // Prints what `run` would hand over, and what it will cost. NULL: it costs what it costs on this machine.
    int (*show)(FILE *out, const struct executor_job *job, struct error *err);

    // Prints what is known of runs of the plan that it was handed; nothing where there are none. NULL: it keeps nothing.
    int (*status)(FILE *out, const struct plan *plan, const char *results, struct error *err);

    // Takes back what was handed over for runs of the plan, and nothing else. NULL: nothing can be taken back.
    int (*cancel)(FILE *out, const struct plan *plan, const char *results, struct error *err);
};

#define EXECUTOR_EXTERN_(variable, name) extern const struct executor executor_##variable;
EXECUTOR_LINES(EXECUTOR_EXTERN_)
#undef EXECUTOR_EXTERN_

extern const struct executor *const executors[]; // in the lines' order; ends with NULL

const struct executor *executor_of(const char *name); // NULL when there is none

// job->executor's run.
int executor_run(const struct executor_job *job, int *handed_over, struct error *err);

// All executors' status, and cancel of the one; of all where it is the default. EXIT_USAGE where it takes nothing back.
int executor_status(FILE *out, const struct plan *plan, const char *results, struct error *err);
int executor_cancel(FILE *out, const struct executor *executor, const struct plan *plan, const char *results,
                    struct error *err);

// job->command: the words of a command line as a shell takes them, without what a repetition must not have (--retry,
// --round, --dry-run). argv as main got it, before it is parsed.
int executor_add_command(struct text *out, int argc, char *const *argv, struct error *err);

// The options of commands that have runs done.
#define EXECUTOR_SETTINGS(O)                                                                                 \
    SETTING_CHOICE(O, executor, EXECUTOR_DEFAULT, EXECUTOR_NAMES, "who does the runs"),                      \
        SETTING_PATH(O, cluster, "", "FILE", "settings of the cluster (experiments/executor/cluster.ini)"),  \
        SETTING_COUNT(O, round, "0", 0, 1000, "times",                                                       \
                      "set by a job that gathers: how often it asked for the same before")

// "local    runs on this machine" and the others, a line each, for help texts.
void executor_describe(struct text *out);

#endif
