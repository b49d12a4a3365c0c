// SPDX-License-Identifier: Apache-2.0
#include "gen/draw/pattern.h"

#include "gen/draw/noise.h"

#include <string.h>

#define COLOURED_AT_ONCE 64 // pixels; a multiple of PATTERN_SLACK

void pattern_start(struct pattern *p, int size, int left, int top, int columns, int rows,
                   struct random random, float *const arrays[6]) {
    memset(p, 0, sizeof *p);
    p->size = size;
    p->left = left;
    p->top = top;
    p->columns = columns;
    p->rows = rows;
    p->count = columns * rows;
    p->unit = (float)PATTERN_UNITS / (float)size;
    p->random = random;
    p->x = arrays[0];
    p->y = arrays[1];
    p->u = arrays[2];
    p->v = arrays[3];
    p->value = arrays[4];
    p->height = arrays[5];
    memset(p->value, 0, (size_t)p->count * sizeof *p->value);
    memset(p->height, 0, (size_t)p->count * sizeof *p->height);
    p->colours = 2;
    p->dark = 0.08f;
    p->light = 0.92f;
    uint32_t order[256], bits[3 * 256];
    for (uint32_t i = 0; i < 256; i++)
        order[i] = i;
    random_shuffle(&p->random, order, 256);
    random_fill(&p->random, bits, 3 * 256);
    for (int i = 0; i < 256; i++) {
        p->order[i] = (int)order[i];
        for (int k = 0; k < 3; k++)
            p->lattice[i][k] = (float)(bits[3 * i + k] >> 8) * 0x1p-24f;
        for (int k = 0; k < 2; k++)
            p->slopes[i][k] = 2 * p->lattice[i][k] - 1;
    }
    for (int j = 0; j < rows; j++)
#pragma omp simd
        for (int i = 0; i < columns; i++) {
            p->x[j * columns + i] = ((float)(left + i) + 0.5f) * p->unit;
            p->y[j * columns + i] = ((float)(top + j) + 0.5f) * p->unit;
        }
}

void pattern_coordinates(struct pattern *p, float least, float most, float turn) {
    p->period = pattern_uniform(p, least, most);
    float angle = pattern_uniform(p, -turn, turn), stretch = pattern_uniform(p, 0.85f, 1.18f);
    float c = cosine(angle) / p->period, s = sine(angle) / p->period;
    float left = pattern_uniform(p, 0, 40), top = pattern_uniform(p, 0, 40);
    float bend = pattern_uniform(p, 0, 2.2f), where = pattern_uniform(p, 0, 1); // a wave of one to two units
    float length = pattern_uniform(p, 0.006f, 0.014f);
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        float x = p->x[i], y = p->y[i];
        float bx = x + bend * sine(y * length + where), by = y + bend * sine(x * length + 2 * where);
        p->u[i] = (c * bx + s * by) * stretch + left;
        p->v[i] = (c * by - s * bx) / stretch + top;
    }
}

// ---------------------------------------------------------------------------------------------- shapes

void pattern_shape(struct pattern *p, float x, float y, float reach, float turn, shape_pixel *draw,
                   const void *shape) {
    int left = (int)floorf((x - reach) / p->unit) - p->left,
        right = (int)floorf((x + reach) / p->unit) - p->left;
    int top = (int)floorf((y - reach) / p->unit) - p->top,
        bottom = (int)floorf((y + reach) / p->unit) - p->top;
    left = left < 0 ? 0 : left;
    top = top < 0 ? 0 : top;
    right = right >= p->columns ? p->columns - 1 : right;
    bottom = bottom >= p->rows ? p->rows - 1 : bottom;
    float c = cosine(turn), s = sine(turn);
    for (int j = top; j <= bottom; j++)
        for (int i = left; i <= right; i++) {
            int pixel = j * p->columns + i;
            float dx = p->x[pixel] - x, dy = p->y[pixel] - y;
            draw(p, pixel, c * dx + s * dy, c * dy - s * dx, shape);
        }
}

// ---------------------------------------------------------------------------------------------- finish

// A colour of the given lightness, hue (a fraction of the circle) and saturation.
static void make_colour(float lightness, float hue, float saturation, float rgb[3]) {
    for (int k = 0; k < 3; k++)
        rgb[k] = clamp01(lightness + saturation * 0.5f * cosine(hue - (float)k / 3));
    float luma = 0.3f * rgb[0] + 0.59f * rgb[1] + 0.11f * rgb[2]; // keep the lightness whatever the hue
    for (int k = 0; k < 3; k++)
        rgb[k] = clamp01(rgb[k] + lightness - luma);
}

// Two ends far enough apart in lightness to be seen, further colours anywhere between.
static void make_palette(struct pattern *p, float palette[PATTERN_PALETTE][3], float tint[3]) {
    float reach = p->light - p->dark, contrast = pattern_uniform(p, 0.33f, 0.83f) * reach;
    float dark = pattern_uniform(p, p->dark, p->light - contrast);
    int light_first = pattern_chance(p, 0.5f);
    float hue = pattern_uniform(p, 0, 1), spread = pattern_uniform(p, -0.5f, 0.5f);
    float grey = pattern_chance(p, 0.2f) ? 0.05f : 1;
    int last = p->colours - 1;
    for (int k = 0; k <= last; k++) {
        float along = (float)(light_first ? last - k : k) / (float)last;
        if (k > 0 && k < last)
            along = pattern_uniform(p, 0, 1);
        float own_hue = hue + spread * (float)k / (float)last + pattern_uniform(p, -0.08f, 0.08f);
        make_colour(dark + contrast * along, own_hue, grey * pattern_uniform(p, 0.05f, 0.75f), palette[k]);
    }
    float saturation = grey * pattern_uniform(p, 0.1f, 0.6f);
    float own_hue = hue + pattern_uniform(p, -0.3f, 0.3f);
    make_colour(p->dark + pattern_uniform(p, 0.2f, 0.8f) * reach, own_hue, saturation, tint);
}

// Grain of a pixel, -1..1: a hash, so that it depends on no other pixel.
static float grain_at(uint32_t key, int x, int y) {
    uint32_t h = key ^ (uint32_t)x * 0x9E3779B1u ^ (uint32_t)y * 0x85EBCA77u;
    h = (h ^ h >> 15) * 0x2C1B3C6Du;
    h = (h ^ h >> 12) * 0x297A2D39u;
    h ^= h >> 15;
    return (float)(h >> 8) * 0x1p-23f - 1;
}

// What colours a surface besides its pattern.
struct surface {
    float palette[3][PATTERN_PALETTE], tint[3];
    float light_x, light_y; // where the light comes from
    float fall_x, fall_y;   // how it falls off
    float amount, wide;     // of the tint
    float grain;
    uint32_t key; // of the grain
};

static void make_surface(struct pattern *p, struct surface *s) {
    float palette[PATTERN_PALETTE][3] = {{0}};
    make_palette(p, palette, s->tint);
    for (int k = 0; k < PATTERN_PALETTE; k++)
        for (int c = 0; c < 3; c++)
            s->palette[c][k] = palette[k][c];
    float turn = pattern_uniform(p, 0, 1);
    s->light_x = cosine(turn);
    s->light_y = sine(turn);
    float fall = 0.15f / PATTERN_UNITS;
    s->fall_x = pattern_uniform(p, -fall, fall);
    s->fall_y = pattern_uniform(p, -fall, fall);
    s->amount = p->tint + pattern_uniform(p, 0, 0.25f);
    s->wide = 1 / pattern_uniform(p, 25, 60);
    s->grain = pattern_uniform(p, 0, 0.06f);
    s->key = random_bits(&p->random);
}

static float lit(const struct pattern *p, const struct surface *s, float across, float down) {
    float towards = (across * s->light_x + down * s->light_y) / (2 * p->unit);
    return p->relief * (towards > 1.2f ? 1.2f : towards < -1.2f ? -1.2f : towards);
}

// How much lighter or darker the surface is at each pixel of a row, from the slope of `height` towards the
// light. Where the texture ends a pixel is its own neighbour.
static void light_row(const struct pattern *p, const struct surface *s, int row, float *light) {
    const float *height = p->height + row * p->columns, *above = row ? height - p->columns : height,
                *below = row < p->rows - 1 ? height + p->columns : height;
    int last = p->columns - 1;
#pragma omp simd
    for (int i = 1; i < last; i++)
        light[i] = lit(p, s, height[i + 1] - height[i - 1], below[i] - above[i]);
    light[0] = lit(p, s, height[last > 0] - height[0], below[0] - above[0]);
    if (last > 0)
        light[last] = lit(p, s, height[last] - height[last - 1], below[last] - above[last]);
}

// Entry k (0..3): chosen, which is faster than a gather.
static inline float palette_at(const float palette[PATTERN_PALETTE - 1], int k) {
    float low = k > 0 ? palette[1] : palette[0], high = k > 2 ? palette[3] : palette[2];
    return k > 1 ? high : low;
}

// The colours of `count` pixels from number `first` on, the first in column `x` of row `y` of the whole square.
// Whole vectors are done, since rows are short; colours are int, since a vector of bytes would take four of
// floats at a time.
static void colour_pixels(const struct pattern *p, const struct surface *s, int first, int count, int x,
                          int y, const float *light, int colours[3][COLOURED_AT_ONCE]) {
    float last = (float)(p->colours - 1);
    int whole = (count + PATTERN_SLACK - 1) / PATTERN_SLACK * PATTERN_SLACK;
#pragma omp simd
    for (int i = 0; i < whole; i++) {
        float at = clamp01(p->value[first + i]) * last, px = p->x[first + i], py = p->y[first + i];
        int k = at >= last ? p->colours - 2 : (int)at;
        float shine = 1 + s->fall_x * (px - 48) + s->fall_y * (py - 48) + light[i];
        float slow = 0.45f * s->amount * clamp01(0.5f + 0.8f * noise(p, px * s->wide + 7, py * s->wide + 3));
        float dust = s->grain * grain_at(s->key, x + i, y);
#pragma GCC unroll 3
        for (int c = 0; c < 3; c++) {
            float colour = mix(palette_at(s->palette[c], k), palette_at(s->palette[c] + 1, k), at - (float)k);
            colour = mix(colour, s->tint[c], slow) * shine + dust;
            colours[c][i] = (int)(255 * clamp01(colour) + 0.5f);
        }
    }
}

void pattern_finish(struct pattern *p, int left, int top, int columns, int rows, uint8_t *rgb) {
    struct surface s;
    int colours[3][COLOURED_AT_ONCE];
    make_surface(p, &s);
    for (int j = 0; j < rows; j++) {
        float *light = p->u; // no more needed
        light_row(p, &s, top + j - p->top, light);
        for (int i = 0; i < columns; i += COLOURED_AT_ONCE) {
            int count = columns - i < COLOURED_AT_ONCE ? columns - i : COLOURED_AT_ONCE,
                x = left + i - p->left;
            colour_pixels(p, &s, (top + j - p->top) * p->columns + x, count, left + i, top + j, light + x,
                          colours);
            for (int k = 0; k < count; k++)
                for (int c = 0; c < 3; c++)
                    *rgb++ = (uint8_t)colours[c][k];
        }
    }
}
