// SPDX-License-Identifier: Apache-2.0
// Processes, most of them without exec. A process that has entered an OpenMP region must not fork and go on
// computing (its threads are not copied), so whatever may compute is done in children, and the parent never
// does.
#ifndef REFF_BASE_ISOLATE_H
#define REFF_BASE_ISOLATE_H

#include "core/base/error.h"

#include <jansson.h>
#include <sys/types.h>

// Forks a child that dies with its parent and ignores SIGPIPE and SIGINT. Returns the pid in the parent, 0 in
// the child (which must end with _exit), -1 with a message.
pid_t isolate_start(struct error *err);

// Runs `make` in a child and returns its JSON value here (new reference), or NULL with the child's error.
json_t *isolate_json(json_t *(*make)(void *context, struct error *err), void *context, struct error *err);

// Runs `call` in a child for what it finds out, not for what it makes: 0, or -1 with the child's error. When
// the child ended without a result (a library crashed in it, or it passed a limit), *died is set to 1 and err
// says by which signal.
struct child_limits {
    unsigned long seconds; // of processor time
    unsigned long bytes;   // of memory, beyond what the process has already
};
int isolate_call(int (*call)(void *context, struct error *err), void *context, struct child_limits limits,
                 int *died, struct error *err);

// Runs the program argv[0] (a path) and returns what it prints on standard output; free() it. NULL when it
// cannot be run or its exit status is not 0; what it then says on standard error is the reason.
char *isolate_output(const char *const argv[], struct error *err);

#endif
