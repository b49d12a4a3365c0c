// SPDX-License-Identifier: Apache-2.0
#include "core/optimisers/rate.h"

#include <math.h>
#include <string.h>

enum rate_schedule rate_schedule_find(const char *name) {
    return !strcmp(name, "linear") ? RATE_LINEAR : !strcmp(name, "cosine") ? RATE_COSINE : RATE_CONSTANT;
}

double rate_factor(enum rate_schedule schedule, long step, long steps, double warmup) {
    if ((double)step < warmup)
        return fmin(((double)step + 1) / warmup, 1);
    double gone = ((double)step - warmup) / ((double)steps - warmup);
    switch (schedule) {
    case RATE_LINEAR:
        return 1 - gone;
    case RATE_COSINE:
        return 0.5 * (1 + cos(acos(-1) * gone));
    case RATE_CONSTANT:
        break;
    }
    return 1;
}
