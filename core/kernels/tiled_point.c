// SPDX-License-Identifier: Apache-2.0
// Forward pass and data gradient of a 1x1 kernel, a product of matrices: destination [m][columns] = weights [m][k]
// times source [k][columns], columns being the pixels and images of the smaller map. A task is a stretch of columns
// over all channels. Its first panels (tiles.h) read the source where it lies and keep it side by side, in the
// second-level cache, for those of the other output channels:
//
//   kept   [4 vectors of columns][k][64]
//
// The forward pass reads weights where they lie; the data gradient's are transposed, once per call, by all threads.
// While a task multiplies, the source of the thread's next one is asked for: channels lie a plane apart, which no
// processor foresees. So a thread takes its next task before it does this one.
#include "core/kernels/tiled_point.h"

#include "core/kernels/tiled_internal.h"

#include <omp.h>
#include <string.h>

enum {
    KEPT_BYTES = 1 << 19, // of a task: half of a second-level cache of 1 MiB
    KEPT_VECTORS = 32,    // of a task, at most
    ASK_ROWS =
        16 * PANEL_ROWS * PANEL_VECTORS, // so many rows of a destination ask for one line every 16 depths
};

int tiled_by_point(const struct tile_kernels *k, const struct convolution *c) {
    return k->panel && c->kernel_h == 1 && c->kernel_w == 1 && !c->padding &&
           (c->stride == 1 || c->batch % TILE_COLUMNS == 0);
}

size_t tiled_point_column(const struct convolution *c, size_t v) {
    if (c->stride == 1)
        return v * TILE_COLUMNS;
    size_t strips = (size_t)c->batch / TILE_COLUMNS, pixel = v / strips, y = pixel / (size_t)c->w_out,
           x = pixel % (size_t)c->w_out, s = (size_t)c->stride;
    return (y * s * (size_t)c->w_in + x * s) * (size_t)c->batch + v % strips * TILE_COLUMNS;
}

struct point_plan {
    const struct convolution *c;
    int transposed;
    int m, k; // channels of destination and source
    size_t source_plane, destination_plane;
    int vectors;        // of 16 columns
    int last;           // columns of the last of them
    int tasks, largest; // in vectors; those of the largest
    int blocks;         // of rows of the destination
    enum put how;
};

static struct point_plan make_plan(const struct convolution *c, int transposed, int threads) {
    struct point_plan p = {.c = c, .transposed = transposed};
    p.m = transposed ? c->c_in : c->c_out;
    p.k = transposed ? c->c_out : c->c_in;
    size_t in = (size_t)c->h_in * c->w_in * c->batch, out = (size_t)c->h_out * c->w_out * c->batch;
    p.source_plane = transposed ? out : in;
    p.destination_plane = transposed ? in : out;
    p.vectors = (int)blocks_of(out, TILE_COLUMNS);
    p.last = (int)(out - (size_t)(p.vectors - 1) * TILE_COLUMNS);
    int held =
        (int)(KEPT_BYTES / ((size_t)p.k * TILE_COLUMNS * sizeof(real))) / PANEL_VECTORS * PANEL_VECTORS;
    held = larger(PANEL_VECTORS, smaller(held, KEPT_VECTORS));
    // As many for each thread, if there are enough.
    p.tasks = (int)blocks_of(blocks_of((size_t)p.vectors, (size_t)held), (size_t)threads) * threads;
    p.tasks = smaller(p.tasks, p.vectors);
    p.largest = (int)blocks_of((size_t)p.vectors, (size_t)p.tasks);
    p.blocks = (int)blocks_of((size_t)p.m, PANEL_ROWS);
    return p;
}

static size_t source_at(const struct point_plan *p, int v) {
    return p->transposed ? (size_t)v * TILE_COLUMNS : tiled_point_column(p->c, (size_t)v);
}
static size_t destination_at(const struct point_plan *p, int v) {
    return p->transposed ? tiled_point_column(p->c, (size_t)v) : (size_t)v * TILE_COLUMNS;
}

// ------------------------------------------------------------------------------------------ transposed weights

// Numbers of a block's weights.
static size_t weight_block(const struct point_plan *p) {
    return blocks_of((size_t)p->k, PANEL_STEP) * PANEL_STEP * PANEL_ROWS;
}

// Where row m of A lies, and the rows of its block.
static real *weight_row(const struct point_plan *p, real *weights, int m, int *rows) {
    int block = tiled_share_of(p->m, m, p->blocks), first = tiled_share(p->m, block, p->blocks);
    *rows = tiled_share(p->m, block + 1, p->blocks) - first;
    return weights + (size_t)block * weight_block(p) + (size_t)(m - first) * PANEL_STEP;
}

// From weight [k][m] to [block][k / 4][row][4], tile by tile.
static void transpose_weights(const struct tile_kernels *kernels, const struct point_plan *p,
                              const real *weight, real *weights) {
    int groups = (int)blocks_of((size_t)p->m, TILE_ROWS);
#pragma omp for schedule(static)
    for (int group = 0; group < groups; group++) {
        int first = group * TILE_ROWS, used = smaller(TILE_ROWS, p->m - first), rows[TILE_ROWS] = {0};
        cell tile[TILE] __attribute__((aligned(64))), *tile_rows[TILE_ROWS];
        real *to[TILE_ROWS];
        for (int i = 0; i < used; i++) {
            to[i] = weight_row(p, weights, first + i, &rows[i]);
            tile_rows[i] = tile + i * TILE_CELLS;
        }
        for (int k = 0; k < p->k; k += TILE_CELLS) { // zeros past the last
            int depth = smaller(TILE_CELLS, p->k - k);
            kernels->lay(weight + (size_t)k * p->m + first, (size_t)p->m, depth, used, tile_rows);
            for (int i = 0; i < used; i++)
                for (int d = 0; d < depth; d += PANEL_STEP, to[i] += rows[i] * PANEL_STEP)
                    for (int n = 0; n < PANEL_STEP; n++)
                        to[i][n] = cell_number(tile_rows[i][d + n]);
        }
    }
}

// ------------------------------------------------------------------------------------------ products

struct point_task {
    const struct tile_kernels *k;
    const struct point_plan *p;
    const real *weights, *source;
    real *destination, *kept;
    int begin, end; // vectors
};

static void begin_task(struct point_task *t, int task) {
    t->begin = tiled_share(t->p->vectors, task, t->p->tasks);
    t->end = tiled_share(t->p->vectors, task + 1, t->p->tasks);
}

// What the task after this one reads first.
static struct panel_ask ask_for(const struct point_task *t, int task) {
    const struct point_plan *p = t->p;
    struct point_task next = {.p = p};
    if (task >= p->tasks || (p->c->stride > 1 && !p->transposed)) // skipped pixels are not worth it
        return (struct panel_ask){.left = 0};
    begin_task(&next, task);
    return (struct panel_ask){.at = t->source + source_at(p, next.begin),
                              .plane = p->source_plane,
                              .lines = next.end - next.begin,
                              .left = p->k,
                              .each = (int)blocks_of(ASK_ROWS, (size_t)p->m)};
}

// The last columns of a plane, which fill no whole vectors, kept with zeros behind them.
static void keep_end(const struct point_task *t, int first, int vectors, real *kept) {
    const struct point_plan *p = t->p;
    size_t columns = (size_t)(vectors - 1) * TILE_COLUMNS + (size_t)p->last;
    const real *from = t->source + (size_t)first * TILE_COLUMNS;
    for (int k = 0; k < p->k; k++, from += p->source_plane, kept += PANEL_COLUMNS) {
        memcpy(kept, from, columns * sizeof *kept);
        memset(kept + columns, 0, (PANEL_COLUMNS - columns) * sizeof *kept);
    }
}

// Zeros for the columns that a stride passes over, and for those between, from the task's first one to the next's.
static void clear(const struct point_task *t, int m) {
    const struct point_plan *p = t->p;
    size_t first = t->begin ? destination_at(p, t->begin) : 0,
           end = t->end < p->vectors ? destination_at(p, t->end) : p->destination_plane;
    memset(t->destination + (size_t)m * p->destination_plane + first, 0, (end - first) * sizeof(real));
}

// Rows of the destination and their weights.
static void aim_rows(const struct point_task *t, int block, int *first, struct panel *panel) {
    const struct point_plan *p = t->p;
    *first = tiled_share(p->m, block, p->blocks);
    panel->rows = tiled_share(p->m, block + 1, p->blocks) - *first;
    if (p->transposed) {
        panel->a = t->weights + (size_t)block * weight_block(p);
        panel->a_row = PANEL_STEP;
        panel->a_step = (size_t)panel->rows * PANEL_STEP;
    } else {
        panel->a = t->weights + (size_t)*first * p->k;
        panel->a_row = (size_t)p->k;
        panel->a_step = PANEL_STEP;
    }
}

// The vectors from v on of a block, and where its first panels keep them.
static void multiply_vectors(const struct point_task *t, int block, int first, int v, real *kept,
                             struct panel *panel) {
    const struct point_plan *p = t->p;
    panel->vectors = smaller(PANEL_VECTORS, t->end - v);
    panel->used = v + panel->vectors == p->vectors ? p->last : TILE_COLUMNS;
    int where_it_lies = !block && panel->used == TILE_COLUMNS;
    if (!block && !where_it_lies)
        keep_end(t, v, panel->vectors, kept);
    panel->b_depth = where_it_lies ? p->source_plane : PANEL_COLUMNS;
    panel->keep = where_it_lies && p->blocks > 1 ? kept : NULL;
    for (int j = 0; j < PANEL_VECTORS; j++) {
        int at = smaller(v + j, t->end - 1);
        panel->b[j] = where_it_lies ? t->source + source_at(p, at) : kept + j * TILE_COLUMNS;
        panel->c[j] = t->destination + (size_t)first * p->destination_plane + destination_at(p, at);
    }
    t->k->panel(panel);
}

static void run_task(struct point_task *t, int task, int next) {
    const struct point_plan *p = t->p;
    struct panel_ask ask = ask_for(t, next);
    struct panel panel = {
        .runs = 1, .depth = p->k, .c_row = p->destination_plane, .how = p->how, .ask = &ask};
    begin_task(t, task);
    for (int block = 0; block < p->blocks; block++) {
        int first;
        real *kept = t->kept;
        aim_rows(t, block, &first, &panel);
        for (int row = 0; row < panel.rows && p->transposed && p->c->stride > 1 && p->how != PUT_ADD; row++)
            clear(t, first + row);
        for (int v = t->begin; v < t->end; v += PANEL_VECTORS, kept += (size_t)p->k * PANEL_COLUMNS)
            multiply_vectors(t, block, first, v, kept, &panel);
    }
}

// Numbers of the parts of the scratch, whole lines.
static size_t weight_numbers(const struct point_plan *p) {
    return p->transposed ? blocks_of((size_t)p->blocks * weight_block(p), TILE_COLUMNS) * TILE_COLUMNS : 0;
}
static size_t kept_numbers(const struct point_plan *p) {
    return blocks_of((size_t)p->largest, PANEL_VECTORS) * PANEL_COLUMNS * (size_t)p->k;
}

static enum put how(const struct point_plan *p, int add) {
    int cleared = p->transposed && p->c->stride > 1; // just before, and still in the caches
    size_t bytes = (size_t)p->m * p->destination_plane * sizeof(real);
    return add ? PUT_ADD : bytes > TILED_CACHE_BYTES && !cleared ? PUT_PAST : PUT_OVER;
}

static int take(int *taken) {
    int task;
#pragma omp atomic capture
    task = (*taken)++;
    return task;
}

static void run(const struct tile_kernels *k, const struct convolution *c, int transposed, const real *weight,
                const real *source, real *destination, int add, real *scratch) {
    struct point_plan p = make_plan(c, transposed, omp_get_max_threads());
    real *kept = scratch + weight_numbers(&p);
    int taken = 0;
    p.how = how(&p, add);
#pragma omp parallel
    {
        struct point_task t = {.k = k, .p = &p, .source = source, .destination = destination};
        t.weights = transposed ? scratch : weight;
        t.kept = kept + kept_numbers(&p) * (size_t)omp_get_thread_num();
        if (transposed)
            transpose_weights(k, &p, weight, scratch);
        k->begin(TILE_CELLS);
        for (int task = take(&taken), next; task < p.tasks; task = next) {
            next = take(&taken);
            run_task(&t, task, next);
        }
        k->end();
    }
}

void tiled_point_forward(const struct tile_kernels *k, const struct convolution *c, const real *weight,
                         const void *x, void *y, int add, void *scratch) {
    run(k, c, 0, weight, x, y, add, scratch);
}

void tiled_point_backward_data(const struct tile_kernels *k, const struct convolution *c, const real *weight,
                               const void *y, void *x, int add, void *scratch) {
    run(k, c, 1, weight, y, x, add, scratch);
}

size_t tiled_point_scratch(const struct convolution *c, int threads) {
    size_t most = 0;
    for (int transposed = 0; transposed < 2; transposed++) {
        struct point_plan p = make_plan(c, transposed, threads);
        size_t need = (weight_numbers(&p) + kept_numbers(&p) * (size_t)threads) * sizeof(real);
        most = need > most ? need : most;
    }
    return most;
}
