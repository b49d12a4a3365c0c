// SPDX-License-Identifier: Apache-2.0
#include "experiments/results/looks.h"

#include <math.h>

struct evidence looks_evidence_none(void) {
    return (struct evidence){1, 1, 1};
}

void looks_evidence_add(struct evidence *e, const struct t_test *test, double p_absent, double share,
                        double level) {
    double factor = level / share;
    e->p = fmin(e->p, test->p * factor);
    e->p_opposite = fmin(e->p_opposite, test->p_opposite * factor);
    e->p_absent = fmin(e->p_absent, p_absent * factor);
}

struct effect_estimate looks_estimate(const double *a, const double *b, int n) {
    double differences[SEEDS_MAXIMUM];
    if (n < LOOKS_PAIRED_FROM) {
        const struct sample x = sample_of(a, n), y = sample_of(b, n);
        return welch_estimate(&x, &y);
    }
    for (int i = 0; i < n; i++)
        differences[i] = a[i] - b[i];
    return paired_estimate(differences, n);
}

double looks_absent_p(const struct effect_estimate *e, double span, double margin) {
    const struct effect_estimate whole = {e->effect * span, e->error * span, e->df};
    return margin > 0 ? within_test(&whole, margin).p : 1;
}
