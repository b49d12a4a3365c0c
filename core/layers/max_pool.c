// SPDX-License-Identifier: Apache-2.0
// Max pooling. The winner of each window, as the index of its tap, is kept from the forward pass; given the
// winners, all other maps are linear: t takes the winner's number, g and d go to the winner.
#include "core/layers/layers.h"

#include <math.h>
#include <string.h>

static size_t kept(const struct graph *g, const struct node *node) {
    return value_size(g, node->output);
}

struct window { // taps of an output pixel that lie inside the input
    int first_y, last_y, first_x, last_x, top, left;
};

static struct window window_of(const struct graph *g, const struct node *node, int oy, int ox) {
    const struct value *in = &g->values[node->inputs[0]];
    struct window w = {.top = oy * node->stride - node->padding, .left = ox * node->stride - node->padding};
    w.first_y = w.top < 0 ? -w.top : 0;
    w.first_x = w.left < 0 ? -w.left : 0;
    w.last_y = in->height - w.top < node->kernel ? in->height - w.top : node->kernel;
    w.last_x = in->width - w.left < node->kernel ? in->width - w.left : node->kernel;
    return w;
}

static void forward_pixel(const struct graph *g, const struct node *node, const real *plane, int oy, int ox,
                          real *y, uint8_t *winner) {
    size_t n = (size_t)g->batch;
    int width = g->values[node->inputs[0]].width;
    struct window w = window_of(g, node, oy, ox);
    for (int ky = w.first_y; ky < w.last_y; ky++)
        for (int kx = w.first_x; kx < w.last_x; kx++) {
            const real *x = plane + ((size_t)(w.top + ky) * width + (size_t)(w.left + kx)) * n;
            uint8_t tap = (uint8_t)(ky * node->kernel + kx);
            int first = ky == w.first_y && kx == w.first_x;
            for (size_t i = 0; i < n; i++) {
                int wins = first || x[i] > y[i] || (isnan(x[i]) && !isnan(y[i]));
                y[i] = wins ? x[i] : y[i];
                winner[i] = wins ? tap : winner[i];
            }
        }
}

static void forward(struct graph *g, struct node *node) {
    const struct value *in = &g->values[node->inputs[0]], *out = &g->values[node->output];
    size_t n = (size_t)g->batch, in_plane = value_columns(g, node->inputs[0]),
           out_plane = value_columns(g, node->output);
#pragma omp parallel for schedule(static)
    for (int c = 0; c < out->channels; c++) {
        const real *x = in->map[MAP_X] + c * in_plane;
        real *y = out->map[MAP_X] + c * out_plane;
        uint8_t *winner = (uint8_t *)node->keep + c * out_plane;
        for (int oy = 0; oy < out->height; oy++)
            for (int ox = 0; ox < out->width; ox++, y += n, winner += n)
                forward_pixel(g, node, x, oy, ox, y, winner);
    }
}

// Position in the input's plane of the winner of element i of output pixel (oy, ox).
static inline size_t winner_at(const struct graph *g, const struct node *node, int oy, int ox, uint8_t tap,
                               size_t i) {
    int iy = oy * node->stride - node->padding + tap / node->kernel;
    int ix = ox * node->stride - node->padding + tap % node->kernel;
    return ((size_t)iy * g->values[node->inputs[0]].width + ix) * (size_t)g->batch + i;
}

static void down(struct graph *g, struct node *node, enum map map) {
    const struct value *in = &g->values[node->inputs[0]], *out = &g->values[node->output];
    size_t n = (size_t)g->batch, in_plane = value_columns(g, node->inputs[0]),
           out_plane = value_columns(g, node->output);
    if (!in->map[map])
        return;
#pragma omp parallel for schedule(static)
    for (int c = 0; c < out->channels; c++) {
        real *x = in->map[map] + c * in_plane;
        const real *y = out->map[map] + c * out_plane;
        const uint8_t *winner = (const uint8_t *)node->keep + c * out_plane;
        if (!node->adds[map][0])
            memset(x, 0, in_plane * sizeof *x);
        for (int oy = 0; oy < out->height; oy++)
            for (int ox = 0; ox < out->width; ox++)
                for (size_t i = 0; i < n; i++)
                    x[winner_at(g, node, oy, ox, *winner++, i)] += *y++;
    }
}

static void tangent(struct graph *g, struct node *node) {
    const struct value *in = &g->values[node->inputs[0]], *out = &g->values[node->output];
    size_t n = (size_t)g->batch, in_plane = value_columns(g, node->inputs[0]),
           out_plane = value_columns(g, node->output);
#pragma omp parallel for schedule(static)
    for (int c = 0; c < out->channels; c++) {
        const real *x = in->map[MAP_T] + c * in_plane;
        real *y = out->map[MAP_T] + c * out_plane;
        const uint8_t *winner = (const uint8_t *)node->keep + c * out_plane;
        for (int oy = 0; oy < out->height; oy++)
            for (int ox = 0; ox < out->width; ox++)
                for (size_t i = 0; i < n; i++)
                    *y++ = x[winner_at(g, node, oy, ox, *winner++, i)];
    }
}

static void score(struct graph *g, struct node *node) {
    down(g, node, MAP_G);
}
static void backward(struct graph *g, struct node *node) {
    down(g, node, MAP_D);
}

static const struct layer layer = {.name = "max pool",
                                   .kept = kept,
                                   .forward = forward,
                                   .score = score,
                                   .tangent = tangent,
                                   .backward = backward};

int graph_add_max_pool(struct graph *g, const char *name, int input, int kernel, int stride, int padding,
                       struct error *err) {
    struct value in = g->values[input];
    int height = (in.height + 2 * padding - kernel) / stride + 1,
        width = (in.width + 2 * padding - kernel) / stride + 1;
    if (in.height + 2 * padding < kernel || in.width + 2 * padding < kernel || kernel > 15)
        return fail_usage(err, "%s: a map of %d x %d cannot be pooled by %d x %d", name, in.height, in.width,
                          kernel, kernel);
    int output = graph_add_value(g, in.channels, height, width, err);
    struct node *node = output < 0 ? NULL : graph_add_node(g, &layer, name, input, output, err);
    if (!node)
        return -1;
    node->kernel = kernel;
    node->stride = stride;
    node->padding = padding;
    return output;
}
