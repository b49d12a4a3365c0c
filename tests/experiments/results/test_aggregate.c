// SPDX-License-Identifier: Apache-2.0
// Columns over all rows: expected values by hand (those of Agarwal and others' definitions).
#include "experiments/results/aggregate.h"
#include "tests/support/suite.h"

#include <math.h>

static struct aggregate_scores two_rows(double a, double b, double c, double d, double e, double f) {
    return (struct aggregate_scores){.rows = 2, .n = {3, 3}, .values = {{a, b, c}, {d, e, f}}};
}

// Of 1, 2, 3, 10, 20, 90 the smallest and the largest are left out: (2 + 3 + 10 + 20) / 4.
static void test_the_interquartile_mean_leaves_out_a_quarter_at_each_end(void) {
    const struct aggregate_scores s = two_rows(90, 1, 3, 20, 2, 10);
    const struct aggregate a = aggregate_interquartile_mean(&s);
    CU_ASSERT_DOUBLE_EQUAL(a.value, 8.75, 1e-12);
    CU_ASSERT(a.low < a.value && a.value < a.high);
    const struct aggregate_scores none = {.rows = 2};
    CU_ASSERT(isnan(aggregate_interquartile_mean(&none).value));
}

// Row 1 wins 4.5 of 9 pairs, row 2 all of them.
static void test_the_probability_of_improvement_is_of_pairs_within_a_row(void) {
    const struct aggregate_scores a = two_rows(1, 2, 3, 70, 80, 90), b = two_rows(2, 1.5, 2.5, 10, 20, 30);
    // 1: below all (0); 2: above 1.5, ties 2 (1.5); 3: above all (3)
    CU_ASSERT_DOUBLE_EQUAL(aggregate_improvement(&a, &b).value, (4.5 / 9 + 1) / 2, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(aggregate_improvement(&b, &a).value, 1 - (4.5 / 9 + 1) / 2, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(aggregate_improvement(&a, &a).value, 0.5, 1e-12);
    struct aggregate_scores lacks = b;
    lacks.n[0] = 0;
    CU_ASSERT_DOUBLE_EQUAL(aggregate_improvement(&a, &lacks).value, 1, 1e-12);
    lacks.n[1] = 0;
    CU_ASSERT(isnan(aggregate_improvement(&a, &lacks).value));
}

// Draws are within a cell: rows far apart do not widen the interval, values without spread have none, and equal
// results give equal intervals.
static void test_the_bootstrap_is_stratified_and_repeats_itself(void) {
    const struct aggregate_scores flat = two_rows(10, 10, 10, 90, 90, 90),
                                  some = two_rows(1, 2, 3, 11, 12, 13);
    const struct aggregate f = aggregate_interquartile_mean(&flat), a = aggregate_interquartile_mean(&some),
                           b = aggregate_interquartile_mean(&some);
    CU_ASSERT_EQUAL(f.low, f.high);
    CU_ASSERT_EQUAL(f.value, 50);
    CU_ASSERT_EQUAL(a.low, b.low);
    CU_ASSERT_EQUAL(a.high, b.high);
    CU_ASSERT(a.low >= 5 && a.high <= 9); // the middle four of six, each row between its own bounds
    struct aggregate_scores coin = {.rows = 1, .n = {8}, .values = {{0, 0, 0, 0, 1, 1, 1, 1}}};
    const struct aggregate c = aggregate_interquartile_mean(&coin);
    CU_ASSERT_DOUBLE_EQUAL(c.value, 0.5, 1e-12);
    CU_ASSERT_EQUAL(c.low, 0); // P(at most 2 of 8) = .145: none is in the middle half
    CU_ASSERT_EQUAL(c.high, 1);
}

void suite_aggregate(void) {
    CU_pSuite s = CU_add_suite("aggregate", NULL, NULL);
    CU_add_test(s, "the interquartile mean leaves out a quarter at each end",
                test_the_interquartile_mean_leaves_out_a_quarter_at_each_end);
    CU_add_test(s, "the probability of improvement is of pairs within a row",
                test_the_probability_of_improvement_is_of_pairs_within_a_row);
    CU_add_test(s, "the bootstrap is stratified and repeats itself",
                test_the_bootstrap_is_stratified_and_repeats_itself);
}
