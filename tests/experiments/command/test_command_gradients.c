// SPDX-License-Identifier: Apache-2.0
// `reff gradients` as a program: its numbers against what a training of one step records, and bad input.
#include "core/kernels/real.h"
#include "tests/support/suite.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct row {
    double loss, norm, rounded, cosine;
};

// The row of that name; all NaN where there is none.
static struct row find_row(const char *text, const char *name) {
    struct row row = {NAN, NAN, NAN, NAN};
    const char *at = strstr(text, name);
    if (at)
        CU_ASSERT_EQUAL(
            sscanf(at + strlen(name), "%lf %lf %lf %lf", &row.loss, &row.norm, &row.rounded, &row.cosine), 4);
    return row;
}

static int gradients(struct program_result *r, const char *method, const char *option, const char *value) {
    return reff_run(r, 0, "gradients", "--data", suite_path("data.h5"), "--width", "2", "--batch", "24",
                    "--method", method, option, value);
}

// One epoch of one batch, which is all of the shard, as `reff gradients` takes it: loss and gradient's norm.
static json_t *train_one_step(const char *method, const char *factor, const char *value) {
    struct program_result r;
    CU_ASSERT_EQUAL_FATAL(reff_run(&r, 0, "train", "--train", suite_path("data.h5"), "--test",
                                   suite_path("data.h5"), "--output", suite_path(method), "--width", "2",
                                   "--batch", "24", "--epochs", "1", "--clip-norm", "1e9", "--method", method,
                                   factor, value),
                          0);
    program_free(&r);
    char path[32];
    snprintf(path, sizeof path, "%s/metrics.jsonl", method);
    json_t *epoch = json_load_file(suite_path(path), 0, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(epoch);
    return epoch;
}

static void test_cross_entropy_and_penalty_make_up_a_step(void) {
    static const struct {
        const char *method, *factor, *value;
    } cases[] = {{"reff", "--lambda", "3"}, {"reff-l2", "--lambda", "1e-4"}, {"abn", "--gamma", "30"}};
    struct program_result r;
    CU_ASSERT_EQUAL_FATAL(reff_run(&r, 0, "gen", "textured-mnist", "--size", "16", "--canvas", "16",
                                   "--count", "24", "--output", suite_path("data.h5")),
                          0);
    program_free(&r);
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL_FATAL(gradients(&r, cases[i].method, cases[i].factor, cases[i].value), 0);
        struct row main = find_row(r.out, "cross entropy"), penalty = find_row(r.out, "penalty");
        const char *last = strstr(r.out, "cosine of the two: ");
        CU_ASSERT_PTR_NOT_NULL_FATAL(last);
        double between = strtod(last + strlen("cosine of the two: "), NULL);
        json_t *epoch = train_one_step(cases[i].method, cases[i].factor, cases[i].value);
        CU_ASSERT_DOUBLE_EQUAL(main.loss + penalty.loss, json_number_value(json_object_get(epoch, "loss")),
                               1e-3);
        double norm = json_number_value(json_object_get(epoch, "grad_norm"));
        double parts = sqrt(main.norm * main.norm + penalty.norm * penalty.norm +
                            2 * between * main.norm * penalty.norm);
        CU_ASSERT_DOUBLE_EQUAL(parts / norm, 1, 2e-3);
        CU_ASSERT(penalty.norm > .01 * main.norm); // or the sum would not show it
        json_decref(epoch);
        program_free(&r);
    }
}

// Twice the factor, twice the penalty and its gradient; the same precision on both sides, the same numbers.
static void test_the_penalty_grows_with_its_factor_and_rounding_shows(void) {
    struct program_result once, twice, rounded;
    CU_ASSERT_EQUAL_FATAL(gradients(&once, "reff", "--lambda", "1"), 0);
    CU_ASSERT_EQUAL_FATAL(gradients(&twice, "reff", "--lambda", "2"), 0);
    CU_ASSERT_EQUAL_FATAL(gradients(&rounded, "reff", "--precision", "bf16"), 0);
    struct row a = find_row(once.out, "penalty"), b = find_row(twice.out, "penalty"),
               c = find_row(rounded.out, "penalty");
    CU_ASSERT_DOUBLE_EQUAL(b.loss / a.loss, 2, 1e-3);
    CU_ASSERT_DOUBLE_EQUAL(b.norm / a.norm, 2, 1e-3);
    CU_ASSERT_DOUBLE_EQUAL(a.norm, a.rounded, 0);
    CU_ASSERT_DOUBLE_EQUAL(a.cosine, 1, 0);
    CU_ASSERT_DOUBLE_EQUAL(c.norm, a.norm, 0);
    if (sizeof(real) == sizeof(float)) // a double build knows its own precision alone
        CU_ASSERT(c.cosine < 1 && c.cosine > .9);
    program_free(&once);
    program_free(&twice);
    program_free(&rounded);
}

static void test_the_baseline_has_no_penalty(void) {
    struct program_result r;
    CU_ASSERT_EQUAL_FATAL(gradients(&r, "baseline", NULL, NULL), 0);
    CU_ASSERT(find_row(r.out, "cross entropy").norm > 0);
    CU_ASSERT(!strstr(r.out, "penalty") && !strstr(r.out, "cosine of the two"));
    program_free(&r);
}

static void test_bad_input_is_one_line_and_status_1(void) {
    static const struct {
        const char *option, *value, *says;
    } cases[] = {
        {"--data", "absent.h5", "absent.h5: "},
        {"--batch", "25", "24 images are fewer than a batch of 25"},
        {"--weights", "absent.safetensors", "absent.safetensors: No such file"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct program_result r;
        int is_file = cases[i].value[0] > '9';
        gradients(&r, "reff", cases[i].option, is_file ? suite_path(cases[i].value) : cases[i].value);
        CU_ASSERT_EQUAL(r.status, EXIT_FAILED);
        CU_ASSERT_STRING_EQUAL(r.out, "");
        suite_text_has(r.err, cases[i].says);
        program_free(&r);
    }
}

void suite_command_gradients(void) {
    CU_pSuite s = CU_add_suite("command_gradients", suite_make_folder, suite_remove_folder);
    CU_add_test(s, "cross entropy and penalty make up a step", test_cross_entropy_and_penalty_make_up_a_step);
    CU_add_test(s, "the penalty grows with its factor, and rounding shows",
                test_the_penalty_grows_with_its_factor_and_rounding_shows);
    CU_add_test(s, "the baseline has no penalty", test_the_baseline_has_no_penalty);
    CU_add_test(s, "bad input is one line and status 1", test_bad_input_is_one_line_and_status_1);
}
