// SPDX-License-Identifier: Apache-2.0
// The learning rate over a training, against values worked out by hand.
#include "core/optimisers/rate.h"
#include "tests/support/suite.h"

#include <math.h>

static void near(double value, double expected) {
    suite_near(value, expected, 1e-12);
}

static void test_a_constant_rate_is_exactly_the_rate(void) {
    for (long step = 0; step < 7; step++)
        CU_ASSERT(rate_factor(RATE_CONSTANT, step, 7, 0) == 1);
}

static void test_a_linear_rate_falls_by_equal_parts(void) {
    const double expected[] = {1, 0.75, 0.5, 0.25};
    for (long step = 0; step < 4; step++)
        near(rate_factor(RATE_LINEAR, step, 4, 0), expected[step]);
}

static void test_a_cosine_rate_is_half_a_wave(void) {
    const double expected[] = {1, (1 + sqrt(0.5)) / 2, 0.5, (1 - sqrt(0.5)) / 2};
    for (long step = 0; step < 4; step++)
        near(rate_factor(RATE_COSINE, step, 4, 0), expected[step]);
}

static void test_a_warmup_rises_to_the_rate_and_then_the_schedule_begins(void) {
    const double linear[] = {0.25, 0.5, 0.75, 1, 1, 0.75, 0.5, 0.25};
    for (long step = 0; step < 8; step++)
        near(rate_factor(RATE_LINEAR, step, 8, 4), linear[step]);
    near(rate_factor(RATE_CONSTANT, 0, 8, 2.5), 0.4);
    near(rate_factor(RATE_CONSTANT, 2, 8, 2.5), 1); // 3 / 2.5 would be above it
    near(rate_factor(RATE_CONSTANT, 3, 8, 2.5), 1);
    near(rate_factor(RATE_LINEAR, 7, 8, 8), 1); // all of it is warmup
}

static void test_every_name_has_its_schedule(void) {
    CU_ASSERT_EQUAL(rate_schedule_find("constant"), RATE_CONSTANT);
    CU_ASSERT_EQUAL(rate_schedule_find("linear"), RATE_LINEAR);
    CU_ASSERT_EQUAL(rate_schedule_find("cosine"), RATE_COSINE);
}

void suite_rate(void);
void suite_rate(void) {
    CU_pSuite suite = CU_add_suite("rate", NULL, NULL);
    CU_add_test(suite, "a constant rate is exactly the rate", test_a_constant_rate_is_exactly_the_rate);
    CU_add_test(suite, "a linear rate falls by equal parts", test_a_linear_rate_falls_by_equal_parts);
    CU_add_test(suite, "a cosine rate is half a wave", test_a_cosine_rate_is_half_a_wave);
    CU_add_test(suite, "a warmup rises to the rate and then the schedule begins",
                test_a_warmup_rises_to_the_rate_and_then_the_schedule_begins);
    CU_add_test(suite, "every name has its schedule", test_every_name_has_its_schedule);
}
