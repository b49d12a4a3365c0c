// SPDX-License-Identifier: Apache-2.0
// All provenance columns of a shard, to be written into another one with the same images.
#ifndef REFF_ANNOTATE_COLUMNS_H
#define REFF_ANNOTATE_COLUMNS_H

#include "core/shard/shard.h"

enum { COLUMNS_MAXIMUM = 60 };

struct columns {
    int count;
    struct column list[COLUMNS_MAXIMUM + 2]; // ends with a NULL name
    void *values[COLUMNS_MAXIMUM + 1];       // [N] of each
    json_t *datasets;                        // names and descriptions live here
};

// Everything beside images, masks and labels. Fails when a column has a type that no generated shard has.
int columns_read(struct columns *c, struct shard *shard, const char *path, struct error *err);
// Adds an int32 column; `values` stays the caller's.
void columns_add(struct columns *c, const char *name, const char *help, int32_t *values);
// Pointers to the values of image `first`, for shard_append.
void columns_at(const struct columns *c, long first, const void **values);
// Frees what columns_read read.
void columns_free(struct columns *c);

// Whether the shard has a column of that name: 1, 0, -1 on failure.
int columns_has(struct shard *shard, const char *name, struct error *err);

#endif
