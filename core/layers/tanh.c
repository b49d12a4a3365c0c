// SPDX-License-Identifier: Apache-2.0
// tanh: with y = tanh x, y' = 1 - y^2 and y'' = -2 y y'.
#include "core/layers/elementwise.h"
#include "core/layers/layers.h"

#include <math.h>

static void value(const struct elementwise_piece *p, real *y) {
    for (size_t i = 0; i < p->n; i++)
        y[i] = (real)tanh((double)p->x[i]);
}

static void slope(const struct elementwise_piece *p, const real *restrict from, real *restrict to) {
    const real *restrict y = p->y;
    for (size_t i = 0; i < p->n; i++)
        to[i] = (1 - y[i] * y[i]) * from[i];
}

static void bend(const struct elementwise_piece *p, const real *restrict t, const real *restrict g,
                 real *restrict to) {
    const real *restrict y = p->y;
    for (size_t i = 0; i < p->n; i++)
        to[i] = -2 * y[i] * (1 - y[i] * y[i]) * t[i] * g[i];
}

static const struct elementwise functions = {.value = value, .slope = slope, .bend = bend};
static const struct layer layer = {
    .name = "tanh", .own_size = sizeof(struct elementwise_node), ELEMENTWISE_MAPS};

int graph_add_tanh(struct graph *g, const char *name, int input, struct error *err) {
    const struct node *node = elementwise_add(g, &layer, &functions, 0, name, input, err);
    return node ? node->output : -1;
}
