// SPDX-License-Identifier: Apache-2.0
// By which instructions the runs of a sweep multiply. Machines of two kinds give two kinds of bits, so the first process
// that does runs of a profile in a results folder fixes them for all that come after it:
//
//   RESULTS/sweeps/products-<profile>.json   {"bf16", "f32": instruction sets, "auto": precision, "openblas": kernels,
//                                             "host": whose}
#ifndef REFF_EXPERIMENTS_EXECUTOR_PRODUCTS_H
#define REFF_EXPERIMENTS_EXECUTOR_PRODUCTS_H

#include "core/base/error.h"

// Words for a settings table: the first run's, anything (tables then say so), or at most this.
#define PRODUCTS_WORDS "first any plain avx512 avx512-bf16 amx"

// Makes this process and its children multiply as the sweep does (by REFF_ISA), fixing that if nobody has. Fails with
// EXIT_ELSEWHERE where this machine cannot. Before any computing.
int products_hold(const char *results, const char *profile, const char *word, struct error *err);

#endif
