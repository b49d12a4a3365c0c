// SPDX-License-Identifier: Apache-2.0
#include "experiments/results/statistics.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_fit.h>
#include <gsl/gsl_sf_gamma.h>
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

int means_by_seed(const struct seed_values *cells, int count, double *out, uint64_t *seeds) {
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
        if (found < count)
            continue;
        seeds[n] = cells[0].seeds[i];
        out[n++] = sum / count;
    }
    return n;
}

struct effect_estimate welch_estimate(const struct sample *a, const struct sample *b) {
    double va = a->std * a->std / a->n, vb = b->std * b->std / b->n, v = va + vb;
    double df = v > 0 ? v * v / (va * va / (a->n - 1) + vb * vb / (b->n - 1)) : a->n + b->n - 2;
    return (struct effect_estimate){a->mean - b->mean, sqrt(v), df};
}

struct effect_estimate paired_estimate(const double *differences, int n) {
    double mean = gsl_stats_mean(differences, 1, (size_t)n);
    double std = gsl_stats_sd_m(differences, 1, (size_t)n, mean);
    return (struct effect_estimate){mean, std / sqrt(n), n - 1};
}

struct effect_estimate slope_estimate(const double *x, const double *y, int n) {
    double intercept, slope, c00, c01, c11, squares;
    gsl_fit_linear(x, 1, y, 1, (size_t)n, &intercept, &slope, &c00, &c01, &c11, &squares);
    // c11 comes from the residuals' variance with n - 2 degrees of freedom. Rounding leaves a trace of one
    // where all points lie on the line.
    double error = sqrt(c11);
    return (struct effect_estimate){slope, error > 1e-12 * fabs(slope) ? error : 0, n - 2};
}

double slope_of(const double *x, const double *y, int n) {
    double mean = gsl_stats_mean(x, 1, (size_t)n), products = 0, squares = 0;
    for (int i = 0; i < n; i++) {
        products += (x[i] - mean) * y[i];
        squares += (x[i] - mean) * (x[i] - mean);
    }
    return products / squares;
}

void estimate_interval(const struct effect_estimate *e, double level, double *low, double *high) {
    double half = e->error > 0 ? gsl_cdf_tdist_Pinv((1 + level) / 2, e->df) * e->error : 0;
    *low = e->effect - half;
    *high = e->effect + half;
}

struct t_test above_test(const struct effect_estimate *e, double bound) {
    struct t_test t = {.effect = e->effect, .error = e->error, .bound = bound, .df = e->df};
    double excess = e->effect - bound;
    if (e->error > 0) {
        t.statistic = excess / e->error;
        t.p = gsl_cdf_tdist_Q(t.statistic, e->df);
        t.p_opposite = gsl_cdf_tdist_P(t.statistic, e->df);
    } else {
        t.statistic = excess > 0 ? INFINITY : excess < 0 ? -INFINITY : 0;
        t.p = excess > 0 ? 0 : excess < 0 ? 1 : 0.5;
        t.p_opposite = 1 - t.p;
        t.no_spread = 1;
    }
    return t;
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

struct t_test within_test(const struct effect_estimate *e, double margin) {
    struct t_test above = above_test(e, -margin), below = reversed(above_test(e, margin));
    struct t_test worse = above.p >= below.p ? above : below;
    double outside = 2 * (above.p_opposite < below.p_opposite ? above.p_opposite : below.p_opposite);
    worse.effect = e->effect;
    worse.bound = margin;
    worse.p_opposite = outside < 1 ? outside : 1;
    return worse;
}

struct t_test welch_test(const struct sample *a, const struct sample *b, double bound) {
    const struct effect_estimate e = welch_estimate(a, b);
    return above_test(&e, bound);
}

struct t_test equivalence_test(const struct sample *a, const struct sample *b, double margin) {
    const struct effect_estimate e = welch_estimate(a, b);
    return within_test(&e, margin);
}

struct t_test slope_test(const double *x, const double *y, int n) {
    const struct effect_estimate e = slope_estimate(x, y, n);
    return above_test(&e, 0);
}

// ---------------------------------------------------------------------------------------- power

enum { PANELS = 4000 }; // of Simpson's rule: the integrand is smooth

// T = (Z + delta) / U with U = sqrt(chi^2_df / df), so P(T > t) = integral of Phi(delta - t u) f_U(u) du,
// f_U(u) = 2 (df/2)^(df/2) / Gamma(df/2) u^(df-1) exp(-df u^2 / 2).
static double integrand(double u, double t, double df, double delta) {
    if (u <= 0)
        return df > 1
                   ? 0
                   : gsl_cdf_ugaussian_P(delta) * exp(log(2) + df / 2 * log(df / 2) - gsl_sf_lngamma(df / 2));
    double log_density =
        log(2) + df / 2 * log(df / 2) - gsl_sf_lngamma(df / 2) + (df - 1) * log(u) - df * u * u / 2;
    return gsl_cdf_ugaussian_P(delta - t * u) * exp(log_density);
}

double noncentral_t_upper(double t, double df, double delta) {
    // U's mean is below 1 and its deviation near 1/sqrt(2 df): nothing lies beyond 1 + 10/sqrt(df), but for
    // rounding.
    double end = 1 + 10 / sqrt(df), step = end / PANELS, sum = 0;
    for (int i = 0; i <= PANELS; i++) {
        double weight = i == 0 || i == PANELS ? 1 : i % 2 ? 4 : 2;
        sum += weight * integrand(i * step, t, df, delta);
    }
    return sum * step / 3;
}

double detectable_excess(double error, double df, double level, double power) {
    double critical = gsl_cdf_tdist_Qinv(level, df), low = 0, high = 1;
    while (noncentral_t_upper(critical, df, high) < power && high < 1e6)
        high *= 2;
    for (int i = 0; i < 40; i++) {
        double middle = (low + high) / 2;
        *(noncentral_t_upper(critical, df, middle) < power ? &low : &high) = middle;
    }
    return error * high;
}

// ---------------------------------------------------------------------------------------- many tests

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
