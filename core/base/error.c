// SPDX-License-Identifier: Apache-2.0
#include "core/base/error.h"

#include "core/base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// before, after: words around the formatted ones. `after` is never cut off, they are. What is formatted quotes file
// contents and names; whatever they hold, it stays one readable line.
static int store(struct error *err, enum exit_status status, int cause, const char *before, const char *after,
                 const char *format, va_list args) {
    char words[sizeof err->message],
        visible[sizeof err->message]; // the message that is there may be formatted
    vsnprintf(words, sizeof words, format, args);
    text_visible(visible, sizeof visible - strlen(before) - strlen(after), words);
    snprintf(err->message, sizeof err->message, "%s%s%s", before, visible, after);
    err->status = status;
    err->cause = cause;
    err->of_work = status == EXIT_USAGE;
    return -1;
}

// The names stand in parentheses because they are macros too where the analyzer reads this (error.h).
int(fail)(struct error *err, const char *format, ...) {
    va_list args;
    va_start(args, format);
    store(err, EXIT_FAILED, 0, "", "", format, args);
    va_end(args);
    return -1;
}

int(fail_system)(struct error *err, int cause, const char *format, ...) {
    char after[256];
    va_list args;
    snprintf(after, sizeof after, ": %s", strerror(cause));
    va_start(args, format);
    store(err, EXIT_FAILED, cause, "", after, format, args);
    va_end(args);
    return -1;
}

int(fail_memory)(struct error *err, const char *format, ...) {
    va_list args;
    va_start(args, format);
    store(err, EXIT_FAILED, ENOMEM, "out of memory: ", "", format, args);
    va_end(args);
    return -1;
}

int(fail_work)(struct error *err, const char *format, ...) {
    va_list args;
    va_start(args, format);
    store(err, EXIT_FAILED, 0, "", "", format, args);
    va_end(args);
    err->of_work = 1;
    return -1;
}

int(fail_around)(struct error *err, const struct error *inner, const char *format, ...) {
    int of_work = inner->of_work; // they may be the same
    va_list args;
    va_start(args, format);
    store(err, inner->status, inner->cause, "", "", format, args);
    va_end(args);
    err->of_work = of_work;
    return -1;
}

int(fail_usage)(struct error *err, const char *format, ...) {
    va_list args;
    va_start(args, format);
    store(err, EXIT_USAGE, 0, "", "", format, args);
    va_end(args);
    return -1;
}

int(fail_interrupted)(struct error *err, const char *format, ...) {
    va_list args;
    va_start(args, format);
    store(err, EXIT_INTERRUPTED, 0, "", "", format, args);
    va_end(args);
    return -1;
}

int error_of_file(int failed, struct error *err) {
    if (failed && err->status == EXIT_USAGE)
        err->status = EXIT_FAILED;
    return failed ? -1 : 0;
}

int error_is_full_disk(const struct error *err) {
    return err->cause == ENOSPC || err->cause == EDQUOT || err->cause == EFBIG;
}
