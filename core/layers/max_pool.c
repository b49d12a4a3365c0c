// SPDX-License-Identifier: Apache-2.0
// Max pooling. The winner of each window, as the index of its tap, is kept from the forward pass; given the
// winners, all other maps are linear: t takes the winner's number, g and d go to the winner.
//
// All maps go pixel by pixel through the taps, for some images of two channels at a time (piece.h). Where
// both arrays are in pairs and the processor has kernels for that (pool_pairs.h), x goes so for all images,
// and g and d go through the pixels of the input, each of which collects what its windows have for it; the
// bits are the same.
#include "core/kernels/pool_pairs.h"
#include "core/kernels/wide.h"
#include "core/layers/layers.h"
#include "core/layers/piece.h"

#include <omp.h>
#include <string.h>

enum { IMAGES = 64 /* at a time */, KERNEL_MAXIMUM = 15 };

struct max_pool_node {
    int kernel, stride, padding;
};

static const struct max_pool_node *own_of(const struct node *node) {
    return node->own;
}

static size_t kept(const struct graph *g, const struct node *node) {
    return value_size(g, node->output);
}

// The images [first, first + n) of a pixel, of two channels.
static struct piece piece_of(const struct graph *g, int value, int group, int y, int x, size_t first) {
    size_t batch = (size_t)g->batch, left = batch - first;
    struct piece p = piece_first(g, value, group);
    p.at = ((size_t)y * g->values[value].width + (size_t)x) * batch + first;
    p.n = left < IMAGES ? left : IMAGES;
    return p;
}

// The images of another piece, at a pixel of this value.
static struct piece same_images(const struct graph *g, int value, int y, int x, const struct piece *of) {
    struct piece p = *of;
    p.at = ((size_t)y * g->values[value].width + (size_t)x) * (size_t)g->batch + of->at % (size_t)g->batch;
    return p;
}

// Winners of the same numbers of channel p->channel.
static uint8_t *winners(const struct graph *g, const struct node *node, const struct piece *p) {
    return (uint8_t *)node->kept + (size_t)p->channel * value_columns(g, node->output) + p->at;
}

struct tap_range { // of taps in one direction: those of an output pixel that lie inside the input
    int first, last, begin;
};

static struct tap_range taps_of(const struct node *node, int out, int in_size) {
    int begin = out * own_of(node)->stride - own_of(node)->padding, left = in_size - begin;
    return (struct tap_range){begin < 0 ? -begin : 0,
                              left < own_of(node)->kernel ? left : own_of(node)->kernel, begin};
}

// A tap's numbers win over the best so far where they are larger or the first NaN.
WIDE static void compete(size_t n, const real *x, int tap, int first, real *best, int32_t *winner) {
    for (size_t i = 0; i < n; i++) {
        int wins = first | (!(x[i] <= best[i]) & (best[i] == best[i]));
        best[i] = wins ? x[i] : best[i];
        winner[i] = wins ? tap : winner[i];
    }
}

WIDE static void narrow(size_t n, const int32_t *from, uint8_t *to) {
    for (size_t i = 0; i < n; i++)
        to[i] = (uint8_t)from[i];
}

// NULL: by floats.
static const struct pool_pairs *kernel_of(const struct graph *g, const struct node *node) {
    int paired = g->values[node->inputs[0]].paired && g->values[node->output].paired;
    return paired ? tiles_for(PRECISION_BF16)->pool : NULL;
}

typedef void pool_pixel(const struct graph *g, const struct node *node, int oy, int ox, struct piece to);

static void each_pixel(const struct graph *g, const struct node *node, pool_pixel *pixel) { // of the output
    const struct value *out = &g->values[node->output];
#pragma omp parallel for schedule(static)
    for (int group = 0; group < piece_groups(g, node->output); group++)
        for (int oy = 0; oy < out->height; oy++)
            for (int ox = 0; ox < out->width; ox++)
                for (size_t i = 0; i < (size_t)g->batch; i += IMAGES)
                    pixel(g, node, oy, ox, piece_of(g, node->output, group, oy, ox, i));
}

static void forward_pixel(const struct graph *g, const struct node *node, int oy, int ox, struct piece to) {
    const struct value *in = &g->values[node->inputs[0]];
    struct tap_range ys = taps_of(node, oy, in->height), xs = taps_of(node, ox, in->width);
    piece_buffer of_x;
    real best[2][IMAGES] = {{0}};
    int32_t winner[2][IMAGES] = {{0}};
    for (int ky = ys.first; ky < ys.last; ky++)
        for (int kx = xs.first; kx < xs.last; kx++) {
            struct piece from = same_images(g, node->inputs[0], ys.begin + ky, xs.begin + kx, &to);
            struct rows x = piece_get(g, node->inputs[0], MAP_X, &from, of_x);
            for (int h = 0; h < to.count; h++)
                compete(to.n, x.of[h], ky * own_of(node)->kernel + kx, ky == ys.first && kx == xs.first,
                        best[h], winner[h]);
        }
    piece_buffer of_y;
    struct rows y = piece_room(g, node->output, MAP_X, &to, of_y);
    for (int h = 0; h < to.count; h++) {
        memcpy(y.of[h], best[h], to.n * sizeof **best);
        narrow(to.n, winner[h], winners(g, node, &to) + (size_t)h * value_columns(g, node->output));
    }
    piece_put(g, node->output, MAP_X, &to, y);
}

// The arrays of two channels in pairs, and their winners.
struct pool_planes {
    const struct node *node;
    const struct value *in, *out;
    bf16 *x, *y;
    uint8_t *winner[2];
    size_t batch;
};

static struct pool_planes planes_of(const struct graph *g, const struct node *node, enum map map, int group) {
    struct piece x = piece_first(g, node->inputs[0], group), y = piece_first(g, node->output, group);
    uint8_t *winner = winners(g, node, &y);
    return (struct pool_planes){.node = node,
                                .in = &g->values[node->inputs[0]],
                                .out = &g->values[node->output],
                                .x = piece_pairs(g, node->inputs[0], map, &x),
                                .y = piece_pairs(g, node->output, map, &y),
                                .winner = {winner, winner + value_columns(g, node->output)},
                                .batch = (size_t)g->batch};
}

static size_t pixel_at(const struct pool_planes *p, const struct value *value, int y, int x) {
    return ((size_t)y * (size_t)value->width + (size_t)x) * p->batch;
}

static void best_of_pixel(const struct pool_pairs *k, const struct pool_planes *p, int oy, int ox) {
    struct tap_range ys = taps_of(p->node, oy, p->in->height), xs = taps_of(p->node, ox, p->in->width);
    const bf16 *taps[KERNEL_MAXIMUM * KERNEL_MAXIMUM];
    uint8_t number[KERNEL_MAXIMUM * KERNEL_MAXIMUM];
    int count = 0;
    for (int ky = ys.first; ky < ys.last; ky++)
        for (int kx = xs.first; kx < xs.last; kx++) {
            taps[count] = p->x + 2 * pixel_at(p, p->in, ys.begin + ky, xs.begin + kx);
            number[count++] = (uint8_t)(ky * own_of(p->node)->kernel + kx);
        }
    size_t to = pixel_at(p, p->out, oy, ox);
    k->best(taps, number, count, p->batch, p->y + 2 * to,
            (uint8_t *const[2]){p->winner[0] + to, p->winner[1] + to});
}

static void forward(struct graph *g, struct node *node) {
    const struct value *out = &g->values[node->output];
    const struct pool_pairs *k = kernel_of(g, node);
    if (!k) {
        each_pixel(g, node, forward_pixel);
        return;
    }
#pragma omp parallel for schedule(static)
    for (int group = 0; group < piece_groups(g, node->output); group++) {
        const struct pool_planes p = planes_of(g, node, MAP_X, group);
        for (int oy = 0; oy < out->height; oy++)
            for (int ox = 0; ox < out->width; ox++)
                best_of_pixel(k, &p, oy, ox);
    }
}

// Numbers of an output pixel to the winners, in whose planes x their sums are made.
static void down_pixel(const struct graph *g, const struct node *node, enum map map, int oy, int ox,
                       struct piece from, real *const x[2]) {
    size_t batch = (size_t)g->batch, width = (size_t)g->values[node->inputs[0]].width;
    piece_buffer of_y;
    struct rows y = piece_get(g, node->output, map, &from, of_y);
    int top = oy * own_of(node)->stride - own_of(node)->padding,
        left = ox * own_of(node)->stride - own_of(node)->padding;
    for (int h = 0; h < from.count; h++) {
        const uint8_t *winner = winners(g, node, &from) + (size_t)h * value_columns(g, node->output);
        for (size_t i = 0; i < from.n; i++) {
            int iy = top + winner[i] / own_of(node)->kernel, ix = left + winner[i] % own_of(node)->kernel;
            x[h][((size_t)iy * width + (size_t)ix) * batch + from.at % batch + i] += y.of[h][i];
        }
    }
}

// The planes of two channels that sums are made in: the array's own, or floats aside.
static void open_planes(const struct graph *g, const struct node *node, enum map map, int group, real *x[2]) {
    int input = node->inputs[0];
    size_t plane = value_columns(g, input);
    piece_buffer buffer;
    if (g->values[input].paired)
        for (int h = 0; h < 2; h++)
            x[h] = g->scratch + ((size_t)omp_get_thread_num() * 2 + (size_t)h) * plane;
    FOR_PIECES(p, g, input, group) {
        struct rows there = piece_get(g, input, map, &p, buffer);
        for (int h = 0; h < p.count; h++) {
            if (!p.at && !g->values[input].paired)
                x[h] = there.of[h];
            if (!node->adds[map][0])
                memset(x[h] + p.at, 0, p.n * sizeof **x);
            else if (g->values[input].paired)
                memcpy(x[h] + p.at, there.of[h], p.n * sizeof **x);
        }
    }
}

// Output pixels [first, last) in one direction whose windows reach an input pixel.
static struct tap_range windows_of(const struct node *node, int in, int out_size) {
    int stride = own_of(node)->stride, at = in + own_of(node)->padding, before = at - own_of(node)->kernel;
    struct tap_range r = {.first = before < 0 ? 0 : before / stride + 1, .last = at / stride + 1};
    r.last = r.last < out_size ? r.last : out_size;
    return r;
}

static void collect_pixel(const struct pool_pairs *k, const struct pool_planes *p, int add, int iy, int ix) {
    const struct max_pool_node *own = own_of(p->node);
    struct tap_range ys = windows_of(p->node, iy, p->out->height),
                     xs = windows_of(p->node, ix, p->out->width);
    struct pool_window windows[KERNEL_MAXIMUM * KERNEL_MAXIMUM];
    int count = 0;
    for (int oy = ys.first; oy < ys.last; oy++)
        for (int ox = xs.first; ox < xs.last; ox++) {
            size_t from = pixel_at(p, p->out, oy, ox);
            int ky = iy - oy * own->stride + own->padding, kx = ix - ox * own->stride + own->padding;
            windows[count++] = (struct pool_window){.y = p->y + 2 * from,
                                                    .winner = {p->winner[0] + from, p->winner[1] + from},
                                                    .tap = (uint8_t)(ky * own->kernel + kx)};
        }
    k->collect(windows, count, p->batch, add, p->x + 2 * pixel_at(p, p->in, iy, ix));
}

static void collect(const struct graph *g, const struct node *node, const struct pool_pairs *k,
                    enum map map) {
    const struct value *in = &g->values[node->inputs[0]];
#pragma omp parallel for schedule(static)
    for (int group = 0; group < piece_groups(g, node->inputs[0]); group++) {
        const struct pool_planes p = planes_of(g, node, map, group);
        for (int iy = 0; iy < in->height; iy++)
            for (int ix = 0; ix < in->width; ix++)
                collect_pixel(k, &p, node->adds[map][0], iy, ix);
    }
}

static void down(struct graph *g, struct node *node, enum map map) {
    const struct value *out = &g->values[node->output];
    const struct pool_pairs *k = kernel_of(g, node);
    int input = node->inputs[0];
    if (!layer_map(g, input, map))
        return;
    if (k) {
        collect(g, node, k, map);
        return;
    }
#pragma omp parallel for schedule(static)
    for (int group = 0; group < piece_groups(g, node->output); group++) {
        real *x[2] = {layer_map(g, input, map), layer_map(g, input, map)};
        open_planes(g, node, map, group, x);
        for (int oy = 0; oy < out->height; oy++)
            for (int ox = 0; ox < out->width; ox++)
                for (size_t i = 0; i < (size_t)g->batch; i += IMAGES)
                    down_pixel(g, node, map, oy, ox, piece_of(g, node->output, group, oy, ox, i), x);
        FOR_PIECES(p, g, input, group)
        piece_put(g, input, map, &p, (struct rows){{x[0] + p.at, x[1] + p.at}});
    }
}

// Numbers: the planes of two channels for each thread, where d and g are summed up before they are rounded.
static size_t scratch(const struct graph *g, const struct node *node, int threads) {
    return g->values[node->inputs[0]].paired && !kernel_of(g, node)
               ? 2 * value_columns(g, node->inputs[0]) * (size_t)threads
               : 0;
}

// to = the winners' numbers, which lie at `offset` of their tap, an image behind the other. Pairs: of channel h.
static void gather(size_t n, const real *from, const size_t *offset, const uint8_t *winner, real *to) {
    for (size_t i = 0; i < n; i++)
        to[i] = from[offset[winner[i]] + i];
}
static void gather_pairs(size_t n, const bf16 *from, int h, const size_t *offset, const uint8_t *winner,
                         real *to) {
    for (size_t i = 0; i < n; i++)
        to[i] = (real)bf16_number(from[2 * (offset[winner[i]] + i) + (size_t)h]);
}

static void tangent_pixel(const struct graph *g, const struct node *node, int oy, int ox, struct piece to) {
    int input = node->inputs[0], kernel = own_of(node)->kernel;
    const struct value *in = &g->values[input];
    struct tap_range ys = taps_of(node, oy, in->height), xs = taps_of(node, ox, in->width);
    size_t offset[KERNEL_MAXIMUM * KERNEL_MAXIMUM];
    for (int ky = ys.first; ky < ys.last; ky++)
        for (int kx = xs.first; kx < xs.last; kx++)
            offset[ky * kernel + kx] = same_images(g, input, ys.begin + ky, xs.begin + kx, &to).at;
    piece_buffer of_y;
    struct rows y = piece_room(g, node->output, MAP_T, &to, of_y);
    struct piece all = piece_first(g, input, to.channel / 2);
    for (int h = 0; h < to.count; h++) {
        const uint8_t *winner = winners(g, node, &to) + (size_t)h * value_columns(g, node->output);
        if (in->paired)
            gather_pairs(to.n, piece_pairs(g, input, MAP_T, &all), h, offset, winner, y.of[h]);
        else
            gather(to.n, piece_room(g, input, MAP_T, &all, NULL).of[h], offset, winner, y.of[h]);
    }
    piece_put(g, node->output, MAP_T, &to, y);
}

static void tangent(struct graph *g, struct node *node) {
    each_pixel(g, node, tangent_pixel);
}

static void score(struct graph *g, struct node *node) {
    down(g, node, MAP_G);
}
static void backward(struct graph *g, struct node *node) {
    down(g, node, MAP_D);
}

static const struct layer layer = {.name = "max pool",
                                   .own_size = sizeof(struct max_pool_node),
                                   .pairs = 1,
                                   .kept = kept,
                                   .scratch = scratch,
                                   .forward = forward,
                                   .score = score,
                                   .tangent = tangent,
                                   .backward = backward};

int graph_add_max_pool(struct graph *g, const char *name, int input, int kernel, int stride, int padding,
                       struct error *err) {
    struct value in = g->values[input];
    int height = (in.height + 2 * padding - kernel) / stride + 1,
        width = (in.width + 2 * padding - kernel) / stride + 1;
    if (in.height + 2 * padding < kernel || in.width + 2 * padding < kernel || kernel > KERNEL_MAXIMUM)
        return fail_usage(err, "%s: a map of %d x %d cannot be pooled by %d x %d", name, in.height, in.width,
                          kernel, kernel);
    int output = graph_add_value(g, in.channels, height, width, err);
    struct node *node = output < 0 ? NULL : graph_add_node(g, &layer, name, input, output, err);
    if (!node)
        return -1;
    *(struct max_pool_node *)node->own = (struct max_pool_node){kernel, stride, padding};
    return output;
}
