// SPDX-License-Identifier: Apache-2.0
#include "experiments/figure/canvas.h"

#include "core/base/file.h"
#include "core/base/memory.h"
#include "core/base/text.h"
#include "gen/read/image.h"

#include <cairo-pdf.h>
#include <fontconfig/fontconfig.h>
#include <jpeglib.h>
#include <math.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

const struct canvas_colour palette[PALETTE_SIZE] = {
    {0.000, 0.447, 0.698}, // blue
    {0.835, 0.369, 0.000}, // vermilion
    {0.000, 0.620, 0.451}, // bluish green
    {0.800, 0.475, 0.655}, // reddish purple
    {0.902, 0.624, 0.000}, // orange
    {0.337, 0.706, 0.914}, // sky blue
    {0.000, 0.000, 0.000}, // black
};
const struct canvas_colour ink = {0.13, 0.13, 0.13}, faint = {0.55, 0.55, 0.55};

#define FONT            "DejaVu Sans"
#define POINTS_PER_INCH 72.0

enum { SMOOTH_FROM = 64 /* pixels */, JPEG_QUALITY = 92 };

// ---------------------------------------------------------------------------------------- text

void canvas_colour(cairo_t *c, struct canvas_colour colour) {
    cairo_set_source_rgb(c, colour.red, colour.green, colour.blue);
}

static void choose_font(cairo_t *c, double size, int bold) {
    cairo_select_font_face(c, FONT, CAIRO_FONT_SLANT_NORMAL,
                           bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(c, size);
}

double canvas_text_width(cairo_t *c, double size, int bold, const char *text) {
    cairo_text_extents_t extents;
    choose_font(c, size, bold);
    cairo_text_extents(c, text, &extents);
    return extents.x_advance;
}

void canvas_text(cairo_t *c, double x, double y, enum alignment alignment, double size, int bold,
                 const char *text) {
    double width = canvas_text_width(c, size, bold, text);
    cairo_move_to(c, x - (alignment == ALIGN_LEFT ? 0 : alignment == ALIGN_CENTRE ? width / 2 : width), y);
    cairo_show_text(c, text);
}

int canvas_paragraph(cairo_t *c, double x, double y, double width, double size, double line,
                     const char *text) {
    struct text now = {0}, longer = {0};
    int lines = 0;
    while (*text) {
        int word = (int)strcspn(text, " ");
        text_clear(&longer);
        text_printf(&longer, "%s%s%.*s", text_string(&now), now.length ? " " : "", word, text);
        if (now.length && canvas_text_width(c, size, 0, text_string(&longer)) > width) {
            canvas_text(c, x, y + lines++ * line, ALIGN_LEFT, size, 0, text_string(&now));
            text_clear(&now);
            text_add_bytes(&now, text, (size_t)word);
        } else {
            text_clear(&now);
            text_add(&now, text_string(&longer));
        }
        text += word + (int)strspn(text + word, " ");
    }
    if (now.length)
        canvas_text(c, x, y + lines++ * line, ALIGN_LEFT, size, 0, text_string(&now));
    text_free(&now);
    text_free(&longer);
    return lines;
}

// cairo goes on where it lacks memory, with other fonts or without a line: what is made then is not published.
static void notice(cairo_status_t status) {
    if (status == CAIRO_STATUS_NO_MEMORY)
        memory_missed();
}

static void plain_text(cairo_t *c) {
    cairo_font_options_t *options = cairo_font_options_create();
    notice(cairo_font_options_status(options));
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    cairo_set_font_options(c, options);
    cairo_font_options_destroy(options);
}

cairo_t *canvas_measure(void) {
    cairo_surface_t *nowhere = cairo_recording_surface_create(CAIRO_CONTENT_COLOR, NULL);
    cairo_t *c = cairo_create(nowhere);
    cairo_surface_destroy(nowhere);
    plain_text(c);
    return c;
}

void canvas_measured(cairo_t *c) {
    notice(cairo_status(c));
    notice(cairo_surface_status(cairo_get_target(c)));
    cairo_destroy(c);
}

void canvas_forget_fonts(void) {
    cairo_debug_reset_static_data();
    FcFini();
}

// ---------------------------------------------------------------------------------------- pictures

static void complain_to_us(j_common_ptr info) {
    longjmp(*(jmp_buf *)info->client_data, 1); // libjpeg would end the program
}

// An RGB picture as JPEG, in memory of malloc's; NULL without memory.
static unsigned char *encode_jpeg(const uint8_t *rgb, int width, int height, unsigned long *size) {
    struct jpeg_compress_struct info;
    struct jpeg_error_mgr errors;
    jmp_buf failed;
    unsigned char *jpeg = NULL;
    info.err = jpeg_std_error(&errors);
    errors.error_exit = complain_to_us;
    info.client_data = &failed;
    if (setjmp(failed)) {
        jpeg_destroy_compress(&info);
        free(jpeg);
        return NULL;
    }
    jpeg_create_compress(&info);
    jpeg_mem_dest(&info, &jpeg, size);
    info.image_width = (JDIMENSION)width;
    info.image_height = (JDIMENSION)height;
    info.input_components = 3;
    info.in_color_space = JCS_RGB;
    jpeg_set_defaults(&info);
    jpeg_set_quality(&info, JPEG_QUALITY, TRUE);
    info.comp_info[0].h_samp_factor = info.comp_info[0].v_samp_factor = 1; // colours as sharp as greys
    jpeg_start_compress(&info, TRUE);
    while (info.next_scanline < info.image_height) {
        JSAMPROW row = (JSAMPROW)(rgb + (size_t)info.next_scanline * (size_t)width * 3);
        jpeg_write_scanlines(&info, &row, 1);
    }
    jpeg_finish_compress(&info);
    jpeg_destroy_compress(&info);
    return jpeg;
}

static void fill_surface(cairo_surface_t *s, const uint8_t *rgb, int width, int height) {
    uint8_t *pixels = cairo_image_surface_get_data(s);
    int stride = cairo_image_surface_get_stride(s);
    for (int row = 0; row < height; row++)
        for (int column = 0; column < width; column++) {
            const uint8_t *from = rgb + ((size_t)row * (size_t)width + (size_t)column) * 3;
            uint32_t value = (uint32_t)from[0] << 16 | (uint32_t)from[1] << 8 | from[2];
            memcpy(pixels + (size_t)row * (size_t)stride + (size_t)column * 4, &value, 4);
        }
    cairo_surface_mark_dirty(s);
}

// Large pictures go into a PDF as JPEG, a fifth of their size otherwise; cairo takes it as it is.
static void attach_jpeg(cairo_surface_t *s, const uint8_t *rgb, int width, int height) {
    unsigned long size = 0;
    unsigned char *jpeg = encode_jpeg(rgb, width, height, &size);
    if (jpeg && cairo_surface_set_mime_data(s, CAIRO_MIME_TYPE_JPEG, jpeg, size, free, jpeg))
        free(jpeg); // without it the picture is only larger
}

int canvas_picture(cairo_t *c, const uint8_t *rgb, int width, int height, double x, double y,
                   double shown_width, double shown_height, struct error *err) {
    int smooth = width >= SMOOTH_FROM,
        pdf = cairo_surface_get_type(cairo_get_target(c)) == CAIRO_SURFACE_TYPE_PDF;
    cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    if (cairo_surface_status(s)) {
        cairo_surface_destroy(s);
        return fail_memory(err, "a picture of %d x %d", width, height);
    }
    fill_surface(s, rgb, width, height);
    if (smooth && pdf)
        attach_jpeg(s, rgb, width, height);
    cairo_save(c);
    cairo_translate(c, x, y);
    cairo_scale(c, shown_width / width, shown_height / height);
    cairo_set_source_surface(c, s, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(c), smooth ? CAIRO_FILTER_GOOD : CAIRO_FILTER_NEAREST);
    // Padded, pixels at an edge do not fade; a PDF would hold the padding.
    cairo_pattern_set_extend(cairo_get_source(c), pdf ? CAIRO_EXTEND_NONE : CAIRO_EXTEND_PAD);
    cairo_rectangle(c, 0, 0, width, height);
    cairo_fill(c);
    cairo_restore(c);
    cairo_surface_destroy(s);
    return 0;
}

// ---------------------------------------------------------------------------------------- files

static int draw_on(cairo_surface_t *surface, double scale, canvas_draw *draw, void *context,
                   struct error *err) {
    cairo_t *c = cairo_create(surface);
    plain_text(c);
    cairo_scale(c, scale, scale);
    cairo_set_source_rgb(c, 1, 1, 1);
    cairo_paint(c);
    cairo_set_line_cap(c, CAIRO_LINE_CAP_BUTT);
    int failed = draw(c, context, err);
    if (!failed && cairo_status(c))
        failed = fail(err, "a drawing: %s", cairo_status_to_string(cairo_status(c)));
    cairo_destroy(c);
    return failed;
}

// cairo does not tell of all memory that it lacks: a line may be missing, a font another. So whatever is written is
// drawn twice, and must be the same.
static int two_drawings(const char *path, struct error *err) {
    return fail_memory(err, "%s: drawn twice, it is not the same", path);
}

static cairo_status_t keep_some(void *bytes, const unsigned char *some, unsigned size) {
    text_add_bytes(bytes, (const char *)some, size);
    return CAIRO_STATUS_SUCCESS;
}

static int draw_pdf(struct text *bytes, const char *path, const struct canvas_page *page, canvas_draw *draw,
                    void *context, struct error *err) {
    cairo_surface_t *s = cairo_pdf_surface_create_for_stream(keep_some, bytes, page->width, page->height);
    cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_TITLE, page->title);
    // cairo would write the time of day.
    cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_CREATE_DATE, "2000-01-01T00:00:00Z");
    int failed = draw_on(s, 1, draw, context, err);
    cairo_surface_finish(s);
    cairo_status_t status = cairo_surface_status(s);
    cairo_surface_destroy(s);
    if (!failed && status)
        failed = fail(err, "%s: %s", path, cairo_status_to_string(status));
    return failed || text_check(bytes, path, err) ? -1 : 0;
}

static int write_pdf(const char *path, const struct canvas_page *page, canvas_draw *draw, void *context,
                     struct error *err) {
    struct text pdf = {0}, again = {0};
    int failed =
        draw_pdf(&pdf, path, page, draw, context, err) || draw_pdf(&again, path, page, draw, context, err);
    if (!failed && (pdf.length != again.length || memcmp(text_string(&pdf), text_string(&again), pdf.length)))
        failed = two_drawings(path, err);
    if (!failed)
        failed = file_write(path, text_string(&pdf), pdf.length, err);
    text_free(&pdf);
    text_free(&again);
    return failed ? -1 : 0;
}

// cairo's four bytes a pixel become three.
static uint8_t *packed(cairo_surface_t *s, int width, int height, struct error *err) {
    uint8_t *rgb = allocate((size_t)width * (size_t)height, 3, "a drawing", err), *to = rgb;
    const uint8_t *from = cairo_image_surface_get_data(s);
    int stride = cairo_image_surface_get_stride(s);
    for (int y = 0; rgb && y < height; y++)
        for (int x = 0; x < width; x++) {
            uint32_t value;
            memcpy(&value, from + (size_t)y * (size_t)stride + (size_t)x * 4, 4);
            *to++ = (uint8_t)(value >> 16);
            *to++ = (uint8_t)(value >> 8);
            *to++ = (uint8_t)value;
        }
    return rgb;
}

// RGB [height, width, 3], to be freed; NULL on failure.
static uint8_t *draw_pixels(int width, int height, double scale, const char *path, canvas_draw *draw,
                            void *context, struct error *err) {
    cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    int failed = cairo_surface_status(s) ? fail_memory(err, "%s: %d x %d pixels", path, width, height)
                                         : draw_on(s, scale, draw, context, err);
    cairo_surface_flush(s);
    uint8_t *rgb = failed ? NULL : packed(s, width, height, err);
    cairo_surface_destroy(s);
    return rgb;
}

static int write_png(const char *path, const struct canvas_page *page, canvas_draw *draw, void *context,
                     struct error *err) {
    double scale = page->resolution / POINTS_PER_INCH;
    int w = (int)ceil(page->width * scale), h = (int)ceil(page->height * scale);
    uint8_t *png = NULL, *rgb = draw_pixels(w, h, scale, path, draw, context, err),
            *again = rgb ? draw_pixels(w, h, scale, path, draw, context, err) : NULL;
    size_t size;
    int failed = again ? 0 : -1;
    if (!failed && memcmp(rgb, again, (size_t)w * (size_t)h * 3))
        failed = two_drawings(path, err);
    if (!failed)
        failed = image_encode_png(rgb, w, h, 3, &png, &size, err) || file_write(path, png, size, err);
    free(png);
    free(rgb);
    free(again);
    return failed ? -1 : 0;
}

int canvas_extents(canvas_draw *draw, void *context, struct canvas_box *box, struct error *err) {
    cairo_t *c = canvas_measure();
    double width, height;
    int failed = draw(c, context, err);
    if (!failed && cairo_status(c))
        failed = fail(err, "a drawing: %s", cairo_status_to_string(cairo_status(c)));
    cairo_recording_surface_ink_extents(cairo_get_target(c), &box->left, &box->top, &width, &height);
    box->right = box->left + width;
    box->bottom = box->top + height;
    canvas_measured(c);
    return failed ? -1 : 0;
}

int canvas_write(const char *stem, const struct canvas_page *page, canvas_draw *draw, void *context,
                 struct error *err) {
    char path[2][PATH_SIZE];
    struct canvas_page held = *page;
    struct canvas_box box, again;
    if (canvas_extents(draw, context, &box, err) || canvas_extents(draw, context, &again, err))
        return -1;
    if (box.left != again.left || box.top != again.top || box.right != again.right ||
        box.bottom != again.bottom)
        return two_drawings(stem, err);
    held.width = fmax(page->width, ceil(box.right));
    held.height = fmax(page->height, ceil(box.bottom));
    if (snprintf(path[0], PATH_SIZE, "%s.png", stem) >= PATH_SIZE ||
        snprintf(path[1], PATH_SIZE, "%s.pdf", stem) >= PATH_SIZE)
        return fail(err, "%.200s...: path too long", stem);
    return write_png(path[0], &held, draw, context, err) || write_pdf(path[1], &held, draw, context, err) ? -1
                                                                                                          : 0;
}
