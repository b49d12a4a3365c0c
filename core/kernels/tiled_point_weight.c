// SPDX-License-Identifier: Apache-2.0
// The weight gradient of a 1x1 kernel: weight[m][i] = sum over columns of y[m] x[i]. Of one operand, the one with fewer
// channels, the columns are turned to rows of B, chunk by chunk; the other one is read where it lies. A task is 64
// channels of the first and a share of those of the second, over all columns in their order; its sums are its own.
//
//   turned   [column of the chunk][64]
//   sums     [channel of the other][64]
#include "core/kernels/tiled_point_weight.h"

#include "core/kernels/tiled_internal.h"
#include "core/kernels/tiled_point.h"

#include <omp.h>
#include <string.h>

enum {
    CHUNK = 1024,     // columns, at most
    LEAST_SHARE = 32, // channels of a task: with fewer, turning takes too much of it
    FULL_SHARE = 256, // more are divided to keep threads busy
    BUSY_TASKS = 4,   // for each thread
};

struct point_weight_plan {
    const struct convolution *c;
    int of_y;           // y is turned
    int turned, others; // channels of the two operands
    size_t turned_plane, others_plane;
    size_t columns;
    int chunk, chunks;  // columns of one, a multiple of 16; their number
    int strips, shares; // of 64 turned channels; of the other ones
    int most;           // of the other channels in a task
};

static struct point_weight_plan make_plan(const struct convolution *c, int threads) {
    struct point_weight_plan p = {.c = c};
    size_t in = (size_t)c->h_in * c->w_in * c->batch;
    p.columns = (size_t)c->h_out * c->w_out * c->batch;
    p.of_y = c->stride == 1 && c->c_out < c->c_in; // where columns are skipped, those of x are gathered
    p.turned = p.of_y ? c->c_out : c->c_in;
    p.others = p.of_y ? c->c_in : c->c_out;
    p.turned_plane = p.of_y ? p.columns : in;
    p.others_plane = p.of_y ? in : p.columns;
    p.chunks = (int)blocks_of(p.columns, CHUNK);
    p.chunk = (int)blocks_of(blocks_of(p.columns, (size_t)p.chunks), TILE_CELLS) * TILE_CELLS;
    p.strips = (int)blocks_of((size_t)p.turned, PANEL_COLUMNS);
    p.shares = 1;
    while (p.strips * p.shares < BUSY_TASKS * threads && p.others >= 2 * FULL_SHARE * p.shares)
        p.shares *= 2;
    while (p.strips * p.shares < threads && p.others >= 2 * LEAST_SHARE * p.shares)
        p.shares *= 2;
    p.most = (int)blocks_of((size_t)p.others, (size_t)p.shares);
    return p;
}

struct point_weight_task {
    const struct tile_kernels *k;
    const struct point_weight_plan *p;
    const real *turned_from, *others;
    real *turned, *sums;
    int strip, first, last; // of the other channels
};

// A vector of columns of up to 16 channels, zeros past the last channel and column.
static void turn_staged(const struct point_weight_task *t, const real *from, int channels, int columns,
                        real *to) {
    real stage[TILE_ROWS][TILE_CELLS] = {{0}};
    for (int i = 0; i < channels; i++)
        memcpy(stage[i], from + (size_t)i * t->p->turned_plane, (size_t)columns * sizeof(real));
    t->k->turn_panel(stage[0], TILE_CELLS, TILE_CELLS, to);
}

// `count` columns from `first` on of up to 16 channels.
static void turn_group(const struct point_weight_task *t, int channel, size_t first, int count, real *to) {
    const struct point_weight_plan *p = t->p;
    const real *from = t->turned_from + (size_t)channel * p->turned_plane;
    int channels = smaller(TILE_COLUMNS, p->turned - channel),
        whole = p->c->stride == 1 && channels == TILE_COLUMNS ? count / TILE_CELLS * TILE_CELLS : 0;
    if (whole)
        t->k->turn_panel(from + first, p->turned_plane, (size_t)whole, to);
    for (int i = whole; i < count; i += TILE_CELLS) {
        const real *vector = from + tiled_point_column(p->c, (first + (size_t)i) / TILE_COLUMNS);
        int columns = smaller(TILE_CELLS, count - i);
        if (channels == TILE_COLUMNS && columns == TILE_CELLS)
            t->k->turn_panel(vector, p->turned_plane, TILE_CELLS, to + i * PANEL_COLUMNS);
        else
            turn_staged(t, vector, channels, columns, to + i * PANEL_COLUMNS);
    }
}

static void multiply_chunk(const struct point_weight_task *t, int chunk) {
    const struct point_weight_plan *p = t->p;
    size_t begin = (size_t)chunk * (size_t)p->chunk;
    int count = (int)(p->columns - begin < (size_t)p->chunk ? p->columns - begin : (size_t)p->chunk);
    int channels = smaller(PANEL_COLUMNS, p->turned - t->strip * PANEL_COLUMNS),
        vectors = (int)blocks_of((size_t)channels, TILE_COLUMNS), others = t->last - t->first,
        blocks = (int)blocks_of((size_t)others, PANEL_ROWS), more = chunk + 1 < p->chunks;
    for (int v = 0; v < vectors; v++)
        turn_group(t, t->strip * PANEL_COLUMNS + v * TILE_COLUMNS, begin, count,
                   t->turned + v * TILE_COLUMNS);
    struct panel_ask turned = {.at = t->turned_from + (size_t)t->strip * PANEL_COLUMNS * p->turned_plane +
                                     tiled_point_column(p->c, (begin + (size_t)p->chunk) / TILE_COLUMNS),
                               .plane = p->turned_plane,
                               .lines = p->chunk / TILE_CELLS * (p->c->stride > 1 ? 0 : 1),
                               .left = more && p->c->stride == 1 ? channels : 0};
    for (int b = 0; b < blocks; b++) {
        int first = t->first + tiled_share(others, b, blocks),
            end = t->first + tiled_share(others, b + 1, blocks);
        struct panel panel = {
            .rows = end - first, .vectors = vectors, .used = TILE_COLUMNS, .runs = 1, .depth = count};
        int last = b + 1 == blocks;
        // The next rows, those of the next chunk behind the last ones.
        struct panel_ask rows = {
            .at = t->others + (size_t)(last ? t->first : end) * p->others_plane + begin +
                  (last ? (size_t)p->chunk : 0),
            .plane = p->others_plane,
            .lines = p->chunk / TILE_CELLS,
            .left = last && !more ? 0 : smaller(PANEL_ROWS, last ? others : t->last - end),
            .each = PANEL_ROWS + (int)blocks_of((size_t)channels * PANEL_ROWS, (size_t)others),
            .next = &turned};
        panel.a = t->others + (size_t)first * p->others_plane + begin;
        panel.a_row = p->others_plane;
        panel.a_step = PANEL_STEP;
        panel.b_depth = PANEL_COLUMNS;
        panel.c_row = PANEL_COLUMNS;
        panel.how = chunk ? PUT_ON : PUT_OVER;
        panel.ask = &rows;
        for (int v = 0; v < PANEL_VECTORS; v++) {
            panel.b[v] = t->turned + v * TILE_COLUMNS;
            panel.c[v] = t->sums + (size_t)(first - t->first) * PANEL_COLUMNS + v * TILE_COLUMNS;
        }
        t->k->panel(&panel);
    }
}

// Sums of a task to their weights, [others][turned].
static void put_rows(const struct point_weight_task *t, int add, real *weight) {
    int first = t->strip * PANEL_COLUMNS, channels = smaller(PANEL_COLUMNS, t->p->turned - first);
    for (int row = t->first; row < t->last; row++) {
        const real *from = t->sums + (size_t)(row - t->first) * PANEL_COLUMNS;
        real *to = weight + (size_t)row * t->p->turned + first;
        for (int i = 0; i < channels; i++)
            to[i] = (add ? to[i] : 0) + from[i];
    }
}

// The same where weights are [turned][others].
static void put_columns(const struct point_weight_task *t, int add, real *weight) {
    int first = t->strip * PANEL_COLUMNS, channels = smaller(PANEL_COLUMNS, t->p->turned - first);
    for (int row = t->first; row < t->last; row += TILE_COLUMNS) {
        cell tiles[PANEL_COLUMNS * TILE_COLUMNS] __attribute__((aligned(64)));
        t->k->turn(t->sums + (size_t)(row - t->first) * PANEL_COLUMNS, PANEL_COLUMNS, PANEL_COLUMNS, tiles);
        for (int i = 0; i < channels; i += TILE_ROWS)
            t->k->put((const float *)(const void *)(tiles + i * TILE_COLUMNS),
                      smaller(TILE_ROWS, channels - i), smaller(TILE_COLUMNS, t->last - row),
                      add ? PUT_ADD : PUT_OVER, weight + (size_t)(first + i) * t->p->others + row,
                      (size_t)t->p->others);
    }
}

static size_t turned_numbers(const struct point_weight_plan *p) {
    return (size_t)p->chunk * PANEL_COLUMNS;
}
static size_t sums_numbers(const struct point_weight_plan *p) {
    return blocks_of((size_t)p->most, TILE_COLUMNS) * TILE_COLUMNS * PANEL_COLUMNS;
}

void tiled_point_backward_weight(const struct tile_kernels *k, const struct convolution *c, const void *y,
                                 const void *x, real *weight, int add, void *scratch) {
    struct point_weight_plan p = make_plan(c, omp_get_max_threads());
    size_t each = turned_numbers(&p) + sums_numbers(&p);
#pragma omp parallel
    {
        real *own = (real *)scratch + each * (size_t)omp_get_thread_num();
        struct point_weight_task t = {.k = k, .p = &p, .turned = own, .sums = own + turned_numbers(&p)};
        t.turned_from = p.of_y ? y : x;
        t.others = p.of_y ? x : y;
        k->begin(TILE_CELLS);
#pragma omp for schedule(dynamic)
        for (int task = 0; task < p.strips * p.shares; task++) {
            int share = task % p.shares;
            t.strip = task / p.shares;
            t.first = tiled_share(p.others, share, p.shares);
            t.last = tiled_share(p.others, share + 1, p.shares);
            for (int chunk = 0; chunk < p.chunks; chunk++)
                multiply_chunk(&t, chunk);
            if (p.of_y)
                put_columns(&t, add, weight);
            else
                put_rows(&t, add, weight);
        }
        k->end();
    }
}

size_t tiled_point_weight_scratch(const struct convolution *c, int threads) {
    struct point_weight_plan p = make_plan(c, threads);
    return (turned_numbers(&p) + sums_numbers(&p)) * (size_t)threads * sizeof(real);
}
