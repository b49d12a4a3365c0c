// SPDX-License-Identifier: Apache-2.0
// "Did you mean": which words count as near.
#include "core/base/suggest.h"
#include "tests/support/suite.h"

#include <string.h>

static void test_each_kind_of_edit_counts_one(void) {
    CU_ASSERT_EQUAL(suggest_distance("table", "table", 2), 0);
    CU_ASSERT_EQUAL(suggest_distance("tble", "table", 2), 1);   // left out
    CU_ASSERT_EQUAL(suggest_distance("tabble", "table", 2), 1); // put in
    CU_ASSERT_EQUAL(suggest_distance("tadle", "table", 2), 1);  // replaced
    CU_ASSERT_EQUAL(suggest_distance("tabel", "table", 2), 1);  // swapped
    CU_ASSERT_EQUAL(suggest_distance("tabels", "table", 2), 2);
    CU_ASSERT_EQUAL(suggest_distance("layer-weights", "layer_weights", 2), 0);
    CU_ASSERT_EQUAL(suggest_distance("", "ab", 2), 2);
    CU_ASSERT_EQUAL(suggest_distance("kitten", "sitting", 9), 3);
    CU_ASSERT_EQUAL(suggest_distance("kitten", "sitting", 2), 3); // the most, and one
}

static void check(const char *word, const char *known, const char *wanted) {
    struct suggestion s;
    CU_ASSERT_STRING_EQUAL(suggest_from_list(&s, word, known), wanted);
}

static void test_the_nearest_word_is_suggested(void) {
    check("ref", "baseline reff abn", " (did you mean 'reff'?)");
    check("table1c", "table1a table1b table2", " (did you mean 'table1a'?)"); // the first of equals
    check("tabel2", "table1a table1b table2", " (did you mean 'table2'?)");
    check("lamda", "lambda  gamma", " (did you mean 'lambda'?)");
}

static void test_far_words_are_not_suggested(void) {
    check("nonsense", "baseline reff abn", "");
    check("xls", "md csv tex json", "");
    check("some", "none found all", "");  // two of four characters make another word
    check("--jobs", "--help --rows", ""); // the hyphens are no part of it
    check("", "a ab abc", "");
    check("md", "", "");
    check("table2", "table1 table2 table3", ""); // known
    char longer[300];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    check(longer, longer, "");
}

void suite_suggest(void) {
    CU_pSuite s = CU_add_suite("suggest", NULL, NULL);
    CU_add_test(s, "each kind of edit counts one", test_each_kind_of_edit_counts_one);
    CU_add_test(s, "the nearest word is suggested", test_the_nearest_word_is_suggested);
    CU_add_test(s, "far words are not suggested", test_far_words_are_not_suggested);
}
