// SPDX-License-Identifier: Apache-2.0
// Adam as PyTorch's (docs/mathematics.md, section 5): m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; at step
// k w -= lr / (1 - b1^k) * m / (sqrt(v) / sqrt(1 - b2^k) + eps).
#ifndef REFF_OPTIMISERS_ADAM_H
#define REFF_OPTIMISERS_ADAM_H

#include "core/kernels/real.h"

#include <stddef.h>

struct adam {
    double lr, beta1, beta2, eps;
    long steps; // taken so far
};

// value, gradient, mean, square [n]; mean and square begin at 0.
void adam_step(struct adam *adam, real *value, const real *gradient, real *mean, real *square, size_t n);

#endif
