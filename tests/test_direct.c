// SPDX-License-Identifier: Apache-2.0
// The direct kernels against plain loops, over shapes that are no multiple of anything and batches below,
// at and above a strip; outputs are filled with NaN before. And the same bits on any number of threads.
#include "core/base/random.h"
#include "core/kernels/direct.h"
#include "tests/suite.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

static const struct convolution shapes[] = {
    // batch, c_in, h_in, w_in, c_out, (out), kernel, stride, padding
    {1, 3, 7, 5, 6, 0, 0, 3, 3, 1, 1},  {2, 5, 9, 8, 3, 0, 0, 4, 4, 2, 1},
    {3, 2, 6, 7, 9, 0, 0, 4, 4, 2, 1},  {4, 7, 8, 8, 5, 0, 0, 4, 4, 2, 1},
    {4, 3, 2, 2, 4, 0, 0, 4, 4, 2, 1},  {4, 6, 5, 6, 1, 0, 0, 4, 4, 1, 1},
    {5, 3, 11, 6, 7, 0, 0, 5, 3, 3, 2}, {7, 4, 6, 6, 5, 0, 0, 3, 3, 2, 1},
    {8, 5, 7, 9, 4, 0, 0, 3, 3, 1, 1},  {9, 2, 5, 5, 3, 0, 0, 1, 1, 2, 0},
    {16, 3, 6, 5, 6, 0, 0, 4, 4, 2, 1}, {17, 4, 5, 4, 2, 0, 0, 3, 3, 1, 1},
    {33, 3, 4, 5, 5, 0, 0, 2, 2, 3, 0}, {4, 300, 3, 4, 6, 0, 0, 4, 4, 2, 1},
    {6, 2, 1, 1, 3, 0, 0, 3, 3, 1, 1},
};

static size_t in_size(const struct convolution *c) {
    return (size_t)c->c_in * c->h_in * c->w_in * c->batch;
}
static size_t out_size(const struct convolution *c) {
    return (size_t)c->c_out * c->h_out * c->w_out * c->batch;
}

static real *noise(size_t n, const char *name) {
    struct random r = random_stream(11, random_purpose(name), n);
    real *a = malloc(n * sizeof *a);
    for (size_t i = 0; i < n; i++)
        a[i] = (real)random_normal(&r);
    return a;
}

// Calls `use` for every product that the convolution has: places in x, weight, y.
#define FOR_EACH_PRODUCT(c)                                                                                  \
    for (int o = 0; o < (c)->c_out; o++)                                                                     \
        for (int i = 0; i < (c)->c_in; i++)                                                                  \
            for (int oy = 0; oy < (c)->h_out; oy++)                                                          \
                for (int ox = 0; ox < (c)->w_out; ox++)                                                      \
                    for (int ky = 0; ky < (c)->kernel_h; ky++)                                               \
                        for (int kx = 0; kx < (c)->kernel_w; kx++)                                           \
                            for (int n = 0; n < (c)->batch; n++)

struct place {
    size_t x, weight, y;
    int inside;
};

static struct place place_of(const struct convolution *c, int o, int i, int oy, int ox, int ky, int kx,
                             int n) {
    int iy = oy * c->stride + ky - c->padding, ix = ox * c->stride + kx - c->padding;
    struct place p = {.inside = iy >= 0 && iy < c->h_in && ix >= 0 && ix < c->w_in};
    p.weight = (((size_t)o * c->c_in + i) * c->kernel_h + ky) * c->kernel_w + kx;
    p.y = (((size_t)o * c->h_out + oy) * c->w_out + ox) * c->batch + n;
    p.x = p.inside ? (((size_t)i * c->h_in + iy) * c->w_in + ix) * c->batch + n : 0;
    return p;
}

struct arrays {
    real *x, *weight, *y, *scratch;
    size_t x_size, weight_size, y_size;
};

static struct arrays open_arrays(struct convolution *c) {
    convolution_output(c);
    struct arrays a = {.x_size = in_size(c), .y_size = out_size(c)};
    a.weight_size = (size_t)c->c_out * c->c_in * c->kernel_h * c->kernel_w;
    a.x = noise(a.x_size, "x");
    a.weight = noise(a.weight_size, "weight");
    a.y = noise(a.y_size, "y");
    a.scratch = malloc(direct_scratch(c, omp_get_max_threads()) * sizeof(real));
    return a;
}

static void close_arrays(struct arrays *a) {
    free(a->x);
    free(a->weight);
    free(a->y);
    free(a->scratch);
}

static int agrees(const real *mine, const double *want, size_t n, size_t terms) {
    double bound = (sizeof(real) == 8 ? 1e-14 : 1e-6) * (10 + (double)terms);
    for (size_t i = 0; i < n; i++)
        if (!(fabs((double)mine[i] - want[i]) <= bound))
            return 0;
    return 1;
}

// Overwriting and adding: `add` begins with ones instead of NaN.
static void check(struct convolution c, int add) {
    struct arrays a = open_arrays(&c);
    double *y = calloc(a.y_size, sizeof *y), *x = calloc(a.x_size, sizeof *x);
    real *my_y = malloc(a.y_size * sizeof *my_y), *my_x = malloc(a.x_size * sizeof *my_x);
    for (size_t i = 0; i < a.y_size; i++)
        y[i] = add, my_y[i] = add ? 1 : (real)NAN;
    for (size_t i = 0; i < a.x_size; i++)
        x[i] = add, my_x[i] = add ? 1 : (real)NAN;
    FOR_EACH_PRODUCT(&c) {
        struct place p = place_of(&c, o, i, oy, ox, ky, kx, n);
        if (p.inside) {
            y[p.y] += (double)a.weight[p.weight] * (double)a.x[p.x];
            x[p.x] += (double)a.weight[p.weight] * (double)a.y[p.y];
        }
    }
    direct_forward(&c, a.weight, a.x, my_y, add, a.scratch);
    direct_backward_data(&c, a.weight, a.y, my_x, add, a.scratch);
    size_t taps = (size_t)c.kernel_h * c.kernel_w;
    CU_ASSERT(agrees(my_y, y, a.y_size, taps * (size_t)c.c_in));
    CU_ASSERT(agrees(my_x, x, a.x_size, taps * (size_t)c.c_out));
    free(x);
    free(y);
    free(my_x);
    free(my_y);
    close_arrays(&a);
}

static void test_forward_and_data_gradient(void) {
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int add = 0; add < 2; add++)
            check(shapes[i], add);
}

static void test_weight_gradient(void) {
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        struct convolution c = shapes[s];
        struct arrays a = open_arrays(&c);
        double *want = calloc(a.weight_size, sizeof *want);
        real *mine = malloc(a.weight_size * sizeof *mine);
        memset(mine, 0xff, a.weight_size * sizeof *mine);
        FOR_EACH_PRODUCT(&c) {
            struct place p = place_of(&c, o, i, oy, ox, ky, kx, n);
            if (p.inside)
                want[p.weight] += (double)a.y[p.y] * (double)a.x[p.x];
        }
        direct_backward_weight(&c, a.y, a.x, mine, 0, a.scratch);
        CU_ASSERT(agrees(mine, want, a.weight_size, (size_t)c.h_out * c.w_out * c.batch));
        free(want);
        free(mine);
        close_arrays(&a);
    }
}

static void test_threads_do_not_matter(void) {
    int most = omp_get_max_threads();
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct convolution c = shapes[i];
        real *results[2][2];
        size_t sizes[2] = {0};
        for (int t = 0; t < 2; t++) {
            omp_set_num_threads(t ? 3 : 1);
            struct arrays a = open_arrays(&c);
            sizes[0] = a.y_size, sizes[1] = a.x_size;
            for (int k = 0; k < 2; k++)
                results[t][k] = malloc(sizes[k] * sizeof(real));
            direct_forward(&c, a.weight, a.x, results[t][0], 0, a.scratch);
            direct_backward_data(&c, a.weight, a.y, results[t][1], 0, a.scratch);
            close_arrays(&a);
        }
        for (int k = 0; k < 2; k++) {
            CU_ASSERT(!memcmp(results[0][k], results[1][k], sizes[k] * sizeof(real)));
            free(results[0][k]);
            free(results[1][k]);
        }
    }
    omp_set_num_threads(most);
}

void suite_direct(void);
void suite_direct(void) {
    CU_pSuite suite = CU_add_suite("direct", NULL, NULL);
    CU_add_test(suite, "forward and data gradient against plain loops", test_forward_and_data_gradient);
    CU_add_test(suite, "weight gradient against plain loops", test_weight_gradient);
    CU_add_test(suite, "the same bits on any number of threads", test_threads_do_not_matter);
}
