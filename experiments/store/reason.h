// SPDX-License-Identifier: Apache-2.0
// Why a run is to be done, as a value: who decides by it asks for its kind, and only reason_text() has words.
#ifndef REFF_EXPERIMENTS_STORE_REASON_H
#define REFF_EXPERIMENTS_STORE_REASON_H

#include "core/base/text.h"
#include "experiments/store/record.h"

enum run_reason {
    REASON_NONE,      // it is done
    REASON_NEVER_RUN, // and nothing at its place in the experiments
    REASON_UNFINISHED,
    REASON_FAILED,         // detail: its message
    REASON_DAMAGED,        // detail: what is wrong with its record
    REASON_MODEL_NOT_KEPT, // it is done, but the model that is asked for is not there
    REASON_NEW_SETTINGS,   // detail: in what they differ; since: the folder of the run that had others
    RUN_REASONS
};

struct reason {
    enum run_reason kind;
    char detail[600]; // "" where the kind has none
    char since[17];
};

// `status` is the cell's (run_look), `known` from records_scan.
void reason_find(struct reason *out, const struct cell *cell, const struct run_status *status,
                 const json_t *known);

// 1 if a line can tell both at once: they differ at most in the runs that had other settings.
int reason_is_same(const struct reason *a, const struct reason *b);

// "new settings: lambda 3 -> 4 since 0123456789abcdef", or the same without the run that had others.
void reason_text(struct text *out, const struct reason *r);
void reason_text_without_run(struct text *out, const struct reason *r);

#endif
