// SPDX-License-Identifier: Apache-2.0
// What the tables that are compiled for AVX-512 share: vectors transposed in registers, lines put, and the
// loop around the instruction that multiplies. That takes rows eight at a time over both columns of tiles: 16
// sums in registers, two vectors of B, and one cell of A for all lanes.
//
//              b0 [cell]   b1 [cell]        8 rows x 32 columns
//     a[0] --> sum[0][0]   sum[0][1]
//     ...
//     a[7] --> sum[7][0]   sum[7][1]
#ifndef REFF_KERNELS_TILES_AVX512_H
#define REFF_KERNELS_TILES_AVX512_H

#include "core/kernels/tiles.h"

#include <immintrin.h>

// 16 x 16 cells, rows to columns: by neighbours, by pairs, then by quarters of vectors.
static inline void transpose(__m512i v[16]) {
    __m512i w[16];
    for (int i = 0; i < 16; i += 2) {
        w[i] = _mm512_unpacklo_epi32(v[i], v[i + 1]);
        w[i + 1] = _mm512_unpackhi_epi32(v[i], v[i + 1]);
    }
    for (int i = 0; i < 16; i += 4) {
        v[i] = _mm512_unpacklo_epi64(w[i], w[i + 2]);
        v[i + 1] = _mm512_unpackhi_epi64(w[i], w[i + 2]);
        v[i + 2] = _mm512_unpacklo_epi64(w[i + 1], w[i + 3]);
        v[i + 3] = _mm512_unpackhi_epi64(w[i + 1], w[i + 3]);
    }
    for (int half = 0; half < 16; half += 8)
        for (int i = half; i < half + 4; i++) {
            w[i] = _mm512_shuffle_i32x4(v[i], v[i + 4], 0x88);
            w[i + 4] = _mm512_shuffle_i32x4(v[i], v[i + 4], 0xdd);
        }
    for (int i = 0; i < 8; i++) {
        v[i] = _mm512_shuffle_i32x4(w[i], w[i + 8], 0x88);
        v[i + 8] = _mm512_shuffle_i32x4(w[i], w[i + 8], 0xdd);
    }
}

static inline __mmask16 first_of_16(size_t n) {
    return (__mmask16)(n < 16 ? (1u << n) - 1 : 0xffffu);
}

// A line of 16 cells, or its beginning.
static inline void put_line(void *to, __mmask16 used, enum put how, __m512i v) {
    if (how == PUT_PAST && used == 0xffff && (uintptr_t)to % 64 == 0)
        _mm512_stream_si512(to, v);
    else
        _mm512_mask_storeu_epi32(to, used, v);
}

static inline void put_rows(const float *sums, int rows, int columns, enum put how, float *to, size_t plane) {
    __mmask16 used = first_of_16((size_t)columns);
    for (int row = 0; row < rows; row++, sums += TILE_COLUMNS, to += plane) {
        __m512 v = _mm512_loadu_ps(sums);
        if (how == PUT_ADD)
            v = _mm512_add_ps(v, _mm512_maskz_loadu_ps(used, to));
        put_line(to, used, how, (__m512i)v);
    }
}

static inline void put_together(const float *const from[], size_t at, int taps, int columns, int add,
                                float *to) {
    if (taps == 1) {
        put_rows(from[0] + at, 1, columns, add ? PUT_ADD : PUT_OVER, to, 0);
        return;
    }
    for (int first = 0; first < taps; first += 16) {
        int count = taps - first < 16 ? taps - first : 16;
        __mmask16 used = first_of_16((size_t)count);
        __m512i v[16];
        for (int i = 0; i < 16; i++)
            v[i] = i < count ? _mm512_loadu_si512(from[first + i] + at) : _mm512_setzero_si512();
        transpose(v);
        for (int column = 0; column < columns; column++) {
            float *here = to + column * taps + first;
            __m512 sums = (__m512)v[column];
            if (add)
                sums = _mm512_add_ps(_mm512_maskz_loadu_ps(used, here), sums);
            _mm512_mask_storeu_ps(here, used, sums);
        }
    }
}

static inline void begin_vectors(int cells) {
    (void)cells; // `multiply` is told again
}

static inline void end_vectors(void) {
    _mm_sfence(); // of lines put past the caches
}

enum { BLOCK = 8 };

// sums + the products of cells, lane by lane; inlined where it is passed on by name.
typedef __m512 multiply_add(__m512 sums, __m512i a, __m512i b);

// Rows [first, first + 8) of the upper or lower row of tiles, a_at cells behind where the runs say.
static inline __attribute__((always_inline)) void multiply_block(multiply_add *multiplied,
                                                                 const struct tile_run *runs, int count,
                                                                 int depth, int cells, size_t a_at, int add,
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
                __m512i v0 = _mm512_loadu_si512(b0 + (size_t)k * run->b_row[0]),
                        v1 = _mm512_loadu_si512(b1 + (size_t)k * run->b_row[1]);
#pragma GCC unroll 8
                for (int i = 0; i < BLOCK; i++) {
                    __m512i w = _mm512_set1_epi32((int)a[i * TILE_CELLS + k]);
                    sums[i][0] = multiplied(sums[i][0], w, v0);
                    sums[i][1] = multiplied(sums[i][1], w, v1);
                }
            }
    }
    for (int i = 0; i < BLOCK; i++) {
        _mm512_storeu_ps(left + i * TILE_COLUMNS, sums[i][0]);
        _mm512_storeu_ps(right + i * TILE_COLUMNS, sums[i][1]);
    }
}

static inline __attribute__((always_inline)) void
multiply_blocks(multiply_add *multiplied, const struct tile_run *runs, int count, int depth, int cells,
                int rows, size_t a_next, int add, float c[4][TILE_SUMS]) {
    for (int row = 0; row < rows; row += BLOCK) {
        int half = row / TILE_ROWS, first = row % TILE_ROWS;
        multiply_block(multiplied, runs, count, depth, cells,
                       (size_t)half * a_next + (size_t)first * TILE_CELLS, add,
                       c[2 * half] + first * TILE_COLUMNS, c[2 * half + 1] + first * TILE_COLUMNS);
    }
}

#endif
