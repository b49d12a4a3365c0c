// SPDX-License-Identifier: Apache-2.0
// A contact sheet: pictures side by side, each with its annotation and, below it, the name of its class.
//
//     struct contact_sheet sheet = {.columns = 10, .scale = 3, .image_width = 32, .image_height = 32};
//     if (contact_sheet_make(&sheet, names, count, err)) ...
//     for (int i = 0; i < count; i++)
//         if (contact_sheet_put(&sheet, i, rgb, mask, names[i], err)) ...
//     image_encode_png(sheet.pixels, sheet.width, sheet.height, 3, ...);
//     contact_sheet_free(&sheet);
#ifndef REFF_GEN_COMMAND_CONTACT_SHEET_H
#define REFF_GEN_COMMAND_CONTACT_SHEET_H

#include "core/base/error.h"

#include <stdint.h>

#define SHEET_SIDE_MAXIMUM 16384 // pixels

enum sheet_annotation { SHEET_OUTLINE, SHEET_BESIDE, SHEET_NO_ANNOTATION };

struct contact_sheet {
    // Set by the caller.
    int columns;                   // pictures side by side
    int image_width, image_height; // pixels
    int scale;                     // screen pixels per pixel of an image
    enum sheet_annotation annotation;

    // Set by contact_sheet_make.
    int width, height; // pixels
    int name_lines;    // below each picture: as many as the longest name takes, at most SHEET_NAME_LINES
    uint8_t *pixels;   // RGB [height, width, 3]; owned
};

enum { SHEET_NAME_LINES = 3, SHEET_LINE = 14 /* pixels */, SHEET_GAP = 4 /* pixels between pictures */ };

// An empty sheet for `count` pictures of these names; a name that is too long for its lines is cut short.
// Fails with EXIT_USAGE when a side has more than SHEET_SIDE_MAXIMUM pixels. Free with contact_sheet_free in every
// case.
int contact_sheet_make(struct contact_sheet *sheet, const char *const *names, int count, struct error *err);

// Picture `place` (0 is the first): rgb [image_height, image_width, 3], mask [image_height, image_width].
int contact_sheet_put(struct contact_sheet *sheet, int place, const uint8_t *rgb, const uint8_t *mask,
                      const char *name, struct error *err);

void contact_sheet_free(struct contact_sheet *sheet); // also gives back the fonts that the libraries keep

#endif
