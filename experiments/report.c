// SPDX-License-Identifier: Apache-2.0
#include "experiments/report.h"

#include "core/base/memory.h"
#include "experiments/home.h"
#include "experiments/lock.h"
#include "experiments/profile.h"

#include <stdlib.h>
#include <string.h>

// ---------------------------------------------------------------------------------------- reading

// The records of the runs that a table is made from, as far as they lie here.
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
        json_t *record = file_exists(path) ? json_read(path, err) : NULL;
        if (!record && file_exists(path))
            return -1;
        if (record)
            json_object_set_new(r->records, digest, record);
    }
    return 0;
}

static int read_table(struct report *r, const char *name, struct error *err) {
    char file[128], path[PATH_SIZE], folder[PATH_SIZE];
    if (reallocate((void **)&r->tables, (size_t)r->table_count + 1, sizeof *r->tables, "tables", err))
        return -1;
    struct report_table *t = &r->tables[r->table_count];
    memset(t, 0, sizeof *t);
    if (table_read(&t->definition, name, err))
        return -1;
    r->table_count++;
    snprintf(file, sizeof file, "tables/%.60s", r->profile);
    if (path_join(folder, err, r->results, file))
        return -1;
    snprintf(file, sizeof file, "%.100s.tex", name);
    if (path_join(path, err, folder, file))
        return -1;
    t->printed = file_exists(path);
    snprintf(file, sizeof file, "%.100s.json", name);
    if (path_join(path, err, folder, file))
        return -1;
    if (file_exists(path) && !(t->json = json_read(path, err)))
        return -1;
    r->present += t->printed || t->json;
    return t->json ? read_records(r, t->json, err) : 0;
}

int report_read(struct report *r, const char *results, const char *profile_word, struct error *err) {
    static char profile[SETTING_WORD_SIZE];
    struct profile known;
    char names[1024], folder[PATH_SIZE], *rest;
    int unknown = profile_read(&known, profile_word, err);
    profile_free(&known);
    if (unknown) {
        memset(r, 0, sizeof *r);
        return -1;
    }
    definition_name(profile_word, profile, sizeof profile);
    *r = (struct report){
        .results = results, .profile = profile, .profile_word = profile_word, .records = json_object()};
    if (path_join(folder, err, results, "paper") || path_join(r->folder, err, folder, profile) ||
        home_list(names, "tables", err))
        return -1;
    // "table1a" before "table2" before "supp-table2": the paper before its supplement.
    for (int supplement = 0; supplement < 2; supplement++) {
        char list[1024];
        memcpy(list, names, sizeof list);
        for (char *name = strtok_r(list, " ", &rest); name; name = strtok_r(NULL, " ", &rest))
            if ((strncmp(name, "supp", 4) == 0) == supplement && read_table(r, name, err))
                return -1;
    }
    return r->present ? 0
                      : fail(err, "%s/tables/%s has no table; make them: reff run tables --profile %s",
                             results, profile, profile_word);
}

void report_free(struct report *r) {
    for (int i = 0; i < r->table_count; i++)
        json_decref(r->tables[i].json);
    free(r->tables);
    json_decref(r->records);
    memset(r, 0, sizeof *r);
}

// ---------------------------------------------------------------------------------------- writing

int report_write(const struct report *r, struct error *err) {
    static const struct {
        const char *name;
        report_part *write;
    } parts[] = {{"values.tex", report_values},           {"claims.tex", report_claims},
                 {"tables.tex", report_tables},           {"figures.tex", report_figures},
                 {"performance.tex", report_performance}, {"provenance.tex", report_provenance}};
    if (folder_make(r->folder, err))
        return -1;
    remove_leftovers(r->folder);
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
