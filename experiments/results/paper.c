// SPDX-License-Identifier: Apache-2.0
#include "experiments/results/paper.h"

#include "core/base/file.h"
#include "experiments/plan/home.h"
#include "experiments/plan/table.h"
#include "gen/read/csv_rows.h"

#include <stdlib.h>
#include <string.h>

enum { TABLE, ROW_NAME, ROW, COLUMN, MEAN, STD, PAPER_FIELDS };

static const char *const field_names[PAPER_FIELDS] = {"table", "row_name", "row", "column", "mean", "std"};

static void paper_key(char out[160], const char *table, double row, const char *column) {
    snprintf(out, 160, "%.40s|%.9g|%.40s", table, row, column);
}

// Rows are numbers, or All.
static int take_row(json_t *paper, const struct csv_rows *rows, int i, const int at[PAPER_FIELDS],
                    struct error *err) {
    int place = csv_rows_line(rows, i), count = csv_rows_width(rows, i);
    const char *fields[PAPER_FIELDS];
    char key[160];
    double row = N_ALL, mean, std;
    if (count != rows->columns)
        return fail(err, "%s:%d: %s than %d fields", rows->name, place,
                    count < rows->columns ? "fewer" : "more", rows->columns);
    for (int k = 0; k < PAPER_FIELDS; k++)
        fields[k] = csv_rows_field(rows, i, at[k]);
    if ((strcmp(fields[ROW], "All") && !csv_rows_number(rows, fields[ROW], &row)) ||
        !csv_rows_number(rows, fields[MEAN], &mean) || !csv_rows_number(rows, fields[STD], &std))
        return fail(err, "%s:%d: row, mean or std is no number", rows->name, place);
    paper_key(key, fields[TABLE], row, fields[COLUMN]);
    if (json_object_get(paper, key))
        return fail(err, "%s:%d: given twice", rows->name, place);
    return json_object_set_new(paper, key, json_pack("[f, f]", mean, std))
               ? fail_memory(err, "%s", rows->name)
               : 0;
}

json_t *paper_read_file(const char *path, struct error *err) {
    size_t size;
    int at[PAPER_FIELDS], bad;
    struct csv_rows rows = {0};
    char *text = file_read(path, 1 << 20, &size, err);
    json_t *paper = text ? json_object() : NULL;
    if (text && !paper)
        fail_memory(err, "%s", path);
    bad = !paper || csv_rows_read(&rows, path, text, size, err);
    for (int k = 0; k < PAPER_FIELDS && !bad; k++)
        bad = (at[k] = csv_rows_need(&rows, field_names[k], err)) < 0;
    for (int i = 0; i < rows.count && !bad; i++)
        bad = take_row(paper, &rows, i, at, err);
    csv_rows_free(&rows);
    free(text);
    if (!bad)
        return paper;
    json_decref(paper);
    return NULL;
}

json_t *paper_read(struct error *err) {
    char path[PATH_SIZE];
    return home_path(path, "tables/paper.csv", err) ? NULL : paper_read_file(path, err);
}

int paper_value(const json_t *paper, const char *table, double row, const char *column, double *mean,
                double *std) {
    char key[160];
    paper_key(key, table, row, column);
    const json_t *pair = json_object_get(paper, key);
    if (!pair)
        return -1;
    *mean = json_number_value(json_array_get(pair, 0));
    *std = json_number_value(json_array_get(pair, 1));
    return 0;
}
