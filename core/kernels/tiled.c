// SPDX-License-Identifier: Apache-2.0
#include "core/kernels/tiled.h"

#include "core/kernels/tiled_winograd.h"

enum {
    LEAST_CHANNELS = 9, // of the input: with fewer a tile's depth is mostly zeros
    // Of a weight gradient whose taps in x are columns as well: input channels times taps, output channels.
    LEAST_FOLDED = 16,
    LEAST_ROWS = 32,
};

const struct tile_kernels *tiles_for(enum precision precision) {
    static const struct tile_kernels *chosen[2];
    if (!chosen[precision])
        chosen[precision] = tiles_of(precision, precision == PRECISION_BF16 ? isa_for_bf16() : isa_for_f32());
    return chosen[precision];
}

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
    return 2 * c->batch > TILE_COLUMNS && c->c_in >= LEAST_CHANNELS;
}

static int weight_fills_tiles(const struct convolution *c) {
    int folded = c->c_in * c->kernel_w >= LEAST_FOLDED && c->c_out >= LEAST_ROWS;
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

void tiled_forward(const struct tile_kernels *k, const struct convolution *c, const real *weight,
                   const void *x, void *y, int add, void *scratch) {
    if (tiled_by_winograd(k, c))
        tiled_winograd_forward(k, c, weight, x, y, add, scratch);
    else
        tiled_gather_forward(k, c, weight, x, y, add, scratch);
}

void tiled_backward_data(const struct tile_kernels *k, const struct convolution *c, const real *weight,
                         const void *y, void *x, int add, void *scratch) {
    if (tiled_by_winograd(k, c))
        tiled_winograd_backward_data(k, c, weight, y, x, add, scratch);
    else
        tiled_gather_backward_data(k, c, weight, y, x, add, scratch);
}

void tiled_backward_weight(const struct tile_kernels *k, const struct convolution *c, const void *y,
                           const void *x, real *weight, int add, void *scratch) {
    if (tiled_by_winograd(k, c))
        tiled_winograd_backward_weight(k, c, y, x, weight, add, scratch);
    else
        tiled_weight_gradient(k, c, y, x, weight, add, scratch);
}

static size_t most(size_t a, size_t b) {
    return a > b ? a : b;
}

size_t tiled_scratch(const struct tile_kernels *k, const struct convolution *c, int threads) {
    if (tiled_by_winograd(k, c))
        return tiled_winograd_scratch(c, threads);
    return most(tiled_gather_scratch(k, c, threads), tiled_weight_scratch(k, c, threads));
}
