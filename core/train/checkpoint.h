// SPDX-License-Identifier: Apache-2.0
// Checkpoints: all that an interrupted run needs to end with the same bits, as a snapshot (snapshot.h).
#ifndef REFF_TRAIN_CHECKPOINT_H
#define REFF_TRAIN_CHECKPOINT_H

#include "core/base/spans.h"
#include "core/train/trainer.h"

struct checkpoint {
    long step; // steps taken
    struct spans spans;
    struct { // sums over the current epoch so far
        double loss, loss_main, loss_reg, terms[STAGES], loss_att, loss_map, gradient_norm;
        long steps, clipped, correct, seen;
    } epoch;
    double best_validation; // percent; below 0: none yet
    double seconds;         // spent training, in all sessions
    char *metrics;          // metrics.jsonl so far; owned
};

int checkpoint_save(const char *path, const char *identity, const struct checkpoint *c,
                    const struct trainer *t, struct error *err);

// As snapshot_load.
int checkpoint_load(const char *path, const char *identity, struct checkpoint *c, struct trainer *t,
                    struct text *notices, struct error *err);

#endif
