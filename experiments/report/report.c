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
    snprintf(file, sizeof file, "%.100s.json", name);
    if (path_join(path, err, folder, file))
        return -1;
    int there = file_is_there(path, err);
    if (there < 0 || (there && !(t->json = json_read(path, err))))
        return -1;
    if (judge(r, t, profile, err))
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
            if (claims && !write)
                claim_from_json(one, &claims[count]);
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
    int count = each_claim(r, NULL, 0, err);
    struct claim_result *claims =
        count ? allocate((size_t)count, sizeof *claims, "the report's claims", err) : NULL;
    if (!count)
        return 0;
    int failed = !claims;
    if (!failed) {
        each_claim(r, claims, 0, err);
        failed = claims_adjust(claims, count, err) || each_claim(r, claims, 1, err) < 0;
    }
    free(claims);
    return failed ? -1 : 0;
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

int report_read(struct report *r, const char *results, const char *profile_word, struct error *err) {
    static char name[SETTING_WORD_SIZE];
    struct profile profile;
    char folder[PATH_SIZE];
    memset(r, 0, sizeof *r);
    int failed = profile_read(&profile, profile_word, err);
    if (!failed) {
        home_definition_name(profile_word, name, sizeof name);
        *r = (struct report){
            .results = results, .profile = name, .profile_word = profile_word, .records = json_object()};
        failed = path_join(folder, err, results, "paper") || path_join(r->folder, err, folder, name) ||
                 read_tables(r, &profile, err) || decide(r, err);
    }
    profile_free(&profile);
    if (failed || r->present)
        return failed ? -1 : 0;
    return fail(err, "%s/tables/%s has no table%s; make them: make tables PROFILE=%s", results, name,
                r->stale ? " that is up to date" : "", profile_word);
}

void report_free(struct report *r) {
    for (int i = 0; i < r->table_count; i++) {
        json_decref(r->tables[i].json);
        text_free(&r->tables[i].stale);
    }
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
