// SPDX-License-Identifier: Apache-2.0
// Profiles: how large the data, the networks and the training of every cell are (docs/experiments.md, section
// 5).
//
// One file each in experiments/profiles. Sections:
//   [profile]            title, seeds ("1,2,3"); how claims are decided: looks and shares of the level at
//                        them, for seeds until decided, and smallest_effect, in points
//   [data]               settings of Textured MNIST (gen/textured_mnist/textured_mnist.h), and train, test,
//                        validation: images per split (0: all of it; validation is left out unless given);
//                        unbiased: validation images with p = 1, for methods that are allowed such (dfr).
//                        p, q, size, seed, split and count belong to the cells.
//   [data NAME]          the same of another data set (gen/data_set/data_set.h); without one, its cells
//                        stay empty. Data of one's own have any other NAME and `source = folder` as first line:
//                        tables, [train NAME] and so on name them so
//   [train]              settings of core/train/train.h; method and seed belong to the cells
//   [train DATA]         in which the runs on one data set differ
//   [method NAME]        in which one method differs
//   [method NAME DATA]   in which one method differs on one data set
//   [annotator]          settings of core/annotate/annotator.h; n and seed belong to the cells
//   [annotator DATA]     in which the annotators of one data set differ
// What stands further down in this list prevails. Relative paths (mnist, textures, source, weights) are
// relative to the data folder that the user names. An unknown section or key, a repeated key and an ill-typed
// value are refused with file and line.
#ifndef REFF_EXPERIMENTS_PLAN_PROFILE_H
#define REFF_EXPERIMENTS_PLAN_PROFILE_H

#include "core/annotate/annotator.h"
#include "core/base/file.h"
#include "core/shard/split.h"
#include "core/train/train.h"
#include "experiments/plan/variation.h"
#include "gen/data_set/data_set.h"

#define SEEDS_MAXIMUM 64

struct seeds {
    int count;
    uint64_t values[SEEDS_MAXIMUM];
};

struct looks { // at which claims are tested, and the share of the level .05 that each look has
    int count;
    int seeds[SETTING_LIST_MAXIMUM]; // rising
    double shares[SETTING_LIST_MAXIMUM];
};

struct profile_data { // [data NAME]
    const struct data_set *set;
    int given;          // the profile has the section
    int images[SPLITS]; // 0: all of the split; -1: none (validation)
    int unbiased;       // validation images with p = 1; 0: none
    union data_settings settings;
    char absent[240]; // why there are none: no section, no folder; "" if there are. See profile_resolve.
};

struct override { // a line of a section that concerns some runs only
    char method[SETTING_WORD_SIZE], data[SETTING_WORD_SIZE]; // "": all of them
    const struct setting *setting;                           // of train_schema or annotator_schema
    int of_annotator;
    char value[SETTING_TEXT_SIZE];
};

enum { OWN_DATA_MAXIMUM = 8, DATA_SETS_MAXIMUM = DATA_SETS + OWN_DATA_MAXIMUM + 1 };

struct own_data { // a data set of the profile's own: as the one that `source` names, but for name and title
    struct data_set set;
    char name[SETTING_WORD_SIZE];
};

struct profile {
    char name[SETTING_WORD_SIZE]; // the file's, without .ini
    char path[PATH_SIZE];
    char word[PATH_SIZE]; // by which it was asked for
    char title[SETTING_TEXT_SIZE];
    struct seeds seeds;
    struct looks looks;
    double smallest_effect; // of interest, in points
    struct profile_data data
        [DATA_SETS_MAXIMUM]; // in the order of gen/data_set/data_set.h, then its own; ends with a NULL set
    struct own_data *own[OWN_DATA_MAXIMUM];
    int own_count;
    struct train_settings training;
    struct annotator_settings annotator;
    struct override *overrides;
    int override_count;
    struct variations set;  // by the command line: prevails over all sections (profile_set)
    char folder[PATH_SIZE]; // of the data, once resolved
    struct profile *next;   // other profiles, which columns of tables name (plan_profiles)
};

// Reads the profile of that name (or path). Free with profile_free, also after a failure.
int profile_read(struct profile *p, const char *word, struct error *err);
void profile_free(struct profile *p); // and those that follow

// Sets what `text` says (variations_parse) in every run: "lambda=5". The profile's name gets it as well,
// "quick+lambda=5", so that results of other settings have other names and folders. "": nothing.
int profile_set(struct profile *p, const char *text, const char *where, struct error *err);

// The profile of that word among this one and those that follow; NULL.
const struct profile *profile_find(const struct profile *p, const char *word);

// The data of that name, or NULL: neither a data set nor one of the profile's own has it.
const struct profile_data *profile_data_find(const struct profile *p, const char *name);

// The place in `data` of a data set of the registry, or of the profile's own.
int profile_data_number(const struct profile *p, const struct data_set *set);

// Why there is no data set of that name here: the profile's name, and what may have been meant.
void profile_data_absent(struct text *out, const struct profile *p, const char *name);

// The training settings of one method on one data set in this profile, overrides applied.
int profile_training(const struct profile *p, const char *method, const char *data,
                     struct train_settings *out, struct error *err);

// The settings of the pseudo-annotators of a data set, n and seed left open.
int profile_annotator(const struct profile *p, const char *data, struct annotator_settings *out,
                      struct error *err);

// Makes mnist, textures, sources and weights of this profile and those that follow relative to `folder` ("": none given). Fails with EXIT_USAGE
// when Textured MNIST or the weights need a folder and none is given, or the other way round. Photographs
// that are not there are no failure: their cells stay empty and say why. Nothing ever takes their place.
// Weights named models/x are looked for in folder/models, then in folder/../models.
int profile_resolve(struct profile *p, const char *folder, struct error *err);

// The same for a file of weights that a table names in place of the profile's. Without a folder it stays as it is: what only
// counts or shows runs has none, and needs none.
int profile_resolve_weights(const struct profile *p, char path[SETTING_TEXT_SIZE], struct error *err);

// What the data of a data set are, in words, so that no table can be taken for another: "built-in digits
// (drawn by code, not MNIST), ...".
void profile_describe(const struct profile *p, const char *data, char out[256]);

// Adds seeds until there are `count`: the numbers after the largest one.
void seeds_extend(struct seeds *seeds, int count);

// "5": the seeds 1..5. "3,4,9": these ("4,": only 4). Repeated ones are refused. `where` begins the message.
int seeds_parse(struct seeds *out, const char *text, const char *where, struct error *err);

#endif
