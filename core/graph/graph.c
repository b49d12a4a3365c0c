// SPDX-License-Identifier: Apache-2.0
#include "core/graph/graph.h"

#include "core/base/memory.h"
#include "core/kernels/pairs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---------------------------------------------------------------------------------------------- building

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
    free(g->values);
    free(g->nodes);
    free(g->channel_sums);
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
    if (array_resize(g->nodes, (size_t)g->node_count + 1, "a graph", err))
        return NULL;
    struct node *node = &g->nodes[g->node_count];
    memset(node, 0, sizeof *node);
    snprintf(node->name, sizeof node->name, "%s", name);
    node->layer = layer;
    node->inputs[0] = input;
    node->input_count = 1;
    node->output = output;
    g->values[output].producer = g->node_count++;
    return node;
}

size_t value_columns(const struct graph *g, int value) {
    return (size_t)g->values[value].height * g->values[value].width * g->batch;
}

size_t value_size(const struct graph *g, int value) {
    return (size_t)g->values[value].channels * value_columns(g, value);
}

uint16_t *value_pairs(const struct graph *g, int value, enum map map) {
    return (uint16_t *)g->values[value].map[map];
}

static size_t value_bytes(const struct graph *g, int v) {
    return g->values[v].paired ? pairs_bytes(g->values[v].channels, value_columns(g, v))
                               : value_size(g, v) * sizeof(real);
}

// ---------------------------------------------------------------------------------------------- parameters

struct parameter *parameters_find(struct parameters *p, const char *name) {
    for (int i = 0; i < p->count; i++)
        if (!strcmp(p->items[i].name, name))
            return &p->items[i];
    return NULL;
}

int parameters_add(struct parameters *p, const char *name, int rank, const int *shape, int trained,
                   struct error *err) {
    struct parameter *known = parameters_find(p, name);
    if (known)
        return (int)(known - p->items);
    if (p->storage)
        return fail(err, "%s: not one of the network's parameters", name);
    if (array_resize(p->items, (size_t)p->count + 1, "parameters", err))
        return -1;
    struct parameter *item = &p->items[p->count];
    *item = (struct parameter){.rank = rank, .size = 1, .trained = trained};
    snprintf(item->name, sizeof item->name, "%s", name);
    for (int i = 0; i < rank; i++) {
        item->shape[i] = shape[i];
        item->size *= (size_t)shape[i];
    }
    return p->count++;
}

int parameters_allocate(struct parameters *p, struct error *err) {
    if (p->storage)
        return 0;
    size_t trained = 0, total = 0;
    for (int i = 0; i < p->count; i++) {
        total += p->items[i].size;
        trained += p->items[i].trained ? p->items[i].size : 0;
    }
    p->storage = allocate(total + trained, sizeof(real), "parameters", err);
    if (!p->storage)
        return -1;
    p->size = total;
    p->trained_size = trained;
    // Trained ones first, so that the optimiser sees one array of values and one of gradients.
    real *at = p->storage, *gradient = p->storage + total;
    for (int trained_first = 1; trained_first >= 0; trained_first--)
        for (int i = 0; i < p->count; i++) {
            struct parameter *item = &p->items[i];
            if (item->trained != trained_first)
                continue;
            item->value = at;
            at += item->size;
            if (item->trained) {
                item->gradient = gradient;
                gradient += item->size;
            }
        }
    return 0;
}

void parameters_free(struct parameters *p) {
    free(p->items);
    free(p->storage);
    memset(p, 0, sizeof *p);
}

// ---------------------------------------------------------------------------------------------- planning

// The order of a step, as one clock: forward of node i, then score downwards, explanation, tangent upwards,
// backward.
static int time_forward(int node) {
    return 1 + node;
}
static int time_score(const struct graph *g, int node) {
    return 1 + g->node_count + (g->node_count - node);
}
static int time_explain(const struct graph *g) {
    return 2 + 2 * g->node_count;
}
static int time_tangent(const struct graph *g, int node) {
    return time_explain(g) + 1 + node;
}
static int time_backward(const struct graph *g, int node) {
    return time_explain(g) + 1 + g->node_count + (g->node_count - node);
}

static int mode_has(enum graph_mode mode, enum map map) {
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

struct span { // an array to be placed: alive from first to last
    size_t bytes, offset;
    int first, last;
    void **owner;
};

static void extend(struct span *s, int time) {
    if (time < s->first)
        s->first = time;
    if (time > s->last)
        s->last = time;
}

static int is_logits(const struct graph *g, int v) {
    return v == g->logits || v == g->attention_logits;
}

// When map `map` of `value` is written and read. Every layer may read x of its inputs and output in each of
// its maps, g of its output and t of its inputs in its backward map: that is what batch norm and the joint
// weight gradient need.
static struct span value_span(struct graph *g, int v, enum map map) {
    struct span s = {.bytes = value_bytes(g, v), .first = 1 << 30, .last = -1};
    int has_g = mode_has(g->mode, MAP_G), has_t = mode_has(g->mode, MAP_T), has_d = mode_has(g->mode, MAP_D);
    int is_explained = 0;
    for (int l = 0; l < STAGES; l++)
        is_explained |= g->explained[l] && g->stage[l] == v;
    for (int n = 0; n < g->node_count; n++) {
        const struct node *node = &g->nodes[n];
        int reads = 0, writes = node->output == v;
        for (int i = 0; i < node->input_count; i++)
            reads |= node->inputs[i] == v;
        if (!reads && !writes)
            continue;
        int output_above = g->values[node->output].above;
        if (map == MAP_X) {
            extend(&s, time_forward(n));
            if (has_g && output_above)
                extend(&s, time_score(g, n));
            if (has_t && output_above)
                extend(&s, time_tangent(g, n));
            if (has_d)
                extend(&s, time_backward(g, n));
        } else if (map == MAP_G) {
            extend(&s, time_score(g, n));
            if (writes && has_t)
                extend(&s, time_backward(g, n));
        } else if (map == MAP_T) {
            extend(&s, time_tangent(g, n));
            if (reads)
                extend(&s, time_backward(g, n));
        } else {
            extend(&s, time_backward(g, n));
        }
    }
    if (v == g->input && map == MAP_X)
        extend(&s, 0);
    if (is_logits(g, v) && map == MAP_G)
        extend(&s, time_score(g, g->node_count));
    if (is_logits(g, v) || v == g->attention_map) {
        if (map == MAP_D) // seeded as soon as the forward pass is over
            extend(&s, time_forward(g->node_count));
        if (map == MAP_X)
            extend(&s, 1 << 28); // read by whoever asks for predictions
    }
    if (is_explained && map != MAP_D && map != MAP_T)
        extend(&s, map == MAP_X && !has_g ? s.last : time_explain(g));
    return s;
}

// Lowest offset at which s meets no array that is alive at the same time. `placed` is sorted by offset.
static void place(struct span *s, struct span **placed, int count) {
    size_t offset = 0;
    for (int i = 0; i < count; i++) {
        const struct span *other = placed[i];
        if (other->last < s->first || other->first > s->last)
            continue;
        if (other->offset >= offset + s->bytes)
            break;
        if (other->offset + other->bytes > offset)
            offset = other->offset + other->bytes;
    }
    s->offset = offset;
    int at = count;
    for (; at > 0 && placed[at - 1]->offset > offset; at--)
        placed[at] = placed[at - 1];
    placed[at] = s;
}

static int larger_first(const void *a, const void *b) {
    const struct span *x = a, *y = b;
    if (x->bytes != y->bytes)
        return x->bytes > y->bytes ? -1 : 1;
    return x->first != y->first ? (x->first < y->first ? -1 : 1) : x->last - y->last;
}

static void mark_above(struct graph *g) {
    for (int v = 0; v < g->value_count; v++)
        g->values[v].above = 0;
    for (int l = 0; l < STAGES; l++)
        if (g->explained[l])
            g->values[g->stage[l]].above = 1;
    for (int n = 0; n < g->node_count; n++)
        for (int i = 0; i < g->nodes[n].input_count; i++)
            if (g->values[g->nodes[n].inputs[i]].above)
                g->values[g->nodes[n].output].above = 1;
}

int graph_pairs(const struct graph *g) {
    return g->precision == PRECISION_BF16 && g->activations == PRECISION_BF16 &&
           sizeof(real) == sizeof(float);
}

// Which values are kept in bf16: those between layers that all can, and that nobody else reads.
static void mark_paired(struct graph *g) {
    for (int v = 0; v < g->value_count; v++) {
        struct value *value = &g->values[v];
        int read = 0, all = 1;
        for (int n = 0; n < g->node_count; n++)
            for (int i = 0; i < g->nodes[n].input_count; i++)
                if (g->nodes[n].inputs[i] == v) {
                    read = 1;
                    all &= g->nodes[n].layer->pairs;
                }
        for (int l = 0; l < STAGES; l++)
            all &= !(g->explained[l] && g->stage[l] == v);
        value->paired = graph_pairs(g) && read && all && value->producer >= 0 &&
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
                for (int j = 0; j < g->nodes[m].input_count; j++)
                    later |= g->nodes[m].inputs[j] == g->nodes[n].inputs[i];
            g->nodes[n].adds[MAP_G][i] = later;
            g->nodes[n].adds[MAP_D][i] = later || g->nodes[n].inputs[i] == g->attention_map;
        }
}

static int collect_spans(struct graph *g, struct span *spans, int threads) {
    int count = 0;
    size_t scratch = 0, all = (size_t)1 << 28;
    for (int v = 0; v < g->value_count; v++)
        for (enum map map = 0; map < MAP_COUNT; map++) {
            g->values[v].map[map] = NULL;
            int wanted = mode_has(g->mode, map) && (map == MAP_X || map == MAP_D || g->values[v].above);
            if (!wanted || (map == MAP_D && v == g->input))
                continue;
            spans[count] = value_span(g, v, map);
            spans[count++].owner = (void **)&g->values[v].map[map];
        }
    for (int n = 0; n < g->node_count; n++) {
        struct node *node = &g->nodes[n];
        size_t kept = node->layer->kept ? node->layer->kept(g, node) : 0;
        if (node->layer->scratch && node->layer->scratch(g, node, threads) > scratch)
            scratch = node->layer->scratch(g, node, threads);
        node->keep = NULL;
        if (kept)
            spans[count++] =
                (struct span){.bytes = kept,
                              .first = time_forward(n),
                              .owner = &node->keep,
                              .last = g->mode == GRAPH_INFER ? time_forward(n) : time_backward(g, n)};
    }
    spans[count++] = (struct span){
        .bytes = scratch * sizeof(real), .first = 0, .last = (int)all, .owner = (void **)&g->scratch};
    return count;
}

int graph_plan(struct graph *g, enum graph_mode mode, unsigned explained, int threads, struct error *err) {
    g->mode = mode;
    g->training = mode != GRAPH_INFER && mode != GRAPH_INFER_EXPLAIN;
    int channels = 0;
    for (int l = 0; l < STAGES; l++)
        g->explained[l] = mode_has(mode, MAP_G) && (explained >> l & 1);
    for (int n = 0; n < g->node_count; n++)
        channels += g->values[g->nodes[n].output].channels;
    mark_above(g);
    mark_adds(g);
    mark_paired(g);
    free(g->channel_sums);
    g->channel_sums = allocate((size_t)channels * 8, sizeof(double), "a graph", err);
    size_t most = (size_t)g->value_count * MAP_COUNT + g->node_count + 1;
    struct span *spans = allocate(most, sizeof *spans, "a graph's plan", err);
    // NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers is meant
    struct span **placed = allocate(most, sizeof *placed, "a graph's plan", err);
    if (!g->channel_sums || !spans || !placed) {
        free(spans);
        free(placed);
        return -1;
    }
    double *sums = g->channel_sums;
    for (int n = 0; n < g->node_count; n++) {
        g->nodes[n].channel = sums;
        sums += 8 * g->values[g->nodes[n].output].channels;
    }
    int count = collect_spans(g, spans, threads);
    for (int i = 0; i < count;
         i++) // whole cache lines, and one between neighbours: rows of equal size do not collide
        spans[i].bytes = (spans[i].bytes + 63) / 64 * 64 + 64;
    qsort(spans, (size_t)count, sizeof *spans, larger_first);
    g->arena_bytes = 0;
    for (int i = 0; i < count; i++) {
        place(&spans[i], placed, i);
        if (spans[i].offset + spans[i].bytes > g->arena_bytes)
            g->arena_bytes = spans[i].offset + spans[i].bytes;
        // Until graph_place adds the arena's address, pointers hold offset + 1 (so that none is NULL).
        *spans[i].owner = (void *)(uintptr_t)(spans[i].offset + 1);
    }
    g->arena = NULL;
    free(spans);
    free(placed);
    return 0;
}

static void move(void **pointer, const char *from, char *to) {
    if (*pointer)
        *pointer = to + ((char *)*pointer - from);
}

void graph_place(struct graph *g, void *arena) {
    const char *from = g->arena ? g->arena : (const char *)(uintptr_t)1;
    for (int v = 0; v < g->value_count; v++)
        for (enum map map = 0; map < MAP_COUNT; map++)
            move((void **)&g->values[v].map[map], from, arena);
    for (int n = 0; n < g->node_count; n++)
        move(&g->nodes[n].keep, from, arena);
    move((void **)&g->scratch, from, arena);
    g->arena = arena;
}

// ---------------------------------------------------------------------------------------------- running

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
