// SPDX-License-Identifier: Apache-2.0
#include "experiments/results/table_result_output.h"

#include "experiments/results/table_result_json.h"
#include "experiments/results/table_result_sheet.h"

#include <stdlib.h>

enum { JSON_DIGITS = 12 }; // of means and tests; more would be rounding

static int print_json(FILE *out, const struct table_result *table, const struct claim_result *claims,
                      int claim_count, const json_t *provenance, struct error *err) {
    json_t *value = table_result_json(table, claims, claim_count, provenance);
    char *text = value ? json_text_rounded(value, JSON_DIGITS) : NULL;
    json_decref(value);
    if (!text)
        return fail(err, "%s: a value that JSON cannot hold", table->table->name);
    fprintf(out, "%s\n", text);
    free(text);
    return 0;
}

int table_result_print(FILE *out, enum sheet_format format, const struct table_result *table,
                       const struct claim_result *claims, int claim_count, const json_t *provenance,
                       struct error *err) {
    struct sheet sheet = {0};
    if (format == SHEET_JSON)
        return print_json(out, table, claims, claim_count, provenance, err);
    if (format == SHEET_CSV)
        table_result_cells(&sheet, table);
    else
        table_result_sheet(&sheet, table, claims, claim_count);
    int failed = sheet_print(out, format, &sheet, err);
    sheet_free(&sheet);
    return failed;
}

struct whole_table { // for sheet_write_files
    const struct table_result *table;
    const struct claim_result *claims;
    int claim_count;
    const json_t *provenance;
};

static int write_table(FILE *out, enum sheet_format format, const void *context, struct error *err) {
    const struct whole_table *t = context;
    return table_result_print(out, format, t->table, t->claims, t->claim_count, t->provenance, err);
}

int table_result_files(const char *results, const struct table_result *table,
                       const struct claim_result *claims, int claim_count, const json_t *provenance,
                       struct error *err) {
    const struct whole_table whole = {table, claims, claim_count, provenance};
    struct text name = {0};
    text_printf(&name, "%s%s", table->table->name, table->table->partial ? "-partial" : "");
    int failed =
        text_check(&name, "a file's name", err) ||
        sheet_write_files(results, table->plan->profile->name, text_string(&name), write_table, &whole, err);
    text_free(&name);
    return failed ? -1 : 0;
}
