// SPDX-License-Identifier: Apache-2.0
// Sums over contiguous rows. Each adds blocks of 2048 numbers in SIMD lanes and the blocks in double: one
// fixed order, and an error that does not grow with the length of the row.
#ifndef REFF_KERNELS_VECTOR_H
#define REFF_KERNELS_VECTOR_H

#include "core/kernels/real.h"

#include <stddef.h>

// A row taken in pieces of so many numbers (the last may be shorter), whose sums are added in order, gives
// the same bits as the whole row: so several things can be done to a piece while it is in the first-level
// cache.
enum { VECTOR_BLOCK = 2048 };

static inline size_t vector_block(size_t n, size_t at) { // numbers of the piece that begins at `at`
    return n - at < VECTOR_BLOCK ? n - at : VECTOR_BLOCK;
}

double vector_sum(const real *a, size_t n);
double vector_dot(const real *a, const real *b, size_t n);
double vector_squares_about(const real *a, real centre, size_t n);            // sum (a - centre)^2
double vector_dot_about(const real *a, const real *b, real centre, size_t n); // sum a (b - centre)

// Denormal numbers as zero, in this thread and in every OpenMP thread: they cost 40 times a normal one.
void vector_flush_denormals(void);

#endif
