// SPDX-License-Identifier: Apache-2.0
// f32 tiles by fused multiplication in 64-byte vectors (AVX-512). Rows are taken eight at a time over both
// columns of tiles: 16 sums in registers, two vectors of B, and one number of A for all lanes.
//
//              b0 [depth]  b1 [depth]       8 rows x 32 columns
//     a[0] --> sum[0][0]   sum[0][1]
//     ...
//     a[7] --> sum[7][0]   sum[7][1]
#if defined(__x86_64__) && !defined(REFF_DOUBLE)
#include "core/kernels/tiles_avx512.h"

enum { BLOCK = 8 };

static void begin(int cells) {
    (void)cells;
}
static void end(void) {
    _mm_sfence(); // of lines put past the caches
}

static inline __m512 number_of(const cell *p) { // for all lanes
    return (__m512)_mm512_set1_epi32((int)*p);
}

static inline __m512 numbers_at(const cell *p) {
    return (__m512)_mm512_loadu_si512(p);
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
                __m512 v0 = numbers_at(b0 + (size_t)k * run->b_row[0]),
                       v1 = numbers_at(b1 + (size_t)k * run->b_row[1]);
#pragma GCC unroll 8
                for (int i = 0; i < BLOCK; i++) {
                    __m512 w = number_of(a + i * TILE_CELLS + k);
                    sums[i][0] = _mm512_fmadd_ps(w, v0, sums[i][0]);
                    sums[i][1] = _mm512_fmadd_ps(w, v1, sums[i][1]);
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

static void column(const float *const from[2], int count, size_t step, int columns, cell *to,
                   size_t to_step) {
    __mmask16 used = from[0] ? first_of_16((size_t)columns) : 0;
    for (int i = 0; i < count; i++)
        _mm512_store_si512(to + (size_t)i * to_step,
                           _mm512_maskz_loadu_epi32(used, from[0] ? from[0] + (size_t)i * step : 0));
}

static void row(const float *from, size_t n, cell *to) {
    for (size_t i = 0; i < n; i += TILE_CELLS, to += TILE)
        _mm512_store_si512(to, _mm512_maskz_loadu_epi32(first_of_16(n - i), from + i));
}

static void lay(const float *from, size_t stride, int rows, int columns, cell *const to[TILE_ROWS]) {
    __mmask16 used = first_of_16((size_t)columns);
    __m512i v[16];
    for (int i = 0; i < 16; i++)
        v[i] = i < rows ? _mm512_maskz_loadu_epi32(used, from + (size_t)i * stride) : _mm512_setzero_si512();
    transpose(v);
    for (int i = 0; i < columns; i++)
        _mm512_store_si512(to[i], v[i]);
}

static void turn(const float *from, size_t stride, size_t n, cell *to) {
    for (size_t i = 0; i < n; i += TILE_CELLS, to += TILE) {
        __m512i v[16];
        for (int column = 0; column < TILE_COLUMNS; column++)
            v[column] = _mm512_loadu_si512(from + (size_t)column * stride + i);
        transpose(v);
        for (int d = 0; d < TILE_CELLS; d++)
            _mm512_store_si512(to + d * TILE_COLUMNS, v[d]);
    }
}

const struct tile_kernels tiles_avx512 = {.precision = PRECISION_F32,
                                          .isa = ISA_AVX512,
                                          .numbers = 1,
                                          .begin = begin,
                                          .end = end,
                                          .multiply = multiply,
                                          .column = column,
                                          .row = row,
                                          .lay = lay,
                                          .turn = turn,
                                          .put = put_rows};
#endif
