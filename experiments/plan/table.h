// SPDX-License-Identifier: Apache-2.0
// Tables: which cells one has (docs/experiments.md, section 4).
//
// One file each in experiments/tables. Sections:
//   [table]   title; kind (results; textures, settings: printed from what is in force, without runs); row
//             (name of what varies: p, q, size or n), rows (its values, as printed), column (method or
//             data), columns (methods, or data sets), claims (ids, decided on this table)
//   [fixed]   p, q, size, n, data, method where they do not vary (size in pixels of a 224-pixel canvas; other
//             canvases scale it). n is "All" and data textured-mnist unless given. p, q and size belong to
//             Textured MNIST and are left out where no column has it.
#ifndef REFF_EXPERIMENTS_PLAN_TABLE_H
#define REFF_EXPERIMENTS_PLAN_TABLE_H

#include "core/base/file.h"
#include "core/base/settings.h"

enum { TABLE_ROWS_MAXIMUM = 16, TABLE_COLUMNS_MAXIMUM = 8, TABLE_CLAIMS_MAXIMUM = 8 };

#define N_ALL 1e9 // annotated images per class: every one; printed "All"

enum table_kind { TABLE_RESULTS, TABLE_TEXTURES, TABLE_SETTINGS };

struct axes { // what may vary over a table's rows
    double p, q;
    double size; // on a canvas of 224 pixels
    double n;    // annotated images per class
};

struct table {
    char name[SETTING_WORD_SIZE]; // the file's, without .ini
    char path[PATH_SIZE];
    enum table_kind kind;
    char title[SETTING_TEXT_SIZE];
    char row_name[SETTING_WORD_SIZE];
    char column_name[SETTING_WORD_SIZE]; // method, data
    int row_count, column_count, claim_count;
    char rows[TABLE_ROWS_MAXIMUM][SETTING_WORD_SIZE];
    double row_values[TABLE_ROWS_MAXIMUM]; // N_ALL for "All"
    char columns[TABLE_COLUMNS_MAXIMUM][SETTING_WORD_SIZE];
    char claims[TABLE_CLAIMS_MAXIMUM][SETTING_WORD_SIZE];
    char claims_at[PATH_SIZE]; // file and line, for messages
    struct axes fixed;
    char data[SETTING_WORD_SIZE], method[SETTING_WORD_SIZE]; // where the columns do not say
    int partial; // rows or columns were left out: claims over all of them cannot be decided
};

// Reads the table of that name (or path).
int table_read(struct table *t, const char *word, struct error *err);

// Reads all that the words mean, each once: "table1a" is that table, "table1" is table1a and table1b,
// "tables" is every one that can be read: what is wrong with another is told, it is not named. *tables is
// owned by the caller (free()), also after a failure.
int tables_read(struct table **tables, int *count, char *const *words, int word_count, struct error *err);

// Leaves only the rows and the columns that the texts list ("0,All", "baseline"; "": all of them); a table in
// which none is left goes, as do those that are printed without runs. One that no table has is a usage error.
int tables_keep(struct table *tables, int *count, const char *rows, const char *columns, struct error *err);

struct axes table_axes(const struct table *t, int row); // the fixed ones with the row's value
const char *table_data(const struct table *t, int column);
const char *table_method(const struct table *t, int column);

// The index of a label (for data: of a data set), or -1.
int table_row(const struct table *t, double value);
int table_column(const struct table *t, const char *label);

#endif
