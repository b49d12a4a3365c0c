// SPDX-License-Identifier: Apache-2.0
// The tests' own assertions: they hold where they should, and where not they fail and say both values. A
// failure is provoked in a process of its own, whose count ends with it.
#include "tests/support/suite.h"

#include <CUnit/TestRun.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void near_misses(void) {
    suite_near(1.5, 2, 0.25);
}

static void not_a_number(void) {
    suite_near(NAN, 0, INFINITY);
}

static void near_by_name_of_cunit(void) {
    CU_ASSERT_DOUBLE_EQUAL(1, 3, 1);
}

static void another_text(void) {
    suite_text_is("one", "two");
}

static void no_text(void) {
    CU_ASSERT_STRING_EQUAL(NULL, "two");
}

static void part_missing(void) {
    suite_text_has("a long text", "short");
}

static void other_beginning(void) {
    suite_text_begins("a long text", "long");
}

// Whether it fails once, with a message that has both parts.
static int fails_with(void (*check)(void), const char *got, const char *wanted) {
    int status;
    fflush(NULL);
    pid_t child = fork();
    if (!child) {
        unsigned before = CU_get_number_of_failures();
        check();
        CU_pFailureRecord last = CU_get_failure_list();
        while (last && last->pNext)
            last = last->pNext;
        _exit(CU_get_number_of_failures() == before + 1 && last && strstr(last->strCondition, got) &&
                      strstr(last->strCondition, wanted) && strstr(last->strFileName, "test_suite.c")
                  ? 0
                  : 1);
    }
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && !WEXITSTATUS(status);
}

static void test_an_assertion_that_fails_says_both_values(void) {
    CU_ASSERT(fails_with(near_misses, "1.5: got 1.5", "wanted 2 give or take 0.25"));
    CU_ASSERT(fails_with(not_a_number, "got nan", "wanted 0"));
    CU_ASSERT(fails_with(near_by_name_of_cunit, "got 1", "wanted 3"));
    CU_ASSERT(fails_with(another_text, "got 'one'", "wanted 'two'"));
    CU_ASSERT(fails_with(no_text, "got '(none)'", "wanted 'two'"));
    CU_ASSERT(fails_with(part_missing, "'a long text'", "in it 'short'"));
    CU_ASSERT(fails_with(other_beginning, "'a long text'", "at its beginning 'long'"));
}

static void test_an_assertion_that_holds_is_silent(void) {
    unsigned before = CU_get_number_of_failures();
    CU_ASSERT(suite_near(1.75, 2, 0.25) && suite_near(2.25, 2, 0.25) && suite_near(INFINITY, INFINITY, 0));
    CU_ASSERT(suite_text_is("", "") && suite_text_has("a long text", "long") && suite_text_begins("a", "a"));
    CU_ASSERT_EQUAL(CU_get_number_of_failures(), before);
}

// With the signal kept as the program's flag, tests would fail that have nothing to do with it.
static void test_a_signal_from_outside_ends_the_run(void) {
    static const char line[] = "TMPDIR=\"$1\" timeout 0.5 \"$(dirname \"$2\")/tests/run\" 2>&1";
    struct program_result r;
    const char *const argv[] = {"/bin/sh", "-c", line, "sh", suite_folder(), suite_reff(), NULL};
    CU_ASSERT_EQUAL(program_run(&r, 0, argv), 124); // as timeout has it
    suite_text_has(r.out, "Suite: ");
    CU_ASSERT_PTR_NULL(strstr(r.out, "Run Summary"));
    CU_ASSERT_PTR_NULL(strstr(r.out, "FAILED"));
    program_free(&r);
}

void suite_suite(void) {
    CU_pSuite suite = CU_add_suite("suite", suite_make_folder, suite_remove_folder);
    CU_add_test(suite, "an assertion that fails says both values",
                test_an_assertion_that_fails_says_both_values);
    CU_add_test(suite, "an assertion that holds is silent", test_an_assertion_that_holds_is_silent);
    CU_add_test(suite, "a signal from outside ends the run", test_a_signal_from_outside_ends_the_run);
}
