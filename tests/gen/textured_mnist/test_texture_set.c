// SPDX-License-Identifier: Apache-2.0
// Texture sets: those that are built into the program, and files of the user's own with all that can be wrong
// in them.
#include "gen/textured_mnist/texture_set.h"

#include "core/base/memory.h"
#include "gen/draw/builtin_textures.h"
#include "tests/support/sources_fixture.h"
#include "tests/support/suite.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void test_dtd_is_the_papers_lists(void) {
    static const char *const digits[10] = {"banded", "dotted",  "grid",   "knitted", "paisley",
                                           "scaly",  "striped", "veined", "woven",   "zigzagged"};
    struct error err = {0};
    struct texture_set *set = texture_set_open("dtd", &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(set);
    CU_ASSERT(set->count == 47 && set->backgrounds == 37);
    for (int d = 0; d < 10; d++) {
        CU_ASSERT_STRING_EQUAL(set->classes[d].label, digits[d]);
        CU_ASSERT_EQUAL(set->fixed_background[d], d);
    }
    // The backgrounds are DTD's other classes, in alphabetical order.
    int next = 10;
    for (int i = 0; i < BUILTIN_TEXTURE_CLASSES; i++) {
        int is_digit = 0;
        for (int d = 0; d < 10; d++)
            is_digit |= !strcmp(digits[d], builtin_texture_classes[i]);
        if (!is_digit)
            CU_ASSERT_STRING_EQUAL(set->classes[next++].label, builtin_texture_classes[i]);
    }
    CU_ASSERT_EQUAL(next, 47);
    texture_set_close(set);
}

static void test_mixed_sets_are_as_described(void) {
    struct error err = {0};
    struct texture_set *small = texture_set_open("mixed20", &err), *large = texture_set_open("mixed47", &err);
    CU_ASSERT_FATAL(small && large);
    CU_ASSERT(small->count == 20 && large->count == 47);
    for (int i = 0; i < 20; i++) // the larger one begins as the smaller one
        CU_ASSERT_STRING_EQUAL(small->classes[i].label, large->classes[i].label);
    for (int i = 0; i < 47; i++) // and only KTH-TIPS has neighbours that show the same sample
        CU_ASSERT_EQUAL(large->classes[i].by_number, !strcmp(large->classes[i].source, "kth_tips"));
    CU_ASSERT_STRING_EQUAL(large->classes[38].label, "kth_tips/wool");
    CU_ASSERT_STRING_EQUAL(large->classes[46].label, "brodatz/D101");
    CU_ASSERT_STRING_NOT_EQUAL(small->digest, large->digest);
    texture_set_close(small);
    texture_set_close(large);
}

static void test_a_file_of_ones_own_is_read(void) {
    struct error err = {0};
    struct texture_set *set = texture_set_open(sources_set("mine.ini", NULL), &err);
    CU_ASSERT_STRING_EQUAL(err.message, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(set);
    CU_ASSERT_STRING_EQUAL(set->name, "mine");
    CU_ASSERT(set->count == SOURCES_CLASSES && set->backgrounds == 3);
    CU_ASSERT_STRING_EQUAL(set->classes[12].label, "b2");
    for (int d = 0; d < 10; d++)
        CU_ASSERT_EQUAL(set->fixed_background[d], d % 3);
    struct texture_set *same = texture_set_open(sources_set("other.ini", "# a comment"), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(same);
    CU_ASSERT_STRING_EQUAL(set->digest, same->digest); // of the lists, not of the file
    texture_set_close(same);
    same = texture_set_open(sources_set("other.ini", "[backgrounds]\n3 = b3"), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(same);
    CU_ASSERT_STRING_NOT_EQUAL(set->digest, same->digest);
    texture_set_close(same);
    texture_set_close(set);
}

static void check_refused(const char *name, enum exit_status status, const char *expected) {
    struct error err = {0};
    struct texture_set *set = texture_set_open(name, &err);
    CU_ASSERT_PTR_NULL(set);
    texture_set_close(set);
    CU_ASSERT_EQUAL(err.status, status);
    suite_text_has(err.message, expected);
}

// Lines added to a set that is right; the added ones begin in line 27.
static void test_lines_that_are_wrong_are_named(void) {
    static const struct {
        const char *lines, *message;
    } rows[] = {
        {"[colours]\n0 = red", "bad.ini:28: unknown section [colours]; there are digits, backgrounds"},
        {"[digits]\n10 = x", "bad.ini:28: '10' is no digit"},
        {"[digits]\none = x", "bad.ini:28: 'one' is no digit"},
        {"[digits]\n3 = x", "bad.ini:28: key '3' given twice"},
        {"[backgrounds]\n1000 = x", "bad.ini:28: '1000' is no number of a background, 0..989"},
        {"[backgrounds]\n4 = x", "bad.ini: [backgrounds]: no class number 3, though there is a number 4"},
        {"[backgrounds]\n3 = d1", "bad.ini: class 'd1' stands there twice"},
        {"[backgrounds]\n3 = b2", "bad.ini: class 'b2' stands there twice"},
        {"[backgrounds]\n3 = a/b/c", "bad.ini:28: 'a/b/c' is no CLASS or ARCHIVE/CLASS"},
        {"[backgrounds]\n3 = /b", "bad.ini:28: '/b' is no CLASS or ARCHIVE/CLASS"},
        {"[backgrounds]\n3 = a/", "bad.ini:28: 'a/' is no CLASS or ARCHIVE/CLASS"},
        {"[backgrounds]\n3 = ../b", "bad.ini:28: '../b' is no CLASS or ARCHIVE/CLASS"},
        {"[backgrounds]\n3 =", "bad.ini:28: '' is no CLASS or ARCHIVE/CLASS"},
        {"[split]\nkth_tips = random", "bad.ini:28: 'random' is neither number nor digest"},
        {"nonsense", "bad.ini:27: neither a [section] nor key = value"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_refused(sources_set("bad.ini", rows[i].lines), EXIT_FAILED, rows[i].message);
}

static const char *write_text(const char *name, const char *text) {
    struct error err = {0};
    const char *path = suite_path(name);
    CU_ASSERT_FATAL(!file_write(path, text, strlen(text), &err));
    return path;
}

static void test_what_is_missing_is_named(void) {
    char text[1000] = "[digits]\n";
    for (int d = 0; d < 9; d++)
        sprintf(text + strlen(text), "%d = d%d\n", d, d);
    check_refused(write_text("nine.ini", text), EXIT_FAILED,
                  "nine.ini: [digits]: no texture class for digit 9");
    strcat(text, "9 = d9\n[backgrounds]\n0 = b0\n");
    check_refused(write_text("pairs.ini", text), EXIT_FAILED,
                  "pairs.ini: [backgrounds]: no class number 1, the fixed background of digit 1");
    strcat(text, "[pairs]\n1 = 7\n");
    check_refused(write_text("pairs.ini", text), EXIT_FAILED,
                  "pairs.ini: [backgrounds]: no class number 7, the fixed background of digit 1");
    check_refused(write_text("empty.ini", ""), EXIT_FAILED,
                  "empty.ini: [digits]: no texture class for digit 0");
    check_refused("dtd47", EXIT_USAGE,
                  "there is no texture set 'dtd47'; there are dtd, mixed20, mixed47, and");
    check_refused(suite_path("absent.ini"), EXIT_FAILED, "absent.ini: No such file or directory");
}

static void test_no_allocation_failure_leaks(void) {
    struct error err = {0};
    const char *path = sources_set("memory.ini", NULL);
    struct texture_set *set = NULL;
    int failures = 0;
    for (long n = 1; n < 1000 && !set; n++) {
        memory_fail_at = n;
        set = texture_set_open(path, &err);
        memory_fail_at = 0;
        failures += !set;
        if (!set)
            suite_text_begins(err.message, "out of memory");
    }
    CU_ASSERT(set && failures > 4);
    texture_set_close(set);
}

void suite_texture_set(void) {
    CU_pSuite s = CU_add_suite("texture_set", suite_make_folder, suite_remove_folder);
    CU_add_test(s, "dtd is the paper's lists", test_dtd_is_the_papers_lists);
    CU_add_test(s, "mixed sets are as described", test_mixed_sets_are_as_described);
    CU_add_test(s, "a file of one's own is read", test_a_file_of_ones_own_is_read);
    CU_add_test(s, "lines that are wrong are named", test_lines_that_are_wrong_are_named);
    CU_add_test(s, "what is missing is named", test_what_is_missing_is_named);
    CU_add_test(s, "no allocation failure leaks", test_no_allocation_failure_leaks);
}
