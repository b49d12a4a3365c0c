// SPDX-License-Identifier: Apache-2.0
// The regression check on made-up records: noise passes, a loss fails, other bits fail, and what cannot be
// compared is said.
#include "experiments/regress/regress.h"
#include "experiments/store/same_build.h"

#include "experiments/plan/home.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

enum { REFERENCE = 12, CHECK = 4 };

struct shifts { // of the check against the reference, in points, sd, shares
    double accuracy, drift, pointing;
};

static json_t *make_run(int seed, int method, const struct shifts *s) {
    static const double noise[REFERENCE] = {1, -1, 2, -2, 0, 1.5, -1.5, 0.5, -0.5, 1, -1, 0};
    double e = noise[(seed - 1 + 3 * method) % REFERENCE];
    char digest[32], model[32];
    snprintf(digest, sizeof digest, "settings %d %d", seed, method);
    snprintf(model, sizeof model, "model %d %d", seed, method);
    json_t *run = json_pack("{sI ss ss sf sf}", "seed", (json_int_t)seed, "digest", digest, "model_sha256",
                            model, "accuracy", 50 + 2 * e + s->accuracy, "drift", 0.1 + 0.01 * e + s->drift);
    if (method)
        json_object_set_new(run, "pointing", json_real(0.78 + 0.005 * e + s->pointing));
    return run;
}

// Seeds 1 .. count, two cells.
static json_t *make_record(int count, const char *flags, const struct shifts *s) {
    static const char *const columns[] = {"baseline", "reff"};
    json_t *cells = json_array();
    for (int m = 0; m < 2; m++) {
        json_t *runs = json_array();
        for (int seed = 1; seed <= count; seed++)
            json_array_append_new(runs, make_run(seed, m, s));
        json_array_append_new(cells,
                              json_pack("{ss ss so}", "row", "1.0", "column", columns[m], "runs", runs));
    }
    return json_pack("{s{ss ss} so}", "build", "compiler", "gcc", "flags", flags, "cells", cells);
}

static json_t *run_of(json_t *record, size_t cell, size_t run) {
    json_t *cells = json_object_get(record, "cells");
    return json_array_get(json_object_get(json_array_get(cells, cell), "runs"), run);
}

static int compare(const json_t *reference, const json_t *now, struct regress_result *r, struct error *err) {
    memset(err, 0, sizeof *err);
    return regress_compare(reference, now, "REF", 1, 0.01, r, err);
}

static const struct shifts same = {0, 0, 0};

static void test_equal_bits_pass_other_bits_of_one_build_fail(void) {
    struct regress_result r;
    struct error err;
    json_t *reference = make_record(REFERENCE, "-O3", &same), *now = make_record(CHECK, "-O3", &same);
    CU_ASSERT_FATAL(!compare(reference, now, &r, &err));
    CU_ASSERT_EQUAL(r.bits, BITS_EQUAL);
    CU_ASSERT(!regress_fails(&r));
    json_object_set_new(run_of(now, 1, 2), "model_sha256", json_string("other"));
    CU_ASSERT_FATAL(!compare(reference, now, &r, &err));
    CU_ASSERT_EQUAL(r.bits, BITS_DIFFER);
    CU_ASSERT_STRING_EQUAL(r.where, "row 1.0, reff, seed 3");
    CU_ASSERT_EQUAL(r.failed_count, 0); // however good it is
    CU_ASSERT(regress_fails(&r));
    CU_ASSERT_FATAL(!regress_compare(reference, now, "REF", 0, 0.01, &r, &err));
    CU_ASSERT_EQUAL(r.bits, BITS_NOT_COMPARED);
    CU_ASSERT(!regress_fails(&r));
    json_decref(reference);
    json_decref(now);
}

// With another build: each quantity on its own, in its own direction; what is better passes.
static void test_a_loss_fails_noise_does_not(void) {
    static const struct {
        struct shifts shifts;
        int failed; // tests
    } cases[] = {
        {{0, 0, 0}, 0},     {{-2, 0.004, -0.002}, 0}, {{-15, 0, 0}, 2},
        {{0, 0.08, 0}, 2},  {{0, 0, -0.05}, 1},       {{15, 0, 0}, 0},
        {{0, -0.08, 0}, 0}, {{0, 0, 0.05}, 0},        {{-15, 0.08, -0.05}, 5},
    };
    json_t *reference = make_record(REFERENCE, "-O3", &same);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct regress_result r;
        struct error err;
        json_t *now = make_record(CHECK, "-O2", &cases[i].shifts);
        CU_ASSERT_FATAL(!compare(reference, now, &r, &err));
        CU_ASSERT_EQUAL(r.bits, BITS_OF_ANOTHER_BUILD);
        CU_ASSERT_STRING_EQUAL(r.where, "flags");
        CU_ASSERT_EQUAL(r.test_count, 5); // the baseline focuses nowhere
        CU_ASSERT_EQUAL(r.failed_count, cases[i].failed);
        CU_ASSERT_EQUAL(regress_fails(&r), cases[i].failed > 0);
        json_decref(now);
    }
    json_decref(reference);
}

// Warnings, folders and debugging symbols make no other build; what generates code, the C library and
// OpenBLAS do.
static void test_what_generates_code_makes_another_build(void) {
    static const struct {
        const char *flags, *openblas, *libc, *products, *difference;
    } cases[] = {
        {"-O3 -mavx2", "B", "2.36", "amx", ""},
        {"-O3 -Wall -Werror=x -I. -Ibuild/x -g1 -ggdb -mavx2", "B", "2.36", "amx", ""},
        {"-O2 -mavx2", "B", "2.36", "amx", "flags"},
        {"-O3 -mavx2 -Wa,--x", "B", "2.36", "amx", "flags"},
        {"-O3 -mavx2", "B2", "2.36", "amx", "openblas"},
        {"-O3 -mavx2", "B", "2.41", "amx", "libc"},
        {"-O3", "B2", "2.41", "amx", "flags, openblas, libc"},
        {"-O3 -mavx2", "B", NULL, "amx", "libc"}, // who knows
        {"-O3 -mavx2", "B", "2.36", "avx512", "products"},
        {"-O3 -mavx2", "B", "2.36", NULL, "products"}, // as compiled
    };
    json_t *reference = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char difference[100];
        json_t *run = json_pack("{s{ss ss s{ss ss*}} ss*}", "provenance", "compiler", "gcc", "flags",
                                cases[i].flags, "libraries", "openblas", cases[i].openblas, "libc",
                                cases[i].libc, "products", cases[i].products);
        json_t *build = build_of(run);
        CU_ASSERT_PTR_NOT_NULL_FATAL(build);
        reference = reference ? reference : json_incref(build);
        CU_ASSERT_EQUAL(build_difference(reference, build, difference, sizeof difference),
                        *cases[i].difference != 0);
        CU_ASSERT_STRING_EQUAL(difference, cases[i].difference);
        json_decref(build);
        json_decref(run);
    }
    json_decref(reference);
}

// The check's own seeds are no part of the values that it is tested against.
static void test_the_numbers_behind_a_check_are_told(void) {
    struct regress_result r;
    struct error err;
    json_t *reference = make_record(REFERENCE, "-O3", &same), *now = make_record(CHECK, "-O2", &same);
    CU_ASSERT_FATAL(!compare(reference, now, &r, &err));
    CU_ASSERT_EQUAL(r.seeds, CHECK);
    CU_ASSERT_EQUAL(r.reference_seeds, REFERENCE - CHECK);
    CU_ASSERT_DOUBLE_EQUAL(r.alpha_each, 0.002, 1e-15);
    // Seeds 5 .. 12: noise 0, 1.5, -1.5, .5, -.5, 1, -1, 0; twice that around 50.
    CU_ASSERT_EQUAL(r.tests[0].reference.n, 8);
    CU_ASSERT_DOUBLE_EQUAL(r.tests[0].reference.mean, 50, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(r.tests[0].reference.std, 2, 1e-12); // sqrt(4 * 7 / 7)
    CU_ASSERT_DOUBLE_EQUAL(r.tests[0].now.mean, 50, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(r.tests[0].found, detectable_loss(0.9, 2, 4, 8, 0.002), 1e-9);
    CU_ASSERT_EQUAL(r.tests[1].sign, -1);
    CU_ASSERT(r.false_alarms >= 0 && r.false_alarms <= 0.05);
    json_decref(reference);
    json_decref(now);
}

static void check_refused(const json_t *reference, const json_t *now, const char *expected) {
    struct regress_result r;
    struct error err;
    CU_ASSERT(compare(reference, now, &r, &err));
    suite_text_has(err.message, expected);
}

static void test_what_cannot_be_compared_is_said(void) {
    json_t *reference = make_record(REFERENCE, "-O3", &same), *now = make_record(CHECK, "-O3", &same);
    json_t *small = make_record(CHECK + 3, "-O3", &same), *other = make_record(CHECK, "-O3", &same);
    json_t *none = json_object(), *empty = json_pack("{s[]}", "cells");
    check_refused(none, now, "REF: no reference: it lacks \"cells\"");
    check_refused(empty, now, "REF: has no row 1.0, baseline, seed 1");
    check_refused(reference, empty, "REF: nothing to compare");
    check_refused(small, now,
                  "REF: row 1.0, baseline: accuracy: 3 values beside the check's own, a check of 4 needs 8");
    json_object_set_new(run_of(other, 1, 1), "digest", json_string("other settings"));
    check_refused(reference, other,
                  "REF: row 1.0, reff, seed 2: made with other settings, data or TRAINER_REVISION");
    for (int double_precision = 0; double_precision < 2;
         double_precision++) // and in what, where that is known
        json_object_set_new(json_array_get(json_object_get(double_precision ? other : reference, "cells"), 1),
                            "identity",
                            json_pack("{ss}", "precision", double_precision ? "double" : "float"));
    check_refused(reference, other, "TRAINER_REVISION (precision \"float\" -> \"double\"); if the change");
    json_object_set_new(run_of(reference, 0, 7), "drift", json_string("much"));
    check_refused(reference, now, "REF: row 1.0, baseline: drift: 0 values");
    json_decref(reference);
    json_decref(now);
    json_decref(small);
    json_decref(other);
    json_decref(none);
    json_decref(empty);
}

// The committed reference: of the committed cells and profile, with at least twice the seeds of a check.
static void test_the_committed_reference_is_sound(void) {
    struct error err = {0};
    char path[PATH_SIZE];
    CU_ASSERT_FATAL(!home_path(path, "../results/reference/regress.json", &err));
    json_t *reference = json_read(path, &err);
    if (!reference)
        printf("\n  %s\n", err.message);
    CU_ASSERT_PTR_NOT_NULL_FATAL(reference);
    json_t *cells = json_object_get(reference, "cells"), *now = json_object();
    CU_ASSERT_EQUAL(json_array_size(cells), 2);
    json_t *few = json_deep_copy(cells);
    size_t i;
    json_t *cell;
    json_array_foreach(few, i, cell) {
        json_t *runs = json_object_get(cell, "runs");
        CU_ASSERT_EQUAL(json_array_size(runs), REFERENCE);
        while (json_array_size(runs) > CHECK)
            json_array_remove(runs, json_array_size(runs) - 1);
    }
    json_object_set_new(now, "cells", few);
    json_object_set(now, "build", json_object_get(reference, "build"));
    struct regress_result r;
    CU_ASSERT_FATAL(!compare(reference, now, &r, &err));
    CU_ASSERT_EQUAL(r.bits, BITS_EQUAL);
    CU_ASSERT_EQUAL(r.test_count, 5);
    CU_ASSERT(r.false_alarms <= 0.05);
    int accuracies = 0;
    for (int t = 0; t < r.test_count; t++) // far above chance, so that there is something to lose
        if (!strcmp(r.tests[t].quantity, "accuracy")) {
            CU_ASSERT(r.tests[t].reference.mean - r.tests[t].found > 20);
            accuracies++;
        }
    CU_ASSERT_EQUAL(accuracies, 2);
    json_decref(reference);
    json_decref(now);
}

void suite_regress(void) {
    CU_pSuite s = CU_add_suite("regress", NULL, NULL);
    CU_add_test(s, "equal bits pass, other bits of one build fail",
                test_equal_bits_pass_other_bits_of_one_build_fail);
    CU_add_test(s, "a loss fails, noise does not", test_a_loss_fails_noise_does_not);
    CU_add_test(s, "what generates code makes another build", test_what_generates_code_makes_another_build);
    CU_add_test(s, "the numbers behind a check are told", test_the_numbers_behind_a_check_are_told);
    CU_add_test(s, "what cannot be compared is said", test_what_cannot_be_compared_is_said);
    CU_add_test(s, "the committed reference is sound", test_the_committed_reference_is_sound);
}
