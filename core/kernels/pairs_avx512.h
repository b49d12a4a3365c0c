// SPDX-License-Identifier: Apache-2.0
// Sixteen pairs in a vector, as floats and back, for files that are compiled for AVX512-BF16 (Makefile).
#ifndef REFF_KERNELS_PAIRS_AVX512_H
#define REFF_KERNELS_PAIRS_AVX512_H

#include "core/kernels/tiles_avx512.h"

#include <immintrin.h>

static inline __m512i pack_two(__m512 low, __m512 high) {
    return (__m512i)_mm512_cvtne2ps_pbh(high, low);
}

static inline __m512i interleave_order(void) { // 0 16 1 17 2 18 ...
    __m512i low = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    return _mm512_or_si512(low, _mm512_slli_epi32(_mm512_add_epi32(low, _mm512_set1_epi32(16)), 16));
}

// The numbers of 16 pairs as floats.
static inline __m512 even_of(__m512i pairs) {
    return (__m512)_mm512_slli_epi32(pairs, 16);
}
static inline __m512 odd_of(__m512i pairs) {
    return (__m512)_mm512_and_si512(pairs, _mm512_set1_epi32((int)0xffff0000));
}

static inline __m512i pairs_of(__m512 even, __m512 odd) {
    return _mm512_permutexvar_epi16(interleave_order(), pack_two(even, odd));
}

// Rows of pairs lie beyond the second-level cache: their lines, also those that are only written, which are fetched
// first, are there in time if they are asked for beforehand (a copy of 3 MB from and to the third-level cache: 24 GB/s
// instead of 15). i: of the pair that is worked on.
static inline void ask_for(const bf16 *row, size_t i) {
    enum { AHEAD = 256 }; // pairs
    _mm_prefetch((const char *)(row + 2 * (i + AHEAD)), _MM_HINT_T0);
}

// Which of 16 pairs a gate lets through: those above zero, from 2^-126 to infinity.
static inline __mmask32 open_of(__m512i gates) {
    return _mm512_cmpge_epi16_mask(gates, _mm512_set1_epi16(0x0080)) &
           _mm512_cmple_epi16_mask(gates, _mm512_set1_epi16(0x7f80));
}

#endif
