// SPDX-License-Identifier: Apache-2.0
// What may be wrong with the data of Textured MNIST beyond p and q: noise in the labels, coarse or false annotations, a
// second spurious cue, a background that covers part of the digit. All of it is off by default and then leaves no trace
// in a shard. Every draw is of its own purpose: a shift that is turned on changes nothing else.
//
// An image is made in this order: digit on background; the background again over `covered` of the digit, from one of
// four sides; the patch, a square of canvas / 8 pixels in one of the corners, canvas / 32 from its edges. Covered and
// patched pixels are not annotated. Then the annotation: another image's digit (shuffled, uncovered), grown by
// `annotation_dilated` (a square of 2 k + 1), box or disc, or missing.
#ifndef REFF_GEN_TEXTURED_MNIST_SHIFTS_H
#define REFF_GEN_TEXTURED_MNIST_SHIFTS_H

#include "core/shard/shard.h"
#include "gen/textured_mnist/textured_mnist.h"
#include "gen/textured_mnist/textures.h"

enum shift_column {
    SHIFT_TRUE_LABEL,
    SHIFT_COVERED_SIDE, // 0 left, 1 right, 2 top, 3 bottom
    SHIFT_COVERED_EDGE, // columns or rows of the image from that side that the background covers
    SHIFT_PATCH_DRAWN,
    SHIFT_PATCH_COLOUR,  // number of a colour; -1: no patch
    SHIFT_PATCH_CORNER,  // 0 upper left, 1 upper right, 2 lower left, 3 lower right
    SHIFT_ANNOTATION_OF, // the image whose digit is annotated
    SHIFT_ANNOTATION_MISSING,
    SHIFT_COLUMNS
};

extern const struct column shift_columns[SHIFT_COLUMNS];

struct shift { // of one image; what the columns record
    int label; // as it is trained on
    int values[SHIFT_COLUMNS];
};

int shifts_any(const struct textured_mnist_settings *settings); // whether one is on

// The draws of image `image` among `count`, whose digit is `label`. covered_edge follows in shift_cover.
void shift_draw(struct shift *shift, const struct textured_mnist_settings *settings, int count, int image,
                int label);

// Lays the background over the digit: image [canvas][canvas][3], mask [canvas][canvas] 255 s; sets covered_edge.
void shift_cover(struct shift *shift, const struct textured_mnist_settings *settings,
                 const struct texture_crop *background, uint8_t *image, uint8_t *mask);
// Takes out of a mask what is covered, as recorded.
void shift_uncover_mask(const struct shift *shift, int canvas, uint8_t *mask);

// Draws the patch; image or mask may be NULL.
void shift_patch(const struct shift *shift, int canvas, uint8_t *image, uint8_t *mask);

// Makes the annotation of the exact mask. room [canvas][canvas].
void shift_annotation(const struct shift *shift, const struct textured_mnist_settings *settings, int image,
                      uint8_t *mask, uint8_t *room);

#endif
