// SPDX-License-Identifier: Apache-2.0
#include "core/kernels/tiled.h"

enum { LEAST_CHANNELS = 9 }; // of the input: with fewer a tile's depth is mostly zeros

const struct tile_kernels *tiles_for(enum precision precision) {
    static const struct tile_kernels *chosen[2];
    if (!chosen[precision])
        chosen[precision] = tiles_of(precision, precision == PRECISION_BF16 ? isa_for_bf16() : isa_for_f32());
    return chosen[precision];
}

const struct tile_kernels *tiled_kernels(const struct convolution *c) {
    if (sizeof(real) != sizeof(float))
        return NULL;
    const struct tile_kernels *k = tiles_for(c->precision);
    if (c->precision == PRECISION_F32 &&
        (k->isa == ISA_PLAIN || 2 * c->batch <= TILE_COLUMNS || c->c_in < LEAST_CHANNELS))
        return NULL;
    return k;
}

size_t tiled_scratch(const struct tile_kernels *k, const struct convolution *c, int threads) {
    size_t gather = tiled_gather_scratch(k, c, threads), weight = tiled_weight_scratch(k, c, threads);
    return gather > weight ? gather : weight;
}
