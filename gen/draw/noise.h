// SPDX-License-Identifier: Apache-2.0
// Noise and cells of a texture at a point, for loops over pixels.
//
// Everything is inlined whole and chooses without branches, so that a loop under `omp simd` becomes vector code:
// its tables are read by gathers. Each lane does a pixel's operations in the order that is written here, so a
// pixel has the same bits in a vector and alone.
#ifndef REFF_GEN_DRAW_NOISE_H
#define REFF_GEN_DRAW_NOISE_H

#include "gen/draw/pattern.h"

#define NOISE_INLINE static inline __attribute__((always_inline))

// Which of the 256 entries of the tables belongs to a lattice point.
NOISE_INLINE int lattice_hash(const struct pattern *p, int x, int y) {
    return p->order[(p->order[x & 255] + y) & 255];
}

// Number k (0..2) of a lattice point's three, in [0,1).
NOISE_INLINE float lattice_at(const struct pattern *p, int x, int y, int k) {
    return p->lattice[lattice_hash(p, x, y)][k];
}

// The slope at a lattice point, applied to the way from there.
NOISE_INLINE float noise_slope(const struct pattern *p, int hash, float dx, float dy) {
    return p->slopes[hash][0] * dx + p->slopes[hash][1] * dy;
}

// Gradient noise, about -1..1, features of size 1.
NOISE_INLINE float noise(const struct pattern *p, float x, float y) {
    float fx = floorf(x), fy = floorf(y), dx = x - fx, dy = y - fy;
    int ix = (int)fx, iy = (int)fy, left = p->order[ix & 255] + iy, right = p->order[(ix + 1) & 255] + iy;
    float wx = dx * dx * (3 - 2 * dx), wy = dy * dy * (3 - 2 * dy);
    float top = mix(noise_slope(p, p->order[left & 255], dx, dy),
                    noise_slope(p, p->order[right & 255], dx - 1, dy), wx);
    float bottom = mix(noise_slope(p, p->order[(left + 1) & 255], dx, dy - 1),
                       noise_slope(p, p->order[(right + 1) & 255], dx - 1, dy - 1), wx);
    return 1.8f * mix(top, bottom, wy);
}

// Sum of noises of halved size and height. `octaves` is a constant, so that the loop disappears.
NOISE_INLINE float noise_octaves(const struct pattern *p, float x, float y, int octaves) {
    float sum = 0, weight = 0.5f;
#pragma GCC unroll 4
    for (int i = 0; i < octaves; i++) {
        sum += weight * noise(p, x, y);
        x = 2 * x + 17.3f;
        y = 2 * y + 9.1f;
        weight *= 0.5f;
    }
    return 2 * sum / (2 - 2 * weight);
}

struct pattern_cell {   // the nearest of jittered lattice points, and how near the second is
    float near, second; // distances
    float dx, dy;       // from the nearest point to here
    float lattice[3];   // the nearest point's three numbers
    int hash;
};

NOISE_INLINE void cell_consider(struct pattern_cell *c, const struct pattern *p, float jitter, float x,
                                float y, int i, int j) {
    int hash = lattice_hash(p, i, j);
    float first = p->lattice[hash][0], second = p->lattice[hash][1];
    float dx = x - ((float)i + 0.5f + jitter * (first - 0.5f));
    float dy = y - ((float)j + 0.5f + jitter * (second - 0.5f));
    float d = dx * dx + dy * dy, farther = d > c->near ? d : c->near;
    int nearer = d < c->near;
    c->hash = nearer ? hash : c->hash;
    c->lattice[0] = nearer ? first : c->lattice[0];
    c->lattice[1] = nearer ? second : c->lattice[1];
    c->dx = nearer ? dx : c->dx;
    c->dy = nearer ? dy : c->dy;
    c->near = nearer ? d : c->near;
    c->second = farther < c->second ? farther : c->second;
}

// jitter 0: square lattice.
NOISE_INLINE struct pattern_cell nearest_cell(const struct pattern *p, float x, float y, float jitter) {
    int ix = (int)floorf(x), iy = (int)floorf(y);
    struct pattern_cell c = {.near = 1e9f, .second = 1e9f};
#pragma GCC unroll 9
    for (int k = 0; k < 9; k++)
        cell_consider(&c, p, jitter, x, y, ix + k % 3 - 1, iy + k / 3 - 1);
    c.near = sqrtf(c.near);
    c.second = sqrtf(c.second);
    c.lattice[2] = p->lattice[c.hash][2];
    return c;
}

#endif
