// SPDX-License-Identifier: Apache-2.0
#include "core/kernels/tiled.h"

#include "core/kernels/tiled_winograd.h"

enum {
    MINIMUM_CHANNELS = 9, // of the input: with fewer a tile's depth is mostly zeros
    MINIMUM_FOLDED = 16,  // input channels times taps in x: 8 x 3 and 3 x 7 are a quarter to a half faster in
                          // tiles than direct.h (32 px, batch 32; 224 px, batch 16; Intel Xeon with AMX, f32)
    MINIMUM_ROWS = 32,    // output channels of a weight gradient whose taps in x are columns as well
};

#ifdef REFF_DOUBLE
const struct tile_kernels *tiled_kernels(const struct convolution *c) {
    return (void)c, NULL;
}

const struct tile_kernels *tiled_weight_kernels(const struct convolution *c) {
    return (void)c, NULL;
}
#else
static int images_fill_tiles(const struct convolution *c) {
    return 2 * c->batch > TILE_COLUMNS;
}

// Whether its channels fill tiles at least by half; taps in x count where they are folded into the depth.
static int channels_fill_tiles(const struct convolution *c) {
    return c->c_in >= MINIMUM_CHANNELS || c->c_in * c->kernel_w >= MINIMUM_FOLDED;
}

static int weight_channels_fill_tiles(const struct convolution *c) {
    return c->c_in >= MINIMUM_CHANNELS ||
           (c->c_in * c->kernel_w >= MINIMUM_FOLDED && c->c_out >= MINIMUM_ROWS);
}

const struct tile_kernels *tiled_kernels(const struct convolution *c) {
    const struct tile_kernels *k = tiles_for(c->precision);
    if (c->precision == PRECISION_BF16)
        return k;
    if (k->isa == ISA_PLAIN)
        return tiled_by_winograd(&tiles_lanes, c) ? &tiles_lanes : NULL;
    return images_fill_tiles(c) && channels_fill_tiles(c) ? k : NULL;
}

const struct tile_kernels *tiled_weight_kernels(const struct convolution *c) {
    const struct tile_kernels *k = tiles_for(c->precision);
    if (c->precision == PRECISION_BF16)
        return k;
    if (!images_fill_tiles(c) || !weight_channels_fill_tiles(c))
        return NULL;
    return k->isa == ISA_PLAIN ? &tiles_lanes : k;
}
#endif
