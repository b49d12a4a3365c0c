// SPDX-License-Identifier: Apache-2.0
#include "core/base/text.h"

#include "core/base/memory.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void test_a_text_grows_piece_by_piece(void) {
    struct text t = {0};
    struct error err = {0};
    CU_ASSERT_STRING_EQUAL(text_string(&t), "");
    for (int i = 0; i < 1000; i++)
        text_printf(&t, "%d,", i % 10);
    text_repeat(&t, "-", 3);
    text_add_bytes(&t, "abc", 2);
    CU_ASSERT_EQUAL(t.length, 2005);
    CU_ASSERT_STRING_EQUAL(text_string(&t) + 1990, "5,6,7,8,9,---ab");
    CU_ASSERT(!text_check(&t, "a list", &err));
    text_clear(&t);
    CU_ASSERT_STRING_EQUAL(text_string(&t), "");
    text_add(&t, "again");
    char *taken = text_take(&t, "a list", &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(taken);
    CU_ASSERT_STRING_EQUAL(taken, "again");
    CU_ASSERT_PTR_NULL(t.bytes);
    free(taken);
}

static void test_an_empty_text_can_be_taken(void) {
    struct text t = {0};
    struct error err = {0};
    char *taken = text_take(&t, "nothing", &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(taken);
    CU_ASSERT_STRING_EQUAL(taken, "");
    free(taken);
}

// What follows a lost piece is not added: a text never has a hole.
static void test_a_lost_piece_is_told(void) {
    struct text t = {0};
    struct error err = {0};
    text_add(&t, "first ");
    memory_fail_at = 1;
    text_repeat(&t, "second ", 20);
    memory_fail_at = 0;
    text_add(&t, "third");
    CU_ASSERT_PTR_NULL(strstr(text_string(&t), "third"));
    CU_ASSERT_EQUAL(text_check(&t, "a sentence", &err), -1);
    CU_ASSERT_STRING_EQUAL(err.message, "out of memory: a sentence");
    CU_ASSERT_PTR_NULL(text_take(&t, "a sentence", &err));
    CU_ASSERT_PTR_NULL(t.bytes);
}

static void test_what_a_descriptor_gives_is_added_to_its_end(void) {
    struct text t = {0};
    char piece[5000]; // more than one reading takes
    int ends[2];
    CU_ASSERT_FATAL(!pipe(ends));
    memset(piece, 'x', sizeof piece);
    CU_ASSERT_EQUAL(write(ends[1], piece, sizeof piece), (ssize_t)sizeof piece);
    close(ends[1]);
    text_add(&t, "before ");
    CU_ASSERT_EQUAL(text_add_rest(&t, ends[0]), 0);
    CU_ASSERT_EQUAL(t.length, strlen("before ") + sizeof piece);
    suite_text_begins(text_string(&t), "before xxx");
    close(ends[0]);
    CU_ASSERT_EQUAL(text_add_rest(&t, ends[0]), -1);
    CU_ASSERT_EQUAL(errno, EBADF);
    text_free(&t);
}

static void test_control_characters_are_shown_never_sent(void) {
    struct text t = {0};
    text_add_visible(&t, "a\x1b[31mb\n\x7f \xc3\xa4 \xc2\x9bm");
    CU_ASSERT_STRING_EQUAL(text_string(&t), "a\\x1b[31mb\\x0a\\x7f \xc3\xa4 \\x9bm");
    text_free(&t);
}

void suite_text(void) {
    CU_pSuite suite = CU_add_suite("text", NULL, NULL);
    CU_add_test(suite, "a text grows piece by piece", test_a_text_grows_piece_by_piece);
    CU_add_test(suite, "an empty text can be taken", test_an_empty_text_can_be_taken);
    CU_add_test(suite, "a lost piece is told", test_a_lost_piece_is_told);
    CU_add_test(suite, "what a descriptor gives is added, to its end",
                test_what_a_descriptor_gives_is_added_to_its_end);
    CU_add_test(suite, "control characters are shown, never sent",
                test_control_characters_are_shown_never_sent);
}
