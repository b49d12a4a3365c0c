// SPDX-License-Identifier: Apache-2.0
// The layers. Each graph_add_<layer> appends one to the graph, with its parameters, and returns the index of
// its output value, or -1 with a message. `name` is torchvision's; parameters are "<name>.weight" and so on.
// Each file holds a layer's four maps, in the order x, g, t, d.
#ifndef REFF_LAYERS_LAYERS_H
#define REFF_LAYERS_LAYERS_H

#include "core/graph/graph.h"
#include "core/kernels/convolution_shape.h"

// y = weight * x (+ bias); weight [channels][c_in][kernel][kernel], zero padding.
int graph_add_convolution(struct graph *g, const char *name, int input, int channels, int kernel, int stride,
                          int padding, struct error *err);

// The same plus a bias per channel.
int graph_add_biased_convolution(struct graph *g, const char *name, int input, int channels, int kernel,
                                 int stride, int padding, struct error *err);

// Convolution's adjoint in its data: a map of (size - 1) stride - 2 padding + kernel; weight
// [c_in][channels][kernel][kernel]. bias: 1 adds one per channel.
int graph_add_transposed_convolution(struct graph *g, const char *name, int input, int channels, int kernel,
                                     int stride, int padding, int bias, struct error *err);

// y = relu?(weight (x - mean) / sqrt(var + eps) + bias (+ residual)). Training: mean and biased variance of
// the batch, running ones move by `momentum` (the unbiased variance) in the forward pass. residual: a value
// of the same shape, or -1.
int graph_add_batch_norm(struct graph *g, const char *name, int input, int residual, int relu, double eps,
                         double momentum, struct error *err);

int graph_add_relu(struct graph *g, const char *name, int input, struct error *err);

// x where x > 0, slope * x elsewhere.
int graph_add_leaky_relu(struct graph *g, const char *name, int input, double slope, struct error *err);

int graph_add_tanh(struct graph *g, const char *name, int input, struct error *err);

// Channels of `first`, then those of `second`, of equal height and width.
int graph_add_concat(struct graph *g, const char *name, int first, int second, struct error *err);

// Training: each number is dropped with that chance, the others are divided by 1 - share; which ones depends
// on g->dropout, the layer's name and the number's place alone. Evaluation: the identity.
int graph_add_dropout(struct graph *g, const char *name, int input, double share, struct error *err);

int graph_add_sigmoid(struct graph *g, const char *name, int input, struct error *err);

// y = x + x map, on every channel of the input; map: a value of one channel, else of the input's shape.
int graph_add_attention(struct graph *g, const char *name, int input, int map, struct error *err);

// The first maximum in row-major order of each window takes all.
int graph_add_max_pool(struct graph *g, const char *name, int input, int kernel, int stride, int padding,
                       struct error *err);

// [C][H][W][N] -> [C][1][1][N]
int graph_add_average_pool(struct graph *g, const char *name, int input, struct error *err);

// weight [outputs][c_in], bias [outputs]; the input is 1 x 1.
int graph_add_linear(struct graph *g, const char *name, int input, int outputs, struct error *err);

// Whether a node is a convolution (transposed ones are none), and then its shape; while the graph has no
// plan, as if nothing were kept in pairs.
int layer_convolution(const struct graph *g, const struct node *node, struct convolution *out);

// ---- shared by the layers

// Finds or adds the parameter "name.suffix"; index or -1.
int layer_add_parameter(struct graph *g, const char *name, const char *suffix, int rank, const int *shape,
                        int trained, struct error *err);

// Per channel: y += bias, and gradient of bias = sum of d (graph.frozen: none).
void layer_add_bias(const struct graph *g, const struct node *node, const struct parameter *bias);
void layer_bias_gradient(const struct graph *g, const struct node *node, const struct parameter *bias);

static inline real *layer_map(const struct graph *g, int value, enum map map) {
    return g->values[value].map[map];
}
static inline int layer_map_planned(const struct graph *g, int value, enum map map) {
    return g->values[value].offset[map] != GRAPH_NOWHERE;
}
static inline struct parameter *layer_parameter(const struct graph *g, int index) {
    return &g->parameters->items[index];
}

#endif
