// SPDX-License-Identifier: Apache-2.0
#include "core/kernels/precision.h"

#include "core/kernels/arithmetic.h"
#include "core/kernels/isa.h"
#include "core/kernels/real.h"

#include <string.h>

enum precision precision_choose(const char *word) {
    if (sizeof(real) != sizeof(float))
        return PRECISION_F32;
    if (!strcmp(word, "auto"))
        return arithmetic_auto()->precision;
    return !strcmp(word, "bf16") ? PRECISION_BF16 : PRECISION_F32;
}

const char *precision_name(enum precision precision) {
    return precision == PRECISION_BF16 ? "bf16" : REAL_NAME;
}

const char *precision_isa(enum precision precision) {
    enum isa isa = precision == PRECISION_BF16 ? isa_for_bf16() : isa_for_f32();
    if (precision == PRECISION_F32 && (isa == ISA_PLAIN || sizeof(real) != sizeof(float)))
        return NULL;
    return isa_name(isa);
}
