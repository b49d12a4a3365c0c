// SPDX-License-Identifier: Apache-2.0
// A texture set: which classes fill digits, which are backgrounds, and which background each digit has as its
// fixed one. gen/textured_mnist/sets/*.ini are compiled into the program, so that it finds them wherever it
// is run; a user's file is named by its path (the form is described in
// gen/textured_mnist/sets/dtd.ini).
#ifndef REFF_GEN_TEXTURED_MNIST_TEXTURE_SET_H
#define REFF_GEN_TEXTURED_MNIST_TEXTURE_SET_H

#include "core/base/digest.h"
#include "core/base/error.h"

#define TEXTURE_DIGITS          10
#define TEXTURE_CLASSES_MAXIMUM 1000 // digit textures and backgrounds together
#define TEXTURE_NAME_SIZE       64   // of a class or an archive, with the terminating zero

struct texture_class {
    char source[TEXTURE_NAME_SIZE];    // the archive or folder in --textures; "": --textures itself
    char name[TEXTURE_NAME_SIZE];      // the class's folder
    char label[2 * TEXTURE_NAME_SIZE]; // as the set names it: "NAME" or "SOURCE/NAME"
    int by_number; // a disjoint split is by ranges of the number in the file's name, not by a digest of the
                   // name
};

struct texture_set {
    char name[TEXTURE_NAME_SIZE];         // "dtd", or the file's name without folder and ".ini"
    int backgrounds;                      // how many
    int count;                            // TEXTURE_DIGITS + backgrounds
    struct texture_class *classes;        // [count]: first those of the digits 0..9, then the backgrounds
    int fixed_background[TEXTURE_DIGITS]; // 0 .. backgrounds-1
    char digest[DIGEST_SIZE];             // of the lists: two sets of equal digests are the same set
};

// `name`: dtd, mixed20, mixed47, or a path (what holds a '/' or ends in ".ini"). NULL on failure, naming file
// and line.
struct texture_set *texture_set_open(const char *name, struct error *err);
void texture_set_close(struct texture_set *set); // NULL is fine

#endif
