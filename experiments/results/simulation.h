// SPDX-License-Identifier: Apache-2.0
// What the looks decide, by simulation: experiments of one claimed difference between two methods, whose seeds'
// scores are correlated, go through the very tests of looks.h.
#ifndef REFF_EXPERIMENTS_RESULTS_SIMULATION_H
#define REFF_EXPERIMENTS_RESULTS_SIMULATION_H

#include "experiments/results/looks.h"

#include <stdio.h>

struct simulation {
    const struct looks *looks;
    double level;          // of all looks together: the shares' sum
    double effect, margin; // difference, and smallest effect of interest, in deviations of one method
    double correlation;    // of the two methods' scores of a seed
    int heavy_tails; // scores from Student's t with 3 degrees of freedom, scaled to variance 1; else normal
    int together;    // claims that Holm's method counts: this one is the strictest of them
    int experiments;
    uint64_t seed;
};

struct simulated { // shares of the experiments
    double reproduced, contradicted, absent;
    double seeds; // used on average
};

struct simulated simulate(const struct simulation *s);

// The table of docs/statistics.md: chance to decide and seeds used, by effect, of one claim and of the strictest of
// eleven; and three seeds with Welch's test alone.
void simulation_print(FILE *out, const struct looks *looks, int experiments);

#endif
