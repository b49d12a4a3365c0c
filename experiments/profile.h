// SPDX-License-Identifier: Apache-2.0
// Profiles: how large the data, the network and the training of every cell are (experiments.md, section 5).
//
// One file each in experiments/profiles. Sections:
//   [profile]       title, seeds ("1,2,3")
//   [data]          settings of gen/textured_mnist.h, and train, test, validation: images per split (0: all
//                   of it; validation is left out unless given). p, q, size, seed, split and count belong
//                   to the cells.
//   [train]         settings of core/train/train.h; method and seed belong to the cells
//   [method NAME]   settings of core/train/train.h in which one method differs
// Relative paths (mnist, textures, weights) are relative to the data folder that the user names. An unknown
// section or key, a repeated key and an ill-typed value are refused with file and line.
#ifndef REFF_EXPERIMENTS_PROFILE_H
#define REFF_EXPERIMENTS_PROFILE_H

#include "core/base/file.h"
#include "core/train/train.h"
#include "gen/textured_mnist.h"

#define SEEDS_MOST 64

struct seeds {
    int count;
    uint64_t values[SEEDS_MOST];
};

struct override { // a line of [method NAME]
    char method[SETTING_WORD_SIZE];
    const struct setting *setting; // of train_schema
    char value[SETTING_TEXT_SIZE];
};

struct profile {
    char name[SETTING_WORD_SIZE]; // the file's, without .ini
    char path[PATH_SIZE];
    char title[SETTING_TEXT_SIZE];
    struct seeds seeds;
    struct textured_mnist_settings data;
    int train, test, validation; // images; 0: all of the split; validation -1: none
    struct train_settings training;
    struct override *overrides;
    int override_count;
};

// Reads the profile of that name (or path). Free with profile_free, also after a failure.
int profile_read(struct profile *p, const char *word, struct error *err);
void profile_free(struct profile *p);

// The training settings of one method in this profile, overrides applied.
int profile_training(const struct profile *p, const char *method, struct train_settings *out,
                     struct error *err);

// Makes mnist, textures and weights relative to `folder` ("": none given). Fails with EXIT_USAGE when the
// profile needs a folder and none is given, or the other way round.
int profile_resolve(struct profile *p, const char *folder, struct error *err);

// What the data are, in words, so that no table can be taken for another: "built-in digits and textures,
// ...".
void profile_describe(const struct profile *p, char out[256]);

// "5": the seeds 1..5. "3,4,9": these ("4,": only 4). Repeated ones are refused. `where` begins the message.
int seeds_parse(struct seeds *out, const char *text, const char *where, struct error *err);

#endif
