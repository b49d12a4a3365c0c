// SPDX-License-Identifier: Apache-2.0
// Images, annotations, labels and columns that are written to a shard together.
#ifndef REFF_GEN_WRITE_SHARD_BATCH_H
#define REFF_GEN_WRITE_SHARD_BATCH_H

#include "core/shard/shard.h"

enum { SHARD_BATCH_COLUMNS = 12 }; // most columns

struct shard_batch {
    int most; // images; it shapes the file, and so depends on settings alone, not on threads or memory
    uint8_t *images, *masks;
    int32_t *labels;
    struct column columns[SHARD_BATCH_COLUMNS + 1]; // ends with a NULL name
    void *values[SHARD_BATCH_COLUMNS];              // [most] of each column
};

// For at most `limit` images of so many pixels a side, fewer of large ones; whole chunks. b: zeroed.
// shard_batch_free is needed after failures, too.
int shard_batch_make(struct shard_batch *b, const struct column *columns, int pixels, int limit, int chunk,
                     struct error *err);
void shard_batch_free(struct shard_batch *b);

#endif
