// SPDX-License-Identifier: Apache-2.0
// The weight gradient of a convolution of a 1x1 kernel that tiled_by_point (tiled_point.h) takes. Arguments as
// convolution_backward_weight has them; scratch is 64-byte aligned.
#ifndef REFF_KERNELS_TILED_POINT_WEIGHT_H
#define REFF_KERNELS_TILED_POINT_WEIGHT_H

#include "core/kernels/convolution_shape.h"
#include "core/kernels/tiles.h"

void tiled_point_backward_weight(const struct tile_kernels *k, const struct convolution *c, const void *y,
                                 const void *x, real *weight, int add, void *scratch);

// Bytes of scratch.
size_t tiled_point_weight_scratch(const struct convolution *c, int threads);

#endif
