// SPDX-License-Identifier: Apache-2.0
#include "core/kernels/processor.h"

#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>

struct processor processor_read(void) {
    struct processor p = {0};
    unsigned a, b, c, d;
    if (!__get_cpuid(0, &a, &b, &c, &d))
        return p;
    memcpy(p.vendor, &b, 4);
    memcpy(p.vendor + 4, &d, 4);
    memcpy(p.vendor + 8, &c, 4);
    if (__get_cpuid(1, &a, &b, &c, &d)) {
        int family = (int)(a >> 8 & 15), model = (int)(a >> 4 & 15);
        p.family = family == 15 ? family + (int)(a >> 20 & 255) : family;
        p.model = family == 15 || family == 6 ? model + (int)(a >> 16 & 15) * 16 : model;
    }
    return p;
}
#else
struct processor processor_read(void) {
    return (struct processor){0};
}
#endif
