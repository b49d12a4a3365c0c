// SPDX-License-Identifier: Apache-2.0
// reff preview: sheets of the size asked for, names of classes below the pictures, an order drawn by a seed.
#include "core/base/digest.h"
#include "gen/command/contact_sheet.h"
#include "tests/support/suite.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CANVAS = 28 };

static const char *make(const char *name) {
    struct program_result r;
    const char *path = suite_path(name);
    if (!file_exists(path)) {
        CU_ASSERT_EQUAL_FATAL(reff_run(&r, 0, "gen", "textured-mnist", "--canvas", "28", "--size", "24",
                                       "--count", "60", "--output", path),
                              0);
        program_free(&r);
    }
    return path;
}

// Width or height (0 or 1) in a PNG file's header.
static long png_side(const char *path, int which) {
    struct error err;
    size_t size;
    unsigned char *bytes = (unsigned char *)file_read(path, 1 << 26, &size, &err);
    if (!bytes || size < 24)
        CU_FAIL_FATAL("no PNG file");
    const unsigned char *at = bytes + 16 + 4 * which;
    long side = (long)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
    free(bytes);
    return side;
}

static void check_same(const char *one, const char *two, int same) {
    struct error err = {0};
    char first[DIGEST_SIZE], second[DIGEST_SIZE];
    CU_ASSERT_FATAL(!digest_file(one, first, &err) && !digest_file(two, second, &err));
    CU_ASSERT_EQUAL(!strcmp(first, second), same);
}

static void test_sheets_have_the_size_asked_for(void) {
    struct program_result r;
    const char *path = make("a.h5"), *one = suite_path("one.png"), *two = suite_path("two.png");
    CU_ASSERT_EQUAL(reff_run(&r, 0, "preview", "--count", "5", "--columns", "3", "--scale", "2", path, one),
                    0);
    CU_ASSERT_EQUAL(png_side(one, 0), SHEET_GAP + 3 * (2 * CANVAS + SHEET_GAP));
    CU_ASSERT_EQUAL(png_side(one, 1), SHEET_GAP + 2 * (2 * CANVAS + SHEET_LINE + SHEET_GAP));
    CU_ASSERT_STRING_EQUAL(r.out, "");
    suite_text_has(r.err, "one.png: 5 of 60 images, 184 x 152 pixels, ");
    CU_ASSERT(strchr(r.err, '\n') == r.err + strlen(r.err) - 1);
    program_free(&r);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "preview", "--count", "5", "--columns", "3", "--scale", "2", path, two),
                    0);
    program_free(&r);
    check_same(one, two, 1);
}

// The same bytes as in the file (which hold zeros, so only the start shows here).
static void test_a_sheet_can_go_to_standard_output(void) {
    struct program_result r;
    CU_ASSERT_EQUAL(reff_run(&r, 0, "preview", "--count", "1", make("a.h5"), "-"), 0);
    CU_ASSERT(!memcmp(r.out, "\x89PNG\r\n\x1a\n", 8) && !memcmp(r.out + 12, "IHDR", 4));
    suite_text_has(r.err, "standard output: 1 of 60 images");
    CU_ASSERT(!file_exists("-"));
    program_free(&r);
}

static void test_wrong_requests_are_refused(void) {
    struct program_result r;
    const char *path = make("a.h5"), *one = suite_path("refused.png");
    CU_ASSERT_EQUAL(reff_run(&r, 0, "preview", path), 2);
    suite_text_has(r.err, "a.h5' of FILE OUT.png is given; see reff preview --help");
    program_free(&r);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "preview", "--first", "60", path, one), 2);
    suite_text_has(r.err, "--first: 60 is not in 0..59");
    program_free(&r);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "preview", "--shuffle", "-1", path, one), 2);
    suite_text_has(r.err, "--shuffle: '-1' is not a whole number of at least 0");
    program_free(&r);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "preview", "--scale", "16", "--columns", "60", path, one), 2);
    suite_text_has(r.err, "is larger than 16384 a side; ask for fewer images");
    program_free(&r);
    CU_ASSERT_EQUAL(reff_run(&r, 1000, "preview", path, one), 1); // the disk is full
    suite_text_has(r.err, "File too large");
    CU_ASSERT(!file_exists(one));
    program_free(&r);
}

// What is there stays without --force; the input stays in any case, whatever name it is given by.
static void test_files_that_are_there_stay(void) {
    struct program_result r;
    const char *path = make("a.h5"), *link = suite_path("link.h5"), *sheet = suite_path("kept.png");
    CU_ASSERT_FATAL(!symlink(path, link));
    CU_ASSERT_EQUAL(reff_run(&r, 0, "preview", "--force", path, path), 1);
    suite_text_has(r.err, "a.h5: is the input; name another file to write\n");
    program_free(&r);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "preview", "--force", path, link), 1);
    suite_text_has(r.err, "link.h5: is the input");
    program_free(&r);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "verify", path), 0);
    program_free(&r);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "preview", "--count", "1", path, sheet), 0);
    program_free(&r);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "preview", "--count", "2", path, sheet), 1);
    suite_text_has(r.err, "kept.png: is there already; --force replaces it\n");
    program_free(&r);
    long before = png_side(sheet, 0);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "preview", "--count", "2", "--columns", "2", "--force", path, sheet), 0);
    CU_ASSERT(png_side(sheet, 0) != before);
    program_free(&r);
}

static void test_a_shuffle_is_drawn_by_its_seed(void) {
    static const char *const seeds[3] = {"1", "1", "2"};
    struct program_result r;
    const char *path = make("a.h5"), *sheets[4];
    for (int i = 0; i < 3; i++) {
        char name[16];
        snprintf(name, sizeof name, "shuffled%d.png", i);
        sheets[i] = suite_path(name);
        CU_ASSERT_EQUAL(reff_run(&r, 0, "preview", "--count", "8", "--shuffle", seeds[i], path, sheets[i]),
                        0);
        program_free(&r);
    }
    sheets[3] = suite_path("first.png");
    CU_ASSERT_EQUAL(reff_run(&r, 0, "preview", "--count", "8", path, sheets[3]), 0);
    program_free(&r);
    check_same(sheets[0], sheets[1], 1);
    check_same(sheets[0], sheets[2], 0);
    check_same(sheets[0], sheets[3], 0);
}

// ---------------------------------------------------------------------------------------- names

// Dark pixels between two rows of a sheet.
static int count_ink(const struct contact_sheet *s, int left, int width, int from, int to) {
    int count = 0;
    for (int y = from; y < to; y++)
        for (int x = left; x < left + width; x++)
            count += s->pixels[((size_t)y * (size_t)s->width + (size_t)x) * 3] < 128;
    return count;
}

// Names stand within the width of their picture, in as many lines as the longest one takes; one word that is
// too long is cut short.
static void test_names_stand_below_their_pictures(void) {
    enum { SIDE = 64 };
    static const char *const names[3] = {"nevus", "seborrheic keratosis",
                                         "Donaudampfschifffahrtsgesellschaft"};
    static uint8_t rgb[SIDE * SIDE * 3], mask[SIDE * SIDE];
    struct error err = {0};
    struct contact_sheet s = {.columns = 3, .image_width = SIDE, .image_height = SIDE, .scale = 1};
    memset(rgb, 200, sizeof rgb);
    CU_ASSERT_FATAL(!contact_sheet_make(&s, names, 3, &err));
    CU_ASSERT_EQUAL(s.name_lines, 2);
    CU_ASSERT_EQUAL(s.height, 2 * SHEET_GAP + SIDE + 2 * SHEET_LINE);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(contact_sheet_put(&s, i, rgb, mask, names[i], &err), 0);
    int first = SHEET_GAP + SIDE, second = first + SHEET_LINE;
    for (int i = 0; i < 3; i++) {
        int left = SHEET_GAP + i * (SIDE + SHEET_GAP);
        CU_ASSERT(count_ink(&s, left, SIDE, first, second) > 20);
        CU_ASSERT_EQUAL(count_ink(&s, left, SIDE, second, second + SHEET_LINE) > 20, i == 1);
        CU_ASSERT_EQUAL(count_ink(&s, left + SIDE, SHEET_GAP, 0, s.height), 0); // nothing between pictures
    }
    CU_ASSERT_EQUAL(count_ink(&s, 0, s.width, SHEET_GAP + SIDE + 2 * SHEET_LINE, s.height), 0);
    contact_sheet_free(&s);
}

// The command takes the names from the shard: three lesions of ISIC2017 by name, digits by number.
static void test_the_shard_names_its_classes(void) {
    struct program_result r;
    const char *path = suite_path("lesions.h5"), *sheet = suite_path("lesions.png");
    CU_ASSERT_EQUAL_FATAL(
        reff_run(&r, 0, "gen", "isic2017", "--pixels", "32", "--count", "12", "--output", path), 0);
    program_free(&r);
    CU_ASSERT_EQUAL_FATAL(reff_run(&r, 0, "preview", "--scale", "2", "--columns", "4", path, sheet), 0);
    program_free(&r);
    CU_ASSERT_EQUAL(png_side(sheet, 1),
                    SHEET_GAP + 3 * (64 + 2 * SHEET_LINE + SHEET_GAP)); // "seborrheic keratosis"
}

void suite_preview(void) {
    CU_pSuite s = CU_add_suite("preview", suite_make_folder, suite_remove_folder);
    CU_add_test(s, "sheets have the size asked for", test_sheets_have_the_size_asked_for);
    CU_add_test(s, "a sheet can go to standard output", test_a_sheet_can_go_to_standard_output);
    CU_add_test(s, "wrong requests are refused", test_wrong_requests_are_refused);
    CU_add_test(s, "files that are there stay", test_files_that_are_there_stay);
    CU_add_test(s, "a shuffle is drawn by its seed", test_a_shuffle_is_drawn_by_its_seed);
    CU_add_test(s, "names stand below their pictures", test_names_stand_below_their_pictures);
    CU_add_test(s, "the shard names its classes", test_the_shard_names_its_classes);
}
