// SPDX-License-Identifier: Apache-2.0
#include "experiments/plan/table.h"

#include "core/base/memory.h"
#include "core/train/train.h"
#include "experiments/plan/home.h"
#include "gen/data_set/data_set.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct keys { // of a table's file
    char title[SETTING_TEXT_SIZE], kind[SETTING_WORD_SIZE], row[SETTING_WORD_SIZE], rows[SETTING_TEXT_SIZE],
        column[SETTING_WORD_SIZE], columns[SETTING_TEXT_SIZE], claims[SETTING_TEXT_SIZE];
};

static const struct setting table_keys[] = {
    SETTING_TEXT(struct keys, title, NULL, "", "title"),
    SETTING_CHOICE(struct keys, kind, "results", "results textures settings", "what the table shows"),
    SETTING_CHOICE(struct keys, row, NULL, "p q size n", "what varies over the rows"),
    SETTING_TEXT(struct keys, rows, NULL, "", "values of the rows"),
    SETTING_CHOICE(struct keys, column, "method", "method data", "what varies over the columns"),
    SETTING_TEXT(struct keys, columns, NULL, "", "methods or data sets"),
    SETTING_TEXT(struct keys, claims, "", "", "claims decided on this table"),
    SETTING_END,
};

static const struct setting axis_keys[] = {
    SETTING_REAL(struct axes, p, NULL, 0, 1, "", "chance of a drawn background"),
    SETTING_REAL(struct axes, q, NULL, 0, 1, "", "chance of a drawn digit texture"),
    SETTING_REAL(struct axes, size, NULL, 8, 224, "pixels", "size of the digit on a canvas of 224"),
    SETTING_REAL(struct axes, n, "All", 0, 1000000, "images", "annotated images per class"),
    SETTING_END,
};

static const struct setting data_key =
    SETTING_CHOICE(struct table, data, DATA_SET_DEFAULT, DATA_SET_NAMES, "data set");

enum { MOST_KEYS = 8 };

struct table_reading {
    struct table *table;
    struct keys keys;
    int has_key[MOST_KEYS], has_axis[MOST_KEYS], has_data, has_method;
    char rows_at[PATH_SIZE], columns_at[PATH_SIZE]; // places, for messages
};

// A row's or a fixed value. n is a whole number or All.
static int axis_value(const struct setting *axis, const char *text, const char *where, double *value,
                      struct error *err) {
    struct axes scratch;
    int is_n = !strcmp(axis->name, "n");
    if (is_n && !strcasecmp(text, "All")) {
        *value = N_ALL;
        return 0;
    }
    if (settings_assign(axis, &scratch, text, where, err))
        return -1;
    memcpy(value, (const char *)&scratch + axis->offset, sizeof *value);
    return is_n && *value != floor(*value)
               ? fail_usage(err, "%s: %.60s is neither a whole number nor All", where, text)
               : 0;
}

// A key that neither the schema nor the list has.
static int refuse_key(const struct setting *schema, const char *others, const char *section, const char *key,
                      const char *where, struct error *err) {
    struct suggestion near;
    settings_suggest(&near, schema, key);
    suggest_consider_list(&near, others);
    return fail_usage(err, "%s: unknown key '%.60s'%s in [%.60s]", where, key, suggest_text(&near), section);
}

static int take_fixed(struct table_reading *r, const char *key, const char *value, const char *where,
                      struct error *err) {
    struct train_settings scratch;
    const struct setting *axis = settings_find(axis_keys, key);
    if (axis) {
        r->has_axis[axis - axis_keys] = 1;
        return axis_value(axis, value, where, (double *)((char *)&r->table->fixed + axis->offset), err);
    }
    if (!strcmp(key, "data")) {
        r->has_data = 1;
        return settings_assign(&data_key, r->table, value, where, err);
    }
    if (strcmp(key, "method"))
        return refuse_key(axis_keys, "data method", "fixed", key, where, err);
    r->has_method = 1;
    if (settings_assign(settings_find(train_schema, "method"), &scratch, value, where, err))
        return -1;
    memcpy(r->table->method, scratch.method, sizeof scratch.method);
    return 0;
}

static int take(void *context, const char *section, const char *key, const char *value, const char *where,
                struct error *err) {
    struct table_reading *r = context;
    if (!strcmp(section, "fixed"))
        return take_fixed(r, key, value, where, err);
    if (strcmp(section, "table"))
        return *section ? fail_usage(err, "%s: unknown section [%.60s]", where, section)
                        : fail_usage(err, "%s: '%.60s' stands before any [section]", where, key);
    const struct setting *s = settings_find(table_keys, key);
    if (!s)
        return refuse_key(table_keys, "", section, key, where, err);
    r->has_key[s - table_keys] = 1;
    if (!strcmp(s->name, "rows"))
        snprintf(r->rows_at, PATH_SIZE, "%s", where);
    if (!strcmp(s->name, "columns"))
        snprintf(r->columns_at, PATH_SIZE, "%s", where);
    if (!strcmp(s->name, "claims"))
        snprintf(r->table->claims_at, PATH_SIZE, "%s", where);
    return settings_assign(s, &r->keys, value, where, err);
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

// Methods or data sets.
static int check_columns(const struct table_reading *r, struct error *err) {
    const struct table *t = r->table;
    struct train_settings training;
    struct table data;
    int by_data = !strcmp(t->column_name, "data");
    const struct setting *s = by_data ? &data_key : settings_find(train_schema, "method");
    for (int i = 0; i < t->column_count; i++)
        if (settings_assign(s, by_data ? (void *)&data : &training, t->columns[i], r->columns_at, err))
            return -1;
    return 0;
}

static int parse_lists(struct table_reading *r, struct error *err) {
    struct table *t = r->table;
    const struct setting *axis = settings_find(axis_keys, t->row_name);
    if (split_list(t->rows, TABLE_ROWS_MAXIMUM, &t->row_count, r->keys.rows, r->rows_at, err) ||
        split_list(t->columns, TABLE_COLUMNS_MAXIMUM, &t->column_count, r->keys.columns, r->columns_at,
                   err) ||
        split_list(t->claims, TABLE_CLAIMS_MAXIMUM, &t->claim_count, r->keys.claims, t->claims_at, err))
        return -1;
    if (!t->row_count || !t->column_count)
        return fail_usage(err, "%s: no entries", t->row_count ? r->columns_at : r->rows_at);
    for (int i = 0; i < t->row_count; i++) {
        if (axis_value(axis, t->rows[i], r->rows_at, &t->row_values[i], err))
            return -1;
        for (int k = 0; k < i; k++)
            if (t->row_values[k] == t->row_values[i])
                return fail_usage(err, "%s: '%s' and '%s' are one value", r->rows_at, t->rows[k], t->rows[i]);
    }
    return check_columns(r, err);
}

// A data set that has p, q and size.
static const char *placed_name(void) {
    int i = 0;
    while (!data_set_list[i]->place)
        i++;
    return data_set_list[i]->name;
}

// p, q and size belong to data sets that are made to order; n is All where nothing is said.
static int check_fixed(const struct table_reading *r, struct error *err) {
    const struct table *t = r->table;
    int placed = 0, by_data = !strcmp(t->column_name, "data");
    for (int column = 0; column < t->column_count; column++)
        placed |= data_set_of(table_data(t, column))->place != NULL;
    for (int i = 0; axis_keys[i].name; i++) {
        int is_row = !strcmp(axis_keys[i].name, t->row_name), is_n = axis_keys[i].standard != NULL;
        if (r->has_axis[i] && is_row)
            return fail_usage(err, "%s: %s must be either the row or in [fixed], not both", t->path,
                              axis_keys[i].name);
        if (!is_n && !placed && (r->has_axis[i] || is_row))
            return fail_usage(err, "%s: %s belongs to %s, which the table has not", t->path,
                              axis_keys[i].name, placed_name());
        if (!is_n && placed && !r->has_axis[i] && !is_row)
            return fail_usage(err, "%s: %s must be given in [fixed]", t->path, axis_keys[i].name);
    }
    if (by_data ? r->has_data : r->has_method)
        return fail_usage(err, "%s: %s must be either the column or in [fixed], not both", t->path,
                          t->column_name);
    if (by_data && !r->has_method)
        return fail_usage(err, "%s: method must be given in [fixed]", t->path);
    return 0;
}

// What is printed from the settings in force has a title and nothing else.
static int check_printed(const struct table_reading *r, struct error *err) {
    for (int i = 0; table_keys[i].name; i++)
        if (r->has_key[i] && strcmp(table_keys[i].name, "title") && strcmp(table_keys[i].name, "kind"))
            return fail_usage(err, "%s: kind = %s takes no %s", r->table->path, r->keys.kind,
                              table_keys[i].name);
    return 0;
}

int table_read(struct table *t, const char *word, struct error *err) {
    static const char *const kinds[] = {"results", "textures", "settings"};
    struct table_reading r = {.table = t};
    memset(t, 0, sizeof *t);
    t->fixed.n = N_ALL;
    settings_default(table_keys, &r.keys);
    snprintf(t->data, sizeof t->data, "%s", data_key.standard);
    if (home_definition(t->path, "tables", word, err))
        return -1;
    home_definition_name(t->path, t->name, sizeof t->name);
    if (settings_file(t->path, take, &r, err))
        return -1;
    while (strcmp(kinds[t->kind], r.keys.kind))
        t->kind++;
    for (int i = 0; table_keys[i].name; i++)
        if (!table_keys[i].standard && !r.has_key[i] &&
            (t->kind == TABLE_RESULTS || !strcmp(table_keys[i].name, "title")))
            return fail_usage(err, "%s: %s is missing in [table]", t->path, table_keys[i].name);
    snprintf(t->title, sizeof t->title, "%s", r.keys.title);
    snprintf(t->row_name, sizeof t->row_name, "%s", r.keys.row);
    snprintf(t->column_name, sizeof t->column_name, "%s", r.keys.column);
    if (t->kind != TABLE_RESULTS)
        return check_printed(&r, err);
    return parse_lists(&r, err) || check_fixed(&r, err) ? -1 : 0;
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
    if (array_resize(*tables, (size_t)*count + 1, "tables", err))
        return -1;
    (*tables)[(*count)++] = t;
    return 0;
}

int tables_read(struct table **tables, int *count, char *const *words, int word_count, struct error *err) {
    char name[SETTING_WORD_SIZE];
    struct text known = {0};
    *tables = NULL;
    *count = 0;
    int failed = home_list(&known, "tables", err);
    for (int i = 0; i < word_count && !failed; i++) {
        int members = 0;
        for (const char *at = text_string(&known); !failed && next_word(&at, name) > 0;)
            if (!strcmp(words[i], "tables") || belongs_to(name, strlen(name), words[i])) {
                int named = belongs_to(name, strlen(name), words[i]);
                members++;
                failed = append(tables, count, name, err) && (named || home_leave_out(err));
            }
        failed = failed || (!members && append(tables, count, words[i], err));
    }
    text_free(&known);
    return failed ? -1 : 0;
}

// ---------------------------------------------------------------------------------------- parts of tables

// Rows (columns) of a table that a list names: keep [their number] becomes 1, found [list] counts.
static void mark_rows(const struct table *t, char (*words)[SETTING_WORD_SIZE], int count, int *keep,
                      int *found) {
    const struct setting *axis = settings_find(axis_keys, t->row_name);
    for (int i = 0; i < count; i++) {
        struct error ignored = {0};
        double value;
        int row = axis_value(axis, words[i], "--rows", &value, &ignored) ? -1 : table_row(t, value);
        if (row >= 0)
            keep[row] = found[i] = 1;
    }
}

static void mark_columns(const struct table *t, char (*words)[SETTING_WORD_SIZE], int count, int *keep,
                         int *found) {
    for (int i = 0; i < count; i++) {
        int column = table_column(t, words[i]);
        if (column >= 0)
            keep[column] = found[i] = 1;
    }
}

static void keep_rows(struct table *t, const int *keep) {
    int kept = 0;
    for (int row = 0; row < t->row_count; row++)
        if (keep[row]) {
            memmove(t->rows[kept], t->rows[row], sizeof *t->rows);
            t->row_values[kept++] = t->row_values[row];
        }
    t->partial |= kept < t->row_count;
    t->row_count = kept;
}

static void keep_columns(struct table *t, const int *keep) {
    int kept = 0;
    for (int column = 0; column < t->column_count; column++)
        if (keep[column])
            memmove(t->columns[kept++], t->columns[column], sizeof *t->columns);
    t->partial |= kept < t->column_count;
    t->column_count = kept;
}

int tables_keep(struct table *tables, int *count, const char *rows, const char *columns, struct error *err) {
    const char *const texts[] = {rows, columns}, *const options[] = {"--rows", "--columns"};
    for (int k = 0; k < 2; k++) {
        char words[TABLE_ROWS_MAXIMUM][SETTING_WORD_SIZE];
        int word_count, found[TABLE_ROWS_MAXIMUM] = {0};
        if (split_list(words, TABLE_ROWS_MAXIMUM, &word_count, texts[k], options[k], err))
            return -1;
        for (int t = 0; t < *count && word_count; t++) {
            int keep[TABLE_ROWS_MAXIMUM] = {0};
            if (tables[t].kind != TABLE_RESULTS)
                continue;
            (k ? mark_columns : mark_rows)(&tables[t], words, word_count, keep, found);
            (k ? keep_columns : keep_rows)(&tables[t], keep);
        }
        for (int i = 0; i < word_count; i++)
            if (!found[i])
                return fail_usage(err, "%s: no table asked for has a %s %s", options[k], k ? "column" : "row",
                                  words[i]);
    }
    if (!*rows && !*columns)
        return 0;
    int left = 0;
    for (int t = 0; t < *count; t++)
        if (tables[t].row_count && tables[t].column_count)
            tables[left++] = tables[t];
    *count = left;
    return 0;
}

// ---------------------------------------------------------------------------------------- places

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

int table_column(const struct table *t, const char *label) {
    for (int i = 0; i < t->column_count; i++)
        if (!strcmp(t->columns[i], label))
            return i;
    return -1;
}

const char *table_data(const struct table *t, int column) {
    return strcmp(t->column_name, "data") ? t->data : t->columns[column];
}

const char *table_method(const struct table *t, int column) {
    return strcmp(t->column_name, "data") ? t->columns[column] : t->method;
}
