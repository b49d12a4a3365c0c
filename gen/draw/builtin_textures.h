// SPDX-License-Identifier: Apache-2.0
// Built-in textures: pictures for the 47 classes of the Describable Textures Dataset (Cimpoi et al., CVPR
// 2014), made by code, so that the default profile needs no file. 120 for each class, as in DTD; number k of
// a class is always the same picture. The ten classes that fill digits are, on the whole, lighter than
// the others. They are no photographs, and results on them name them as built-in.
#ifndef REFF_GEN_DRAW_BUILTIN_TEXTURES_H
#define REFF_GEN_DRAW_BUILTIN_TEXTURES_H

#include "core/base/error.h"

#include <stddef.h>
#include <stdint.h>

#define BUILTIN_TEXTURE_CLASSES  47
#define BUILTIN_TEXTURE_COUNT    120 // of each class
#define BUILTIN_TEXTURE_SIZE     96  // pixels along a side
#define BUILTIN_TEXTURE_REVISION 2   // raised whenever a picture changes

// The classes, in alphabetical order.
extern const char *const builtin_texture_classes[BUILTIN_TEXTURE_CLASSES];

// The file name that number `index` of a class has when written out: "banded_0001.png".
void builtin_texture_file(int class, int index, char *name, size_t size);

// Draws the part [rows, columns] at (left, top) of number `index` (0, 1, ...) of a class (0..46), which has
// size x size pixels (8..1024) in all: rgb [rows, columns, 3]. The same picture at every size, but for grain
// and what is too fine to be seen; the same pixels whatever the part. Fails only when memory runs out.
int builtin_texture_draw(int class, int index, int size, int left, int top, int columns, int rows,
                         uint8_t *rgb, struct error *err);

#endif
