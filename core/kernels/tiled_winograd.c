// SPDX-License-Identifier: Apache-2.0
// Forward pass and data gradient by Winograd's algorithm. The data gradient is a forward pass as well: with
// the kernels turned by half a turn, channels of output and input exchanged.
//
//   source tiles   [chunk][point][depth]       a chunk: a patch of 6 x 6 pixels, transformed, and 16 images
//   weight tiles   [m / 16][point][depth]
//   sums           [point][2 x 2]              C tiles of 32 output channels x 2 chunks, which become
//                                              4 x 4 pixels each, those outside the destination dropped
//
// The operand with fewer blocks is transformed first, by all threads; the other one as it is needed:
//
//   many chunks    a task is a band of chunks and a share of the output channels. It transforms its chunks,
//                  then takes two rows of weight tiles at a time over all pairs of them
//   few chunks     a task is two rows of weight tiles, which it transforms and takes over all pairs of chunks
#include "core/kernels/tiled_winograd.h"

#include "core/kernels/pairs.h"
#include "core/kernels/tiled_internal.h"
#include "core/kernels/winograd_patches.h"

#include <omp.h>
#include <string.h>

enum {
    POINTS = WINOGRAD_POINTS,
    RESULTS = WINOGRAD_RESULTS,
    TAPS = WINOGRAD_TAPS * WINOGRAD_TAPS,
    BAND_BYTES = 1 << 19, // of source tiles: half of a second-level cache
    MINIMUM_TASKS = 8,
    MINIMUM_CHANNELS = 16,   // with fewer there is too little to do per transformed number (measured)
    MINIMUM_NUMBERS = 25000, // channels times pixels: below, products in bf16 are as fast (measured)
};

int tiled_by_winograd(const struct tile_kernels *k, const struct convolution *c) {
    int channels = smaller(c->c_in, c->c_out);
    return k->winograd && c->kernel_h == WINOGRAD_TAPS && c->kernel_w == WINOGRAD_TAPS && c->stride == 1 &&
           c->padding < WINOGRAD_TAPS && 2 * c->batch > WINOGRAD_LANES && channels >= MINIMUM_CHANNELS &&
           (k->precision == PRECISION_F32 || channels * c->h_out * c->w_out >= MINIMUM_NUMBERS);
}

struct winograd_plan {
    const struct tile_kernels *storage, *k; // the tables that store the destination, and that multiply
    int transposed;
    const real *weight;
    struct winograd_array source, destination;
    int padding; // source pixels before the first patch
    struct winograd_patches patches;
    int depth, cells, m_blocks, m_pairs;
    size_t block;            // cells of the weight tiles of 16 output channels, and of a chunk: alike
    int few;                 // chunks
    int band, bands, shares; // of many: chunks of a task; tasks in chunks; tasks in output channels
    enum put how;
};

static struct winograd_plan make_plan(const struct convolution *c, int transposed) {
    struct winograd_plan p = {.transposed = transposed};
    struct winograd_array in = {NULL, c->x_paired, c->c_in, c->h_in, c->w_in, c->batch},
                          out = {NULL, c->y_paired, c->c_out, c->h_out, c->w_out, c->batch};
    p.source = transposed ? out : in;
    p.destination = transposed ? in : out;
    p.padding = transposed ? WINOGRAD_TAPS - 1 - c->padding : c->padding;
    p.patches = winograd_patches(c->batch, p.destination.rows, p.destination.width);
    p.depth = (int)blocks_of((size_t)p.source.channels, TILE_CELLS);
    p.cells = p.depth == 1 ? p.source.channels : TILE_CELLS;
    p.m_blocks = (int)blocks_of((size_t)p.destination.channels, TILE_ROWS);
    p.m_pairs = (p.m_blocks + 1) / 2;
    p.block = (size_t)POINTS * p.depth * TILE;
    p.few = p.patches.count <= p.m_blocks;
    p.band = larger((int)(BAND_BYTES / (p.block * sizeof(cell))) & ~1, 2);
    p.bands = (p.patches.count + p.band - 1) / p.band;
    p.shares = smaller(p.m_pairs, (MINIMUM_TASKS + p.bands - 1) / p.bands);
    return p;
}

// Blocks that all threads share, and those of each thread.
static size_t shared_blocks(const struct winograd_plan *p) {
    return (size_t)(p->few ? p->patches.count : p->m_blocks);
}
static size_t own_blocks(const struct winograd_plan *p) {
    return (size_t)(p->few ? 2 : p->band);
}

// ------------------------------------------------------------------------------------------ operands

// The kernels between output channel m and 16 source channels from k on; turned where transposed.
static void gather_taps(const struct winograd_plan *p, int m, int k, real taps[TAPS][WINOGRAD_LANES]) {
    size_t by_m = p->transposed ? TAPS : (size_t)p->source.channels * TAPS,
           by_k = p->transposed ? (size_t)p->destination.channels * TAPS : TAPS;
    int used = smaller(WINOGRAD_LANES, p->source.channels - k);
    if (used < WINOGRAD_LANES)
        memset(taps, 0, TAPS * sizeof *taps);
    for (int i = 0; i < used; i++) {
        const real *kernel = p->weight + (size_t)m * by_m + (size_t)(k + i) * by_k;
        for (int t = 0; t < TAPS; t++)
            taps[p->transposed ? TAPS - 1 - t : t][i] = kernel[t];
    }
}

// Depths [first, last) of 16 output channels. In f32 a row of an A tile is 16 numbers, as one of a B tile is.
static void pack_weights(const struct winograd_plan *p, int mb, int first, int last, cell *to) {
    real taps[TAPS][WINOGRAD_LANES], stage[POINTS * WINOGRAD_LANES];
    const real *each[TAPS];
    for (int tap = 0; tap < TAPS; tap++)
        each[tap] = taps[tap];
    for (int row = 0; row < TILE_ROWS; row++)
        for (int d = first; d < last; d++) {
            int m = mb * TILE_ROWS + row;
            const real *from[2] = {NULL};
            if (m < p->destination.channels) {
                gather_taps(p, m, d * TILE_CELLS, taps);
                winograd_taps(each, stage);
                from[0] = stage;
            }
            p->k->column(from, POINTS, WINOGRAD_LANES, TILE_CELLS,
                         to + (size_t)d * TILE + (size_t)row * TILE_CELLS, (size_t)p->depth * TILE);
        }
}

// Depths [first, last) of a chunk.
static void pack_chunk(const struct winograd_plan *p, int chunk, int first, int last, cell *to) {
    struct winograd_patch patch = winograd_patch(&p->patches, chunk, p->source.batch);
    struct winograd_window room;
    real stage[POINTS * WINOGRAD_LANES];
    const real *pixels[2][POINTS];
    for (int channel = first * TILE_CELLS, count; channel < last * TILE_CELLS; channel += count) {
        int inside = channel < p->source.channels;
        count = inside
                    ? winograd_load(&p->source, &patch, channel, p->padding, WINOGRAD_PIXELS, &room, pixels)
                    : 1;
        for (int i = 0; i < count; i++) {
            int at = channel + i;
            const real *from[2] = {inside ? stage : NULL};
            if (inside)
                winograd_pixels(pixels[i], stage);
            p->k->column(from, POINTS, WINOGRAD_LANES, TILE_COLUMNS,
                         to + (size_t)(at / TILE_CELLS) * TILE + (size_t)(at % TILE_CELLS) * TILE_COLUMNS,
                         (size_t)p->depth * TILE);
        }
    }
}

// ------------------------------------------------------------------------------------------ products

struct winograd_sums { // of a thread
    float sums[POINTS][4][TILE_SUMS], results[RESULTS * RESULTS][TILE_SUMS];
};

// Two blocks of output channels (one at the end of an odd number), two chunks (or one twice).
static void multiply_chunks(const struct winograd_plan *p, int mb, const cell *weights, const cell *left,
                            const cell *right, struct winograd_sums *w) {
    for (size_t point = 0; point < POINTS; point++) {
        size_t at = point * (size_t)p->depth * TILE;
        struct tile_run run = {.a = weights + at,
                               .b = {left + at, right + at},
                               .b_row = {TILE_COLUMNS, TILE_COLUMNS},
                               .b_step = {TILE, TILE}};
        p->k->multiply(&run, 1, p->depth, p->cells,
                       smaller(2 * TILE_ROWS, p->destination.channels - mb * TILE_ROWS), p->block, 0,
                       w->sums[point]);
    }
}

// Chunks [first, last), transformed, times output channels [32 pair, 32 pair + 32).
static void multiply_pair(const struct winograd_plan *p, int pair, const cell *weights, const cell *chunks,
                          int first, int last, struct winograd_sums *w) {
    for (int chunk = first; chunk < last; chunk += 2) {
        int other = smaller(chunk + 1, last - 1);
        multiply_chunks(p, 2 * pair, weights, chunks + (size_t)(chunk - first) * p->block,
                        chunks + (size_t)(other - first) * p->block, w);
        for (int i = 0; i < 4; i++) {
            int mb = 2 * pair + i / 2;
            struct winograd_patch patch = winograd_patch(&p->patches, i % 2 ? other : chunk, p->source.batch);
            if (mb >= p->m_blocks || (i % 2 && other == chunk))
                continue;
            winograd_to_results(w->sums[0][i], 4 * TILE_SUMS, w->results[0]);
            winograd_store(p->storage, &p->destination, &patch, mb * TILE_ROWS, w->results[0], p->how);
        }
    }
}

static void run_task_of_many(const struct winograd_plan *p, int task, const cell *weights, cell *chunks,
                             struct winograd_sums *w) {
    int band = task % p->bands, share = task / p->bands;
    int first = band * p->band, last = smaller(p->patches.count, first + p->band);
    for (int chunk = first; chunk < last; chunk++)
        pack_chunk(p, chunk, 0, p->depth, chunks + (size_t)(chunk - first) * p->block);
    for (int pair = p->m_pairs * share / p->shares; pair < p->m_pairs * (share + 1) / p->shares; pair++)
        multiply_pair(p, pair, weights + (size_t)(2 * pair) * p->block, chunks, first, last, w);
}

static void run_task_of_few(const struct winograd_plan *p, int pair, const cell *chunks, cell *weights,
                            struct winograd_sums *w) {
    for (int i = 0; i < 2 && 2 * pair + i < p->m_blocks; i++)
        pack_weights(p, 2 * pair + i, 0, p->depth, weights + (size_t)i * p->block);
    multiply_pair(p, pair, weights, chunks, 0, p->patches.count, w);
}

static void run(const struct tile_kernels *k, const struct convolution *c, int transposed, const real *weight,
                const void *source, void *destination, int add, void *scratch) {
    struct winograd_plan plan = make_plan(c, transposed), *p = &plan;
    p->storage = k;
    p->k = k->winograd;
    p->weight = weight;
    p->source.numbers = source;
    p->destination.numbers = destination;
    cell *shared = scratch, *owns = shared + shared_blocks(p) * p->block;
    struct winograd_sums *works =
        (struct winograd_sums *)(owns + own_blocks(p) * p->block * (size_t)omp_get_max_threads());
    const struct winograd_array *to = &p->destination;
    size_t columns = (size_t)to->rows * to->width * to->batch;
    size_t bytes =
        to->paired ? pairs_bytes(to->channels, columns) : (size_t)to->channels * columns * sizeof(real);
    p->how = add ? PUT_ADD : bytes > TILED_CACHE_BYTES ? PUT_PAST : PUT_OVER;
#pragma omp parallel
    {
        cell *own = owns + own_blocks(p) * p->block * (size_t)omp_get_thread_num();
        struct winograd_sums *w = works + omp_get_thread_num();
#pragma omp for schedule(static)
        for (int i = 0; i < (int)shared_blocks(p) * p->depth; i++) {
            int block = i / p->depth, d = i % p->depth;
            (p->few ? pack_chunk : pack_weights)(p, block, d, d + 1, shared + (size_t)block * p->block);
        }
        p->k->begin(p->cells);
#pragma omp for schedule(static)
        for (int task = 0; task < (p->few ? p->m_pairs : p->bands * p->shares); task++)
            (p->few ? run_task_of_few : run_task_of_many)(p, task, shared, own, w);
        p->k->end();
    }
}

void tiled_winograd_forward(const struct tile_kernels *k, const struct convolution *c, const real *weight,
                            const void *x, void *y, int add, void *scratch) {
    run(k, c, 0, weight, x, y, add, scratch);
}

void tiled_winograd_backward_data(const struct tile_kernels *k, const struct convolution *c,
                                  const real *weight, const void *y, void *x, int add, void *scratch) {
    run(k, c, 1, weight, y, x, add, scratch);
}

size_t tiled_winograd_scratch(const struct convolution *c, int threads) {
    size_t maximum = tiled_winograd_weight_scratch(c, threads);
    for (int transposed = 0; transposed < 2; transposed++) {
        struct winograd_plan p = make_plan(c, transposed);
        size_t need = (shared_blocks(&p) + own_blocks(&p) * (size_t)threads) * p.block * sizeof(cell) +
                      (size_t)threads * sizeof(struct winograd_sums);
        maximum = need > maximum ? need : maximum;
    }
    return maximum;
}
