// SPDX-License-Identifier: Apache-2.0
// The data sets by name, so that experiments know none of them: a data set is its settings, and what can be
// asked of them. A new one is one line in data_set.c.
//
//     const struct data_set *set = data_set_find("isic2017", err);
//     union data_settings settings;
//     data_set_default(set, &settings);
//     data_set_choose(set, &settings, "train", 5, 800);
//     set->generate(&settings, "train.h5", NULL, NULL, err);
#ifndef REFF_GEN_DATA_SET_DATA_SET_H
#define REFF_GEN_DATA_SET_DATA_SET_H

#include "core/base/progress.h"
#include "gen/photographs/photographs.h"
#include "gen/textured_mnist/textured_mnist.h"

union data_settings { // of any data set; which one, its data_set says
    struct textured_mnist_settings textured_mnist;
    struct photographs_settings photographs;
};

struct data_set {
    const char *name;             // as on the command line and in profiles: "textured-mnist"
    const char *title;            // as in texts and in the shards' attribute: "Textured MNIST"
    const struct setting *schema; // every one has split, seed, count, compression and chunk
    int revision;                 // raised when equal settings and inputs give other images

    // What the images of any split depend on beside the settings: {"name": sha256, ...}. New reference.
    json_t *(*inputs)(const union data_settings *settings, struct error *err);

    // Writes the shard `path`, whole or not at all; the same bytes for any number of threads.
    int (*generate)(const union data_settings *settings, const char *path, progress_function *progress,
                    void *progress_context, struct error *err);

    int (*pixels)(const union data_settings *settings); // side of an image

    // Classes, and images of the split (`count` of them, or all): for plans and costs. Files that are damaged
    // are found when the shard is made, which then has fewer images. -1 on failure.
    int (*classes)(const union data_settings *settings, struct error *err);
    int (*images)(const union data_settings *settings, struct error *err);
};

extern const struct data_set data_sets[]; // ends with a NULL name

// The data set of that name; NULL with EXIT_USAGE when there is none.
const struct data_set *data_set_find(const char *name, struct error *err);

// Fills in the defaults of the set's schema.
void data_set_default(const struct data_set *set, union data_settings *settings);

// Sets split, seed and count (0: all), the settings that runs differ in.
void data_set_choose(const struct data_set *set, union data_settings *settings, const char *split,
                     uint64_t seed, int count);

#endif
