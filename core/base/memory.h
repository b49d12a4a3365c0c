// SPDX-License-Identifier: Apache-2.0
// Allocation that reports failure through struct error, and a switch that makes it fail on purpose.
//
// Tests set memory_fail_at to N so that the N-th allocation from now fails (as sqlite tests out-of-memory):
// repeated for every N until the operation passes, this walks through each error path.
#ifndef REFF_BASE_MEMORY_H
#define REFF_BASE_MEMORY_H

#include "core/base/error.h"

#include <stddef.h>

// count * size bytes, zeroed; NULL with a message ("out of memory: WHAT needs N MiB") on failure or overflow.
// Free with free().
void *allocate(size_t count, size_t size, const char *what, struct error *err);

// The block grown or cut to count elements of size bytes, its contents kept. NULL with a message on failure;
// the block is then as it was, and still the caller's.
void *reallocate(void *block, size_t count, size_t size, const char *what, struct error *err);

// The same for the array that a pointer names: 0, and the pointer leads to `count` elements; or -1 with a
// message, and it is as it was.
#define array_resize(array, count, what, err)                                                                \
    ({                                                                                                       \
        void *resized_ = reallocate((array), (count), sizeof *(array), (what), (err));                       \
        if (resized_)                                                                                        \
            (array) = resized_;                                                                              \
        resized_ ? 0 : -1;                                                                                   \
    })

// Bytes for arrays that a step's numbers live in: not zeroed, 64-byte aligned, in huge pages where the kernel
// has them, so that addresses are translated less often. NULL with a message on failure. Free with
// free().
void *allocate_arena(size_t bytes, const char *what, struct error *err);

// As allocate, for arrays that every step goes through: in huge pages from 4 MiB on, where the system has them.
void *allocate_for_steps(size_t count, size_t size, const char *what, struct error *err);

// Whether so many bytes could be had now: to be asked before a library is called that crashes where it gets none. 0, or
// -1 with a message; nothing is taken.
int memory_room(size_t bytes, const char *what, struct error *err);

// Like strdup, with a message. NULL on failure.
char *duplicate(const char *text, struct error *err);

// jansson says nothing when a value finds no memory: what it was to be put into lacks it then. So the program watches:
// from memory_watch on, once an allocation of ours or of jansson's has failed, memory_check fails for good, no file is
// published and no exit status says success, whoever passed over the failure. Tests do not watch.
void memory_watch(void);
void memory_missed(void); // an allocation of another library has failed
int memory_check(struct error *err);

// 0: never (the default). N > 0: the N-th allocation from now fails, once.
extern long memory_fail_at;

#endif
