// SPDX-License-Identifier: Apache-2.0
// Leaky ReLU: x, or slope * x where x is not positive. Linear once x has chosen its side; the slope at 0, as
// PyTorch's.
#include "core/layers/elementwise.h"
#include "core/layers/layers.h"

static void slope(const struct elementwise_piece *p, const real *restrict from, real *restrict to) {
    const real *restrict x = p->x;
    real below = p->constant;
    for (size_t i = 0; i < p->n; i++) {
        // A factor is chosen, not a product: else the compiler may not do both sides and stays scalar.
        real factor = x[i] > 0 ? 1 : below;
        to[i] = factor * from[i];
    }
}

static void value(const struct elementwise_piece *p, real *y) {
    slope(p, p->x, y);
}

static const struct elementwise functions = {.value = value, .slope = slope};
static const struct layer layer = {
    .name = "leaky relu", .own_size = sizeof(struct elementwise_node), ELEMENTWISE_MAPS};

int graph_add_leaky_relu(struct graph *g, const char *name, int input, double below, struct error *err) {
    const struct node *node = elementwise_add(g, &layer, &functions, below, name, input, err);
    return node ? node->output : -1;
}
