// SPDX-License-Identifier: Apache-2.0
// One picture of Textured MNIST: a digit filled with one texture, laid on a background of another.
//
// The digit is scaled from 28 x 28 to size x size bilinearly with half-pixel centres (image.h,
// image_scale_table: weights in 1/256, sums rounded once), which gives m in 0..255. Soft blend: pixel = (m *
// inside + (255 - m) * outside) / 255, rounded; hard blend: inside where m >= 128, that is m / 255 >= 1/2.
// Mask: 255 where m >= 128, else 0; soft: m itself.
#ifndef REFF_GEN_TEXTURED_MNIST_COMPOSE_H
#define REFF_GEN_TEXTURED_MNIST_COMPOSE_H

#include "core/base/error.h"
#include "gen/textured_mnist/digits.h"
#include "gen/textured_mnist/textures.h"

#include <stdint.h>

struct composer { // what all pictures of a data set share; read only once it is made
    int size, canvas;
    int hard_blend, soft_mask;
    int *first, *share; // [size]: the table of the scaling
};

int composer_make(struct composer *c, int size, int canvas, int hard_blend, int soft_mask, struct error *err);
void composer_free(struct composer *c);

// Bytes of working memory that compose needs; each thread has its own.
size_t composer_room(const struct composer *c);

// The scaled digit alone: m [size, size].
void compose_digit(const struct composer *c, const uint8_t digit[DIGIT_SIZE * DIGIT_SIZE], uint8_t *m,
                   void *room);

// The mask [canvas, canvas] of the digit with its upper left corner at (x, y), as compose makes it.
void compose_mask(const struct composer *c, const uint8_t digit[DIGIT_SIZE * DIGIT_SIZE], int x, int y,
                  uint8_t *mask, void *room);

// The digit's upper left corner is at (x, y). outside: [canvas, canvas] of the background; inside: [size,
// size] of the digit's texture, its first pixel at the digit's corner. image [canvas, canvas, 3], mask
// [canvas, canvas].
void compose(const struct composer *c, const uint8_t digit[DIGIT_SIZE * DIGIT_SIZE], int x, int y,
             const struct texture_crop *outside, const struct texture_crop *inside, uint8_t *image,
             uint8_t *mask, void *room);

#endif
