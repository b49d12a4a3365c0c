// SPDX-License-Identifier: Apache-2.0
// Forward pass and data gradient of a convolution in tiles: C tiles are 16 output channels x 16 images of a
// pixel, their depth the channels of the taps that the pixel reads. Arguments as convolution_forward and its
// fellows have them; scratch is 64-byte aligned.
#ifndef REFF_KERNELS_TILED_GATHER_H
#define REFF_KERNELS_TILED_GATHER_H

#include "core/kernels/convolution_shape.h"
#include "core/kernels/tiles.h"

void tiled_gather_forward(const struct tile_kernels *k, const struct convolution *c, const real *weight,
                          const void *x, void *y, int add, void *scratch);
void tiled_gather_backward_data(const struct tile_kernels *k, const struct convolution *c, const real *weight,
                                const void *y, void *x, int add, void *scratch);

// Bytes of scratch for either.
size_t tiled_gather_scratch(const struct tile_kernels *k, const struct convolution *c, int threads);

#endif
