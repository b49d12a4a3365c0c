// SPDX-License-Identifier: Apache-2.0
// The pictures of a texture set: from folders and archives in DTD's layout (".../CLASS/FILE.jpg", JPEG or
// PNG), or the built-in ones. Pictures smaller than the canvas are scaled up to cover it, so that a crop of
// canvas x canvas fits.
//
// Pictures are numbered within their class in the order of their file names. From files, all are decoded
// once, in parallel, and kept (as far as 1 GiB allows; the rest is decoded again on each use). Built-in ones
// are drawn when asked for: only the crop where the canvas fits into one, else whole, scaled, and kept.
#ifndef REFF_GEN_TEXTURED_MNIST_TEXTURES_H
#define REFF_GEN_TEXTURED_MNIST_TEXTURES_H

#include "core/base/digest.h"
#include "core/base/error.h"
#include "gen/textured_mnist/texture_set.h"

#include <stdint.h>

struct textures;

// Bytes of decoded pictures that are kept in memory. Tests lower it.
extern size_t textures_kept_most;

// Reads (but does not decode) what the set names. path: "" for built-in. The set must outlive the textures.
struct textures *textures_open(const char *path, const struct texture_set *set, int canvas,
                               struct error *err);
void textures_close(struct textures *textures); // NULL is fine

int textures_count(const struct textures *textures, int class); // pictures in a class of the set
const char *textures_file(const struct textures *textures, int class, int number); // "CLASS/FILE"

struct texture_choice { // one picture
    int class, number;
};

// Makes sure that these pictures are at hand, in parallel (from files: all pictures, on the first call).
// Their sizes are known afterwards. Not to be called from several threads; within a parallel region its team
// does the work.
int textures_prepare(struct textures *textures, const struct texture_choice *choices, int count,
                     struct error *err);

// Size after scaling; sides are canvas or more.
void textures_size(const struct textures *textures, int class, int number, int *width, int *height);

struct texture_crop {
    const uint8_t *pixels; // RGB of the crop's first pixel
    long stride;           // bytes from a row to the next
    uint8_t *owned;        // to be freed by texture_crop_free, or NULL
};

// The part [rows, columns] at (left, top) of a prepared picture. Safe from several threads. room: [rows *
// columns * 3], used when the picture is drawn on the spot.
int textures_crop(const struct textures *textures, int class, int number, int left, int top, int columns,
                  int rows, uint8_t *room, struct texture_crop *crop, struct error *err);
void texture_crop_free(struct texture_crop *crop);

// Digest of what the set takes from `path`: over the digests of the archives, or of the files in folders; for
// built-in textures over their name and revision. Decodes nothing.
int textures_digest(const char *path, const struct texture_set *set, char hex[DIGEST_SIZE],
                    struct error *err);

#endif
