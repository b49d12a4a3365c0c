// SPDX-License-Identifier: Apache-2.0
#include "experiments/results/stale.h"

#include "core/base/json_fields.h"
#include "experiments/results/table_provenance.h"

#include <stdlib.h>
#include <string.h>

// ---------------------------------------------------------------------------------------- rows and columns

static int row_of(const struct table *t, const char *label) {
    for (int row = 0; row < t->row_count; row++)
        if (!strcmp(t->rows[row], label))
            return row;
    return -1;
}

static int same_cells(const struct table *t, const json_t *table) {
    const json_t *cells = json_object_get(table, "cells"), *cell;
    size_t i;
    if (json_is_true(json_object_get(table, "partial")) != (t->partial != 0) ||
        json_array_size(cells) != (size_t)t->row_count * (size_t)t->column_count ||
        strcmp(json_field_text(table, "row_name"), t->row_name))
        return 0;
    json_array_foreach(cells, i, cell) if (row_of(t, json_field_text(cell, "row")) < 0 ||
                                           table_column(t, json_field_text(cell, "column")) < 0) return 0;
    return 1;
}

// ---------------------------------------------------------------------------------------- settings

// As a table's file holds it: numbers are written with twelve digits there. New reference.
static json_t *as_written(const json_t *value) {
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(12));
    json_t *written = text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
    free(text);
    return written;
}

// Compares two objects but for keys that an outline does not know, and those that no setting decides.
static int differ(const json_t *before, const json_t *now, struct text *why) {
    static const char *const unknown[] = {"inputs", "weights", "weights_sha256", "precision"};
    json_t *a = as_written(before), *b = as_written(now);
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        json_object_del(a, unknown[i]);
        json_object_del(b, unknown[i]);
    }
    identity_difference(why, a, b);
    json_decref(a);
    json_decref(b);
    return why->length != 0;
}

// Columns whose cells were absent when the table was made have no settings.
static int settings_differ(const struct table_result *r, const json_t *table, struct text *why) {
    const json_t *before = json_object_get(json_object_get(table, "provenance"), "settings");
    json_t *now = table_provenance_settings(r);
    int stale = 0;
    for (int column = 0; column < r->table->column_count && !stale; column++) {
        const char *name = r->table->columns[column];
        const json_t *one = json_object_get(before, name);
        if (json_object_get(one, "train"))
            stale = differ(one, json_object_get(now, name), why);
    }
    json_decref(now);
    return stale;
}

// The identity of a run of the table, from its record; NULL in *identity: it is not here, or damaged. New reference.
static int identity_of(json_t **identity, const char *results, const json_t *run, struct error *err) {
    char name[64], path[PATH_SIZE];
    struct error unread = {0};
    snprintf(name, sizeof name, "runs/%.16s/run.json", json_field_text(run, "digest"));
    *identity = NULL;
    int there = path_join(path, err, results, name) ? -1 : file_is_there(path, err);
    if (there < 1)
        return there;
    json_t *record = json_read(path, &unread);
    if (unread.cause)
        return *err = unread, -1;
    *identity = json_incref(json_object_get(json_object_get(record, "cell"), "identity"));
    json_decref(record);
    return 0;
}

// 1, 0, or -1 with a message.
static int runs_differ(const struct table_result *r, const char *results, const json_t *table,
                       struct text *why, struct error *err) {
    const json_t *runs = json_object_get(json_object_get(table, "provenance"), "runs"), *run;
    size_t i;
    json_array_foreach(runs, i, run) {
        int row = row_of(r->table, json_field_text(run, "row")),
            column = table_column(r->table, json_field_text(run, "column"));
        uint64_t seed = (uint64_t)json_integer_value(json_object_get(run, "seed"));
        const struct cell *cell =
            row < 0 || column < 0 ? NULL : plan_find(r->plan, r->table, row, column, seed);
        json_t *identity = NULL;
        if (cell && identity_of(&identity, results, run, err))
            return -1;
        int stale = identity && differ(identity, json_object_get(cell->record, "identity"), why);
        json_decref(identity);
        if (stale)
            return 1;
    }
    return 0;
}

// The seeds that the table has runs of.
static struct seeds seeds_of(const json_t *table) {
    const json_t *runs = json_object_get(json_object_get(table, "provenance"), "runs"), *run;
    struct seeds seeds = {0};
    size_t i;
    json_array_foreach(runs, i, run) {
        uint64_t seed = (uint64_t)json_integer_value(json_object_get(run, "seed"));
        int known = 0;
        for (int k = 0; k < seeds.count; k++)
            known |= seeds.values[k] == seed;
        if (!known && seeds.count < SEEDS_MAXIMUM)
            seeds.values[seeds.count++] = seed;
    }
    if (!seeds.count)
        seeds.values[seeds.count++] = 1;
    return seeds;
}

int stale_table(const struct table *definition, const struct profile *profile, const char *results,
                const json_t *table, struct text *why, struct error *err) {
    struct seeds seeds = seeds_of(table);
    struct plan plan;
    if (!same_cells(definition, table)) {
        text_add(why, "it has other rows or columns");
        return 1;
    }
    int stale = plan_outline(&plan, profile, &seeds, definition, 1, err) ? -1 : 0;
    const struct table_result r = {.table = definition, .plan = &plan};
    if (!stale)
        stale = settings_differ(&r, table, why) ? 1 : runs_differ(&r, results, table, why, err);
    plan_free(&plan);
    return text_check(why, "why a table is out of date", err) ? -1 : stale;
}
