// SPDX-License-Identifier: Apache-2.0
// Right for the right reasons (Ross, Hughes and Doshi-Velez, IJCAI 2017; docs/methods.md): the gradient of the
// log-probabilities in the normalised image is to vanish outside the annotation,
//
//     G = d/dx sum_n sum_k log p[n,k]         term_n = sum_ij (1 - s) sum_colours G^2
//
// with the input as explained value (graph.h) and a seed of g that depends on the logits:
//
//   graph_forward
//   input_gradient_seed, graph_score_seeded    dc/dz = 1 - C p at the logits; G in g of the input
//   input_gradient_loss                        terms, L_reg, and dL/dG = 2 lambda (1 - s) G / N in t of the input
//   graph_tangent
//   input_gradient_backward                    what the seed's dependence on z adds to d of the logits
//   graph_backward
#ifndef REFF_LOSSES_INPUT_GRADIENT_H
#define REFF_LOSSES_INPUT_GRADIENT_H

#include "core/base/error.h"
#include "core/graph/graph.h"

struct input_gradient {
    int batch;
    double *terms; // [N] of the last loss, before lambda
    double *rows;  // [2][H][N]: row by row of the images, the terms; room for 1 - s of a pixel
};

// For graphs like g, whose input is explained. NULL on failure.
struct input_gradient *input_gradient_create(const struct graph *g, struct error *err);
void input_gradient_free(struct input_gradient *e);

void input_gradient_seed(const struct graph *g);

// annotations [N][H][W], 255 s, of the input's size. Returns L_reg, the mean of the terms over the batch.
double input_gradient_loss(struct input_gradient *e, const struct graph *g, const uint8_t *annotations,
                           double lambda);

void input_gradient_backward(const struct graph *g);

#endif
