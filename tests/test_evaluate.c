// SPDX-License-Identifier: Apache-2.0
// What an evaluation measures beside accuracy, on maps and confidences whose measures can be worked out by
// hand.
#include "core/losses/cross_entropy.h"
#include "core/train/evaluate.h"
#include "tests/suite.h"

#include <CUnit/CUnit.h>

#include <math.h>
#include <string.h>

static void test_calibration_error(void) {
    // Two bins: [.6, .667) with confidence .65 and half of two right, the last with .99 and both right.
    const double sure[4] = {.65, .65, .99, .99};
    const uint8_t correct[4] = {1, 0, 1, 1};
    CU_ASSERT_DOUBLE_EQUAL(calibration_error(sure, correct, 4), 100 * (.5 * .15 + .5 * .01), 1e-12);
    // Errors in opposite directions do not cancel between bins, but do within one.
    const double two[4] = {.2, .2, .9, .9};
    const uint8_t opposite[4] = {1, 1, 0, 0};
    CU_ASSERT_DOUBLE_EQUAL(calibration_error(two, opposite, 4), 100 * (.5 * .8 + .5 * .9), 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(calibration_error((const double[]){1, 1}, (const uint8_t[]){1, 1}, 2), 0, 0);
    CU_ASSERT_EQUAL(calibration_error(sure, correct, 0), 0);
}

static void test_confidence(void) {
    const real logits[3 * 2] = {0, 1000, (real)log(2), 0, (real)log(5), 0}; // [class][image]
    const int32_t predictions[2] = {2, 0};
    double sure[2];
    confidence(logits, predictions, 3, 2, sure);
    CU_ASSERT_DOUBLE_EQUAL(sure[0], 5.0 / 8, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(sure[1], 1, 0); // and no overflow on the way
}

enum { PIXELS = 16, BATCH = 4 };

// The left half is annotated; maps of one cell each, and one that is zero everywhere.
static void test_share_and_maximum_inside(void) {
    struct error err = {0};
    struct trainer_settings settings = {.network = {"small", 4, 3, PIXELS, 1e-5, 0.1},
                                        .batch = BATCH,
                                        .regulariser = {PENALTY_REFF, NORMALISE_FIRST, 1, 1e-8},
                                        .threads = 1};
    struct trainer *t = trainer_create(&settings, 1, &err);
    CU_ASSERT_FATAL(t != NULL);
    struct explained *s = &t->inspected->stages[0];
    CU_ASSERT_EQUAL_FATAL(s->height * s->width, 64); // 8 x 8
    uint8_t annotations[BATCH * PIXELS * PIXELS];
    for (int i = 0; i < BATCH * PIXELS * PIXELS; i++)
        annotations[i] = i % PIXELS < PIXELS / 2 ? 255 : 0;
    memset(s->cam, 0, sizeof(real) * 64 * BATCH);
    s->cam[(8 * 3 + 1) * BATCH + 0] = 7;                                      // image 0: well inside
    s->cam[(8 * 3 + 6) * BATCH + 1] = 7;                                      // image 1: well outside
    s->cam[(8 * 3 + 1) * BATCH + 2] = 1, s->cam[(8 * 5 + 6) * BATCH + 2] = 3; // image 2: a quarter inside
    double inside[BATCH], pointing[BATCH];
    explanation_inside(t->inspected, 0, annotations, inside, pointing);
    CU_ASSERT_DOUBLE_EQUAL(inside[0], 1, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(inside[1], 0, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(inside[2], 0.25, 1e-12);
    CU_ASSERT(pointing[0] == 1 && pointing[1] == 0 && pointing[2] == 0);
    CU_ASSERT(isnan(inside[3]) && isnan(pointing[3]));
    trainer_free(t);
}

void suite_evaluate(void) {
    CU_pSuite suite = CU_add_suite("evaluate", NULL, NULL);
    CU_add_test(suite, "expected calibration error", test_calibration_error);
    CU_add_test(suite, "confidence is the prediction's probability", test_confidence);
    CU_add_test(suite, "share and maximum of a map inside the annotation", test_share_and_maximum_inside);
}
