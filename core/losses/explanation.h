// SPDX-License-Identifier: Apache-2.0
// Grad-CAM of a graph's stages (paper, Eq. 1-2) and L_reg over them (Eq. 3): what ties the regulariser to the
// four maps.
//
//   graph_forward, then graph_score(.., explanation_collect, e)         alpha and R of each explained stage
//   explanation_loss(e, annotations, ..)                                terms, L_reg, and the seeds below
//   graph_tangent(.., explanation_seed_tangent, e)                      dL/dG_l = (dL/dalpha) / (h w)
//   graph_backward(.., explanation_seed_backward, e)                    dL/dA_l = alpha dL/dR
#ifndef REFF_LOSSES_EXPLANATION_H
#define REFF_LOSSES_EXPLANATION_H

#include "core/graph/graph.h"
#include "core/losses/regulariser.h"

struct explained { // one stage; arrays NULL where the graph does not explain it
    int channels, height, width;
    real *alpha;            // [K][N]
    real *cam;              // R [h w][N]
    real *d_alpha, *d_cam;  // gradients of lambda L_reg
    struct bilinear resize; // to the annotation's size
    double *terms;          // [N] of the regulariser, before w_l and lambda
};

struct explanation {
    struct regulariser regulariser;
    double layer_weights[STAGES];
    int batch, height, width; // of the annotations
    struct explained stages[STAGES];
    double *scratch; // per thread: R, P, dR and the regulariser's own
    size_t scratch_share;
    int threads;
};

// For the stages that graph g (already planned) explains. NULL on failure.
struct explanation *explanation_create(const struct graph *g, const struct regulariser *regulariser,
                                       const double layer_weights[STAGES], int height, int width, int threads,
                                       struct error *err);
void explanation_free(struct explanation *e);

graph_visit explanation_collect, explanation_seed_tangent,
    explanation_seed_backward; // context: struct explanation

// annotations [N][H][W], 255 s. Returns L_reg (before lambda): the mean over the batch of sum_l w_l term_l;
// leaves the gradients of lambda * L_reg in d_alpha and d_cam.
double explanation_loss(struct explanation *e, const struct graph *g, const uint8_t *annotations,
                        double lambda);

// Per image of an explained stage, from R resized to the annotation: inside [N] gets the share of it that
// lies inside the annotation, pointing [N] whether its maximum (the first of equal ones) does, s >= 1/2, as 1
// or 0 (the pointing game of Zhang et al. 2018, without tolerance). Both NaN where R is zero everywhere.
void explanation_inside(struct explanation *e, int stage, const uint8_t *annotations, double *inside,
                        double *pointing);
// The same of any maps [h w][N] that `resize` brings to the annotation's size; scratch: as
// regulariser_scratch asks for.
void maps_inside(const struct bilinear *resize, const real *maps, int batch, const uint8_t *annotations,
                 double *inside, double *pointing, double *scratch);

// The two halves of explanation_collect and of the gradient, on bare arrays: a [K][h w][N], gradient
// likewise.
void explained_collect(struct explained *s, int batch, const real *a, const real *gradient);
void explained_d_alpha(struct explained *s, int batch, const real *a);

#endif
