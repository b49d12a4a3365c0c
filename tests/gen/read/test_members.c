// SPDX-License-Identifier: Apache-2.0
// Files out of folders and archives: the same whatever holds them, and whatever is missing, cut, damaged or
// too deep is named.
#include "gen/read/members.h"

#include "core/base/file.h"
#include "core/base/memory.h"
#include "tests/support/sources_fixture.h"
#include "tests/support/suite.h"

#include <archive.h>
#include <archive_entry.h>
#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int every_file(const void *context, const char *name) {
    (void)context, (void)name;
    return 1;
}

static int only_text(const void *context, const char *name) {
    (void)context;
    const char *ending = strrchr(name, '.');
    return ending && !strcmp(ending, ".txt");
}

static void make_files(struct source_files *files) {
    static char large[70000]; // more than one block of anything
    for (size_t i = 0; i < sizeof large; i++)
        large[i] = (char)(i * i >> 5);
    files->count = 0;
    sources_add(files, "b/two.txt", "second", 6);
    sources_add(files, "a/one.txt", "first", 5);
    sources_add(files, "a/large.bin", large, sizeof large);
    sources_add(files, "empty.txt", "", 0);
}

static void check_members(const char *path) {
    struct members members;
    struct error err = {0};
    CU_ASSERT_FATAL(!members_read(path, every_file, NULL, &members, &err));
    static const char *const names[] = {"a/large.bin", "a/one.txt", "b/two.txt", "empty.txt"};
    CU_ASSERT_EQUAL_FATAL(members.count, 4);
    for (int i = 0; i < 4; i++)
        CU_ASSERT_STRING_EQUAL(members.items[i].name, names[i]);
    CU_ASSERT_EQUAL(members.items[0].size, 70000);
    CU_ASSERT_EQUAL(members.items[0].bytes[69999], (uint8_t)(69999L * 69999 >> 5));
    CU_ASSERT(members.items[1].size == 5 && !memcmp(members.items[1].bytes, "first", 5));
    CU_ASSERT_EQUAL(members.items[3].size, 0);
    members_free(&members);
    CU_ASSERT_FATAL(!members_read(path, only_text, NULL, &members, &err));
    CU_ASSERT_EQUAL(members.count, 3);
    members_free(&members);
}

static void test_folders_and_archives_hold_the_same(void) {
    struct source_files files;
    make_files(&files);
    check_members(sources_folder("folder", &files));
    check_members(sources_archive("a.tar", &files));
    check_members(sources_archive("a.tar.gz", &files));
    check_members(sources_archive("a.zip", &files));
    sources_free(&files);
}

// Reading must fail with this message, "PATH" standing for the path.
static void check_refused(const char *path, const char *expected) {
    struct members members;
    struct error err = {0};
    char message[sizeof err.message];
    CU_ASSERT(members_read(path, every_file, NULL, &members, &err));
    CU_ASSERT_PTR_NULL(members.items);
    CU_ASSERT_EQUAL(err.status, EXIT_FAILED);
    snprintf(message, sizeof message, "%s%s", path, expected);
    suite_text_begins(err.message, message);
}

static void test_what_is_no_archive_is_named(void) {
    struct error err = {0};
    static const char page[] = "<!DOCTYPE html>\n<html><body>403 Forbidden</body></html>\n";
    const char *path = suite_path("empty.tar.gz");
    CU_ASSERT_FATAL(!file_write(path, "", 0, &err));
    check_refused(path, ": an empty file, not an archive");
    check_refused(suite_path("absent.zip"), ": No such file or directory");
    path = suite_path("page.tar.gz");
    CU_ASSERT_FATAL(!file_write(path, page, sizeof page - 1, &err));
    check_refused(path, ": an HTML page, not an archive (a download that failed?)");
    path = suite_path("text.zip");
    CU_ASSERT_FATAL(!file_write(path, "hello", 5, &err));
    check_refused(path, ": not an archive, or cut short (");
}

// An archive that lost its end loses files: whatever libarchive makes of it, less must never pass for all.
static void check_cut(const char *name) {
    struct source_files files;
    struct error err = {0};
    make_files(&files);
    const char *path = sources_archive(name, &files);
    sources_free(&files);
    size_t size;
    char *bytes = file_read(path, 1 << 20, &size, &err);
    CU_ASSERT_FATAL(bytes != NULL);
    int passed = 0, unnamed = 0;
    for (size_t length = 0; length < size; length += length < 1000 || length + 1200 > size ? 1 : 97) {
        struct members members;
        FILE *file = fopen(path, "wb");
        CU_ASSERT_FATAL(file && fwrite(bytes, 1, length, file) == length && !fclose(file));
        err.message[0] = 0;
        if (members_read(path, every_file, NULL, &members, &err))
            unnamed += strncmp(err.message, path, strlen(path)) != 0;
        else if (members.count < 4) {
            passed++;
        }
        members_free(&members);
    }
    if (passed)
        printf("\n  %s: %d cut ones passed\n", name, passed);
    CU_ASSERT_EQUAL(passed, 0);
    CU_ASSERT_EQUAL(unnamed, 0);
    free(bytes);
}

static void test_archives_cut_at_any_length_are_refused(void) {
    check_cut("cut.tar.gz");
    check_cut("cut.tar");
    check_cut("cut.zip");
}

static void test_damage_is_found_by_checksums(void) {
    struct source_files files;
    struct error err = {0};
    make_files(&files);
    static const char *const names[] = {"damaged.tar.gz", "damaged.zip"};
    for (int k = 0; k < 2; k++) {
        const char *path = sources_archive(names[k], &files);
        size_t size;
        char *bytes = file_read(path, 1 << 20, &size, &err);
        CU_ASSERT_FATAL(bytes != NULL);
        bytes[size / 2] ^= 0x10; // inside the large file
        CU_ASSERT_FATAL(!file_write(path, bytes, size, &err));
        free(bytes);
        check_refused(path, ": a/large.bin: truncated or damaged archive (");
    }
    sources_free(&files);
}

static void test_two_files_of_one_name_are_refused(void) {
    struct source_files files;
    make_files(&files);
    sources_add(&files, "a/one.txt", "another", 7);
    const char *path = sources_archive("twice.tar", &files);
    check_refused(path, ": a/one.txt: stands there twice");
    sources_free(&files);
}

// Names in an archive are never paths on disk: nothing is written, "../" or not.
static void test_names_that_lead_out_are_only_names(void) {
    struct source_files files = {0};
    struct members members;
    struct error err = {0};
    sources_add(&files, "../outside.txt", "x", 1);
    sources_add(&files, "/tmp/reff-absolute.txt", "y", 1);
    const char *path = sources_archive("outside.tar", &files);
    int before = suite_count_entries(suite_folder());
    CU_ASSERT_FATAL(!members_read(path, every_file, NULL, &members, &err));
    CU_ASSERT_EQUAL(members.count, 2);
    CU_ASSERT_EQUAL(suite_count_entries(suite_folder()), before);
    CU_ASSERT(!file_exists("/tmp/reff-absolute.txt"));
    members_free(&members);
    sources_free(&files);
}

// Links, devices and the like are no files; a link that leads in a circle ends at a limit.
static void test_only_regular_files_are_taken(void) {
    struct members members;
    struct error err = {0};
    const char *folder = suite_path("special");
    CU_ASSERT_FATAL(!folder_make(folder, &err) && !mkfifo(suite_path("special/fifo"), 0600));
    CU_ASSERT_FATAL(!file_write(suite_path("special/file"), "x", 1, &err));
    CU_ASSERT_FATAL(!members_read(folder, every_file, NULL, &members, &err));
    CU_ASSERT_EQUAL(members.count, 1);
    members_free(&members);
    CU_ASSERT_FATAL(!symlink(".", suite_path("special/circle")));
    CU_ASSERT(members_read(folder, every_file, NULL, &members, &err));
    suite_text_has(err.message, "folders deep");
    CU_ASSERT_FATAL(!unlink(suite_path("special/circle")));
    CU_ASSERT_FATAL(!symlink("nowhere", suite_path("special/dangling")));
    CU_ASSERT(members_read(folder, every_file, NULL, &members, &err));
    suite_text_has(err.message, "special/dangling: a symbolic link that leads nowhere");
}

// Archives whose filters libarchive would leave to programs of the PATH: none is run, and the message is that of what
// is no archive.
static void test_no_program_is_run_for_an_archive(void) {
    static const struct {
        const char *program;
        const char *magic;
        size_t size;
    } cases[] = {{"grzip", "GRZipII\x00\x02\x04:)", 12},
                 {"lrzip", "LRZI\x00\x06", 6},
                 {"lzop", "\x89LZO\x00\r\n\x1a\n", 9}};
    char path[PATH_SIZE], before[PATH_SIZE];
    struct error err = {0};
    snprintf(before, sizeof before, "%.4000s", getenv("PATH"));
    snprintf(path, sizeof path, "%.2000s:%.2000s", suite_folder(), before);
    setenv("PATH", path, 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char script[PATH_SIZE + 40], bytes[600] = "";
        const char *program = suite_path(cases[i].program);
        int length = snprintf(script, sizeof script, "#!/bin/sh\ntouch '%s/was-run'\ncat\n", suite_folder());
        CU_ASSERT_FATAL(!file_write(program, script, (size_t)length, &err) && !chmod(program, 0755));
        memcpy(bytes, cases[i].magic, cases[i].size);
        CU_ASSERT_FATAL(!file_write(suite_path("program.tar"), bytes, sizeof bytes, &err));
        check_refused(suite_path("program.tar"), ": not an archive, or cut short (");
        uint8_t *out = NULL;
        size_t size;
        if (!members_decompress("labels", (uint8_t *)bytes, sizeof bytes, 1000, &out, &size, &err)) {
            CU_ASSERT_EQUAL(size, sizeof bytes); // as it is
            free(out);
        }
        CU_ASSERT(!file_exists(suite_path("was-run")));
    }
    setenv("PATH", before, 1);
}

// What systems put beside files is in no listing, whatever was asked for.
static void test_what_systems_put_beside_files_is_passed_over(void) {
    static const char *const clutter[] = {"Thumbs.db",          "a/thumbs.db",     "a/desktop.ini",
                                          "b/.DS_Store",        "a/._one.txt",     "__MACOSX/._a.txt",
                                          "__MACOSX/a/one.txt", "b/__MACOSX/x.txt"};
    struct source_files files;
    make_files(&files);
    for (size_t i = 0; i < sizeof clutter / sizeof *clutter; i++)
        sources_add(&files, clutter[i], "x", 1);
    check_members(sources_folder("clutter", &files));
    check_members(sources_archive("clutter.tar.gz", &files));
    check_members(sources_archive("clutter.zip", &files));
    sources_free(&files);
}

// Adds a link to an archive that is being written.
static void add_link(struct archive *a, const char *name, const char *target, int symbolic) {
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, name);
    archive_entry_set_filetype(entry, symbolic ? AE_IFLNK : AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    if (symbolic)
        archive_entry_set_symlink(entry, target);
    else
        archive_entry_set_hardlink(entry, target);
    CU_ASSERT_FATAL(archive_write_header(a, entry) == ARCHIVE_OK);
    archive_entry_free(entry);
}

// A tar with the file "a/one.txt" and links to it, or elsewhere.
static const char *archive_of_links(const char *name, const char *const links[][2], int count) {
    struct archive *a = archive_write_new();
    struct archive_entry *entry = archive_entry_new();
    const char *path = suite_path(name);
    archive_write_add_filter_gzip(a);
    archive_write_set_format_pax_restricted(a);
    CU_ASSERT_FATAL(archive_write_open_filename(a, path) == ARCHIVE_OK);
    archive_entry_set_pathname(entry, "a/one.txt");
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, 5);
    CU_ASSERT_FATAL(archive_write_header(a, entry) == ARCHIVE_OK && archive_write_data(a, "first", 5) == 5);
    archive_entry_free(entry);
    for (int i = 0; i < count; i++)
        add_link(a, links[i][0], links[i][1] + 1, *links[i][1] == '>');
    archive_write_close(a);
    archive_write_free(a);
    return path;
}

static void test_links_are_followed_within_an_archive(void) {
    static const char *const links[][2] = {{"a/two.txt", "=a/one.txt"},
                                           {"b/three.txt", ">../a/one.txt"},
                                           {"b/four.txt", ">three.txt"},
                                           {"five.txt", ">./a//two.txt"}};
    static const char *const names[] = {"a/one.txt", "a/two.txt", "b/four.txt", "b/three.txt", "five.txt"};
    struct members members;
    struct error err = {0};
    CU_ASSERT_FATAL(
        !members_read(archive_of_links("links.tar.gz", links, 4), every_file, NULL, &members, &err));
    CU_ASSERT_EQUAL_FATAL(members.count, 5);
    for (int i = 0; i < 5; i++) {
        suite_text_is(members.items[i].name, names[i]);
        CU_ASSERT(members.items[i].size == 5 && !memcmp(members.items[i].bytes, "first", 5));
    }
    members_free(&members);
    static const char *const lost[][2] = {{"b/lost.txt", ">../../etc/passwd"}}, *const circle[][2] = {
                                                                                    {"x.txt", ">y.txt"},
                                                                                    {"y.txt", ">x.txt"}};
    check_refused(archive_of_links("lost.tar.gz", lost, 1),
                  ": b/lost.txt: a link to etc/passwd, which is no file of the archive");
    check_refused(archive_of_links("circle.tar.gz", circle, 2), ": x.txt: a link to ");
}

// The same zip as it is, and with what its entries are packed by changed to `method`, or said to be encrypted.
static const char *changed_zip(const char *name, int method, int encrypted) {
    struct source_files files;
    struct error err = {0};
    size_t size;
    make_files(&files);
    const char *path = sources_archive(name, &files);
    uint8_t *bytes = (uint8_t *)file_read(path, 1 << 20, &size, &err);
    CU_ASSERT_FATAL(bytes != NULL);
    for (size_t i = 0; i + 46 < size; i++) {
        int local = !memcmp(bytes + i, "PK\3\4", 4), central = !memcmp(bytes + i, "PK\1\2", 4);
        if (!local && !central)
            continue;
        bytes[i + (local ? 8 : 10)] = (uint8_t)method;
        bytes[i + (local ? 6 : 8)] |= (uint8_t)encrypted;
    }
    CU_ASSERT_FATAL(!file_write(path, bytes, size, &err));
    free(bytes);
    sources_free(&files);
    return path;
}

static void test_what_cannot_be_unpacked_is_called_what_it_is(void) {
    struct members members;
    struct error err = {0};
    static const struct {
        const char *name, *bytes, *words;
    } others[] = {{"a.7z", "7z\xBC\xAF\x27\x1C..",
                   ": a 7z archive, which is not read; pack it as .zip, .tar or .tar.gz"},
                  {"a.rar", "Rar!\x1A\x07..", ": a RAR archive, which is not read"}};
    const char *path = changed_zip("method.zip", 9, 0);
    CU_ASSERT(members_read(path, only_text, NULL, &members, &err));
    suite_text_has(err.message, ".txt: packed in a way that is not read (");
    suite_text_has(err.message, "deflation-64-bit");
    suite_text_has(err.message, "pack it again as zip by Deflate, or as tar.gz");
    CU_ASSERT(members_read(changed_zip("secret.zip", 8, 1), only_text, NULL, &members, &err));
    suite_text_has(err.message, ".txt: is encrypted; unpack it, or pack it without a password");
    for (int i = 0; i < 2; i++) {
        path = suite_path(others[i].name);
        CU_ASSERT_FATAL(!file_write(path, others[i].bytes, 8, &err));
        check_refused(path, others[i].words);
    }
}

static void test_decompression_is_bounded(void) {
    struct source_files files = {0};
    struct error err = {0};
    uint8_t *out;
    size_t size, packed_size;
    sources_digits(&files);
    struct source_file *file = sources_find(&files, "train-images");
    CU_ASSERT(!members_decompress("d.gz", file->bytes, file->size, 1 << 20, &out, &size, &err));
    CU_ASSERT_EQUAL(size, 16 + SOURCES_TRAIN * 784);
    free(out);
    packed_size = file->size;
    CU_ASSERT(members_decompress("d.gz", file->bytes, packed_size, 1000, &out, &size, &err));
    CU_ASSERT_PTR_NULL(out);
    suite_text_begins(err.message, "d.gz: larger than ");
    CU_ASSERT(members_decompress("d.gz", file->bytes, 0, 1000, &out, &size, &err));
    CU_ASSERT_STRING_EQUAL(err.message, "d.gz: an empty file");
    sources_free(&files);
}

static void test_no_allocation_failure_leaks(void) {
    struct source_files files;
    struct members members;
    struct error err = {0};
    make_files(&files);
    const char *paths[2] = {sources_folder("memory", &files), sources_archive("memory.zip", &files)};
    for (int k = 0; k < 2; k++) {
        int failures = 0, passed = 0;
        for (long n = 1; n < 1000 && !passed; n++) {
            memory_fail_at = n;
            passed = !members_read(paths[k], every_file, NULL, &members, &err);
            memory_fail_at = 0;
            failures += !passed;
            if (!passed)
                CU_ASSERT(!strncmp(err.message, "out of memory", 13) && !members.items);
        }
        CU_ASSERT(passed && failures >= 8);
        members_free(&members);
    }
    sources_free(&files);
}

void suite_members(void) {
    CU_pSuite s = CU_add_suite("members", suite_make_folder, suite_remove_folder);
    CU_add_test(s, "folders and archives hold the same", test_folders_and_archives_hold_the_same);
    CU_add_test(s, "what is no archive is named", test_what_is_no_archive_is_named);
    CU_add_test(s, "archives cut at any length are refused", test_archives_cut_at_any_length_are_refused);
    CU_add_test(s, "damage is found by checksums", test_damage_is_found_by_checksums);
    CU_add_test(s, "two files of one name are refused", test_two_files_of_one_name_are_refused);
    CU_add_test(s, "names that lead out are only names", test_names_that_lead_out_are_only_names);
    CU_add_test(s, "only regular files are taken", test_only_regular_files_are_taken);
    CU_add_test(s, "no program is run for an archive", test_no_program_is_run_for_an_archive);
    CU_add_test(s, "what systems put beside files is passed over",
                test_what_systems_put_beside_files_is_passed_over);
    CU_add_test(s, "links are followed within an archive", test_links_are_followed_within_an_archive);
    CU_add_test(s, "what cannot be unpacked is called what it is",
                test_what_cannot_be_unpacked_is_called_what_it_is);
    CU_add_test(s, "decompression is bounded", test_decompression_is_bounded);
    CU_add_test(s, "no allocation failure leaks", test_no_allocation_failure_leaks);
}
