// SPDX-License-Identifier: Apache-2.0
// Tables: each cell with its mean, and every seed as a dot on a scale that the whole table shares.
#include "experiments/figure/axes.h"
#include "experiments/page/html.h"
#include "experiments/page/page_internal.h"
#include "experiments/results/table_result_words.h"

#include <math.h>
#include <string.h>

#define PLUS_MINUS "\xc2\xb1"

// ---------------------------------------------------------------------------------------- scale

static void widen(double *low, double *high, double value) {
    if (isfinite(value)) {
        *low = fmin(*low, value);
        *high = fmax(*high, value);
    }
}

static int has_paper(const struct table_result *r) {
    int any = 0;
    for (int i = 0; i < r->table->row_count * r->table->column_count; i++)
        any |= r->cells[i].has_paper;
    return any;
}

static void find_scale(const struct table_result *r, struct scale *scale) {
    double low = INFINITY, high = -INFINITY;
    for (int i = 0; i < r->table->row_count * r->table->column_count; i++) {
        const struct cell_result *c = &r->cells[i];
        for (int k = 0; k < c->n; k++)
            widen(&low, &high, c->values[k]);
        if (c->has_paper) {
            double spread = isfinite(c->paper_std) ? c->paper_std : 0;
            widen(&low, &high, c->paper_mean - spread);
            widen(&low, &high, c->paper_mean + spread);
        }
    }
    if (!isfinite(low))
        low = 0, high = 100;
    axis_round(scale, low, high > low ? high : low + 1, 4);
}

static double percent(const struct scale *s, double value) {
    return fmin(100, fmax(0, 100 * (value - s->minimum) / (s->maximum - s->minimum)));
}

// ---------------------------------------------------------------------------------------- a cell

enum { DOTS = 9, SPREAD = 3, PAPER = 23, HEIGHT_OURS = 18, HEIGHT_BOTH = 32 }; // pixels

static void add_line(struct text *out, const char *class, double from, double to, int y1, int y2) {
    text_printf(out, "<line class=\"%s\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"%d\" y2=\"%d\"/>", class, from, to,
                y1, y2);
}

static void add_dots(struct page *p, const struct cell_result *c, const struct scale *s, const char *column,
                     int digits) {
    if (c->n > 1)
        add_line(p->out, "ci", percent(s, c->sample.ci_low), percent(s, c->sample.ci_high), DOTS, DOTS);
    if (c->n)
        add_line(p->out, "mean", percent(s, c->sample.mean), percent(s, c->sample.mean), DOTS - 7, DOTS + 7);
    for (int i = 0; i < c->n; i++) {
        text_printf(
            p->out,
            "<svg class=\"dot\" data-seed=\"%llu\" x=\"%.2f%%\" y=\"%d\"><title>seed %llu: %.*f</title>",
            (unsigned long long)c->seeds[i], percent(s, c->values[i]), DOTS + (i % 3 - 1) * SPREAD,
            (unsigned long long)c->seeds[i], digits, c->values[i]);
        page_mark(p->out, column);
        text_add(p->out, "</svg>");
    }
}

static void add_strip(struct page *p, const struct cell_result *c, const struct scale *s, const char *column,
                      int papers, int digits) {
    text_printf(p->out, "<svg class=\"strip\" height=\"%d\" aria-hidden=\"true\"",
                papers ? HEIGHT_BOTH : HEIGHT_OURS);
    page_colour(p, column);
    text_add(p->out, ">");
    for (int i = 0; i < s->tick_count; i++)
        add_line(p->out, "grid", percent(s, s->ticks[i]), percent(s, s->ticks[i]), 0,
                 papers ? HEIGHT_BOTH : HEIGHT_OURS);
    if (c->has_paper && isfinite(c->paper_std))
        add_line(p->out, "paper", percent(s, c->paper_mean - c->paper_std),
                 percent(s, c->paper_mean + c->paper_std), PAPER, PAPER);
    if (c->has_paper)
        text_printf(
            p->out,
            "<svg x=\"%.2f%%\" y=\"%d\"><path class=\"paper\" d=\"M0-4.5 4.5 0 0 4.5-4.5 0z\"/></svg>",
            percent(s, c->paper_mean), PAPER);
    add_dots(p, c, s, column, digits);
    text_add(p->out, "</svg>");
}

static void add_spread(struct text *out, double std, int digits) {
    if (isfinite(std)) {
        text_add(out, " <span class=\"spread\">" PLUS_MINUS " ");
        html_number(out, std, digits);
        text_add(out, "</span>");
    }
}

static void add_why_missing(struct text *out, const struct cell_result *c) {
    struct text why = {0};
    if (table_result_missing(c))
        table_result_missing_text(&why, table_result_missing(c));
    html_text(out, text_string(&why));
    out->incomplete |= why.incomplete;
    text_free(&why);
}

static void begin_cell(struct page *p, const struct table *t, int column, const char *tag) {
    text_add(p->out, tag);
    page_filter_keys(p, table_method(t, column), table_data(t, column));
}

// Whose colour and marker a column has.
static const char *look_of(const struct table *t, int column) {
    return t->sections[column].given ? table_method(t, column) : t->columns[column];
}

static void add_cell(struct page *p, const struct table_result *r, int row, int column, const struct scale *s,
                     int papers) {
    const struct cell_result *c = table_result_cell(r, row, column);
    struct text *out = p->out;
    int digits = table_result_digits(r);
    begin_cell(p, r->table, column, "<td");
    text_add(out, "><div class=\"value\">");
    if (c->n) {
        html_number(out, c->sample.mean, digits);
        add_spread(out, c->n > 1 ? c->sample.std : NAN, digits);
        text_printf(out, " <span class=\"n\">(%d)</span>", c->n);
    } else {
        text_add(out, "<span class=\"missing\">");
        add_why_missing(out, c);
        text_add(out, "</span>");
    }
    text_add(out, "</div>");
    if (c->has_paper) {
        text_add(out, "<div class=\"papers\">");
        html_text(out, table_result_reference(r));
        text_add(out, " ");
        html_number(out, c->paper_mean, digits);
        add_spread(out, c->paper_std, digits);
        text_add(out, "</div>");
    }
    add_strip(p, c, s, look_of(r->table, column), papers, digits);
    text_add(out, "</td>");
}

// ---------------------------------------------------------------------------------------- the table

static void add_headings(struct page *p, const struct table_result *r, const struct scale *s) {
    const struct table *t = r->table;
    struct text *out = p->out;
    text_add(out, "<thead><tr><th scope=\"col\">");
    html_text(out, t->row_name);
    text_add(out, "</th>");
    for (int column = 0; column < t->column_count; column++) {
        begin_cell(p, t, column, "<th scope=\"col\"");
        text_add(out, "><span class=\"name\"");
        page_colour(p, look_of(t, column));
        text_add(out, "><svg class=\"key\" viewBox=\"-6 -6 12 12\" aria-hidden=\"true\">");
        page_mark(out, look_of(t, column));
        text_add(out, "</svg>");
        html_text(out, table_result_column_title(r, column));
        text_add(out, "</span><svg class=\"strip axis\" height=\"14\" aria-hidden=\"true\">");
        for (int i = 0; i < s->tick_count; i++)
            text_printf(out, "<text x=\"%.2f%%\" y=\"11\" class=\"t%d\">%s</text>", percent(s, s->ticks[i]),
                        i == 0                   ? 0
                        : i == s->tick_count - 1 ? 2
                                                 : 1,
                        s->labels[i]);
        text_add(out, "</svg></th>");
    }
    text_add(out, "</tr></thead>\n<tbody>\n");
}

static void add_rows(struct page *p, const struct table_result *r, const struct scale *s, int papers) {
    for (int row = 0; row < r->table->row_count; row++) {
        text_add(p->out, "<tr><th scope=\"row\">");
        html_text(p->out, r->table->rows[row]);
        text_add(p->out, "</th>");
        for (int column = 0; column < r->table->column_count; column++)
            add_cell(p, r, row, column, s, papers);
        text_add(p->out, "</tr>\n");
    }
    text_add(p->out, "</tbody></table></div>\n");
}

// ---------------------------------------------------------------------------------------- every seed

static void add_seed_values(struct page *p, const struct table_result *r, int row, int column) {
    const struct cell_result *c = table_result_cell(r, row, column);
    text_add(p->out, "<td class=\"seeds\">");
    for (int i = 0; i < c->n; i++) {
        const struct cell *cell = plan_find(r->plan, r->table, row, column, c->seeds[i]);
        text_printf(p->out, "%s<span data-seed=\"%llu\">%llu:&nbsp;<a", i ? " " : "",
                    (unsigned long long)c->seeds[i], (unsigned long long)c->seeds[i]);
        if (cell)
            page_run_link(p, cell, "run.json");
        text_add(p->out, ">");
        html_number(p->out, c->values[i], 2);
        text_add(p->out, "</a></span>");
    }
    for (int i = 0; i < c->missing_count; i++) {
        struct text why = {0};
        table_result_missing_text(&why, &c->missing[i]);
        text_printf(p->out, " <span class=\"missing\" data-seed=\"%llu\">%llu: ",
                    (unsigned long long)c->missing[i].seed, (unsigned long long)c->missing[i].seed);
        html_text(p->out, text_string(&why));
        text_add(p->out, "</span>");
        p->out->incomplete |= why.incomplete;
        text_free(&why);
    }
    text_add(p->out, "</td></tr>\n");
}

static void add_every_seed(struct page *p, const struct table_result *r) {
    const struct table *t = r->table;
    struct text *out = p->out;
    text_add(out,
             "<details><summary>Every seed, with links to the runs</summary>\n<div class=\"scroll\"><table "
             "class=\"plain\"><thead><tr><th>");
    html_text(out, t->row_name);
    text_add(
        out,
        "</th><th></th><th>95&nbsp;% interval of the mean</th><th>seed: value</th></tr></thead><tbody>\n");
    for (int row = 0; row < t->row_count; row++)
        for (int column = 0; column < t->column_count; column++) {
            const struct cell_result *c = table_result_cell(r, row, column);
            begin_cell(p, t, column, "<tr");
            text_add(out, "><td>");
            html_text(out, t->rows[row]);
            text_add(out, "</td><td>");
            html_text(out, table_result_column_title(r, column));
            text_add(out, "</td><td>");
            if (c->n > 1) {
                html_number(out, c->sample.ci_low, 2);
                text_add(out, " to ");
                html_number(out, c->sample.ci_high, 2);
            }
            text_add(out, "</td>");
            add_seed_values(p, r, row, column);
        }
    text_add(out, "</tbody></table></div></details>\n");
}

void page_results_table(struct page *p, const struct table_result *r) {
    struct scale scale;
    find_scale(r, &scale);
    text_add(p->out, "<div class=\"scroll\"><table class=\"results\">");
    add_headings(p, r, &scale);
    add_rows(p, r, &scale, has_paper(r));
}

static int add_table(struct page *p, const struct table_result *r, struct error *err) {
    struct text words = {0};
    int papers = has_paper(r);
    text_add(p->out, "<section class=\"table\"");
    html_attribute(p->out, "id", r->table->name);
    text_add(p->out, ">\n<h3>");
    table_result_add_title(&words, r);
    table_result_add_part(&words, r);
    html_text(p->out, text_string(&words));
    text_add(p->out, "</h3>\n");
    page_results_table(p, r);
    text_clear(&words);
    table_result_add_measure(&words, r);
    text_add(p->out, "<p class=\"note\">");
    html_text(p->out, text_string(&words));
    text_add(p->out, ": mean " PLUS_MINUS
                     " sample standard deviation (ddof 1), in brackets the number of seeds. A dot is "
                     "a seed, the upright the mean, the line its 95&nbsp;% interval");
    if (papers && *r->reference) {
        text_add(p->out, "; the diamond is that of ");
        html_text(p->out, r->reference);
    } else if (papers) {
        text_add(p->out, "; the diamond is the paper&#39;s mean with its deviation");
    }
    text_add(p->out, ". ");
    text_clear(&words);
    table_result_add_setting(&words, r); // "profile quick: ..."
    text_add(p->out, words.length ? "P" : "");
    html_text(p->out, words.length ? text_string(&words) + 1 : "");
    text_add(p->out, ".</p>\n");
    add_every_seed(p, r);
    int failed = page_metrics(p, r, err);
    text_add(p->out, "</section>\n");
    p->out->incomplete |= words.incomplete;
    text_free(&words);
    return failed;
}

// ---------------------------------------------------------------------------------------- tables without runs

static void add_sheet(struct text *out, const struct sheet *s) {
    text_add(out, "<section class=\"table\"");
    html_attribute(out, "id", s->name);
    text_add(out, ">\n<details><summary>");
    html_text(out, text_string(&s->title));
    text_add(out, "</summary>\n<div class=\"scroll\"><table class=\"plain\"><thead><tr>");
    for (int column = 0; column < s->column_count; column++) {
        text_add(out, "<th scope=\"col\">");
        html_text(out, s->columns[column].heading);
        text_add(out, "</th>");
    }
    text_add(out, "</tr></thead><tbody>\n");
    for (int row = 0; row < sheet_rows(s); row++) {
        text_add(out, "<tr>");
        for (int column = 0; column < s->column_count; column++) {
            text_add(out, "<td>");
            html_text(out, sheet_cell(s, row, column));
            text_add(out, "</td>");
        }
        text_add(out, "</tr>\n");
    }
    text_add(out, "</tbody></table></div></details></section>\n");
}

int page_tables(struct page *p, struct error *err) {
    const struct request *r = p->request;
    int failed = 0;
    text_add(p->out, "<section id=\"tables\">\n<h2>Tables</h2>\n");
    for (int supplement = 0; supplement < 2; supplement++) // the paper before its supplement
        for (int t = 0; t < r->table_count && !failed; t++)
            if ((strncmp(r->tables[t].name, "supp", 4) == 0) == supplement)
                failed = add_table(p, &p->results->tables[t], err);
    for (int i = 0; i < r->printed_count && !failed; i++) {
        struct sheet sheet = {0};
        failed = printed_sheet(&sheet, &r->tables[r->table_count + i], &r->profile, err) ||
                 sheet_check(&sheet, err);
        if (!failed)
            add_sheet(p->out, &sheet);
        sheet_free(&sheet);
    }
    text_add(p->out, "</section>\n");
    return failed ? -1 : 0;
}
