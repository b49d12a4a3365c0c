// SPDX-License-Identifier: Apache-2.0
#include "gen/write/shard_batch.h"

#include "core/base/memory.h"

#include <stdlib.h>

#define BATCH_BYTES ((size_t)12 << 20) // images and annotations
#define LEAST       16                 // images: a chunk at least

static size_t value_size(const struct column *c) {
    return c->type == COLUMN_TEXT    ? (size_t)c->text_size
           : c->type == COLUMN_INT32 ? sizeof(int32_t)
                                     : sizeof(double);
}

int shard_batch_make(struct shard_batch *b, const struct column *columns, int pixels, int limit, int chunk,
                     struct error *err) {
    size_t area = (size_t)pixels * (size_t)pixels, most = BATCH_BYTES / (4 * area);
    most = most > (size_t)limit ? (size_t)limit : most < LEAST ? LEAST : most;
    most -= most % (size_t)chunk;
    b->most = (int)most;
    if (!(b->images = allocate(most, 3 * area, "a batch of images", err)) ||
        !(b->masks = allocate(most, area, "a batch of images", err)) ||
        !(b->labels = allocate(most, sizeof *b->labels, "a batch of images", err)))
        return -1;
    for (int c = 0; columns[c].name; c++) {
        b->columns[c] = columns[c];
        if (!(b->values[c] = allocate(most, value_size(&columns[c]), columns[c].name, err)))
            return -1;
    }
    return 0;
}

void shard_batch_free(struct shard_batch *b) {
    free(b->images);
    free(b->masks);
    free(b->labels);
    for (int c = 0; c < SHARD_BATCH_COLUMNS; c++)
        free(b->values[c]);
}
