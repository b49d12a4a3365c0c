// SPDX-License-Identifier: Apache-2.0
#include "experiments/request.h"

#include "core/base/memory.h"
#include "experiments/origin.h"

#include <stdlib.h>
#include <string.h>

int request_read(struct request *r, const struct request_options *options, char *const *words, int word_count,
                 const struct work *work, struct error *err) {
    memset(r, 0, sizeof *r);
    if (profile_read(&r->profile, options->profile, err) ||
        profile_resolve(&r->profile, options->data, err) ||
        tables_read(&r->tables, &r->table_count, words, word_count, err) ||
        tables_keep(r->tables, &r->table_count, options->rows, options->columns, err))
        return -1;
    for (int t = 0; t < r->table_count; t++)
        if (claims_check(&r->tables[t], err))
            return -1;
    r->seeds = r->profile.seeds;
    if (*options->seeds && seeds_parse(&r->seeds, options->seeds, "--seeds", err))
        return -1;
    origin_command(r->command, words, word_count, options->profile, options->data, &r->seeds, options->rows,
                   options->columns);
    return plan_make(&r->plan, &r->profile, &r->seeds, r->tables, r->table_count, work, err);
}

void request_free(struct request *r) {
    plan_free(&r->plan);
    free(r->tables);
    profile_free(&r->profile);
}

int request_results_read(struct request_results *out, const struct request *r, const char *results,
                         struct error *err) {
    memset(out, 0, sizeof *out);
    json_t *paper = paper_read(err);
    out->tables = allocate((size_t)r->table_count, sizeof *out->tables, "tables", err);
    out->provenance = allocate((size_t)r->table_count, sizeof(json_t *), "tables", err);
    int failed = !paper || !out->tables || !out->provenance;
    for (int t = 0; t < r->table_count && !failed; t++)
        failed = table_result_read(&out->tables[t], &r->tables[t], &r->plan, results, paper, err);
    if (!failed)
        failed = claims_decide(out->tables, r->table_count, paper, &out->claims, &out->claim_count, err);
    for (int t = 0; t < r->table_count && !failed; t++)
        failed = !(out->provenance[t] = origin_of_table(&out->tables[t], r->command, err));
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
