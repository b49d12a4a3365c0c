// SPDX-License-Identifier: Apache-2.0
// What a method may do to the training data before a step: another order of the images, other annotations, other
// images. Every draw is keyed by the run's seed and by what it is for, so that a run that was interrupted goes on with
// the same batches.
#ifndef REFF_METHODS_BATCH_H
#define REFF_METHODS_BATCH_H

#include "core/base/error.h"

#include <stddef.h>
#include <stdint.h>

struct training_images { // of the whole shard
    uint32_t count;
    int groups;           // each of which has an image; 0: the method does not ask for them
    const int32_t *group; // [count], 0 .. groups - 1
};

// The images of an epoch: order [count] gets their indices. NULL in a method: each once, shuffled.
typedef int batch_order(const struct training_images *images, uint64_t seed, uint64_t epoch, uint32_t *order,
                        struct error *err);

// Whose annotation each image is trained with: of [count] gets indices. NULL in a method: its own.
typedef void batch_annotations(uint32_t count, uint64_t seed, uint32_t *of);

struct batch { // of one step
    int count, side;
    uint64_t seed, step;
    const uint32_t *index;      // [count], in the shard
    uint8_t *images;            // [count][side][side][3]
    uint8_t *annotations;       // [count][side][side], 255 s
    const uint8_t *images_read; // a copy of the images as they were read; NULL unless the method wants one
};

// Changes images or annotations. NULL in a method: they stay.
typedef void batch_transform(const struct batch *b);

static inline size_t batch_area(const struct batch *b) {
    return (size_t)b->side * (size_t)b->side;
}

#endif
