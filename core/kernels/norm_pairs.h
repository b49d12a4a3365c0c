// SPDX-License-Identifier: Apache-2.0
// What batch norm does to rows of two channels in pairs (pairs.h), from array to array without floats in
// between. Sums are those of vector.h over the n numbers of a row, n at most VECTOR_BLOCK; all numbers are
// those that splitting, the same arithmetic on floats, and joining give, bit for bit. [2]: of the even and of
// the odd channel.
#ifndef REFF_KERNELS_NORM_PAIRS_H
#define REFF_KERNELS_NORM_PAIRS_H

#include "core/kernels/tiles.h"

struct norm_line { // (u - mean) scale + shift
    real mean[2], scale[2], shift[2];
};

struct norm_projection { // of_in v + of_u (u - mean) + constant
    real mean[2], of_in[2], of_u[2], constant[2];
};

struct norm_second { // of_t t + of_g gy + of_u (u - mean) + constant
    real of_t[2], of_g[2], of_u[2], constant[2];
};

// A row v behind a ReLU: zero where the gate, its output, is not above zero. gate NULL: v as it is.
struct norm_cut {
    const bf16 *v, *gate;
};

struct norm_pairs {
    // sum += S(u), squares += S((u - about)^2)
    void (*squares)(const bf16 *u, size_t n, const real about[2], double sum[2], double squares[2]);
    // y = relu?(line of u + r); r may be NULL
    void (*normalise)(const bf16 *u, const bf16 *r, size_t n, const struct norm_line *line, int relu,
                      bf16 *y);
    // sum += S(v), dot += S(v (u - mean)), and v, cut, goes to `kept` and to or onto (add) `residual`; either
    // may be NULL, and `kept` may be v.
    void (*receive)(const struct norm_cut *in, const bf16 *u, size_t n, const real mean[2], bf16 *kept,
                    bf16 *residual, int add, double sum[2], double dot[2]);
    // to (+)= projection of v and u
    void (*project)(const struct norm_cut *in, const bf16 *u, size_t n, const struct norm_projection *k,
                    int add, bf16 *to);
    // The same, and the second order's terms.
    void (*project_second)(const struct norm_cut *in, const bf16 *u, const bf16 *t, const bf16 *gy, size_t n,
                           const struct norm_projection *k, const struct norm_second *k2, int add, bf16 *to);
    // sum += S(t), dot += S(t (u - mean)), t_gy += S(t gy)
    void (*tangent_sums)(const bf16 *t, const bf16 *u, const bf16 *gy, size_t n, const real mean[2],
                         double sum[2], double dot[2], double t_gy[2]);
    // to = projection of t and u, + r, behind the gate; r and gate may be NULL
    void (*tangent)(const bf16 *t, const bf16 *u, const bf16 *r, const bf16 *gate, size_t n,
                    const struct norm_projection *k, bf16 *to);
};

extern const struct norm_pairs norm_pairs_avx512; // in float builds for x86-64, by AVX512-BF16

#endif
