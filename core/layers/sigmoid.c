// SPDX-License-Identifier: Apache-2.0
// Sigmoid: y = 1 / (1 + exp(-x)). Its slope y (1 - y) depends smoothly on x: with phi = <t, g_y y (1 - y)>,
// dphi/dx = t g_y y (1 - y) (1 - 2 y).
#include "core/layers/layers.h"

#include <math.h>

static void forward(struct graph *g, struct node *node) {
    size_t size = value_size(g, node->output);
    const real *x = layer_map(g, node->inputs[0], MAP_X);
    real *y = layer_map(g, node->output, MAP_X);
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < size; i++)
        y[i] = (real)(1 / (1 + exp(-(double)x[i])));
}

static void pass(struct graph *g, struct node *node, const real *from, real *to, int add) {
    size_t size = value_size(g, node->output);
    const real *y = layer_map(g, node->output, MAP_X);
    if (!to)
        return;
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < size; i++)
        to[i] = (add ? to[i] : 0) + from[i] * (y[i] * (1 - y[i]));
}

static void score(struct graph *g, struct node *node) {
    pass(g, node, layer_map(g, node->output, MAP_G), layer_map(g, node->inputs[0], MAP_G),
         node->adds[MAP_G][0]);
}
static void tangent(struct graph *g, struct node *node) {
    pass(g, node, layer_map(g, node->inputs[0], MAP_T), layer_map(g, node->output, MAP_T), 0);
}

static void backward(struct graph *g, struct node *node) {
    size_t size = value_size(g, node->output);
    const real *y = layer_map(g, node->output, MAP_X), *gy = layer_map(g, node->output, MAP_G),
               *t = layer_map(g, node->inputs[0], MAP_T);
    real *d = layer_map(g, node->inputs[0], MAP_D);
    pass(g, node, layer_map(g, node->output, MAP_D), d, node->adds[MAP_D][0]);
    if (!d || !t)
        return;
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < size; i++)
        d[i] += t[i] * gy[i] * (y[i] * (1 - y[i])) * (1 - 2 * y[i]);
}

static const struct layer layer = {
    .name = "sigmoid", .forward = forward, .score = score, .tangent = tangent, .backward = backward};

int graph_add_sigmoid(struct graph *g, const char *name, int input, struct error *err) {
    struct value in = g->values[input];
    int output = graph_add_value(g, in.channels, in.height, in.width, err);
    return output < 0 || !graph_add_node(g, &layer, name, input, output, err) ? -1 : output;
}
