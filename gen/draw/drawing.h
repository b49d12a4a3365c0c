// SPDX-License-Identifier: Apache-2.0
// The toolkit of the drawn stand-ins: a square of colours, 96 x 96 units, on which soft-edged shapes are
// laid, and an annotation that grows with those that belong to the object. It is drawn at several times the
// size that is asked for, where that is small, and averaged.
//
// As in gen/draw/pattern.h, whose noise and sines are used: +, -, *, /, sqrt and floor only, no two draws in
// one expression, so that the pictures have the same bytes everywhere.
#ifndef REFF_GEN_DRAW_DRAWING_H
#define REFF_GEN_DRAW_DRAWING_H

#include "core/base/error.h"
#include "gen/draw/noise.h"

#include <stdint.h>

#define DRAWING_UNITS PATTERN_UNITS

struct drawing {
    int side;               // pixels drawn along a side
    float unit;             // units per pixel
    float *rgb;             // [side,side,3], 0..1
    float *cover;           // [side,side] how much of a pixel the object covers, 0..1
    struct pattern pattern; // noise, and the random numbers
    float own[6];           // the pattern's arrays, which are not used
};

struct colour {
    float rgb[3];
};

// A square for an image of pixels x pixels. drawing_free is needed after failures, too.
int drawing_start(struct drawing *d, int pixels, struct random random, struct error *err);
void drawing_free(struct drawing *d);

// Adds grain and averages: image [pixels,pixels,3], mask [pixels,pixels], which is cut at one half unless
// soft.
int drawing_finish(struct drawing *d, int pixels, float grain, int soft, uint8_t *image, uint8_t *mask,
                   struct error *err);

// The number of draws does not depend on what is drawn with them.
static inline float draw_uniform(struct drawing *d, float low, float high) {
    return pattern_uniform(&d->pattern, low, high);
}
static inline int draw_chance(struct drawing *d, float chance) {
    return pattern_chance(&d->pattern, chance);
}
static inline int draw_choose(struct drawing *d, int n) {
    return pattern_choose(&d->pattern, n);
}
float draw_around(struct drawing *d, float middle, float spread); // bell-shaped, within 1.5 * spread * 2

struct colour colour_mix(struct colour a, struct colour b, float t);
struct colour colour_scale(struct colour c, float factor);
struct colour draw_shade(struct drawing *d, struct colour c, float spread); // a near colour, by chance

static inline float draw_noise(const struct drawing *d, float x, float y) {
    return noise(&d->pattern, x, y);
}

// ---------------------------------------------------------------------------------------------- shapes

enum shape_kind { SHAPE_CAPSULE, SHAPE_ELLIPSE, SHAPE_TRIANGLE };

struct shape {
    enum shape_kind kind;
    float x[3], y[3]; // ends of a capsule, centre of an ellipse, corners of a triangle
    float r[2];       // radii at the ends; half axes; rounding of the triangle
    float c, s;       // cosine and sine of an ellipse's turn
};

struct shape shape_capsule(float x0, float y0, float r0, float x1, float y1, float r1);
struct shape shape_ellipse(float x, float y, float rx, float ry, float turn);
struct shape shape_triangle(float x0, float y0, float x1, float y1, float x2, float y2, float round);

// The signed distance of a point from the shape's edge, negative inside; near the edge it is about right.
float shape_distance(const struct shape *shape, float x, float y);

// The colour of a shape at (x, y); depth is how far inside the edge, in units.
typedef struct colour shape_paint(const struct drawing *d, float x, float y, float depth,
                                  const void *context);

// Lays a shape over the square: opacity 0..1, an edge `soft` units wide (0: as sharp as pixels allow).
// `object`: it belongs to what is annotated.
void draw_shape(struct drawing *d, const struct shape *shape, float opacity, float soft, int object,
                shape_paint *paint, const void *context);
void draw_plain(struct drawing *d, const struct shape *shape, float opacity, float soft, int object,
                struct colour colour);

// Lays a colour over one pixel.
void draw_pixel(struct drawing *d, int pixel, float share, struct colour colour);

// The centre of a pixel, in units.
static inline float pixel_x(const struct drawing *d, int pixel) {
    return ((float)(pixel % d->side) + 0.5f) * d->unit;
}
static inline float pixel_y(const struct drawing *d, int pixel) {
    return ((float)(pixel / d->side) + 0.5f) * d->unit;
}

#endif
