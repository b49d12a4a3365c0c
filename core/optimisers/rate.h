// SPDX-License-Identifier: Apache-2.0
// The learning rate of each step (docs/mathematics.md, section 5). The paper's is constant.
#ifndef REFF_OPTIMISERS_RATE_H
#define REFF_OPTIMISERS_RATE_H

#define RATE_SCHEDULES "constant linear cosine" // in the order of enum rate_schedule

enum rate_schedule {
    RATE_CONSTANT,
    RATE_LINEAR, // falls in a straight line, to 0 one step behind the last
    RATE_COSINE, // falls as half a wave, likewise
};

// The schedule of that name, one of RATE_SCHEDULES.
enum rate_schedule rate_schedule_find(const char *name);

// What to multiply the rate with at `step`, 0 to steps - 1. Over the first `warmup` steps the rate rises in a straight
// line, and reaches its height with the last of them; the schedule begins behind them. `warmup` is 0 to `steps`.
double rate_factor(enum rate_schedule schedule, long step, long steps, double warmup);

#endif
