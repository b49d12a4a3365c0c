// SPDX-License-Identifier: Apache-2.0
// Stochastic gradient descent as PyTorch's (docs/mathematics.md, section 5): g += wd w; v = mu v + g (v = g
// at the first step); w -= lr v. Weight decay acts on every parameter.
#ifndef REFF_OPTIMISERS_SGD_H
#define REFF_OPTIMISERS_SGD_H

#include "core/kernels/real.h"

#include <stddef.h>

struct sgd {
    double lr, momentum, weight_decay;
    long steps; // taken so far
};

// value, gradient, velocity [n]. scale multiplies the gradient first (clipping); 1 leaves it.
void sgd_step(struct sgd *sgd, real *value, const real *gradient, real *velocity, size_t n, double scale);

#endif
