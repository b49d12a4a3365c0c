// SPDX-License-Identifier: Apache-2.0
// Convolutions of 1x1 kernels in f32 as what they are, products of matrices, by panels (tiles.h) that read arrays
// where they lie: forward pass and data gradient. Arguments as convolution_forward and its fellows have them;
// scratch is 64-byte aligned. Each sum is made in the order of the depth, as tiled_gather.h makes it: the same bits.
#ifndef REFF_KERNELS_TILED_POINT_H
#define REFF_KERNELS_TILED_POINT_H

#include "core/kernels/convolution_shape.h"
#include "core/kernels/tiles.h"

// Whether a convolution can be done so: the table has panels, the kernel is 1x1 without padding, and where pixels are
// skipped images fill vectors.
int tiled_by_point(const struct tile_kernels *k, const struct convolution *c);

// Where vector number v, of 16 columns of the output's map, finds its pixels in a plane of the input.
size_t tiled_point_column(const struct convolution *c, size_t v);

void tiled_point_forward(const struct tile_kernels *k, const struct convolution *c, const real *weight,
                         const void *x, void *y, int add, void *scratch);
void tiled_point_backward_data(const struct tile_kernels *k, const struct convolution *c, const real *weight,
                               const void *y, void *x, int add, void *scratch);

// Bytes of scratch for either.
size_t tiled_point_scratch(const struct convolution *c, int threads);

#endif
