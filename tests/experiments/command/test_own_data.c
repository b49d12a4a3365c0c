// SPDX-License-Identifier: Apache-2.0
// Shards of a user's own images in every command: what has no mask is not learned from as if it had, and measured
// nowhere as if it had.
#include "core/shard/shard.h"
#include "tests/support/photographs_fixture.h"
#include "tests/support/suite.h"

#include <CUnit/CUnit.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EACH = 6 }; // images of a class

// Two classes with masks, and `more` images of each without, as NAME.h5.
static const char *make(const char *name, int masked, int more) {
    static struct source_files images, masks;
    struct program_result r;
    char file[80], folders[2][80];
    images.count = masks.count = 0;
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < EACH + more; i++) {
            snprintf(file, sizeof file, "%s/%c%d.jpg", k ? "owl" : "crow", i < EACH ? 'a' : 'b', i);
            photos_add_jpeg(&images, file, 32, 32, 20 * k + i);
            snprintf(file, sizeof file, "%s/%c%d.png", k ? "owl" : "crow", i < EACH ? 'a' : 'b', i);
            if (i < EACH && masked)
                photos_add_mask(&masks, file, 32, 32, 255, 0);
        }
    snprintf(folders[0], sizeof folders[0], "%s-images", name);
    snprintf(folders[1], sizeof folders[1], "%s-masks", name);
    const char *at = sources_folder(folders[0], &images);
    snprintf(file, sizeof file, "%s.h5", name);
    const char *path = suite_path(file);
    if (masked)
        reff_run(&r, 0, "gen", "folder", "--images", at, "--masks", sources_folder(folders[1], &masks),
                 "--pixels", "16", "--test-share", "0", "--output", path);
    else
        reff_run(&r, 0, "gen", "folder", "--images", at, "--pixels", "16", "--test-share", "0", "--output",
                 path);
    CU_ASSERT_EQUAL_FATAL(r.status, 0);
    program_free(&r);
    sources_free(&images);
    sources_free(&masks);
    return path;
}

static int train(struct program_result *r, const char *shard, const char *method, const char *output) {
    return reff_run(r, 0, "train", "--train", shard, "--test", shard, "--width", "2", "--batch", "4",
                    "--epochs", "1", "--threads", "1", "--method", method, "--save-model", "--output",
                    output);
}

// The Grad-CAMs of layer 4 inside the annotation, over the images of the shard.
static double inside_of(const char *shard, const char *run) {
    struct program_result r;
    char weights[PATH_SIZE];
    snprintf(weights, sizeof weights, "%s/model.safetensors", run);
    CU_ASSERT_EQUAL_FATAL(reff_run(&r, 0, "eval", "--json", "--weights", weights, shard), 0);
    json_t *all = json_loads(r.out, 0, NULL);
    double inside = json_number_value(json_object_get(json_object_get(all, "cam_inside"), "layer4"));
    json_decref(all);
    program_free(&r);
    return inside;
}

static void test_images_without_masks_are_measured_in_no_mask(void) {
    struct program_result r;
    const char *masked = make("masked", 1, 0), *mixed = make("mixed", 1, 5), *run = suite_path("run");
    CU_ASSERT_EQUAL_FATAL(train(&r, mixed, "reff", run), 0);
    program_free(&r);
    double inside = inside_of(masked, run);
    CU_ASSERT(inside > 0 && inside < 0.999);
    suite_near(inside_of(mixed, run), inside, 1e-6); // the others would each count as 1
}

static void test_what_learns_from_annotations_is_refused_where_there_are_none(void) {
    struct program_result r;
    const char *none = make("none", 0, 0), *run = suite_path("none-run");
    CU_ASSERT_EQUAL(train(&r, none, "reff", run), 1);
    suite_text_has(
        r.err,
        "none.h5: nothing in it is annotated, and reff learns from annotations; baseline does without");
    CU_ASSERT(!file_exists(suite_path("none-run/run.json")));
    program_free(&r);
    CU_ASSERT_EQUAL(train(&r, none, "baseline", run), 0);
    program_free(&r);
}

// The pseudo-annotator learns from images that have masks alone, and annotates the others.
static void test_pseudo_annotations_are_learned_from_masks_alone(void) {
    struct program_result r;
    struct error err = {0};
    const char *mixed = make("some", 1, 3), *output = suite_path("annotated.h5");
    CU_ASSERT_EQUAL(reff_run(&r, 0, "annotate", "--shard", mixed, "--n", "7", "--ngf", "2", "--ndf", "2",
                             "--iterations", "2", "--output", output),
                    1);
    suite_text_has(r.err, "class 0 has 6 images, fewer than the 7 to be annotated");
    program_free(&r);
    CU_ASSERT_EQUAL_FATAL(reff_run(&r, 0, "annotate", "--shard", mixed, "--n", "6", "--ngf", "2", "--ndf",
                                   "2", "--iterations", "2", "--output", output),
                          0);
    program_free(&r);
    struct shard *shard = shard_open(output, &err);
    CU_ASSERT_FATAL(shard != NULL);
    int32_t has_mask[2 * (EACH + 3)], annotated[2 * (EACH + 3)];
    CU_ASSERT_FATAL(!shard_column(shard, "has_mask", has_mask, &err) &&
                    !shard_column(shard, "annotated", annotated, &err));
    CU_ASSERT(!memcmp(has_mask, annotated, sizeof annotated)); // all six of each class, no other
    shard_close(shard);
}

static void test_verify_knows_the_images(void) {
    struct program_result r;
    struct error err = {0};
    const char *path = make("verified", 1, 2), *folder = suite_path("verified-images");
    CU_ASSERT_EQUAL(reff_run(&r, 0, "verify", "--source", folder, path), 0);
    static const char *const checks[] = {"pass  counts", "pass  groups", "pass  names",
                                         "pass  crops",  "pass  masks",  "pass  sources"};
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        suite_text_has(r.out, checks[i]);
    program_free(&r);
    CU_ASSERT_FATAL(!file_write(suite_path("verified-images/owl/more.png"), "x", 1, &err));
    CU_ASSERT_EQUAL(reff_run(&r, 0, "verify", "--source", folder, path), 1);
    suite_text_has(r.out, "does not hold the images that the shard was made from");
    program_free(&r);
}

static size_t record_size; // of an image, its mask and its label

static int by_bytes(const void *a, const void *b) {
    return memcmp(a, b, record_size);
}

// The images of a shard with their masks and labels, in an order that their bytes alone decide.
static uint8_t *content_of(const char *path, size_t *size) {
    struct error err = {0};
    struct shard *shard = shard_open(path, &err);
    CU_ASSERT_FATAL(shard != NULL);
    struct shard_shape shape = shard_shape(shard);
    size_t area = (size_t)shape.height * (size_t)shape.width;
    record_size = 4 * area + sizeof(int32_t);
    uint8_t *all = malloc(*size = (size_t)shape.count * record_size);
    CU_ASSERT_FATAL(all != NULL);
    for (uint32_t i = 0; i < (uint32_t)shape.count; i++) {
        uint8_t *record = all + i * record_size;
        int32_t label;
        CU_ASSERT_FATAL(!shard_read(shard, &i, 1, record, record + 3 * area, &label, &err));
        memcpy(record + 4 * area, &label, sizeof label);
    }
    qsort(all, (size_t)shape.count, record_size, by_bytes);
    shard_close(shard);
    return all;
}

static void test_what_was_exported_comes_back(void) {
    static const char *const formats[] = {"imagefolder", "wilds"};
    const char *first = suite_path("first.h5"), *back = suite_path("back.h5");
    struct program_result r;
    size_t size, back_size;
    CU_ASSERT_EQUAL_FATAL(reff_run(&r, 0, "gen", "textured-mnist", "--size", "16", "--canvas", "16",
                                   "--count", "40", "--split", "test", "--p", "1", "--output", first),
                          0);
    program_free(&r);
    uint8_t *before = content_of(first, &size);
    for (int k = 0; k < 2; k++) {
        const char *folder = suite_path(formats[k]);
        CU_ASSERT_EQUAL_FATAL(reff_run(&r, 0, "export", first, "--format", formats[k], "--output", folder),
                              0);
        program_free(&r);
        CU_ASSERT_EQUAL_FATAL(reff_run(&r, 0, "gen", "folder", "--images", folder, "--pixels", "16",
                                       "--split", "test", "--force", "--output", back),
                              0);
        suite_text_has(r.err, "40 masks hold 0 and 255");
        program_free(&r);
        uint8_t *after = content_of(back, &back_size);
        CU_ASSERT(back_size == size && !memcmp(before, after, size));
        free(after);
    }
    free(before);
}

void suite_own_data(void) {
    CU_pSuite s = CU_add_suite("own_data", suite_make_folder, suite_remove_folder);
    CU_add_test(s, "images without masks are measured in no mask",
                test_images_without_masks_are_measured_in_no_mask);
    CU_add_test(s, "what learns from annotations is refused where there are none",
                test_what_learns_from_annotations_is_refused_where_there_are_none);
    CU_add_test(s, "verify knows the images", test_verify_knows_the_images);
    CU_add_test(s, "what was exported comes back", test_what_was_exported_comes_back);
    CU_add_test(s, "pseudo-annotations are learned from masks alone",
                test_pseudo_annotations_are_learned_from_masks_alone);
}
