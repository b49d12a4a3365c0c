// SPDX-License-Identifier: Apache-2.0
#include "core/kernels/bf16.h"

int bf16_takes(const struct convolution *c) {
    return sizeof(real) == sizeof(float) && c->precision == PRECISION_BF16;
}

const struct tile_kernels *bf16_kernels(void) {
    static const struct tile_kernels *chosen;
    if (!chosen)
        chosen = tiles_of(isa_for_bf16());
    return chosen;
}

size_t bf16_scratch(const struct convolution *c, int threads) {
    size_t gather = bf16_gather_scratch(c, threads), weight = bf16_weight_scratch(c, threads);
    return gather > weight ? gather : weight;
}
