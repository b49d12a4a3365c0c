// SPDX-License-Identifier: Apache-2.0
// Convolutions without a patch matrix, for what the layout gives for free: at every pixel a run of N images.
// Each output pixel gathers the channels of its valid taps (none outside the image: on a 2 x 2 map that saves
// more than half) into a panel that stays in the first-level cache, and multiplies it by weights packed once
// per call.
//
//   panel   [valid taps][channels in][STRIP]      one pixel, STRIP images
//   weights [channels out / 4][taps][channels in][4]
//   4 x STRIP sums in registers: 2 vector loads and 4 broadcasts feed 8 multiply-adds
//
// The weight gradient needs no panel at all: both of its operands run over images.
#ifndef REFF_KERNELS_DIRECT_H
#define REFF_KERNELS_DIRECT_H

#include "core/kernels/convolution_shape.h"

// Numbers of scratch for the first two.
size_t direct_scratch(const struct convolution *c, int threads);

void direct_forward(const struct convolution *c, const real *weight, const real *x, real *y, int add,
                    real *scratch);
void direct_backward_data(const struct convolution *c, const real *weight, const real *y, real *x, int add,
                          real *scratch);
void direct_backward_weight(const struct convolution *c, const real *y, const real *x, real *weight, int add);

#endif
