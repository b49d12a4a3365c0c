// SPDX-License-Identifier: Apache-2.0
#include "experiments/results/forest.h"

#include <math.h>

const double forest_ticks[FOREST_TICKS] = {-30, -10, -3, -1, 0, 1, 3, 10, 30};

double forest_position(double points) {
    double at = 0.5 + 0.5 * asinh(points) / asinh(FOREST_REACH);
    return fmin(1, fmax(0, at));
}

// An effect without an error has no interval: a limit without spread, or no test.
static struct forest_mark mark_of(const struct t_test *test, double factor) {
    struct forest_mark m = {.present = 1, .effect = test->effect * factor, .low = NAN, .high = NAN};
    if (test->error > 0) {
        double low, high;
        claim_interval(test, &low, &high);
        m.low = fmin(low * factor, high * factor);
        m.high = fmax(low * factor, high * factor);
    }
    return m;
}

void forest_part(struct forest_row *row, const struct claim_part *part, int tested) {
    double factor = part->span * (part->falls ? -1 : 1), bound = part->bound;
    *row = (struct forest_row){.label = part->label,
                               .from = part->is_sameness ? -bound : bound,
                               .to = part->is_sameness ? bound : INFINITY};
    if (tested)
        row->ours = mark_of(&part->test, factor);
    if (part->has_paper_test)
        row->paper = mark_of(&part->paper_test, factor);
    else if (part->has_paper)
        row->paper = (struct forest_mark){1, part->paper_effect * factor, NAN, NAN};
}

void forest_claim(struct forest_row *row, const struct claim_result *claim) {
    int tested = claim->ours.verdict != NOT_TESTED;
    if (claim->part_count)
        forest_part(row, &claim->parts[tested ? claim->ours.deciding : claim->paper.deciding], tested);
    else
        *row = (struct forest_row){.label = "", .from = NAN, .to = NAN};
}
