// SPDX-License-Identifier: Apache-2.0
#include "core/layers/elementwise.h"

#include "core/layers/layers.h"

enum { PIECE = 1024 }; // numbers at a time: they and what is made of them stay in the first-level cache

static const struct elementwise *functions_of(const struct node *node) {
    return ((const struct elementwise_node *)node->own)->functions;
}

static struct elementwise_piece piece_at(const struct graph *g, const struct node *node, size_t at) {
    size_t left = value_size(g, node->output) - at;
    return (struct elementwise_piece){.n = left < PIECE ? left : PIECE,
                                      .x = layer_map(g, node->inputs[0], MAP_X) + at,
                                      .y = layer_map(g, node->output, MAP_X) + at,
                                      .kept = node->kept ? (const uint8_t *)node->kept + at : NULL,
                                      .constant = ((const struct elementwise_node *)node->own)->constant};
}

void elementwise_pass(const struct graph *g, const struct node *node, const real *from, real *to, int add) {
    const struct elementwise *f = functions_of(node);
    size_t size = value_size(g, node->output);
    if (!to)
        return;
#pragma omp parallel for schedule(static)
    for (size_t at = 0; at < size; at += PIECE) {
        struct elementwise_piece p = piece_at(g, node, at);
        real passed[PIECE];
        f->slope(&p, from + at, add ? passed : to + at);
        for (size_t i = 0; add && i < p.n; i++)
            to[at + i] += passed[i];
    }
}

void elementwise_forward(struct graph *g, struct node *node) {
    const struct elementwise *f = functions_of(node);
    size_t size = value_size(g, node->output);
    real *y = layer_map(g, node->output, MAP_X);
#pragma omp parallel for schedule(static)
    for (size_t at = 0; at < size; at += PIECE) {
        struct elementwise_piece p = piece_at(g, node, at);
        f->value(&p, y + at);
    }
}

void elementwise_score(struct graph *g, struct node *node) {
    elementwise_pass(g, node, layer_map(g, node->output, MAP_G), layer_map(g, node->inputs[0], MAP_G),
                     node->adds[MAP_G][0]);
}

void elementwise_tangent(struct graph *g, struct node *node) {
    elementwise_pass(g, node, layer_map(g, node->inputs[0], MAP_T), layer_map(g, node->output, MAP_T), 0);
}

void elementwise_backward(struct graph *g, struct node *node) {
    const struct elementwise *f = functions_of(node);
    const real *t = layer_map(g, node->inputs[0], MAP_T), *gy = layer_map(g, node->output, MAP_G);
    real *d = layer_map(g, node->inputs[0], MAP_D);
    size_t size = value_size(g, node->output);
    elementwise_pass(g, node, layer_map(g, node->output, MAP_D), d, node->adds[MAP_D][0]);
    if (!d || !t || !f->bend)
        return;
#pragma omp parallel for schedule(static)
    for (size_t at = 0; at < size; at += PIECE) {
        struct elementwise_piece p = piece_at(g, node, at);
        real bent[PIECE];
        f->bend(&p, t + at, gy + at, bent);
        for (size_t i = 0; i < p.n; i++)
            d[at + i] += bent[i];
    }
}

struct node *elementwise_add(struct graph *g, const struct layer *layer, const struct elementwise *functions,
                             double constant, const char *name, int input, struct error *err) {
    struct value in = g->values[input];
    int output = graph_add_value(g, in.channels, in.height, in.width, err);
    struct node *node = output < 0 ? NULL : graph_add_node(g, layer, name, input, output, err);
    if (node) {
        struct elementwise_node *own = node->own;
        own->functions = functions;
        own->constant = (real)constant;
    }
    return node;
}
