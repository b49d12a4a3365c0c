// SPDX-License-Identifier: Apache-2.0
#include "experiments/results/paper.h"

#include "core/base/file.h"
#include "experiments/plan/home.h"
#include "experiments/plan/table.h"

#include <stdlib.h>
#include <string.h>

enum { PAPER_FIELDS = 6 };

static void paper_key(char out[160], const char *table, double row, const char *column) {
    snprintf(out, 160, "%.40s|%.9g|%.40s", table, row, column);
}

// A number that fills the whole field.
static int number(const char *field, double *value) {
    char *end;
    *value = strtod(field, &end);
    return end != field && !*end;
}

// Rows are numbers, or All.
static int take_line(json_t *paper, char *line, const char *path, int place, struct error *err) {
    char *fields[PAPER_FIELDS], key[160];
    double row, mean, std;
    int count = 0;
    for (char *at = line; at && count < PAPER_FIELDS; count++) {
        fields[count] = at;
        at = strchr(at, ',');
        if (at)
            *at++ = 0;
        if (at && count == PAPER_FIELDS - 1)
            return fail(err, "%s:%d: more than %d fields", path, place, PAPER_FIELDS);
    }
    if (count < PAPER_FIELDS)
        return fail(err, "%s:%d: fewer than %d fields", path, place, PAPER_FIELDS);
    if ((strcmp(fields[2], "All") ? !number(fields[2], &row) : (row = N_ALL, 0)) ||
        !number(fields[4], &mean) || !number(fields[5], &std))
        return fail(err, "%s:%d: row, mean or std is no number", path, place);
    paper_key(key, fields[0], row, fields[3]);
    if (json_object_get(paper, key))
        return fail(err, "%s:%d: given twice", path, place);
    return json_object_set_new(paper, key, json_pack("[f, f]", mean, std)) ? fail_memory(err, "%s", path) : 0;
}

json_t *paper_read_file(const char *path, struct error *err) {
    char *text = file_read(path, 1 << 20, NULL, err), *at = text;
    json_t *paper = text ? json_object() : NULL;
    for (int place = 1; paper && *at; place++) {
        size_t length = strcspn(at, "\n");
        char *next = at + length + (at[length] == '\n');
        at[length] = 0;
        if (length && at[length - 1] == '\r')
            at[length - 1] = 0;
        if (place > 1 && *at && take_line(paper, at, path, place, err)) { // the first line names the fields
            json_decref(paper);
            paper = NULL;
        }
        at = next;
    }
    free(text);
    return paper;
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
