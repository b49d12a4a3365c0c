// SPDX-License-Identifier: Apache-2.0
// reff info and verify: an honest shard passes every check, and each kind of lie is found by the
// check that is there for it.
#include "core/base/digest.h"
#include "core/base/memory.h"
#include "gen/textured_mnist/textured_mnist.h"
#include "gen/verify/verify.h"
#include "tests/support/shard_fixture.h"
#include "tests/support/suite.h"

#include <CUnit/CUnit.h>
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 400, CANVAS = 28, SIZE = 24 };

static const char *make_split(const char *name, const char *split, double p, double q, const char *mask) {
    struct textured_mnist_settings settings;
    struct error err = {0};
    const char *path = suite_path(name);
    settings_default(textured_mnist_schema, &settings);
    settings.p = p;
    settings.q = q;
    settings.size = SIZE;
    settings.canvas = CANVAS;
    settings.count = COUNT;
    settings.seed = 5;
    snprintf(settings.split, sizeof settings.split, "%s", split);
    snprintf(settings.mask, sizeof settings.mask, "%s", mask);
    if (textured_mnist_generate(&settings, path, NULL, NULL, NULL, &err))
        CU_FAIL_FATAL("no shard to verify");
    return path;
}

static const char *make(const char *name, double p, double q, const char *mask) {
    return make_split(name, "train", p, q, mask);
}

static json_t *verify(const char *path) {
    struct error err = {0};
    struct shard *shard = shard_open_to_verify(path, &err);
    json_t *checks = shard ? verify_shard(shard, path, "", "", &err) : NULL;
    shard_close(shard);
    if (!checks)
        CU_FAIL_FATAL("the shard cannot be verified");
    return checks;
}

// The names of the checks with this outcome, each followed by a blank.
static const char *with_outcome(const json_t *checks, const char *outcome) {
    static char names[1000];
    size_t i;
    const json_t *check;
    names[0] = 0;
    json_array_foreach((json_t *)checks, i, check) {
        if (strcmp(json_string_value(json_object_get(check, "outcome")), outcome))
            continue;
        strcat(names, json_string_value(json_object_get(check, "name")));
        strcat(names, "; ");
    }
    return names;
}

static void check_failing(const char *path, const char *expected) {
    json_t *checks = verify(path);
    CU_ASSERT_STRING_EQUAL(with_outcome(checks, "fail"), expected);
    json_decref(checks);
}

// ---------------------------------------------------------------------------------------------- lies

// Writes one value of a dataset of integers.
static void change(const char *path, const char *name, hsize_t image, int value) {
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT), set = H5Dopen2(file, name, H5P_DEFAULT);
    hid_t space = H5Dget_space(set), one;
    hsize_t start[3] = {image, 0, 0}, extent[3] = {1, 1, 1}; // masks: the upper left pixel
    H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, extent, NULL);
    one = H5Screate(H5S_SCALAR);
    H5Dwrite(set, H5T_NATIVE_INT, one, space, H5P_DEFAULT, &value);
    H5Sclose(one);
    H5Sclose(space);
    H5Dclose(set);
    H5Fclose(file);
}

static void change_real_attribute(const char *path, const char *name, double value) {
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT), attribute = H5Aopen(file, name, H5P_DEFAULT);
    H5Awrite(attribute, H5T_NATIVE_DOUBLE, &value);
    H5Aclose(attribute);
    H5Fclose(file);
}

static int32_t *column(const char *path, const char *name) {
    struct error err = {0};
    int32_t *values = malloc(COUNT * sizeof *values);
    struct shard *shard = shard_open(path, &err);
    if (!values || !shard || shard_column(shard, name, values, &err))
        CU_FAIL_FATAL("no such column");
    shard_close(shard);
    return values;
}

static hsize_t first_with(const char *path, const char *name, int32_t value) {
    int32_t *values = column(path, name);
    hsize_t i = 0;
    while (i < COUNT && values[i] != value)
        i++;
    free(values);
    CU_ASSERT_FATAL(i < COUNT);
    return i;
}

// ---------------------------------------------------------------------------------------------- verify

static void test_an_honest_shard_passes_every_check(void) {
    const char *path = make("honest.h5", 0.5, 0.5, "hard");
    shard_fixture_manifest(path);
    json_t *checks = verify(path);
    CU_ASSERT_STRING_EQUAL(with_outcome(checks, "fail"), "");
    CU_ASSERT_STRING_EQUAL(with_outcome(checks, "skip"), "");
    CU_ASSERT(json_array_size(checks) >= 10);
    json_decref(checks);
    check_failing(make("soft.h5", 0, 1, "soft"), "");
    check_failing(make("one.h5", 1, 0, "hard"), "");
    check_failing(make_split("test.h5", "test", 1, 1, "hard"), "");
    check_failing(make_split("half.h5", "test", 0.5, 1, "hard"), "");
}

static void test_a_changed_mask_is_found(void) {
    const char *path = make("mask.h5", 0, 1, "hard");
    change(path, "masks", 17, 255);
    check_failing(path, "content digest; masks; ");
}

static void test_a_changed_label_is_found(void) {
    const char *path = make("label.h5", 1, 1, "hard");
    int32_t *labels = column(path, "labels");
    change(path, "labels", 3, (labels[3] + 1) % 10);
    free(labels);
    check_failing(path, "content digest; groups; masks; ");
}

static void test_a_claimed_share_that_is_not_there_is_found(void) {
    const char *path = make("p.h5", 0.5, 0.5, "hard");
    change_real_attribute(path, "p", 0.7);
    check_failing(path, "share of p; ");
    change_real_attribute(path, "p", 0.5);
    change_real_attribute(path, "q", 0.3);
    check_failing(path, "share of q; ");
    change_real_attribute(path, "q", 1);
    check_failing(path, "share of q; ");
}

static void test_a_class_that_is_not_the_digits_own_is_found(void) {
    const char *path = make("own.h5", 0.5, 1, "hard");
    int32_t *classes = column(path, "background_class"), *drawn = column(path, "background_drawn"),
            *labels = column(path, "labels");
    hsize_t i = 0;
    while (i < COUNT && (!drawn[i] || classes[i] == labels[i])) // the fixed background of digit d is number d
        i++;
    CU_ASSERT_FATAL(i < COUNT);
    free(classes);
    free(drawn);
    free(labels);
    change(path, "background_drawn", i, 0);
    check_failing(path, "content digest; fixed classes; ");
}

static void test_a_skewed_draw_is_found(void) {
    const char *path = make("skew.h5", 0, 1, "hard");
    for (hsize_t i = 0; i < COUNT; i += 4)
        change(path, "digit_texture_class", i, 7);
    check_failing(path, "content digest; drawn digit textures; ");
}

// A group of another class or of the other kind, and other names than theirs.
static void test_a_wrong_group_is_found(void) {
    for (int step = 1; step <= 2; step++) {
        const char *path = make("group.h5", 0.5, 1, "hard");
        int32_t *groups = column(path, "group");
        change(path, "group", 17, step == 1 ? groups[17] ^ 1 : (groups[17] + 2) % 20);
        free(groups);
        check_failing(path, "content digest; groups; ");
    }
    const char *path = make("names.h5", 0.5, 1, "hard");
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    CU_ASSERT(H5Adelete(file, "group_names") >= 0);
    H5Fclose(file);
    check_failing(path, "groups; ");
}

// What is drawn each by itself is no test split at p = 1, though each single frequency is as likely.
static void test_a_test_split_that_is_not_balanced_is_found(void) {
    const char *path = make_split("apart.h5", "validation", 0.999999, 1, "hard");
    check_failing(path, "");
    change_real_attribute(path, "p", 1);
    check_failing(path, "balanced backgrounds; ");
    change_real_attribute(path, "p", 0.999999);
    check_failing(path, "");
}

// Another revision's groups had another rule.
static void test_groups_of_another_revision_are_left_alone(void) {
    const char *path = make_split("older.h5", "test", 1, 1, "hard");
    int64_t revision = 1;
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT),
          attribute = H5Aopen(file, "generator_revision", H5P_DEFAULT);
    H5Awrite(attribute, H5T_NATIVE_INT64, &revision);
    H5Aclose(attribute);
    H5Fclose(file);
    int32_t *groups = column(path, "group");
    change(path, "group", 5, groups[5] ^ 1);
    free(groups);
    json_t *checks = verify(path);
    CU_ASSERT_STRING_EQUAL(with_outcome(checks, "fail"), "content digest; ");
    CU_ASSERT_STRING_EQUAL(with_outcome(checks, "skip"), "manifest; groups; balanced backgrounds; ");
    json_decref(checks);
}

static void test_a_digit_used_twice_is_found(void) {
    const char *path = make("twice.h5", 0, 1, "hard");
    int32_t *index = column(path, "digit_index");
    change(path, "digit_index", 8, index[9]);
    free(index);
    check_failing(path, "content digest; digits differ; masks; ");
}

static void test_positions_off_the_canvas_are_found(void) {
    const char *path = make("range.h5", 0, 1, "hard");
    change(path, "digit_x", first_with(path, "digit_x", 0), CANVAS - SIZE + 1);
    check_failing(path, "content digest; ranges; ");
}

static void test_a_manifest_of_another_file_is_found(void) {
    const char *path = make("manifest.h5", 0, 1, "hard");
    shard_fixture_manifest(path);
    change(path, "digit_index", 1, 5);
    json_t *checks = verify(path);
    suite_text_has(with_outcome(checks, "fail"), "manifest; ");
    json_decref(checks);
}

// One image of 2 x 2 pixels, of which one has the value `marked` in its mask.
static const char *make_by_hand(const char *name, uint8_t marked) {
    struct error err = {0};
    const char *path = suite_path(name);
    uint8_t image[12] = {0}, mask[4] = {0, marked};
    int32_t label = 0;
    struct shard_writer *w = shard_create(path, (struct shard_shape){1, 2, 2, 1}, NULL, 0, 1, &err);
    CU_ASSERT_FATAL(w && !shard_append(w, 1, image, mask, &label, NULL, &err) &&
                    !shard_finish(w, NULL, NULL, &err));
    return path;
}

static const char *detail_of(const json_t *checks, const char *name) {
    size_t i;
    const json_t *check;
    json_array_foreach((json_t *)checks, i, check) {
        if (!strcmp(json_string_value(json_object_get(check, "name")), name))
            return json_string_value(json_object_get(check, "detail"));
    }
    return "";
}

static void test_a_shard_made_by_hand_is_told_what_it_lacks(void) {
    const char *path = make_by_hand("hand.h5", 255);
    char digest[65], words[160];
    struct error err = {0};
    json_t *checks = verify(path);
    CU_ASSERT_STRING_EQUAL(with_outcome(checks, "fail"), "");
    CU_ASSERT_STRING_EQUAL(with_outcome(checks, "pass"), "content digest; masks; ");
    suite_text_is(detail_of(checks, "masks"),
                  "hold 0 and 255; 0 of 1 images have an empty one, 0 a full one");
    suite_text_has(detail_of(checks, "class names"), "it lacks the attribute class_names");
    suite_text_has(detail_of(checks, "groups"), "it lacks the dataset group");
    suite_text_has(detail_of(checks, "provenance"), "it lacks the attribute title");
    json_decref(checks);
    struct shard *shard = shard_open(path, &err);
    CU_ASSERT_FATAL(shard && !shard_content_compute(shard, digest, &err));
    shard_close(shard);
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    CU_ASSERT_FATAL(H5Adelete(file, "content_sha256") >= 0);
    H5Fclose(file);
    checks = verify(path);
    snprintf(words, sizeof words, "it lacks the attribute content_sha256, which for these data is %s",
             digest);
    suite_text_is(detail_of(checks, "content digest"), words);
    json_decref(checks);
}

// Next to nothing would count as annotated, and no command trains so.
static void test_masks_of_0_and_1_are_found_and_never_train(void) {
    struct program_result r;
    const char *path = make_by_hand("ones.h5", 1),
               *words = "hold 0 and 1; 0 and 255 are expected: multiply them by 255";
    json_t *checks = verify(path);
    CU_ASSERT_STRING_EQUAL(with_outcome(checks, "fail"), "masks; ");
    suite_text_is(detail_of(checks, "masks"), words);
    json_decref(checks);
    const char *output = suite_path("ones-run");
    CU_ASSERT_EQUAL(
        reff_run(&r, 0, "train", "--train", path, "--test", path, "--batch", "2", "--output", output), 1);
    suite_text_has(r.err, words);
    CU_ASSERT(!file_exists(output));
    program_free(&r);
    checks = verify(make_by_hand("low.h5", 100));
    suite_text_is(detail_of(checks, "masks"),
                  "hold values up to 100; 255 is expected where a pixel is relevant");
    json_decref(checks);
    checks = verify(make_by_hand("none.h5", 0));
    suite_text_is(detail_of(checks, "masks"), "nothing is annotated in any image");
    json_decref(checks);
}

static void test_no_allocation_failure_goes_unnoticed(void) {
    struct error err = {0};
    const char *path = make("memory.h5", 0.5, 0.5, "hard");
    for (long n = 1;; n++) {
        CU_ASSERT_FATAL(n < 1000);
        struct shard *shard = shard_open(path, &err);
        CU_ASSERT_FATAL(shard != NULL);
        memory_fail_at = n;
        json_t *checks = verify_shard(shard, path, "", "", &err);
        memory_fail_at = 0;
        shard_close(shard);
        int passed = checks != NULL;
        json_decref(checks);
        if (passed) {
            CU_ASSERT(n > 10);
            break;
        }
        suite_text_has(err.message, "out of memory");
    }
}

// ---------------------------------------------------------------------------------------------- commands

static void test_the_commands_say_what_they_found(void) {
    struct program_result r;
    const char *path = make("commands.h5", 0.5, 0.5, "hard");
    CU_ASSERT_EQUAL(reff_run(&r, 0, "verify", path), 0);
    suite_text_has(r.out, "pass  masks");
    program_free(&r);

    CU_ASSERT_EQUAL(reff_run(&r, 0, "info", "--json", path), 0);
    json_t *info = json_loads(r.out, 0, NULL);
    json_int_t sum = 0;
    size_t i;
    json_t *n;
    json_array_foreach(json_object_get(info, "per_class"), i, n) sum += json_integer_value(n);
    CU_ASSERT_EQUAL(sum, COUNT);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(info, "images")), COUNT);
    json_decref(info);
    program_free(&r);

    change(path, "masks", 0, 255);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "verify", "--json", path), 1);
    json_t *report = json_loads(r.out, 0, NULL);
    CU_ASSERT(json_is_false(json_object_get(report, "passed")));
    suite_text_has(r.err, "2 of ");
    json_decref(report);
    program_free(&r);

    CU_ASSERT_EQUAL(reff_run(&r, 0, "info", suite_path("absent.h5")), 1);
    suite_text_has(r.err, "No such file");
    program_free(&r);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "info"), 2);
    program_free(&r);
}

void suite_verify(void) {
    CU_pSuite s = CU_add_suite("verify", suite_make_folder, suite_remove_folder);
    CU_add_test(s, "an honest shard passes every check", test_an_honest_shard_passes_every_check);
    CU_add_test(s, "a changed mask is found", test_a_changed_mask_is_found);
    CU_add_test(s, "a changed label is found", test_a_changed_label_is_found);
    CU_add_test(s, "a claimed share that is not there is found",
                test_a_claimed_share_that_is_not_there_is_found);
    CU_add_test(s, "a class that is not the digit's own is found",
                test_a_class_that_is_not_the_digits_own_is_found);
    CU_add_test(s, "a skewed draw is found", test_a_skewed_draw_is_found);
    CU_add_test(s, "a wrong group is found", test_a_wrong_group_is_found);
    CU_add_test(s, "a test split that is not balanced is found",
                test_a_test_split_that_is_not_balanced_is_found);
    CU_add_test(s, "groups of another revision are left alone",
                test_groups_of_another_revision_are_left_alone);
    CU_add_test(s, "a digit used twice is found", test_a_digit_used_twice_is_found);
    CU_add_test(s, "positions off the canvas are found", test_positions_off_the_canvas_are_found);
    CU_add_test(s, "a manifest of another file is found", test_a_manifest_of_another_file_is_found);
    CU_add_test(s, "a shard made by hand is told what it lacks",
                test_a_shard_made_by_hand_is_told_what_it_lacks);
    CU_add_test(s, "masks of 0 and 1 are found, and never train",
                test_masks_of_0_and_1_are_found_and_never_train);
    CU_add_test(s, "no allocation failure goes unnoticed", test_no_allocation_failure_goes_unnoticed);
    CU_add_test(s, "the commands say what they found", test_the_commands_say_what_they_found);
}
