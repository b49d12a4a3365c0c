// SPDX-License-Identifier: Apache-2.0
// Convolutions in bf16 by every instruction set at hand: the operands rounded and multiplied in double are
// what they must give but for the rounding of sums, over shapes that are no multiple of anything, with
// outputs and scratch filled with NaN before; infinities, NaN and denormals; the same bits on any number of
// threads.
#include "core/kernels/bf16.h"
#include "tests/convolution_fixture.h"
#include "tests/suite.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

static const struct tile_kernels *table(enum isa isa) {
    return sizeof(real) == sizeof(float) && isa_available(isa) ? tiles_of(isa) : NULL;
}

static void *scratch_for(const struct convolution *c) { // all NaN
    size_t bytes = (bf16_scratch(c, omp_get_max_threads()) + 63) / 64 * 64;
    void *scratch = aligned_alloc(64, bytes);
    memset(scratch, 0xff, bytes);
    return scratch;
}

// To the nearest, ties to even, by arithmetic alone: adding and taking away 2^16 ulp.
static void round_all(real *a, size_t n) {
    for (size_t i = 0; i < n; i++) {
        int exponent;
        frexp((double)a[i], &exponent);
        a[i] = (real)ldexp(nearbyint(ldexp((double)a[i], 8 - exponent)), exponent - 8);
    }
}

static int agrees(const real *mine, const double *want, size_t n, size_t terms) {
    for (size_t i = 0; i < n; i++)
        if (!(fabs((double)mine[i] - want[i]) <= 1e-6 * (10 + (double)terms)))
            return 0;
    return 1;
}

static void check(const struct tile_kernels *k, struct convolution c, int add) {
    struct convolution_arrays a, exact;
    convolution_arrays_open(&c, &a);
    convolution_arrays_open(&c, &exact);
    round_all(exact.x, exact.x_size);
    round_all(exact.y, exact.y_size);
    round_all(exact.weight, exact.weight_size);
    void *scratch = scratch_for(&c);
    size_t sizes[3] = {a.y_size, a.x_size, a.weight_size};
    double *want[3];
    real *mine[3];
    for (int map = 0; map < 3; map++) {
        want[map] = calloc(sizes[map], sizeof(double));
        mine[map] = malloc(sizes[map] * sizeof(real));
        for (size_t i = 0; i < sizes[map]; i++)
            want[map][i] = add, mine[map][i] = add ? 1 : (real)NAN;
    }
    convolution_by_loops(&c, &exact, want[0], want[1], want[2]);
    bf16_forward(k, &c, a.weight, a.x, mine[0], add, scratch);
    bf16_backward_data(k, &c, a.weight, a.y, mine[1], add, scratch);
    bf16_backward_weight(k, &c, a.y, a.x, mine[2], add, scratch);
    size_t taps = (size_t)c.kernel_h * c.kernel_w;
    size_t terms[3] = {taps * (size_t)c.c_in, taps * (size_t)c.c_out, (size_t)c.h_out * c.w_out * c.batch};
    for (int map = 0; map < 3; map++) {
        int good = agrees(mine[map], want[map], sizes[map], terms[map]);
        CU_ASSERT(good);
        if (!good)
            printf("\n    %s, map %d: batch %d, %d x %d x %d -> %d, kernel %d x %d, stride %d ",
                   isa_name(k->isa), map, c.batch, c.c_in, c.h_in, c.w_in, c.c_out, c.kernel_h, c.kernel_w,
                   c.stride);
        free(want[map]);
        free(mine[map]);
    }
    free(scratch);
    convolution_arrays_close(&a);
    convolution_arrays_close(&exact);
}

static void test_against_loops(enum isa isa) {
    const struct tile_kernels *k = table(isa);
    if (!k)
        SKIP("not on this processor, or a double build");
    for (int i = 0; i < convolution_shape_count; i++)
        for (int add = 0; add < 2; add++)
            check(k, convolution_shapes[i], add);
}

static void test_plain(void) {
    test_against_loops(ISA_PLAIN);
}
static void test_avx512_bf16(void) {
    test_against_loops(ISA_AVX512_BF16);
}
static void test_amx(void) {
    test_against_loops(ISA_AMX);
}

// What no rounding may change, and what the processors' own rounding flushes.
static void test_odd_numbers(void) {
    static const float numbers[] = {0,         -0.0f, 1e-40f,     -1e-40f,     INFINITY,
                                    -INFINITY, NAN,   3.3895e38f, 1.00390625f, 1.01171875f};
    static const bf16 want[] = {0, 0x8000, 0, 0x8000, 0x7f80, 0xff80, 0x7fc0, 0x7f7f, 0x3f80, 0x3f82};
    enum { COUNT = sizeof want / sizeof *want };
    if (sizeof(real) != sizeof(float))
        SKIP("a double build");
    for (enum isa isa = 0; isa < ISA_COUNT; isa++) {
        const struct tile_kernels *k = table(isa);
        bf16 out[TILE_DEPTH] __attribute__((aligned(64)));
        real in[COUNT];
        for (int i = 0; i < COUNT; i++)
            in[i] = (real)numbers[i];
        if (!k)
            continue;
        k->row(in, COUNT, out);
        for (int i = 0; i < COUNT; i++)
            CU_ASSERT_EQUAL(out[i], want[i]);
        for (int i = COUNT; i < TILE_DEPTH; i++)
            CU_ASSERT_EQUAL(out[i], 0);
    }
}

static void test_threads_do_not_matter(void) {
    if (sizeof(real) != sizeof(float))
        SKIP("a double build");
    int most = omp_get_max_threads();
    for (int s = 0; s < convolution_shape_count; s++)
        for (enum isa isa = 0; isa < ISA_COUNT; isa++) {
            struct convolution c = convolution_shapes[s];
            const struct tile_kernels *k = table(isa);
            struct convolution_arrays a[2];
            for (int t = 0; t < 2 && k; t++) {
                omp_set_num_threads(t ? 3 : 1);
                convolution_arrays_open(&c, &a[t]);
                void *scratch = scratch_for(&c);
                real *x = malloc(a[t].x_size * sizeof *x), *y = malloc(a[t].y_size * sizeof *y);
                bf16_forward(k, &c, a[t].weight, a[t].x, y, 0, scratch);
                bf16_backward_data(k, &c, a[t].weight, a[t].y, x, 0, scratch);
                bf16_backward_weight(k, &c, a[t].y, a[t].x, a[t].weight, 0, scratch);
                memcpy(a[t].x, x, a[t].x_size * sizeof *x);
                memcpy(a[t].y, y, a[t].y_size * sizeof *y);
                free(x);
                free(y);
                free(scratch);
            }
            omp_set_num_threads(most);
            if (!k)
                continue;
            CU_ASSERT(!memcmp(a[0].x, a[1].x, a[0].x_size * sizeof(real)));
            CU_ASSERT(!memcmp(a[0].y, a[1].y, a[0].y_size * sizeof(real)));
            CU_ASSERT(!memcmp(a[0].weight, a[1].weight, a[0].weight_size * sizeof(real)));
            convolution_arrays_close(&a[0]);
            convolution_arrays_close(&a[1]);
        }
}

static void test_limit(void) {
    struct error err = {0};
    setenv("REFF_ISA", "plain", 1);
    CU_ASSERT_EQUAL(isa_for_bf16(), ISA_PLAIN);
    CU_ASSERT(!isa_check_limit(&err));
    setenv("REFF_ISA", "avx512", 1);
    CU_ASSERT_EQUAL(isa_check_limit(&err), -1);
    CU_ASSERT_STRING_EQUAL(err.message, "REFF_ISA: 'avx512' is none of: plain avx512-bf16 amx");
    unsetenv("REFF_ISA");
    CU_ASSERT(!isa_check_limit(&err));
    CU_ASSERT(isa_available(isa_for_bf16()));
}

void suite_bf16(void);
void suite_bf16(void) {
    CU_pSuite suite = CU_add_suite("bf16", NULL, NULL);
    CU_add_test(suite, "plain tiles against loops", test_plain);
    CU_add_test(suite, "AVX512-BF16 against loops", test_avx512_bf16);
    CU_add_test(suite, "AMX against loops", test_amx);
    CU_add_test(suite, "infinities, NaN, denormals, ties", test_odd_numbers);
    CU_add_test(suite, "REFF_ISA bounds the choice", test_limit);
    CU_add_test(suite, "the same bits on any number of threads", test_threads_do_not_matter);
}
