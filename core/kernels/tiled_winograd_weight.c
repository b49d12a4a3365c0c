// SPDX-License-Identifier: Apache-2.0
// Weight gradient by Winograd's algorithm: at each point a matrix product of the transformed gradients of the
// output and the transformed pixels of the input, whose depth are the images of all patches. Band by band of
// chunks (a patch and 16 images):
//
//   1. pack      y to A tiles   [m / 16][point][chunk]     16 output channels x 16 images
//                x to B tiles   [i / 16][point][chunk]     16 images x 16 input channels
//   2. multiply: a task is a block of 2 x 2 C tiles, two blocks of output times two of input channels,
//                at all points
//   3. behind the last band the same task makes 3 x 3 taps from the 36 points
#include "core/kernels/tiled_internal.h"
#include "core/kernels/tiled_winograd.h"
#include "core/kernels/winograd_patches.h"

#include <omp.h>
#include <string.h>

enum {
    POINTS = WINOGRAD_POINTS,
    RESULTS = WINOGRAD_RESULTS,
    TAPS = WINOGRAD_TAPS * WINOGRAD_TAPS,
    BAND_BYTES = 10 << 20, // of packed tiles: a share of a third-level cache
};

typedef float block_sums[POINTS][4][TILE_SUMS];

struct winograd_weight_plan {
    const struct convolution *c;
    struct winograd_patches patches;
    int m_blocks, i_blocks, m_pairs, i_pairs;
    int band;     // chunks
    size_t block; // cells of a band's tiles of 16 channels
};

struct winograd_weight_room { // of a thread
    real stage[TILE_COLUMNS][POINTS][WINOGRAD_LANES];
    float taps[TAPS][TILE_SUMS];
};

static struct winograd_weight_plan make_plan(const struct convolution *c) {
    struct winograd_weight_plan p = {.c = c, .patches = winograd_patches(c->batch, c->h_out, c->w_out)};
    p.m_blocks = (int)blocks_of((size_t)c->c_out, TILE_ROWS);
    p.i_blocks = (int)blocks_of((size_t)c->c_in, TILE_COLUMNS);
    p.m_pairs = (p.m_blocks + 1) / 2;
    p.i_pairs = (p.i_blocks + 1) / 2;
    size_t chunk = (size_t)(p.m_blocks + p.i_blocks) * POINTS * TILE * sizeof(cell);
    p.band = smaller(larger((int)(BAND_BYTES / chunk), 1), p.patches.count);
    p.block = (size_t)POINTS * p.band * TILE;
    return p;
}

// One chunk of 16 output channels; number `at` of its band.
static void pack_y(const struct tile_kernels *k, const struct winograd_weight_plan *p, const void *y, int mb,
                   int chunk, int at, cell *block) {
    const struct convolution *c = p->c;
    struct winograd_array a = {y, c->y_paired, c->c_out, c->h_out, c->w_out, c->batch};
    struct winograd_patch patch = winograd_patch(&p->patches, chunk, c->batch);
    struct winograd_window room;
    real stage[POINTS * WINOGRAD_LANES];
    const real *results[2][POINTS];
    for (int row = 0, count; row < TILE_ROWS; row += count) {
        int m = mb * TILE_ROWS + row, inside = m < c->c_out;
        count = inside ? winograd_load(&a, &patch, m, 0, RESULTS, &room, results) : 1;
        for (int i = 0; i < count; i++) {
            const real *from[2] = {inside ? stage : NULL};
            if (inside)
                winograd_results(results[i], stage);
            // In f32 a row of an A tile is 16 numbers, as one of a B tile is.
            k->column(from, POINTS, WINOGRAD_LANES, TILE_CELLS,
                      block + (size_t)at * TILE + (size_t)(row + i) * TILE_CELLS, (size_t)p->band * TILE);
        }
    }
}

// The same of 16 input channels.
static void pack_x(const struct tile_kernels *k, const struct winograd_weight_plan *p, const void *x, int ib,
                   int chunk, int at, struct winograd_weight_room *own, cell *block) {
    const struct convolution *c = p->c;
    struct winograd_array a = {x, c->x_paired, c->c_in, c->h_in, c->w_in, c->batch};
    struct winograd_patch patch = winograd_patch(&p->patches, chunk, c->batch);
    struct winograd_window room;
    const real *pixels[2][POINTS];
    int columns = smaller(TILE_COLUMNS, c->c_in - ib * TILE_COLUMNS);
    if (columns < TILE_COLUMNS)
        memset(own->stage, 0, sizeof own->stage);
    for (int column = 0, count; column < columns; column += count) {
        count =
            winograd_load(&a, &patch, ib * TILE_COLUMNS + column, c->padding, WINOGRAD_PIXELS, &room, pixels);
        for (int i = 0; i < count; i++)
            winograd_pixels(pixels[i], own->stage[column + i][0]);
    }
    for (int point = 0; point < POINTS; point++)
        k->turn(own->stage[0][point], POINTS * WINOGRAD_LANES, WINOGRAD_LANES,
                block + ((size_t)point * p->band + (size_t)at) * TILE);
}

// Adds a band of `count` chunks to one block of sums.
static void multiply(const struct tile_kernels *k, const struct winograd_weight_plan *p, const cell *ys,
                     const cell *xs, int block, int count, int add, block_sums sums) {
    int mb = 2 * (block / p->i_pairs), ib = 2 * (block % p->i_pairs),
        other = smaller(ib + 1, p->i_blocks - 1);
    for (size_t point = 0; point < POINTS; point++) {
        size_t at = point * (size_t)p->band * TILE;
        struct tile_run run = {.a = ys + (size_t)mb * p->block + at,
                               .b = {xs + (size_t)ib * p->block + at, xs + (size_t)other * p->block + at},
                               .b_row = {TILE_COLUMNS, TILE_COLUMNS},
                               .b_step = {TILE, TILE}};
        k->multiply(&run, 1, count, TILE_CELLS, smaller(2 * TILE_ROWS, p->c->c_out - mb * TILE_ROWS),
                    p->block, add, sums[point]);
    }
}

// The taps of a C tile to its weights.
static void put_taps(const struct winograd_weight_plan *p, const float taps[TAPS][TILE_SUMS], int mb, int ib,
                     int add, real *weight) {
    const struct convolution *c = p->c;
    int rows = smaller(TILE_ROWS, c->c_out - mb * TILE_ROWS),
        columns = smaller(TILE_COLUMNS, c->c_in - ib * TILE_COLUMNS);
    for (int row = 0; row < rows; row++) {
        real *to = weight + ((size_t)(mb * TILE_ROWS + row) * c->c_in + (size_t)ib * TILE_COLUMNS) * TAPS;
        for (int column = 0; column < columns; column++)
            for (int tap = 0; tap < TAPS; tap++, to++)
                *to = (add ? *to : 0) + taps[tap][row * TILE_COLUMNS + column];
    }
}

static void put_block(const struct winograd_weight_plan *p, const block_sums sums, int block, int add,
                      struct winograd_weight_room *room, real *weight) {
    for (int i = 0; i < 4; i++) {
        int mb = 2 * (block / p->i_pairs) + i / 2, ib = 2 * (block % p->i_pairs) + i % 2;
        if (mb >= p->m_blocks || ib >= p->i_blocks)
            continue;
        winograd_to_taps(sums[0][i], 4 * TILE_SUMS, room->taps[0]);
        put_taps(p, (const float(*)[TILE_SUMS])room->taps, mb, ib, add, weight);
    }
}

void tiled_winograd_backward_weight(const struct tile_kernels *storage, const struct convolution *c,
                                    const void *y, const void *x, real *weight, int add, void *scratch) {
    const struct tile_kernels *k = storage->winograd;
    struct winograd_weight_plan p = make_plan(c);
    int blocks = p.m_pairs * p.i_pairs, whole = p.band == p.patches.count;
    // A single band's sums are done with at once.
    size_t sums_count = whole ? (size_t)omp_get_max_threads() : (size_t)blocks;
    cell *ys = scratch, *xs = ys + (size_t)p.m_blocks * p.block;
    block_sums *sums = (block_sums *)(xs + (size_t)p.i_blocks * p.block);
    struct winograd_weight_room *rooms = (struct winograd_weight_room *)(sums + sums_count);
#pragma omp parallel
    {
        struct winograd_weight_room *room = rooms + omp_get_thread_num();
        k->begin(TILE_CELLS);
        for (int first = 0; first < p.patches.count; first += p.band) {
            int count = smaller(p.band, p.patches.count - first);
#pragma omp for schedule(static) nowait
            for (int task = 0; task < p.m_blocks * count; task++)
                pack_y(k, &p, y, task / count, first + task % count, task % count,
                       ys + (size_t)(task / count) * p.block);
#pragma omp for schedule(static)
            for (int task = 0; task < p.i_blocks * count; task++)
                pack_x(k, &p, x, task / count, first + task % count, task % count, room,
                       xs + (size_t)(task / count) * p.block);
#pragma omp for schedule(static)
            for (int block = 0; block < blocks; block++) {
                block_sums *here = sums + (whole ? omp_get_thread_num() : block);
                multiply(k, &p, ys, xs, block, count, first > 0, *here);
                if (first + count == p.patches.count)
                    put_block(&p, *here, block, add, room, weight);
            }
        }
        k->end();
    }
}

size_t tiled_winograd_weight_scratch(const struct convolution *c, int threads) {
    struct winograd_weight_plan p = make_plan(c);
    size_t sums = p.band == p.patches.count ? (size_t)threads : (size_t)p.m_pairs * p.i_pairs;
    return (size_t)(p.m_blocks + p.i_blocks) * p.block * sizeof(cell) + sums * sizeof(block_sums) +
           (size_t)threads * sizeof(struct winograd_weight_room);
}
