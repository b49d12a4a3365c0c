// SPDX-License-Identifier: Apache-2.0
// Numbers of an evaluation by name, and bounds on them.
#include "experiments/results/measured.h"
#include "tests/support/suite.h"

#include <string.h>

static json_t *report(void) {
    return json_pack("{sf sf si sn s{sf sn} sf}", "accuracy", 42.5, "worst_group_accuracy", 7.0,
                     "worst_group", 3, "aligned_accuracy", "pointing", "layer4", 0.25, "layer1", "ece", 12.0);
}

static void test_short_names_are_accuracies_and_dots_lead_on(void) {
    static const char *const names[][2] = {{"accuracy", "accuracy"},
                                           {"worst_group", "worst_group_accuracy"},
                                           {"worst_group_accuracy", "worst_group_accuracy"},
                                           {"worst_class", "worst_class_accuracy"},
                                           {"aligned", "aligned_accuracy"},
                                           {"attention", "attention_accuracy"},
                                           {"pointing.layer4", "pointing.layer4"},
                                           {"ece", "ece"}};
    static const char *const wrong[] = {"acuracy", "confusion", "annotation.iou", "", "pointing", "layer4"};
    struct error err = {0};
    char name[MEASURED_NAME_SIZE];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        CU_ASSERT(!measured_name(names[i][0], "--min", name, &err));
        suite_text_is(name, names[i][1]);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CU_ASSERT_EQUAL(measured_name(wrong[i], "--min", name, &err), -1);
        CU_ASSERT_EQUAL(err.status, EXIT_USAGE);
        suite_text_has(err.message,
                       "is none of the numbers that an evaluation measures: accuracy aligned_accuracy ");
        CU_ASSERT_PTR_NULL(strstr(err.message, " confusion "));
    }
    json_t *r = report();
    double value = 0;
    CU_ASSERT(measured_value(r, "pointing.layer4", &value) && value == 0.25);
    CU_ASSERT(!measured_value(r, "pointing.layer1", &value)); // null
    CU_ASSERT(!measured_value(r, "cam_inside.layer4", &value));
    CU_ASSERT(measured_sign("accuracy") == 1 && measured_sign("ece") == -1 &&
              measured_sign("group_gap") == -1);
    json_decref(r);
}

static void test_numbers_beyond_their_bounds_are_named_with_the_bound(void) {
    static const struct {
        const char *min, *max, *message; // "": none is broken
    } cases[] = {
        {"accuracy=42.5", "ece=12", ""},
        {"accuracy=42.6", "", "R: accuracy 42.5 is below 42.6"},
        {"accuracy=30,worst_group=10", "", "R: worst_group_accuracy 7 is below 10"},
        {"accuracy=50,worst_group=10", "ece=11.5",
         "R: accuracy 42.5 is below 50, worst_group_accuracy 7 is below 10, ece 12 is above 11.5"},
        {"aligned=0", "", "R: aligned_accuracy is not measured on these images, but must be at least 0"},
        {"pointing.layer4=.5", "", "R: pointing.layer4 0.25 is below 0.5"}};
    json_t *r = report();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error err = {0};
        struct measured_bounds bounds = {.count = 0};
        CU_ASSERT_FATAL(!measured_bounds_add(&bounds, cases[i].min, 1, "--min", &err));
        CU_ASSERT_FATAL(!*cases[i].max || !measured_bounds_add(&bounds, cases[i].max, 0, "--max", &err));
        CU_ASSERT_EQUAL(measured_bounds_check(&bounds, r, "R", &err), *cases[i].message ? -1 : 0);
        suite_text_is(err.message, cases[i].message);
    }
    json_decref(r);
}

static void test_what_is_no_bound_is_refused(void) {
    static const char *const wrong[][2] = {
        {"accuracy", "'accuracy' is none of NAME=NUMBER, as in accuracy=30"},
        {"=3", "'=3' is none of NAME=NUMBER"},
        {"accuracy=", "'' is not a number"},
        {"accuracy=x", "'x' is not a number"},
        {"accuracy=nan", "'nan' is not a number"},
        {"accuracy=3,", "'' is none of NAME=NUMBER"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct error err = {0};
        struct measured_bounds bounds = {.count = 0};
        CU_ASSERT_EQUAL(measured_bounds_add(&bounds, wrong[i][0], 1, "--min", &err), -1);
        CU_ASSERT_EQUAL(err.status, EXIT_USAGE);
        suite_text_has(err.message, wrong[i][1]);
    }
}

void suite_measured(void) {
    CU_pSuite s = CU_add_suite("measured", NULL, NULL);
    CU_add_test(s, "short names are accuracies, and dots lead on",
                test_short_names_are_accuracies_and_dots_lead_on);
    CU_add_test(s, "numbers beyond their bounds are named with the bound",
                test_numbers_beyond_their_bounds_are_named_with_the_bound);
    CU_add_test(s, "what is no bound is refused", test_what_is_no_bound_is_refused);
}
