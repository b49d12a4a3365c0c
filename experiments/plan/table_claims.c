// SPDX-License-Identifier: Apache-2.0
#include "experiments/plan/table_internal.h"

#include <string.h>

struct claim_keys { // of [claim ID]
    char text[SETTING_TEXT_SIZE], columns[SETTING_TEXT_SIZE], rows[SETTING_TEXT_SIZE],
        kind[SETTING_WORD_SIZE];
    double by;
};

static const struct setting claim_schema[] = {
    SETTING_TEXT(struct claim_keys, text, NULL, "", "what is claimed"),
    SETTING_TEXT(struct claim_keys, columns, NULL, "", "the two columns that are compared"),
    SETTING_TEXT(struct claim_keys, rows, "", "", "the rows at which they are; none: every one"),
    SETTING_CHOICE(struct claim_keys, kind, "above", "above same", "what is claimed of them"),
    SETTING_REAL(struct claim_keys, by, "0", -100, 100, "points", "by how much, or within"),
    SETTING_END,
};

// The claim of that id, a new one at its first line.
static struct table_claim *claim_of(struct table *t, const char *id, const char *where, struct error *err) {
    for (int i = 0; i < t->own_claim_count; i++)
        if (!strcmp(t->own_claims[i].id, id))
            return &t->own_claims[i];
    if (t->own_claim_count == TABLE_CLAIMS_MAXIMUM) {
        fail_usage(err, "%s: more than %d claims", where, TABLE_CLAIMS_MAXIMUM);
        return NULL;
    }
    if (!table_is_data_name(id)) {
        fail_usage(err, "%s: '%.60s' is no id: letters, digits and '-'", where, id);
        return NULL;
    }
    struct table_claim *claim = &t->own_claims[t->own_claim_count++];
    snprintf(claim->id, sizeof claim->id, "%s", id);
    snprintf(claim->at, sizeof claim->at, "%s", where);
    return claim;
}

int table_claim_take(struct table *t, const char *id, const char *key, const char *value, const char *where,
                     struct error *err) {
    struct claim_keys scratch;
    const struct setting *s = settings_find(claim_schema, key);
    if (!s) {
        struct suggestion near;
        settings_suggest(&near, claim_schema, key);
        return fail_usage(err, "%s: unknown key '%.60s'%s in [claim %.60s]", where, key, suggest_text(&near),
                          id);
    }
    struct table_claim *claim = claim_of(t, id, where, err);
    if (!claim || settings_assign(s, &scratch, value, where, err))
        return -1;
    if (!strcmp(s->name, "text"))
        memcpy(claim->text, scratch.text, sizeof claim->text);
    else if (!strcmp(s->name, "columns"))
        memcpy(claim->column_list, scratch.columns, sizeof claim->column_list);
    else if (!strcmp(s->name, "rows"))
        memcpy(claim->row_list, scratch.rows, sizeof claim->row_list);
    else if (!strcmp(s->name, "by"))
        claim->by = scratch.by;
    else
        claim->same = !strcmp(scratch.kind, "same");
    return 0;
}

// The value of the row that has the label, or that is the same number.
static int find_row(const struct table *t, const char *word, const char *where, double *value,
                    struct error *err) {
    for (int row = 0; row < t->row_count; row++)
        if (!strcmp(t->rows[row], word)) {
            *value = t->row_values[row];
            return 0;
        }
    if (table_row_value(t, word, where, -1, value, err))
        return -1;
    return table_row(t, *value) >= 0 ? 0 : fail_usage(err, "%s: the table has no row %s", where, word);
}

// What the claim compares is there.
static int check_claim(const struct table *t, struct table_claim *c, struct error *err) {
    char words[TABLE_ROWS_MAXIMUM][SETTING_WORD_SIZE];
    int count;
    if (!*c->text || !*c->column_list)
        return fail_usage(err, "%s: %s is missing in [claim %s]", c->at, *c->text ? "columns" : "text",
                          c->id);
    if (table_split_list(words, TABLE_ROWS_MAXIMUM, &count, c->column_list, c->at, err))
        return -1;
    if (count != 2)
        return fail_usage(err, "%s: [claim %s] compares two columns, not %d", c->at, c->id, count);
    for (int i = 0; i < 2; i++) {
        memcpy(c->columns[i], words[i], sizeof words[i]);
        if (table_column(t, words[i]) < 0)
            return fail_usage(err, "%s: the table has no column %s", c->at, words[i]);
    }
    if (c->same && c->by <= 0)
        return fail_usage(err, "%s: [claim %s]: kind = same needs by = POINTS above 0", c->at, c->id);
    if (table_split_list(words, TABLE_ROWS_MAXIMUM, &c->row_count, c->row_list, c->at, err))
        return -1;
    for (int i = 0; i < c->row_count; i++)
        if (find_row(t, words[i], c->at, &c->rows[i], err))
            return -1;
    for (int row = 0; !*c->row_list && row < t->row_count; row++)
        c->rows[c->row_count++] = t->row_values[row];
    return 0;
}

int table_claims_check(struct table *t, struct error *err) {
    for (int i = 0; i < t->own_claim_count; i++) {
        struct table_claim *c = &t->own_claims[i];
        int listed = 0;
        for (int k = 0; k < t->claim_count; k++)
            listed |= !strcmp(t->claims[k], c->id);
        if (check_claim(t, c, err))
            return -1;
        if (!listed && t->claim_count == TABLE_CLAIMS_MAXIMUM)
            return fail_usage(err, "%s: more than %d claims", c->at, TABLE_CLAIMS_MAXIMUM);
        if (!listed)
            memcpy(t->claims[t->claim_count++], c->id, sizeof c->id);
    }
    return 0;
}

const struct table_claim *table_own_claim(const struct table *t, const char *id) {
    for (int i = 0; t && i < t->own_claim_count; i++)
        if (!strcmp(t->own_claims[i].id, id))
            return &t->own_claims[i];
    return NULL;
}
