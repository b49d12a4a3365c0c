// SPDX-License-Identifier: Apache-2.0
#include "experiments/suite/claims_plan.h"

#include "core/base/json.h"
#include "core/base/json_fields.h"
#include "core/base/memory.h"
#include "core/base/provenance.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// ---------------------------------------------------------------------------------------- what is planned

// What the runs of the first seed are, of tables with claims: a change of settings, data or trainer shows. A table without
// any, asked for beside them, makes no other plan.
static int digest_runs(const struct request *r, char hex[DIGEST_SIZE], struct error *err) {
    char *counts = allocate((size_t)r->plan.count + 1, 1, "the claims' plan", err); // of each cell
    if (!counts)
        return -1;
    for (int t = 0; t < r->table_count; t++) {
        const struct table *table = &r->tables[t];
        for (int i = 0; table->claim_count && i < table->row_count * table->column_count; i++) {
            const struct cell *cell = plan_find(&r->plan, table, i / table->column_count,
                                                i % table->column_count, r->plan.seeds.values[0]);
            if (cell)
                counts[cell - r->plan.cells] = 1;
        }
    }
    json_t *digests = json_array();
    for (int i = 0; i < r->plan.count; i++)
        if (counts[i])
            json_array_append_new(digests, json_string(r->plan.cells[i].digest));
    int failed = json_digest(digests, hex, err);
    json_decref(digests);
    free(counts);
    return failed;
}

static json_t *claims_of(const struct request *r) {
    json_t *claims = json_array();
    for (int t = 0; t < r->table_count; t++)
        for (int i = 0; i < r->tables[t].claim_count; i++)
            json_array_append_new(claims, json_pack("{s:s, s:s, s:s}", "id", r->tables[t].claims[i], "table",
                                                    r->tables[t].name, "claim",
                                                    claim_text(&r->tables[t], r->tables[t].claims[i])));
    return claims;
}

json_t *claims_plan_json(const struct request *r, struct error *err) {
    char digest[DIGEST_SIZE];
    const struct looks *looks = &r->profile.looks;
    json_t *seeds = json_array(), *at = json_array(), *shares = json_array();
    for (int i = 0; i < r->seeds.count; i++)
        json_array_append_new(seeds, json_integer((json_int_t)r->seeds.values[i]));
    for (int i = 0; i < looks->count; i++) {
        json_array_append_new(at, json_integer(looks->seeds[i]));
        json_array_append_new(shares, json_real(looks->shares[i]));
    }
    int failed = digest_runs(r, digest, err);
    json_t *plan = json_pack(
        "{s:s, s:f, s:o, s:o, s:o, s:s, s:s, s:s, s:i, s:f, s:o, s:s}", "profile", r->profile.name, "alpha",
        CLAIM_ALPHA, "looks", at, "shares", shares, "seeds", seeds, "tests",
        "one-sided t; a part's p is the least of p alpha / share over its looks", "claims_need",
        "reproduced: every part; contradicted, absent: Bonferroni over parts; sameness, absent: TOST",
        "correction", "Holm over all claims, tested or not", "paired_from_seeds", LOOKS_PAIRED_FROM,
        "smallest_effect", r->profile.smallest_effect, "claims", claims_of(r), "runs_sha256",
        failed ? "" : digest);
    if (!plan && !failed)
        fail_memory(err, "the claims' plan");
    if (failed)
        json_decref(plan);
    return failed ? NULL : plan;
}

// ---------------------------------------------------------------------------------------- on disk

// -1 with a message, else the runs of the request that are done.
static int count_done(const struct request *r, const char *results, struct error *err) {
    int done = 0;
    for (int i = 0; i < r->plan.count; i++) {
        struct run_status status;
        if (run_look(results, &r->plan.cells[i], &status, err))
            return -1;
        done += status.state == RUN_DONE;
        run_status_clear(&status);
    }
    return done;
}

// Tables of a suite have a plan of their own: plans/quick-rivals.json. Of several suites: that of the first table.
static int plan_path(char path[PATH_SIZE], const char *results, const struct request *r, int number,
                     struct error *err) {
    char name[192], profile[128];
    const char *suite = r->table_count ? r->tables[0].suite : "";
    snprintf(profile, sizeof profile, "%.60s%s%.40s", r->profile.name, *suite ? "-" : "", suite);
    if (number)
        snprintf(name, sizeof name, "plans/%s-%d.json", profile, number);
    else
        snprintf(name, sizeof name, "plans/%s.json", profile);
    return path_join(path, err, results, name);
}

static int write_plan(const char *path, const char *results, json_t *plan, int runs_done, struct error *err) {
    char folder[PATH_SIZE];
    json_t *program = provenance_json(err);
    if (!program || path_join(folder, err, results, "plans") || folder_make(results, err) ||
        folder_make(folder, err)) {
        json_decref(program);
        return -1;
    }
    json_t *file =
        json_pack("{s:O, s:i, s:o}", "plan", plan, "runs_done_before", runs_done, "registered_by", program);
    int failed = file ? json_write(path, file, err) : fail_memory(err, "the claims' plan");
    json_decref(file);
    return failed ? -1 : 0;
}

// The names of what differs: "looks, claims".
static void add_differences(struct text *out, const json_t *before, const json_t *now) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)now, key, value) {
        const json_t *old = json_object_get(before, key);
        char *a = old ? json_dumps(old, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(12)) : NULL,
             *b = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(12));
        if (!a || !b || strcmp(a, b) != 0)
            text_printf(out, "%s%s", out->length ? ", " : "", key);
        free(a), free(b);
    }
}

// The registered plan makes room: it is kept under the first number that is free.
static int keep_old(const char *path, const struct request *r, const char *results, struct error *err) {
    char kept[PATH_SIZE];
    for (int number = 1;; number++) {
        int there = plan_path(kept, results, r, number, err) ? -1 : file_is_there(kept, err);
        if (there < 0)
            return -1;
        if (!there)
            return rename(path, kept) ? fail_system(err, errno, "%s", kept) : 0;
    }
}

// 0: the plan that is registered is the request's; 1: there is none, or it gave way; -1 with a message.
static int compare_registered(const char *path, const json_t *plan, const struct request *r,
                              const char *results, int new_plan, int runs_done, struct error *err) {
    struct text differs = {0};
    int there = file_is_there(path, err);
    json_t *file = there > 0 ? json_read(path, err) : NULL;
    if (there < 1 || !file)
        return there ? -1 : 1;
    add_differences(&differs, json_object_get(file, "plan"), plan);
    json_decref(file);
    int result = text_check(&differs, "what differs in a plan", err) ? -1 : differs.length != 0;
    if (result > 0 && runs_done && !new_plan)
        result =
            fail(err,
                 "%s: another plan is registered (it differs in %s), and results of it exist: ask for that "
                 "one, or begin another with reff run --new-plan (NEW_PLAN=1)",
                 path, text_string(&differs));
    else if (result > 0)
        result = keep_old(path, r, results, err) ? -1 : 1;
    text_free(&differs);
    return result;
}

int claims_plan_register(const struct request *r, const char *results, int new_plan, struct error *err) {
    char path[PATH_SIZE];
    json_t *plan = claims_plan_json(r, err);
    int runs_done = plan ? count_done(r, results, err) : -1;
    int result = runs_done < 0 || plan_path(path, results, r, 0, err)
                     ? -1
                     : compare_registered(path, plan, r, results, new_plan, runs_done, err);
    if (result > 0)
        result = write_plan(path, results, plan, runs_done, err);
    json_decref(plan);
    return result < 0 ? -1 : 0;
}

int claims_plan_check(const struct request *r, const char *results, struct error *err) {
    char path[PATH_SIZE];
    json_t *plan = claims_plan_json(r, err);
    int failed = !plan || plan_path(path, results, r, 0, err) ||
                 compare_registered(path, plan, r, results, 0, 1, err) < 0;
    json_decref(plan);
    return failed ? -1 : 0;
}
