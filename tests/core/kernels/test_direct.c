// SPDX-License-Identifier: Apache-2.0
// The direct kernels against plain loops, over shapes that are no multiple of anything and batches below,
// at and above a strip; outputs are filled with NaN before. And the same bits on any number of threads.
#include "core/kernels/direct.h"
#include "tests/support/convolution_fixture.h"
#include "tests/support/suite.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

static real *scratch_for(const struct convolution *c) {
    return malloc(direct_scratch(c, omp_get_max_threads()) * sizeof(real));
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
    struct convolution_arrays a;
    convolution_arrays_open(&c, &a);
    real *scratch = scratch_for(&c);
    double *y = calloc(a.y_size, sizeof *y), *x = calloc(a.x_size, sizeof *x);
    real *my_y = malloc(a.y_size * sizeof *my_y), *my_x = malloc(a.x_size * sizeof *my_x);
    for (size_t i = 0; i < a.y_size; i++)
        y[i] = add, my_y[i] = add ? 1 : (real)NAN;
    for (size_t i = 0; i < a.x_size; i++)
        x[i] = add, my_x[i] = add ? 1 : (real)NAN;
    convolution_by_loops(&c, &a, y, x, NULL);
    direct_forward(&c, a.weight, a.x, my_y, add, scratch);
    direct_backward_data(&c, a.weight, a.y, my_x, add, scratch);
    size_t taps = (size_t)c.kernel_h * c.kernel_w;
    CU_ASSERT(agrees(my_y, y, a.y_size, taps * (size_t)c.c_in));
    CU_ASSERT(agrees(my_x, x, a.x_size, taps * (size_t)c.c_out));
    free(x);
    free(y);
    free(my_x);
    free(my_y);
    free(scratch);
    convolution_arrays_close(&a);
}

static void test_forward_pass_and_data_gradient_agree_with_plain_loops(void) {
    for (int i = 0; i < convolution_shape_count; i++)
        for (int add = 0; add < 2; add++)
            check(convolution_shapes[i], add);
}

static void test_the_weight_gradient_agrees_with_plain_loops(void) {
    for (int s = 0; s < convolution_shape_count; s++) {
        struct convolution c = convolution_shapes[s];
        struct convolution_arrays a;
        convolution_arrays_open(&c, &a);
        double *want = calloc(a.weight_size, sizeof *want);
        real *mine = malloc(a.weight_size * sizeof *mine);
        memset(mine, 0xff, a.weight_size * sizeof *mine);
        convolution_by_loops(&c, &a, NULL, NULL, want);
        direct_backward_weight(&c, a.y, a.x, mine, 0);
        CU_ASSERT(agrees(mine, want, a.weight_size, (size_t)c.h_out * c.w_out * c.batch));
        free(want);
        free(mine);
        convolution_arrays_close(&a);
    }
}

static void test_direct_kernels_have_the_same_bits_on_any_number_of_threads(void) {
    int most = omp_get_max_threads();
    for (int i = 0; i < convolution_shape_count; i++) {
        struct convolution c = convolution_shapes[i];
        real *results[2][2];
        size_t sizes[2] = {0};
        for (int t = 0; t < 2; t++) {
            omp_set_num_threads(t ? 3 : 1);
            struct convolution_arrays a;
            convolution_arrays_open(&c, &a);
            real *scratch = scratch_for(&c);
            sizes[0] = a.y_size, sizes[1] = a.x_size;
            for (int k = 0; k < 2; k++)
                results[t][k] = malloc(sizes[k] * sizeof(real));
            direct_forward(&c, a.weight, a.x, results[t][0], 0, scratch);
            direct_backward_data(&c, a.weight, a.y, results[t][1], 0, scratch);
            free(scratch);
            convolution_arrays_close(&a);
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
    CU_add_test(suite, "forward pass and data gradient agree with plain loops",
                test_forward_pass_and_data_gradient_agree_with_plain_loops);
    CU_add_test(suite, "the weight gradient agrees with plain loops",
                test_the_weight_gradient_agrees_with_plain_loops);
    CU_add_test(suite, "direct kernels have the same bits on any number of threads",
                test_direct_kernels_have_the_same_bits_on_any_number_of_threads);
}
