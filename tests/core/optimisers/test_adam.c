// SPDX-License-Identifier: Apache-2.0
// Adam against its formulas in double, for lengths that are no multiple of a vector.
#include "core/optimisers/adam.h"
#include "tests/support/suite.h"

#include <math.h>
#include <stdlib.h>

enum { LENGTH = 37, STEPS = 5 };

static double gradient_of(int i, int step) {
    return sin(3 * i + 7 * step) * (i % 5 ? 1 : 1e-3);
}

static void test_steps_follow_the_formulas(void) {
    real *value = calloc(LENGTH, sizeof *value), *gradient = calloc(LENGTH, sizeof *gradient);
    real *mean = calloc(LENGTH, sizeof *mean), *square = calloc(LENGTH, sizeof *square);
    double w[LENGTH], m[LENGTH] = {0}, v[LENGTH] = {0};
    struct adam adam = {.lr = 0.01, .beta1 = 0.5, .beta2 = 0.999, .eps = 1e-8};
    for (int i = 0; i < LENGTH; i++)
        value[i] = (real)(w[i] = 0.25 * i - 2);
    for (int k = 1; k <= STEPS; k++) {
        for (int i = 0; i < LENGTH; i++) {
            double g = (double)(gradient[i] = (real)gradient_of(i, k));
            m[i] = 0.5 * m[i] + 0.5 * g;
            v[i] = 0.999 * v[i] + 0.001 * g * g;
            w[i] -= 0.01 * (m[i] / (1 - pow(0.5, k))) / (sqrt(v[i] / (1 - pow(0.999, k))) + 1e-8);
        }
        adam_step(&adam, value, gradient, mean, square, LENGTH);
    }
    CU_ASSERT_EQUAL(adam.steps, STEPS);
    for (int i = 0; i < LENGTH; i++)
        CU_ASSERT(fabs((double)value[i] - w[i]) <= (sizeof(real) == 8 ? 1e-14 : 2e-6));
    free(value);
    free(gradient);
    free(mean);
    free(square);
}

// No number depends on where in the array it lies.
static void test_a_numbers_place_does_not_matter(void) {
    real *value = calloc(LENGTH, sizeof *value), *gradient = calloc(LENGTH, sizeof *gradient);
    real *mean = calloc(LENGTH, sizeof *mean), *square = calloc(LENGTH, sizeof *square);
    struct adam adam = {.lr = 0.01, .beta1 = 0.9, .beta2 = 0.99, .eps = 1e-6};
    for (int k = 0; k < STEPS; k++) {
        for (int i = 0; i < LENGTH; i++)
            gradient[i] = (real)gradient_of(1, k);
        adam_step(&adam, value, gradient, mean, square, LENGTH);
    }
    for (int i = 1; i < LENGTH; i++)
        CU_ASSERT(value[i] == value[0] && value[i] != 0);
    free(value);
    free(gradient);
    free(mean);
    free(square);
}

void suite_adam(void);
void suite_adam(void) {
    CU_pSuite suite = CU_add_suite("adam", NULL, NULL);
    CU_add_test(suite, "steps follow the formulas", test_steps_follow_the_formulas);
    CU_add_test(suite, "a number's place does not matter", test_a_numbers_place_does_not_matter);
}
