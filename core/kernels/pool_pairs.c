// SPDX-License-Identifier: Apache-2.0
// Sixteen images at a time, by AVX512-BF16; compiled for it (Makefile).
#include "core/kernels/pool_pairs.h"

#if defined(__x86_64__) && !defined(REFF_DOUBLE)
#include "core/kernels/pairs_avx512.h"

enum { VECTOR = 16 };

// A number wins over the best so far where it is larger or the first NaN.
static inline __mmask16 wins(__m512 x, __m512 best) {
    return _mm512_cmp_ps_mask(x, best, _CMP_NLE_UQ) & _mm512_cmp_ps_mask(best, best, _CMP_ORD_Q);
}

static void best(const bf16 *const taps[], const uint8_t number[], int count, size_t n, bf16 *y,
                 uint8_t *const winner[2]) {
    for (size_t i = 0; i < n; i += VECTOR) {
        __mmask16 used = first_of_16(n - i);
        __m512i pairs = _mm512_maskz_loadu_epi32(used, taps[0] + 2 * i);
        ask_for(y, i);
        __m512 even = even_of(pairs), odd = odd_of(pairs);
        __m128i even_winner = _mm_set1_epi8((char)number[0]), odd_winner = even_winner;
        for (int t = 1; t < count; t++) {
            __m128i this = _mm_set1_epi8((char)number[t]);
            pairs = _mm512_maskz_loadu_epi32(used, taps[t] + 2 * i);
            __m512 x = even_of(pairs);
            __mmask16 won = wins(x, even);
            even = _mm512_mask_mov_ps(even, won, x);
            even_winner = _mm_mask_mov_epi8(even_winner, won, this);
            x = odd_of(pairs);
            won = wins(x, odd);
            odd = _mm512_mask_mov_ps(odd, won, x);
            odd_winner = _mm_mask_mov_epi8(odd_winner, won, this);
        }
        _mm512_mask_storeu_epi32(y + 2 * i, used, pairs_of(even, odd));
        _mm_mask_storeu_epi8(winner[0] + i, used, even_winner);
        _mm_mask_storeu_epi8(winner[1] + i, used, odd_winner);
    }
}

static inline __m512 add_won(__m512 sum, __mmask16 used, const uint8_t *winner, uint8_t tap, __m512 y) {
    __mmask16 won =
        _mm_mask_cmpeq_epi8_mask(used, _mm_maskz_loadu_epi8(used, winner), _mm_set1_epi8((char)tap));
    return _mm512_mask_add_ps(sum, won, sum, y);
}

static void collect(const struct pool_window windows[], int count, size_t n, int add, bf16 *x) {
    for (size_t i = 0; i < n; i += VECTOR) {
        __mmask16 used = first_of_16(n - i);
        __m512i there = add ? _mm512_maskz_loadu_epi32(used, x + 2 * i) : _mm512_setzero_si512();
        __m512 even = even_of(there), odd = odd_of(there);
        ask_for(x, i);
        for (int w = 0; w < count; w++) {
            __m512i pairs = _mm512_maskz_loadu_epi32(used, windows[w].y + 2 * i);
            even = add_won(even, used, windows[w].winner[0] + i, windows[w].tap, even_of(pairs));
            odd = add_won(odd, used, windows[w].winner[1] + i, windows[w].tap, odd_of(pairs));
        }
        _mm512_mask_storeu_epi32(x + 2 * i, used, pairs_of(even, odd));
    }
}

const struct pool_pairs pool_pairs_avx512 = {.best = best, .collect = collect};
#endif
