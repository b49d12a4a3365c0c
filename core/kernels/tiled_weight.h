// SPDX-License-Identifier: Apache-2.0
// Weight gradient of a convolution in tiles: C tiles are 16 x 16 weights, their depth the images of all
// pixels. Arguments as convolution_backward_weight has them; scratch is 64-byte aligned.
#ifndef REFF_KERNELS_TILED_WEIGHT_H
#define REFF_KERNELS_TILED_WEIGHT_H

#include "core/kernels/convolution_shape.h"
#include "core/kernels/tiles.h"

void tiled_backward_weight(const struct tile_kernels *k, const struct convolution *c, const void *y,
                           const void *x, real *weight, int add, void *scratch);

// Bytes of scratch.
size_t tiled_weight_scratch(const struct tile_kernels *k, const struct convolution *c, int threads);

#endif
