// SPDX-License-Identifier: Apache-2.0
#include "experiments/suite/request.h"
#include "experiments/results/paper.h"

#include "core/base/memory.h"
#include "core/base/notice.h"
#include "experiments/results/table_provenance.h"

#include <stdlib.h>
#include <string.h>

// Brings the tables of results to the front.
static void sort_tables(struct request *r, int count) {
    for (int t = 0; t < count; t++)
        if (r->tables[t].kind == TABLE_RESULTS) {
            struct table one = r->tables[t];
            memmove(&r->tables[r->table_count + 1], &r->tables[r->table_count],
                    (size_t)(t - r->table_count) * sizeof one);
            r->tables[r->table_count++] = one;
        }
    r->printed_count = count - r->table_count;
}

// Those that are asked for, or the profile's; until claims are decided all that the looks may take.
static int choose_seeds(struct request *r, const struct request_options *options, struct error *err) {
    const struct looks *looks = &r->profile.looks;
    r->seeds = r->profile.seeds;
    r->rules = (struct claim_rules){.smallest_effect = r->profile.smallest_effect};
    if (*options->seeds && options->until_decided)
        return fail_usage(err,
                          "--seeds: --until-decided takes seeds at the profile's looks; --seeds-most bounds "
                          "them");
    if (*options->seeds)
        return seeds_parse(&r->seeds, options->seeds, "--seeds", err);
    if (!options->until_decided)
        return 0;
    seeds_extend(&r->seeds, looks->seeds[looks->count - 1]);
    r->seeds.count = looks->seeds[looks->count - 1];
    r->rules.looks = looks;
    r->rules.seeds = &r->seeds;
    return 0;
}

// What is set for all runs, a table does not vary as well.
static int check_set(const struct request *r, struct error *err) {
    for (int t = 0; t < r->table_count; t++)
        for (int i = 0; i < r->profile.set.count; i++) {
            char place[SETTING_WORD_SIZE + 16];
            const char *name = r->profile.set.items[i].name, *gives = table_gives(&r->tables[t], name, place);
            if (gives)
                return fail_usage(err, "--set %s: %s has it as %s", name, r->tables[t].path, gives);
        }
    return 0;
}

static int has_number(const struct request *r, const struct table *t) {
    double mean, std;
    for (int i = 0; i < t->row_count * t->column_count; i++)
        if (!paper_value_at(r->reference, t->name, t->rows[i / t->column_count],
                            t->columns[i % t->column_count], &mean, &std))
            return 1;
    return 0;
}

static int is_cell(const struct table *t, const char *key) {
    for (int i = 0; i < t->row_count * t->column_count; i++)
        if (paper_is_at(key, t->name, t->rows[i / t->column_count], t->columns[i % t->column_count]))
            return 1;
    return 0;
}

// Numbers of these tables that are of none of their cells: a slip in a row's or a column's name. Those of other tables, and
// of a table of which a part was asked for, are no slip.
static int tell_strays(const struct request *r, const char *path, struct error *err) {
    const char *key;
    json_t *value;
    struct text list = {0}, notices = {0};
    for (int t = 0; t < r->table_count; t++)
        json_object_foreach(r->reference, key, value) {
            if (r->tables[t].partial || !paper_is_of(key, r->tables[t].name) || is_cell(&r->tables[t], key))
                continue;
            text_printf(&list, "%s%s: ", list.length ? "; " : "", r->tables[t].name);
            paper_add_place(&list, key);
        }
    if (list.length)
        notice_add(&notices, "%s: numbers of no cell: %s", path, text_string(&list));
    notice_print(&notices);
    int failed = text_check(&list, path, err);
    text_free(&list);
    return failed;
}

static int read_reference(struct request *r, const char *path, struct error *err) {
    if (!*path)
        return 0;
    int found = 0;
    const char *name = path_name(path);
    const char *ending = strrchr(name, '.') ? strrchr(name, '.') : name + strlen(name);
    if (!(r->reference = paper_read_file(path, err)))
        return -1;
    snprintf(r->reference_name, sizeof r->reference_name, "%.*s", (int)(ending - name), name);
    for (int t = 0; t < r->table_count; t++)
        found |= has_number(r, &r->tables[t]);
    if (found)
        return tell_strays(r, path, err);
    return fail(err, "--compare %s: none of its numbers is of a cell of these tables", path);
}

int request_read(struct request *r, const struct request_options *options, char *const *words, int word_count,
                 const struct work *work, struct error *err) {
    int count;
    memset(r, 0, sizeof *r);
    if (profile_read(&r->profile, options->profile, err) ||
        profile_set(&r->profile, options->set, "--set", err) ||
        tables_read(&r->tables, &count, words, word_count, err) ||
        tables_keep(r->tables, &count, options->rows, options->columns, err) ||
        plan_profiles(&r->profile, r->tables, count, err) || profile_resolve(&r->profile, options->data, err))
        return -1;
    sort_tables(r, count);
    if (check_set(r, err))
        return -1;
    for (int t = 0; t < r->table_count; t++)
        if (claims_check(&r->tables[t], err))
            return -1;
    if (choose_seeds(r, options, err) || read_reference(r, options->compare, err))
        return -1;
    table_provenance_command(&r->command, words, word_count, options->profile, options->data,
                             options->until_decided ? NULL : &r->seeds, options->rows, options->columns,
                             options->set);
    if (text_check(&r->command, "the command", err))
        return -1;
    return plan_make(&r->plan, &r->profile, &r->seeds, r->tables, r->table_count, work, err);
}

void request_free(struct request *r) {
    plan_free(&r->plan);
    free(r->tables);
    profile_free(&r->profile);
    text_free(&r->command);
    json_decref(r->reference);
}

int request_results_read(struct request_results *out, const struct request *r, const char *results,
                         struct error *err) {
    memset(out, 0, sizeof *out);
    json_t *paper = paper_read(err);
    out->tables = allocate((size_t)r->table_count + 1, sizeof *out->tables, "tables", err);
    out->provenance = allocate((size_t)r->table_count + 1, sizeof(json_t *), "tables", err);
    int failed = !paper || !out->tables || !out->provenance;
    for (int t = 0; t < r->table_count && !failed; t++)
        failed = table_result_read(&out->tables[t], &r->tables[t], &r->plan, results, paper, err);
    for (int t = 0; t < r->table_count && !failed && r->rules.looks; t++)
        table_result_forget_later(&out->tables[t], r->rules.looks->seeds[0]);
    if (!failed)
        failed = claims_decide(out->tables, r->table_count, paper, &r->rules, &out->claims, &out->claim_count,
                               err);
    for (int t = 0; t < r->table_count && !failed && r->reference; t++)
        table_result_compare(&out->tables[t], r->reference, r->reference_name);
    for (int t = 0; t < r->table_count && !failed; t++)
        failed = !(out->provenance[t] = table_provenance(&out->tables[t], text_string(&r->command), err));
    json_decref(paper);
    return failed ? -1 : 0;
}

void request_results_free(struct request_results *out, const struct request *r) {
    for (int t = 0; out->tables && t < r->table_count; t++)
        if (out->tables[t].table)
            table_result_free(&out->tables[t]);
    for (int t = 0; out->provenance && t < r->table_count; t++)
        json_decref(out->provenance[t]);
    free(out->tables);
    free(out->claims);
    free(out->provenance);
}

static int print_one(const struct request *r, int i, FILE *out, enum sheet_format format, const char *results,
                     struct error *err) {
    struct sheet sheet = {0};
    int failed = printed_sheet(&sheet, &r->tables[r->table_count + i], &r->profile, err);
    if (!failed)
        failed = results ? sheet_files(results, &sheet, err) : sheet_print(out, format, &sheet, err);
    sheet_free(&sheet);
    return failed ? -1 : 0;
}

int request_print(FILE *out, enum sheet_format format, const struct request *r, struct error *err) {
    for (int i = 0; i < r->printed_count; i++) {
        if (i || r->table_count)
            fputc('\n', out);
        if (print_one(r, i, out, format, NULL, err))
            return -1;
    }
    return 0;
}

int request_print_files(const struct request *r, const char *results, struct error *err) {
    for (int i = 0; i < r->printed_count; i++)
        if (print_one(r, i, NULL, 0, results, err))
            return -1;
    return 0;
}
