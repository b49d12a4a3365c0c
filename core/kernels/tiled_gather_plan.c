// SPDX-License-Identifier: Apache-2.0
#include "core/kernels/tiled_gather_plan.h"

#include "core/kernels/pairs.h"
#include "core/kernels/tiled_internal.h"

enum {
    FOLDED_CHANNELS = 7,
    BAND_BYTES = 1 << 19, // of source tiles: half of a second-level cache
    MINIMUM_TASKS = 8,
    LATE_BYTES = 1 << 20, // half of a second-level cache
};

int gather_tile_depth(const struct tile_gather *g) {
    return TILE_CELLS * g->numbers;
}

int gather_source_row(const struct tile_gather *g, int y, int ky) {
    int at = g->transposed ? y + g->c->padding - ky : y * g->c->stride + ky - g->c->padding;
    if (g->transposed) {
        if (at < 0 || at % g->c->stride)
            return -1;
        at /= g->c->stride;
    }
    return at < 0 || at >= g->source_rows ? -1 : at;
}

int gather_source_offset(const struct tile_gather *g, int phase, int kx, int *offset) {
    int at = g->transposed ? phase + g->c->padding - kx : kx - g->c->padding,
        by = g->transposed ? g->c->stride : 1;
    *offset = at / by; // exact where the tap exists
    return at % by == 0;
}

int gather_phase_columns(const struct tile_gather *g, int phase) {
    return (g->width - phase + g->phases - 1) / g->phases;
}

int gather_rows_read(const struct tile_gather *g, int first, int last, int *from) {
    int low = g->source_rows, high = -1;
    for (int y = first; y < last; y++)
        for (int ky = 0; ky < g->c->kernel_h; ky++) {
            int row = gather_source_row(g, y, ky);
            low = row >= 0 && row < low ? row : low;
            high = row > high ? row : high;
        }
    *from = low;
    return high < low ? 0 : high - low + 1;
}

int gather_is_read(const struct tile_gather *g, int first, int last, int row) {
    for (int y = first; y < last; y++)
        for (int ky = 0; ky < g->c->kernel_h; ky++)
            if (gather_source_row(g, y, ky) == row)
                return 1;
    return 0;
}

static void keep_columns(struct tile_gather *g) {
    int first = 0, last = 0;
    if (g->folded || g->source_paired) {
        g->columns = g->folded ? g->width : g->source_width;
        return;
    }
    for (int phase = 0; phase < g->phases; phase++)
        for (int kx = 0; kx < g->c->kernel_w; kx++) {
            int offset, count = gather_phase_columns(g, phase);
            if (!gather_source_offset(g, phase, kx, &offset) || count < 1)
                continue;
            first = smaller(first, offset);
            last = larger(last, offset + (count - 1) * g->step);
        }
    g->left = -first;
    g->columns = last - first + 1;
}

// A 1x1 kernel of stride 1 sees no rows: where one has an odd number of columns and its tiles fill a band,
// the last column would be multiplied by itself. Then each pixel is a row.
static void forget_rows(struct tile_gather *g) {
    const struct convolution *c = g->c;
    size_t row_bytes = (size_t)g->depth * g->width * g->strips * TILE * sizeof(cell);
    if (c->kernel_h > 1 || c->kernel_w > 1 || c->stride > 1 || c->padding || g->source_paired ||
        g->width * g->strips % 2 == 0 || 2 * row_bytes <= BAND_BYTES)
        return;
    g->rows = g->source_rows = g->rows * g->width;
    g->width = g->source_width = 1;
}

// Where all of a source that needs no packing stays in the second-level cache and all weights do not, a task
// has all rows and two rows of weight tiles, which it packs for itself: they do not pass through memory.
static int packs_late(const struct tile_gather *g) {
    size_t source = (size_t)g->k * g->source_rows * g->source_width * g->c->batch * sizeof(bf16);
    return g->source_paired && source <= LATE_BYTES && g->weight_tiles * TILE * sizeof(cell) > LATE_BYTES;
}

// Band and shares: as many rows as half a second-level cache holds, as many tasks as keep threads busy.
static void divide(struct tile_gather *g) {
    g->packs_late = packs_late(g);
    if (g->packs_late) {
        g->band = g->rows;
        g->bands = 1;
        g->shares = (g->m_blocks + 1) / 2;
        return;
    }
    size_t row_bytes = g->row_tiles * TILE * sizeof(cell);
    g->band = smaller(g->rows, (g->rows + 1) / 2);
    int from;
    while (g->band > 1 && (size_t)gather_rows_read(g, 0, g->band, &from) * row_bytes > BAND_BYTES)
        g->band = (g->band + 1) / 2;
    g->bands = (g->rows + g->band - 1) / g->band;
    int pairs = (g->m_blocks + 1) / 2;
    g->shares = smaller(pairs, (MINIMUM_TASKS + g->bands - 1) / g->bands);
}

static struct tile_layout lay_out(const struct tile_gather *g) {
    size_t pixel = (size_t)g->strips * TILE;
    if (!g->source_paired)
        return (struct tile_layout){.row = g->row_tiles * TILE,
                                    .column = pixel,
                                    .strip = TILE,
                                    .depth = (size_t)g->columns * pixel,
                                    .tile_row = TILE_COLUMNS};
    size_t n = (size_t)g->c->batch, // a pair is a cell
        plane = pairs_plane((size_t)g->source_rows * g->source_width * n) / 2;
    return (struct tile_layout){.row = (size_t)g->source_width * n,
                                .column = n,
                                .strip = TILE_COLUMNS,
                                .depth = TILE_CELLS * plane,
                                .tile_row = plane};
}

struct tile_gather gather_plan(const struct tile_kernels *k, const struct convolution *c, int transposed) {
    struct tile_gather g = {.c = c, .transposed = transposed, .numbers = k->numbers};
    g.m = transposed ? c->c_in : c->c_out;
    g.k = transposed ? c->c_out : c->c_in;
    g.rows = transposed ? c->h_in : c->h_out;
    g.width = transposed ? c->w_in : c->w_out;
    g.source_rows = transposed ? c->h_out : c->h_in;
    g.source_width = transposed ? c->w_out : c->w_in;
    g.strips = (int)blocks_of((size_t)c->batch, TILE_COLUMNS);
    g.source_paired = transposed ? c->y_paired : c->x_paired;
    g.destination_paired = transposed ? c->x_paired : c->y_paired;
    g.phases = transposed ? c->stride : 1;
    g.step = transposed ? 1 : c->stride;
    g.folded = !g.source_paired && g.phases == 1 && (c->kernel_w > 1 ? g.k <= FOLDED_CHANNELS : g.step > 1);
    int deep = g.k * (g.folded ? c->kernel_w : 1); // numbers of a tap
    g.depth = (int)blocks_of((size_t)deep, (size_t)gather_tile_depth(&g));
    // Folded, the rows of depth are shared out evenly among the tiles: 21 of them are two tiles of 11, not of
    // 16.
    size_t cells = blocks_of((size_t)deep, (size_t)g.numbers);
    g.cells = g.depth == 1 || g.folded ? (int)blocks_of(cells, (size_t)g.depth) : TILE_CELLS;
    forget_rows(&g);
    g.taps_x = g.folded ? 1 : c->kernel_w;
    g.m_blocks = (int)blocks_of((size_t)g.m, TILE_ROWS);
    keep_columns(&g);
    g.row_tiles = (size_t)g.depth * g.columns * g.strips;
    g.source = lay_out(&g);
    g.weight_tiles = (size_t)g.m_blocks * c->kernel_h * g.taps_x * g.depth;
    divide(&g);
    return g;
}
