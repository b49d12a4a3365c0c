// SPDX-License-Identifier: Apache-2.0
// Convolutions from the tile kernels of any precision and instruction set (tiles.h). In bf16 the operands are
// rounded as they are packed, and activations are floats, or bf16 in pairs of channels (pairs.h) where
// x_paired and y_paired say so.
//
//   forward, data gradient   tiled_gather.c: C tiles are 16 output channels x 16 images of a pixel,
//                            their depth the channels of the taps it reads
//   weight gradient          tiled_weight.c: C tiles are 16 x 16 weights, their depth the images of all
//                            pixels
//   3x3, stride 1            tiled_winograd.c, tiled_winograd_weight.c: a quarter of the products; in f32,
//                            and instead of dot products in bf16 where maps are large
//
// Each sum is made by one thread in an order that the shape alone decides: the same bits for any number of
// threads, on one instruction set.
#ifndef REFF_KERNELS_TILED_H
#define REFF_KERNELS_TILED_H

#include "core/kernels/convolution.h"
#include "core/kernels/tiles.h"

// Bytes of scratch for any of the three.
size_t tiled_scratch(const struct tile_kernels *k, const struct convolution *c, int threads);

// As convolution_forward and its fellows say; scratch is 64-byte aligned.
void tiled_forward(const struct tile_kernels *k, const struct convolution *c, const real *weight,
                   const void *x, void *y, int add, void *scratch);
void tiled_backward_data(const struct tile_kernels *k, const struct convolution *c, const real *weight,
                         const void *y, void *x, int add, void *scratch);
void tiled_backward_weight(const struct tile_kernels *k, const struct convolution *c, const void *y,
                           const void *x, real *weight, int add, void *scratch);

// The table by which a convolution's forward pass and data gradient are to be done, and its weight gradient;
// NULL: not in tiles. So are those of double builds, and in f32 those that would leave half of a tile's
// columns or depth empty. Where the processor has no AVX-512, f32 takes the compiler's vectors for weight
// gradients and Winograd's algorithm; for the rest direct.c and OpenBLAS are as fast there (measured).
const struct tile_kernels *tiled_kernels(const struct convolution *c);
const struct tile_kernels *tiled_weight_kernels(const struct convolution *c);

// The tables of isa_for_bf16() and of isa_for_f32(), asked once.
const struct tile_kernels *tiles_for(enum precision precision);

// Of the files that tiled.c chooses from; Winograd's are in tiled_winograd.h.
void tiled_gather_forward(const struct tile_kernels *k, const struct convolution *c, const real *weight,
                          const void *x, void *y, int add, void *scratch);
void tiled_gather_backward_data(const struct tile_kernels *k, const struct convolution *c, const real *weight,
                                const void *y, void *x, int add, void *scratch);
void tiled_weight_gradient(const struct tile_kernels *k, const struct convolution *c, const void *y,
                           const void *x, real *weight, int add, void *scratch);
size_t tiled_gather_scratch(const struct tile_kernels *k, const struct convolution *c, int threads);
size_t tiled_weight_scratch(const struct tile_kernels *k, const struct convolution *c, int threads);

enum { TILED_CACHE_BYTES = 4 << 20 }; // a larger array is put past the caches (measured)

static inline size_t blocks_of(size_t n, size_t of) { // blocks of `of` that hold n
    return (n + of - 1) / of;
}
static inline int smaller(int a, int b) {
    return a < b ? a : b;
}
static inline int larger(int a, int b) {
    return a > b ? a : b;
}

// A row of a B tile outside the image.
static const cell tile_zeros[TILE_COLUMNS] __attribute__((aligned(64)));

#endif
