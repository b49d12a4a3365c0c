// SPDX-License-Identifier: Apache-2.0
// Products of bf16 numbers in tiles: what every instruction set has to offer, in one table. Convolutions are
// built from these few functions alone (bf16_gather.c, bf16_weight.c); tiles_plain.c is their definition.
//
// bf16 is the upper half of a float: 8 bits of exponent, 7 of mantissa. Numbers are rounded to the nearest,
// ties to even, denormals to zero; products are summed in float.
//
//   A tile   [16 rows][32 depth]             rows of the left operand (weights, gradients)
//   B tile   [16 pairs of depth][16 columns][2]   the right operand, two depths side by side
//   C tile   [16 rows][16 columns] float
//
//            b0      b1              a block is 2 x 2 tiles: four loads feed four products
//          +-------+-------+
//       a0 | c[0]  | c[1]  |
//          +-------+-------+
//       a1 | c[2]  | c[3]  |
//          +-------+-------+
#ifndef REFF_KERNELS_TILES_H
#define REFF_KERNELS_TILES_H

#include "core/base/isa.h"
#include "core/kernels/real.h"

#include <stddef.h>
#include <stdint.h>

typedef uint16_t bf16;

enum {
    TILE_ROWS = 16,
    TILE_COLUMNS = 16,
    TILE_DEPTH = 32,
    TILE = TILE_ROWS * TILE_DEPTH,       // numbers of an A or B tile
    TILE_SUMS = TILE_ROWS * TILE_COLUMNS // numbers of a C tile
};

struct tile_run {  // a stretch of the depth: where its tiles begin, and how far apart they lie
    const bf16 *a; // one behind the other
    const bf16 *b[2];
    size_t b_row[2];  // numbers from one row of a B tile to the next: 32 where tiles were packed, any other
                      // where they are read where they lie (pairs.h), 0 for a row of zeros
    size_t b_step[2]; // numbers from one B tile to the next
};

struct tile_kernels {
    enum isa isa;

    // Around the use of `multiply`, in each thread. pairs: rows of a B tile that are read, 1 to 16; the rest
    // of a tile's depth does not exist.
    void (*begin)(int pairs);
    void (*end)(void);

    // c (+)= a b over `count` runs of `depth` tiles, `pairs` as `begin` was told. The second row of A tiles
    // lies a_next numbers behind; 0: there is none, and c[2] and c[3] are left alone. A and c are 64-byte
    // aligned.
    void (*multiply)(const struct tile_run *runs, int count, int depth, int pairs, size_t a_next, int add,
                     float c[4][TILE_SUMS]);

    // One pair of depths of B tiles: `columns` numbers (at most 16) of each of `count` pixels, `step` numbers
    // apart; either may be NULL: zeros. Pixel i goes to to + i * to_step, [16][2].
    void (*pair)(const real *first, const real *second, int count, size_t step, int columns, bf16 *to,
                 size_t to_step);

    // One row of A tiles: n numbers, then zeros up to a multiple of 32; tile i's row at to + i * TILE.
    void (*row)(const real *from, size_t n, bf16 *to);

    // Rows of A tiles from columns: `columns` (at most 16) columns of `rows` (at most 32) rows, `stride`
    // apart, become rows of 32, zeros past `rows`; column i goes to to[i].
    void (*lay)(const real *from, size_t stride, int rows, int columns, bf16 *const to[TILE_ROWS]);

    // B tiles whose depth runs along the rows of `from`: 16 rows, `stride` apart, of n numbers (a multiple of
    // 32), to [n / 2][16][2].
    void (*turn)(const real *from, size_t stride, size_t n, bf16 *to);

    // Arrays in pairs (pairs.h). A pair's two rows as floats, and back.
    void (*split)(const bf16 *from, size_t n, real *even, real *odd);
    void (*join)(const real *even, const real *odd, size_t n, bf16 *to);

    // A C tile to the rows of its channels, of which two are a pair; `plane` numbers from pair to pair. rows:
    // even, at most 16; columns: at most 16. add: to what is there.
    void (*put)(const float *sums, int rows, int columns, int add, bf16 *to, size_t plane);

    // As `row` and `turn`: two rows of A tiles from the n pairs of one row; B tiles from 8 rows of n pairs,
    // `stride` numbers apart.
    void (*row_pairs)(const bf16 *from, size_t n, bf16 *even, bf16 *odd);
    void (*turn_pairs)(const bf16 *from, size_t stride, size_t n, bf16 *to);
};

extern const struct tile_kernels tiles_plain;
extern const struct tile_kernels tiles_avx512_bf16, tiles_amx; // in float builds for x86-64

// The table of an instruction set that isa_available; of double builds the plain one.
const struct tile_kernels *tiles_of(enum isa isa);

#endif
