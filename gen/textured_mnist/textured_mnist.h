// SPDX-License-Identifier: Apache-2.0
// Textured MNIST (paper, section 4.1): a digit filled with one texture on a background of another, where
// textures give the label away with chances 1-p (background) and 1-q (digit).
#ifndef REFF_GEN_TEXTURED_MNIST_TEXTURED_MNIST_H
#define REFF_GEN_TEXTURED_MNIST_TEXTURED_MNIST_H

#include "core/base/error.h"
#include "core/base/progress.h"
#include "core/base/settings.h"
#include "core/shard/shard.h"

#include <jansson.h>
#include <stdint.h>

// The paper's smallest digit, 28 of 224 pixels, is 4 on the 32 pixels of a small canvas.
enum { DIGIT_SIDE_MINIMUM = 4 };

struct textured_mnist_settings {
    double p;      // chance that the background's class is drawn uniformly instead of being the digit's own
    double q;      // the same for the digit's texture
    int size;      // digit, in pixels: DIGIT_SIDE_MINIMUM..canvas
    int canvas;    // image, in pixels
    uint64_t seed; // of every draw
    char split[SETTING_WORD_SIZE];         // train, validation, test
    int count;                             // images; 0: all of the split
    char texture_split[SETTING_WORD_SIZE]; // shared, disjoint
    char mask[SETTING_WORD_SIZE];          // hard, soft
    char blend[SETTING_WORD_SIZE];         // soft, hard
    char mnist[SETTING_TEXT_SIZE];         // folder or archive with MNIST's four files; "": built-in digits
    char textures[SETTING_TEXT_SIZE];      // folder or archive(s) of textures; "": built-in textures
    char texture_set[SETTING_TEXT_SIZE]; // name of a set (dtd, mixed20, mixed47) or a file that describes one
    // Shifts (shifts.h), all off by default.
    double label_noise; // share of images with another class's label
    double covered;     // share of each digit that its background covers
    double patch_p;     // a coloured patch: chance that its colour is drawn; negative: no patch
    char annotation[SETTING_WORD_SIZE]; // exact, box, disc
    int annotation_dilated;             // pixels by which it is grown
    double annotation_missing;          // share of images that have none: 255 everywhere
    double annotation_shuffled;         // share of images with another one's
    int compression;                    // 0 none, 1..9 gzip level
    int chunk;                          // images per HDF5 chunk
};

extern const struct setting textured_mnist_schema[];

// Whether the split gets each digit's backgrounds equally often instead of each image's by itself: what
// measures a network does, so that none of its groups is small by chance.
int textured_mnist_balances(const char *split, double p);

// What the images depend on beside the settings: {"mnist": sha256, "textures": sha256, ...} of the sources
// (for built-in ones their name and revision). Reads, but generates nothing. New reference; NULL on failure.
json_t *textured_mnist_inputs(const struct textured_mnist_settings *settings, struct error *err);

// Writes the shard `path` and nothing else; whole or not at all. Byte-identical for any number of threads.
// progress may be NULL; it gets images done and in all.
int textured_mnist_generate(const struct textured_mnist_settings *settings, const char *path,
                            progress_function *progress, void *progress_context,
                            struct shard_written *written, struct error *err);

#endif
