// SPDX-License-Identifier: Apache-2.0
// Pictures of any size to squares of `pixels` a side: area-averaging along a side that shrinks (an output
// pixel is the mean of the part of the picture that it covers), bilinear along one that grows (half-pixel
// centres, held inside the part). Whole numbers only: the same bytes everywhere.
#ifndef REFF_GEN_READ_RESAMPLE_H
#define REFF_GEN_READ_RESAMPLE_H

#include "core/base/error.h"

#include <stdint.h>

enum fit {
    FIT_CROP,    // the largest square in the middle
    FIT_STRETCH, // the whole picture, squeezed
    FIT_PAD      // the whole picture, with black beside or above and below it
};

enum fit resample_fit_of_word(const char *word); // of the setting: crop, stretch or pad

struct placement {             // what goes where
    int x, y, width, height;   // the part of the picture, in its own pixels
    int left, top, wide, high; // where it comes to lie in the square
};

// Where a picture of width x height comes to lie.
struct placement resample_place(int width, int height, enum fit fit, int pixels);

// `from` [height,width,channels] shows a picture of frame_width x frame_height (the same, or as many times
// more as it was decoded smaller, but for rounding up); placement is in the frame's pixels. to
// [pixels,pixels,channels], zero where nothing comes to lie. channels: 1 or 3.
int resample(const uint8_t *from, int width, int height, int channels, int frame_width, int frame_height,
             const struct placement *placement, int pixels, uint8_t *to, struct error *err);

#endif
