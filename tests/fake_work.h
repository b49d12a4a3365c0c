// SPDX-License-Identifier: Apache-2.0
// A generator and a trainer that take milliseconds, and that fail, crash or fill the disk when asked to, so
// that the runner can be tested through everything that may happen to it.
//
// The fake trainer behaves as the real one does towards its folder: it mixes a state from the seed and the
// settings, step by step, saves it in `checkpoint`, continues from there, and writes run.json last. Its
// accuracy depends on every step, so a run that lost or repeated one is seen.
#ifndef REFF_TESTS_FAKE_WORK_H
#define REFF_TESTS_FAKE_WORK_H

#include "experiments/work.h"

enum fake_fault {
    FAKE_FAILS,   // an error: "step 3: loss is NaN, first in layer3.0.bn2"
    FAKE_CRASHES, // ends by SIGABRT
    FAKE_LIES,    // says that all is well and writes no record
};

struct fake_work {
    char events[4096]; // file: one line for each thing done ("generate train", "train SEED METHOD", "done
                       // ..."); "": none
    int steps;         // of a run
    long step_microseconds;   // length of a step
    size_t shard_bytes;       // size of a shard
    uint64_t fault_seed;      // runs of this seed
    const char *fault_method; // and method (NULL: none)
    enum fake_fault fault;    // end so
};

extern struct fake_work fake; // children inherit it; fake_reset gives 5 steps of 0 us and no faults

extern const struct work fake_work;

void fake_reset(void);

// The accuracy that a whole run of these settings ends with, 0..100.
double fake_accuracy(const struct train_settings *settings);

// How many lines of the events file begin with `text`.
int fake_events(const char *text);

#endif
