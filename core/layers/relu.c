// SPDX-License-Identifier: Apache-2.0
// ReLU on its own (behind a batch norm it is part of that layer). Linear once x has chosen its side; 0 at 0.
#include "core/layers/elementwise.h"
#include "core/layers/layers.h"

static void value(const struct elementwise_piece *p, real *y) {
    for (size_t i = 0; i < p->n; i++)
        y[i] = p->x[i] < 0 ? 0 : p->x[i];
}

static void slope(const struct elementwise_piece *p, const real *restrict from, real *restrict to) {
    const real *restrict y = p->y;
    for (size_t i = 0; i < p->n; i++) {
        real v = from[i];
        to[i] = y[i] > 0 ? v : 0;
    }
}

static const struct elementwise functions = {.value = value, .slope = slope};
static const struct layer layer = {
    .name = "relu", .own_size = sizeof(struct elementwise_node), ELEMENTWISE_MAPS};

int graph_add_relu(struct graph *g, const char *name, int input, struct error *err) {
    const struct node *node = elementwise_add(g, &layer, &functions, 0, name, input, err);
    return node ? node->output : -1;
}
