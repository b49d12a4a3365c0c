// SPDX-License-Identifier: Apache-2.0
#include "gen/draw/drawing.h"

#include "core/base/memory.h"
#include "gen/read/resample.h"

#include <stdlib.h>
#include <string.h>

#define SIDE_MINIMUM 128 // pixels drawn: what is smaller is averaged from a multiple

int drawing_start(struct drawing *d, int pixels, struct random random, struct error *err) {
    memset(d, 0, sizeof *d);
    int times = (SIDE_MINIMUM + pixels - 1) / pixels;
    d->side = pixels * times;
    d->unit = (float)DRAWING_UNITS / (float)d->side;
    float *arrays[6];
    for (int k = 0; k < 6; k++)
        arrays[k] = &d->own[k];
    pattern_start(&d->pattern, d->side, 0, 0, 1, 1, random, arrays);
    size_t count = (size_t)d->side * (size_t)d->side;
    if (!(d->rgb = allocate(3 * count, sizeof *d->rgb, "a drawing", err)) ||
        !(d->cover = allocate(count, sizeof *d->cover, "a drawing", err)))
        return -1;
    return 0;
}

void drawing_free(struct drawing *d) {
    free(d->rgb);
    free(d->cover);
}

// A number of -1..1 for each sample: a hash, so that it depends on no other.
static float grain_at(uint32_t key, uint32_t i) {
    uint32_t h = key ^ i * 0x9E3779B1u;
    h = (h ^ h >> 15) * 0x2C1B3C6Du;
    h = (h ^ h >> 12) * 0x297A2D39u;
    h ^= h >> 15;
    return (float)(h >> 8) * 0x1p-23f - 1;
}

int drawing_finish(struct drawing *d, int pixels, float grain, int soft, uint8_t *image, uint8_t *mask,
                   struct error *err) {
    size_t count = (size_t)d->side * (size_t)d->side, area = (size_t)pixels * (size_t)pixels;
    uint8_t *rgb = allocate(count, 3, "a drawing", err),
            *cover = rgb ? allocate(count, 1, "a drawing", err) : NULL;
    uint32_t key = random_bits(&d->pattern.random);
    struct placement whole = resample_place(d->side, d->side, FIT_CROP, pixels);
    for (size_t i = 0; cover && i < count; i++) {
        cover[i] = (uint8_t)(255 * clamp01(d->cover[i]) + 0.5f);
        for (size_t c = 0; c < 3; c++)
            rgb[3 * i + c] =
                (uint8_t)(255 * clamp01(d->rgb[3 * i + c] + grain * grain_at(key, (uint32_t)(3 * i + c))) +
                          0.5f);
    }
    int bad = !cover || resample(rgb, d->side, d->side, 3, d->side, d->side, &whole, pixels, image, err) ||
              resample(cover, d->side, d->side, 1, d->side, d->side, &whole, pixels, mask, err);
    for (size_t i = 0; i < area && !bad && !soft; i++)
        mask[i] = mask[i] >= 128 ? 255 : 0;
    free(rgb);
    free(cover);
    return bad ? -1 : 0;
}

float draw_around(struct drawing *d, float middle, float spread) {
    float sum = draw_uniform(d, -0.5f, 0.5f);
    sum += draw_uniform(d, -0.5f, 0.5f);
    sum += draw_uniform(d, -0.5f, 0.5f);
    return middle + 2 * spread * sum;
}

struct colour colour_mix(struct colour a, struct colour b, float t) {
    for (int c = 0; c < 3; c++)
        a.rgb[c] = mix(a.rgb[c], b.rgb[c], t);
    return a;
}

struct colour colour_scale(struct colour c, float factor) {
    for (int k = 0; k < 3; k++)
        c.rgb[k] *= factor;
    return c;
}

struct colour draw_shade(struct drawing *d, struct colour c, float spread) {
    float light = draw_uniform(d, 1 - spread, 1 + spread);
    for (int k = 0; k < 3; k++)
        c.rgb[k] = clamp01(c.rgb[k] * light + draw_uniform(d, -spread, spread) * 0.12f);
    return c;
}

// ---------------------------------------------------------------------------------------------- shapes

struct shape shape_capsule(float x0, float y0, float r0, float x1, float y1, float r1) {
    return (struct shape){SHAPE_CAPSULE, {x0, x1, 0}, {y0, y1, 0}, {r0, r1}, 1, 0};
}

struct shape shape_ellipse(float x, float y, float rx, float ry, float turn) {
    return (struct shape){SHAPE_ELLIPSE, {x, 0, 0}, {y, 0, 0}, {rx, ry}, cosine(turn), sine(turn)};
}

struct shape shape_triangle(float x0, float y0, float x1, float y1, float x2, float y2, float round) {
    return (struct shape){SHAPE_TRIANGLE, {x0, x1, x2}, {y0, y1, y2}, {round, round}, 1, 0};
}

// Squared distance of a point from the line between two others, and where along it the nearest point is.
static float line_distance(float px, float py, float dx, float dy, float *along) {
    *along = clamp01((px * dx + py * dy) / (dx * dx + dy * dy + 1e-9f));
    px -= *along * dx;
    py -= *along * dy;
    return px * px + py * py;
}

static float ellipse_distance(const struct shape *s, float x, float y) {
    float dx = x - s->x[0], dy = y - s->y[0];
    float u = (s->c * dx + s->s * dy) / s->r[0], v = (s->c * dy - s->s * dx) / s->r[1];
    float near = sqrtf(u * u + v * v),
          steep = sqrtf(u * u / (s->r[0] * s->r[0]) + v * v / (s->r[1] * s->r[1]));
    return steep > 1e-6f ? near * (near - 1) / steep : -(s->r[0] < s->r[1] ? s->r[0] : s->r[1]);
}

static float triangle_distance(const struct shape *s, float x, float y) {
    float nearest = 1e9f, inside = 1, turns = 0, along;
    for (int i = 0; i < 3; i++) {
        int j = (i + 1) % 3;
        float dx = s->x[j] - s->x[i], dy = s->y[j] - s->y[i], px = x - s->x[i], py = y - s->y[i];
        float d = line_distance(px, py, dx, dy, &along), side = dx * py - dy * px;
        nearest = d < nearest ? d : nearest;
        if (i && side * turns < 0) // not on the same side of all three
            inside = -1;
        turns = side;
    }
    float first = (s->x[1] - s->x[0]) * (y - s->y[0]) - (s->y[1] - s->y[0]) * (x - s->x[0]);
    if (first * turns < 0)
        inside = -1;
    return -inside * sqrtf(nearest) - s->r[0];
}

float shape_distance(const struct shape *s, float x, float y) {
    if (s->kind == SHAPE_ELLIPSE)
        return ellipse_distance(s, x, y);
    if (s->kind == SHAPE_TRIANGLE)
        return triangle_distance(s, x, y);
    float along, d = line_distance(x - s->x[0], y - s->y[0], s->x[1] - s->x[0], s->y[1] - s->y[0], &along);
    return sqrtf(d) - mix(s->r[0], s->r[1], along);
}

void draw_pixel(struct drawing *d, int pixel, float share, struct colour colour) {
    float *rgb = d->rgb + 3 * (size_t)pixel;
    for (int c = 0; c < 3; c++)
        rgb[c] = mix(rgb[c], colour.rgb[c], share);
}

// The pixels that a shape may reach.
static void reach_of(const struct drawing *d, const struct shape *s, float margin, int box[4]) {
    int points = s->kind == SHAPE_ELLIPSE ? 1 : s->kind == SHAPE_CAPSULE ? 2 : 3;
    float r = (s->r[0] > s->r[1] ? s->r[0] : s->r[1]) + margin;
    float low[2] = {1e9f, 1e9f}, high[2] = {-1e9f, -1e9f};
    for (int i = 0; i < points; i++) {
        const float at[2] = {s->x[i], s->y[i]};
        for (int k = 0; k < 2; k++) {
            low[k] = at[k] - r < low[k] ? at[k] - r : low[k];
            high[k] = at[k] + r > high[k] ? at[k] + r : high[k];
        }
    }
    for (int k = 0; k < 2; k++) {
        float begin = floorf(low[k] / d->unit), end = floorf(high[k] / d->unit) + 1, side = (float)d->side;
        box[k] = (int)(begin < 0 ? 0 : begin > side ? side : begin);
        box[2 + k] = (int)(end < 0 ? 0 : end > side ? side : end);
    }
}

void draw_shape(struct drawing *d, const struct shape *shape, float opacity, float soft, int object,
                shape_paint *paint, const void *context) {
    float edge = soft > d->unit ? soft : d->unit;
    int box[4];
    reach_of(d, shape, edge, box);
    for (int row = box[1]; row < box[3]; row++)
        for (int column = box[0]; column < box[2]; column++) {
            int pixel = row * d->side + column;
            float x = pixel_x(d, pixel), y = pixel_y(d, pixel), distance = shape_distance(shape, x, y);
            float share = clamp01(0.5f - distance / edge);
            if (share <= 0)
                continue;
            draw_pixel(d, pixel, share * opacity, paint(d, x, y, -distance, context));
            if (object && share > d->cover[pixel])
                d->cover[pixel] = share;
        }
}

static struct colour plain(const struct drawing *d, float x, float y, float depth, const void *context) {
    (void)d, (void)x, (void)y, (void)depth;
    return *(const struct colour *)context;
}

void draw_plain(struct drawing *d, const struct shape *shape, float opacity, float soft, int object,
                struct colour colour) {
    draw_shape(d, shape, opacity, soft, object, plain, &colour);
}
