// SPDX-License-Identifier: Apache-2.0
#include "experiments/results/claims_parts.h"
#include "experiments/results/paper.h"

#include <string.h>

// The first reason stays: it is as good as any later one.
static int cannot(struct deciding *d, const char *reason) {
    if (!*d->claim->reason)
        snprintf(d->claim->reason, sizeof d->claim->reason, "%s", reason);
    return -1;
}

int claim_has_whole_table(struct deciding *d) {
    if (d->table->table->partial)
        cannot(d, "only some of the table's rows or columns were asked for");
    return !d->table->table->partial;
}

// As the table prints it: "0.2", "All".
static const char *row_label(const struct table *t, double value) {
    int row = table_row(t, value);
    return row < 0 ? "?" : t->rows[row];
}

// A cell with at least two results, or NULL with the reason.
static const struct cell_result *need(struct deciding *d, double value, const char *label) {
    const struct table *t = d->table->table;
    int row = table_row(t, value), column = table_column(t, label);
    char reason[240];
    if (row < 0 || column < 0) {
        if (!claim_has_whole_table(d))
            return NULL;
        snprintf(reason, sizeof reason, "%s has no cell for it (%s)", t->name, label);
        return cannot(d, reason), NULL;
    }
    const struct cell_result *c = table_result_cell(d->table, row, column);
    if (c->n >= 2)
        return c;
    struct text why = {0};
    if (table_result_missing(c))
        table_result_missing_text(&why, table_result_missing(c));
    snprintf(reason, sizeof reason, "%s = %s, %s has results of %s, a test needs two%s%.120s%s", t->row_name,
             t->rows[row], label, c->n ? "one seed" : "no seed", c->missing_count ? " (" : "",
             text_string(&why), c->missing_count ? ")" : "");
    d->incomplete |= why.incomplete;
    text_free(&why);
    return cannot(d, reason), NULL;
}

static struct claim_part *new_part(struct deciding *d) {
    struct claim_part *part = &d->claim->parts[d->claim->part_count++];
    memset(part, 0, sizeof *part);
    part->unit = "points";
    return part;
}

static int paper_cell(const struct deciding *d, double row, const char *column, double *mean) {
    double std;
    return paper_value(d->paper, d->table->table->name, row, column, mean, &std);
}

// ---------------------------------------------------------------------------------------- sides

static int read_side(struct deciding *d, const struct side *side, struct sample *out) {
    struct seed_values cells[TABLE_ROWS_MAXIMUM];
    double means[SEEDS_MAXIMUM];
    for (int i = 0; i < side->count; i++) {
        const struct cell_result *c = need(d, side->rows[i], side->column);
        if (!c)
            return -1;
        cells[i] = (struct seed_values){c->n, c->seeds, c->values};
        *out = c->sample;
    }
    if (side->count == 1)
        return 0;
    int n = means_by_seed(cells, side->count, means);
    if (n < 2)
        return cannot(d, "its cells have fewer than two seeds in common, a test needs two");
    *out = sample_of(means, n);
    return 0;
}

static int paper_side(const struct deciding *d, const struct side *side, double *mean) {
    *mean = 0;
    for (int i = 0; i < side->count; i++) {
        double value;
        if (paper_cell(d, side->rows[i], side->column, &value))
            return -1;
        *mean += value / side->count;
    }
    return 0;
}

// "n = All", "mean over n = 1..50".
static void rows_text(const struct table *t, const struct side *side, char out[64]) {
    if (side->count == 1)
        snprintf(out, 64, "%.12s = %.20s", t->row_name, row_label(t, side->rows[0]));
    else
        snprintf(out, 64, "mean over %.12s = %.16s..%.16s", t->row_name, row_label(t, side->rows[0]),
                 row_label(t, side->rows[side->count - 1]));
}

static int same_rows(const struct side *a, const struct side *b) {
    return a->count == b->count && !memcmp(a->rows, b->rows, (size_t)a->count * sizeof *a->rows);
}

// ---------------------------------------------------------------------------------------- parts

enum kind { ABOVE, SAME };

static void label_part(struct claim_part *part, const struct table *t, const struct side *a,
                       const struct side *b, enum kind kind, double bound) {
    char rows_a[64], rows_b[64];
    rows_text(t, a, rows_a);
    rows_text(t, b, rows_b);
    char *out = part->label;
    size_t size = sizeof part->label;
    if (same_rows(a, b) && kind == SAME)
        snprintf(out, size, "%s: |%.20s - %.20s| < %g", rows_a, a->column, b->column, bound);
    else if (same_rows(a, b))
        snprintf(out, size, "%s: %.20s - %.20s > %g", rows_a, a->column, b->column, bound);
    else if (kind == SAME)
        snprintf(out, size, "%.20s: %s within %g of %s", a->column, rows_a, bound, rows_b);
    else
        snprintf(out, size, "%.20s: %s above %s", a->column, rows_a, rows_b);
}

static void compare(struct deciding *d, const struct side *a, const struct side *b, enum kind kind,
                    double bound) {
    struct sample x, y;
    double paper_a, paper_b;
    if (read_side(d, a, &x) || read_side(d, b, &y))
        return;
    struct claim_part *part = new_part(d);
    label_part(part, d->table->table, a, b, kind, bound);
    part->test = kind == SAME ? equivalence_test(&x, &y, bound) : welch_test(&x, &y, bound);
    part->has_paper = !paper_side(d, a, &paper_a) && !paper_side(d, b, &paper_b);
    if (part->has_paper)
        part->paper_effect = paper_a - paper_b;
}

void claim_above(struct deciding *d, const struct side *a, const struct side *b, double bound) {
    compare(d, a, b, ABOVE, bound);
}

void claim_same(struct deciding *d, const struct side *a, const struct side *b, double margin) {
    compare(d, a, b, SAME, margin);
}

// The part's test is of the negative slope, its printed effect the slope itself.
void claim_falls(struct deciding *d, const char *column) {
    const struct table *t = d->table->table;
    double x[TABLE_ROWS_MAXIMUM * SEEDS_MAXIMUM], y[TABLE_ROWS_MAXIMUM * SEEDS_MAXIMUM],
        paper[TABLE_ROWS_MAXIMUM];
    int n = 0, has_paper = 1;
    for (int row = 0; row < t->row_count; row++) {
        const struct cell_result *c = need(d, t->row_values[row], column);
        for (int i = 0; c && i < c->n; i++) {
            x[n] = t->row_values[row];
            y[n++] = c->values[i];
        }
        has_paper &= !paper_cell(d, t->row_values[row], column, &paper[row]);
    }
    if (*d->claim->reason)
        return;
    if (t->row_count < 2) {
        cannot(d, "a slope needs two rows");
        return;
    }
    struct claim_part *part = new_part(d);
    snprintf(part->label, sizeof part->label, "%s falls with %s (slope < 0)", column, t->row_name);
    part->unit = "points per unit";
    part->test = reversed(slope_test(x, y, n));
    part->test.effect = -part->test.effect;
    part->test.statistic = -part->test.statistic;
    part->has_paper = has_paper && t->row_count > 2;
    if (part->has_paper)
        part->paper_effect = slope_test(t->row_values, paper, t->row_count).effect;
}
