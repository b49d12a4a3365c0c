// SPDX-License-Identifier: Apache-2.0
// The state of long work in one file, to go on from after an interruption: arrays of known sizes and texts,
// with the identity of the work and a digest of the file itself. The file before is kept as <path>.old, and
// taken when the newest is damaged.
#ifndef REFF_BASE_SNAPSHOT_H
#define REFF_BASE_SNAPSHOT_H

#include "core/base/error.h"
#include "core/base/text.h"

#include <stddef.h>

enum { SNAPSHOT_PARTS_MAXIMUM = 8 };

struct snapshot_part {
    void *bytes;
    size_t size;
    char **text; // instead of both: a text of any length (NULL: ""); a loaded one is the caller's to free
};

int snapshot_save(const char *path, const char *identity, const struct snapshot_part *parts, int count,
                  struct error *err);

// Fills all parts and returns 1, or leaves them alone and returns 0 when there is no such file, none of this
// identity and these sizes, or only damaged ones; what was ignored is a notice. -1 when a file that is there
// cannot be read: what it holds must not be lost.
int snapshot_load(const char *path, const char *identity, const struct snapshot_part *parts, int count,
                  struct text *notices, struct error *err);

// With its .old and what killed processes left beside it; fine when there is none.
void snapshot_remove(const char *path);

#endif
