// SPDX-License-Identifier: Apache-2.0
// Claims of ours, D1 to D4 (docs/methods.md): whether it is the explanation, or something cheap would do. A family of
// their own: Holm's method adjusts them apart from the paper's.
#include "experiments/results/claims_parts.h"

static void beats(struct deciding *d, const char *other) {
    static const double strongest = 0;
    const struct side reff = {"reff", &strongest, 1}, rival = {other, &strongest, 1};
    claim_above(d, &reff, &rival, 0);
}

static void claim_d1(struct deciding *d) {
    beats(d, "reff-shuffled");
    beats(d, "reff-random");
}

static void claim_d2(struct deciding *d) {
    beats(d, "swap");
}

static void claim_d3(struct deciding *d) {
    beats(d, "reff-detached");
}

static void claim_d4(struct deciding *d) {
    static const char *const rivals[] = {"reff", "energy", "rrr", "group-dro", "dfr"};
    claim_order(d, 0.05, rivals, sizeof rivals / sizeof *rivals);
}

const struct claim claims_of_controls[] = {
    {"D1",
     "it is the annotation: ReFF beats ReFF with other images' annotations and with random discs at p = 0",
     claim_d1, CLAIMS_OF_CONTROLS, 0},
    {"D2", "it is worth its cost: ReFF beats swapped backgrounds at p = 0", claim_d2, CLAIMS_OF_CONTROLS, 0},
    {"D3", "the second order matters: ReFF beats ReFF with alpha taken as a constant at p = 0", claim_d3,
     CLAIMS_OF_CONTROLS, 0},
    {"D4", "the order of ReFF among energy, rrr, group-dro and dfr at p = 0.05, without a verdict", claim_d4,
     CLAIMS_OF_CONTROLS, 1},
    {0},
};
