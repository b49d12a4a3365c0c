// SPDX-License-Identifier: Apache-2.0
// Which convolutions are done in tiles, by which table of tile kernels (tiles.h). In bf16 the operands are
// rounded as they are packed, and activations are floats, or bf16 in pairs of channels (pairs.h) where
// x_paired and y_paired say so.
//
//   forward, data gradient   tiled_gather.h
//   weight gradient          tiled_weight.h
//   3x3, stride 1            tiled_winograd.h, all three: a quarter of the products; in f32, and instead of
//                            dot products in bf16 where maps are large
//   1x1, in f32              tiled_point.h, tiled_point_weight.h: by panels
//   few channels, in f32     tiled_stem.h: forward pass and weight gradient by panels
//
// Each sum is made by one thread in an order that the shape alone decides: the same bits for any number of
// threads, on one instruction set.
#ifndef REFF_KERNELS_TILED_H
#define REFF_KERNELS_TILED_H

#include "core/kernels/convolution_shape.h"
#include "core/kernels/tiles.h"

// The table by which a convolution's forward pass and data gradient are to be done, and its weight gradient;
// NULL: not in tiles. So are those of double builds, and in f32 those that would leave half of a tile's
// columns or depth empty. Where the processor has no AVX-512, f32 takes the compiler's vectors for weight
// gradients and Winograd's algorithm; for the rest direct.c and OpenBLAS are as fast there (measured).
const struct tile_kernels *tiled_kernels(const struct convolution *c);
const struct tile_kernels *tiled_weight_kernels(const struct convolution *c);

#endif
