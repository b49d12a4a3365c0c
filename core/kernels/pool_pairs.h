// SPDX-License-Identifier: Apache-2.0
// Max pooling of arrays in pairs (pairs.h), for the n images of a pixel of two channels, which lie together.
// [2]: of the even and of the odd channel.
#ifndef REFF_KERNELS_POOL_PAIRS_H
#define REFF_KERNELS_POOL_PAIRS_H

#include "core/kernels/tiles.h"

struct pool_window { // as an input pixel sees it
    const bf16 *y;   // numbers of the output pixel
    const uint8_t *winner[2];
    uint8_t tap; // that wins for this input pixel
};

struct pool_pairs {
    // y = the largest of `count` taps' numbers, the first of equal ones, the first NaN if there is any;
    // winner = the `number` of its tap. count is at least 1.
    void (*best)(const bf16 *const taps[], const uint8_t number[], int count, size_t n, bf16 *y,
                 uint8_t *const winner[2]);
    // x (+)= the numbers of those windows that it has won, added up in their order as floats
    void (*collect)(const struct pool_window windows[], int count, size_t n, int add, bf16 *x);
};

extern const struct pool_pairs pool_pairs_avx512; // in float builds for x86-64, by AVX512-BF16

#endif
