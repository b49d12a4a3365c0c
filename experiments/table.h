// SPDX-License-Identifier: Apache-2.0
// Tables: which cells one has (experiments.md, section 4).
//
// One file each in experiments/tables. Sections:
//   [table]   title; data (textured-mnist); row (name of what varies: p, q or size), rows (its values, as
//             printed), columns (methods), claims (ids, decided on this table)
//   [fixed]   p, q, size where they do not vary (size in pixels of a 224-pixel canvas; other canvases scale
//             it)
#ifndef REFF_EXPERIMENTS_TABLE_H
#define REFF_EXPERIMENTS_TABLE_H

#include "core/base/file.h"
#include "core/base/settings.h"

enum { TABLE_ROWS_MOST = 16, TABLE_COLUMNS_MOST = 8, TABLE_CLAIMS_MOST = 8 };

struct axes { // what may vary over a table's rows
    double p, q;
    double size; // on a canvas of 224 pixels
};

struct table {
    char name[SETTING_WORD_SIZE]; // the file's, without .ini
    char path[PATH_SIZE];
    char title[SETTING_TEXT_SIZE];
    char row_name[SETTING_WORD_SIZE];
    int row_count, column_count, claim_count;
    char rows[TABLE_ROWS_MOST][SETTING_WORD_SIZE];
    double row_values[TABLE_ROWS_MOST];
    char columns[TABLE_COLUMNS_MOST][SETTING_WORD_SIZE];
    char claims[TABLE_CLAIMS_MOST][SETTING_WORD_SIZE];
    char claims_at[PATH_SIZE]; // file and line, for messages
    struct axes fixed;
    int partial; // rows were left out: claims over all rows cannot be decided
};

// Reads the table of that name (or path).
int table_read(struct table *t, const char *word, struct error *err);

// Reads all that the words mean, each once: "table1a" is that table, "table1" is table1a and table1b.
// *tables is owned by the caller (free()), also after a failure.
int tables_read(struct table **tables, int *count, char *const *words, int word_count, struct error *err);

// Leaves only the rows that `text` lists ("0,1"; "": all of them). One that the table lacks is a usage error.
int table_keep_rows(struct table *t, const char *text, struct error *err);

struct axes table_axes(const struct table *t, int row); // the fixed ones with the row's value

// The index of a label, or -1.
int table_row(const struct table *t, double value);
int table_column(const struct table *t, const char *method);

#endif
