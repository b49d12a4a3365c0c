// SPDX-License-Identifier: Apache-2.0
// Numbers of an evaluation by name, as reports and records have them: "accuracy", "worst_group_accuracy",
// "pointing.layer4"; "worst_group" is short for the second, as are "worst_class", "aligned", "conflicting", "mean_class".
// And bounds on them: "accuracy=30".
#ifndef REFF_EXPERIMENTS_RESULTS_MEASURED_H
#define REFF_EXPERIMENTS_RESULTS_MEASURED_H

#include "core/base/text.h"

#include <jansson.h>

enum { MEASURED_NAME_SIZE = 64, MEASURED_BOUNDS_MAXIMUM = 32 };

// The name in full. Fails (usage) where no evaluation measures it; `where` begins the message.
int measured_name(const char *word, const char *where, char name[MEASURED_NAME_SIZE], struct error *err);

// The number of that (full) name: 1; 0 where the report has none or null, since there was nothing to measure it on.
int measured_value(const json_t *report, const char *name, double *value);

// +1: lower is worse; -1: higher is worse (ece, group_gap).
int measured_sign(const char *name);

struct measured_bound {
    char name[MEASURED_NAME_SIZE];
    double bound;
    int at_least; // the number must be at least so large; else at most
};

struct measured_bounds {
    int count;
    struct measured_bound items[MEASURED_BOUNDS_MAXIMUM];
};

// Adds those of a list "accuracy=30,worst_group=10". where: "--min".
int measured_bounds_add(struct measured_bounds *bounds, const char *list, int at_least, const char *where,
                        struct error *err);

// Fails with every number that is beyond its bound, or that the report does not have: "test.h5: accuracy 24.4 is below 30,
// worst_group_accuracy 5 is below 10".
int measured_bounds_check(const struct measured_bounds *bounds, const json_t *report, const char *where,
                          struct error *err);

#endif
