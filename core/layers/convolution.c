// SPDX-License-Identifier: Apache-2.0
// Convolution: linear in x, so its t map is its forward map, and its weight gradient is [d_y;g_y][x;t_x]'. A
// bias enters the forward map alone.
#include "core/kernels/convolution.h"
#include "core/layers/layers.h"

static struct convolution shape_of(const struct graph *g, const struct node *node) {
    const struct value *in = &g->values[node->inputs[0]], *out = &g->values[node->output];
    return (struct convolution){.batch = g->batch,
                                .c_in = in->channels,
                                .h_in = in->height,
                                .w_in = in->width,
                                .c_out = out->channels,
                                .h_out = out->height,
                                .w_out = out->width,
                                .kernel_h = node->kernel,
                                .kernel_w = node->kernel,
                                .stride = node->stride,
                                .padding = node->padding,
                                .precision = g->precision,
                                .x_paired = in->paired,
                                .y_paired = out->paired};
}

static size_t scratch(const struct graph *g, const struct node *node, int threads) {
    struct convolution c = shape_of(g, node);
    return convolution_scratch(&c, threads);
}

static void up(struct graph *g, struct node *node, enum map map) {
    struct convolution c = shape_of(g, node);
    convolution_forward(&c, layer_weight(g, node, 0)->value, layer_map(g, node->inputs[0], map),
                        layer_map(g, node->output, map), 0, g->scratch);
}

static void down(struct graph *g, struct node *node, enum map map) {
    struct convolution c = shape_of(g, node);
    real *x = layer_map(g, node->inputs[0], map);
    if (x) // the images need no gradient
        convolution_backward_data(&c, layer_weight(g, node, 0)->value, layer_map(g, node->output, map), x,
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
        convolution_backward_weight(&c, layer_map(g, node->output, MAP_D),
                                    layer_map(g, node->inputs[0], MAP_X), gradient, 0, g->scratch);
    if (t && !g->frozen)
        convolution_backward_weight(&c, layer_map(g, node->output, MAP_G), t, gradient, 1, g->scratch);
    if (node->parameter_count > 1)
        layer_bias_gradient(g, node, layer_weight(g, node, 1));
    down(g, node, MAP_D);
}

static const struct layer unbiased = {.name = "convolution",
                                      .pairs = 1,
                                      .scratch = scratch,
                                      .forward = forward,
                                      .score = score,
                                      .tangent = tangent,
                                      .backward = backward};
static const struct layer with_bias = {.name = "convolution",
                                       .scratch = scratch,
                                       .forward = forward,
                                       .score = score,
                                       .tangent = tangent,
                                       .backward = backward};

static int add(struct graph *g, const char *name, int input, int channels, int kernel, int stride,
               int padding, int biased, struct error *err) {
    struct value in = g->values[input];
    int shape[4] = {channels, in.channels, kernel, kernel};
    int height = (in.height + 2 * padding - kernel) / stride + 1,
        width = (in.width + 2 * padding - kernel) / stride + 1;
    if (in.height + 2 * padding < kernel || in.width + 2 * padding < kernel)
        return fail_usage(err, "%s: a map of %d x %d is too small for a %d x %d kernel", name, in.height,
                          in.width, kernel, kernel);
    int weight = layer_parameter(g, name, "weight", 4, shape, 1, err);
    int bias = weight < 0 || !biased ? weight : layer_parameter(g, name, "bias", 1, &channels, 1, err);
    int output = bias < 0 ? -1 : graph_add_value(g, channels, height, width, err);
    struct node *node =
        output < 0 ? NULL : graph_add_node(g, biased ? &with_bias : &unbiased, name, input, output, err);
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

int graph_add_convolution(struct graph *g, const char *name, int input, int channels, int kernel, int stride,
                          int padding, struct error *err) {
    return add(g, name, input, channels, kernel, stride, padding, 0, err);
}

int graph_add_biased_convolution(struct graph *g, const char *name, int input, int channels, int kernel,
                                 int stride, int padding, struct error *err) {
    return add(g, name, input, channels, kernel, stride, padding, 1, err);
}
