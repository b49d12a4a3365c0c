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
// cells[j]'s value for seeds[i], in the order of cells[0]. Returns their number; out and seeds need room for
// cells[0].n.
int means_by_seed(const struct seed_values *cells, int count, double *out, uint64_t *seeds);

// What is known of an effect: its standard error has `df` degrees of freedom.
struct effect_estimate {
    double effect, error, df;
};

// mean(a) - mean(b), variances not taken as equal (Welch), Satterthwaite's degrees of freedom: with
// v_a = s_a^2 / n_a, v_b likewise, error = sqrt(v_a + v_b) and
// df = (v_a + v_b)^2 / (v_a^2 / (n_a - 1) + v_b^2 / (n_b - 1)). Both need n >= 2.
struct effect_estimate welch_estimate(const struct sample *a, const struct sample *b);

// The mean of differences, one a seed: what both sides of a seed share (data, initial weights, order) cancels.
// n >= 2, df = n - 1.
struct effect_estimate paired_estimate(const double *differences, int n);

// Least squares of y on x: the slope, per unit of x, df = n - 2. n >= 3, x not all equal.
struct effect_estimate slope_estimate(const double *x, const double *y, int n);

// The slope alone: of one seed's values, say. n >= 2, x not all equal.
double slope_of(const double *x, const double *y, int n);

// The effect's interval of this level (.95), from Student's t.
void estimate_interval(const struct effect_estimate *e, double level, double *low, double *high);

// A one-sided t test of "effect > bound". p_opposite belongs to "effect < bound": 1 - p.
// Without any spread the statistic is the limit: infinite with the effect's sign, p 0 or 1; 0 and 1/2 on the
// bound.
struct t_test {
    double effect, error, bound;
    double statistic, df;
    double p, p_opposite;
    int no_spread; // a limit, not a test: all values of each side are equal
};

// effect > bound. With bound = -margin this is the test of "no worse by more than the margin".
struct t_test above_test(const struct effect_estimate *e, double bound);

// Two one-sided tests (TOST): |effect| < margin. p is the larger of the two; statistic and df are that test's.
// p_opposite: the effect is outside the margin on one side (twice the smaller of the two opposite p).
struct t_test within_test(const struct effect_estimate *e, double margin);

// The same tests of two samples: Welch's.
struct t_test welch_test(const struct sample *a, const struct sample *b, double bound);
struct t_test equivalence_test(const struct sample *a, const struct sample *b, double margin);

// slope_estimate's slope > 0.
struct t_test slope_test(const double *x, const double *y, int n);

// The excess over its bound that a one-sided test of level `level`, with this standard error, finds with the
// chance `power`: error * delta, where the noncentral t of that delta exceeds the critical value so often.
double detectable_excess(double error, double df, double level, double power);

// P(T > t) for the noncentral t distribution, by numerical integration over the chi distribution of the
// denominator (GSL has the central one only). df >= 1; absolute error below 1e-9.
double noncentral_t_upper(double t, double df, double delta);

// The same test of the opposite direction: effect < bound.
struct t_test reversed(struct t_test test);

// Holm's adjustment of `n` p-values, in place order kept: adjusted[i] belongs to p[i].
void holm_adjust(const double *p, double *adjusted, int n);

#endif
