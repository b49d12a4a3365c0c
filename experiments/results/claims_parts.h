// SPDX-License-Identifier: Apache-2.0
// What a claim is made of, for claims_paper.c and claims_controls.c: comparisons of cells, which collect themselves with their test
// and the paper's effect, or leave the reason why the claim cannot be tested.
#ifndef REFF_EXPERIMENTS_RESULTS_CLAIMS_PARTS_H
#define REFF_EXPERIMENTS_RESULTS_CLAIMS_PARTS_H

#include "experiments/results/claims.h"

struct deciding { // a claim while its parts are collected
    const struct table_result *table;
    const json_t *paper;
    const struct claim_rules *rules;
    int of_paper;   // the parts' tests are of the paper's numbers; else of our results
    int look_seeds; // seeds of the look that the parts are tested at; 0: all that there are
    struct claim_result *claim;
    int incomplete; // memory for words ran out
};

// Claims that Holm's method adjusts together.
enum claim_family { CLAIMS_OF_THE_PAPER, CLAIMS_OF_CONTROLS, CLAIM_FAMILIES };

struct claim {
    const char *id, *text;
    void (*collect)(struct deciding *d);
    enum claim_family family;
    int is_order; // gives an order of methods, no verdict; does not count among those that are tested
};

// A table's own claim, that of d->claim->id: a comparison at each of its rows.
void claim_collect_own(struct deciding *d);

// C1 to C11, and D1 to D4; the last has no id.
extern const struct claim claims_of_the_paper[], claims_of_controls[];

// One side of a comparison: a column's cell, or the mean, seed by seed, of its cells at several rows.
struct side {
    const char *column;
    const double *rows; // values
    int count;
};

// "a is above b by more than `bound`" (0: a difference is claimed; negative: no worse by more than -bound).
void claim_above(struct deciding *d, const struct side *a, const struct side *b, double bound);

// "a and b are the same within `margin`" (TOST).
void claim_same(struct deciding *d, const struct side *a, const struct side *b, double margin);

// "the column falls as the row's value grows", over all rows and seeds: slope < 0.
void claim_falls(struct deciding *d, const char *column);

// "these columns, in the order of their means in that row": with 95 % intervals of Student's t, noted as the reason why
// there is no verdict.
void claim_order(struct deciding *d, double row, const char *const *columns, int count);

// 0, with the reason noted, where only some of the table's rows or columns were asked for.
int claim_has_whole_table(struct deciding *d);

#endif
