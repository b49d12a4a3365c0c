// SPDX-License-Identifier: Apache-2.0
#include "core/losses/group_weights.h"

#include "core/base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct group_weights *group_weights_create(int groups, int batch, double eta, struct error *err) {
    struct group_weights *w = allocate(1, sizeof *w, "groups' weights", err);
    if (!w)
        return NULL;
    *w = (struct group_weights){.groups = groups, .batch = batch, .eta = eta};
    w->q = allocate((size_t)groups, sizeof *w->q, "groups' weights", err);
    w->sums = allocate((size_t)groups, sizeof *w->sums, "groups' weights", err);
    w->counts = allocate((size_t)groups, sizeof *w->counts, "groups' weights", err);
    w->losses = allocate((size_t)batch, sizeof *w->losses, "groups' weights", err);
    w->weights = allocate((size_t)batch, sizeof *w->weights, "groups' weights", err);
    if (!w->q || !w->sums || !w->counts || !w->losses || !w->weights) {
        group_weights_free(w);
        return NULL;
    }
    for (int g = 0; g < groups; g++)
        w->q[g] = 1.0 / groups;
    return w;
}

void group_weights_free(struct group_weights *w) {
    if (!w)
        return;
    free(w->q);
    free(w->sums);
    free(w->counts);
    free(w->losses);
    free(w->weights);
    free(w);
}

void group_weights_step(struct group_weights *w, const int32_t *groups) {
    double all = 0;
    memset(w->sums, 0, (size_t)w->groups * sizeof *w->sums);
    memset(w->counts, 0, (size_t)w->groups * sizeof *w->counts);
    for (int i = 0; i < w->batch; i++) {
        w->sums[groups[i]] += w->losses[i];
        w->counts[groups[i]]++;
    }
    for (int g = 0; g < w->groups; g++) {
        if (w->counts[g])
            w->q[g] *= exp(w->eta * w->sums[g] / w->counts[g]);
        all += w->q[g];
    }
    for (int g = 0; g < w->groups; g++)
        w->q[g] /= all;
    for (int i = 0; i < w->batch; i++)
        w->weights[i] = w->q[groups[i]] / w->counts[groups[i]];
}
