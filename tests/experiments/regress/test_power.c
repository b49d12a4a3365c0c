// SPDX-License-Identifier: Apache-2.0
// The regression check's test. Expected values are scipy's (1.10: stats.nct, stats.t, brentq).
#include "core/base/random.h"
#include "experiments/regress/power.h"
#include "tests/support/suite.h"

#include <math.h>
#include <stdlib.h>

static void test_the_noncentral_t_distribution_is_scipys(void) {
    static const struct {
        double t, df, delta, upper;
    } cases[] = {
        {2, 7, 0, 0.0428096643},    {2, 7, 3, 0.8284542428}, {4.5, 7, 6, 0.8571468166},
        {1, 3, -0.5, 0.0921212098}, {3, 1, 2, 0.4751428383}, {5, 11, 10, 0.9996403734},
        {2.5, 40, 1, 0.0763095512},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CU_ASSERT_DOUBLE_EQUAL(noncentral_t_upper(cases[i].t, cases[i].df, cases[i].delta), cases[i].upper,
                               1e-8);
}

static void test_new_values_are_tested_against_a_references_spread(void) {
    static const double reference[] = {50, 53, 47, 51, 49, 52, 48, 50}, now[] = {44, 46, 41, 45};
    struct sample a = sample_of(reference, 8), b = sample_of(now, 4);
    struct t_test t = loss_test(&a, &b, 1);
    CU_ASSERT_DOUBLE_EQUAL(t.effect, 6, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(t.statistic, 6 / (2 * sqrt(1 / 4.0 + 1 / 8.0)), 1e-9); // s = 2: 28 / 7 = 4
    CU_ASSERT_EQUAL(t.df, 7);
    CU_ASSERT_DOUBLE_EQUAL(t.p + t.p_opposite, 1, 1e-12);
    struct t_test other = loss_test(&a, &b, -1); // higher would be worse
    CU_ASSERT_DOUBLE_EQUAL(other.p, t.p_opposite, 1e-12);
    static const double level[] = {5, 5, 5};
    struct sample c = sample_of(level, 3);
    CU_ASSERT_EQUAL(loss_test(&c, &c, 1).p, 0.5);
    CU_ASSERT_EQUAL(loss_test(&c, &b, 1).p, 1);
    CU_ASSERT_EQUAL(loss_test(&c, &b, -1).p, 0);
}

static void test_false_alarms_power_and_the_loss_that_is_found_are_computed(void) {
    CU_ASSERT_DOUBLE_EQUAL(loss_power(0, 2.5, 4, 8, 0.01), 0.01, 1e-8); // a false alarm
    CU_ASSERT_DOUBLE_EQUAL(loss_power(8, 2.5, 4, 8, 0.01 / 6), 0.7530181889, 1e-8);
    CU_ASSERT_DOUBLE_EQUAL(detectable_loss(0.9, 2.5, 4, 8, 0.01 / 6), 9.4451336842, 1e-7);
}

// The test itself, on 20,000 made-up checks each: as many false alarms, and as many losses found, as
// computed.
static void test_simulated_checks_alarm_and_find_as_computed(void) {
    double loss = detectable_loss(0.9, 2, 4, 8, 0.01), shifts[] = {0, loss};
    int found[2] = {0, 0}, checks = 20000;
    for (int shifted = 0; shifted < 2; shifted++)
        for (int i = 0; i < checks; i++) {
            struct random r =
                random_stream(1, random_purpose("power"), (uint64_t)i + (uint64_t)shifted * 20000);
            double before[8], now[4];
            for (int j = 0; j < 8; j++)
                before[j] = 50 + 2 * random_normal(&r);
            for (int j = 0; j < 4; j++)
                now[j] = 50 - shifts[shifted] + 2 * random_normal(&r);
            struct sample a = sample_of(before, 8), b = sample_of(now, 4);
            found[shifted] += loss_test(&a, &b, 1).p < 0.01;
        }
    CU_ASSERT_DOUBLE_EQUAL((double)found[0] / checks, 0.01, 0.003); // four deviations of the count
    CU_ASSERT_DOUBLE_EQUAL((double)found[1] / checks, 0.9, 0.009);
}

void suite_power(void) {
    CU_pSuite s = CU_add_suite("power", NULL, NULL);
    CU_add_test(s, "the noncentral t distribution is scipy's", test_the_noncentral_t_distribution_is_scipys);
    CU_add_test(s, "new values are tested against a reference's spread",
                test_new_values_are_tested_against_a_references_spread);
    CU_add_test(s, "false alarms, power and the loss that is found are computed",
                test_false_alarms_power_and_the_loss_that_is_found_are_computed);
    CU_add_test(s, "simulated checks alarm and find as computed",
                test_simulated_checks_alarm_and_find_as_computed);
}
