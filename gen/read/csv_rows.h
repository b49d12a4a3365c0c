// SPDX-License-Identifier: Apache-2.0
// CSV as people have it (libcsv): quotes, blanks around fields, a byte order mark, lines that end in LF, CRLF or
// CR; fields apart by commas, or by semicolons or tabs where the header has them, or a line "sep=;" before it says so. The first row names the
// columns, which are asked for by name: whatever their order and case, and whether a name has '_', '-' or
// blanks in it. Columns that nobody asks for are ignored.
//
//     struct csv_rows rows;
//     if (csv_rows_read(&rows, path, text, size, err)) return -1;
//     int id = csv_rows_need(&rows, "image_id image", err);
//     for (int i = 0; i < rows.count; i++) ... csv_rows_field(&rows, i, id) ...
//     csv_rows_free(&rows);
#ifndef REFF_GEN_READ_CSV_ROWS_H
#define REFF_GEN_READ_CSV_ROWS_H

#include "core/base/error.h"
#include "core/base/text.h"

#include <stddef.h>

#define CSV_COLUMNS_MAXIMUM 4096
#define CSV_ROWS_MAXIMUM    2000000

struct csv_row {
    int line;     // where it begins in the file, from 1
    int count;    // its fields
    size_t first; // place of the first one in `starts`
};

struct csv_rows {
    const char *name; // the file's, for messages; borrowed
    char delimiter;   // ',', ';' or '\t'
    int columns;      // of the header, whose fields are row 0
    int count;        // rows without the header; empty ones are left out
    struct csv_row *rows;
    size_t *starts;    // where each field begins in `text`
    struct text text;  // all fields, a zero after each
    size_t start_room; // of starts
};

// Parses a whole file in memory. Fails with "NAME: line N: what is wrong". csv_rows_free is needed after
// failures, too.
int csv_rows_read(struct csv_rows *rows, const char *name, const char *text, size_t size, struct error *err);
void csv_rows_free(struct csv_rows *rows);

// The column that one of the names has (words apart by blanks, the first that is there counts), or -1.
int csv_rows_column(const struct csv_rows *rows, const char *names);

// The same into *column, where no other column is called so: else a failure, since one of them would be passed over.
int csv_rows_find(const struct csv_rows *rows, const char *names, int *column, struct error *err);

// The column; one that is not there, or there twice, is a failure, which lists those that are.
int csv_rows_need(const struct csv_rows *rows, const char *names, struct error *err);

// A field of row i of `count`; "" where the row is shorter, or column is -1.
const char *csv_rows_field(const struct csv_rows *rows, int i, int column);
int csv_rows_line(const struct csv_rows *rows, int i);
int csv_rows_width(const struct csv_rows *rows, int i); // how many fields it has

// A decimal number that fills the text: "1", "-0.5", "2e3"; with semicolons between fields "0,5" too. Not
// "0x1", "inf" or "nan". 1, or 0 where it is none.
int csv_rows_number(const struct csv_rows *rows, const char *field, double *value);

#endif
