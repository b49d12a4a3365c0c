// SPDX-License-Identifier: Apache-2.0
#include "experiments/request.h"

#include "core/base/memory.h"
#include "core/base/provenance.h"

#include <stdlib.h>
#include <string.h>

int request_read(struct request *r, const struct request_options *options, char *const *words, int word_count,
                 const struct work *work, struct error *err) {
    memset(r, 0, sizeof *r);
    if (profile_read(&r->profile, options->profile, err) ||
        profile_resolve(&r->profile, options->data, err) ||
        tables_read(&r->tables, &r->table_count, words, word_count, err))
        return -1;
    for (int t = 0; t < r->table_count; t++)
        if (claims_check(&r->tables[t], err))
            return -1;
    r->seeds = r->profile.seeds;
    if (*options->seeds && seeds_parse(&r->seeds, options->seeds, "--seeds", err))
        return -1;
    return plan_make(&r->plan, &r->profile, &r->seeds, r->tables, r->table_count, work, err);
}

void request_free(struct request *r) {
    plan_free(&r->plan);
    free(r->tables);
    profile_free(&r->profile);
}

// Of the program and machine that made the table; each run's record has its own.
static json_t *make_provenance(const struct request *r, const struct table_result *tables,
                               struct error *err) {
    json_t *program = provenance_json(err), *runs = json_array();
    if (!program)
        return json_decref(runs), NULL;
    for (int t = 0; t < r->table_count; t++)
        json_array_extend(runs, tables[t].runs);
    return json_pack("{s:o, s:s, s:O, s:o}", "table_made_by", program, "profile", r->profile.name, "inputs",
                     r->plan.inputs, "runs", runs);
}

int request_results_read(struct request_results *out, const struct request *r, const char *results,
                         struct error *err) {
    memset(out, 0, sizeof *out);
    json_t *paper = paper_read(err);
    out->tables = allocate((size_t)r->table_count, sizeof *out->tables, "tables", err);
    int failed = !paper || !out->tables;
    for (int t = 0; t < r->table_count && !failed; t++)
        failed = table_result_read(&out->tables[t], &r->tables[t], &r->plan, results, paper, err);
    if (!failed)
        failed = claims_decide(out->tables, r->table_count, paper, &out->claims, &out->claim_count, err) ||
                 !(out->provenance = make_provenance(r, out->tables, err));
    json_decref(paper);
    return failed ? -1 : 0;
}

void request_results_free(struct request_results *out, const struct request *r) {
    for (int t = 0; out->tables && t < r->table_count; t++)
        if (out->tables[t].table)
            table_result_free(&out->tables[t]);
    free(out->tables);
    free(out->claims);
    json_decref(out->provenance);
}
