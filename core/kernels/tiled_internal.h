// SPDX-License-Identifier: Apache-2.0
// What the convolutions in tiles share: tiled_gather.c, tiled_weight.c and Winograd's files.
#ifndef REFF_KERNELS_TILED_INTERNAL_H
#define REFF_KERNELS_TILED_INTERNAL_H

#include "core/kernels/tiles.h"

#include <stddef.h>

enum {
    TILED_MAXIMUM_TAPS = 256,    // kernels up to 16 x 16
    TILED_CACHE_BYTES = 4 << 20, // a larger array is put past the caches (measured)
};

static inline size_t blocks_of(size_t n, size_t of) { // blocks of `of` that hold n
    return (n + of - 1) / of;
}
static inline int tiled_share(int n, int i, int of) { // where share i of n things begins
    return (int)((size_t)n * (size_t)i / (size_t)of);
}
static inline int tiled_share_of(int n, int thing, int of) { // which share a thing is in
    return (int)(((size_t)(thing + 1) * (size_t)of - 1) / (size_t)n);
}
static inline int smaller(int a, int b) {
    return a < b ? a : b;
}
static inline int larger(int a, int b) {
    return a > b ? a : b;
}

// A row of a B tile outside the image.
static const cell tile_zeros[TILE_COLUMNS] __attribute__((aligned(64)));

#endif
