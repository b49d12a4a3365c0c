// SPDX-License-Identifier: Apache-2.0
// Small sources for the generator's tests: digits and textures as lists of files, which are written out as a
// folder or as an archive, whole or spoilt.
#ifndef REFF_TESTS_SUPPORT_SOURCES_FIXTURE_H
#define REFF_TESTS_SUPPORT_SOURCES_FIXTURE_H

#include "gen/textured_mnist/textured_mnist.h"

#include <stddef.h>
#include <stdint.h>

enum {
    SOURCES_TRAIN = 60,    // digits: 54 for training, 6 for validation
    SOURCES_TEST = 20,     //
    SOURCES_CLASSES = 13,  // of textures: d0..d9, and b0..b2 as backgrounds; digit d has b<d % 3>
    SOURCES_PICTURES = 12, // of each class; the last of each is smaller than SOURCES_CANVAS
    SOURCES_CANVAS = 28,   //
    SOURCES_FILES_MAXIMUM = 200
};

struct source_file {
    char name[80];
    uint8_t *bytes;
    size_t size;
};

struct source_files {
    int count;
    struct source_file items[SOURCES_FILES_MAXIMUM];
};

// MNIST's four files, gzipped: "MNIST/raw/train-images-idx3-ubyte.gz" and so on. Free with sources_free.
void sources_digits(struct source_files *files);

// "tex/images/d0/d0_0001.png" and so on; those of class b0 are JPEGs. Free with sources_free.
void sources_textures(struct source_files *files);

void sources_add(struct source_files *files, const char *name, const void *bytes, size_t size); // a copy
void sources_add_jpeg(struct source_files *files, const char *name, const uint8_t *pixels, int width,
                      int height);                                              // RGB
struct source_file *sources_find(struct source_files *files, const char *name); // by a part of the name
void sources_free(struct source_files *files);

// Writes the files below the suite's folder and returns the path (valid as that of suite_path). The archive's
// kind goes by its name: .tar.gz, .tar or .zip; files come in the opposite order.
const char *sources_folder(const char *name, const struct source_files *files);
const char *sources_archive(const char *name, const struct source_files *files);

// The texture set of the textures above as an .ini file; `line` (or NULL) is added at its end.
const char *sources_set(const char *name, const char *line);

// Settings for small pictures from these sources ("" for built-in ones).
void sources_settings(struct textured_mnist_settings *settings, const char *mnist, const char *textures,
                      const char *texture_set);

#endif
