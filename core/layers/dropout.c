// SPDX-License-Identifier: Apache-2.0
// Dropout: a linear map that the draw chooses. The draw is a function of (seed, layer's name, step, channel,
// place in the channel), so it needs no state and does not depend on threads; the mask is kept from the
// forward pass for the other maps.
#include "core/base/random.h"
#include "core/layers/elementwise.h"
#include "core/layers/layers.h"

#include <string.h>

struct dropout_node {
    struct elementwise_node elementwise; // its constant: what is not dropped is multiplied by
    double share;
};

static size_t kept(const struct graph *g, const struct node *node) {
    return g->training ? value_size(g, node->output) : 0;
}

static void slope(const struct elementwise_piece *p, const real *restrict from, real *restrict to) {
    const uint8_t *restrict kept = p->kept;
    real scale = p->constant;
    if (!kept) { // evaluation
        memcpy(to, from, p->n * sizeof *to);
        return;
    }
    for (size_t i = 0; i < p->n; i++) {
        real v = scale * from[i];
        to[i] = kept[i] ? v : 0;
    }
}

static void value(const struct elementwise_piece *p, real *y) {
    slope(p, p->x, y);
}

static void draw(const struct graph *g, struct node *node) {
    size_t m = value_columns(g, node->output);
    int channels = g->values[node->output].channels;
    uint32_t purpose = random_purpose("dropout") ^ random_purpose(node->name);
    // Dropped where a number of 32 bits lies below the share of their range.
    uint32_t minimum = (uint32_t)(((const struct dropout_node *)node->own)->share * 0x1p32);
    uint8_t *mask = node->kept;
#pragma omp parallel for schedule(static)
    for (int c = 0; c < channels; c++) {
        struct random r =
            random_stream(g->dropout.seed, purpose, g->dropout.step * (uint64_t)channels + (uint64_t)c);
        for (size_t i = 0; i < m; i++)
            mask[c * m + i] = random_bits(&r) >= minimum;
    }
}

static void forward(struct graph *g, struct node *node) {
    if (g->training)
        draw(g, node);
    elementwise_forward(g, node);
}

static const struct elementwise functions = {.value = value, .slope = slope};
static const struct layer layer = {.name = "dropout",
                                   .own_size = sizeof(struct dropout_node),
                                   .kept = kept,
                                   .forward = forward,
                                   .score = elementwise_score,
                                   .tangent = elementwise_tangent,
                                   .backward = elementwise_backward};

int graph_add_dropout(struct graph *g, const char *name, int input, double share, struct error *err) {
    struct node *node = elementwise_add(g, &layer, &functions, 1 / (1 - share), name, input, err);
    if (!node)
        return -1;
    ((struct dropout_node *)node->own)->share = share;
    return node->output;
}
