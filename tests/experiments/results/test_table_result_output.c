// SPDX-License-Identifier: Apache-2.0
// Tables in their four formats, made from records of runs: a complete cell, one with a failed seed, one that
// never ran, and texts with every character that some format gives a meaning. Expected numbers are scipy's.
#include "core/base/memory.h"
#include "experiments/results/paper.h"
#include "experiments/results/table_provenance.h"
#include "experiments/results/table_result_output.h"
#include "experiments/store/record.h"
#include "tests/support/fake_work.h"
#include "tests/support/suite.h"
#include "tests/support/sweep_fixture.h"

#include <stdlib.h>
#include <string.h>

static const char table_text[] = "[table]\n"
                                 "title = 100 % of A_b & \"c\", {d} #1 $2 \\e ~f ^g | h\n"
                                 "row = p\n"
                                 "rows = 0, 1\n"
                                 "columns = baseline, reff\n"
                                 "claims = C1, C2\n"
                                 "[fixed]\n"
                                 "q = 1\n"
                                 "size = 223\n";
static const char failure[] = "train.h5: 5 % | of_it, \"cut\"";

static struct fixture f;
static json_t *paper;
static struct table_result table;
static struct claim_result *claims;
static int claim_count;
static json_t *provenance;
static char results[PATH_SIZE];

static void put_run(int row, int column, uint64_t seed, double accuracy) {
    struct error err = {0};
    char folder[PATH_SIZE], path[PATH_SIZE];
    const struct cell *cell = plan_find(&f.plan, &f.tables[0], row, column, seed);
    CU_ASSERT_FATAL(cell && !run_folder(folder, results, cell, &err) && !folder_make(folder, &err));
    CU_ASSERT_FATAL(!path_join(path, &err, folder, "run.json"));
    json_t *run = json_pack("{s:s, s:O, s:{s:f, s:{s:f}, s:i}, s:s, s:{s:s, s:s}, s:{s:s, s:b}}", "state",
                            "done", "cell", cell->record, "metrics", "accuracy", accuracy, "cam_inside",
                            "layer4", accuracy / 100, "worst_class", 3, "model_sha256", "feed", "data",
                            "train_sha256", "0123", "test_sha256", "4567", "provenance", "git_revision",
                            seed == 1 ? "aaaa" : "bbbb", "git_dirty", 0);
    CU_ASSERT_FATAL(!json_write(path, run, &err));
    json_decref(run);
}

// p = 0: two seeds of both methods; p = 1: one seed of the baseline, whose other one failed; none of ReFF.
static void begin_with(double last) {
    struct error err = {0};
    char *words[] = {"small.ini", "it's"};
    fixture_make_table(&f, table_text, fixture_profile_text);
    snprintf(results, sizeof results, "%s", suite_path("results"));
    put_run(0, 0, 1, 30), put_run(0, 0, 2, 32);
    put_run(0, 1, 1, 46), put_run(0, 1, 2, last);
    put_run(1, 0, 1, 99.5);
    CU_ASSERT_FATAL(!run_record_failure(results, plan_find(&f.plan, &f.tables[0], 1, 0, 2), failure, &err));
    paper = json_pack("{s:[f, f]}", "small|0|reff", 46.68, 0.82);
    CU_ASSERT_FATAL(!table_result_read(&table, &f.tables[0], &f.plan, results, paper, &err));
    CU_ASSERT_FATAL(!claims_decide(&table, 1, paper, NULL, &claims, &claim_count, &err));
    struct text command = {0};
    table_provenance_command(&command, words, 2, "tiny", "/my data", &f.plan.seeds, "0,1", "", "");
    CU_ASSERT_STRING_EQUAL(
        text_string(&command),
        "reff run small.ini 'it'\\''s' --profile tiny --seeds 1,2 --rows 0,1 --data '/my data'");
    provenance = table_provenance(&table, text_string(&command), &err);
    text_free(&command);
    CU_ASSERT_PTR_NOT_NULL_FATAL(provenance);
}

static void begin(void) {
    begin_with(47.5);
}

static void end(void) {
    json_decref(provenance);
    free(claims);
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
    CU_ASSERT(!table_result_print(out, format, &table, claims, claim_count, provenance, &err));
    fclose(out);
    return text;
}

// ---------------------------------------------------------------------------------------------- Markdown

static void test_markdown_has_n_the_papers_numbers_reasons_and_verdicts(void) {
    begin();
    char *text = text_of(SHEET_MARKDOWN);
    suite_text_has(
        text,
        "| 0    | 31.00 \xc2\xb1 1.41 (2)       | -                       | 46.75 \xc2\xb1 1.06 (2)       | "
        "46.68 \xc2\xb1 0.82 (+0.07)    |\n");
    suite_text_has(
        text,
        "| 1    | 99.50 (1)              | -                       | not run                | -              "
        "         |\n");
    suite_text_has(text, "Missing:\n\n- p = 1, baseline: failed: train.h5: 5 % | of_it, \"cut\": seed 2\n"
                         "- p = 1, reff: not run: seed 1, 2\n");
    suite_text_has(text, "- C1 **reproduced**: ");
    suite_text_has(text,
                   "effect +15.75 [+9.95, +21.55] points, t = 12.60 (df 1.9), p = 0.004, Holm 0.004; by "
                   "pairs of a seed [+12.57, +18.93].\n");
    suite_text_has(text, "- C2 **not tested**: ");
    suite_text_has(
        text, "Reason: p = 1, baseline has results of one seed, a test needs two (failed: train.h5: 5 %");
    suite_text_has(text, "Holm over all claims tested: 1");
    suite_text_has(text, "profile profile: built-in digits (drawn by code, not MNIST)");
    suite_text_has(text, "sample standard deviation (ddof 1) over the seeds");
    free(text);
    end();
}

static void test_a_mix_of_instruction_sets_is_told(void) {
    begin();
    char *text = text_of(SHEET_MARKDOWN);
    CU_ASSERT_PTR_NULL(strstr(text, "instruction sets"));
    free(text);
    json_t *core = json_pack("{s:s}", "openblas_core", "Zen");
    json_array_append_new(table.makers,
                          json_pack("{s:s, s:o, s:i}", "products", "amx", "libraries", core, "runs", 2));
    text = text_of(SHEET_MARKDOWN);
    suite_text_has(
        text, "\nRuns of several instruction sets, which round otherwise: 5 by an unknown one, 2 by amx and "
              "OpenBLAS's Zen.\n");
    free(text);
    end();
}

// ---------------------------------------------------------------------------------------------- CSV

// Fields of a line as RFC 4180 has them; *line moves behind its end.
static int count_fields(const char **line) {
    int fields = 1, quoted = 0;
    for (; **line && (quoted || **line != '\n'); ++*line) {
        quoted ^= **line == '"';
        fields += !quoted && **line == ',';
    }
    *line += **line == '\n';
    return fields;
}

static void test_every_line_of_csv_has_all_fields_quoted_where_needed(void) {
    begin();
    char *text = text_of(SHEET_CSV);
    const char *line = text;
    int lines = 0;
    for (; *line; lines++)
        CU_ASSERT_EQUAL(count_fields(&line), 17);
    CU_ASSERT_EQUAL(lines, 1 + 4);
    suite_text_has(text, ",p,0,baseline,2,31,1.414213562,18.29379526,43.70620474,,,,1 2,30 32,\n");
    suite_text_has(text,
                   ",p,0,reff,2,46.75,1.060660172,37.22034645,56.27965355,46.68,0.82,0.07,1 2,46 47.5,\n");
    suite_text_has(text,
                   ",p,1,baseline,1,99.5,,,,,,,1,99.5,\"failed: train.h5: 5 % | of_it, \"\"cut\"\"\"\n");
    suite_text_has(text, ",p,1,reff,0,,,,,,,,,,not run\n");
    free(text);
    end();
}

// ---------------------------------------------------------------------------------------------- LaTeX

// Groups and columns close, as LaTeX counts them.
static void check_latex_structure(const char *text) {
    int depth = 0, cells = 1, in_body = 0, rows = 0;
    for (const char *c = text; *c; c++) {
        if (*c == '\\' && c[1]) {
            if (c[1] == '\\' && in_body) { // the end of a row
                CU_ASSERT_EQUAL(cells, 5);
                cells = 1;
                rows++;
            }
            in_body |= !strncmp(c, "\\hline", 6);
            c++;
            continue;
        }
        depth += (*c == '{') - (*c == '}');
        CU_ASSERT(depth >= 0);
        cells += in_body && *c == '&';
    }
    CU_ASSERT_EQUAL(depth, 0);
    CU_ASSERT_EQUAL(rows, 1 + 2); // the header, p = 0, p = 1
}

static void test_in_latex_special_characters_are_plain_groups_and_columns_close(void) {
    begin();
    char *text = text_of(SHEET_LATEX);
    check_latex_structure(text);
    suite_text_has(
        text,
        "\\caption{100 \\% of A\\_b \\& \"c\", \\{d\\} \\#1 \\$2 \\textbackslash{}e \\textasciitilde{}f "
        "\\textasciicircum{}g \\textbar{} h.");
    suite_text_has(
        text, "0 & $31.00 \\pm 1.41$ (2) & -- & $46.75 \\pm 1.06$ (2) & $46.68 \\pm 0.82$ ($+0.07$) \\\\\n");
    suite_text_has(text, "1 & $99.50$ (1) & -- & not run & -- \\\\\n");
    suite_text_has(text, "\\begin{tabular}{lrrrr}");
    CU_ASSERT_PTR_NULL(strstr(text, "\\thetable")); // the title has no number
    free(text);
    end();
}

// What all columns have in common is said once, what differs is said of each.
static void test_a_caption_names_the_settings_that_differ_between_columns(void) {
    begin();
    char *text = text_of(SHEET_MARKDOWN);
    suite_text_has(text, "network small (width 4), epochs: 2");
    free(text);
    for (int i = 0; i < f.plan.count; i++)
        if (!strcmp(f.plan.cells[i].training.method, "reff"))
            f.plan.cells[i].training.epochs = 7;
    text = text_of(SHEET_MARKDOWN);
    suite_text_has(text, "network small (width 4), epochs: baseline 2, reff 7");
    free(text);
    end();
}

// ---------------------------------------------------------------------------------------------- JSON

static json_t *parse(const char *text) {
    json_t *value = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(value);
    return value;
}

static double number(const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    CU_ASSERT(json_is_number(value));
    return json_number_value(value);
}

static const char *string(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    CU_ASSERT_PTR_NOT_NULL(text);
    return text ? text : "";
}

static void has_keys(const json_t *object, const char *const *keys) {
    for (; *keys; keys++)
        if (!json_object_get(object, *keys)) {
            printf("no %s ", *keys);
            CU_FAIL("a key is missing");
        }
}

static void test_json_has_every_cell_with_its_numbers(void) {
    static const char *const top[] = {"table", "profile", "cells", "claims", "provenance", NULL};
    static const char *const keys[] = {"row", "column", "seeds",      "values",    "mean",    "std",
                                       "n",   "ci95",   "paper_mean", "paper_std", "metrics", NULL};
    begin();
    char *text = text_of(SHEET_JSON);
    json_t *value = parse(text), *cells = json_object_get(value, "cells");
    has_keys(value, top);
    CU_ASSERT_STRING_EQUAL(string(value, "table"), "small");
    CU_ASSERT_EQUAL_FATAL(json_array_size(cells), 4);
    for (size_t i = 0; i < 4; i++)
        has_keys(json_array_get(cells, i), keys);
    const json_t *whole = json_array_get(cells, 1), *part = json_array_get(cells, 2),
                 *none = json_array_get(cells, 3);
    CU_ASSERT_STRING_EQUAL(string(whole, "row"), "0");
    CU_ASSERT_STRING_EQUAL(string(whole, "column"), "reff");
    CU_ASSERT_EQUAL(json_integer_value(json_array_get(json_object_get(whole, "seeds"), 1)), 2);
    CU_ASSERT_EQUAL(json_number_value(json_array_get(json_object_get(whole, "values"), 1)), 47.5);
    CU_ASSERT_DOUBLE_EQUAL(number(whole, "mean"), 46.75, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(number(whole, "std"), 1.0606601717798212, 1e-10);
    CU_ASSERT_EQUAL(number(whole, "n"), 2);
    const json_t *interval = json_object_get(whole, "ci95");
    CU_ASSERT_DOUBLE_EQUAL(json_number_value(json_array_get(interval, 0)), 37.220346447869, 1e-8);
    CU_ASSERT_DOUBLE_EQUAL(json_number_value(json_array_get(interval, 1)), 56.279653552131, 1e-8);
    CU_ASSERT_EQUAL(number(whole, "paper_mean"), 46.68);
    CU_ASSERT_EQUAL(number(whole, "paper_std"), 0.82);
    const json_t *share = json_object_get(json_object_get(whole, "metrics"), "cam_inside.layer4");
    CU_ASSERT_DOUBLE_EQUAL(number(share, "mean"), 0.4675, 1e-12);
    CU_ASSERT_PTR_NULL(
        json_object_get(json_object_get(whole, "metrics"), "worst_class")); // an index has no mean
    CU_ASSERT_PTR_NULL(json_object_get(whole, "missing"));
    CU_ASSERT_EQUAL(number(part, "n"), 1);
    CU_ASSERT(json_is_null(json_object_get(part, "std")) && json_is_null(json_object_get(part, "ci95")));
    CU_ASSERT(json_is_null(json_object_get(part, "paper_mean")));
    const json_t *missing = json_array_get(json_object_get(part, "missing"), 0);
    CU_ASSERT_EQUAL(number(missing, "seed"), 2);
    CU_ASSERT_STRING_EQUAL(string(missing, "reason"), "failed: train.h5: 5 % | of_it, \"cut\"");
    CU_ASSERT_EQUAL(number(none, "n"), 0);
    CU_ASSERT(json_is_null(json_object_get(none, "mean")));
    CU_ASSERT_EQUAL(json_array_size(json_object_get(none, "missing")), 2);
    json_decref(value);
    free(text);
    end();
}

static void test_json_has_every_claim_with_its_test(void) {
    static const char *const keys[] = {"id",      "verdict", "effect",       "statistic",
                                       "p_value", "p_holm",  "paper_effect", NULL};
    begin();
    char *text = text_of(SHEET_JSON);
    json_t *value = parse(text), *list = json_object_get(value, "claims");
    CU_ASSERT_EQUAL_FATAL(json_array_size(list), 2);
    const json_t *c1 = json_array_get(list, 0), *c2 = json_array_get(list, 1);
    has_keys(c1, keys), has_keys(c2, keys);
    CU_ASSERT_STRING_EQUAL(string(c1, "verdict"), "reproduced");
    CU_ASSERT_DOUBLE_EQUAL(number(c1, "effect"), 15.75, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(number(c1, "statistic"), 12.6, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(number(c1, "p_value"), 0.004121142948248961, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(number(c1, "p_holm"), 0.004121142948248961, 1e-9);
    CU_ASSERT(json_is_null(json_object_get(c1, "reason")));
    CU_ASSERT_STRING_EQUAL(string(c2, "verdict"), "not tested");
    CU_ASSERT(json_is_null(json_object_get(c2, "p_value")));
    CU_ASSERT(strlen(string(c2, "reason")) > 0);
    json_decref(value);
    free(text);
    end();
}

static void test_json_has_the_provenance_of_its_runs(void) {
    static const char *const keys[] = {"command",  "table_made_by", "runs_made_by",   "inputs",
                                       "settings", "runs",          "results_sha256", NULL};
    static const char *const program[] = {"version",   "git_revision",    "git_dirty", "compiler",
                                          "processor", "instruction_set", "libraries", NULL};
    begin();
    char *text = text_of(SHEET_JSON);
    json_t *value = parse(text), *made = json_object_get(value, "provenance");
    has_keys(made, keys);
    has_keys(json_object_get(made, "table_made_by"), program);
    const json_t *runs = json_object_get(made, "runs"), *makers = json_object_get(made, "runs_made_by");
    CU_ASSERT_EQUAL_FATAL(json_array_size(runs), 5);
    CU_ASSERT_STRING_EQUAL(string(json_array_get(runs, 4), "row"), "1");
    CU_ASSERT_STRING_EQUAL(string(json_array_get(runs, 4), "digest"),
                           plan_find(&f.plan, &f.tables[0], 1, 0, 1)->digest);
    CU_ASSERT_STRING_EQUAL(string(json_array_get(runs, 0), "model_sha256"), "feed");
    CU_ASSERT_STRING_EQUAL(string(json_array_get(runs, 0), "test_sha256"), "4567");
    CU_ASSERT_EQUAL_FATAL(json_array_size(makers), 2); // two revisions made the runs
    CU_ASSERT_STRING_EQUAL(string(json_array_get(makers, 0), "git_revision"), "aaaa");
    CU_ASSERT_EQUAL(number(json_array_get(makers, 0), "runs"), 3);
    CU_ASSERT_EQUAL(number(json_array_get(makers, 1), "runs"), 2);
    const json_t *reff = json_object_get(json_object_get(made, "settings"), "reff");
    CU_ASSERT_EQUAL(number(json_object_get(reff, "train"), "lambda"), 3);

    char before[DIGEST_SIZE];
    snprintf(before, sizeof before, "%s", string(made, "results_sha256"));
    json_decref(value);
    free(text);
    end();
    begin_with(47.25);
    CU_ASSERT_STRING_NOT_EQUAL(string(provenance, "results_sha256"),
                               before); // of the results, not of the settings
    end();
}

// What a row gives holds for that row alone: the settings of a column are those that all of its rows have.
static void test_settings_of_a_column_leave_out_what_rows_vary(void) {
    static const char named[] =
        "[table]\ntitle = t\nrow = what\nrows = short | long\ncolumns = baseline, reff\n"
        "[fixed]\np = 0\nq = 1\nsize = 223\n[row long]\nepochs = 6\n";
    struct error err = {0};
    fixture_make_table(&f, named, fixture_profile_text);
    snprintf(results, sizeof results, "%s", suite_path("named"));
    CU_ASSERT_FATAL(!table_result_read(&table, &f.tables[0], &f.plan, results, NULL, &err));
    json_t *settings = table_provenance_settings(&table),
           *train = json_object_get(json_object_get(settings, "reff"), "train");
    CU_ASSERT_EQUAL(number(train, "lambda"), 3);
    CU_ASSERT_PTR_NULL(json_object_get(train, "epochs"));
    json_decref(settings);
    table_result_free(&table);
    fixture_free(&f);
}

// ---------------------------------------------------------------------------------------------- files

static void test_files_hold_what_is_printed(void) {
    struct error err = {0};
    begin();
    CU_ASSERT_FATAL(!table_result_files(results, &table, claims, claim_count, provenance, &err));
    CU_ASSERT_EQUAL(suite_count_entries(suite_path("results/tables/profile")), SHEET_FORMATS);
    for (int format = 0; format < SHEET_FORMATS; format++) {
        char name[64];
        snprintf(name, sizeof name, "results/tables/profile/small.%s", sheet_format_names[format]);
        char *file = file_read(suite_path(name), 1 << 20, NULL, &err),
             *text = text_of((enum sheet_format)format);
        CU_ASSERT_PTR_NOT_NULL_FATAL(file);
        CU_ASSERT_STRING_EQUAL(file, text); // a file is what is printed
        free(file);
        free(text);
    }
    end();
}

// No place for a file: an error that names it, the old table stays, nothing is left beside it.
static void test_a_full_disk_leaves_the_table_that_was_there(void) {
    struct error err = {0};
    begin();
    CU_ASSERT_FATAL(!table_result_files(results, &table, claims, claim_count, provenance, &err));
    char *before = file_read(suite_path("results/tables/profile/small.md"), 1 << 20, NULL, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(before);
    suite_limit_files(100);
    int failed = table_result_files(results, &table, claims, claim_count, provenance, &err);
    suite_limit_files(0);
    CU_ASSERT(failed);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "small.md"));
    CU_ASSERT_EQUAL(suite_count_entries(suite_path("results/tables/profile")), SHEET_FORMATS);
    char *after = file_read(suite_path("results/tables/profile/small.md"), 1 << 20, NULL, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(after);
    CU_ASSERT_STRING_EQUAL(before, after);
    free(before);
    free(after);
    end();
}

static void test_a_folder_that_cannot_be_made_is_named(void) {
    struct error err = {0};
    begin();
    fixture_write("blocked", "a file where the folder should be");
    CU_ASSERT(table_result_files(suite_path("blocked"), &table, claims, claim_count, provenance, &err));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "blocked"));
    end();
}

// From the files to the table, with each allocation failing once: an error every time, and nothing leaks (the
// sanitizer build looks).
static int whole_way(const char *table_path, const char *profile_path, struct error *err) {
    char path[PATH_SIZE], *words[] = {path};
    struct profile profile;
    struct table *tables;
    struct plan plan = {0};
    struct table_result result = {0};
    struct claim_result *decided = NULL;
    int count = 0, decided_count;
    snprintf(path, sizeof path, "%s", table_path);
    json_t *numbers = paper_read(err);
    int failed = !numbers || profile_read(&profile, profile_path, err);
    if (!numbers)
        return -1;
    failed = tables_read(&tables, &count, words, 1, failed ? &(struct error){0} : err) || failed;
    failed = failed || plan_make(&plan, &profile, &profile.seeds, tables, count, &fake_work, err) ||
             table_result_read(&result, tables, &plan, results, numbers, err) ||
             claims_decide(&result, 1, numbers, NULL, &decided, &decided_count, err);
    free(decided);
    if (result.table)
        table_result_free(&result);
    plan_free(&plan);
    free(tables);
    profile_free(&profile);
    json_decref(numbers);
    return failed ? -1 : 0;
}

static void test_an_allocation_that_fails_is_told_wherever_it_is(void) {
    char table_path[PATH_SIZE], profile_path[PATH_SIZE];
    struct error none = {0};
    begin();
    snprintf(table_path, sizeof table_path, "%s", fixture_write("small.ini", table_text));
    snprintf(profile_path, sizeof profile_path, "%s", fixture_write("profile.ini", fixture_profile_text));
    CU_ASSERT_FATAL(!whole_way(table_path, profile_path, &none));
    int failures = 0;
    for (long n = 1;; n++) {
        struct error err = {0};
        memory_fail_at = n;
        int failed = whole_way(table_path, profile_path, &err);
        int used_up = memory_fail_at > 0; // fewer than n allocations were made
        memory_fail_at = 0;
        if (used_up)
            break;
        CU_ASSERT(failed);
        suite_text_has(err.message, "out of memory");
        failures++;
    }
    CU_ASSERT(failures > 10);
    end();
}

// Rows that were left out leave the whole table's files alone, and are told of.
static void test_a_table_of_some_rows_lies_beside_the_whole_one(void) {
    struct error err = {0};
    char path[PATH_SIZE];
    begin();
    CU_ASSERT_FATAL(!table_result_files(results, &table, claims, claim_count, provenance, &err));
    snprintf(path, sizeof path, "%s/tables/%s/small.json", results, f.plan.profile->name);
    char *before = file_read(path, 1 << 20, NULL, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(before);
    CU_ASSERT_PTR_NULL(strstr(before, "partial"));
    struct table part = f.tables[0];
    part.row_count = 1;
    part.partial = 1;
    table.table = &part;
    CU_ASSERT_FATAL(!table_result_files(results, &table, claims, claim_count, provenance, &err));
    table.table = &f.tables[0];
    char *after = file_read(path, 1 << 20, NULL, &err);
    CU_ASSERT_STRING_EQUAL(before, after);
    snprintf(path, sizeof path, "%s/tables/%s/small-partial.json", results, f.plan.profile->name);
    json_t *json = json_read(path, &err);
    CU_ASSERT(json_is_true(json_object_get(json, "partial")));
    json_decref(json);
    snprintf(path, sizeof path, "%s/tables/%s/small-partial.md", results, f.plan.profile->name);
    char *words = file_read(path, 1 << 20, NULL, &err);
    CU_ASSERT(words && strstr(words, ": part of the table, p = 0 of Baseline, ReFF\n"));
    snprintf(path, sizeof path, "%s/tables/%s/small-partial.tex", results, f.plan.profile->name);
    char *tex = file_read(path, 1 << 20, NULL, &err);
    CU_ASSERT(tex && strstr(tex, ": part of the table, p = 0 of Baseline, ReFF. Ours: "));
    free(before), free(after), free(words), free(tex);
    end();
}

void suite_table_result_output(void) {
    CU_pSuite suite = CU_add_suite("table_result_output", suite_make_folder, suite_remove_folder);
    CU_add_test(suite, "Markdown has n, the paper's numbers, reasons and verdicts",
                test_markdown_has_n_the_papers_numbers_reasons_and_verdicts);
    CU_add_test(suite, "a mix of instruction sets is told", test_a_mix_of_instruction_sets_is_told);
    CU_add_test(suite, "every line of CSV has all fields, quoted where needed",
                test_every_line_of_csv_has_all_fields_quoted_where_needed);
    CU_add_test(suite, "in LaTeX special characters are plain, groups and columns close",
                test_in_latex_special_characters_are_plain_groups_and_columns_close);
    CU_add_test(suite, "a caption names the settings that differ between columns",
                test_a_caption_names_the_settings_that_differ_between_columns);
    CU_add_test(suite, "JSON has every cell with its numbers", test_json_has_every_cell_with_its_numbers);
    CU_add_test(suite, "JSON has every claim with its test", test_json_has_every_claim_with_its_test);
    CU_add_test(suite, "JSON has the provenance of its runs", test_json_has_the_provenance_of_its_runs);
    CU_add_test(suite, "settings of a column leave out what rows vary",
                test_settings_of_a_column_leave_out_what_rows_vary);
    CU_add_test(suite, "files hold what is printed", test_files_hold_what_is_printed);
    CU_add_test(suite, "a full disk leaves the table that was there",
                test_a_full_disk_leaves_the_table_that_was_there);
    CU_add_test(suite, "a folder that cannot be made is named", test_a_folder_that_cannot_be_made_is_named);
    CU_add_test(suite, "a table of some rows lies beside the whole one",
                test_a_table_of_some_rows_lies_beside_the_whole_one);
    CU_add_test(suite, "an allocation that fails is told, wherever it is",
                test_an_allocation_that_fails_is_told_wherever_it_is);
}
