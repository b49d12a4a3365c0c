// SPDX-License-Identifier: Apache-2.0
// Rounding floats into tiles with AVX512-BF16, for the two tables whose processors have it. They are compiled
// for it (Makefile).
//
//   pair   two vectors of 16 floats --round--> [16 of first | 16 of second] --interleave--> [16][2]
//   turn   16 rows of 32 floats --round--> 16 x 16 pairs --transpose--> [16 pairs][16 columns][2]
//   lay    two times 16 rows of 16 floats --transpose--> --round--> 16 rows of 32
#ifndef REFF_KERNELS_TILES_PACK_H
#define REFF_KERNELS_TILES_PACK_H

#include "core/kernels/tiles.h"

#include <immintrin.h>

static inline __m512i pack_two(__m512 low, __m512 high) {
    return (__m512i)_mm512_cvtne2ps_pbh(high, low);
}

static inline __m512i interleave_order(void) { // 0 16 1 17 2 18 ...
    __m512i low = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    return _mm512_or_si512(low, _mm512_slli_epi32(_mm512_add_epi32(low, _mm512_set1_epi32(16)), 16));
}

static void pack_pair(const float *first, const float *second, int count, size_t step, int columns, bf16 *to,
                      size_t to_step) {
    __m512i order = interleave_order();
    __mmask16 used = (__mmask16)((1u << columns) - 1);
    __mmask16 left = first ? used : 0, right = second ? used : 0;
    first = first ? first : second; // never read, but must be an address
    second = second ? second : first;
    if (!first) {
        for (int i = 0; i < count; i++)
            _mm512_store_si512(to + (size_t)i * to_step, _mm512_setzero_si512());
        return;
    }
    for (int i = 0; i < count; i++) {
        __m512 a = _mm512_maskz_loadu_ps(left, first + (size_t)i * step);
        __m512 b = _mm512_maskz_loadu_ps(right, second + (size_t)i * step);
        _mm512_store_si512(to + (size_t)i * to_step, _mm512_permutexvar_epi16(order, pack_two(a, b)));
    }
}

static void pack_row(const float *from, size_t n, bf16 *to) {
    size_t i = 0;
    for (; i + TILE_DEPTH <= n; i += TILE_DEPTH, to += TILE)
        _mm512_store_si512(to, pack_two(_mm512_loadu_ps(from + i), _mm512_loadu_ps(from + i + 16)));
    if (i < n) {
        uint32_t used = (1u << (n - i)) - 1;
        _mm512_store_si512(to, pack_two(_mm512_maskz_loadu_ps((__mmask16)used, from + i),
                                        _mm512_maskz_loadu_ps((__mmask16)(used >> 16), from + i + 16)));
    }
}

// 16 x 16 numbers of 32 bits, rows to columns: by neighbours, by pairs, then by quarters of vectors.
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

static void pack_lay(const float *from, size_t stride, int rows, int columns, bf16 *const to[TILE_ROWS]) {
    __mmask16 used = (__mmask16)((1u << columns) - 1);
    __m512i low[16], high[16];
    for (int i = 0; i < 16; i++) {
        low[i] = i < rows ? (__m512i)_mm512_maskz_loadu_ps(used, from + (size_t)i * stride)
                          : _mm512_setzero_si512();
        high[i] = i + 16 < rows ? (__m512i)_mm512_maskz_loadu_ps(used, from + (size_t)(i + 16) * stride)
                                : _mm512_setzero_si512();
    }
    transpose(low);
    transpose(high);
    for (int i = 0; i < columns; i++)
        _mm512_store_si512(to[i], pack_two((__m512)low[i], (__m512)high[i]));
}

static void pack_turn(const float *from, size_t stride, size_t n, bf16 *to) {
    for (size_t i = 0; i < n; i += TILE_DEPTH, to += TILE) {
        __m512i v[16];
        for (int column = 0; column < TILE_COLUMNS; column++) {
            const float *at = from + (size_t)column * stride + i;
            v[column] = pack_two(_mm512_loadu_ps(at), _mm512_loadu_ps(at + 16));
        }
        transpose(v);
        for (int pair = 0; pair < TILE_DEPTH / 2; pair++)
            _mm512_store_si512(to + pair * TILE_DEPTH, v[pair]);
    }
}

#endif
