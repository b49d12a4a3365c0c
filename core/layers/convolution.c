// SPDX-License-Identifier: Apache-2.0
// Convolution and transposed convolution: linear in x, so their t map is their forward map. A bias enters the
// forward map alone.
//
// The transposed one is the adjoint of the convolution that leads from its output's shape to its input's. So
// its forward map is that convolution's data gradient, its g and d maps are that convolution's forward pass,
// and in its weight gradient, [d_y;g_y][x;t_x]' of a convolution, x and y change places.
#include "core/kernels/convolution.h"

#include "core/layers/layers.h"

struct convolution_node {
    int transposed;
    int weight, bias; // parameters; bias -1: none
    int kernel, stride, padding;
    struct convolution_plan plan; // of the convolution, or of the one whose adjoint this is
};

static struct convolution shape_of(const struct graph *g, const struct node *node) {
    const struct convolution_node *own = node->own;
    const struct value *x = &g->values[own->transposed ? node->output : node->inputs[0]],
                       *y = &g->values[own->transposed ? node->inputs[0] : node->output];
    return (struct convolution){.batch = g->batch,
                                .c_in = x->channels,
                                .h_in = x->height,
                                .w_in = x->width,
                                .c_out = y->channels,
                                .h_out = y->height,
                                .w_out = y->width,
                                .kernel_h = own->kernel,
                                .kernel_w = own->kernel,
                                .stride = own->stride,
                                .padding = own->padding,
                                .precision = g->precision,
                                .x_paired = x->paired,
                                .y_paired = y->paired};
}

static void plan(const struct graph *g, struct node *node) {
    struct convolution_node *own = node->own;
    struct convolution c = shape_of(g, node);
    own->plan = convolution_choose(&c);
}

static size_t scratch(const struct graph *g, const struct node *node, int threads) {
    (void)g;
    return convolution_scratch(&((const struct convolution_node *)node->own)->plan, threads);
}

// ---------------------------------------------------------------------------------------------- maps

static void up(struct graph *g, struct node *node, enum map map) {
    const struct convolution_node *own = node->own;
    const real *weight = layer_parameter(g, own->weight)->value, *from = layer_map(g, node->inputs[0], map);
    real *to = layer_map(g, node->output, map);
    if (own->transposed)
        convolution_backward_data(&own->plan, weight, from, to, 0, g->scratch);
    else
        convolution_forward(&own->plan, weight, from, to, 0, g->scratch);
}

static void down(struct graph *g, struct node *node, enum map map) {
    const struct convolution_node *own = node->own;
    const real *weight = layer_parameter(g, own->weight)->value, *from = layer_map(g, node->output, map);
    real *to = layer_map(g, node->inputs[0], map);
    int add = node->adds[map][0];
    if (!to) // images need no gradient
        return;
    if (own->transposed)
        convolution_forward(&own->plan, weight, from, to, add, g->scratch);
    else
        convolution_backward_data(&own->plan, weight, from, to, add, g->scratch);
}

// gradient (+)= [y][x]', x of the input and y of the output.
static void add_gradient(struct graph *g, const struct node *node, const real *x, const real *y, int add) {
    const struct convolution_node *own = node->own;
    real *gradient = layer_parameter(g, own->weight)->gradient;
    if (own->transposed)
        convolution_backward_weight(&own->plan, x, y, gradient, add, g->scratch);
    else
        convolution_backward_weight(&own->plan, y, x, gradient, add, g->scratch);
}

static void forward(struct graph *g, struct node *node) {
    const struct convolution_node *own = node->own;
    up(g, node, MAP_X);
    if (own->bias >= 0)
        layer_add_bias(g, node, layer_parameter(g, own->bias));
}
static void score(struct graph *g, struct node *node) {
    down(g, node, MAP_G);
}
static void tangent(struct graph *g, struct node *node) {
    up(g, node, MAP_T);
}

static void backward(struct graph *g, struct node *node) {
    const struct convolution_node *own = node->own;
    int input = node->inputs[0], output = node->output;
    const real *t = layer_map(g, input, MAP_T);
    if (!g->frozen)
        add_gradient(g, node, layer_map(g, input, MAP_X), layer_map(g, output, MAP_D), 0);
    if (t && !g->frozen)
        add_gradient(g, node, t, layer_map(g, output, MAP_G), 1);
    if (own->bias >= 0)
        layer_bias_gradient(g, node, layer_parameter(g, own->bias));
    down(g, node, MAP_D);
}

// ---------------------------------------------------------------------------------------------- what it is

static double flop(const struct graph *g, const struct node *node) {
    const struct convolution_node *own = node->own;
    const struct convolution *c = &own->plan.shape;
    return 2.0 * (double)layer_parameter(g, own->weight)->size * c->batch * c->h_out * c->w_out;
}

static void describe_way(const struct convolution_way *way, struct text *out) {
    const char *isa = convolution_isa(way);
    text_printf(out, "%s %s%s%s", convolution_algorithm_name(way->algorithm), convolution_numbers(way),
                isa ? " " : "", isa ? isa : "");
}

static void describe(const struct graph *g, const struct node *node, enum map map, struct text *out) {
    const struct convolution_plan *p = &((const struct convolution_node *)node->own)->plan;
    int same = p->weight.algorithm == p->activations.algorithm && p->weight.tiles == p->activations.tiles;
    if (map != MAP_D) {
        describe_way(&p->activations, out);
        return;
    }
    if (!same && layer_map_planned(g, node->inputs[0], MAP_D)) {
        text_add(out, "data ");
        describe_way(&p->activations, out);
        text_add(out, ", ");
    }
    text_add(out, same ? "" : "weight ");
    describe_way(&p->weight, out);
}

#define CONVOLUTION(word, takes_pairs)                                                                       \
    {                                                                                                        \
        .name = (word), .own_size = sizeof(struct convolution_node), .pairs = (takes_pairs), .plan = plan,   \
        .scratch = scratch, .forward = forward, .score = score, .tangent = tangent, .backward = backward,    \
        .flop = flop, .describe = describe                                                                   \
    }
static const struct layer unbiased = CONVOLUTION("convolution", 1);
static const struct layer biased = CONVOLUTION("convolution", 0);
static const struct layer transposed = CONVOLUTION("transposed convolution", 0);

int layer_convolution(const struct graph *g, const struct node *node, struct convolution *out) {
    if (node->layer != &unbiased && node->layer != &biased)
        return 0;
    *out = shape_of(g, node);
    return 1;
}

// ---------------------------------------------------------------------------------------------- building

// A node of that layer from `input` to a map of that size; `own` but for its parameters.
static int add_node(struct graph *g, const struct layer *layer, const char *name, int input, int channels,
                    int height, int width, const struct convolution_node *own, int with_bias,
                    struct error *err) {
    int c_in = g->values[input].channels;
    int shape[4] = {own->transposed ? c_in : channels, own->transposed ? channels : c_in, own->kernel,
                    own->kernel};
    int weight = layer_add_parameter(g, name, "weight", 4, shape, 1, err);
    int bias = weight < 0 || !with_bias ? weight : layer_add_parameter(g, name, "bias", 1, &channels, 1, err);
    int output = bias < 0 ? -1 : graph_add_value(g, channels, height, width, err);
    struct node *node = output < 0 ? NULL : graph_add_node(g, layer, name, input, output, err);
    if (!node)
        return -1;
    struct convolution_node *mine = node->own;
    *mine = *own;
    mine->weight = weight;
    mine->bias = with_bias ? bias : -1;
    return output;
}

static int add_convolution(struct graph *g, const char *name, int input, int channels, int kernel, int stride,
                           int padding, int with_bias, struct error *err) {
    struct value in = g->values[input];
    struct convolution_node own = {.kernel = kernel, .stride = stride, .padding = padding};
    if (in.height + 2 * padding < kernel || in.width + 2 * padding < kernel)
        return fail_usage(err, "%s: a map of %d x %d is too small for a %d x %d kernel", name, in.height,
                          in.width, kernel, kernel);
    return add_node(g, with_bias ? &biased : &unbiased, name, input, channels,
                    (in.height + 2 * padding - kernel) / stride + 1,
                    (in.width + 2 * padding - kernel) / stride + 1, &own, with_bias, err);
}

int graph_add_convolution(struct graph *g, const char *name, int input, int channels, int kernel, int stride,
                          int padding, struct error *err) {
    return add_convolution(g, name, input, channels, kernel, stride, padding, 0, err);
}

int graph_add_biased_convolution(struct graph *g, const char *name, int input, int channels, int kernel,
                                 int stride, int padding, struct error *err) {
    return add_convolution(g, name, input, channels, kernel, stride, padding, 1, err);
}

int graph_add_transposed_convolution(struct graph *g, const char *name, int input, int channels, int kernel,
                                     int stride, int padding, int bias, struct error *err) {
    struct value in = g->values[input];
    struct convolution_node own = {.transposed = 1, .kernel = kernel, .stride = stride, .padding = padding};
    int height = (in.height - 1) * stride - 2 * padding + kernel,
        width = (in.width - 1) * stride - 2 * padding + kernel;
    if (height < 1 || width < 1)
        return fail_usage(err, "%s: a map of %d x %d is too small for padding %d", name, in.height, in.width,
                          padding);
    return add_node(g, &transposed, name, input, channels, height, width, &own, bias, err);
}
