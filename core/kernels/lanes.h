// SPDX-License-Identifier: Apache-2.0
// SIMD vectors for the kernels, in GCC's own vector types, so that the same kernel serves float and double
// and any instruction set the compiler targets: 64 bytes where that has AVX-512 (make ARCH=-march=native),
// else 32.
#ifndef REFF_KERNELS_LANES_H
#define REFF_KERNELS_LANES_H

#include "core/kernels/real.h"

#include <math.h>
#include <string.h>
#if defined(__FMA__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
enum { LANE_BYTES = 64 };
#else
enum { LANE_BYTES = 32 };
#endif
enum { LANES = LANE_BYTES / sizeof(real) };
typedef real lanes __attribute__((vector_size(LANE_BYTES)));

static inline lanes lanes_load(const real *p) {
    lanes v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline void lanes_store(real *p, lanes v) {
    memcpy(p, &v, sizeof v);
}

static inline lanes lanes_all(real s) {
    return s - (lanes){0};
}

// a * b + c, in one rounding where the processor can.
static inline lanes lanes_fma(lanes a, lanes b, lanes c) {
#if defined(__AVX512F__) && defined(REFF_DOUBLE)
    return (lanes)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
#elif defined(__AVX512F__)
    return (lanes)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__FMA__) && defined(REFF_DOUBLE)
    return (lanes)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
#elif defined(__FMA__)
    return (lanes)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
    return a * b + c;
#endif
}

// Square roots, correctly rounded.
static inline lanes lanes_sqrt(lanes v) {
#if defined(__AVX512F__) && defined(REFF_DOUBLE)
    return (lanes)_mm512_sqrt_pd((__m512d)v);
#elif defined(__AVX512F__)
    return (lanes)_mm512_sqrt_ps((__m512)v);
#elif defined(__AVX__) && defined(__FMA__) && defined(REFF_DOUBLE)
    return (lanes)_mm256_sqrt_pd((__m256d)v);
#elif defined(__AVX__) && defined(__FMA__)
    return (lanes)_mm256_sqrt_ps((__m256)v);
#else
    for (int i = 0; i < LANES; i++)
        v[i] = (real)sqrt((double)v[i]);
    return v;
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
