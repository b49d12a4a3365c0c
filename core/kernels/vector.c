// SPDX-License-Identifier: Apache-2.0
#include "core/kernels/vector.h"

#include "core/kernels/wide.h"

#if defined(__SSE__)
#include <xmmintrin.h>
#endif

// As many partial sums as keep two adders of 64 bytes busy; whatever the instruction set, the same bits.
enum { LANES = 64, BLOCK = VECTOR_BLOCK };

// One shape for all four: TERM is the summand at index i + j, lane j.
#define BLOCKED_SUM(TERM)                                                                                    \
    double total = 0;                                                                                        \
    for (size_t start = 0; start < n; start += BLOCK) {                                                      \
        size_t end = n - start < BLOCK ? n : start + BLOCK, i = start;                                       \
        real lane[LANES] = {0}, rest = 0;                                                                    \
        for (; i + LANES <= end; i += LANES)                                                                 \
            for (size_t j = 0; j < LANES; j++)                                                               \
                lane[j] += TERM(i + j);                                                                      \
        for (; i < end; i++)                                                                                 \
            rest += TERM(i);                                                                                 \
        for (size_t half = LANES / 2; half; half /= 2)                                                       \
            for (size_t j = 0; j < half; j++)                                                                \
                lane[j] += lane[j + half];                                                                   \
        total += (double)(lane[0] + rest);                                                                   \
    }                                                                                                        \
    return total

WIDE double vector_sum(const real *a, size_t n) {
#define TERM(i) a[i]
    BLOCKED_SUM(TERM);
#undef TERM
}

WIDE double vector_dot(const real *a, const real *b, size_t n) {
#define TERM(i) (a[i] * b[i])
    BLOCKED_SUM(TERM);
#undef TERM
}

WIDE double vector_squares_about(const real *a, real centre, size_t n) {
#define TERM(i) ((a[i] - centre) * (a[i] - centre))
    BLOCKED_SUM(TERM);
#undef TERM
}

WIDE double vector_dot_about(const real *a, const real *b, real centre, size_t n) {
#define TERM(i) (a[i] * (b[i] - centre))
    BLOCKED_SUM(TERM);
#undef TERM
}

void vector_flush_denormals(void) {
#if defined(__SSE__)
#pragma omp parallel
    _mm_setcsr(_mm_getcsr() | 0x8040); // flush to zero, denormals are zero
#endif
}
