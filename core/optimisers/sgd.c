// SPDX-License-Identifier: Apache-2.0
#include "core/optimisers/sgd.h"

void sgd_step(struct sgd *sgd, real *value, const real *gradient, real *velocity, size_t n, double scale) {
    real lr = (real)sgd->lr, decay = (real)sgd->weight_decay, factor = (real)scale;
    real momentum = sgd->steps ? (real)sgd->momentum : 0;
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < n; i++) {
        velocity[i] = momentum * velocity[i] + (factor * gradient[i] + decay * value[i]);
        value[i] -= lr * velocity[i];
    }
    sgd->steps++;
}
