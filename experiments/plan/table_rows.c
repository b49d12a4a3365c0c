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

// What a row gives, nothing else may give: it would be said twice, and mean one of the two.
static int check_alone(const struct table *t, int row, const char *at, struct error *err) {
    const struct variations *own = &t->row_settings[row];
    for (int i = 0; i < own->count; i++) {
        const char *name = own->items[i].name;
        if (variations_find(&t->fixed_settings, name))
            return fail_usage(err, "%s: %s must be either in [row %s] or in [fixed], not both", at, name,
                              t->rows[row]);
        for (int column = 0; column < t->column_count; column++)
            if (variations_find(&t->sections[column].settings, name))
                return fail_usage(err, "%s: %s must be either in [row %s] or in [column %s], not both", at,
                                  name, t->rows[row], t->columns[column]);
    }
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
