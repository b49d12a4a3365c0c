// SPDX-License-Identifier: Apache-2.0
#include "experiments/regress/power.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

struct t_test loss_test(const struct sample *reference, const struct sample *now, int sign) {
    const struct effect_estimate loss = {sign * (reference->mean - now->mean),
                                         reference->std * sqrt(1.0 / now->n + 1.0 / reference->n),
                                         reference->n - 1};
    return above_test(&loss, 0);
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
