// SPDX-License-Identifier: Apache-2.0
// The plan of a step, over random graphs: branches that part and meet, values that are read often, every
// mode, any stages explained, activations in bf16. Arrays that are alive at the same time lie apart, where
// alive is what this file finds by walking through a step itself; and a step in the planned arena gives the
// same bits as one whose arrays all have memory of their own.
#include "core/base/memory.h"
#include "core/base/random.h"
#include "core/kernels/gemm.h"
#include "core/kernels/pairs.h"
#include "core/layers/layers.h"
#include "tests/support/suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GRAPHS = 300, THREADS = 2, ALIGNMENT = 64 };

// ---------------------------------------------------------------------------------------------- graphs

struct trial { // a graph that its number alone decides
    struct graph *g;
    struct parameters parameters;
    struct random draw;
    struct error err;
    enum graph_mode mode;
    unsigned explained;
    char name[16];
};

static int scores(enum graph_mode mode) {
    return mode == GRAPH_INFER_EXPLAIN || mode == GRAPH_TRAIN_EXPLAIN || mode == GRAPH_TRAIN_DETACHED;
}
static int trains(enum graph_mode mode) {
    return mode == GRAPH_TRAIN || mode == GRAPH_TRAIN_EXPLAIN || mode == GRAPH_TRAIN_DETACHED;
}

static int below(struct trial *t, int limit) {
    return (int)random_below(&t->draw, (uint32_t)limit);
}

static const char *next_name(struct trial *t) {
    snprintf(t->name, sizeof t->name, "n%d", t->g->node_count);
    return t->name;
}

static int read_by_none(const struct graph *g, int v) {
    for (int n = 0; n < g->node_count; n++)
        for (int i = 0; i < g->nodes[n].input_count; i++)
            if (g->nodes[n].inputs[i] == v)
                return 0;
    return 1;
}

// Another value of the same map, and where `alike` of as many channels; -1: there is none.
static int companion(struct trial *t, int v, int alike) {
    const struct value *all = t->g->values;
    for (int tries = 0; tries < 8; tries++) {
        int other = below(t, t->g->value_count);
        if (other != v && all[other].height == all[v].height && all[other].width == all[v].width &&
            (!alike || all[other].channels == all[v].channels))
            return other;
    }
    return -1;
}

static int add_attention(struct trial *t, int v) {
    struct graph *g = t->g;
    int map = graph_add_convolution(g, next_name(t), v, 1, 1, 1, 0, &t->err);
    map = graph_add_sigmoid(g, next_name(t), map, &t->err);
    if (g->attention_map < 0 && below(t, 2))
        g->attention_map = map;
    return graph_add_attention(g, next_name(t), v, map, &t->err);
}

static int add_layer(struct trial *t, int v) {
    static const int channels[] = {2, 3, 4, 16, 32};
    struct graph *g = t->g;
    const char *name = next_name(t);
    int to = channels[below(t, 5)], other;
    switch (below(t, 12)) {
    case 0:
        return graph_add_relu(g, name, v, &t->err);
    case 1:
        return graph_add_leaky_relu(g, name, v, 0.2, &t->err);
    case 2:
        return graph_add_tanh(g, name, v, &t->err);
    case 3:
        return graph_add_dropout(g, name, v, 0.5, &t->err);
    case 4:
        return graph_add_max_pool(g, name, v, 3, 2, 1, &t->err);
    case 5:
        return graph_add_transposed_convolution(g, name, v, to, 3, 1, 1, below(t, 2), &t->err);
    case 6:
        return add_attention(t, v);
    case 7:
        other = companion(t, v, 0);
        return other < 0 ? graph_add_biased_convolution(g, name, v, to, 1, 1, 0, &t->err)
                         : graph_add_concat(g, name, v, other, &t->err);
    case 8:
    case 9:
        return graph_add_batch_norm(g, name, v, companion(t, v, 1), below(t, 2), 1e-5, 0.1, &t->err);
    default:
        return graph_add_convolution(g, name, v, to, below(t, 3) ? 3 : 1, 1, 1, &t->err);
    }
}

// Every value that nobody has read, pooled and joined, to the logits; one of them may go to an attention
// branch's.
static void add_top(struct trial *t) {
    struct graph *g = t->g;
    int values = g->value_count, joined = -1;
    for (int v = 0; v < values; v++) {
        if (!read_by_none(g, v))
            continue;
        int pooled = graph_add_average_pool(g, next_name(t), v, &t->err);
        if (v + 1 < values && g->attention_logits < 0 && !below(t, 3))
            g->attention_logits = graph_add_linear(g, next_name(t), pooled, 3, &t->err);
        else
            joined = joined < 0 ? pooled : graph_add_concat(g, next_name(t), joined, pooled, &t->err);
    }
    g->logits = graph_add_linear(g, next_name(t), joined, 3, &t->err);
}

static void trial_open(struct trial *t, int number) {
    static const int batches[] = {1, 2, 3, 5, 16};
    memset(t, 0, sizeof *t);
    t->draw = random_stream(29, random_purpose("random graphs"), (uint64_t)number);
    struct graph *g = t->g = graph_create(batches[below(t, 5)], &t->parameters, &t->err);
    g->input = graph_add_value(g, 3, 3 + below(t, 4), 3 + below(t, 4), &t->err);
    for (int i = 3 + below(t, 9); i > 0; i--)
        CU_ASSERT_FATAL(add_layer(t, below(t, 3) ? g->value_count - 1 : below(t, g->value_count)) >= 0);
    int nodes = g->node_count;
    add_top(t);
    for (int l = 0; l < STAGES; l++)
        g->stage[l] = g->nodes[below(t, nodes)].output;
    CU_ASSERT_FATAL(!parameters_allocate(&t->parameters, &t->err));
    for (int i = 0; i < t->parameters.count; i++)
        for (size_t k = 0; k < t->parameters.items[i].size; k++)
            t->parameters.items[i].value[k] = (real)(0.5 + random_uniform(&t->draw));
    if (below(t, 2))
        g->precision = g->activations = PRECISION_BF16;
    do { // scores want an explained value below the logits
        t->mode = (enum graph_mode)below(t, GRAPH_TRAIN_EXPLAIN + 1);
        t->explained = (unsigned)below(t, 1 << STAGES);
        CU_ASSERT_FATAL(!graph_plan(g, t->mode, t->explained, THREADS, &t->err));
    } while (scores(t->mode) && !g->values[g->logits].above);
}

static void trial_close(struct trial *t) {
    graph_free(t->g);
    parameters_free(&t->parameters);
}

// ---------------------------------------------------------------------------------------------- arrays

struct array {
    char *at;
    size_t bytes;
    int first, last; // moments at which it is touched; -1: none
};

struct arrays { // of a graph in its arena: [value][map], then what each node keeps, then the scratch
    struct array *items;
    int count;
};

static size_t array_bytes(const struct graph *g, int v) {
    return g->values[v].paired ? pairs_bytes(g->values[v].channels, value_columns(g, v))
                               : value_size(g, v) * sizeof(real);
}

static size_t scratch_bytes(const struct graph *g) {
    size_t maximum = 0;
    for (int n = 0; n < g->node_count; n++) {
        const struct layer *layer = g->nodes[n].layer;
        size_t numbers = layer->scratch ? layer->scratch(g, &g->nodes[n], THREADS) : 0;
        maximum = numbers > maximum ? numbers : maximum;
    }
    return maximum * sizeof(real);
}

static void arrays_open(struct arrays *a, const struct graph *g) {
    struct error err = {0};
    a->count = g->value_count * MAP_COUNT + g->node_count + 1;
    a->items = allocate((size_t)a->count, sizeof *a->items, "arrays", &err);
    struct array *item = a->items;
    for (int v = 0; v < g->value_count; v++)
        for (enum map map = 0; map < MAP_COUNT; map++)
            *item++ = (struct array){(char *)g->values[v].map[map], array_bytes(g, v), -1, -1};
    for (int n = 0; n < g->node_count; n++) {
        const struct node *node = &g->nodes[n];
        *item++ = (struct array){node->kept, node->kept ? node->layer->kept(g, node) : 0, -1, -1};
    }
    *item = (struct array){(char *)g->scratch, scratch_bytes(g), -1, -1};
}

static void touch(struct arrays *a, int index, int moment) {
    struct array *item = &a->items[index];
    if (item->first < 0)
        item->first = moment;
    item->last = moment;
}

static void touch_value(struct arrays *a, int v, enum map map, int moment) {
    if (v >= 0)
        touch(a, v * MAP_COUNT + (int)map, moment);
}

// A node at work: it may read x of all its values, what it keeps, and the scratch; and the map at hand, in
// the backward map of a step with tangents also g of its output and t of its inputs.
static void touch_node(struct arrays *a, const struct graph *g, int n, enum map map, int moment) {
    const struct node *node = &g->nodes[n];
    touch_value(a, node->output, MAP_X, moment);
    touch_value(a, node->output, map, moment);
    if (map == MAP_D && g->mode == GRAPH_TRAIN_EXPLAIN)
        touch_value(a, node->output, MAP_G, moment);
    for (int i = 0; i < node->input_count; i++) {
        touch_value(a, node->inputs[i], MAP_X, moment);
        touch_value(a, node->inputs[i], map, moment);
        if (map == MAP_D)
            touch_value(a, node->inputs[i], MAP_T, moment);
    }
    touch(a, g->value_count * MAP_COUNT + n, moment);
    touch(a, a->count - 1, moment);
}

static int passes_down(const struct graph *g, int n) { // whether an input of it has g
    for (int i = 0; i < g->nodes[n].input_count; i++)
        if (g->values[g->nodes[n].inputs[i]].map[MAP_G])
            return 1;
    return 0;
}

static void touch_explained(struct arrays *a, const struct trial *t, int moment) {
    for (int l = 0; l < STAGES; l++)
        if (t->explained >> l & 1) {
            touch_value(a, t->g->stage[l], MAP_X, moment);
            touch_value(a, t->g->stage[l], MAP_G, moment);
        }
}

// Through a step in the order of graph.h, and everything that those touch who run it.
static void walk(struct arrays *a, const struct trial *t) {
    const struct graph *g = t->g;
    const int outputs[] = {g->logits, g->attention_logits, g->attention_map};
    int moment = 0, nodes = g->node_count;
    touch_value(a, g->input, MAP_X, moment);
    for (int n = 0; n < nodes; n++)
        touch_node(a, g, n, MAP_X, ++moment);
    moment++; // the loss
    for (int i = 0; i < 3; i++) {
        touch_value(a, outputs[i], MAP_X, moment);
        touch_value(a, outputs[i], MAP_D, moment);
        if (i < 2)
            touch_value(a, outputs[i], MAP_G, moment);
    }
    if (scores(t->mode)) {
        for (int n = nodes - 1; n >= 0; n--)
            if (passes_down(g, n))
                touch_node(a, g, n, MAP_G, ++moment);
        touch_explained(a, t, ++moment);
    }
    for (int n = 0; n < nodes && t->mode == GRAPH_TRAIN_EXPLAIN; n++)
        if (g->values[g->nodes[n].output].map[MAP_T])
            touch_node(a, g, n, MAP_T, ++moment);
    for (int n = nodes - 1; n >= 0 && trains(t->mode); n--)
        touch_node(a, g, n, MAP_D, ++moment);
    moment++; // predictions are read
    for (int i = 0; i < 3; i++)
        touch_value(a, outputs[i], MAP_X, moment);
}

static int alive_together(const struct array *a, const struct array *b) {
    return a->at && b->at && a->first >= 0 && b->first >= 0 && a->first <= b->last && b->first <= a->last;
}

static void check_apart(struct trial *t, char *arena) {
    struct arrays a;
    arrays_open(&a, t->g);
    walk(&a, t);
    for (int i = 0; i < a.count; i++) {
        const struct array *one = &a.items[i];
        if (!one->at)
            continue;
        CU_ASSERT((size_t)(one->at - arena) % ALIGNMENT == 0);
        CU_ASSERT(one->at >= arena && one->at + one->bytes <= arena + t->g->arena_bytes);
        for (int k = 0; k < i; k++) {
            const struct array *other = &a.items[k];
            if (alive_together(one, other))
                CU_ASSERT(one->at + one->bytes <= other->at || other->at + other->bytes <= one->at);
        }
    }
    free(a.items);
}

static char *make_arena(size_t bytes) { // all NaN
    size_t whole = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    char *arena = aligned_alloc(ALIGNMENT, whole);
    CU_ASSERT_FATAL(arena != NULL);
    memset(arena, 0xff, whole);
    return arena;
}

static void test_arrays_that_are_alive_together_lie_apart(void) {
    for (int i = 0; i < GRAPHS; i++) {
        struct trial t;
        trial_open(&t, i);
        char *arena = make_arena(t.g->arena_bytes);
        graph_place(t.g, arena);
        check_apart(&t, arena);
        free(arena);
        trial_close(&t);
    }
}

// Where the arena is has no part in the plan: a second one has every array at the same distance.
static void test_an_arena_can_be_changed_for_another(void) {
    struct trial t;
    trial_open(&t, 0);
    char *arenas[2] = {make_arena(t.g->arena_bytes), make_arena(t.g->arena_bytes)};
    struct arrays a[2];
    for (int i = 0; i < 2; i++) {
        graph_place(t.g, arenas[i]);
        arrays_open(&a[i], t.g);
    }
    for (int k = 0; k < a[0].count; k++)
        CU_ASSERT(!a[0].items[k].at ? !a[1].items[k].at
                                    : a[0].items[k].at - arenas[0] == a[1].items[k].at - arenas[1]);
    for (int i = 0; i < 2; i++) {
        free(a[i].items);
        free(arenas[i]);
    }
    trial_close(&t);
}

// ---------------------------------------------------------------------------------------------- numbers

// Every array to memory of its own, with room at its end for kernels that read whole vectors.
static char *place_apart(struct graph *g) {
    struct arrays a;
    size_t total = 0;
    arrays_open(&a, g);
    for (int i = 0; i < a.count; i++)
        total += (a.items[i].bytes + 2 * ALIGNMENT) / ALIGNMENT * ALIGNMENT;
    char *all = make_arena(total), *at = all;
    for (int i = 0; i < a.count; i++) {
        void *here = a.items[i].at ? at : NULL;
        if (i < g->value_count * MAP_COUNT)
            g->values[i / MAP_COUNT].map[i % MAP_COUNT] = here;
        else if (i < a.count - 1)
            g->nodes[i - g->value_count * MAP_COUNT].kept = here;
        else
            g->scratch = (void *)at;
        at += (a.items[i].bytes + 2 * ALIGNMENT) / ALIGNMENT * ALIGNMENT;
    }
    free(a.items);
    return all;
}

static void fill(real *a, size_t n, const char *name) {
    struct random r = random_stream(31, random_purpose(name), n);
    for (size_t i = 0; i < n; i++)
        a[i] = (real)random_normal(&r);
}

// An FNV-1a sum of bits that have been seen.
static void see(uint64_t *sum, const void *bytes, size_t count) {
    for (size_t i = 0; i < count; i++)
        *sum = (*sum ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3;
}

static void see_value(uint64_t *sum, const struct graph *g, int v, enum map map) {
    if (v >= 0 && g->values[v].map[map])
        see(sum, g->values[v].map[map], value_size(g, v) * sizeof(real));
}

static void see_g(void *context, struct graph *g, int stage) {
    see_value(context, g, g->stage[stage], MAP_G);
}

// What a loss of the explanation adds to the map that is complete at a stage: t has no d yet.
static void add_to(struct graph *g, int stage, enum map map) {
    int v = g->stage[stage];
    for (size_t i = 0; i < value_size(g, v); i++)
        g->values[v].map[map][i] += (real)((double)(i % 7) - 3);
}
static void add_to_t(void *context, struct graph *g, int stage) {
    (void)context;
    add_to(g, stage, MAP_T);
}
static void add_to_d(void *context, struct graph *g, int stage) {
    (void)context;
    add_to(g, stage, MAP_D);
}

// A whole step; the sum of all that comes out of it.
static uint64_t run_step(struct trial *t) {
    struct graph *g = t->g;
    const int outputs[] = {g->logits, g->attention_logits, g->attention_map};
    static const int32_t labels[16] = {2, 0, 1, 1, 2, 0, 0, 1, 2, 1, 0, 2, 2, 1, 0, 1};
    uint64_t sum = 0xcbf29ce484222325;
    fill(g->values[g->input].map[MAP_X], value_size(g, g->input), "images");
    graph_forward(g);
    for (int i = 0; i < 3; i++)
        if (outputs[i] >= 0 && g->values[outputs[i]].map[MAP_D])
            fill(g->values[outputs[i]].map[MAP_D], value_size(g, outputs[i]), "gradients");
    if (scores(t->mode))
        graph_score(g, labels, see_g, &sum);
    for (int l = 0; l < STAGES; l++)
        if (scores(t->mode) && (t->explained >> l & 1))
            see_value(&sum, g, g->stage[l], MAP_X);
    if (t->mode == GRAPH_TRAIN_EXPLAIN)
        graph_tangent(g, add_to_t, NULL);
    if (trains(t->mode))
        graph_backward(g, t->mode == GRAPH_TRAIN ? NULL : add_to_d, NULL);
    for (int i = 0; i < 3; i++)
        see_value(&sum, g, outputs[i], MAP_X);
    for (int i = 0; i < t->parameters.count; i++) {
        const struct parameter *p = &t->parameters.items[i];
        see(&sum, p->value, p->size * sizeof(real));
        if (p->gradient)
            see(&sum, p->gradient, p->size * sizeof(real));
        for (size_t k = 0; k < p->size && p->gradient && trains(t->mode); k++)
            CU_ASSERT(isfinite((double)p->gradient[k]));
    }
    return sum;
}

static void test_a_step_in_the_arena_has_the_bits_of_one_whose_arrays_have_memory_of_their_own(void) {
    gemm_prepare();
    for (int i = 0; i < GRAPHS; i++) {
        uint64_t sums[2];
        for (int apart = 0; apart < 2; apart++) {
            struct trial t;
            trial_open(&t, i);
            char *arena = make_arena(t.g->arena_bytes), *all = NULL;
            graph_place(t.g, arena);
            if (apart)
                all = place_apart(t.g);
            sums[apart] = run_step(&t);
            free(arena);
            free(all);
            trial_close(&t);
        }
        CU_ASSERT_EQUAL(sums[0], sums[1]);
        if (sums[0] != sums[1])
            printf("\n    graph %d ", i);
    }
}

void suite_graph_plan(void);
void suite_graph_plan(void) {
    CU_pSuite suite = CU_add_suite("graph_plan", NULL, NULL);
    CU_add_test(suite, "arrays that are alive together lie apart",
                test_arrays_that_are_alive_together_lie_apart);
    CU_add_test(suite, "a step in the arena has the bits of one whose arrays have memory of their own",
                test_a_step_in_the_arena_has_the_bits_of_one_whose_arrays_have_memory_of_their_own);
    CU_add_test(suite, "an arena can be changed for another", test_an_arena_can_be_changed_for_another);
}
