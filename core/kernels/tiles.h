// SPDX-License-Identifier: Apache-2.0
// Products in tiles: what every instruction set has to offer, in one table per precision and set.
// Convolutions are built from these few functions alone (tiled.h says by which files); tiles_plain.c is their
// definition.
//
// A tile is 16 x 16 cells of four bytes. In f32 a cell is one number; in bf16 it is two, of neighbouring
// depths. bf16 is the upper half of a float: 8 bits of exponent, 7 of mantissa. Numbers are rounded to the
// nearest, ties to even, denormals to zero; products are summed in float.
//
//   A tile   [16 rows][16 cells of depth]      rows of the left operand (weights, gradients)
//   B tile   [16 cells of depth][16 columns]   the right operand
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

#include "core/kernels/isa.h"
#include "core/kernels/precision.h"
#include "core/kernels/real.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint16_t bf16;
typedef uint32_t cell; // accessed as what it holds by memcpy or vector loads alone

static inline float cell_number(cell bits) { // of f32
    float v;
    memcpy(&v, &bits, sizeof v);
    return v;
}
static inline float bf16_number(bf16 v) {
    return cell_number((cell)v << 16);
}

enum {
    TILE_ROWS = 16,
    TILE_COLUMNS = 16,
    TILE_CELLS = 16,                     // of depth
    TILE = TILE_ROWS * TILE_CELLS,       // cells of an A or B tile
    TILE_SUMS = TILE_ROWS * TILE_COLUMNS // numbers of a C tile
};

struct tile_run {  // a stretch of the depth: where its tiles begin, and how far apart they lie, in cells
    const cell *a; // one behind the other
    const cell *b[2];
    size_t b_row[2];  // from one row of a B tile to the next: 16 where tiles were packed, any other where
                      // they are read where they lie (pairs.h), 0 for a row of zeros
    size_t b_step[2]; // from one B tile to the next
};

enum put { // what becomes of the numbers that a C tile is put over
    PUT_OVER,
    PUT_ADD,
    PUT_ON,   // panels: the sums begin with them
    PUT_PAST, // over, past the caches: whole lines go to memory without being read first, where arrays are
              // larger than caches keep
};

// A panel: sums of up to 6 rows and 64 columns, which stay in registers over the whole depth. Either operand is read
// where it lies: rows of A whose numbers lie one behind the other, vectors of B some way apart.
//
//            b[0]    b[1]    b[2]    b[3]       vectors of 16 columns
//          +-------+-------+-------+-------+
//       a  | c[0]  | c[1]  | c[2]  | c[3]  |    up to 6 rows
//          +-------+-------+-------+-------+
enum { PANEL_ROWS = 6, PANEL_VECTORS = 4, PANEL_COLUMNS = PANEL_VECTORS * TILE_COLUMNS, PANEL_STEP = 4 };

// Memory that a later panel needs, asked for while another one is multiplied: `lines` of 64 bytes of each of some
// planes.
struct panel_ask {
    const real *at;
    size_t plane;
    int lines, line;        // of a plane; of this one already asked for
    int left;               // planes
    int each;               // lines for every 16 of the depth
    struct panel_ask *next; // goes on when all is asked for; NULL: none
};

struct panel {
    int rows, vectors; // 1 to PANEL_ROWS, PANEL_VECTORS
    int used;          // columns of the last vector that are put; all are read
    int runs, depth;   // of the depth; the length of one
    // A: PANEL_STEP numbers of a row side by side, rows a_row apart, the next ones a_step behind them (a multiple of
    // rows where they were packed, PANEL_STEP where they lie in rows), runs a_run apart.
    const real *a;
    size_t a_row, a_step, a_run;
    const real *b[PANEL_VECTORS]; // 16 numbers at each depth, b_depth apart, runs b_run
    size_t b_depth, b_run;
    real *keep;             // where B's rows are kept, [run][depth][64]; NULL: nowhere. Later b_depth is 64
    real *c[PANEL_VECTORS]; // rows of 16 numbers, c_row apart
    size_t c_row;
    enum put how;
    struct panel_ask *ask; // NULL: nothing
};

struct tile_kernels {
    enum precision precision;
    enum isa isa;
    int numbers; // of a cell: 1 or 2
    // The table in f32 that multiplies 3x3 kernels by Winograd's algorithm faster than this one does without
    // (tiled_winograd.h); NULL: none.
    const struct tile_kernels *winograd;

    // Around the use of `multiply`, in each thread. cells: rows of a B tile that are read, 1 to 16; the rest
    // of a tile's depth does not exist.
    void (*begin)(int cells);
    void (*end)(void);

    // c (+)= a b over `count` runs of `depth` tiles, `cells` as `begin` was told. rows: of A that are wanted,
    // 1 to 32; the second row of tiles, of rows from 16 on, lies a_next cells behind. Other rows of c may
    // become anything. A and c are 64-byte aligned. The depth is added up in its order.
    void (*multiply)(const struct tile_run *runs, int count, int depth, int cells, int rows, size_t a_next,
                     int add, float c[4][TILE_SUMS]);

    // One row of B tiles: `columns` numbers (at most 16) of each of `count` pixels, `step` numbers apart, of
    // each of a cell's depths; from[i] may be NULL: zeros. Pixel i goes to to + i * to_step cells.
    void (*column)(const real *const from[2], int count, size_t step, int columns, cell *to, size_t to_step);

    // One row of A tiles: n numbers, then zeros to the end of the last tile; tile i's row at to + i * TILE.
    void (*row)(const real *from, size_t n, cell *to);

    // Rows of an A tile from columns: `columns` (at most 16) columns of `rows` rows (at most a tile's depth),
    // `stride` apart, zeros past `rows`; column i goes to to[i].
    void (*lay)(const real *from, size_t stride, int rows, int columns, cell *const to[TILE_ROWS]);

    // B tiles whose depth runs along the rows of `from`: 16 rows, `stride` apart, of n numbers (whole tiles).
    void (*turn)(const real *from, size_t stride, size_t n, cell *to);

    // A C tile to rows of an array, `plane` numbers apart: rows and columns at most 16.
    void (*put)(const float *sums, int rows, int columns, enum put how, real *to, size_t plane);

    // Of f32, NULL: there are none. c (how) a b; and `turn` for panels: depth d of 16 rows goes to to + d * 64.
    void (*panel)(const struct panel *panel);
    void (*turn_panel)(const real *from, size_t stride, size_t n, real *to);

    // Sums of the same row of several taps' C tiles to weights whose taps lie together, [column][tap]:
    // to (+)= from[tap][at + column], columns at most 16. NULL: number by number.
    void (*together)(const float *const from[], size_t at, int taps, int columns, int add, real *to);

    // Of bf16 alone, arrays in pairs (pairs.h). A pair's two rows as floats, and back.
    void (*split)(const bf16 *from, size_t n, real *even, real *odd);
    // The same, zero where the gate's number is not above zero (behind a ReLU: the gate is its output).
    void (*split_gated)(const bf16 *from, const bf16 *gate, size_t n, real *even, real *odd);
    void (*join)(const real *even, const real *odd, size_t n, bf16 *to);
    void (*join_gated)(const real *even, const real *odd, const bf16 *gate, size_t n, bf16 *to);

    // `put` to the rows of channels of which two are a pair; `plane` numbers from pair to pair; rows: even.
    void (*put_pairs)(const float *sums, int rows, int columns, enum put how, bf16 *to, size_t plane);

    // As `row` and `turn`: two rows of A tiles from the n pairs of one row; B tiles from 8 rows of n pairs,
    // `stride` numbers apart.
    void (*row_pairs)(const bf16 *from, size_t n, cell *even, cell *odd);
    void (*turn_pairs)(const bf16 *from, size_t stride, size_t n, cell *to);

    const struct norm_pairs *norm; // batch norm's rows in pairs (norm_pairs.h); NULL: split, and join
    const struct pool_pairs *pool; // max pooling of pairs (pool_pairs.h); NULL: the same
};

extern const struct tile_kernels tiles_plain_bf16, tiles_plain_f32;
// In float builds, f32 by the vectors that the program was compiled for:
extern const struct tile_kernels tiles_lanes;
// In float builds for x86-64:
extern const struct tile_kernels tiles_avx512;                 // f32
extern const struct tile_kernels tiles_avx512_bf16, tiles_amx; // bf16

// The table of a precision that is made for an instruction set; NULL: there is none.
const struct tile_kernels *tiles_of(enum precision precision, enum isa isa);

// The tables of isa_for_bf16() and of isa_for_f32(), asked once.
const struct tile_kernels *tiles_for(enum precision precision);

#endif
