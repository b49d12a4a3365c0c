// SPDX-License-Identifier: Apache-2.0
// What the operands of convolutions are rounded to. Arrays, sums, weights, statistics and losses are `real`
// always.
#ifndef REFF_KERNELS_PRECISION_H
#define REFF_KERNELS_PRECISION_H

enum precision {
    PRECISION_F32,  // not at all: float, in double builds double
    PRECISION_BF16, // float builds only; a double build takes it for the former
};

// Words for a settings table. auto: bf16 where it is faster on this machine (arithmetic.h), else f32.
#define PRECISIONS "f32 bf16 auto"

enum precision precision_choose(const char *word);

// For records: "float", "double" or "bf16"; and the instruction set of its products where it is chosen at run
// time ("amx"), NULL where it is the one that the program was compiled for.
const char *precision_name(enum precision precision);
const char *precision_isa(enum precision precision);

#endif
