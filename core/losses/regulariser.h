// SPDX-License-Identifier: Apache-2.0
// The regulariser of one image and one layer (paper, Eq. 3; docs/mathematics.md, section 2): from a Grad-CAM
// R to the normalised map P, to ReFF sum (P (1 - s))^2, L1 sum |P - s|, L2 sum (P - s)^2 or energy - sum P s (Rao
// et al., ICCV 2023), and back to dR.
// All in double: maps are small.
#ifndef REFF_LOSSES_REGULARISER_H
#define REFF_LOSSES_REGULARISER_H

#include "core/losses/bilinear.h"

#include <stdint.h>

enum penalty { PENALTY_REFF, PENALTY_L1, PENALTY_L2, PENALTY_ENERGY };
enum order { RESIZE_FIRST, NORMALISE_FIRST, UNNORMALISED }; // the last: P = U(R), of an attention map

struct regulariser {
    enum penalty penalty;
    enum order order;
    int mean;       // over pixels instead of a sum
    double cam_eps; // in the normalisation
};

// r [h][w] -> returns the term; p [H][W] gets P; d_r [h][w] (may be NULL) the term's gradient, zero where r
// is zero. annotation [H][W] is 255 s. scratch: regulariser_scratch() doubles.
double regulariser_term(const struct regulariser *g, const struct bilinear *resize, const double *r,
                        const uint8_t *annotation, double *p, double *d_r, double *scratch);
int regulariser_scratch(const struct bilinear *resize);

#endif
