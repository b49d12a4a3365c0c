// SPDX-License-Identifier: Apache-2.0
#include "core/base/random.h"

#include <math.h>
#include <string.h>

void philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
    uint32_t c[4] = {counter[0], counter[1], counter[2], counter[3]};
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c[0], p1 = (uint64_t)0xCD9E8D57u * c[2];
        uint32_t next[4] = {(uint32_t)(p1 >> 32) ^ c[1] ^ k0, (uint32_t)p1, (uint32_t)(p0 >> 32) ^ c[3] ^ k1,
                            (uint32_t)p0};
        memcpy(c, next, sizeof c);
        k0 += 0x9E3779B9u; // Weyl sequence: golden ratio
        k1 += 0xBB67AE85u; // and sqrt(3) - 1
    }
    memcpy(out, c, sizeof c);
}

struct random random_stream(uint64_t seed, uint32_t purpose, uint64_t index) {
    struct random r = {.key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
                       .counter = {0, (uint32_t)index, (uint32_t)(index >> 32), purpose},
                       .used = 4};
    return r;
}

uint32_t random_bits(struct random *r) {
    if (r->used == 4) {
        philox4x32(r->counter, r->key, r->block);
        r->counter[0]++;
        r->used = 0;
    }
    return r->block[r->used++];
}

// `blocks` blocks of consecutive counters side by side: a round of one waits for the round before, those of
// several do not wait for each other.
static void philox_blocks(const struct random *r, uint32_t *out, size_t blocks) {
#pragma omp simd
    for (size_t i = 0; i < blocks; i++) {
        uint32_t c0 = r->counter[0] + (uint32_t)i, c1 = r->counter[1], c2 = r->counter[2], c3 = r->counter[3];
        uint32_t k0 = r->key[0], k1 = r->key[1];
#pragma GCC unroll 10
        for (int round = 0; round < 10; round++) {
            uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
            c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
            c1 = (uint32_t)p1;
            c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
            c3 = (uint32_t)p0;
            k0 += 0x9E3779B9u;
            k1 += 0xBB67AE85u;
        }
        out[4 * i] = c0;
        out[4 * i + 1] = c1;
        out[4 * i + 2] = c2;
        out[4 * i + 3] = c3;
    }
}

void random_fill(struct random *r, uint32_t *out, size_t count) {
    for (; count && r->used < 4; count--)
        *out++ = random_bits(r);
    size_t blocks = count / 4;
    philox_blocks(r, out, blocks);
    r->counter[0] += (uint32_t)blocks;
    for (size_t i = 4 * blocks; i < count; i++)
        out[i] = random_bits(r);
}

double random_uniform(struct random *r) {
    uint64_t high = random_bits(r) >> 5, low = random_bits(r) >> 6; // 27 + 26 bits
    return (double)(high << 26 | low) * 0x1p-53;
}

uint32_t random_below(struct random *r, uint32_t n) {
    // Lemire's multiplication, with rejection of the uneven remainder.
    uint64_t product = (uint64_t)random_bits(r) * n;
    if ((uint32_t)product < n) {
        uint32_t threshold = -n % n;
        while ((uint32_t)product < threshold)
            product = (uint64_t)random_bits(r) * n;
    }
    return (uint32_t)(product >> 32);
}

double random_normal(struct random *r) {
    double u = 1.0 - random_uniform(r); // (0, 1], so that the logarithm is finite
    double angle = 6.283185307179586 * random_uniform(r);
    return sqrt(-2.0 * log(u)) * cos(angle);
}

void random_shuffle(struct random *r, uint32_t *items, size_t count) {
    for (size_t i = count; i > 1; i--) {
        size_t j = random_below(r, (uint32_t)i);
        uint32_t other = items[j];
        items[j] = items[i - 1];
        items[i - 1] = other;
    }
}

uint32_t random_purpose(const char *name) {
    uint32_t hash = 2166136261u;
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return hash;
}
