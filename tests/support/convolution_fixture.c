// SPDX-License-Identifier: Apache-2.0
#include "tests/support/convolution_fixture.h"

#include "core/base/random.h"

#include <stdlib.h>

#define SHAPE(n, ci, h, w, co, kh, kw, s, p)                                                                 \
    {                                                                                                        \
        .batch = (n), .c_in = (ci), .h_in = (h), .w_in = (w), .c_out = (co), .kernel_h = (kh),               \
        .kernel_w = (kw), .stride = (s), .padding = (p)                                                      \
    }

// Batches below, at and above 16 images, strides beyond the kernel, kernels beyond the map; channels that can
// and cannot be stored in pairs; so many weights for so few pixels that these are packed
// late and their gradient is made group by group.
const struct convolution convolution_shapes[] = {
    // batch, c_in, h_in, w_in, c_out, kernel, stride, padding
    SHAPE(1, 3, 7, 5, 6, 3, 3, 1, 1),     SHAPE(2, 5, 9, 8, 3, 4, 4, 2, 1),
    SHAPE(3, 2, 6, 7, 9, 4, 4, 2, 1),     SHAPE(4, 7, 8, 8, 5, 4, 4, 2, 1),
    SHAPE(4, 3, 2, 2, 4, 4, 4, 2, 1),     SHAPE(4, 6, 5, 6, 1, 4, 4, 1, 1),
    SHAPE(5, 3, 11, 6, 7, 5, 3, 3, 2),    SHAPE(7, 4, 6, 6, 5, 3, 3, 2, 1),
    SHAPE(8, 5, 7, 9, 4, 3, 3, 1, 1),     SHAPE(9, 2, 5, 5, 3, 1, 1, 2, 0),
    SHAPE(16, 3, 6, 5, 6, 4, 4, 2, 1),    SHAPE(17, 4, 5, 4, 2, 3, 3, 1, 1),
    SHAPE(33, 3, 4, 5, 5, 2, 2, 3, 0),    SHAPE(4, 300, 3, 4, 6, 4, 4, 2, 1),
    SHAPE(6, 2, 1, 1, 3, 3, 3, 1, 1),     SHAPE(2, 70, 5, 3, 50, 1, 1, 1, 0),
    SHAPE(18, 35, 4, 4, 37, 3, 3, 1, 1),  SHAPE(3, 37, 9, 5, 19, 1, 1, 2, 0),
    SHAPE(2, 3, 23, 17, 18, 7, 7, 2, 3),  SHAPE(1, 33, 7, 7, 65, 3, 3, 2, 1),
    SHAPE(16, 9, 70, 2, 10, 3, 2, 1, 1),  SHAPE(16, 32, 7, 7, 64, 1, 1, 1, 0),
    SHAPE(5, 64, 6, 5, 96, 3, 3, 2, 1),   SHAPE(17, 10, 5, 4, 32, 3, 3, 1, 1),
    SHAPE(3, 64, 9, 5, 20, 1, 1, 2, 0),   SHAPE(18, 2, 8, 8, 6, 4, 4, 2, 1),
    SHAPE(32, 17, 6, 5, 8, 3, 3, 2, 1),   SHAPE(32, 32, 4, 6, 16, 3, 3, 1, 1),
    SHAPE(64, 16, 4, 3, 4, 1, 1, 2, 0),   SHAPE(20, 17, 6, 3, 33, 3, 3, 1, 0),
    SHAPE(16, 19, 5, 6, 21, 3, 3, 1, 2),  SHAPE(16, 2, 48, 48, 4, 3, 3, 1, 1),
    SHAPE(16, 840, 3, 5, 20, 1, 1, 1, 0), SHAPE(16, 20, 3, 5, 840, 1, 1, 1, 0),
    SHAPE(16, 83, 9, 8, 70, 1, 1, 2, 0),  SHAPE(32, 13, 5, 7, 131, 1, 1, 3, 0),
    SHAPE(9, 67, 13, 11, 45, 1, 1, 1, 0), SHAPE(16, 3, 23, 17, 70, 7, 7, 2, 3),
    SHAPE(32, 5, 4, 11, 37, 6, 3, 1, 2),  SHAPE(3, 256, 1, 2, 256, 3, 3, 1, 1),
    SHAPE(4, 170, 2, 2, 200, 3, 3, 2, 1), SHAPE(2, 256, 2, 1, 264, 3, 3, 2, 1),
};
const int convolution_shape_count = sizeof convolution_shapes / sizeof *convolution_shapes;

static real *noise(size_t n, const char *name) {
    struct random r = random_stream(11, random_purpose(name), n);
    real *a = malloc(n * sizeof *a);
    for (size_t i = 0; i < n; i++)
        a[i] = (real)random_normal(&r);
    return a;
}

void convolution_arrays_open(struct convolution *c, struct convolution_arrays *a) {
    convolution_output(c);
    a->x_size = (size_t)c->c_in * c->h_in * c->w_in * c->batch;
    a->y_size = (size_t)c->c_out * c->h_out * c->w_out * c->batch;
    a->weight_size = (size_t)c->c_out * c->c_in * c->kernel_h * c->kernel_w;
    a->x = noise(a->x_size, "x");
    a->weight = noise(a->weight_size, "weight");
    a->y = noise(a->y_size, "y");
}

void convolution_arrays_close(struct convolution_arrays *a) {
    free(a->x);
    free(a->weight);
    free(a->y);
}

// One weight over all output pixels and images.
static void one_weight(const struct convolution *c, const struct convolution_arrays *a, int o, int i, int ky,
                       int kx, double *y, double *x, double *weight) {
    size_t w = (((size_t)o * c->c_in + i) * c->kernel_h + ky) * c->kernel_w + kx, n = (size_t)c->batch;
    for (int oy = 0; oy < c->h_out; oy++)
        for (int ox = 0; ox < c->w_out; ox++) {
            int iy = oy * c->stride + ky - c->padding, ix = ox * c->stride + kx - c->padding;
            if (iy < 0 || iy >= c->h_in || ix < 0 || ix >= c->w_in)
                continue;
            size_t to = (((size_t)o * c->h_out + oy) * c->w_out + ox) * n;
            size_t from = (((size_t)i * c->h_in + iy) * c->w_in + ix) * n;
            for (size_t image = 0; image < n; image++) {
                if (y)
                    y[to + image] += (double)a->weight[w] * (double)a->x[from + image];
                if (x)
                    x[from + image] += (double)a->weight[w] * (double)a->y[to + image];
                if (weight)
                    weight[w] += (double)a->y[to + image] * (double)a->x[from + image];
            }
        }
}

void convolution_by_loops(const struct convolution *c, const struct convolution_arrays *a, double *y,
                          double *x, double *weight) {
    for (int o = 0; o < c->c_out; o++)
        for (int i = 0; i < c->c_in; i++)
            for (int ky = 0; ky < c->kernel_h; ky++)
                for (int kx = 0; kx < c->kernel_w; kx++)
                    one_weight(c, a, o, i, ky, kx, y, x, weight);
}
