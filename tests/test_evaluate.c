// SPDX-License-Identifier: Apache-2.0
// What an evaluation measures beside accuracy, on maps and confidences whose measures can be worked out by
// hand.
#include "core/losses/cross_entropy.h"
#include "core/train/evaluate.h"
#include "tests/suite.h"

#include <CUnit/CUnit.h>

#include <math.h>
#include <omp.h>
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
    struct trainer_settings settings = {.network = {"small", 4, 3, PIXELS, 1e-5, 0.1, 0},
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

// The same measures of ABN's attention map, and its loss where M is 1/2 everywhere.
static void test_attention_map(void) {
    struct error err = {0};
    struct trainer_settings settings = {.network = {"small", 4, 3, PIXELS, 1e-5, 0.1, 1},
                                        .batch = BATCH,
                                        .regulariser = {PENALTY_L2, NORMALISE_FIRST, 1, 1e-8},
                                        .threads = omp_get_max_threads()};
    struct trainer *t = trainer_create(&settings, 1, &err);
    CU_ASSERT_FATAL(t != NULL);
    uint8_t images[BATCH * PIXELS * PIXELS * 3], annotations[BATCH * PIXELS * PIXELS];
    int32_t labels[BATCH] = {0, 1, 2, 0}, predictions[BATCH];
    int height, width;
    for (int i = 0; i < BATCH * PIXELS * PIXELS * 3; i++)
        images[i] = (uint8_t)(i * 37 % 251);
    for (int i = 0; i < BATCH * PIXELS * PIXELS; i++)
        annotations[i] = i % PIXELS < PIXELS / 2 ? 255 : 0;
    trainer_evaluate(t, images, labels, predictions);
    const real *m = trainer_attention(t, &height, &width);
    CU_ASSERT_FATAL(m == t->evaluation->values[t->evaluation->attention_map].map[MAP_X]);
    CU_ASSERT(height == 4 && width == 4);
    for (int i = 0; i < height * width * BATCH; i++)
        CU_ASSERT(m[i] > 0 && m[i] < 1);

    real *map = t->evaluation->values[t->evaluation->attention_map].map[MAP_X];
    double inside[BATCH], pointing[BATCH];
    memset(map, 0, sizeof(real) * 16 * BATCH);
    map[(4 * 1 + 0) * BATCH + 0] = map[(4 * 2 + 3) * BATCH + 1] = 1; // image 0: well inside, 1: outside
    attention_inside(t->attention, t->evaluation, annotations, inside, pointing);
    CU_ASSERT_DOUBLE_EQUAL(inside[0], 1, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(inside[1], 0, 1e-12);
    CU_ASSERT(pointing[0] == 1 && pointing[1] == 0 && isnan(inside[2]) && isnan(pointing[2]));

    struct value *v = &t->steps->values[t->steps->attention_map];
    for (int i = 0; i < 16 * BATCH; i++)
        v->map[MAP_X][i] = (real)0.5;
    CU_ASSERT_DOUBLE_EQUAL(attention_loss(t->attention, t->steps, annotations, 8), 0.25, 1e-12);
    CU_ASSERT(v->map[MAP_D][0] < 0 && v->map[MAP_D][3 * BATCH] > 0);
    double whole = 0; // moving M by h everywhere moves the mean of (M - s)^2 by 2 (M - s) h
    memset(annotations, 255, sizeof annotations);
    CU_ASSERT_DOUBLE_EQUAL(attention_loss(t->attention, t->steps, annotations, 8), 0.25, 1e-12);
    for (int i = 0; i < 16 * BATCH; i++)
        whole += (double)v->map[MAP_D][i];
    CU_ASSERT_DOUBLE_EQUAL(whole, -8, 1e-5);
    trainer_free(t);
    settings.network.attention = 0;
    t = trainer_create(&settings, 1, &err);
    CU_ASSERT(trainer_attention(t, &height, &width) == NULL);
    trainer_free(t);
}

void suite_evaluate(void) {
    CU_pSuite suite = CU_add_suite("evaluate", NULL, NULL);
    CU_add_test(suite, "expected calibration error", test_calibration_error);
    CU_add_test(suite, "confidence is the prediction's probability", test_confidence);
    CU_add_test(suite, "share and maximum of a map inside the annotation", test_share_and_maximum_inside);
    CU_add_test(suite, "ABN's attention map: where it lies, its loss", test_attention_map);
}
