// SPDX-License-Identifier: Apache-2.0
// Rounding floats into tiles with AVX512-BF16, for the two tables whose processors have it. They are compiled
// for it (Makefile).
//
//   column two vectors of 16 floats --round--> [16 of first | 16 of second] --interleave--> [16][2]
//   turn   16 rows of 32 floats --round--> 16 x 16 pairs --transpose--> [16 pairs][16 columns][2]
//   lay    32 rows of 16 floats --round--> 16 rows of 16 pairs --transpose--> 16 rows of 32
//
// and the same from and to arrays in pairs (pairs.h), whose numbers are rounded already.
#ifndef REFF_KERNELS_TILES_PACK_H
#define REFF_KERNELS_TILES_PACK_H

#include "core/kernels/pairs_avx512.h"
#include "core/kernels/tiles.h"

#include <immintrin.h>

static void pack_column(const float *const from[2], int count, size_t step, int columns, cell *to,
                        size_t to_step) {
    __m512i order = interleave_order();
    __mmask16 used = first_of_16((size_t)columns);
    __mmask16 left = from[0] ? used : 0, right = from[1] ? used : 0;
    const float *first = from[0] ? from[0] : from[1]; // never read where it is NULL, but must be an address
    const float *second = from[1] ? from[1] : first;
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

enum { DEPTH = 2 * TILE_CELLS }; // numbers of a tile's row

static void pack_row(const float *from, size_t n, cell *to) {
    size_t i = 0;
    for (; i + DEPTH <= n; i += DEPTH, to += TILE)
        _mm512_store_si512(to, pack_two(_mm512_loadu_ps(from + i), _mm512_loadu_ps(from + i + 16)));
    if (i < n) {
        uint32_t used = (1u << (n - i)) - 1;
        _mm512_store_si512(to, pack_two(_mm512_maskz_loadu_ps((__mmask16)used, from + i),
                                        _mm512_maskz_loadu_ps((__mmask16)(used >> 16), from + i + 16)));
    }
}

static void pack_lay(const float *from, size_t stride, int rows, int columns, cell *const to[TILE_ROWS]) {
    __mmask16 used = (__mmask16)((1u << columns) - 1);
    __m512i order = interleave_order(), v[TILE_CELLS];
    for (int i = 0; i < TILE_CELLS; i++) {
        const float *at = from + (size_t)(2 * i) * stride;
        // The next depths' rows may lie far away.
        _mm_prefetch((const char *)(at + DEPTH * stride), _MM_HINT_T0);
        _mm_prefetch((const char *)(at + (DEPTH + 1) * stride), _MM_HINT_T0);
        __m512 low = _mm512_maskz_loadu_ps(2 * i < rows ? used : 0, at),
               high = _mm512_maskz_loadu_ps(2 * i + 1 < rows ? used : 0, at + stride);
        v[i] = _mm512_permutexvar_epi16(order, pack_two(low, high));
    }
    transpose(v);
    for (int i = 0; i < columns; i++)
        _mm512_store_si512(to[i], v[i]);
}

static void pack_turn(const float *from, size_t stride, size_t n, cell *to) {
    for (size_t i = 0; i < n; i += DEPTH, to += TILE) {
        __m512i v[16];
        for (int column = 0; column < TILE_COLUMNS; column++) {
            const float *at = from + (size_t)column * stride + i;
            v[column] = pack_two(_mm512_loadu_ps(at), _mm512_loadu_ps(at + 16));
        }
        transpose(v);
        for (int pair = 0; pair < TILE_CELLS; pair++)
            _mm512_store_si512(to + pair * TILE_COLUMNS, v[pair]);
    }
}

static void pack_split(const bf16 *from, size_t n, float *even, float *odd) {
    for (size_t i = 0; i < n; i += 16) {
        __mmask16 used = first_of_16(n - i);
        _mm_prefetch((const char *)(from + 2 * (i + n)), _MM_HINT_T1); // rows are taken piece after piece
        __m512i pairs = _mm512_maskz_loadu_epi32(used, from + 2 * i);
        _mm512_mask_storeu_ps(even + i, used, even_of(pairs));
        _mm512_mask_storeu_ps(odd + i, used, odd_of(pairs));
    }
}

static void pack_split_gated(const bf16 *from, const bf16 *gate, size_t n, float *even, float *odd) {
    for (size_t i = 0; i < n; i += 16) {
        __mmask16 used = first_of_16(n - i);
        _mm_prefetch((const char *)(from + 2 * (i + n)), _MM_HINT_T1);
        _mm_prefetch((const char *)(gate + 2 * (i + n)), _MM_HINT_T1);
        __mmask32 open = open_of(_mm512_maskz_loadu_epi32(used, gate + 2 * i));
        __m512i pairs = _mm512_maskz_mov_epi16(open, _mm512_maskz_loadu_epi32(used, from + 2 * i));
        _mm512_mask_storeu_ps(even + i, used, even_of(pairs));
        _mm512_mask_storeu_ps(odd + i, used, odd_of(pairs));
    }
}

static void pack_join(const float *even, const float *odd, size_t n, bf16 *to) {
    for (size_t i = 0; i < n; i += 16) {
        __mmask16 used = first_of_16(n - i);
        __m512i pairs = pairs_of(_mm512_maskz_loadu_ps(used, even + i), _mm512_maskz_loadu_ps(used, odd + i));
        _mm512_mask_storeu_epi32(to + 2 * i, used, pairs);
    }
}

static void pack_join_gated(const float *even, const float *odd, const bf16 *gate, size_t n, bf16 *to) {
    for (size_t i = 0; i < n; i += 16) {
        __mmask16 used = first_of_16(n - i);
        _mm_prefetch((const char *)(gate + 2 * (i + n)), _MM_HINT_T1);
        __mmask32 open = open_of(_mm512_maskz_loadu_epi32(used, gate + 2 * i));
        __m512i pairs = pairs_of(_mm512_maskz_loadu_ps(used, even + i), _mm512_maskz_loadu_ps(used, odd + i));
        _mm512_mask_storeu_epi32(to + 2 * i, used, _mm512_maskz_mov_epi16(open, pairs));
    }
}

static void pack_put_pairs(const float *sums, int rows, int columns, enum put how, bf16 *to, size_t plane) {
    __mmask16 used = first_of_16((size_t)columns);
    for (int row = 0; row < rows; row += 2, sums += 2 * TILE_COLUMNS, to += plane) {
        __m512 even = _mm512_loadu_ps(sums), odd = _mm512_loadu_ps(sums + TILE_COLUMNS);
        if (how == PUT_ADD) {
            __m512i there = _mm512_maskz_loadu_epi32(used, to);
            even = _mm512_add_ps(even, even_of(there));
            odd = _mm512_add_ps(odd, odd_of(there));
        }
        put_line(to, used, how, pairs_of(even, odd));
    }
}

static inline __m512i every_other(void) { // 0 2 4 .. 62
    __m512i low = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    return _mm512_or_si512(
        _mm512_slli_epi32(low, 2),
        _mm512_slli_epi32(_mm512_add_epi32(_mm512_slli_epi32(low, 2), _mm512_set1_epi32(2)), 16));
}

// 32 pairs, apart: the 32 even numbers and the 32 odd ones.
static inline void apart(const bf16 *from, size_t n, __m512i *even, __m512i *odd) {
    __m512i low = _mm512_maskz_loadu_epi32(first_of_16(n), from);
    __m512i high = n > 16 ? _mm512_maskz_loadu_epi32(first_of_16(n - 16), from + 32) : _mm512_setzero_si512();
    __m512i evens = every_other();
    *even = _mm512_permutex2var_epi16(low, evens, high);
    *odd = _mm512_permutex2var_epi16(low, _mm512_add_epi16(evens, _mm512_set1_epi16(1)), high);
}

static void pack_row_pairs(const bf16 *from, size_t n, cell *even, cell *odd) {
    for (size_t i = 0; i < n; i += DEPTH, even += TILE, odd += TILE) {
        __m512i e, o;
        apart(from + 2 * i, n - i, &e, &o);
        _mm512_store_si512(even, e);
        _mm512_store_si512(odd, o);
    }
}

static void pack_turn_pairs(const bf16 *from, size_t stride, size_t n, cell *to) {
    for (size_t i = 0; i < n; i += DEPTH, to += TILE) {
        __m512i v[16];
        for (int pair = 0; pair < TILE_COLUMNS / 2; pair++)
            apart(from + (size_t)pair * stride + 2 * i, DEPTH, &v[2 * pair], &v[2 * pair + 1]);
        transpose(v);
        for (int pair = 0; pair < TILE_CELLS; pair++)
            _mm512_store_si512(to + pair * TILE_COLUMNS, v[pair]);
    }
}

#endif
