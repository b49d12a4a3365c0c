// SPDX-License-Identifier: Apache-2.0
#include "experiments/results/table_result_notes.h"

#include "experiments/results/wording.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

// ---------------------------------------------------------------------------------------- matrices

static void add_matrix(struct text *out, const struct table_result *r, int row, int column) {
    const json_t *matrix = table_result_cell(r, row, column)->confusion;
    if (!matrix)
        return;
    text_printf(out, "\n%s = %s, %s (rows: labels, columns: answers, seeds added):\n\n```\n",
                r->table->row_name, r->table->rows[row], wording_title(r->table->columns[column]));
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

static void add_claim(struct text *out, const struct claim_result *c) {
    const struct claim_part *part = &c->parts[c->deciding];
    text_printf(out, "- %s **%s**: %s.", c->id, verdict_names[c->verdict], c->text);
    if (c->verdict == NOT_TESTED) {
        text_printf(out, " Reason: %s.\n", c->reason);
        return;
    }
    text_printf(out, "\n  %s%s: effect %+.2f %s, t = ", c->part_count > 1 ? "Weakest part, " : "",
                part->label, part->test.effect, part->unit);
    add_statistic(out, part->test.statistic);
    text_printf(out, " (df %.1f), p = ", part->test.df);
    add_p(out, c->p);
    text_add(out, ", Holm ");
    add_p(out, c->p_holm);
    text_add(out, part->test.no_spread ? " (no spread over the seeds: a limit)" : "");
    if (part->has_paper)
        text_printf(out, "; paper %+.2f", part->paper_effect);
    text_add(out, ".\n");
    if (*c->reason)
        text_printf(out, "  Reason: %s.\n", c->reason);
}

void table_result_add_claims(struct text *out, const struct table_result *r,
                             const struct claim_result *claims, int claim_count) {
    int tested = 0, mine = 0;
    for (int i = 0; i < claim_count; i++) {
        tested += claims[i].verdict != NOT_TESTED;
        mine += !strcmp(claims[i].table, r->table->name);
    }
    if (!mine)
        return;
    text_printf(out, "\nClaims (one-sided t tests, alpha %.2g, Holm over all claims tested: %d):\n\n",
                CLAIM_ALPHA, tested);
    for (int i = 0; i < claim_count; i++)
        if (!strcmp(claims[i].table, r->table->name))
            add_claim(out, &claims[i]);
}
