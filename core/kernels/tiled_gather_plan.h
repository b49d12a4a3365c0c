// SPDX-License-Identifier: Apache-2.0
// The plan of a forward pass or data gradient in tiles (tiled_gather.c): which source pixels a destination
// pixel reads, what is kept of a source row, and how the work is divided.
#ifndef REFF_KERNELS_TILED_GATHER_PLAN_H
#define REFF_KERNELS_TILED_GATHER_PLAN_H

#include "core/kernels/convolution_shape.h"
#include "core/kernels/tiles.h"

struct tile_layout { // cells from one source tile to the next in each direction, and between a tile's rows
    size_t row, column, strip, depth, tile_row;
};

struct tile_gather {
    const struct convolution *c;
    int transposed;
    int source_paired, destination_paired;
    int m, k;                       // channels of destination and source
    int rows, width;                // of the destination
    int source_rows, source_width;  // of the source
    int strips;                     // of 16 images
    int phases;                     // destination columns x, x + phases, ... share their taps
    int step;                       // source columns from one destination column of a phase to the next
    int folded;                     // the taps in x are part of the depth
    int numbers;                    // of a cell
    int depth, cells;               // tiles of one tap; rows of each
    int taps_x;                     // of the weight tiles: 1 when folded
    int left, columns;              // source columns kept per row, `left` of them before the image
    int m_blocks;                   // of 16 output channels
    int band, bands, shares;        // destination rows per task; tasks in y; tasks in m
    size_t row_tiles, weight_tiles; // tiles of a source row; of all weights
    struct tile_layout source;
    int packs_late; // each task packs its weights itself, two rows of tiles at a time; else they are packed before
};

// Numbers of a tile's depth, used or not.
int gather_tile_depth(const struct tile_gather *g);

// The source row that destination row y reads through ky, or -1.
int gather_source_row(const struct tile_gather *g, int y, int ky);

// Source column of the first destination column of a phase through kx, may lie outside; 0: no such tap.
int gather_source_offset(const struct tile_gather *g, int phase, int kx, int *offset);

int gather_phase_columns(const struct tile_gather *g, int phase);

// Source rows that destination rows [first, last) read: from *from, their number returned.
int gather_rows_read(const struct tile_gather *g, int first, int last, int *from);

// Whether any of these destination rows reads a source row: a stride may pass it over.
int gather_is_read(const struct tile_gather *g, int first, int last, int row);

struct tile_gather gather_plan(const struct tile_kernels *k, const struct convolution *c, int transposed);

#endif
