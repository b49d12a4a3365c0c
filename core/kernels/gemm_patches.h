// SPDX-License-Identifier: Apache-2.0
// Convolutions as OpenBLAS's matrix products. A 1x1 convolution of stride 1 needs no patches: its input is
// the matrix, multiplied tile by tile. For the weight gradient of any other, patches are laid out in tiles
// that stay in cache.
#ifndef REFF_KERNELS_GEMM_PATCHES_H
#define REFF_KERNELS_GEMM_PATCHES_H

#include "core/kernels/convolution_shape.h"

int gemm_patches_pointwise(const struct convolution *c); // 1x1, stride 1, no padding

// Of pointwise convolutions alone.
void gemm_patches_forward(const struct convolution *c, const real *weight, const real *x, real *y, int add);
void gemm_patches_backward_data(const struct convolution *c, const real *weight, const real *y, real *x,
                                int add);

// Of any, with so many numbers of scratch.
size_t gemm_patches_scratch(const struct convolution *c, int threads);
void gemm_patches_backward_weight(const struct convolution *c, const real *y, const real *x, real *weight,
                                  int add, real *scratch);

#endif
