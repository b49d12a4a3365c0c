// SPDX-License-Identifier: Apache-2.0
// Trials: a sweep of fake work (fake_work.h) in a process of its own, which tests kill, interrupt and starve,
// and what is on disk afterwards. One at a time, in a results folder of its own.
#ifndef REFF_TESTS_SUPPORT_SWEEP_TRIAL_H
#define REFF_TESTS_SUPPORT_SWEEP_TRIAL_H

#include "experiments/store/record.h"
#include "experiments/sweep/sweep.h"
#include "tests/support/fake_work.h"
#include "tests/support/sweep_fixture.h"

#include <sys/types.h>

struct trial {
    struct fixture fixture;
    struct sweep_options options;
    int retry_at_once; // a sweep is followed by one that repeats what failed
    char results[PATH_SIZE], log_path[PATH_SIZE];
};

extern struct trial trial;

// The fixture's own plan and the settings of an undisturbed sweep, in the suite's folder `name`.
void trial_begin(const char *name);
void trial_end(void);

// Begins a sweep in a process that can be killed. It ends with the exit status that reff would have; its
// messages are in log_path, the error last. It leads a process group, as a shell's job does. file_limit:
// bytes that no file may exceed; 0: none.
pid_t trial_start(long file_limit);
int trial_wait(pid_t child); // exit status; 128 + signal
int trial_whole(void);       // a sweep from start to end; its exit status
int trial_log_has(const char *text);

// What is on disk.
int trial_count_state(enum run_state state);
void trial_check_all_done(void);              // with the results that undisturbed runs have
int trial_count_parts(const char *kind);      // half-written files in the folders of "runs" or "shards"
int trial_count_in_results(const char *name); // -1: no such folder
// Waits until all processes of a killed sweep are gone: no run's lock is held. They die with their parent.
int trial_locks_free(void);

#endif
