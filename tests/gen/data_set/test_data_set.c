// SPDX-License-Identifier: Apache-2.0
// The registry of data sets: every line has its entry, and its entry answers what others ask.
#include "gen/data_set/data_set.h"

#include "core/base/text.h"
#include "tests/support/suite.h"

#include <string.h>

static void test_every_line_has_its_entry_and_the_entry_answers(void) {
    struct text names = {0};
    for (int i = 0; i < DATA_SETS; i++) {
        const struct data_set *set = data_set_list[i];
        text_printf(&names, "%s%s", i ? " " : "", set->name);
        CU_ASSERT_PTR_EQUAL(data_set_of(set->name), set);
        CU_ASSERT_EQUAL(data_set_number(set), i);
        CU_ASSERT(*set->title && *set->contents && *set->summary && *set->description && *set->example);
        static const char *const needed[] = {"split", "seed", "count", "compression", "chunk"};
        for (size_t k = 0; k < sizeof needed / sizeof *needed; k++)
            CU_ASSERT_PTR_NOT_NULL(settings_find(set->schema, needed[k]));
        union data_settings s;
        struct error err = {0};
        char words[256];
        data_set_default(set, &s);
        set->describe(set, &s, words, sizeof words);
        suite_text_has(words, set->many ? "photographs of one's own"
                                        : "drawn by code"); // no other default reads files
        CU_ASSERT(!set->fixed_classes || set->fixed_classes == set->classes(&s, &err));
    }
    CU_ASSERT_PTR_NULL(data_set_list[DATA_SETS]);
    CU_ASSERT_STRING_EQUAL(text_string(&names), DATA_SET_NAMES); // a line's name is its entry's
    CU_ASSERT_STRING_EQUAL(data_set_list[0]->name, DATA_SET_DEFAULT);
    text_free(&names);
}

static void test_an_unknown_data_set_is_named_beside_those_there_are(void) {
    struct error err = {0};
    CU_ASSERT_PTR_NULL(data_set_of("imagenet"));
    CU_ASSERT_PTR_NULL(data_set_find("imagenet", &err));
    CU_ASSERT_EQUAL(err.status, EXIT_USAGE);
    suite_text_begins(err.message, "'imagenet' is no data set; there are textured-mnist, isic2017");
}

static void test_what_tables_vary_is_scaled_to_the_canvas_test_data_have_p_1(void) {
    const struct data_set *set = data_set_of("textured-mnist");
    union data_settings s;
    data_set_default(set, &s);
    s.textured_mnist.canvas = 32;
    set->place(&s, &(struct data_axes){.p = 0.25, .q = 0.5, .size = 112}, SPLIT_TRAIN);
    CU_ASSERT(s.textured_mnist.p == 0.25 && s.textured_mnist.q == 0.5);
    CU_ASSERT_EQUAL(s.textured_mnist.size, 16); // 112 of 224 pixels
    set->place(&s, &(struct data_axes){.p = 0.25, .q = 0.5, .size = 8}, SPLIT_TEST);
    CU_ASSERT(s.textured_mnist.p == 1 && s.textured_mnist.q == 0.5);
    CU_ASSERT_EQUAL(s.textured_mnist.size, DIGIT_SIDE_MINIMUM);
    CU_ASSERT_PTR_NULL(data_set_of("pets")->place);
}

static void test_images_are_told_from_others_in_words(void) {
    union data_settings s;
    char words[256];
    const struct data_set *pets = data_set_of("pets"), *textured = data_set_of("textured-mnist");
    data_set_default(pets, &s);
    CU_ASSERT_STRING_EQUAL(s.photographs.data, "pets");
    pets->describe(pets, &s, words, sizeof words);
    CU_ASSERT_STRING_EQUAL(words, "built-in stand-in for Pets (drawn by code, not photographs)");
    strcpy(s.photographs.source, "files");
    pets->describe(pets, &s, words, sizeof words);
    CU_ASSERT_STRING_EQUAL(words, "Pets photographs");
    data_set_default(textured, &s);
    strcpy(s.textured_mnist.textures, "dtd");
    textured->describe(textured, &s, words, sizeof words);
    CU_ASSERT_STRING_EQUAL(words,
                           "built-in digits (drawn by code, not MNIST), texture photographs (set dtd)");
}

void suite_data_set(void) {
    CU_pSuite suite = CU_add_suite("data_set", NULL, NULL);
    CU_add_test(suite, "every line has its entry, and the entry answers",
                test_every_line_has_its_entry_and_the_entry_answers);
    CU_add_test(suite, "an unknown data set is named beside those there are",
                test_an_unknown_data_set_is_named_beside_those_there_are);
    CU_add_test(suite, "what tables vary is scaled to the canvas; test data have p = 1",
                test_what_tables_vary_is_scaled_to_the_canvas_test_data_have_p_1);
    CU_add_test(suite, "images are told from others in words", test_images_are_told_from_others_in_words);
}
