// SPDX-License-Identifier: Apache-2.0
// WIDE before a function: compiled twice, for what the build targets and for AVX-512, of which the program
// takes the better as it starts. Only for loops whose numbers do not depend on each other, or whose order of
// adding is written out: both give the same bits.
#ifndef REFF_KERNELS_WIDE_H
#define REFF_KERNELS_WIDE_H

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define WIDE __attribute__((target_clones("arch=x86-64-v4", "default")))
#else
#define WIDE
#endif

#endif
