// SPDX-License-Identifier: Apache-2.0
// The test behind the regression check, and what it can and cannot see.
//
// `k` new values against `m` of a reference, which alone gives the spread s (m - 1 degrees of freedom: a
// change that makes results scatter more must not hide by it): for "lower is worse"
//     t = (mean of reference - mean of new) / (s sqrt(1/k + 1/m)),   p = P(T_{m-1} > t).
// If all values come from one normal distribution, t has Student's distribution exactly, and the test fails
// with exactly the chance that it should. If the new ones lie lower by `loss`, t is noncentral with
// delta = loss / (sigma sqrt(1/k + 1/m)), which gives its power.
#ifndef REFF_EXPERIMENTS_REGRESS_POWER_H
#define REFF_EXPERIMENTS_REGRESS_POWER_H

#include "experiments/results/statistics.h"

// effect: reference - new in the direction of worse (sign +1: lower is worse, -1: higher is worse); bound 0.
// Without any spread in the reference p is 0 or 1 (1/2 for no difference), as in statistics.h.
struct t_test loss_test(const struct sample *reference, const struct sample *now, int sign);

// The chance that loss_test falls below `alpha` when the new values are worse by `loss`, and sigma is the
// spread.
double loss_power(double loss, double sigma, int k, int m, double alpha);

// The loss that is found with the chance `power` (0 < power < 1).
double detectable_loss(double power, double sigma, int k, int m, double alpha);

#endif
