// SPDX-License-Identifier: Apache-2.0
// SIMD vectors for the kernels: one 32-byte vector of numbers, in GCC's own vector types, so that the same
// kernel serves float and double and any instruction set the compiler targets.
#ifndef REFF_KERNELS_LANES_H
#define REFF_KERNELS_LANES_H

#include "core/kernels/real.h"

#include <string.h>
#if defined(__FMA__)
#include <immintrin.h>
#endif

typedef real lanes __attribute__((vector_size(32)));
enum { LANES = 32 / sizeof(real) };

static inline lanes lanes_load(const real *p) {
    lanes v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline void lanes_store(real *p, lanes v) {
    memcpy(p, &v, sizeof v);
}

static inline lanes lanes_all(real s) {
#ifdef REFF_DOUBLE
    return (lanes){s, s, s, s};
#else
    return (lanes){s, s, s, s, s, s, s, s};
#endif
}

// a * b + c, in one rounding where the processor can.
static inline lanes lanes_fma(lanes a, lanes b, lanes c) {
#if defined(__FMA__) && defined(REFF_DOUBLE)
    return (lanes)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
#elif defined(__FMA__)
    return (lanes)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
    return a * b + c;
#endif
}

// The sum over lanes, halves first.
static inline real lanes_sum(lanes v) {
    real a[LANES];
    lanes_store(a, v);
    for (int half = LANES / 2; half; half /= 2)
        for (int i = 0; i < half; i++)
            a[i] += a[i + half];
    return a[0];
}

#endif
