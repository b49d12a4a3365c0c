// SPDX-License-Identifier: Apache-2.0
// Transposed convolution: the adjoint of the convolution that leads from its output's shape to its input's.
// So its forward map is that convolution's data gradient, its g and d maps are that convolution's forward
// pass, and in its weight gradient x and d change places.
#include "core/kernels/convolution.h"
#include "core/layers/layers.h"

// The convolution whose adjoint this is: its input is our output.
static struct convolution shape_of(const struct graph *g, const struct node *node) {
    const struct value *in = &g->values[node->inputs[0]], *out = &g->values[node->output];
    return (struct convolution){.batch = g->batch,
                                .c_in = out->channels,
                                .h_in = out->height,
                                .w_in = out->width,
                                .c_out = in->channels,
                                .h_out = in->height,
                                .w_out = in->width,
                                .kernel_h = node->kernel,
                                .kernel_w = node->kernel,
                                .stride = node->stride,
                                .padding = node->padding,
                                .precision = g->precision};
}

static size_t scratch(const struct graph *g, const struct node *node, int threads) {
    struct convolution c = shape_of(g, node);
    return convolution_scratch(&c, threads);
}

static void up(struct graph *g, struct node *node, enum map map) {
    struct convolution c = shape_of(g, node);
    convolution_backward_data(&c, layer_weight(g, node, 0)->value, layer_map(g, node->inputs[0], map),
                              layer_map(g, node->output, map), 0, g->scratch);
}

static void down(struct graph *g, struct node *node, enum map map) {
    struct convolution c = shape_of(g, node);
    real *x = layer_map(g, node->inputs[0], map);
    if (x)
        convolution_forward(&c, layer_weight(g, node, 0)->value, layer_map(g, node->output, map), x,
                            node->adds[map][0], g->scratch);
}

static void forward(struct graph *g, struct node *node) {
    up(g, node, MAP_X);
    if (node->parameter_count > 1)
        layer_add_bias(g, node, layer_weight(g, node, 1));
}
static void score(struct graph *g, struct node *node) {
    down(g, node, MAP_G);
}
static void tangent(struct graph *g, struct node *node) {
    up(g, node, MAP_T);
}

static void backward(struct graph *g, struct node *node) {
    struct convolution c = shape_of(g, node);
    real *gradient = layer_weight(g, node, 0)->gradient;
    const real *t = layer_map(g, node->inputs[0], MAP_T);
    if (!g->frozen)
        convolution_backward_weight(&c, layer_map(g, node->inputs[0], MAP_X),
                                    layer_map(g, node->output, MAP_D), gradient, 0, g->scratch);
    if (t && !g->frozen)
        convolution_backward_weight(&c, t, layer_map(g, node->output, MAP_G), gradient, 1, g->scratch);
    if (node->parameter_count > 1)
        layer_bias_gradient(g, node, layer_weight(g, node, 1));
    down(g, node, MAP_D);
}

static const struct layer layer = {.name = "transposed convolution",
                                   .scratch = scratch,
                                   .forward = forward,
                                   .score = score,
                                   .tangent = tangent,
                                   .backward = backward};

int graph_add_transposed_convolution(struct graph *g, const char *name, int input, int channels, int kernel,
                                     int stride, int padding, int biased, struct error *err) {
    struct value in = g->values[input];
    int shape[4] = {in.channels, channels, kernel, kernel};
    int height = (in.height - 1) * stride - 2 * padding + kernel,
        width = (in.width - 1) * stride - 2 * padding + kernel;
    if (height < 1 || width < 1)
        return fail_usage(err, "%s: a map of %d x %d is too small for padding %d", name, in.height, in.width,
                          padding);
    int weight = layer_parameter(g, name, "weight", 4, shape, 1, err);
    int bias = weight < 0 || !biased ? weight : layer_parameter(g, name, "bias", 1, &channels, 1, err);
    int output = bias < 0 ? -1 : graph_add_value(g, channels, height, width, err);
    struct node *node = output < 0 ? NULL : graph_add_node(g, &layer, name, input, output, err);
    if (!node)
        return -1;
    node->parameters[0] = weight;
    node->parameters[1] = bias;
    node->parameter_count = biased ? 2 : 1;
    node->kernel = kernel;
    node->stride = stride;
    node->padding = padding;
    return output;
}
