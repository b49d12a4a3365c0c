// SPDX-License-Identifier: Apache-2.0
// The paper's claims, C1 to C11 (docs/experiments.md, section 6): which cells each one compares.
#include "experiments/results/claims_parts.h"

static const double no_annotations = 0, one_annotation = 1, all_annotations = N_ALL;
static const double some_annotations[] = {1, 5, 10, 20, 50}, annotations[] = {1, 5, 10, 20, 50, N_ALL};

enum { SOME = sizeof some_annotations / sizeof *some_annotations, ANNOTATIONS = SOME + 1 };

static void above(struct deciding *d, const char *a, const char *b, double row, double bound) {
    const struct side x = {a, &row, 1}, y = {b, &row, 1};
    claim_above(d, &x, &y, bound);
}

static void same(struct deciding *d, const char *a, const char *b, double row, double margin) {
    const struct side x = {a, &row, 1}, y = {b, &row, 1};
    claim_same(d, &x, &y, margin);
}

static void claim_c1(struct deciding *d) {
    above(d, "reff", "baseline", 0, 0);
}

static void claim_c2(struct deciding *d) {
    static const char *const methods[] = {"baseline", "reff"};
    static const double zero = 0;
    const struct table *t = d->table->table;
    if (!claim_has_whole_table(d))
        return;
    for (int row = 0; row < t->row_count; row++) {
        if (t->row_values[row] < 0.2)
            continue;
        for (int m = 0; m < 2; m++) {
            const struct side x = {methods[m], &t->row_values[row], 1}, y = {methods[m], &zero, 1};
            claim_above(d, &x, &y, 0);
        }
        above(d, "reff", "baseline", t->row_values[row], -1);
    }
}

static void claim_c3(struct deciding *d) {
    if (!claim_has_whole_table(d))
        return;
    claim_falls(d, "baseline");
    for (int row = 0; row < d->table->table->row_count; row++)
        above(d, "reff", "baseline", d->table->table->row_values[row], 0);
}

static void claim_c4(struct deciding *d) {
    static const double large[] = {112, 168, 223};
    for (int i = 0; i < 3; i++) {
        above(d, "reff", "reff-single", large[i], 0);
        above(d, "reff-single", "baseline", large[i], 0);
    }
}

static void claim_c5(struct deciding *d) {
    same(d, "reff", "baseline", 28, 2);
}

static void claim_c6(struct deciding *d) {
    const struct side one = {"textured-mnist", &one_annotation, 1},
                      none = {"textured-mnist", &no_annotations, 1};
    claim_above(d, &one, &none, 0);
}

static void claim_c7(struct deciding *d) {
    const struct side some = {"textured-mnist", some_annotations, SOME},
                      all = {"textured-mnist", &all_annotations, 1};
    claim_above(d, &some, &all, 0);
}

static void claim_c8(struct deciding *d) {
    const struct side skin = {"isic2017", annotations, ANNOTATIONS},
                      no_skin = {"isic2017", &no_annotations, 1}, pets = {"pets", annotations, ANNOTATIONS},
                      no_pets = {"pets", &no_annotations, 1};
    claim_above(d, &skin, &no_skin, 0);
    claim_same(d, &pets, &no_pets, 1);
}

// Without n = 0, where neither method sees an annotation.
static void claim_c9(struct deciding *d) {
    for (int i = 0; i < SOME; i++)
        above(d, "reff", "abn", some_annotations[i], 0);
    above(d, "abn", "reff", all_annotations, 0);
}

static void claim_c10(struct deciding *d) {
    static const char *const others[] = {"reff-l1", "reff-l2"};
    const struct side reff = {"reff", annotations, ANNOTATIONS};
    for (int i = 0; i < 2; i++) {
        const struct side other = {others[i], annotations, ANNOTATIONS};
        claim_above(d, &reff, &other, 0);
    }
}

static void claim_c11(struct deciding *d) {
    if (!claim_has_whole_table(d))
        return;
    for (int row = 0; row < d->table->table->row_count; row++)
        same(d, "reff", "baseline", d->table->table->row_values[row], 0.5);
}

const struct claim claims_of_the_paper[] = {
    {"C1", "ReFF beats the baseline where the spurious features are strongest (p = 0)", claim_c1,
     CLAIMS_OF_THE_PAPER, 0},
    {"C2",
     "both are accurate once p > 0: each cell with p >= .2 is above the method's p = 0 cell, and ReFF is no "
     "worse than the baseline by more than 1 point",
     claim_c2, CLAIMS_OF_THE_PAPER, 0},
    {"C3", "the baseline falls as q grows, and ReFF beats it at every q", claim_c3, CLAIMS_OF_THE_PAPER, 0},
    {"C4",
     "with large digits (size >= 112) multi-layer ReFF beats single-layer ReFF, and that beats the baseline",
     claim_c4, CLAIMS_OF_THE_PAPER, 0},
    {"C5", "the smallest digits (size 28) leave little: ReFF is within 2 points of the baseline", claim_c5,
     CLAIMS_OF_THE_PAPER, 0},
    {"C6", "one annotated image per class suffices: n = 1 beats n = 0 on Textured MNIST", claim_c6,
     CLAIMS_OF_THE_PAPER, 0},
    {"C7", "pseudo-annotations beat true ones: the mean over 1 <= n <= 50 is above All on Textured MNIST",
     claim_c7, CLAIMS_OF_THE_PAPER, 0},
    {"C8", "on ISIC2017 the mean over n >= 1 is above n = 0; on Pets it is within 1 point of n = 0", claim_c8,
     CLAIMS_OF_THE_PAPER, 0},
    {"C9", "ReFF beats ABN for each 1 <= n <= 50, ABN beats ReFF at All", claim_c9, CLAIMS_OF_THE_PAPER, 0},
    {"C10", "L1 and L2 in place of ReFF lose accuracy (mean over n)", claim_c10, CLAIMS_OF_THE_PAPER, 0},
    {"C11", "nothing is lost where nothing is spurious: ReFF is within .5 points of the baseline at every q",
     claim_c11, CLAIMS_OF_THE_PAPER, 0},
    {0},
};
