// SPDX-License-Identifier: Apache-2.0
#include "experiments/plan/table_internal.h"

#include "core/base/memory.h"
#include "experiments/plan/home.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

// Whether `name` is the word with one letter behind it: table1a for table1.
static int belongs_to(const char *name, size_t length, const char *word) {
    return length == strlen(word) + 1 && !strncmp(name, word, strlen(word)) &&
           islower((unsigned char)name[length - 1]);
}

// suite: NULL, or the only one whose tables are taken.
static int append(struct table **tables, int *count, const char *word, const char *suite, struct error *err) {
    struct table t;
    if (table_read(&t, word, err))
        return -1;
    if (suite && strcmp(suite, t.suite))
        return 0;
    for (int i = 0; i < *count; i++)
        if (!strcmp((*tables)[i].name, t.name))
            return 0;
    if (array_resize(*tables, (size_t)*count + 1, "tables", err))
        return -1;
    (*tables)[(*count)++] = t;
    return 0;
}

// The tables of a suite, each that can be read.
static int append_suite(struct table **tables, int *count, const char *suite, const char *known,
                        struct error *err) {
    char name[SETTING_WORD_SIZE];
    while (table_next_word(&known, " ", name) > 0)
        if (append(tables, count, name, suite, err) && home_leave_out(err))
            return -1;
    return 0;
}

// What a word means: tables with one letter behind it, all of a suite, or a table. `known`: the names of all.
static int append_meant(struct table **tables, int *count, const char *word, const char *known,
                        struct error *err) {
    char name[SETTING_WORD_SIZE];
    int members = 0, is_table = strchr(word, '/') || strchr(word, '.');
    if (!strcmp(word, "tables"))
        return append_suite(tables, count, "", known, err);
    for (const char *at = known; table_next_word(&at, " ", name) > 0;) {
        is_table |= !strcmp(name, word);
        if (belongs_to(name, strlen(name), word) && (members++, append(tables, count, name, NULL, err)))
            return -1;
    }
    if (members)
        return 0;
    int before = *count;
    if (!is_table && append_suite(tables, count, word, known, err))
        return -1;
    return *count > before ? 0 : append(tables, count, word, NULL, err);
}

int tables_read(struct table **tables, int *count, char *const *words, int word_count, struct error *err) {
    struct text known = {0};
    *tables = NULL;
    *count = 0;
    int failed = home_list(&known, "tables", err);
    for (int i = 0; i < word_count && !failed; i++)
        failed = append_meant(tables, count, words[i], text_string(&known), err);
    text_free(&known);
    return failed ? -1 : 0;
}

// ---------------------------------------------------------------------------------------- parts of tables

// Rows (columns) of a table that a list names: keep [their number] becomes 1, found [list] counts.
static void mark_rows(const struct table *t, char (*words)[SETTING_WORD_SIZE], int count, int *keep,
                      int *found) {
    for (int i = 0; i < count; i++) {
        struct error ignored = {0};
        double value;
        int row = -1;
        for (int k = 0; k < t->row_count; k++) // a word
            if (!strcmp(t->rows[k], words[i]))
                row = k;
        if (row < 0 && !table_row_value(t, words[i], "--rows", -1, &value, &ignored))
            row = table_row(t, value);
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
            t->row_settings[kept] = t->row_settings[row];
            t->row_values[kept++] = t->row_values[row];
        }
    t->partial |= kept < t->row_count;
    t->row_count = kept;
}

static void keep_columns(struct table *t, const int *keep) {
    int kept = 0;
    for (int column = 0; column < t->column_count; column++)
        if (keep[column]) {
            t->sections[kept] = t->sections[column];
            memmove(t->columns[kept++], t->columns[column], sizeof *t->columns);
        }
    t->partial |= kept < t->column_count;
    t->column_count = kept;
}

// A row's or a column's name as a whole, which may have blanks, or a list of them.
static int take_names(char (*words)[SETTING_WORD_SIZE], int *word_count, const struct table *tables,
                      int count, int columns, const char *text, const char *option, struct error *err) {
    for (int t = 0; t < count && !columns; t++)
        for (int row = 0; row < tables[t].row_count; row++)
            if (!strcmp(tables[t].rows[row], text)) {
                memcpy(words[0], tables[t].rows[row], sizeof words[0]);
                return *word_count = 1, 0;
            }
    return table_split_list(words, TABLE_ROWS_MAXIMUM, word_count, text, option, err);
}

int tables_keep(struct table *tables, int *count, const char *rows, const char *columns, struct error *err) {
    const char *const texts[] = {rows, columns}, *const options[] = {"--rows", "--columns"};
    for (int k = 0; k < 2; k++) {
        char words[TABLE_ROWS_MAXIMUM][SETTING_WORD_SIZE];
        int word_count, found[TABLE_ROWS_MAXIMUM] = {0};
        if (take_names(words, &word_count, tables, *count, k, texts[k], options[k], err))
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

struct axes table_axes(const struct table *t, int row, int column) {
    struct axes a = t->fixed;
    const struct table_column *own = &t->sections[column];
    for (int i = 0; i < AXES; i++)
        if (own->has_axis[i])
            memcpy((char *)&a + table_axis_keys[i].offset,
                   (const char *)&own->axes + table_axis_keys[i].offset, sizeof(double));
    if (t->row_kind == ROW_AXIS)
        memcpy((char *)&a + settings_find(table_axis_keys, t->row_name)->offset, &t->row_values[row],
               sizeof(double));
    return a;
}

int table_settings(struct variations *out, const struct table *t, int row, int column, struct error *err) {
    *out = t->fixed_settings;
    if (variations_join(out, &t->sections[column].settings, t->path, err))
        return -1;
    return t->row_kind == ROW_SETTING ? variations_set(out, t->row_name, t->rows[row], t->path, err)
           : t->row_kind == ROW_NAMED ? variations_join(out, &t->row_settings[row], t->path, err)
                                      : 0;
}

const char *table_gives(const struct table *t, const char *name, char where[SETTING_WORD_SIZE + 16]) {
    struct variations row = {0};
    struct error ignored = {0};
    if (t->row_kind == ROW_SETTING && !variations_set(&row, t->row_name, t->rows[0], "", &ignored) &&
        variations_find(&row, name))
        return "its row";
    if (variations_find(&t->fixed_settings, name))
        return "[fixed]";
    for (int i = 0; i < t->row_count; i++)
        if (variations_find(&t->row_settings[i], name)) {
            snprintf(where, SETTING_WORD_SIZE + 16, "[row %s]", t->rows[i]);
            return where;
        }
    for (int column = 0; column < t->column_count; column++)
        if (variations_find(&t->sections[column].settings, name)) {
            snprintf(where, SETTING_WORD_SIZE + 16, "[column %s]", t->columns[column]);
            return where;
        }
    return NULL;
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

static int characters(const char *text) {
    int count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

int table_label_width(const struct table *t, int least) {
    int width = characters(t->row_name) > least ? characters(t->row_name) : least;
    for (int row = 0; row < t->row_count; row++)
        if (characters(t->rows[row]) > width)
            width = characters(t->rows[row]);
    return width;
}

const char *table_data(const struct table *t, int column) {
    return t->sections[column].given   ? t->sections[column].data
           : table_has_data_columns(t) ? t->columns[column]
                                       : t->data;
}

const char *table_method(const struct table *t, int column) {
    return t->sections[column].given   ? t->sections[column].method
           : table_has_data_columns(t) ? t->method
                                       : t->columns[column];
}

const char *table_profile(const struct table *t, int column) {
    return t->sections[column].profile;
}
