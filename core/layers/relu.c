// SPDX-License-Identifier: Apache-2.0
// ReLU on its own (behind a batch norm it is part of that layer). Linear once x has chosen its side; 0 at 0.
#include "core/layers/layers.h"

static void forward(struct graph *g, struct node *node) {
    size_t size = value_size(g, node->output);
    const real *x = layer_map(g, node->inputs[0], MAP_X);
    real *y = layer_map(g, node->output, MAP_X);
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < size; i++)
        y[i] = x[i] < 0 ? 0 : x[i];
}

static void pass(struct graph *g, struct node *node, const real *from, real *to, int add) {
    size_t size = value_size(g, node->output);
    const real *y = layer_map(g, node->output, MAP_X);
    if (!to)
        return;
#pragma omp parallel for simd schedule(static)
    for (size_t i = 0; i < size; i++) {
        real v = from[i], before = to[i];
        v = y[i] > 0 ? v : 0;
        to[i] = add ? before + v : v;
    }
}

static void score(struct graph *g, struct node *node) {
    pass(g, node, layer_map(g, node->output, MAP_G), layer_map(g, node->inputs[0], MAP_G),
         node->adds[MAP_G][0]);
}
static void tangent(struct graph *g, struct node *node) {
    pass(g, node, layer_map(g, node->inputs[0], MAP_T), layer_map(g, node->output, MAP_T), 0);
}
static void backward(struct graph *g, struct node *node) {
    pass(g, node, layer_map(g, node->output, MAP_D), layer_map(g, node->inputs[0], MAP_D),
         node->adds[MAP_D][0]);
}

static const struct layer layer = {
    .name = "relu", .forward = forward, .score = score, .tangent = tangent, .backward = backward};

int graph_add_relu(struct graph *g, const char *name, int input, struct error *err) {
    struct value in = g->values[input];
    int output = graph_add_value(g, in.channels, in.height, in.width, err);
    return output < 0 || !graph_add_node(g, &layer, name, input, output, err) ? -1 : output;
}
