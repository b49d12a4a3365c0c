// SPDX-License-Identifier: Apache-2.0
#include "gen/command/contact_sheet.h"

#include "core/base/memory.h"
#include "core/base/text.h"

#include <cairo.h>
#include <fontconfig/fontconfig.h>
#include <stdlib.h>
#include <string.h>

#define FONT_SIZE 11.0 // pixels

enum { PAPER = 236, INK = 20 /* greys */, INSIDE_FROM = 128 };

// ---------------------------------------------------------------------------------------- names

// Text as wide as it is at any resolution, so that a sheet looks the same on every machine with the font.
static void choose_font(cairo_t *c) {
    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    cairo_set_font_options(c, options);
    cairo_font_options_destroy(options);
    cairo_select_font_face(c, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(c, FONT_SIZE);
}

static double width_of(cairo_t *c, const char *text) {
    cairo_text_extents_t extents;
    cairo_text_extents(c, text, &extents);
    return extents.x_advance;
}

// Takes characters from the end until the text fits, and adds an ellipsis. Never cuts within a UTF-8
// character.
static void shorten(cairo_t *c, struct text *line, double width) {
    struct text shorter = {0};
    size_t length = line->length;
    if (width_of(c, text_string(line)) <= width)
        return;
    do {
        while (length && ((unsigned char)line->bytes[--length] & 0xc0) == 0x80)
            ;
        text_clear(&shorter);
        text_add_bytes(&shorter, line->bytes, length);
        text_add(&shorter, "\xe2\x80\xa6");
    } while (length && width_of(c, text_string(&shorter)) > width);
    text_clear(line);
    text_add(line, text_string(&shorter));
    text_free(&shorter);
}

// Breaks a name at blanks into lines that fit, each shortened if it is one long word, the last if the rest is
// too long. Returns their number.
static int break_name(cairo_t *c, const char *name, double width, struct text lines[SHEET_NAME_LINES]) {
    int count = 0;
    for (const char *at = name; *at && count < SHEET_NAME_LINES; count++) {
        struct text *line = &lines[count], longer = {0};
        int last = count == SHEET_NAME_LINES - 1;
        text_clear(line);
        while (*at) {
            size_t word = strcspn(at, " ");
            text_clear(&longer);
            text_printf(&longer, "%s%s%.*s", text_string(line), line->length ? " " : "", (int)word, at);
            if (line->length && !last && width_of(c, text_string(&longer)) > width)
                break;
            text_clear(line);
            text_add(line, text_string(&longer));
            at += word + strspn(at + word, " ");
        }
        text_free(&longer);
        shorten(c, line, width);
    }
    return count;
}

static void free_lines(struct text lines[SHEET_NAME_LINES]) {
    for (int i = 0; i < SHEET_NAME_LINES; i++)
        text_free(&lines[i]);
}

// A picture of coverage, 8 bits a pixel, to draw a name on.
static cairo_t *name_canvas(int width, int height) {
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_A8, width, height);
    cairo_t *c = cairo_create(surface);
    cairo_surface_destroy(surface);
    choose_font(c);
    return c;
}

static void ink_pixel(uint8_t *rgb, unsigned coverage) {
    for (int i = 0; i < 3; i++)
        rgb[i] = (uint8_t)((rgb[i] * (255 - coverage) + INK * coverage + 127) / 255);
}

static int put_name(struct contact_sheet *s, int left, int top, int width, const char *name,
                    struct error *err) {
    struct text lines[SHEET_NAME_LINES] = {{0}};
    int height = s->name_lines * SHEET_LINE;
    cairo_t *c = name_canvas(width, height);
    int count = break_name(c, name, width, lines);
    for (int i = 0; i < count; i++) {
        cairo_move_to(c, (width - width_of(c, text_string(&lines[i]))) / 2, SHEET_LINE * (i + 1) - 3.5);
        cairo_show_text(c, text_string(&lines[i]));
    }
    cairo_surface_t *surface = cairo_get_target(c);
    cairo_surface_flush(surface);
    const uint8_t *coverage = cairo_image_surface_get_data(surface);
    int stride = cairo_image_surface_get_stride(surface);
    for (int y = 0; coverage && y < height; y++)
        for (int x = 0; x < width; x++)
            ink_pixel(s->pixels + ((size_t)(top + y) * (size_t)s->width + (size_t)(left + x)) * 3,
                      coverage[y * stride + x]);
    int bad = cairo_status(c);
    for (int i = 0; i < SHEET_NAME_LINES && !bad; i++)
        bad = text_check(&lines[i], "the name of a class", err) ? -1 : 0;
    if (bad > 0)
        bad = fail(err, "a contact sheet: %s", cairo_status_to_string(cairo_status(c)));
    cairo_destroy(c);
    free_lines(lines);
    return bad ? -1 : 0;
}

// ---------------------------------------------------------------------------------------- the sheet

static int cell_width(const struct contact_sheet *s) {
    return (s->annotation == SHEET_BESIDE ? 2 : 1) * s->image_width * s->scale;
}

static int cell_height(const struct contact_sheet *s) {
    return s->image_height * s->scale + s->name_lines * SHEET_LINE;
}

int contact_sheet_make(struct contact_sheet *s, const char *const *names, int count, struct error *err) {
    struct text lines[SHEET_NAME_LINES] = {{0}};
    cairo_t *c = name_canvas(1, 1);
    s->name_lines = 0;
    s->pixels = NULL;
    for (int i = 0; i < count; i++) {
        int taken = break_name(c, names[i], cell_width(s), lines);
        s->name_lines = taken > s->name_lines ? taken : s->name_lines;
    }
    cairo_destroy(c);
    free_lines(lines);
    int columns = count < s->columns ? count : s->columns, rows = (count + s->columns - 1) / s->columns;
    long width = SHEET_GAP + (long)columns * (cell_width(s) + SHEET_GAP),
         height = SHEET_GAP + (long)rows * (cell_height(s) + SHEET_GAP);
    if (width > SHEET_SIDE_MAXIMUM || height > SHEET_SIDE_MAXIMUM)
        return fail_usage(err, "a sheet of %ld x %ld pixels is larger than %d a side; ask for fewer images",
                          width, height, SHEET_SIDE_MAXIMUM);
    s->width = (int)width;
    s->height = (int)height;
    s->pixels = allocate((size_t)width * (size_t)height, 3, "a contact sheet", err);
    if (!s->pixels)
        return -1;
    memset(s->pixels, PAPER, (size_t)width * (size_t)height * 3);
    return 0;
}

static void put_pixel(struct contact_sheet *s, int x, int y, uint8_t red, uint8_t green, uint8_t blue) {
    uint8_t *at = s->pixels + ((size_t)y * (size_t)s->width + (size_t)x) * 3;
    at[0] = red;
    at[1] = green;
    at[2] = blue;
}

// Index of the image's pixel that the screen pixel (x, y) of it shows.
static size_t source_of(const struct contact_sheet *s, int x, int y) {
    return (size_t)(y / s->scale) * (size_t)s->image_width + (size_t)(x / s->scale);
}

static void put_image(struct contact_sheet *s, int left, int top, const uint8_t *rgb) {
    for (int y = 0; y < s->image_height * s->scale; y++)
        for (int x = 0; x < s->image_width * s->scale; x++) {
            const uint8_t *from = rgb + source_of(s, x, y) * 3;
            put_pixel(s, left + x, top + y, from[0], from[1], from[2]);
        }
}

static void put_mask(struct contact_sheet *s, int left, int top, const uint8_t *mask) {
    for (int y = 0; y < s->image_height * s->scale; y++)
        for (int x = 0; x < s->image_width * s->scale; x++) {
            uint8_t grey = mask[source_of(s, x, y)];
            put_pixel(s, left + x, top + y, grey, grey, grey);
        }
}

// Whether the screen pixel (x, y) of an image lies inside the annotation.
static int inside(const struct contact_sheet *s, const uint8_t *mask, int x, int y) {
    return x >= 0 && y >= 0 && x < s->image_width * s->scale && y < s->image_height * s->scale &&
           mask[source_of(s, x, y)] >= INSIDE_FROM;
}

// Dashes of two colours, of which one is seen on every texture, on the outermost pixels inside.
static void put_outline(struct contact_sheet *s, int left, int top, const uint8_t *mask) {
    for (int y = 0; y < s->image_height * s->scale; y++)
        for (int x = 0; x < s->image_width * s->scale; x++) {
            if (!inside(s, mask, x, y) || (inside(s, mask, x - 1, y) && inside(s, mask, x + 1, y) &&
                                           inside(s, mask, x, y - 1) && inside(s, mask, x, y + 1)))
                continue;
            if ((x + y) / 4 & 1)
                put_pixel(s, left + x, top + y, 255, 255, 255);
            else
                put_pixel(s, left + x, top + y, 255, 0, 255);
        }
}

int contact_sheet_put(struct contact_sheet *s, int place, const uint8_t *rgb, const uint8_t *mask,
                      const char *name, struct error *err) {
    int left = SHEET_GAP + place % s->columns * (cell_width(s) + SHEET_GAP),
        top = SHEET_GAP + place / s->columns * (cell_height(s) + SHEET_GAP);
    put_image(s, left, top, rgb);
    if (s->annotation == SHEET_OUTLINE)
        put_outline(s, left, top, mask);
    if (s->annotation == SHEET_BESIDE)
        put_mask(s, left + s->image_width * s->scale, top, mask);
    return s->name_lines ? put_name(s, left, top + s->image_height * s->scale, cell_width(s), name, err) : 0;
}

void contact_sheet_free(struct contact_sheet *s) {
    free(s->pixels);
    s->pixels = NULL;
    cairo_debug_reset_static_data();
    FcFini();
}
