// SPDX-License-Identifier: Apache-2.0
#include "experiments/store/reason.h"

#include "core/base/json_fields.h"

#include <string.h>

static const char *const sentences[RUN_REASONS] = {
    [REASON_NONE] = "done",
    [REASON_NEVER_RUN] = "never run",
    [REASON_UNFINISHED] = "unfinished: continues from its checkpoint",
    [REASON_FAILED] = "failed before (retry asked): ",
    [REASON_DAMAGED] = "record damaged: ",
    [REASON_MODEL_NOT_KEPT] = "done, but its model was not kept",
    [REASON_NEW_SETTINGS] = "new settings: ",
};

// The newest other record of the same place in the experiments.
static const json_t *predecessor(const json_t *known, const struct cell *cell) {
    const json_t *best = NULL, *one;
    size_t i;
    json_array_foreach((json_t *)known, i, one) {
        const json_t *other = json_object_get(one, "cell");
        if (!strcmp(json_field_text(other, "name"), cell->name) &&
            strcmp(json_field_text(other, "digest"), cell->digest) &&
            (!best || json_number_value(json_object_get(one, "modified")) >
                          json_number_value(json_object_get(best, "modified"))))
            best = one;
    }
    return best;
}

static void find_missing(struct reason *out, const struct cell *cell, const json_t *known) {
    const json_t *before = predecessor(known, cell);
    struct text difference = {0};
    out->kind = before ? REASON_NEW_SETTINGS : REASON_NEVER_RUN;
    if (!before)
        return;
    identity_difference(&difference, json_object_get(json_object_get(before, "cell"), "identity"),
                        json_object_get(cell->record, "identity"));
    snprintf(out->detail, sizeof out->detail, "%s",
             difference.length ? text_string(&difference) : "(none recorded)");
    snprintf(out->since, sizeof out->since, "%s", json_field_text(before, "folder"));
    text_free(&difference);
}

void reason_find(struct reason *out, const struct cell *cell, const struct run_status *status,
                 const json_t *known) {
    static const enum run_reason of_state[RUN_STATES] = {[RUN_DONE] = REASON_NONE,
                                                         [RUN_UNFINISHED] = REASON_UNFINISHED,
                                                         [RUN_FAILED] = REASON_FAILED,
                                                         [RUN_DAMAGED] = REASON_DAMAGED};
    memset(out, 0, sizeof *out);
    if (status->lacks_model)
        out->kind = REASON_MODEL_NOT_KEPT;
    else if (status->state == RUN_MISSING)
        find_missing(out, cell, known);
    else
        out->kind = of_state[status->state];
    if (out->kind == REASON_FAILED || out->kind == REASON_DAMAGED)
        snprintf(out->detail, sizeof out->detail, "%s", status->message);
}

int reason_is_same(const struct reason *a, const struct reason *b) {
    return a->kind == b->kind && !strcmp(a->detail, b->detail);
}

void reason_text_without_run(struct text *out, const struct reason *r) {
    text_add(out, sentences[r->kind]);
    text_add(out, r->detail);
}

void reason_text(struct text *out, const struct reason *r) {
    reason_text_without_run(out, r);
    if (*r->since)
        text_printf(out, " since %s", r->since);
}
