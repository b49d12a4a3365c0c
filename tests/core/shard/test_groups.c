// SPDX-License-Identifier: Apache-2.0
// Groups: their numbers, their names, and what a name says.
#include "core/shard/groups.h"
#include "tests/support/suite.h"

#include <CUnit/CUnit.h>

static void test_a_class_has_two_groups_or_is_one(void) {
    json_t *classes = json_pack("[s, s]", "melanoma", "nevus"), *both = group_names(classes, 2, 1),
           *one = group_names(classes, 2, 0), *numbers = group_names(NULL, 10, 1);
    CU_ASSERT_FATAL(json_array_size(both) == 4 && json_array_size(one) == 2 &&
                    json_array_size(numbers) == 20);
    suite_text_is(group_name(both, group_of(1, GROUP_ALIGNED)), "nevus aligned");
    suite_text_is(group_name(both, group_of(0, GROUP_CONFLICTING)), "melanoma conflicting");
    suite_text_is(group_name(one, 1), "nevus");
    suite_text_is(group_name(numbers, 0), "0 aligned");
    suite_text_is(group_name(numbers, 19), "9 conflicting");
    CU_ASSERT(!group_name(numbers, 20) && !group_name(numbers, -1) && !group_name(NULL, 0));
    json_decref(classes), json_decref(both), json_decref(one), json_decref(numbers);
}

// The last word alone: a class may have any name.
static void test_a_names_last_word_says_its_kind(void) {
    CU_ASSERT_EQUAL(group_kind_of("3 aligned"), GROUP_ALIGNED);
    CU_ASSERT_EQUAL(group_kind_of("landbird on water conflicting"), GROUP_CONFLICTING);
    CU_ASSERT_EQUAL(group_kind_of("aligned teeth"), GROUP_OTHER);
    CU_ASSERT_EQUAL(group_kind_of("aligned"), GROUP_OTHER);
    CU_ASSERT_EQUAL(group_kind_of("3 nonaligned"), GROUP_OTHER);
    CU_ASSERT_EQUAL(group_kind_of("3 aligned "), GROUP_OTHER);
    CU_ASSERT_EQUAL(group_kind_of(""), GROUP_OTHER);
    CU_ASSERT_EQUAL(group_kind_of(NULL), GROUP_OTHER);
}

void suite_groups(void) {
    CU_pSuite s = CU_add_suite("groups", NULL, NULL);
    CU_add_test(s, "a class has two groups or is one", test_a_class_has_two_groups_or_is_one);
    CU_add_test(s, "a name's last word says its kind", test_a_names_last_word_says_its_kind);
}
