// SPDX-License-Identifier: Apache-2.0
// The data sets by name, so that commands and experiments know none of them: a data set is its settings, and
// what can be asked of them. A new one is a file of this folder and a line of DATA_SET_LINES; one with
// settings of its own adds them to the union below.
//
//     const struct data_set *set = data_set_find("isic2017", err);
//     union data_settings settings;
//     data_set_default(set, &settings);
//     data_set_choose(set, &settings, "train", 5, 800);
//     set->generate(&settings, "train.h5", NULL, NULL, NULL, err);
#ifndef REFF_GEN_DATA_SET_DATA_SET_H
#define REFF_GEN_DATA_SET_DATA_SET_H

#include "core/base/progress.h"
#include "core/shard/shard.h"
#include "core/shard/split.h"
#include "gen/photographs/folder.h"
#include "gen/photographs/photographs.h"
#include "gen/textured_mnist/textured_mnist.h"

// _(variable's name without data_set_, name on the command line and in profiles)
#define DATA_SET_LINES(_)                                                                                    \
    _(textured_mnist, "textured-mnist")                                                                      \
    _(isic2017, "isic2017")                                                                                  \
    _(pets, "pets")                                                                                          \
    _(folder, "folder")

#define DATA_SET_DEFAULT               "textured-mnist" // the first line's
#define DATA_SET_WORD_(variable, name) " " name
#define DATA_SET_NAMES                 (&(DATA_SET_LINES(DATA_SET_WORD_))[1]) // of a setting's table
#define DATA_SET_AT_(variable, name)   DATA_SET_AT_##variable,
enum { DATA_SET_LINES(DATA_SET_AT_) DATA_SETS }; // the last one counts them

union data_settings { // of any data set; which one, its data_set says
    struct textured_mnist_settings textured_mnist;
    struct photographs_settings photographs;
    struct folder_settings folder;
};

struct data_axes { // what tables vary of a data set that is made to order
    double p, q;   // chances of a drawn background and of a drawn texture of the digit
    double size;   // of the digit on a canvas of 224 pixels
};

struct data_set {
    const char *name;             // the line's
    const char *title;            // as in texts and in the shards' attribute: "Textured MNIST"
    const struct setting *schema; // every one has split, seed, count, compression and chunk
    int revision;                 // raised when equal settings and inputs give other images

    struct data_set_style { // in figures
        int colour;         // of their palette
        int marker;
    } style;

    // Of `reff gen NAME`: a line for the list, a sentence, paragraphs, commands.
    const char *contents, *summary, *description, *example;

    // The settings that are paths, relative to the user's data folder: "mnist textures". Where a data set may
    // be missing, tables leave its cells empty; others must be there.
    const char *paths;
    int may_be_missing;

    int many; // profiles may have several of it, under names of their own ([data NAME] source = ...)

    int fixed_classes; // whatever the settings are; 0: it depends on them

    // Fills in what tables vary, for a split of a run (test data have no hint in the background). NULL: they
    // vary nothing of it.
    void (*place)(union data_settings *settings, const struct data_axes *axes, enum split split);

    // What the images are, in words, so that none can be taken for others: "built-in digits (drawn by code,
    // not MNIST), ...". Allocates nothing.
    void (*describe)(const struct data_set *set, const union data_settings *settings, char *out, size_t size);

    // What the images of any split depend on beside the settings: {"name": sha256, ...}. New reference.
    json_t *(*inputs)(const union data_settings *settings, struct error *err);

    // Writes the shard `path`, whole or not at all; the same bytes for any number of threads. `written` gets what is
    // to be told of it; NULL: nothing.
    int (*generate)(const union data_settings *settings, const char *path, progress_function *progress,
                    void *progress_context, struct shard_written *written, struct error *err);

    int (*pixels)(const union data_settings *settings); // side of an image

    // Classes, and images of the split (`count` of them, or all): for plans and costs. Files that are damaged
    // are found when the shard is made, which then has fewer images. -1 on failure.
    int (*classes)(const union data_settings *settings, struct error *err);
    int (*images)(const union data_settings *settings, struct error *err);

    const char *foreign; // a setting of the schema that means something to another data set alone; or NULL
};

#define DATA_SET_EXTERN_(variable, name) extern const struct data_set data_set_##variable;
DATA_SET_LINES(DATA_SET_EXTERN_)
#undef DATA_SET_EXTERN_

extern const struct data_set *const data_set_list[DATA_SETS + 1]; // in the lines' order; ends with NULL

// The data set of that name; NULL with EXIT_USAGE (data_set_of: NULL) when there is none.
const struct data_set *data_set_find(const char *name, struct error *err);
const struct data_set *data_set_of(const char *name);

// The registry's entry of which it is, or of which it is a copy under another name.
const struct data_set *data_set_kind(const struct data_set *set);

int data_set_number(const struct data_set *set); // its place in the list

// Fills in the defaults of the set's schema.
void data_set_default(const struct data_set *set, union data_settings *settings);

// Sets split, seed and count (0: all), the settings that runs differ in.
void data_set_choose(const struct data_set *set, union data_settings *settings, const char *split,
                     uint64_t seed, int count);

#endif
