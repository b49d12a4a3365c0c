// SPDX-License-Identifier: Apache-2.0
#include "gen/textured_mnist/compose.h"

#include "core/base/memory.h"
#include "gen/read/image.h"

#include <stdlib.h>
#include <string.h>

int composer_make(struct composer *c, int size, int canvas, int hard_blend, int soft_mask,
                  struct error *err) {
    *c = (struct composer){.size = size, .canvas = canvas, .hard_blend = hard_blend, .soft_mask = soft_mask};
    c->first = allocate(2 * (size_t)size, sizeof *c->first, "a table", err);
    if (!c->first)
        return -1;
    c->share = c->first + size;
    image_scale_table(DIGIT_SIZE, size, c->first, c->share);
    return 0;
}

void composer_free(struct composer *c) {
    free(c->first);
    *c = (struct composer){0};
}

// Working memory: the digit's 28 rows scaled horizontally (uint16), then one row of m, then m for each of
// three colours.
size_t composer_room(const struct composer *c) {
    return (size_t)c->size * (DIGIT_SIZE * sizeof(uint16_t) + 1 + 3);
}

// The columns begin..end-1 and rows of the scaled digit in which there may be ink.
struct extent {
    int begin, end, top, bottom;
};

// Rows of the digit scaled horizontally, in 1/256; and where its ink is.
static struct extent scale_rows(const struct composer *c, const uint8_t *digit, uint16_t *rows) {
    int left = DIGIT_SIZE, right = -1, top = DIGIT_SIZE, bottom = -1;
    for (int i = 0; i < DIGIT_SIZE * DIGIT_SIZE; i++)
        if (digit[i]) {
            int x = i % DIGIT_SIZE, y = i / DIGIT_SIZE;
            left = x < left ? x : left;
            right = x > right ? x : right;
            top = y < top ? y : top;
            bottom = y > bottom ? y : bottom;
        }
    struct extent e = {c->size, 0, c->size, 0};
    for (int x = 0; x < c->size; x++) {
        int second = c->first[x] + (c->share[x] > 0); // the inputs that position x mixes
        if (second >= left && c->first[x] <= right) {
            e.begin = x < e.begin ? x : e.begin;
            e.end = x + 1;
        }
        if (second >= top && c->first[x] <= bottom) {
            e.top = x < e.top ? x : e.top;
            e.bottom = x + 1;
        }
    }
    for (int y = top; y <= bottom; y++) {
        const uint8_t *from = digit + y * DIGIT_SIZE;
        uint16_t *to = rows + (size_t)y * (size_t)c->size;
        for (int x = e.begin; x < e.end; x++) {
            int a = c->first[x], share = c->share[x], b = a + (share > 0);
            to[x] = (uint16_t)(from[a] * (256 - share) + from[b] * share);
        }
    }
    // Rows beside the ink are read by the vertical step too.
    for (int y = top - 1; y <= bottom + 1; y += bottom - top + 2)
        if (y >= 0 && y < DIGIT_SIZE)
            memset(rows + (size_t)y * (size_t)c->size, 0, (size_t)c->size * sizeof *rows);
    return e;
}

// m[begin..end-1] of row y of the scaled digit.
static void scale_column(const struct composer *c, const uint16_t *rows, int y, int begin, int end,
                         uint8_t *m) {
    const uint16_t *upper = rows + (size_t)c->first[y] * (size_t)c->size;
    const uint16_t *lower = c->share[y] ? upper + c->size : upper;
    uint32_t low = (uint32_t)(256 - c->share[y]), high = (uint32_t)c->share[y];
    for (int x = begin; x < end; x++)
        m[x] = (uint8_t)((upper[x] * low + lower[x] * high + 32768) >> 16);
}

void compose_digit(const struct composer *c, const uint8_t digit[DIGIT_SIZE * DIGIT_SIZE], uint8_t *m,
                   void *room) {
    struct extent e = scale_rows(c, digit, room);
    memset(m, 0, (size_t)c->size * (size_t)c->size);
    for (int y = e.top; y < e.bottom; y++)
        scale_column(c, room, y, e.begin, e.end, m + (size_t)y * (size_t)c->size);
}

// out = (m * inside + (255 - m) * out) / 255, rounded: t / 255 is (t + 128 + ((t + 128) >> 8)) >> 8 for t <=
// 65025.
static void blend(const uint8_t *restrict m, const uint8_t *restrict inside, uint8_t *restrict out,
                  int count) {
    for (int i = 0; i < count; i++) {
        uint16_t t = (uint16_t)(m[i] * inside[i] + (255 - m[i]) * out[i] + 128);
        out[i] = (uint8_t)((uint16_t)(t + (t >> 8)) >> 8);
    }
}

void compose(const struct composer *c, const uint8_t digit[DIGIT_SIZE * DIGIT_SIZE], int x, int y,
             const struct texture_crop *outside, const struct texture_crop *inside, uint8_t *image,
             uint8_t *mask, void *room) {
    uint16_t *rows = room;
    uint8_t *m = (uint8_t *)(rows + (size_t)DIGIT_SIZE * (size_t)c->size), *m3 = m + c->size;
    struct extent e = scale_rows(c, digit, rows);
    for (int row = 0; row < c->canvas; row++) {
        uint8_t *out = image + (size_t)row * (size_t)c->canvas * 3,
                *s = mask + (size_t)row * (size_t)c->canvas;
        memcpy(out, outside->pixels + row * outside->stride, (size_t)c->canvas * 3);
        memset(s, 0, (size_t)c->canvas);
        int v = row - y;
        if (v < e.top || v >= e.bottom)
            continue;
        scale_column(c, rows, v, e.begin, e.end, m);
        for (int u = e.begin; u < e.end; u++) {
            uint8_t hard = m[u] >= 128 ? 255 : 0, share = c->hard_blend ? hard : m[u];
            s[x + u] = c->soft_mask ? m[u] : hard;
            m3[3 * u] = m3[3 * u + 1] = m3[3 * u + 2] = share;
        }
        blend(m3 + 3 * e.begin, inside->pixels + v * inside->stride + 3L * e.begin, out + 3L * (x + e.begin),
              3 * (e.end - e.begin));
    }
}

void compose_mask(const struct composer *c, const uint8_t digit[DIGIT_SIZE * DIGIT_SIZE], int x, int y,
                  uint8_t *mask, void *room) {
    uint16_t *rows = room;
    uint8_t *m = (uint8_t *)(rows + (size_t)DIGIT_SIZE * (size_t)c->size);
    struct extent e = scale_rows(c, digit, rows);
    memset(mask, 0, (size_t)c->canvas * (size_t)c->canvas);
    for (int v = e.top; v < e.bottom; v++) {
        uint8_t *s = mask + (size_t)(y + v) * (size_t)c->canvas + x;
        scale_column(c, rows, v, e.begin, e.end, m);
        for (int u = e.begin; u < e.end; u++)
            s[u] = c->soft_mask ? m[u] : m[u] >= 128 ? 255 : 0;
    }
}
