// SPDX-License-Identifier: Apache-2.0
// The claims of the paper, decided by tests over the seeds' results (docs/experiments.md, section 6).
//
// A claim has one part per comparison that it makes. Each part is a one-sided t test (statistics.h: Welch's;
// for C3's slope that of least squares); "no worse by more than m points" is the one of the two one-sided
// tests against the margin that concerns being worse (being better by more than m does not count against it),
// "the same within m" is both (TOST).
//
// "The mean over n" (C7, C8, C10) is taken seed by seed: x_s = the mean over the n of the accuracies of seed
// s, and Welch's test compares the x_s with the values, or means, of the other side. Runs of one seed share
// their data and initial weights: the seeds are independent observations, the cells of a seed are not.
// A contrast of the cells' means with the variances of single cells, sum c_i^2 s_i^2 / n_i, would count
// them as if they were, and be too sure. The two sides of a comparison share the seeds as well: that makes
// Welch's test err on the safe side (it leaves a covariance above 0 out of the difference's variance), and
// pairing, which would use it, would halve the degrees of freedom of three seeds.
//
// A claim needs all its parts (intersection-union test): its p is the largest of theirs, and that part gives
// the effect and the statistic that are printed. It is contradicted when a part's opposite is significant:
// the smallest opposite p times the number of parts (Bonferroni); then that part is the one printed. Both
// kinds of p are adjusted by Holm's method over all claims tested together; alpha is .05:
//   reproduced     p (Holm) < alpha
//   contradicted   opposite p (Holm) < alpha
//   not shown      neither
//   not tested     a cell is missing or has fewer than two seeds
// Where neither side has any spread (both at 100 %, say) there is no test; the part counts as certain in the
// direction of its effect, and says so.
#ifndef REFF_EXPERIMENTS_RESULTS_CLAIMS_H
#define REFF_EXPERIMENTS_RESULTS_CLAIMS_H

#include "experiments/results/table_result.h"

enum { CLAIM_PARTS_MAXIMUM = 3 * TABLE_ROWS_MAXIMUM };
#define CLAIM_ALPHA 0.05

enum verdict { NOT_TESTED, REPRODUCED, NOT_SHOWN, CONTRADICTED, VERDICTS };
extern const char *const verdict_names[VERDICTS];

struct claim_part {
    char label[128];  // "p = 0.0: reff - baseline > 0"
    const char *unit; // of effect: "points", "points per unit of q"
    struct t_test test;
    int has_paper;
    double paper_effect; // the same effect in the paper's means
};

struct claim_result {
    const char *id, *text;
    const char *table; // name of the table that it is decided on
    enum verdict verdict;
    char reason[240]; // why it is not tested, not shown or contradicted; "" if reproduced
    int part_count;
    int deciding, opposing; // parts with the largest p, with the smallest p_opposite; contradicted: one part
    struct claim_part parts[CLAIM_PARTS_MAXIMUM];
    double p, p_opposite;           // before Holm
    double p_holm, p_opposite_holm; // after
    int tested_together;            // claims that Holm's method adjusts
};

// Refuses unknown claims, before anything is run for them.
int claims_check(const struct table *table, struct error *err);

// What a claim says; NULL for an unknown id.
const char *claim_text(const char *id);

// Decides the claims that these tables name. *out [*out_count] is the caller's (free()), also after a
// failure.
int claims_decide(const struct table_result *tables, int count, const json_t *paper,
                  struct claim_result **out, int *out_count, struct error *err);

// Gives claims their verdicts from their parts: Holm over all of them that are tested (that have parts and no
// reason why not). claims_decide ends with it; for claims that were decided apart it is called again.
int claims_adjust(struct claim_result *claims, int count, struct error *err);

#endif
