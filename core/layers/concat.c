// SPDX-License-Identifier: Apache-2.0
// Concatenation of channels: in our layout one array after the other. Linear, so t is its forward map.
#include "core/layers/layers.h"

#include <string.h>

static void up(struct graph *g, struct node *node, enum map map) {
    real *y = layer_map(g, node->output, map);
    for (int i = 0; i < 2; i++) {
        size_t size = value_size(g, node->inputs[i]);
        const real *x = layer_map(g, node->inputs[i], map);
        if (x)
            memcpy(y, x, size * sizeof *y);
        else // one input lies below every explained value: it has no t
            memset(y, 0, size * sizeof *y);
        y += size;
    }
}

static void down(struct graph *g, struct node *node, enum map map) {
    const real *y = layer_map(g, node->output, map);
    for (int i = 0; i < 2; i++) {
        size_t size = value_size(g, node->inputs[i]);
        real *x = layer_map(g, node->inputs[i], map);
        if (x && node->adds[map][i])
            for (size_t k = 0; k < size; k++)
                x[k] += y[k];
        else if (x)
            memcpy(x, y, size * sizeof *x);
        y += size;
    }
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
    .name = "concat", .forward = forward, .score = score, .tangent = tangent, .backward = backward};

int graph_add_concat(struct graph *g, const char *name, int first, int second, struct error *err) {
    struct value a = g->values[first], b = g->values[second];
    if (a.height != b.height || a.width != b.width)
        return fail_usage(err, "%s: maps of %d x %d and %d x %d cannot be joined", name, a.height, a.width,
                          b.height, b.width);
    int output = graph_add_value(g, a.channels + b.channels, a.height, a.width, err);
    struct node *node = output < 0 ? NULL : graph_add_node(g, &layer, name, first, output, err);
    if (!node)
        return -1;
    node->inputs[node->input_count++] = second;
    return output;
}
