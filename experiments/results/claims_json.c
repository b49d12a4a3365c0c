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

static json_t *json_part(const struct claim_part *part) {
    return json_pack("{s:s, s:f, s:s, s:o, s:f, s:f, s:f, s:f, s:b, s:o}", "part", part->label, "effect",
                     part->test.effect, "unit", part->unit, "statistic",
                     real_or_null(1, part->test.statistic), "df", part->test.df, "p_value", part->test.p,
                     "p_opposite", part->test.p_opposite, "bound", part->test.bound, "no_spread",
                     part->test.no_spread, "paper_effect", real_or_null(part->has_paper, part->paper_effect));
}

json_t *claim_json(const struct claim_result *c) {
    if (c->verdict == NOT_TESTED)
        return json_pack("{s:s, s:s, s:n, s:n, s:n, s:n, s:n, s:s, s:o}", "id", c->id, "verdict",
                         verdict_names[c->verdict], "effect", "statistic", "p_value", "p_holm",
                         "paper_effect", "claim", c->text, "reason", record_message_json(c->reason));
    const struct claim_part *part = &c->parts[c->deciding];
    json_t *parts = json_array();
    for (int i = 0; i < c->part_count; i++)
        json_array_append_new(parts, json_part(&c->parts[i]));
    json_t *reason = *c->reason ? record_message_json(c->reason) : json_null();
    return json_pack("{s:s, s:s, s:f, s:o, s:f, s:f, s:o, s:f, s:f, s:f, s:i, s:s, s:o, s:s, s:s, s:o}", "id",
                     c->id, "verdict", verdict_names[c->verdict], "effect", part->test.effect, "statistic",
                     real_or_null(1, part->test.statistic), "p_value", c->p, "p_holm", c->p_holm,
                     "paper_effect", real_or_null(part->has_paper, part->paper_effect), "df", part->test.df,
                     "p_opposite", c->p_opposite, "p_opposite_holm", c->p_opposite_holm, "claims_tested",
                     c->tested_together, "claim", c->text, "reason", reason, "unit", part->unit, "part",
                     part->label, "parts", parts);
}

// ---------------------------------------------------------------------------------------- reading

// An infinite statistic, the limit without spread, is null in JSON; its sign is that of the direction.
static void read_part(const json_t *json, struct claim_part *part) {
    const json_t *statistic = json_object_get(json, "statistic"),
                 *paper = json_object_get(json, "paper_effect");
    memset(part, 0, sizeof *part);
    snprintf(part->label, sizeof part->label, "%s", json_field_text(json, "part"));
    part->unit = json_field_text(json, "unit");
    part->test = (struct t_test){.effect = json_field_number(json, "effect"),
                                 .bound = json_field_number(json, "bound"),
                                 .df = json_field_number(json, "df"),
                                 .p = json_field_number(json, "p_value"),
                                 .p_opposite = json_field_number(json, "p_opposite"),
                                 .no_spread = json_is_true(json_object_get(json, "no_spread"))};
    part->test.statistic =
        json_is_number(statistic) ? json_number_value(statistic) : copysign(INFINITY, 0.5 - part->test.p);
    part->has_paper = json_is_number(paper);
    part->paper_effect = json_number_value(paper);
}

static int has_p(const json_t *part) {
    return json_is_number(json_object_get(part, "p_value")) &&
           json_is_number(json_object_get(part, "p_opposite"));
}

void claim_from_json(const json_t *json, struct claim_result *claim) {
    const json_t *parts = json_object_get(json, "parts"), *part;
    size_t i;
    memset(claim, 0, sizeof *claim);
    claim->id = json_field_text(json, "id");
    claim->text = json_field_text(json, "claim");
    if (!strcmp(json_field_text(json, "verdict"), verdict_names[NOT_TESTED])) {
        snprintf(claim->reason, sizeof claim->reason, "%s", json_field_text(json, "reason"));
        return;
    }
    json_array_foreach(parts, i, part) {
        if (claim->part_count == CLAIM_PARTS_MAXIMUM || !has_p(part))
            snprintf(claim->reason, sizeof claim->reason, "the table's file lacks p-values");
        else
            read_part(part, &claim->parts[claim->part_count++]);
    }
    if (!claim->part_count)
        snprintf(claim->reason, sizeof claim->reason, "the table's file lacks p-values");
}
