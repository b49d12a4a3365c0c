// SPDX-License-Identifier: Apache-2.0
// Files are whole or absent: after a commit, a discard, a full disk, an unwritable folder; reading is
// bounded.
#include "core/base/file.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *make_sub(const char *name) {
    struct error err = {0};
    const char *path = suite_path(name);
    CU_ASSERT_FATAL(!folder_make(path, &err));
    return path;
}

static void check_content(const char *path, const char *expected) {
    struct error err = {0};
    size_t size = 0;
    char *text = file_read(path, 1000, &size, &err);
    CU_ASSERT_FATAL(text != NULL);
    CU_ASSERT_EQUAL(size, strlen(expected));
    CU_ASSERT_STRING_EQUAL(text, expected);
    free(text);
}

static void test_a_file_appears_only_when_whole(void) {
    struct error err = {0};
    struct output out;
    const char *sub = make_sub("commit"), *path = suite_path("commit/a.txt");
    CU_ASSERT_FATAL(!output_open(&out, path, &err));
    fputs("one", out.stream);
    fflush(out.stream);
    CU_ASSERT(!file_exists(path)); // not visible before it is whole
    CU_ASSERT(!output_commit(&out, &err));
    check_content(path, "one");
    output_discard(&out); // harmless now
    check_content(path, "one");
    CU_ASSERT_EQUAL(suite_count_entries(sub), 1);
}

static void test_a_discarded_file_leaves_the_old_one(void) {
    struct error err = {0};
    struct output out;
    const char *sub = make_sub("discard"), *path = suite_path("discard/a.txt");
    CU_ASSERT_FATAL(!file_write(path, "old", 3, &err));
    CU_ASSERT_FATAL(!output_open(&out, path, &err));
    fputs("new", out.stream);
    output_discard(&out);
    output_discard(&out);
    check_content(path, "old");
    CU_ASSERT_EQUAL(suite_count_entries(sub), 1);
}

// A full disk, by a limit on the size of files: one large write that fails at once, and many small ones whose
// failure shows only when the buffer is flushed. The old file stays, nothing else does.
static void test_a_full_disk_leaves_the_old_file_and_nothing_else(void) {
    struct error err = {0};
    struct output out;
    const char *sub = make_sub("full"), *path = suite_path("full/a.bin");
    char *block = calloc(1, 1 << 20);
    CU_ASSERT_FATAL(block && !file_write(path, "old", 3, &err));

    suite_limit_files(100000);
    int large = file_write(path, block, 1 << 20, &err);
    struct error small_err = {0};
    int opened = output_open(&out, path, &small_err);
    for (int i = 0; !opened && i < 200000; i++)
        fputc('x', out.stream);
    int small = opened ? 0 : output_commit(&out, &small_err);
    suite_limit_files(0);
    // Room came back before the end: the file is cut all the same, and the message still names the cause.
    struct error gone = {0};
    suite_limit_files(100000);
    int again = output_open(&out, path, &gone);
    for (int i = 0; !again && i < 200000; i++)
        fputc('x', out.stream);
    suite_limit_files(0);
    int late = again ? 0 : output_commit(&out, &gone);

    CU_ASSERT_EQUAL(again, 0);
    CU_ASSERT_EQUAL(late, -1);
    suite_text_has(gone.message, "full/a.bin: File too large");
    CU_ASSERT_EQUAL(large, -1);
    CU_ASSERT_EQUAL(err.status, EXIT_FAILED);
    suite_text_has(err.message, "full/a.bin: File too large");
    CU_ASSERT_EQUAL(opened, 0);
    CU_ASSERT_EQUAL(small, -1);
    suite_text_has(small_err.message, "full/a.bin: File too large");
    check_content(path, "old");
    CU_ASSERT_EQUAL(suite_count_entries(sub), 1);
    CU_ASSERT(!file_write(path, block, 1 << 20, &err)); // and works again once there is room
    free(block);
}

static void test_a_place_that_cannot_hold_the_file_is_named(void) {
    struct error err = {0};
    const char *sub = make_sub("closed");
    CU_ASSERT_FATAL(!file_write(suite_path("closed/file"), "", 0, &err));
    CU_ASSERT_EQUAL(file_write(suite_path("closed/none/a"), "x", 1, &err), -1);
    suite_text_has(err.message, "closed/none/a: No such file");
    CU_ASSERT_EQUAL(file_write(suite_path("closed/file/a"), "x", 1, &err), -1);
    suite_text_has(err.message, "closed/file/a: Not a directory");
    CU_ASSERT_EQUAL(file_write(sub, "x", 1, &err), -1); // the target is a folder
    suite_text_has(err.message, "closed: Is a directory");
    CU_ASSERT_EQUAL(suite_count_entries(sub), 1);
}

// As root, who may write anywhere, the test steps down to an ordinary user ("nobody") for the attempt.
static void test_a_folder_without_permission_to_write_is_named(void) {
    struct error err = {0};
    const char *sub = make_sub("locked"), *path = suite_path("locked/a");
    CU_ASSERT_FATAL(!chmod(sub, 0500));
    uid_t user = geteuid();
    if (!user && seteuid(65534))
        SKIP("root that cannot become another user");
    int result = file_write(path, "x", 1, &err);
    if (!user)
        CU_ASSERT_FATAL(!seteuid(0));
    CU_ASSERT_FATAL(!chmod(sub, 0700));
    CU_ASSERT_EQUAL(result, -1);
    suite_text_has(err.message, "locked/a: Permission denied");
    CU_ASSERT_EQUAL(suite_count_entries(sub), 0);
}

static void test_reading_is_bounded_and_names_what_it_cannot_read(void) {
    struct error err = {0};
    size_t size = 99;
    char *text = calloc(1, 50001);
    CU_ASSERT_FATAL(text != NULL);
    memset(text, 'x', 50000); // longer than one read
    CU_ASSERT_FATAL(!file_write(suite_path("long"), text, 50000, &err));
    char *back = file_read(suite_path("long"), 50000, &size, &err);
    CU_ASSERT_FATAL(back != NULL);
    CU_ASSERT_EQUAL(size, 50000);
    CU_ASSERT_STRING_EQUAL(back, text);
    free(back);
    free(text);
    CU_ASSERT_PTR_NULL(file_read(suite_path("long"), 49999, &size, &err));
    suite_text_has(err.message, "long: larger than 49999 bytes");
    CU_ASSERT_PTR_NULL(file_read(suite_path("none"), 10, NULL, &err));
    suite_text_has(err.message, "none: No such file");
    CU_ASSERT_PTR_NULL(file_read(suite_folder(), 10, NULL, &err));
    suite_text_has(err.message, ": Is a directory");
    CU_ASSERT_FATAL(!file_write(suite_path("empty"), "", 0, &err));
    back = file_read(suite_path("empty"), 10, &size, &err);
    CU_ASSERT_FATAL(back != NULL);
    CU_ASSERT(size == 0 && back[0] == 0);
    free(back);
}

static void test_folders_are_made_with_their_parents(void) {
    struct error err = {0};
    CU_ASSERT(!folder_make(suite_path("a/b/c"), &err));
    CU_ASSERT(!folder_make(suite_path("a/b/c"), &err)); // is there already
    CU_ASSERT(!folder_make(suite_path("a/b/d/"), &err));
    CU_ASSERT(file_exists(suite_path("a/b/d")));
    CU_ASSERT_FATAL(!file_write(suite_path("a/file"), "", 0, &err));
    CU_ASSERT_EQUAL(folder_make(suite_path("a/file"), &err), -1);
    suite_text_has(err.message, "a/file: not a folder");
    CU_ASSERT_EQUAL(folder_make(suite_path("a/file/x"), &err), -1);
    suite_text_has(err.message, "Not a directory");
}

static void test_paths_too_long_are_refused_not_cut(void) {
    struct error err = {0};
    struct output out;
    char path[PATH_SIZE + 10], joined[PATH_SIZE];
    memset(path, 'x', sizeof path);
    path[PATH_SIZE - 1] = 0; // fits, but leaves no room for anything more
    CU_ASSERT_EQUAL(path_join(joined, &err, path, "a"), -1);
    suite_text_has(err.message, "path too long");
    CU_ASSERT_EQUAL(output_open(&out, path, &err), -1);
    suite_text_has(err.message, "path too long");
    path[PATH_SIZE - 1] = 'x';
    path[PATH_SIZE + 9] = 0;
    CU_ASSERT_EQUAL(folder_make(path, &err), -1);
    suite_text_has(err.message, "path too long");
}

// A name that leads in a circle: the system does not tell, to root either, whether anything is there.
static void test_absence_is_told_from_what_cannot_be_told(void) {
    struct error err = {0};
    CU_ASSERT_FATAL(!file_write(suite_path("there"), "", 0, &err));
    CU_ASSERT_FATAL(!symlink("circle", suite_path("circle")));
    CU_ASSERT_EQUAL(file_is_there(suite_path("there"), &err), 1);
    CU_ASSERT_EQUAL(file_is_there(suite_path("absent"), &err), 0);
    CU_ASSERT_EQUAL(file_is_there(suite_path("absent/too"), &err), 0);
    CU_ASSERT_STRING_EQUAL(err.message, "");
    CU_ASSERT_EQUAL(file_is_there(suite_path("circle/run.json"), &err), -1);
    CU_ASSERT_EQUAL(err.cause, ELOOP);
    suite_text_has(err.message, "circle/run.json: Too many levels of symbolic links");
    CU_ASSERT_EQUAL(file_is_there(suite_path("there/run.json"), &err), -1);
    CU_ASSERT_EQUAL(err.cause, ENOTDIR);
    CU_ASSERT_EQUAL(file_check_target(suite_path("circle"), &err), -1);
    CU_ASSERT_EQUAL(err.cause, ELOOP);
}

static void test_a_listing_gives_every_entry_and_its_end(void) {
    struct error err = {0};
    struct dirent *entry;
    int count = 0, more;
    CU_ASSERT_FATAL(!folder_make(suite_path("listed/inner"), &err));
    CU_ASSERT_FATAL(!file_write(suite_path("listed/file"), "", 0, &err));
    DIR *listing = opendir(suite_path("listed"));
    CU_ASSERT_FATAL(listing != NULL);
    while ((more = folder_next(listing, "listed", &entry, &err)) > 0)
        count += !strcmp(entry->d_name, "inner") || !strcmp(entry->d_name, "file") ? 1 : 100;
    CU_ASSERT_EQUAL(more, 0);
    CU_ASSERT_EQUAL(count, 2);
    int other = open("/dev/null", O_RDONLY | O_CLOEXEC);
    CU_ASSERT_FATAL(other >= 0 && dup2(other, dirfd(listing)) >= 0);
    rewinddir(listing);
    CU_ASSERT_EQUAL(folder_next(listing, "listed", &entry, &err), -1); // the system breaks off: no end
    suite_text_has(err.message, "listed: Not a directory");
    close(other);
    closedir(listing);
}

static void test_a_path_has_a_name_and_a_folder(void) {
    static const char *const paths[][3] = {
        {"a/b/c", "a/b", "c"}, {"name", ".", "name"}, {"/name", "/", "name"}, {"a/", "a", ""}};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        char folder[PATH_SIZE];
        path_folder(folder, paths[i][0]);
        suite_text_is(folder, paths[i][1]);
        suite_text_is(path_name(paths[i][0]), paths[i][2]);
    }
}

void suite_file(void) {
    CU_pSuite s = CU_add_suite("file", suite_make_folder, suite_remove_folder);
    CU_add_test(s, "a path has a name and a folder", test_a_path_has_a_name_and_a_folder);
    CU_add_test(s, "a file appears only when whole", test_a_file_appears_only_when_whole);
    CU_add_test(s, "a discarded file leaves the old one", test_a_discarded_file_leaves_the_old_one);
    CU_add_test(s, "a full disk leaves the old file and nothing else",
                test_a_full_disk_leaves_the_old_file_and_nothing_else);
    CU_add_test(s, "a place that cannot hold the file is named",
                test_a_place_that_cannot_hold_the_file_is_named);
    CU_add_test(s, "a folder without permission to write is named",
                test_a_folder_without_permission_to_write_is_named);
    CU_add_test(s, "reading is bounded and names what it cannot read",
                test_reading_is_bounded_and_names_what_it_cannot_read);
    CU_add_test(s, "folders are made with their parents", test_folders_are_made_with_their_parents);
    CU_add_test(s, "absence is told from what cannot be told", test_absence_is_told_from_what_cannot_be_told);
    CU_add_test(s, "a listing gives every entry and its end", test_a_listing_gives_every_entry_and_its_end);
    CU_add_test(s, "paths too long are refused, not cut", test_paths_too_long_are_refused_not_cut);
}
