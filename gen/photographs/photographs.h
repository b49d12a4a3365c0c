// SPDX-License-Identifier: Apache-2.0
// Photographs with annotations (paper, section 4.2): ISIC2017's skin lesions and the Oxford-IIIT Pets, from
// the official archives, read in place; or, where there are none, stand-ins drawn by the program.
//
// Of a source every listed image that can be read, with its annotation, comes into the shard, sorted by id;
// what cannot is skipped, counted and named: on standard error and in the attributes skipped, skipped_why.
#ifndef REFF_GEN_PHOTOGRAPHS_PHOTOGRAPHS_H
#define REFF_GEN_PHOTOGRAPHS_PHOTOGRAPHS_H

#include "core/base/error.h"
#include "core/base/progress.h"
#include "core/base/settings.h"
#include "core/shard/shard.h"

#include <jansson.h>
#include <stdint.h>

#define PHOTOGRAPHS_REVISION 2 // raised whenever equal settings and inputs give other images

struct photographs_settings {
    char data[SETTING_WORD_SIZE];        // isic2017, pets
    int pixels;                          // side of the images
    char fit[SETTING_WORD_SIZE];         // crop, stretch, pad
    char mask[SETTING_WORD_SIZE];        // hard, soft
    uint64_t seed;                       // of the split of Pets, of which images when count is less than all
    char split[SETTING_WORD_SIZE];       // train, validation, test
    int count;                           // images; 0: all of the split
    char annotations[SETTING_WORD_SIZE]; // needed, none
    char artefacts[SETTING_WORD_SIZE];   // of the drawn lesions: spurious, uniform, none
    char source[SETTING_TEXT_SIZE];      // folder with the official files; "": drawn by the program
    int compression;                     // 0 none, 1..9 gzip level
    int chunk;                           // images per HDF5 chunk
};

extern const struct setting photographs_schema[];

// What the images of all splits depend on beside the settings: {"ISIC-2017_Training_Data.zip": sha256, ...},
// as far as these files are there. An unpacked archive's digest is that of its sorted names and files. New
// reference; NULL on failure.
json_t *photographs_inputs(const struct photographs_settings *settings, struct error *err);

// Writes the shard `path` and nothing else; whole or not at all. Byte-identical for any number of threads.
// progress may be NULL; it gets images done and in all. What is skipped is said on standard error.
int photographs_generate(const struct photographs_settings *settings, const char *path,
                         progress_function *progress, void *progress_context, struct shard_written *written,
                         struct error *err);

// Classes, and images that the split lists (or `count`); reads the lists only. -1 on failure.
int photographs_classes(const struct photographs_settings *settings, struct error *err);
int photographs_images(const struct photographs_settings *settings, struct error *err);

#endif
