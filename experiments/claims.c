// SPDX-License-Identifier: Apache-2.0
#include "experiments/claims.h"

#include "core/base/memory.h"

#include <stdlib.h>
#include <string.h>

const char *const verdict_names[VERDICTS] = {"not tested", "reproduced", "not shown", "contradicted"};

struct deciding { // a claim while its parts are collected
    const struct table_result *table;
    const json_t *paper;
    struct claim_result *claim;
};

// ---------------------------------------------------------------------------------------- parts

static int cannot(struct deciding *d, const char *reason) {
    if (!*d->claim->reason)
        snprintf(d->claim->reason, sizeof d->claim->reason, "%s", reason);
    return -1;
}

// A cell with at least two results, or NULL with the reason.
static const struct cell_result *need(struct deciding *d, int row, const char *method) {
    const struct table *t = d->table->table;
    int column = table_column(t, method);
    char reason[240];
    if (row < 0 || column < 0) {
        snprintf(reason, sizeof reason, "%s has no cell for it (%s)", t->name, method);
        return cannot(d, reason), NULL;
    }
    const struct cell_result *c = table_result_cell(d->table, row, column);
    if (c->n >= 2)
        return c;
    snprintf(reason, sizeof reason, "%s = %s, %s has results of %s, a test needs two%s%.120s%s", t->row_name,
             t->rows[row], method, c->n ? "one seed" : "no seed", *c->missing ? " (" : "", c->missing,
             *c->missing ? ")" : "");
    return cannot(d, reason), NULL;
}

static struct claim_part *new_part(struct deciding *d) {
    struct claim_part *part = &d->claim->parts[d->claim->part_count++];
    memset(part, 0, sizeof *part);
    part->unit = "points";
    return part;
}

static int paper_cell(const struct deciding *d, int row, const char *method, double *mean) {
    double std;
    return paper_value(d->paper, d->table->table->name, d->table->table->row_values[row], method, mean, &std);
}

// "method a at row a is better than method b at row b by more than `bound`" (negative: no worse by more than
// -bound).
static void add_difference(struct deciding *d, int row_a, const char *a, int row_b, const char *b,
                           double bound) {
    const struct table *t = d->table->table;
    const struct cell_result *x = need(d, row_a, a), *y = need(d, row_b, b);
    double paper_a, paper_b;
    if (!x || !y)
        return;
    struct claim_part *part = new_part(d);
    if (row_a == row_b)
        snprintf(part->label, sizeof part->label, "%s = %s: %s - %s > %g", t->row_name, t->rows[row_a], a, b,
                 bound);
    else
        snprintf(part->label, sizeof part->label, "%s: %s = %s above %s = %s", a, t->row_name, t->rows[row_a],
                 t->row_name, t->rows[row_b]);
    part->test = welch_test(&x->sample, &y->sample, bound);
    part->has_paper = !paper_cell(d, row_a, a, &paper_a) && !paper_cell(d, row_b, b, &paper_b);
    if (part->has_paper)
        part->paper_effect = paper_a - paper_b;
}

// "the method falls as the row's value grows": slope over all seeds < 0. The part's test is of the negative
// slope, its printed effect the slope itself.
static void add_falling(struct deciding *d, const char *method) {
    const struct table *t = d->table->table;
    double x[TABLE_ROWS_MOST * SEEDS_MOST], y[TABLE_ROWS_MOST * SEEDS_MOST], paper[TABLE_ROWS_MOST];
    int n = 0, has_paper = 1;
    for (int row = 0; row < t->row_count; row++) {
        const struct cell_result *c = need(d, row, method);
        for (int i = 0; c && i < c->n; i++) {
            x[n] = t->row_values[row];
            y[n++] = c->values[i];
        }
        has_paper &= !paper_cell(d, row, method, &paper[row]);
    }
    if (*d->claim->reason)
        return;
    if (t->row_count < 2) {
        cannot(d, "a slope needs two rows");
        return;
    }
    struct claim_part *part = new_part(d);
    snprintf(part->label, sizeof part->label, "%s falls with %s (slope < 0)", method, t->row_name);
    part->unit = "points per unit";
    part->test = reversed(slope_test(x, y, n));
    part->test.effect = -part->test.effect;
    part->test.statistic = -part->test.statistic;
    part->has_paper = has_paper && t->row_count > 2;
    if (part->has_paper)
        part->paper_effect = slope_test(t->row_values, paper, t->row_count).effect;
}

// ---------------------------------------------------------------------------------------- claims

static void claim_c1(struct deciding *d) {
    int row = table_row(d->table->table, 0);
    add_difference(d, row, "reff", row, "baseline", 0);
}

// Claims over all rows of a table need all of them.
static int has_all_rows(struct deciding *d) {
    if (d->table->table->partial)
        cannot(d, "only some of the table's rows were asked for");
    return !d->table->table->partial;
}

static void claim_c2(struct deciding *d) {
    static const char *const methods[] = {"baseline", "reff"};
    const struct table *t = d->table->table;
    int zero = table_row(t, 0);
    if (!has_all_rows(d))
        return;
    for (int row = 0; row < t->row_count; row++) {
        if (t->row_values[row] < 0.2)
            continue;
        for (int m = 0; m < 2; m++)
            add_difference(d, row, methods[m], zero, methods[m], 0);
        add_difference(d, row, "reff", row, "baseline", -1);
    }
}

static void claim_c3(struct deciding *d) {
    if (!has_all_rows(d))
        return;
    add_falling(d, "baseline");
    for (int row = 0; row < d->table->table->row_count; row++)
        add_difference(d, row, "reff", row, "baseline", 0);
}

static const struct claim {
    const char *id, *text;
    void (*collect)(struct deciding *d);
} claims[] = {
    {"C1", "ReFF beats the baseline where the spurious features are strongest (p = 0)", claim_c1},
    {"C2",
     "both are accurate once p > 0: each cell with p >= .2 is above the method's p = 0 cell, and ReFF is no "
     "worse than "
     "the baseline by more than 1 point",
     claim_c2},
    {"C3", "the baseline falls as q grows, and ReFF beats it at every q", claim_c3},
};

enum { CLAIMS = sizeof claims / sizeof *claims };

static const struct claim *find_claim(const char *id) {
    for (int i = 0; i < CLAIMS; i++)
        if (!strcmp(claims[i].id, id))
            return &claims[i];
    return NULL;
}

int claims_check(const struct table *table, struct error *err) {
    for (int i = 0; i < table->claim_count; i++)
        if (!find_claim(table->claims[i]))
            return fail_usage(err, "%s: unknown claim '%s'", table->claims_at, table->claims[i]);
    return 0;
}

// The largest p of the parts, and the Bonferroni bound of their opposites. p and its opposite add up to 1 in
// every part, so the part that decides the one decides the other.
static void combine(struct claim_result *c) {
    if (*c->reason || !c->part_count) {
        c->verdict = NOT_TESTED;
        if (!*c->reason)
            snprintf(c->reason, sizeof c->reason, "the table has none of its cells");
        return;
    }
    c->p = -1;
    c->p_opposite = 2;
    for (int i = 0; i < c->part_count; i++) {
        if (c->parts[i].test.p > c->p) {
            c->p = c->parts[i].test.p;
            c->deciding = i;
        }
        if (c->parts[i].test.p_opposite < c->p_opposite)
            c->p_opposite = c->parts[i].test.p_opposite;
    }
    c->p_opposite *= c->part_count;
    if (c->p_opposite > 1)
        c->p_opposite = 1;
    c->verdict = NOT_SHOWN; // until Holm has spoken
}

// Why a claim that was tested is not reproduced.
static void explain(struct claim_result *c) {
    const struct claim_part *part = &c->parts[c->deciding];
    int significant = 0;
    for (int i = 0; i < c->part_count; i++)
        significant += c->parts[i].test.p < CLAIM_ALPHA;
    if (c->verdict == CONTRADICTED)
        snprintf(c->reason, sizeof c->reason, "the opposite of '%s' is significant: p = %.3g (Holm)",
                 part->label, c->p_opposite_holm);
    else if (c->part_count == 1 || significant == c->part_count)
        snprintf(c->reason, sizeof c->reason, "p = %.3g (Holm) is not below %.2g", c->p_holm, CLAIM_ALPHA);
    else
        snprintf(c->reason, sizeof c->reason,
                 "it needs each of its %d parts, and p < %.2g, before Holm, holds for %d", c->part_count,
                 CLAIM_ALPHA, significant);
}

// Holm over all claims tested, then the verdicts.
static int adjust(struct claim_result *results, int count, struct error *err) {
    double *p = allocate((size_t)count * 4, sizeof *p, "claims", err);
    int n = 0;
    if (!p)
        return -1;
    double *opposite = p + count, *p_holm = p + 2 * count, *opposite_holm = p + 3 * count;
    for (int i = 0; i < count; i++)
        if (results[i].verdict != NOT_TESTED) {
            p[n] = results[i].p;
            opposite[n++] = results[i].p_opposite;
        }
    holm_adjust(p, p_holm, n);
    holm_adjust(opposite, opposite_holm, n);
    int k = 0;
    for (int i = 0; i < count; i++) {
        struct claim_result *c = &results[i];
        if (c->verdict == NOT_TESTED)
            continue;
        c->p_holm = p_holm[k];
        c->p_opposite_holm = opposite_holm[k++];
        c->verdict = c->p_holm < CLAIM_ALPHA            ? REPRODUCED
                     : c->p_opposite_holm < CLAIM_ALPHA ? CONTRADICTED
                                                        : NOT_SHOWN;
        c->tested_together = n;
        if (c->verdict != REPRODUCED)
            explain(c);
    }
    free(p);
    return 0;
}

int claims_decide(const struct table_result *tables, int count, const json_t *paper,
                  struct claim_result **out, int *out_count, struct error *err) {
    int total = 0;
    *out = NULL;
    *out_count = 0;
    for (int t = 0; t < count; t++) {
        if (claims_check(tables[t].table, err))
            return -1;
        total += tables[t].table->claim_count;
    }
    if (!total)
        return 0;
    *out = allocate((size_t)total, sizeof **out, "claims", err);
    if (!*out)
        return -1;
    for (int t = 0; t < count; t++)
        for (int i = 0; i < tables[t].table->claim_count; i++) {
            const struct claim *claim = find_claim(tables[t].table->claims[i]);
            struct claim_result *c = &(*out)[(*out_count)++];
            struct deciding d = {&tables[t], paper, c};
            c->id = claim->id;
            c->text = claim->text;
            c->table = tables[t].table->name;
            claim->collect(&d);
            combine(c);
        }
    return adjust(*out, *out_count, err);
}
