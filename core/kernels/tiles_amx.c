// SPDX-License-Identifier: Apache-2.0
// Tiles as the processor's own registers (AMX): eight of 16 rows x 64 bytes. Four hold a block's sums, two
// its left and two its right operands, so that each load feeds two products of 16 x 32 x 16.
//
//                 tmm6    tmm7
//               +-------+-------+
//         tmm4  | tmm0  | tmm1  |
//               +-------+-------+
//         tmm5  | tmm2  | tmm3  |
//               +-------+-------+
#if defined(__x86_64__) && !defined(REFF_DOUBLE)
#include "core/kernels/norm_pairs.h"
#include "core/kernels/pool_pairs.h"
#include "core/kernels/tiles_pack.h"

struct tile_shapes { // what ldtilecfg reads
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
};

static void begin(int cells) {
    struct tile_shapes shapes = {.palette = 1};
    for (int i = 0; i < 8; i++) {
        shapes.row_bytes[i] = i == 4 || i == 5 ? (uint16_t)(4 * cells) : 64; // of A: its depth
        shapes.rows[i] = i > 5 ? (uint8_t)cells : 16;                        // of B: the same
    }
    __asm__ volatile("" : : "r"(&shapes) : "memory"); // the compiler knows of the first 8 bytes alone
    _tile_loadconfig(&shapes);
}

static void end(void) {
    _tile_release();
    end_vectors();
}

// The upper row of tiles alone.
static void multiply_one(const struct tile_run *runs, int count, int depth, int add, float c[4][TILE_SUMS]) {
    if (add) {
        _tile_loadd(0, c[0], 64);
        _tile_loadd(1, c[1], 64);
    } else {
        _tile_zero(0);
        _tile_zero(1);
    }
    for (int r = 0; r < count; r++) {
        const cell *a = runs[r].a, *left = runs[r].b[0], *right = runs[r].b[1];
        size_t left_row = runs[r].b_row[0] * sizeof(cell), right_row = runs[r].b_row[1] * sizeof(cell);
        for (int d = 0; d < depth; d++, a += TILE, left += runs[r].b_step[0], right += runs[r].b_step[1]) {
            _tile_loadd(4, a, 64);
            _tile_loadd(6, left, left_row);
            _tile_dpbf16ps(0, 4, 6);
            _tile_loadd(7, right, right_row);
            _tile_dpbf16ps(1, 4, 7);
        }
    }
    _tile_stored(0, c[0], 64);
    _tile_stored(1, c[1], 64);
}

static void multiply_two(const struct tile_run *runs, int count, int depth, size_t a_next, int add,
                         float c[4][TILE_SUMS]) {
    if (add) {
        _tile_loadd(0, c[0], 64);
        _tile_loadd(1, c[1], 64);
        _tile_loadd(2, c[2], 64);
        _tile_loadd(3, c[3], 64);
    } else {
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
    }
    for (int r = 0; r < count; r++) {
        const cell *a = runs[r].a, *left = runs[r].b[0], *right = runs[r].b[1];
        size_t left_row = runs[r].b_row[0] * sizeof(cell), right_row = runs[r].b_row[1] * sizeof(cell);
        for (int d = 0; d < depth; d++, a += TILE, left += runs[r].b_step[0], right += runs[r].b_step[1]) {
            _tile_loadd(4, a, 64);
            _tile_loadd(6, left, left_row);
            _tile_dpbf16ps(0, 4, 6);
            _tile_loadd(7, right, right_row);
            _tile_dpbf16ps(1, 4, 7);
            _tile_loadd(5, a + a_next, 64);
            _tile_dpbf16ps(2, 5, 6);
            _tile_dpbf16ps(3, 5, 7);
        }
    }
    _tile_stored(0, c[0], 64);
    _tile_stored(1, c[1], 64);
    _tile_stored(2, c[2], 64);
    _tile_stored(3, c[3], 64);
}

static void multiply(const struct tile_run *runs, int count, int depth, int cells, int rows, size_t a_next,
                     int add, float c[4][TILE_SUMS]) {
    (void)cells; // `begin` has told the processor
    if (rows > TILE_ROWS)
        multiply_two(runs, count, depth, a_next, add, c);
    else
        multiply_one(runs, count, depth, add, c);
}

const struct tile_kernels tiles_amx = {.precision = PRECISION_BF16,
                                       .isa = ISA_AMX,
                                       .numbers = 2,
                                       .begin = begin,
                                       .end = end,
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
