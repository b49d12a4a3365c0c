// SPDX-License-Identifier: Apache-2.0
// Convolutions: forward, data gradient and weight gradient. convolution_choose decides once by which
// algorithm and which instruction set; the products then run as it says. Activations are arrays of `real`,
// laid out as real.h says, or in bf16 in pairs (pairs.h).
//
// All three products give the same bits for any number of threads: tiles depend on shapes alone, and each
// result is summed by one thread in a fixed order.
#ifndef REFF_KERNELS_CONVOLUTION_H
#define REFF_KERNELS_CONVOLUTION_H

#include "core/kernels/convolution_shape.h"

struct tile_kernels; // tiles.h

enum convolution_algorithm {
    CONVOLUTION_WINOGRAD, // tiled_winograd.h
    CONVOLUTION_PANELS,   // tiled_point.h, tiled_point_weight.h
    CONVOLUTION_STEM,     // tiled_stem.h
    CONVOLUTION_TILES,    // tiled_gather.h, tiled_weight.h
    CONVOLUTION_DIRECT,   // direct.h
    CONVOLUTION_GEMM,     // gemm_patches.h: OpenBLAS
};

struct convolution_way {
    enum convolution_algorithm algorithm;
    const struct tile_kernels *tiles; // NULL: of the last two, which run on what they were compiled for
};

struct convolution_plan {
    struct convolution shape;
    struct convolution_way activations; // forward pass and data gradient
    struct convolution_way weight;      // weight gradient
};

struct convolution_plan convolution_choose(const struct convolution *shape);

// "winograd", "panels", "stem", "tiles", "direct", "gemm".
const char *convolution_algorithm_name(enum convolution_algorithm algorithm);

// What a way's products are made of: "f32", "bf16", "double"; and the instruction set, NULL: the compiler's.
const char *convolution_numbers(const struct convolution_way *way);
const char *convolution_isa(const struct convolution_way *way);

// Numbers of scratch that any of the products below needs with `threads` threads.
size_t convolution_scratch(const struct convolution_plan *p, int threads);

// y = W * x: forward pass. add: adds to y instead of overwriting it.
void convolution_forward(const struct convolution_plan *p, const real *weight, const void *x, void *y,
                         int add, real *scratch);

// x = W' * y: the transposed map, output to input (the g and d maps).
void convolution_backward_data(const struct convolution_plan *p, const real *weight, const void *y, void *x,
                               int add, real *scratch);

// weight (+)= sum over columns of y (x) patches of x: [d_y][x]'. For the joint gradient [d_y;g_y][x;t_x]'
// call it twice, the second time with add = 1.
void convolution_backward_weight(const struct convolution_plan *p, const void *y, const void *x, real *weight,
                                 int add, real *scratch);

#endif
