// SPDX-License-Identifier: Apache-2.0
// What tests share: skipping visibly, comparing, a temporary folder, running the reff program, finding real
// data.
//
// A file tests/FOLDER/test_THING.c defines `void suite_THING(void)`, which calls CU_add_suite and
// CU_add_test. Nothing else registers it: the Makefile lists the files tests/**/test_*.c in a generated
// header, which tests/support/main.c includes. So no list is edited for a new file, and a file without its
// suite function does not link. (A constructor or a linker section would drop a suite silently if its one
// line were forgotten.)
#ifndef REFF_TESTS_SUPPORT_SUITE_H
#define REFF_TESTS_SUPPORT_SUITE_H

#include "core/base/error.h"
#include "core/base/file.h"

#include <CUnit/CUnit.h>
#include <stddef.h>

// ---------------------------------------------------------------------------------------------- skipping

// Ends the current test as skipped: it prints the reason and counts as neither passed nor failed (failed, if
// an assertion failed before). For use in the test function itself, since it returns from it.
#define SKIP(reason)                                                                                         \
    do {                                                                                                     \
        suite_skip(reason);                                                                                  \
        return;                                                                                              \
    } while (0)

void suite_skip(const char *reason); // marks and prints; does not return from the caller
unsigned suite_count_skipped(void);  // tests skipped so far that have not failed

// ---------------------------------------------------------------------------------------------- comparing

// Assertions that say, where they fail, not only file, line and expression but what was got and what was
// wanted:
//     suite_near(got, want, tolerance)   numbers at most so far apart; NaN is near nothing
//     suite_text_is(got, want)           the same text; NULL is none
//     suite_text_has(text, part)         `part` somewhere in `text`
//     suite_text_begins(text, part)
// Each is 1 where it holds, and evaluates its arguments once.
#define suite_near(got, want, tolerance) suite_check_near(got, want, tolerance, #got, __FILE__, __LINE__)
#define suite_text_is(got, want)         suite_check_text(got, want, SUITE_IS, #got, __FILE__, __LINE__)
#define suite_text_has(text, part)       suite_check_text(text, part, SUITE_HAS, #text, __FILE__, __LINE__)
#define suite_text_begins(text, part)    suite_check_text(text, part, SUITE_BEGINS, #text, __FILE__, __LINE__)

enum suite_relation { SUITE_IS, SUITE_HAS, SUITE_BEGINS };

int suite_check_near(double got, double want, double tolerance, const char *expression, const char *file,
                     int line);
int suite_check_text(const char *got, const char *want, enum suite_relation relation, const char *expression,
                     const char *file, int line);

// CUnit's own print the expression alone; under the same names these print both values.
#undef CU_ASSERT_DOUBLE_EQUAL
#undef CU_ASSERT_STRING_EQUAL
#define CU_ASSERT_DOUBLE_EQUAL(got, want, tolerance) ((void)suite_near(got, want, tolerance))
#define CU_ASSERT_STRING_EQUAL(got, want)            ((void)suite_text_is(got, want))

// ---------------------------------------------------------------------------------------------- folders

// A folder of this suite's own under $TMPDIR (default /tmp), for CU_add_suite's set-up and clean-up:
//     CU_add_suite("file", suite_make_folder, suite_remove_folder);
// Removal is recursive, follows no links, and fails (which CUnit reports) when something cannot be removed.
int suite_make_folder(void);
int suite_remove_folder(void);
const char *suite_folder(void);

// "<folder>/<name>"; the text stays valid for the next 15 calls.
const char *suite_path(const char *name);

int file_exists(const char *path); // 1 or 0: what file_is_there says where it can tell

// How many entries the folder `path` holds, -1 if it cannot be read: to show that nothing was left behind.
int suite_count_entries(const char *path);

// ---------------------------------------------------------------------------------------------- programs

enum { SUITE_OUTPUT_MAXIMUM = 1 << 20 }; // bytes kept of each stream; the rest is read and dropped

struct program_result {
    int status;      // exit status; 128 + signal when a signal ended it; -1 when it could not be run
    char *out, *err; // standard output and standard error, zero-terminated
};

// Runs the reff program of this build: reff_run(&r, 0, "gen", "--help"). Its standard input is empty. With
// file_limit > 0 no file may grow past so many bytes; writing on fails with EFBIG, as on a full disk with
// ENOSPC. Release the result with program_free.
#define reff_run(result, file_limit, ...)                                                                    \
    program_run(result, file_limit, (const char *const[]){suite_reff(), __VA_ARGS__, NULL})

int program_run(struct program_result *result, long file_limit, const char *const argv[]); // returns status
void program_free(struct program_result *result);
const char *suite_reff(void); // path of the program, beside the folder of the running tests
// A path within the tree that holds build/<configuration>/reff; kept like those of suite_path.
const char *suite_tree_path(const char *name);

// Sets the largest size of a file that this process may write (0: no limit) and makes passing it an error
// instead of a signal. For faults inside the test process; undo with suite_limit_files(0).
void suite_limit_files(long bytes);

// ---------------------------------------------------------------------------------------------- real data

// Path of a file or folder of real data, such as "data/mnist", below the folder that the environment variable
// REFF_SHARED names (default ../shared). Where there is none the current test is marked skipped and NULL
// comes back:
//     const char *mnist = suite_shared("data/mnist");
//     if (!mnist)
//         return;
const char *suite_shared(const char *name);

#endif
