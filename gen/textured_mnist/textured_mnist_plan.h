// SPDX-License-Identifier: Apache-2.0
// The draws behind an image of Textured MNIST. Each comes from a stream of its own, keyed by (seed, split and
// purpose, image), so that an image depends on nothing but the settings and its number. What is drawn is
// stored beside the image as provenance, and can be drawn again.
#ifndef REFF_GEN_TEXTURED_MNIST_TEXTURED_MNIST_PLAN_H
#define REFF_GEN_TEXTURED_MNIST_TEXTURED_MNIST_PLAN_H

#include "core/shard/shard.h"
#include "gen/textured_mnist/digits.h"
#include "gen/textured_mnist/textured_mnist.h"
#include "gen/textured_mnist/textures.h"
#include "gen/write/shard_batch.h"

#define PLAN_COLUMNS 18 // provenance columns

struct sources { // everything that images are drawn from
    struct digits *digits;
    struct texture_set *set;
    struct textures *textures;
    enum digit_part part;  // which of MNIST's files the split is in
    uint32_t *digit_order; // [split_count]: the digit of each image
    int split_count;       // images that the split has
    int *before;   // [split_count]: earlier images of the same label; NULL: backgrounds are drawn apart
    int **allowed; // [set->count][allowed_count]: the pictures of a class that the split may use
    int *allowed_count;
};

struct texture_use {
    int class, number; // in the texture set; in the class
    int drawn;         // 1: the class was drawn from all, 0: the digit's own
    int x, y;          // upper left corner of the crop in the scaled picture
    int width, height; // of the scaled picture
};

struct textured_mnist_plan {
    int digit_index, label;
    struct texture_use background, digit_texture; // background.class counts the digits' classes, too
    int digit_x, digit_y;                         // upper left corner of the digit on the canvas
};

// Opens sources and draws the split. Refuses a count larger than the split. sources_close is needed after
// failures, too.
int sources_open(struct sources *sources, const struct textured_mnist_settings *settings, struct error *err);
void sources_close(struct sources *sources);

// The first half of an image's draws: digit, classes, pictures. Then, once these pictures' sizes are known
// (textures_prepare), the second: crops and position.
void plan_choose(const struct sources *sources, const struct textured_mnist_settings *settings, int image,
                 struct textured_mnist_plan *plan);
// Of plan_place what needs no textures: where the digit lies.
void plan_place_digit(const struct textured_mnist_settings *settings, int image,
                      struct textured_mnist_plan *plan);
void plan_place(const struct sources *sources, const struct textured_mnist_settings *settings, int image,
                struct textured_mnist_plan *plan);

// The provenance columns (ending with a NULL name), and one image's values as number `at` of a batch.
void plan_describe(const struct sources *sources, struct column columns[PLAN_COLUMNS + 1]);
void plan_columns(const struct sources *sources, const struct textured_mnist_plan *plan,
                  struct shard_batch *batch, int at);

#endif
