// SPDX-License-Identifier: Apache-2.0
// What the reading of a table's file and the rest of tables share.
#ifndef REFF_EXPERIMENTS_PLAN_TABLE_INTERNAL_H
#define REFF_EXPERIMENTS_PLAN_TABLE_INTERNAL_H

#include "experiments/plan/table.h"

extern const struct setting table_axis_keys[]; // [AXES], of struct axes

int table_has_data_columns(const struct table *t);

// Takes the next word of a list whose words are apart by the characters `between`; 0 at its end, -1 for a word that is too
// long.
int table_next_word(const char **at, const char *between, char out[SETTING_WORD_SIZE]);

// Words apart by commas and blanks, or by '|' alone where the list has one; each once, at most `most`.
int table_split_list(char (*out)[SETTING_WORD_SIZE], int most, int *count, const char *text,
                     const char *where, struct error *err);

// A row's value as a number: that of an axis or of a setting; of a word its `place`.
int table_row_value(const struct table *t, const char *text, const char *where, int place, double *value,
                    struct error *err);

// The sections [row NAME], which may stand before `rows` (table_rows.c).
struct row_sections {
    int count;
    struct {
        char name[SETTING_WORD_SIZE], at[PATH_SIZE];
        struct variations settings;
    } items[TABLE_ROWS_MAXIMUM];
};

// A line of [row NAME].
int table_rows_take(struct row_sections *sections, const char *name, const char *key, const char *value,
                    const char *where, struct error *err);

// What a row gives, nothing else may give: it would be said twice, and mean one of the two. The first refuses (column NULL:
// in [fixed]), the second looks for a setting. by: who gives it, "the row" or "in [row wide]".
int table_given_twice(const char *name, const char *at, const char *by, const char *column,
                      struct error *err);
int table_row_alone(const struct table *t, const char *name, const char *at, const char *by,
                    struct error *err);

// Once rows and columns are known: each section's settings to its row, after a check that nothing else gives them.
int table_rows_settle(struct table *t, const struct row_sections *sections, struct error *err);

// A line of [claim ID] (table_claims.c), and the check of all of them once rows and columns are known, which adds their ids
// to the table's claims.
int table_claim_take(struct table *t, const char *id, const char *key, const char *value, const char *where,
                     struct error *err);
int table_claims_check(struct table *t, struct error *err);

#endif
