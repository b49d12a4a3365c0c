// SPDX-License-Identifier: Apache-2.0
// Convolutions by plain loops in double, over shapes that are no multiple of anything, for tests of kernels.
#ifndef REFF_TESTS_SUPPORT_CONVOLUTION_FIXTURE_H
#define REFF_TESTS_SUPPORT_CONVOLUTION_FIXTURE_H

#include "core/kernels/convolution.h"

extern const struct convolution convolution_shapes[]; // h_out and w_out not filled in
extern const int convolution_shape_count;

struct convolution_arrays { // filled with normal numbers
    real *x, *weight, *y;
    size_t x_size, weight_size, y_size;
};

void convolution_arrays_open(struct convolution *c, struct convolution_arrays *out); // fills in h_out, w_out
void convolution_arrays_close(struct convolution_arrays *a);

// Adds what the three products are to y, x and weight, any of which may be NULL.
void convolution_by_loops(const struct convolution *c, const struct convolution_arrays *a, double *y,
                          double *x, double *weight);

#endif
