// SPDX-License-Identifier: Apache-2.0
// Annotations out of pictures, whatever codes them: 0 and 255, 0 and 1, other grey levels, palettes, colours.
// What libraries do to a picture for the eye is not done to a mask: no gamma, no palette's colours in place
// of its numbers, 16 bits stay 16.
//
// A sample is a palette's index; a grey value; of a colour its largest channel. Transparent pixels have 0;
// where the colours are all alike, the opacity is the sample.
#ifndef REFF_GEN_READ_MASK_H
#define REFF_GEN_READ_MASK_H

#include "core/base/error.h"

#include <stddef.h>
#include <stdint.h>

enum mask_kind { MASK_GREY, MASK_PALETTE, MASK_COLOUR };

struct mask {
    int width, height;
    enum mask_kind kind;
    int deep;             // samples of 16 bits
    uint16_t *samples;    // [height, width]
    uint8_t colours[256]; // of a palette: the largest channel of each index
};

// Decodes a PNG or JPEG file in memory; `name` begins the message. On failure *mask is empty.
int mask_decode(const uint8_t *bytes, size_t size, const char *name, struct mask *mask, struct error *err);
void mask_free(struct mask *mask);

#define MASK_VALUES_MAXIMUM 16

struct mask_coding { // what was asked for; zeroed: by the mask's own values
    int threshold;   // 1..255: annotated from this 8-bit value on; 0: none given
    int value_count; // annotated are these samples
    int values[MASK_VALUES_MAXIMUM];
    int keep_grey; // grey levels stay, to be averaged before they are cut at one half
    const char
        *advice; // ends the message of a mask that cannot be told: "--mask-threshold or ..."; may be NULL
};

enum mask_reading {      // how a mask was read
    MASK_READ_EMPTY,     // all samples are 0: nothing is annotated
    MASK_READ_PLAIN,     // 0 and 255, or 255 alone
    MASK_READ_PAIR,      // 0 and one other value, or that alone: it is annotated
    MASK_READ_INDEX,     // a palette: all but index 0
    MASK_READ_THRESHOLD, // many levels: from one half on, or from the threshold asked for
    MASK_READ_VALUES,    // the values asked for
    MASK_READ_DRAWN,     // no picture: boxes
    MASK_READINGS
};

struct mask_summary {
    enum mask_reading reading;
    int value; // of MASK_READ_PAIR: the other value; of MASK_READ_THRESHOLD: the threshold; of others 0
};

// What is annotated, as 255, and 0 elsewhere (grey levels with keep_grey), into values [height, width]. Fails
// where the samples do not tell: none reaches the threshold and there are more than two. The message has no
// name at its head.
int mask_mark(const struct mask *mask, const struct mask_coding *coding, uint8_t *values,
              struct mask_summary *summary, struct error *err);

#endif
