// SPDX-License-Identifier: Apache-2.0
// Errors: one line, whatever is quoted in it; the exit status that goes with it.
#include "core/base/error.h"
#include "tests/support/suite.h"

#include <string.h>

static void test_an_error_has_a_message_and_an_exit_status(void) {
    struct error err = {0};
    CU_ASSERT_EQUAL(fail(&err, "%s: byte %d", "a.gz", 7), -1);
    CU_ASSERT_EQUAL(err.status, EXIT_FAILED);
    CU_ASSERT_STRING_EQUAL(err.message, "a.gz: byte 7");
    CU_ASSERT_EQUAL(fail_usage(&err, "--p"), -1);
    CU_ASSERT_EQUAL(err.status, EXIT_USAGE);
    CU_ASSERT_STRING_EQUAL(err.message, "--p");
    CU_ASSERT_EQUAL(fail_interrupted(&err, "stopped"), -1);
    CU_ASSERT_EQUAL(err.status, EXIT_INTERRUPTED);
}

// Names and contents of files are quoted in messages; they may not move a terminal's cursor or forge a line.
static void test_control_characters_cannot_break_the_line(void) {
    struct error err;
    fail(&err, "%s: bad", "a\nb\r\x1b[2J\tc\x7f");
    CU_ASSERT_STRING_EQUAL(err.message, "a?b??[2J?c?: bad");
    fail(&err, "%s",
         "Stra\xc3\x9f"
         "e.png"); // UTF-8 stays as it is
    CU_ASSERT_STRING_EQUAL(err.message, "Stra\xc3\x9f"
                                        "e.png");
}

static void test_a_long_message_is_cut_not_overrun(void) {
    struct error err;
    char text[3000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    fail(&err, "%s", text);
    CU_ASSERT_EQUAL(strlen(err.message), sizeof err.message - 1);
}

void suite_error(void) {
    CU_pSuite s = CU_add_suite("error", NULL, NULL);
    CU_add_test(s, "an error has a message and an exit status",
                test_an_error_has_a_message_and_an_exit_status);
    CU_add_test(s, "control characters cannot break the line", test_control_characters_cannot_break_the_line);
    CU_add_test(s, "a long message is cut, not overrun", test_a_long_message_is_cut_not_overrun);
}
