// SPDX-License-Identifier: Apache-2.0
// Binary cross entropy of logits with one target for all (docs/mathematics.md, section 4: real 1, fake 0),
// mean over n logits.
#ifndef REFF_LOSSES_BINARY_CROSS_ENTROPY_H
#define REFF_LOSSES_BINARY_CROSS_ENTROPY_H

#include "core/kernels/real.h"

#include <stddef.h>

// Returns the mean; d_logits [n] gets `factor` times its gradient.
double binary_cross_entropy(const real *logits, double target, size_t n, double factor, real *d_logits);

#endif
