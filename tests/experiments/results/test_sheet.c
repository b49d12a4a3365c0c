// SPDX-License-Identifier: Apache-2.0
// One sheet in every format.
#include "core/base/memory.h"
#include "core/base/text.h"
#include "experiments/results/sheet.h"
#include "tests/support/suite.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define PLUS_MINUS "\xc2\xb1"

static void fill(struct sheet *s, const char *title) {
    *s = (struct sheet){.name = "small", .profile = "tiny"};
    text_add(&s->title, title);
    text_add(&s->intro, "What it is from.");
    text_add(&s->caption, "A " PLUS_MINUS " B");
    text_add(&s->note, "What it means.\n");
    sheet_add_column(s, SHEET_SYMBOL, 4, "p");
    sheet_add_column(s, SHEET_NUMBER, 16, "ours");
    sheet_add_column(s, SHEET_NUMBER, 0, "paper");
    sheet_add_column(s, SHEET_TEXT, 0, "a, b");
    sheet_add_cell(s, "0");
    sheet_printf(s, "%.2f " PLUS_MINUS " %.2f (%d)", 46.75, 1.06, 2);
    sheet_add_cell(s, "46.68 " PLUS_MINUS " 0.82 (+0.07)");
    sheet_add_cell(s, "x|y_z");
    sheet_add_cell(s, "All");
    sheet_add_cell(s, "-0.25 (1)");
    sheet_add_cell(s, "-");
    sheet_add_cell(s, "-");
}

static char *printed(const struct sheet *s, enum sheet_format format) {
    struct error err = {0};
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    CU_ASSERT(!sheet_print(out, format, s, &err));
    fclose(out);
    return text;
}

static void check(enum sheet_format format, const char *title, int breaks_pages, const char *wanted) {
    struct sheet s;
    fill(&s, title);
    s.breaks_pages = breaks_pages;
    CU_ASSERT_EQUAL(sheet_rows(&s), 2);
    CU_ASSERT_STRING_EQUAL(sheet_cell(&s, 1, 0), "All");
    char *text = printed(&s, format);
    CU_ASSERT_STRING_EQUAL(text, wanted);
    if (strcmp(text, wanted) != 0)
        printf("\n--- got\n%s--- wanted\n%s---\n", text, wanted);
    free(text);
    sheet_free(&s);
}

static void test_markdown_pads_columns_by_characters(void) {
    check(SHEET_MARKDOWN, "Table 1 (a): small", 0,
          "## Table 1 (a): small\n\nWhat it is from.\n\n"
          "| p    | ours             | paper | a, b |\n"
          "| ---- | ---              | --- | --- |\n"
          "| 0    | 46.75 " PLUS_MINUS " 1.06 (2) | 46.68 " PLUS_MINUS " 0.82 (+0.07) | x/y_z |\n"
          "| All  | -0.25 (1)        | - | - |\n"
          "\nWhat it means.\n");
}

static void test_csv_quotes_what_needs_it(void) {
    check(SHEET_CSV, "small", 0,
          "p,ours,paper,\"a, b\"\n"
          "0,46.75 " PLUS_MINUS " 1.06 (2),46.68 " PLUS_MINUS " 0.82 (+0.07),x|y_z\n"
          "All,-0.25 (1),-,-\n");
}

// `before`: what stands between headings and rows.
static char *latex_rows(const char *before) {
    struct error err = {0};
    struct text rows = {0};
    text_printf(&rows,
                "$p$ & ours & paper & a, b \\\\\n\\hline\n%s"
                "0 & $46.75 \\pm 1.06$ (2) & $46.68 \\pm 0.82$ ($+0.07$) & x\\textbar{}y\\_z \\\\\n"
                "All & $-0.25$ (1) & -- & - \\\\\n\\hline\n",
                before);
    return text_take(&rows, "rows", &err);
}

// LaTeX would count "Table 1: Table 1 (a): small".
static void test_latex_has_the_number_of_a_title_once(void) {
    char wanted[2000], *rows = latex_rows("");
    snprintf(wanted, sizeof wanted,
             "\\begin{table}\n\\centering\n\\renewcommand{\\thetable}{1 (a)}\n\\caption{small. A $\\pm$ B}\n"
             "\\label{tab:small}\n\\begin{tabular}{lrrl}\n\\hline\n%s\\end{tabular}\n\\end{table}\n",
             rows);
    check(SHEET_LATEX, "Table 1 (a): small", 0, wanted);
    free(rows);
}

static void test_latex_leaves_titles_without_a_number_alone(void) {
    char wanted[2000], *rows = latex_rows("");
    snprintf(wanted, sizeof wanted,
             "\\begin{table}\n\\centering\n\\caption{Table of mine: 1. A $\\pm$ B}\n"
             "\\label{tab:small}\n\\begin{tabular}{lrrl}\n\\hline\n%s\\end{tabular}\n\\end{table}\n",
             rows);
    check(SHEET_LATEX, "Table of mine: 1", 0, wanted);
    free(rows);
}

// Each column is as wide as its longest text asks for.
static void test_long_tables_go_over_pages(void) {
    char wanted[2000], *rows = latex_rows("\\endhead\n");
    snprintf(wanted, sizeof wanted,
             "{\\scriptsize\\setlength{\\tabcolsep}{2pt}\n\\renewcommand{\\tablename}{Supplement, Table}\n"
             "\\renewcommand{\\thetable}{4}\n\\begin{longtable}{%s%s%s%s}\n"
             "\\caption{small. A $\\pm$ B}\\label{tab:small}\\\\\n\\hline\n%s\\end{longtable}}\n",
             ">{\\raggedright\\arraybackslash}p{0.053\\textwidth}",
             ">{\\raggedright\\arraybackslash}p{0.200\\textwidth}",
             ">{\\raggedright\\arraybackslash}p{0.242\\textwidth}",
             ">{\\raggedright\\arraybackslash}p{0.074\\textwidth}", rows);
    check(SHEET_LATEX, "Supplement, Table 4: small", 1, wanted);
    free(rows);
}

static void test_json_has_names_and_texts(void) {
    struct sheet s;
    fill(&s, "Table 2: small");
    char *text = printed(&s, SHEET_JSON);
    json_t *value = json_loads(text, JSON_REJECT_DUPLICATES, NULL),
           *wanted =
               json_pack("{s:s, s:s, s:s, s:s, s:[s,s,s,s], s:[[s,s,s,s],[s,s,s,s]]}", "table", "small",
                         "profile", "tiny", "title", "Table 2: small", "note", "What it is from.", "columns",
                         "p", "ours", "paper", "a, b", "rows", "0", "46.75 " PLUS_MINUS " 1.06 (2)",
                         "46.68 " PLUS_MINUS " 0.82 (+0.07)", "x|y_z", "All", "-0.25 (1)", "-", "-");
    CU_ASSERT(value && json_equal(value, wanted));
    json_decref(value);
    json_decref(wanted);
    free(text);
    sheet_free(&s);
}

// Whichever piece finds no memory, the sheet is refused and not printed with a hole.
static void test_a_sheet_with_a_missing_piece_is_refused(void) {
    int refused = 0;
    for (long n = 1;; n++) {
        struct sheet s;
        struct error err = {0};
        memory_fail_at = n;
        fill(&s, "Table 1: small");
        int used_up = memory_fail_at > 0;
        memory_fail_at = 0;
        int failed = sheet_check(&s, &err);
        sheet_free(&s);
        if (used_up)
            break;
        CU_ASSERT(failed);
        CU_ASSERT_STRING_EQUAL(err.message, "out of memory: the table small");
        refused++;
    }
    CU_ASSERT(refused > 20);
}

void suite_sheet(void) {
    CU_pSuite s = CU_add_suite("sheet", NULL, NULL);
    CU_add_test(s, "Markdown pads columns by characters", test_markdown_pads_columns_by_characters);
    CU_add_test(s, "CSV quotes what needs it", test_csv_quotes_what_needs_it);
    CU_add_test(s, "LaTeX has the number of a title once", test_latex_has_the_number_of_a_title_once);
    CU_add_test(s, "LaTeX leaves titles without a number alone",
                test_latex_leaves_titles_without_a_number_alone);
    CU_add_test(s, "long tables go over pages", test_long_tables_go_over_pages);
    CU_add_test(s, "JSON has names and texts", test_json_has_names_and_texts);
    CU_add_test(s, "a sheet with a missing piece is refused", test_a_sheet_with_a_missing_piece_is_refused);
}
