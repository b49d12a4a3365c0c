// SPDX-License-Identifier: Apache-2.0
#include "core/base/error.h"

#include <stdarg.h>
#include <stdio.h>

static int store(struct error *err, enum exit_status status, const char *format, va_list args) {
    err->status = status;
    vsnprintf(err->message, sizeof err->message, format, args);
    // A message quotes file contents and names; whatever they hold, it stays one readable line.
    for (char *c = err->message; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    return -1;
}

// The names stand in parentheses because they are macros too where the analyzer reads this (error.h).
int(fail)(struct error *err, const char *format, ...) {
    va_list args;
    va_start(args, format);
    store(err, EXIT_FAILED, format, args);
    va_end(args);
    return -1;
}

int(fail_usage)(struct error *err, const char *format, ...) {
    va_list args;
    va_start(args, format);
    store(err, EXIT_USAGE, format, args);
    va_end(args);
    return -1;
}

int(fail_interrupted)(struct error *err, const char *format, ...) {
    va_list args;
    va_start(args, format);
    store(err, EXIT_INTERRUPTED, format, args);
    va_end(args);
    return -1;
}
