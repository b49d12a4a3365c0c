// SPDX-License-Identifier: Apache-2.0
// Of a strip of 16 images, source rows are kept with their channels side by side, zeros at either end:
//
//   row   [column][channel][16]
//
// A pixel of the output then finds the taps of one kernel row, (kx, channel), one behind the other. In the forward
// pass they are the depth, kernel row by kernel row, of panels of up to 6 output channels and 4 pixels; a task is a
// band of output rows. In the weight gradient they are the rows of A, as they lie, their depth the pixels and images
// of an output row, and B is that row of y, turned; a task is 64 output channels and a share of the taps.
#include "core/kernels/tiled_stem.h"

#include "core/kernels/tiled_internal.h"

#include <omp.h>
#include <string.h>

enum {
    MOST_CHANNELS = 7, // of the input
    BAND = 4,          // output rows of a task of the forward pass
};

int tiled_by_stem(const struct tile_kernels *k, const struct convolution *c) {
    return k->panel && c->c_in <= MOST_CHANNELS && c->kernel_w > 1 && c->batch % TILE_COLUMNS == 0;
}

struct stem_plan {
    const struct convolution *c;
    int strips;                  // of 16 images
    int taps;                    // of a kernel row
    int width;                   // columns of a source row that are kept
    size_t row, pixel;           // numbers of one, and of an output pixel's step in it
    size_t source_plane, plane;  // of x and y
    int blocks;                  // of rows of a panel: output channels, in the forward pass
    int tap_blocks;              // the same of the taps of a kernel row
    int turned_strips, shares;   // tasks of the weight gradient: in output channels, in blocks of taps
    size_t weight_row, tap_rows; // numbers of A of an output channel, and of one of its kernel rows
};

static struct stem_plan make_plan(const struct convolution *c, int threads) {
    struct stem_plan p = {.c = c, .strips = c->batch / TILE_COLUMNS, .taps = c->kernel_w * c->c_in};
    p.width = (c->w_out - 1) * c->stride + c->kernel_w;
    p.row = (size_t)p.width * c->c_in * TILE_COLUMNS;
    p.pixel = (size_t)c->stride * c->c_in * TILE_COLUMNS;
    p.source_plane = (size_t)c->h_in * c->w_in * c->batch;
    p.plane = (size_t)c->h_out * c->w_out * c->batch;
    p.blocks = (int)blocks_of((size_t)c->c_out, PANEL_ROWS);
    p.tap_blocks = (int)blocks_of((size_t)p.taps, PANEL_ROWS);
    p.turned_strips = (int)blocks_of((size_t)c->c_out, PANEL_COLUMNS);
    p.shares = smaller(c->kernel_h * p.tap_blocks, (int)blocks_of((size_t)threads, (size_t)p.turned_strips));
    p.tap_rows = blocks_of((size_t)p.taps, PANEL_STEP) * PANEL_STEP;
    p.weight_row = (size_t)c->kernel_h * p.tap_rows;
    return p;
}

// A source row of a strip; column 0 lies `padding` before the image.
static void keep_row(const struct stem_plan *p, const real *x, int row, int strip, real *to) {
    const struct convolution *c = p->c;
    size_t column = (size_t)c->c_in * TILE_COLUMNS;
    int begin = smaller(c->padding, p->width), end = larger(begin, smaller(p->width, c->padding + c->w_in));
    memset(to, 0, (size_t)begin * column * sizeof *to);
    memset(to + (size_t)end * column, 0, (size_t)(p->width - end) * column * sizeof *to);
    for (int channel = 0; channel < c->c_in; channel++) {
        const real *from = x + (size_t)channel * p->source_plane + (size_t)row * c->w_in * c->batch +
                           (size_t)strip * TILE_COLUMNS;
        for (int i = begin; i < end; i++)
            memcpy(to + (size_t)i * column + (size_t)channel * TILE_COLUMNS,
                   from + (size_t)(i - begin) * c->batch, TILE_COLUMNS * sizeof *to);
    }
}

// Where the output pixel's strip lies in a plane.
static size_t place(const struct stem_plan *p, int y, int x, int strip) {
    return ((size_t)y * p->c->w_out + (size_t)x) * p->c->batch + (size_t)strip * TILE_COLUMNS;
}

// ------------------------------------------------------------------------------------------ forward pass

// From weight [m][channel][ky][kx] to [m][ky][kx][channel], zeros behind the taps of a kernel row.
static void pack_weights(const struct stem_plan *p, const real *weight, real *out) {
    const struct convolution *c = p->c;
    int taps = c->kernel_h * c->kernel_w;
#pragma omp for schedule(static)
    for (int m = 0; m < c->c_out; m++)
        for (int ky = 0; ky < c->kernel_h; ky++) {
            real *to = out + (size_t)m * p->weight_row + (size_t)ky * p->tap_rows;
            const real *from = weight + (size_t)m * c->c_in * taps + (size_t)ky * c->kernel_w;
            memset(to, 0, p->tap_rows * sizeof *to);
            for (int tap = 0; tap < p->taps; tap++)
                to[tap] = from[tap % c->c_in * taps + tap / c->c_in];
        }
}

struct stem_band {
    const struct tile_kernels *k;
    const struct stem_plan *p;
    const real *weights, *rows; // those from source row `top` on, which may lie outside
    real *y;
    int strip, first, last, top; // output rows
    enum put how;
};

static void multiply_row(const struct stem_band *t, int m, int oy) {
    const struct stem_plan *p = t->p;
    const struct convolution *c = p->c;
    int first = tiled_share(c->c_out, m, p->blocks), top = oy * c->stride - c->padding,
        begin = larger(0, -top), end = smaller(c->kernel_h, c->h_in - top); // kernel rows in the image
    struct panel panel = {.rows = tiled_share(c->c_out, m + 1, p->blocks) - first,
                          .used = TILE_COLUMNS,
                          .runs = larger(0, end - begin),
                          .depth = p->taps,
                          .a_row = p->weight_row,
                          .a_step = PANEL_STEP,
                          .a_run = p->tap_rows,
                          .b_depth = TILE_COLUMNS,
                          .b_run = p->row,
                          .c_row = p->plane,
                          .how = t->how};
    panel.a = t->weights + (size_t)first * p->weight_row + (size_t)begin * p->tap_rows;
    for (int x = 0; x < c->w_out; x += PANEL_VECTORS) {
        panel.vectors = smaller(PANEL_VECTORS, c->w_out - x);
        for (int j = 0; j < PANEL_VECTORS; j++) {
            int at = smaller(x + j, c->w_out - 1);
            panel.b[j] = t->rows + (size_t)(top + begin - t->top) * p->row + (size_t)at * p->pixel;
            panel.c[j] = t->y + (size_t)first * p->plane + place(p, oy, at, t->strip);
        }
        t->k->panel(&panel);
    }
}

static int band_rows(const struct convolution *c) { // of the source
    return (BAND - 1) * c->stride + c->kernel_h;
}

static void run_band(struct stem_band *t, const real *x, int task, real *rows) {
    const struct convolution *c = t->p->c;
    int bands = (int)blocks_of((size_t)c->h_out, BAND);
    t->strip = task / bands;
    t->first = task % bands * BAND;
    t->last = smaller(c->h_out, t->first + BAND);
    t->top = t->first * c->stride - c->padding;
    t->rows = rows;
    for (int i = 0; i < (t->last - 1 - t->first) * c->stride + c->kernel_h; i++)
        if (t->top + i >= 0 && t->top + i < c->h_in)
            keep_row(t->p, x, t->top + i, t->strip, rows + (size_t)i * t->p->row);
    for (int oy = t->first; oy < t->last; oy++)
        for (int m = 0; m < t->p->blocks; m++)
            multiply_row(t, m, oy);
}

static size_t weight_numbers(const struct stem_plan *p) {
    return blocks_of((size_t)p->c->c_out * p->weight_row, TILE_COLUMNS) * TILE_COLUMNS;
}

void tiled_stem_forward(const struct tile_kernels *k, const struct convolution *c, const real *weight,
                        const void *x, void *y, int add, void *scratch) {
    struct stem_plan p = make_plan(c, omp_get_max_threads());
    real *weights = scratch, *rows = weights + weight_numbers(&p);
    int tasks = p.strips * (int)blocks_of((size_t)c->h_out, BAND);
    size_t bytes = (size_t)c->c_out * p.plane * sizeof(real), of_thread = (size_t)band_rows(c) * p.row;
#pragma omp parallel
    {
        struct stem_band t = {.k = k, .p = &p, .weights = weights, .y = y};
        t.how = add ? PUT_ADD : bytes > TILED_CACHE_BYTES ? PUT_PAST : PUT_OVER;
        pack_weights(&p, weight, weights);
        k->begin(TILE_CELLS);
#pragma omp for schedule(dynamic)
        for (int task = 0; task < tasks; task++)
            run_band(&t, x, task, rows + of_thread * (size_t)omp_get_thread_num());
        k->end();
    }
}

// ------------------------------------------------------------------------------------------ weight gradient

struct stem_sums { // a task
    const struct tile_kernels *k;
    const struct stem_plan *p;
    const real *x, *y;
    real *rows;               // of the source, number r in slot r % kernel_h
    real *turned;             // an output row, [column][image][64]
    real *sums;               // [ky][tap][64]
    int first, channels;      // output channels
    int from_block, to_block; // of taps, all kernel rows'
};

static real *slot(const struct stem_sums *t, int strip, int row) {
    int kernel_h = t->p->c->kernel_h;
    return t->rows + (size_t)(strip * kernel_h + row % kernel_h) * t->p->row;
}

// A strip of an output row to B; channels past the last are zeros.
static void turn_row(const struct stem_sums *t, int oy, int strip) {
    const struct stem_plan *p = t->p;
    for (int group = 0; group < t->channels; group += TILE_COLUMNS) {
        const real *from = t->y + (size_t)(t->first + group) * p->plane + place(p, oy, 0, strip);
        int used = smaller(TILE_COLUMNS, t->channels - group);
        real *to = t->turned + group;
        if (used == TILE_COLUMNS && p->strips == 1) {
            t->k->turn_panel(from, p->plane, (size_t)p->c->w_out * TILE_CELLS, to);
            continue;
        }
        for (int x = 0; x < p->c->w_out; x++, from += p->c->batch, to += TILE_CELLS * PANEL_COLUMNS) {
            real stage[TILE_ROWS][TILE_CELLS] = {{0}};
            for (int i = 0; i < used; i++)
                memcpy(stage[i], from + (size_t)i * p->plane, sizeof stage[i]);
            t->k->turn_panel(stage[0], TILE_CELLS, TILE_CELLS, to);
        }
    }
}

// Adds the share of a strip of an output row to the sums of a block of taps.
static void add_row(const struct stem_sums *t, int block, int oy, int strip, struct panel_ask *ask) {
    const struct stem_plan *p = t->p;
    const struct convolution *c = p->c;
    int ky = block / p->tap_blocks, part = block % p->tap_blocks, row = oy * c->stride - c->padding + ky;
    int first = tiled_share(p->taps, part, p->tap_blocks);
    if (row < 0 || row >= c->h_in)
        return;
    struct panel panel = {.rows = tiled_share(p->taps, part + 1, p->tap_blocks) - first,
                          .vectors = (int)blocks_of((size_t)t->channels, TILE_COLUMNS),
                          .used = TILE_COLUMNS,
                          .runs = c->w_out,
                          .depth = TILE_CELLS,
                          .a = slot(t, strip, row) + (size_t)first * TILE_COLUMNS,
                          .a_row = TILE_COLUMNS,
                          .a_step = PANEL_STEP,
                          .a_run = p->pixel,
                          .b_depth = PANEL_COLUMNS,
                          .b_run = TILE_CELLS * PANEL_COLUMNS,
                          .c_row = PANEL_COLUMNS,
                          .how = PUT_ON,
                          .ask = ask};
    for (int v = 0; v < PANEL_VECTORS; v++) {
        panel.b[v] = t->turned + v * TILE_COLUMNS;
        panel.c[v] = t->sums + ((size_t)ky * p->taps + (size_t)first) * PANEL_COLUMNS + v * TILE_COLUMNS;
    }
    t->k->panel(&panel);
}

// Rows of y that come next, asked for while this one is multiplied.
static struct panel_ask ask_for(const struct stem_sums *t, int oy) {
    const struct stem_plan *p = t->p;
    return (struct panel_ask){.at = t->y + (size_t)t->first * p->plane + place(p, oy, 0, 0),
                              .plane = p->plane,
                              .lines = p->c->w_out * p->strips,
                              .left = oy < p->c->h_out ? t->channels : 0,
                              .each =
                                  (int)blocks_of((size_t)t->channels, (size_t)(t->to_block - t->from_block))};
}

static void sum_rows(const struct stem_sums *t) {
    const struct stem_plan *p = t->p;
    int kept = 0; // source rows before it have been
    for (int oy = 0; oy < p->c->h_out; oy++) {
        int top = oy * p->c->stride - p->c->padding;
        struct panel_ask ask = ask_for(t, oy + 1);
        for (kept = larger(kept, larger(0, top)); kept < smaller(p->c->h_in, top + p->c->kernel_h); kept++)
            for (int strip = 0; strip < p->strips; strip++)
                keep_row(p, t->x, kept, strip, slot(t, strip, kept));
        for (int strip = 0; strip < p->strips; strip++) {
            turn_row(t, oy, strip);
            for (int block = t->from_block; block < t->to_block; block++)
                add_row(t, block, oy, strip, &ask);
        }
    }
}

static void put_sums(const struct stem_sums *t, int add, real *weight) {
    const struct stem_plan *p = t->p;
    const struct convolution *c = p->c;
    for (int block = t->from_block; block < t->to_block; block++) {
        int ky = block / p->tap_blocks, part = block % p->tap_blocks;
        for (int tap = tiled_share(p->taps, part, p->tap_blocks);
             tap < tiled_share(p->taps, part + 1, p->tap_blocks); tap++)
            for (int m = 0; m < t->channels; m++) {
                size_t channel = (size_t)(t->first + m) * c->c_in + (size_t)(tap % c->c_in);
                real *to = weight + (channel * c->kernel_h + (size_t)ky) * c->kernel_w + tap / c->c_in;
                *to = (add ? *to : 0) +
                      t->sums[((size_t)ky * p->taps + (size_t)tap) * PANEL_COLUMNS + (size_t)m];
            }
    }
}

static size_t rows_numbers(const struct stem_plan *p) {
    return (size_t)p->strips * p->c->kernel_h * p->row;
}
static size_t turned_numbers(const struct stem_plan *p) {
    return (size_t)p->c->w_out * TILE_CELLS * PANEL_COLUMNS;
}
static size_t sums_numbers(const struct stem_plan *p) {
    return (size_t)p->c->kernel_h * p->taps * PANEL_COLUMNS;
}

void tiled_stem_backward_weight(const struct tile_kernels *k, const struct convolution *c, const void *y,
                                const void *x, real *weight, int add, void *scratch) {
    struct stem_plan p = make_plan(c, omp_get_max_threads());
    size_t of_thread = rows_numbers(&p) + turned_numbers(&p) + sums_numbers(&p);
#pragma omp parallel
    {
        real *own = (real *)scratch + of_thread * (size_t)omp_get_thread_num();
        struct stem_sums t = {.k = k, .p = &p, .x = x, .y = y, .rows = own};
        t.turned = t.rows + rows_numbers(&p);
        t.sums = t.turned + turned_numbers(&p);
        memset(t.turned, 0,
               turned_numbers(&p) * sizeof *t.turned); // also the vectors that a panel reads beyond
        k->begin(TILE_CELLS);
#pragma omp for schedule(dynamic)
        for (int task = 0; task < p.turned_strips * p.shares; task++) {
            int share = task % p.shares, blocks = c->kernel_h * p.tap_blocks;
            t.first = task / p.shares * PANEL_COLUMNS;
            t.channels = smaller(PANEL_COLUMNS, c->c_out - t.first);
            t.from_block = tiled_share(blocks, share, p.shares);
            t.to_block = tiled_share(blocks, share + 1, p.shares);
            memset(t.sums, 0, sums_numbers(&p) * sizeof *t.sums);
            sum_rows(&t);
            put_sums(&t, add, weight);
        }
        k->end();
    }
}

size_t tiled_stem_scratch(const struct convolution *c, int threads) {
    struct stem_plan p = make_plan(c, threads);
    size_t forward = weight_numbers(&p) + (size_t)band_rows(c) * p.row * (size_t)threads,
           weight = (rows_numbers(&p) + turned_numbers(&p) + sums_numbers(&p)) * (size_t)threads;
    return (forward > weight ? forward : weight) * sizeof(real);
}
