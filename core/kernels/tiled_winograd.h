// SPDX-License-Identifier: Apache-2.0
// Convolutions in tiles by Winograd's algorithm (winograd.h), which multiplies in f32 whatever the precision:
// arrays may be stored in pairs of bf16, but no operand is rounded for the product. Arguments and results as
// in convolution.h; scratch is 64-byte aligned.
//
//   forward, data gradient   tiled_winograd.c
//   weight gradient          tiled_winograd_weight.c
#ifndef REFF_KERNELS_TILED_WINOGRAD_H
#define REFF_KERNELS_TILED_WINOGRAD_H

#include "core/kernels/convolution_shape.h"
#include "core/kernels/tiles.h"

// Whether this is the way of a convolution, all three products: 3x3, stride 1, channels and images enough,
// and a table that gains by it (tiles.h).
int tiled_by_winograd(const struct tile_kernels *k, const struct convolution *c);

// Bytes of scratch for any of the three.
size_t tiled_winograd_scratch(const struct convolution *c, int threads);

void tiled_winograd_forward(const struct tile_kernels *k, const struct convolution *c, const real *weight,
                            const void *x, void *y, int add, void *scratch);
void tiled_winograd_backward_data(const struct tile_kernels *k, const struct convolution *c,
                                  const real *weight, const void *y, void *x, int add, void *scratch);
void tiled_winograd_backward_weight(const struct tile_kernels *k, const struct convolution *c, const void *y,
                                    const void *x, real *weight, int add, void *scratch);

// Of the weight gradient alone.
size_t tiled_winograd_weight_scratch(const struct convolution *c, int threads);

#endif
