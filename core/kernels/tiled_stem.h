// SPDX-License-Identifier: Apache-2.0
// Convolutions of pictures in f32, whose few channels would leave tiles mostly empty (the 7x7 stem): forward pass and
// weight gradient by panels (tiles.h). Arguments as convolution_forward and its fellows have them; scratch is 64-byte
// aligned. Sums are made in the order of tiled_gather.h and tiled_weight.h, but for weight gradients of more than 16
// images: there 16 images of a row come before the next 16.
#ifndef REFF_KERNELS_TILED_STEM_H
#define REFF_KERNELS_TILED_STEM_H

#include "core/kernels/convolution_shape.h"
#include "core/kernels/tiles.h"

// Whether a convolution can be done so: the table has panels, channels are few, the kernel is wide, images fill
// vectors.
int tiled_by_stem(const struct tile_kernels *k, const struct convolution *c);

void tiled_stem_forward(const struct tile_kernels *k, const struct convolution *c, const real *weight,
                        const void *x, void *y, int add, void *scratch);
void tiled_stem_backward_weight(const struct tile_kernels *k, const struct convolution *c, const void *y,
                                const void *x, real *weight, int add, void *scratch);

// Bytes of scratch for either.
size_t tiled_stem_scratch(const struct convolution *c, int threads);

#endif
