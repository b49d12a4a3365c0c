// SPDX-License-Identifier: Apache-2.0
#include "experiments/table.h"

#include "core/base/memory.h"
#include "core/train/train.h"
#include "experiments/home.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct keys { // of a table's file
    char title[SETTING_TEXT_SIZE], data[SETTING_WORD_SIZE], row[SETTING_WORD_SIZE], rows[SETTING_TEXT_SIZE],
        columns[SETTING_TEXT_SIZE], claims[SETTING_TEXT_SIZE];
};

static const struct setting table_keys[] = {
    SETTING_TEXT(struct keys, title, NULL, "", "title"),
    SETTING_CHOICE(struct keys, data, "textured-mnist", "textured-mnist", "data set"),
    SETTING_CHOICE(struct keys, row, NULL, "p q size", "what varies over the rows"),
    SETTING_TEXT(struct keys, rows, NULL, "", "values of the rows"),
    SETTING_TEXT(struct keys, columns, NULL, "", "methods"),
    SETTING_TEXT(struct keys, claims, "", "", "claims decided on this table"),
    SETTING_END,
};

static const struct setting axis_keys[] = {
    SETTING_REAL(struct axes, p, NULL, 0, 1, "", "chance of a drawn background"),
    SETTING_REAL(struct axes, q, NULL, 0, 1, "", "chance of a drawn digit texture"),
    SETTING_REAL(struct axes, size, NULL, 8, 224, "pixels", "size of the digit on a canvas of 224"),
    SETTING_END,
};

enum { MOST_KEYS = 8 };

struct reading {
    struct table *table;
    struct keys keys;
    int has_key[MOST_KEYS], has_axis[MOST_KEYS];
    char rows_at[PATH_SIZE], columns_at[PATH_SIZE]; // places, for messages
};

static int take(void *context, const char *section, const char *key, const char *value, const char *where,
                struct error *err) {
    struct reading *r = context;
    int fixed = !strcmp(section, "fixed");
    if (!fixed && strcmp(section, "table"))
        return *section ? fail_usage(err, "%s: unknown section [%.60s]", where, section)
                        : fail_usage(err, "%s: '%.60s' stands before any [section]", where, key);
    const struct setting *schema = fixed ? axis_keys : table_keys, *s = settings_find(schema, key);
    if (!s)
        return fail_usage(err, "%s: unknown key '%.60s' in [%.60s]", where, key, section);
    (fixed ? r->has_axis : r->has_key)[s - schema] = 1;
    if (!strcmp(s->name, "rows"))
        snprintf(r->rows_at, PATH_SIZE, "%s", where);
    if (!strcmp(s->name, "columns"))
        snprintf(r->columns_at, PATH_SIZE, "%s", where);
    if (!strcmp(s->name, "claims"))
        snprintf(r->table->claims_at, PATH_SIZE, "%s", where);
    return settings_assign(s, fixed ? (void *)&r->table->fixed : &r->keys, value, where, err);
}

// Takes the next word of a list separated by commas and blanks; 0 at its end, -1 for a word that is too long.
static int next_word(const char **at, char out[SETTING_WORD_SIZE]) {
    *at += strspn(*at, ", \t");
    size_t length = strcspn(*at, ", \t");
    if (length >= SETTING_WORD_SIZE)
        return -1;
    memcpy(out, *at, length);
    out[length] = 0;
    *at += length;
    return length > 0;
}

static int split_list(char (*out)[SETTING_WORD_SIZE], int most, int *count, const char *text,
                      const char *where, struct error *err) {
    char word[SETTING_WORD_SIZE];
    int more;
    for (*count = 0; (more = next_word(&text, word)) > 0; ++*count) {
        if (*count == most)
            return fail_usage(err, "%s: more than %d entries", where, most);
        for (int i = 0; i < *count; i++)
            if (!strcmp(out[i], word))
                return fail_usage(err, "%s: '%s' given twice", where, word);
        memcpy(out[*count], word, sizeof word);
    }
    return more < 0 ? fail_usage(err, "%s: a word too long", where) : 0;
}

static int parse_lists(struct reading *r, struct error *err) {
    struct table *t = r->table;
    struct train_settings scratch;
    const struct setting *axis = settings_find(axis_keys, t->row_name);
    if (split_list(t->rows, TABLE_ROWS_MOST, &t->row_count, r->keys.rows, r->rows_at, err) ||
        split_list(t->columns, TABLE_COLUMNS_MOST, &t->column_count, r->keys.columns, r->columns_at, err) ||
        split_list(t->claims, TABLE_CLAIMS_MOST, &t->claim_count, r->keys.claims, t->claims_at, err))
        return -1;
    if (!t->row_count || !t->column_count)
        return fail_usage(err, "%s: no entries", t->row_count ? r->columns_at : r->rows_at);
    for (int i = 0; i < t->row_count; i++) {
        struct axes value;
        if (settings_assign(axis, &value, t->rows[i], r->rows_at, err))
            return -1;
        memcpy(&t->row_values[i], (const char *)&value + axis->offset, sizeof(double));
    }
    for (int i = 0; i < t->column_count; i++)
        if (settings_assign(settings_find(train_schema, "method"), &scratch, t->columns[i], r->columns_at,
                            err))
            return -1;
    return 0;
}

int table_read(struct table *t, const char *word, struct error *err) {
    struct reading r = {.table = t};
    memset(t, 0, sizeof *t);
    settings_default(table_keys, &r.keys);
    if (home_definition(t->path, "tables", word, err))
        return -1;
    definition_name(t->path, t->name, sizeof t->name);
    if (settings_file(t->path, take, &r, err))
        return -1;
    for (int i = 0; table_keys[i].name; i++)
        if (!table_keys[i].standard && !r.has_key[i])
            return fail_usage(err, "%s: %s is missing in [table]", t->path, table_keys[i].name);
    for (int i = 0; axis_keys[i].name; i++)
        if (r.has_axis[i] == !strcmp(axis_keys[i].name, r.keys.row))
            return fail_usage(err, "%s: %s must be %s", t->path, axis_keys[i].name,
                              r.has_axis[i] ? "either the row or in [fixed], not both" : "given in [fixed]");
    snprintf(t->title, sizeof t->title, "%s", r.keys.title);
    snprintf(t->row_name, sizeof t->row_name, "%s", r.keys.row);
    return parse_lists(&r, err);
}

// Whether `name` is the word with one letter behind it: table1a for table1.
static int belongs_to(const char *name, size_t length, const char *word) {
    return length == strlen(word) + 1 && !strncmp(name, word, strlen(word)) &&
           islower((unsigned char)name[length - 1]);
}

static int append(struct table **tables, int *count, const char *word, struct error *err) {
    struct table t;
    if (table_read(&t, word, err))
        return -1;
    for (int i = 0; i < *count; i++)
        if (!strcmp((*tables)[i].name, t.name))
            return 0;
    if (reallocate((void **)tables, (size_t)*count + 1, sizeof t, "tables", err))
        return -1;
    (*tables)[(*count)++] = t;
    return 0;
}

int tables_read(struct table **tables, int *count, char *const *words, int word_count, struct error *err) {
    char known[1024], name[SETTING_WORD_SIZE];
    *tables = NULL;
    *count = 0;
    if (home_list(known, "tables", err))
        return -1;
    for (int i = 0; i < word_count; i++) {
        int members = 0;
        for (const char *at = known; next_word(&at, name) > 0;)
            if (belongs_to(name, strlen(name), words[i])) {
                members++;
                if (append(tables, count, name, err))
                    return -1;
            }
        if (!members && append(tables, count, words[i], err))
            return -1;
    }
    return 0;
}

int table_keep_rows(struct table *t, const char *text, struct error *err) {
    char words[TABLE_ROWS_MOST][SETTING_WORD_SIZE];
    int count, keep[TABLE_ROWS_MOST] = {0}, kept = 0;
    const struct setting *axis = settings_find(axis_keys, t->row_name);
    if (split_list(words, TABLE_ROWS_MOST, &count, text, "--rows", err))
        return -1;
    if (!count)
        return 0;
    for (int i = 0; i < count; i++) {
        struct axes value;
        double number;
        if (settings_assign(axis, &value, words[i], "--rows", err))
            return -1;
        memcpy(&number, (const char *)&value + axis->offset, sizeof number);
        int row = table_row(t, number);
        if (row < 0)
            return fail_usage(err, "--rows: %s has no row %s = %s", t->name, t->row_name, words[i]);
        keep[row] = 1;
    }
    for (int row = 0; row < t->row_count; row++)
        if (keep[row]) {
            memmove(t->rows[kept], t->rows[row], sizeof *t->rows);
            t->row_values[kept++] = t->row_values[row];
        }
    t->partial = kept < t->row_count;
    t->row_count = kept;
    return 0;
}

struct axes table_axes(const struct table *t, int row) {
    struct axes a = t->fixed;
    memcpy((char *)&a + settings_find(axis_keys, t->row_name)->offset, &t->row_values[row], sizeof(double));
    return a;
}

int table_row(const struct table *t, double value) {
    for (int i = 0; i < t->row_count; i++)
        if (t->row_values[i] == value)
            return i;
    return -1;
}

int table_column(const struct table *t, const char *method) {
    for (int i = 0; i < t->column_count; i++)
        if (!strcmp(t->columns[i], method))
            return i;
    return -1;
}
