// SPDX-License-Identifier: Apache-2.0
// Where digits come from: MNIST's four IDX files (LeCun, Cortes, Burges), plain or gzip, in a folder or
// inside an archive; or the built-in ones, drawn when asked for.
//
// IDX: a big-endian magic number (2051 for images, 2049 for labels), the count, for images height and width,
// then the bytes. Everything is checked: magic, counts, lengths, that nothing follows, labels 0..9, as many
// labels as images.
#ifndef REFF_GEN_TEXTURED_MNIST_DIGITS_H
#define REFF_GEN_TEXTURED_MNIST_DIGITS_H

#include "core/base/digest.h"
#include "core/base/error.h"

#include <stddef.h>
#include <stdint.h>

#define DIGIT_SIZE 28

enum digit_part { DIGITS_TRAIN, DIGITS_TEST };

struct digits; // safe to read from several threads

struct digits *digits_open(const char *path, struct error *err); // "": built-in
void digits_close(struct digits *digits);                        // NULL is fine

int digits_count(const struct digits *digits, enum digit_part part);
int digits_label(const struct digits *digits, enum digit_part part, int index); // 0..9
// [28, 28], 0 background .. 255 ink: either in the source's memory or drawn into `room`.
const uint8_t *digits_image(const struct digits *digits, enum digit_part part, int index,
                            uint8_t room[DIGIT_SIZE * DIGIT_SIZE]);

// Digest of the source: over the lines "FILE SHA256" of the four files as they are stored (with .gz where
// there is one), wherever they lie; for built-in digits over their name and revision.
int digits_digest(const char *path, char hex[DIGEST_SIZE], struct error *err);

// One IDX file's bytes (already decompressed): images [count, 28, 28] or labels [count], inside `bytes`.
int idx_images(const char *name, const uint8_t *bytes, size_t size, int *count, const uint8_t **images,
               struct error *err);
int idx_labels(const char *name, const uint8_t *bytes, size_t size, int *count, const uint8_t **labels,
               struct error *err);

#endif
