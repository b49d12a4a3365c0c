// SPDX-License-Identifier: Apache-2.0
// The shape of a convolution: all that its results depend on, beside the numbers.
#ifndef REFF_KERNELS_CONVOLUTION_SHAPE_H
#define REFF_KERNELS_CONVOLUTION_SHAPE_H

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

#endif
