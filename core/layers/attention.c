// SPDX-License-Identifier: Apache-2.0
// The attention product of ABN: y = x + x m, one map m for all channels of x. Bilinear, so its g map depends
// on both inputs:
//
//   g_x = gy (1 + m)      g_m = S(gy x)      S: the sum over channels
//   t_y = t_x (1 + m) + x t_m
//   phi = <t_x, g_x> + <t_m, g_m>      dphi/dx = gy t_m      dphi/dm = S(t_x gy)
//
// Loops go over the pixels of a map, for each of them over the channels in their order: so m's sums have the
// same bits for any number of threads.
#include "core/layers/layers.h"

#include <string.h>

enum { X, M }; // the inputs

// to = from (1 + m) + of_m x, where any of from and of_m is NULL where it is zero.
static void up(const struct graph *g, const struct node *node, const real *from, const real *of_m, real *to) {
    const struct value *in = &g->values[node->inputs[X]];
    const real *x = in->map[MAP_X], *m = layer_map(g, node->inputs[M], MAP_X);
    size_t plane = value_columns(g, node->output);
#pragma omp parallel for schedule(static)
    for (int c = 0; c < in->channels; c++)
        for (size_t i = 0, at = (size_t)c * plane; i < plane; i++, at++)
            to[at] = (from ? from[at] * (1 + m[i]) : 0) + (of_m ? x[at] * of_m[i] : 0);
}

// to (+)= S(a b)
static void sum_channels(const struct graph *g, const struct node *node, const real *a, const real *b,
                         real *to, int add) {
    const struct value *in = &g->values[node->inputs[X]];
    size_t n = (size_t)g->batch, plane = value_columns(g, node->output);
#pragma omp parallel for schedule(static)
    for (size_t p = 0; p < plane; p += n) {
        if (!add)
            memset(to + p, 0, n * sizeof *to);
        for (int c = 0; c < in->channels; c++)
            for (size_t i = p, at = (size_t)c * plane + p; i < p + n; i++, at++)
                to[i] += a[at] * b[at];
    }
}

// The adjoint of y's dependence on x and m: g and the first part of d.
static void down(struct graph *g, struct node *node, enum map map) {
    const struct value *in = &g->values[node->inputs[X]];
    const real *m = layer_map(g, node->inputs[M], MAP_X), *from = layer_map(g, node->output, map);
    real *to_x = in->map[map], *to_m = layer_map(g, node->inputs[M], map);
    size_t plane = value_columns(g, node->output);
    int add = node->adds[map][X];
    if (to_m)
        sum_channels(g, node, from, in->map[MAP_X], to_m, node->adds[map][M]);
    if (!to_x)
        return;
#pragma omp parallel for schedule(static)
    for (int c = 0; c < in->channels; c++)
        for (size_t i = 0, at = (size_t)c * plane; i < plane; i++, at++)
            to_x[at] = (add ? to_x[at] : 0) + from[at] * (1 + m[i]);
}

static void forward(struct graph *g, struct node *node) {
    up(g, node, layer_map(g, node->inputs[X], MAP_X), NULL, layer_map(g, node->output, MAP_X));
}
static void score(struct graph *g, struct node *node) {
    down(g, node, MAP_G);
}
static void tangent(struct graph *g, struct node *node) {
    up(g, node, layer_map(g, node->inputs[X], MAP_T), layer_map(g, node->inputs[M], MAP_T),
       layer_map(g, node->output, MAP_T));
}

static void backward(struct graph *g, struct node *node) {
    const struct value *in = &g->values[node->inputs[X]];
    const real *gy = layer_map(g, node->output, MAP_G), *t_x = in->map[MAP_T],
               *t_m = layer_map(g, node->inputs[M], MAP_T);
    real *d_x = in->map[MAP_D], *d_m = layer_map(g, node->inputs[M], MAP_D);
    size_t plane = value_columns(g, node->output);
    down(g, node, MAP_D);
    if (t_x && d_m)
        sum_channels(g, node, t_x, gy, d_m, 1);
    if (!t_m || !d_x)
        return;
#pragma omp parallel for schedule(static)
    for (int c = 0; c < in->channels; c++)
        for (size_t i = 0, at = (size_t)c * plane; i < plane; i++, at++)
            d_x[at] += gy[at] * t_m[i];
}

static const struct layer layer = {
    .name = "attention", .forward = forward, .score = score, .tangent = tangent, .backward = backward};

int graph_add_attention(struct graph *g, const char *name, int input, int map, struct error *err) {
    struct value in = g->values[input];
    int output = map < 0 ? -1 : graph_add_value(g, in.channels, in.height, in.width, err);
    struct node *node = output < 0 ? NULL : graph_add_node(g, &layer, name, input, output, err);
    if (!node)
        return -1;
    node->inputs[node->input_count++] = map;
    return output;
}
