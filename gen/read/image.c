// SPDX-License-Identifier: Apache-2.0
#include "gen/read/image.h"

#include "core/base/memory.h"
#include "gen/read/members.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jerror.h>
#include <jpeglib.h>
#include <png.h>
#include <zlib.h>

void image_free(struct image *image) {
    free(image->pixels);
    *image = (struct image){0};
}

int image_lacks_memory(const char *name, struct error *err) {
    memory_missed();
    return fail_memory(err, "%s: decoding it", name);
}

static int check_size(unsigned long width, unsigned long height, const char *name, struct error *err) {
    if (width >= 1 && width <= IMAGE_SIDE_MAXIMUM && height >= 1 && height <= IMAGE_SIDE_MAXIMUM)
        return 0;
    return fail(err, "%s: a picture of %lu x %lu pixels; the sides may be 1..%d", name, width, height,
                IMAGE_SIDE_MAXIMUM);
}

// ---------------------------------------------------------------------------------------------- JPEG

// A progressive picture has some ten scans, each of which is decoded over the whole picture. A file of a few
// hundred kilobytes can hold thousands, which take hours.
enum { JPEG_SCANS_MAXIMUM = 500 };

enum jpeg_fault { JPEG_DAMAGED, JPEG_TRUNCATED, JPEG_SCANS, JPEG_MEMORY };

struct jpeg_failure { // libjpeg reports errors by a function that must not return
    struct jpeg_error_mgr manager;
    struct jpeg_progress_mgr progress; // called while scans are read
    jmp_buf back;
    char text[JMSG_LENGTH_MAX];
    enum jpeg_fault fault;
};

static void jpeg_failed(j_common_ptr info) {
    struct jpeg_failure *f = (struct jpeg_failure *)info->err;
    info->err->format_message(info, f->text);
    if (info->err->msg_code == JERR_OUT_OF_MEMORY)
        f->fault = JPEG_MEMORY;
    longjmp(f->back, 1);
}

// Warnings: libjpeg fills what is missing with grey. Here what is missing or damaged is an error; stray bytes
// between markers, which some cameras write, are not.
static void jpeg_message(j_common_ptr info, int level) {
    struct jpeg_failure *f = (struct jpeg_failure *)info->err;
    if (level >= 0 || info->err->msg_code == JWRN_EXTRANEOUS_DATA)
        return;
    if (info->err->msg_code == JWRN_JPEG_EOF || info->err->msg_code == JWRN_HIT_MARKER)
        f->fault = JPEG_TRUNCATED;
    jpeg_failed(info);
}

static void jpeg_count_scans(j_common_ptr info) {
    struct jpeg_failure *f = (struct jpeg_failure *)info->err;
    if (!info->is_decompressor || ((j_decompress_ptr)info)->input_scan_number <= JPEG_SCANS_MAXIMUM)
        return;
    f->fault = JPEG_SCANS;
    longjmp(f->back, 1);
}

// Four inks to RGB. Adobe's programs store them inverted (255: no ink).
static void rgb_from_inks(const uint8_t *inks, int width, int inverted, uint8_t *rgb) {
    for (int x = 0; x < width; x++)
        for (int c = 0; c < 3; c++) {
            int ink = inks[4 * x + c], black = inks[4 * x + 3];
            if (!inverted) {
                ink = 255 - ink;
                black = 255 - black;
            }
            rgb[3 * x + c] = (uint8_t)((ink * black + 127) / 255);
        }
}

struct frame { // what is asked of a picture's size, and what it was
    int side;  // 0: decode all of it
    int width, height;
};

// The part between jpeg_create_decompress and jpeg_destroy_decompress; jumps out through `back` on errors.
static int read_jpeg(struct jpeg_decompress_struct *info, const uint8_t *bytes, size_t size, const char *name,
                     struct frame *frame, struct image *image, uint8_t **row, struct error *err) {
    jpeg_mem_src(info, bytes, (unsigned long)size);
    jpeg_read_header(info, TRUE);
    if (check_size(info->image_width, info->image_height, name, err))
        return -1;
    int inks = info->jpeg_color_space == JCS_CMYK || info->jpeg_color_space == JCS_YCCK;
    info->out_color_space = inks ? JCS_CMYK : JCS_RGB;
    info->dct_method = JDCT_ISLOW; // exact, the same on every processor
    frame->width = (int)info->image_width;
    frame->height = (int)info->image_height;
    int shorter = frame->width < frame->height ? frame->width : frame->height;
    for (info->scale_denom = 1; frame->side && info->scale_denom < 8;) {
        if (shorter / (2 * (int)info->scale_denom) < 2 * frame->side)
            break;
        info->scale_denom *= 2;
    }
    jpeg_start_decompress(info);
    image->width = (int)info->output_width;
    image->height = (int)info->output_height;
    image->pixels = allocate((size_t)image->width * (size_t)image->height, 3, name, err);
    *row = image->pixels && inks ? allocate((size_t)image->width, 4, name, err) : NULL;
    if (!image->pixels || (inks && !*row))
        return -1;
    while (info->output_scanline < info->output_height) {
        uint8_t *to = image->pixels + (size_t)info->output_scanline * (size_t)image->width * 3;
        JSAMPROW line = inks ? *row : to;
        jpeg_read_scanlines(info, &line, 1);
        if (inks)
            rgb_from_inks(*row, image->width, info->saw_Adobe_marker, to);
    }
    jpeg_finish_decompress(info);
    return 0;
}

static int decode_jpeg(const uint8_t *bytes, size_t size, const char *name, struct frame *frame,
                       struct image *image, struct error *err) {
    struct jpeg_decompress_struct info;
    struct jpeg_failure failure = {.fault = JPEG_DAMAGED};
    uint8_t *volatile row = NULL; // volatile: set between setjmp and longjmp
    volatile int result = -1;
    info.err = jpeg_std_error(&failure.manager);
    failure.manager.error_exit = jpeg_failed;
    failure.manager.emit_message = jpeg_message;
    if (!setjmp(failure.back)) {
        jpeg_create_decompress(&info);
        failure.progress.progress_monitor = jpeg_count_scans;
        info.progress = &failure.progress;
        info.mem->max_memory_to_use = 512L << 20; // progressive pictures are held as coefficients
        result = read_jpeg(&info, bytes, size, name, frame, image, (uint8_t **)&row, err);
    } else if (failure.fault == JPEG_TRUNCATED) {
        fail(err, "%s: truncated JPEG", name);
    } else if (failure.fault == JPEG_SCANS) {
        fail(err, "%s: a JPEG of more than %d scans, which no picture needs", name, JPEG_SCANS_MAXIMUM);
    } else if (failure.fault == JPEG_MEMORY) {
        image_lacks_memory(name, err);
    } else {
        fail(err, "%s: damaged JPEG (%s)", name, failure.text);
    }
    jpeg_destroy_decompress(&info);
    free(row);
    return result;
}

// ---------------------------------------------------------------------------------------------- PNG

// All chunks up to IEND are there and have the checksums that they name. libpng's readers stop at the last
// pixel: without this a file that lost its end, or was changed there, would pass.
int image_check_png(const uint8_t *bytes, size_t size, const char *name, struct error *err) {
    for (size_t at = 8; at + 12 <= size;) {
        const uint8_t *chunk = bytes + at;
        size_t length = png_get_uint_32(chunk);
        if (length > size - at - 12)
            break;
        if (crc32(0, chunk + 4, (uInt)length + 4) != png_get_uint_32(chunk + 8 + length))
            return fail(err, "%s: damaged PNG (wrong checksum of %.4s, byte %zu)", name,
                        (const char *)chunk + 4, at);
        if (!memcmp(chunk + 4, "IEND", 4))
            return 0;
        at += 12 + length;
    }
    return fail(err, "%s: truncated PNG", name);
}

// Chunks by which libpng would change values: a sample is what the file has, as Pillow and torchvision take it.
static int is_of_colour(const uint8_t *kind) {
    static const char kinds[][5] = {"gAMA", "cHRM", "sRGB", "iCCP", "cICP"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (!memcmp(kind, kinds[i], 4))
            return 1;
    return 0;
}

uint8_t *image_plain_png(const uint8_t *bytes, size_t *size, int bare, const char *name, struct error *err) {
    uint8_t *out = allocate(*size, 1, name, err);
    if (!out)
        return NULL;
    size_t kept = 8, length;
    memcpy(out, bytes, kept);
    for (size_t at = 8; at + 12 <= *size; at += length) {
        length = 12 + (size_t)png_get_uint_32(bytes + at);
        int ancillary = bytes[at + 4] & 0x20; // by the case of its first letter
        if (bare ? !ancillary : !is_of_colour(bytes + at + 4)) {
            memcpy(out + kept, bytes + at, length);
            kept += length;
        }
        if (!memcmp(bytes + at + 4, "IEND", 4))
            break;
    }
    *size = kept;
    return out;
}

// libpng has no codes of errors: where it lacks memory its words have that one in them.
int image_png_failed(const char *words, const char *name, struct error *err) {
    return strcasestr(words, "memory") ? image_lacks_memory(name, err)
                                       : fail(err, "%s: damaged PNG (%s)", name, words);
}

static int read_png(const uint8_t *bytes, size_t size, const char *name, struct image *image,
                    struct error *err) {
    png_image png = {.version = PNG_IMAGE_VERSION};
    if (!png_image_begin_read_from_memory(&png, bytes, size))
        return image_png_failed(png.message, name, err);
    // Without it libpng takes 16-bit samples for linear light and brightens them.
    png.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
    int result = check_size(png.width, png.height, name, err);
    if (!result) {
        png.format = PNG_FORMAT_RGB;
        image->width = (int)png.width;
        image->height = (int)png.height;
        image->pixels = allocate((size_t)png.width * png.height, 3, name, err);
        result = image->pixels ? 0 : -1;
    }
    const png_color black = {0, 0, 0};
    if (!result && !png_image_finish_read(&png, &black, image->pixels, 0, NULL))
        result = image_png_failed(png.message, name, err);
    png_image_free(&png);
    return result;
}

static int decode_png(const uint8_t *bytes, size_t size, const char *name, struct image *image,
                      struct error *err) {
    if (image_check_png(bytes, size, name, err))
        return -1;
    uint8_t *plain = image_plain_png(bytes, &size, 0, name, err);
    int result = plain ? read_png(plain, size, name, image, err) : -1;
    free(plain);
    return result;
}

int image_encode_png(const uint8_t *pixels, int width, int height, int channels, uint8_t **out, size_t *size,
                     struct error *err) {
    png_image png = {.version = PNG_IMAGE_VERSION,
                     .width = (png_uint_32)width,
                     .height = (png_uint_32)height,
                     .format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB};
    png_alloc_size_t room = PNG_IMAGE_PNG_SIZE_MAX(png);
    *out = allocate(room, 1, "a PNG file", err);
    if (!*out)
        return -1;
    if (!png_image_write_to_memory(&png, *out, &room, 0, pixels, 0, NULL)) {
        free(*out);
        *out = NULL;
        return fail(err, "PNG: %s", png.message);
    }
    *size = room;
    return 0;
}

// ---------------------------------------------------------------------------------------------- any kind

// What the bytes seem to be, for the message.
static const char *guess(const uint8_t *bytes, size_t size) {
    static const struct {
        const char *magic;
        size_t at, length;
        const char *words;
    } kinds[] = {{"GIF8", 0, 4, "a GIF picture"},
                 {"BM", 0, 2, "a BMP picture"},
                 {"WEBP", 8, 4, "a WebP picture"},
                 {"II*\0", 0, 4, "a TIFF picture"},
                 {"MM\0*", 0, 4, "a TIFF picture"},
                 {"II+\0", 0, 4, "a TIFF picture"},
                 {"ftypavif", 4, 8, "an AVIF picture"},
                 {"ftypheic", 4, 8, "a HEIC picture"},
                 {"ftypheix", 4, 8, "a HEIC picture"},
                 {"ftypmif1", 4, 8, "a HEIC picture"},
                 {"\xFF\x0A", 0, 2, "a JPEG XL picture"},
                 {"\0\0\0\x0CJXL ", 0, 8, "a JPEG XL picture"},
                 {"\0\0\0\x0CjP  ", 0, 8, "a JPEG 2000 picture"},
                 {"8BPS", 0, 4, "a Photoshop picture"},
                 {"%PDF", 0, 4, "a PDF document"},
                 {"\x93NUMPY", 0, 6, "a NumPy array"}};
    if (!size)
        return "an empty file";
    if (members_is_web_page(bytes, size))
        return "an HTML page";
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (size >= kinds[i].at + kinds[i].length &&
            !memcmp(bytes + kinds[i].at, kinds[i].magic, kinds[i].length))
            return kinds[i].words;
    return "something else";
}

int image_is_jpeg(const uint8_t *bytes, size_t size) {
    return size >= 3 && bytes[0] == 0xFF && bytes[1] == 0xD8 && bytes[2] == 0xFF;
}

int image_is_png(const uint8_t *bytes, size_t size) {
    return size >= 8 && !png_sig_cmp(bytes, 0, 8);
}

int image_decode_reduced(const uint8_t *bytes, size_t size, const char *name, int side, struct image *image,
                         int *frame_width, int *frame_height, struct error *err) {
    *image = (struct image){0};
    struct frame frame = {.side = side};
    int result;
    if (image_is_jpeg(bytes, size))
        result = decode_jpeg(bytes, size, name, &frame, image, err);
    else if (image_is_png(bytes, size))
        result = decode_png(bytes, size, name, image, err);
    else
        result = fail(err, "%s: neither JPEG nor PNG but %s", name, guess(bytes, size));
    *frame_width = frame.width ? frame.width : image->width;
    *frame_height = frame.height ? frame.height : image->height;
    if (result)
        image_free(image);
    return result;
}

int image_decode(const uint8_t *bytes, size_t size, const char *name, struct image *image,
                 struct error *err) {
    int width, height;
    return image_decode_reduced(bytes, size, name, 0, image, &width, &height, err);
}

// ---------------------------------------------------------------------------------------------- scaling

void image_cover_size(int width, int height, int side, int *new_width, int *new_height) {
    int shorter = width < height ? width : height;
    *new_width = width;
    *new_height = height;
    if (shorter >= side)
        return;
    // Rounded to the nearest; the shorter side becomes `side` itself.
    *new_width = (int)(((int64_t)width * side * 2 + shorter) / (2 * shorter));
    *new_height = (int)(((int64_t)height * side * 2 + shorter) / (2 * shorter));
}

void image_scale_table(int from, int count, int *first, int *share) {
    for (int i = 0; i < count; i++) {
        // ((i + 1/2) * from / count - 1/2) in units of 1/256, rounded down
        int64_t at = ((int64_t)(2 * i + 1) * from * 128 - (int64_t)count * 128) / count;
        at = at < 0 ? 0 : at;
        first[i] = (int)(at >> 8);
        share[i] = (int)(at & 255);
        if (first[i] >= from - 1) {
            first[i] = from - 1;
            share[i] = 0;
        }
    }
}

struct cover {         // working memory of image_cover
    int *table;        // for columns: first, share; for rows: first, share
    uint64_t *line;    // [from->width + 1] an input row, a pixel's three samples in 16 bits each
    uint16_t *rows[2]; // [3 * to->width + 1] two input rows scaled horizontally, in 1/256
};

// An input row scaled horizontally. Three samples are multiplied at once: 255 * 256 fits into 16 bits.
static void scale_row(const uint8_t *in, int width, const int *first, const int *share, int count,
                      uint64_t *line, uint16_t *out) {
    for (int x = 0; x < width; x++, in += 3)
        line[x] = in[0] | (uint64_t)in[1] << 16 | (uint64_t)in[2] << 32;
    for (int x = 0; x < count; x++, out += 3) {
        uint64_t both = line[first[x]] * (uint64_t)(256 - share[x]) + line[first[x] + 1] * (uint64_t)share[x];
        memcpy(out, &both, sizeof both); // lowest first, as x86 stores it; the fourth is written over
    }
}

// Two scaled rows mixed to one of the output.
static void mix_rows(const uint16_t *restrict upper, const uint16_t *restrict lower, uint32_t share,
                     uint8_t *restrict out, int count) {
    for (int i = 0; i < count; i++)
        out[i] = (uint8_t)((upper[i] * (256 - share) + lower[i] * share + 32768) >> 16);
}

static void cover_rows(const struct image *from, struct image *to, const struct cover *c) {
    const int *x0 = c->table, *wx = x0 + to->width, *y0 = wx + to->width, *wy = y0 + to->height;
    int held[2] = {-1, -1}; // which input row each of the two scaled rows holds
    for (int y = 0; y < to->height; y++) {
        const uint16_t *pair[2];
        for (int k = 0; k < 2; k++) {
            int source = y0[y] + k < from->height ? y0[y] + k : from->height - 1, slot = source & 1;
            if (held[slot] != source)
                scale_row(from->pixels + (size_t)source * (size_t)from->width * 3, from->width, x0, wx,
                          to->width, c->line, c->rows[slot]);
            held[slot] = source;
            pair[k] = c->rows[slot];
        }
        mix_rows(pair[0], pair[1], (uint32_t)wy[y], to->pixels + (size_t)y * (size_t)to->width * 3,
                 3 * to->width);
    }
}

int image_cover(const struct image *from, int side, struct image *to, struct error *err) {
    struct cover c = {0};
    *to = (struct image){0};
    image_cover_size(from->width, from->height, side, &to->width, &to->height);
    if (to->width > 4 * IMAGE_SIDE_MAXIMUM || to->height > 4 * IMAGE_SIDE_MAXIMUM)
        return fail(err, "a texture of %d x %d pixels is too narrow to be scaled to %d", from->width,
                    from->height, side);
    size_t width = (size_t)to->width, height = (size_t)to->height;
    int bad = !(to->pixels = allocate(width * height, 3, "a scaled texture", err)) ||
              !(c.table = allocate(2 * (width + height), sizeof *c.table, "a scaled texture", err)) ||
              !(c.line = allocate((size_t)from->width + 1, sizeof *c.line, "a scaled texture", err)) ||
              !(c.rows[0] = allocate(3 * width + 1, sizeof *c.rows[0], "a scaled texture", err)) ||
              !(c.rows[1] = allocate(3 * width + 1, sizeof *c.rows[1], "a scaled texture", err));
    if (!bad) {
        image_scale_table(from->width, to->width, c.table, c.table + width);
        image_scale_table(from->height, to->height, c.table + 2 * width, c.table + 2 * width + height);
        cover_rows(from, to, &c);
    }
    free(c.table);
    free(c.line);
    free(c.rows[0]);
    free(c.rows[1]);
    if (bad)
        image_free(to);
    return bad ? -1 : 0;
}
