// SPDX-License-Identifier: Apache-2.0
// The four maps of a step, node by node.
#include "core/graph/graph_internal.h"
#include "core/kernels/pairs.h"

#include <math.h>
#include <string.h>

// One map of one node; whoever measures is told before and after.
static void run(struct graph *g, int n, enum map map, void (*layer)(struct graph *, struct node *)) {
    if (g->observe)
        g->observe(g->observer, g, n, map, 0);
    layer(g, &g->nodes[n]);
    if (g->observe)
        g->observe(g->observer, g, n, map, 1);
}

void graph_forward(struct graph *g) {
    for (int n = 0; n < g->node_count; n++)
        run(g, n, MAP_X, g->nodes[n].layer->forward);
}

static int any_input_above(const struct graph *g, const struct node *node) {
    for (int i = 0; i < node->input_count; i++)
        if (g->values[node->inputs[i]].above)
            return 1;
    return 0;
}

static void visit_value(struct graph *g, int v, graph_visit *visit, void *context) {
    for (int l = 0; l < STAGES; l++)
        if (visit && g->explained[l] && g->stage[l] == v)
            visit(context, g, l);
}

void graph_score(struct graph *g, const int32_t *labels, graph_visit *visit, void *context) {
    const struct value *z = &g->values[g->logits];
    memset(z->map[MAP_G], 0, value_size(g, g->logits) * sizeof(real));
    for (int n = 0; n < g->batch; n++) // dc/dz: one at the label of each image
        z->map[MAP_G][(size_t)labels[n] * g->batch + n] = 1;
    graph_score_seeded(g, visit, context);
}

void graph_score_seeded(struct graph *g, graph_visit *visit, void *context) {
    if (g->attention_logits >= 0 && g->values[g->attention_logits].above)
        memset(g->values[g->attention_logits].map[MAP_G], 0,
               value_size(g, g->attention_logits) * sizeof(real));
    for (int n = g->node_count - 1; n >= 0; n--) {
        visit_value(g, g->nodes[n].output, visit, context); // all its consumers have been through
        if (any_input_above(g, &g->nodes[n]))
            run(g, n, MAP_G, g->nodes[n].layer->score);
    }
}

void graph_tangent(struct graph *g, graph_visit *visit, void *context) {
    for (int n = 0; n < g->node_count; n++) {
        struct node *node = &g->nodes[n];
        if (!g->values[node->output].above)
            continue;
        if (any_input_above(g, node))
            run(g, n, MAP_T, node->layer->tangent);
        else // the lowest explained value: nothing comes from below
            memset(g->values[node->output].map[MAP_T], 0, value_bytes(g, node->output));
        visit_value(g, node->output, visit, context);
    }
}

void graph_backward(struct graph *g, graph_visit *visit, void *context) {
    for (int n = g->node_count - 1; n >= 0; n--) {
        visit_value(g, g->nodes[n].output, visit, context);
        run(g, n, MAP_D, g->nodes[n].layer->backward);
    }
}

static int all_finite(const struct graph *g, int v, enum map map) {
    const real *a = g->values[v].map[map];
    size_t size = value_size(g, v), row = 2 * value_columns(g, v), plane = pairs_plane(row / 2);
    if (!a)
        return 1;
    if (!g->values[v].paired) {
        for (size_t i = 0; i < size; i++)
            if (!isfinite((double)a[i]))
                return 0;
        return 1;
    }
    const bf16 *pairs = value_pairs(g, v, map);
    for (size_t i = 0; i < size; i++)
        if ((pairs[i / row * plane + i % row] & 0x7f80) == 0x7f80) // an exponent of ones
            return 0;
    return 1;
}

const char *graph_first_nonfinite(const struct graph *g, enum map map) {
    for (int i = 0; i < g->node_count; i++) {
        int n = map == MAP_G || map == MAP_D ? g->node_count - 1 - i : i;
        if (!all_finite(g, g->nodes[n].output, map))
            return g->nodes[n].name;
    }
    return NULL;
}
