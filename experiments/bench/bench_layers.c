// SPDX-License-Identifier: Apache-2.0
// Where a step's time goes: every node's maps timed by the graph's observer, and summed by kind of layer.
#include "core/base/memory.h"
#include "core/base/progress.h"
#include "experiments/bench/bench.h"

#include <stdlib.h>
#include <string.h>

enum { SLOWEST = 10, KINDS_MAXIMUM = 32 };

static const char *const map_names[MAP_COUNT] = {"forward", "score", "tangent", "backward"};

static double lesser(double known, double seconds) { // 0: none is known
    return known > 0 && known < seconds ? known : seconds;
}

static void observe(void *context, const struct graph *g, int node, enum map map, int done) {
    struct bench_layers *l = context;
    double now = seconds_now();
    (void)g;
    if (done) {
        double *best = &l->seconds[node * MAP_COUNT + map];
        *best = lesser(*best, now - l->began);
        l->in_layers += now - l->began;
    }
    l->began = now;
}

int bench_layers_watch(struct bench_layers *layers, struct graph *g, struct error *err) {
    *layers = (struct bench_layers){.graph = g};
    layers->seconds = allocate((size_t)g->node_count * MAP_COUNT, sizeof(double), "a step's times", err);
    g->observe = layers->seconds ? observe : NULL;
    g->observer = layers;
    return layers->seconds ? 0 : -1;
}

void bench_layers_end_step(struct bench_layers *layers, double gradient, double update) {
    layers->outside = lesser(layers->outside, gradient - layers->in_layers);
    layers->update = lesser(layers->update, update);
    layers->in_layers = 0;
}

void bench_layers_free(struct bench_layers *layers) {
    if (layers->seconds)
        ((struct graph *)layers->graph)->observe = NULL;
    free(layers->seconds);
    layers->seconds = NULL;
}

// ---------------------------------------------------------------------------------------- results

static json_t *entry(const char *layer, const char *map, double seconds, double total) {
    return json_pack("{s:s, s:s?, s:f, s:f}", "layer", layer, "map", map, "seconds", seconds, "share",
                     seconds / total);
}

// One entry for each kind of layer and map that took time, kinds in the order of the network.
static void list_kinds(const struct bench_layers *l, double total, json_t *kinds) {
    const struct layer *known[KINDS_MAXIMUM];
    int count = 0;
    for (int n = 0; n < l->graph->node_count; n++) {
        const struct layer *layer = l->graph->nodes[n].layer;
        int is_known = 0;
        for (int k = 0; k < count; k++)
            is_known |= known[k] == layer;
        if (is_known || count == KINDS_MAXIMUM)
            continue;
        known[count++] = layer;
        for (int map = 0; map < MAP_COUNT; map++) {
            double sum = 0;
            for (int m = n; m < l->graph->node_count; m++)
                sum += l->graph->nodes[m].layer == layer ? l->seconds[m * MAP_COUNT + map] : 0;
            if (sum > 0)
                json_array_append_new(kinds, entry(layer->name, map_names[map], sum, total));
        }
    }
}

struct timed { // a map of a node
    int node, map;
    double seconds;
};

static int slower_first(const void *a, const void *b) {
    const struct timed *x = a, *y = b;
    return x->seconds < y->seconds ? 1 : x->seconds > y->seconds ? -1 : x->node - y->node;
}

static int list_slowest(const struct bench_layers *l, double total, json_t *slowest, struct error *err) {
    int count = l->graph->node_count * MAP_COUNT;
    struct timed *timed = allocate((size_t)count, sizeof *timed, "a step's times", err);
    if (!timed)
        return -1;
    for (int i = 0; i < count; i++)
        timed[i] = (struct timed){i / MAP_COUNT, i % MAP_COUNT, l->seconds[i]};
    qsort(timed, (size_t)count, sizeof *timed, slower_first);
    for (int i = 0; i < count && i < SLOWEST && timed[i].seconds > 0; i++) {
        const struct node *node = &l->graph->nodes[timed[i].node];
        json_t *e = entry(node->layer->name, map_names[timed[i].map], timed[i].seconds, total);
        json_object_set_new(e, "node", json_string(node->name));
        json_array_append_new(slowest, e);
    }
    free(timed);
    return 0;
}

json_t *bench_layers_json(const struct bench_layers *layers, struct error *err) {
    json_t *kinds = json_array(), *slowest = json_array();
    double total = layers->outside + layers->update;
    for (int i = 0; i < layers->graph->node_count * MAP_COUNT; i++)
        total += layers->seconds[i];
    list_kinds(layers, total, kinds);
    json_array_append_new(kinds, entry("images and losses", NULL, layers->outside, total));
    json_array_append_new(kinds, entry("optimiser", NULL, layers->update, total));
    if (list_slowest(layers, total, slowest, err)) {
        json_decref(kinds);
        json_decref(slowest);
        return NULL;
    }
    json_t *both = json_pack("{s:o, s:o}", "kinds", kinds, "slowest", slowest);
    if (!both)
        fail_memory(err, "a step's times");
    return both;
}

// ---------------------------------------------------------------------------------------- work

static double product_flop(const struct graph *g, const struct node *node) {
    return node->layer->flop ? node->layer->flop(g, node) : 0;
}

static int has(const struct graph *g, int value, enum map map) {
    return g->values[value].offset[map] != GRAPH_NOWHERE;
}

// Bytes of a value's array of that map; 0 where the plan has none.
static double bytes_of(const struct graph *g, int value, enum map map) {
    size_t number = g->values[value].paired ? sizeof(uint16_t) : sizeof(real);
    return has(g, value, map) ? (double)(value_size(g, value) * number) : 0;
}

static double inputs_bytes(const struct graph *g, const struct node *node, enum map map) {
    double sum = 0;
    for (int i = 0; i < node->input_count; i++)
        sum += bytes_of(g, node->inputs[i], map);
    return sum;
}

void bench_layers_work(const struct graph *g, double *flop, double *bytes) {
    double products = 0, moved = 0;
    for (int n = 0; n < g->node_count; n++) {
        const struct node *node = &g->nodes[n];
        int in = node->inputs[0], out = node->output;
        // x and the weights' gradient everywhere, d but for the images; g and t, with its share of that
        // gradient, where they pass through.
        products +=
            product_flop(g, node) * (2 + has(g, in, MAP_D) + has(g, in, MAP_G) + 2 * has(g, in, MAP_T));
        for (enum map map = 0; map < MAP_COUNT; map++) {
            double read = inputs_bytes(g, node, map);
            // Above the lowest explained value g and t have inputs; below, the node does not take part.
            if (read > 0 || map == MAP_D)
                moved += read + bytes_of(g, out, map);
        }
        // The backward map looks at the inputs' x again, and where there are any at t and g.
        double t = inputs_bytes(g, node, MAP_T);
        moved += inputs_bytes(g, node, MAP_X) + (t > 0 ? t + bytes_of(g, out, MAP_G) : 0);
    }
    *flop = products;
    *bytes = moved;
}
