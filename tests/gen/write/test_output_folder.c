// SPDX-License-Identifier: Apache-2.0
// Folders of files are whole or absent, whatever happens while they are filled.
#include "gen/write/output_folder.h"

#include "core/base/memory.h"
#include "tests/support/suite.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_a_folder_appears_only_when_whole(void) {
    struct output_folder folder;
    struct error err = {0};
    size_t size;
    const char *path = suite_path("whole");
    CU_ASSERT_FATAL(!output_folder_begin(&folder, path, &err));
    CU_ASSERT(!output_folder_write(&folder, "a/b/file", "text", 4, &err));
    CU_ASSERT(!output_folder_write(&folder, "top", "", 0, &err));
    CU_ASSERT(!file_exists(path));
    CU_ASSERT_EQUAL(suite_count_entries(suite_folder()), 1);
    CU_ASSERT_FATAL(!output_folder_finish(&folder, &err));
    CU_ASSERT_EQUAL(suite_count_entries(suite_folder()), 1);
    CU_ASSERT_EQUAL(suite_count_entries(path), 2);
    char *text = file_read(suite_path("whole/a/b/file"), 100, &size, &err);
    CU_ASSERT_FATAL(text != NULL);
    CU_ASSERT_STRING_EQUAL(text, "text");
    free(text);
}

static void test_a_discarded_folder_leaves_nothing(void) {
    struct output_folder folder;
    struct error err = {0};
    int before = suite_count_entries(suite_folder());
    CU_ASSERT_FATAL(!output_folder_begin(&folder, suite_path("discarded/"), &err));
    CU_ASSERT(!output_folder_write(&folder, "a/b/file", "text", 4, &err));
    output_folder_discard(&folder);
    CU_ASSERT_EQUAL(suite_count_entries(suite_folder()), before);
    output_folder_discard(&folder); // once more is harmless
}

static void check_refused(const char *path, enum exit_status status, const char *expected) {
    struct output_folder folder;
    struct error err = {0};
    CU_ASSERT(output_folder_begin(&folder, path, &err));
    CU_ASSERT_EQUAL(err.status, status);
    suite_text_has(err.message, expected);
}

// An empty folder may be there already; anything else stays as it is.
static void test_what_is_there_is_not_touched(void) {
    struct output_folder folder;
    struct error err = {0};
    const char *empty = suite_path("empty"), *full = suite_path("full");
    CU_ASSERT_FATAL(!folder_make(empty, &err) && !folder_make(full, &err));
    CU_ASSERT_FATAL(!file_write(suite_path("full/file"), "x", 1, &err));
    check_refused(full, EXIT_FAILED, "full: is there already, and is no empty folder");
    check_refused(suite_path("full/file"), EXIT_FAILED,
                  "full/file: is there already, and is no empty folder");
    check_refused(suite_path("no/folder"), EXIT_FAILED, "no/folder: No such file or directory");
    check_refused("", EXIT_USAGE, "'': no name for a folder");
    CU_ASSERT_FATAL(!output_folder_begin(&folder, empty, &err));
    CU_ASSERT(!output_folder_finish(&folder, &err));
    // What comes in between is kept: the new folder is given up.
    CU_ASSERT_FATAL(!output_folder_begin(&folder, empty, &err));
    CU_ASSERT_FATAL(!file_write(suite_path("empty/late"), "x", 1, &err));
    int entries = suite_count_entries(suite_folder());
    CU_ASSERT(output_folder_finish(&folder, &err));
    suite_text_has(err.message, "empty: Directory not empty");
    CU_ASSERT_EQUAL(suite_count_entries(suite_folder()), entries - 1);
    CU_ASSERT(file_exists(suite_path("empty/late")));
}

// As root, who may write anywhere, the test steps down to an ordinary user ("nobody") for the attempt.
static void test_a_place_that_is_closed_is_named(void) {
    struct error err = {0};
    const char *closed = suite_path("closed");
    CU_ASSERT_FATAL(!folder_make(closed, &err) && !chmod(closed, 0500));
    uid_t user = geteuid();
    if (!user && seteuid(65534))
        SKIP("root that cannot become another user");
    check_refused(suite_path("closed/new"), EXIT_FAILED, "closed/new: Permission denied");
    if (!user)
        CU_ASSERT_FATAL(!seteuid(0));
    CU_ASSERT_FATAL(!chmod(closed, 0700));
}

static void test_a_full_disk_leaves_nothing(void) {
    struct output_folder folder;
    struct error err = {0};
    static const char bytes[50000];
    int before = suite_count_entries(suite_folder());
    CU_ASSERT_FATAL(!output_folder_begin(&folder, suite_path("large"), &err));
    suite_limit_files(20000);
    int small = output_folder_write(&folder, "small", bytes, 20000, &err);
    int large = output_folder_write(&folder, "dtd/large", bytes, 50000, &err);
    suite_limit_files(0);
    CU_ASSERT(!small && large);
    suite_text_has(err.message, "large/dtd/large: File too large");
    output_folder_discard(&folder);
    CU_ASSERT_EQUAL(suite_count_entries(suite_folder()), before);
}

void suite_output_folder(void) {
    CU_pSuite s = CU_add_suite("output_folder", suite_make_folder, suite_remove_folder);
    CU_add_test(s, "a folder appears only when whole", test_a_folder_appears_only_when_whole);
    CU_add_test(s, "a discarded folder leaves nothing", test_a_discarded_folder_leaves_nothing);
    CU_add_test(s, "what is there is not touched", test_what_is_there_is_not_touched);
    CU_add_test(s, "a place that is closed is named", test_a_place_that_is_closed_is_named);
    CU_add_test(s, "a full disk leaves nothing", test_a_full_disk_leaves_nothing);
}
