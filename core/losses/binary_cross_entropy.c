// SPDX-License-Identifier: Apache-2.0
#include "core/losses/binary_cross_entropy.h"

#include <math.h>

double binary_cross_entropy(const real *logits, double target, size_t n, double factor, real *d_logits) {
    double loss = 0;
    for (size_t i = 0; i < n; i++) {
        double z = (double)logits[i], small = exp(-fabs(z));
        double sigmoid = z >= 0 ? 1 / (1 + small) : small / (1 + small);
        loss +=
            fmax(z, 0) - z * target + log1p(small); // = -t log s(z) - (1 - t) log(1 - s(z)), without overflow
        d_logits[i] = (real)(factor * (sigmoid - target) / (double)n);
    }
    return loss / (double)n;
}
