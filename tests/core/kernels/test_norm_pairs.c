// SPDX-License-Identifier: Apache-2.0
// Batch norm's rows in pairs: bit for bit what splitting, arithmetic on floats and joining give.
#include "core/base/random.h"
#include "core/kernels/norm_pairs.h"
#include "core/kernels/vector.h"
#include "tests/support/suite.h"

#include <math.h>
#include <string.h>

enum { MOST = 200 }; // pairs of a row: three times the lanes of a sum, and a rest

static const real mean[2] = {(real).375, (real)-1.21};
static const struct norm_line line = {
    {(real).375, (real)-1.21}, {(real)1.7, (real)-.6}, {(real).1, (real).2}};
static const struct norm_projection k = {
    {(real).375, (real)-1.21}, {(real)1.3, (real)-.7}, {(real).01, (real).3}, {(real)-.2, (real).05}};
static const struct norm_second k2 = {
    {(real).11, (real)-.3}, {(real).7, (real).9}, {(real)-.01, (real).02}, {(real).4, (real)-.6}};

struct row { // pairs, and what they are as floats
    bf16 pairs[2 * MOST];
    real of[2][MOST];
};

static void split(struct row *r) {
    tiles_plain_bf16.split(r->pairs, MOST, r->of[0], r->of[1]);
}

static void join(struct row *r) {
    tiles_plain_bf16.join(r->of[0], r->of[1], MOST, r->pairs);
    split(r);
}

// Normal numbers; with `odd`, zeros, infinities and NaN among them.
static void fill(struct row *r, const char *name, int odd) {
    static const real odd_numbers[] = {0, (real)-0.0, (real)INFINITY, (real)-INFINITY, (real)NAN};
    struct random draws = random_stream(11, random_purpose(name), 0);
    for (int i = 0; i < 2 * MOST; i++)
        r->of[i / MOST][i % MOST] = odd && i % 7 == 0 ? odd_numbers[i / 7 % 5] : (real)random_normal(&draws);
    join(r);
}

enum { V, GATE, U, R, T, GY, ROWS };
static struct row rows[ROWS];

static void fill_all(int odd) {
    static const char *const names[] = {"v", "gate", "u", "r", "t", "gy"};
    for (int i = 0; i < ROWS; i++)
        fill(&rows[i], names[i], odd);
}

static int is_open(int cut, int h, size_t i) {
    return !cut || rows[GATE].of[h][i] > 0;
}

// Bits, not numbers; rows in full, so that nothing is written past their n.
static void same_row(const bf16 *mine, const struct row *want) {
    CU_ASSERT(!memcmp(mine, want->pairs, sizeof want->pairs));
}

static uint64_t bits_of(double number) {
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

static void same_sum(double mine, double want) {
    CU_ASSERT_EQUAL(bits_of(mine), bits_of(want));
}

static void check_squares(const struct norm_pairs *norm, size_t n) {
    double sum[2] = {1, 2}, squares[2] = {3, 4};
    norm->squares(rows[U].pairs, n, mean, sum, squares);
    for (int h = 0; h < 2; h++) {
        same_sum(sum[h], 1 + h + vector_sum(rows[U].of[h], n));
        same_sum(squares[h], 3 + h + vector_squares_about(rows[U].of[h], mean[h], n));
    }
}

static void check_normalise(const struct norm_pairs *norm, size_t n, int with_r, int relu) {
    bf16 y[2 * MOST];
    struct row want = rows[V];
    memcpy(y, rows[V].pairs, sizeof y);
    norm->normalise(rows[U].pairs, with_r ? rows[R].pairs : NULL, n, &line, relu, y);
    for (int h = 0; h < 2; h++)
        for (size_t i = 0; i < n; i++) {
            real v = (rows[U].of[h][i] - line.mean[h]) * line.scale[h] + line.shift[h];
            v = with_r ? v + rows[R].of[h][i] : v;
            want.of[h][i] = relu && v < 0 ? 0 : v;
        }
    join(&want);
    same_row(y, &want);
}

static void check_receive(const struct norm_pairs *norm, size_t n, int cut, int add) {
    bf16 v[2 * MOST], r[2 * MOST];
    struct row kept = rows[V], passed = rows[R];
    double sum[2] = {1, 2}, dot[2] = {3, 4};
    memcpy(v, rows[V].pairs, sizeof v);
    memcpy(r, rows[R].pairs, sizeof r);
    struct norm_cut in = {v, cut ? rows[GATE].pairs : NULL};
    norm->receive(&in, rows[U].pairs, n, mean, v, r, add, sum, dot);
    for (int h = 0; h < 2; h++)
        for (size_t i = 0; i < n; i++) {
            kept.of[h][i] = is_open(cut, h, i) ? rows[V].of[h][i] : 0;
            passed.of[h][i] = add ? rows[R].of[h][i] + kept.of[h][i] : kept.of[h][i];
        }
    for (int h = 0; h < 2; h++) {
        same_sum(sum[h], 1 + h + vector_sum(kept.of[h], n));
        same_sum(dot[h], 3 + h + vector_dot_about(kept.of[h], rows[U].of[h], mean[h], n));
    }
    join(&kept);
    join(&passed);
    same_row(v, &kept);
    same_row(r, &passed);
    double again[2] = {1, 2}, dot_again[2] = {3, 4};
    in.v = rows[V].pairs;
    norm->receive(&in, rows[U].pairs, n, mean, NULL, NULL, add, again, dot_again);
    for (int h = 0; h < 2; h++) {
        same_sum(again[h], sum[h]);
        same_sum(dot_again[h], dot[h]);
    }
}

static real projected(int h, size_t i, real v) {
    return k.of_in[h] * v + k.of_u[h] * (rows[U].of[h][i] - k.mean[h]) + k.constant[h];
}

static void check_project(const struct norm_pairs *norm, size_t n, int cut, int add) {
    bf16 to[2 * MOST], second[2 * MOST];
    struct row want = rows[R], want_second = rows[R];
    struct norm_cut in = {rows[V].pairs, cut ? rows[GATE].pairs : NULL};
    memcpy(to, rows[R].pairs, sizeof to);
    memcpy(second, rows[R].pairs, sizeof second);
    norm->project(&in, rows[U].pairs, n, &k, add, to);
    norm->project_second(&in, rows[U].pairs, rows[T].pairs, rows[GY].pairs, n, &k, &k2, add, second);
    for (int h = 0; h < 2; h++)
        for (size_t i = 0; i < n; i++) {
            real first = projected(h, i, is_open(cut, h, i) ? rows[V].of[h][i] : 0),
                 deviation = rows[U].of[h][i] - k.mean[h];
            want.of[h][i] = add ? rows[R].of[h][i] + first : first;
            want_second.of[h][i] =
                want.of[h][i] + (k2.of_t[h] * rows[T].of[h][i] + k2.of_g[h] * rows[GY].of[h][i] +
                                 k2.of_u[h] * deviation + k2.constant[h]);
        }
    join(&want);
    join(&want_second);
    same_row(to, &want);
    same_row(second, &want_second);
}

static void check_tangent_sums(const struct norm_pairs *norm, size_t n) {
    double sum[2] = {1, 2}, dot[2] = {3, 4}, t_gy[2] = {5, 6};
    norm->tangent_sums(rows[T].pairs, rows[U].pairs, rows[GY].pairs, n, mean, sum, dot, t_gy);
    for (int h = 0; h < 2; h++) {
        same_sum(sum[h], 1 + h + vector_sum(rows[T].of[h], n));
        same_sum(dot[h], 3 + h + vector_dot_about(rows[T].of[h], rows[U].of[h], mean[h], n));
        same_sum(t_gy[h], 5 + h + vector_dot(rows[T].of[h], rows[GY].of[h], n));
    }
}

static void check_tangent(const struct norm_pairs *norm, size_t n, int with_r, int cut) {
    bf16 to[2 * MOST];
    struct row want = rows[V];
    memcpy(to, rows[V].pairs, sizeof to);
    norm->tangent(rows[T].pairs, rows[U].pairs, with_r ? rows[R].pairs : NULL, cut ? rows[GATE].pairs : NULL,
                  n, &k, to);
    for (int h = 0; h < 2; h++)
        for (size_t i = 0; i < n; i++) {
            real v = projected(h, i, rows[T].of[h][i]);
            v = with_r ? v + rows[R].of[h][i] : v;
            want.of[h][i] = is_open(cut, h, i) ? v : 0;
        }
    join(&want);
    same_row(to, &want);
}

static const struct norm_pairs *kernels(void) {
    if (sizeof(real) != sizeof(float) || !isa_available(ISA_AVX512_BF16))
        return NULL;
    return tiles_of(PRECISION_BF16, ISA_AVX512_BF16)->norm;
}

static void test_sums_have_the_bits_of_floats_added_in_order(void) {
    if (!kernels())
        SKIP("this build or processor has no kernels for pairs");
    fill_all(0); // which NaN a sum of two gives is not defined
    for (size_t n = 1; n <= MOST; n++) {
        check_squares(kernels(), n);
        check_tangent_sums(kernels(), n);
        for (int flags = 0; flags < 4; flags++)
            check_receive(kernels(), n, flags & 1, flags >> 1);
    }
}

static void test_rows_have_the_bits_of_floats_joined(void) {
    if (!kernels())
        SKIP("this build or processor has no kernels for pairs");
    for (int odd = 0; odd < 2; odd++) {
        fill_all(odd);
        for (size_t n = 1; n <= MOST; n += odd ? 37 : 1)
            for (int flags = 0; flags < 4; flags++) {
                check_normalise(kernels(), n, flags & 1, flags >> 1);
                check_project(kernels(), n, flags & 1, flags >> 1);
                check_tangent(kernels(), n, flags & 1, flags >> 1);
            }
    }
}

void suite_norm_pairs(void);
void suite_norm_pairs(void) {
    CU_pSuite suite = CU_add_suite("norm_pairs", NULL, NULL);
    CU_add_test(suite, "sums have the bits of floats, added in order",
                test_sums_have_the_bits_of_floats_added_in_order);
    CU_add_test(suite, "rows have the bits of floats, joined", test_rows_have_the_bits_of_floats_joined);
}
