// SPDX-License-Identifier: Apache-2.0
// Global average pooling: y[c][n] = mean over the map. Linear, so t is its forward map.
#include "core/layers/layers.h"

#include <string.h>

static void up(struct graph *g, struct node *node, enum map map) {
    const struct value *in = &g->values[node->inputs[0]];
    size_t pixels = (size_t)in->height * in->width, n = (size_t)g->batch;
    const real *x = in->map[map];
    real *y = layer_map(g, node->output, map);
    real share = (real)(1.0 / (double)pixels);
    for (int c = 0; c < in->channels; c++, y += n) {
        memset(y, 0, n * sizeof *y);
        for (size_t p = 0; p < pixels; p++, x += n)
            for (size_t i = 0; i < n; i++)
                y[i] += x[i];
        for (size_t i = 0; i < n; i++)
            y[i] *= share;
    }
}

static void down(struct graph *g, struct node *node, enum map map) {
    const struct value *in = &g->values[node->inputs[0]];
    size_t pixels = (size_t)in->height * in->width, n = (size_t)g->batch;
    const real *y = layer_map(g, node->output, map);
    real *x = in->map[map], share = (real)(1.0 / (double)pixels);
    if (!x)
        return;
    for (int c = 0; c < in->channels; c++, y += n)
        for (size_t p = 0; p < pixels; p++, x += n)
            for (size_t i = 0; i < n; i++)
                x[i] = (node->adds[map][0] ? x[i] : 0) + y[i] * share;
}

static void forward(struct graph *g, struct node *node) {
    up(g, node, MAP_X);
}
static void score(struct graph *g, struct node *node) {
    down(g, node, MAP_G);
}
static void tangent(struct graph *g, struct node *node) {
    up(g, node, MAP_T);
}
static void backward(struct graph *g, struct node *node) {
    down(g, node, MAP_D);
}

static const struct layer layer = {
    .name = "average pool", .forward = forward, .score = score, .tangent = tangent, .backward = backward};

int graph_add_average_pool(struct graph *g, const char *name, int input, struct error *err) {
    int output = graph_add_value(g, g->values[input].channels, 1, 1, err);
    return output < 0 || !graph_add_node(g, &layer, name, input, output, err) ? -1 : output;
}
