// SPDX-License-Identifier: Apache-2.0
// Leaky ReLU: x, or slope * x where x is not positive. Linear once x has chosen its side; the slope at 0, as
// PyTorch's.
#include "core/layers/layers.h"

static void pass(struct graph *g, struct node *node, const real *from, real *to, int add) {
    size_t size = value_size(g, node->output);
    const real *x = layer_map(g, node->inputs[0], MAP_X);
    real slope = (real)node->amount;
    if (!to)
        return;
#pragma omp parallel for simd schedule(static)
    for (size_t i = 0; i < size; i++) {
        // A factor is chosen, not a product: else the compiler may not do both sides and stays scalar.
        real factor = x[i] > 0 ? 1 : slope, v = factor * from[i], before = to[i];
        to[i] = add ? before + v : v;
    }
}

static void forward(struct graph *g, struct node *node) {
    pass(g, node, layer_map(g, node->inputs[0], MAP_X), layer_map(g, node->output, MAP_X), 0);
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
    .name = "leaky relu", .forward = forward, .score = score, .tangent = tangent, .backward = backward};

int graph_add_leaky_relu(struct graph *g, const char *name, int input, double slope, struct error *err) {
    struct value in = g->values[input];
    int output = graph_add_value(g, in.channels, in.height, in.width, err);
    struct node *node = output < 0 ? NULL : graph_add_node(g, &layer, name, input, output, err);
    if (!node)
        return -1;
    node->amount = slope;
    return output;
}
