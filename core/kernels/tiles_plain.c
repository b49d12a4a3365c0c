// SPDX-License-Identifier: Apache-2.0
// The definition of the tile kernels, in plain C: what the others are tested against, and what runs where
// there is nothing better.
#include "core/kernels/tiles.h"

#include <string.h>

static void begin(int cells) {
    (void)cells;
}
static void end(void) {}

// c [16][16] += a [16][16] b [cells][16]
typedef void multiply_tile(const cell *a, const cell *b, size_t b_row, int cells, float *c);

static inline void multiply(multiply_tile *tile, const struct tile_run *runs, int count, int depth, int cells,
                            int rows, size_t a_next, int add, float c[4][TILE_SUMS]) {
    int tiles = rows > TILE_ROWS ? 4 : 2;
    if (!add)
        memset(c, 0, (size_t)tiles * sizeof *c);
    for (int r = 0; r < count; r++)
        for (int d = 0; d < depth; d++)
            for (int i = 0; i < tiles; i++)
                tile(runs[r].a + (size_t)d * TILE + (size_t)(i / 2) * a_next,
                     runs[r].b[i % 2] + (size_t)d * runs[r].b_step[i % 2], runs[r].b_row[i % 2], cells, c[i]);
}

// Plain stores take no way past the caches.
static void put(const float *sums, int rows, int columns, enum put how, real *to, size_t plane) {
    for (int row = 0; row < rows; row++, sums += TILE_COLUMNS, to += plane)
        for (int i = 0; i < columns; i++)
            to[i] = (how == PUT_ADD ? to[i] : 0) + (real)sums[i];
}

// ------------------------------------------------------------------------------------------ f32

static cell number(real v) {
    float f = (float)v;
    cell bits;
    memcpy(&bits, &f, sizeof bits);
    return bits;
}

static void f32_multiply_tile(const cell *a, const cell *b, size_t b_row, int cells, float *c) {
    for (int row = 0; row < TILE_ROWS; row++)
        for (int d = 0; d < cells; d++)
            for (int column = 0; column < TILE_COLUMNS; column++)
                c[row * TILE_COLUMNS + column] +=
                    cell_number(a[row * TILE_CELLS + d]) * cell_number(b[(size_t)d * b_row + (size_t)column]);
}

static void f32_multiply(const struct tile_run *runs, int count, int depth, int cells, int rows,
                         size_t a_next, int add, float c[4][TILE_SUMS]) {
    multiply(f32_multiply_tile, runs, count, depth, cells, rows, a_next, add, c);
}

static void f32_column(const real *const from[2], int count, size_t step, int columns, cell *to,
                       size_t to_step) {
    for (int i = 0; i < count; i++)
        for (int column = 0; column < TILE_COLUMNS; column++)
            to[(size_t)i * to_step + (size_t)column] =
                from[0] && column < columns ? number(from[0][(size_t)i * step + (size_t)column]) : 0;
}

static void f32_row(const real *from, size_t n, cell *to) {
    for (size_t i = 0; i < (n + TILE_CELLS - 1) / TILE_CELLS * TILE_CELLS; i++)
        to[i / TILE_CELLS * TILE + i % TILE_CELLS] = i < n ? number(from[i]) : 0;
}

static void f32_lay(const real *from, size_t stride, int rows, int columns, cell *const to[TILE_ROWS]) {
    for (int i = 0; i < columns; i++)
        for (int j = 0; j < TILE_CELLS; j++)
            to[i][j] = j < rows ? number(from[(size_t)j * stride + (size_t)i]) : 0;
}

static void f32_turn(const real *from, size_t stride, size_t n, cell *to) {
    for (size_t i = 0; i < n; i++)
        for (size_t column = 0; column < TILE_COLUMNS; column++)
            to[i * TILE_COLUMNS + column] = number(from[column * stride + i]);
}

// Numbers are rounded to float as in tiles, and summed in float; nothing is asked for.
static float f32_number(real v) {
    return cell_number(number(v));
}

static float panel_sum(const struct panel *p, int row, int vector, int column, float sum) {
    for (int r = 0; r < p->runs; r++)
        for (int d = 0; d < p->depth; d++) {
            size_t run = (size_t)r, step = (size_t)(d / PANEL_STEP);
            sum += f32_number(
                       p->a[run * p->a_run + step * p->a_step + (size_t)row * p->a_row + d % PANEL_STEP]) *
                   f32_number(p->b[vector][run * p->b_run + (size_t)d * p->b_depth + (size_t)column]);
        }
    return sum;
}

static void f32_panel(const struct panel *p) {
    for (int v = 0; v < p->vectors && p->keep; v++)
        for (int r = 0; r < p->runs; r++)
            for (int d = 0; d < p->depth; d++)
                memcpy(
                    p->keep + ((size_t)r * (size_t)p->depth + (size_t)d) * PANEL_COLUMNS + v * TILE_COLUMNS,
                    p->b[v] + (size_t)r * p->b_run + (size_t)d * p->b_depth, TILE_COLUMNS * sizeof *p->keep);
    for (int row = 0; row < p->rows; row++)
        for (int v = 0; v < p->vectors; v++)
            for (int i = 0; i < (v == p->vectors - 1 ? p->used : TILE_COLUMNS); i++) {
                real *to = p->c[v] + (size_t)row * p->c_row + i;
                float sum = panel_sum(p, row, v, i, p->how == PUT_ON ? f32_number(*to) : 0);
                *to = (p->how == PUT_ADD ? *to : 0) + (real)sum;
            }
}

static void f32_turn_panel(const real *from, size_t stride, size_t n, real *to) {
    for (size_t i = 0; i < n; i++)
        for (size_t column = 0; column < TILE_COLUMNS; column++)
            to[i * PANEL_COLUMNS + column] = from[column * stride + i];
}

const struct tile_kernels tiles_plain_f32 = {.precision = PRECISION_F32,
                                             .isa = ISA_PLAIN,
                                             .numbers = 1,
                                             .winograd = &tiles_plain_f32,
                                             .begin = begin,
                                             .end = end,
                                             .multiply = f32_multiply,
                                             .column = f32_column,
                                             .row = f32_row,
                                             .lay = f32_lay,
                                             .turn = f32_turn,
                                             .put = put,
                                             .panel = f32_panel,
                                             .turn_panel = f32_turn_panel};

// ------------------------------------------------------------------------------------------ bf16

static bf16 rounded(real v) {
    cell bits = number(v);
    if ((bits & 0x7fffffff) > 0x7f800000)
        return (bf16)(bits >> 16 | 0x40); // a NaN stays one
    if (!(bits & 0x7f800000))
        return (bf16)(bits >> 16 & 0x8000); // denormal: zero
    return (bf16)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static cell both(bf16 first, bf16 second) {
    bf16 v[2] = {first, second};
    cell c;
    memcpy(&c, v, sizeof c);
    return c;
}

static float half_of(const cell *at, int half) {
    bf16 v[2];
    memcpy(v, at, sizeof v);
    return bf16_number(v[half]);
}

static void bf16_multiply_tile(const cell *a, const cell *b, size_t b_row, int cells, float *c) {
    for (int row = 0; row < TILE_ROWS; row++)
        for (int d = 0; d < cells; d++)
            for (int half = 0; half < 2; half++) {
                float left = half_of(a + row * TILE_CELLS + d, half);
                for (int column = 0; column < TILE_COLUMNS; column++)
                    c[row * TILE_COLUMNS + column] += left * half_of(b + (size_t)d * b_row + column, half);
            }
}

static void bf16_multiply(const struct tile_run *runs, int count, int depth, int cells, int rows,
                          size_t a_next, int add, float c[4][TILE_SUMS]) {
    multiply(bf16_multiply_tile, runs, count, depth, cells, rows, a_next, add, c);
}

static bf16 rounded_at(const real *from, size_t i, int there) {
    return from && there ? rounded(from[i]) : 0;
}

static void bf16_column(const real *const from[2], int count, size_t step, int columns, cell *to,
                        size_t to_step) {
    for (int i = 0; i < count; i++)
        for (int column = 0; column < TILE_COLUMNS; column++) {
            size_t at = (size_t)i * step + (size_t)column;
            to[(size_t)i * to_step + (size_t)column] =
                both(rounded_at(from[0], at, column < columns), rounded_at(from[1], at, column < columns));
        }
}

enum { DEPTH = 2 * TILE_CELLS }; // numbers of a tile's row

static void bf16_row(const real *from, size_t n, cell *to) {
    for (size_t i = 0; i < (n + DEPTH - 1) / DEPTH * DEPTH; i += 2)
        to[i / DEPTH * TILE + i % DEPTH / 2] =
            both(rounded_at(from, i, i < n), rounded_at(from, i + 1, i + 1 < n));
}

static void bf16_lay(const real *from, size_t stride, int rows, int columns, cell *const to[TILE_ROWS]) {
    for (int i = 0; i < columns; i++)
        for (int j = 0; j < DEPTH; j += 2)
            to[i][j / 2] = both(rounded_at(from, (size_t)j * stride + (size_t)i, j < rows),
                                rounded_at(from, (size_t)(j + 1) * stride + (size_t)i, j + 1 < rows));
}

static void bf16_turn(const real *from, size_t stride, size_t n, cell *to) {
    for (size_t i = 0; i < n; i += 2)
        for (size_t column = 0; column < TILE_COLUMNS; column++)
            to[i / 2 * TILE_COLUMNS + column] =
                both(rounded(from[column * stride + i]), rounded(from[column * stride + i + 1]));
}

static void split(const bf16 *from, size_t n, real *even, real *odd) {
    for (size_t i = 0; i < n; i++) {
        even[i] = (real)bf16_number(from[2 * i]);
        odd[i] = (real)bf16_number(from[2 * i + 1]);
    }
}

// Above zero and a number; denormals count as zero.
static int is_open(bf16 gate) {
    return gate >= 0x0080 && gate <= 0x7f80;
}

static void split_gated(const bf16 *from, const bf16 *gate, size_t n, real *even, real *odd) {
    for (size_t i = 0; i < n; i++) {
        even[i] = is_open(gate[2 * i]) ? (real)bf16_number(from[2 * i]) : 0;
        odd[i] = is_open(gate[2 * i + 1]) ? (real)bf16_number(from[2 * i + 1]) : 0;
    }
}

static void join(const real *even, const real *odd, size_t n, bf16 *to) {
    for (size_t i = 0; i < n; i++) {
        to[2 * i] = rounded(even[i]);
        to[2 * i + 1] = rounded(odd[i]);
    }
}

static void join_gated(const real *even, const real *odd, const bf16 *gate, size_t n, bf16 *to) {
    for (size_t i = 0; i < n; i++) {
        to[2 * i] = is_open(gate[2 * i]) ? rounded(even[i]) : 0;
        to[2 * i + 1] = is_open(gate[2 * i + 1]) ? rounded(odd[i]) : 0;
    }
}

static void put_pairs(const float *sums, int rows, int columns, enum put how, bf16 *to, size_t plane) {
    for (int row = 0; row < rows; row++)
        for (int column = 0; column < columns; column++) {
            bf16 *at = to + (size_t)(row / 2) * plane + 2 * column + row % 2;
            *at =
                rounded((real)(sums[row * TILE_COLUMNS + column] + (how == PUT_ADD ? bf16_number(*at) : 0)));
        }
}

static void row_pairs(const bf16 *from, size_t n, cell *even, cell *odd) {
    for (size_t i = 0; i < (n + DEPTH - 1) / DEPTH * DEPTH; i += 2) {
        size_t at = i / DEPTH * TILE + i % DEPTH / 2;
        const bf16 *here = from + 2 * i;
        int first = i < n, second = i + 1 < n;
        even[at] = both(first ? here[0] : 0, second ? here[2] : 0);
        odd[at] = both(first ? here[1] : 0, second ? here[3] : 0);
    }
}

static void turn_pairs(const bf16 *from, size_t stride, size_t n, cell *to) {
    for (size_t i = 0; i < n; i += 2)
        for (size_t column = 0; column < TILE_COLUMNS; column++) {
            const bf16 *here = from + column / 2 * stride + 2 * i + column % 2;
            to[i / 2 * TILE_COLUMNS + column] = both(here[0], here[2]);
        }
}

const struct tile_kernels tiles_plain_bf16 = {.precision = PRECISION_BF16,
                                              .isa = ISA_PLAIN,
                                              .numbers = 2,
                                              .winograd = &tiles_plain_f32,
                                              .begin = begin,
                                              .end = end,
                                              .multiply = bf16_multiply,
                                              .column = bf16_column,
                                              .row = bf16_row,
                                              .lay = bf16_lay,
                                              .turn = bf16_turn,
                                              .put = put,
                                              .split = split,
                                              .split_gated = split_gated,
                                              .join = join,
                                              .join_gated = join_gated,
                                              .put_pairs = put_pairs,
                                              .row_pairs = row_pairs,
                                              .turn_pairs = turn_pairs};

// ------------------------------------------------------------------------------------------ all tables

const struct tile_kernels *tiles_of(enum precision precision, enum isa isa) {
    static const struct tile_kernels *const tables[][ISA_COUNT] = {
        [PRECISION_F32] = {[ISA_PLAIN] = &tiles_plain_f32},
        [PRECISION_BF16] = {[ISA_PLAIN] = &tiles_plain_bf16},
#if defined(__x86_64__) && !defined(REFF_DOUBLE)
        [PRECISION_F32][ISA_AVX512] = &tiles_avx512,
        [PRECISION_BF16][ISA_AVX512_BF16] = &tiles_avx512_bf16,
        [PRECISION_BF16][ISA_AMX] = &tiles_amx,
#endif
    };
    return tables[precision][isa];
}

const struct tile_kernels *tiles_for(enum precision precision) {
    static const struct tile_kernels *chosen[2];
    if (!chosen[precision])
        chosen[precision] = tiles_of(precision, precision == PRECISION_BF16 ? isa_for_bf16() : isa_for_f32());
    return chosen[precision];
}
