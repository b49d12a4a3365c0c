// SPDX-License-Identifier: Apache-2.0
// Dropout: a linear map that the draw chooses. The draw is a function of (seed, layer's name, step, channel,
// place in the channel), so it needs no state and does not depend on threads; the mask is kept from the
// forward pass for the other maps.
#include "core/base/random.h"
#include "core/layers/layers.h"

static size_t kept(const struct graph *g, const struct node *node) {
    return g->training ? value_size(g, node->output) : 0;
}

static void pass(struct graph *g, struct node *node, const real *from, real *to, int add) {
    size_t size = value_size(g, node->output);
    const uint8_t *keep = node->keep;
    real scale = g->training ? (real)(1 / (1 - node->amount)) : 1;
    int all = !g->training;
    if (!to)
        return;
#pragma omp parallel for simd schedule(static)
    for (size_t i = 0; i < size; i++) {
        real v = scale * from[i], before = to[i];
        v = all || keep[i] ? v : 0;
        to[i] = add ? before + v : v;
    }
}

static void draw(const struct graph *g, struct node *node) {
    size_t m = value_columns(g, node->output);
    int channels = g->values[node->output].channels;
    uint32_t purpose = random_purpose("dropout") ^ random_purpose(node->name);
    // Dropped where a number of 32 bits lies below the share of their range.
    uint32_t least = (uint32_t)(node->amount * 0x1p32);
    uint8_t *keep = node->keep;
#pragma omp parallel for schedule(static)
    for (int c = 0; c < channels; c++) {
        struct random r =
            random_stream(g->dropout.seed, purpose, g->dropout.step * (uint64_t)channels + (uint64_t)c);
        for (size_t i = 0; i < m; i++)
            keep[c * m + i] = random_bits(&r) >= least;
    }
}

static void forward(struct graph *g, struct node *node) {
    if (g->training)
        draw(g, node);
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

static const struct layer layer = {.name = "dropout",
                                   .kept = kept,
                                   .forward = forward,
                                   .score = score,
                                   .tangent = tangent,
                                   .backward = backward};

int graph_add_dropout(struct graph *g, const char *name, int input, double share, struct error *err) {
    struct value in = g->values[input];
    int output = graph_add_value(g, in.channels, in.height, in.width, err);
    struct node *node = output < 0 ? NULL : graph_add_node(g, &layer, name, input, output, err);
    if (!node)
        return -1;
    node->amount = share;
    return output;
}
