// SPDX-License-Identifier: Apache-2.0
// One progress line on standard error: done of total, rate, time left. Redrawn in place on a terminal;
// elsewhere a plain line now and then. Nothing is printed when `quiet` was set or the work ends within a
// second.
#ifndef REFF_BASE_PROGRESS_H
#define REFF_BASE_PROGRESS_H

#include "core/base/text.h"

// What long work calls after each of its steps: `done` of `total` units, and a note on how it goes or NULL.
// NULL where progress is not reported.
typedef void progress_function(void *context, double done, double total, const char *note);

struct progress {
    const char *label, *unit;
    double total;         // in units; 0: unknown
    double done_at_start; // work that was there before, not counted in the rate
    double started, last; // seconds, monotonic
    int terminal, printed, quiet;
};

// Begins a line such as "train.h5: 812/2000 images, 2304 images/s, 0:01 left".
void progress_start(struct progress *p, const char *label, const char *unit, double total,
                    double done_at_start);
void progress_update(struct progress *p, double done, const char *note); // note: appended, or NULL
// Shows such work. context: the struct progress. Started with a total of 0, it takes the total from the
// first step, before which a checkpoint may have done some.
progress_function progress_follow;
void progress_end(struct progress *p); // clears the line on a terminal

double seconds_now(void); // monotonic clock

// Appends "0:07", "12:30", "3:05:00".
void progress_add_duration(struct text *out, double seconds);

#endif
