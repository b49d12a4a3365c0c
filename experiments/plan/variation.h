// SPDX-License-Identifier: Apache-2.0
// Settings that a table, one of its columns or the command line varies, by name, beside those of the profile:
//
//     lambda           of training (core/train/train.h)
//     annotator.ngf    of the pseudo-annotator (core/annotate/annotator.h)
//     data.blend       of the data (gen/data_set/data_set.h), where a data set has it
//
// Not among them: what a cell is named by (p, q, size, n, method, seed), what the profile reads (its sources) and what
// decides nothing. A setting of training that means nothing to a method is left out of its runs, which are then those
// that are there already.
#ifndef REFF_EXPERIMENTS_PLAN_VARIATION_H
#define REFF_EXPERIMENTS_PLAN_VARIATION_H

#include "core/annotate/annotator.h"
#include "core/base/text.h"
#include "core/train/train.h"
#include "gen/data_set/data_set.h"

enum { VARIATIONS_MAXIMUM = 6, VARIATION_VALUE_SIZE = 64 };

struct variation {
    char name[SETTING_WORD_SIZE];     // in its one spelling: "lambda_ramp", "annotator.l1_weight"
    char value[VARIATION_VALUE_SIZE]; // as it was given
};

struct variations { // starts as {0}
    int count;
    struct variation items[VARIATIONS_MAXIMUM];
};

// Adds one, or gives one that is there another value. An unknown name, one that is none of these, and a value that the
// setting does not take are usage errors, with `where` before them.
int variations_set(struct variations *v, const char *name, const char *value, const char *where,
                   struct error *err);

// All of `more`: they prevail. -1 where there is no room.
int variations_join(struct variations *v, const struct variations *more, const char *where,
                    struct error *err);

// NAME=VALUE with commas between; a piece without '=' belongs to the value before it ("layer_weights=1,2,epochs=3").
int variations_parse(struct variations *v, const char *text, const char *where, struct error *err);

// The value of a setting, or NULL. Names as in variations_set.
const char *variations_find(const struct variations *v, const char *name);

// Whether there is such a setting, whatever its value.
int variation_is_known(const char *name);

// A value as a number; NaN where the setting is none.
double variation_number(const char *name, const char *value);

// ---- to use them

int variations_apply_training(const struct variations *v, struct train_settings *out, struct error *err);
int variations_apply_annotator(const struct variations *v, struct annotator_settings *out, struct error *err);
// Those that the data set has.
int variations_apply_data(const struct variations *v, const struct data_set *set, union data_settings *out,
                          struct error *err);

// "lambda 5, epochs 12, ": those that mean something to runs of that method on that data set, annotated by an annotator
// or not. Room for all is VARIATIONS_MAXIMUM * (SETTING_WORD_SIZE + VARIATION_VALUE_SIZE + 3).
void variations_name(char *out, size_t size, const struct variations *v, const char *method,
                     const struct data_set *set, int has_annotator);

#endif
