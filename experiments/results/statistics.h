// SPDX-License-Identifier: Apache-2.0
// The statistics of tables and claims (docs/experiments.md, section 6). Distributions are GSL's.
#ifndef REFF_EXPERIMENTS_RESULTS_STATISTICS_H
#define REFF_EXPERIMENTS_RESULTS_STATISTICS_H

#include <stdint.h>

struct sample {
    int n;
    double mean;
    double std;             // sample standard deviation (ddof 1); NaN for n < 2
    double ci_low, ci_high; // 95 % interval of the mean, from Student's t; NaN for n < 2
};

struct sample sample_of(const double *values, int n); // mean is NaN for n = 0

// Values of a cell by seed; seeds in any order, each once.
struct seed_values {
    int n;
    const uint64_t *seeds;
    const double *values;
};

// Means over cells, seed by seed, for the seeds that every cell has: out[i] = 1/count * sum over j of
// cells[j]'s value for that seed, in the order of cells[0]. Returns their number; out needs room for
// cells[0].n.
int means_by_seed(const struct seed_values *cells, int count, double *out);

// A one-sided t test of "effect > bound". p_opposite belongs to "effect < bound": 1 - p.
// Without any spread the statistic is the limit: infinite with the effect's sign, p 0 or 1; 0 and 1/2 on the
// bound.
struct t_test {
    double effect, bound;
    double statistic, df;
    double p, p_opposite;
    int no_spread; // a limit, not a test: all values of each side are equal
};

// Welch's test: mean(a) - mean(b) > bound, variances not taken as equal, Satterthwaite's degrees of freedom:
// with v_a = s_a^2 / n_a, v_b likewise, t = (mean(a) - mean(b) - bound) / sqrt(v_a + v_b) and
// df = (v_a + v_b)^2 / (v_a^2 / (n_a - 1) + v_b^2 / (n_b - 1)).
// Both need n >= 2. With bound = -margin this is the test of "a is no worse than b by more than the margin".
struct t_test welch_test(const struct sample *a, const struct sample *b, double bound);

// Two one-sided tests (TOST): |mean(a) - mean(b)| < margin. p is the larger of the two; statistic and df are
// that test's. p_opposite: the difference is outside the margin on one side (twice the smaller of the two
// opposite p).
struct t_test equivalence_test(const struct sample *a, const struct sample *b, double margin);

// Least squares of y on x: slope > 0 (effect: the slope, per unit of x), df = n - 2. n >= 3, x not all equal.
struct t_test slope_test(const double *x, const double *y, int n);

// The same test of the opposite direction: effect < bound.
struct t_test reversed(struct t_test test);

// Holm's adjustment of `n` p-values, in place order kept: adjusted[i] belongs to p[i].
void holm_adjust(const double *p, double *adjusted, int n);

#endif
