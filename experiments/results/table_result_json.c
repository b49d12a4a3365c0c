// SPDX-License-Identifier: Apache-2.0
#include "experiments/results/table_result_json.h"

#include "experiments/results/claims_json.h"
#include "experiments/results/table_result_words.h"

#include <math.h>
#include <string.h>

static json_t *real_or_null(int present, double value) {
    return present && isfinite(value) ? json_real(value) : json_null();
}

// [{"seed", "reason"}]; NULL when memory runs out.
static json_t *missing_json(const struct cell_result *c) {
    json_t *list = json_array();
    for (int i = 0; i < c->missing_count; i++) {
        struct text why = {0};
        table_result_missing_text(&why, &c->missing[i]);
        json_array_append_new(list, json_pack("{s:I, s:o}", "seed", (json_int_t)c->missing[i].seed, "reason",
                                              record_message_json(text_string(&why))));
        if (why.incomplete) {
            json_decref(list);
            list = NULL;
        }
        text_free(&why);
    }
    return list;
}

static json_t *cell_json(const struct table_result *r, int row, int column) {
    const struct cell_result *c = table_result_cell(r, row, column);
    json_t *seeds = json_array(), *values = json_array(), *interval = json_null();
    int own = *r->reference != 0; // a user's numbers
    for (int i = 0; i < c->n; i++) {
        json_array_append_new(seeds, json_integer((json_int_t)c->seeds[i]));
        json_array_append_new(values, json_real(c->values[i]));
    }
    if (c->n > 1)
        interval = json_pack("[f, f]", c->sample.ci_low, c->sample.ci_high);
    json_t *cell = json_pack(
        "{s:s, s:s, s:o, s:o, s:o, s:o, s:i, s:o, s:o, s:o, s:O}", "row", r->table->rows[row], "column",
        r->table->columns[column], "seeds", seeds, "values", values, "mean",
        real_or_null(c->n > 0, c->sample.mean), "std", real_or_null(c->n > 1, c->sample.std), "n", c->n,
        "ci95", interval, own ? "reference_mean" : "paper_mean", real_or_null(c->has_paper, c->paper_mean),
        own ? "reference_std" : "paper_std", real_or_null(c->has_paper, c->paper_std), "metrics", c->metrics);
    if (c->n && c->has_paper)
        json_object_set_new(cell, "difference", json_real(c->sample.mean - c->paper_mean));
    if (!strcmp(r->metric, "confusion") && c->confusion)
        json_object_set(cell, "confusion", c->confusion);
    if (c->missing_count && json_object_set_new(cell, "missing", missing_json(c))) {
        json_decref(cell);
        cell = NULL;
    }
    return cell;
}

json_t *table_result_json(const struct table_result *r, const struct claim_result *claims, int claim_count,
                          const json_t *provenance) {
    const struct table *t = r->table;
    struct text title = {0}, data = {0};
    json_t *cells = json_array(), *decided = json_array();
    int bad = 0;
    table_result_add_title(&title, r);
    table_result_add_all_data(&data, r);
    for (int row = 0; row < t->row_count; row++)
        for (int column = 0; column < t->column_count; column++)
            bad |= json_array_append_new(cells, cell_json(r, row, column));
    for (int i = 0; i < claim_count; i++)
        if (!strcmp(claims[i].table, t->name))
            json_array_append_new(decided, claim_json(&claims[i]));
    json_t *table = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:O}", "table", t->name,
                              "profile", r->plan->profile->name, "title", text_string(&title), "data",
                              text_string(&data), "row_name", t->row_name, "column_name", t->column_name,
                              "metric", *r->metric ? r->metric : "accuracy", "plus_minus",
                              "sample standard deviation (ddof 1) over the seeds", "cells", cells, "claims",
                              decided, "provenance", provenance);
    if (t->partial)
        json_object_set_new(table, "partial", json_true());
    if (*r->reference)
        json_object_set_new(table, "reference", json_string(r->reference));
    if (bad || title.incomplete || data.incomplete) {
        json_decref(table);
        table = NULL;
    }
    text_free(&title), text_free(&data);
    return table;
}
