// SPDX-License-Identifier: Apache-2.0
// Convolutions in tiles, f32 and bf16, by every instruction set at hand: the operands (in bf16 rounded)
// multiplied in double are what they must give but for the rounding of sums, over shapes that are no multiple
// of anything, with outputs and scratch filled with NaN before; infinities, NaN and denormals; the same bits
// on any number of threads.
#include "core/kernels/pairs.h"
#include "core/kernels/tiled_gather.h"
#include "core/kernels/tiled_point.h"
#include "core/kernels/tiled_point_weight.h"
#include "core/kernels/tiled_stem.h"
#include "core/kernels/tiled_weight.h"
#include "core/kernels/tiled_winograd.h"
#include "tests/support/convolution_fixture.h"
#include "tests/support/suite.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

static const struct tile_kernels *table(enum precision precision, enum isa isa) {
    return sizeof(real) == sizeof(float) && isa_available(isa) ? tiles_of(precision, isa) : NULL;
}

enum { TABLES = 2 * ISA_COUNT + 1 };

// Number i of all tables, NULL: not on this processor, or a double build.
static const struct tile_kernels *table_number(int i) {
#ifndef REFF_DOUBLE
    if (i == 2 * ISA_COUNT)
        return &tiles_lanes;
#endif
    return i == 2 * ISA_COUNT ? NULL : table(i % 2 ? PRECISION_BF16 : PRECISION_F32, (enum isa)(i / 2));
}

// The three products: in tiles or by Winograd's algorithm as the shape decides, or by one algorithm whatever it would
// decide.
struct way {
    int (*takes)(const struct tile_kernels *k, const struct convolution *c);
    size_t (*scratch)(const struct tile_kernels *k, const struct convolution *c, int threads);
    void (*forward)(const struct tile_kernels *k, const struct convolution *c, const real *weight,
                    const void *x, void *y, int add, void *scratch);
    void (*backward_data)(const struct tile_kernels *k, const struct convolution *c, const real *weight,
                          const void *y, void *x, int add, void *scratch);
    void (*backward_weight)(const struct tile_kernels *k, const struct convolution *c, const void *y,
                            const void *x, real *weight, int add, void *scratch);
};

static size_t winograd_scratch(const struct tile_kernels *k, const struct convolution *c, int threads) {
    (void)k;
    return tiled_winograd_scratch(c, threads);
}

static size_t scratch_by_shape(const struct tile_kernels *k, const struct convolution *c, int threads) {
    size_t gather = tiled_gather_scratch(k, c, threads), weight = tiled_weight_scratch(k, c, threads);
    return tiled_by_winograd(k, c) ? tiled_winograd_scratch(c, threads) : gather > weight ? gather : weight;
}

static void forward_by_shape(const struct tile_kernels *k, const struct convolution *c, const real *weight,
                             const void *x, void *y, int add, void *scratch) {
    (tiled_by_winograd(k, c) ? tiled_winograd_forward : tiled_gather_forward)(k, c, weight, x, y, add,
                                                                              scratch);
}

static void backward_data_by_shape(const struct tile_kernels *k, const struct convolution *c,
                                   const real *weight, const void *y, void *x, int add, void *scratch) {
    (tiled_by_winograd(k, c) ? tiled_winograd_backward_data : tiled_gather_backward_data)(k, c, weight, y, x,
                                                                                          add, scratch);
}

static void backward_weight_by_shape(const struct tile_kernels *k, const struct convolution *c, const void *y,
                                     const void *x, real *weight, int add, void *scratch) {
    (tiled_by_winograd(k, c) ? tiled_winograd_backward_weight : tiled_backward_weight)(k, c, y, x, weight,
                                                                                       add, scratch);
}

static int takes_all(const struct tile_kernels *k, const struct convolution *c) {
    return (void)k, (void)c, 1;
}

static int has_winograd(const struct tile_kernels *k, const struct convolution *c) {
    return k->winograd && c->kernel_h == 3 && c->kernel_w == 3 && c->stride == 1 && c->padding < 3;
}

static size_t panel_scratch(const struct tile_kernels *k, const struct convolution *c, int threads) {
    size_t point = tiled_point_scratch(c, threads), weight = tiled_point_weight_scratch(c, threads);
    (void)k;
    return point > weight ? point : weight;
}

static const struct way by_shape = {takes_all, scratch_by_shape, forward_by_shape, backward_data_by_shape,
                                    backward_weight_by_shape};
static const struct way by_winograd = {has_winograd, winograd_scratch, tiled_winograd_forward,
                                       tiled_winograd_backward_data, tiled_winograd_backward_weight};
static const struct way by_panels = {tiled_by_point, panel_scratch, tiled_point_forward,
                                     tiled_point_backward_data, tiled_point_backward_weight};

static size_t stem_scratch(const struct tile_kernels *k, const struct convolution *c, int threads) {
    size_t stem = tiled_stem_scratch(c, threads), gather = tiled_gather_scratch(k, c, threads);
    return stem > gather ? stem : gather;
}

static const struct way by_stem = {tiled_by_stem, stem_scratch, tiled_stem_forward,
                                   tiled_gather_backward_data, tiled_stem_backward_weight};
enum { WAYS = 4 };
static const struct way *const ways[WAYS] = {&by_shape, &by_winograd, &by_panels, &by_stem};

static void *scratch_for(const struct way *way, const struct tile_kernels *k,
                         const struct convolution *c) { // all NaN
    size_t bytes = (way->scratch(k, c, omp_get_max_threads()) + 63) / 64 * 64;
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

// ------------------------------------------------------------------------------------------ arrays in pairs

// [channels][columns] floats as pairs; what lies between the planes stays NaN.
static bf16 *to_pairs(const real *a, int channels, size_t columns) {
    size_t bytes = pairs_bytes(channels, columns) + 64, plane = pairs_plane(columns);
    bf16 *pairs = malloc(bytes);
    memset(pairs, 0xff, bytes);
    for (int c = 0; c < channels; c += 2)
        tiles_plain_bf16.join(a + (size_t)c * columns, a + ((size_t)c + 1) * columns, columns,
                              pairs + (size_t)(c / 2) * plane);
    return pairs;
}

static void from_pairs(const bf16 *pairs, int channels, size_t columns, real *a) {
    for (int c = 0; c < channels; c += 2)
        tiles_plain_bf16.split(pairs + (size_t)(c / 2) * pairs_plane(columns), columns,
                               a + (size_t)c * columns, a + ((size_t)c + 1) * columns);
}

static size_t columns_of(const struct convolution *c, int output) {
    return (size_t)c->batch * (output ? c->h_out * c->w_out : c->h_in * c->w_in);
}

static void *stored(const real *a, size_t n, int paired, int channels, size_t columns) {
    if (paired)
        return to_pairs(a, channels, columns);
    void *copy = malloc(n * sizeof *a);
    return memcpy(copy, a, n * sizeof *a);
}

// The results, NaN or (add) ones before, are floats again afterwards.
static void multiply_all(const struct way *way, const struct tile_kernels *k, const struct convolution *c,
                         const struct convolution_arrays *a, int add, real *mine[3]) {
    size_t sizes[3] = {a->y_size, a->x_size, a->weight_size}, in = columns_of(c, 0), out = columns_of(c, 1);
    void *scratch = scratch_for(way, k, c), *x = stored(a->x, a->x_size, c->x_paired, c->c_in, in),
         *y = stored(a->y, a->y_size, c->y_paired, c->c_out, out);
    for (int map = 0; map < 3; map++)
        for (size_t i = 0; i < sizes[map]; i++)
            mine[map][i] = add ? 1 : (real)NAN;
    void *to_y = stored(mine[0], sizes[0], c->y_paired, c->c_out, out),
         *to_x = stored(mine[1], sizes[1], c->x_paired, c->c_in, in);
    way->forward(k, c, a->weight, x, to_y, add, scratch);
    way->backward_data(k, c, a->weight, y, to_x, add, scratch);
    way->backward_weight(k, c, y, x, mine[2], add, scratch);
    if (c->y_paired)
        from_pairs(to_y, c->c_out, out, mine[0]);
    else
        memcpy(mine[0], to_y, sizes[0] * sizeof(real));
    if (c->x_paired)
        from_pairs(to_x, c->c_in, in, mine[1]);
    else
        memcpy(mine[1], to_x, sizes[1] * sizeof(real));
    free(scratch);
    free(x);
    free(y);
    free(to_x);
    free(to_y);
}

// Results that were rounded to bf16 may be half a unit in its last place away.
static int agrees(const real *mine, const double *want, size_t n, size_t terms, int rounded) {
    for (size_t i = 0; i < n; i++)
        if (!(fabs((double)mine[i] - want[i]) <=
              1e-6 * (10 + (double)terms) + (rounded ? fabs(want[i]) / 256 : 0)))
            return 0;
    return 1;
}

static void check(const struct way *way, const struct tile_kernels *k, struct convolution c, int add) {
    struct convolution_arrays a, exact;
    convolution_arrays_open(&c, &a);
    convolution_arrays_open(&c, &exact);
    int rounds = k->precision == PRECISION_BF16;
    int products = rounds && way == &by_shape; // Winograd's algorithm rounds nothing but what is stored
    if (products || (rounds && c.x_paired))
        round_all(exact.x, exact.x_size);
    if (products || (rounds && c.y_paired))
        round_all(exact.y, exact.y_size);
    if (products)
        round_all(exact.weight, exact.weight_size);
    size_t sizes[3] = {a.y_size, a.x_size, a.weight_size};
    double *want[3];
    real *mine[3];
    for (int map = 0; map < 3; map++) {
        want[map] = calloc(sizes[map], sizeof(double));
        mine[map] = malloc(sizes[map] * sizeof(real));
        for (size_t i = 0; i < sizes[map]; i++)
            want[map][i] = add;
    }
    convolution_by_loops(&c, &exact, want[0], want[1], want[2]);
    multiply_all(way, k, &c, &a, add, mine);
    size_t taps = (size_t)c.kernel_h * c.kernel_w;
    size_t terms[3] = {taps * (size_t)c.c_in, taps * (size_t)c.c_out, (size_t)c.h_out * c.w_out * c.batch};
    int rounded[3] = {c.y_paired, c.x_paired, 0};
    for (int map = 0; map < 3; map++) {
        int good = agrees(mine[map], want[map], sizes[map], terms[map], rounded[map]);
        CU_ASSERT(good);
        if (!good)
            printf(
                "\n    %s %s, map %d: batch %d, %d x %d x %d -> %d, kernel %d x %d, stride %d, pairs %d %d ",
                precision_name(k->precision), isa_name(k->isa), map, c.batch, c.c_in, c.h_in, c.w_in, c.c_out,
                c.kernel_h, c.kernel_w, c.stride, c.x_paired, c.y_paired);
        free(want[map]);
        free(mine[map]);
    }
    convolution_arrays_close(&a);
    convolution_arrays_close(&exact);
}

static void test_against_loops(const struct way *way, const struct tile_kernels *k) {
    if (!k)
        SKIP("not on this processor, or a double build");
    int checked = 0;
    for (int i = 0; i < convolution_shape_count; i++)
        for (int bits = 0; bits < (k->precision == PRECISION_BF16 ? 8 : 2); bits++) {
            struct convolution c = convolution_shapes[i];
            c.x_paired = bits >> 1 & 1;
            c.y_paired = bits >> 2 & 1;
            if ((!c.x_paired || pairs_hold(c.c_in)) && (!c.y_paired || pairs_hold(c.c_out)) &&
                way->takes(k, &c)) {
                check(way, k, c, bits & 1);
                checked++;
            }
        }
    CU_ASSERT(checked > 0 || (way == &by_winograd && !k->winograd) ||
              ((way == &by_panels || way == &by_stem) && !k->panel));
}

static void test_plain_tiles_in_bf16_agree_with_loops(void) {
    test_against_loops(&by_shape, table(PRECISION_BF16, ISA_PLAIN));
}
static void test_avx512_bf16_agrees_with_loops(void) {
    test_against_loops(&by_shape, table(PRECISION_BF16, ISA_AVX512_BF16));
}
static void test_amx_agrees_with_loops(void) {
    test_against_loops(&by_shape, table(PRECISION_BF16, ISA_AMX));
}
static void test_plain_tiles_in_f32_agree_with_loops(void) {
    test_against_loops(&by_shape, table(PRECISION_F32, ISA_PLAIN));
}
static void test_the_compilers_vectors_in_f32_agree_with_loops(void) {
    test_against_loops(&by_shape, table_number(TABLES - 1));
}
static void test_avx_512_agrees_with_loops(void) {
    test_against_loops(&by_shape, table(PRECISION_F32, ISA_AVX512));
}

static void test_winograds_algorithm_agrees_with_loops(void) {
    int tables = 0;
    if (sizeof(real) != sizeof(float))
        SKIP("a double build");
    for (int i = 0; i < TABLES; i++)
        if (table_number(i)) {
            test_against_loops(&by_winograd, table_number(i));
            tables += table_number(i)->winograd != NULL;
        }
    CU_ASSERT(tables > 0);
}

static void test_panels_agree_with_loops(const struct way *way) {
    int tables = 0;
    if (sizeof(real) != sizeof(float))
        SKIP("a double build");
    for (int i = 0; i < TABLES; i++)
        if (table_number(i)) {
            test_against_loops(way, table_number(i));
            tables += table_number(i)->panel != NULL;
        }
    CU_ASSERT(tables > 0);
}

static void test_panels_of_1x1_kernels_agree_with_loops(void) {
    test_panels_agree_with_loops(&by_panels);
}
static void test_panels_of_few_channels_agree_with_loops(void) {
    test_panels_agree_with_loops(&by_stem);
}

static void same_bits(const struct way *way, const struct tile_kernels *k, struct convolution c, int add) {
    struct convolution_arrays a;
    real *mine[2][3];
    convolution_arrays_open(&c, &a);
    size_t sizes[3] = {a.y_size, a.x_size, a.weight_size};
    for (int w = 0; w < 2; w++) {
        for (int map = 0; map < 3; map++)
            mine[w][map] = malloc(sizes[map] * sizeof(real));
        multiply_all(w ? way : &by_shape, k, &c, &a, add, mine[w]);
    }
    for (int map = 0; map < 3; map++) {
        int ordered = way == &by_panels || map < 2 || c.batch == TILE_COLUMNS; // see tiled_stem.h
        CU_ASSERT(!ordered || !memcmp(mine[0][map], mine[1][map], sizes[map] * sizeof(real)));
        free(mine[0][map]);
        free(mine[1][map]);
    }
    convolution_arrays_close(&a);
}

// Both add up the depth in its order, so a network is trained as it was before there were panels.
static void test_panels_have_the_bits_of_tiles(void) {
    int compared[WAYS] = {0};
    if (sizeof(real) != sizeof(float))
        SKIP("a double build");
    for (int s = 0; s < convolution_shape_count; s++)
        for (int i = 0; i < 2 * TABLES; i++)
            for (int w = 2; w < WAYS; w++)
                if (table_number(i / 2) && ways[w]->takes(table_number(i / 2), &convolution_shapes[s])) {
                    same_bits(ways[w], table_number(i / 2), convolution_shapes[s], i % 2);
                    compared[w]++;
                }
    CU_ASSERT(compared[2] > 0 && compared[3] > 0);
}

// Numbers that are not finite arrive wherever they are multiplied; denormals are not lost in f32.
static void test_f32_keeps_infinities_nan_and_denormals(void) {
    static const real numbers[] = {(real)INFINITY, (real)NAN, (real)1e-40};
    if (sizeof(real) != sizeof(float))
        SKIP("a double build");
    int checked = 0;
    for (int t = 0; t < TABLES; t++) {
        const struct tile_kernels *k = table_number(t);
        for (size_t n = 0; n < sizeof numbers / sizeof *numbers && k && k->precision == PRECISION_F32; n++) {
            struct convolution c = convolution_shapes[0];
            struct convolution_arrays a;
            real *mine[3];
            convolution_arrays_open(&c, &a);
            size_t sizes[3] = {a.y_size, a.x_size, a.weight_size};
            for (int map = 0; map < 3; map++)
                mine[map] = malloc(sizes[map] * sizeof(real));
            for (size_t i = 0; i < a.x_size; i++)
                a.x[i] = numbers[n];
            for (size_t i = 0; i < a.weight_size; i++)
                a.weight[i] = 1;
            multiply_all(&by_shape, k, &c, &a, 0, mine);
            checked++;
            for (size_t i = 0; i < a.y_size; i++)
                CU_ASSERT(n == 0 ? isinf(mine[0][i]) : n == 1 ? isnan(mine[0][i]) : mine[0][i] >= numbers[2]);
            for (int map = 0; map < 3; map++)
                free(mine[map]);
            convolution_arrays_close(&a);
        }
    }
    CU_ASSERT(checked >= 2 * 3); // the plain tiles and the compiler's vectors are everywhere
}

// What no rounding may change, and what the processors' own rounding flushes.
static void test_bf16_keeps_infinities_and_nan_flushes_denormals_breaks_ties_to_even(void) {
    static const float numbers[] = {0,         -0.0f, 1e-40f,     -1e-40f,     INFINITY,
                                    -INFINITY, NAN,   3.3895e38f, 1.00390625f, 1.01171875f};
    static const bf16 want[] = {0, 0x8000, 0, 0x8000, 0x7f80, 0xff80, 0x7fc0, 0x7f7f, 0x3f80, 0x3f82};
    enum { COUNT = sizeof want / sizeof *want };
    if (sizeof(real) != sizeof(float))
        SKIP("a double build");
    for (enum isa isa = 0; isa < ISA_COUNT; isa++) {
        const struct tile_kernels *k = table(PRECISION_BF16, isa);
        cell cells[TILE_CELLS] __attribute__((aligned(64)));
        bf16 out[2 * TILE_CELLS];
        real in[COUNT];
        for (int i = 0; i < COUNT; i++)
            in[i] = (real)numbers[i];
        if (!k)
            continue;
        k->row(in, COUNT, cells);
        memcpy(out, cells, sizeof out);
        for (int i = 0; i < COUNT; i++)
            CU_ASSERT_EQUAL(out[i], want[i]);
        for (int i = COUNT; i < 2 * TILE_CELLS; i++)
            CU_ASSERT_EQUAL(out[i], 0);
    }
}

static void test_tiles_have_the_same_bits_on_any_number_of_threads(void) {
    if (sizeof(real) != sizeof(float))
        SKIP("a double build");
    int most = omp_get_max_threads();
    for (int s = 0; s < convolution_shape_count; s++)
        for (int i = 0; i < WAYS * TABLES; i++) {
            struct convolution c = convolution_shapes[s];
            const struct way *way = ways[i / TABLES];
            const struct tile_kernels *k = table_number(i % TABLES);
            struct convolution_arrays a;
            real *mine[2][3];
            if (!k || !way->takes(k, &c))
                continue;
            convolution_arrays_open(&c, &a);
            c.x_paired = k->precision == PRECISION_BF16 && pairs_hold(c.c_in);
            c.y_paired = k->precision == PRECISION_BF16 && pairs_hold(c.c_out);
            size_t sizes[3] = {a.y_size, a.x_size, a.weight_size};
            for (int t = 0; t < 2; t++) {
                omp_set_num_threads(t ? 3 : 1);
                for (int map = 0; map < 3; map++)
                    mine[t][map] = malloc(sizes[map] * sizeof(real));
                multiply_all(way, k, &c, &a, 0, mine[t]);
            }
            omp_set_num_threads(most);
            for (int map = 0; map < 3; map++) {
                CU_ASSERT(!memcmp(mine[0][map], mine[1][map], sizes[map] * sizeof(real)));
                free(mine[0][map]);
                free(mine[1][map]);
            }
            convolution_arrays_close(&a);
        }
}

// Which convolutions go by it: f32 from 16 channels on, in bf16 large maps alone.
static void test_channels_and_map_decide_for_winograds_algorithm(void) {
    struct convolution c = {.batch = 16,
                            .c_in = 16,
                            .h_in = 8,
                            .w_in = 8,
                            .c_out = 16,
                            .kernel_h = 3,
                            .kernel_w = 3,
                            .stride = 1,
                            .padding = 1};
    struct convolution few = c, strided = c, large = c;
    few.c_in = 15;
    strided.stride = 2;
    large.c_in = large.c_out = 64;
    large.h_in = large.w_in = 28;
    struct convolution *all[] = {&c, &few, &strided, &large};
    static const int in_f32[] = {1, 0, 0, 1}, in_bf16[] = {0, 0, 0, 1};
    for (int i = 0; i < 4; i++) {
        convolution_output(all[i]);
        CU_ASSERT_EQUAL(tiled_by_winograd(&tiles_plain_f32, all[i]), in_f32[i]);
        CU_ASSERT_EQUAL(tiled_by_winograd(&tiles_plain_bf16, all[i]), in_bf16[i]);
    }
}

static void test_reff_isa_bounds_the_choice(void) {
    struct error err = {0};
    setenv("REFF_ISA", "plain", 1);
    CU_ASSERT_EQUAL(isa_for_bf16(), ISA_PLAIN);
    CU_ASSERT_EQUAL(isa_for_f32(), ISA_PLAIN);
    CU_ASSERT(!isa_check_limit(&err));
    setenv("REFF_ISA", "avx512", 1);
    CU_ASSERT_EQUAL(isa_for_bf16(), ISA_PLAIN);
    CU_ASSERT_EQUAL(isa_for_f32(), isa_available(ISA_AVX512) ? ISA_AVX512 : ISA_PLAIN);
    setenv("REFF_ISA", "sse", 1);
    CU_ASSERT_EQUAL(isa_check_limit(&err), -1);
    CU_ASSERT_STRING_EQUAL(err.message, "REFF_ISA: 'sse' is none of: plain avx512 avx512-bf16 amx");
    unsetenv("REFF_ISA");
    CU_ASSERT(!isa_check_limit(&err));
    CU_ASSERT(isa_available(isa_for_bf16()));
    CU_ASSERT(isa_available(isa_for_f32()));
}

void suite_tiled(void);
void suite_tiled(void) {
    CU_pSuite suite = CU_add_suite("tiled", NULL, NULL);
    CU_add_test(suite, "plain tiles in bf16 agree with loops", test_plain_tiles_in_bf16_agree_with_loops);
    CU_add_test(suite, "AVX512-BF16 agrees with loops", test_avx512_bf16_agrees_with_loops);
    CU_add_test(suite, "AMX agrees with loops", test_amx_agrees_with_loops);
    CU_add_test(suite, "plain tiles in f32 agree with loops", test_plain_tiles_in_f32_agree_with_loops);
    CU_add_test(suite, "the compiler's vectors in f32 agree with loops",
                test_the_compilers_vectors_in_f32_agree_with_loops);
    CU_add_test(suite, "AVX-512 agrees with loops", test_avx_512_agrees_with_loops);
    CU_add_test(suite, "Winograd's algorithm agrees with loops", test_winograds_algorithm_agrees_with_loops);
    CU_add_test(suite, "panels of 1x1 kernels agree with loops", test_panels_of_1x1_kernels_agree_with_loops);
    CU_add_test(suite, "panels of few channels agree with loops",
                test_panels_of_few_channels_agree_with_loops);
    CU_add_test(suite, "panels have the bits of tiles", test_panels_have_the_bits_of_tiles);
    CU_add_test(suite, "channels and map decide for Winograd's algorithm",
                test_channels_and_map_decide_for_winograds_algorithm);
    CU_add_test(suite, "bf16 keeps infinities and NaN, flushes denormals, breaks ties to even",
                test_bf16_keeps_infinities_and_nan_flushes_denormals_breaks_ties_to_even);
    CU_add_test(suite, "f32 keeps infinities, NaN and denormals",
                test_f32_keeps_infinities_nan_and_denormals);
    CU_add_test(suite, "REFF_ISA bounds the choice", test_reff_isa_bounds_the_choice);
    CU_add_test(suite, "tiles have the same bits on any number of threads",
                test_tiles_have_the_same_bits_on_any_number_of_threads);
}
