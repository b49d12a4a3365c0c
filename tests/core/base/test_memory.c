// SPDX-License-Identifier: Apache-2.0
// Memory: what callers rely on, sizes that overflow, and running out of it at every allocation in turn.
#include "core/base/memory.h"
#include "core/base/settings.h"
#include "tests/support/suite.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void test_allocations_are_zeroed_empty_ones_pass(void) {
    struct error err = {0};
    unsigned char *block = allocate(1000, 3, "a block", &err);
    CU_ASSERT_FATAL(block != NULL);
    unsigned sum = 0;
    for (int i = 0; i < 3000; i++)
        sum += block[i];
    CU_ASSERT_EQUAL(sum, 0);
    free(block);
    block = allocate(0, 8, "nothing", &err); // an empty array is no failure
    CU_ASSERT_PTR_NOT_NULL(block);
    free(block);
}

static void test_a_size_that_overflows_is_refused(void) {
    struct error err = {0};
    CU_ASSERT_PTR_NULL(allocate(SIZE_MAX / 4, 8, "images", &err));
    suite_text_begins(err.message, "out of memory: images needs ");
    char(*block)[3] = allocate(1, sizeof *block, "a block", &err), (*kept)[3] = block;
    CU_ASSERT_EQUAL(array_resize(block, SIZE_MAX / 2, "masks", &err), -1);
    suite_text_begins(err.message, "out of memory: masks needs ");
    CU_ASSERT_PTR_EQUAL(block, kept);
    free(block);
}

static void test_growing_keeps_the_contents(void) {
    struct error err = {0};
    char *text = duplicate("digits", &err);
    CU_ASSERT_FATAL(text != NULL);
    CU_ASSERT_FATAL(!array_resize(text, 100000, "text", &err));
    CU_ASSERT_STRING_EQUAL(text, "digits");
    free(text);
}

// The switch itself: exactly the N-th allocation fails, once.
static void test_memory_fail_at_fails_the_n_th_allocation_once(void) {
    struct error err = {0};
    memory_fail_at = 2;
    void *first = allocate(1, 1, "first", &err), *second = allocate(1, 1, "second", &err);
    char *third = duplicate("third", &err);
    CU_ASSERT_PTR_NOT_NULL(first);
    CU_ASSERT_PTR_NULL(second);
    CU_ASSERT_PTR_NOT_NULL(third);
    CU_ASSERT_STRING_EQUAL(err.message, "out of memory: second needs 0.0 MiB");
    memory_fail_at = 1;
    CU_ASSERT_PTR_NULL(reallocate(first, 9, 9, "first", &err));
    free(first);
    free(second);
    free(third);
    memory_fail_at = 0;
}

static int take_nothing(void *context, const char *section, const char *key, const char *value,
                        const char *where, struct error *err) {
    (void)section, (void)key, (void)value, (void)where, (void)err;
    ++*(int *)context;
    return 0;
}

// Reading a settings file allocates for the file and for every key: each of these may fail, and each failure
// must come out as a message, without a leak.
static void test_a_settings_file_survives_the_failure_of_each_allocation(void) {
    struct error err = {0};
    const char text[] = "[train]\nepochs = 8\nlambda = 1\n[data]\np = 0\n";
    int failures = 0, lines = 0, result = -1;
    CU_ASSERT_FATAL(!file_write(suite_path("a.ini"), text, sizeof text - 1, &err));
    for (long n = 1; result && n < 100; n++) {
        memory_fail_at = n;
        lines = 0;
        result = settings_file(suite_path("a.ini"), take_nothing, &lines, &err);
        int reached = memory_fail_at == 0; // else the operation passed before its N-th allocation
        memory_fail_at = 0;
        CU_ASSERT_EQUAL(result, reached ? -1 : 0);
        if (result) {
            failures++;
            suite_text_begins(err.message, "out of memory: ");
        }
    }
    CU_ASSERT_EQUAL(result, 0);
    CU_ASSERT_EQUAL(lines, 3);
    CU_ASSERT(failures >= 4); // the file, and three keys
}

void suite_memory(void) {
    CU_pSuite s = CU_add_suite("memory", suite_make_folder, suite_remove_folder);
    CU_add_test(s, "allocations are zeroed, empty ones pass", test_allocations_are_zeroed_empty_ones_pass);
    CU_add_test(s, "a size that overflows is refused", test_a_size_that_overflows_is_refused);
    CU_add_test(s, "growing keeps the contents", test_growing_keeps_the_contents);
    CU_add_test(s, "memory_fail_at fails the N-th allocation, once",
                test_memory_fail_at_fails_the_n_th_allocation_once);
    CU_add_test(s, "a settings file survives the failure of each allocation",
                test_a_settings_file_survives_the_failure_of_each_allocation);
}
