// SPDX-License-Identifier: Apache-2.0
// Errors: made once, where the cause is known, and carried up unchanged.
//
// A function that can fail takes a `struct error *` as its last argument and returns 0 or -1. The one who
// finds the fault writes the message, "file: place: what is wrong", in one line without a full stop:
//
//     return fail(err, "%s: byte %zu: bad magic 0x%08x", path, offset, magic);
//
// Callers return -1 and leave the message alone. Only main prints it, and only main chooses the exit status.
// Who must tell one failure from another asks for `status` and `cause`, never for words of the message.
#ifndef REFF_BASE_ERROR_H
#define REFF_BASE_ERROR_H

enum exit_status {
    EXIT_OK = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_ELSEWHERE = 75, // not on this machine; another one may (EX_TEMPFAIL of sysexits.h)
    EXIT_INTERRUPTED = 130
};

struct error {
    enum exit_status status; // EXIT_FAILED unless set otherwise
    int cause;               // errno where the system refused something; 0: the fault is of another kind
    int of_work;        // the work itself is at fault, its settings or its numbers: it would always end so
    char message[1000]; // one line, empty when nothing failed
};

// Stores the message (control characters in it become \xNN) with status EXIT_FAILED; returns -1.
int fail(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

// The same where the system refused something: the cause is an errno, whose words end the message.
//
//     return fail_system(err, errno, "%s", path); // "train.h5: No space left on device"
int fail_system(struct error *err, int cause, const char *format, ...) __attribute__((format(printf, 3, 4)));

// The same where memory ran out: "out of memory: MESSAGE", the cause is ENOMEM.
int fail_memory(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

// The same where the work itself is at fault, whenever and wherever it is done: of_work is set.
//
//     return fail_work(err, "step %ld: the loss is not a finite number", step);
int fail_work(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

// The message of another error with words around it, which `format` puts there: status, cause and of_work stay.
int fail_around(struct error *err, const struct error *inner, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// The same as fail with status EXIT_USAGE: the command line or a setting is at fault; of_work is set.
int fail_usage(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

// The same with status EXIT_INTERRUPTED, for work that stopped because a signal asked it to.
int fail_interrupted(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

// For readers of files whose parts serve the command line too: what failed stands in a file, so that EXIT_USAGE becomes
// EXIT_FAILED; of_work stays. Returns -1 if `failed`, else 0.
int error_of_file(int failed, struct error *err);

// 1 if a disk, a quota or a limit on the size of files is exhausted: no fault of the work that met it.
int error_is_full_disk(const struct error *err);

// The analyzer looks at one file at a time: it would follow paths on which fail() returns 0.
#ifdef __clang_analyzer__
#define fail(...)             (fail(__VA_ARGS__), -1)
#define fail_system(...)      (fail_system(__VA_ARGS__), -1)
#define fail_memory(...)      (fail_memory(__VA_ARGS__), -1)
#define fail_work(...)        (fail_work(__VA_ARGS__), -1)
#define fail_around(...)      (fail_around(__VA_ARGS__), -1)
#define fail_usage(...)       (fail_usage(__VA_ARGS__), -1)
#define fail_interrupted(...) (fail_interrupted(__VA_ARGS__), -1)
#endif

#endif
