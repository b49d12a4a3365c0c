// SPDX-License-Identifier: Apache-2.0
#include "core/networks/network.h"

#include "core/base/random.h"
#include "core/base/suggest.h"
#include "core/layers/layers.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct architecture {
    const char *model;
    int bottleneck;
    int blocks[STAGES];
    int stem_kernel, stem_stride, stem_pool; // pool: 3 x 3, stride 2
    int strides[STAGES];
};

static const struct architecture architectures[] = {
    {"resnet18", 0, {2, 2, 2, 2}, 7, 2, 1, {1, 2, 2, 2}},
    {"resnet50", 1, {3, 4, 6, 3}, 7, 2, 1, {1, 2, 2, 2}},
    // For images of a few dozen pixels: one block a stage, no pooling, a small stem. The last stages keep
    // their resolution: a map whose cells are wider than a stroke cannot focus on one
    // (docs/lab/exploration.md).
    {"small", 0, {1, 1, 1, 1}, 3, 2, 0, {1, 2, 1, 1}},
    {NULL, 0, {0}, 0, 0, 0, {0}},
};

const char *network_model_of(int bottleneck, const int blocks[STAGES]) {
    for (const struct architecture *a = architectures; a->model; a++)
        if (a->bottleneck == bottleneck && !memcmp(a->blocks, blocks, sizeof a->blocks))
            return a->model;
    return NULL;
}

struct network_builder {
    struct graph *g;
    const struct network *network;
    struct error *err;
};

// Convolution and batch norm: "<prefix>conv<i>" and "<prefix>bn<i>". A failed input passes through as -1.
static int conv_bn(struct network_builder *b, const char *conv, const char *bn, int input, int channels,
                   int kernel, int stride, int relu, int residual) {
    if (input < 0)
        return -1;
    int u = graph_add_convolution(b->g, conv, input, channels, kernel, stride, kernel / 2, b->err);
    if (u < 0)
        return -1;
    return graph_add_batch_norm(b->g, bn, u, residual, relu, b->network->bn_eps, b->network->bn_momentum,
                                b->err);
}

static int block(struct network_builder *b, const char *prefix, int bottleneck, int input, int channels,
                 int stride) {
    char conv[64], bn[64];
    int out = channels * (bottleneck ? 4 : 1), shortcut = input, count = bottleneck ? 3 : 2;
    if (stride != 1 || b->g->values[input].channels != out) {
        snprintf(conv, sizeof conv, "%s.downsample.0", prefix);
        snprintf(bn, sizeof bn, "%s.downsample.1", prefix);
        shortcut = conv_bn(b, conv, bn, input, out, 1, stride, 0, -1);
        if (shortcut < 0)
            return -1;
    }
    int v = input;
    for (int i = 1; i <= count; i++) {
        int last = i == count, pointwise = bottleneck && i != 2;
        snprintf(conv, sizeof conv, "%s.conv%d", prefix, i);
        snprintf(bn, sizeof bn, "%s.bn%d", prefix, i);
        // torchvision's ResNet-50 has the stride on its 3 x 3 convolution.
        int here = i == (bottleneck ? 2 : 1) ? stride : 1;
        v = conv_bn(b, conv, bn, v, last ? out : channels, pointwise ? 1 : 3, here, 1, last ? shortcut : -1);
    }
    return v;
}

// The blocks of a stage, the first one with the stride.
static int stage(struct network_builder *b, const struct architecture *a, const char *name, int input,
                 int channels, int blocks, int stride) {
    int v = input;
    for (int i = 0; i < blocks && v >= 0; i++) {
        char prefix[48];
        snprintf(prefix, sizeof prefix, "%s.%d", name, i);
        v = block(b, prefix, a->bottleneck, v, channels, i ? 1 : stride);
    }
    return v;
}

static int convolution(struct network_builder *b, const char *name, int input, int channels, int kernel) {
    return input < 0 ? -1 : graph_add_convolution(b->g, name, input, channels, kernel, 1, kernel / 2, b->err);
}

// ABN (Fukui et al. 2019, as their published ResNet has it): a copy of stage 4 that keeps the size of its
// maps, its logits, and the attention map M; returns x + x M, what stage 4 is to see.
static int attention_branch(struct network_builder *b, const struct architecture *a, int x) {
    const struct network *n = b->network;
    int last = STAGES - 1;
    int v = stage(b, a, "att_layer4", x, n->width << last, a->blocks[last], 1);
    if (v >= 0)
        v = graph_add_batch_norm(b->g, "bn_att", v, -1, 0, n->bn_eps, n->bn_momentum, b->err);
    int features = conv_bn(b, "att_conv", "bn_att2", v, n->classes, 1, 1, 1, -1);
    int logits = convolution(b, "att_conv2", features, n->classes, 1);
    if (logits >= 0)
        logits = graph_add_average_pool(b->g, "att_gap", logits, b->err);
    int map = conv_bn(b, "att_conv3", "bn_att3", features, 1, 3, 1, 0, -1);
    if (map >= 0)
        map = graph_add_sigmoid(b->g, "sigmoid", map, b->err);
    b->g->attention_logits = logits;
    b->g->attention_map = map;
    return logits < 0 || map < 0 ? -1 : graph_add_attention(b->g, "attention", x, map, b->err);
}

static int build(struct network_builder *b, const struct architecture *a) {
    const struct network *n = b->network;
    int v = b->g->input = graph_add_value(b->g, 3, n->pixels, n->pixels, b->err);
    v = conv_bn(b, "conv1", "bn1", v, n->width, a->stem_kernel, a->stem_stride, 1, -1);
    if (v >= 0 && a->stem_pool)
        v = graph_add_max_pool(b->g, "maxpool", v, 3, 2, 1, b->err);
    for (int l = 0; l < STAGES; l++) {
        char name[16];
        snprintf(name, sizeof name, "layer%d", l + 1);
        if (n->attention && l == STAGES - 1 && v >= 0)
            v = attention_branch(b, a, v);
        v = b->g->stage[l] = stage(b, a, name, v, n->width << l, a->blocks[l], a->strides[l]);
    }
    if (v >= 0)
        v = graph_add_average_pool(b->g, "avgpool", v, b->err);
    if (v >= 0)
        v = graph_add_linear(b->g, "fc", v, n->classes, b->err);
    b->g->logits = v;
    return v < 0 ? -1 : 0;
}

struct graph *network_build(const struct network *network, int batch, struct parameters *parameters,
                            struct error *err) {
    const struct architecture *a = architectures;
    while (a->model && strcmp(a->model, network->model))
        a++;
    if (!a->model) {
        struct suggestion near;
        fail_usage(err, "model: '%.60s'%s is none of: %s", network->model,
                   suggest_from_list(&near, network->model, NETWORK_MODELS), NETWORK_MODELS);
        return NULL;
    }
    struct network_builder b = {graph_create(batch, parameters, err), network, err};
    if (!b.g)
        return NULL;
    if (build(&b, a) || parameters_allocate(parameters, err)) {
        graph_free(b.g);
        return NULL;
    }
    return b.g;
}

static int ends_with(const char *text, const char *end) {
    size_t a = strlen(text), b = strlen(end);
    return a >= b && !strcmp(text + a - b, end);
}

void network_initialise(struct parameters *parameters, uint64_t seed) {
    for (int i = 0; i < parameters->count; i++) {
        struct parameter *p = &parameters->items[i];
        struct random r = random_stream(seed, random_purpose("initial weights"), random_purpose(p->name));
        if (p->rank == 4) {
            double deviation = sqrt(2.0 / ((double)p->shape[0] * p->shape[2] * p->shape[3]));
            for (size_t j = 0; j < p->size; j++)
                p->value[j] = (real)(float)(deviation * random_normal(&r));
        } else if (!strncmp(p->name, "fc.", 3)) {
            const struct parameter *weight = parameters_find(parameters, "fc.weight");
            double bound = 1 / sqrt((double)weight->shape[1]);
            for (size_t j = 0; j < p->size; j++)
                p->value[j] = (real)(float)(bound * (2 * random_uniform(&r) - 1));
        } else {
            real constant = ends_with(p->name, ".weight") || ends_with(p->name, "running_var") ? 1 : 0;
            for (size_t j = 0; j < p->size; j++)
                p->value[j] = constant;
        }
    }
}
