// SPDX-License-Identifier: Apache-2.0
#include "core/kernels/gemm.h"

#include "core/base/startup.h"

#include <cblas.h>
#include <omp.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

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

int gemm_check_memory(int threads, struct error *err) {
    return startup_buffers_fit(threads)
               ? 0
               : fail_memory(err, "matrix products need %d MiB of buffers, %d for each thread",
                             threads * STARTUP_BUFFER_MIB, STARTUP_BUFFER_MIB);
}

// What OpenBLAS calls its kernels for processors with AVX2 or more.
static int is_fast(const char *core) {
    static const char *const fast[] = {"Haswell", "Zen", "SkylakeX", "Cooperlake", "SapphireRapids"};
    for (size_t i = 0; i < sizeof fast / sizeof *fast; i++)
        if (!strcasecmp(core, fast[i]))
            return 1;
    return 0;
}

void gemm_choose_kernels(char **argv) {
#if defined(__x86_64__)
    if (getenv("OPENBLAS_CORETYPE") || is_fast(openblas_get_corename()))
        return;
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2"))
        return;
    setenv("OPENBLAS_CORETYPE", __builtin_cpu_supports("avx512vl") ? "SkylakeX" : "Haswell", 1);
    execv("/proc/self/exe", argv); // if it cannot be, we go on more slowly
#else
    (void)argv;
#endif
}

void gemm(enum gemm_form form, size_t m, size_t n, size_t k, const real *a, size_t lda, const real *b,
          size_t ldb, real *c, size_t ldc, int add) {
    blas_gemm(CblasRowMajor, form == GEMM_TN ? CblasTrans : CblasNoTrans,
              form == GEMM_NT ? CblasTrans : CblasNoTrans, (blasint)m, (blasint)n, (blasint)k, 1, a,
              (blasint)lda, b, (blasint)ldb, add ? 1 : 0, c, (blasint)ldc);
}
