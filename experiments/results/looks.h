// SPDX-License-Identifier: Apache-2.0
// Seeds until decided: tests at looks that are fixed beforehand (docs/statistics.md).
//
// After looks.seeds[k] seeds everything is tested at the share a_k of the level alpha, sum over k of a_k <= alpha.
// A part's p over the looks so far is min over k of p_k alpha / a_k: by the union bound it falls below alpha with
// a chance of at most alpha where the part is false, however the looks depend on each other and whenever one
// stops. Before LOOKS_PAIRED_FROM seeds the test is Welch's, from there on the paired one: fixed, never chosen by
// the result. (With three seeds pairing would halve the degrees of freedom for a correlation that may be small;
// with five or more what the methods share by seed is worth more.)
#ifndef REFF_EXPERIMENTS_RESULTS_LOOKS_H
#define REFF_EXPERIMENTS_RESULTS_LOOKS_H

#include "experiments/plan/profile.h"
#include "experiments/results/statistics.h"

enum { LOOKS_PAIRED_FROM = 5 };

// What the tests so far say of a part: p of it, of its opposite, and of "smaller than the smallest effect of
// interest" (1 where no difference is claimed).
struct evidence {
    double p, p_opposite, p_absent;
};

// Nothing is known yet.
struct evidence looks_evidence_none(void);

// Joins a test at the share `share` of the level; the whole level is one look alone.
void looks_evidence_add(struct evidence *e, const struct t_test *test, double p_absent, double share,
                        double level);

// a - b by the test of a look with n seeds; a[i] and b[i] are of one seed.
struct effect_estimate looks_estimate(const double *a, const double *b, int n);

// p of "the effect, times `span`, is smaller than `margin`, whichever its sign" (TOST).
double looks_absent_p(const struct effect_estimate *e, double span, double margin);

#endif
