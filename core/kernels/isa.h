// SPDX-License-Identifier: Apache-2.0
// Which instruction sets this processor offers and the system lets us use, asked once at run time.
//
// The environment variable REFF_ISA (plain, avx512, avx512-bf16, amx) bounds the choice from above: a machine
// with AMX then takes what a lesser one would. Only kernels that are chosen at run time look here; the rest
// of the program runs on what it was compiled for (make ARCH=).
#ifndef REFF_KERNELS_ISA_H
#define REFF_KERNELS_ISA_H

#include "core/base/error.h"

enum isa {
    ISA_PLAIN,       // C, anywhere
    ISA_AVX512,      // products of floats in 64-byte vectors
    ISA_AVX512_BF16, // dot products of pairs in 64-byte vectors
    ISA_AMX,         // products of 16 x 32 by 32 x 16 tiles
    ISA_COUNT,
};

const char *isa_name(enum isa isa); // as REFF_ISA has it
int isa_takes_bf16(enum isa isa);   // which numbers it multiplies: bf16
int isa_takes_f32(enum isa isa);    // or floats; plain takes both

// Whether the processor has it and the kernel lets this process use it (tile data must be asked for).
int isa_available(enum isa isa);

// The best available one for products of bf16 numbers within REFF_ISA: tiles before dot products, which on
// processors with AMX are half as fast as single precision.
enum isa isa_for_bf16(void);

// The best available one for products of floats within REFF_ISA; plain: what the program was compiled for.
enum isa isa_for_f32(void);

// Fails with EXIT_USAGE when REFF_ISA is set to something else.
int isa_check_limit(struct error *err);

#endif
