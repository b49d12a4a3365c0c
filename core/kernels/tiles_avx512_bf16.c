// SPDX-License-Identifier: Apache-2.0
// Tiles by the dot product of pairs (AVX512-BF16): a lane adds two products to its float. Rows are taken
// eight at a time over both columns of tiles: 16 sums in registers, two vectors of B, and one pair of A for
// all lanes.
//
//              b0 [pair]   b1 [pair]        8 rows x 32 columns
//     a[0] --> sum[0][0]   sum[0][1]
//     ...
//     a[7] --> sum[7][0]   sum[7][1]
#if defined(__x86_64__) && !defined(REFF_DOUBLE)
#include "core/kernels/tiles_pack.h"

#include <string.h>

enum { BLOCK = 8 };

static void begin(int pairs) {
    (void)pairs;
}
static void end(void) {}

static inline __m512bh both_of(const bf16 *p) { // one pair for all lanes
    int32_t pair;
    memcpy(&pair, p, sizeof pair);
    return (__m512bh)_mm512_set1_epi32(pair);
}

static inline __m512bh pairs_at(const bf16 *p) {
    return (__m512bh)_mm512_loadu_si512(p);
}

// Rows [first, first + 8) of the upper or lower row of tiles.
static void multiply_rows(const struct tile_run *runs, int count, int depth, int pairs, size_t a_at, int add,
                          float *left, float *right) {
    __m512 s[BLOCK][2];
    for (int i = 0; i < BLOCK; i++) {
        s[i][0] = add ? _mm512_loadu_ps(left + i * TILE_COLUMNS) : _mm512_setzero_ps();
        s[i][1] = add ? _mm512_loadu_ps(right + i * TILE_COLUMNS) : _mm512_setzero_ps();
    }
    for (int r = 0; r < count; r++) {
        const bf16 *a = runs[r].a + a_at, *b0 = runs[r].b[0], *b1 = runs[r].b[1];
        size_t row0 = runs[r].b_row[0], row1 = runs[r].b_row[1];
        for (int d = 0; d < depth; d++, a += TILE, b0 += runs[r].b_step[0], b1 += runs[r].b_step[1])
            for (int pair = 0; pair < pairs; pair++) {
                __m512bh v0 = pairs_at(b0 + (size_t)pair * row0), v1 = pairs_at(b1 + (size_t)pair * row1);
#pragma GCC unroll 8
                for (int i = 0; i < BLOCK; i++) {
                    __m512bh w = both_of(a + i * TILE_DEPTH + 2 * pair);
                    s[i][0] = _mm512_dpbf16_ps(s[i][0], w, v0);
                    s[i][1] = _mm512_dpbf16_ps(s[i][1], w, v1);
                }
            }
    }
    for (int i = 0; i < BLOCK; i++) {
        _mm512_storeu_ps(left + i * TILE_COLUMNS, s[i][0]);
        _mm512_storeu_ps(right + i * TILE_COLUMNS, s[i][1]);
    }
}

static void multiply(const struct tile_run *runs, int count, int depth, int pairs, size_t a_next, int add,
                     float c[4][TILE_SUMS]) {
    for (int half = 0; half < (a_next ? 2 : 1); half++)
        for (int first = 0; first < TILE_ROWS; first += BLOCK) {
            size_t at = (size_t)first * TILE_COLUMNS;
            multiply_rows(runs, count, depth, pairs, (size_t)half * a_next + (size_t)first * TILE_DEPTH, add,
                          c[2 * half] + at, c[2 * half + 1] + at);
        }
}

const struct tile_kernels tiles_avx512_bf16 = {.isa = ISA_AVX512_BF16,
                                               .begin = begin,
                                               .end = end,
                                               .multiply = multiply,
                                               .pair = pack_pair,
                                               .row = pack_row,
                                               .lay = pack_lay,
                                               .turn = pack_turn,
                                               .split = pack_split,
                                               .join = pack_join,
                                               .put = pack_put,
                                               .row_pairs = pack_row_pairs,
                                               .turn_pairs = pack_turn_pairs};
#endif
