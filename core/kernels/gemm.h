// SPDX-License-Identifier: Apache-2.0
// Matrix products for the engine: C [m,n] = A B (+ C), row-major, one thread (the caller owns the
// parallelism: OpenBLAS inside an OpenMP region runs on one thread, and its results then depend on shapes
// alone).
#ifndef REFF_KERNELS_GEMM_H
#define REFF_KERNELS_GEMM_H

#include "core/base/error.h"
#include "core/kernels/real.h"

#include <stddef.h>

enum gemm_form {
    GEMM_NN, // A [m,k] row stride lda, B [k,n] row stride ldb
    GEMM_TN, // A is given transposed, [k,m]
    GEMM_NT, // B is given transposed, [n,k]
};

// add: 0 overwrites C (whatever it held, NaN too), 1 adds to it.
void gemm(enum gemm_form form, size_t m, size_t n, size_t k, const real *a, size_t lda, const real *b,
          size_t ldb, real *c, size_t ldc, int add);

// First thing in main: an OpenBLAS that does not know this processor takes kernels from before AVX (measured
// on Emerald Rapids with 0.3.21: a third of the speed). Then the program starts again with better
// ones. An OPENBLAS_CORETYPE that the user has set is respected.
void gemm_choose_kernels(char **argv);

// Call once before any product: fixes OpenBLAS to one thread per call.
void gemm_prepare(void);

// Whether so many threads could multiply at once: OpenBLAS maps a buffer for each when it first does, and where it gets
// none it tries for ever. To be asked once all large arrays are there.
int gemm_check_memory(int threads, struct error *err);

#endif
