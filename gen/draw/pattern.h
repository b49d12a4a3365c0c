// SPDX-License-Identifier: Apache-2.0
// The toolkit of the built-in textures: coordinates, noise, cells and shapes, on a square of 96 x 96 units.
//
// A texture is drawn in two steps. Its pattern fills `value` (0..1, a position in the palette) and, when the
// surface is not flat, `height` (in units); pattern_finish then adds what has nothing to do with the
// pattern's name: colours, light, slow changes of tint, grain. Everything random comes from `random`, so that
// a texture is a function of (class, number).
//
// Only +, -, *, /, sqrt and floor are used on reals, all of which IEEE 754 rounds correctly, and sines are
// its own polynomials: the same texture has the same bytes whatever the mathematical library and the
// processor. For the same reason no expression and no list of arguments or initialisers holds two draws: C
// leaves their order to the compiler, and gcc and clang choose differently.
#ifndef REFF_GEN_DRAW_PATTERN_H
#define REFF_GEN_DRAW_PATTERN_H

#include "core/base/random.h"

#include <math.h>
#include <stdint.h>

#define PATTERN_UNITS   96 // the square's side in units
#define PATTERN_PALETTE 5  // most colours
#define PATTERN_SLACK   8  // pixels of room behind each array, so that its last may be done by a whole vector

struct pattern {
    int size;              // pixels along the side of the whole square
    int left, top;         // the part of it that is drawn begins here
    int columns, rows;     // and has so many pixels
    int count;             // columns * rows
    float unit;            // units per pixel
    struct random random;  // every choice of this texture
    float period;          // typical feature in units: the length of 1 in u and v
    float *x, *y;          // [count] pixel centres in units, 0..96
    float *u, *v;          // [count] turned, stretched and slightly bent coordinates, in periods
    float *value;          // [count] 0..1
    float *height;         // [count] in units; used when `relief` is not zero
    float relief;          // strength of the light's effect on `height`
    int colours;           // palette entries in use, 2 .. PATTERN_PALETTE
    float dark, light;     // bounds of the palette's lightness, 0..1
    float tint;            // 0..1: how much of a further colour is mixed in slowly over the square
    int order[256];        // a permutation, for hashing lattice points (noise.h)
    float lattice[256][3]; // three numbers in [0,1) for each hash value
    float slopes[256][2];  // and two in [-1,1), of the first two: the noise's slope
};

// Prepares the part [rows, columns] at (left, top) of a texture that has size x size pixels in all. What is
// drawn at a pixel does not depend on the part. The arrays are the caller's, [columns * rows] each: x, y, u,
// v, value, height; where pattern_finish follows, [columns * rows + PATTERN_SLACK] and zero at first.
void pattern_start(struct pattern *p, int size, int left, int top, int columns, int rows,
                   struct random random, float *const arrays[6]);

// Coordinates with features of least..most units, turned by up to `turn` of a full circle to either side.
void pattern_coordinates(struct pattern *p, float least, float most, float turn);

// Colours, light and grain of a smaller part, which ends where the prepared one does or at least a pixel
// before it, since light needs the neighbours: rgb [rows, columns, 3].
void pattern_finish(struct pattern *p, int left, int top, int columns, int rows, uint8_t *rgb);

// ---------------------------------------------------------------------------------------------- numbers

static inline float pattern_uniform(struct pattern *p, float low, float high) {
    return low + (high - low) * (float)random_uniform(&p->random);
}
static inline int pattern_chance(struct pattern *p, float chance) {
    return pattern_uniform(p, 0, 1) < chance;
}
static inline int pattern_choose(struct pattern *p, int n) {
    return (int)random_below(&p->random, (uint32_t)n);
}

static inline float clamp01(float t) { // two instructions and no branch
    float positive = t > 0 ? t : 0;
    return positive < 1 ? positive : 1;
}
static inline float fraction(float t) {
    return t - floorf(t);
}
static inline float mix(float a, float b, float t) {
    return a + (b - a) * t;
}

// 0 below low, 1 above high, smooth between (low may exceed high: then it falls).
static inline float smooth_step(float low, float high, float t) {
    t = clamp01((t - low) / (high - low));
    return t * t * (3 - 2 * t);
}

// sin(2 pi t), by a parabola through the zeros and its square: error below 1.1e-3.
static inline float sine(float t) {
    t -= floorf(t + 0.5f); // -1/2 .. 1/2
    float q = 8 * t * (1 - 2 * fabsf(t));
    return q * (0.775f + 0.225f * fabsf(q));
}
static inline float cosine(float t) {
    return sine(t + 0.25f);
}

// Triangle wave of period 1: 0 at whole numbers, 1 between them.
static inline float triangle(float t) {
    return 1 - fabsf(2 * fraction(t) - 1);
}

// The angle of (x, y) as a fraction of the full circle, -1/2 .. 1/2; error below 1e-3.
static inline float turn_of(float x, float y) {
    float ax = fabsf(x), ay = fabsf(y);
    float big = ax > ay ? ax : ay, small = ax > ay ? ay : ax;
    float t = small / (big > 0 ? big : 1); // tangent of 0 .. 1/8 of a circle
    float a = t * (0.125f + 0.04345f * (1 - t));
    a = ay > ax ? 0.25f - a : a;
    a = x < 0 ? 0.5f - a : a;
    return y < 0 ? -a : a;
}

// ---------------------------------------------------------------------------------------------- shapes

// One shape at (x, y) in units, reaching `reach` units; calls back for the pixels near it with coordinates
// relative to the shape's centre, turned by `turn` of a circle.
typedef void shape_pixel(struct pattern *p, int pixel, float dx, float dy, const void *shape);
void pattern_shape(struct pattern *p, float x, float y, float reach, float turn, shape_pixel *draw,
                   const void *shape);

#endif
