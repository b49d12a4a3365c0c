// SPDX-License-Identifier: Apache-2.0
// Two passes each: along columns into a small array, then along its rows. The passes are one-dimensional and
// written so that the compiler puts lanes into vectors.
#include "core/kernels/winograd.h"

#include "core/kernels/wide.h"

#include <math.h>

enum {
    N = WINOGRAD_PIXELS,
    RESULTS = WINOGRAD_RESULTS,
    TAPS = WINOGRAD_TAPS,
    LANES = WINOGRAD_LANES,
    SUMS = WINOGRAD_SUMS
};

#ifdef REFF_DOUBLE
#define FMA fma
#else
#define FMA fmaf
#endif

// The points, their squares, and what the products of their distances to the others divide by.
static const float A = 0.75f, B = 1.5f, A2 = 0.5625f, B2 = 2.25f; // exact
static const float OF_0 = 64.0f / 81, OF_A = -128.0f / 243, OF_B = 32.0f / 243;

typedef real line[LANES];

// B' along one line: six pixels to six points, `step` numbers apart.
static inline __attribute__((always_inline)) void pixel_line(const real *const d[N], real *restrict to,
                                                             size_t step) {
    const real *d0 = d[0], *d1 = d[1], *d2 = d[2], *d3 = d[3], *d4 = d[4], *d5 = d[5];
    for (int i = 0; i < LANES; i++) {
        real even_a = FMA(-B2, d2[i], d4[i]), odd_a = FMA(-B2, d1[i], d3[i]);
        real even_b = FMA(-A2, d2[i], d4[i]), odd_b = FMA(-A2, d1[i], d3[i]);
        to[i] = FMA(A2 * B2, d0[i], FMA(-A2 - B2, d2[i], d4[i]));
        to[step + i] = FMA(A, odd_a, even_a);
        to[2 * step + i] = FMA(-A, odd_a, even_a);
        to[3 * step + i] = FMA(B, odd_b, even_b);
        to[4 * step + i] = FMA(-B, odd_b, even_b);
        to[5 * step + i] = FMA(A2 * B2, d1[i], FMA(-A2 - B2, d3[i], d5[i]));
    }
}

WIDE void winograd_pixels(const real *const pixels[WINOGRAD_POINTS], real *points) {
    line half[N][N]; // [point in y][x]
    for (int x = 0; x < N; x++) {
        const real *column[N];
        for (int y = 0; y < N; y++)
            column[y] = pixels[y * N + x];
        pixel_line(column, half[0][x], (size_t)N * LANES);
    }
    for (int y = 0; y < N; y++) {
        const real *row[N];
        for (int x = 0; x < N; x++)
            row[x] = half[y][x];
        pixel_line(row, points + (size_t)y * N * LANES, LANES);
    }
}

// A along one line: four results' gradients to six points.
static inline __attribute__((always_inline)) void result_line(const real *const r[RESULTS], real *restrict to,
                                                              size_t step) {
    const real *r0 = r[0], *r1 = r[1], *r2 = r[2], *r3 = r[3];
    for (int i = 0; i < LANES; i++) {
        real even_a = FMA(A2, r2[i], r0[i]), odd_a = FMA(A2, r3[i], r1[i]);
        real even_b = FMA(B2, r2[i], r0[i]), odd_b = FMA(B2, r3[i], r1[i]);
        to[i] = r0[i];
        to[step + i] = FMA(A, odd_a, even_a);
        to[2 * step + i] = FMA(-A, odd_a, even_a);
        to[3 * step + i] = FMA(B, odd_b, even_b);
        to[4 * step + i] = FMA(-B, odd_b, even_b);
        to[5 * step + i] = r3[i];
    }
}

WIDE void winograd_results(const real *const results[RESULTS * RESULTS], real *points) {
    line half[N][RESULTS];
    for (int x = 0; x < RESULTS; x++) {
        const real *column[RESULTS];
        for (int y = 0; y < RESULTS; y++)
            column[y] = results[y * RESULTS + x];
        result_line(column, half[0][x], (size_t)RESULTS * LANES);
    }
    for (int y = 0; y < N; y++) {
        const real *row[RESULTS];
        for (int x = 0; x < RESULTS; x++)
            row[x] = half[y][x];
        result_line(row, points + (size_t)y * N * LANES, LANES);
    }
}

// G along one line: three taps to six points.
static inline __attribute__((always_inline)) void tap_line(const real *const w[TAPS], real *restrict to,
                                                           size_t step) {
    const real *w0 = w[0], *w1 = w[1], *w2 = w[2];
    for (int i = 0; i < LANES; i++) {
        real even_a = FMA(A2, w2[i], w0[i]), odd_a = A * w1[i];
        real even_b = FMA(B2, w2[i], w0[i]), odd_b = B * w1[i];
        to[i] = OF_0 * w0[i];
        to[step + i] = OF_A * (even_a + odd_a);
        to[2 * step + i] = OF_A * (even_a - odd_a);
        to[3 * step + i] = OF_B * (even_b + odd_b);
        to[4 * step + i] = OF_B * (even_b - odd_b);
        to[5 * step + i] = w2[i];
    }
}

WIDE void winograd_taps(const real *const taps[TAPS * TAPS], real *points) {
    line half[N][TAPS];
    for (int x = 0; x < TAPS; x++) {
        const real *const column[TAPS] = {taps[x], taps[TAPS + x], taps[2 * TAPS + x]};
        tap_line(column, half[0][x], (size_t)TAPS * LANES);
    }
    for (int y = 0; y < N; y++) {
        const real *const row[TAPS] = {half[y][0], half[y][1], half[y][2]};
        tap_line(row, points + (size_t)y * N * LANES, LANES);
    }
}

// A' along one line: six points to four results.
static inline __attribute__((always_inline)) void to_results(const float *restrict m, size_t m_step,
                                                             float *restrict to, size_t step) {
    for (int i = 0; i < LANES; i++) {
        float m1 = m[m_step + i], m2 = m[2 * m_step + i], m3 = m[3 * m_step + i], m4 = m[4 * m_step + i];
        float even_a = m1 + m2, odd_a = m1 - m2, even_b = m3 + m4, odd_b = m3 - m4;
        to[i] = m[i] + even_a + even_b;
        to[step + i] = fmaf(B, odd_b, A * odd_a);
        to[2 * step + i] = fmaf(B2, even_b, A2 * even_a);
        to[3 * step + i] = fmaf(B * B2, odd_b, fmaf(A * A2, odd_a, m[5 * m_step + i]));
    }
}

WIDE void winograd_to_results(const float *sums, size_t step, float *results) {
    float half[RESULTS][N][LANES];
    for (size_t at = 0; at < SUMS; at += LANES) {
        for (int x = 0; x < N; x++)
            to_results(sums + (size_t)x * step + at, N * step, half[0][x], (size_t)N * LANES);
        for (int y = 0; y < RESULTS; y++)
            to_results(half[y][0], LANES, results + (size_t)(y * RESULTS) * SUMS + at, SUMS);
    }
}

// G' along one line: six points to three taps.
static inline __attribute__((always_inline)) void to_taps(const float *restrict m, size_t m_step,
                                                          float *restrict to, size_t step) {
    for (int i = 0; i < LANES; i++) {
        float m1 = m[m_step + i], m2 = m[2 * m_step + i], m3 = m[3 * m_step + i], m4 = m[4 * m_step + i];
        float even_a = OF_A * (m1 + m2), odd_a = OF_A * (m1 - m2);
        float even_b = OF_B * (m3 + m4), odd_b = OF_B * (m3 - m4);
        to[i] = fmaf(OF_0, m[i], even_a + even_b);
        to[step + i] = fmaf(B, odd_b, A * odd_a);
        to[2 * step + i] = fmaf(B2, even_b, fmaf(A2, even_a, m[5 * m_step + i]));
    }
}

WIDE void winograd_to_taps(const float *sums, size_t step, float *taps) {
    float half[TAPS][N][LANES];
    for (size_t at = 0; at < SUMS; at += LANES) {
        for (int x = 0; x < N; x++)
            to_taps(sums + (size_t)x * step + at, N * step, half[0][x], (size_t)N * LANES);
        for (int y = 0; y < TAPS; y++)
            to_taps(half[y][0], LANES, taps + (size_t)(y * TAPS) * SUMS + at, SUMS);
    }
}
