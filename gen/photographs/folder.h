// SPDX-License-Identifier: Apache-2.0
// A user's own images with their annotations: a folder or an archive of pictures, their classes from folders
// or from a list, their masks from a second folder, or boxes. Every image that can be read comes into the
// shard, sorted by its name below the folder; what cannot is skipped, counted and named.
#ifndef REFF_GEN_PHOTOGRAPHS_FOLDER_H
#define REFF_GEN_PHOTOGRAPHS_FOLDER_H

#include "core/base/error.h"
#include "core/base/progress.h"
#include "core/base/settings.h"
#include "gen/photographs/photographs.h"

#include <jansson.h>
#include <stdint.h>

#define FOLDER_REVISION 1 // raised whenever equal settings and inputs give other images

struct folder_settings {
    char title[SETTING_TEXT_SIZE], licence[SETTING_TEXT_SIZE];
    int pixels;                    // side of the images
    char fit[SETTING_WORD_SIZE];   // crop, stretch, pad
    char mask[SETTING_WORD_SIZE];  // hard, soft
    int mask_threshold;            // 1..255; 0: none
    struct real_list mask_values;  // samples that are annotated; none: by the mask's own values
    int mask_resize;               // masks of other sizes than their images are scaled
    double test_share;             // of images whose split nothing tells
    double validation_share;       //
    uint64_t seed;                 // of that draw, and of which images when count is less than all
    char split[SETTING_WORD_SIZE]; // train, validation, test
    int count;                     // images; 0: all of the split
    char images[SETTING_TEXT_SIZE], masks[SETTING_TEXT_SIZE], labels[SETTING_TEXT_SIZE];
    int compression; // 0 none, 1..9 gzip level
    int chunk;       // images per HDF5 chunk
};

extern const struct setting folder_schema[];

// As those of photographs.h. inputs: {"images": sha256, "masks": ..., "labels": ...}.
json_t *folder_inputs(const struct folder_settings *settings, struct error *err);
int folder_generate(const struct folder_settings *settings, const char *path, progress_function *progress,
                    void *progress_context, struct shard_written *written, struct error *err);
int folder_classes(const struct folder_settings *settings, struct error *err);
int folder_images(const struct folder_settings *settings, struct error *err);

// What of the settings the reader of photographs takes.
void folder_photographs_settings(const struct folder_settings *settings, struct photographs_settings *out);

#endif
