// SPDX-License-Identifier: Apache-2.0
// What an evaluation measures beside accuracy, on maps and confidences whose measures can be worked out by
// hand.
#include "core/losses/cross_entropy.h"
#include "core/shard/groups.h"
#include "core/train/evaluate.h"
#include "tests/support/suite.h"

#include <CUnit/CUnit.h>

#include <float.h>
#include <math.h>
#include <omp.h>
#include <string.h>

static void test_calibration_error_is_summed_by_bins_of_confidence(void) {
    // Two bins: [.6, .667) with confidence .65 and half of two right, the last with .99 and both right.
    const double sure[4] = {.65, .65, .99, .99};
    const uint8_t correct[4] = {1, 0, 1, 1};
    CU_ASSERT_DOUBLE_EQUAL(evaluate_calibration_error(sure, correct, 4), 100 * (.5 * .15 + .5 * .01), 1e-12);
    // Errors in opposite directions do not cancel between bins, but do within one.
    const double two[4] = {.2, .2, .9, .9};
    const uint8_t opposite[4] = {1, 1, 0, 0};
    CU_ASSERT_DOUBLE_EQUAL(evaluate_calibration_error(two, opposite, 4), 100 * (.5 * .8 + .5 * .9), 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(evaluate_calibration_error((const double[]){1, 1}, (const uint8_t[]){1, 1}, 2), 0,
                           0);
    CU_ASSERT_EQUAL(evaluate_calibration_error(sure, correct, 0), 0);
    CU_ASSERT(isnan(
        evaluate_calibration_error((const double[]){NAN, -1, 2}, correct, 3))); // and nothing is overrun
}

static void test_confidence_is_the_predictions_probability(void) {
    const real logits[3 * 2] = {0, 1000, (real)log(2), 0, (real)log(5), 0}; // [class][image]
    const int32_t predictions[2] = {2, 0};
    double sure[2];
    cross_entropy_confidence(logits, predictions, 3, 2, sure);
    CU_ASSERT_DOUBLE_EQUAL(sure[0], 5.0 / 8, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(sure[1], 1, 0); // and no overflow on the way
}

enum { PIXELS = 16, BATCH = 4 };

// The left half is annotated; maps of one cell each, and one that is zero everywhere.
static void test_share_and_maximum_of_a_map_are_measured_inside_the_annotation(void) {
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
static void test_abns_attention_map_has_its_place_its_measures_and_its_loss(void) {
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

enum { IMAGES = 6 };

static void fill_images(uint8_t *images) {
    for (int i = 0; i < IMAGES * PIXELS * PIXELS * 3; i++)
        images[i] = (uint8_t)(i * 37 % 251);
}

// `annotations`: the attribute, or NULL for none.
static struct shard *make_shard(const char *name, const char *annotations) {
    struct error err = {0};
    struct column none[] = {{0}};
    uint8_t images[IMAGES * PIXELS * PIXELS * 3], masks[IMAGES * PIXELS * PIXELS];
    int32_t labels[IMAGES] = {0, 1, 2, 0, 1, 2};
    fill_images(images);
    memset(masks, 255, sizeof masks);
    struct shard_writer *w =
        shard_create(suite_path(name), (struct shard_shape){IMAGES, PIXELS, PIXELS, 3}, none, 0, 4, &err);
    CU_ASSERT_FATAL(w != NULL);
    CU_ASSERT_FATAL(!shard_append(w, IMAGES, images, masks, labels, NULL, &err));
    json_t *attributes = json_pack("{s:s, s:s*}", "title", "test", "annotations", annotations);
    CU_ASSERT_FATAL(!shard_finish(w, attributes, (char[65]){0}, &err));
    json_decref(attributes);
    struct shard *shard = shard_open(suite_path(name), &err);
    CU_ASSERT_FATAL(shard != NULL);
    return shard;
}

static struct trainer *make_trainer(int attention) {
    struct error err = {0};
    struct trainer_settings settings = {.network = {"small", 4, 3, PIXELS, 1e-5, 0.1, attention},
                                        .batch = BATCH,
                                        .regulariser = {PENALTY_REFF, NORMALISE_FIRST, 1, 1e-8},
                                        .threads = 1};
    struct trainer *t = trainer_create(&settings, 1, &err);
    CU_ASSERT_FATAL(t != NULL);
    return t;
}

// Whether both evaluations fail, with shard, image and layer.
static int fails_with(struct trainer *t, struct shard *shard, const char *expected) {
    struct error first = {0}, second = {0};
    double accuracy;
    json_t *report = evaluate_report(t, shard, &second);
    int failed = evaluate_accuracy(t, shard, &accuracy, &first) == -1 && !report;
    json_decref(report);
    if (!strstr(first.message, expected) || strcmp(first.message, second.message) != 0)
        printf("\n  %s | %s | instead of %s\n", first.message, second.message, expected);
    return failed && strstr(first.message, expected) && !strcmp(first.message, second.message);
}

// Images of the shard that a trainer answers with their label, in batches of whatever comes; the last is
// filled up.
static int count_right(struct trainer *t) {
    uint8_t images[IMAGES * PIXELS * PIXELS * 3], batch[BATCH * PIXELS * PIXELS * 3];
    int32_t labels[BATCH], predictions[BATCH];
    int right = 0;
    fill_images(images);
    for (int i = 0; i < IMAGES; i++) {
        for (int k = 0; k < BATCH; k++) {
            memcpy(batch + k * PIXELS * PIXELS * 3, images + i * PIXELS * PIXELS * 3, PIXELS * PIXELS * 3);
            labels[k] = i % 3;
        }
        trainer_evaluate(t, batch, labels, predictions);
        right += predictions[0] == i % 3;
    }
    return right;
}

// Weights that are no numbers, or so large that no number comes out: no accuracy is made up.
static void test_a_network_of_no_numbers_has_no_accuracy(void) {
    struct error err = {0};
    struct shard *shard = make_shard("plain.h5", NULL);
    for (int attention = 0; attention < 2; attention++) {
        struct trainer *t = make_trainer(attention);
        struct parameters *p = &t->parameters;
        double accuracy;
        CU_ASSERT_FATAL(!evaluate_accuracy(t, shard, &accuracy, &err));
        suite_near(accuracy, 100.0 * count_right(t) / IMAGES, 1e-9);
        for (int i = 0; i < p->count; i++) {
            real *at = p->items[i].value, kept = *at;
            char expected[120];
            snprintf(expected, sizeof expected, "plain.h5: its %s is not finite", p->items[i].name);
            *at = (real)NAN;
            CU_ASSERT(fails_with(t, shard, expected));
            *at = kept;
        }
        struct parameter *last = &p->items[p->count - 1]; // finite weights whose sum is not
        for (size_t k = 0; k < last->size; k++)
            last->value[k] = sizeof(real) == sizeof(float) ? (real)FLT_MAX : (real)DBL_MAX;
        CU_ASSERT(!strcmp(last->name, "fc.bias"));
        for (int i = 0; i < p->count; i++)
            for (size_t k = 0; k < p->items[i].size && !strcmp(p->items[i].name, "fc.weight"); k++)
                p->items[i].value[k] = last->value[0];
        CU_ASSERT(fails_with(t, shard, "plain.h5, first in fc"));
        trainer_free(t);
    }
    shard_close(shard);
}

// What is inside an annotation cannot be told where there are none.
static void test_without_annotations_nothing_is_measured_inside_them(void) {
    struct error err = {0};
    static const char *const words[] = {NULL, "needed", "none"};
    struct trainer *t = make_trainer(1);
    for (int i = 0; i < 3; i++) {
        char name[16];
        snprintf(name, sizeof name, "word%d.h5", i);
        struct shard *shard = make_shard(name, words[i]);
        json_t *report = evaluate_report(t, shard, &err);
        CU_ASSERT_FATAL(report != NULL);
        const json_t *const measures[] = {json_object_get(json_object_get(report, "cam_inside"), "layer3"),
                                          json_object_get(json_object_get(report, "pointing"), "layer3"),
                                          json_object_get(report, "attention_inside"),
                                          json_object_get(report, "attention_pointing")};
        for (int k = 0; k < 4; k++)
            CU_ASSERT(i < 2 ? json_is_real(measures[k]) : json_is_null(measures[k]));
        CU_ASSERT(json_is_real(json_object_get(report, "accuracy")));
        CU_ASSERT(json_is_real(json_object_get(report, "attention_accuracy")));
        json_decref(report);
        shard_close(shard);
    }
    trainer_free(t);
}

// ---------------------------------------------------------------------------------------------- groups

// Images of groups, in an order that mixes them: `right` of `count` are correct.
struct group_case {
    int32_t group;
    int count, right;
};

static json_t *groups_report(const struct group_case *cases, int n, const json_t *names) {
    struct error err = {0};
    int32_t group[200];
    uint8_t correct[200];
    int images = 0;
    for (int round = 0; round < 200; round++) // one of each group, again and again
        for (int k = 0; k < n; k++)
            if (round < cases[k].count) {
                group[images] = cases[k].group;
                correct[images++] = round < cases[k].right;
            }
    json_t *report = json_object();
    CU_ASSERT_FATAL(images <= 200 && !evaluate_groups(report, group, correct, images, names, &err));
    return report;
}

static double number(const json_t *report, const char *name) {
    const json_t *value = json_object_get(report, name);
    return json_is_real(value) ? json_real_value(value) : NAN;
}

static void check_null(const json_t *report, const char *name) {
    CU_ASSERT(json_is_null(json_object_get(report, name)));
}

// Group 3 is worse, but too small to count; its images count among the conflicting ones all the same.
static void test_aligned_and_conflicting_images_have_their_accuracies(void) {
    static const struct group_case cases[] = {{3, 19, 0}, {0, 20, 18}, {1, 40, 10}, {2, 25, 25}};
    json_t *names = json_pack("[s, s, s, s]", "a aligned", "a conflicting", "b aligned", "b conflicting"),
           *report = groups_report(cases, 4, names);
    suite_near(number(report, "worst_group_accuracy"), 25, 1e-12);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(report, "worst_group")), 1);
    suite_text_is(json_string_value(json_object_get(report, "worst_group_name")), "a conflicting");
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(report, "groups_counted")), 3);
    suite_near(number(report, "aligned_accuracy"), 100 * 43.0 / 45, 1e-12);
    suite_near(number(report, "conflicting_accuracy"), 100 * 10.0 / 59, 1e-12);
    suite_near(number(report, "group_gap"), 100 * (43.0 / 45 - 10.0 / 59), 1e-12);
    json_decref(report);

    report = groups_report(cases, 2, names); // 19 conflicting images are too few, and so is the gap's part
    suite_near(number(report, "aligned_accuracy"), 90, 1e-12);
    check_null(report, "conflicting_accuracy");
    check_null(report, "group_gap");
    suite_text_is(json_string_value(json_object_get(report, "worst_group_name")), "a aligned");
    json_decref(report);
    json_decref(names);
}

// Groups of a shard made by hand: any numbers, with names that say no kind, or none.
static void test_groups_of_any_kind_have_a_worst(void) {
    static const struct group_case cases[] = {{-7, 30, 15}, {1000000, 20, 10}, {0, 21, 20}};
    json_t *names = json_pack("[s]", "zero"), *report = groups_report(cases, 3, names);
    suite_near(number(report, "worst_group_accuracy"), 50, 1e-12);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(report, "worst_group")), -7); // the first of equals
    CU_ASSERT_PTR_NULL(json_object_get(report, "worst_group_name"));
    CU_ASSERT_PTR_NULL(json_object_get(report, "aligned_accuracy"));
    CU_ASSERT_PTR_NULL(json_object_get(report, "group_gap"));
    json_decref(report);
    json_decref(names);

    static const struct group_case small[] = {{5, 19, 0}, {6, 19, 0}};
    report = groups_report(small, 2, NULL);
    check_null(report, "worst_group_accuracy");
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(report, "worst_group")), -1);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(report, "groups_counted")), 0);
    json_decref(report);
}

enum { GROUPED = 100, GROUPED_AREA = PIXELS * PIXELS };

// 40 aligned and 20 conflicting images of class 1, 20 and 20 of class 0; `names`: whether the groups have any.
static struct shard *make_grouped(const char *name, int named) {
    static const struct column columns[] = {{"group", COLUMN_INT32, 0, "number in group_names"}, {0}};
    static uint8_t images[GROUPED * GROUPED_AREA * 3], masks[GROUPED * GROUPED_AREA];
    int32_t labels[GROUPED], group[GROUPED];
    const void *values[] = {group};
    struct error err = {0};
    for (int i = 0; i < GROUPED; i++) {
        labels[i] = i % 5 < 3; // of five images three of class 1, two of which are aligned
        group[i] = 2 * labels[i] + (i % 5 == 2 || i % 5 == 4);
    }
    for (size_t i = 0; i < sizeof images; i++)
        images[i] = (uint8_t)(i * 37 % 251);
    struct shard_writer *w =
        shard_create(suite_path(name), (struct shard_shape){GROUPED, PIXELS, PIXELS, 3}, columns, 0, 4, &err);
    CU_ASSERT_FATAL(w && !shard_append(w, GROUPED, images, masks, labels, values, &err));
    json_t *attributes = json_pack("{s:s}", "title", "test");
    if (named)
        json_object_set_new(attributes, "group_names", group_names(NULL, 3, 1));
    CU_ASSERT_FATAL(!shard_finish(w, attributes, NULL, &err));
    json_decref(attributes);
    struct shard *shard = shard_open(suite_path(name), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(shard);
    return shard;
}

// A network that answers 1 to everything.
static void test_a_shards_groups_are_evaluated_by_their_names(void) {
    struct error err = {0};
    struct trainer *t = make_trainer(0);
    for (int i = 0; i < t->parameters.count; i++) {
        struct parameter *p = &t->parameters.items[i];
        for (size_t k = 0; k < p->size && !strncmp(p->name, "fc.", 3); k++)
            p->value[k] = !strcmp(p->name, "fc.bias") && k == 1;
    }
    for (int named = 0; named < 2; named++) {
        struct shard *shard = make_grouped(named ? "named.h5" : "numbered.h5", named);
        json_t *report = evaluate_report(t, shard, &err);
        CU_ASSERT_PTR_NOT_NULL_FATAL(report);
        suite_near(number(report, "accuracy"), 60, 1e-12);
        suite_near(number(report, "worst_group_accuracy"), 0, 0);
        CU_ASSERT_EQUAL(json_integer_value(json_object_get(report, "groups_counted")), 4);
        CU_ASSERT_EQUAL(json_integer_value(json_object_get(report, "worst_group")), 0);
        if (named) {
            suite_text_is(json_string_value(json_object_get(report, "worst_group_name")), "0 aligned");
            suite_near(number(report, "aligned_accuracy"), 100 * 40.0 / 60, 1e-12);
            suite_near(number(report, "conflicting_accuracy"), 50, 1e-12);
            suite_near(number(report, "group_gap"), 100 * 40.0 / 60 - 50, 1e-12);
        } else {
            CU_ASSERT_PTR_NULL(json_object_get(report, "aligned_accuracy"));
        }
        json_decref(report);
        shard_close(shard);
    }
    struct shard *plain = make_shard("groupless.h5", NULL);
    json_t *report = evaluate_report(t, plain, &err);
    CU_ASSERT(report && !json_object_get(report, "worst_group_accuracy"));
    json_decref(report);
    shard_close(plain);
    trainer_free(t);
}

void suite_evaluate(void) {
    CU_pSuite suite = CU_add_suite("evaluate", suite_make_folder, suite_remove_folder);
    CU_add_test(suite, "calibration error is summed by bins of confidence",
                test_calibration_error_is_summed_by_bins_of_confidence);
    CU_add_test(suite, "confidence is the prediction's probability",
                test_confidence_is_the_predictions_probability);
    CU_add_test(suite, "share and maximum of a map are measured inside the annotation",
                test_share_and_maximum_of_a_map_are_measured_inside_the_annotation);
    CU_add_test(suite, "ABN's attention map has its place, its measures and its loss",
                test_abns_attention_map_has_its_place_its_measures_and_its_loss);
    CU_add_test(suite, "a network of no numbers has no accuracy",
                test_a_network_of_no_numbers_has_no_accuracy);
    CU_add_test(suite, "without annotations nothing is measured inside them",
                test_without_annotations_nothing_is_measured_inside_them);
    CU_add_test(suite, "aligned and conflicting images have their accuracies",
                test_aligned_and_conflicting_images_have_their_accuracies);
    CU_add_test(suite, "groups of any kind have a worst", test_groups_of_any_kind_have_a_worst);
    CU_add_test(suite, "a shard's groups are evaluated by their names",
                test_a_shards_groups_are_evaluated_by_their_names);
}
