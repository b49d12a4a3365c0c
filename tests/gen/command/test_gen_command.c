// SPDX-License-Identifier: Apache-2.0
// reff gen as a user meets it: one line for each mistake, with the exit status, and no file left behind; the
// shard with its manifest; the built-in sources as files.
#include "core/base/digest.h"
#include "core/base/memory.h"
#include "core/shard/shard.h"
#include "gen/draw/builtin_digits.h"
#include "gen/draw/builtin_textures.h"
#include "gen/export/export_builtin.h"
#include "gen/read/image.h"
#include "gen/textured_mnist/digits.h"
#include "tests/support/sources_fixture.h"
#include "tests/support/suite.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPTIONS_MAXIMUM = 12 };

// Runs reff gen textured-mnist --output OUTPUT with small settings, then those given (NULL ends them; a later
// option overrides an earlier one).
static int run(struct program_result *r, long file_limit, const char *output, const char *const options[]) {
    const char *argv[32] = {suite_reff(), "gen", "textured-mnist", "--size", "20", "--canvas", "28",
                            "--count",    "20",  "--output",       output};
    int count = 11;
    for (int i = 0; options && options[i]; i++)
        argv[count++] = options[i];
    argv[count] = NULL;
    return program_run(r, file_limit, argv);
}

// It must fail with this status and the one line "reff: ...message..."; nothing may be left in the folder.
static void check_refused(const char *output, const char *const options[], int status, const char *message) {
    struct program_result r;
    int before = suite_count_entries(suite_folder());
    run(&r, 0, output, options);
    CU_ASSERT_EQUAL(r.status, status);
    CU_ASSERT_STRING_EQUAL(r.out, "");
    CU_ASSERT(!strncmp(r.err, "reff: ", 6) && strchr(r.err, '\n') == r.err + strlen(r.err) - 1);
    suite_text_has(r.err, message);
    CU_ASSERT_EQUAL(suite_count_entries(suite_folder()), before);
    program_free(&r);
}

static void test_wrong_options_are_named(void) {
    static const struct {
        const char *options[OPTIONS_MAXIMUM], *message;
    } rows[] = {
        {{"--p", "1.5"}, "--p: 1.5 is not in 0..1"},
        {{"--p", "-0.1"}, "--p: -0.1 is not in 0..1"},
        {{"--p", "nan"}, "--p: 'nan' is not a number"},
        {{"--q", "inf"}, "--q: 'inf' is not a number"},
        {{"--q", "abc"}, "--q: 'abc' is not a number"},
        {{"--q", ""}, "--q: '' is not a number"},
        {{"--size", "225", "--canvas", "224"}, "--size: 225 is not in 4..224, the canvas"},
        {{"--size", "3"}, "--size: 3 is not in 4..1024"},
        {{"--canvas", "0"}, "--canvas: 0 is not in 8..1024"},
        {{"--canvas", "1025"}, "--canvas: 1025 is not in 8..1024"},
        {{"--count", "54001"}, "--count: 54001 is more than the 54000 images of split train"},
        {{"--count", "6001", "--split", "validation"}, "--count: 6001 is more than the 6000 images of split"},
        {{"--count", "-1"}, "--count: -1 is not in 0..1000000"},
        {{"--split", "tset"}, "--split: 'tset' (did you mean 'test'?) is none of: train validation test"},
        {{"--seed", "-1"}, "--seed: '-1' is not a whole number of at least 0"},
        {{"--texture-set", "dtd47"}, "there is no texture set 'dtd47'; there are dtd, mixed20, mixed47, and"},
        {{"--texture-set", "mixed20"}, "texture class 'kth_tips/aluminium_foil' is not built in"},
        {{"--compression", "10"}, "--compression: 10 is not in 0..9"},
        {{"--colour"}, "unknown option '--colour'; see reff gen textured-mnist --help"},
        {{"train.h5"}, "'train.h5' is one word too many"},
    };
    const char *output = suite_path("usage.h5");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_refused(output, rows[i].options, EXIT_USAGE, rows[i].message);
    check_refused("", NULL, EXIT_USAGE, "--output: a file name must be given");
    check_refused("-", NULL, EXIT_USAGE, "HDF5 cannot be written to standard output");
}

static void test_wrong_sources_are_named(void) {
    static struct source_files textures, digits;
    struct error err = {0};
    const char *output = suite_path("sources.h5"), *empty = suite_path("empty.zip");
    CU_ASSERT_FATAL(!file_write(empty, "", 0, &err));
    check_refused(output, (const char *[]){"--mnist", suite_path("absent"), NULL}, EXIT_FAILED,
                  "absent: No such file or directory");
    check_refused(output, (const char *[]){"--mnist", empty, NULL}, EXIT_FAILED,
                  "empty.zip: an empty file, not an archive");
    check_refused(output, (const char *[]){"--textures", empty, NULL}, EXIT_FAILED,
                  "empty.zip: an empty file, not an archive");
    sources_digits(&digits);
    sources_find(&digits, "train-images")->size -= 9;
    check_refused(output, (const char *[]){"--mnist", sources_folder("mnist", &digits), NULL}, EXIT_FAILED,
                  "mnist/MNIST/raw/train-images-idx3-ubyte.gz: truncated gzip");
    sources_textures(&textures);
    sources_find(&textures, "b0_0003.jpg")->size = 300;
    check_refused(output,
                  (const char *[]){"--textures", sources_archive("cut.zip", &textures), "--texture-set",
                                   sources_set("cut.ini", NULL), NULL},
                  EXIT_FAILED, "cut.zip: tex/images/b0/b0_0003.jpg: truncated JPEG");
    sources_free(&textures);
    sources_free(&digits);
}

static void test_outputs_that_cannot_be_are_named(void) {
    struct error err = {0};
    CU_ASSERT_FATAL(!folder_make(suite_path("folder"), &err));
    check_refused(suite_path("folder"), NULL, EXIT_FAILED, "folder: Is a directory");
    check_refused(suite_path("none/train.h5"), NULL, EXIT_FAILED, "none/train.h5: there is no folder ");
    CU_ASSERT_FATAL(!mkfifo(suite_path("pipe"), 0600)); // stands for /dev/full, which must not become a file
    check_refused(suite_path("pipe"), NULL, EXIT_FAILED, "pipe: not a regular file");
    check_refused("/proc/train.h5", NULL, EXIT_FAILED, "/proc/train.h5: No such file or directory");
    CU_ASSERT_EQUAL(suite_count_entries(suite_path("folder")), 0);
}

static void test_a_full_disk_leaves_the_old_file(void) {
    struct program_result r;
    struct error err = {0};
    size_t size;
    const char *output = suite_path("old.h5");
    CU_ASSERT_FATAL(!file_write(output, "old", 3, &err));
    int before = suite_count_entries(suite_folder());
    CU_ASSERT_EQUAL(run(&r, 50000, output, (const char *[]){"--force", NULL}), EXIT_FAILED);
    suite_text_has(r.err, "old.h5: File too large\n");
    program_free(&r);
    char *text = file_read(output, 1 << 20, &size, &err);
    CU_ASSERT(text && size == 3 && !memcmp(text, "old", 3));
    free(text);
    CU_ASSERT_EQUAL(suite_count_entries(suite_folder()), before);
}

static void test_shards_have_a_manifest(void) {
    struct program_result r;
    struct error err = {0};
    char digest[DIGEST_SIZE], expected[DIGEST_SIZE + 40];
    const char *output = suite_path("good.h5");
    CU_ASSERT_EQUAL(run(&r, 0, output, (const char *[]){"--threads", "1", NULL}), EXIT_OK);
    CU_ASSERT_STRING_EQUAL(r.out, "");
    program_free(&r);
    CU_ASSERT_FATAL(!digest_file(output, digest, &err));
    char *text = file_read(suite_path("good.h5.sha256"), 1000, NULL, &err);
    snprintf(expected, sizeof expected, "%s  good.h5\n", digest);
    CU_ASSERT_FATAL(text != NULL);
    CU_ASSERT_STRING_EQUAL(text, expected);
    free(text);
    CU_ASSERT_EQUAL(run(&r, 0, output, (const char *[]){"--threads", "3", "--force", NULL}), EXIT_OK);
    program_free(&r);
    char again[DIGEST_SIZE];
    CU_ASSERT_FATAL(!digest_file(output, again, &err));
    CU_ASSERT_STRING_EQUAL(digest, again);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "verify", output), EXIT_OK);
    program_free(&r);
}

static void test_a_file_is_replaced_only_when_forced(void) {
    struct error err = {0};
    size_t size;
    const char *output = suite_path("mine.h5");
    CU_ASSERT_FATAL(!file_write(output, "mine", 4, &err));
    check_refused(output, NULL, EXIT_FAILED, "mine.h5: is there already; --force replaces it\n");
    char *text = file_read(output, 1 << 20, &size, &err);
    CU_ASSERT(text && size == 4 && !memcmp(text, "mine", 4));
    free(text);
    struct program_result r;
    CU_ASSERT_EQUAL(run(&r, 0, output, (const char *[]){"--force", NULL}), EXIT_OK);
    program_free(&r);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "verify", output), EXIT_OK);
    program_free(&r);
}

// One line on standard error: what is in it, as info has it, and the digest of its manifest.
static void test_a_shard_is_told_of_in_one_line(void) {
    struct program_result r;
    struct error err = {0};
    struct shard_summary summary;
    struct stat status;
    char digest[DIGEST_SIZE], expected[PATH_SIZE + 300];
    const char *output = suite_path("told.h5");
    CU_ASSERT_EQUAL(run(&r, 0, output, NULL), EXIT_OK);
    CU_ASSERT_FATAL(!digest_file(output, digest, &err) && !shard_summarise(output, &summary, &err) &&
                    !stat(output, &status));
    snprintf(expected, sizeof expected,
             "%s: 20 images, 10 classes, %.1f %% annotated, %ld bytes, sha256 %s\n", output,
             100 * summary.annotated, (long)status.st_size, digest);
    CU_ASSERT_STRING_EQUAL(r.err, expected);
    program_free(&r);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "info", "--json", output), EXIT_OK);
    json_t *info = json_loads(r.out, 0, NULL);
    CU_ASSERT_DOUBLE_EQUAL(json_number_value(json_object_get(info, "annotated")), summary.annotated, 1e-9);
    CU_ASSERT(summary.annotated > 0.01 && summary.annotated < 0.5);
    json_decref(info);
    program_free(&r);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "gen", "textures", "--count", "1", "--size", "8", "--output",
                             suite_path("told-textures")),
                    EXIT_OK);
    snprintf(expected, sizeof expected, "%s: 47 pictures of 8 x 8 pixels, 1 of each of 47 classes\n",
             suite_path("told-textures"));
    CU_ASSERT_STRING_EQUAL(r.err, expected);
    program_free(&r);
}

// What a program prints is part of what it does: if that is lost, it has failed.
static void test_a_closed_output_is_a_failure(void) {
    static const char *const commands[] = {"info", "info --json", "verify", "verify --json"};
    struct program_result r;
    const char *shard = suite_path("printed.h5");
    CU_ASSERT_EQUAL(run(&r, 0, shard, NULL), EXIT_OK);
    program_free(&r);
    if (!file_exists("/dev/full"))
        SKIP("no /dev/full here");
    for (int i = 0; i < 4; i++) {
        char line[2 * PATH_SIZE + 100];
        snprintf(line, sizeof line, "exec '%s' %s '%s' >/dev/full", suite_reff(), commands[i], shard);
        const char *const argv[] = {"/bin/sh", "-c", line, NULL};
        CU_ASSERT_EQUAL(program_run(&r, 0, argv), EXIT_FAILED);
        CU_ASSERT_STRING_EQUAL(r.err, "reff: standard output: No space left on device\n");
        program_free(&r);
    }
}

// ------------------------------------------------------------------------- built-in sources as files

static void test_built_in_digits_come_back_from_their_files(void) {
    struct error err = {0};
    uint8_t drawn[DIGIT_SIZE * DIGIT_SIZE], room[sizeof drawn];
    const char *folder = suite_path("digits");
    CU_ASSERT_FATAL(!export_builtin_digits(folder, &err));
    CU_ASSERT_EQUAL(suite_count_entries(folder), 4);
    struct digits *d = digits_open(folder, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(d);
    for (int part = 0; part < 2; part++) {
        int count = part ? BUILTIN_DIGIT_TEST : BUILTIN_DIGIT_TRAIN;
        CU_ASSERT_EQUAL(digits_count(d, part), count);
        for (int i = 0; i < count; i += 997) {
            builtin_digit_draw(part, i, drawn);
            CU_ASSERT(!memcmp(drawn, digits_image(d, part, i, room), sizeof drawn));
            CU_ASSERT_EQUAL(digits_label(d, part, i), builtin_digit_label(part, i));
        }
    }
    digits_close(d);
}

static void test_built_in_textures_come_back_from_their_files(void) {
    enum { SIDE = 24 };
    struct error err = {0};
    uint8_t drawn[SIDE * SIDE * 3];
    CU_ASSERT_FATAL(!export_builtin_textures(suite_path("textures"), 2, SIDE, &err));
    for (int class = 0; class < BUILTIN_TEXTURE_CLASSES; class ++)
        for (int i = 0; i < 2; i++) {
            char name[PATH_SIZE], file[80];
            struct image image;
            size_t size;
            builtin_texture_file(class, i, file, sizeof file);
            snprintf(name, sizeof name, "textures/dtd/images/%s/%s", builtin_texture_classes[class], file);
            uint8_t *bytes = (uint8_t *)file_read(suite_path(name), 1 << 20, &size, &err);
            CU_ASSERT_FATAL(bytes && !image_decode(bytes, size, name, &image, &err));
            CU_ASSERT_FATAL(!builtin_texture_draw(class, i, SIDE, 0, 0, SIDE, SIDE, drawn, &err));
            CU_ASSERT(image.width == SIDE && !memcmp(image.pixels, drawn, sizeof drawn));
            image_free(&image);
            free(bytes);
        }
}

static void test_exports_that_fail_leave_nothing(void) {
    struct program_result r;
    const char *digits = suite_path("full-digits"), *textures = suite_path("full-textures");
    int before = suite_count_entries(suite_folder());
    CU_ASSERT_EQUAL(reff_run(&r, 100000, "gen", "digits", "--output", digits), EXIT_FAILED);
    suite_text_has(r.err, "full-digits/train-images-idx3-ubyte.gz: File too large\n");
    program_free(&r);
    CU_ASSERT_EQUAL(
        reff_run(&r, 500, "gen", "textures", "--count", "1", "--size", "16", "--output", textures),
        EXIT_FAILED);
    suite_text_has(r.err, ".png: File too large\n");
    program_free(&r);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "gen", "digits", "--output", ""), EXIT_USAGE);
    program_free(&r);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "gen"), EXIT_USAGE);
    program_free(&r);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "gen", "cats"), EXIT_USAGE);
    CU_ASSERT_STRING_EQUAL(
        r.err, "reff: 'cats' cannot be generated; there are textured-mnist, isic2017, pets, folder, digits, "
               "textures\n");
    program_free(&r);
    CU_ASSERT_EQUAL(suite_count_entries(suite_folder()), before);
    struct error err = {0};
    for (long n = 1; n < 6; n++) {
        memory_fail_at = n;
        CU_ASSERT(export_builtin_textures(textures, 1, 8, &err));
        memory_fail_at = 0;
        suite_text_begins(err.message, "out of memory");
    }
    CU_ASSERT_EQUAL(suite_count_entries(suite_folder()), before);
}

void suite_gen_command(void) {
    CU_pSuite s = CU_add_suite("gen_command", suite_make_folder, suite_remove_folder);
    CU_add_test(s, "wrong options are named", test_wrong_options_are_named);
    CU_add_test(s, "wrong sources are named", test_wrong_sources_are_named);
    CU_add_test(s, "outputs that cannot be are named", test_outputs_that_cannot_be_are_named);
    CU_add_test(s, "a full disk leaves the old file", test_a_full_disk_leaves_the_old_file);
    CU_add_test(s, "shards have a manifest", test_shards_have_a_manifest);
    CU_add_test(s, "a file is replaced only when forced", test_a_file_is_replaced_only_when_forced);
    CU_add_test(s, "a shard is told of in one line", test_a_shard_is_told_of_in_one_line);
    CU_add_test(s, "a closed output is a failure", test_a_closed_output_is_a_failure);
    CU_add_test(s, "built-in digits come back from their files",
                test_built_in_digits_come_back_from_their_files);
    CU_add_test(s, "built-in textures come back from their files",
                test_built_in_textures_come_back_from_their_files);
    CU_add_test(s, "exports that fail leave nothing", test_exports_that_fail_leave_nothing);
}
