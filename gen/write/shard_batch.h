// SPDX-License-Identifier: Apache-2.0
// How every data set becomes a shard: batch by batch, the images of a batch made by all threads. The shard's
// writer takes the batches in order, each while the next one is made; batches are small, so that their bytes
// are still in the processor's cache when they are digested and written.
#ifndef REFF_GEN_WRITE_SHARD_BATCH_H
#define REFF_GEN_WRITE_SHARD_BATCH_H

#include "core/base/progress.h"
#include "core/shard/shard.h"

enum { SHARD_BATCH_COLUMNS = 26 }; // most columns

struct shard_batch { // images, annotations, labels and columns that are written together
    int most;        // images; it shapes the file, and so depends on settings alone, not on threads or memory
    int count;
    size_t area; // pixels of an image
    uint8_t *images, *masks;
    int32_t *labels;
    const struct column *columns;
    void *values[SHARD_BATCH_COLUMNS]; // [most] of each column
};

// Where image number `at` of the batch and its annotation go; what its columns say.
uint8_t *shard_batch_image(const struct shard_batch *batch, int at);
uint8_t *shard_batch_mask(const struct shard_batch *batch, int at);
void shard_batch_set_number(struct shard_batch *batch, int column, int at, double value); // cut to int32
void shard_batch_set_text(struct shard_batch *batch, int column, int at, const char *text);

struct shard_recipe { // what a data set says about its images
    struct shard_shape shape;
    const struct column *columns; // ends with a NULL name
    int compression, chunk;
    int batch; // most images of a batch; fewer of large ones
    void *context;

    // Images first .. first+count-1 are next: what they need in common. By one thread of a team, which helps
    // with tasks. NULL: nothing.
    int (*prepare)(void *context, int first, int count, struct error *err);

    // Makes image `index` as number `at` of the batch: pixels, annotation, label, columns. By any thread.
    int (*make)(void *context, struct shard_batch *batch, int at, int index, struct error *err);

    // The shard's attributes, made beside the images. New reference; NULL on failure.
    json_t *(*attributes)(void *context, struct error *err);

    progress_function *progress; // gets images written and in all; may be NULL
    void *progress_context;
    struct shard_written *written; // gets what is to be told of the shard; may be NULL
};

// Writes the shard `path`, whole or not at all; the same bytes for any number of threads.
int shard_batch_generate(const struct shard_recipe *recipe, const char *path, struct error *err);

#endif
