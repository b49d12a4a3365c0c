// SPDX-License-Identifier: Apache-2.0
// What the tables that are compiled for AVX-512 share: vectors transposed in registers, and lines put.
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

static void put_rows(const float *sums, int rows, int columns, enum put how, float *to, size_t plane) {
    __mmask16 used = first_of_16((size_t)columns);
    for (int row = 0; row < rows; row++, sums += TILE_COLUMNS, to += plane) {
        __m512 v = _mm512_loadu_ps(sums);
        if (how == PUT_ADD)
            v = _mm512_add_ps(v, _mm512_maskz_loadu_ps(used, to));
        put_line(to, used, how, (__m512i)v);
    }
}

#endif
