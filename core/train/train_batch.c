// SPDX-License-Identifier: Apache-2.0
// The batches of a run: the order of the images, and what the method makes of them (core/methods/batch.h).
#include "core/base/memory.h"
#include "core/base/random.h"
#include "core/methods/method.h"
#include "core/train/train_internal.h"

#include <stdlib.h>
#include <string.h>

static int by_number(const void *a, const void *b) {
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

// The shard's groups, numbered anew: each that has an image, in the order of their numbers.
static int read_groups(struct training *r, uint32_t count) {
    int has = shard_has(r->train, "group", r->err);
    if (!has)
        return fail_work(r->err, "%s: no column 'group', which the method %s needs", shard_path(r->train),
                         r->settings->method);
    int32_t *group = allocate(count, sizeof *group, "groups", r->err),
            *numbers = allocate(count, sizeof *numbers, "groups", r->err);
    r->batches.group = group;
    int failed = has < 0 || !group || !numbers || shard_column(r->train, "group", group, r->err), groups = 0;
    if (!failed) {
        memcpy(numbers, group, count * sizeof *numbers);
        qsort(numbers, count, sizeof *numbers, by_number);
        for (uint32_t i = 0; i < count; i++)
            if (!groups || numbers[groups - 1] != numbers[i])
                numbers[groups++] = numbers[i];
        for (uint32_t i = 0; i < count; i++) {
            const int32_t *found = bsearch(&group[i], numbers, (size_t)groups, sizeof *numbers, by_number);
            group[i] = (int32_t)(found - numbers);
        }
    }
    r->batches.groups = groups;
    free(numbers);
    return failed ? -1 : 0;
}

int train_batch_open(struct training *r) {
    struct shard_shape shape = shard_shape(r->train);
    const struct method *m = r->batches.method = method_of(r->settings->method);
    size_t n = (size_t)r->settings->batch, area = (size_t)shape.height * (size_t)shape.width;
    r->order = allocate((size_t)shape.count, sizeof *r->order, "the batches' order", r->err);
    r->images = allocate(n * area, 3, "a batch", r->err);
    r->annotations = allocate(n * area, 1, "a batch", r->err);
    r->labels = allocate(n, sizeof *r->labels, "a batch", r->err);
    if (!r->order || !r->images || !r->annotations || !r->labels)
        return -1;
    if (m->groups && (read_groups(r, (uint32_t)shape.count) ||
                      !(r->batches.of_step = allocate(n, sizeof *r->batches.of_step, "a batch", r->err))))
        return -1;
    if (m->reads_images_twice && !(r->batches.images_read = allocate(n * area, 3, "a batch", r->err)))
        return -1;
    if (!m->annotations_of)
        return 0;
    r->batches.annotations_of = allocate((size_t)shape.count, sizeof(uint32_t), "annotations", r->err);
    r->batches.index = allocate(n, sizeof *r->batches.index, "a batch", r->err);
    if (!r->batches.annotations_of || !r->batches.index)
        return -1;
    m->annotations_of((uint32_t)shape.count, r->settings->seed, r->batches.annotations_of);
    return 0;
}

void train_batch_close(struct training *r) {
    free(r->order);
    free(r->images);
    free(r->annotations);
    free(r->labels);
    free(r->batches.group);
    free(r->batches.of_step);
    free(r->batches.images_read);
    free(r->batches.annotations_of);
    free(r->batches.index);
}

int train_batch_order(struct training *r, long epoch) {
    uint32_t count = (uint32_t)shard_shape(r->train).count;
    const struct training_images images = {count, r->batches.groups, r->batches.group};
    if (r->batches.method->order)
        return r->batches.method->order(&images, r->settings->seed, (uint64_t)epoch, r->order, r->err);
    struct random random = random_stream(r->settings->seed, random_purpose("batch order"), (uint64_t)epoch);
    for (uint32_t i = 0; i < count; i++)
        r->order[i] = i;
    random_shuffle(&random, r->order, count);
    return 0;
}

int train_batch_read(struct training *r, const uint32_t *index) {
    int n = r->settings->batch;
    struct training_batches *b = &r->batches;
    if (shard_read(r->train, index, n, r->images, r->annotations, r->labels, r->err))
        return -1;
    for (int i = 0; b->annotations_of && i < n; i++)
        b->index[i] = b->annotations_of[index[i]];
    if (b->annotations_of && shard_read(r->train, b->index, n, NULL, r->annotations, NULL, r->err))
        return -1;
    for (int i = 0; b->group && i < n; i++)
        b->of_step[i] = b->group[index[i]];
    if (!b->method->transform)
        return 0;
    struct batch batch = {.count = n,
                          .side = shard_shape(r->train).height,
                          .seed = r->settings->seed,
                          .step = (uint64_t)r->state.step,
                          .index = index,
                          .images = r->images,
                          .annotations = r->annotations,
                          .images_read = b->images_read};
    if (b->images_read)
        memcpy(b->images_read, r->images, (size_t)n * batch_area(&batch) * 3);
    b->method->transform(&batch);
    return 0;
}
