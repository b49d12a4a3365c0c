// SPDX-License-Identifier: Apache-2.0
// Pictures in memory, and how they come from files: JPEG through libjpeg-turbo (grey, YCbCr, RGB, CMYK and
// YCCK, Adobe's inverted ones included), PNG through libpng (grey and palette of any depth, RGB, alpha, 16
// bits).
//
// All become RGB with 8 bits. Transparent pixels are put on black. 16-bit samples are rounded to 8. Values
// are those of the file: gamma, colour profiles and EXIF's orientation are not applied (as Pillow and
// torchvision do not). A JPEG of more than 500 scans is refused.
#ifndef REFF_GEN_READ_IMAGE_H
#define REFF_GEN_READ_IMAGE_H

#include "core/base/error.h"

#include <stddef.h>
#include <stdint.h>

#define IMAGE_SIDE_MAXIMUM 8192 // pixels; larger pictures are refused

struct image {
    int width, height;
    uint8_t *pixels; // RGB [height, width, 3]
};

void image_free(struct image *image); // its pixels

// By the first bytes.
int image_is_jpeg(const uint8_t *bytes, size_t size);
int image_is_png(const uint8_t *bytes, size_t size);

// Whether all chunks of a PNG file are there, with the checksums that they name; "NAME: truncated PNG".
int image_check_png(const uint8_t *bytes, size_t size, const char *name, struct error *err);

// Such a file, whose chunks are sound, without gamma and colour profiles; `bare`: without all that its
// samples do not need. *size becomes its size. To be freed; NULL on failure.
uint8_t *image_plain_png(const uint8_t *bytes, size_t *size, int bare, const char *name, struct error *err);

// A library lacked memory for a picture: it is not damaged, and must not be left out as damaged ones may be.
int image_lacks_memory(const char *name, struct error *err);

// What libpng says of a file, as an error: that, or the file is damaged.
int image_png_failed(const char *words, const char *name, struct error *err);

// Decodes a whole file in memory. Its first bytes say which kind it is. `name` begins the message:
// "dtd.tar.gz: dtd/images/banded/banded_0002.jpg: truncated JPEG". On failure *image is empty.
int image_decode(const uint8_t *bytes, size_t size, const char *name, struct image *image, struct error *err);

// The same, but a JPEG whose shorter side is at least 4 (8, 16) times `side` is decoded at a half (a quarter,
// an eighth) of its size: libjpeg transforms fewer frequencies back, which costs less time and memory, and
// leaves at least 2 * side pixels along the shorter side. *frame_width and *frame_height get the full size.
int image_decode_reduced(const uint8_t *bytes, size_t size, const char *name, int side, struct image *image,
                         int *frame_width, int *frame_height, struct error *err);

// Scales bilinearly so that both sides are at least `side` and the shorter one just is (half-pixel centres:
// output pixel x looks at (x + 1/2) * width / new width - 1/2, held inside the picture). `from` stays as it
// is.
int image_cover(const struct image *from, int side, struct image *to, struct error *err);

// The table of that scaling: for each of `count` output positions along a side of `from` pixels the first of
// the two input positions, and the share of the second in 1/256.
void image_scale_table(int from, int count, int *first, int *share);

// The size that image_cover gives a picture; unchanged when both sides reach `side` already.
void image_cover_size(int width, int height, int side, int *new_width, int *new_height);

// A PNG file in memory (free it); the same pixels give the same bytes. channels: 3 RGB, 1 grey.
int image_encode_png(const uint8_t *pixels, int width, int height, int channels, uint8_t **png, size_t *size,
                     struct error *err);

#endif
