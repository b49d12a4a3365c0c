// SPDX-License-Identifier: Apache-2.0
#include "experiments/results/paper.h"

#include "core/base/file.h"
#include "experiments/plan/home.h"
#include "experiments/plan/table.h"
#include "gen/read/csv_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_SIZE = 200 };

static void paper_key(char out[KEY_SIZE], const char *table, double row, const char *column) {
    snprintf(out, KEY_SIZE, "%.40s|%.9g|%.60s", table, row, column);
}

// A number that fills the whole text.
static int number(const char *text, double *value) {
    char *end;
    *value = strtod(text, &end);
    return end != text && !*end;
}

// Rows are numbers, or All, or words.
static void label_key(char out[KEY_SIZE], const char *table, const char *row, const char *column) {
    double value;
    if (!strcmp(row, "All"))
        value = N_ALL;
    else if (!number(row, &value)) {
        snprintf(out, KEY_SIZE, "%.40s|%.60s|%.60s", table, row, column);
        return;
    }
    paper_key(out, table, value, column);
}

struct columns {
    int table, row, column, mean, std;
};

static int take_row(json_t *paper, const struct csv_rows *rows, int i, const struct columns *c,
                    struct error *err) {
    const char *std_text = csv_rows_field(rows, i, c->std);
    double mean, std = NAN;
    char key[KEY_SIZE];
    if (csv_rows_width(rows, i) > rows->columns)
        return fail(err, "%s: line %d: more than %d fields", rows->name, csv_rows_line(rows, i),
                    rows->columns);
    if (!csv_rows_number(rows, csv_rows_field(rows, i, c->mean), &mean) ||
        (*std_text && !csv_rows_number(rows, std_text, &std)))
        return fail(err, "%s: line %d: mean or std is no number", rows->name, csv_rows_line(rows, i));
    if (std < 0)
        return fail(err, "%s: line %d: std is below 0", rows->name, csv_rows_line(rows, i));
    label_key(key, csv_rows_field(rows, i, c->table), csv_rows_field(rows, i, c->row),
              csv_rows_field(rows, i, c->column));
    if (json_object_get(paper, key))
        return fail(err, "%s: line %d: given twice", rows->name, csv_rows_line(rows, i));
    return json_object_set_new(paper, key,
                               json_pack("[f, o]", mean, isnan(std) ? json_null() : json_real(std)))
               ? fail_memory(err, "%s", rows->name)
               : 0;
}

static int take_rows(json_t *paper, const struct csv_rows *rows, struct error *err) {
    const struct columns c = {csv_rows_need(rows, "table", err), csv_rows_need(rows, "row", err),
                              csv_rows_need(rows, "column", err), csv_rows_need(rows, "mean", err),
                              csv_rows_column(rows, "std")};
    int failed = c.table < 0 || c.row < 0 || c.column < 0 || c.mean < 0;
    for (int i = 0; i < rows->count && !failed; i++)
        failed = take_row(paper, rows, i, &c, err);
    return failed ? -1 : 0;
}

json_t *paper_read_file(const char *path, struct error *err) {
    struct csv_rows rows = {0};
    size_t size;
    char *text = file_read(path, 1 << 20, &size, err);
    json_t *paper = text ? json_object() : NULL;
    if (!paper || csv_rows_read(&rows, path, text, size, err) || take_rows(paper, &rows, err)) {
        if (text && !paper)
            fail_memory(err, "%s", path);
        json_decref(paper);
        paper = NULL;
    }
    csv_rows_free(&rows);
    free(text);
    return paper;
}

json_t *paper_read(struct error *err) {
    char path[PATH_SIZE];
    return home_path(path, "tables/paper.csv", err) ? NULL : paper_read_file(path, err);
}

static int value_of(const json_t *paper, const char *key, double *mean, double *std) {
    const json_t *pair = json_object_get(paper, key), *spread = json_array_get(pair, 1);
    if (!pair)
        return -1;
    *mean = json_number_value(json_array_get(pair, 0));
    *std = json_is_number(spread) ? json_number_value(spread) : NAN;
    return 0;
}

int paper_value(const json_t *paper, const char *table, double row, const char *column, double *mean,
                double *std) {
    char key[KEY_SIZE];
    paper_key(key, table, row, column);
    return value_of(paper, key, mean, std);
}

int paper_value_at(const json_t *paper, const char *table, const char *row, const char *column, double *mean,
                   double *std) {
    char key[KEY_SIZE];
    label_key(key, table, row, column);
    return value_of(paper, key, mean, std);
}

int paper_is_of(const char *key, const char *table) {
    size_t length = strnlen(table, 40);
    return !strncmp(key, table, length) && key[length] == '|';
}

int paper_is_at(const char *key, const char *table, const char *row, const char *column) {
    char own[KEY_SIZE];
    label_key(own, table, row, column);
    return !strcmp(own, key);
}

void paper_add_place(struct text *out, const char *key) {
    char all[40];
    const char *row = strchr(key, '|') + 1, *column = strrchr(key, '|') + 1;
    int length = (int)(column - row) - 1;
    snprintf(all, sizeof all, "%.9g|", (double)N_ALL);
    if (!strncmp(row, all, strlen(all)))
        text_add(out, "row All");
    else
        text_printf(out, "row %.*s", length, row);
    text_printf(out, ", column %s", column);
}
