// SPDX-License-Identifier: Apache-2.0
// Forward pass and data gradient by Winograd's algorithm. The data gradient is a forward pass as well: with
// the kernels turned by half a turn, channels of output and input exchanged.
//
//   source tiles   [chunk][point][depth]       a chunk: a patch of 6 x 6 pixels, transformed, and 16 images
//   weight tiles   [m / 16][point][depth]      transformed once per call, by all threads
//   sums           [point][2 x 2]              C tiles of 32 output channels x 2 chunks, which become
//                                              4 x 4 pixels each, those outside the destination dropped
//
// A task is a band of chunks and a share of the output channels. It transforms its chunks, then takes two
// rows of weight tiles at a time over all pairs of them.
#include "core/kernels/tiled_winograd.h"

#include "core/kernels/tiled.h"

#include <omp.h>
#include <string.h>

enum {
    POINTS = WINOGRAD_POINTS,
    RESULTS = WINOGRAD_RESULTS,
    TAPS = WINOGRAD_TAPS * WINOGRAD_TAPS,
    BAND_BYTES = 1 << 19, // of source tiles: half of a second-level cache
    LEAST_TASKS = 8,
    LEAST_CHANNELS = 16, // with fewer there is too little to do per transformed number
};

int tiled_by_winograd(const struct tile_kernels *k, const struct convolution *c) {
    return k->precision == PRECISION_F32 && c->kernel_h == WINOGRAD_TAPS && c->kernel_w == WINOGRAD_TAPS &&
           c->stride == 1 && c->padding < WINOGRAD_TAPS && smaller(c->c_in, c->c_out) >= LEAST_CHANNELS;
}

struct winograd_patches winograd_patches(int batch, int rows, int width) {
    struct winograd_patches all = {.batch = batch};
    all.across = (int)blocks_of((size_t)width, RESULTS);
    all.strips = (int)blocks_of((size_t)batch, WINOGRAD_LANES);
    all.count = (int)blocks_of((size_t)rows, RESULTS) * all.across * all.strips;
    return all;
}

struct winograd_patch winograd_patch(const struct winograd_patches *all, int chunk) {
    int patch = chunk / all->strips, strip = chunk % all->strips;
    return (struct winograd_patch){.y = patch / all->across * RESULTS,
                                   .x = patch % all->across * RESULTS,
                                   .strip = strip,
                                   .images = smaller(WINOGRAD_LANES, all->batch - strip * WINOGRAD_LANES)};
}

void winograd_window(const struct winograd_patches *all, const struct winograd_patch *at, const real *channel,
                     int rows, int width, int up, int side, real part[][WINOGRAD_LANES],
                     const real *pixels[]) {
    static const real zeros[WINOGRAD_LANES];
    for (int i = 0; i < side * side; i++) {
        int y = at->y - up + i / side, x = at->x - up + i % side;
        pixels[i] = zeros;
        if (y < 0 || y >= rows || x < 0 || x >= width)
            continue;
        pixels[i] = channel + ((size_t)y * width + (size_t)x) * (size_t)all->batch +
                    (size_t)at->strip * WINOGRAD_LANES;
        // The next channel's lie a plane away, which no processor foresees (measured: a quarter of the time).
        __builtin_prefetch(pixels[i] + (size_t)rows * width * all->batch);
        if (at->images < WINOGRAD_LANES) {
            memset(part[i], 0, sizeof part[i]);
            memcpy(part[i], pixels[i], (size_t)at->images * sizeof(real));
            pixels[i] = part[i];
        }
    }
}

struct plan {
    const struct convolution *c;
    int transposed;
    int m, k;                      // channels of destination and source
    int rows, width;               // of the destination
    int source_rows, source_width; // of the source
    int padding;                   // source pixels before the first patch
    struct winograd_patches patches;
    int depth, cells, m_blocks;
    int band, bands, shares; // chunks of a task; tasks in chunks; tasks in m
};

static struct plan make_plan(const struct convolution *c, int transposed) {
    struct plan p = {.c = c, .transposed = transposed};
    p.m = transposed ? c->c_in : c->c_out;
    p.k = transposed ? c->c_out : c->c_in;
    p.rows = transposed ? c->h_in : c->h_out;
    p.width = transposed ? c->w_in : c->w_out;
    p.source_rows = transposed ? c->h_out : c->h_in;
    p.source_width = transposed ? c->w_out : c->w_in;
    p.padding = transposed ? WINOGRAD_TAPS - 1 - c->padding : c->padding;
    p.patches = winograd_patches(c->batch, p.rows, p.width);
    p.depth = (int)blocks_of((size_t)p.k, TILE_CELLS);
    p.cells = p.depth == 1 ? p.k : TILE_CELLS;
    p.m_blocks = (int)blocks_of((size_t)p.m, TILE_ROWS);
    size_t chunk_bytes = (size_t)POINTS * p.depth * TILE * sizeof(cell);
    p.band = smaller(larger((int)(BAND_BYTES / chunk_bytes) & ~1, 2), p.patches.count);
    p.bands = (p.patches.count + p.band - 1) / p.band;
    p.shares = smaller((p.m_blocks + 1) / 2, (LEAST_TASKS + p.bands - 1) / p.bands);
    return p;
}

// Cells of the weight tiles of 16 output channels, and of a chunk: alike.
static size_t block_cells(const struct plan *p) {
    return (size_t)POINTS * p->depth * TILE;
}

// ------------------------------------------------------------------------------------------ weights

// The kernels between destination channel m and 16 source channels from k on; turned where transposed.
static void gather_taps(const struct plan *p, const real *weight, int m, int k,
                        real taps[TAPS][WINOGRAD_LANES]) {
    size_t by_m = p->transposed ? TAPS : (size_t)p->k * TAPS,
           by_k = p->transposed ? (size_t)p->m * TAPS : TAPS;
    int used = smaller(WINOGRAD_LANES, p->k - k);
    if (used < WINOGRAD_LANES)
        memset(taps, 0, TAPS * sizeof *taps);
    for (int i = 0; i < used; i++) {
        const real *kernel = weight + (size_t)m * by_m + (size_t)(k + i) * by_k;
        for (int t = 0; t < TAPS; t++)
            taps[p->transposed ? TAPS - 1 - t : t][i] = kernel[t];
    }
}

// 16 output channels. In f32 a row of an A tile is 16 numbers, as one of a B tile is.
static void pack_weights(const struct tile_kernels *k, const struct plan *p, const real *weight, int mb,
                         cell *to) {
    real taps[TAPS][WINOGRAD_LANES], stage[POINTS * WINOGRAD_LANES];
    const real *each[TAPS], *from[2] = {stage};
    for (int tap = 0; tap < TAPS; tap++)
        each[tap] = taps[tap];
    for (int row = 0; row < TILE_ROWS; row++)
        for (int d = 0; d < p->depth; d++) {
            int m = mb * TILE_ROWS + row;
            if (m < p->m) {
                gather_taps(p, weight, m, d * TILE_CELLS, taps);
                winograd_taps(each, stage);
            }
            from[0] = m < p->m ? stage : NULL;
            k->column(from, POINTS, WINOGRAD_LANES, TILE_CELLS,
                      to + (size_t)d * TILE + (size_t)row * TILE_CELLS, (size_t)p->depth * TILE);
        }
}

// ------------------------------------------------------------------------------------------ source

static void pack_chunk(const struct tile_kernels *k, const struct plan *p, const real *source, int chunk,
                       cell *to) {
    struct winograd_patch patch = winograd_patch(&p->patches, chunk);
    size_t plane = (size_t)p->source_rows * p->source_width * p->c->batch, point = (size_t)p->depth * TILE;
    real stage[POINTS * WINOGRAD_LANES], part[POINTS][WINOGRAD_LANES];
    const real *pixels[POINTS];
    for (int channel = 0; channel < p->depth * TILE_CELLS; channel++) {
        cell *row =
            to + (size_t)(channel / TILE_CELLS) * TILE + (size_t)(channel % TILE_CELLS) * TILE_COLUMNS;
        const real *from[2] = {NULL};
        if (channel < p->k) {
            winograd_window(&p->patches, &patch, source + (size_t)channel * plane, p->source_rows,
                            p->source_width, p->padding, WINOGRAD_PIXELS, part, pixels);
            winograd_pixels(pixels, stage);
            from[0] = stage;
        }
        k->column(from, POINTS, WINOGRAD_LANES, TILE_COLUMNS, row, point);
    }
}

// ------------------------------------------------------------------------------------------ products

struct work {
    float sums[POINTS][4][TILE_SUMS], results[RESULTS * RESULTS][TILE_SUMS];
};

static void put_chunk(const struct tile_kernels *k, const struct plan *p, const struct work *w, int m,
                      int chunk, enum put how, real *destination) {
    struct winograd_patch patch = winograd_patch(&p->patches, chunk);
    size_t n = (size_t)p->c->batch, plane = (size_t)p->rows * p->width * n;
    for (int i = 0; i < RESULTS * RESULTS; i++) {
        int y = patch.y + i / RESULTS, x = patch.x + i % RESULTS;
        if (y < p->rows && x < p->width)
            k->put(w->results[i], smaller(TILE_ROWS, p->m - m), patch.images, how,
                   destination + (size_t)m * plane + ((size_t)y * p->width + x) * n +
                       (size_t)patch.strip * TILE_COLUMNS,
                   plane);
    }
}

// Two blocks of output channels (one at the end of an odd number), two chunks (or one twice).
static void multiply_chunks(const struct tile_kernels *k, const struct plan *p, const cell *weights,
                            const cell *const chunks[2], int mb, struct work *w) {
    size_t point_cells = (size_t)p->depth * TILE;
    int rows = smaller(2 * TILE_ROWS, p->m - mb * TILE_ROWS);
    for (size_t point = 0; point < POINTS; point++) {
        struct tile_run run = {.a = weights + (size_t)mb * block_cells(p) + point * point_cells,
                               .b = {chunks[0] + point * point_cells, chunks[1] + point * point_cells},
                               .b_row = {TILE_COLUMNS, TILE_COLUMNS},
                               .b_step = {TILE, TILE}};
        k->multiply(&run, 1, p->depth, p->cells, rows, block_cells(p), 0, w->sums[point]);
    }
}

static void run_task(const struct tile_kernels *k, const struct plan *p, const cell *weights,
                     const real *source, int task, enum put how, cell *chunks, struct work *w,
                     real *destination) {
    int band = task % p->bands, share = task / p->bands, pairs = (p->m_blocks + 1) / 2;
    int first = band * p->band, last = smaller(p->patches.count, first + p->band);
    for (int chunk = first; chunk < last; chunk++)
        pack_chunk(k, p, source, chunk, chunks + (size_t)(chunk - first) * block_cells(p));
    for (int pair = pairs * share / p->shares; pair < pairs * (share + 1) / p->shares; pair++)
        for (int chunk = first; chunk < last; chunk += 2) {
            int other = smaller(chunk + 1, last - 1);
            const cell *const both[2] = {chunks + (size_t)(chunk - first) * block_cells(p),
                                         chunks + (size_t)(other - first) * block_cells(p)};
            multiply_chunks(k, p, weights, both, 2 * pair, w);
            for (int i = 0; i < 4; i++) {
                int mb = 2 * pair + i / 2;
                if (mb >= p->m_blocks || (i % 2 && other == chunk))
                    continue;
                winograd_to_results(w->sums[0][i], 4 * TILE_SUMS, w->results[0]);
                put_chunk(k, p, w, mb * TILE_ROWS, i % 2 ? other : chunk, how, destination);
            }
        }
}

static size_t thread_cells(const struct plan *p) {
    return (size_t)p->band * block_cells(p);
}

static void run(const struct tile_kernels *k, const struct convolution *c, int transposed, const real *weight,
                const real *source, real *destination, int add, void *scratch) {
    struct plan p = make_plan(c, transposed);
    cell *weights = scratch, *chunks = weights + (size_t)p.m_blocks * block_cells(&p);
    struct work *works = (struct work *)(chunks + thread_cells(&p) * (size_t)omp_get_max_threads());
    size_t bytes = (size_t)p.m * p.rows * p.width * c->batch * sizeof(real);
    enum put how = add ? PUT_ADD : bytes > TILED_CACHE_BYTES ? PUT_PAST : PUT_OVER;
#pragma omp parallel
    {
        size_t thread = (size_t)omp_get_thread_num();
#pragma omp for schedule(static)
        for (int mb = 0; mb < p.m_blocks; mb++)
            pack_weights(k, &p, weight, mb, weights + (size_t)mb * block_cells(&p));
        k->begin(p.cells);
#pragma omp for schedule(static)
        for (int task = 0; task < p.bands * p.shares; task++)
            run_task(k, &p, weights, source, task, how, chunks + thread * thread_cells(&p), works + thread,
                     destination);
        k->end();
    }
}

void tiled_winograd_forward(const struct tile_kernels *k, const struct convolution *c, const real *weight,
                            const real *x, real *y, int add, void *scratch) {
    run(k, c, 0, weight, x, y, add, scratch);
}

void tiled_winograd_backward_data(const struct tile_kernels *k, const struct convolution *c,
                                  const real *weight, const real *y, real *x, int add, void *scratch) {
    run(k, c, 1, weight, y, x, add, scratch);
}

size_t tiled_winograd_scratch(const struct convolution *c, int threads) {
    size_t most = 0;
    for (int transposed = 0; transposed < 2; transposed++) {
        struct plan p = make_plan(c, transposed);
        size_t need =
            ((size_t)p.m_blocks * block_cells(&p) + thread_cells(&p) * (size_t)threads) * sizeof(cell) +
            (size_t)threads * sizeof(struct work);
        most = need > most ? need : most;
    }
    return most;
}
