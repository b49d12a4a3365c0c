// SPDX-License-Identifier: Apache-2.0
// The report's first page: every claim with three verdicts by the same rules, on this profile's results, on the real
// data's, and on the paper's own numbers, as a table whose rows are a forest plot.
#include "experiments/report/report.h"

#include "core/base/memory.h"
#include "experiments/results/forest.h"
#include "experiments/results/latex.h"
#include "experiments/results/paper.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// ---------------------------------------------------------------------------------------- all claims

struct papers_claims { // every claim of the definitions, with the paper's verdict
    struct profile profile;
    struct table *definitions;
    struct table_result *tables;
    struct plan plan;
    struct claim_result *claims;
    int table_count, count;
};

static int read_definitions(struct papers_claims *p, const struct report *r, struct error *err) {
    p->definitions = allocate((size_t)r->table_count + 1, sizeof *p->definitions, "tables", err);
    for (int i = 0; p->definitions && i < r->table_count; i++)
        if (r->tables[i].definition.kind == TABLE_RESULTS)
            p->definitions[p->table_count++] = r->tables[i].definition;
    return p->definitions ? 0 : -1;
}

// From the definitions and the paper alone. The report's folder has no runs: ours are not tested here.
static int read_papers(struct papers_claims *p, const struct report *r, struct error *err) {
    json_t *paper = paper_read(err);
    int failed =
        !paper || read_definitions(p, r, err) || profile_read(&p->profile, r->profile_word, err) ||
        plan_profiles(&p->profile, p->definitions, p->table_count, err) ||
        plan_outline(&p->plan, &p->profile, &p->profile.seeds, p->definitions, p->table_count, err) ||
        !(p->tables = allocate((size_t)p->table_count + 1, sizeof *p->tables, "tables", err));
    for (int i = 0; i < p->table_count && !failed; i++)
        failed = table_result_read(&p->tables[i], &p->definitions[i], &p->plan, r->folder, paper, err);
    failed = failed || claims_decide(p->tables, p->table_count, paper, NULL, &p->claims, &p->count, err);
    json_decref(paper);
    return failed ? -1 : 0;
}

static void free_papers(struct papers_claims *p) {
    for (int i = 0; p->tables && i < p->table_count; i++)
        if (p->tables[i].table)
            table_result_free(&p->tables[i]);
    free(p->tables);
    free(p->claims);
    free(p->definitions);
    plan_free(&p->plan);
    profile_free(&p->profile);
}

static int compare_claims(const void *a, const void *b) {
    return claims_compare_ids(((const struct claim_result *)a)->id, ((const struct claim_result *)b)->id);
}

static const struct claim_result *find_claim(const struct report *r, const char *id) {
    for (int i = 0; r && i < r->claim_count; i++)
        if (!strcmp(r->claims[i].id, id))
            return &r->claims[i];
    return NULL;
}

// ---------------------------------------------------------------------------------------- the plot

#define PLOT_WIDTH 50.0 // millimetres
#define ROW_HEIGHT 9.0

enum { OURS, REAL, PAPER, SOURCES };
static const double lanes[SOURCES] = {7.0, 4.5, 2.0}; // heights in a row

struct first_row {
    const struct claim_result *claims[SOURCES]; // NULL: no results
    enum verdict verdicts[SOURCES];
    struct forest_row shown; // the part that decides ours (or the paper's): its label and range
    struct forest_mark marks[SOURCES];
};

static double at(double points) {
    return PLOT_WIDTH * forest_position(points);
}

static const char *colour_of(enum verdict verdict) {
    static const char *const colours[VERDICTS] = {"ReffOpen", "ReffGood", "ReffOpen", "ReffBad", "ReffNone"};
    return colours[verdict];
}

static void put_box(FILE *out, double x, double y, double width, double height) {
    fprintf(out, "\\put(%.2f,%.2f){\\rule{%.2fmm}{%.2fmm}}", x, y, width, height);
}

static void put_mark(FILE *out, const struct first_row *row, int source) {
    const struct forest_mark *m = &row->marks[source];
    double x = at(m->effect), y = lanes[source];
    if (!m->present)
        return;
    fprintf(out, "{\\color{%s}", source == PAPER ? "ReffInk" : colour_of(row->verdicts[source]));
    if (isfinite(m->low) && isfinite(m->high))
        put_box(out, at(m->low), y - (source == PAPER ? 0.1 : 0.2), at(m->high) - at(m->low),
                source == PAPER ? 0.2 : 0.4);
    if (source == OURS)
        fprintf(out, "\\put(%.2f,%.2f){\\circle*{1.9}}", x, y);
    else if (source == REAL)
        put_box(out, x - 0.8, y - 0.8, 1.6, 1.6);
    else
        fprintf(out, "{\\color{white}\\put(%.2f,%.2f){\\circle*{1.7}}}\\put(%.2f,%.2f){\\circle{1.7}}", x, y,
                x, y);
    fputs("}", out);
}

static void put_grid(FILE *out) {
    for (int i = 0; i < FOREST_TICKS; i++)
        fprintf(out, "{\\color{%s}\\put(%.2f,0){\\rule{.1mm}{%.0fmm}}}",
                forest_ticks[i] > 0 || forest_ticks[i] < 0 ? "ReffGrid" : "ReffOpen", at(forest_ticks[i]),
                ROW_HEIGHT);
}

static void put_plot(FILE *out, const struct first_row *row) {
    fprintf(out, "\\begin{picture}(%.0f,%.0f)", PLOT_WIDTH, ROW_HEIGHT);
    if (!isnan(row->shown.from)) {
        fputs("{\\color{ReffHolds}", out);
        put_box(out, at(row->shown.from), 0.4, at(fmin(row->shown.to, FOREST_REACH)) - at(row->shown.from),
                ROW_HEIGHT - 0.8);
        fputs("}", out);
    }
    put_grid(out);
    for (int source = SOURCES - 1; source >= 0; source--)
        put_mark(out, row, source);
    fputs("\\end{picture}", out);
}

static void put_axis(FILE *out) {
    fprintf(out, "\\begin{picture}(%.0f,3)", PLOT_WIDTH);
    for (int i = 0; i < FOREST_TICKS; i++)
        fprintf(out, "\\put(%.2f,.6){\\makebox(0,0)[b]{\\tiny $%s%g$}}", at(forest_ticks[i]),
                forest_ticks[i] > 0 ? "+" : "", forest_ticks[i]);
    fputs("\\end{picture}", out);
}

// ---------------------------------------------------------------------------------------- rows

// All three show the same part, so that they can be compared.
static void fill_row(struct first_row *row, const struct report *r, const struct claim_result *papers) {
    const struct claim_result *ours = find_claim(r, papers->id), *real = find_claim(r->real, papers->id);
    const struct claim_result *sources[SOURCES] = {ours, real, papers};
    int decided = ours && ours->ours.verdict != NOT_TESTED,
        part = decided ? ours->ours.deciding : papers->paper.deciding;
    memset(row, 0, sizeof *row);
    for (int s = 0; s < SOURCES; s++) {
        const struct claim_result *c = sources[s];
        struct forest_row one;
        row->claims[s] = c;
        row->verdicts[s] = !c ? NOT_TESTED : s == PAPER ? c->paper.verdict : c->ours.verdict;
        if (!c || part >= c->part_count)
            continue;
        forest_part(&one, &c->parts[part], c->ours.verdict != NOT_TESTED);
        row->marks[s] = s == PAPER ? one.paper : one.ours;
        if (s == PAPER)
            row->shown = one;
    }
    if (part >= papers->part_count)
        row->shown = (struct forest_row){.label = "", .from = NAN, .to = NAN};
}

static void put_source(FILE *out, const struct first_row *row, int source, const char *name) {
    const struct forest_mark *m = &row->marks[source];
    latex_text(out, name);
    fprintf(out, " & \\textcolor{%s}{\\textbf{%s}} & ", colour_of(row->verdicts[source]),
            verdict_names[row->verdicts[source]]);
    if (m->present)
        fprintf(out, "$%+.1f$", m->effect);
    if (m->present && isfinite(m->low))
        fprintf(out, " {\\color{ReffOpen}$[%+.1f, %+.1f]$}", m->low, m->high);
}

static void put_row(FILE *out, const struct report *r, const struct first_row *row) {
    const struct claim_result *papers = row->claims[PAPER];
    fputs("\\textbf{", out);
    latex_text(out, papers->id);
    fputs("} & ", out);
    latex_text(out, papers->text);
    if (*row->shown.label && papers->part_count > 1) {
        fputs(" {\\color{ReffOpen}(shown: ", out);
        latex_text(out, row->shown.label);
        fputs(")}", out);
    }
    fputs(" & ", out);
    put_plot(out, row);
    fputs(" & \\begin{tabular}{@{}p{7mm}@{~}p{16mm}@{~}l@{}}", out);
    put_source(out, row, OURS, r->profile);
    fputs("\\\\", out);
    put_source(out, row, REAL, r->real ? r->real->profile : "real data");
    fputs("\\\\", out);
    put_source(out, row, PAPER, "paper");
    fputs("\\end{tabular} \\\\\n", out);
}

// A row's text has its height's three lines of room, and the plot is as wide as the page lets it.
int report_first(const struct report *r, FILE *out, struct error *err) {
    struct papers_claims papers = {0};
    int failed = read_papers(&papers, r, err);
    if (!failed && papers.count)
        qsort(papers.claims, (size_t)papers.count, sizeof *papers.claims, compare_claims);
    for (int i = 0; i < papers.count && !failed; i++) {
        struct first_row row;
        if (papers.claims[i].is_order) // it has no verdict
            continue;
        fill_row(&row, r, &papers.claims[i]);
        put_row(out, r, &row);
        fputs("\\ReffRowEnd\n", out);
    }
    if (!failed) {
        fputs(" & & ", out);
        put_axis(out);
        fputs(" & \\\\\n", out);
    }
    free_papers(&papers);
    return failed ? -1 : 0;
}
