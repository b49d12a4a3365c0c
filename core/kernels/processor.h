// SPDX-License-Identifier: Apache-2.0
// Which processor this is, as it says of itself.
#ifndef REFF_KERNELS_PROCESSOR_H
#define REFF_KERNELS_PROCESSOR_H

struct processor {
    char vendor[13];   // "GenuineIntel", "AuthenticAMD"; "" where it cannot be asked
    int family, model; // as cpuid counts them, the extended parts added; AMD: 25 is Zen 3 and 4, 26 Zen 5
};

struct processor processor_read(void);

#endif
