// SPDX-License-Identifier: Apache-2.0
#include "core/base/progress.h"

#include "core/base/terminal.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

double seconds_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void progress_add_duration(struct text *out, double seconds) {
    long s = seconds > 0 && seconds < 1e9 ? (long)(seconds + 0.5) : 0;
    if (s >= 3600)
        text_printf(out, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    else
        text_printf(out, "%ld:%02ld", s / 60, s % 60);
}

void progress_start(struct progress *p, const char *label, const char *unit, double total,
                    double done_at_start) {
    memset(p, 0, sizeof *p);
    p->label = label;
    p->unit = unit;
    p->total = total;
    p->done_at_start = done_at_start;
    p->started = p->last = seconds_now();
    p->terminal = isatty(terminal_descriptor(stderr));
}

void progress_update(struct progress *p, double done, const char *note) {
    double now = seconds_now(), interval = p->terminal ? 0.2 : 20; // a log should not fill with progress
    if (p->quiet || now - p->last < interval || now - p->started < 1)
        return;
    p->last = now;
    double rate = (done - p->done_at_start) / (now - p->started);
    struct text line = {0};
    text_printf(&line, "%s: %.0f/%.0f %s", p->label, done, p->total, p->unit);
    if (rate > 0) {
        text_printf(&line, rate < 10 ? ", %.2f %s/s, " : ", %.0f %s/s, ", rate, p->unit);
        progress_add_duration(&line, (p->total - done) / rate);
        text_add(&line, " left");
    }
    if (note)
        text_printf(&line, ", %s", note);
    if (p->terminal)
        terminal_rewrite_line(stderr, text_string(&line), 0);
    else
        fprintf(stderr, "%s\n", text_string(&line));
    fflush(stderr);
    text_free(&line);
    p->printed = 1;
}

void progress_follow(void *context, double done, double total, const char *note) {
    struct progress *p = context;
    if (!p->total) {
        p->total = total;
        p->done_at_start = done - 1;
    }
    progress_update(p, done, note);
}

void progress_end(struct progress *p) {
    if (p->terminal && p->printed)
        terminal_rewrite_line(stderr, "", 0);
    p->printed = 0;
}
