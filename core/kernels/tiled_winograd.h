// SPDX-License-Identifier: Apache-2.0
// Winograd's algorithm in tiles: tiled_winograd.c has the forward pass and the data gradient,
// tiled_winograd_weight.c the weight gradient. Arguments and results as in tiled.h.
#ifndef REFF_KERNELS_TILED_WINOGRAD_H
#define REFF_KERNELS_TILED_WINOGRAD_H

#include "core/kernels/convolution.h"
#include "core/kernels/tiles.h"
#include "core/kernels/winograd.h"

// Whether this is the way of a convolution, all three products: f32, 3x3, stride 1, and not too few channels.
int tiled_by_winograd(const struct tile_kernels *k, const struct convolution *c);

// Bytes of scratch for any of the three.
size_t tiled_winograd_scratch(const struct convolution *c, int threads);
size_t tiled_winograd_weight_scratch(const struct convolution *c, int threads);

void tiled_winograd_forward(const struct tile_kernels *k, const struct convolution *c, const real *weight,
                            const real *x, real *y, int add, void *scratch);
void tiled_winograd_backward_data(const struct tile_kernels *k, const struct convolution *c,
                                  const real *weight, const real *y, real *x, int add, void *scratch);
void tiled_winograd_backward_weight(const struct tile_kernels *k, const struct convolution *c, const real *y,
                                    const real *x, real *weight, int add, void *scratch);

// ------------------------------------------------------------------------------- shared by the two files

// The patches of an output: every fourth pixel of every fourth row, times strips of 16 images, are chunks.
struct winograd_patches {
    int batch, across, strips, count;
};

struct winograd_patches winograd_patches(int batch, int rows, int width);

struct winograd_patch {
    int y, x;          // its first pixel in the output
    int strip, images; // number `strip` of so many images
};

struct winograd_patch winograd_patch(const struct winograd_patches *all, int chunk);

// A window of side x side pixels on an array's channel [rows][width][N], `up` rows and columns before the
// patch's first pixel: 16 images of each, zeros outside the array and past the batch. `part` is room for
// incomplete strips.
void winograd_window(const struct winograd_patches *all, const struct winograd_patch *at, const real *channel,
                     int rows, int width, int up, int side, real part[][WINOGRAD_LANES],
                     const real *pixels[]);

#endif
