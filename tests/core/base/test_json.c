// SPDX-License-Identifier: Apache-2.0
// JSON as text: numbers as people give them, arrays of numbers on a line; as files; digests of a form that
// stays.
#include "core/base/file.h"
#include "core/base/json.h"
#include "tests/support/suite.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void check_real(double value, const char *wanted) {
    struct text text = {0};
    json_add_real(&text, value);
    CU_ASSERT_STRING_EQUAL(text_string(&text), wanted);
    text_free(&text);
}

static void test_reals_are_written_as_they_were_given(void) {
    check_real(0.8, "0.8");
    check_real(0.1 + 0.2, "0.30000000000000004"); // another double than 0.3
    check_real(-20, "-20.0");
    check_real(0, "0.0");
    check_real(-0.0, "-0.0");
    check_real(100000, "100000.0");
    check_real(0x1p53, "9007199254740992.0");
    check_real(1e17, "1e17");
    check_real(0.0001, "0.0001");
    check_real(1e-6, "1e-6");
    check_real(-2.5e-7, "-2.5e-7");
    check_real(1.0 / 3, "0.3333333333333333");
    check_real(DBL_MAX, "1.7976931348623157e308");
    check_real(DBL_TRUE_MIN, "5e-324");
}

// Every text reads back as the same bits, and as a real.
static void test_reals_read_back_as_the_same_bits(void) {
    double value = 1;
    for (int i = 0; i < 2000; i++) {
        struct text text = {0};
        value = (i % 2 ? -1 : 1) * ldexp(fmod(fabs(value) * 997 + 0.123456789 * i, 1) + 0.5, i % 160 - 80);
        json_add_real(&text, value);
        json_t *back = json_loads(text_string(&text), JSON_DECODE_ANY, NULL);
        CU_ASSERT_FATAL(json_is_real(back));
        CU_ASSERT_EQUAL(json_real_value(back), value);
        json_decref(back);
        text_free(&text);
    }
}

// Digits inside of strings and keys are no numbers, whole numbers have no point.
static void test_only_reals_are_rewritten_not_digits_in_strings(void) {
    static const char wanted[] = "{\n  \"0.10000000000000001\": \"v0.80000000000000004 \\\"1.50\\\" \\\\\",\n"
                                 "  \"p\": 0.8,\n  \"seed\": 12345678901234567,\n"
                                 "  \"list\": [0.1, -1e-9, 3, true, null]\n}";
    json_t *value = json_pack("{s:s, s:f, s:I, s:[f, f, i, b, n]}", "0.10000000000000001",
                              "v0.80000000000000004 \"1.50\" \\", "p", 0.8, "seed",
                              (json_int_t)12345678901234567, "list", 0.1, -1e-9, 3, 1);
    char *text = json_text(value);
    CU_ASSERT_FATAL(text != NULL);
    CU_ASSERT_STRING_EQUAL(text, wanted);
    json_t *back = json_loads(text, 0, NULL);
    CU_ASSERT(json_equal(value, back));
    json_decref(back);
    free(text);
    text = json_text_rounded(json_array_get(json_object_get(value, "list"), 0), 12);
    CU_ASSERT_STRING_EQUAL(text, "0.1");
    free(text);
    json_decref(value);
}

// A confusion matrix is read by people: a row a line. Texts stay as they are, brackets and all.
static void test_json_text_keeps_arrays_of_numbers_on_a_line(void) {
    static const char wanted[] = "{\n"
                                 "  \"matrix\": [\n    [1, -2.5, null],\n    []\n  ],\n"
                                 "  \"words\": [\n    \"[1,\",\n    \"2]\"\n  ],\n"
                                 "  \"text\": \"a [b,  c] \\n  d]\",\n"
                                 "  \"one\": [7]\n"
                                 "}";
    json_t *value = json_pack("{s:[[i,f,n],[]], s:[s,s], s:s, s:[i]}", "matrix", 1, -2.5, "words", "[1,",
                              "2]", "text", "a [b,  c] \n  d]", "one", 7);
    char *text = json_text(value);
    CU_ASSERT_FATAL(text != NULL);
    CU_ASSERT_STRING_EQUAL(text, wanted);
    json_t *back = json_loads(text, 0, NULL);
    CU_ASSERT(json_equal(value, back));
    json_decref(back);
    json_decref(value);
    free(text);
}

static void test_json_files_that_are_broken_missing_or_repeat_a_key_are_refused(void) {
    struct error err = {0};
    const char broken[] = "{\n\"a\": 1,\n\"b\": }\n", twice[] = "{\"a\": 1,\n\"a\": 2}";
    CU_ASSERT_FATAL(!file_write(suite_path("broken.json"), broken, sizeof broken - 1, &err));
    CU_ASSERT_PTR_NULL(json_read(suite_path("broken.json"), &err));
    suite_text_has(err.message, "broken.json:3: ");
    CU_ASSERT_FATAL(!file_write(suite_path("twice.json"), twice, sizeof twice - 1, &err));
    CU_ASSERT_PTR_NULL(json_read(suite_path("twice.json"), &err));
    suite_text_has(err.message, "duplicate object key");
    CU_ASSERT_PTR_NULL(json_read(suite_path("none.json"), &err));
    suite_text_has(err.message, "none.json: No such file");
}

// ---------------------------------------------------------------------------------------- digests

// The identities of all runs recorded so far are digests of this form: 17 digits, sorted keys, no blanks.
static void test_the_digest_of_settings_stays_what_it_was(void) {
    struct error err = {0};
    char hex[65];
    json_t *value = json_pack("{s:f, s:i, s:s}", "p", 0.8, "epochs", 4, "model", "small");
    CU_ASSERT_FATAL(!json_digest(value, hex, &err));
    CU_ASSERT_STRING_EQUAL(
        hex,
        "165479941b1ef6cd0a4322db3e1e3aa3863596d70a14bf0b8f7c2d5122ce8501"); // {"epochs":4,"model":"small","p":0.80000000000000004}
    json_decref(value);
}

static void test_a_digest_of_json_does_not_depend_on_order_or_spelling(void) {
    struct error err = {0};
    char a[65], b[65], c[65];
    json_t *one = json_loads("{\"p\": 0.5, \"q\": [1, 2]}", 0, NULL);
    json_t *other = json_loads("{ \"q\":[1,2],\n\"p\":5e-1 }", 0, NULL);
    json_t *changed = json_loads("{\"p\": 0.5, \"q\": [2, 1]}", 0, NULL);
    CU_ASSERT(!json_digest(one, a, &err) && !json_digest(other, b, &err) && !json_digest(changed, c, &err));
    CU_ASSERT_STRING_EQUAL(a, b);
    CU_ASSERT_STRING_NOT_EQUAL(a, c);
    json_decref(one);
    json_decref(other);
    json_decref(changed);
}

void suite_json(void) {
    CU_pSuite s = CU_add_suite("json", suite_make_folder, suite_remove_folder);
    CU_add_test(s, "reals are written as they were given", test_reals_are_written_as_they_were_given);
    CU_add_test(s, "reals read back as the same bits", test_reals_read_back_as_the_same_bits);
    CU_add_test(s, "only reals are rewritten, not digits in strings",
                test_only_reals_are_rewritten_not_digits_in_strings);
    CU_add_test(s, "JSON text keeps arrays of numbers on a line",
                test_json_text_keeps_arrays_of_numbers_on_a_line);
    CU_add_test(s, "JSON files that are broken, missing or repeat a key are refused",
                test_json_files_that_are_broken_missing_or_repeat_a_key_are_refused);
    CU_add_test(s, "the digest of settings stays what it was", test_the_digest_of_settings_stays_what_it_was);
    CU_add_test(s, "a digest of JSON does not depend on order or spelling",
                test_a_digest_of_json_does_not_depend_on_order_or_spelling);
}
