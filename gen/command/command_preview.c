// SPDX-License-Identifier: Apache-2.0
// reff preview: a contact sheet of a shard's images, their annotations and labels.
#include "core/base/file.h"
#include "core/base/memory.h"
#include "core/base/options.h"
#include "core/shard/shard.h"
#include "gen/command/commands.h"
#include "gen/read/image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHEET_SIDE_MOST 16384 // pixels
#define GAP             4     // pixels between cells
#define GLYPH_WIDTH     5
#define GLYPH_HEIGHT    7
#define CAPTION         (2 * GLYPH_HEIGHT + 4) // pixels above an image, for its label at twice the size

struct options {
    int first, count, columns, scale;
    char annotation[SETTING_WORD_SIZE];
};

typedef struct options O;

static const struct setting schema[] = {
    SETTING_COUNT(O, first, "0", 0, 16777215, "index", "number of the first image"),
    SETTING_COUNT(O, count, "40", 1, 4096, "images", "how many images"),
    SETTING_COUNT(O, columns, "10", 1, 256, "images", "images side by side"),
    SETTING_COUNT(O, scale, "0", 0, 16, "pixels",
                  "screen pixels per pixel; 0: so that images have 96 or more"),
    SETTING_CHOICE(O, annotation, "outline", "outline beside none", "how annotations are shown"),
    SETTING_END,
};

static const struct command command = {
    .name = "preview",
    .arguments = "FILE OUT.png",
    .summary = "Draw a contact sheet of a shard: images with their annotations and, above each, its label.",
    .description = "Annotations (at one half and more) are outlined in magenta and white, or shown as a grey "
                   "picture beside each image.\n"
                   "\"-\" in place of OUT.png is standard output.",
    .example = "reff preview --count 60 --columns 12 train.h5 sheet.png",
    .least_words = 2,
    .most_words = 2,
    .schema = schema,
};

struct sheet {
    int width, height;    // pixels
    uint8_t *pixels;      // RGB [height, width, 3]
    int scale;            // screen pixels per pixel of an image
    int beside, outlined; // how annotations are shown
};

static void put(struct sheet *s, int x, int y, uint8_t red, uint8_t green, uint8_t blue) {
    uint8_t *at = s->pixels + ((size_t)y * (size_t)s->width + (size_t)x) * 3;
    at[0] = red;
    at[1] = green;
    at[2] = blue;
}

// Digits of 5 x 7 dots: a row is 5 bits, the leftmost highest. Labels are numbers; no font is needed for
// more.
static const uint8_t glyphs[10][GLYPH_HEIGHT] = {
    {14, 17, 19, 21, 25, 17, 14}, {4, 12, 4, 4, 4, 4, 14},  {14, 17, 1, 2, 4, 8, 31},
    {31, 2, 4, 2, 1, 17, 14},     {2, 6, 10, 18, 31, 2, 2}, {31, 16, 30, 1, 1, 17, 14},
    {6, 8, 16, 30, 17, 17, 14},   {31, 1, 2, 4, 8, 8, 8},   {14, 17, 17, 14, 17, 17, 14},
    {14, 17, 17, 15, 1, 2, 12},
};

static void put_number(struct sheet *s, int x, int y, int number) {
    char text[16];
    snprintf(text, sizeof text, "%d", number);
    for (const char *c = text; *c; c++, x += 2 * (GLYPH_WIDTH + 1))
        for (int row = 0; row < 2 * GLYPH_HEIGHT; row++)
            for (int column = 0; column < 2 * GLYPH_WIDTH; column++)
                if (*c >= '0' && glyphs[*c - '0'][row / 2] >> (GLYPH_WIDTH - 1 - column / 2) & 1 &&
                    x + column < s->width)
                    put(s, x + column, y + row, 20, 20, 20);
}

static void put_image(struct sheet *s, int left, int top, struct shard_shape shape, const uint8_t *rgb) {
    for (int y = 0; y < shape.height * s->scale; y++)
        for (int x = 0; x < shape.width * s->scale; x++) {
            const uint8_t *from =
                rgb + ((size_t)(y / s->scale) * (size_t)shape.width + (size_t)(x / s->scale)) * 3;
            put(s, left + x, top + y, from[0], from[1], from[2]);
        }
}

static void put_mask(struct sheet *s, int left, int top, struct shard_shape shape, const uint8_t *mask) {
    for (int y = 0; y < shape.height * s->scale; y++)
        for (int x = 0; x < shape.width * s->scale; x++) {
            uint8_t grey = mask[(size_t)(y / s->scale) * (size_t)shape.width + (size_t)(x / s->scale)];
            put(s, left + x, top + y, grey, grey, grey);
        }
}

// Whether the screen pixel (x, y) of an image lies inside the annotation.
static int inside(const struct sheet *s, struct shard_shape shape, const uint8_t *mask, int x, int y) {
    return x >= 0 && y >= 0 && x < shape.width * s->scale && y < shape.height * s->scale &&
           mask[(size_t)(y / s->scale) * (size_t)shape.width + (size_t)(x / s->scale)] >= 128;
}

// Dashes of two colours, of which one is seen on every texture, on the outermost pixels inside.
static void put_outline(struct sheet *s, int left, int top, struct shard_shape shape, const uint8_t *mask) {
    for (int y = 0; y < shape.height * s->scale; y++)
        for (int x = 0; x < shape.width * s->scale; x++) {
            if (!inside(s, shape, mask, x, y) ||
                (inside(s, shape, mask, x - 1, y) && inside(s, shape, mask, x + 1, y) &&
                 inside(s, shape, mask, x, y - 1) && inside(s, shape, mask, x, y + 1)))
                continue;
            if ((x + y) / 4 & 1)
                put(s, left + x, top + y, 255, 255, 255);
            else
                put(s, left + x, top + y, 255, 0, 255);
        }
}

static int draw(struct sheet *s, struct shard *shard, const struct options *o, int count, struct error *err) {
    struct shard_shape shape = shard_shape(shard);
    size_t area = (size_t)shape.height * (size_t)shape.width;
    uint8_t *rgb = allocate(area, 3, "an image", err), *mask = rgb ? allocate(area, 1, "a mask", err) : NULL;
    int across = (s->beside ? 2 : 1) * shape.width * s->scale + GAP;
    int down = shape.height * s->scale + CAPTION + GAP, bad = !mask;
    for (int i = 0; i < count && !bad; i++) {
        uint32_t index = (uint32_t)(o->first + i);
        int32_t label;
        int left = GAP + i % o->columns * across, top = GAP + i / o->columns * down + CAPTION;
        if ((bad = shard_read(shard, &index, 1, rgb, mask, &label, err)))
            break;
        put_number(s, left + 1, top - CAPTION + 2, label);
        put_image(s, left, top, shape, rgb);
        if (s->outlined)
            put_outline(s, left, top, shape, mask);
        if (s->beside)
            put_mask(s, left + shape.width * s->scale, top, shape, mask);
    }
    free(rgb);
    free(mask);
    return bad;
}

static int preview(struct shard *shard, const struct options *o, const char *path, const char *out,
                   struct error *err) {
    struct shard_shape shape = shard_shape(shard);
    if (o->first >= shape.count)
        return fail_usage(err, "--first: %d is not in 0..%ld, the images of %s", o->first, shape.count - 1,
                          path);
    int count = o->first + o->count > shape.count ? (int)(shape.count - o->first) : o->count;
    int columns = count < o->columns ? count : o->columns, rows = (count + o->columns - 1) / o->columns;
    struct sheet s = {.scale = o->scale            ? o->scale
                               : shape.height < 96 ? (95 + shape.height) / shape.height
                                                   : 1,
                      .beside = !strcmp(o->annotation, "beside"),
                      .outlined = !strcmp(o->annotation, "outline")};
    long width = GAP + (long)columns * ((s.beside ? 2L : 1L) * shape.width * s.scale + GAP);
    long height = GAP + (long)rows * ((long)shape.height * s.scale + CAPTION + GAP);
    if (width > SHEET_SIDE_MOST || height > SHEET_SIDE_MOST)
        return fail_usage(err, "a sheet of %ld x %ld pixels is larger than %d a side; ask for fewer images",
                          width, height, SHEET_SIDE_MOST);
    s.width = (int)width;
    s.height = (int)height;
    s.pixels = allocate((size_t)width * (size_t)height, 3, "a contact sheet", err);
    if (!s.pixels)
        return -1;
    memset(s.pixels, 236, (size_t)width * (size_t)height * 3);
    uint8_t *png = NULL;
    size_t size;
    int bad = draw(&s, shard, o, count, err) ||
              image_encode_png(s.pixels, s.width, s.height, 3, &png, &size, err) ||
              file_write_or_print(out, png, size, err);
    free(png);
    free(s.pixels);
    return bad ? -1 : 0;
}

int command_preview(int argc, char **argv, struct error *err) {
    struct options o;
    struct words words;
    int result = options_parse(&command, argc, argv, &o, &words, err);
    if (result)
        return result < 0 ? -1 : 0;
    struct shard *shard = shard_open(words.items[0], err);
    if (!shard)
        return -1;
    result = preview(shard, &o, words.items[0], words.items[1], err);
    shard_close(shard);
    return result;
}
