// SPDX-License-Identifier: Apache-2.0
#include "experiments/results/table_result_sheet.h"

#include "experiments/results/table_result_notes.h"
#include "experiments/results/table_result_words.h"

#include <math.h>
#include <string.h>

#define PLUS_MINUS "\xc2\xb1"

enum { WIDTH_SYMBOL = 4, WIDTH_OURS = 22, WIDTH_PAPER = 23 };

static int has_paper(const struct table_result *r) {
    int any = 0;
    for (int i = 0; i < r->table->row_count * r->table->column_count; i++)
        any |= r->cells[i].has_paper;
    return any;
}

// ---------------------------------------------------------------------------------------- to read

// Why a cell lacks seeds; nothing where it has all.
static void add_missing(struct text *out, const struct cell_result *c) {
    const struct missing_seed *missing = table_result_missing(c);
    if (missing)
        table_result_missing_text(out, missing);
}

static void add_ours(struct sheet *s, const struct cell_result *c, int digits) {
    struct text why = {0};
    add_missing(&why, c);
    if (!c->n) // the whole reason stands below
        sheet_printf(s, "%.*s", (int)strcspn(text_string(&why), ":"), text_string(&why));
    else if (c->n == 1)
        sheet_printf(s, "%.*f (1)", digits, c->sample.mean);
    else
        sheet_printf(s, "%.*f " PLUS_MINUS " %.*f (%d)", digits, c->sample.mean, digits, c->sample.std, c->n);
    s->incomplete |= why.incomplete;
    text_free(&why);
}

// A user's numbers may have no deviation.
static void add_papers(struct sheet *s, const struct cell_result *c) {
    struct text cell = {0};
    if (!c->has_paper) {
        sheet_add_cell(s, "-");
        return;
    }
    text_printf(&cell, "%.2f", c->paper_mean);
    if (isfinite(c->paper_std))
        text_printf(&cell, " " PLUS_MINUS " %.2f", c->paper_std);
    if (c->n)
        text_printf(&cell, " (%+.2f)", c->sample.mean - c->paper_mean);
    sheet_add_cell(s, text_string(&cell));
    s->incomplete |= cell.incomplete;
    text_free(&cell);
}

static void add_reference_heading(struct sheet *s, const struct table_result *r) {
    struct text heading = {0};
    text_printf(&heading, "(%s, difference)", table_result_reference(r));
    sheet_add_column(s, SHEET_NUMBER, WIDTH_PAPER, text_string(&heading));
    s->incomplete |= heading.incomplete;
    text_free(&heading);
}

static void add_columns(struct sheet *s, const struct table_result *r, int beside_paper) {
    sheet_add_column(s, r->table->row_kind == ROW_AXIS ? SHEET_SYMBOL : SHEET_TEXT,
                     table_label_width(r->table, WIDTH_SYMBOL), r->table->row_name);
    for (int column = 0; column < r->table->column_count; column++) {
        struct text heading = {0};
        table_result_add_heading(&heading, r, column);
        sheet_add_column(s, SHEET_NUMBER, WIDTH_OURS, text_string(&heading));
        s->incomplete |= heading.incomplete;
        text_free(&heading);
        if (beside_paper)
            add_reference_heading(s, r);
    }
}

// What the numbers are and what +- means, with `between` the two.
static void add_meaning(struct text *out, const struct table_result *r, const char *between) {
    table_result_add_measure(out, r);
    text_printf(out,
                "%s " PLUS_MINUS " is the sample standard deviation (ddof 1) over the seeds, their number in "
                "brackets (%sseeds ",
                between, r->by_looks ? "as many as the claims needed of the " : "");
    table_result_add_seeds(out, r->plan->seeds.values, r->plan->seeds.count, ", ");
    text_add(out, ")");
}

void table_result_sheet(struct sheet *s, const struct table_result *r, const struct claim_result *claims,
                        int claim_count) {
    const struct table *t = r->table;
    int beside_paper = has_paper(r);
    s->name = t->name;
    s->profile = r->plan->profile->name;
    table_result_add_title(&s->title, r);
    table_result_add_part(&s->title, r);
    table_result_add_setting(&s->intro, r);
    text_add(&s->intro, ".");
    text_add(&s->caption, "Ours: ");
    table_result_add_setting(&s->caption, r);
    text_add(&s->caption, ". ");
    add_meaning(&s->caption, r, ";");
    text_add(&s->caption, ".");
    add_columns(s, r, beside_paper);
    for (int row = 0; row < t->row_count; row++) {
        sheet_add_cell(s, t->rows[row]);
        for (int column = 0; column < t->column_count; column++) {
            const struct cell_result *c = table_result_cell(r, row, column);
            add_ours(s, c, table_result_digits(r));
            if (beside_paper)
                add_papers(s, c);
        }
    }
    add_meaning(&s->note, r, ".");
    if (beside_paper && *r->reference)
        text_printf(&s->note, "; the difference is ours less that of %s.\n", r->reference);
    else
        text_add(&s->note,
                 beside_paper
                     ? "; the paper's are as printed there, the difference is ours less the paper's.\n"
                     : ".\n");
    table_result_add_matrices(&s->note, r);
    table_result_add_methods(&s->note, r);
    table_result_add_missing(&s->note, r);
    table_result_add_products(&s->note, r);
    table_result_add_claims(&s->note, r, claims, claim_count);
}

// ---------------------------------------------------------------------------------------- for programs

static void add_number(struct sheet *s, int present, double value) {
    if (present)
        sheet_printf(s, "%.10g", value);
    else
        sheet_add_cell(s, "");
}

// A text that was built, as a cell.
static void add_text(struct sheet *s, struct text *text) {
    sheet_add_cell(s, text_string(text));
    s->incomplete |= text->incomplete;
    text_free(text);
}

static void add_cell(struct sheet *s, const struct table_result *r, int row, int column) {
    const struct cell_result *c = table_result_cell(r, row, column);
    const char *names[] = {r->table->name,     r->plan->profile->name, NULL,
                           r->table->row_name, r->table->rows[row],    r->table->columns[column]};
    struct text data = {0}, seeds = {0}, values = {0}, missing = {0};
    table_result_add_data(&data, r, column);
    table_result_add_seeds(&seeds, c->seeds, c->n, " ");
    for (int i = 0; i < c->n; i++)
        text_printf(&values, "%s%.10g", i ? " " : "", c->values[i]);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i])
            sheet_add_cell(s, names[i]);
        else
            add_text(s, &data);
    if (*r->metric)
        sheet_add_cell(s, r->metric);
    sheet_printf(s, "%d", c->n);
    add_number(s, c->n > 0, c->sample.mean);
    add_number(s, c->n > 1, c->sample.std);
    add_number(s, c->n > 1, c->sample.ci_low);
    add_number(s, c->n > 1, c->sample.ci_high);
    if (!*r->metric || *r->reference) {
        add_number(s, c->has_paper, c->paper_mean);
        add_number(s, c->has_paper && isfinite(c->paper_std), c->paper_std);
        add_number(s, c->n > 0 && c->has_paper, c->sample.mean - c->paper_mean);
    }
    add_text(s, &seeds);
    add_text(s, &values);
    add_missing(&missing, c);
    add_text(s, &missing);
}

// Of another metric than accuracy the paper has nothing; a user may.
void table_result_cells(struct sheet *s, const struct table_result *r) {
    static const char *const before[] = {"table", "profile", "data", "row_name", "row", "column"},
                             *const ours[] = {"n", "mean", "std", "ci95_low", "ci95_high"},
                             *const references[] = {"mean", "std"},
                             *const after[] = {"seeds", "values", "missing"};
    s->name = r->table->name;
    s->profile = r->plan->profile->name;
    for (size_t i = 0; i < sizeof before / sizeof *before; i++)
        sheet_add_column(s, SHEET_TEXT, 0, before[i]);
    if (*r->metric)
        sheet_add_column(s, SHEET_TEXT, 0, "metric");
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        sheet_add_column(s, SHEET_TEXT, 0, ours[i]);
    for (size_t i = 0; i < 2 && (!*r->metric || *r->reference); i++) {
        char name[SETTING_WORD_SIZE + 8];
        snprintf(name, sizeof name, "%s_%s", table_result_reference(r), references[i]);
        sheet_add_column(s, SHEET_TEXT, 0, name);
    }
    if (!*r->metric || *r->reference)
        sheet_add_column(s, SHEET_TEXT, 0, "difference");
    for (size_t i = 0; i < sizeof after / sizeof *after; i++)
        sheet_add_column(s, SHEET_TEXT, 0, after[i]);
    for (int row = 0; row < r->table->row_count; row++)
        for (int column = 0; column < r->table->column_count; column++)
            add_cell(s, r, row, column);
}
