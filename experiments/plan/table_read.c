// SPDX-License-Identifier: Apache-2.0
#include "experiments/plan/table_internal.h"

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
    char title[SETTING_TEXT_SIZE], kind[SETTING_WORD_SIZE], row[SETTING_TEXT_SIZE], rows[SETTING_TEXT_SIZE],
        column[SETTING_WORD_SIZE], columns[SETTING_TEXT_SIZE], claims[SETTING_TEXT_SIZE],
        suite[SETTING_TEXT_SIZE];
};

static const struct setting table_keys[] = {
    SETTING_TEXT(struct keys, title, NULL, "", "title"),
    SETTING_CHOICE(struct keys, kind, "results", "results textures settings", "what the table shows"),
    SETTING_TEXT(struct keys, row, NULL, "", "what varies over the rows"),
    SETTING_TEXT(struct keys, rows, NULL, "", "values of the rows"),
    SETTING_CHOICE(struct keys, column, "method", "method data", "what varies over the columns"),
    SETTING_TEXT(struct keys, columns, NULL, "", "methods or data sets"),
    SETTING_TEXT(struct keys, claims, "", "", "claims decided on this table"),
    SETTING_TEXT(struct keys, suite, "", "", "a word that stands for all tables of it"),
    SETTING_END,
};

const struct setting table_axis_keys[] = {
    SETTING_REAL(struct axes, p, NULL, 0, 1, "", "chance of a drawn background"),
    SETTING_REAL(struct axes, q, NULL, 0, 1, "", "chance of a drawn digit texture"),
    SETTING_REAL(struct axes, size, NULL, 8, 224, "pixels", "size of the digit on a canvas of 224"),
    SETTING_REAL(struct axes, n, "All", 0, 1000000, "images", "annotated images per class"),
    SETTING_END,
};

enum { MOST_KEYS = 8 };

struct read_section { // [column NAME], which may stand before `columns`
    char name[SETTING_WORD_SIZE], at[PATH_SIZE];
    int has_data, has_method, used;
    struct table_column column;
};

struct table_reading {
    struct table *table;
    struct keys keys;
    int has_key[MOST_KEYS], has_axis[AXES], has_data, has_method;
    struct read_section sections[TABLE_COLUMNS_MAXIMUM];
    int section_count;
    struct row_sections row_sections;
    char row_at[PATH_SIZE], rows_at[PATH_SIZE], columns_at[PATH_SIZE]; // places, for messages
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

static int take_method(char out[SETTING_WORD_SIZE], const char *value, const char *where, struct error *err) {
    struct train_settings scratch;
    if (settings_assign(settings_find(train_schema, "method"), &scratch, value, where, err))
        return -1;
    memcpy(out, scratch.method, sizeof scratch.method);
    return 0;
}

int table_is_data_name(const char *word) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    size_t length = strspn(word, letters);
    return length && length < SETTING_WORD_SIZE && !word[length];
}

static int take_data(char out[SETTING_WORD_SIZE], const char *value, const char *where, struct error *err) {
    if (!table_is_data_name(value))
        return fail_usage(err, "%s: '%.60s' is no name of a data set", where, value);
    snprintf(out, SETTING_WORD_SIZE, "%s", value);
    return 0;
}

// An axis: 1 where the key is one.
static int take_axis(struct axes *axes, int has_axis[AXES], const char *key, const char *value,
                     const char *where, int *failed, struct error *err) {
    const struct setting *axis = settings_find(table_axis_keys, key);
    if (!axis)
        return 0;
    has_axis[axis - table_axis_keys] = 1;
    *failed = axis_value(axis, value, where, (double *)((char *)axes + axis->offset), err);
    return 1;
}

static int take_fixed(struct table_reading *r, const char *key, const char *value, const char *where,
                      struct error *err) {
    int failed;
    if (take_axis(&r->table->fixed, r->has_axis, key, value, where, &failed, err))
        return failed;
    if (!strcmp(key, "data")) {
        r->has_data = 1;
        return take_data(r->table->data, value, where, err);
    }
    if (!strcmp(key, "method")) {
        r->has_method = 1;
        return take_method(r->table->method, value, where, err);
    }
    if (variation_is_known(key))
        return variations_set(&r->table->fixed_settings, key, value, where, err);
    return refuse_key(table_axis_keys, "data method", "fixed", key, where, err);
}

static struct read_section *section_of(struct table_reading *r, const char *name, const char *where,
                                       struct error *err) {
    for (int i = 0; i < r->section_count; i++)
        if (!strcmp(r->sections[i].name, name))
            return &r->sections[i];
    if (r->section_count == TABLE_COLUMNS_MAXIMUM || !*name || strlen(name) >= SETTING_WORD_SIZE ||
        strpbrk(name, " ,\t")) {
        fail_usage(err,
                   r->section_count == TABLE_COLUMNS_MAXIMUM ? "%s: more than %d sections of columns"
                                                             : "%s: [column NAME] wants one word",
                   where, TABLE_COLUMNS_MAXIMUM);
        return NULL;
    }
    struct read_section *s = &r->sections[r->section_count++];
    snprintf(s->name, sizeof s->name, "%s", name);
    snprintf(s->at, sizeof s->at, "%s", where);
    s->column.given = 1;
    return s;
}

static int take_column(struct table_reading *r, const char *name, const char *key, const char *value,
                       const char *where, struct error *err) {
    struct read_section *s = section_of(r, name, where, err);
    char section[SETTING_WORD_SIZE + 16];
    int failed;
    if (!s)
        return -1;
    if (take_axis(&s->column.axes, s->column.has_axis, key, value, where, &failed, err))
        return failed;
    if (!strcmp(key, "title") || !strcmp(key, "profile")) {
        char *out = *key == 't' ? s->column.title : s->column.profile;
        return snprintf(out, SETTING_TEXT_SIZE, "%s", value) < SETTING_TEXT_SIZE
                   ? 0
                   : fail_usage(err, "%s: %s is too long", where, key);
    }
    if (!strcmp(key, "data")) {
        s->has_data = 1;
        return take_data(s->column.data, value, where, err);
    }
    if (!strcmp(key, "method")) {
        s->has_method = 1;
        return take_method(s->column.method, value, where, err);
    }
    if (variation_is_known(key))
        return variations_set(&s->column.settings, key, value, where, err);
    snprintf(section, sizeof section, "column %s", name);
    return refuse_key(table_axis_keys, "title profile data method", section, key, where, err);
}

// What varies over the rows: an axis, a setting, or, where rows have sections, any word.
static int take_row_name(struct table_reading *r, struct error *err) {
    struct table *t = r->table;
    const struct setting *axis = settings_find(table_axis_keys, r->keys.row);
    struct variations scratch = {0};
    int known = axis || variation_is_known(r->keys.row), named = r->row_sections.count > 0;
    t->row_kind = axis ? ROW_AXIS : known ? ROW_SETTING : ROW_NAMED;
    if (known && named)
        return fail_usage(
            err, "%s: [row %s] says what varies, and so does row = %s: call the row by a word of your own",
            r->row_sections.items[0].at, r->row_sections.items[0].name, r->keys.row);
    snprintf(t->row_name, sizeof t->row_name, "%s", axis ? axis->name : r->keys.row);
    return known || named ? 0 : variations_set(&scratch, r->keys.row, "", r->row_at, err);
}

static int take(void *context, const char *section, const char *key, const char *value, const char *where,
                struct error *err) {
    struct table_reading *r = context;
    if (!strcmp(section, "fixed"))
        return take_fixed(r, key, value, where, err);
    if (!strncmp(section, "column ", 7))
        return take_column(r, section + 7, key, value, where, err);
    if (!strncmp(section, "row ", 4))
        return table_rows_take(&r->row_sections, section + 4, key, value, where, err);
    if (!strncmp(section, "claim ", 6))
        return table_claim_take(r->table, section + 6, key, value, where, err);
    if (strcmp(section, "table"))
        return *section ? fail_usage(err, "%s: unknown section [%.60s]", where, section)
                        : fail_usage(err, "%s: '%.60s' stands before any [section]", where, key);
    const struct setting *s = settings_find(table_keys, key);
    if (!s)
        return refuse_key(table_keys, "", section, key, where, err);
    r->has_key[s - table_keys] = 1;
    if (!strcmp(s->name, "row"))
        snprintf(r->row_at, PATH_SIZE, "%s", where);
    if (!strcmp(s->name, "rows"))
        snprintf(r->rows_at, PATH_SIZE, "%s", where);
    if (!strcmp(s->name, "columns"))
        snprintf(r->columns_at, PATH_SIZE, "%s", where);
    if (!strcmp(s->name, "claims"))
        snprintf(r->table->claims_at, PATH_SIZE, "%s", where);
    return settings_assign(s, &r->keys, value, where, err);
}

int table_next_word(const char **at, const char *between, char out[SETTING_WORD_SIZE]) {
    *at += strspn(*at, between) + strspn(*at + strspn(*at, between), " \t");
    size_t length = strcspn(*at, between), trimmed = length;
    while (trimmed && ((*at)[trimmed - 1] == ' ' || (*at)[trimmed - 1] == '\t'))
        trimmed--;
    if (trimmed >= SETTING_WORD_SIZE)
        return -1;
    memcpy(out, *at, trimmed);
    out[trimmed] = 0;
    *at += length;
    return trimmed > 0;
}

static const char *between_words(const char *list) {
    return strchr(list, '|') ? "|" : ", \t";
}

int table_split_list(char (*out)[SETTING_WORD_SIZE], int most, int *count, const char *text,
                     const char *where, struct error *err) {
    const char *between = between_words(text);
    char word[SETTING_WORD_SIZE];
    int more;
    for (*count = 0; (more = table_next_word(&text, between, word)) > 0; ++*count) {
        if (*count == most)
            return fail_usage(err, "%s: more than %d entries", where, most);
        for (int i = 0; i < *count; i++)
            if (!strcmp(out[i], word))
                return fail_usage(err, "%s: '%s' given twice", where, word);
        memcpy(out[*count], word, sizeof word);
    }
    return more < 0 ? fail_usage(err, "%s: a word too long", where) : 0;
}

int table_has_data_columns(const struct table *t) {
    return !strcmp(t->column_name, "data");
}

// A column is a method, or a data set, or has a section, which says what its name does not.
static int take_columns(struct table_reading *r, struct error *err) {
    struct table *t = r->table;
    int by_data = table_has_data_columns(t);
    for (int i = 0; i < t->column_count; i++) {
        struct read_section *section = NULL;
        char own[SETTING_WORD_SIZE] = "";
        struct error none = {0};
        for (int k = 0; k < r->section_count; k++)
            if (!strcmp(r->sections[k].name, t->columns[i]))
                section = &r->sections[k];
        int unknown =
            (by_data ? take_data : take_method)(own, t->columns[i], r->columns_at, section ? &none : err);
        if (unknown && !section)
            return -1;
        if (!section)
            continue;
        unknown |= by_data && !data_set_of(own); // a profile's own data are named by `data` in the section
        section->used = 1;
        t->sections[i] = section->column;
        struct table_column *c = &t->sections[i];
        if (!section->has_method)
            snprintf(c->method, sizeof c->method, "%s", !by_data && !unknown ? own : t->method);
        if (!section->has_data)
            snprintf(c->data, sizeof c->data, "%s", by_data && !unknown ? own : t->data);
        if (!*c->method)
            return fail_usage(err, "%s: [column %s] has no method, nor has [fixed]", section->at,
                              section->name);
    }
    for (int k = 0; k < r->section_count; k++)
        if (!r->sections[k].used)
            return fail_usage(err, "%s: '%s' is not among the columns", r->sections[k].at,
                              r->sections[k].name);
    return 0;
}

int table_row_value(const struct table *t, const char *text, const char *where, int place, double *value,
                    struct error *err) {
    struct variations scratch = {0};
    if (t->row_kind == ROW_NAMED) {
        *value = place;
        return 0;
    }
    if (t->row_kind == ROW_AXIS)
        return axis_value(settings_find(table_axis_keys, t->row_name), text, where, value, err);
    if (variations_set(&scratch, t->row_name, text, where, err))
        return -1;
    *value = variation_number(t->row_name, text);
    if (isnan(*value))
        *value = place;
    return 0;
}

static int parse_lists(struct table_reading *r, struct error *err) {
    struct table *t = r->table;
    if (table_split_list(t->rows, TABLE_ROWS_MAXIMUM, &t->row_count, r->keys.rows, r->rows_at, err) ||
        table_split_list(t->columns, TABLE_COLUMNS_MAXIMUM, &t->column_count, r->keys.columns, r->columns_at,
                         err) ||
        table_split_list(t->claims, TABLE_CLAIMS_MAXIMUM, &t->claim_count, r->keys.claims, t->claims_at, err))
        return -1;
    if (!t->row_count || !t->column_count)
        return fail_usage(err, "%s: no entries", t->row_count ? r->columns_at : r->rows_at);
    for (int i = 0; i < t->row_count; i++) {
        if (table_row_value(t, t->rows[i], r->rows_at, i, &t->row_values[i], err))
            return -1;
        for (int k = 0; k < i; k++)
            if (t->row_values[k] == t->row_values[i])
                return fail_usage(err, "%s: '%s' and '%s' are one value", r->rows_at, t->rows[k], t->rows[i]);
    }
    return take_columns(r, err) || table_rows_settle(t, &r->row_sections, err) || table_claims_check(t, err)
               ? -1
               : 0;
}

// A data set that has p, q and size.
static const char *placed_name(void) {
    int i = 0;
    while (!data_set_list[i]->place)
        i++;
    return data_set_list[i]->name;
}

// What the row gives, nothing else may give (table_rows.c; named rows are checked there).
static int check_row_alone(const struct table_reading *r, struct error *err) {
    const struct table *t = r->table;
    if (t->row_kind != ROW_AXIS)
        return t->row_kind == ROW_SETTING ? table_row_alone(t, t->row_name, t->path, "the row", err) : 0;
    int axis = (int)(settings_find(table_axis_keys, t->row_name) - table_axis_keys);
    if (r->has_axis[axis])
        return table_given_twice(t->row_name, t->path, "the row", NULL, err);
    for (int i = 0; i < t->column_count; i++)
        if (t->sections[i].has_axis[axis])
            return table_given_twice(t->row_name, t->path, "the row", t->columns[i], err);
    return 0;
}

static int is_placed(const struct table *t, int column) {
    const struct data_set *set =
        data_set_of(table_data(t, column)); // none: a profile's own, which are photographs
    return set && set->place;
}

// p, q and size belong to data sets that are made to order; n is All where nothing is said.
static int check_axis(const struct table_reading *r, int i, struct error *err) {
    const struct table *t = r->table;
    const char *name = table_axis_keys[i].name;
    int is_row = !strcmp(name, t->row_name), is_n = table_axis_keys[i].standard != NULL, placed = 0, open = 0;
    for (int column = 0; column < t->column_count; column++) {
        const struct table_column *c = &t->sections[column];
        placed |= is_placed(t, column);
        open |= is_placed(t, column) && !c->has_axis[i];
        if (!is_n && c->has_axis[i] && !is_placed(t, column))
            return fail_usage(err, "%s: %s belongs to %s, which [column %s] has not", t->path, name,
                              placed_name(), t->columns[column]);
    }
    if (!is_n && !placed && (r->has_axis[i] || is_row))
        return fail_usage(err, "%s: %s belongs to %s, which the table has not", t->path, name, placed_name());
    if (!is_n && open && !r->has_axis[i] && !is_row)
        return fail_usage(err, "%s: %s must be given in [fixed]", t->path, name);
    return 0;
}

static int check_fixed(const struct table_reading *r, struct error *err) {
    const struct table *t = r->table;
    int by_data = table_has_data_columns(t), plain = 0, sections = 0;
    if (check_row_alone(r, err))
        return -1;
    for (int i = 0; i < AXES; i++)
        if (check_axis(r, i, err))
            return -1;
    for (int column = 0; column < t->column_count; column++) {
        plain += !t->sections[column].given;
        sections += t->sections[column].given;
    }
    if (!sections && (by_data ? r->has_data : r->has_method))
        return fail_usage(err, "%s: %s must be either the column or in [fixed], not both", t->path,
                          t->column_name);
    if (by_data && plain && !r->has_method)
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

static int read_definition(struct table_reading *r, struct error *err) {
    static const char *const kinds[] = {"results", "textures", "settings"};
    struct table *t = r->table;
    t->fixed.n = N_ALL;
    settings_default(table_keys, &r->keys);
    snprintf(t->data, sizeof t->data, "%s", DATA_SET_DEFAULT);
    home_definition_name(t->path, t->name, sizeof t->name);
    if (settings_file(t->path, take, r, err) || (*r->row_at && take_row_name(r, err)))
        return -1;
    while (strcmp(kinds[t->kind], r->keys.kind))
        t->kind++;
    for (int i = 0; table_keys[i].name; i++)
        if (!table_keys[i].standard && !r->has_key[i] &&
            (t->kind == TABLE_RESULTS || !strcmp(table_keys[i].name, "title")))
            return fail_usage(err, "%s: %s is missing in [table]", t->path, table_keys[i].name);
    snprintf(t->title, sizeof t->title, "%s", r->keys.title);
    snprintf(t->suite, sizeof t->suite, "%.40s", r->keys.suite);
    snprintf(t->column_name, sizeof t->column_name, "%s", r->keys.column);
    if (t->kind != TABLE_RESULTS)
        return check_printed(r, err);
    return parse_lists(r, err) || check_fixed(r, err) ? -1 : 0;
}

int table_read(struct table *t, const char *word, struct error *err) {
    struct table_reading *r = allocate(1, sizeof *r, "a table", err);
    if (!r)
        return -1;
    memset(t, 0, sizeof *t);
    r->table = t;
    int failed = home_definition(t->path, "tables", word, err) || error_of_file(read_definition(r, err), err);
    free(r);
    return failed ? -1 : 0;
}
