// SPDX-License-Identifier: Apache-2.0
// Snapshots: what was saved comes back whole, or not at all.
#include "core/base/memory.h"
#include "core/base/snapshot.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct state {
    char first[10];
    double second[3];
};

static struct text notices; // of the last load

static int move(int saving, struct state *s, const char *identity, struct error *err) {
    struct snapshot_part parts[] = {{.bytes = s->first, .size = sizeof s->first},
                                    {.bytes = s->second, .size = sizeof s->second}};
    text_free(&notices);
    return (saving ? snapshot_save(suite_path("state"), identity, parts, 2, err)
                   : snapshot_load(suite_path("state"), identity, parts, 2, &notices, err));
}

static const struct state one = {"one", {1, 2, 3}}, two = {"two", {4, 5, 6}};

static int load_is(const struct state *want, const char *identity, int result) {
    struct error err;
    struct state s = {"blank", {0}};
    struct state blank = s;
    int found = move(0, &s, identity, &err);
    if (!want)
        want = &blank;
    int same = !strcmp(s.first, want->first);
    for (int i = 0; i < 3; i++)
        same &= s.second[i] == want->second[i];
    return found == result && same;
}

static void save(const struct state *s) {
    struct error err;
    struct state copy = *s;
    CU_ASSERT_FATAL(!move(1, &copy, "me", &err));
}

static void test_what_was_saved_comes_back_to_its_owner(void) {
    CU_ASSERT(load_is(NULL, "me", 0));
    save(&one);
    CU_ASSERT(load_is(&one, "me", 1));
    CU_ASSERT(load_is(NULL, "you", 0));
    save(&two);
    CU_ASSERT(load_is(&two, "me", 1));
    struct error err;
    CU_ASSERT(!file_write(suite_path("state.part-7"), "half", 4, &err)); // of a process that was killed
    snapshot_remove(suite_path("state"));
    CU_ASSERT_EQUAL(suite_count_entries(suite_folder()), 0);
    CU_ASSERT(load_is(NULL, "me", 0));
}

// Whichever byte is changed, wherever the file is cut: the one before is taken.
static void test_of_a_damaged_snapshot_the_one_before_is_taken(void) {
    struct error err;
    size_t size;
    save(&one);
    save(&two);
    char *file = file_read(suite_path("state"), 1 << 20, &size, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    for (size_t i = 0; i < size; i++) {
        file[i] ^= 1;
        CU_ASSERT_FATAL(!file_write(suite_path("state"), file, size, &err));
        CU_ASSERT(load_is(&one, "me", 1));
        file[i] ^= 1;
        CU_ASSERT_FATAL(!file_write(suite_path("state"), file, i, &err));
        CU_ASSERT(load_is(&one, "me", 1));
    }
    free(file);
    unlink(suite_path("state.old"));
    CU_ASSERT(load_is(NULL, "me", 0));
}

// The error's message, or the notices of a load that did not fail.
static const char *load_message(int result) {
    static struct error err;
    struct state s = {"blank", {0}};
    CU_ASSERT_EQUAL(move(0, &s, "me", &err), result);
    return result < 0 ? err.message : text_string(&notices);
}

// What is there and cannot be read is not taken for absent; what is passed over is told.
static void test_what_cannot_be_read_is_not_taken_for_absent(void) {
    struct error err;
    snapshot_remove(suite_path("state"));
    CU_ASSERT_STRING_EQUAL(load_message(0), "");
    CU_ASSERT_FATAL(!folder_make(suite_path("state"), &err));
    suite_text_has(load_message(-1), "/state: not a regular file");
    rmdir(suite_path("state"));
    CU_ASSERT_EQUAL_FATAL(symlink("state", suite_path("state")), 0);
    suite_text_has(load_message(-1), "/state: Too many levels of symbolic links");
    unlink(suite_path("state"));
    save(&one);
    save(&two);
    CU_ASSERT_STRING_EQUAL(load_message(1), "");
    CU_ASSERT_FATAL(!file_write(suite_path("state"), "short", 5, &err));
    suite_text_has(load_message(1), "/state: damaged: ignored");
    struct state copy = one;
    CU_ASSERT_FATAL(!move(1, &copy, "you", &err));
    unlink(suite_path("state.old"));
    suite_text_has(load_message(0), "/state: of other work or another version: ignored");
    snapshot_remove(suite_path("state"));
}

// Texts have the length they were saved with, none at all included; without memory for one nothing is filled.
static void test_texts_of_any_length_come_back(void) {
    struct error err;
    char *const saved[] = {NULL, "", "{\"epoch\": 1}\n", "a longer one than before, and with another end"};
    for (size_t i = 0; i < sizeof saved / sizeof *saved; i++) {
        char *text = saved[i], number = 7, *loaded = NULL;
        struct snapshot_part parts[] = {{.text = &text}, {.bytes = &number, .size = 1}};
        CU_ASSERT_FATAL(!snapshot_save(suite_path("text"), "me", parts, 2, &err));
        parts[0].text = &loaded;
        number = 0;
        int found = -1, failures = 0;
        for (long n = 1; found == -1 && n < 100; n++) {
            CU_ASSERT(number == 0 && loaded == NULL);
            memory_fail_at = n;
            found = snapshot_load(suite_path("text"), "me", parts, 2, &notices, &err);
            memory_fail_at = 0;
            failures += found == -1;
        }
        CU_ASSERT(failures > 0);
        CU_ASSERT_EQUAL_FATAL(found, 1);
        CU_ASSERT(number == 7 && !strcmp(loaded, saved[i] ? saved[i] : ""));
        free(loaded);
    }
    snapshot_remove(suite_path("text"));
}

static void test_a_full_disk_keeps_the_last_snapshot(void) {
    struct error err;
    struct state copy = two;
    snapshot_remove(suite_path("state"));
    save(&one);
    suite_limit_files(60);
    CU_ASSERT_EQUAL(move(1, &copy, "me", &err), -1);
    suite_limit_files(0);
    CU_ASSERT(load_is(&one, "me", 1));
    text_free(&notices);
}

void suite_snapshot(void);
void suite_snapshot(void) {
    CU_pSuite suite = CU_add_suite("snapshot", suite_make_folder, suite_remove_folder);
    CU_add_test(suite, "what was saved comes back, to its owner",
                test_what_was_saved_comes_back_to_its_owner);
    CU_add_test(suite, "of a damaged snapshot the one before is taken",
                test_of_a_damaged_snapshot_the_one_before_is_taken);
    CU_add_test(suite, "what cannot be read is not taken for absent",
                test_what_cannot_be_read_is_not_taken_for_absent);
    CU_add_test(suite, "texts of any length come back", test_texts_of_any_length_come_back);
    CU_add_test(suite, "a full disk keeps the last snapshot", test_a_full_disk_keeps_the_last_snapshot);
}
