// SPDX-License-Identifier: Apache-2.0
// Sheets as comma-separated values (RFC 4180): a line of headings, a line a row.
#include "experiments/results/sheet_internal.h"

#include <string.h>

// A field with commas, quotes or line ends stands in quotes.
static void put_field(FILE *out, const char *text) {
    if (!strpbrk(text, ",\"\n\r")) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

void sheet_csv(FILE *out, const struct sheet *s) {
    for (int i = 0; i < s->column_count; i++) {
        fputs(i ? "," : "", out);
        put_field(out, s->columns[i].heading);
    }
    fputc('\n', out);
    for (int row = 0; row < sheet_rows(s); row++) {
        for (int i = 0; i < s->column_count; i++) {
            fputs(i ? "," : "", out);
            put_field(out, sheet_cell(s, row, i));
        }
        fputc('\n', out);
    }
}
