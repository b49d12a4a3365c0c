// SPDX-License-Identifier: Apache-2.0
// The tables of controls and annotations: which tables words mean, which runs they share, what dfr is given.
#include "experiments/plan/cells.h"
#include "tests/support/fake_work.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

static struct table *read_tables(const char *word, int *count) {
    struct error err = {0};
    struct table *tables;
    char *words[] = {(char *)word};
    if (tables_read(&tables, count, words, 1, &err))
        CU_FAIL_FATAL("no such tables");
    return tables;
}

static void test_a_suite_stands_for_its_tables_which_are_none_of_the_papers(void) {
    int count, controls = 0;
    struct table *tables = read_tables("rivals", &count);
    for (int i = 0; i < count; i++)
        controls += !strcmp(tables[i].name, "controls") || !strcmp(tables[i].name, "annotations");
    CU_ASSERT_EQUAL(controls, 2);
    free(tables);
    tables = read_tables("tables", &count);
    for (int i = 0; i < count; i++)
        CU_ASSERT(!*tables[i].suite && strcmp(tables[i].name, "controls") != 0);
    CU_ASSERT(count >= 9);
    free(tables);
}

static void test_controls_have_twelve_columns_and_share_what_is_the_same(void) {
    struct error err = {0};
    struct profile profile;
    struct plan plan;
    struct seeds seeds;
    int count;
    struct table *t = read_tables("controls", &count);
    CU_ASSERT_EQUAL_FATAL(count, 1);
    CU_ASSERT_EQUAL(t->column_count, 12);
    CU_ASSERT_EQUAL(t->row_count, 4);
    CU_ASSERT_FATAL(!seeds_parse(&seeds, "1", "seeds", &err) && !profile_read(&profile, "quick", &err));
    CU_ASSERT_FATAL(!plan_make(&plan, &profile, &seeds, t, 1, &fake_work, &err));
    CU_ASSERT_EQUAL(plan.count, 47); // reweight is the baseline at p = 0
    int reweight = table_column(t, "reweight"), dfr = table_column(t, "dfr");
    CU_ASSERT_PTR_EQUAL(plan_find(&plan, t, 0, reweight, 1), plan_find(&plan, t, 0, 0, 1));
    CU_ASSERT(plan_find(&plan, t, 1, reweight, 1) != plan_find(&plan, t, 1, 0, 1));
    // dfr has the baseline's training data, and validation data with p = 1 that no other has.
    const struct cell *retrained = plan_find(&plan, t, 0, dfr, 1), *baseline = plan_find(&plan, t, 0, 0, 1);
    CU_ASSERT_FATAL(retrained && baseline);
    CU_ASSERT(retrained->has_validation && !baseline->has_validation);
    CU_ASSERT_EQUAL(retrained->data[SPLIT_VALIDATION].textured_mnist.p, 1);
    CU_ASSERT_EQUAL(retrained->data[SPLIT_VALIDATION].textured_mnist.count, 2000);
    CU_ASSERT_EQUAL(retrained->images[SPLIT_VALIDATION], 2000);
    CU_ASSERT_EQUAL(retrained->data[SPLIT_TRAIN].textured_mnist.p, 0);
    plan_free(&plan);
    profile.data[0].unbiased = 0;
    CU_ASSERT_FATAL(!plan_make(&plan, &profile, &seeds, t, 1, &fake_work, &err));
    struct text why = {0};
    CU_ASSERT_PTR_NULL(plan_find(&plan, t, 0, dfr, 1));
    plan_absent(&why, &plan, t, 0, dfr);
    suite_text_is(text_string(&why),
                  "dfr needs validation data with p = 1, and the profile's [data] has no `unbiased`");
    text_free(&why);
    plan_free(&plan);
    profile_free(&profile);
    free(t);
}

// Shifts of the training data alone: test data have true labels and annotations.
static void test_annotations_are_coarse_in_training_alone(void) {
    struct error err = {0};
    struct profile profile;
    struct plan plan;
    struct seeds seeds;
    int count;
    struct table *t = read_tables("annotations", &count);
    CU_ASSERT_FATAL(!seeds_parse(&seeds, "1", "seeds", &err) && !profile_read(&profile, "quick", &err));
    CU_ASSERT_FATAL(!plan_make(&plan, &profile, &seeds, t, 1, &fake_work, &err));
    const struct cell *box = plan_find(&plan, t, 0, table_column(t, "box"), 1),
                      *exact = plan_find(&plan, t, 0, table_column(t, "exact"), 1),
                      *dilated = plan_find(&plan, t, 0, table_column(t, "dilated"), 1);
    CU_ASSERT_FATAL(box && exact && dilated);
    CU_ASSERT_STRING_EQUAL(box->data[SPLIT_TRAIN].textured_mnist.annotation, "box");
    CU_ASSERT_STRING_EQUAL(box->data[SPLIT_TEST].textured_mnist.annotation, "exact");
    CU_ASSERT_EQUAL(dilated->data[SPLIT_TRAIN].textured_mnist.annotation_dilated, 3);
    CU_ASSERT_EQUAL(dilated->data[SPLIT_TEST].textured_mnist.annotation_dilated, 0);
    CU_ASSERT(strcmp(box->digest, exact->digest) && strcmp(box->digest, dilated->digest));
    plan_free(&plan);
    profile_free(&profile);
    free(t);
}

// A row with another network names its weights, which need not be there: the other rows are none the worse for it.
static void test_cells_whose_weights_are_not_there_are_empty_and_say_so(void) {
    struct error err = {0};
    struct profile profile;
    struct plan plan;
    struct seeds seeds;
    int count;
    struct table *t = read_tables("deviations", &count);
    int row = 0;
    while (row < t->row_count && strcmp(t->rows[row], "ResNet-50") != 0)
        row++;
    CU_ASSERT_FATAL(row < t->row_count);
    CU_ASSERT_FATAL(!seeds_parse(&seeds, "1", "seeds", &err) && !profile_read(&profile, "quick", &err));
    CU_ASSERT_FATAL(!plan_make(&plan, &profile, &seeds, t, 1, &fake_work, &err));
    CU_ASSERT_PTR_NULL(plan_find(&plan, t, row, 0, 1));
    const struct cell *larger = plan_find(&plan, t, 1, 0, 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(larger);
    CU_ASSERT_EQUAL(cell_pixels(larger), 160);
    struct text why = {0};
    plan_absent(&why, &plan, t, row, 0);
    suite_text_is(text_string(&why), "no weights: models/resnet50.safetensors is not there");
    text_free(&why);
    plan_free(&plan);
    profile_free(&profile);
    free(t);
}

void suite_rivals(void);
void suite_rivals(void) {
    CU_pSuite s = CU_add_suite("rivals", NULL, NULL);
    CU_add_test(s, "a suite stands for its tables, which are none of the paper's",
                test_a_suite_stands_for_its_tables_which_are_none_of_the_papers);
    CU_add_test(s, "controls have twelve columns and share what is the same",
                test_controls_have_twelve_columns_and_share_what_is_the_same);
    CU_add_test(s, "cells whose weights are not there are empty and say so",
                test_cells_whose_weights_are_not_there_are_empty_and_say_so);
    CU_add_test(s, "annotations are coarse in training alone", test_annotations_are_coarse_in_training_alone);
}
