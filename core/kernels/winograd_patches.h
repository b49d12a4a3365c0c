// SPDX-License-Identifier: Apache-2.0
// Patches of images, as Winograd's algorithm (winograd.h) takes them: 4 x 4 results each, 16 images at a
// time. What lies outside the image or past the batch is zero.
#ifndef REFF_KERNELS_WINOGRAD_PATCHES_H
#define REFF_KERNELS_WINOGRAD_PATCHES_H

#include "core/kernels/tiles.h"
#include "core/kernels/winograd.h"

// An array of activations, [channels][rows][width][N]. Its numbers are `real`, or bf16 in pairs of channels.
struct winograd_array {
    const void *numbers;
    int paired, channels, rows, width, batch;
};

// Patches of 16 images, from left to right, row by row: chunks.
struct winograd_patches {
    int across, strips, count;
};

struct winograd_patches winograd_patches(int batch, int rows, int width);

struct winograd_patch {
    int y, x;          // its first result
    int strip, images; // of 16: their number, and how many there are
};

struct winograd_patch winograd_patch(const struct winograd_patches *all, int chunk, int batch);

// Room for what does not lie in the array as it is needed.
struct winograd_window {
    uint32_t part[WINOGRAD_POINTS][WINOGRAD_LANES];
    real numbers[2][WINOGRAD_POINTS][WINOGRAD_LANES];
};

// side x side pixels of one channel, or of the two of a pair, the first of them `up` rows and columns before
// the patch: 16 images each, in the array or in `room`. Returns the number of channels.
int winograd_load(const struct winograd_array *a, const struct winograd_patch *patch, int channel, int up,
                  int side, struct winograd_window *room, const real *pixels[2][WINOGRAD_POINTS]);

// Its 16 results of up to 16 channels from `channel` on, [16][256], to the array; k: the table that stores.
void winograd_store(const struct tile_kernels *k, const struct winograd_array *a,
                    const struct winograd_patch *patch, int channel, const float *results, enum put how);

#endif
