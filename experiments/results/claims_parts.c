// SPDX-License-Identifier: Apache-2.0
#include "experiments/results/claims_parts.h"
#include "experiments/results/paper.h"

#include <math.h>
#include <stdlib.h>
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

// What is looked at of a cell: in the order of the plan's seeds.
struct cell_values {
    int n;
    uint64_t seeds[SEEDS_MAXIMUM];
    double values[SEEDS_MAXIMUM];
};

static void add_missing_reason(struct deciding *d, const struct cell_result *c, const char *what, int row,
                               const char *label) {
    const struct table *t = d->table->table;
    char reason[240];
    struct text why = {0};
    if (table_result_missing(c))
        table_result_missing_text(&why, table_result_missing(c));
    snprintf(reason, sizeof reason, "%s = %s, %s has results of %s%s%.120s%s", t->row_name, t->rows[row],
             label, what, c->missing_count ? " (" : "", text_string(&why), c->missing_count ? ")" : "");
    d->incomplete |= why.incomplete;
    text_free(&why);
    cannot(d, reason);
}

// The first seeds of the look, all of which must be there: nothing is tested between looks.
static int take_look(struct deciding *d, const struct cell_result *c, int row, const char *label,
                     struct cell_values *out) {
    out->n = 0;
    for (int i = 0; i < d->look_seeds; i++)
        for (int k = 0; k < c->n; k++)
            if (c->seeds[k] == d->rules->seeds->values[i]) {
                out->seeds[out->n] = c->seeds[k];
                out->values[out->n++] = c->values[k];
            }
    if (out->n == d->look_seeds)
        return 0;
    char what[80];
    snprintf(what, sizeof what, "%d of %d seeds, a look needs all", out->n, d->look_seeds);
    add_missing_reason(d, c, what, row, label);
    return -1;
}

// A cell with at least two results; else -1 with the reason. Either way the claim needs it.
static int need(struct deciding *d, double value, const char *label, struct cell_values *out) {
    const struct table *t = d->table->table;
    int row = table_row(t, value), column = table_column(t, label);
    out->n = 0;
    if (row < 0 || column < 0) {
        char reason[240];
        if (!claim_has_whole_table(d))
            return -1;
        snprintf(reason, sizeof reason, "%s has no cell for it (%s)", t->name, label);
        return cannot(d, reason);
    }
    const struct cell_result *c = table_result_cell(d->table, row, column);
    d->claim->needs[row * t->column_count + column] = 1;
    if (d->of_paper)
        return 0;
    if (d->look_seeds)
        return take_look(d, c, row, label, out);
    if (c->n < 2) {
        add_missing_reason(d, c, c->n ? "one seed, a test needs two" : "no seed, a test needs two", row,
                           label);
        return -1;
    }
    out->n = c->n;
    memcpy(out->seeds, c->seeds, (size_t)c->n * sizeof *c->seeds);
    memcpy(out->values, c->values, (size_t)c->n * sizeof *c->values);
    return 0;
}

static struct claim_part *new_part(struct deciding *d) {
    struct claim_part *part = &d->claim->parts[d->claim->part_count++];
    memset(part, 0, sizeof *part);
    part->unit = claim_unit_points;
    part->span = 1;
    part->evidence = part->paper_evidence = looks_evidence_none();
    return part;
}

static int paper_cell(const struct deciding *d, double row, const char *column, double *mean, double *std) {
    return paper_value(d->paper, d->table->table->name, row, column, mean, std);
}

// ---------------------------------------------------------------------------------------- sides

// The values of a side, or their means seed by seed.
static int read_side(struct deciding *d, const struct side *side, struct cell_values *out) {
    struct cell_values cells[TABLE_ROWS_MAXIMUM] = {0};
    struct seed_values all[TABLE_ROWS_MAXIMUM] = {{0}};
    int failed = 0;
    for (int i = 0; i < side->count; i++) {
        failed |= need(d, side->rows[i], side->column, &cells[i]);
        all[i] = (struct seed_values){cells[i].n, cells[i].seeds, cells[i].values};
    }
    if (failed)
        return -1;
    *out = cells[0];
    if (side->count == 1 || d->of_paper)
        return 0;
    out->n = means_by_seed(all, side->count, out->values, out->seeds);
    return out->n < 2 ? cannot(d, "its cells have fewer than two seeds in common, a test needs two") : 0;
}

enum { PAPER_RUNS = 3 }; // of each of the paper's cells

// The side as a sample of the paper's runs; of several cells as if these were independent (claims.h).
static int paper_side(const struct deciding *d, const struct side *side, struct sample *out) {
    double mean = 0, variance = 0;
    for (int i = 0; i < side->count; i++) {
        double value, std;
        if (paper_cell(d, side->rows[i], side->column, &value, &std))
            return -1;
        mean += value / side->count;
        variance += std * std / side->count / side->count;
    }
    *out = (struct sample){.n = PAPER_RUNS, .mean = mean, .std = sqrt(variance)};
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

// Tests that were made of the part: p of absence only where a difference is claimed.
static struct evidence evidence_of(const struct deciding *d, const struct claim_part *part,
                                   const struct t_test *test, const struct effect_estimate *e) {
    return (struct evidence){test->p, test->p_opposite,
                             part->is_difference ? looks_absent_p(e, part->span, d->rules->smallest_effect)
                                                 : 1};
}

static struct t_test test_of(enum kind kind, const struct effect_estimate *e, double bound) {
    return kind == SAME ? within_test(e, bound) : above_test(e, bound);
}

static struct effect_estimate estimate_of(const struct deciding *d, const struct cell_values *a,
                                          const struct cell_values *b) {
    if (d->look_seeds)
        return looks_estimate(a->values, b->values, d->look_seeds);
    const struct sample x = sample_of(a->values, a->n), y = sample_of(b->values, b->n);
    return welch_estimate(&x, &y);
}

static void compare_papers(struct deciding *d, struct claim_part *part, const struct side *a,
                           const struct side *b, enum kind kind, double bound) {
    struct sample x, y;
    if (paper_side(d, a, &x) || paper_side(d, b, &y))
        return;
    const struct effect_estimate e = welch_estimate(&x, &y);
    part->has_paper = part->has_paper_test = 1;
    part->paper_effect = e.effect;
    part->paper_test = test_of(kind, &e, bound);
    part->paper_evidence = evidence_of(d, part, &part->paper_test, &e);
}

static void take_pairs(struct claim_part *part, const double *differences, int n) {
    part->has_pairs = n >= 2;
    if (!part->has_pairs)
        return;
    const struct effect_estimate e = paired_estimate(differences, n);
    estimate_interval(&e, 0.95, &part->pairs_low, &part->pairs_high);
}

// The differences of the seeds that both sides have.
static void add_pairs(struct claim_part *part, const struct cell_values *a, const struct cell_values *b) {
    double differences[SEEDS_MAXIMUM];
    int n = 0;
    for (int i = 0; i < a->n; i++)
        for (int k = 0; k < b->n; k++)
            if (a->seeds[i] == b->seeds[k]) {
                differences[n++] = a->values[i] - b->values[k];
                break;
            }
    take_pairs(part, differences, n);
}

static void compare(struct deciding *d, const struct side *a, const struct side *b, enum kind kind,
                    double bound) {
    struct cell_values x, y;
    int missing = read_side(d, a, &x);
    if (read_side(d, b, &y) || missing)
        return;
    struct claim_part *part = new_part(d);
    label_part(part, d->table->table, a, b, kind, bound);
    part->is_sameness = kind == SAME;
    part->is_difference = kind == ABOVE && !(bound < 0);
    part->bound = bound;
    if (d->of_paper) {
        compare_papers(d, part, a, b, kind, bound);
        return;
    }
    const struct effect_estimate e = estimate_of(d, &x, &y);
    add_pairs(part, &x, &y);
    part->test = test_of(kind, &e, bound);
    part->evidence = evidence_of(d, part, &part->test, &e);
}

void claim_above(struct deciding *d, const struct side *a, const struct side *b, double bound) {
    compare(d, a, b, ABOVE, bound);
}

void claim_same(struct deciding *d, const struct side *a, const struct side *b, double margin) {
    compare(d, a, b, SAME, margin);
}

// The slopes of the seeds that every row has.
static int slopes_by_seed(const struct table *t, const struct cell_values *cells, double *slopes) {
    double one[TABLE_ROWS_MAXIMUM];
    int n = 0;
    for (int i = 0; i < cells[0].n; i++) {
        int found = 0;
        for (int row = 0; row < t->row_count; row++)
            for (int k = 0; k < cells[row].n && found == row; k++)
                if (cells[row].seeds[k] == cells[0].seeds[i])
                    one[found++] = cells[row].values[k];
        if (found == t->row_count)
            slopes[n++] = slope_of(t->row_values, one, t->row_count);
    }
    return n;
}

// Over all rows and runs; at a look of paired tests by the slopes of the seeds.
static struct effect_estimate slope_of_cells(const struct deciding *d, const struct cell_values *cells,
                                             const double *slopes, int count) {
    const struct table *t = d->table->table;
    double x[TABLE_ROWS_MAXIMUM * SEEDS_MAXIMUM], y[TABLE_ROWS_MAXIMUM * SEEDS_MAXIMUM];
    int n = 0;
    if (d->look_seeds >= LOOKS_PAIRED_FROM)
        return paired_estimate(slopes, count);
    for (int row = 0; row < t->row_count; row++)
        for (int i = 0; i < cells[row].n; i++) {
            x[n] = t->row_values[row];
            y[n++] = cells[row].values[i];
        }
    return slope_estimate(x, y, n);
}

static double row_length(const struct table *t) {
    double low = t->row_values[0], high = low;
    for (int row = 1; row < t->row_count; row++) {
        low = fmin(low, t->row_values[row]);
        high = fmax(high, t->row_values[row]);
    }
    return high - low;
}

// The part's test is of the negative slope, its printed effect the slope itself.
void claim_falls(struct deciding *d, const char *column) {
    const struct table *t = d->table->table;
    struct cell_values cells[TABLE_ROWS_MAXIMUM];
    double paper[TABLE_ROWS_MAXIMUM], slopes[SEEDS_MAXIMUM], std;
    int has_paper = 1, failed = 0;
    for (int row = 0; row < t->row_count; row++) {
        failed |= need(d, t->row_values[row], column, &cells[row]);
        has_paper &= !paper_cell(d, t->row_values[row], column, &paper[row], &std);
    }
    if (failed)
        return;
    if (t->row_count < 2) {
        cannot(d, "a slope needs two rows");
        return;
    }
    struct claim_part *part = new_part(d);
    snprintf(part->label, sizeof part->label, "%s falls with %s (slope < 0)", column, t->row_name);
    part->unit = claim_unit_slope;
    part->falls = 1;
    part->is_difference = 1;
    part->span = row_length(t);
    if (d->of_paper) { // the effect alone: least squares over runs needs the runs
        part->has_paper = has_paper && t->row_count > 2;
        part->paper_effect = has_paper ? slope_of(t->row_values, paper, t->row_count) : 0;
        return;
    }
    int seeds = slopes_by_seed(t, cells, slopes);
    const struct effect_estimate e = slope_of_cells(d, cells, slopes, seeds);
    take_pairs(part, slopes, seeds);
    part->test = reversed(above_test(&e, 0));
    part->evidence = evidence_of(d, part, &part->test, &e);
    part->test.effect = e.effect;
    part->test.statistic = -part->test.statistic;
}

void claim_collect_own(struct deciding *d) {
    const struct table_claim *own = table_own_claim(d->table->table, d->claim->id);
    for (int i = 0; i < own->row_count; i++) {
        const struct side a = {own->columns[0], &own->rows[i], 1}, b = {own->columns[1], &own->rows[i], 1};
        if (own->same)
            claim_same(d, &a, &b, own->by);
        else
            claim_above(d, &a, &b, own->by);
    }
}

// ---------------------------------------------------------------------------------------- orders

struct ranked_column {
    const char *column;
    struct sample sample;
    double low, high;
};

static int higher_first(const void *a, const void *b) {
    double x = ((const struct ranked_column *)a)->sample.mean,
           y = ((const struct ranked_column *)b)->sample.mean;
    return (x < y) - (x > y);
}

void claim_order(struct deciding *d, double row, const char *const *columns, int count) {
    struct ranked_column ranks[TABLE_COLUMNS_MAXIMUM];
    struct cell_values cell;
    struct text order = {0};
    int failed = 0;
    for (int i = 0; i < count; i++) {
        failed |= need(d, row, columns[i], &cell);
        ranks[i] = (struct ranked_column){.column = columns[i], .sample = sample_of(cell.values, cell.n)};
        const struct sample *s = &ranks[i].sample;
        const struct effect_estimate e = {s->mean, s->std / sqrt(s->n > 0 ? s->n : 1), s->n - 1};
        if (s->n > 1)
            estimate_interval(&e, 0.95, &ranks[i].low, &ranks[i].high);
    }
    if (failed || d->of_paper)
        return;
    qsort(ranks, (size_t)count, sizeof *ranks, higher_first);
    for (int i = 0; i < count; i++)
        text_printf(&order, "%s%.20s %.1f [%.1f, %.1f]", i ? ", " : "", ranks[i].column, ranks[i].sample.mean,
                    ranks[i].low, ranks[i].high);
    d->incomplete |= order.incomplete;
    cannot(d, text_string(&order));
    text_free(&order);
}
