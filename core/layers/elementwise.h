// SPDX-License-Identifier: Apache-2.0
// What layers share whose output depends on its input number by number, y = f(x):
//
//   g_x = f'(x) g_y     t_y = f'(x) t_x     d_x = f'(x) d_y + f''(x) t_x g_y
//
// (the last term is dphi/dx of phi = <t_x, f'(x) g_y>). Such a layer gives f and its derivatives, each for
// some numbers that lie together; the maps are here.
#ifndef REFF_LAYERS_ELEMENTWISE_H
#define REFF_LAYERS_ELEMENTWISE_H

#include "core/graph/graph.h"

struct elementwise_piece { // n numbers of a layer
    size_t n;
    const real *x, *y;
    const uint8_t *kept; // of the bytes that the layer keeps, one a number; NULL: it keeps none
    real constant;       // of the layer
};

struct elementwise {
    void (*value)(const struct elementwise_piece *p, real *y); // f(x)
    void (*slope)(const struct elementwise_piece *p, const real *restrict from,
                  real *restrict to); // f'(x) from
    // f''(x) t g. NULL: f is linear wherever it has a derivative.
    void (*bend)(const struct elementwise_piece *p, const real *restrict t, const real *restrict g,
                 real *restrict to);
};

struct elementwise_node { // begins what such a node owns
    const struct elementwise *functions;
    real constant;
};

// Adds a node of that layer, with an output of its input's shape. NULL on failure; else the node, whose own
// functions and constant are filled in.
struct node *elementwise_add(struct graph *g, const struct layer *layer, const struct elementwise *functions,
                             double constant, const char *name, int input, struct error *err);

// to (+)= f'(x) from; to may be NULL.
void elementwise_pass(const struct graph *g, const struct node *node, const real *from, real *to, int add);

void elementwise_forward(struct graph *g, struct node *node);
void elementwise_score(struct graph *g, struct node *node);
void elementwise_tangent(struct graph *g, struct node *node);
void elementwise_backward(struct graph *g, struct node *node);

// The maps of a struct layer.
#define ELEMENTWISE_MAPS                                                                                     \
    .forward = elementwise_forward, .score = elementwise_score, .tangent = elementwise_tangent,              \
    .backward = elementwise_backward

#endif
