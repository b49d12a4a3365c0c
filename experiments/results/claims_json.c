// SPDX-License-Identifier: Apache-2.0
#include "experiments/results/claims_json.h"

#include "core/base/json_fields.h"
#include "experiments/store/record.h"

#include <math.h>
#include <string.h>

// ---------------------------------------------------------------------------------------- writing

static json_t *real_or_null(int present, double value) {
    return present && isfinite(value) ? json_real(value) : json_null();
}

static json_t *interval_json(const struct t_test *test) {
    double low, high;
    claim_interval(test, &low, &high);
    return isfinite(low) && isfinite(high) ? json_pack("[f, f]", low, high) : json_null();
}

// A test with what it says over the looks so far.
static void add_test(json_t *out, const struct t_test *test, const struct evidence *evidence) {
    json_object_set_new(out, "effect", json_real(test->effect));
    json_object_set_new(out, "interval", interval_json(test));
    json_object_set_new(out, "error", json_real(test->error));
    json_object_set_new(out, "statistic", real_or_null(1, test->statistic));
    json_object_set_new(out, "df", json_real(test->df));
    json_object_set_new(out, "p_value", json_real(evidence->p));
    json_object_set_new(out, "p_opposite", json_real(evidence->p_opposite));
    json_object_set_new(out, "p_absent", json_real(evidence->p_absent));
    json_object_set_new(out, "bound", json_real(test->bound));
    json_object_set_new(out, "no_spread", json_boolean(test->no_spread));
}

static json_t *json_part(const struct claim_result *c, const struct claim_part *part) {
    json_t *out =
        json_pack("{s:s, s:s, s:s, s:f, s:o}", "part", part->label, "unit", part->unit, "kind",
                  part->is_difference ? "difference"
                  : part->is_sameness ? "sameness"
                                      : "no worse",
                  "span", part->span, "paper_effect", real_or_null(part->has_paper, part->paper_effect));
    if (c->ours.verdict != NOT_TESTED)
        add_test(out, &part->test, &part->evidence);
    if (part->has_pairs)
        json_object_set_new(out, "interval_by_pairs", json_pack("[f, f]", part->pairs_low, part->pairs_high));
    if (part->has_paper_test) {
        json_t *paper = json_object();
        add_test(paper, &part->paper_test, &part->paper_evidence);
        json_object_set_new(out, "paper", paper);
    }
    return out;
}

// The paper's own verdict, with its weakest part.
static json_t *paper_json(const struct claim_result *c) {
    const struct judgement *j = &c->paper;
    if (j->verdict == NOT_TESTED)
        return json_pack("{s:s}", "verdict", verdict_names[NOT_TESTED]);
    const struct claim_part *part = &c->parts[j->deciding];
    return json_pack("{s:s, s:s, s:f, s:o, s:o, s:f, s:f, s:f, s:i}", "verdict", verdict_names[j->verdict],
                     "part", part->label, "effect", part->paper_test.effect, "interval",
                     interval_json(&part->paper_test), "statistic",
                     real_or_null(1, part->paper_test.statistic), "df", part->paper_test.df, "p_value", j->p,
                     "p_holm", j->p_holm, "claims_tested", j->tested_together);
}

static json_t *untested_json(const struct claim_result *c) {
    return json_pack("{s:s, s:s, s:n, s:n, s:n, s:n, s:n, s:s, s:o}", "id", c->id, "verdict",
                     verdict_names[NOT_TESTED], "effect", "statistic", "p_value", "p_holm", "paper_effect",
                     "claim", c->text, "reason", record_message_json(c->reason));
}

static json_t *tested_json(const struct claim_result *c) {
    const struct judgement *j = &c->ours;
    const struct claim_part *part = &c->parts[j->deciding];
    json_t *reason = *c->reason ? record_message_json(c->reason) : json_null();
    json_t *out = json_pack(
        "{s:s, s:s, s:f, s:o, s:o, s:f, s:f, s:o, s:f, s:f, s:f, s:f, s:f, s:i, s:s, s:o, s:s, s:s}", "id",
        c->id, "verdict", verdict_names[j->verdict], "effect", part->test.effect, "interval",
        interval_json(&part->test), "statistic", real_or_null(1, part->test.statistic), "p_value", j->p,
        "p_holm", j->p_holm, "paper_effect", real_or_null(part->has_paper, part->paper_effect), "df",
        part->test.df, "p_opposite", j->p_opposite, "p_opposite_holm", j->p_opposite_holm, "p_absent",
        j->p_absent, "p_absent_holm", j->p_absent_holm, "claims_tested", j->tested_together, "claim", c->text,
        "reason", reason, "unit", part->unit, "part", part->label);
    if (j->verdict == UNDECIDED)
        json_object_set_new(out, "detectable", real_or_null(1, claim_detectable(c, part)));
    if (c->looks) {
        json_object_set_new(out, "looks", json_integer(c->looks));
        json_object_set_new(out, "seeds", json_integer(c->seeds));
        json_object_set_new(out, "share", json_real(c->share));
    }
    return out;
}

json_t *claim_json(const struct claim_result *c) {
    json_t *out = c->ours.verdict == NOT_TESTED ? untested_json(c) : tested_json(c), *parts = json_array();
    for (int i = 0; i < c->part_count; i++)
        json_array_append_new(parts, json_part(c, &c->parts[i]));
    json_object_set_new(out, "paper", paper_json(c));
    json_object_set_new(out, "parts", parts);
    return out;
}

// ---------------------------------------------------------------------------------------- reading

static double number_or(const json_t *json, const char *key, double other) {
    const json_t *value = json_object_get(json, key);
    return json_is_number(value) ? json_number_value(value) : other;
}

// An infinite statistic, the limit without spread, is null in JSON; its sign is that of the direction. Older
// files have no error, which the statistic tells, and no p of absence: nothing was tested for it.
static void read_test(const json_t *json, struct t_test *test, struct evidence *evidence) {
    evidence->p = json_field_number(json, "p_value");
    evidence->p_opposite = json_field_number(json, "p_opposite");
    evidence->p_absent = number_or(json, "p_absent", 1);
    *test = (struct t_test){.effect = json_field_number(json, "effect"),
                            .bound = json_field_number(json, "bound"),
                            .df = json_field_number(json, "df"),
                            .p = evidence->p,
                            .p_opposite = evidence->p_opposite,
                            .no_spread = json_is_true(json_object_get(json, "no_spread"))};
    test->statistic = number_or(json, "statistic", copysign(INFINITY, 0.5 - evidence->p));
    double excess = fabs(test->effect - test->bound) / fabs(test->statistic);
    test->error = number_or(json, "error", isfinite(excess) ? excess : 0);
}

static void read_part(const json_t *json, struct claim_part *part) {
    const json_t *effect = json_object_get(json, "paper_effect"), *paper = json_object_get(json, "paper");
    memset(part, 0, sizeof *part);
    snprintf(part->label, sizeof part->label, "%s", json_field_text(json, "part"));
    part->unit = json_field_text(json, "unit");
    part->is_difference = !strcmp(json_field_text(json, "kind"), "difference");
    part->is_sameness = !strcmp(json_field_text(json, "kind"), "sameness");
    part->falls = !strcmp(part->unit, claim_unit_slope);
    part->span = number_or(json, "span", 1);
    part->evidence = part->paper_evidence = looks_evidence_none();
    read_test(json, &part->test, &part->evidence);
    const json_t *pairs = json_object_get(json, "interval_by_pairs");
    part->has_pairs = json_is_array(pairs);
    part->pairs_low = json_number_value(json_array_get(pairs, 0));
    part->pairs_high = json_number_value(json_array_get(pairs, 1));
    part->has_paper = json_is_number(effect);
    part->paper_effect = json_number_value(effect);
    part->has_paper_test = json_is_object(paper);
    if (part->has_paper_test)
        read_test(paper, &part->paper_test, &part->paper_evidence);
    part->bound = number_or(json, "bound", part->paper_test.bound);
}

static int has_p(const json_t *part) {
    return json_is_number(json_object_get(part, "p_value")) &&
           json_is_number(json_object_get(part, "p_opposite"));
}

static enum verdict verdict_of(const json_t *json) {
    enum verdict v = 0;
    while (v < VERDICTS - 1 && strcmp(json_field_text(json, "verdict"), verdict_names[v]))
        v++;
    return strcmp(json_field_text(json, "verdict"), verdict_names[v]) ? UNDECIDED : v;
}

void claim_from_json(const json_t *json, struct claim_result *claim) {
    const json_t *parts = json_object_get(json, "parts"), *part;
    size_t i;
    memset(claim, 0, sizeof *claim);
    claim->id = json_field_text(json, "id");
    claim->text = json_field_text(json, "claim");
    claim->ours.verdict = verdict_of(json);
    int untested = claim->ours.verdict == NOT_TESTED;
    if (untested)
        snprintf(claim->reason, sizeof claim->reason, "%s", json_field_text(json, "reason"));
    claim->looks = (int)number_or(json, "looks", 0);
    claim->seeds = (int)number_or(json, "seeds", 0);
    claim->share = number_or(json, "share", 0);
    json_array_foreach(parts, i, part) {
        if (claim->part_count == CLAIM_PARTS_MAXIMUM || (!untested && !has_p(part)))
            snprintf(claim->reason, sizeof claim->reason, "the table's file lacks p-values");
        else
            read_part(part, &claim->parts[claim->part_count++]);
    }
    if (!claim->part_count && !*claim->reason)
        snprintf(claim->reason, sizeof claim->reason, "the table's file lacks p-values");
}
