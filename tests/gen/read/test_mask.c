// SPDX-License-Identifier: Apache-2.0
// Annotations whatever codes them: the same pixels are marked, and what does not tell is refused with its values.
#include "gen/read/mask.h"

#include "core/base/memory.h"
#include "gen/read/image.h"
#include "tests/support/suite.h"

#include <CUnit/CUnit.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 6 };

struct png_file {
    uint8_t *bytes;
    size_t size;
};

static void take_bytes(png_structp png, png_bytep bytes, size_t count) {
    struct png_file *file = png_get_io_ptr(png);
    file->bytes = realloc(file->bytes, file->size + count);
    memcpy(file->bytes + file->size, bytes, count);
    file->size += count;
}

// A PNG whose left half has the pixel `off` and whose right half has `on`, each of `size` bytes.
static struct png_file make_png(int type, int depth, const uint8_t *off, const uint8_t *on, int size,
                                double gamma) {
    struct png_file file = {0};
    const png_color palette[4] = {{0, 0, 0}, {128, 0, 0}, {0, 90, 0}, {250, 250, 250}};
    uint8_t row[SIDE * 8];
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_set_write_fn(png, &file, take_bytes, NULL);
    png_set_IHDR(png, info, SIDE, SIDE, depth, type, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    if (type == PNG_COLOR_TYPE_PALETTE)
        png_set_PLTE(png, info, palette, 4);
    if (gamma > 0)
        png_set_gAMA(png, info, gamma);
    png_write_info(png, info);
    for (int x = 0; x < SIDE; x++)
        memcpy(row + x * size, x < SIDE / 2 ? off : on, (size_t)size);
    for (int y = 0; y < SIDE; y++)
        png_write_row(png, row);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return file;
}

// Decodes, marks and frees; the message, "" if there is none. `right` gets how many pixels are as the right
// half is.
static const char *mark(struct png_file file, const struct mask_coding *coding, struct mask_summary *summary,
                        int *right) {
    static struct error err;
    struct mask mask;
    uint8_t values[SIDE * SIDE];
    err = (struct error){0};
    *right = 0;
    int bad = mask_decode(file.bytes, file.size, "a mask", &mask, &err);
    free(file.bytes);
    CU_ASSERT_FATAL(!bad && mask.width == SIDE && mask.height == SIDE);
    if (!mask_mark(&mask, coding, values, summary, &err))
        for (int i = 0; i < SIDE * SIDE; i++)
            *right += values[i] == (i % SIDE < SIDE / 2 ? 0 : 255);
    mask_free(&mask);
    return err.message;
}

static void check_marked(struct png_file file, enum mask_reading reading, int value) {
    const struct mask_coding usual = {0};
    struct mask_summary summary;
    int right;
    suite_text_is(mark(file, &usual, &summary, &right), "");
    CU_ASSERT_EQUAL(right, SIDE * SIDE);
    CU_ASSERT_EQUAL(summary.reading, reading);
    CU_ASSERT_EQUAL(summary.value, value);
}

#define BYTES(...) ((const uint8_t[]){__VA_ARGS__})

static void test_any_coding_marks_the_same(void) {
    check_marked(make_png(PNG_COLOR_TYPE_GRAY, 8, BYTES(0), BYTES(255), 1, 0), MASK_READ_PLAIN, 0);
    check_marked(make_png(PNG_COLOR_TYPE_GRAY, 8, BYTES(0), BYTES(1), 1, 0), MASK_READ_PAIR, 1);
    check_marked(make_png(PNG_COLOR_TYPE_GRAY, 8, BYTES(0), BYTES(100), 1, 0), MASK_READ_PAIR, 100);
    check_marked(make_png(PNG_COLOR_TYPE_GRAY, 16, BYTES(0, 0), BYTES(0, 1), 2, 0), MASK_READ_PAIR, 1);
    check_marked(make_png(PNG_COLOR_TYPE_GRAY, 16, BYTES(0, 0), BYTES(255, 255), 2, 0), MASK_READ_PLAIN, 0);
    check_marked(make_png(PNG_COLOR_TYPE_PALETTE, 8, BYTES(0), BYTES(1), 1, 0), MASK_READ_INDEX, 0);
    check_marked(make_png(PNG_COLOR_TYPE_PALETTE, 8, BYTES(0), BYTES(2), 1, 0), MASK_READ_INDEX, 0);
    check_marked(make_png(PNG_COLOR_TYPE_RGB, 8, BYTES(0, 0, 0), BYTES(0, 255, 0), 3, 0), MASK_READ_PLAIN, 0);
    check_marked(make_png(PNG_COLOR_TYPE_RGB, 8, BYTES(0, 0, 0), BYTES(128, 0, 0), 3, 0), MASK_READ_PAIR,
                 128);
    check_marked(make_png(PNG_COLOR_TYPE_RGB_ALPHA, 8, BYTES(255, 0, 0, 0), BYTES(255, 0, 0, 255), 4, 0),
                 MASK_READ_PLAIN, 0); // opacity is all that differs
    check_marked(make_png(PNG_COLOR_TYPE_RGB_ALPHA, 8, BYTES(9, 9, 9, 0), BYTES(255, 0, 0, 255), 4, 0),
                 MASK_READ_PLAIN, 0);
    check_marked(make_png(PNG_COLOR_TYPE_GRAY, 8, BYTES(20), BYTES(200), 1, 0), MASK_READ_THRESHOLD, 128);
}

// libpng would lift 100 above one half.
static void test_gamma_is_not_applied(void) {
    check_marked(make_png(PNG_COLOR_TYPE_GRAY, 8, BYTES(0), BYTES(100), 1, 1.0), MASK_READ_PAIR, 100);
    check_marked(make_png(PNG_COLOR_TYPE_GRAY, 8, BYTES(100), BYTES(130), 1, 1.0), MASK_READ_THRESHOLD, 128);
}

static void test_thresholds_and_values_are_what_was_asked_for(void) {
    struct mask_coding low = {.threshold = 30}, two = {.value_count = 1, .values = {2}},
                       both = {.value_count = 2, .values = {1, 2}};
    struct mask_summary summary;
    int right;
    suite_text_is(mark(make_png(PNG_COLOR_TYPE_GRAY, 8, BYTES(29), BYTES(30), 1, 0), &low, &summary, &right),
                  "");
    CU_ASSERT_EQUAL(right, SIDE * SIDE);
    CU_ASSERT(summary.reading == MASK_READ_THRESHOLD && summary.value == 30);
    suite_text_is(mark(make_png(PNG_COLOR_TYPE_GRAY, 8, BYTES(1), BYTES(2), 1, 0), &two, &summary, &right),
                  "");
    CU_ASSERT_EQUAL(right, SIDE * SIDE);
    CU_ASSERT_EQUAL(summary.reading, MASK_READ_VALUES);
    suite_text_is(
        mark(make_png(PNG_COLOR_TYPE_PALETTE, 8, BYTES(3), BYTES(2), 1, 0), &both, &summary, &right), "");
    CU_ASSERT_EQUAL(right, SIDE * SIDE);
    suite_text_has(
        mark(make_png(PNG_COLOR_TYPE_RGB, 8, BYTES(1, 0, 0), BYTES(2, 0, 0), 3, 0), &two, &summary, &right),
        "a coloured picture has no single values; --mask-threshold");
}

static void test_what_does_not_tell_is_refused_with_its_values(void) {
    const struct mask_coding advised = {.advice = "--mask-threshold or --mask-values says which"};
    struct mask_summary summary;
    int right;
    suite_text_is(
        mark(make_png(PNG_COLOR_TYPE_GRAY, 8, BYTES(1), BYTES(2), 1, 0), &advised, &summary, &right),
        "holds the values 1, 2, none of which reaches 128: --mask-threshold or --mask-values says "
        "which");
}

static void test_empty_and_damaged_masks_are_told(void) {
    const struct mask_coding usual = {0};
    struct mask_summary summary;
    struct mask mask;
    struct error err = {0};
    int right;
    suite_text_is(mark(make_png(PNG_COLOR_TYPE_GRAY, 8, BYTES(0), BYTES(0), 1, 0), &usual, &summary, &right),
                  "");
    CU_ASSERT(summary.reading == MASK_READ_EMPTY && right == SIDE * SIDE / 2);
    CU_ASSERT(mask_decode((const uint8_t *)"GIF89a", 6, "a.gif", &mask, &err));
    suite_text_is(err.message, "a.gif: neither JPEG nor PNG but a GIF picture");
    struct png_file file = make_png(PNG_COLOR_TYPE_GRAY, 8, BYTES(0), BYTES(255), 1, 0);
    int decoded = 0;
    for (size_t size = 0; size < file.size; size++) {
        decoded += !mask_decode(file.bytes, size, "cut.png", &mask, &err);
        CU_ASSERT_PTR_NULL(mask.samples);
    }
    CU_ASSERT_EQUAL(decoded, 0);
    free(file.bytes);
}

static void test_no_allocation_failure_leaks(void) {
    struct png_file file = make_png(PNG_COLOR_TYPE_GRAY, 8, BYTES(0), BYTES(255), 1, 0);
    struct mask mask = {0};
    struct error err = {0};
    int passed = 0, failures = 0;
    for (long n = 1; n < 100 && !passed; n++) {
        memory_fail_at = n;
        passed = !mask_decode(file.bytes, file.size, "a mask", &mask, &err);
        memory_fail_at = 0;
        failures += !passed;
    }
    CU_ASSERT(passed && failures >= 3);
    mask_free(&mask);
    free(file.bytes);
}

void suite_mask(void) {
    CU_pSuite s = CU_add_suite("mask", NULL, NULL);
    CU_add_test(s, "any coding marks the same", test_any_coding_marks_the_same);
    CU_add_test(s, "gamma is not applied", test_gamma_is_not_applied);
    CU_add_test(s, "thresholds and values are what was asked for",
                test_thresholds_and_values_are_what_was_asked_for);
    CU_add_test(s, "what does not tell is refused with its values",
                test_what_does_not_tell_is_refused_with_its_values);
    CU_add_test(s, "empty and damaged masks are told", test_empty_and_damaged_masks_are_told);
    CU_add_test(s, "no allocation failure leaks", test_no_allocation_failure_leaks);
}
