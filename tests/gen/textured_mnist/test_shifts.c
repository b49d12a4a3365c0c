// SPDX-License-Identifier: Apache-2.0
// Shifts of Textured MNIST: off they leave no trace, each does what it says and nothing else, and reff verify finds what
// is not so.
#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/base/json.h"
#include "gen/textured_mnist/shifts.h"
#include "gen/verify/verify.h"
#include "tests/support/suite.h"

#include <hdf5.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 300, CANVAS = 32, AREA = CANVAS * CANVAS };

struct made { // a shard, read again
    uint8_t images[COUNT * AREA * 3], masks[COUNT * AREA];
    int32_t labels[COUNT], columns[SHIFT_COLUMNS][COUNT];
};

static struct textured_mnist_settings settings_of(void) {
    struct textured_mnist_settings s;
    settings_default(textured_mnist_schema, &s);
    s.p = 0.3;
    s.size = 28;
    s.canvas = CANVAS;
    s.count = COUNT;
    s.seed = 7;
    snprintf(s.blend, sizeof s.blend, "hard");
    return s;
}

// With every shift that leaves columns.
static struct textured_mnist_settings shifted_settings(void) {
    struct textured_mnist_settings s = settings_of();
    s.label_noise = 0.1;
    s.patch_p = 0.5;
    s.covered = 0.2;
    s.annotation_shuffled = 0.2;
    s.annotation_missing = 0.1;
    return s;
}

static const char *make(const struct textured_mnist_settings *s, const char *name, struct made *out) {
    struct error err = {0};
    uint32_t index[COUNT];
    const char *path = suite_path(name);
    if (textured_mnist_generate(s, path, NULL, NULL, NULL, &err))
        CU_FAIL_FATAL("no shard");
    struct shard *shard = shard_open(path, &err);
    for (uint32_t i = 0; i < COUNT; i++)
        index[i] = i;
    CU_ASSERT_FATAL(shard && !shard_read(shard, index, COUNT, out->images, out->masks, out->labels, &err));
    for (int k = 0; k < SHIFT_COLUMNS && shifts_any(s); k++)
        CU_ASSERT_FATAL(!shard_column(shard, shift_columns[k].name, out->columns[k], &err));
    shard_close(shard);
    return path;
}

static int fails(const char *path, const char *check) { // whether that check of verify fails, and no other
    struct error err = {0};
    struct shard *shard = shard_open_to_verify(path, &err);
    json_t *checks = shard ? verify_shard(shard, path, "", "", &err) : NULL, *one;
    size_t i;
    int found = 0, others = 0;
    CU_ASSERT_FATAL(checks != NULL);
    json_array_foreach(checks, i, one) {
        const char *name = json_string_value(json_object_get(one, "name"));
        int failed = !strcmp(json_string_value(json_object_get(one, "outcome")), "fail");
        found += failed && !strcmp(name, check);
        others += failed && strcmp(name, check) && strcmp(name, "content digest") && strcmp(name, "manifest");
    }
    json_decref(checks);
    shard_close(shard);
    return found && !others;
}

static void test_shifts_that_are_off_are_in_no_identity(void) {
    struct textured_mnist_settings s = settings_of();
    json_t *off = settings_json(textured_mnist_schema, &s, 1);
    static const char *const names[] = {
        "label_noise",        "covered", "patch_p", "annotation", "annotation_dilated", "annotation_missing",
        "annotation_shuffled"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        CU_ASSERT_PTR_NULL(json_object_get(off, names[i]));
    CU_ASSERT(!shifts_any(&s));
    json_decref(off);
    s.patch_p = 0; // on: its colour gives the digit away
    CU_ASSERT(shifts_any(&s));
    json_t *on = settings_json(textured_mnist_schema, &s, 1);
    CU_ASSERT_PTR_NOT_NULL(json_object_get(on, "patch_p"));
    json_decref(on);
}

// Without shifts, and with each of them: images that no shift concerns are the same bytes.
static void test_each_shift_changes_what_it_says_and_nothing_else(void) {
    static struct made plain, shifted;
    struct textured_mnist_settings s = settings_of();
    make(&s, "plain.h5", &plain);
    s.label_noise = 0.2;
    make(&s, "noise.h5", &shifted);
    CU_ASSERT(!memcmp(plain.images, shifted.images, sizeof plain.images));
    CU_ASSERT(!memcmp(plain.masks, shifted.masks, sizeof plain.masks));
    int wrong = 0;
    for (int i = 0; i < COUNT; i++) {
        CU_ASSERT_EQUAL(shifted.columns[SHIFT_TRUE_LABEL][i], plain.labels[i]);
        wrong += shifted.labels[i] != plain.labels[i];
    }
    suite_near(wrong, 60, 30);
    s = settings_of();
    s.patch_p = 0;
    make(&s, "patch.h5", &shifted);
    for (int i = 0; i < COUNT; i++) { // 4 x 4 pixels in a corner, one colour a class
        int changed = 0;
        CU_ASSERT_EQUAL(shifted.columns[SHIFT_PATCH_COLOUR][i], plain.labels[i]);
        for (int p = 0; p < AREA; p++)
            changed += memcmp(plain.images + (i * AREA + p) * 3, shifted.images + (i * AREA + p) * 3, 3) != 0;
        CU_ASSERT(changed > 8 && changed <= 16);
    }
    s = settings_of();
    s.covered = 0.4;
    make(&s, "covered.h5", &shifted);
    for (int i = 0; i < COUNT; i++) {
        double before = 0, after = 0;
        for (int p = 0; p < AREA; p++) {
            int same = !memcmp(plain.images + (i * AREA + p) * 3, shifted.images + (i * AREA + p) * 3, 3);
            before += plain.masks[i * AREA + p];
            after += shifted.masks[i * AREA + p];
            CU_ASSERT(same || (plain.masks[i * AREA + p] && !shifted.masks[i * AREA + p]));
        }
        CU_ASSERT(after <= 0.6 * before && after > 0);
    }
}

static void test_annotations_are_made_coarse(void) {
    static struct made plain, shifted;
    struct textured_mnist_settings s = settings_of();
    make(&s, "plain.h5", &plain);
    snprintf(s.annotation, sizeof s.annotation, "box");
    s.annotation_missing = 0.1;
    make(&s, "box.h5", &shifted);
    CU_ASSERT(!memcmp(plain.images, shifted.images, sizeof plain.images));
    int missing = 0;
    for (int i = 0; i < COUNT; i++) {
        int left = CANVAS, right = -1, top = CANVAS, bottom = -1;
        for (int p = 0; p < AREA; p++)
            if (plain.masks[i * AREA + p]) {
                left = p % CANVAS < left ? p % CANVAS : left;
                right = p % CANVAS > right ? p % CANVAS : right;
                top = p / CANVAS < top ? p / CANVAS : top;
                bottom = p / CANVAS;
            }
        missing += shifted.columns[SHIFT_ANNOTATION_MISSING][i];
        for (int p = 0; p < AREA; p++) {
            int x = p % CANVAS, y = p / CANVAS, in = x >= left && x <= right && y >= top && y <= bottom;
            CU_ASSERT_EQUAL(shifted.masks[i * AREA + p],
                            in || shifted.columns[SHIFT_ANNOTATION_MISSING][i] ? 255 : 0);
        }
    }
    suite_near(missing, 30, 20);
    s = settings_of();
    s.annotation_dilated = 2;
    s.annotation_shuffled = 0.3;
    make(&s, "dilated.h5", &shifted);
    int others = 0;
    for (int i = 0; i < COUNT; i++) {
        int of = shifted.columns[SHIFT_ANNOTATION_OF][i], fault = 0;
        others += of != i;
        for (int p = 0; p < AREA; p++) {
            int near = 0;
            for (int q = 0; q < AREA && !near; q++)
                near = plain.masks[of * AREA + q] && abs(p % CANVAS - q % CANVAS) <= 2 &&
                       abs(p / CANVAS - q / CANVAS) <= 2;
            fault += shifted.masks[i * AREA + p] != (near ? 255 : 0);
        }
        CU_ASSERT_EQUAL(fault, 0);
    }
    suite_near(others, 90, 40);
    s = settings_of();
    snprintf(s.annotation, sizeof s.annotation, "disc");
    make(&s, "disc.h5", &shifted);
    for (int i = 0; i < COUNT; i++) {
        double exact = 0, disc = 0;
        for (int p = 0; p < AREA; p++) {
            exact += plain.masks[i * AREA + p] / 255.0;
            disc += shifted.masks[i * AREA + p] / 255.0;
        }
        suite_near(disc, exact, 0.05 * exact);
    }
}

// Writes one value of a column, or the pixel (at, at) of an image or mask.
static void change_at(const char *path, const char *name, hsize_t image, hsize_t at, int value) {
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT), set = H5Dopen2(file, name, H5P_DEFAULT),
          space = H5Dget_space(set), one = H5Screate(H5S_SCALAR);
    hsize_t start[4] = {image, at, at, 0}, extent[4] = {1, 1, 1, 1};
    H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, extent, NULL);
    H5Dwrite(set, H5T_NATIVE_INT, one, space, H5P_DEFAULT, &value);
    H5Sclose(one), H5Sclose(space), H5Dclose(set), H5Fclose(file);
}

static void change(const char *path, const char *name, hsize_t image, int value) {
    change_at(path, name, image, 0, value);
}

static void change_attribute(const char *path, const char *name, double value) {
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT), attribute = H5Aopen(file, name, H5P_DEFAULT);
    H5Awrite(attribute, H5T_NATIVE_DOUBLE, &value);
    H5Aclose(attribute), H5Fclose(file);
}

static void test_what_a_shard_records_of_its_shifts_is_verified(void) {
    static struct made shifted;
    struct textured_mnist_settings s = shifted_settings();
    s.annotation_dilated = 1;
    const char *path = make(&s, "all.h5", &shifted);
    CU_ASSERT(!fails(path, "masks"));
    int own = 0, drawn = 0;
    while (shifted.columns[SHIFT_ANNOTATION_MISSING][own])
        own++;
    while (shifted.columns[SHIFT_PATCH_DRAWN][drawn])
        drawn++;
    change(path, "masks", (hsize_t)own, shifted.masks[own * AREA] ? 0 : 255);
    CU_ASSERT(fails(path, "masks"));
    make(&s, "all.h5", &shifted);
    change(path, "patch_colour", (hsize_t)drawn, (shifted.columns[SHIFT_PATCH_COLOUR][drawn] + 1) % 10);
    CU_ASSERT(fails(path, "shifts"));
    make(&s, "all.h5", &shifted);
    change(path, "annotation_missing", (hsize_t)own, 1);
    CU_ASSERT(fails(path, "masks"));
    make(&s, "all.h5", &shifted);
    change_attribute(path, "label_noise", 0.6);
    CU_ASSERT(fails(path, "wrong labels"));
    make(&s, "all.h5", &shifted);
    change_attribute(path, "annotation_shuffled", 0.8);
    CU_ASSERT(fails(path, "others' annotations"));
    make(&s, "all.h5", &shifted);
    change(path, "covered_edge", 3, shifted.columns[SHIFT_COVERED_EDGE][3] + 1);
    CU_ASSERT(fails(path, "masks"));
}

// Columns and attributes that no generator writes: a check that fails, and nothing is read by them.
static void test_what_a_shard_cannot_record_of_its_shifts_fails(void) {
    static struct made shifted;
    static const struct {
        const char *column;
        int value;
        const char *check;
    } columns[] = {{"covered_edge", 1000000, "shifts"},
                   {"covered_edge", -5, "shifts"},
                   {"covered_side", 7, "shifts"},
                   {"annotation_of", 1000000, "shifts"},
                   {"annotation_of", -2000000000, "shifts"},
                   {"annotation_missing", 2, "shifts"},
                   {"patch_drawn", -1, "shifts"},
                   {"patch_colour", 10, "shifts"},
                   {"patch_corner", 4, "shifts"},
                   {"true_label", -1, "shifts"},
                   {"digit_x", 1000000, "ranges"},
                   {"digit_y", -2000000000, "ranges"},
                   {"digit_index", -5, "ranges"},
                   {"background_class", 1000000, "ranges"}};
    static const struct {
        const char *attribute;
        double value;
    } attributes[] = {
        {"label_noise", -1}, {"label_noise", NAN},      {"covered", 1e300}, {"patch_p", -0.5},
        {"patch_p", NAN},    {"annotation_missing", 2}, {"covered", 0.95},  {"annotation_shuffled", 1.5}};
    struct textured_mnist_settings s = shifted_settings();
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        const char *path = make(&s, "all.h5", &shifted);
        change(path, columns[i].column, 5, columns[i].value);
        CU_ASSERT(fails(path, columns[i].check));
        CU_ASSERT(!fails(path, "masks")); // not compared
    }
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
        const char *path = make(&s, "all.h5", &shifted);
        change_attribute(path, attributes[i].attribute, attributes[i].value);
        CU_ASSERT(fails(path, "shifts"));
    }
}

// The whole patch is looked at, not one pixel of it.
static void test_a_changed_pixel_of_a_patch_is_found(void) {
    static struct made shifted;
    struct textured_mnist_settings s = settings_of();
    s.patch_p = 0;
    const char *path = make(&s, "patch.h5", &shifted);
    int image = 0;
    CU_ASSERT(!fails(path, "patches"));
    while (shifted.columns[SHIFT_PATCH_CORNER][image]) // upper left
        image++;
    int at = CANVAS / 32 + CANVAS / 8 - 1; // its last row and column
    change_at(path, "images", (hsize_t)image, (hsize_t)at,
              shifted.images[(image * AREA + at * CANVAS + at) * 3] ^ 1);
    CU_ASSERT(fails(path, "patches"));
}

static void test_one_image_alone_is_not_shuffled(void) {
    struct error err = {0};
    struct textured_mnist_settings s = settings_of();
    s.count = 1;
    s.annotation_shuffled = 0.5;
    CU_ASSERT(textured_mnist_generate(&s, suite_path("one.h5"), NULL, NULL, NULL, &err));
    CU_ASSERT_EQUAL(err.status, EXIT_USAGE);
    suite_text_is(err.message,
                  "--annotation-shuffled: there is no image but one, whose annotation it could get");
    CU_ASSERT_EQUAL(file_is_there(suite_path("one.h5"), &err), 0);
}

void suite_shifts(void);
void suite_shifts(void) {
    CU_pSuite s = CU_add_suite("shifts", suite_make_folder, suite_remove_folder);
    CU_add_test(s, "shifts that are off are in no identity", test_shifts_that_are_off_are_in_no_identity);
    CU_add_test(s, "each shift changes what it says and nothing else",
                test_each_shift_changes_what_it_says_and_nothing_else);
    CU_add_test(s, "annotations are made coarse", test_annotations_are_made_coarse);
    CU_add_test(s, "what a shard cannot record of its shifts fails",
                test_what_a_shard_cannot_record_of_its_shifts_fails);
    CU_add_test(s, "a changed pixel of a patch is found", test_a_changed_pixel_of_a_patch_is_found);
    CU_add_test(s, "one image alone is not shuffled", test_one_image_alone_is_not_shuffled);
    CU_add_test(s, "what a shard records of its shifts is verified",
                test_what_a_shard_records_of_its_shifts_is_verified);
}
