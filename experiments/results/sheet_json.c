// SPDX-License-Identifier: Apache-2.0
// Sheets in JSON: names and texts as they are.
#include "experiments/results/sheet_internal.h"

#include "core/base/json.h"

#include <stdlib.h>

int sheet_json(FILE *out, const struct sheet *s, struct error *err) {
    json_t *columns = json_array(), *rows = json_array();
    for (int i = 0; i < s->column_count; i++)
        json_array_append_new(columns, json_string(s->columns[i].heading));
    for (int row = 0; row < sheet_rows(s); row++) {
        json_t *cells = json_array();
        for (int i = 0; i < s->column_count; i++)
            json_array_append_new(cells, json_string(sheet_cell(s, row, i)));
        json_array_append_new(rows, cells);
    }
    json_t *value =
        json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "table", s->name, "profile", s->profile, "title",
                  text_string(&s->title), "note", text_string(&s->intro), "columns", columns, "rows", rows);
    char *text = value ? json_text_rounded(value, 12) : NULL;
    json_decref(value);
    if (!text)
        return fail(err, "%s: a value that JSON cannot hold", s->name);
    fprintf(out, "%s\n", text);
    free(text);
    return 0;
}
