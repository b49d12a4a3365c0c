// SPDX-License-Identifier: Apache-2.0
// The definition of the tile kernels, in plain C: what the others are tested against, and what runs where
// there is nothing better.
#include "core/kernels/tiles.h"

#include <string.h>

static bf16 rounded(real number) {
    float v = (float)number;
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    if ((bits & 0x7fffffff) > 0x7f800000)
        return (bf16)(bits >> 16 | 0x40); // a NaN stays one
    if (!(bits & 0x7f800000))
        return (bf16)(bits >> 16 & 0x8000); // denormal: zero
    return (bf16)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static float widened(bf16 v) {
    uint32_t bits = (uint32_t)v << 16;
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static void begin(int pairs) {
    (void)pairs;
}
static void end(void) {}

// c [16][16] += a [16][32] b [pairs][16][2]
static void multiply_tile(const bf16 *a, const bf16 *b, size_t b_row, int pairs, float *c) {
    for (int row = 0; row < TILE_ROWS; row++)
        for (int pair = 0; pair < pairs; pair++)
            for (int half = 0; half < 2; half++) {
                float left = widened(a[row * TILE_DEPTH + 2 * pair + half]);
                const bf16 *right = b + (size_t)pair * b_row + half;
                for (int column = 0; column < TILE_COLUMNS; column++)
                    c[row * TILE_COLUMNS + column] += left * widened(right[2 * column]);
            }
}

static void multiply(const struct tile_run *runs, int count, int depth, int pairs, size_t a_next, int add,
                     float c[4][TILE_SUMS]) {
    int tiles = a_next ? 4 : 2;
    if (!add)
        memset(c, 0, (size_t)tiles * sizeof *c);
    for (int r = 0; r < count; r++)
        for (int d = 0; d < depth; d++)
            for (int i = 0; i < tiles; i++)
                multiply_tile(runs[r].a + (size_t)d * TILE + (size_t)(i / 2) * a_next,
                              runs[r].b[i % 2] + (size_t)d * runs[r].b_step[i % 2], runs[r].b_row[i % 2],
                              pairs, c[i]);
}

static void pair(const real *first, const real *second, int count, size_t step, int columns, bf16 *to,
                 size_t to_step) {
    for (int i = 0; i < count; i++)
        for (int column = 0; column < TILE_COLUMNS; column++) {
            bf16 *at = to + (size_t)i * to_step + 2 * column;
            at[0] = first && column < columns ? rounded(first[(size_t)i * step + column]) : 0;
            at[1] = second && column < columns ? rounded(second[(size_t)i * step + column]) : 0;
        }
}

static void row(const real *from, size_t n, bf16 *to) {
    for (size_t i = 0; i < (n + TILE_DEPTH - 1) / TILE_DEPTH * TILE_DEPTH; i++)
        to[i / TILE_DEPTH * TILE + i % TILE_DEPTH] = i < n ? rounded(from[i]) : 0;
}

static void lay(const real *from, size_t stride, int rows, int columns, bf16 *const to[TILE_ROWS]) {
    for (int i = 0; i < columns; i++)
        for (int j = 0; j < TILE_DEPTH; j++)
            to[i][j] = j < rows ? rounded(from[(size_t)j * stride + i]) : 0;
}

static void turn(const real *from, size_t stride, size_t n, bf16 *to) {
    for (size_t i = 0; i < n; i++)
        for (int column = 0; column < TILE_COLUMNS; column++)
            to[(i / 2 * TILE_COLUMNS + column) * 2 + i % 2] = rounded(from[(size_t)column * stride + i]);
}

static void split(const bf16 *from, size_t n, real *even, real *odd) {
    for (size_t i = 0; i < n; i++) {
        even[i] = (real)widened(from[2 * i]);
        odd[i] = (real)widened(from[2 * i + 1]);
    }
}

static void join(const real *even, const real *odd, size_t n, bf16 *to) {
    for (size_t i = 0; i < n; i++) {
        to[2 * i] = rounded(even[i]);
        to[2 * i + 1] = rounded(odd[i]);
    }
}

static void put(const float *sums, int rows, int columns, int add, bf16 *to, size_t plane) {
    for (int row = 0; row < rows; row++)
        for (int column = 0; column < columns; column++) {
            bf16 *at = to + (size_t)(row / 2) * plane + 2 * column + row % 2;
            *at = rounded((real)(sums[row * TILE_COLUMNS + column] + (add ? widened(*at) : 0)));
        }
}

static void row_pairs(const bf16 *from, size_t n, bf16 *even, bf16 *odd) {
    for (size_t i = 0; i < (n + TILE_DEPTH - 1) / TILE_DEPTH * TILE_DEPTH; i++) {
        size_t at = i / TILE_DEPTH * TILE + i % TILE_DEPTH;
        even[at] = i < n ? from[2 * i] : 0;
        odd[at] = i < n ? from[2 * i + 1] : 0;
    }
}

static void turn_pairs(const bf16 *from, size_t stride, size_t n, bf16 *to) {
    for (size_t i = 0; i < n; i++)
        for (int column = 0; column < TILE_COLUMNS; column++)
            to[(i / 2 * TILE_COLUMNS + column) * 2 + i % 2] =
                from[(size_t)(column / 2) * stride + 2 * i + column % 2];
}

const struct tile_kernels tiles_plain = {.isa = ISA_PLAIN,
                                         .begin = begin,
                                         .end = end,
                                         .multiply = multiply,
                                         .pair = pair,
                                         .row = row,
                                         .lay = lay,
                                         .turn = turn,
                                         .split = split,
                                         .join = join,
                                         .put = put,
                                         .row_pairs = row_pairs,
                                         .turn_pairs = turn_pairs};

const struct tile_kernels *tiles_of(enum isa isa) {
#if defined(__x86_64__) && !defined(REFF_DOUBLE)
    return isa == ISA_AMX ? &tiles_amx : isa == ISA_AVX512_BF16 ? &tiles_avx512_bf16 : &tiles_plain;
#else
    (void)isa;
    return &tiles_plain;
#endif
}
