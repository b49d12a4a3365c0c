// SPDX-License-Identifier: Apache-2.0
#include "core/kernels/gemm.h"

#include <cblas.h>
#include <omp.h>

#ifdef REFF_DOUBLE
#define blas_gemm cblas_dgemm
#else
#define blas_gemm cblas_sgemm
#endif

// The OpenMP build of OpenBLAS also sets the number of OpenMP's threads, which are ours.
void gemm_prepare(void) {
    int threads = omp_get_max_threads();
    openblas_set_num_threads(1);
    omp_set_num_threads(threads);
}

void gemm(enum gemm_form form, size_t m, size_t n, size_t k, const real *a, size_t lda, const real *b,
          size_t ldb, real *c, size_t ldc, int add) {
    blas_gemm(CblasRowMajor, form == GEMM_TN ? CblasTrans : CblasNoTrans,
              form == GEMM_NT ? CblasTrans : CblasNoTrans, (blasint)m, (blasint)n, (blasint)k, 1, a,
              (blasint)lda, b, (blasint)ldb, add ? 1 : 0, c, (blasint)ldc);
}
