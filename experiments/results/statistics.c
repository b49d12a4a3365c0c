// SPDX-License-Identifier: Apache-2.0
#include "experiments/results/statistics.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_fit.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

struct sample sample_of(const double *values, int n) {
    struct sample s = {n, NAN, NAN, NAN, NAN};
    if (n < 1)
        return s;
    s.mean = gsl_stats_mean(values, 1, (size_t)n);
    if (n < 2)
        return s;
    s.std = gsl_stats_sd_m(values, 1, (size_t)n, s.mean);
    double half = gsl_cdf_tdist_Pinv(0.975, n - 1) * s.std / sqrt(n);
    s.ci_low = s.mean - half;
    s.ci_high = s.mean + half;
    return s;
}

int means_by_seed(const struct seed_values *cells, int count, double *out) {
    int n = 0;
    for (int i = 0; i < cells[0].n; i++) {
        double sum = 0;
        int found = 0;
        for (int j = 0; j < count; j++)
            for (int k = 0; k < cells[j].n; k++)
                if (cells[j].seeds[k] == cells[0].seeds[i]) {
                    sum += cells[j].values[k];
                    found++;
                }
        if (found == count)
            out[n++] = sum / count;
    }
    return n;
}

// Fills statistic and p from effect, bound and the effect's standard error.
static struct t_test finish(double effect, double bound, double error, double df) {
    struct t_test t = {.effect = effect, .bound = bound, .df = df};
    double excess = effect - bound;
    if (error > 0) {
        t.statistic = excess / error;
        t.p = gsl_cdf_tdist_Q(t.statistic, df);
        t.p_opposite = gsl_cdf_tdist_P(t.statistic, df);
    } else {
        t.statistic = excess > 0 ? INFINITY : excess < 0 ? -INFINITY : 0;
        t.p = excess > 0 ? 0 : excess < 0 ? 1 : 0.5;
        t.p_opposite = 1 - t.p;
        t.no_spread = 1;
    }
    return t;
}

struct t_test welch_test(const struct sample *a, const struct sample *b, double bound) {
    double va = a->std * a->std / a->n, vb = b->std * b->std / b->n, v = va + vb;
    double df = v > 0 ? v * v / (va * va / (a->n - 1) + vb * vb / (b->n - 1)) : a->n + b->n - 2;
    return finish(a->mean - b->mean, bound, sqrt(v), df);
}

struct t_test reversed(struct t_test t) {
    t.effect = -t.effect;
    t.bound = -t.bound;
    t.statistic = -t.statistic;
    double p = t.p;
    t.p = t.p_opposite;
    t.p_opposite = p;
    return t;
}

struct t_test equivalence_test(const struct sample *a, const struct sample *b, double margin) {
    struct t_test above = welch_test(a, b, -margin), below = reversed(welch_test(a, b, margin));
    struct t_test worse = above.p >= below.p ? above : below;
    double outside = 2 * (above.p_opposite < below.p_opposite ? above.p_opposite : below.p_opposite);
    worse.effect = a->mean - b->mean;
    worse.bound = margin;
    worse.p_opposite = outside < 1 ? outside : 1;
    return worse;
}

struct t_test slope_test(const double *x, const double *y, int n) {
    double intercept, slope, c00, c01, c11, squares;
    gsl_fit_linear(x, 1, y, 1, (size_t)n, &intercept, &slope, &c00, &c01, &c11, &squares);
    // c11 comes from the residuals' variance with n - 2 degrees of freedom. Rounding leaves a trace of one
    // where all points lie on the line.
    double error = sqrt(c11);
    return finish(slope, 0, error > 1e-12 * fabs(slope) ? error : 0, n - 2);
}

void holm_adjust(const double *p, double *adjusted, int n) {
    // The k-th smallest (k from 0) is multiplied by n - k; the result never falls below that of a smaller
    // one.
    for (int i = 0; i < n; i++) {
        adjusted[i] = 0;
        for (int j = 0; j < n; j++) {
            if (p[j] > p[i])
                continue;
            int smaller = 0;
            for (int k = 0; k < n; k++)
                smaller += p[k] < p[j] || (p[k] == p[j] && k < j);
            double value = p[j] * (n - smaller);
            if (value > adjusted[i])
                adjusted[i] = value;
        }
        if (adjusted[i] > 1)
            adjusted[i] = 1;
    }
}
