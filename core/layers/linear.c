// SPDX-License-Identifier: Apache-2.0
// Fully connected layer: z = W x + b on pooled features [C][N].
#include "core/kernels/gemm.h"
#include "core/kernels/vector.h"
#include "core/layers/layers.h"

struct linear_node {
    int weight, bias; // parameters
};

static struct parameter *weight_of(const struct graph *g, const struct node *node) {
    return layer_parameter(g, ((const struct linear_node *)node->own)->weight);
}
static struct parameter *bias_of(const struct graph *g, const struct node *node) {
    return layer_parameter(g, ((const struct linear_node *)node->own)->bias);
}

static void forward(struct graph *g, struct node *node) {
    size_t in = (size_t)g->values[node->inputs[0]].channels, out = (size_t)g->values[node->output].channels;
    size_t n = (size_t)g->batch;
    real *z = layer_map(g, node->output, MAP_X);
    gemm(GEMM_NN, out, n, in, weight_of(g, node)->value, in, layer_map(g, node->inputs[0], MAP_X), n, z, n,
         0);
    const real *bias = bias_of(g, node)->value;
    for (size_t o = 0; o < out; o++)
        for (size_t i = 0; i < n; i++)
            z[o * n + i] += bias[o];
}

static void down(struct graph *g, struct node *node, enum map map) {
    size_t in = (size_t)g->values[node->inputs[0]].channels, out = (size_t)g->values[node->output].channels;
    size_t n = (size_t)g->batch;
    real *x = layer_map(g, node->inputs[0], map);
    if (x)
        gemm(GEMM_TN, in, n, out, weight_of(g, node)->value, in, layer_map(g, node->output, map), n, x, n,
             node->adds[map][0]);
}

static void score(struct graph *g, struct node *node) {
    down(g, node, MAP_G);
}

static void tangent(struct graph *g, struct node *node) {
    size_t in = (size_t)g->values[node->inputs[0]].channels, out = (size_t)g->values[node->output].channels;
    size_t n = (size_t)g->batch;
    gemm(GEMM_NN, out, n, in, weight_of(g, node)->value, in, layer_map(g, node->inputs[0], MAP_T), n,
         layer_map(g, node->output, MAP_T), n, 0);
}

static void backward(struct graph *g, struct node *node) {
    size_t in = (size_t)g->values[node->inputs[0]].channels, out = (size_t)g->values[node->output].channels;
    size_t n = (size_t)g->batch;
    const real *d = layer_map(g, node->output, MAP_D), *t = layer_map(g, node->inputs[0], MAP_T);
    struct parameter *weight = weight_of(g, node), *bias = bias_of(g, node);
    if (!g->frozen)
        gemm(GEMM_NT, out, in, n, d, n, layer_map(g, node->inputs[0], MAP_X), n, weight->gradient, in, 0);
    if (t && !g->frozen)
        gemm(GEMM_NT, out, in, n, layer_map(g, node->output, MAP_G), n, t, n, weight->gradient, in, 1);
    for (size_t o = 0; o < out && !g->frozen; o++)
        bias->gradient[o] = (real)vector_sum(d + o * n, n);
    down(g, node, MAP_D);
}

static double flop(const struct graph *g, const struct node *node) {
    return 2.0 * (double)weight_of(g, node)->size * g->batch;
}

static const struct layer linear = {.name = "linear",
                                    .own_size = sizeof(struct linear_node),
                                    .forward = forward,
                                    .score = score,
                                    .tangent = tangent,
                                    .backward = backward,
                                    .flop = flop};

int graph_add_linear(struct graph *g, const char *name, int input, int outputs, struct error *err) {
    int shape[2] = {outputs, g->values[input].channels};
    int weight = layer_add_parameter(g, name, "weight", 2, shape, 1, err);
    int bias = weight < 0 ? -1 : layer_add_parameter(g, name, "bias", 1, shape, 1, err);
    int output = bias < 0 ? -1 : graph_add_value(g, outputs, 1, 1, err);
    struct node *node = output < 0 ? NULL : graph_add_node(g, &linear, name, input, output, err);
    if (!node)
        return -1;
    *(struct linear_node *)node->own = (struct linear_node){weight, bias};
    return output;
}
