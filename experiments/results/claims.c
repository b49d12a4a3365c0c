// SPDX-License-Identifier: Apache-2.0
#include "experiments/results/claims.h"

#include "core/base/memory.h"
#include "experiments/results/claims_parts.h"

#include <stdlib.h>
#include <string.h>

const char *const verdict_names[VERDICTS] = {"not tested", "reproduced", "not shown", "contradicted"};

static const struct claim *find_claim(const char *id) {
    for (const struct claim *c = claims_of_the_paper; c->id; c++)
        if (!strcmp(c->id, id))
            return c;
    return NULL;
}

const char *claim_text(const char *id) {
    const struct claim *claim = find_claim(id);
    return claim ? claim->text : NULL;
}

int claims_check(const struct table *table, struct error *err) {
    for (int i = 0; i < table->claim_count; i++)
        if (!find_claim(table->claims[i]))
            return fail_usage(err, "%s: unknown claim '%s'", table->claims_at, table->claims[i]);
    return 0;
}

// The largest p of the parts, and the Bonferroni bound of their opposites.
static void combine(struct claim_result *c) {
    if (*c->reason || !c->part_count) {
        c->verdict = NOT_TESTED;
        if (!*c->reason)
            snprintf(c->reason, sizeof c->reason, "the table has none of its cells");
        return;
    }
    c->p = -1;
    c->p_opposite = 2;
    for (int i = 0; i < c->part_count; i++) {
        if (c->parts[i].test.p > c->p) {
            c->p = c->parts[i].test.p;
            c->deciding = i;
        }
        if (c->parts[i].test.p_opposite < c->p_opposite) {
            c->p_opposite = c->parts[i].test.p_opposite;
            c->opposing = i;
        }
    }
    c->p_opposite *= c->part_count;
    if (c->p_opposite > 1)
        c->p_opposite = 1;
    c->verdict = NOT_SHOWN; // until Holm has spoken
}

// Why a claim that was tested is not reproduced.
static void explain(struct claim_result *c) {
    int significant = 0;
    for (int i = 0; i < c->part_count; i++)
        significant += c->parts[i].test.p < CLAIM_ALPHA;
    if (c->verdict == CONTRADICTED)
        snprintf(c->reason, sizeof c->reason, "the opposite of '%s' is significant: p = %.3g (Holm)",
                 c->parts[c->opposing].label, c->p_opposite_holm);
    else if (c->part_count == 1 || significant == c->part_count)
        snprintf(c->reason, sizeof c->reason, "p = %.3g (Holm) is not below %.2g", c->p_holm, CLAIM_ALPHA);
    else
        snprintf(c->reason, sizeof c->reason,
                 "it needs each of its %d parts, and p < %.2g, before Holm, holds for %d", c->part_count,
                 CLAIM_ALPHA, significant);
}

int claims_adjust(struct claim_result *results, int count, struct error *err) {
    double *p = allocate((size_t)count * 4, sizeof *p, "claims", err);
    int n = 0;
    if (!p)
        return -1;
    for (int i = 0; i < count; i++)
        combine(&results[i]);
    double *opposite = p + count, *p_holm = p + 2 * count, *opposite_holm = p + 3 * count;
    for (int i = 0; i < count; i++)
        if (results[i].verdict != NOT_TESTED) {
            p[n] = results[i].p;
            opposite[n++] = results[i].p_opposite;
        }
    holm_adjust(p, p_holm, n);
    holm_adjust(opposite, opposite_holm, n);
    int k = 0;
    for (int i = 0; i < count; i++) {
        struct claim_result *c = &results[i];
        if (c->verdict == NOT_TESTED)
            continue;
        c->p_holm = p_holm[k];
        c->p_opposite_holm = opposite_holm[k++];
        c->verdict = c->p_holm < CLAIM_ALPHA            ? REPRODUCED
                     : c->p_opposite_holm < CLAIM_ALPHA ? CONTRADICTED
                                                        : NOT_SHOWN;
        c->tested_together = n;
        if (c->verdict == CONTRADICTED)
            c->deciding = c->opposing;
        if (c->verdict != REPRODUCED)
            explain(c);
    }
    free(p);
    return 0;
}

int claims_decide(const struct table_result *tables, int count, const json_t *paper,
                  struct claim_result **out, int *out_count, struct error *err) {
    int total = 0;
    *out = NULL;
    *out_count = 0;
    for (int t = 0; t < count; t++) {
        if (claims_check(tables[t].table, err))
            return -1;
        total += tables[t].table->claim_count;
    }
    if (!total)
        return 0;
    *out = allocate((size_t)total, sizeof **out, "claims", err);
    if (!*out)
        return -1;
    for (int t = 0; t < count; t++)
        for (int i = 0; i < tables[t].table->claim_count; i++) {
            const struct claim *claim = find_claim(tables[t].table->claims[i]);
            struct claim_result *c = &(*out)[(*out_count)++];
            struct deciding d = {.table = &tables[t], .paper = paper, .claim = c};
            c->id = claim->id;
            c->text = claim->text;
            c->table = tables[t].table->name;
            claim->collect(&d);
            if (d.incomplete)
                return fail_memory(err, "claims");
        }
    return claims_adjust(*out, *out_count, err);
}
