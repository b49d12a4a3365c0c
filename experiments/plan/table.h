// SPDX-License-Identifier: Apache-2.0
// Tables: which cells one has (docs/experiments.md, section 4).
//
// One file each in experiments/tables. Sections:
//   [table]   title; kind (results; textures, settings: printed from what is in force, without runs); row
//             (name of what varies: p, q, size, n, or any setting of variation.h), rows (its values, as printed,
//             apart by commas, or by '|' where values have commas; or a word of one's own, whose rows are described
//             below), column (method or data), columns (methods, or
//             data sets, or names of columns below), claims (ids, decided on this table), suite (a word that stands for all
//             tables that name it; "tables" stands for those that name none: the paper's)
//   [fixed]   p, q, size, n, data, method where they do not vary (size in pixels of a 224-pixel canvas; other
//             canvases scale it), and settings of variation.h. n is "All" and data textured-mnist unless given. p, q
//             and size belong to Textured MNIST and are left out where no column has it.
//   [column NAME]   in which one column differs: title, profile, method, data, p, q, size, n, settings of
//             variation.h. It prevails over [fixed], and its settings over those of its profile.
//   [row NAME]      what a row of such a word varies: settings of variation.h. A row without a section is as its profile
//             has it.
//   [claim ID]      a claim of the table's own, decided as the paper's are: text; columns (two: A, B); rows (default:
//             every row of the table; each must hold); kind (above: A is above B by more than `by` points, 0 unless
//             given, where -1 says no worse by more than one; same: A and B are within `by` points)
#ifndef REFF_EXPERIMENTS_PLAN_TABLE_H
#define REFF_EXPERIMENTS_PLAN_TABLE_H

#include "core/base/file.h"
#include "core/base/settings.h"
#include "experiments/plan/variation.h"

enum { TABLE_ROWS_MAXIMUM = 16, TABLE_COLUMNS_MAXIMUM = 12, TABLE_CLAIMS_MAXIMUM = 8 };

#define N_ALL 1e9 // annotated images per class: every one; printed "All"

enum table_kind { TABLE_RESULTS, TABLE_TEXTURES, TABLE_SETTINGS };

enum row_kind {
    ROW_AXIS,    // of `axes`
    ROW_SETTING, // of variation.h
    ROW_NAMED,   // what [row NAME] says
};

struct axes { // what may vary over a table's rows
    double p, q;
    double size; // on a canvas of 224 pixels
    double n;    // annotated images per class
};

enum { AXES = 4 };

struct table_column { // [column NAME]
    int given;        // the table has the section; else the column is what its name says
    char title[SETTING_TEXT_SIZE], profile[SETTING_TEXT_SIZE]; // "": its name, the profile asked for
    char method[SETTING_WORD_SIZE], data[SETTING_WORD_SIZE];
    int has_axis[AXES]; // which of `axes` are its own
    struct axes axes;
    struct variations settings;
};

struct table_claim { // of the table's own
    char id[SETTING_WORD_SIZE], text[SETTING_TEXT_SIZE];
    int same;
    char columns[2][SETTING_WORD_SIZE];
    double by; // points
    int row_count;
    double rows[TABLE_ROWS_MAXIMUM];
    char row_list[SETTING_TEXT_SIZE], column_list[SETTING_TEXT_SIZE],
        at[PATH_SIZE]; // as they stand in the file
};

struct table {
    char name[SETTING_WORD_SIZE]; // the file's, without .ini
    char path[PATH_SIZE];
    enum table_kind kind;
    char title[SETTING_TEXT_SIZE];
    char suite[SETTING_WORD_SIZE]; // "": the paper's
    char row_name[SETTING_WORD_SIZE];
    char column_name[SETTING_WORD_SIZE]; // method, data
    int row_count, column_count, claim_count;
    char rows[TABLE_ROWS_MAXIMUM][SETTING_WORD_SIZE];
    double row_values[TABLE_ROWS_MAXIMUM]; // N_ALL for "All"; of words their place, from 0
    enum row_kind row_kind;
    struct variations row_settings[TABLE_ROWS_MAXIMUM]; // ROW_NAMED
    char columns[TABLE_COLUMNS_MAXIMUM][SETTING_WORD_SIZE];
    struct table_column sections[TABLE_COLUMNS_MAXIMUM]; // [column_count]
    char claims[TABLE_CLAIMS_MAXIMUM][SETTING_WORD_SIZE];
    char claims_at[PATH_SIZE]; // file and line, for messages
    int own_claim_count;       // whose ids are the last ones of `claims`
    struct table_claim own_claims[TABLE_CLAIMS_MAXIMUM];
    struct axes fixed;
    struct variations fixed_settings;
    char data[SETTING_WORD_SIZE], method[SETTING_WORD_SIZE]; // where the columns do not say
    int partial; // rows or columns were left out: claims over all of them cannot be decided
};

// Reads the table of that name (or path).
int table_read(struct table *t, const char *word, struct error *err);

// Reads all that the words mean, each once: "table1a" is that table, "table1" is table1a and table1b,
// "tables" is every one of no suite that can be read, a suite's name every one of that suite: what is wrong with
// another is told, it is not named. *tables is owned by the caller (free()), also after a failure.
int tables_read(struct table **tables, int *count, char *const *words, int word_count, struct error *err);

// Leaves only the rows and the columns that the texts list ("0,All", "baseline"; "": all of them); a table in
// which none is left goes, as do those that are printed without runs. One that no table has is a usage error.
int tables_keep(struct table *tables, int *count, const char *rows, const char *columns, struct error *err);

// The table's own claim of that id, or NULL.
const struct table_claim *table_own_claim(const struct table *t, const char *id);

// Whether a word can name a data set: one of gen/data_set/data_set.h, or a profile's own, which tables name
// before any profile is known. Letters, digits, '-' and '_'.
int table_is_data_name(const char *word);

// The fixed ones, the column's own, and the row's value.
struct axes table_axes(const struct table *t, int row, int column);
const char *table_data(const struct table *t, int column);
const char *table_method(const struct table *t, int column);
const char *table_profile(const struct table *t,
                          int column); // the word of its section; "": the profile asked for

// What varies beside axes: of [fixed], the column and the row.
int table_settings(struct variations *out, const struct table *t, int row, int column, struct error *err);

// Where the table gives the setting ("its row", "[row wide]", "[fixed]", "[column big]"); NULL: nowhere.
const char *table_gives(const struct table *t, const char *name, char where[SETTING_WORD_SIZE + 16]);

// The index of a label (for data: of a data set), or -1.
int table_row(const struct table *t, double value);
int table_column(const struct table *t, const char *label);

// Characters of the longest row's label, or of the rows' name; at least `least`.
int table_label_width(const struct table *t, int least);

#endif
