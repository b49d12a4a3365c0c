// SPDX-License-Identifier: Apache-2.0
// Claims as a forest plot has them: a row a claim, with the effect and the interval of our results and of the
// paper's numbers, and the range of effects for which the claim holds.
//
// Everything is in points of the table's number and in the direction that the claim says: of "falls with q" a
// fall over the whole row is positive.
#ifndef REFF_EXPERIMENTS_RESULTS_FOREST_H
#define REFF_EXPERIMENTS_RESULTS_FOREST_H

#include "experiments/results/claims.h"

struct forest_mark {
    int present;
    double effect, low, high; // 95 % interval; NaN: there is none (no spread, or an effect without a test)
};

struct forest_row {
    const char *label;       // of the part: "p = 0.0: reff - baseline > 0"; "" where there is none
    double from, to;         // effects for which the part holds; `to` may be infinite
    struct forest_mark ours; // of this part
    struct forest_mark paper;
};

// A part's row; `tested`: ours has a test.
void forest_part(struct forest_row *row, const struct claim_part *part, int tested);

// A claim's: of the part that decides it; where it is not tested, of the part that decides the paper's.
void forest_claim(struct forest_row *row, const struct claim_result *claim);

// The scale: linear within a point or so, logarithmic beyond, so that a margin of half a point and a gain of thirty
// fit beside each other.
#define FOREST_REACH 100.0 // points, on either side; an interval may reach further
enum { FOREST_TICKS = 9 };
extern const double forest_ticks[FOREST_TICKS];

double forest_position(double points); // 0 (-FOREST_REACH) .. 1

#endif
