// SPDX-License-Identifier: Apache-2.0
// What the checks of `reff verify` have in common: their list of outcomes, and the tests of drawn numbers.
#ifndef REFF_GEN_VERIFY_VERIFY_CHECKS_H
#define REFF_GEN_VERIFY_VERIFY_CHECKS_H

#include "core/base/error.h"
#include "core/shard/shard.h"

#include <jansson.h>

enum outcome { FAIL, PASS, SKIP };

// Adds {"name", "outcome", "detail"} to the list.
void checks_report(json_t *checks, const char *name, enum outcome outcome, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

// `drawn` of `count` against a chance: exact two-sided binomial test.
void checks_share(json_t *checks, const char *name, long drawn, long count, double chance);

// Counts of `classes` kinds against their weights (NULL: equal ones): chi-squared, where at least 5 of each
// are expected.
void checks_frequencies(json_t *checks, const char *name, const long *counts, const double *weights,
                        int classes);

// Whether the shard is of the generator's revision that this program has; else the check is skipped, since
// another revision had other rules.
int checks_revision(json_t *checks, const char *name, const json_t *attributes, int revision);

// Column `group` against what it must be, [count], and the attribute `group_names` against class_names (NULL:
// classes go by their numbers) with both kinds of groups, or one a class. Names the smallest group.
int checks_groups(json_t *checks, const json_t *attributes, const int32_t *groups, const int32_t *expected,
                  long count, const json_t *class_names, int classes, int both, struct error *err);

// A shard that no generator of this program has made: its masks, and what it lacks.
int checks_unknown(json_t *checks, struct shard *shard, const json_t *attributes, struct error *err);

// A shard of photographs or of drawn stand-ins: the checks that read_claims of verify.c leaves to it.
// `labels` are the shard's; `source` the folder of the official files, or "". 0, or -1 when the shard cannot
// be read.
int checks_photographs(json_t *checks, struct shard *shard, const json_t *attributes, const int32_t *labels,
                       const char *source, struct error *err);

#endif
