// SPDX-License-Identifier: Apache-2.0
#include "gen/read/mask.h"

#include "core/base/memory.h"
#include "core/base/text.h"
#include "gen/read/image.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

void mask_free(struct mask *mask) {
    free(mask->samples);
    *mask = (struct mask){0};
}

// ---------------------------------------------------------------------------------------------- PNG

struct png_reading { // libpng reports errors by a function that must not return
    const uint8_t *bytes;
    size_t size, at;
    jmp_buf back;
    char text[160];
};

static void png_failed(png_structp png, png_const_charp words) {
    struct png_reading *r = png_get_error_ptr(png);
    snprintf(r->text, sizeof r->text, "%s", words);
    longjmp(r->back, 1);
}

static void png_warned(png_structp png, png_const_charp words) {
    (void)png, (void)words;
}

static void png_take(png_structp png, png_bytep out, size_t count) {
    struct png_reading *r = png_get_io_ptr(png);
    if (count > r->size - r->at)
        png_error(png, "cut short");
    memcpy(out, r->bytes + r->at, count);
    r->at += count;
}

static uint8_t largest(const uint8_t *colour) {
    uint8_t most = colour[0] > colour[1] ? colour[0] : colour[1];
    return colour[2] > most ? colour[2] : most;
}

// What the samples of a row are, and how they lie in it.
struct png_form {
    int channels, deep;      // of a pixel; 16 bits a channel
    int has_alpha;           // the last channel
    int palette;             // samples are indices
    size_t stride, row_size; // bytes of a pixel, of a row
};

// Bits below 8 become bytes: indices as they are, grey levels scaled to 0..255.
static struct png_form prepare(png_structp png, png_infop info, struct mask *mask) {
    int kind = png_get_color_type(png, info), bits = png_get_bit_depth(png, info);
    struct png_form form = {.palette = kind == PNG_COLOR_TYPE_PALETTE};
    if (form.palette) {
        png_colorp colours;
        int count = 0;
        png_set_packing(png);
        if (png_get_PLTE(png, info, &colours, &count))
            for (int i = 0; i < count && i < 256; i++)
                mask->colours[i] =
                    largest((const uint8_t[]){colours[i].red, colours[i].green, colours[i].blue});
    } else if (bits < 8) {
        png_set_expand_gray_1_2_4_to_8(png);
    }
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    form.channels = png_get_channels(png, info);
    form.deep = png_get_bit_depth(png, info) == 16;
    form.has_alpha = !!(png_get_color_type(png, info) & PNG_COLOR_MASK_ALPHA);
    form.stride = (size_t)form.channels * (form.deep ? 2 : 1);
    form.row_size = png_get_rowbytes(png, info);
    mask->kind = form.palette ? MASK_PALETTE : kind & PNG_COLOR_MASK_COLOR ? MASK_COLOUR : MASK_GREY;
    mask->deep = form.deep;
    return form;
}

static uint16_t channel(const uint8_t *pixel, int c, int deep) {
    return deep ? (uint16_t)(pixel[2 * c] << 8 | pixel[2 * c + 1]) : pixel[c];
}

// Samples of all pixels. Where transparency is all that differs, it is the sample.
static void take_samples(const uint8_t *pixels, const struct png_form *form, struct mask *mask) {
    int colours = form->channels - form->has_alpha, differ = 0;
    size_t width = (size_t)mask->width, count = width * (size_t)mask->height;
    uint16_t half = form->deep ? 32768 : 128;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *pixel = pixels + i / width * form->row_size + i % width * form->stride;
        uint16_t most = 0;
        for (int c = 0; c < colours; c++) {
            uint16_t value = channel(pixel, c, form->deep);
            most = value > most ? value : most;
            differ |= value != channel(pixels, c, form->deep);
        }
        mask->samples[i] = form->has_alpha && channel(pixel, colours, form->deep) < half ? 0 : most;
    }
    for (size_t i = 0; i < count && form->has_alpha && !differ; i++)
        mask->samples[i] =
            channel(pixels + i / width * form->row_size + i % width * form->stride, colours, form->deep);
}

// The part that libpng may jump out of.
static int read_png(png_structp png, png_infop info, struct mask *mask, const char *name,
                    uint8_t *volatile *pixels, struct error *err) {
    png_read_info(png, info);
    png_uint_32 width = png_get_image_width(png, info), height = png_get_image_height(png, info);
    if (width > IMAGE_SIDE_MAXIMUM || height > IMAGE_SIDE_MAXIMUM)
        return fail(err, "%s: a picture of %lu x %lu pixels; the sides may be 1..%d", name,
                    (unsigned long)width, (unsigned long)height, IMAGE_SIDE_MAXIMUM);
    mask->width = (int)width;
    mask->height = (int)height;
    struct png_form form = prepare(png, info, mask);
    *pixels = allocate(height, form.row_size, name, err);
    mask->samples = *pixels ? allocate((size_t)width * height, sizeof *mask->samples, name, err) : NULL;
    if (!mask->samples)
        return -1;
    for (int pass = png_get_interlace_type(png, info) == PNG_INTERLACE_ADAM7 ? 7 : 1; pass > 0; pass--)
        for (png_uint_32 y = 0; y < height; y++)
            png_read_row(png, *pixels + y * form.row_size, NULL);
    take_samples(*pixels, &form, mask);
    return 0;
}

static int decode_png(const uint8_t *bytes, size_t size, const char *name, struct mask *mask,
                      struct error *err) {
    uint8_t *bare =
        image_check_png(bytes, size, name, err) ? NULL : image_plain_png(bytes, &size, 1, name, err);
    struct png_reading reading = {.bytes = bare, .size = size};
    uint8_t *volatile pixels = NULL;
    volatile int result = -1;
    if (!bare)
        return -1;
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reading, png_failed, png_warned);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info) {
        png_destroy_read_struct(&png, NULL, NULL);
        free(bare);
        return image_lacks_memory(name, err);
    }
    png_set_read_fn(png, &reading, png_take);
    if (!setjmp(reading.back))
        result = read_png(png, info, mask, name, &pixels, err);
    else
        image_png_failed(reading.text, name, err);
    png_destroy_read_struct(&png, &info, NULL);
    free(pixels);
    free(bare);
    return result;
}

// ---------------------------------------------------------------------------------------------- any kind

static int decode_other(const uint8_t *bytes, size_t size, const char *name, struct mask *mask,
                        struct error *err) {
    struct image picture;
    if (image_decode(bytes, size, name, &picture, err)) // a JPEG, or what is neither is named
        return -1;
    size_t count = (size_t)picture.width * (size_t)picture.height;
    mask->width = picture.width;
    mask->height = picture.height;
    mask->samples = allocate(count, sizeof *mask->samples, name, err);
    for (size_t i = 0; mask->samples && i < count; i++) {
        const uint8_t *pixel = picture.pixels + 3 * i;
        mask->samples[i] = largest(pixel);
        if (pixel[0] != pixel[1] || pixel[1] != pixel[2])
            mask->kind = MASK_COLOUR;
    }
    image_free(&picture);
    return mask->samples ? 0 : -1;
}

int mask_decode(const uint8_t *bytes, size_t size, const char *name, struct mask *mask, struct error *err) {
    *mask = (struct mask){0};
    int bad = image_is_png(bytes, size) ? decode_png(bytes, size, name, mask, err)
                                        : decode_other(bytes, size, name, mask, err);
    if (bad)
        mask_free(mask);
    return bad;
}

// ---------------------------------------------------------------------------------------------- marking

struct levels {    // the values that samples have
    int count;     // different ones, as far as 4
    int values[4]; // the first of them
    int most;
};

static struct levels find_levels(const struct mask *mask, size_t count) {
    struct levels l = {0};
    for (size_t i = 0; i < count; i++) {
        int value = mask->samples[i], k = 0;
        l.most = value > l.most ? value : l.most;
        while (k < l.count && l.values[k] != value)
            k++;
        if (k == l.count && l.count < 4)
            l.values[l.count++] = value;
    }
    return l;
}

// A sample as a level of 0..255: rounded from 16 bits where some use them (label maps of 16 bits hold small
// numbers).
static int level(const struct mask *mask, int sample, int most) {
    if (mask->kind == MASK_PALETTE)
        return mask->colours[sample & 255];
    return mask->deep && most > 255 ? (sample * 255 + 32895) >> 16 : sample;
}

static int is_listed(const struct mask_coding *coding, int sample) {
    for (int i = 0; i < coding->value_count; i++)
        if (coding->values[i] == sample)
            return 1;
    return 0;
}

// 0, and at most one other value.
static int is_pair(const struct levels *l) {
    return l->count == 1 || (l->count == 2 && (!l->values[0] || !l->values[1]));
}

static int refuse_levels(const struct levels *l, int threshold, const struct mask_coding *coding,
                         struct error *err) {
    struct text list = {0};
    for (int i = 0; i < l->count; i++)
        text_printf(&list, "%s%d", i ? ", " : "", l->values[i]);
    if (l->count == 4) // there may be more
        text_printf(&list, ", ... up to %d", l->most);
    fail(err, "holds the values %s, none of which reaches %d%s%s", text_string(&list), threshold,
         coding->advice ? ": " : "", coding->advice ? coding->advice : "");
    text_free(&list);
    return -1;
}

static void mark_level(const struct mask *mask, const struct levels *l, int threshold, int keep_grey,
                       size_t count, uint8_t *values) {
    for (size_t i = 0; i < count; i++) {
        int value = level(mask, mask->samples[i], l->most);
        values[i] = (uint8_t)(keep_grey ? value : value >= threshold ? 255 : 0);
    }
}

int mask_mark(const struct mask *mask, const struct mask_coding *coding, uint8_t *values,
              struct mask_summary *summary, struct error *err) {
    size_t count = (size_t)mask->width * (size_t)mask->height;
    struct levels l = find_levels(mask, count);
    *summary = (struct mask_summary){.reading = MASK_READ_EMPTY};
    if (coding->value_count) {
        summary->reading = MASK_READ_VALUES;
        if (mask->kind == MASK_COLOUR)
            return fail(
                err, "a coloured picture has no single values; --mask-threshold reads its largest channel");
        for (size_t i = 0; i < count; i++)
            values[i] = is_listed(coding, mask->samples[i]) ? 255 : 0;
    } else if (coding->threshold) {
        *summary = (struct mask_summary){MASK_READ_THRESHOLD, coding->threshold};
        mark_level(mask, &l, coding->threshold, 0, count, values);
    } else if (!l.most || mask->kind == MASK_PALETTE || is_pair(&l)) {
        if (l.most) {
            summary->reading = mask->kind == MASK_PALETTE             ? MASK_READ_INDEX
                               : l.most == (mask->deep ? 65535 : 255) ? MASK_READ_PLAIN
                                                                      : MASK_READ_PAIR;
            summary->value = summary->reading == MASK_READ_PAIR ? l.most : 0;
        }
        for (size_t i = 0; i < count; i++)
            values[i] = mask->samples[i] ? 255 : 0;
    } else {
        *summary = (struct mask_summary){MASK_READ_THRESHOLD, 128};
        if (level(mask, l.most, l.most) < 128)
            return refuse_levels(&l, 128, coding, err);
        mark_level(mask, &l, 128, coding->keep_grey, count, values);
    }
    return 0;
}
