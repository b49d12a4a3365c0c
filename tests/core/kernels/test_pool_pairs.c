// SPDX-License-Identifier: Apache-2.0
// Max pooling of pairs: bit for bit what goes number by number.
#include "core/base/random.h"
#include "core/kernels/pool_pairs.h"
#include "tests/support/suite.h"

#include <math.h>
#include <string.h>

enum { MOST = 37, TAPS = 9 }; // pairs of a row; rows

static bf16 rows[TAPS][2 * MOST], sums[2 * MOST];
static uint8_t winners[TAPS][2][MOST];

// Few different numbers, so that taps are equal; infinities, zeros of both signs and NaN among them.
static void fill(bf16 *pairs, const char *name, uint64_t which) {
    static const real numbers[] = {1,         2, (real)-3,        (real)-0.0,     0,
                                   (real)NAN, 5, (real)-INFINITY, (real)INFINITY, (real).5};
    struct random r = random_stream(17, random_purpose(name), which);
    real of[2][MOST];
    for (int i = 0; i < 2 * MOST; i++)
        of[i / MOST][i % MOST] = numbers[(int)(10 * random_uniform(&r))];
    tiles_plain_bf16.join(of[0], of[1], MOST, pairs);
}

static void fill_all(void) {
    struct random r = random_stream(17, random_purpose("winners"), 0);
    for (int t = 0; t < TAPS; t++) {
        fill(rows[t], "rows", (uint64_t)t);
        for (int i = 0; i < 2 * MOST; i++)
            winners[t][i / MOST][i % MOST] = (uint8_t)(3 * random_uniform(&r));
    }
    fill(sums, "sums", 0);
}

static const struct pool_pairs *kernels(void) {
    if (sizeof(real) != sizeof(float) || !isa_available(ISA_AVX512_BF16))
        return NULL;
    return tiles_of(PRECISION_BF16, ISA_AVX512_BF16)->pool;
}

// The first of the largest, or the first NaN.
static int best_of(int count, int i) {
    int best = 0;
    for (int t = 1; t < count; t++) {
        float x = bf16_number(rows[t][i]), so_far = bf16_number(rows[best][i]);
        best = !isnan(so_far) && (isnan(x) || x > so_far) ? t : best;
    }
    return best;
}

static void check_best(int count, size_t n) {
    const bf16 *taps[TAPS];
    uint8_t number[TAPS], won[2][MOST], want_won[2][MOST];
    bf16 y[2 * MOST], want[2 * MOST];
    memset(y, 0xff, sizeof y);
    memset(want, 0xff, sizeof want);
    memset(won, 0xff, sizeof won);
    memset(want_won, 0xff, sizeof want_won);
    for (int t = 0; t < count; t++) {
        taps[t] = rows[t];
        number[t] = (uint8_t)(2 * t + 1);
    }
    kernels()->best(taps, number, count, n, y, (uint8_t *const[2]){won[0], won[1]});
    for (int i = 0; i < 2 * (int)n; i++) {
        int tap = best_of(count, i);
        want[i] = rows[tap][i];
        want_won[i % 2][i / 2] = number[tap];
    }
    CU_ASSERT(!memcmp(y, want, sizeof y));
    CU_ASSERT(!memcmp(won, want_won, sizeof won));
}

static void check_collect(int count, size_t n, int add) {
    struct pool_window windows[TAPS];
    bf16 x[2 * MOST], want[2 * MOST];
    real of[2][MOST];
    memcpy(x, sums, sizeof x);
    memcpy(want, sums, sizeof want);
    for (int w = 0; w < count; w++)
        windows[w] = (struct pool_window){rows[w], {winners[w][0], winners[w][1]}, (uint8_t)(w % 3)};
    kernels()->collect(windows, count, n, add, x);
    for (int i = 0; i < 2 * (int)n; i++) {
        real sum = add ? (real)bf16_number(sums[i]) : 0;
        for (int w = 0; w < count; w++)
            if (winners[w][i % 2][i / 2] == w % 3)
                sum += (real)bf16_number(rows[w][i]);
        of[i % 2][i / 2] = sum;
    }
    tiles_plain_bf16.join(of[0], of[1], n, want);
    for (size_t i = 0; i < 2 * MOST; i++) // a sum of infinities is a NaN of whichever sign
        CU_ASSERT(x[i] == want[i] || (isnan(bf16_number(x[i])) && isnan(bf16_number(want[i]))));
}

static void test_the_first_of_the_largest_numbers_wins(void) {
    if (!kernels())
        SKIP("this build or processor has no kernels for pairs");
    fill_all();
    for (size_t n = 1; n <= MOST; n++)
        for (int count = 1; count <= TAPS; count++)
            check_best(count, n);
}

static void test_a_pixel_collects_what_it_has_won(void) {
    if (!kernels())
        SKIP("this build or processor has no kernels for pairs");
    fill_all();
    for (size_t n = 1; n <= MOST; n++)
        for (int count = 0; count <= TAPS; count++) {
            check_collect(count, n, 0);
            check_collect(count, n, 1);
        }
}

void suite_pool_pairs(void);
void suite_pool_pairs(void) {
    CU_pSuite suite = CU_add_suite("pool_pairs", NULL, NULL);
    CU_add_test(suite, "the first of the largest numbers wins", test_the_first_of_the_largest_numbers_wins);
    CU_add_test(suite, "a pixel collects what it has won", test_a_pixel_collects_what_it_has_won);
}
