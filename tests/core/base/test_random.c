// SPDX-License-Identifier: Apache-2.0
// Random numbers: the published vectors, streams that do not touch each other, distributions. The statistical
// bounds are wide (five standard errors and more) and the seeds fixed, so a failure means a change, not bad
// luck.
#include "core/base/random.h"
#include "tests/support/suite.h"

#include <math.h>
#include <string.h>

// Random123 1.14.0, tests/kat_vectors, the three rows "philox4x32 10": counter, key, output.
static void test_philox4x32_10_gives_its_published_vectors(void) {
    static const struct {
        uint32_t counter[4], key[2], output[4];
    } rows[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint32_t out[4];
        philox4x32(rows[i].counter, rows[i].key, out);
        CU_ASSERT(!memcmp(out, rows[i].output, sizeof out));
    }
}

// How seed, purpose, index and position become key and counter decides every published number: it may not
// change without a new GENERATOR_REVISION and TRAINER_REVISION (core/base/version.h).
static void test_keys_and_counters_of_a_stream_are_laid_out_as_they_were(void) {
    uint64_t seed = 0x299f31d0a4093822, index = 0x13198a2e85a308d3;
    uint32_t purpose = 0x03707344;
    struct random r = random_stream(seed, purpose, index);
    for (uint32_t position = 0; position < 3; position++) {
        const uint32_t counter[4] = {position, 0x85a308d3, 0x13198a2e, purpose};
        const uint32_t key[2] = {0xa4093822, 0x299f31d0};
        uint32_t block[4];
        philox4x32(counter, key, block);
        for (int word = 0; word < 4; word++)
            CU_ASSERT_EQUAL(random_bits(&r), block[word]);
    }
    CU_ASSERT_EQUAL(random_purpose(""), 0x811c9dc5);       // FNV-1a's published offset
    CU_ASSERT_EQUAL(random_purpose("foobar"), 0xbf9cf968); // and test vector
}

// Correlation of two streams' uniform draws.
static void test_a_filled_array_holds_the_next_draws(void) {
    for (int before = 0; before < 6; before++)
        for (size_t count = 0; count < 70; count += 7) {
            struct random filled = random_stream(5, 6, 7), drawn = filled;
            uint32_t bits[70];
            for (int i = 0; i < before; i++) {
                random_bits(&filled);
                random_bits(&drawn);
            }
            random_fill(&filled, bits, count);
            for (size_t i = 0; i < count; i++)
                CU_ASSERT_EQUAL(bits[i], random_bits(&drawn));
            CU_ASSERT_EQUAL(random_bits(&filled), random_bits(&drawn));
        }
}

static double correlation(struct random a, struct random b, int count) {
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += (random_uniform(&a) - 0.5) * (random_uniform(&b) - 0.5);
    return sum / count * 12.0; // the variance of a uniform number is 1/12
}

// Keys that differ in one place only, neighbouring as data sets use them, give unrelated streams.
static void test_streams_of_neighbouring_keys_are_independent(void) {
    enum { COUNT = 20000 };
    const double bound = 5.0 / sqrt(COUNT);
    struct random base = random_stream(7, 1, 100);
    CU_ASSERT(fabs(correlation(base, random_stream(8, 1, 100), COUNT)) < bound);
    CU_ASSERT(fabs(correlation(base, random_stream(7, 2, 100), COUNT)) < bound);
    CU_ASSERT(fabs(correlation(base, random_stream(7, 1, 101), COUNT)) < bound);
    CU_ASSERT(fabs(correlation(base, random_stream(7 + (1ull << 32), 1, 100), COUNT)) < bound);
    CU_ASSERT(fabs(correlation(base, random_stream(7, 1, 100 + (1ull << 32)), COUNT)) < bound);
    CU_ASSERT(correlation(base, base, COUNT) > 0.95); // the measure itself can tell

    // Nor do first draws hang together along the index: what images 0, 1, 2.. get.
    double sum = 0, before = 0;
    for (uint64_t i = 0; i <= COUNT; i++) {
        struct random r = random_stream(7, 1, i);
        double now = random_uniform(&r) - 0.5;
        sum += i ? now * before : 0;
        before = now;
    }
    CU_ASSERT(fabs(sum / COUNT * 12.0) < bound);
}

// Drawing more from one stream changes nothing in another: there is no state between them.
static void test_streams_share_no_state(void) {
    struct random a = random_stream(3, 4, 5), first = random_stream(3, 4, 6);
    uint32_t expected = random_bits(&first);
    for (int i = 0; i < 1000; i++)
        random_bits(&a);
    struct random again = random_stream(3, 4, 6);
    CU_ASSERT_EQUAL(random_bits(&again), expected);
}

// The mean of `count` values and the first central moments against those of the distribution.
static void check_moments(const double *values, int count, double mean, double variance, double fourth) {
    double m = 0, v = 0, skew = 0;
    for (int i = 0; i < count; i++)
        m += values[i] / count;
    for (int i = 0; i < count; i++) {
        double d = values[i] - mean;
        v += d * d / count;
        skew += d * d * d / count;
    }
    CU_ASSERT(fabs(m - mean) < 5 * sqrt(variance / count));
    CU_ASSERT(fabs(v - variance) < 5 * sqrt((fourth - variance * variance) / count));
    CU_ASSERT(fabs(skew) <
              5 * sqrt(15 * pow(variance, 3) / count)); // 15: the normal's; the uniform's is less
}

enum { DRAWS = 100000 };

static double draws[DRAWS];

static void test_uniform_draws_have_their_moments_range_and_53_bits(void) {
    struct random r = random_stream(11, 12, 13);
    double least = 1, most = 0;
    for (int i = 0; i < DRAWS; i++) {
        draws[i] = random_uniform(&r);
        least = fmin(least, draws[i]);
        most = fmax(most, draws[i]);
    }
    check_moments(draws, DRAWS, 0.5, 1.0 / 12, 1.0 / 80);
    CU_ASSERT(least >= 0 && least < 1e-3);
    CU_ASSERT(most < 1 && most > 1 - 1e-3);

    // 53 bits: multiples of 2^-53, and not of 2^-52 only.
    int odd = 0, whole = 1;
    for (int i = 0; i < 1000; i++) {
        double steps = ldexp(draws[i], 53);
        whole &= steps == floor(steps);
        odd += fmod(steps, 2) == 1;
    }
    CU_ASSERT(whole);
    CU_ASSERT(odd > 400 && odd < 600);
}

static void test_normal_draws_have_their_moments_and_tails(void) {
    struct random r = random_stream(21, 22, 23);
    int tail = 0;
    for (int i = 0; i < DRAWS; i++) {
        draws[i] = random_normal(&r);
        tail += fabs(draws[i]) > 1.959963984540054; // 5 % of a normal distribution
    }
    check_moments(draws, DRAWS, 0, 1, 3);
    CU_ASSERT(fabs((double)tail / DRAWS - 0.05) < 5 * sqrt(0.05 * 0.95 / DRAWS));
}

static void test_random_below_is_uniform_over_a_small_range(void) {
    struct random r = random_stream(31, 32, 33);
    int counts[10] = {0}, inside = 1;
    double chi2 = 0;
    for (int i = 0; i < DRAWS; i++) {
        uint32_t value = random_below(&r, 10);
        inside &= value < 10;
        if (value < 10)
            counts[value]++;
    }
    CU_ASSERT(inside);
    for (int i = 0; i < 10; i++)
        chi2 += pow(counts[i] - DRAWS / 10.0, 2) / (DRAWS / 10.0);
    CU_ASSERT(chi2 < 33.7); // 9 degrees of freedom, p = 1e-4
    CU_ASSERT_EQUAL(random_below(&r, 1), 0);
}

// For n = 3/4 of 2^32 a multiplication (or remainder) without rejection would give a third of the values
// twice the chance of the others: of the remainders modulo 3, or of the thirds of the range, one would get
// 1/2 instead of 1/3.
static void test_random_below_has_no_bias_where_rejection_matters(void) {
    const uint32_t n = 3u << 30;
    struct random r = random_stream(41, 42, 43);
    int remainders[3] = {0}, thirds[3] = {0}, inside = 1;
    for (int i = 0; i < DRAWS; i++) {
        uint32_t value = random_below(&r, n);
        inside &= value < n;
        remainders[value % 3]++;
        thirds[value >> 30 < 3 ? value >> 30 : 2]++;
    }
    CU_ASSERT(inside);
    for (int i = 0; i < 3; i++) {
        CU_ASSERT(fabs((double)remainders[i] / DRAWS - 1.0 / 3) < 0.01);
        CU_ASSERT(fabs((double)thirds[i] / DRAWS - 1.0 / 3) < 0.01);
    }
}

// Each of the 24 orders of four items comes equally often; none is lost or doubled.
static void test_shuffles_give_every_order_equally_often(void) {
    enum { TIMES = 24000 };
    int counts[256] = {0}, orders = 0, whole = 1;
    double chi2 = 0;
    for (uint64_t t = 0; t < TIMES; t++) {
        struct random r = random_stream(51, 52, t);
        uint32_t items[4] = {0, 1, 2, 3};
        random_shuffle(&r, items, 4);
        whole &= (1u << items[0] | 1u << items[1] | 1u << items[2] | 1u << items[3]) == 15;
        counts[items[0] << 6 | items[1] << 4 | items[2] << 2 | items[3]]++;
    }
    CU_ASSERT_FATAL(whole);
    for (int i = 0; i < 256; i++)
        if (counts[i]) {
            orders++;
            chi2 += pow(counts[i] - TIMES / 24.0, 2) / (TIMES / 24.0);
        }
    CU_ASSERT_EQUAL(orders, 24);
    CU_ASSERT(chi2 < 57.0); // 23 degrees of freedom, p = 1e-4
}

void suite_random(void) {
    CU_pSuite s = CU_add_suite("random", NULL, NULL);
    CU_add_test(s, "Philox4x32-10 gives its published vectors",
                test_philox4x32_10_gives_its_published_vectors);
    CU_add_test(s, "keys and counters of a stream are laid out as they were",
                test_keys_and_counters_of_a_stream_are_laid_out_as_they_were);
    CU_add_test(s, "a filled array holds the next draws", test_a_filled_array_holds_the_next_draws);
    CU_add_test(s, "streams of neighbouring keys are independent",
                test_streams_of_neighbouring_keys_are_independent);
    CU_add_test(s, "streams share no state", test_streams_share_no_state);
    CU_add_test(s, "uniform draws have their moments, range and 53 bits",
                test_uniform_draws_have_their_moments_range_and_53_bits);
    CU_add_test(s, "normal draws have their moments and tails",
                test_normal_draws_have_their_moments_and_tails);
    CU_add_test(s, "random_below is uniform over a small range",
                test_random_below_is_uniform_over_a_small_range);
    CU_add_test(s, "random_below has no bias where rejection matters",
                test_random_below_has_no_bias_where_rejection_matters);
    CU_add_test(s, "shuffles give every order equally often", test_shuffles_give_every_order_equally_often);
}
