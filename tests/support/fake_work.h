// SPDX-License-Identifier: Apache-2.0
// A generator, an annotator and a trainer that take milliseconds, and that fail, crash or fill the disk when
// asked to, so that the runner can be tested through everything that may happen to it.
//
// The fake trainer behaves as the real one does towards its folder: it mixes a state from the seed and the
// settings, step by step, saves it in `checkpoint`, continues from there, and writes run.json last. Its
// accuracy depends on every step, so a run that lost or repeated one is seen.
#ifndef REFF_TESTS_SUPPORT_FAKE_WORK_H
#define REFF_TESTS_SUPPORT_FAKE_WORK_H

#include "experiments/plan/work.h"

#include <sys/types.h>

enum fake_fault {
    FAKE_FAILS,   // an error: "step 3: loss is NaN, first in layer3.0.bn2"
    FAKE_CRASHES, // ends by SIGABRT
    FAKE_LIES,    // says that all is well and writes no record
    FAKE_REFUSED, // the system refuses a lock: ENOLCK
    FAKE_DIES,    // is killed once its record is written
    FAKE_LITTERS, // a process of another host leaves half a file in its folder meanwhile
    FAKE_STARVES, // it refuses memory, unless the run is alone: ENOMEM
};

struct fake_work {
    char events[4096];   // file: one line for each thing done ("generate train", "train SEED METHOD", "hold
                         // ...", "done ...", "annotate SEED n N", "annotated ..."); "": none
    int steps;           // of a run
    int build;           // another number, other models: as of another build of the trainer
    int hold_step;       // every run waits before this step (counted from 1) until it is interrupted; 0: none
    size_t shard_bytes;  // size of a shard
    uint64_t fault_seed; // runs of this seed
    const char *fault_method; // and method (NULL: none)
    enum fake_fault fault;    // end so
    double lead;              // not 0: accuracies lie within 50..51, those of reff this much higher
    int annotator_fails;      // the annotators of fault_seed fail: "iteration 7: loss is NaN"
};

extern struct fake_work fake; // children inherit it; fake_reset gives 5 steps, no faults and no halt

extern const struct work fake_work;

void fake_reset(void);

// The accuracy that a whole run of these settings ends with, 0..100.
double fake_accuracy(const struct train_settings *settings);

// How many lines of the events file begin with `text`.
int fake_events(const char *text);

// A clock for tests that must meet a sweep at work, however fast or slow the machine is. It counts the points
// that all processes together pass: one for each shard and for each step, and one before each record. After
// fake_halt(n) processes wait where the n-th point from now is passed, and at every point after it; fake_go
// lets them go on.
void fake_halt(int points);
void fake_go(void);
pid_t fake_wait_halted(void); // waits until they do; a process that waits. Ends the test after a minute.
void fake_wait_events(const char *text, int count); // waits until so many events are there; likewise

#endif
