// SPDX-License-Identifier: Apache-2.0
// f32 tiles by fused multiplication in 64-byte vectors (AVX-512), blocked as tiles_avx512.h shows.
#if defined(__x86_64__) && !defined(REFF_DOUBLE)
#include "core/kernels/tiles_avx512.h"

static inline __m512 multiplied(__m512 sums, __m512i a, __m512i b) {
    return _mm512_fmadd_ps((__m512)a, (__m512)b, sums);
}

static void multiply(const struct tile_run *runs, int count, int depth, int cells, int rows, size_t a_next,
                     int add, float c[4][TILE_SUMS]) {
    multiply_blocks(multiplied, runs, count, depth, cells, rows, a_next, add, c);
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
                                          .winograd = &tiles_avx512,
                                          .begin = begin_vectors,
                                          .end = end_vectors,
                                          .multiply = multiply,
                                          .column = column,
                                          .row = row,
                                          .lay = lay,
                                          .turn = turn,
                                          .put = put_rows};
#endif
