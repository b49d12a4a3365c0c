// SPDX-License-Identifier: Apache-2.0
#include "core/kernels/tiled.h"

#include "core/kernels/tiled_winograd.h"

enum {
    MINIMUM_CHANNELS = 9, // of the input: with fewer a tile's depth is mostly zeros
    // Of a weight gradient whose taps in x are columns as well: input channels times taps, output channels.
    MINIMUM_FOLDED = 16,
    MINIMUM_ROWS = 32,
};

#ifdef REFF_DOUBLE
const struct tile_kernels *tiled_kernels(const struct convolution *c) {
    return (void)c, NULL;
}

const struct tile_kernels *tiled_weight_kernels(const struct convolution *c) {
    return (void)c, NULL;
}
#else
// Whether its images and channels fill tiles at least by half.
static int fills_tiles(const struct convolution *c) {
    return 2 * c->batch > TILE_COLUMNS && c->c_in >= MINIMUM_CHANNELS;
}

static int weight_fills_tiles(const struct convolution *c) {
    int folded = c->c_in * c->kernel_w >= MINIMUM_FOLDED && c->c_out >= MINIMUM_ROWS;
    return fills_tiles(c) || (2 * c->batch > TILE_COLUMNS && folded);
}

const struct tile_kernels *tiled_kernels(const struct convolution *c) {
    const struct tile_kernels *k = tiles_for(c->precision);
    if (c->precision == PRECISION_BF16)
        return k;
    if (k->isa == ISA_PLAIN)
        return tiled_by_winograd(&tiles_lanes, c) ? &tiles_lanes : NULL;
    return fills_tiles(c) ? k : NULL;
}

const struct tile_kernels *tiled_weight_kernels(const struct convolution *c) {
    const struct tile_kernels *k = tiles_for(c->precision);
    if (c->precision == PRECISION_BF16)
        return k;
    return !weight_fills_tiles(c) ? NULL : k->isa == ISA_PLAIN ? &tiles_lanes : k;
}
#endif
