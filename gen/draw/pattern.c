// SPDX-License-Identifier: Apache-2.0
#include "gen/draw/pattern.h"

#include <string.h>

float turn_of(float x, float y) {
    float ax = fabsf(x), ay = fabsf(y);
    float big = ax > ay ? ax : ay, small = ax > ay ? ay : ax;
    float t = big > 0 ? small / big : 0; // tangent of 0 .. 1/8 of a circle
    float a = t * (0.125f + 0.04345f * (1 - t));
    if (ay > ax)
        a = 0.25f - a;
    if (x < 0)
        a = 0.5f - a;
    return y < 0 ? -a : a;
}

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
    uint32_t order[256];
    for (uint32_t i = 0; i < 256; i++)
        order[i] = i;
    random_shuffle(&p->random, order, 256);
    for (int i = 0; i < 256; i++) {
        p->order[i] = (uint8_t)order[i];
        for (int k = 0; k < 3; k++)
            p->lattice[i][k] = (float)(random_bits(&p->random) >> 8) * 0x1p-24f;
        for (int k = 0; k < 2; k++)
            p->slopes[i][k] = 2 * p->lattice[i][k] - 1;
    }
    for (int i = 0; i < p->count; i++) {
        p->x[i] = ((float)(left + i % columns) + 0.5f) * p->unit;
        p->y[i] = ((float)(top + i / columns) + 0.5f) * p->unit;
    }
}

void pattern_coordinates(struct pattern *p, float least, float most, float turn) {
    p->period = pattern_uniform(p, least, most);
    float angle = pattern_uniform(p, -turn, turn), stretch = pattern_uniform(p, 0.85f, 1.18f);
    float c = cosine(angle) / p->period, s = sine(angle) / p->period;
    float left = pattern_uniform(p, 0, 40), top = pattern_uniform(p, 0, 40);
    float bend = pattern_uniform(p, 0, 2.2f), where = pattern_uniform(p, 0, 1); // a wave of one to two units
    float length = pattern_uniform(p, 0.006f, 0.014f);
    for (int i = 0; i < p->count; i++) {
        float x = p->x[i], y = p->y[i];
        float bx = x + bend * sine(y * length + where), by = y + bend * sine(x * length + 2 * where);
        p->u[i] = (c * bx + s * by) * stretch + left;
        p->v[i] = (c * by - s * bx) / stretch + top;
    }
}

// ----------------------------------------------------------------------------------- noise and cells

static uint8_t lattice_hash(const struct pattern *p, int x, int y) {
    return p->order[(uint8_t)(p->order[(uint8_t)x] + y)];
}

const float *lattice_at(const struct pattern *p, int x, int y) {
    return p->lattice[lattice_hash(p, x, y)];
}

// The slope at a lattice point, applied to the way from there.
static float slope(const struct pattern *p, int x, int y, float dx, float dy) {
    const float *g = p->slopes[lattice_hash(p, x, y)];
    return g[0] * dx + g[1] * dy;
}

float noise(const struct pattern *p, float x, float y) {
    float fx = floorf(x), fy = floorf(y), dx = x - fx, dy = y - fy;
    int ix = (int)fx, iy = (int)fy;
    float wx = dx * dx * (3 - 2 * dx), wy = dy * dy * (3 - 2 * dy);
    float top = mix(slope(p, ix, iy, dx, dy), slope(p, ix + 1, iy, dx - 1, dy), wx);
    float bottom = mix(slope(p, ix, iy + 1, dx, dy - 1), slope(p, ix + 1, iy + 1, dx - 1, dy - 1), wx);
    return 1.8f * mix(top, bottom, wy);
}

float noise_octaves(const struct pattern *p, float x, float y, int octaves) {
    float sum = 0, weight = 0.5f;
    for (int i = 0; i < octaves; i++) {
        sum += weight * noise(p, x, y);
        x = 2 * x + 17.3f;
        y = 2 * y + 9.1f;
        weight *= 0.5f;
    }
    return 2 * sum / (2 - 2 * weight);
}

struct pattern_cell nearest_cell(const struct pattern *p, float x, float y, float jitter) {
    int ix = (int)floorf(x) - 1, iy = (int)floorf(y) - 1, nearest = 0;
    float dx[9], dy[9], near = 1e9f, second = 1e9f;
    const float *at[9];
    for (int k = 0; k < 9; k++) { // without branches: which is nearest cannot be foretold
        int i = ix + k % 3, j = iy + k / 3;
        at[k] = lattice_at(p, i, j);
        dx[k] = x - ((float)i + 0.5f + jitter * (at[k][0] - 0.5f));
        dy[k] = y - ((float)j + 0.5f + jitter * (at[k][1] - 0.5f));
        float d = dx[k] * dx[k] + dy[k] * dy[k], farther = d > near ? d : near;
        nearest = d < near ? k : nearest;
        near = d < near ? d : near;
        second = farther < second ? farther : second;
    }
    return (struct pattern_cell){.near = sqrtf(near),
                                 .second = sqrtf(second),
                                 .dx = dx[nearest],
                                 .dy = dy[nearest],
                                 .lattice = at[nearest]};
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

// How much lighter or darker the surface is at a pixel, from the slope of `height` towards the light.
static float lit(const struct pattern *p, int i, float light_x, float light_y) {
    int x = i % p->columns, y = i / p->columns;
    float right = p->height[x < p->columns - 1 ? i + 1 : i], left = p->height[x ? i - 1 : i];
    float below = p->height[y < p->rows - 1 ? i + p->columns : i], above = p->height[y ? i - p->columns : i];
    float towards = ((right - left) * light_x + (below - above) * light_y) / (2 * p->unit);
    return p->relief * (towards > 1.2f ? 1.2f : towards < -1.2f ? -1.2f : towards);
}

// Grain of a pixel, -1..1: a hash, so that it depends on no other pixel.
static float grain_at(uint32_t key, int x, int y) {
    uint32_t h = key ^ (uint32_t)x * 0x9E3779B1u ^ (uint32_t)y * 0x85EBCA77u;
    h = (h ^ h >> 15) * 0x2C1B3C6Du;
    h = (h ^ h >> 12) * 0x297A2D39u;
    h ^= h >> 15;
    return (float)(h >> 8) * 0x1p-23f - 1;
}

void pattern_finish(struct pattern *p, int left, int top, int columns, int rows, uint8_t *rgb) {
    float palette[PATTERN_PALETTE][3], tint[3];
    make_palette(p, palette, tint);
    float turn = pattern_uniform(p, 0, 1), light_x = cosine(turn), light_y = sine(turn);
    float fall = 0.15f / PATTERN_UNITS, fall_x = pattern_uniform(p, -fall, fall),
          fall_y = pattern_uniform(p, -fall, fall);
    float amount = p->tint + pattern_uniform(p, 0, 0.25f), wide = 1 / pattern_uniform(p, 25, 60);
    float grain = pattern_uniform(p, 0, 0.06f), last = (float)(p->colours - 1);
    uint32_t key = random_bits(&p->random);
    for (int j = 0; j < rows; j++)
        for (int i = 0; i < columns; i++) {
            int pixel = (top + j - p->top) * p->columns + left + i - p->left;
            float at = clamp01(p->value[pixel]) * last, x = p->x[pixel], y = p->y[pixel];
            int k = at >= last ? p->colours - 2 : (int)at;
            float light = 1 + fall_x * (x - 48) + fall_y * (y - 48);
            if (p->relief > 0)
                light += lit(p, pixel, light_x, light_y);
            float slow = 0.45f * amount * clamp01(0.5f + 0.8f * noise(p, x * wide + 7, y * wide + 3));
            float dust = grain * grain_at(key, left + i, top + j);
            for (int c = 0; c < 3; c++) {
                float colour = mix(palette[k][c], palette[k + 1][c], at - (float)k);
                colour = mix(colour, tint[c], slow) * light + dust;
                *rgb++ = (uint8_t)(255 * clamp01(colour) + 0.5f);
            }
        }
}
