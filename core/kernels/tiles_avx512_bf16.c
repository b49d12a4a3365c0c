// SPDX-License-Identifier: Apache-2.0
// bf16 tiles by the dot product of pairs (AVX512-BF16): a lane adds two products to its float. Rows are taken
// eight at a time over both columns of tiles: 16 sums in registers, two vectors of B, and one cell of A for
// all lanes.
//
//              b0 [cell]   b1 [cell]        8 rows x 32 columns
//     a[0] --> sum[0][0]   sum[0][1]
//     ...
//     a[7] --> sum[7][0]   sum[7][1]
#if defined(__x86_64__) && !defined(REFF_DOUBLE)
#include "core/kernels/tiles_pack.h"

enum { BLOCK = 8 };

static void begin(int cells) {
    (void)cells;
}
static void end(void) {
    _mm_sfence(); // of lines put past the caches
}

static inline __m512bh cell_of(const cell *p) { // for all lanes
    return (__m512bh)_mm512_set1_epi32((int)*p);
}

static inline __m512bh cells_at(const cell *p) {
    return (__m512bh)_mm512_loadu_si512(p);
}

// Rows [first, first + 8) of the upper or lower row of tiles, a_at cells behind where the runs say.
static void multiply_rows(const struct tile_run *runs, int count, int depth, int cells, size_t a_at, int add,
                          float *left, float *right) {
    __m512 sums[BLOCK][2];
    for (int i = 0; i < BLOCK; i++) {
        sums[i][0] = add ? _mm512_loadu_ps(left + i * TILE_COLUMNS) : _mm512_setzero_ps();
        sums[i][1] = add ? _mm512_loadu_ps(right + i * TILE_COLUMNS) : _mm512_setzero_ps();
    }
    for (int r = 0; r < count; r++) {
        const struct tile_run *run = &runs[r];
        const cell *a = run->a + a_at, *b0 = run->b[0], *b1 = run->b[1];
        for (int d = 0; d < depth; d++, a += TILE, b0 += run->b_step[0], b1 += run->b_step[1])
            for (int k = 0; k < cells; k++) {
                __m512bh v0 = cells_at(b0 + (size_t)k * run->b_row[0]),
                         v1 = cells_at(b1 + (size_t)k * run->b_row[1]);
#pragma GCC unroll 8
                for (int i = 0; i < BLOCK; i++) {
                    __m512bh w = cell_of(a + i * TILE_CELLS + k);
                    sums[i][0] = _mm512_dpbf16_ps(sums[i][0], w, v0);
                    sums[i][1] = _mm512_dpbf16_ps(sums[i][1], w, v1);
                }
            }
    }
    for (int i = 0; i < BLOCK; i++) {
        _mm512_storeu_ps(left + i * TILE_COLUMNS, sums[i][0]);
        _mm512_storeu_ps(right + i * TILE_COLUMNS, sums[i][1]);
    }
}

static void multiply(const struct tile_run *runs, int count, int depth, int cells, int rows, size_t a_next,
                     int add, float c[4][TILE_SUMS]) {
    for (int row = 0; row < rows; row += BLOCK) {
        int half = row / TILE_ROWS, first = row % TILE_ROWS;
        multiply_rows(runs, count, depth, cells, (size_t)half * a_next + (size_t)first * TILE_CELLS, add,
                      c[2 * half] + first * TILE_COLUMNS, c[2 * half + 1] + first * TILE_COLUMNS);
    }
}

const struct tile_kernels tiles_avx512_bf16 = {.precision = PRECISION_BF16,
                                               .isa = ISA_AVX512_BF16,
                                               .numbers = 2,
                                               .begin = begin,
                                               .end = end,
                                               .multiply = multiply,
                                               .column = pack_column,
                                               .row = pack_row,
                                               .lay = pack_lay,
                                               .turn = pack_turn,
                                               .split = pack_split,
                                               .join = pack_join,
                                               .put = put_rows,
                                               .put_pairs = pack_put_pairs,
                                               .row_pairs = pack_row_pairs,
                                               .turn_pairs = pack_turn_pairs};
#endif
