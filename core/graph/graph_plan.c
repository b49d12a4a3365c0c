// SPDX-License-Identifier: Apache-2.0
// The plan of a step: which maps each value needs, when each array is alive, and where in one arena it lies.
#include "core/base/memory.h"
#include "core/graph/graph_internal.h"
#include "core/kernels/pairs.h"

#include <limits.h>
#include <stdlib.h>

// ---------------------------------------------------------------------------------------------- moments
//
// A step as one clock, a moment each: the input is filled; the forward pass, upwards; the loss is computed
// and gradients are seeded at the top; the score map, downwards; the explanation; the tangent map, upwards;
// the backward pass, downwards; the end, when predictions and statistics are read.

static int moment_input(void) {
    return 0;
}
static int moment_forward(const struct graph *g, int node) {
    (void)g;
    return 1 + node;
}
static int moment_loss(const struct graph *g) {
    return moment_forward(g, g->node_count);
}
static int moment_score(const struct graph *g, int node) {
    return moment_loss(g) + (g->node_count - node);
}
static int moment_explanation(const struct graph *g) {
    return moment_score(g, 0) + 1;
}
static int moment_tangent(const struct graph *g, int node) {
    return moment_explanation(g) + 1 + node;
}
static int moment_backward(const struct graph *g, int node) {
    return moment_tangent(g, g->node_count - 1) + (g->node_count - node);
}
static int moment_end(const struct graph *g) {
    return moment_backward(g, 0) + 1;
}

// ---------------------------------------------------------------------------------------------- lifetimes

struct allotment { // an array to be placed, alive from its first to its last moment
    size_t bytes;
    int first, last;
    size_t *offset; // where its place in the arena is noted
};

static void live_at(struct allotment *a, int moment) {
    if (moment < a->first)
        a->first = moment;
    if (moment > a->last)
        a->last = moment;
}

static int reads(const struct node *node, int v) {
    for (int i = 0; i < node->input_count; i++)
        if (node->inputs[i] == v)
            return 1;
    return 0;
}

// What one node does with map `map` of value v. Every layer may read x of its inputs and output in each of
// its maps, g of its output and t of its inputs in its backward map: that is what batch norm and the joint
// weight gradient need.
static void live_at_node(const struct graph *g, int v, enum map map, int n, struct allotment *a) {
    const struct node *node = &g->nodes[n];
    int above = g->values[node->output].above;
    switch (map) {
    case MAP_X:
        live_at(a, moment_forward(g, n));
        if (above && graph_mode_has(g->mode, MAP_G))
            live_at(a, moment_score(g, n));
        if (above && graph_mode_has(g->mode, MAP_T))
            live_at(a, moment_tangent(g, n));
        if (graph_mode_has(g->mode, MAP_D))
            live_at(a, moment_backward(g, n));
        break;
    case MAP_G:
        live_at(a, moment_score(g, n));
        if (node->output == v && graph_mode_has(g->mode, MAP_T))
            live_at(a, moment_backward(g, n));
        break;
    case MAP_T:
        live_at(a, moment_tangent(g, n));
        if (reads(node, v))
            live_at(a, moment_backward(g, n));
        break;
    default:
        live_at(a, moment_backward(g, n));
    }
}

// What those do that run the graph: inputs are filled, gradients seeded, predictions read, explanations made.
static void live_outside(const struct graph *g, int v, enum map map, struct allotment *a) {
    int logits = v == g->logits || v == g->attention_logits;
    if (v == g->input && map == MAP_X)
        live_at(a, moment_input());
    if (logits && map == MAP_G)
        live_at(a, moment_loss(g));
    if ((logits || v == g->attention_map) && map == MAP_D)
        live_at(a, moment_loss(g));
    if ((logits || v == g->attention_map) && map == MAP_X)
        live_at(a, moment_end(g));
    if (graph_is_explained(g, v) && (map == MAP_X || map == MAP_G))
        live_at(a, moment_explanation(g));
    if (g->input_explained && v == g->input && map == MAP_T)
        live_at(a, moment_explanation(g));
    if (g->input_explained && v == g->logits && map == MAP_T) // the seed of g depends on z: d takes its share
        live_at(a, moment_backward(g, g->values[v].producer));
}

static struct allotment value_allotment(struct graph *g, int v, enum map map) {
    struct allotment a = {
        .bytes = value_bytes(g, v), .first = INT_MAX, .last = -1, .offset = &g->values[v].offset[map]};
    for (int n = 0; n < g->node_count; n++)
        if (g->nodes[n].output == v || reads(&g->nodes[n], v))
            live_at_node(g, v, map, n, &a);
    live_outside(g, v, map, &a);
    return a;
}

// ---------------------------------------------------------------------------------------------- marks

static void mark_above(struct graph *g) {
    for (int v = 0; v < g->value_count; v++)
        g->values[v].above = graph_is_explained(g, v);
    for (int n = 0; n < g->node_count; n++)
        for (int i = 0; i < g->nodes[n].input_count; i++)
            if (g->values[g->nodes[n].inputs[i]].above)
                g->values[g->nodes[n].output].above = 1;
}

// Which values are kept in bf16: those between layers that all can, and that nobody else reads.
static void mark_paired(struct graph *g) {
    for (int v = 0; v < g->value_count; v++) {
        struct value *value = &g->values[v];
        int read = 0, all = 1;
        for (int n = 0; n < g->node_count; n++)
            if (reads(&g->nodes[n], v)) {
                read = 1;
                all &= g->nodes[n].layer->pairs;
            }
        value->paired = graph_pairs(g) && read && all && !graph_is_explained(g, v) && value->producer >= 0 &&
                        g->nodes[value->producer].layer->pairs && pairs_hold(value->channels);
    }
}

// The maps that go down meet a value's consumers from the last to the first: the last one writes, the others
// add. The loss has written the attention map's d before any of them.
static void mark_adds(struct graph *g) {
    for (int n = 0; n < g->node_count; n++)
        for (int i = 0; i < g->nodes[n].input_count; i++) {
            int later = 0;
            for (int m = n + 1; m < g->node_count; m++)
                later |= reads(&g->nodes[m], g->nodes[n].inputs[i]);
            g->nodes[n].adds[MAP_G][i] = later;
            g->nodes[n].adds[MAP_D][i] = later || g->nodes[n].inputs[i] == g->attention_map;
        }
}

// ---------------------------------------------------------------------------------------------- placing

enum { LINE = 64 }; // bytes of a cache line

// Lowest offset at which `a` meets no array that is alive at the same time. `placed` is sorted by offset.
static void place(struct allotment *a, struct allotment **placed, int count) {
    size_t offset = 0;
    for (int i = 0; i < count; i++) {
        const struct allotment *other = placed[i];
        if (other->last < a->first || other->first > a->last)
            continue;
        if (*other->offset >= offset + a->bytes)
            break;
        if (*other->offset + other->bytes > offset)
            offset = *other->offset + other->bytes;
    }
    *a->offset = offset;
    int at = count;
    for (; at > 0 && *placed[at - 1]->offset > offset; at--)
        placed[at] = placed[at - 1];
    placed[at] = a;
}

static int larger_first(const void *a, const void *b) {
    const struct allotment *x = a, *y = b;
    if (x->bytes != y->bytes)
        return x->bytes > y->bytes ? -1 : 1;
    return x->first != y->first ? (x->first < y->first ? -1 : 1) : x->last - y->last;
}

static int collect_values(struct graph *g, struct allotment *all) {
    int count = 0;
    for (int v = 0; v < g->value_count; v++)
        for (enum map map = 0; map < MAP_COUNT; map++) {
            int wanted = map == MAP_X || (map == MAP_D ? v != g->input : g->values[v].above);
            g->values[v].map[map] = NULL;
            g->values[v].offset[map] = GRAPH_NOWHERE;
            if (wanted && graph_mode_has(g->mode, map))
                all[count++] = value_allotment(g, v, map);
        }
    return count;
}

// What the nodes keep from their forward to their last map, and the scratch that they share.
static int collect_others(struct graph *g, int threads, struct allotment *all) {
    int count = 0;
    size_t scratch = 0;
    for (int n = 0; n < g->node_count; n++) {
        struct node *node = &g->nodes[n];
        size_t bytes = node->layer->kept ? node->layer->kept(g, node) : 0,
               numbers = node->layer->scratch ? node->layer->scratch(g, node, threads) : 0;
        scratch = numbers > scratch ? numbers : scratch;
        node->kept = NULL;
        node->kept_offset = GRAPH_NOWHERE;
        int last = g->mode == GRAPH_INFER ? moment_forward(g, n) : moment_backward(g, n);
        if (bytes)
            all[count++] = (struct allotment){bytes, moment_forward(g, n), last, &node->kept_offset};
    }
    g->scratch = NULL;
    all[count++] =
        (struct allotment){scratch * sizeof(real), moment_input(), moment_end(g), &g->scratch_offset};
    return count;
}

int graph_plan(struct graph *g, enum graph_mode mode, unsigned explained, int threads, struct error *err) {
    g->mode = mode;
    g->training = mode != GRAPH_INFER && mode != GRAPH_INFER_EXPLAIN;
    for (int l = 0; l < STAGES; l++)
        g->explained[l] = graph_mode_has(mode, MAP_G) && (explained >> l & 1);
    g->input_explained = graph_mode_has(mode, MAP_G) && (explained & EXPLAIN_INPUT);
    mark_above(g);
    mark_adds(g);
    mark_paired(g);
    for (int n = 0; n < g->node_count; n++)
        if (g->nodes[n].layer->plan)
            g->nodes[n].layer->plan(g, &g->nodes[n]);
    size_t maximum = (size_t)g->value_count * MAP_COUNT + g->node_count + 1;
    struct allotment *all = allocate(maximum, sizeof *all, "a graph's plan", err);
    // NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers is meant
    struct allotment **placed = allocate(maximum, sizeof *placed, "a graph's plan", err);
    if (!all || !placed) {
        free(all);
        free(placed);
        return -1;
    }
    int count = collect_values(g, all);
    count += collect_others(g, threads, all + count);
    for (int i = 0; i < count;
         i++) // whole lines, and one between neighbours: rows of equal size do not collide
        all[i].bytes = (all[i].bytes + LINE - 1) / LINE * LINE + LINE;
    qsort(all, (size_t)count, sizeof *all, larger_first);
    g->arena_bytes = 0;
    for (int i = 0; i < count; i++) {
        place(&all[i], placed, i);
        if (*all[i].offset + all[i].bytes > g->arena_bytes)
            g->arena_bytes = *all[i].offset + all[i].bytes;
    }
    g->arena = NULL;
    free(all);
    free(placed);
    return 0;
}

void graph_place(struct graph *g, void *arena) {
    char *base = arena;
    for (int v = 0; v < g->value_count; v++)
        for (enum map map = 0; map < MAP_COUNT; map++) {
            size_t offset = g->values[v].offset[map];
            g->values[v].map[map] = offset == GRAPH_NOWHERE ? NULL : (void *)(base + offset);
        }
    for (int n = 0; n < g->node_count; n++) {
        size_t offset = g->nodes[n].kept_offset;
        g->nodes[n].kept = offset == GRAPH_NOWHERE ? NULL : base + offset;
    }
    g->scratch = (void *)(base + g->scratch_offset);
    g->arena = arena;
}
