// SPDX-License-Identifier: Apache-2.0
// Tables of other numbers than accuracy.
#include "experiments/plan/home.h"
#include "experiments/results/metric.h"
#include "experiments/results/paper.h"
#include "experiments/results/table_result_output.h"
#include "experiments/results/table_result_words.h"
#include "experiments/store/record.h"
#include "tests/support/fake_work.h"
#include "tests/support/suite.h"
#include "tests/support/sweep_fixture.h"

#include <stdlib.h>
#include <string.h>

static struct fixture f;
static json_t *paper;
static struct table_result table;
static char results[PATH_SIZE];

// A run with worst group accuracy, a map's share, a matrix and the quality of annotations; `old`: without the
// newer numbers.
static void put_run(int row, int column, uint64_t seed, double accuracy, int old) {
    struct error err = {0};
    char folder[PATH_SIZE], path[PATH_SIZE];
    const struct cell *cell = plan_find(&f.plan, &f.tables[0], row, column, seed);
    CU_ASSERT_FATAL(cell && !run_folder(folder, results, cell, &err) && !folder_make(folder, &err));
    CU_ASSERT_FATAL(!path_join(path, &err, folder, "run.json"));
    json_t *record = json_deep_copy(cell->record);
    json_object_set_new(record, "annotation",
                        json_pack("{s:f, s:f, s:f}", "iou", accuracy / 200, "mae", 0.5, "seconds", 12.0));
    json_t *metrics = json_pack("{s:f, s:f, s:[[i, i], [i, i]]}", "accuracy", accuracy,
                                "worst_group_accuracy", accuracy / 2, "confusion", 3, 1, 2, 4);
    if (!old) {
        json_object_set_new(metrics, "pointing", json_pack("{s:f}", "layer4", 0.25));
        json_object_set_new(metrics, "group_gap", json_real(accuracy / 4));
        json_object_set_new(metrics, "worst_group_name", json_string("3 conflicting"));
    }
    json_t *run = json_pack("{s:s, s:o, s:o}", "state", "done", "cell", record, "metrics", metrics);
    CU_ASSERT_FATAL(run && !json_write(path, run, &err));
    json_decref(run);
}

static void begin(void) {
    struct error err = {0};
    fixture_make(&f, fixture_profile_text);
    snprintf(results, sizeof results, "%s", suite_path("results"));
    put_run(0, 0, 1, 30, 0), put_run(0, 0, 2, 34, 0);
    put_run(0, 1, 1, 46, 1), put_run(0, 1, 2, 48, 1);
    paper = json_pack("{s:[f, f]}", "small|0|reff", 46.68, 0.82);
    CU_ASSERT_FATAL(!table_result_read(&table, &f.tables[0], &f.plan, results, paper, &err));
}

static void end(void) {
    table_result_free(&table);
    json_decref(paper);
    fixture_free(&f);
}

static char *text_of(enum sheet_format format) {
    struct error err = {0};
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    json_t *provenance = json_object();
    CU_ASSERT(!table_result_print(out, format, &table, NULL, 0, provenance, &err));
    json_decref(provenance);
    fclose(out);
    return text;
}

static int choose(const char *name, enum sheet_format format, struct error *err) {
    int kept;
    return metric_select(&table, 1, name, format, &kept, err);
}

static void test_a_number_takes_the_place_of_accuracy(void) {
    struct error err = {0};
    begin();
    CU_ASSERT_FATAL(!choose("worst_group_accuracy", SHEET_MARKDOWN, &err));
    const struct cell_result *c = table_result_cell(&table, 0, 0);
    CU_ASSERT(c->n == 2 && c->values[0] == 15 && c->values[1] == 17);
    CU_ASSERT_DOUBLE_EQUAL(c->sample.mean, 16, 1e-12);
    CU_ASSERT(!table_result_cell(&table, 0, 1)->has_paper); // the paper's is an accuracy
    char *text = text_of(SHEET_MARKDOWN);
    suite_text_has(text, "Metric worst_group_accuracy after the last epoch");
    suite_text_has(text, ": worst_group_accuracy\n\n"); // of a title that does not speak of accuracy
    suite_text_has(text,
                   "| p    | Baseline, worst_group_accuracy | ReFF, worst_group_accuracy |\n| ---- | --- ");
    CU_ASSERT_PTR_NULL(strstr(text, "paper"));
    suite_text_has(text, "| 16.00 \xc2\xb1 1.41 (2) ");
    free(text);
    end();
    begin();
    CU_ASSERT_FATAL(!choose("annotation.iou", SHEET_MARKDOWN, &err));
    CU_ASSERT_DOUBLE_EQUAL(table_result_cell(&table, 0, 0)->sample.mean, 0.16, 1e-12);
    text = text_of(SHEET_MARKDOWN);
    suite_text_has(text, "| 0.1600 \xc2\xb1 0.0141 (2) "); // a share has more digits
    free(text);
    end();
    begin();
    CU_ASSERT_FATAL(!choose("group_gap", SHEET_MARKDOWN, &err));
    text = text_of(SHEET_MARKDOWN);
    suite_text_has(text, "| 8.00 \xc2\xb1 0.71 (2) "); // points, as accuracies have
    suite_text_has(text, "| not recorded ");           // by runs of before
    free(text);
    end();
}

static void test_choosing_accuracy_changes_nothing(void) {
    struct error err = {0};
    begin();
    char *before = text_of(SHEET_MARKDOWN);
    CU_ASSERT_FATAL(!choose("accuracy", SHEET_MARKDOWN, &err));
    char *after = text_of(SHEET_MARKDOWN);
    CU_ASSERT_STRING_EQUAL(before, after);
    free(before), free(after);
    end();
}

// Runs that were made before the number was recorded leave their cells empty, and say why.
static void test_cells_whose_runs_have_not_recorded_a_number_say_so(void) {
    struct error err = {0};
    begin();
    CU_ASSERT_FATAL(!choose("pointing.layer4", SHEET_MARKDOWN, &err));
    CU_ASSERT_EQUAL(table_result_cell(&table, 0, 0)->n, 2);
    CU_ASSERT_EQUAL(table_result_cell(&table, 0, 1)->n, 0);
    char *text = text_of(SHEET_MARKDOWN);
    suite_text_has(text, "| not recorded ");
    suite_text_has(text, "- p = 0, reff: not recorded: pointing.layer4: seed 1, 2\n");
    free(text);
    end();
}

// Two cells have it, two ran before it was recorded or not at all; the table beside stays as it is.
static void test_a_view_of_another_number_leaves_the_table_as_it_is(void) {
    struct error err = {0};
    struct table_result view;
    begin();
    char *before = text_of(SHEET_MARKDOWN);
    CU_ASSERT_EQUAL(metric_view(&view, &table, "pointing.layer4", &err), 1);
    CU_ASSERT_EQUAL(table_result_digits(&view), 4);
    const struct cell_result *c = table_result_cell(&view, 0, 0), *old = table_result_cell(&view, 0, 1);
    CU_ASSERT(c->n == 2 && c->values[1] == 0.25 && c->sample.mean == 0.25);
    CU_ASSERT(old->n == 0 && !old->has_paper);
    CU_ASSERT_EQUAL(table_result_missing(old)->kind, MISSING_NUMBER);
    CU_ASSERT_EQUAL(table_result_missing(table_result_cell(&view, 1, 0))->kind, MISSING_RUN);
    metric_view_free(&view);
    CU_ASSERT_EQUAL(metric_view(&view, &table, "worst_group_accuracy", &err), 2);
    CU_ASSERT_EQUAL(table_result_digits(&view), 2);
    CU_ASSERT_EQUAL(table_result_cell(&view, 0, 1)->values[0], 23);
    metric_view_free(&view);
    CU_ASSERT_EQUAL(metric_view(&view, &table, "ece", &err), 0);
    metric_view_free(&view);
    char *after = text_of(SHEET_MARKDOWN);
    CU_ASSERT_STRING_EQUAL(before, after);
    free(before), free(after);
    end();
}

static void test_unknown_numbers_and_formats_without_place_for_a_matrix_are_refused(void) {
    struct error err = {0};
    begin();
    CU_ASSERT(choose("annotation.seconds", SHEET_MARKDOWN, &err)); // a cost
    CU_ASSERT_EQUAL(err.status, EXIT_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "--metric list"));
    CU_ASSERT(choose("confusion", SHEET_CSV, &err));
    CU_ASSERT_EQUAL(err.status, EXIT_USAGE);
    end();
}

// The nearest name that a run has, or could have, stands beside the unknown one.
static void test_an_unknown_number_is_refused_with_the_nearest_name(void) {
    struct error err = {0};
    struct table_result empty;
    int kept;
    begin();
    CU_ASSERT(choose("annotation.ioo", SHEET_MARKDOWN, &err));
    CU_ASSERT_EQUAL(err.status, EXIT_USAGE);
    CU_ASSERT_STRING_EQUAL(err.message,
                           "--metric: no run of small has recorded 'annotation.ioo' (did you mean "
                           "'annotation.iou'?); --metric list names what there is");
    // Without any run: a name that runs record is taken, another is not.
    CU_ASSERT_FATAL(!table_result_read(&empty, &f.tables[0], &f.plan, suite_path("nothing"), paper, &err));
    CU_ASSERT(!metric_select(&empty, 1, "pointing.layer4", SHEET_MARKDOWN, &kept, &err));
    CU_ASSERT(kept && !strcmp(empty.metric, "pointing.layer4"));
    CU_ASSERT(metric_select(&empty, 1, "pointing", SHEET_MARKDOWN, &kept, &err));
    CU_ASSERT_EQUAL(err.status, EXIT_USAGE);
    suite_text_has(
        err.message,
        "--metric: 'pointing' is none of the numbers that runs record: accuracy aligned_accuracy ");
    CU_ASSERT(metric_select(&empty, 1, "eca", SHEET_MARKDOWN, &kept, &err));
    suite_text_has(err.message, "'eca' (did you mean 'ece'?) is none");
    table_result_free(&empty);
    end();
}

// What the runs of the reference have recorded is known without them.
static void test_the_names_of_all_recorded_numbers_are_known(void) {
    static const char *const tables[] = {"table1a", "table3b"};
    struct error err = {0};
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
        char path[PATH_SIZE], name[80];
        const char *metric;
        json_t *value;
        snprintf(name, sizeof name, "../results/reference/quick/%s.json", tables[t]);
        CU_ASSERT_FATAL(!home_path(path, name, &err));
        json_t *json = json_read(path, &err);
        const json_t *cells = json_object_get(json, "cells");
        CU_ASSERT_FATAL(json_array_size(cells) > 0);
        for (size_t i = 0; i < json_array_size(cells); i++)
            json_object_foreach(json_object_get(json_array_get(cells, i), "metrics"), metric, value)
                suite_text_has(metric_names, metric);
        json_decref(json);
    }
}

// In place of the title's words, so that it does not speak of another number.
static void test_the_title_names_the_metric(void) {
    struct error err = {0};
    begin();
    struct table named = f.tables[0];
    snprintf(named.title, sizeof named.title, "Table 9: test accuracy by p");
    table.table = &named;
    CU_ASSERT_FATAL(!choose("worst_group_accuracy", SHEET_MARKDOWN, &err));
    char *text = text_of(SHEET_MARKDOWN);
    suite_text_has(text, "## Table 9: worst_group_accuracy by p\n");
    free(text);
    text = text_of(SHEET_LATEX);
    suite_text_has(text, "\\renewcommand{\\thetable}{9}\n\\caption{worst\\_group\\_accuracy by p. Ours: ");
    suite_text_has(text, "$p$ & Baseline, worst\\_group\\_accuracy & ReFF, worst\\_group\\_accuracy \\\\\n");
    free(text);
    text = text_of(SHEET_CSV);
    suite_text_has(
        text,
        "table,profile,data,row_name,row,column,metric,n,mean,std,ci95_low,ci95_high,seeds,values,missing\n");
    suite_text_has(text, ",p,0,baseline,worst_group_accuracy,2,16,1.414213562,");
    free(text);
    text = text_of(SHEET_JSON);
    suite_text_has(text, "\"title\": \"Table 9: worst_group_accuracy by p\"");
    free(text);
    end();
    begin();
    table.table = &named;
    CU_ASSERT_FATAL(!choose("confusion", SHEET_MARKDOWN, &err));
    text = text_of(SHEET_MARKDOWN);
    suite_text_has(text, "## Table 9: test accuracy and confusion by p\n");
    suite_text_has(text, "| p    | Baseline, accuracy     | ReFF, accuracy         |\n");
    free(text);
    end();
}

// Of several tables those without the number are left out; it has to be in none of them to be refused.
static void test_of_several_tables_those_without_the_number_are_left_out(void) {
    struct error err = {0};
    struct table_result tables[3];
    struct table second, third;
    int kept[3];
    begin();
    second = third = f.tables[0];
    second.row_count = 1; // p = 0 of ReFF, whose runs are older
    second.column_count = 1;
    memcpy(second.columns[0], second.columns[1], sizeof second.columns[0]);
    third.row_count = 1; // p = 1: no runs
    memcpy(third.rows[0], third.rows[1], sizeof third.rows[0]);
    third.row_values[0] = third.row_values[1];
    CU_ASSERT_FATAL(!table_result_read(&tables[0], &f.tables[0], &f.plan, results, paper, &err));
    CU_ASSERT_FATAL(!table_result_read(&tables[1], &second, &f.plan, results, paper, &err));
    CU_ASSERT_FATAL(!table_result_read(&tables[2], &third, &f.plan, results, paper, &err));
    CU_ASSERT_FATAL(!metric_select(tables, 3, "pointing.layer4", SHEET_MARKDOWN, kept, &err));
    CU_ASSERT(kept[0] && !kept[1] && kept[2]);
    CU_ASSERT_STRING_EQUAL(tables[0].metric, "pointing.layer4");
    CU_ASSERT_STRING_EQUAL(tables[1].metric, "");
    CU_ASSERT_EQUAL(table_result_cell(&tables[1], 0, 0)->n, 2); // as it was
    CU_ASSERT(metric_select(tables, 3, "pointing.layer9", SHEET_MARKDOWN, kept, &err));
    CU_ASSERT_EQUAL(err.status, EXIT_USAGE);
    for (int t = 0; t < 3; t++)
        table_result_free(&tables[t]);
    end();
}

// The matrices of both seeds are added.
static void test_confusion_matrices_of_all_seeds_are_added(void) {
    struct error err = {0};
    begin();
    CU_ASSERT_FATAL(!choose("confusion", SHEET_JSON, &err));
    char *text = text_of(SHEET_MARKDOWN);
    suite_text_has(
        text, "p = 0, Baseline (rows: labels, columns: answers, seeds added):\n\n```\n    6     2\n    4  "
              "   8\n```");
    free(text);
    text = text_of(SHEET_JSON);
    json_t *value = json_loads(text, 0, NULL);
    const json_t *first = json_array_get(json_object_get(value, "cells"), 0);
    CU_ASSERT_EQUAL(
        json_integer_value(json_array_get(json_array_get(json_object_get(first, "confusion"), 1), 1)), 8);
    json_decref(value);
    free(text);
    end();
}

static void test_the_list_of_numbers_says_in_how_many_cells_each_is(void) {
    char *text = NULL;
    size_t size;
    begin();
    FILE *out = open_memstream(&text, &size);
    metric_list(out, &table, 1);
    fclose(out);
    suite_text_has(text, "accuracy                     in 2 of 4 cells\n");
    suite_text_has(text, "annotation.iou               in 2 of 4 cells\n");
    suite_text_has(text, "pointing.layer4              in 1 of 4 cells\n");
    suite_text_has(text, "confusion                    in 2 of 4 cells\n");
    CU_ASSERT_PTR_NULL(strstr(text, "seconds"));
    free(text);
    end();
    out = open_memstream(&text, &size);
    metric_list(out, &table, 0);
    fclose(out);
    suite_text_begins(text, "no runs yet; each will record\naccuracy\n");
    suite_text_has(text, "\npointing.layer4\n");
    free(text);
}

void suite_metric(void) {
    CU_pSuite suite = CU_add_suite("metric", suite_make_folder, suite_remove_folder);
    CU_add_test(suite, "a number takes the place of accuracy", test_a_number_takes_the_place_of_accuracy);
    CU_add_test(suite, "choosing accuracy changes nothing", test_choosing_accuracy_changes_nothing);
    CU_add_test(suite, "cells whose runs have not recorded a number say so",
                test_cells_whose_runs_have_not_recorded_a_number_say_so);
    CU_add_test(suite, "a view of another number leaves the table as it is",
                test_a_view_of_another_number_leaves_the_table_as_it_is);
    CU_add_test(suite, "unknown numbers and formats without place for a matrix are refused",
                test_unknown_numbers_and_formats_without_place_for_a_matrix_are_refused);
    CU_add_test(suite, "an unknown number is refused with the nearest name",
                test_an_unknown_number_is_refused_with_the_nearest_name);
    CU_add_test(suite, "the names of all recorded numbers are known",
                test_the_names_of_all_recorded_numbers_are_known);
    CU_add_test(suite, "the title names the metric", test_the_title_names_the_metric);
    CU_add_test(suite, "of several tables those without the number are left out",
                test_of_several_tables_those_without_the_number_are_left_out);
    CU_add_test(suite, "confusion matrices of all seeds are added",
                test_confusion_matrices_of_all_seeds_are_added);
    CU_add_test(suite, "the list of numbers says in how many cells each is",
                test_the_list_of_numbers_says_in_how_many_cells_each_is);
}
