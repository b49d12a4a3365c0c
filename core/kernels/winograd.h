// SPDX-License-Identifier: Apache-2.0
// 3x3 convolutions of stride 1 with a quarter of the multiplications: Winograd's F(4x4, 3x3) (Lavin and Gray,
// arXiv 1509.09308). Six pixels in a row, three taps and four results are polynomials; where they are known
// at the six points 0, a, -a, b, -b and infinity, the product of polynomials is a product of numbers:
//
//     results = A' [ (G taps) . (B' pixels) ]      per row and per column of a 6 x 6 patch: 36 points
//
//           [ 81/64   0   -45/16   0    1   0 ]         [   64/81     0      0   ]
//           [   0  -27/16  -9/4   3/4   1   0 ]         [ -128/243 -32/81  -8/27 ]
//     B' =  [   0   27/16  -9/4  -3/4   1   0 ]    G =  [ -128/243  32/81  -8/27 ]
//           [   0  -27/32  -9/16  3/2   1   0 ]         [   32/243  16/81   8/27 ]
//           [   0   27/32  -9/16 -3/2   1   0 ]         [   32/243 -16/81   8/27 ]
//           [   0   81/64    0  -45/16  0   1 ]         [     0       0      1   ]
//
//           [ 1    1      1     1     1   0 ]
//     A' =  [ 0   3/4   -3/4   3/2  -3/2  0 ]           for a = 3/4, b = 3/2, which round less than the
//           [ 0   9/16   9/16  9/4   9/4  0 ]           usual 1 and 2 (docs/lab/performance.md)
//           [ 0  27/64 -27/64 27/8 -27/8  1 ]
//
// At each point the convolution is a matrix product over channels (tiled_winograd.c). The gradient of the
// weights is the same three-linear form read the other way: G' [ (A dy A') . (B' x B) ] G.
//
// Infinities do not arrive as such: their differences make all results of a patch NaN.
//
// Every function works on 16 lanes (images or channels) at a time, in one order of operations.
#ifndef REFF_KERNELS_WINOGRAD_H
#define REFF_KERNELS_WINOGRAD_H

#include "core/kernels/real.h"

#include <stddef.h>

enum {
    WINOGRAD_RESULTS = 4, // in a row of a patch
    WINOGRAD_PIXELS = 6,  // that they are made from
    WINOGRAD_TAPS = 3,
    WINOGRAD_POINTS = WINOGRAD_PIXELS * WINOGRAD_PIXELS,
    WINOGRAD_LANES = 16,
    WINOGRAD_SUMS = 256, // lanes that are brought back at once: a C tile (tiles.h)
};

// B' d B of a patch's 36 pixels, row by row, to [36 points][16 lanes].
void winograd_pixels(const real *const pixels[WINOGRAD_POINTS], real *points);

// A d A' of the gradients of its 16 results.
void winograd_results(const real *const results[WINOGRAD_RESULTS * WINOGRAD_RESULTS], real *points);

// G w G' of the 9 taps of kernels.
void winograd_taps(const real *const taps[WINOGRAD_TAPS * WINOGRAD_TAPS], real *points);

// A' m A: results [16][256] from the sums of the points, [256] each, `step` numbers apart.
void winograd_to_results(const float *sums, size_t step, float *results);

// G' m G: the gradients of taps, [9][256].
void winograd_to_taps(const float *sums, size_t step, float *taps);

#endif
