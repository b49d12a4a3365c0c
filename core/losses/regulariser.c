// SPDX-License-Identifier: Apache-2.0
#include "core/losses/regulariser.h"

#include "core/kernels/wide.h"

#include <math.h>
#include <stddef.h>

int regulariser_scratch(const struct bilinear *resize) {
    return resize->rows.in * resize->columns.in + resize->rows.in * resize->columns.out +
           2 * resize->rows.out * resize->columns.out;
}

static double sum(const double *a, int n) {
    double total = 0;
    for (int i = 0; i < n; i++)
        total += a[i];
    return total;
}

// The penalty of each pixel, and its derivative in P (times `share`).
WIDE static void penalise(const struct regulariser *g, const double *p, const uint8_t *annotation, int n,
                          double share, double *penalties, double *d_p) {
    if (g->penalty == PENALTY_REFF)
        for (int i = 0; i < n; i++) {
            double s = annotation[i] / 255.0;
            double outside = 1 - s;
            penalties[i] = p[i] * p[i] * outside * outside;
            d_p[i] = share * 2 * p[i] * outside * outside;
        }
    else if (g->penalty == PENALTY_L2)
        for (int i = 0; i < n; i++) {
            double s = annotation[i] / 255.0;
            double off = p[i] - s;
            penalties[i] = off * off;
            d_p[i] = share * 2 * off;
        }
    else if (g->penalty == PENALTY_ENERGY)
        for (int i = 0; i < n; i++) {
            double s = annotation[i] / 255.0;
            penalties[i] = -p[i] * s;
            d_p[i] = share * -s;
        }
    else
        for (int i = 0; i < n; i++) {
            double s = annotation[i] / 255.0;
            penalties[i] = fabs(p[i] - s);
            d_p[i] = share * ((p[i] > s) - (p[i] < s));
        }
}

// Takes the gradient in a / (sum a + eps) to the gradient in a, in place; `normalised` is the quotient.
static void through_normalisation(double *gradient, const double *normalised, int n, double divisor) {
    double along = 0;
    for (int i = 0; i < n; i++)
        along += gradient[i] * normalised[i];
    for (int i = 0; i < n; i++)
        gradient[i] = (gradient[i] - along) / divisor;
}

double regulariser_term(const struct regulariser *g, const struct bilinear *resize, const double *r,
                        const uint8_t *annotation, double *p, double *d_r, double *scratch) {
    int small = resize->rows.in * resize->columns.in, pixels = resize->rows.out * resize->columns.out;
    double *unit = scratch, *between = unit + small, *d_p = between + resize->rows.in * resize->columns.out,
           *penalties = d_p + pixels;
    double divisor = 1;
    if (g->order == NORMALISE_FIRST) {
        divisor = sum(r, small) + g->cam_eps;
        for (int i = 0; i < small; i++)
            unit[i] = r[i] / divisor;
    }
    bilinear_resize(resize, g->order == NORMALISE_FIRST ? unit : r, p, between);
    if (g->order == RESIZE_FIRST) {
        divisor = sum(p, pixels) + g->cam_eps;
        for (int i = 0; i < pixels; i++)
            p[i] /= divisor;
    }
    double share = g->mean ? 1.0 / pixels : 1;
    penalise(g, p, annotation, pixels, share, penalties, d_p);
    double term = sum(penalties, pixels) * share;
    if (!d_r)
        return term;
    if (g->order == RESIZE_FIRST)
        through_normalisation(d_p, p, pixels, divisor);
    bilinear_adjoint(resize, d_p, d_r, between);
    if (g->order == NORMALISE_FIRST)
        through_normalisation(d_r, unit, small, divisor);
    for (int i = 0; i < small; i++)
        d_r[i] = r[i] > 0 ? d_r[i] : 0; // the ReLU of Eq. 2; an attention map is above 0
    return term;
}
