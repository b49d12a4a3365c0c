// SPDX-License-Identifier: Apache-2.0
// Activations stored as bf16, two channels side by side: [C / 2][plane][2] where floats are [C][P] (real.h).
//
//   float   channel 0   a a a a a a a a        pairs   channels 0, 1   ab ab ab ab ab ab ab ab .. ..
//           channel 1   b b b b b b b b                channels 2, 3   cd cd cd cd cd cd cd cd .. ..
//           channel 2   c c c c c c c c
//           channel 3   d d d d d d d d                                the images of a pixel are a row of a
//                                                                      B tile as they lie (tiles.h)
//
// So a convolution multiplies them where they are, and everything else turns a number into a float by a shift
// or a mask. Planes are an odd number of cache lines apart: the rows of a tile, one of each plane, do not
// meet in one set of the first-level cache.
#ifndef REFF_KERNELS_PAIRS_H
#define REFF_KERNELS_PAIRS_H

#include "core/kernels/tiles.h"

enum { PAIRS_OF_LINE = 16 };

// Numbers from one plane of pairs to the next, for planes of `columns` pixels and images.
static inline size_t pairs_plane(size_t columns) {
    return ((columns + PAIRS_OF_LINE - 1) / PAIRS_OF_LINE | 1) * PAIRS_OF_LINE * 2;
}

// Whether so many channels can be: whole tiles of depth, or less than one.
static inline int pairs_hold(int channels) {
    return channels % (2 * TILE_CELLS) == 0 || (channels < 2 * TILE_CELLS && channels % 2 == 0);
}

static inline size_t pairs_bytes(int channels, size_t columns) {
    return (size_t)channels / 2 * pairs_plane(columns) * sizeof(bf16);
}

#endif
