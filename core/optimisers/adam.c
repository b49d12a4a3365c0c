// SPDX-License-Identifier: Apache-2.0
#include "core/optimisers/adam.h"

#include "core/kernels/lanes.h"

#include <math.h>

struct factors { // of one step
    real b1, b2, of_mean, of_square, step, root, eps;
};

// One vector of numbers: every number takes this path, so that none depends on where blocks begin.
static inline void update(const struct factors *f, real *value, const real *gradient, real *mean,
                          real *square) {
    lanes g = lanes_load(gradient);
    lanes m = f->b1 * lanes_load(mean) + f->of_mean * g;
    lanes v = f->b2 * lanes_load(square) + f->of_square * g * g;
    lanes_store(mean, m);
    lanes_store(square, v);
    lanes_store(value, lanes_load(value) - f->step * m / (lanes_sqrt(v) * f->root + f->eps));
}

void adam_step(struct adam *adam, real *value, const real *gradient, real *mean, real *square, size_t n) {
    double k = (double)++adam->steps;
    struct factors f = {.b1 = (real)adam->beta1,
                        .b2 = (real)adam->beta2,
                        .of_mean = (real)(1 - adam->beta1),
                        .of_square = (real)(1 - adam->beta2),
                        .step = (real)(adam->lr / (1 - pow(adam->beta1, k))),
                        .root = (real)(1 / sqrt(1 - pow(adam->beta2, k))),
                        .eps = (real)adam->eps};
    size_t whole = n / LANES * LANES, rest = n - whole;
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < whole; i += LANES)
        update(&f, value + i, gradient + i, mean + i, square + i);
    if (rest) {
        real edge[4][LANES] = {{0}};
        real *const all[4] = {value + whole, NULL, mean + whole, square + whole};
        for (int a = 0; a < 4; a++)
            memcpy(edge[a], a == 1 ? gradient + whole : all[a], rest * sizeof(real));
        update(&f, edge[0], edge[1], edge[2], edge[3]);
        for (int a = 0; a < 4; a++)
            if (all[a])
                memcpy(all[a], edge[a], rest * sizeof(real));
    }
}
