// SPDX-License-Identifier: Apache-2.0
// Making a graph, and what can be asked of it.
#include "core/base/memory.h"
#include "core/graph/graph_internal.h"
#include "core/kernels/pairs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct graph *graph_create(int batch, struct parameters *parameters, struct error *err) {
    struct graph *g = allocate(1, sizeof *g, "a graph", err);
    if (g) {
        g->batch = batch;
        g->parameters = parameters;
        g->input = g->logits = g->attention_logits = g->attention_map = -1;
    }
    return g;
}

void graph_free(struct graph *g) {
    if (!g)
        return;
    for (int n = 0; n < g->node_count; n++)
        free(g->nodes[n].own);
    free(g->values);
    free(g->nodes);
    free(g);
}

int graph_add_value(struct graph *g, int channels, int height, int width, struct error *err) {
    if (array_resize(g->values, (size_t)g->value_count + 1, "a graph", err))
        return -1;
    g->values[g->value_count] =
        (struct value){.channels = channels, .height = height, .width = width, .producer = -1};
    return g->value_count++;
}

struct node *graph_add_node(struct graph *g, const struct layer *layer, const char *name, int input,
                            int output, struct error *err) {
    void *own = layer->own_size ? allocate(1, layer->own_size, "a graph", err) : NULL;
    if ((layer->own_size && !own) || array_resize(g->nodes, (size_t)g->node_count + 1, "a graph", err)) {
        free(own);
        return NULL;
    }
    struct node *node = &g->nodes[g->node_count];
    *node = (struct node){.layer = layer, .inputs = {input}, .input_count = 1, .output = output, .own = own};
    snprintf(node->name, sizeof node->name, "%s", name);
    g->values[output].producer = g->node_count++;
    return node;
}

// ---------------------------------------------------------------------------------------------- asking

size_t value_columns(const struct graph *g, int value) {
    return (size_t)g->values[value].height * g->values[value].width * g->batch;
}

size_t value_size(const struct graph *g, int value) {
    return (size_t)g->values[value].channels * value_columns(g, value);
}

uint16_t *value_pairs(const struct graph *g, int value, enum map map) {
    return (uint16_t *)g->values[value].map[map];
}

size_t value_bytes(const struct graph *g, int value) {
    return g->values[value].paired ? pairs_bytes(g->values[value].channels, value_columns(g, value))
                                   : value_size(g, value) * sizeof(real);
}

int graph_pairs(const struct graph *g) {
    return g->precision == PRECISION_BF16 && g->activations == PRECISION_BF16 &&
           sizeof(real) == sizeof(float);
}

int graph_is_explained(const struct graph *g, int value) {
    if (g->input_explained && g->input == value)
        return 1;
    for (int l = 0; l < STAGES; l++)
        if (g->explained[l] && g->stage[l] == value)
            return 1;
    return 0;
}

int graph_mode_has(enum graph_mode mode, enum map map) {
    switch (map) {
    case MAP_X:
        return 1;
    case MAP_G:
        return mode == GRAPH_INFER_EXPLAIN || mode == GRAPH_TRAIN_EXPLAIN || mode == GRAPH_TRAIN_DETACHED;
    case MAP_T:
        return mode == GRAPH_TRAIN_EXPLAIN;
    default:
        return mode == GRAPH_TRAIN || mode == GRAPH_TRAIN_EXPLAIN || mode == GRAPH_TRAIN_DETACHED;
    }
}
