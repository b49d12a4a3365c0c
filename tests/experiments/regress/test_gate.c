// SPDX-License-Identifier: Apache-2.0
// reff gate on made-up runs, and on its way from reff train to a pass; reff eval --min.
#include "experiments/regress/gate.h"
#include "tests/support/suite.h"

#include <math.h>
#include <string.h>

// A run's record: one of seed `seed`, whose model's digest is `bits`.
static void write_run(const char *name, int seed, double accuracy, double lr, const char *bits) {
    struct error err = {0};
    json_t *run =
        json_pack("{ss s{si sf ss ss} s{si si si ss} ss s{sf sf sn s{sf}} s{ss}}", "state", "done",
                  "settings", "seed", seed, "lr", lr, "method", "reff", "weights", name, "data", "pixels", 32,
                  "classes", 10, "test_images", 400, "test_sha256", "same", "model_sha256", bits, "metrics",
                  "accuracy", accuracy, "ece", 20 - accuracy / 5, "worst_group_accuracy", "pointing",
                  "layer4", accuracy / 100, "provenance", "version", "made up");
    CU_ASSERT_FATAL(run && !folder_make(suite_path(name), &err));
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/run.json", suite_path(name));
    CU_ASSERT_FATAL(!json_write(path, run, &err));
    json_decref(run);
}

static char paths[12][PATH_SIZE];

// A reference of eight seeds whose accuracies are 60 +- 2.02.
static json_t *reference(void) {
    static const double values[] = {58.0, 62.0, 59.0, 61.0, 57.0, 63.0, 60.5, 59.5};
    struct error err = {0};
    char *list[8];
    for (int i = 0; i < 8; i++) {
        char name[16], bits[16];
        snprintf(name, sizeof name, "ref-%d", i + 1);
        snprintf(bits, sizeof bits, "bits-%d", i + 1);
        write_run(name, i + 1, values[i], 0.1, bits);
        snprintf(paths[i], PATH_SIZE, "%s", suite_path(name));
        list[i] = paths[i];
    }
    json_t *record = gate_read_runs(list, 8, &err);
    CU_ASSERT_FATAL(record != NULL);
    return record;
}

static json_t *runs(const char *const names[]) {
    struct error err = {0};
    char *list[8];
    int count = 0;
    for (; names[count]; count++) {
        snprintf(paths[count], PATH_SIZE, "%s", suite_path(names[count]));
        list[count] = paths[count];
    }
    json_t *record = gate_read_runs(list, count, &err);
    CU_ASSERT_FATAL(record != NULL);
    return record;
}

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void compare(const json_t *before, const char *const names[], const char *metrics,
                    struct regress_result *r) {
    struct error err = {0};
    json_t *now = runs(names);
    CU_ASSERT_EQUAL(gate_compare(before, now, "REF", metrics, 0.01, 0, NULL, r, &err), 0);
    suite_text_is(err.message, "");
    json_decref(now);
}

static void test_noise_passes_and_a_loss_fails_by_the_t_test_of_the_regression_check(void) {
    struct regress_result r;
    struct text failures = {0};
    json_t *before = reference();
    write_run("good", 21, 57.5, 0.1, "x");
    write_run("bad-1", 22, 50.0, 0.1, "y");
    write_run("bad-2", 23, 49.0, 0.1, "z");
    compare(before, NAMES("good"), "", &r);
    CU_ASSERT_EQUAL(r.test_count, 2); // accuracy, pointing.layer4; no run has a worst group
    CU_ASSERT(!r.failed_count && r.bits == BITS_NOT_COMPARED);
    // 60 +- sqrt(28.5 / 7) (ddof 1) against 57.5, 7 degrees of freedom.
    suite_near(r.tests[0].reference.mean, 60, 1e-12);
    suite_near(r.tests[0].reference.std, sqrt(28.5 / 7), 1e-12);
    suite_near(r.tests[0].test.statistic, 2.5 / sqrt(28.5 / 7 * 1.125), 1e-12);
    suite_near(r.tests[0].test.df, 7, 0);
    suite_near(r.alpha_each, 0.005, 1e-15);
    gate_add_failures(&failures, &r);
    suite_text_is(text_string(&failures), "");
    compare(before, NAMES("bad-1", "bad-2"), "accuracy,ece", &r);
    CU_ASSERT_EQUAL(r.failed_count, 2); // accuracy is lower, ece is higher
    gate_add_failures(&failures, &r);
    suite_text_begins(text_string(&failures), "accuracy 49.5 (reference 60 +- 2, p = ");
    suite_text_has(text_string(&failures), ", ece 10.1 (reference 8 +- 0.4, p = ");
    text_free(&failures);
    json_decref(before);
}

static void test_seeds_of_the_gate_are_left_out_of_the_reference(void) {
    struct regress_result r;
    json_t *before = reference();
    write_run("again", 5, 57.5, 0.1, "other bits");
    compare(before, NAMES("again"), "", &r);
    CU_ASSERT_EQUAL(r.tests[0].reference.n, 7);
    suite_near(r.tests[0].reference.mean, (480 - 57) / 7.0, 1e-12);
    CU_ASSERT_EQUAL(r.bits, BITS_NOT_COMPARED);
    compare(before, NAMES("ref-1", "ref-2", "ref-3", "ref-4", "ref-5"), "",
            &r); // too few others, but nothing has changed
    CU_ASSERT(r.bits == BITS_EQUAL && !r.test_count);
    json_decref(before);
}

static void test_what_cannot_be_compared_is_refused(void) {
    struct regress_result r;
    struct error err = {0};
    struct text notices = {0};
    json_t *before = reference(), *empty = json_object();
    write_run("slow", 31, 59, 0.2, "s");
    json_t *now = runs(NAMES("slow"));
    CU_ASSERT_EQUAL(gate_compare(before, now, "REF", "", 0.01, 0, &notices, &r, &err), -1);
    suite_text_is(err.message,
                  "REF: made with other settings: lr 0.1 -> 0.2; --other-settings compares all the same");
    CU_ASSERT(!gate_compare(before, now, "REF", "", 0.01, 1, &notices, &r, &err));
    suite_text_is(text_string(&notices), "REF: made with other settings: lr 0.1 -> 0.2\n");
    CU_ASSERT_EQUAL(gate_compare(before, now, "REF", "group_gap", 0.01, 1, &notices, &r, &err), -1);
    suite_text_has(err.message, "REF: group_gap: not measured in every run of the gate");
    CU_ASSERT_EQUAL(gate_compare(before, now, "REF", "acc", 0.01, 1, &notices, &r, &err), -1);
    suite_text_has(err.message, "--metrics: 'acc'");
    CU_ASSERT_EQUAL(gate_compare(empty, now, "REF", "", 0.01, 0, &notices, &r, &err), -1);
    suite_text_has(err.message, "REF: no reference of reff gate: it lacks \"runs\" or \"settings\"");
    json_decref(now);
    now = runs(NAMES("ref-1", "ref-2", "ref-3"));
    write_run("changed", 4, 59, 0.1, "c");
    json_t *four = runs(NAMES("ref-1", "ref-2", "ref-3", "changed"));
    CU_ASSERT_EQUAL(gate_compare(now, four, "REF", "", 0.01, 0, &notices, &r, &err), -1);
    suite_text_has(err.message, "REF: 0 runs of seeds that the gate's runs do not have; a gate of 4 needs 8");
    json_decref(four);
    json_decref(now);
    json_decref(before);
    json_decref(empty);
    text_free(&notices);
}

static void check(int status, const char *message, const char *const argv[]) {
    struct program_result r;
    const char *all[24] = {suite_reff()};
    for (int i = 0; argv[i]; i++)
        all[i + 1] = argv[i];
    program_run(&r, 0, all);
    CU_ASSERT_EQUAL(r.status, status);
    suite_text_has(status ? r.err : r.out, message);
    program_free(&r);
}

static void test_the_command_writes_a_reference_and_ends_with_1_when_the_gate_fails(void) {
    char a[PATH_SIZE], b[PATH_SIZE], c[PATH_SIZE], d[PATH_SIZE], bad[PATH_SIZE], file[PATH_SIZE];
    json_decref(reference());
    snprintf(a, sizeof a, "%s", suite_path("ref-1"));
    snprintf(b, sizeof b, "%s", suite_path("ref-2/run.json"));
    snprintf(c, sizeof c, "%s", suite_path("ref-3"));
    snprintf(d, sizeof d, "%s", suite_path("ref-4"));
    snprintf(bad, sizeof bad, "%s", suite_path("loss"));
    snprintf(file, sizeof file, "%s", suite_path("reference.json"));
    write_run("loss", 77, 20, 0.1, "l");
    check(2, "--write: a reference needs 3 runs of different seeds, not 2",
          NAMES("gate", a, b, "--reference", file, "--write"));
    CU_ASSERT(!file_exists(file));
    check(0, "reference.json: 4 runs.\n", NAMES("gate", a, b, c, d, "--reference", file, "--write"));
    check(1, "reference.json: is there already; --force replaces it",
          NAMES("gate", a, b, c, "--reference", file, "--write"));
    check(0, "The same bits as the reference's runs", NAMES("gate", a, "--reference", file));
    check(1, "reference.json: worse: accuracy 20 (reference 60 +- 1.8, p = ",
          NAMES("gate", bad, "--reference", file));
    check(1, "another run of seed 1; each counts once", NAMES("gate", a, a, "--reference", file));
    check(1, "absent: No such file", NAMES("gate", suite_path("absent"), "--reference", file));
    check(1, "reference.json: no record of a run that is done", NAMES("gate", file, "--reference", file));
    check(2, "--force: means something with --write alone", NAMES("gate", a, "--reference", file, "--force"));
}

static void test_eval_ends_with_1_and_the_number_that_is_below_its_bound(void) {
    struct program_result r;
    char weights[PATH_SIZE], test[PATH_SIZE], train[PATH_SIZE], run[PATH_SIZE];
    snprintf(weights, sizeof weights, "%s", suite_path("run/model.safetensors"));
    snprintf(train, sizeof train, "%s", suite_path("train.h5"));
    snprintf(test, sizeof test, "%s", suite_path("test.h5"));
    snprintf(run, sizeof run, "%s", suite_path("run"));
    CU_ASSERT_EQUAL(reff_run(&r, 0, "gen", "textured-mnist", "--canvas", "16", "--size", "16", "--count",
                             "40", "--output", train),
                    0);
    program_free(&r);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "gen", "textured-mnist", "--canvas", "16", "--size", "16", "--count",
                             "40", "--split", "test", "--output", test),
                    0);
    program_free(&r);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "train", "--train", train, "--test", test, "--width", "2", "--batch",
                             "20", "--epochs", "1", "--save-model", "--output", run),
                    0);
    program_free(&r);
    check(0, "accuracy",
          NAMES("eval", "--weights", weights, test, "--min", "accuracy=0", "--max", "ece=100"));
    CU_ASSERT_EQUAL(reff_run(&r, 0, "eval", "--weights", weights, test, "--min", "accuracy=99", "--json",
                             "--min=worst_class=99", "--min", "pointing.layer4=0"),
                    1);
    suite_text_begins(r.err, "reff: ");
    suite_text_has(r.err, "test.h5: accuracy ");
    suite_text_has(r.err, " is below 99, worst_class_accuracy ");
    CU_ASSERT_PTR_NULL(strstr(r.err, "pointing"));
    json_t *report = json_loads(r.out, 0, NULL); // the report is printed all the same
    CU_ASSERT(json_is_number(json_object_get(report, "accuracy")));
    json_decref(report);
    program_free(&r);
    check(2, "--min: 'acuracy' (did you mean 'accuracy'?)",
          NAMES("eval", "--weights", weights, test, "--min", "acuracy=3"));
    check(2, "--max: 'ece' is none of NAME=NUMBER",
          NAMES("eval", "--weights", weights, test, "--max", "ece"));
}

void suite_gate(void) {
    CU_pSuite s = CU_add_suite("gate", suite_make_folder, suite_remove_folder);
    CU_add_test(s, "noise passes and a loss fails, by the t test of the regression check",
                test_noise_passes_and_a_loss_fails_by_the_t_test_of_the_regression_check);
    CU_add_test(s, "seeds of the gate are left out of the reference",
                test_seeds_of_the_gate_are_left_out_of_the_reference);
    CU_add_test(s, "what cannot be compared is refused", test_what_cannot_be_compared_is_refused);
    CU_add_test(s, "the command writes a reference, and ends with 1 when the gate fails",
                test_the_command_writes_a_reference_and_ends_with_1_when_the_gate_fails);
    CU_add_test(s, "eval ends with 1 and the number that is below its bound",
                test_eval_ends_with_1_and_the_number_that_is_below_its_bound);
}
