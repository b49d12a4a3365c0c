// SPDX-License-Identifier: Apache-2.0
// Convolutions whose operands are rounded to bf16 and whose sums are floats. Activations are floats, or bf16
// in pairs of channels (pairs.h), where x_paired and y_paired say so. Built from the tile kernels of any
// instruction set (tiles.h):
//
//   forward, data gradient   bf16_gather.c: C tiles are 16 output channels x 16 images of a pixel,
//                            their depth the channels of the taps it reads
//   weight gradient          bf16_weight.c: C tiles are 16 x 16 weights, their depth the images of all pixels
//
// Each sum is made by one thread in an order that the shape alone decides: the same bits for any number of
// threads, on one instruction set.
#ifndef REFF_KERNELS_BF16_H
#define REFF_KERNELS_BF16_H

#include "core/kernels/convolution.h"
#include "core/kernels/tiles.h"

// Bytes of scratch for any of the three.
size_t bf16_scratch(const struct convolution *c, int threads);

// As convolution_forward and its fellows say; scratch is 64-byte aligned.
void bf16_forward(const struct tile_kernels *k, const struct convolution *c, const real *weight,
                  const void *x, void *y, int add, void *scratch);
void bf16_backward_data(const struct tile_kernels *k, const struct convolution *c, const real *weight,
                        const void *y, void *x, int add, void *scratch);
void bf16_backward_weight(const struct tile_kernels *k, const struct convolution *c, const void *y,
                          const void *x, real *weight, int add, void *scratch);

// Whether a convolution is to be done here: float builds alone.
int bf16_takes(const struct convolution *c);
const struct tile_kernels *bf16_kernels(void); // of isa_for_bf16(), asked once

// Shared by the two files.
size_t bf16_gather_scratch(const struct convolution *c, int threads);
size_t bf16_weight_scratch(const struct convolution *c, int threads);

static inline size_t bf16_blocks(size_t n, size_t of) { // blocks of `of` that hold n
    return (n + of - 1) / of;
}

#endif
