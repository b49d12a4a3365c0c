// SPDX-License-Identifier: Apache-2.0
// A table as it is printed: named columns, cells of text, and what is said around them. It is built once and
// printed in any format; each format has a file (sheet_markdown.c, sheet_csv.c, sheet_latex.c, sheet_json.c).
//
//     struct sheet s = {.name = "digits", .profile = "quick"};
//     text_add(&s.title, "Table 9: digits");
//     sheet_add_column(&s, SHEET_TEXT, 0, "digit");
//     sheet_add_column(&s, SHEET_NUMBER, 0, "accuracy");
//     sheet_add_cell(&s, "0"), sheet_printf(&s, "%.2f", 99.5);
//     failed = sheet_print(stdout, SHEET_MARKDOWN, &s, err);
//     sheet_free(&s);
//
// As with struct text, a piece that found no memory is told at the end: sheet_print fails then.
#ifndef REFF_EXPERIMENTS_RESULTS_SHEET_H
#define REFF_EXPERIMENTS_RESULTS_SHEET_H

#include "core/base/error.h"
#include "core/base/text.h"

#include <stdio.h>

enum sheet_format { SHEET_MARKDOWN, SHEET_CSV, SHEET_LATEX, SHEET_JSON, SHEET_FORMATS };
extern const char
    *const sheet_format_names[SHEET_FORMATS]; // also the files' endings: "md", "csv", "tex", "json"

enum sheet_kind {
    SHEET_TEXT,   // words, to the left
    SHEET_SYMBOL, // values of a quantity, whose symbol is the heading
    SHEET_NUMBER, // "46.68 ± 0.82 (+0.07)", to the right; "-" where there is none, or words that say why
};

struct sheet_column {
    char *heading;
    enum sheet_kind kind;
    int width; // characters that Markdown fills up to; 0: as wide as each cell is
};

struct sheet { // starts as {0} but for the first line
    const char *name, *profile;
    struct text title;   // "Table 1 (a): ...": a number before the colon is the table's own
    struct text intro;   // a paragraph before the table
    struct text caption; // what LaTeX says after the title, in place of intro and note
    struct text note;    // what Markdown says after the table: whole lines
    int breaks_pages;    // it may be longer than a page
    struct sheet_column *columns;
    char **cells; // [cell_count], row by row
    int column_count, cell_count;
    int incomplete; // a piece is missing: no memory
};

// Columns come before cells; cells come row by row.
void sheet_add_column(struct sheet *s, enum sheet_kind kind, int width, const char *heading);
void sheet_add_cell(struct sheet *s, const char *text);
void sheet_printf(struct sheet *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

int sheet_rows(const struct sheet *s);
const char *sheet_cell(const struct sheet *s, int row, int column);

// 0, or -1 with a message if a piece is missing ("out of memory: the table NAME").
int sheet_check(const struct sheet *s, struct error *err);

int sheet_print(FILE *out, enum sheet_format format, const struct sheet *s, struct error *err);

void sheet_free(struct sheet *s);

// RESULTS/tables/PROFILE/NAME.{md,csv,tex,json}, each whole or absent, as `write` writes them.
typedef int sheet_write(FILE *out, enum sheet_format format, const void *context, struct error *err);
int sheet_write_files(const char *results, const char *profile, const char *name, sheet_write *write,
                      const void *context, struct error *err);

// The files of one sheet.
int sheet_files(const char *results, const struct sheet *s, struct error *err);

#endif
