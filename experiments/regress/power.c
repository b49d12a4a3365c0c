// SPDX-License-Identifier: Apache-2.0
#include "experiments/regress/power.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_gamma.h>
#include <math.h>

enum { PANELS = 4000 }; // of Simpson's rule: the integrand is smooth

struct t_test loss_test(const struct sample *reference, const struct sample *now, int sign) {
    struct t_test t = {.effect = sign * (reference->mean - now->mean), .df = reference->n - 1};
    double error = reference->std * sqrt(1.0 / now->n + 1.0 / reference->n);
    if (error > 0) {
        t.statistic = t.effect / error;
        t.p = gsl_cdf_tdist_Q(t.statistic, t.df);
        t.p_opposite = gsl_cdf_tdist_P(t.statistic, t.df);
    } else {
        t.statistic = t.effect > 0 ? INFINITY : t.effect < 0 ? -INFINITY : 0;
        t.p = t.effect > 0 ? 0 : t.effect < 0 ? 1 : 0.5;
        t.p_opposite = 1 - t.p;
        t.no_spread = 1;
    }
    return t;
}

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

double loss_power(double loss, double sigma, int k, int m, double alpha) {
    double df = m - 1, critical = gsl_cdf_tdist_Qinv(alpha, df);
    return noncentral_t_upper(critical, df, loss / (sigma * sqrt(1.0 / k + 1.0 / m)));
}

double detectable_loss(double power, double sigma, int k, int m, double alpha) {
    double low = 0, high = sigma;
    while (loss_power(high, sigma, k, m, alpha) < power && high < 1e6 * sigma)
        high *= 2;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        *(loss_power(middle, sigma, k, m, alpha) < power ? &low : &high) = middle;
    }
    return high;
}
