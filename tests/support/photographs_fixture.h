// SPDX-License-Identifier: Apache-2.0
// Small official archives of ISIC2017 and Pets for tests, as lists of files that can be spoilt before they
// are written, and what comes out of them.
#ifndef REFF_TESTS_SUPPORT_PHOTOGRAPHS_FIXTURE_H
#define REFF_TESTS_SUPPORT_PHOTOGRAPHS_FIXTURE_H

#include "gen/photographs/photographs.h"
#include "tests/support/sources_fixture.h"

enum { PHOTOS_TRAIN = 20, PHOTOS_VALIDATION = 4, PHOTOS_TEST = 6, PHOTOS_PIXELS = 16 };

struct photo_files { // what is written below one folder
    struct source_files images, masks, lists;
};

struct photo_content { // a shard
    int count, pixels;
    uint8_t *images, *masks;
    int32_t *labels;
    char *ids;
    size_t id_size;
    json_t *attributes;
    char digest[65];
};

// A picture of the given size whose pixels tell position and `number`; and a mask with a rectangle marked.
void photos_add_jpeg(struct source_files *files, const char *name, int width, int height, int number);
void photos_add_mask(struct source_files *files, const char *name, int width, int height, int on, int off);

// Of ISIC one split: ISIC_<first + i>, labels i % 3 as 0 melanoma, 1 keratosis, 2 nevus; superpixels beside.
void photos_isic(struct photo_files *files, const char *split, int first, int count);
// Of Pets 4 classes, ids 1, 2, 3, 5: "Abyssinian", "Bengal", "Birman" (cats), "beagle" (dogs); 10 each in
// trainval, 3 each in test.
void photos_pets(struct photo_files *files);
void photos_free(struct photo_files *files);

// Writes the archives into the suite's folder NAME; returns it. isic: three splits' worth may be written one
// after another.
const char *photos_write_isic(const char *name, const struct photo_files *files, const char *split);
const char *photos_write_pets(const char *name, const struct photo_files *files);

// The same as folders instead of archives.
const char *photos_unpack_pets(const char *name, const struct photo_files *files);

void photos_settings(struct photographs_settings *s, const char *data, const char *source, const char *split);
void photos_generate(const struct photographs_settings *s, struct photo_content *c); // fatal when it fails
void photos_content_free(struct photo_content *c);
int photos_find(const struct photo_content *c, const char *id);                     // its number, or -1
int photos_says(const struct photo_content *c, const char *list, const char *text); // in a list of remarks
int photos_list_says(const json_t *attributes, const char *list, const char *text);

// It fails with `expected` in the message, and nothing is left behind.
void photos_refused(const struct photographs_settings *s, enum exit_status status, const char *expected);

#endif
