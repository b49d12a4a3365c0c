// SPDX-License-Identifier: Apache-2.0
// The weight gradient in tiles: weight[m][i][tap] = sum over pixels and images of y[m][pixel] x[i][its
// source]. The depth runs along rows of the output, pixel after pixel, image after image; C tiles are 16
// output channels x 16 input channels of one tap. Band by band of output rows:
//
//   1. pack    y to A tiles  [m / 16][row][depth]            a row's numbers as they lie, zeros at its end
//              x to B tiles  [i / 16][row][phase][depth][16]
//   2. multiply: a task is a block of 2 x 2 C tiles over all rows of the band: two blocks of output channels,
//      times two neighbours of the list of (tap, block of input channels). Output columns that a tap finds
//      outside the image are left out as far as they fill tiles
//   3. put     sums to their weights
//
// Where sums are many and rows few, all rows are one band, and sums go to their weights group by group, while
// they are in the second-level cache: a group is two blocks of output channels times two of input channels,
// with all taps.
//
// A tap moves the source along the row by whole pixels, thus the B tiles by whole cells of depth: tiles may
// begin at any cell. With a stride, columns of equal remainder (a phase) are kept apart, and a tap moves
// within its phase. In bf16 an odd batch is padded by one zero per pixel.
//
// Where input channels are few, the taps in x are folded into them, as in tiled_gather.c.
#include "core/kernels/tiled_weight.h"

#include "core/kernels/pairs.h"
#include "core/kernels/tiled_internal.h"

#include <omp.h>
#include <string.h>

enum {
    MAXIMUM_ROWS = 64,    // of a band
    BAND_BYTES = 1 << 20, // of packed rows: measured with caches of 1 and 2 MiB
    FOLDED_CHANNELS = 8,
};

struct tiled_weight_plan {
    const struct convolution *c;
    int numbers;          // of a cell
    int images;           // batch, whole cells
    int folded;           // taps in x are input channels
    int channels, taps_x; // input channels and taps in x, after folding
    int m_blocks, i_blocks;
    int taps;         // kernel_h times taps_x
    int columns;      // of the list of B tiles: [i_blocks / 2][taps][2], at the end of an odd number [taps]
    int column_pairs; // of neighbours in it
    int grouped;      // one band of all rows; sums go to their weights group by group
    int phases;       // of source columns
    int depth;        // A tiles of an output row
    int positions;    // source pixels kept per phase and row
    int source_depth; // their cells of depth, with what the last tile reads beyond
    int band, source_band; // output rows, and source rows of a band
    size_t y_row, x_row;   // cells of a packed row: 16 output channels; 16 input channels, all phases
    size_t stage;          // floats of a row being prepared, 16 channels
    size_t y_size, x_size, sums_size; // numbers and cells of the parts of the scratch
};

// Measured on a second-level cache of 2 MiB: it pays where the sums would not stay there from band to band,
// and the smaller operand, which every group of the larger one goes over, does.
static int goes_by_groups(const struct tiled_weight_plan *p) {
    size_t y = (size_t)p->m_blocks * p->y_row, x = (size_t)p->i_blocks * p->x_row * p->c->stride,
           sums = (size_t)p->m_blocks * p->i_blocks * p->taps * TILE_SUMS;
    return p->c->h_out <= MAXIMUM_ROWS && sums * sizeof(float) > BAND_BYTES &&
           (y < x ? y : x) * p->c->h_out * sizeof(cell) <= BAND_BYTES;
}

static struct tiled_weight_plan make_plan(const struct tile_kernels *k, const struct convolution *c,
                                          int threads) {
    struct tiled_weight_plan p = {.c = c, .numbers = k->numbers};
    p.images = (int)blocks_of((size_t)c->batch, (size_t)p.numbers) * p.numbers;
    p.folded = c->kernel_w > 1 && c->c_in <= FOLDED_CHANNELS && !c->x_paired;
    p.channels = p.folded ? c->c_in * c->kernel_w : c->c_in;
    p.taps_x = p.folded ? 1 : c->kernel_w;
    p.m_blocks = (int)blocks_of((size_t)c->c_out, TILE_ROWS);
    p.i_blocks = (int)blocks_of((size_t)p.channels, TILE_COLUMNS);
    p.phases = p.folded ? 1 : smaller(c->stride, c->kernel_w);
    p.depth = (int)blocks_of((size_t)c->w_out * p.images, (size_t)TILE_CELLS * (size_t)p.numbers);
    int moves = p.folded ? 0 : (c->kernel_w - 1) / c->stride;
    p.positions = c->w_out + moves;
    p.source_depth = (moves * p.images / p.numbers + p.depth * TILE_CELLS + 15) / 16 * 16;
    p.y_row = (size_t)p.depth * TILE;
    p.x_row = (size_t)p.phases * p.source_depth * TILE_COLUMNS;
    p.stage = (size_t)(TILE_COLUMNS * p.numbers) * p.source_depth;
    size_t row_bytes =
        ((size_t)p.m_blocks * p.y_row + (size_t)p.i_blocks * p.x_row * c->stride) * sizeof(cell);
    p.taps = c->kernel_h * p.taps_x;
    p.grouped = goes_by_groups(&p);
    size_t rows = BAND_BYTES / row_bytes;
    p.band = rows < 1 ? 1 : smaller((int)(rows < MAXIMUM_ROWS ? rows : MAXIMUM_ROWS), c->h_out);
    p.band = p.grouped ? c->h_out : p.band;
    p.source_band = (p.band - 1) * c->stride + c->kernel_h;
    p.y_size = (size_t)p.m_blocks * p.band * p.y_row;
    p.x_size = (size_t)p.i_blocks * p.source_band * p.x_row;
    p.columns = p.taps * p.i_blocks;
    p.column_pairs = (p.columns + 1) / 2;
    p.sums_size = p.grouped ? (size_t)p.taps * 4 * TILE_SUMS * (size_t)threads
                            : blocks_of((size_t)p.m_blocks, 2) * (size_t)p.column_pairs * 4 * TILE_SUMS;
    return p;
}

enum { NUMBER = 4 }; // bytes of a float and of a pair, which are moved alike

// Pixels from[0], from[step], ... of `count`, each `batch` numbers or pairs, made `images` wide.
static void spread(const struct tiled_weight_plan *p, const char *from, int step, int count, char *to) {
    size_t pixel = (size_t)p->c->batch * NUMBER, wide = (size_t)p->images * NUMBER;
    if (step == 1 && wide == pixel) {
        memcpy(to, from, (size_t)count * pixel);
        return;
    }
    for (int i = 0; i < count; i++, from += (size_t)step * pixel, to += wide) {
        memcpy(to, from, pixel);
        memset(to + pixel, 0, wide - pixel);
    }
}

// One row of one output channel, or of a pair of them, to its rows of A tiles.
static void pack_row(const struct tile_kernels *k, const struct tiled_weight_plan *p, const char *from,
                     char *stage, cell *out) {
    size_t n = (size_t)p->c->w_out * p->images;
    if (p->images != p->c->batch) {
        spread(p, from, 1, p->c->w_out, stage);
        from = stage;
    }
    if (p->c->y_paired)
        k->row_pairs((const bf16 *)from, n, out, out + TILE_CELLS);
    else
        k->row((const real *)from, n, out);
}

// Output rows [first, last) of 16 output channels.
static void pack_y(const struct tile_kernels *k, const struct tiled_weight_plan *p, const char *y, int mb,
                   int first, int last, char *stage, cell *out) {
    const struct convolution *c = p->c;
    size_t row = (size_t)c->w_out * c->batch, of_row = c->y_paired ? 2 : 1;
    size_t plane = c->y_paired ? pairs_plane(row * (size_t)c->h_out) / 2 : row * (size_t)c->h_out;
    int used = smaller(TILE_ROWS, c->c_out - mb * TILE_ROWS);
    if (used < TILE_ROWS)
        memset(out, 0, (size_t)(last - first) * p->y_row * sizeof *out);
    for (size_t r = 0; r < (size_t)used; r += of_row)
        for (int oy = first; oy < last; oy++) {
            size_t from = ((size_t)mb * TILE_ROWS + r) / of_row * plane + (size_t)oy * row;
            pack_row(k, p, y + from * NUMBER, stage, out + (size_t)(oy - first) * p->y_row + r * TILE_CELLS);
        }
}

struct position_range { // [first, last)
    int first, last;
};

// Which of `count` positions lie in the image: position i is source column i * stride + shift. Positions are
// those that are kept of a phase (or of a folded tap), or output columns.
static struct position_range inside(const struct tiled_weight_plan *p, int shift, int count) {
    int s = p->c->stride, first = shift < 0 ? (-shift + s - 1) / s : 0;
    int last = p->c->w_in <= shift ? 0 : smaller(count, (p->c->w_in - shift + s - 1) / s);
    return (struct position_range){smaller(first, last), last};
}

// One channel's, or one pair's, source row into the stage, zero outside the image.
static void stage_row(const struct tiled_weight_plan *p, const char *row, int shift, char *to) {
    struct position_range in = inside(p, shift, p->positions);
    size_t wide = (size_t)p->images * NUMBER, begin = (size_t)in.first * wide, end = (size_t)in.last * wide;
    memset(to, 0, begin);
    if (in.first < in.last)
        spread(p, row + (size_t)(in.first * p->c->stride + shift) * p->c->batch * NUMBER, p->c->stride,
               in.last - in.first, to + begin);
    memset(to + end, 0, (size_t)p->source_depth * (size_t)p->numbers * NUMBER - end);
}

static void turn(const struct tile_kernels *k, const struct tiled_weight_plan *p, const char *from,
                 size_t plane, size_t n, cell *out) {
    if (p->c->x_paired)
        k->turn_pairs((const bf16 *)from, 2 * plane, n, out);
    else
        k->turn((const real *)from, plane, n, out);
}

// One source row of 16 channels, `plane` numbers or pairs apart, to B tiles by way of the stage.
static void turn_staged(const struct tile_kernels *k, const struct tiled_weight_plan *p, const char *row,
                        size_t plane, int ib, int phase, char *stage, cell *out) {
    const struct convolution *c = p->c;
    int of_row = c->x_paired ? 2 : 1;
    size_t width = (size_t)p->source_depth * (size_t)p->numbers;
    for (int column = 0; column < TILE_COLUMNS; column += of_row) {
        int channel = ib * TILE_COLUMNS + column, kx = phase;
        char *to = stage + (size_t)(column / of_row) * width * NUMBER;
        if (channel >= p->channels) {
            memset(to, 0, width * NUMBER);
            continue;
        }
        if (p->folded) {
            kx = channel / c->c_in;
            channel %= c->c_in;
        }
        stage_row(p, row + (size_t)(channel / of_row) * plane * NUMBER, kx - c->padding, to);
    }
    turn(k, p, stage, width, width, out);
}

// Whether those of its numbers that lie in the image fill whole tiles, which can be turned as they lie.
static int fills_tiles(const struct tiled_weight_plan *p, int ib, struct position_range in) {
    int depth = TILE_CELLS * p->numbers, step = p->c->stride > 1 ? 1 : in.last - in.first;
    return !p->folded && (ib + 1) * TILE_COLUMNS <= p->channels && p->images == p->c->batch &&
           in.first * p->images % depth == 0 && step * p->images % depth == 0;
}

// The same without the stage; `row` is that of the first of the 16 channels.
static void turn_in_place(const struct tile_kernels *k, const struct tiled_weight_plan *p, const char *row,
                          size_t plane, int shift, struct position_range in, cell *out) {
    size_t n = (size_t)p->images, pixel = n * NUMBER,
           tiles = n / (size_t)p->numbers * TILE_COLUMNS; // of a position
    int s = p->c->stride, count = s > 1 ? 1 : in.last - in.first;
    memset(out, 0, (size_t)in.first * tiles * sizeof *out);
    for (int i = in.first; i < in.last; i += count)
        turn(k, p, row + (size_t)(i * s + shift) * pixel, plane, (size_t)count * n, out + (size_t)i * tiles);
    memset(out + (size_t)in.last * tiles, 0,
           ((size_t)p->source_depth * TILE_COLUMNS - (size_t)in.last * tiles) * sizeof *out);
}

// One source row of 16 input channels, all phases.
static void pack_x(const struct tile_kernels *k, const struct tiled_weight_plan *p, const char *x, int ib,
                   int iy, char *stage, cell *out) {
    const struct convolution *c = p->c;
    size_t plane = (size_t)c->h_in * c->w_in * c->batch, of_block = TILE_COLUMNS / (c->x_paired ? 2 : 1);
    plane = c->x_paired ? pairs_plane(plane) / 2 : plane;
    size_t width = (size_t)c->w_in * (size_t)c->batch;
    const char *row = x + (size_t)iy * width * NUMBER;
    for (int phase = 0; phase < p->phases; phase++, out += (size_t)p->source_depth * TILE_COLUMNS) {
        struct position_range in = inside(p, phase - c->padding, p->positions);
        if (fills_tiles(p, ib, in))
            turn_in_place(k, p, row + (size_t)ib * of_block * plane * NUMBER, plane, phase - c->padding, in,
                          out);
        else
            turn_staged(k, p, row, plane, ib, phase, stage, out);
    }
}

// A block of 2 x 2 tiles: two blocks of output channels, two columns of the list. Threads share them in their
// order, and pack the rows of the operand with more channels in the same order: so a thread mostly multiplies
// what it packed itself.
struct block_place {
    int m_pair, column_pair;
};

static int block_of(const struct tiled_weight_plan *p, struct block_place at) {
    int m_pairs = (p->m_blocks + 1) / 2;
    return p->i_blocks > p->m_blocks ? at.column_pair * m_pairs + at.m_pair
                                     : at.m_pair * p->column_pairs + at.column_pair;
}

static struct block_place place_of(const struct tiled_weight_plan *p, int block) {
    int m_pairs = (p->m_blocks + 1) / 2;
    return p->i_blocks > p->m_blocks
               ? (struct block_place){.m_pair = block % m_pairs, .column_pair = block / m_pairs}
               : (struct block_place){.m_pair = block / p->column_pairs,
                                      .column_pair = block % p->column_pairs};
}

// A place in the list: the tap and the block of input channels.
struct tap_column {
    int ky, kx, ib;
};

static struct tap_column column_of(const struct tiled_weight_plan *p, int at) {
    int two = at / (2 * p->taps), rest = at % (2 * p->taps), single = 2 * two + 1 == p->i_blocks;
    int tap = single ? rest : rest / 2;
    return (struct tap_column){tap / p->taps_x, tap % p->taps_x, 2 * two + (single ? 0 : rest % 2)};
}

static int place_in_list(const struct tiled_weight_plan *p, int tap, int ib) {
    int single = ib + 1 == p->i_blocks && ib % 2 == 0;
    return ib / 2 * 2 * p->taps + (single ? tap : 2 * tap + ib % 2);
}

// Where the sums of a block of 2 x 2 tiles lie: among all, or in their group.
static size_t block_at(const struct tiled_weight_plan *p, struct block_place at) {
    return (size_t)(p->grouped ? at.column_pair % p->taps : block_of(p, at)) * 4 * TILE_SUMS;
}

// Those of a block of output channels, a block of input channels and a tap.
static size_t sums_at(const struct tiled_weight_plan *p, int mb, int ib, int tap) {
    int column = place_in_list(p, tap, ib);
    return block_at(p, (struct block_place){mb / 2, column / 2}) +
           (size_t)(mb % 2 * 2 + column % 2) * TILE_SUMS;
}

// Tiles of an output row's depth whose source through kx lies in the image, at least in part.
static struct position_range depth_of(const struct tiled_weight_plan *p, int kx) {
    if (p->folded)
        return (struct position_range){0, p->depth};
    struct position_range in = inside(p, kx - p->c->padding, p->c->w_out);
    int pixel = p->images / p->numbers; // cells
    return (struct position_range){in.first * pixel / TILE_CELLS,
                                   (in.last * pixel + TILE_CELLS - 1) / TILE_CELLS};
}

// The B tiles of a column of the list from tile `depth` on, half j of a run, at an output row of the band
// that begins with row `first`; 0: outside the image, zeros.
static int aim(const struct tiled_weight_plan *p, const cell *xs, struct tap_column at, int oy, int first,
               int depth, struct tile_run *run, int j) {
    int s = p->c->stride, iy = oy * s + at.ky - p->c->padding, row = (oy - first) * s + at.ky;
    int within = iy >= 0 && iy < p->c->h_in;
    run->b[j] = tile_zeros;
    run->b_row[j] = within ? TILE_COLUMNS : 0;
    run->b_step[j] = within ? TILE : 0;
    int cells = at.kx % s * p->source_depth + at.kx / s * (p->images / p->numbers) + depth * TILE_CELLS;
    if (within)
        run->b[j] =
            xs + ((size_t)at.ib * p->source_band + (size_t)row) * p->x_row + (size_t)cells * TILE_COLUMNS;
    return within;
}

// Adds a band's share to one block of sums.
static void multiply_block(const struct tile_kernels *k, const struct tiled_weight_plan *p, const cell *ys,
                           const cell *xs, struct block_place at, int first, int last, float *sums) {
    int column = 2 * at.column_pair, mb = 2 * at.m_pair;
    struct tap_column left = column_of(p, column),
                      right = column + 1 < p->columns ? column_of(p, column + 1) : left;
    size_t y_block = (size_t)p->band * p->y_row;
    struct tile_run runs[MAXIMUM_ROWS];
    struct position_range one = depth_of(p, left.kx), two = depth_of(p, right.kx);
    int from = smaller(one.first, two.first), to = larger(one.last, two.last), count = 0;
    for (int oy = first; oy < last; oy++) {
        struct tile_run *run = &runs[count];
        run->a = ys + (size_t)mb * y_block + (size_t)(oy - first) * p->y_row + (size_t)from * TILE;
        int within = aim(p, xs, left, oy, first, from, run, 0);
        within |= aim(p, xs, right, oy, first, from, run, 1);
        count += within;
    }
    k->multiply(runs, count, to - from, TILE_CELLS, smaller(2 * TILE_ROWS, p->c->c_out - mb * TILE_ROWS),
                y_block, first > 0, (float(*)[TILE_SUMS])(sums + block_at(p, at)));
}

// A row of a block's sums, from `at` on in each tile, to its weights, whose taps lie together: from[tap] are
// the sums of `columns` channels.
static void put_row(const struct tile_kernels *k, const float *const from[], size_t at, int taps, int columns,
                    int add, real *to) {
    if (k->together) {
        k->together(from, at, taps, columns, add, to);
        return;
    }
    for (int column = 0; column < columns; column++)
        for (int tap = 0; tap < taps; tap++, to++)
            *to = (add ? *to : 0) + from[tap][at + (size_t)column];
}

// The same where the taps in x are channels: those lie apart.
static void put_folded_row(const struct tiled_weight_plan *p, const float *const from[], int first,
                           int columns, int row, int add, real *to) {
    const struct convolution *c = p->c;
    for (int column = 0; column < columns; column++) {
        int channel = (first + column) % c->c_in, kx = (first + column) / c->c_in;
        for (int ky = 0; ky < c->kernel_h; ky++) {
            real *here = to + (channel * c->kernel_h + ky) * c->kernel_w + kx;
            *here = (add ? *here : 0) + from[ky][row * TILE_COLUMNS + column];
        }
    }
}

// The sums of a block of output and one of input channels, all taps, to their weights: [m][channel][tap],
// where the sums are [tap][m][channel].
static void put(const struct tile_kernels *k, const struct tiled_weight_plan *p, int mb, int ib,
                const float *sums, int add, real *weight) {
    const struct convolution *c = p->c;
    int taps = p->taps, first = ib * TILE_COLUMNS, columns = smaller(TILE_COLUMNS, p->channels - first),
        rows = smaller(TILE_ROWS, c->c_out - mb * TILE_ROWS);
    size_t of_row = (size_t)c->c_in * (size_t)c->kernel_h * (size_t)c->kernel_w;
    const float *from[TILED_MAXIMUM_TAPS];
    for (int tap = 0; tap < taps; tap++)
        from[tap] = sums + sums_at(p, mb, ib, tap);
    for (int row = 0; row < rows; row++) {
        real *to = weight + (size_t)(mb * TILE_ROWS + row) * of_row;
        for (int i = 0; !p->folded && i < taps; i++) // the next row lies far away: its lines in time
            __builtin_prefetch(to + of_row + first * taps + i * TILE_COLUMNS, 1);
        if (p->folded)
            put_folded_row(p, from, first, columns, row, add, to);
        else
            put_row(k, from, (size_t)row * TILE_COLUMNS, taps, columns, add, to + first * taps);
    }
}

// A group from its packed rows to its weights. Groups are numbered so that those of one part of the larger
// operand follow each other.
static void do_group(const struct tile_kernels *k, const struct tiled_weight_plan *p, const cell *ys,
                     const cell *xs, int number, float *sums, int add, real *weight) {
    int m_pairs = (p->m_blocks + 1) / 2, twos = (p->i_blocks + 1) / 2, by_x = p->i_blocks > p->m_blocks;
    int m_pair = by_x ? number % m_pairs : number / twos, two = by_x ? number / m_pairs : number % twos;
    for (int pair = two * p->taps; pair < smaller((two + 1) * p->taps, p->column_pairs); pair++)
        multiply_block(k, p, ys, xs, (struct block_place){m_pair, pair}, 0, p->band, sums);
    for (int i = 0; i < 4; i++) {
        int mb = 2 * m_pair + i / 2, ib = 2 * two + i % 2;
        if (mb < p->m_blocks && ib < p->i_blocks)
            put(k, p, mb, ib, sums, add, weight);
    }
}

void tiled_backward_weight(const struct tile_kernels *k, const struct convolution *c, const void *y,
                           const void *x, real *weight, int add, void *scratch) {
    struct tiled_weight_plan p = make_plan(k, c, omp_get_max_threads());
    float *sums = scratch;
    real *stages = (real *)(sums + p.sums_size);
    cell *ys = (cell *)(stages + p.stage * (size_t)omp_get_max_threads()), *xs = ys + p.y_size;
    int m_pairs = (p.m_blocks + 1) / 2, groups = p.grouped ? m_pairs * ((p.i_blocks + 1) / 2) : 0,
        blocks = p.grouped ? 0 : m_pairs * p.column_pairs, puts = p.grouped ? 0 : p.m_blocks * p.i_blocks;
#pragma omp parallel
    {
        char *stage = (char *)(stages + p.stage * (size_t)omp_get_thread_num());
        k->begin(TILE_CELLS);
        for (int first = 0; first < c->h_out; first += p.band) {
            int last = smaller(c->h_out, first + p.band), top = first * c->stride - c->padding;
#pragma omp for schedule(static) nowait
            for (int mb = 0; mb < p.m_blocks; mb++)
                pack_y(k, &p, y, mb, first, last, stage, ys + (size_t)mb * p.band * p.y_row);
#pragma omp for schedule(static)
            for (int task = 0; task < p.i_blocks * p.source_band; task++) {
                int ib = task / p.source_band, row = task % p.source_band;
                // A stride larger than the kernel passes rows over.
                if (top + row >= 0 && top + row < c->h_in && row % c->stride < c->kernel_h)
                    pack_x(k, &p, x, ib, top + row, stage,
                           xs + ((size_t)ib * p.source_band + (size_t)row) * p.x_row);
            }
#pragma omp for schedule(static)
            for (int block = 0; block < blocks; block++)
                multiply_block(k, &p, ys, xs, place_of(&p, block), first, last, sums);
        }
#pragma omp for schedule(static) nowait
        for (int group = 0; group < groups; group++)
            do_group(k, &p, ys, xs, group,
                     sums + (size_t)p.taps * 4 * TILE_SUMS * (size_t)omp_get_thread_num(), add, weight);
        k->end();
#pragma omp for schedule(static)
        for (int task = 0; task < puts; task++)
            put(k, &p, task / p.i_blocks, task % p.i_blocks, sums, add, weight);
    }
}

size_t tiled_weight_scratch(const struct tile_kernels *k, const struct convolution *c, int threads) {
    struct tiled_weight_plan p = make_plan(k, c, threads);
    return p.sums_size * sizeof(float) + p.stage * (size_t)threads * sizeof(real) +
           (p.y_size + p.x_size) * sizeof(cell);
}
