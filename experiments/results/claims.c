// SPDX-License-Identifier: Apache-2.0
#include "experiments/results/claims.h"

#include "core/base/memory.h"
#include "experiments/results/claims_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct claim_rules claim_rules_standard = {.smallest_effect = 1};

const char *const verdict_names[VERDICTS] = {"not tested", "reproduced", "undecided", "contradicted",
                                             "absent"};

const char claim_unit_points[] = "points", claim_unit_slope[] = "points per unit";

static const struct claim *find_claim(const char *id) {
    static const struct claim *const lists[CLAIM_FAMILIES] = {claims_of_the_paper, claims_of_controls};
    for (int family = 0; family < CLAIM_FAMILIES; family++)
        for (const struct claim *c = lists[family]; c->id; c++)
            if (!strcmp(c->id, id))
                return c;
    return NULL;
}

// Whether Holm's method counts the claim in that family. A table's own, and one of another program's file, is among the
// paper's.
static int is_of_family(const struct claim_result *c, enum claim_family family) {
    const struct claim *claim = c->on && table_own_claim(c->on->table, c->id) ? NULL : find_claim(c->id);
    return claim ? claim->family == family && !claim->is_order : family == CLAIMS_OF_THE_PAPER;
}

// The claim of that id: the table's own, or one of the program's. 0: there is none.
static int claim_of(const struct table *t, const char *id, struct claim *out) {
    const struct table_claim *own = table_own_claim(t, id);
    const struct claim *known = own ? NULL : find_claim(id);
    if (own)
        *out = (struct claim){own->id, own->text, claim_collect_own, CLAIMS_OF_THE_PAPER, 0};
    else if (known)
        *out = *known;
    return own || known;
}

const char *claim_text(const struct table *table, const char *id) {
    struct claim claim;
    return claim_of(table, id, &claim) ? claim.text : NULL;
}

int claims_compare_ids(const char *a, const char *b) {
    size_t letters_a = strcspn(a, "0123456789"), letters_b = strcspn(b, "0123456789");
    int letters = strncmp(a, b, letters_a > letters_b ? letters_a : letters_b);
    long long number_a = strtoll(a + letters_a, NULL, 10), number_b = strtoll(b + letters_b, NULL, 10);
    return letters ? letters : (number_a > number_b) - (number_a < number_b);
}

int claims_check(const struct table *table, struct error *err) {
    for (int i = 0; i < table->claim_count; i++)
        if (!claim_text(table, table->claims[i]))
            return fail_usage(err, "%s: unknown claim '%s'", table->claims_at, table->claims[i]);
    return 0;
}

// ---------------------------------------------------------------------------------------- one claim

// A judgement is of our results, or of the paper's: which of a part's two tests it takes.
static int has_test(const struct claim_part *part, int of_paper) {
    return !of_paper || part->has_paper_test;
}

static const struct evidence *evidence_of(const struct claim_part *part, int of_paper) {
    return of_paper ? &part->paper_evidence : &part->evidence;
}

static double at_most_one(double p) {
    return p < 1 ? p : 1;
}

// The parts that speak for each verdict.
struct speakers {
    int weakest, opposing, absent; // largest p, smallest opposite p, smallest p of absence
};

// The largest p of the parts, and the Bonferroni bounds of their opposites and of absence.
static void combine(const struct claim_result *c, int of_paper, struct judgement *j, struct speakers *s) {
    int tests = 0, differences = 0;
    j->p = -1;
    j->p_opposite = j->p_absent = 2;
    *s = (struct speakers){0};
    for (int i = 0; i < c->part_count; i++) {
        const struct evidence *e = evidence_of(&c->parts[i], of_paper);
        if (!has_test(&c->parts[i], of_paper))
            continue;
        tests++;
        differences += c->parts[i].is_difference;
        if (e->p > j->p)
            j->p = e->p, s->weakest = i;
        if (e->p_opposite < j->p_opposite)
            j->p_opposite = e->p_opposite, s->opposing = i;
        if (c->parts[i].is_difference && e->p_absent < j->p_absent)
            j->p_absent = e->p_absent, s->absent = i;
    }
    j->p_opposite = at_most_one(j->p_opposite * tests);
    j->p_absent = at_most_one(j->p_absent * differences);
    if (!differences)
        j->p_absent = 1;
}

// Our results: there are parts and no reason why not. The paper's: it has numbers for every part.
static int is_testable(const struct claim_result *c, int of_paper) {
    int tests = 0;
    for (int i = 0; i < c->part_count; i++) {
        if (of_paper && !c->parts[i].has_paper)
            return 0;
        tests += has_test(&c->parts[i], of_paper);
    }
    return tests && (of_paper || !*c->reason);
}

static int holds(const struct judgement *j, enum verdict verdict) {
    return (verdict == REPRODUCED && j->p_holm < CLAIM_ALPHA) ||
           (verdict == CONTRADICTED && j->p_opposite_holm < CLAIM_ALPHA) ||
           (verdict == ABSENT && j->p_absent_holm < CLAIM_ALPHA);
}

// The verdict that the judgement had stays if it still holds.
static void judge(struct judgement *j, const struct speakers *s) {
    static const enum verdict order[] = {REPRODUCED, CONTRADICTED, ABSENT};
    enum verdict before = j->verdict;
    j->verdict = UNDECIDED;
    for (int i = 0; i < 3 && j->verdict == UNDECIDED; i++)
        if (holds(j, order[i]))
            j->verdict = order[i];
    if (holds(j, before))
        j->verdict = before;
    j->deciding = j->verdict == CONTRADICTED ? s->opposing : j->verdict == ABSENT ? s->absent : s->weakest;
}

// Why a claim that was tested is not reproduced.
static void explain(struct claim_result *c) {
    const struct judgement *j = &c->ours;
    const char *part = c->parts[j->deciding].label;
    int significant = 0;
    for (int i = 0; i < c->part_count; i++)
        significant += c->parts[i].evidence.p < CLAIM_ALPHA;
    if (j->verdict == CONTRADICTED)
        snprintf(c->reason, sizeof c->reason, "the opposite of '%s' is significant: p = %.3g (Holm)", part,
                 j->p_opposite_holm);
    else if (j->verdict == ABSENT)
        snprintf(c->reason, sizeof c->reason,
                 "the difference of '%s' is smaller than the smallest effect of interest: p = %.3g (Holm)",
                 part, j->p_absent_holm);
    else if (c->part_count == 1 || significant == c->part_count)
        snprintf(c->reason, sizeof c->reason, "p = %.3g (Holm) is not below %.2g", j->p_holm, CLAIM_ALPHA);
    else
        snprintf(c->reason, sizeof c->reason,
                 "it needs each of its %d parts, and p < %.2g, before Holm, holds for %d", c->part_count,
                 CLAIM_ALPHA, significant);
}

// ---------------------------------------------------------------------------------------- all claims

static struct judgement *judgement_of(struct claim_result *c, int of_paper) {
    return of_paper ? &c->paper : &c->ours;
}

// Holm's method over a family's claims that are tested; with `all` those that are not count too.
static int adjust(struct claim_result *claims, int count, enum claim_family of, int of_paper, int all,
                  struct error *err) {
    struct speakers *speakers = allocate((size_t)count, sizeof *speakers, "claims", err);
    double *p = allocate((size_t)count * 6, sizeof *p, "claims", err);
    int n = 0, shown = 0, together = 0;
    for (int i = 0; speakers && p && i < count; i++) {
        together += all && is_of_family(&claims[i], of);
        if (is_of_family(&claims[i], of) && is_testable(&claims[i], of_paper)) {
            struct judgement *j = judgement_of(&claims[i], of_paper);
            combine(&claims[i], of_paper, j, &speakers[i]);
            p[n] = j->p, p[count + n] = j->p_opposite, p[2 * count + n] = j->p_absent;
            n++;
        }
    }
    if (!speakers || !p) {
        free(speakers), free(p);
        return -1;
    }
    int family = n > together ? n : together;
    for (int i = n; i < family; i++) // what is not tested shows nothing, and counts
        p[i] = p[count + i] = p[2 * count + i] = 1;
    for (int kind = 0; kind < 3; kind++)
        holm_adjust(p + kind * count, p + (3 + kind) * count, family);
    for (int i = 0, k = 0; i < count; i++) {
        struct judgement *j = judgement_of(&claims[i], of_paper);
        if (!is_of_family(&claims[i], of))
            continue;
        if (!is_testable(&claims[i], of_paper)) {
            j->verdict = NOT_TESTED;
            continue;
        }
        j->p_holm = p[3 * count + k], j->p_opposite_holm = p[4 * count + k];
        j->p_absent_holm = p[5 * count + k++];
        j->tested_together = family;
        judge(j, &speakers[i]);
        shown += j->p_holm < CLAIM_ALPHA;
    }
    for (int i = 0; i < count; i++)
        if (is_of_family(&claims[i], of))
            judgement_of(&claims[i], of_paper)->level = CLAIM_ALPHA / (family > shown ? family - shown : 1);
    free(speakers), free(p);
    return 0;
}

// Ours and the paper's, with the reasons of ours.
static int adjust_both(struct claim_result *claims, int count, int all, struct error *err) {
    for (enum claim_family of = 0; of < CLAIM_FAMILIES; of++)
        if (adjust(claims, count, of, 0, all, err) || adjust(claims, count, of, 1, 0, err))
            return -1;
    for (int i = 0; i < count; i++) {
        struct claim_result *c = &claims[i];
        if (c->ours.verdict == NOT_TESTED && !*c->reason)
            snprintf(c->reason, sizeof c->reason, "the table has none of its cells");
        if (c->ours.verdict != NOT_TESTED && c->ours.verdict != REPRODUCED)
            explain(c);
    }
    return 0;
}

int claims_adjust(struct claim_result *claims, int count, struct error *err) {
    int by_looks = 0;
    for (int i = 0; i < count; i++)
        by_looks |= claims[i].looks > 0;
    return adjust_both(claims, count, by_looks, err);
}

// ---------------------------------------------------------------------------------------- collecting

static const struct claim_rules *rules_or_standard(const struct claim_rules *rules) {
    return rules ? rules : &claim_rules_standard;
}

// The paper's tests of a claim, which also name its parts and the cells that it needs.
static int begin_claim(struct claim_result *c, const struct claim *claim, const struct table_result *table,
                       const json_t *paper, const struct claim_rules *rules, struct error *err) {
    struct deciding d = {.table = table, .paper = paper, .rules = rules, .of_paper = 1, .claim = c};
    c->id = claim->id;
    c->text = claim->text;
    c->table = table->table->name;
    c->on = table;
    c->is_order = claim->is_order;
    claim->collect(&d);
    return d.incomplete ? fail_memory(err, "claims") : 0;
}

// Tests a claim on our results, all of them or those of a look. 1: it was tested; 0: it cannot be, and `reason`
// says why.
static int test_claim(struct claim_result *c, const json_t *paper, const struct claim_rules *rules,
                      int look_seeds, double share, char reason[240], struct error *err) {
    struct claim_result *now = allocate(1, sizeof *now, "a claim", err);
    if (!now)
        return -1;
    struct deciding d = {
        .table = c->on, .paper = paper, .rules = rules, .look_seeds = look_seeds, .claim = now};
    struct claim claim;
    now->id = c->id;
    if (claim_of(c->on->table, c->id, &claim)) // claims_check has seen to it
        claim.collect(&d);
    int tested = !*now->reason && now->part_count == c->part_count;
    for (int i = 0; tested && i < c->part_count; i++) {
        c->parts[i].test = now->parts[i].test;
        c->parts[i].has_pairs = now->parts[i].has_pairs;
        c->parts[i].pairs_low = now->parts[i].pairs_low, c->parts[i].pairs_high = now->parts[i].pairs_high;
        looks_evidence_add(&c->parts[i].evidence, &now->parts[i].test, now->parts[i].evidence.p_absent, share,
                           CLAIM_ALPHA);
    }
    if (tested)
        c->share = share;
    memcpy(reason, now->reason, sizeof now->reason);
    free(now);
    return d.incomplete ? fail_memory(err, "claims") : tested;
}

// One look at all seeds.
static int decide_at_once(struct claim_result *claims, int count, const json_t *paper,
                          const struct claim_rules *rules, struct error *err) {
    for (int i = 0; i < count; i++) {
        char reason[240];
        if (*claims[i].reason)
            continue;
        if (test_claim(&claims[i], paper, rules, 0, CLAIM_ALPHA, reason, err) < 0)
            return -1;
        memcpy(claims[i].reason, reason, sizeof reason);
    }
    return adjust_both(claims, count, 0, err);
}

static int is_decided(const struct claim_result *c) {
    return c->ours.verdict != NOT_TESTED && c->ours.verdict != UNDECIDED;
}

// Look after look, as far as the seeds go: what is decided stays, what lacks seeds of a look waits for them.
static int decide_by_looks(struct claim_result *claims, int count, const json_t *paper,
                           const struct claim_rules *rules, struct error *err) {
    for (int k = 0; k < rules->looks->count; k++) {
        int tested = 0;
        for (int i = 0; i < count; i++) {
            struct claim_result *c = &claims[i];
            char reason[240];
            if (is_decided(c) || c->looks != k || (!k && *c->reason))
                continue;
            int result =
                test_claim(c, paper, rules, rules->looks->seeds[k], rules->looks->shares[k], reason, err);
            if (result < 0)
                return -1;
            if (result)
                c->looks = k + 1, c->seeds = rules->looks->seeds[k], tested++;
            else if (!k)
                memcpy(c->reason, reason, sizeof reason);
        }
        if (!tested && k)
            return 0;
        for (int i = 0; i < count; i++)
            if (claims[i].looks)
                *claims[i].reason = 0;
        if (adjust_both(claims, count, 1, err))
            return -1;
    }
    return 0;
}

int claims_decide(const struct table_result *tables, int count, const json_t *paper,
                  const struct claim_rules *rules, struct claim_result **out, int *out_count,
                  struct error *err) {
    int total = 0;
    *out = NULL;
    *out_count = 0;
    rules = rules_or_standard(rules);
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
            struct claim claim; // claims_check has seen to it that there is one
            if (claim_of(tables[t].table, tables[t].table->claims[i], &claim) &&
                begin_claim(&(*out)[(*out_count)++], &claim, &tables[t], paper, rules, err))
                return -1;
        }
    return rules->looks ? decide_by_looks(*out, total, paper, rules, err)
                        : decide_at_once(*out, total, paper, rules, err);
}

// ---------------------------------------------------------------------------------------- in numbers

void claim_interval(const struct t_test *test, double *low, double *high) {
    const struct effect_estimate e = {test->effect, test->error, test->df};
    estimate_interval(&e, 0.95, low, high);
}

// Sameness takes two tests, which hold together with a chance of .8 when each does with .9.
double claim_detectable(const struct claim_result *claim, const struct claim_part *part) {
    double bound = part->is_sameness ? 0 : part->test.bound;
    if (!(part->test.error > 0))
        return NAN;
    double level = claim->ours.level * (claim->share > 0 ? claim->share / CLAIM_ALPHA : 1);
    return (bound +
            detectable_excess(part->test.error, part->test.df, level, part->is_sameness ? 0.9 : 0.8)) *
           part->span;
}
