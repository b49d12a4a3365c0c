// SPDX-License-Identifier: Apache-2.0
// Random numbers from a counter: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
// SC 2011). There is no state to share or to save: a draw is a function of (seed, purpose, index, position),
// so the result does not depend on threads, order, or how many other draws were made.
//
//     struct random r = random_stream(seed, PURPOSE_POSITION, image_index);
//     double u = random_uniform(&r);
#ifndef REFF_BASE_RANDOM_H
#define REFF_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct random {
    uint32_t key[2];     // the seed
    uint32_t counter[4]; // position (of the block), index low, index high, purpose
    uint32_t block[4];   // the current block of output
    int used;            // how many words of `block` are spent
};

// The bare block function: out = Philox4x32-10(counter, key), as in the published test vectors.
void philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

// The stream keyed by (seed, purpose, index). Streams of different keys are independent.
struct random random_stream(uint64_t seed, uint32_t purpose, uint64_t index);

uint32_t random_bits(struct random *r);                          // uniform over 32 bits
void random_fill(struct random *r, uint32_t *out, size_t count); // the next `count` of random_bits, faster
double random_uniform(struct random *r);                         // [0, 1), 53 bits
uint32_t random_below(struct random *r, uint32_t n);             // 0 .. n-1 without bias; n > 0
double random_normal(struct random *r); // mean 0, variance 1 (Box-Muller, cosine half)
void random_shuffle(struct random *r, uint32_t *items, size_t count); // Fisher-Yates, uniform

// Turns a name into a purpose, so that modules need no common list (FNV-1a).
uint32_t random_purpose(const char *name);

#endif
