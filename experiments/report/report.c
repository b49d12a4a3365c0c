// SPDX-License-Identifier: Apache-2.0
#include "experiments/report/report.h"

#include "core/base/json_fields.h"
#include "core/base/memory.h"
#include "experiments/plan/home.h"
#include "experiments/plan/profile.h"
#include "experiments/process/lock.h"
#include "experiments/results/claims_json.h"
#include "experiments/results/latex.h"

#include <stdlib.h>
#include <string.h>

// ---------------------------------------------------------------------------------------- reading

// The records of the runs that a table is made from, as far as they are here.
static int read_records(struct report *r, const json_t *table, struct error *err) {
    size_t i;
    const json_t *run, *runs = json_object_get(json_object_get(table, "provenance"), "runs");
    json_array_foreach(runs, i, run) {
        const char *digest = json_string_value(json_object_get(run, "digest"));
        char name[64], path[PATH_SIZE];
        if (!digest || json_object_get(r->records, digest))
            continue;
        snprintf(name, sizeof name, "runs/%.16s/run.json", digest);
        if (path_join(path, err, r->results, name))
            return -1;
        int there = file_is_there(path, err);
        json_t *record = there > 0 ? json_read(path, err) : NULL;
        if (there < 0 || (there && !record))
            return -1;
        if (record)
            json_object_set_new(r->records, digest, record);
    }
    return 0;
}

// Whether some cell of a table's file has that row (column).
static int has_label(const json_t *table, const char *key, const char *label) {
    size_t i;
    const json_t *cell;
    json_array_foreach(json_object_get(table, "cells"), i,
                       cell) if (!strcmp(json_field_text(cell, key), label)) return 1;
    return 0;
}

// Leaves those rows and columns of a definition that the table's file has.
static int keep_part(struct table *t, const json_t *table, struct error *err) {
    struct text rows = {0}, columns = {0};
    int count = 1;
    for (int i = 0; i < t->row_count; i++)
        if (has_label(table, "row", t->rows[i]))
            text_printf(&rows, "%s|", t->rows[i]);
    for (int i = 0; i < t->column_count; i++)
        if (has_label(table, "column", t->columns[i]))
            text_printf(&columns, "%s|", t->columns[i]);
    int failed = text_check(&rows, "a table's rows", err) || text_check(&columns, "a table's columns", err) ||
                 tables_keep(t, &count, text_string(&rows), text_string(&columns), err);
    text_free(&rows), text_free(&columns);
    return failed ? -1 : 0;
}

// Numbers that the settings of today would not give are left out.
static int judge(struct report *r, struct report_table *t, struct profile *profile, struct error *err) {
    if (t->json && plan_profiles(profile, &t->definition, 1, err))
        return -1;
    int stale = t->json ? stale_table(&t->definition, profile, r->results, t->json, &t->stale, err) : 0;
    if (stale > 0) {
        json_decref(t->json);
        t->json = NULL;
        t->printed = 0;
        r->stale++;
    }
    return stale < 0 ? -1 : 0;
}

// 1 if the table is there as LaTeX, 0 if not, -1 with a message when it holds more than a table.
static int find_printed(const char *path, struct error *err) {
    int there = file_is_there(path, err);
    char *text = there > 0 ? file_read(path, 1 << 24, NULL, err) : NULL;
    if (!text)
        return there ? -1 : 0;
    int bad = latex_check_table(path, text, err);
    free(text);
    return bad ? -1 : 1;
}

// 1 if the table's file of that ending was read, 0 if it is not there.
static int read_file(struct report_table *t, const char *folder, const char *ending, struct error *err) {
    char file[128], path[PATH_SIZE];
    snprintf(file, sizeof file, "%.80s%s.json", t->definition.name, ending);
    if (path_join(path, err, folder, file))
        return -1;
    int there = file_is_there(path, err);
    return there > 0 && !(t->json = json_read(path, err)) ? -1 : there;
}

// Of a table of which only a part was run the part, where parts are wanted: its definition is then as much of it.
static int read_json(struct report *r, struct report_table *t, const char *folder, struct error *err) {
    int found = read_file(t, folder, "", err);
    if (found || !r->parts)
        return found < 0 ? -1 : 0;
    found = read_file(t, folder, "-partial", err);
    return found > 0 ? keep_part(&t->definition, t->json, err) : found;
}

static int read_table(struct report *r, const char *name, struct profile *profile, struct error *err) {
    char file[128], path[PATH_SIZE], folder[PATH_SIZE];
    if (array_resize(r->tables, (size_t)r->table_count + 1, "tables", err))
        return -1;
    struct report_table *t = &r->tables[r->table_count];
    memset(t, 0, sizeof *t);
    if (table_read(&t->definition, name, err))
        return home_leave_out(err);
    r->table_count++;
    snprintf(file, sizeof file, "tables/%.60s", r->profile);
    if (path_join(folder, err, r->results, file))
        return -1;
    snprintf(file, sizeof file, "%.100s.tex", name);
    if (path_join(path, err, folder, file))
        return -1;
    if ((t->printed = find_printed(path, err)) < 0)
        return -1;
    if (read_json(r, t, folder, err) || judge(r, t, profile, err))
        return -1;
    r->present += t->printed || t->json;
    return t->json ? read_records(r, t->json, err) : 0;
}

// ---------------------------------------------------------------------------------------- claims

static int is_named(const struct table *t, const char *id) {
    for (int i = 0; i < t->claim_count; i++)
        if (!strcmp(t->claims[i], id))
            return 1;
    return 0;
}

// The claims in the tables' files, in order; with `claims` they are read from there (write 0) or put back.
// Returns their number.
static int each_claim(struct report *r, struct claim_result *claims, int write, struct error *err) {
    int count = 0;
    size_t i;
    const json_t *one;
    for (int t = 0; t < r->table_count; t++) {
        json_t *list = json_object_get(r->tables[t].json, "claims");
        json_array_foreach(list, i, one) {
            if (!is_named(&r->tables[t].definition, json_field_text(one, "id")))
                continue;
            if (claims && !write) {
                claim_from_json(one, &claims[count]);
                if (json_array_append(r->borrowed, (json_t *)one)) // it is replaced below
                    return fail_memory(err, "claims"), -1;
            }
            json_t *decided = claims && write ? claim_json(&claims[count]) : NULL;
            if (claims && write && json_array_set_new(list, i, decided))
                return fail(err, "%s: claims that JSON cannot hold", r->tables[t].definition.name);
            count++;
        }
    }
    return count;
}

// A table's file has its claims as decided over the tables of the sweep that wrote it. Here Holm's method
// takes the claims of all tables.
static int decide(struct report *r, struct error *err) {
    r->claim_count = each_claim(r, NULL, 0, err);
    if (!r->claim_count)
        return 0;
    r->claims = allocate((size_t)r->claim_count, sizeof *r->claims, "the report's claims", err);
    if (!r->claims)
        return -1;
    return each_claim(r, r->claims, 0, err) < 0 || claims_adjust(r->claims, r->claim_count, err) ||
                   each_claim(r, r->claims, 1, err) < 0
               ? -1
               : 0;
}

// ---------------------------------------------------------------------------------------- all of it

// "table1a" before "table2" before "supp-table2": the paper before its supplement.
static int read_tables(struct report *r, struct profile *profile, struct error *err) {
    struct text names = {0};
    int failed = home_list(&names, "tables", err);
    for (int supplement = 0; supplement < 2 && !failed; supplement++) {
        char *list = duplicate(text_string(&names), err), *rest;
        failed = list ? 0 : -1;
        for (char *name = list ? strtok_r(list, " ", &rest) : NULL; name && !failed;
             name = strtok_r(NULL, " ", &rest))
            failed = (strncmp(name, "supp", 4) == 0) == supplement && read_table(r, name, profile, err);
        free(list);
    }
    text_free(&names);
    return failed ? -1 : 0;
}

static int read_all(struct report *r, const char *results, const char *profile_word, int parts,
                    struct error *err) {
    struct profile profile;
    char folder[PATH_SIZE];
    memset(r, 0, sizeof *r);
    int failed = profile_read(&profile, profile_word, err);
    if (!failed) {
        *r = (struct report){.results = results,
                             .profile_word = profile_word,
                             .parts = parts,
                             .records = json_object(),
                             .borrowed = json_array()};
        home_definition_name(profile_word, r->profile, sizeof r->profile);
        failed = path_join(folder, err, results, "paper") || path_join(r->folder, err, folder, r->profile) ||
                 read_tables(r, &profile, err) || decide(r, err);
    }
    profile_free(&profile);
    return failed ? -1 : 0;
}

int report_read(struct report *r, const char *results, const char *profile_word, struct error *err) {
    if (read_all(r, results, profile_word, 0, err))
        return -1;
    return r->present ? 0
                      : fail(err, "%s/tables/%s has no table%s; make them: make tables PROFILE=%s", results,
                             r->profile, r->stale ? " that is up to date" : "", profile_word);
}

int report_read_real(struct report *r, const char *results, const char *profile_word, struct error *err) {
    r->real = allocate(1, sizeof *r->real, "the report", err);
    return !r->real || read_all(r->real, results, profile_word, 1, err) ? -1 : 0;
}

void report_free(struct report *r) {
    if (r->real)
        report_free(r->real);
    free(r->real);
    for (int i = 0; i < r->table_count; i++) {
        json_decref(r->tables[i].json);
        text_free(&r->tables[i].stale);
    }
    free(r->tables);
    free(r->claims);
    json_decref(r->records);
    json_decref(r->borrowed);
    memset(r, 0, sizeof *r);
}

// ---------------------------------------------------------------------------------------- writing

int report_write(const struct report *r, struct error *err) {
    static const struct {
        const char *name;
        report_part *write;
    } parts[] = {{"first.tex", report_first},          {"values.tex", report_values},
                 {"claims.tex", report_claims},        {"tables.tex", report_tables},
                 {"figures.tex", report_figures},      {"performance.tex", report_performance},
                 {"provenance.tex", report_provenance}};
    if (folder_make(r->folder, err))
        return -1;
    lock_remove_leftovers(r->folder);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct output out;
        char path[PATH_SIZE];
        if (path_join(path, err, r->folder, parts[i].name) || output_open(&out, path, err))
            return -1;
        fprintf(out.stream, "%% Made by reff report from %s/tables/%s: edits are lost.\n", r->results,
                r->profile);
        if (parts[i].write(r, out.stream, err)) {
            output_discard(&out);
            return -1;
        }
        if (output_commit(&out, err))
            return -1;
    }
    return 0;
}
