// SPDX-License-Identifier: Apache-2.0
// The map loss of ABN (Mitsuhara et al. 2019; docs/mathematics.md, section 4): per image the sum or mean over
// pixels of (U(M) - s)^2, where M is the graph's attention map and U resizes it to the annotation.
#ifndef REFF_LOSSES_ATTENTION_H
#define REFF_LOSSES_ATTENTION_H

#include "core/graph/graph.h"
#include "core/losses/regulariser.h"

struct attention {
    struct regulariser penalty;
    int batch;
    struct bilinear resize; // M to the annotation's size
    double *terms;          // [N], of the last loss, before gamma
    double *scratch;        // per thread
    size_t scratch_share;
};

// For graphs like g, which has an attention map. mean: over pixels instead of a sum. NULL on failure.
struct attention *attention_create(const struct graph *g, int mean, int height, int width, int threads,
                                   struct error *err);
void attention_free(struct attention *a);

// annotations [N][H][W], 255 s. Returns L_map, the mean of the terms over the batch; leaves the gradient of
// gamma * L_map in the map's d.
double attention_loss(struct attention *a, const struct graph *g, const uint8_t *annotations, double gamma);

// As explanation_inside, of the attention map: both [N].
void attention_inside(struct attention *a, const struct graph *g, const uint8_t *annotations, double *inside,
                      double *pointing);

#endif
