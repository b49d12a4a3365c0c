// SPDX-License-Identifier: Apache-2.0
#include "gen/write/shard_batch.h"

#include "core/base/interrupt.h"
#include "core/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_BYTES ((size_t)12 << 20) // images and annotations
#define MINIMUM     16                 // images: a chunk at least

typedef struct shard_batch batch_t;

static size_t value_size(const struct column *c) {
    return c->type == COLUMN_TEXT    ? (size_t)c->text_size
           : c->type == COLUMN_INT32 ? sizeof(int32_t)
                                     : sizeof(double);
}

// Whole chunks, so that they go to the file without a copy. batch_free is needed after failures, too.
static int batch_make(batch_t *b, const struct shard_recipe *recipe, struct error *err) {
    b->area = (size_t)recipe->shape.height * (size_t)recipe->shape.width;
    b->columns = recipe->columns;
    size_t most = BATCH_BYTES / (4 * b->area), limit = (size_t)recipe->batch;
    most = most > limit ? limit : most < MINIMUM ? MINIMUM : most;
    most -= most % (size_t)recipe->chunk;
    b->most = (int)most;
    if (!(b->images = allocate(most, 3 * b->area, "a batch of images", err)) ||
        !(b->masks = allocate(most, b->area, "a batch of images", err)) ||
        !(b->labels = allocate(most, sizeof *b->labels, "a batch of images", err)))
        return -1;
    for (int c = 0; b->columns[c].name; c++)
        if (!(b->values[c] = allocate(most, value_size(&b->columns[c]), b->columns[c].name, err)))
            return -1;
    return 0;
}

static void batch_free(batch_t *b) {
    free(b->images);
    free(b->masks);
    free(b->labels);
    for (int c = 0; c < SHARD_BATCH_COLUMNS; c++)
        free(b->values[c]);
}

uint8_t *shard_batch_image(const batch_t *b, int at) {
    return b->images + (size_t)at * 3 * b->area;
}

uint8_t *shard_batch_mask(const batch_t *b, int at) {
    return b->masks + (size_t)at * b->area;
}

void shard_batch_set_number(batch_t *b, int column, int at, double value) {
    if (b->columns[column].type == COLUMN_INT32)
        ((int32_t *)b->values[column])[at] = (int32_t)value;
    else
        ((double *)b->values[column])[at] = value;
}

// Zeros fill the place, so that equal texts are equal bytes.
void shard_batch_set_text(batch_t *b, int column, int at, const char *text) {
    size_t size = (size_t)b->columns[column].text_size;
    char *out = (char *)b->values[column] + (size_t)at * size;
    memset(out, 0, size);
    snprintf(out, size, "%s", text);
}

// Called by one thread of a team; the others help.
static int fill(batch_t *b, const struct shard_recipe *recipe, int first, int count, struct error *err) {
    b->count = count;
    if (recipe->prepare && recipe->prepare(recipe->context, first, count, err))
        return -1;
    int failed = -1; // the first that failed, whatever the order of the threads
#pragma omp taskloop grainsize(4) shared(failed)
    for (int i = 0; i < count; i++) {
        struct error own = {0};
        if (recipe->make(recipe->context, b, i, first + i, &own)) {
#pragma omp critical(shard_batch_failed)
            if (failed < 0 || i < failed) {
                failed = i;
                *err = own;
            }
        }
    }
    return failed < 0 ? 0 : -1;
}

static int append(const batch_t *b, struct shard_writer *writer, struct error *err) {
    return b->count ? shard_append(writer, b->count, b->images, b->masks, b->labels,
                                   (const void *const *)b->values, err)
                    : 0;
}

struct writing { // of a shard
    const struct shard_recipe *recipe;
    struct shard_writer *writer;
    json_t *attributes; // once its task has ended
    struct error attribute_error;
};

// Once the first batch is made and nothing is written: the file's headers, which its digest begins with, hold the
// attributes.
static int foresee(struct writing *w, int batch, struct error *err) {
    if (!w->recipe->written)
        return 0;
#pragma omp taskwait
    if (w->attributes)
        return shard_measure(w->writer, batch, w->attributes, w->recipe->written, err);
    *err = w->attribute_error;
    return -1;
}

// The work of the team's first thread: each batch is made while the one before is written.
static int write_images(batch_t *batches, struct writing *w, struct error *err) {
    const struct shard_recipe *recipe = w->recipe;
    batch_t *made = &batches[0], *written = &batches[1];
    int count = (int)recipe->shape.count;
    for (int first = 0; first < count; first += made->most) {
        int now = count - first < made->most ? count - first : made->most, unmade = 0, unwritten = 0;
        struct error write_error = {0};
        if (interrupt_requested())
            return fail_interrupted(err, "interrupted after %d of %d images", first, count);
#pragma omp taskgroup
        {
#pragma omp task shared(unwritten, write_error)
            unwritten = append(written, w->writer, &write_error);
            unmade = fill(made, recipe, first, now, err);
        }
        if (unwritten) // earlier images than those just made
            *err = write_error;
        if (unwritten || unmade || (!first && foresee(w, made->most, err)))
            return -1;
        if (recipe->progress)
            recipe->progress(recipe->progress_context, first + now, count, NULL);
        batch_t *swapped = made;
        made = written;
        written = swapped;
    }
    return append(written, w->writer, err);
}

// Images and attributes. Digests of sources, which attributes hold, are needed at the end only, or with the second batch.
static int write_shard(batch_t *batches, const struct shard_recipe *recipe, struct shard_writer *writer,
                       struct error *err) {
    struct writing w = {.recipe = recipe, .writer = writer};
    int bad = 0;
#pragma omp parallel
#pragma omp single
    {
#pragma omp task shared(w)
        w.attributes = recipe->attributes(recipe->context, &w.attribute_error);
        bad = write_images(batches, &w, err);
    }
    if (!bad && !w.attributes) {
        *err = w.attribute_error;
        bad = -1;
    }
    if (bad)
        shard_abandon(writer);
    else
        bad = shard_finish(writer, w.attributes, NULL, err);
    json_decref(w.attributes);
    return bad ? -1 : 0;
}

int shard_batch_generate(const struct shard_recipe *recipe, const char *path, struct error *err) {
    batch_t batches[2] = {{0}, {0}}; // one is made while the other is written
    struct shard_writer *writer = NULL;
    int bad = batch_make(&batches[0], recipe, err) || batch_make(&batches[1], recipe, err) ||
              !(writer = shard_create(path, recipe->shape, recipe->columns, recipe->compression,
                                      recipe->chunk, err)) ||
              write_shard(batches, recipe, writer, err);
    batch_free(&batches[0]);
    batch_free(&batches[1]);
    return bad ? -1 : 0;
}
