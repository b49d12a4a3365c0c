// SPDX-License-Identifier: Apache-2.0
// Work in a child process: its value comes back, and so does all of its error.
#include "core/base/isolate.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

static json_t *make_number(void *context, struct error *err) {
    (void)err;
    return json_integer(*(int *)context + 1);
}

static json_t *fail_as_told(void *context, struct error *err) {
    const struct error *told = context;
    if (told->cause)
        fail_system(err, told->cause, "a shard");
    else if (told->status == EXIT_USAGE)
        fail_usage(err, "--data");
    else
        fail_interrupted(err, "stopped");
    return NULL;
}

static json_t *die(void *context, struct error *err) {
    (void)context, (void)err;
    raise(SIGKILL);
    return NULL;
}

static void test_a_childs_value_comes_back(void) {
    struct error err = {0};
    int before = 41;
    json_t *value = isolate_json(make_number, &before, &err);
    CU_ASSERT_EQUAL(json_integer_value(value), 42);
    json_decref(value);
}

static void test_a_childs_error_comes_back_with_status_and_cause(void) {
    struct error told = {.cause = ENOSPC}, err = {0};
    CU_ASSERT_PTR_NULL(isolate_json(fail_as_told, &told, &err));
    CU_ASSERT_STRING_EQUAL(err.message, "a shard: No space left on device");
    CU_ASSERT_EQUAL(err.status, EXIT_FAILED);
    CU_ASSERT_EQUAL(err.cause, ENOSPC);
    CU_ASSERT(error_is_full_disk(&err));
    told = (struct error){.status = EXIT_USAGE};
    CU_ASSERT_PTR_NULL(isolate_json(fail_as_told, &told, &err));
    CU_ASSERT_EQUAL(err.status, EXIT_USAGE);
    CU_ASSERT_EQUAL(err.cause, 0);
    told = (struct error){.status = EXIT_INTERRUPTED};
    CU_ASSERT_PTR_NULL(isolate_json(fail_as_told, &told, &err));
    CU_ASSERT_EQUAL(err.status, EXIT_INTERRUPTED);
}

static void test_a_child_that_dies_is_an_error(void) {
    struct error err = {0};
    CU_ASSERT_PTR_NULL(isolate_json(die, NULL, &err));
    CU_ASSERT_STRING_EQUAL(err.message, "a process that worked for this one died (Killed)");
}

void suite_isolate(void) {
    CU_pSuite s = CU_add_suite("isolate", NULL, NULL);
    CU_add_test(s, "a child's value comes back", test_a_childs_value_comes_back);
    CU_add_test(s, "a child's error comes back with status and cause",
                test_a_childs_error_comes_back_with_status_and_cause);
    CU_add_test(s, "a child that dies is an error", test_a_child_that_dies_is_an_error);
}
