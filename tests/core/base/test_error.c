// SPDX-License-Identifier: Apache-2.0
// Errors: one line, whatever is quoted in it; the exit status that goes with it.
#include "core/base/error.h"
#include "tests/support/suite.h"

#include <errno.h>
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

// The cause is a number: who asks for it does not read the message.
static void test_what_stands_in_a_file_is_no_fault_of_the_command_line(void) {
    struct error err = {0};
    fail_usage(&err, "a.ini:3: 'x' is not a number");
    CU_ASSERT_EQUAL(error_of_file(1, &err), -1);
    CU_ASSERT_EQUAL(err.status, EXIT_FAILED);
    CU_ASSERT(err.of_work);
    CU_ASSERT_STRING_EQUAL(err.message, "a.ini:3: 'x' is not a number");
    fail_interrupted(&err, "interrupted");
    CU_ASSERT_EQUAL(error_of_file(1, &err), -1);
    CU_ASSERT_EQUAL(err.status, EXIT_INTERRUPTED);
    CU_ASSERT_EQUAL(error_of_file(0, &err), 0);
}

static void test_an_error_of_the_system_keeps_its_number(void) {
    struct error err = {0};
    CU_ASSERT_EQUAL(fail_system(&err, ENOSPC, "%s/%d", "runs", 7), -1);
    CU_ASSERT_EQUAL(err.status, EXIT_FAILED);
    CU_ASSERT_EQUAL(err.cause, ENOSPC);
    CU_ASSERT_STRING_EQUAL(err.message, "runs/7: No space left on device");
    CU_ASSERT_EQUAL(fail_memory(&err, "%d images", 3), -1);
    CU_ASSERT_EQUAL(err.cause, ENOMEM);
    CU_ASSERT_STRING_EQUAL(err.message, "out of memory: 3 images");
    fail(&err, "a.gz: No space left on device"); // words alone are no cause
    CU_ASSERT_EQUAL(err.cause, 0);
    CU_ASSERT(!error_is_full_disk(&err));
}

static void test_a_disk_a_quota_and_a_limit_on_files_count_as_a_full_disk(void) {
    static const int full[] = {ENOSPC, EDQUOT, EFBIG}, other[] = {0, ENOENT, EIO, ENOMEM, EACCES};
    struct error err = {0};
    for (size_t i = 0; i < sizeof full / sizeof *full; i++) {
        fail_system(&err, full[i], "a");
        CU_ASSERT(error_is_full_disk(&err));
    }
    for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
        fail_system(&err, other[i], "a");
        CU_ASSERT(!error_is_full_disk(&err));
    }
}

// Names and contents of files are quoted in messages; they may not move a terminal's cursor or forge a line.
static void test_control_characters_cannot_break_the_line(void) {
    struct error err;
    fail(&err, "%s: bad", "a\nb\r\x1b[2J\tc\x7f");
    CU_ASSERT_STRING_EQUAL(err.message, "a\\x0ab\\x0d\\x1b[2J\\x09c\\x7f: bad");
    fail(&err, "%s",
         "Stra\xc3\x9f"
         "e.png"); // UTF-8 stays as it is
    CU_ASSERT_STRING_EQUAL(err.message, "Stra\xc3\x9f"
                                        "e.png");
}

static void test_a_long_message_is_cut_not_overrun(void) {
    struct error err;
    char text[3000];
    memset(text, '\n', sizeof text - 1); // none of them is cut in two
    text[sizeof text - 1] = 0;
    fail(&err, "%s", text);
    CU_ASSERT_EQUAL(strlen(err.message), (sizeof err.message - 1) / 4 * 4);
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    fail(&err, "%s", text);
    CU_ASSERT_EQUAL(strlen(err.message), sizeof err.message - 1);
    fail_system(&err, ENOENT, "%s", text); // what the system says is kept
    CU_ASSERT_EQUAL(strlen(err.message), sizeof err.message - 1);
    CU_ASSERT_STRING_EQUAL(err.message + strlen(err.message) - 27, ": No such file or directory");
    fail_memory(&err, "%s", text);
    CU_ASSERT_EQUAL(strlen(err.message), sizeof err.message - 1);
}

// A caller may put words around a message in its place.
static void test_a_message_may_be_part_of_the_one_that_replaces_it(void) {
    struct error err;
    fail(&err, "truncated");
    fail(&err, "a.gz: %s: ignored", err.message);
    CU_ASSERT_STRING_EQUAL(err.message, "a.gz: truncated: ignored");
}

void suite_error(void) {
    CU_pSuite s = CU_add_suite("error", NULL, NULL);
    CU_add_test(s, "an error has a message and an exit status",
                test_an_error_has_a_message_and_an_exit_status);
    CU_add_test(s, "what stands in a file is no fault of the command line",
                test_what_stands_in_a_file_is_no_fault_of_the_command_line);
    CU_add_test(s, "an error of the system keeps its number", test_an_error_of_the_system_keeps_its_number);
    CU_add_test(s, "a disk, a quota and a limit on files count as a full disk",
                test_a_disk_a_quota_and_a_limit_on_files_count_as_a_full_disk);
    CU_add_test(s, "control characters cannot break the line", test_control_characters_cannot_break_the_line);
    CU_add_test(s, "a long message is cut, not overrun", test_a_long_message_is_cut_not_overrun);
    CU_add_test(s, "a message may be part of the one that replaces it",
                test_a_message_may_be_part_of_the_one_that_replaces_it);
}
