// SPDX-License-Identifier: Apache-2.0
#include "core/kernels/isa.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#endif

static const char *const names[ISA_COUNT] = {"plain", "avx512", "avx512-bf16", "amx"};

const char *isa_name(enum isa isa) {
    return names[isa];
}

int isa_takes_bf16(enum isa isa) {
    return isa != ISA_AVX512;
}

int isa_takes_f32(enum isa isa) {
    return isa == ISA_PLAIN || isa == ISA_AVX512;
}

#if defined(__x86_64__)
// The states of registers that the system saves: bits of XCR0.
static unsigned long saved_states(void) {
    unsigned low, high, a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE))
        return 0;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (unsigned long)high << 32 | low;
}

static int has_states(unsigned long wanted) {
    return (saved_states() & wanted) == wanted;
}

static int has_avx512(void) {
    enum { VECTORS = 0xe6 }; // SSE, AVX, mask registers, both halves of the 64-byte registers
    unsigned a, b, c, d, needed = bit_AVX512F | bit_AVX512DQ | bit_AVX512BW | bit_AVX512VL;
    return has_states(VECTORS) && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & needed) == needed;
}

static int has_avx512_bf16(void) {
    unsigned a, b, c, d;
    return has_avx512() && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & bit_AVX512BF16);
}

static int has_amx(void) {
    enum { ASK_PERMISSION = 0x1023, TILE_DATA = 18 };
    enum { AMX_BF16 = 1 << 22, AMX_TILE = 1 << 24 }; // clang 14's cpuid.h has no names for them
    unsigned a, b, c, d;
    if (!has_avx512_bf16() || !__get_cpuid_count(7, 0, &a, &b, &c, &d))
        return 0;
    return (d & AMX_TILE) && (d & AMX_BF16) && has_states(0x60000) &&
           syscall(SYS_arch_prctl, ASK_PERMISSION, TILE_DATA) == 0;
}

static int (*const has[ISA_COUNT])(void) = {
    [ISA_AVX512] = has_avx512, [ISA_AVX512_BF16] = has_avx512_bf16, [ISA_AMX] = has_amx};
#else
static int (*const has[ISA_COUNT])(void);
#endif

int isa_available(enum isa isa) {
    static int known[ISA_COUNT]; // 0: not asked yet, 1: no, 2: yes; the answer is always the same
    if (isa == ISA_PLAIN)
        return 1;
    if (!known[isa])
        known[isa] = 1 + (has[isa] && has[isa]());
    return known[isa] == 2;
}

// What REFF_ISA names, the best where it is not set, ISA_COUNT where it names nothing.
static enum isa limit(void) {
    const char *name = getenv("REFF_ISA");
    if (!name)
        return ISA_COUNT - 1;
    enum isa i = 0;
    while (i < ISA_COUNT && strcmp(name, names[i]))
        i++;
    return i;
}

int isa_check_limit(struct error *err) {
    return limit() == ISA_COUNT
               ? fail_usage(err, "REFF_ISA: '%.40s' is none of: plain avx512 avx512-bf16 amx",
                            getenv("REFF_ISA"))
               : 0;
}

static int usable(enum isa isa) {
    return limit() >= isa && isa_available(isa);
}

enum isa isa_for_bf16(void) {
    return usable(ISA_AMX) ? ISA_AMX : usable(ISA_AVX512_BF16) ? ISA_AVX512_BF16 : ISA_PLAIN;
}

enum isa isa_for_f32(void) {
    return usable(ISA_AVX512) ? ISA_AVX512 : ISA_PLAIN;
}
