// SPDX-License-Identifier: Apache-2.0
// bf16 tiles by the dot product of pairs (AVX512-BF16): a lane adds two products to its float. Blocked as
// tiles_avx512.h shows.
#if defined(__x86_64__) && !defined(REFF_DOUBLE)
#include "core/kernels/norm_pairs.h"
#include "core/kernels/pool_pairs.h"
#include "core/kernels/tiles_pack.h"

static inline __m512 multiplied(__m512 sums, __m512i a, __m512i b) {
    return _mm512_dpbf16_ps(sums, (__m512bh)a, (__m512bh)b);
}

static void multiply(const struct tile_run *runs, int count, int depth, int cells, int rows, size_t a_next,
                     int add, float c[4][TILE_SUMS]) {
    multiply_blocks(multiplied, runs, count, depth, cells, rows, a_next, add, c);
}

const struct tile_kernels tiles_avx512_bf16 = {.precision = PRECISION_BF16,
                                               .isa = ISA_AVX512_BF16,
                                               .numbers = 2,
                                               .winograd = &tiles_avx512,
                                               .begin = begin_vectors,
                                               .end = end_vectors,
                                               .multiply = multiply,
                                               .column = pack_column,
                                               .row = pack_row,
                                               .lay = pack_lay,
                                               .turn = pack_turn,
                                               .split = pack_split,
                                               .split_gated = pack_split_gated,
                                               .join = pack_join,
                                               .join_gated = pack_join_gated,
                                               .put = put_rows,
                                               .together = put_together,
                                               .put_pairs = pack_put_pairs,
                                               .row_pairs = pack_row_pairs,
                                               .turn_pairs = pack_turn_pairs,
                                               .norm = &norm_pairs_avx512,
                                               .pool = &pool_pairs_avx512};
#endif
