// SPDX-License-Identifier: Apache-2.0
// Tables without runs: texture classes and hyperparameters, as they are in force and in all formats.
#include "experiments/results/printed.h"
#include "experiments/suite/request.h"
#include "tests/support/suite.h"
#include "tests/support/sweep_fixture.h"

#include <stdlib.h>
#include <string.h>

static struct profile profile;
static struct table table;
static struct sheet sheet;

static void begin(const char *table_name, const char *profile_path) {
    struct error err = {0};
    CU_ASSERT_FATAL(!table_read(&table, table_name, &err));
    CU_ASSERT_FATAL(!profile_read(&profile, profile_path, &err));
    CU_ASSERT_FATAL(!printed_sheet(&sheet, &table, &profile, &err));
}

static void end(void) {
    sheet_free(&sheet);
    profile_free(&profile);
}

static char *text_of(enum sheet_format format) {
    struct error err = {0};
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    CU_ASSERT(!sheet_print(out, format, &sheet, &err));
    fclose(out);
    return text;
}

static const char *cell(int row, int column) {
    return row < sheet_rows(&sheet) ? sheet_cell(&sheet, row, column) : "";
}

// The row of a setting, by what it is of.
static int row_of(const char *of, const char *setting) {
    for (int i = 0; i < sheet_rows(&sheet); i++)
        if (!strcmp(cell(i, 0), of) && !strcmp(cell(i, 1), setting))
            return i;
    return sheet_rows(&sheet);
}

// The column of that title: a method that somebody adds moves those behind it.
static int column_of(const char *title) {
    int i = 0;
    while (i < sheet.column_count && strcmp(sheet.columns[i].heading, title))
        i++;
    return i;
}

// ---------------------------------------------------------------------------------------- texture classes

// The specification's list: ten classes of digits, 37 backgrounds, those of the digits first.
static void test_texture_classes_are_the_papers(void) {
    begin("supp-table1", "quick");
    CU_ASSERT_EQUAL(sheet_rows(&sheet), 11);
    CU_ASSERT_STRING_EQUAL(cell(0, 1), "banded");
    CU_ASSERT_STRING_EQUAL(cell(0, 2), "blotchy");
    CU_ASSERT_STRING_EQUAL(cell(9, 1), "zigzagged");
    CU_ASSERT_STRING_EQUAL(cell(9, 2), "fibrous");
    CU_ASSERT_STRING_EQUAL(cell(10, 0), "none");
    suite_text_begins(cell(10, 2), "flecked, freckled, "); // 27 others
    suite_text_has(cell(10, 2), ", waffled, wrinkled");
    suite_text_has(text_string(&sheet.intro), "made by code");
    end();
}

// Another set in force is what is printed.
static void test_texture_classes_are_of_the_set_in_force(void) {
    begin("supp-table1", "standard");
    CU_ASSERT_EQUAL(sheet_rows(&sheet), 10); // mixed20
    suite_text_has(text_string(&sheet.intro), "texture set mixed20 (photographs)");
    end();
}

// ---------------------------------------------------------------------------------------- hyperparameters

static const char settings_text_of_test[] = "[profile]\n"
                                            "title = for tests\n"
                                            "seeds = 1,2\n"
                                            "[data]\n"
                                            "canvas = 32\n"
                                            "train = 64\n"
                                            "test = 0\n"
                                            "[data pets]\n"
                                            "pixels = 32\n"
                                            "train = 64\n"
                                            "test = 40\n"
                                            "[train]\n"
                                            "lr = 0.25\n"
                                            "[train pets]\n"
                                            "momentum = 0.5\n"
                                            "[method reff]\n"
                                            "lambda = 3\n"
                                            "[annotator pets]\n"
                                            "ngf = 8\n";

static void test_hyperparameters_in_force_stand_beside_the_papers(void) {
    begin("supp-table4", fixture_write("profile.ini", settings_text_of_test));
    int lr = row_of("Textured MNIST", "lr"), lambda = row_of("Textured MNIST", "lambda"),
        weights = row_of("Textured MNIST", "layer_weights"), gamma = row_of("Textured MNIST", "gamma"),
        baseline = column_of("Baseline"), reff = column_of("ReFF"), abn = column_of("ABN");
    CU_ASSERT_STRING_EQUAL(cell(lr, 2), "0.25 (paper: 0.01)");
    CU_ASSERT_STRING_EQUAL(cell(lr, abn), "\"");         // as the first
    CU_ASSERT_STRING_EQUAL(cell(lambda, baseline), "-"); // the baseline has none
    CU_ASSERT_STRING_EQUAL(cell(lambda, reff), "3 (paper: 1)");
    CU_ASSERT_STRING_EQUAL(cell(lambda, column_of("ReFF (single layer)")), "1000"); // the method's own
    CU_ASSERT_STRING_EQUAL(cell(weights, reff), "15, 60, 250, 1000");
    CU_ASSERT_STRING_EQUAL(cell(gamma, column_of("ReFF with L2")), "-");
    CU_ASSERT_STRING_EQUAL(cell(gamma, abn), "10");
    CU_ASSERT_STRING_EQUAL(cell(row_of("Textured MNIST", "test images"), 2), "all");
    CU_ASSERT_STRING_EQUAL(cell(row_of("Textured MNIST", "train images"), 2), "64 (paper: all)");
    CU_ASSERT_STRING_EQUAL(cell(row_of("Textured MNIST, annotator", "ngf"), 2), "64");
    // Of the other data set what differs, and no more; none of the one that the profile has not.
    CU_ASSERT_STRING_EQUAL(cell(row_of("Pets", "momentum"), 2), "0.5 (paper: 0.8)");
    CU_ASSERT_STRING_EQUAL(cell(row_of("Pets", "test images"), 2), "40 (paper: all)");
    CU_ASSERT_STRING_EQUAL(cell(row_of("Pets, annotator", "ngf"), 2), "8 (paper: 64)");
    CU_ASSERT_STRING_EQUAL(cell(row_of("Pets", "lr"), 2), "");
    CU_ASSERT_STRING_EQUAL(cell(row_of("Pets, annotator", "ndf"), 2), "");
    CU_ASSERT_STRING_EQUAL(cell(row_of("ISIC2017", "pixels"), 2), "");
    end();
}

// The paper's own profile differs from itself nowhere.
static void test_the_papers_profile_is_the_papers(void) {
    begin("supp-table4", "paper");
    for (int i = 0; i < sheet_rows(&sheet); i++)
        for (int k = 2; k < sheet.column_count; k++)
            CU_ASSERT_PTR_NULL(strstr(cell(i, k), "(paper: "));
    CU_ASSERT_STRING_EQUAL(cell(row_of("Textured MNIST", "model"), 2), "resnet50");
    CU_ASSERT_STRING_EQUAL(cell(row_of("Textured MNIST", "epochs"), 2), "50");
    end();
}

// ---------------------------------------------------------------------------------------- formats

static void test_a_printed_table_comes_in_all_formats(void) {
    struct error err = {0};
    begin("supp-table4", fixture_write("profile.ini", settings_text_of_test));
    CU_ASSERT_EQUAL(sheet.cell_count, sheet_rows(&sheet) * sheet.column_count);
    char *md = text_of(SHEET_MARKDOWN), *csv = text_of(SHEET_CSV), *tex = text_of(SHEET_LATEX),
         *json = text_of(SHEET_JSON);
    suite_text_has(md, "## Supplement, Table 4");
    suite_text_has(md, "| Textured MNIST | lr | 0.25 (paper: 0.01) |");
    suite_text_has(csv, "Textured MNIST,layer_weights,-,\"15, 60, 250, 1000\",");
    suite_text_has(csv, "Textured MNIST,pixels,32 (paper: 224),\"\"\"\",");
    suite_text_has(tex, "weight\\_decay & ");
    suite_text_has(
        tex,
        "\\renewcommand{\\tablename}{Supplement, Table}\n\\renewcommand{\\thetable}{4}\n\\begin{longtable}");
    suite_text_has(tex, "\\caption{hyperparameters. Settings in force");
    suite_text_has(tex, "\\end{longtable}");
    json_t *value = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
    CU_ASSERT_EQUAL(json_array_size(json_object_get(value, "rows")), sheet_rows(&sheet));
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(value, "note")), text_string(&sheet.intro));
    json_decref(value);
    CU_ASSERT_FATAL(!sheet_files(suite_path("results"), &sheet, &err));
    char *file = file_read(suite_path("results/tables/profile/supp-table4.csv"), 1 << 20, NULL, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_STRING_EQUAL(file, csv);
    free(file), free(md), free(csv), free(tex), free(json);
    end();
}

void suite_printed(void) {
    CU_pSuite suite = CU_add_suite("printed", suite_make_folder, suite_remove_folder);
    CU_add_test(suite, "texture classes are the paper's", test_texture_classes_are_the_papers);
    CU_add_test(suite, "texture classes are of the set in force",
                test_texture_classes_are_of_the_set_in_force);
    CU_add_test(suite, "hyperparameters in force stand beside the paper's",
                test_hyperparameters_in_force_stand_beside_the_papers);
    CU_add_test(suite, "the paper's profile is the paper's", test_the_papers_profile_is_the_papers);
    CU_add_test(suite, "a printed table comes in all formats", test_a_printed_table_comes_in_all_formats);
}
