// SPDX-License-Identifier: Apache-2.0
// Each layer's four maps against finite differences (docs/mathematics.md, section 6, point 1), in the double
// build; in every build, that each map writes its whole output and that the g and t maps are each other's
// adjoints.
#include "core/base/random.h"
#include "core/kernels/gemm.h"
#include "core/layers/layers.h"
#include "tests/support/suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum kind {
    CONVOLUTION,
    BATCH_NORM,
    BATCH_NORM_RELU,
    BATCH_NORM_RESIDUAL,
    RELU,
    SIGMOID,
    ATTENTION,
    MAX_POOL,
    AVERAGE_POOL,
    LINEAR,
    BIASED_CONVOLUTION,
    TRANSPOSED_CONVOLUTION,
    BIASED_TRANSPOSED_CONVOLUTION,
    LEAKY_RELU,
    TANH,
    CONCAT, // of its input with itself
    DROPOUT
};

struct shape {
    enum kind kind;
    int batch, channels, height, width; // of the input
    int outputs, kernel, stride, padding;
};

// Nothing is a multiple of anything.
static const struct shape shapes[] = {
    {CONVOLUTION, 2, 5, 9, 11, 7, 3, 1, 1},
    {CONVOLUTION, 3, 5, 13, 10, 7, 3, 2, 1},
    {CONVOLUTION, 2, 3, 14, 11, 5, 5, 3, 2},
    {CONVOLUTION, 2, 3, 17, 15, 6, 7, 2, 3},
    {CONVOLUTION, 3, 7, 5, 3, 5, 1, 1, 0},
    {CONVOLUTION, 2, 6, 9, 8, 9, 1, 2, 0},
    {CONVOLUTION, 1, 2, 4, 4, 3, 4, 2, 1},
    {CONVOLUTION, 5, 3, 1, 1, 2, 3, 1, 1},
    {CONVOLUTION, 2, 3, 7, 7, 2, 2, 3, 0},
    {BATCH_NORM, 3, 5, 4, 7, 0, 0, 0, 0},
    {BATCH_NORM, 5, 3, 1, 1, 0, 0, 0, 0},
    {BATCH_NORM_RELU, 3, 4, 5, 3, 0, 0, 0, 0},
    {BATCH_NORM_RESIDUAL, 4, 3, 3, 5, 0, 0, 0, 0},
    {RELU, 2, 3, 4, 5, 0, 0, 0, 0},
    {SIGMOID, 3, 2, 5, 3, 0, 0, 0, 0},
    {ATTENTION, 3, 5, 4, 7, 0, 0, 0, 0},
    {ATTENTION, 1, 2, 1, 3, 0, 0, 0, 0},
    {MAX_POOL, 2, 5, 11, 8, 0, 3, 2, 1},
    {MAX_POOL, 3, 2, 7, 9, 0, 2, 2, 0},
    {AVERAGE_POOL, 3, 4, 5, 7, 0, 0, 0, 0},
    {LINEAR, 3, 7, 1, 1, 5, 0, 0, 0},
    {BIASED_CONVOLUTION, 2, 3, 10, 7, 5, 4, 2, 1},
    {BIASED_CONVOLUTION, 2, 5, 6, 5, 1, 4, 1, 1},
    {TRANSPOSED_CONVOLUTION, 2, 5, 3, 4, 7, 4, 2, 1},
    {TRANSPOSED_CONVOLUTION, 3, 2, 5, 3, 4, 3, 1, 1},
    {TRANSPOSED_CONVOLUTION, 2, 3, 4, 3, 2, 5, 3, 2},
    {TRANSPOSED_CONVOLUTION, 2, 3, 4, 3, 2, 1, 2, 0},
    {BIASED_TRANSPOSED_CONVOLUTION, 3, 6, 1, 1, 1, 4, 2, 1},
    {BIASED_TRANSPOSED_CONVOLUTION, 5, 3, 2, 3, 4, 4, 2, 1},
    {LEAKY_RELU, 2, 3, 4, 5, 0, 0, 0, 0},
    {TANH, 2, 3, 4, 5, 0, 0, 0, 0},
    {CONCAT, 2, 3, 4, 5, 0, 0, 0, 0},
    {DROPOUT, 3, 5, 4, 7, 0, 0, 0, 0},
};

enum { G_Y, D_Y, T_X }; // seeds: the last one for each input

struct subject { // one layer, its inputs (the attention product has a second one, m) carrying all four maps
    struct graph *g;
    struct parameters parameters;
    void *arena;
    real *seeds[T_X + NODE_INPUTS];
    int inputs; // values 0 and 1
    size_t out;
};

static void fill(real *a, size_t n, const char *name) {
    struct random r = random_stream(7, random_purpose(name), n);
    for (size_t i = 0; i < n; i++)
        a[i] = (real)random_normal(&r);
}

static int add(struct graph *g, const struct shape *s, struct error *err) {
    switch (s->kind) {
    case CONVOLUTION:
        return graph_add_convolution(g, "layer", 0, s->outputs, s->kernel, s->stride, s->padding, err);
    case BATCH_NORM:
        return graph_add_batch_norm(g, "layer", 0, -1, 0, 1e-3, 0.1, err);
    case BATCH_NORM_RELU:
        return graph_add_batch_norm(g, "layer", 0, -1, 1, 1e-3, 0.1, err);
    case BATCH_NORM_RESIDUAL:
        return graph_add_batch_norm(g, "layer", 0, 0, 1, 1e-3, 0.1, err); // its own input as the residual
    case RELU:
        return graph_add_relu(g, "layer", 0, err);
    case SIGMOID:
        return graph_add_sigmoid(g, "layer", 0, err);
    case ATTENTION:
        return graph_add_attention(g, "layer", 0, graph_add_value(g, 1, s->height, s->width, err), err);
    case MAX_POOL:
        return graph_add_max_pool(g, "layer", 0, s->kernel, s->stride, s->padding, err);
    case AVERAGE_POOL:
        return graph_add_average_pool(g, "layer", 0, err);
    case BIASED_CONVOLUTION:
        return graph_add_biased_convolution(g, "layer", 0, s->outputs, s->kernel, s->stride, s->padding, err);
    case TRANSPOSED_CONVOLUTION:
    case BIASED_TRANSPOSED_CONVOLUTION:
        return graph_add_transposed_convolution(g, "layer", 0, s->outputs, s->kernel, s->stride, s->padding,
                                                s->kind == BIASED_TRANSPOSED_CONVOLUTION, err);
    case LEAKY_RELU:
        return graph_add_leaky_relu(g, "layer", 0, 0.2, err);
    case TANH:
        return graph_add_tanh(g, "layer", 0, err);
    case CONCAT:
        return graph_add_concat(g, "layer", 0, 0, err);
    case DROPOUT:
        return graph_add_dropout(g, "layer", 0, 0.4, err);
    default:
        return graph_add_linear(g, "layer", 0, s->outputs, err);
    }
}

static void subject_open(struct subject *u, const struct shape *s) {
    struct error err = {0};
    memset(u, 0, sizeof *u);
    gemm_prepare();
    u->g = graph_create(s->batch, &u->parameters, &err);
    graph_add_value(u->g, s->channels, s->height, s->width, &err);
    int output = add(u->g, s, &err);
    CU_ASSERT_FATAL(output > 0);
    CU_ASSERT_FATAL(!parameters_allocate(&u->parameters, &err));
    u->inputs = s->kind == ATTENTION ? 2 : 1;
    for (int i = 0; i < u->inputs; i++)
        u->g->stage[i] = i;
    u->g->input = -1;
    u->g->logits = output;
    CU_ASSERT_FATAL(!graph_plan(u->g, GRAPH_TRAIN_EXPLAIN, u->inputs > 1 ? 3 : 1, 2, &err));
    u->arena = aligned_alloc(64, (u->g->arena_bytes + 63) / 64 * 64);
    memset(u->arena, 0xff, u->g->arena_bytes); // every number a NaN: a map must write all of its output
    graph_place(u->g, u->arena);
    u->out = value_size(u->g, output);
    for (int i = 0; i < T_X + u->inputs; i++) {
        static const char *const names[] = {"g", "d", "t", "t of m"};
        size_t n = i < T_X ? u->out : value_size(u->g, i - T_X);
        u->seeds[i] = malloc(n * sizeof(real));
        fill(u->seeds[i], n, names[i]);
    }
    for (int i = 0; i < u->parameters.count; i++)
        fill(u->parameters.items[i].value, u->parameters.items[i].size, u->parameters.items[i].name);
    for (int i = 0; i < u->inputs; i++)
        fill(u->g->values[i].map[MAP_X], value_size(u->g, i), i ? "m" : "x");
}

static void subject_close(struct subject *u) {
    graph_free(u->g);
    parameters_free(&u->parameters);
    free(u->arena);
    for (int i = 0; i < T_X + u->inputs; i++)
        free(u->seeds[i]);
}

static double dot(const real *a, const real *b, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

// A layer that adds to its input's arrays where it comes second (batch norm's residual, concat) must find
// them written.
static void clear_inputs(struct subject *u, enum map map) {
    for (int i = 0; i < u->inputs; i++)
        memset(u->g->values[i].map[map], 0, value_size(u->g, i) * sizeof(real));
}

// <t_x, a> over the inputs, a their arrays of `map`.
static double dot_inputs(struct subject *u, enum map map) {
    double sum = 0;
    for (int i = 0; i < u->inputs; i++)
        sum += dot(u->seeds[T_X + i], u->g->values[i].map[map], value_size(u->g, i));
    return sum;
}

// phi = <d_y, y> + <t_x, g_x>: what the backward map differentiates.
static double phi(struct subject *u) {
    struct node *node = &u->g->nodes[0];
    struct value *y = &u->g->values[node->output];
    node->layer->forward(u->g, node);
    double first = dot(u->seeds[D_Y], y->map[MAP_X], u->out);
    memcpy(y->map[MAP_G], u->seeds[G_Y], u->out * sizeof(real));
    if (node->input_count > u->inputs) {
        clear_inputs(u, MAP_G);
        node->adds[MAP_G][0] = node->adds[MAP_G][1] = node->adds[MAP_D][0] = node->adds[MAP_D][1] = 1;
    }
    node->layer->score(u->g, node);
    return first + dot_inputs(u, MAP_G);
}

static void tangent(struct subject *u) {
    struct node *node = &u->g->nodes[0];
    for (int i = 0; i < u->inputs; i++)
        memcpy(u->g->values[i].map[MAP_T], u->seeds[T_X + i], value_size(u->g, i) * sizeof(real));
    node->layer->tangent(u->g, node);
}

static void backward(struct subject *u) {
    struct node *node = &u->g->nodes[0];
    phi(u);
    tangent(u);
    memcpy(u->g->values[node->output].map[MAP_D], u->seeds[D_Y], u->out * sizeof(real));
    if (node->input_count > u->inputs)
        clear_inputs(u, MAP_D);
    node->layer->backward(u->g, node);
}

static void check_derivative(struct subject *u, real *at, const real *gradient, size_t n, const char *what) {
    for (size_t k = 0; k < n; k += 1 + n / 23) { // some two dozen numbers of each array
        double h = 1e-5, kept = (double)at[k];
        at[k] = (real)(kept + h);
        double up = phi(u);
        at[k] = (real)(kept - h);
        double down = phi(u);
        at[k] = (real)kept;
        double numeric = (up - down) / (2 * h);
        if (!suite_near((double)gradient[k], numeric, 1e-6 * (1 + fabs(numeric))))
            printf("  %s[%zu] ", what, k);
    }
}

// Central differences need double; running statistics move with every forward pass but enter no result.
static void test_the_backward_map_is_the_derivative_of_dy_and_tg(void) {
    if (sizeof(real) != sizeof(double))
        SKIP("central differences need the double build");
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct subject u;
        subject_open(&u, &shapes[i]);
        backward(&u);
        real *of_inputs[NODE_INPUTS];
        for (int k = 0; k < u.inputs; k++) {
            size_t n = value_size(u.g, k);
            of_inputs[k] = malloc(n * sizeof(real));
            memcpy(of_inputs[k], u.g->values[k].map[MAP_D], n * sizeof(real));
        }
        for (int k = 0; k < u.inputs; k++) {
            check_derivative(&u, u.g->values[k].map[MAP_X], of_inputs[k], value_size(u.g, k), k ? "m" : "x");
            free(of_inputs[k]);
        }
        for (int p = 0; p < u.parameters.count; p++) {
            struct parameter *item = &u.parameters.items[p];
            if (!item->trained)
                continue;
            real *gradient = malloc(item->size * sizeof(real));
            memcpy(gradient, item->gradient, item->size * sizeof(real));
            check_derivative(&u, item->value, gradient, item->size, item->name);
            free(gradient);
        }
        subject_close(&u);
    }
}

// Arrays are looked at before the next map runs: the plan may have given their place to another.
static void test_the_tangent_map_is_the_adjoint_of_the_score_map_and_all_is_written(void) {
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct subject u;
        subject_open(&u, &shapes[i]);
        struct value *y = &u.g->values[u.g->nodes[0].output];
        phi(&u);
        double by_g = dot_inputs(&u, MAP_G), scale = 0;
        for (int k = 0; k < u.inputs; k++) {
            const real *g = u.g->values[k].map[MAP_G], *t = u.seeds[T_X + k];
            size_t n = value_size(u.g, k);
            scale += sqrt(dot(t, t, n) * dot(g, g, n));
        }
        tangent(&u);
        double by_t = dot(u.seeds[G_Y], y->map[MAP_T], u.out);
        CU_ASSERT(fabs(by_g - by_t) <= (sizeof(real) == 8 ? 1e-12 : 1e-5) * (scale + 1e-3));
        backward(&u);
        for (int k = 0; k < u.inputs; k++) { // nothing was left a NaN
            const real *d = u.g->values[k].map[MAP_D];
            CU_ASSERT(isfinite(dot(d, d, value_size(u.g, k))));
        }
        subject_close(&u);
    }
}

// The same d, and no gradient touched.
static void test_a_frozen_graph_has_no_gradients_of_parameters(void) {
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct subject u;
        subject_open(&u, &shapes[i]);
        size_t in = value_size(u.g, 0);
        backward(&u);
        real *d = malloc(in * sizeof *d);
        memcpy(d, u.g->values[0].map[MAP_D], in * sizeof *d);
        for (int p = 0; p < u.parameters.count; p++)
            for (size_t k = 0; u.parameters.items[p].trained && k < u.parameters.items[p].size; k++)
                u.parameters.items[p].gradient[k] = 77;
        u.g->frozen = 1;
        backward(&u);
        for (size_t k = 0; k < in; k++)
            CU_ASSERT_FATAL(d[k] == u.g->values[0].map[MAP_D][k]);
        for (int p = 0; p < u.parameters.count; p++)
            for (size_t k = 0; u.parameters.items[p].trained && k < u.parameters.items[p].size; k++)
                CU_ASSERT_FATAL(u.parameters.items[p].gradient[k] == 77);
        free(d);
        subject_close(&u);
    }
}

void suite_layers(void);
void suite_layers(void) {
    CU_pSuite suite = CU_add_suite("layers", NULL, NULL);
    CU_add_test(suite, "the backward map is the derivative of <d, y> + <t, g>",
                test_the_backward_map_is_the_derivative_of_dy_and_tg);
    CU_add_test(suite, "a frozen graph has no gradients of parameters",
                test_a_frozen_graph_has_no_gradients_of_parameters);
    CU_add_test(suite, "the tangent map is the adjoint of the score map, and all is written",
                test_the_tangent_map_is_the_adjoint_of_the_score_map_and_all_is_written);
}
