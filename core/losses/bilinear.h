// SPDX-License-Identifier: Apache-2.0
// U: bilinear resize with half-pixel centres and clamped edges, and its adjoint (docs/mathematics.md, section
// 2). Positions and sums are in double in every build: on 2 x 2 -> 224 x 224 float positions cost 1e-5.
#ifndef REFF_LOSSES_BILINEAR_H
#define REFF_LOSSES_BILINEAR_H

#include "core/base/error.h"

struct axis { // where each output position reads: (1 - weight) in[low] + weight in[high]
    int in, out;
    int *low, *high; // [out]
    double *weight;  // [out]
};

struct bilinear {
    struct axis rows, columns; // h -> H and w -> W
};

int bilinear_create(struct bilinear *b, int h, int w, int height, int width, struct error *err);
void bilinear_free(struct bilinear *b);

// in [h][w] -> out [H][W]; scratch [h * W].
void bilinear_resize(const struct bilinear *b, const double *in, double *out, double *scratch);

// The adjoint: out [H][W] -> in [h][w] (overwritten); scratch [h * W].
void bilinear_adjoint(const struct bilinear *b, const double *out, double *in, double *scratch);

#endif
