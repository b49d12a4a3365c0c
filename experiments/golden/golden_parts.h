// SPDX-License-Identifier: Apache-2.0
// What golden cases of training have in common: a file, a report, parameters of one or more networks in the
// order of the file's probes; and their comparisons. All return 0, or -1 when the file is damaged.
#ifndef REFF_EXPERIMENTS_GOLDEN_GOLDEN_PARTS_H
#define REFF_EXPERIMENTS_GOLDEN_GOLDEN_PARTS_H

#include "core/graph/graph.h"
#include "experiments/golden/golden.h"

enum { GOLDEN_SETS = 2 };

struct golden_parts {
    hid_t file;
    struct golden_report *report;
    struct parameters *sets[GOLDEN_SETS]; // of the case's networks; NULL: none
    char (*order)[64];                    // [count]; owned
    int count;
    // A parameter whose gradient is rounding noise, and the one whose norm is then the scale; NULL: none.
    const char *noise, *scale;
    struct error *err;
};

// Reads the order of the parameters; refuses names that no network has.
int golden_parts_open(struct golden_parts *c);
void golden_parts_close(struct golden_parts *c);

// Fills all parameters and statistics from the file's initial ones.
int golden_parts_load(struct golden_parts *c);

// Moves each number just loaded to one of its two neighbours among the reals, drawn by `attempt`: by no more
// than a rounding.
void golden_parts_disturb(struct golden_parts *c, int attempt);

// `mine` is in the file's layout.
int golden_compare(struct golden_parts *c, const char *path, const char *quantity, const double *mine,
                   size_t size);
// Ours [inner][n] against the file's [n][inner].
int golden_compare_lanes(struct golden_parts *c, const char *path, const char *quantity, const real *mine,
                         size_t inner, size_t n);
int golden_read_scalar(struct golden_parts *c, const char *path, double *out);
int golden_compare_scalar(struct golden_parts *c, const char *path, const char *quantity, double mine);

// The gradients of one of the networks at a step: norm, head, probe and, where the file has them, all of
// them.
int golden_compare_gradients(struct golden_parts *c, const struct parameters *set, int step);
// After the last step: parameters, how far they moved, running statistics.
int golden_compare_final(struct golden_parts *c);

// `count` bytes of a dataset from number `first` on; free() them.
uint8_t *golden_bytes(struct golden_parts *c, const char *path, size_t first, size_t count);

#endif
