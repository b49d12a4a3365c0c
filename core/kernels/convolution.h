// SPDX-License-Identifier: Apache-2.0
// Convolutions: forward, data gradient and weight gradient, each by the way that suits its shape
// (convolution.c). Activations are arrays of `real`, laid out as real.h says, or in bf16 in pairs (pairs.h).
//
// All three products give the same bits for any number of threads: tiles depend on shapes alone, and each
// result is summed by one thread in a fixed order.
#ifndef REFF_KERNELS_CONVOLUTION_H
#define REFF_KERNELS_CONVOLUTION_H

#include "core/kernels/precision.h"
#include "core/kernels/real.h"

#include <stddef.h>

struct convolution {
    int batch;               // N
    int c_in, h_in, w_in;    // input [c_in][h_in][w_in][N]
    int c_out, h_out, w_out; // output [c_out][h_out][w_out][N]
    int kernel_h, kernel_w;  // weight [c_out][c_in][kernel_h][kernel_w]
    int stride, padding;
    enum precision precision;
    int x_paired, y_paired; // the input's, the output's numbers are bf16 in pairs of channels (pairs.h)
};

// Fills in h_out and w_out: floor((size + 2 padding - kernel) / stride) + 1.
void convolution_output(struct convolution *c);

// Numbers of scratch that any of the products below needs for this shape with `threads` threads.
size_t convolution_scratch(const struct convolution *c, int threads);

// y = W * x: forward pass. add: adds to y instead of overwriting it.
void convolution_forward(const struct convolution *c, const real *weight, const void *x, void *y, int add,
                         real *scratch);

// x = W' * y: the transposed map, output to input (the g and d maps).
void convolution_backward_data(const struct convolution *c, const real *weight, const void *y, void *x,
                               int add, real *scratch);

// weight (+)= sum over columns of y (x) patches of x: [d_y][x]'. For the joint gradient [d_y;g_y][x;t_x]'
// call it twice, the second time with add = 1.
void convolution_backward_weight(const struct convolution *c, const void *y, const void *x, real *weight,
                                 int add, real *scratch);

#endif
