// SPDX-License-Identifier: Apache-2.0
// The statistics behind tables and claims. Expected values: sums by hand; probabilities of Student's t from
// its density, integrated numerically (Simpson, 200,000 steps), not from the library that is under test.
#include "experiments/results/statistics.h"
#include "tests/support/suite.h"

#include <math.h>

static const double reff[] = {46.0, 47.5, 46.6}, baseline[] = {31.0, 33.2, 29.1};
static const double near_a[] = {99.1, 99.4, 99.2}, near_b[] = {99.3, 99.0, 99.6};

static void test_a_sample_has_mean_standard_deviation_ddof_1_and_95_percent_interval(void) {
    struct sample s = sample_of(reff, 3);
    CU_ASSERT_EQUAL(s.n, 3);
    CU_ASSERT_DOUBLE_EQUAL(s.mean, 46.7, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(s.std, 0.7549834435270749, 1e-12); // ddof 1; with ddof 0 it would be .6164
    CU_ASSERT_DOUBLE_EQUAL(s.ci_low, 44.824517156187376, 1e-8);
    CU_ASSERT_DOUBLE_EQUAL(s.ci_high, 48.575482843812615, 1e-8);
}

static void test_one_value_or_none_has_no_spread(void) {
    struct sample one = sample_of(reff, 1), none = sample_of(reff, 0);
    CU_ASSERT_DOUBLE_EQUAL(one.mean, 46, 0);
    CU_ASSERT(isnan(one.std) && isnan(one.ci_low) && isnan(one.ci_high));
    CU_ASSERT(isnan(none.mean) && isnan(none.std));
}

// By seed, not by place; seeds that one cell lacks are left out.
static void test_means_over_cells_are_taken_seed_by_seed(void) {
    static const uint64_t first[] = {1, 2, 3}, second[] = {3, 7, 1};
    static const double a[] = {10, 20, 30}, b[] = {1, 2, 5};
    const struct seed_values cells[] = {{3, first, a}, {3, second, b}};
    double means[3];
    uint64_t seeds[3];
    CU_ASSERT_EQUAL_FATAL(means_by_seed(cells, 2, means, seeds), 2);
    CU_ASSERT_DOUBLE_EQUAL(means[0], 7.5, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(means[1], 15.5, 1e-12);
    CU_ASSERT(seeds[0] == 1 && seeds[1] == 3);
    CU_ASSERT_EQUAL(means_by_seed(cells, 1, means, seeds), 3);
}

static void test_welchs_test_has_its_statistic_and_both_directions(void) {
    struct sample a = sample_of(reff, 3), b = sample_of(baseline, 3);
    struct t_test t = welch_test(&a, &b, 0);
    CU_ASSERT_DOUBLE_EQUAL(t.effect, 15.6, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(t.statistic, 12.358656952664392, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(t.df, 2.531818937337248, 1e-9); // Student's pooled test would have 4
    CU_ASSERT_DOUBLE_EQUAL(t.p, 0.0012481358182415137, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(t.p + t.p_opposite, 1, 1e-12);

    struct t_test swapped = welch_test(&b, &a, 0), turned = reversed(t);
    CU_ASSERT_DOUBLE_EQUAL(swapped.p, t.p_opposite, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(turned.p, swapped.p, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(turned.effect, swapped.effect, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(turned.statistic, swapped.statistic, 1e-12);
}

static void test_no_worse_by_more_than_a_margin_is_tested(void) {
    struct sample a = sample_of(near_a, 3), b = sample_of(near_b, 3);
    struct t_test t = welch_test(&a, &b, -1);
    CU_ASSERT_DOUBLE_EQUAL(t.effect, -0.2 / 3, 1e-10);
    CU_ASSERT_DOUBLE_EQUAL(t.statistic, 4.801960383990269, 1e-8);
    CU_ASSERT_DOUBLE_EQUAL(t.p, 0.008782436145551575, 1e-9);
}

static void test_sameness_is_tested_by_two_one_sided_tests(void) {
    struct sample a = sample_of(near_a, 3), b = sample_of(near_b, 3);
    struct t_test t = equivalence_test(&a, &b, 1); // the lower test is the weaker one: a is below b
    CU_ASSERT_DOUBLE_EQUAL(t.p, 0.008782436145551575, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(t.effect, -0.2 / 3, 1e-10);
    CU_ASSERT_EQUAL(t.p_opposite, 1);
    CU_ASSERT_DOUBLE_EQUAL(equivalence_test(&b, &a, 1).p, t.p, 1e-12); // the order does not matter
    CU_ASSERT_DOUBLE_EQUAL(equivalence_test(&a, &b, 0.2).p, 0.27120360329620263, 1e-8);

    struct sample far = sample_of(reff, 3), low = sample_of(baseline, 3);
    struct t_test apart = equivalence_test(&far, &low, 1);
    CU_ASSERT(apart.p > 0.99);
    CU_ASSERT(apart.p_opposite < 0.01);
}

static void test_a_slope_is_tested_over_all_seeds(void) {
    const double x[] = {0, 0, .2, .2, .4, .4, 1, 1}, y[] = {45, 46.5, 36, 38.1, 33, 31.2, 30, 31.9};
    struct t_test t = slope_test(x, y, 8);
    CU_ASSERT_DOUBLE_EQUAL(t.effect, -12.75, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(t.statistic, -3.3606016286774345, 1e-8);
    CU_ASSERT_DOUBLE_EQUAL(t.df, 6, 0);
    CU_ASSERT_DOUBLE_EQUAL(t.p, 0.9923908518343605, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(t.p_opposite, 0.007609148165639568, 1e-9);
}

// Results without any spread give the limits, never a division by zero or a NaN in a table.
static void test_no_spread_gives_limits_not_nan(void) {
    const double high[] = {80, 80}, low[] = {70, 70}, x[] = {0, .5, 1}, line[] = {3, 2, 1};
    struct sample a = sample_of(high, 2), b = sample_of(low, 2);
    CU_ASSERT_EQUAL(welch_test(&a, &b, 0).p, 0);
    CU_ASSERT_EQUAL(welch_test(&b, &a, 0).p, 1);
    CU_ASSERT_EQUAL(welch_test(&a, &a, 0).p, 0.5);
    CU_ASSERT_EQUAL(welch_test(&a, &b, 0).statistic, INFINITY);
    CU_ASSERT_EQUAL(slope_test(x, line, 3).p, 1);
    CU_ASSERT_EQUAL(slope_test(x, line, 3).p_opposite, 0);
    CU_ASSERT_EQUAL(equivalence_test(&a, &a, 1).p, 0);
}

// By hand: differences 14.5, 14.3, 17.1, 15.4: mean 15.325, deviation 1.276388, error 0.6381941; t(.975, 3) =
// 3.18244631.
static void test_pairs_by_seed_have_their_own_estimate_and_interval(void) {
    const double differences[] = {14.5, 14.3, 17.1, 15.4};
    double low, high;
    struct effect_estimate e = paired_estimate(differences, 4);
    CU_ASSERT_DOUBLE_EQUAL(e.effect, 15.325, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(e.error, 0.6381940666, 1e-9);
    CU_ASSERT_EQUAL(e.df, 3);
    estimate_interval(&e, 0.95, &low, &high);
    CU_ASSERT_DOUBLE_EQUAL(high - low, 2 * 3.182446305284263 * 0.6381940666, 1e-7);
    CU_ASSERT_DOUBLE_EQUAL(high + low, 2 * 15.325, 1e-9);
    struct t_test t = above_test(&e, 0);
    CU_ASSERT_DOUBLE_EQUAL(t.statistic, 15.325 / 0.6381940666, 1e-6);
    CU_ASSERT_EQUAL(t.error, e.error);
}

static void test_a_slope_without_a_test_is_the_same_slope(void) {
    const double x[] = {0, 0, .2, .2, .4, .4, 1, 1}, y[] = {45, 46.5, 36, 38.1, 33, 31.2, 30, 31.9};
    CU_ASSERT_DOUBLE_EQUAL(slope_of(x, y, 8), -12.75, 1e-9);
}

// The noncentral t, integrated by another program (Simpson's rule is not used there).
static void test_the_difference_that_would_have_been_shown_has_its_chance(void) {
    CU_ASSERT_DOUBLE_EQUAL(detectable_excess(0.5, 3, 0.025, 0.8), 2.12794941, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(detectable_excess(1, 4, 0.05, 0.8), 3.03975097, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(detectable_excess(1, 3, 0.01, 0.9), 6.86300272, 1e-6);
}

// Holm (1979): the k-th smallest of n is multiplied by n - k + 1, and none falls below a smaller one's.
static void test_holms_adjustment_handles_ties_and_the_bound(void) {
    const double p[] = {0.01, 0.04, 0.03, 0.005}, expected[] = {0.03, 0.06, 0.06, 0.02};
    const double ties[] = {0.02, 0.02, 0.9}, tied[] = {0.06, 0.06, 0.9}, large[] = {0.6, 0.7};
    double adjusted[4];
    holm_adjust(p, adjusted, 4);
    for (int i = 0; i < 4; i++)
        CU_ASSERT_DOUBLE_EQUAL(adjusted[i], expected[i], 1e-15);
    holm_adjust(ties, adjusted, 3);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_DOUBLE_EQUAL(adjusted[i], tied[i], 1e-15);
    holm_adjust(large, adjusted, 2);
    CU_ASSERT_EQUAL(adjusted[0], 1);
    CU_ASSERT_EQUAL(adjusted[1], 1);
    holm_adjust(p, adjusted, 1); // one alone stays as it is
    CU_ASSERT_EQUAL(adjusted[0], 0.01);
}

void suite_statistics(void) {
    CU_pSuite suite = CU_add_suite("statistics", NULL, NULL);
    CU_add_test(suite, "a sample has mean, standard deviation (ddof 1) and 95 % interval",
                test_a_sample_has_mean_standard_deviation_ddof_1_and_95_percent_interval);
    CU_add_test(suite, "one value or none has no spread", test_one_value_or_none_has_no_spread);
    CU_add_test(suite, "means over cells are taken seed by seed",
                test_means_over_cells_are_taken_seed_by_seed);
    CU_add_test(suite, "Welch's test has its statistic and both directions",
                test_welchs_test_has_its_statistic_and_both_directions);
    CU_add_test(suite, "no worse by more than a margin is tested",
                test_no_worse_by_more_than_a_margin_is_tested);
    CU_add_test(suite, "sameness is tested by two one-sided tests",
                test_sameness_is_tested_by_two_one_sided_tests);
    CU_add_test(suite, "a slope is tested over all seeds", test_a_slope_is_tested_over_all_seeds);
    CU_add_test(suite, "no spread gives limits, not NaN", test_no_spread_gives_limits_not_nan);
    CU_add_test(suite, "pairs by seed have their own estimate and interval",
                test_pairs_by_seed_have_their_own_estimate_and_interval);
    CU_add_test(suite, "a slope without a test is the same slope",
                test_a_slope_without_a_test_is_the_same_slope);
    CU_add_test(suite, "the difference that would have been shown has its chance",
                test_the_difference_that_would_have_been_shown_has_its_chance);
    CU_add_test(suite, "Holm's adjustment handles ties and the bound",
                test_holms_adjustment_handles_ties_and_the_bound);
}
