// SPDX-License-Identifier: Apache-2.0
#include "core/kernels/direct.h"

#include "core/kernels/lanes.h"

#include <omp.h>
#include <string.h>

enum {
    STRIP = 2 * LANES,  // images per panel
    ROWS = 4,           // output channels per register block
    PANEL_DEPTH = 256,  // panel rows multiplied at a time: 16 KiB
    MAXIMUM_TAPS = 256, // kernels up to 16 x 16
    STEP = 64,          // vectors of a run that the weight gradient takes at a time
    PAIR_OUT = 4,
    PAIR_IN = 3, // its register block: 4 x 3 sums
};

static size_t round_up(size_t n, size_t to) {
    return (n + to - 1) / to * to;
}

// ------------------------------------------------------------------------- forward and data gradient
//
// Both are: destination [m][pixels][N] from source [k][pixels][N], a destination pixel reading from a list of
// (tap, source pixel). They differ in the list and in how the weights are packed.

struct tap_source { // one valid tap of a destination pixel
    int tap;
    size_t pixel;
};

struct direct_gather {
    const struct convolution *c;
    int transposed;          // 0: forward, 1: data gradient
    size_t m, k;             // channels of destination and source
    int taps, width, pixels; // of the destination
    size_t source_columns;
    int batch;
};

static struct direct_gather make_gather(const struct convolution *c, int transposed) {
    struct direct_gather g = {
        .c = c, .transposed = transposed, .taps = c->kernel_h * c->kernel_w, .batch = c->batch};
    g.m = (size_t)(transposed ? c->c_in : c->c_out);
    g.k = (size_t)(transposed ? c->c_out : c->c_in);
    g.width = transposed ? c->w_in : c->w_out;
    g.pixels = g.width * (transposed ? c->h_in : c->h_out);
    g.source_columns = (size_t)(transposed ? c->h_out * c->w_out : c->h_in * c->w_in) * c->batch;
    return g;
}

// The source pixel that destination pixel (y, x) reads through a tap, or -1.
static inline long source_of(const struct direct_gather *g, int y, int x, int ky, int kx) {
    const struct convolution *c = g->c;
    if (!g->transposed) {
        int sy = y * c->stride + ky - c->padding, sx = x * c->stride + kx - c->padding;
        return sy < 0 || sx < 0 || sy >= c->h_in || sx >= c->w_in ? -1 : (long)sy * c->w_in + sx;
    }
    int sy = y + c->padding - ky, sx = x + c->padding - kx;
    if (sy < 0 || sx < 0 || sy % c->stride || sx % c->stride)
        return -1;
    sy /= c->stride;
    sx /= c->stride;
    return sy >= c->h_out || sx >= c->w_out ? -1 : (long)sy * c->w_out + sx;
}

// Valid taps of destination pixel (y, x), in the order of the weights.
static int list_sources(const struct direct_gather *g, int y, int x, struct tap_source *out) {
    int count = 0;
    for (int tap = 0; tap < g->taps; tap++) {
        long pixel = source_of(g, y, x, tap / g->c->kernel_w, tap % g->c->kernel_w);
        if (pixel >= 0)
            out[count++] = (struct tap_source){tap, (size_t)pixel};
    }
    return count;
}

// out [m / ROWS][tap][k][ROWS], zeros past m.
static void pack_weights(const struct direct_gather *g, const real *weight, real *out) {
    size_t taps = (size_t)g->taps, blocks = round_up(g->m, ROWS) / ROWS;
    // weight [c_out][c_in][tap]
    size_t by_m = g->transposed ? taps : g->k * taps, by_k = g->transposed ? g->m * taps : taps;
#pragma omp parallel for schedule(static)
    for (size_t b = 0; b < blocks; b++)
        for (size_t tap = 0; tap < taps; tap++)
            for (size_t k = 0; k < g->k; k++)
                for (size_t r = 0; r < ROWS; r++) {
                    size_t m = b * ROWS + r;
                    out[((b * taps + tap) * g->k + k) * ROWS + r] =
                        m < g->m ? weight[m * by_m + k * by_k + tap] : 0;
                }
}

// panel [count][k][STRIP]: images first .. first+lanes of the pixel's sources; lanes past the batch are zero.
static void fill_panel(const struct direct_gather *g, const real *source, const struct tap_source *list,
                       int count, size_t first, size_t used, real *panel) {
    for (int t = 0; t < count; t++) {
        const real *from = source + list[t].pixel * (size_t)g->batch + first;
        if (used == STRIP)
            for (size_t k = 0; k < g->k; k++, panel += STRIP, from += g->source_columns) {
                lanes_store(panel, lanes_load(from));
                lanes_store(panel + LANES, lanes_load(from + LANES));
            }
        else
            for (size_t k = 0; k < g->k; k++, panel += STRIP, from += g->source_columns) {
                memset(panel, 0, STRIP * sizeof *panel);
                memcpy(panel, from, used * sizeof *panel);
            }
    }
}

// sums [ROWS][2 vectors] += weights [depth][ROWS] * panel [depth][STRIP]
static inline void multiply(const real *weights, const real *panel, size_t depth, lanes sums[ROWS][2]) {
    lanes s00 = sums[0][0], s01 = sums[0][1], s10 = sums[1][0], s11 = sums[1][1];
    lanes s20 = sums[2][0], s21 = sums[2][1], s30 = sums[3][0], s31 = sums[3][1];
    for (size_t i = 0; i < depth; i++, weights += ROWS, panel += STRIP) {
        lanes left = lanes_load(panel), right = lanes_load(panel + LANES);
        lanes w0 = lanes_all(weights[0]), w1 = lanes_all(weights[1]);
        s00 = lanes_fma(w0, left, s00);
        s01 = lanes_fma(w0, right, s01);
        s10 = lanes_fma(w1, left, s10);
        s11 = lanes_fma(w1, right, s11);
        lanes w2 = lanes_all(weights[2]), w3 = lanes_all(weights[3]);
        s20 = lanes_fma(w2, left, s20);
        s21 = lanes_fma(w2, right, s21);
        s30 = lanes_fma(w3, left, s30);
        s31 = lanes_fma(w3, right, s31);
    }
    sums[0][0] = s00, sums[0][1] = s01, sums[1][0] = s10, sums[1][1] = s11;
    sums[2][0] = s20, sums[2][1] = s21, sums[3][0] = s30, sums[3][1] = s31;
}

// Adds or writes a register block to `rows` rows of the destination, `columns` apart.
static void put_block(lanes sums[ROWS][2], size_t rows, size_t used, int add, real *to, size_t columns) {
    for (size_t r = 0; r < rows; r++, to += columns) {
        if (used == STRIP) {
            lanes_store(to, add ? lanes_load(to) + sums[r][0] : sums[r][0]);
            lanes_store(to + LANES, add ? lanes_load(to + LANES) + sums[r][1] : sums[r][1]);
            continue;
        }
        real edge[STRIP];
        lanes_store(edge, sums[r][0]);
        lanes_store(edge + LANES, sums[r][1]);
        for (size_t i = 0; i < used; i++)
            to[i] = (add ? to[i] : 0) + edge[i];
    }
}

// One pixel, one strip of images, all output channels. The panel is multiplied in parts that fit the
// first-level cache (whole taps, or a share of one where it alone is too deep); later parts add to what the
// first wrote.
static void one_strip(const struct direct_gather *g, const real *weights, const struct tap_source *list,
                      int count, const real *panel, real *to, size_t columns, size_t used, int add) {
    size_t blocks = round_up(g->m, ROWS) / ROWS;
    size_t share = g->k < PANEL_DEPTH ? g->k : PANEL_DEPTH, per_part = PANEL_DEPTH / share;
    int started = 0;
    for (int t = 0; t < count; t += (int)per_part) {
        int end = t + (int)per_part < count ? t + (int)per_part : count;
        for (size_t k = 0; k < g->k; k += share, started = 1) {
            size_t depth = g->k - k < share ? g->k - k : share;
            for (size_t b = 0; b < blocks; b++) {
                lanes sums[ROWS][2] = {{{0}}};
                for (int i = t; i < end; i++)
                    multiply(weights + ((b * (size_t)g->taps + (size_t)list[i].tap) * g->k + k) * ROWS,
                             panel + ((size_t)i * g->k + k) * STRIP, depth, sums);
                size_t rows = g->m - b * ROWS < ROWS ? g->m - b * ROWS : ROWS;
                put_block(sums, rows, used, add || started, to + b * ROWS * columns, columns);
            }
        }
    }
    for (size_t m = 0; m < g->m && !count && !add; m++) // no tap reaches this pixel
        memset(to + m * columns, 0, used * sizeof *to);
}

// A thread's panel; behind it what a group of pixels adds up to, before it is put in its places.
static size_t panel_size(const struct direct_gather *g) {
    return round_up(((size_t)g->taps * g->k + g->m) * STRIP, 16);
}

// ---- small batches: a strip of several pixels
//
// Where two or more batches fit a strip, a panel holds a group of pixels. Their taps lie at the same weights
// if their coordinates have the same remainder by the stride ("phase"; forward there is one phase); where a
// pixel's tap falls outside the image its lanes are zero.

struct pixel_group {
    int count;                            // pixels
    int pixels[STRIP];                    // of the destination
    struct tap_source taps[MAXIMUM_TAPS]; // of any of them; `pixel` is not used
    long sources[MAXIMUM_TAPS][STRIP];    // of each of them, -1: none
    int taps_count;
};

static int phases(const struct direct_gather *g) {
    return g->transposed ? g->c->stride : 1;
}

static int phase_pixels(const struct direct_gather *g, int phase) {
    int step = phases(g), height = g->pixels / g->width;
    return ((height - phase / step + step - 1) / step) * ((g->width - phase % step + step - 1) / step);
}

// Fills in the group that begins with pixel `first` of the phase.
static void make_group(const struct direct_gather *g, int phase, int first, struct pixel_group *out) {
    int step = phases(g), per_row = (g->width - phase % step + step - 1) / step;
    int left = phase_pixels(g, phase) - first, fit = STRIP / g->batch;
    out->count = left < fit ? left : fit;
    out->taps_count = 0;
    for (int j = 0; j < out->count; j++) {
        int y = phase / step + step * ((first + j) / per_row),
            x = phase % step + step * ((first + j) % per_row);
        out->pixels[j] = y * g->width + x;
    }
    for (int tap = 0; tap < g->taps; tap++) {
        long *sources = out->sources[out->taps_count];
        int any = 0;
        for (int j = 0; j < out->count; j++) {
            sources[j] = source_of(g, out->pixels[j] / g->width, out->pixels[j] % g->width,
                                   tap / g->c->kernel_w, tap % g->c->kernel_w);
            any |= sources[j] >= 0;
        }
        if (any)
            out->taps[out->taps_count++].tap = tap;
    }
}

static inline void copy_run(real *to, const real *from, size_t n) {
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        memcpy(to + i, from + i, 4 * sizeof *to);
    for (; i < n; i++)
        to[i] = from[i];
}

static void fill_group_panel(const struct direct_gather *g, const real *source,
                             const struct pixel_group *group, real *panel) {
    size_t n = (size_t)g->batch, used = (size_t)group->count * n;
    for (int t = 0; t < group->taps_count; t++) {
        const long *from = group->sources[t];
        int adjacent = used == STRIP && from[0] >= 0;
        for (int j = 1; j < group->count && adjacent; j++)
            adjacent = from[j] == from[j - 1] + 1;
        const real *plane = source;
        for (size_t k = 0; k < g->k; k++, panel += STRIP, plane += g->source_columns) {
            if (adjacent) {
                lanes_store(panel, lanes_load(plane + (size_t)from[0] * n));
                lanes_store(panel + LANES, lanes_load(plane + (size_t)from[0] * n + LANES));
                continue;
            }
            memset(panel, 0, STRIP * sizeof *panel);
            for (int j = 0; j < group->count; j++)
                if (from[j] >= 0)
                    copy_run(panel + (size_t)j * n, plane + (size_t)from[j] * n, n);
        }
    }
}

// sums [m][STRIP] of a group to the destination.
static void put_group(const struct direct_gather *g, const struct pixel_group *group, const real *sums,
                      int add, real *to) {
    size_t n = (size_t)g->batch, columns = (size_t)g->pixels * n;
    for (size_t m = 0; m < g->m; m++, sums += STRIP, to += columns)
        for (int j = 0; j < group->count; j++) {
            real *at = to + (size_t)group->pixels[j] * n;
            if (add)
                for (size_t i = 0; i < n; i++)
                    at[i] += sums[(size_t)j * n + i];
            else
                copy_run(at, sums + (size_t)j * n, n);
        }
}

static void run_groups(const struct direct_gather *g, const real *weights, const real *source,
                       real *destination, int add, real *scratch) {
    size_t panels = panel_size(g), depth = (size_t)g->taps * g->k;
    int fit = STRIP / g->batch, kinds = phases(g) * phases(g), total = 0;
    for (int phase = 0; phase < kinds; phase++)
        total += (phase_pixels(g, phase) + fit - 1) / fit;
#pragma omp parallel for schedule(static)
    for (int task = 0; task < total; task++) {
        struct pixel_group group;
        real *panel = scratch + panels * (size_t)omp_get_thread_num(), *sums = panel + depth * STRIP;
        int phase = 0, at = task;
        for (int here; at >= (here = (phase_pixels(g, phase) + fit - 1) / fit); phase++)
            at -= here;
        make_group(g, phase, at * fit, &group);
        fill_group_panel(g, source, &group, panel);
        one_strip(g, weights, group.taps, group.taps_count, panel, sums, STRIP, STRIP, 0);
        put_group(g, &group, sums, add, destination);
    }
}

static void run_gather(const struct direct_gather *g, const real *weight, const real *source,
                       real *destination, int add, real *scratch) {
    size_t batch = (size_t)g->batch, columns = (size_t)g->pixels * batch, panels = panel_size(g);
    real *weights = scratch + panels * (size_t)omp_get_max_threads();
    pack_weights(g, weight, weights);
    if (2 * batch <= STRIP) {
        run_groups(g, weights, source, destination, add, scratch);
        return;
    }
#pragma omp parallel for schedule(static)
    for (int pixel = 0; pixel < g->pixels; pixel++) {
        struct tap_source list[MAXIMUM_TAPS];
        real *panel = scratch + panels * (size_t)omp_get_thread_num();
        int count = list_sources(g, pixel / g->width, pixel % g->width, list);
        for (size_t first = 0; first < batch; first += STRIP) {
            size_t used = batch - first < STRIP ? batch - first : STRIP;
            fill_panel(g, source, list, count, first, used, panel);
            one_strip(g, weights, list, count, panel, destination + (size_t)pixel * batch + first, columns,
                      used, add);
        }
    }
}

void direct_forward(const struct convolution *c, const real *weight, const real *x, real *y, int add,
                    real *scratch) {
    struct direct_gather g = make_gather(c, 0);
    run_gather(&g, weight, x, y, add, scratch);
}

void direct_backward_data(const struct convolution *c, const real *weight, const real *y, real *x, int add,
                          real *scratch) {
    struct direct_gather g = make_gather(c, 1);
    run_gather(&g, weight, y, x, add, scratch);
}

size_t direct_scratch(const struct convolution *c, int threads) {
    size_t maximum = 0;
    for (int transposed = 0; transposed < 2; transposed++) {
        struct direct_gather g = make_gather(c, transposed);
        size_t need = panel_size(&g) * (size_t)threads + round_up(g.m, ROWS) * g.k * (size_t)g.taps;
        maximum = need > maximum ? need : maximum;
    }
    return maximum;
}

// ------------------------------------------------------------------------------------ weight gradient
//
// weight[o][i][tap] = sum over pixels and images of y[o][pixel][n] x[i][source of pixel][n]. Work is split
// into pairs (4 output channels, 3 input channels); a pair goes along the output in pieces that stay in the
// first-level cache, through all taps, with one vector of partial sums per weight, and adds up the lanes at
// the end.

struct weight_pair { // the sums of one pair
    lanes sums[MAXIMUM_TAPS][PAIR_OUT][PAIR_IN];
};

// sums += y run * x run, over n numbers; rows past the last channel repeat the last one.
static inline void dot_runs(const real *const y[PAIR_OUT], const real *const x[PAIR_IN], size_t n,
                            lanes sums[PAIR_OUT][PAIR_IN]) {
    lanes s[PAIR_OUT][PAIR_IN];
    memcpy(s, sums, sizeof s);
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        lanes x0 = lanes_load(x[0] + i), x1 = lanes_load(x[1] + i), x2 = lanes_load(x[2] + i);
        for (int o = 0; o < PAIR_OUT; o++) {
            lanes v = lanes_load(y[o] + i);
            s[o][0] = lanes_fma(v, x0, s[o][0]);
            s[o][1] = lanes_fma(v, x1, s[o][1]);
            s[o][2] = lanes_fma(v, x2, s[o][2]);
        }
    }
    for (; i < n; i++)
        for (int o = 0; o < PAIR_OUT; o++)
            for (int j = 0; j < PAIR_IN; j++)
                s[o][j][i % LANES] += y[o][i] * x[j][i];
    memcpy(sums, s, sizeof s);
}

// Output pixels [first, last) of row oy, one tap: those whose source lies inside the image.
static void tap_runs(const struct convolution *c, const real *const y[PAIR_OUT], const real *const x[PAIR_IN],
                     int oy, int first, int last, int ky, int kx, lanes sums[PAIR_OUT][PAIR_IN]) {
    size_t n = (size_t)c->batch;
    int iy = oy * c->stride + ky - c->padding, shift = kx - c->padding;
    if (iy < 0 || iy >= c->h_in)
        return;
    while (first < last && first * c->stride + shift < 0)
        first++;
    while (first < last && (last - 1) * c->stride + shift >= c->w_in)
        last--;
    int together = c->stride == 1 ? last - first : 1; // pixels whose sources lie side by side
    for (; first < last; first += together) {
        const real *yr[PAIR_OUT], *xr[PAIR_IN];
        size_t to = ((size_t)oy * c->w_out + (size_t)first) * n;
        size_t from = ((size_t)iy * c->w_in + (size_t)(first * c->stride + shift)) * n;
        for (int o = 0; o < PAIR_OUT; o++)
            yr[o] = y[o] + to;
        for (int j = 0; j < PAIR_IN; j++)
            xr[j] = x[j] + from;
        dot_runs(yr, xr, (size_t)together * n, sums);
    }
}

static void one_pair(const struct convolution *c, const real *y, const real *x, int out, int in,
                     struct weight_pair *p) {
    size_t y_plane = (size_t)c->h_out * c->w_out * c->batch, x_plane = (size_t)c->h_in * c->w_in * c->batch;
    const real *ys[PAIR_OUT], *xs[PAIR_IN];
    int taps = c->kernel_h * c->kernel_w, piece = STEP * LANES / c->batch;
    piece = piece < 1 ? 1 : piece;
    for (int o = 0; o < PAIR_OUT; o++)
        ys[o] = y + (size_t)(out + o < c->c_out ? out + o : c->c_out - 1) * y_plane;
    for (int j = 0; j < PAIR_IN; j++)
        xs[j] = x + (size_t)(in + j < c->c_in ? in + j : c->c_in - 1) * x_plane;
    memset(p->sums, 0, sizeof *p->sums * (size_t)taps);
    for (int oy = 0; oy < c->h_out; oy++)
        for (int first = 0; first < c->w_out; first += piece) {
            int last = first + piece < c->w_out ? first + piece : c->w_out;
            for (int tap = 0; tap < taps; tap++)
                tap_runs(c, ys, xs, oy, first, last, tap / c->kernel_w, tap % c->kernel_w, p->sums[tap]);
        }
}

void direct_backward_weight(const struct convolution *c, const real *y, const real *x, real *weight,
                            int add) {
    int taps = c->kernel_h * c->kernel_w;
    int outs = (c->c_out + PAIR_OUT - 1) / PAIR_OUT, ins = (c->c_in + PAIR_IN - 1) / PAIR_IN;
#pragma omp parallel for schedule(static)
    for (int task = 0; task < outs * ins; task++) {
        struct weight_pair p;
        int out = task / ins * PAIR_OUT, in = task % ins * PAIR_IN;
        one_pair(c, y, x, out, in, &p);
        for (int o = 0; o < PAIR_OUT && out + o < c->c_out; o++)
            for (int j = 0; j < PAIR_IN && in + j < c->c_in; j++)
                for (int tap = 0; tap < taps; tap++) {
                    real *to = weight + ((size_t)(out + o) * c->c_in + (size_t)(in + j)) * taps + tap;
                    *to = (add ? *to : 0) + lanes_sum(p.sums[tap][o][j]);
                }
    }
}
