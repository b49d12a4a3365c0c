// SPDX-License-Identifier: Apache-2.0
#include "experiments/plan/table_internal.h"

#include <string.h>

int table_rows_take(struct row_sections *sections, const char *name, const char *key, const char *value,
                    const char *where, struct error *err) {
    int i = 0;
    while (i < sections->count && strcmp(sections->items[i].name, name) != 0)
        i++;
    if (i == TABLE_ROWS_MAXIMUM)
        return fail_usage(err, "%s: more than %d sections of rows", where, TABLE_ROWS_MAXIMUM);
    if (!*name || strlen(name) >= SETTING_WORD_SIZE)
        return fail_usage(err, "%s: [row NAME] wants a name of less than %d bytes", where, SETTING_WORD_SIZE);
    if (i == sections->count) {
        snprintf(sections->items[i].name, sizeof sections->items[i].name, "%s", name);
        snprintf(sections->items[i].at, sizeof sections->items[i].at, "%s", where);
        sections->count++;
    }
    return variations_set(&sections->items[i].settings, key, value, where, err);
}

int table_given_twice(const char *name, const char *at, const char *by, const char *column,
                      struct error *err) {
    return column
               ? fail_usage(err, "%s: %s must be either %s or in [column %s], not both", at, name, by, column)
               : fail_usage(err, "%s: %s must be either %s or in [fixed], not both", at, name, by);
}

int table_row_alone(const struct table *t, const char *name, const char *at, const char *by,
                    struct error *err) {
    if (variations_find(&t->fixed_settings, name))
        return table_given_twice(name, at, by, NULL, err);
    for (int i = 0; i < t->column_count; i++)
        if (variations_find(&t->sections[i].settings, name))
            return table_given_twice(name, at, by, t->columns[i], err);
    return 0;
}

static int check_alone(const struct table *t, int row, const char *at, struct error *err) {
    char by[SETTING_WORD_SIZE + 16];
    snprintf(by, sizeof by, "in [row %s]", t->rows[row]);
    for (int i = 0; i < t->row_settings[row].count; i++)
        if (table_row_alone(t, t->row_settings[row].items[i].name, at, by, err))
            return -1;
    return 0;
}

int table_rows_settle(struct table *t, const struct row_sections *sections, struct error *err) {
    for (int i = 0; i < sections->count; i++) {
        int row = 0;
        while (row < t->row_count && strcmp(t->rows[row], sections->items[i].name) != 0)
            row++;
        if (row == t->row_count)
            return fail_usage(err, "%s: '%s' is not among the rows", sections->items[i].at,
                              sections->items[i].name);
        t->row_settings[row] = sections->items[i].settings;
        if (check_alone(t, row, sections->items[i].at, err))
            return -1;
    }
    return 0;
}
