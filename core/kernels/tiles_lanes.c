// SPDX-License-Identifier: Apache-2.0
// f32 tiles in the vectors of what the program was compiled for (lanes.h), where there is no table for the
// instruction set. A C tile is made in three parts, as many rows at a time as registers hold:
//
//              b [cell][16]              6 (5, 5) rows x 16 columns, two vectors of 8:
//     a[0] --> sum[0][0] sum[0][1]       12 sums, two vectors of B and one cell of A for all lanes
//     ...
//     a[5] --> sum[5][0] sum[5][1]
#ifndef REFF_DOUBLE
#include "core/kernels/lanes.h"
#include "core/kernels/tiles.h"

enum { VECTORS = TILE_COLUMNS / LANES, MOST_ROWS = 6 };

// `rows` rows of a C tile, from row `first` of A on; a_at cells behind where the runs say.
static inline __attribute__((always_inline)) void multiply_rows(const struct tile_run *runs, int count,
                                                                int depth, int cells, int rows, size_t a_at,
                                                                int column, int add, float *c) {
    lanes sums[MOST_ROWS][VECTORS];
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < VECTORS; v++)
            sums[i][v] = add ? lanes_load(c + i * TILE_COLUMNS + v * LANES) : lanes_all(0);
    for (int r = 0; r < count; r++) {
        const float *a = (const float *)(const void *)(runs[r].a + a_at);
        const float *b = (const float *)(const void *)runs[r].b[column];
        for (int d = 0; d < depth; d++, a += TILE, b += runs[r].b_step[column])
            for (int k = 0; k < cells; k++) {
                lanes row[VECTORS];
                for (int v = 0; v < VECTORS; v++)
                    row[v] = lanes_load(b + (size_t)k * runs[r].b_row[column] + v * LANES);
                for (int i = 0; i < rows; i++) {
                    float number;
                    memcpy(&number, a + i * TILE_CELLS + k, sizeof number);
                    lanes w = lanes_all(number);
                    for (int v = 0; v < VECTORS; v++)
                        sums[i][v] = lanes_fma(w, row[v], sums[i][v]);
                }
            }
    }
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < VECTORS; v++)
            lanes_store(c + i * TILE_COLUMNS + v * LANES, sums[i][v]);
}

static void multiply(const struct tile_run *runs, int count, int depth, int cells, int rows, size_t a_next,
                     int add, float c[4][TILE_SUMS]) {
    for (int i = 0; i < (rows > TILE_ROWS ? 4 : 2); i++) {
        size_t a = (size_t)(i / 2) * a_next;
        multiply_rows(runs, count, depth, cells, 6, a, i % 2, add, c[i]);
        multiply_rows(runs, count, depth, cells, 5, a + 6 * TILE_CELLS, i % 2, add, c[i] + 6 * TILE_COLUMNS);
        multiply_rows(runs, count, depth, cells, 5, a + 11 * TILE_CELLS, i % 2, add,
                      c[i] + 11 * TILE_COLUMNS);
    }
}

static void column(const float *const from[2], int count, size_t step, int columns, cell *to,
                   size_t to_step) {
    size_t used = from[0] ? (size_t)columns : 0;
    for (int i = 0; i < count; i++, to += to_step) {
        if (used == TILE_COLUMNS) { // of a size known beforehand: a vector or two
            memcpy(to, from[0] + (size_t)i * step, TILE_COLUMNS * sizeof *to);
            continue;
        }
        if (used)
            memcpy(to, from[0] + (size_t)i * step, used * sizeof *to);
        memset(to + used, 0, (TILE_COLUMNS - used) * sizeof *to);
    }
}

static void row(const float *from, size_t n, cell *to) {
    for (; n >= TILE_CELLS; n -= TILE_CELLS, from += TILE_CELLS, to += TILE)
        memcpy(to, from, TILE_CELLS * sizeof *to);
    if (n) {
        memcpy(to, from, n * sizeof *to);
        memset(to + n, 0, (TILE_CELLS - n) * sizeof *to);
    }
}

static void lay(const float *from, size_t stride, int rows, int columns, cell *const to[TILE_ROWS]) {
    for (int i = 0; i < columns; i++) {
        for (int j = 0; j < rows; j++)
            memcpy(&to[i][j], from + (size_t)j * stride + i, sizeof(cell));
        memset(to[i] + rows, 0, (size_t)(TILE_CELLS - rows) * sizeof(cell));
    }
}

typedef float eight __attribute__((vector_size(32)));

// 8 x 8 numbers, rows `stride` apart, to columns: by neighbours, by pairs, then by halves.
static inline void turn_eight(const float *from, size_t stride, float *to) {
    eight v[8], w[8];
    for (int i = 0; i < 8; i++)
        memcpy(&v[i], from + (size_t)i * stride, sizeof v[i]);
    for (int i = 0; i < 8; i += 2) {
        w[i] = __builtin_shufflevector(v[i], v[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        w[i + 1] = __builtin_shufflevector(v[i], v[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
    for (int i = 0; i < 8; i += 4)
        for (int j = 0; j < 2; j++) {
            v[i + 2 * j] = __builtin_shufflevector(w[i + j], w[i + j + 2], 0, 1, 8, 9, 4, 5, 12, 13);
            v[i + 2 * j + 1] = __builtin_shufflevector(w[i + j], w[i + j + 2], 2, 3, 10, 11, 6, 7, 14, 15);
        }
    for (int i = 0; i < 4; i++) {
        w[i] = __builtin_shufflevector(v[i], v[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        w[i + 4] = __builtin_shufflevector(v[i], v[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    }
    for (int i = 0; i < 8; i++)
        memcpy(to + (size_t)i * TILE_COLUMNS, &w[i], sizeof w[i]);
}

static void turn(const float *from, size_t stride, size_t n, cell *to) {
    float *tile = (float *)(void *)to;
    for (size_t i = 0; i < n; i += 8, tile += (size_t)8 * TILE_COLUMNS)
        for (size_t column = 0; column < TILE_COLUMNS; column += 8)
            turn_eight(from + column * stride + i, stride, tile + column);
}

static void put(const float *sums, int rows, int columns, enum put how, float *to, size_t plane) {
    for (int row = 0; row < rows; row++, sums += TILE_COLUMNS, to += plane) {
        if (how != PUT_ADD)
            memcpy(to, sums, (size_t)columns * sizeof *to);
        else
            for (int i = 0; i < columns; i++)
                to[i] += sums[i];
    }
}

static void begin(int cells) {
    (void)cells;
}
static void end(void) {}

const struct tile_kernels tiles_lanes = {.precision = PRECISION_F32,
                                         .isa = ISA_PLAIN,
                                         .numbers = 1,
                                         .winograd = &tiles_lanes,
                                         .begin = begin,
                                         .end = end,
                                         .multiply = multiply,
                                         .column = column,
                                         .row = row,
                                         .lay = lay,
                                         .turn = turn,
                                         .put = put};
#endif
