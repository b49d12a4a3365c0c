// SPDX-License-Identifier: Apache-2.0
#include "experiments/results/table_result_notes.h"

#include "core/methods/method.h"
#include "experiments/results/table_result_words.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

// ---------------------------------------------------------------------------------------- matrices

static void add_matrix(struct text *out, const struct table_result *r, int row, int column) {
    const json_t *matrix = table_result_cell(r, row, column)->confusion;
    if (!matrix)
        return;
    text_printf(out, "\n%s = %s, %s (rows: labels, columns: answers, seeds added):\n\n```\n",
                r->table->row_name, r->table->rows[row], table_result_column_title(r, column));
    for (size_t i = 0; i < json_array_size(matrix); i++) {
        const json_t *line = json_array_get(matrix, i);
        for (size_t k = 0; k < json_array_size(line); k++)
            text_printf(out, "%s%5lld", k ? " " : "", json_integer_value(json_array_get(line, k)));
        text_add(out, "\n");
    }
    text_add(out, "```\n");
}

void table_result_add_matrices(struct text *out, const struct table_result *r) {
    if (strcmp(r->metric, "confusion"))
        return;
    for (int row = 0; row < r->table->row_count; row++)
        for (int column = 0; column < r->table->column_count; column++)
            add_matrix(out, r, row, column);
}

// ---------------------------------------------------------------------------------------- methods

// The rows in which the column is another method, for want of a second group in any class.
static void add_rows_as_other(struct text *out, const struct table_result *r, int column) {
    const struct table *t = r->table;
    const char *other = method_of(table_method(t, column))->without_conflict;
    for (int row = 0; row < t->row_count && other; row++) {
        const struct cell *cell = plan_find(r->plan, t, row, column, r->plan->seeds.values[0]);
        if (!cell || strcmp(cell->training.method, other))
            continue;
        if (out->length)
            text_printf(out, ", %s", t->rows[row]);
        else
            text_printf(out, "%s = %s", t->row_name, t->rows[row]);
    }
}

void table_result_add_methods(struct text *out, const struct table_result *r) {
    for (int column = 0; column < r->table->column_count; column++) {
        const struct method *m = method_of(table_method(r->table, column));
        struct text rows = {0};
        add_rows_as_other(&rows, r, column);
        if (rows.length)
            text_printf(out, "\n%s is %s at %s, where every class is one group: the same runs.\n", m->title,
                        method_of(m->without_conflict)->title, text_string(&rows));
        if (m->retrains_last_layer)
            text_printf(out,
                        "\n%s alone is given validation data with p = 1, on which its last layer is trained "
                        "anew.\n",
                        m->title);
        out->incomplete |= rows.incomplete;
        text_free(&rows);
    }
}

// ---------------------------------------------------------------------------------------- missing seeds

// Seeds that are missing for the same reason share a line.
static void add_missing_of(struct text *out, const struct table_result *r, int row, int column) {
    const struct cell_result *c = table_result_cell(r, row, column);
    for (int i = 0; i < c->missing_count; i++) {
        const struct missing_seed *m = &c->missing[i];
        if (i && table_result_missing_is_alike(m, m - 1)) {
            text_printf(out, ", %" PRIu64, m->seed);
            continue;
        }
        text_printf(out, "%s- %s = %s, %s: ", i ? "\n" : "", r->table->row_name, r->table->rows[row],
                    r->table->columns[column]);
        table_result_missing_text(out, m);
        text_printf(out, ": seed %" PRIu64, m->seed);
    }
    text_add(out, c->missing_count ? "\n" : "");
}

void table_result_add_missing(struct text *out, const struct table_result *r) {
    int count = 0;
    for (int i = 0; i < r->table->row_count * r->table->column_count; i++)
        count += r->cells[i].missing_count;
    if (!count)
        return;
    text_add(out, "\nMissing:\n\n");
    for (int row = 0; row < r->table->row_count; row++)
        for (int column = 0; column < r->table->column_count; column++)
            add_missing_of(out, r, row, column);
}

// ---------------------------------------------------------------------------------------- instruction sets

// "amx and SkylakeX": what multiplied, and the kernels of OpenBLAS.
static void add_products_of(struct text *out, const json_t *maker) {
    const char *products = json_string_value(json_object_get(maker, "products")),
               *compiled = json_string_value(json_object_get(maker, "instruction_set")),
               *core =
                   json_string_value(json_object_get(json_object_get(maker, "libraries"), "openblas_core"));
    text_add(out, products ? products : compiled ? compiled : "an unknown one");
    if (core)
        text_printf(out, " and OpenBLAS's %s", core);
}

// Runs by what multiplied: {"amx and ...": 12}. New reference.
static json_t *count_products(const json_t *makers) {
    json_t *counts = json_object();
    const json_t *maker;
    size_t i;
    json_array_foreach((json_t *)makers, i, maker) {
        struct text words = {0};
        add_products_of(&words, maker);
        json_int_t before = json_integer_value(json_object_get(counts, text_string(&words)));
        json_object_set_new(counts, text_string(&words),
                            json_integer(before + json_integer_value(json_object_get(maker, "runs"))));
        text_free(&words);
    }
    return counts;
}

void table_result_add_products(struct text *out, const struct table_result *r) {
    json_t *counts = count_products(r->makers), *count;
    const char *words;
    int first = 1;
    if (json_object_size(counts) > 1) {
        text_add(out, "\nRuns of several instruction sets, which round otherwise: ");
        json_object_foreach(counts, words, count) {
            text_printf(out, "%s%lld by ", first ? "" : ", ", json_integer_value(count));
            text_add_visible(out, words);
            first = 0;
        }
        text_add(out, ".\n");
    }
    json_decref(counts);
}

// ---------------------------------------------------------------------------------------- claims

// A number with two digits after the point, or "inf".
static void add_statistic(struct text *out, double value) {
    if (isfinite(value))
        text_printf(out, "%.2f", value);
    else
        text_add(out, value > 0 ? "inf" : "-inf");
}

static void add_p(struct text *out, double p) {
    text_printf(out, p < 0.001 ? "%.1e" : "%.3f", p);
}

static void add_interval(struct text *out, const struct t_test *test) {
    double low, high;
    claim_interval(test, &low, &high);
    if (test->error > 0)
        text_printf(out, " [%+.2f, %+.2f]", low, high);
}

// What decided it, with the test of the last look.
static void add_test(struct text *out, const struct claim_result *c, const struct claim_part *part,
                     const struct judgement *j, const struct t_test *test) {
    const char *what =
        j->verdict == CONTRADICTED || j->verdict == ABSENT ? "Deciding part, " : "Weakest part, ";
    text_printf(out, "%s%s: effect %+.2f", c->part_count > 1 ? what : "", part->label, test->effect);
    add_interval(out, test);
    text_printf(out, " %s, t = ", part->unit);
    add_statistic(out, test->statistic);
    text_printf(out, " (df %.1f), p = ", test->df);
    add_p(out, j->p);
    text_add(out, ", Holm ");
    add_p(out, j->p_holm);
    text_add(out, test->no_spread ? " (no spread over the seeds: a limit)" : "");
}

// "difference" of a claim of sameness is how far apart the two may be.
static void add_detectable(struct text *out, const struct claim_result *c, const struct claim_part *part) {
    double shown = claim_detectable(c, part);
    if (!isfinite(shown))
        return;
    text_printf(out, "  With a chance of .8 these seeds would have shown %s %.2f points%s.\n",
                part->is_sameness ? "sameness within" : "a difference of", shown,
                part->span > 1 || part->span < 1 ? " over the row" : "");
}

static void add_papers(struct text *out, const struct claim_result *c) {
    const struct judgement *j = &c->paper;
    if (j->verdict == NOT_TESTED)
        return;
    text_add(out, "  The paper's own numbers: ");
    add_test(out, c, &c->parts[j->deciding], j, &c->parts[j->deciding].paper_test);
    text_add(out, ".\n");
}

static void add_ours(struct text *out, const struct claim_result *c) {
    const struct claim_part *part = &c->parts[c->ours.deciding];
    text_add(out, "\n  ");
    add_test(out, c, part, &c->ours, &part->test);
    if (part->has_pairs && c->seeds < LOOKS_PAIRED_FROM) // from there on it is the interval itself
        text_printf(out, "; by pairs of a seed [%+.2f, %+.2f]", part->pairs_low, part->pairs_high);
    if (c->looks)
        text_printf(out, "; %d seeds, look %d", c->seeds, c->looks);
    if (part->has_paper)
        text_printf(out, "; paper %+.2f", part->paper_effect);
    text_add(out, ".\n");
    if (*c->reason)
        text_printf(out, "  Reason: %s.\n", c->reason);
    if (c->ours.verdict == UNDECIDED)
        add_detectable(out, c, part);
}

static void add_claim(struct text *out, const struct claim_result *c) {
    if (c->is_order) {
        text_printf(out, "- %s **order**: %s: %s.\n", c->id, c->text, c->reason);
        return;
    }
    text_printf(out, "- %s **%s**", c->id, verdict_names[c->ours.verdict]);
    if (c->paper.verdict != NOT_TESTED)
        text_printf(out, " (by the paper's own numbers: %s)", verdict_names[c->paper.verdict]);
    text_printf(out, ": %s.", c->text);
    if (c->ours.verdict == NOT_TESTED)
        text_printf(out, " Reason: %s.\n", c->reason);
    else
        add_ours(out, c);
    add_papers(out, c);
}

static int count_verdict(const struct claim_result *claims, int count, int of_paper, enum verdict verdict) {
    int found = 0;
    for (int i = 0; i < count; i++)
        found += (of_paper ? &claims[i].paper : &claims[i].ours)->verdict == verdict;
    return found;
}

void table_result_add_claims(struct text *out, const struct table_result *r,
                             const struct claim_result *claims, int claim_count) {
    int mine = 0, together = 0, looks = 0, orders = 0;
    for (int i = 0; i < claim_count; i++) {
        mine += !strcmp(claims[i].table, r->table->name);
        orders += claims[i].is_order;
        looks |= claims[i].looks > 0;
        if (claims[i].ours.tested_together > together)
            together = claims[i].ours.tested_together;
    }
    if (!mine)
        return;
    text_printf(
        out,
        "\nClaims (one-sided t tests%s, alpha %.2g, Holm over all claims tested: %d; effects with their "
        "95 %% interval). Reproduced: %d of %d",
        looks ? " at looks fixed beforehand" : "", CLAIM_ALPHA, together,
        count_verdict(claims, claim_count, 0, REPRODUCED), claim_count - orders);
    int papers = claim_count - count_verdict(claims, claim_count, 1, NOT_TESTED);
    if (papers)
        text_printf(out, "; by the same tests of the paper's own means and deviations %d of %d",
                    count_verdict(claims, claim_count, 1, REPRODUCED), papers);
    text_add(out, ".\n\n");
    for (int i = 0; i < claim_count; i++)
        if (!strcmp(claims[i].table, r->table->name))
            add_claim(out, &claims[i]);
}
