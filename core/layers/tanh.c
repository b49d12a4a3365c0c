// SPDX-License-Identifier: Apache-2.0
// tanh. With y = tanh x and y' = 1 - y^2:
//
//   g_x = y' g_y     t_y = y' t_x     d_x = y' d_y + dphi/dx,   phi = <t_x, y' g_y>,   y'' = -2 y y'
#include "core/layers/layers.h"

#include <math.h>

static void forward(struct graph *g, struct node *node) {
    size_t size = value_size(g, node->output);
    const real *x = layer_map(g, node->inputs[0], MAP_X);
    real *y = layer_map(g, node->output, MAP_X);
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < size; i++)
        y[i] = (real)tanh((double)x[i]);
}

static void pass(struct graph *g, struct node *node, const real *from, real *to, int add) {
    size_t size = value_size(g, node->output);
    const real *y = layer_map(g, node->output, MAP_X);
    if (!to)
        return;
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < size; i++)
        to[i] = (add ? to[i] : 0) + (1 - y[i] * y[i]) * from[i];
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
    const real *y = layer_map(g, node->output, MAP_X), *gy = layer_map(g, node->output, MAP_G);
    const real *t = layer_map(g, node->inputs[0], MAP_T);
    real *d = layer_map(g, node->inputs[0], MAP_D);
    pass(g, node, layer_map(g, node->output, MAP_D), d, node->adds[MAP_D][0]);
    if (!t || !d)
        return;
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < size; i++)
        d[i] -= 2 * y[i] * (1 - y[i] * y[i]) * t[i] * gy[i];
}

static const struct layer layer = {
    .name = "tanh", .forward = forward, .score = score, .tangent = tangent, .backward = backward};

int graph_add_tanh(struct graph *g, const char *name, int input, struct error *err) {
    struct value in = g->values[input];
    int output = graph_add_value(g, in.channels, in.height, in.width, err);
    return output < 0 || !graph_add_node(g, &layer, name, input, output, err) ? -1 : output;
}
