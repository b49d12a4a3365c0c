// SPDX-License-Identifier: Apache-2.0
// The claims of the paper, decided by tests over the seeds' results (docs/experiments.md, section 6).
//
// A claim has one part per comparison that it makes. Each part is a one-sided t test (statistics.h: Welch's;
// for C3's slope that of least squares; with looks (looks.h) by pairs from five seeds on). "No worse by more
// than m points" is the one of the two one-sided tests against the margin that concerns being worse (being
// better by more than m does not count against it), "the same within m" is both (TOST).
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
// the effect and the statistic that are printed. It is contradicted when a part's opposite is significant, and
// absent when a difference that a part claims is smaller than the smallest effect of interest, whichever its
// sign (TOST; of a slope the change that it makes over the whole row): the smallest such p times the number of
// parts that it is taken from (Bonferroni); then that part is the one printed. All three kinds of p are adjusted
// by Holm's method over all claims tested together; alpha is .05:
//   reproduced     p (Holm) < alpha
//   contradicted   opposite p (Holm) < alpha
//   absent         p of absence (Holm) < alpha
//   undecided      none of these
//   not tested     a cell is missing or has fewer than two seeds
// The first that holds, in this order, is the verdict; with looks (looks.h) that of the first look at which one
// holds, for good.
//
// A table may have claims of its own ([claim ID] in its file), which are decided in the same way; the paper
// says nothing of them.
//
// The paper's own verdict comes from the same tests of its printed means and deviations, three runs a cell.
// The mean of cells has their means' mean and, as the paper prints no run's numbers, the deviation of independent
// ones: sqrt(sum of s_i^2) / count. For the same reason C3 is taken without its slope there.
//
// Where neither side has any spread (both at 100 %, say) there is no test; the part counts as certain in the
// direction of its effect, and says so.
#ifndef REFF_EXPERIMENTS_RESULTS_CLAIMS_H
#define REFF_EXPERIMENTS_RESULTS_CLAIMS_H

#include "experiments/results/looks.h"
#include "experiments/results/table_result.h"

enum { CLAIM_PARTS_MAXIMUM = 3 * TABLE_ROWS_MAXIMUM };
#define CLAIM_ALPHA 0.05

enum verdict { NOT_TESTED, REPRODUCED, UNDECIDED, CONTRADICTED, ABSENT, VERDICTS };
extern const char *const verdict_names[VERDICTS];
extern const char claim_unit_points[], claim_unit_slope[]; // of effects: "points", "points per unit"

struct claim_part {
    char label[128];    // "p = 0.0: reff - baseline > 0"
    const char *unit;   // of effect
    int is_difference;  // one is claimed: it can be absent
    int is_sameness;    // it is claimed
    int falls;          // a slope below 0 is claimed
    double bound;       // the effect is claimed to be above it; of sameness within it
    double span;        // what the effect is multiplied by to be points: 1; of a slope the row's length
    struct t_test test; // of the last look, or of all seeds
    struct evidence evidence;
    int has_pairs; // the effect's 95 % interval by pairs of a seed, whatever the test
    double pairs_low, pairs_high;
    int has_paper;
    double paper_effect; // the same effect in the paper's means
    int has_paper_test;
    struct t_test paper_test;
    struct evidence paper_evidence;
};

struct judgement { // of a claim: on our results, or on the paper's
    enum verdict verdict;
    int deciding;        // the part that is printed: with the largest p, or what contradicts or is absent
    int tested_together; // claims that Holm's method adjusts
    double p, p_opposite, p_absent;                // before Holm
    double p_holm, p_opposite_holm, p_absent_holm; // after
    double level;                                  // at which Holm's method would show the next claim
};

struct claim_result {
    const char *id, *text;
    const char *table; // name of the table that it is decided on
    char reason[240];  // why it is not tested, undecided, contradicted or absent; "" if reproduced
    int part_count;
    struct claim_part parts[CLAIM_PARTS_MAXIMUM];
    struct judgement ours, paper;
    int looks;                     // that it was tested at; 0: fixed seeds
    int seeds;                     // of each of its cells at the last look; 0: fixed seeds
    double share;                  // of the level, at the last look; without looks all of it
    int is_order;                  // no verdict is sought: the reason is an order of methods, with intervals
    const struct table_result *on; // the table; NULL: read from a file
    unsigned char
        needs[TABLE_ROWS_MAXIMUM * TABLE_COLUMNS_MAXIMUM]; // its cells, [row * column_count + column]
};

struct claim_rules {
    double smallest_effect;    // of interest, in points
    const struct looks *looks; // NULL: one look at all seeds, with the whole level
    const struct seeds *seeds; // those that the looks take, in order; only with looks
};

extern const struct claim_rules claim_rules_standard; // 1 point, one look

// Refuses unknown claims, before anything is run for them.
int claims_check(const struct table *table, struct error *err);

// The order of ids: by letters, then by number, "C2" before "C10".
int claims_compare_ids(const char *a, const char *b);

// What a claim of the paper's, or of the table's own, says; NULL for an unknown id.
const char *claim_text(const struct table *table, const char *id);

// Decides the claims that these tables name. *out [*out_count] is the caller's (free()), also after a
// failure; it borrows the tables. With looks a claim is tested at a look when all its cells have all seeds of it,
// Holm's method counts all claims whether tested or not, and nothing but the results is remembered: whoever
// reads them again comes to the same verdicts.
int claims_decide(const struct table_result *tables, int count, const json_t *paper,
                  const struct claim_rules *rules, struct claim_result **out, int *out_count,
                  struct error *err);

// Gives claims their verdicts from their parts' evidence: Holm over all of them that are tested (that have parts
// and no reason why not), and over the paper's. A verdict that a claim brings with it and that still holds stays.
// claims_decide ends with it; for claims that were decided apart it is called again.
int claims_adjust(struct claim_result *claims, int count, struct error *err);

// The effect's 95 % interval, in its unit.
void claim_interval(const struct t_test *test, double *low, double *high);

// The difference that these seeds would have shown with a chance of .8, in points; of sameness the margin. NaN
// where there is no spread, or no test.
double claim_detectable(const struct claim_result *claim, const struct claim_part *part);

#endif
