// SPDX-License-Identifier: Apache-2.0
// Forward pass and data gradient in tiles. Both give a destination [m][rows][width][N] from a source
// [k][..][N], each destination pixel reading the source pixels of its taps:
//
//   forward         source x = x stride + kx - padding, for every kx
//   data gradient   source x = (x + padding - kx) / stride, for the kx that leave no remainder:
//                   columns of equal remainder by the stride (a phase) share their taps
//
// A task is a band of destination rows and a share of the output channels. It packs the source rows that the
// band reads into B tiles that stay in the second-level cache,
//
//   source tiles   [row][depth][column][strip]       column 0 lies `left` zeros before the image
//   weight tiles   [m / 16][ky][kx][depth]           packed once per call, by all threads
//
// and multiplies: for two rows of weight tiles, all pairs of neighbouring source tiles of the band, so that
// the weights stay in the first-level cache. A strip is 16 images; past the batch there are zeros.
//
// Where channels are few, a tile's depth would be mostly zeros: there the taps in x are folded into the
// depth (channel and kx together), and source tiles are kept per destination column. So are those of a 1x1
// kernel that skips columns.
//
// A source in pairs (pairs.h) is not packed at all: its planes are the rows of B tiles as they lie, taps
// outside the image are rows of zeros.
#include "core/kernels/tiled_gather.h"

#include "core/kernels/pairs.h"
#include "core/kernels/tiled_gather_plan.h"
#include "core/kernels/tiled_internal.h"

#include <omp.h>
#include <string.h>

// ------------------------------------------------------------------------------------------ weights

// Cells of the tiles [ky][kx][depth] of 16 output channels.
static size_t weight_block(const struct tile_gather *g) {
    return (size_t)g->c->kernel_h * g->taps_x * g->depth * TILE;
}

// Where the rows of such a block lie.
static cell *weight_at(const struct tile_gather *g, cell *block, int row, int tap, int depth) {
    return block + ((size_t)tap * g->depth + (size_t)depth) * TILE + (size_t)row * TILE_CELLS;
}

// One row of the weight tiles, folded: channel and kx together are its depth. A channel's weights of this row
// lie by_k numbers behind those of the one before.
static void lay_folded(const struct tile_kernels *k, const struct tile_gather *g, const real *weight,
                       size_t by_k, int row, cell *block) {
    int kernel_w = g->c->kernel_w;
    for (int ky = 0; ky < g->c->kernel_h; ky++)
        for (int depth = 0; depth < g->depth; depth++) {
            real numbers[2 * TILE_CELLS];
            int used = g->cells * g->numbers, first = depth * used,
                n = smaller(used, g->k * kernel_w - first);
            for (int i = 0; i < n; i++)
                numbers[i] = weight[(size_t)((first + i) % g->k) * by_k +
                                    (size_t)(ky * kernel_w + (first + i) / g->k)];
            k->row(numbers, (size_t)n, weight_at(g, block, row, ky, depth));
        }
}

// `rows` rows from weight [k][row][tap], whose rows of taps lie together and are columns.
static void lay_columns(const struct tile_kernels *k, const struct tile_gather *g, const real *weight,
                        size_t by_k, int first_row, int rows, cell *block) {
    int taps = g->c->kernel_h * g->c->kernel_w;
    for (int depth = 0; depth < g->depth; depth++)
        for (int first = 0; first < rows * taps; first += TILE_ROWS) {
            cell *to[TILE_ROWS];
            int columns = smaller(TILE_ROWS, rows * taps - first);
            for (int i = 0; i < columns; i++)
                to[i] = weight_at(g, block, first_row + (first + i) / taps, (first + i) % taps, depth);
            k->lay(weight + (size_t)(depth * gather_tile_depth(g)) * by_k + first, by_k,
                   smaller(gather_tile_depth(g), g->k - depth * gather_tile_depth(g)), columns, to);
        }
}

// The tiles of 16 output channels from 16 mb on.
static void pack_block(const struct tile_kernels *k, const struct tile_gather *g, const real *weight, int mb,
                       cell *tiles) {
    size_t taps = (size_t)g->c->kernel_h * g->c->kernel_w;
    int first = mb * TILE_ROWS, rows = smaller(TILE_ROWS, g->m - first);
    if (rows < TILE_ROWS)
        memset(tiles, 0, weight_block(g) * sizeof *tiles);
    // The data gradient's rows of one channel lie together, [k][m][tap]; the forward pass's do not,
    // [m][k][tap].
    size_t by_m = g->transposed ? taps : (size_t)g->k * taps, by_k = g->transposed ? g->m * taps : taps;
    const real *from = weight + (size_t)first * by_m;
    if (g->transposed && !g->folded)
        lay_columns(k, g, from, by_k, 0, rows, tiles);
    for (int row = 0; row < rows && g->folded; row++)
        lay_folded(k, g, from + (size_t)row * by_m, by_k, row, tiles);
    for (int row = 0; row < rows && !g->transposed && !g->folded; row++)
        if (taps == 1)
            k->row(from + (size_t)row * by_m, (size_t)g->k, weight_at(g, tiles, row, 0, 0));
        else
            lay_columns(k, g, from + (size_t)row * by_m, by_k, row, 1, tiles);
}

static void pack_weights(const struct tile_kernels *k, const struct tile_gather *g, const real *weight,
                         cell *out) {
#pragma omp for schedule(static)
    for (int mb = 0; mb < g->m_blocks; mb++)
        pack_block(k, g, weight, mb, out + (size_t)mb * weight_block(g));
}

// ------------------------------------------------------------------------------------------ source rows

struct depth_source { // one of the depths of a cell, over all kept columns
    const real *row;  // of its channel, NULL: zeros
    int offset;       // source column of kept column 0
};

static struct depth_source depth_source(const struct tile_gather *g, const real *source, int row, int depth) {
    size_t plane = (size_t)g->source_rows * g->source_width * g->c->batch;
    int channel = g->folded ? depth % g->k : depth, kx = g->folded ? depth / g->k : 0;
    int limit = g->folded ? g->k * g->c->kernel_w : g->k;
    struct depth_source s = {.offset = -g->left};
    if (depth >= limit)
        return s;
    if (g->folded)
        gather_source_offset(g, 0, kx, &s.offset);
    s.row = source + (size_t)channel * plane + (size_t)row * g->source_width * g->c->batch;
    return s;
}

// Kept columns [*first, *last) of a depth that lie in the image.
static void inside(const struct tile_gather *g, const struct depth_source *s, int step, int *first,
                   int *last) {
    *first = s->row ? smaller(g->columns, larger(0, (-s->offset + step - 1) / step)) : 0;
    *last = s->row ? smaller(g->columns, (g->source_width - s->offset + step - 1) / step) : 0;
    *last = larger(*first, *last);
}

// All depths of a cell over kept columns [first, last), each either wholly inside or wholly outside.
static void pack_stretch(const struct tile_kernels *k, const struct tile_gather *g,
                         const struct depth_source s[2], int step, int first, int last, const int in[2],
                         cell *to) {
    size_t n = (size_t)g->c->batch;
    for (int strip = 0; strip < g->strips && first < last; strip++) {
        const real *from[2];
        for (int i = 0; i < 2; i++)
            from[i] = in[i]
                          ? s[i].row + (size_t)(s[i].offset + first * step) * n + (size_t)strip * TILE_COLUMNS
                          : NULL;
        k->column(from, last - first, (size_t)step * n,
                  smaller(TILE_COLUMNS, g->c->batch - strip * TILE_COLUMNS),
                  to + ((size_t)first * g->strips + strip) * TILE, (size_t)g->strips * TILE);
    }
}

// The next channel's row lies a plane away, which no processor foresees.
static void ask_for(const struct tile_gather *g, const real *source, int row, int channel) {
    if (g->folded || channel >= g->k)
        return;
    const real *next = depth_source(g, source, row, channel).row;
    for (int i = 0; i < g->source_width * g->c->batch; i += TILE_COLUMNS)
        __builtin_prefetch(next + i);
}

// One source row into its tiles [depth][column][strip].
static void pack_row(const struct tile_kernels *k, const struct tile_gather *g, const real *source, int row,
                     cell *tiles) {
    int step = g->folded ? g->step : 1;
    int rows = g->depth * g->cells; // of all tiles
    for (int at = 0; at < rows; at++) {
        cell *to = tiles + (size_t)(at / g->cells) * g->columns * g->strips * TILE +
                   (size_t)(at % g->cells) * TILE_COLUMNS;
        struct depth_source s[2] = {{.row = NULL}, {.row = NULL}};
        ask_for(g, source, row, g->numbers * (at + 1));
        int cut[6] = {0, [5] = g->columns};
        for (int i = 0; i < 2; i++) {
            if (i < g->numbers)
                s[i] = depth_source(g, source, row, g->numbers * at + i);
            inside(g, &s[i], step, &cut[1 + i], &cut[3 + i]);
        }
        // Between the cuts, in order, each depth is inside or outside throughout.
        int first[2] = {cut[1], cut[2]}, last[2] = {cut[3], cut[4]};
        for (int i = 1; i < 5; i++)
            for (int j = i; j > 1 && cut[j] < cut[j - 1]; j--) {
                int swap = cut[j];
                cut[j] = cut[j - 1];
                cut[j - 1] = swap;
            }
        for (int i = 0; i < 5; i++) {
            int in[2];
            for (int h = 0; h < 2; h++)
                in[h] = cut[i] >= first[h] && cut[i] < last[h];
            pack_stretch(k, g, s, step, cut[i], cut[i + 1], in, to);
        }
    }
}

// ------------------------------------------------------------------------------------------ products

struct gather_task {
    const struct tile_kernels *k;
    const struct tile_gather *g;
    const real *weight;
    cell *weights;     // tiles of weights from output channels 16 first_block on
    const cell *tiles; // of source rows from `row` on
    int first_block, row;
    void *destination;
    enum put how;
};

// Where a C tile belongs: output channels from m on, at one pixel's strip.
struct tile_place {
    int m, strip;
    size_t pixel;
};

static size_t destination_columns(const struct tile_gather *g) {
    return (size_t)g->rows * g->width * g->c->batch;
}

static size_t column_of(const struct tile_gather *g, const struct tile_place *to) {
    return to->pixel * (size_t)g->c->batch + (size_t)to->strip * TILE_COLUMNS;
}

static bf16 *pairs_of_place(const struct gather_task *t, const struct tile_place *to) {
    return (bf16 *)t->destination + (size_t)to->m / 2 * pairs_plane(destination_columns(t->g)) +
           2 * column_of(t->g, to);
}

// Lines that are put over are fetched first: meanwhile the tile is multiplied. Of pairs, whose rows are half
// as many.
static void ask_for_place(const struct gather_task *t, const struct tile_place *to) {
    size_t plane = pairs_plane(destination_columns(t->g));
    if (t->how == PUT_PAST || !t->g->destination_paired)
        return;
    const bf16 *line = pairs_of_place(t, to);
    for (int row = 0; row < smaller(TILE_ROWS, t->g->m - to->m); row += 2, line += plane)
        __builtin_prefetch(line, 1);
}

static void put_tile(const struct gather_task *t, const float *sums, const struct tile_place *to) {
    const struct tile_gather *g = t->g;
    size_t columns = destination_columns(g);
    int rows = smaller(TILE_ROWS, g->m - to->m),
        used = smaller(TILE_COLUMNS, g->c->batch - to->strip * TILE_COLUMNS);
    if (g->destination_paired)
        t->k->put_pairs(sums, rows, used, t->how, pairs_of_place(t, to), pairs_plane(columns));
    else
        t->k->put(sums, rows, used, t->how,
                  (real *)t->destination + (size_t)to->m * columns + column_of(g, to), columns);
}

// What a block of C tiles multiplies: two rows of weight tiles (one at the end of an odd number) and two
// chunks, each a destination column of a phase and a strip, in the same destination row or in two.
struct tile_block {
    int mb, phase, rows[2]; // of the destination
    int count;              // taps that either row has
    struct tile_run runs[TILED_MAXIMUM_TAPS],
        aimed[TILED_MAXIMUM_TAPS];              // without columns; those of two chunks
    const cell *sources[TILED_MAXIMUM_TAPS][2]; // source row of a tap; NULL: outside the image
    int columns[TILED_MAXIMUM_TAPS];            // source column of the phase's first
};

static const cell *source_at(const struct gather_task *t, int y, int ky) {
    int row = gather_source_row(t->g, y, ky);
    return row < 0 ? NULL : t->tiles + (size_t)(row - t->row) * t->g->source.row;
}

// Its taps, of both rows: where one has a tap that the other has not, the other reads zeros.
static void begin_block(const struct gather_task *t, int mb, int y, int other, int phase,
                        struct tile_block *b) {
    const struct tile_gather *g = t->g;
    b->rows[0] = y;
    b->rows[1] = other;
    b->mb = mb;
    b->phase = phase;
    b->count = 0;
    for (int ky = 0; ky < g->c->kernel_h; ky++) {
        const cell *sources[2] = {source_at(t, y, ky), source_at(t, other, ky)};
        int offset = 0;
        for (int kx = 0; (sources[0] || sources[1]) && kx < g->taps_x; kx++) {
            if (!g->folded && !gather_source_offset(g, phase, kx, &offset))
                continue;
            struct tile_run *run = &b->runs[b->count];
            run->a = t->weights + (size_t)(mb - t->first_block) * weight_block(g) +
                     (size_t)(ky * g->taps_x + kx) * (size_t)g->depth * TILE;
            for (int j = 0; j < 2; j++) {
                b->sources[b->count][j] = sources[j];
                run->b[j] = tile_zeros;
                run->b_row[j] = sources[j] ? g->source.tile_row : 0;
                run->b_step[j] = sources[j] ? g->source.depth : 0;
            }
            b->columns[b->count++] = offset + g->left;
        }
    }
}

// The source tiles of a chunk, half j of a run, through tap r of its row; 0: outside the image, zeros.
// Strides are set already, of rows inside.
static int aim(const struct tile_gather *g, const struct tile_block *b, int r, int j, int column, int strip,
               struct tile_run *run) {
    const cell *row = b->sources[r][j];
    int inside = g->folded || (column >= g->left && column < g->left + g->source_width);
    if (!row)
        return 0;
    if (inside || !g->source_paired) { // where tiles were packed, columns outside are tiles of zeros
        run->b[j] = row + (size_t)column * g->source.column + (size_t)strip * g->source.strip;
    } else {
        run->b[j] = tile_zeros;
        run->b_row[j] = run->b_step[j] = 0;
    }
    return inside;
}

// The runs of two chunks, taps that both have outside the image left out.
static int aim_both(const struct tile_gather *g, struct tile_block *b, const int q[2]) {
    int count = 0, step = g->folded ? 1 : g->step;
    for (int r = 0; r < b->count; r++) {
        struct tile_run *run = &b->aimed[count];
        int inside = 0;
        *run = b->runs[r];
        for (int j = 0; j < 2; j++)
            inside |= aim(g, b, r, j, b->columns[r] + q[j] / g->strips * step, q[j] % g->strips, run);
        count += inside;
    }
    return count;
}

// Where C tile i of chunks q belongs; 0: nowhere, at the end of an odd number of rows of weight tiles.
static int place_of(const struct gather_task *t, const struct tile_block *b, int i, const int q[2],
                    struct tile_place *to) {
    const struct tile_gather *g = t->g;
    int j = i % 2, mb = b->mb + i / 2, x = b->phase + g->phases * (q[j] / g->strips);
    *to = (struct tile_place){mb * TILE_ROWS, q[j] % g->strips, (size_t)b->rows[j] * g->width + x};
    return mb < g->m_blocks;
}

// Chunks number first and other; the same one in the same row: there is but one.
static void multiply_chunks(const struct gather_task *t, struct tile_block *b, int first, int other) {
    const struct tile_gather *g = t->g;
    float sums[4][TILE_SUMS] __attribute__((aligned(64)));
    struct tile_place to;
    int q[2] = {first, other}, single = first == other && b->rows[0] == b->rows[1];
    int step = single ? 2 : 1; // the left tiles alone
    for (int i = 0; i < 4; i += step)
        if (place_of(t, b, i, q, &to))
            ask_for_place(t, &to);
    t->k->multiply(b->aimed, aim_both(g, b, q), g->depth, g->cells,
                   smaller(2 * TILE_ROWS, g->m - b->mb * TILE_ROWS), weight_block(g), 0, sums);
    for (int i = 0; i < 4; i += step)
        if (place_of(t, b, i, q, &to))
            put_tile(t, sums[i], &to);
}

// Columns of one phase of two destination rows (other == y: of one): each row's chunks two by two, and what
// an odd number of them leaves together. Where a chunk is a column, so are the first and the last, whose taps
// outside the image can then be left out.
static void multiply_rows(const struct gather_task *t, int mb, int y, int other, int phase) {
    int chunks = gather_phase_columns(t->g, phase) * t->g->strips, rows[2] = {y, other}, two = other != y;
    int edges = two && t->g->strips == 1 && t->g->c->padding > 0 && chunks > 2;
    int first = edges, last = chunks - edges; // of those taken within a row
    last -= (last - first) % 2;
    struct tile_block b;
    for (int i = 0; i < 1 + two && first < last; i++) {
        begin_block(t, mb, rows[i], rows[i], phase, &b);
        for (int q = first; q < last; q += 2)
            multiply_chunks(t, &b, q, q + 1);
    }
    if (first == 0 && last == chunks)
        return;
    begin_block(t, mb, y, other, phase, &b);
    for (int q = 0; q < chunks; q++)
        if (q < first || q >= last)
            multiply_chunks(t, &b, q, q);
}

// Two rows of weight tiles, or the last one, in place of those before.
static void pack_two(struct gather_task *t, int mb) {
    t->first_block = mb;
    for (int i = 0; i < 2 && mb + i < t->g->m_blocks; i++)
        pack_block(t->k, t->g, t->weight, mb + i, t->weights + (size_t)i * weight_block(t->g));
}

static void run_task(struct gather_task *t, const void *source, int task, cell *tiles) {
    const struct tile_gather *g = t->g;
    int band = task % g->bands, share = task / g->bands, pairs = (g->m_blocks + 1) / 2;
    int first = band * g->band, last = smaller(g->rows, first + g->band);
    int rows = gather_rows_read(g, first, last, &t->row);
    t->tiles = tiles;
    if (g->source_paired) { // read where it lies
        t->tiles = source;
        t->row = 0;
    } else {
        for (int i = 0; i < rows; i++)
            if (gather_is_read(g, first, last, t->row + i))
                pack_row(t->k, g, source, t->row + i, tiles + (size_t)i * g->row_tiles * TILE);
    }
    for (int pair = pairs * share / g->shares; pair < pairs * (share + 1) / g->shares; pair++) {
        if (g->packs_late)
            pack_two(t, 2 * pair);
        for (int y = first; y < last; y++) {
            // Two rows of one phase: the first of them does both.
            int odd = (y - first) / g->phases % 2, other = y + g->phases;
            for (int phase = 0; phase < g->phases && !odd; phase++)
                multiply_rows(t, 2 * pair, y, other < last ? other : y, phase);
        }
    }
}

static size_t band_numbers(const struct tile_gather *g) {
    int maximum = 0, from;
    if (g->source_paired)
        return 0;
    for (int first = 0; first < g->rows; first += g->band)
        maximum = larger(maximum, gather_rows_read(g, first, smaller(g->rows, first + g->band), &from));
    return (size_t)maximum * g->row_tiles * TILE;
}

static size_t weight_cells(const struct tile_gather *g, int threads) {
    return g->packs_late ? 2 * weight_block(g) * (size_t)threads : g->weight_tiles * TILE;
}

static size_t destination_bytes(const struct tile_gather *g) {
    size_t columns = destination_columns(g);
    return g->destination_paired ? pairs_bytes(g->m, columns) : (size_t)g->m * columns * sizeof(real);
}

static void run(const struct tile_kernels *k, const struct tile_gather *g, const real *weight,
                const void *source, void *destination, int add, void *scratch) {
    size_t band = band_numbers(g), own = g->packs_late ? 2 * weight_block(g) : 0; // of each thread
    cell *weights = scratch, *tiles = weights + weight_cells(g, omp_get_max_threads());
    enum put how = add ? PUT_ADD : destination_bytes(g) > TILED_CACHE_BYTES ? PUT_PAST : PUT_OVER;
#pragma omp parallel
    {
        struct gather_task t = {.k = k,
                                .g = g,
                                .weight = weight,
                                .weights = weights + own * (size_t)omp_get_thread_num(),
                                .destination = destination,
                                .how = how};
        if (!g->packs_late)
            pack_weights(k, g, weight, weights);
        k->begin(g->cells);
#pragma omp for schedule(static)
        for (int task = 0; task < g->bands * g->shares; task++)
            run_task(&t, source, task, tiles + band * (size_t)omp_get_thread_num());
        k->end();
    }
}

void tiled_gather_forward(const struct tile_kernels *k, const struct convolution *c, const real *weight,
                          const void *x, void *y, int add, void *scratch) {
    struct tile_gather g = gather_plan(k, c, 0);
    run(k, &g, weight, x, y, add, scratch);
}

void tiled_gather_backward_data(const struct tile_kernels *k, const struct convolution *c, const real *weight,
                                const void *y, void *x, int add, void *scratch) {
    struct tile_gather g = gather_plan(k, c, 1);
    run(k, &g, weight, y, x, add, scratch);
}

size_t tiled_gather_scratch(const struct tile_kernels *k, const struct convolution *c, int threads) {
    size_t maximum = 0;
    for (int transposed = 0; transposed < 2; transposed++) {
        struct tile_gather g = gather_plan(k, c, transposed);
        size_t need = (weight_cells(&g, threads) + band_numbers(&g) * (size_t)threads) * sizeof(cell);
        maximum = need > maximum ? need : maximum;
    }
    return maximum;
}
