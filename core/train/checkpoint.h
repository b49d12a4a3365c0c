// SPDX-License-Identifier: Apache-2.0
// Checkpoints: all that an interrupted run needs to end with the same bits. The file carries a digest of
// itself; the one before is kept as <path>.old, and taken when the newest is damaged.
#ifndef REFF_TRAIN_CHECKPOINT_H
#define REFF_TRAIN_CHECKPOINT_H

#include "core/train/trainer.h"

enum { SPANS_MOST = 16 }; // further ones are not told apart from the last

struct span { // steps that were computed in one way; another machine may compute otherwise (precision.h)
    long from;
    char precision[8], products[16]; // products: "" where they are those that the program was compiled for
};

struct checkpoint {
    long step; // steps taken
    int span_count;
    struct span spans[SPANS_MOST];
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

// Returns 1 when one was read; 0 when there is none, none for this identity and network, or only damaged
// ones, and the message tells what was ignored, if anything was (snapshot_tell); -1 when one that is there
// cannot be read.
int checkpoint_load(const char *path, const char *identity, struct checkpoint *c, struct trainer *t,
                    struct error *err);

#endif
