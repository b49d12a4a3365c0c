// SPDX-License-Identifier: Apache-2.0
// Sheets in Markdown (tables as GitHub's flavour has them).
#include "experiments/results/sheet_internal.h"

#include <string.h>

// A cell up to the column's width, and the bar after it. printf pads by bytes; here characters count, of which
// the sign +- has two bytes. A bar inside would end the cell.
static void put_cell(FILE *out, const char *text, int width) {
    int shown = 0;
    fputc(' ', out);
    for (const char *c = text; *c; c++) {
        fputc(*c == '|' ? '/' : *c, out);
        shown += ((unsigned char)*c & 0xc0) != 0x80;
    }
    fprintf(out, "%*s |", width > shown ? width - shown : 0, "");
}

static void put_rule(FILE *out, const struct sheet_column *column) {
    char rule[] = "--------";
    rule[column->kind == SHEET_SYMBOL && column->width < (int)sizeof rule ? column->width : 3] = 0;
    put_cell(out, rule, column->width);
}

void sheet_markdown(FILE *out, const struct sheet *s) {
    fprintf(out, "## %s\n\n%s\n\n|", text_string(&s->title), text_string(&s->intro));
    for (int i = 0; i < s->column_count; i++)
        put_cell(out, s->columns[i].heading, s->columns[i].width);
    fputs("\n|", out);
    for (int i = 0; i < s->column_count; i++)
        put_rule(out, &s->columns[i]);
    fputc('\n', out);
    for (int row = 0; row < sheet_rows(s); row++) {
        fputc('|', out);
        for (int i = 0; i < s->column_count; i++)
            put_cell(out, sheet_cell(s, row, i), s->columns[i].width);
        fputc('\n', out);
    }
    if (s->note.length)
        fprintf(out, "\n%s", text_string(&s->note));
}
