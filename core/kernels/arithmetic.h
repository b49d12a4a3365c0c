// SPDX-License-Identifier: Apache-2.0
// Which products `precision = auto` means on this machine: bf16 where they are faster than float, else float.
//
// Processors that were measured have a rule (arithmetic.c). On others the two kernels are timed once, and the
// decision is kept in the user's cache (XDG_CACHE_HOME, else ~/.cache: reff/arithmetic-...), so that a machine
// decides alike every time. REFF_ISA bounds the choice (isa.h) and is part of what is kept.
#ifndef REFF_KERNELS_ARITHMETIC_H
#define REFF_KERNELS_ARITHMETIC_H

#include "core/kernels/isa.h"
#include "core/kernels/precision.h"
#include "core/kernels/processor.h"

struct arithmetic {
    enum precision precision;
    char reason[200]; // "Intel's tiles multiply bf16 5 to 6.5 times as fast as float"
};

// Decided at the first call; no other thread may call it meanwhile.
const struct arithmetic *arithmetic_auto(void);

// The rule for a processor whose best products of bf16 are those of `for_bf16`: 1, or 0 where there is none.
int arithmetic_rule(const struct processor *processor, enum isa for_bf16, struct arithmetic *out);

// The decision for a processor without a rule: read from `file`, or made with the rates that `measure` gives
// (products a second; called once each) and kept there. file may be NULL: nothing is kept.
void arithmetic_measured(const char *file, enum isa for_bf16, enum isa for_f32,
                         double (*measure)(enum precision precision, enum isa isa), struct arithmetic *out);

#endif
