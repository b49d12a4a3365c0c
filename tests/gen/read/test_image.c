// SPDX-License-Identifier: Apache-2.0
// Pictures from files: every kind of JPEG and PNG becomes the same RGB, and damage is never filled with grey.
// The files are made here with libjpeg and libpng themselves.
#include "core/base/memory.h"
#include "core/base/random.h"
#include "gen/read/image.h"
#include "tests/support/suite.h"

#include <CUnit/CUnit.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <png.h>
#include <zlib.h>

enum { WIDTH = 19, HEIGHT = 13 };

struct file {
    uint8_t *bytes;
    size_t size;
};

// ---------------------------------------------------------------------------------------------- making JPEGs

static void write_rows(struct jpeg_compress_struct *info, uint8_t *row) {
    jpeg_start_compress(info, TRUE);
    for (int y = 0; y < HEIGHT; y++) {
        JSAMPROW line = row;
        jpeg_write_scanlines(info, &line, 1);
    }
    jpeg_finish_compress(info);
    jpeg_destroy_compress(info);
}

// A picture of one colour: `channels` samples in `space`, stored as `stored`.
static struct file make_jpeg(J_COLOR_SPACE space, J_COLOR_SPACE stored, int channels, const uint8_t *colour,
                             int adobe, int progressive) {
    struct jpeg_compress_struct info;
    struct jpeg_error_mgr manager;
    unsigned char *bytes = NULL;
    unsigned long size = 0;
    uint8_t row[WIDTH * 4];
    for (int i = 0; i < WIDTH * channels; i++)
        row[i] = colour[i % channels];
    info.err = jpeg_std_error(&manager);
    jpeg_create_compress(&info);
    jpeg_mem_dest(&info, &bytes, &size);
    info.image_width = WIDTH;
    info.image_height = HEIGHT;
    info.input_components = channels;
    info.in_color_space = space;
    jpeg_set_defaults(&info);
    jpeg_set_colorspace(&info, stored);
    jpeg_set_quality(&info, 100, TRUE);
    info.write_Adobe_marker = adobe ? TRUE : FALSE;
    if (progressive)
        jpeg_simple_progression(&info);
    write_rows(&info, row);
    return (struct file){bytes, size};
}

// Decodes and frees the file; all its pixels must be the colour, give or take `slack`.
static void check_colour(struct file file, int red, int green, int blue, int slack) {
    struct image image;
    struct error err = {0};
    const int expected[3] = {red, green, blue};
    int bad = image_decode(file.bytes, file.size, "a picture", &image, &err), worst = 0;
    free(file.bytes);
    CU_ASSERT_FATAL(!bad);
    CU_ASSERT(image.width == WIDTH && image.height == HEIGHT);
    for (int i = 0; i < WIDTH * HEIGHT * 3; i++) {
        int off = abs(image.pixels[i] - expected[i % 3]);
        worst = off > worst ? off : worst;
    }
    CU_ASSERT(worst <= slack);
    image_free(&image);
}

static void test_every_kind_of_jpeg_becomes_rgb(void) {
    const uint8_t grey[] = {90}, colour[] = {200, 40, 120};
    check_colour(make_jpeg(JCS_GRAYSCALE, JCS_GRAYSCALE, 1, grey, 0, 0), 90, 90, 90, 1);
    check_colour(make_jpeg(JCS_RGB, JCS_YCbCr, 3, colour, 0, 0), 200, 40, 120, 2);
    check_colour(make_jpeg(JCS_RGB, JCS_YCbCr, 3, colour, 0, 1), 200, 40, 120, 2);
    check_colour(make_jpeg(JCS_RGB, JCS_RGB, 3, colour, 1, 0), 200, 40, 120, 1);
}

// Ink 0.2, 0.4, 0.6 and black 0.5: red = 255 * 0.8 * 0.5 and so on. Adobe stores 255 - ink.
static void test_inks_are_multiplied_out_inverted_or_not(void) {
    const uint8_t plain[] = {51, 102, 153, 128}, inverted[] = {204, 153, 102, 127};
    check_colour(make_jpeg(JCS_CMYK, JCS_CMYK, 4, inverted, 1, 0), 102, 76, 51, 1);
    check_colour(make_jpeg(JCS_CMYK, JCS_YCCK, 4, inverted, 1, 0), 102, 76, 51, 2);
    check_colour(make_jpeg(JCS_CMYK, JCS_CMYK, 4, plain, 0, 0), 102, 76, 51, 1);
}

// ---------------------------------------------------------------------------------------------- making PNGs

static void take_bytes(png_structp png, png_bytep bytes, size_t count) {
    struct file *file = png_get_io_ptr(png);
    file->bytes = realloc(file->bytes, file->size + count);
    memcpy(file->bytes + file->size, bytes, count);
    file->size += count;
}

// One colour again: `row` is one packed row of the file.
static struct file make_png(int type, int depth, const uint8_t *row) {
    struct file file = {0};
    const png_color palette[2] = {{1, 2, 3}, {200, 40, 120}};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_set_write_fn(png, &file, take_bytes, NULL);
    png_set_IHDR(png, info, WIDTH, HEIGHT, depth, type, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    if (type == PNG_COLOR_TYPE_PALETTE)
        png_set_PLTE(png, info, palette, 2);
    png_write_info(png, info);
    for (int y = 0; y < HEIGHT; y++)
        png_write_row(png, row);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return file;
}

// A row whose pixels are all the `size` bytes of `pixel`.
static const uint8_t *repeated(const uint8_t *pixel, int size) {
    static uint8_t row[WIDTH * 8];
    for (int i = 0; i < WIDTH * size; i++)
        row[i] = pixel[i % size];
    return row;
}

static void test_every_kind_of_png_becomes_rgb(void) {
    const uint8_t colour[] = {200, 40, 120}, grey[] = {90}, ones[] = {0xff}, twos[] = {0xaa},
                  fives[] = {0x55};
    check_colour(make_png(PNG_COLOR_TYPE_RGB, 8, repeated(colour, 3)), 200, 40, 120, 0);
    check_colour(make_png(PNG_COLOR_TYPE_GRAY, 8, repeated(grey, 1)), 90, 90, 90, 0);
    check_colour(make_png(PNG_COLOR_TYPE_GRAY, 1, repeated(ones, 1)), 255, 255, 255, 0);
    check_colour(make_png(PNG_COLOR_TYPE_GRAY, 2, repeated(twos, 1)), 170, 170, 170, 0);
    check_colour(make_png(PNG_COLOR_TYPE_GRAY, 4, repeated(fives, 1)), 85, 85, 85, 0);
    check_colour(make_png(PNG_COLOR_TYPE_PALETTE, 1, repeated(ones, 1)), 200, 40, 120, 0);
    check_colour(make_png(PNG_COLOR_TYPE_PALETTE, 8, repeated((const uint8_t[]){1}, 1)), 200, 40, 120, 0);
}

// 16 bits are scaled to 8 with rounding; they are not taken for linear light.
static void test_16_bits_are_scaled_alone(void) {
    const uint8_t colour[] = {0xc8, 0xc8, 0x28, 0x28, 0x78, 0x78}, up[] = {0x5a, 0xe0};
    check_colour(make_png(PNG_COLOR_TYPE_RGB, 16, repeated(colour, 6)), 200, 40, 120, 0);
    check_colour(make_png(PNG_COLOR_TYPE_GRAY, 16, repeated(up, 2)), 91, 91, 91, 0); // 23264 / 257 = 90.5
}

static void test_transparent_pixels_are_on_black(void) {
    const uint8_t opaque[] = {200, 40, 120, 255}, clear[] = {200, 40, 120, 0}, grey[] = {90, 255};
    check_colour(make_png(PNG_COLOR_TYPE_RGB_ALPHA, 8, repeated(opaque, 4)), 200, 40, 120, 0);
    check_colour(make_png(PNG_COLOR_TYPE_RGB_ALPHA, 8, repeated(clear, 4)), 0, 0, 0, 0);
    check_colour(make_png(PNG_COLOR_TYPE_GRAY_ALPHA, 8, repeated(grey, 2)), 90, 90, 90, 0);
}

// ---------------------------------------------------------------------------------------------- damage

static void check_refused(const uint8_t *bytes, size_t size, const char *message) {
    struct image image;
    struct error err = {0};
    CU_ASSERT(image_decode(bytes, size, "dtd.tar.gz: images/banded/banded_0002.jpg", &image, &err));
    CU_ASSERT_PTR_NULL(image.pixels);
    suite_text_begins(err.message, "dtd.tar.gz: images/banded/banded_0002.jpg: ");
    suite_text_has(err.message, message);
    image_free(&image);
}

// At every length, in a buffer of just that size (so that reading on would be noticed).
static void check_cut(struct file file, const char *message) {
    unsigned decoded = 0;
    for (size_t size = 0; size < file.size; size++) {
        struct image image;
        struct error err = {0};
        uint8_t *part = malloc(size ? size : 1);
        memcpy(part, file.bytes, size);
        decoded += !image_decode(part, size, "a picture", &image, &err);
        image_free(&image);
        free(part);
    }
    CU_ASSERT_EQUAL(decoded, 0);
    check_refused(file.bytes, file.size - 5, message);
    free(file.bytes);
}

static void test_files_cut_at_any_length_are_refused(void) {
    const uint8_t colour[] = {200, 40, 120};
    check_cut(make_jpeg(JCS_RGB, JCS_YCbCr, 3, colour, 0, 0), "truncated JPEG");
    check_cut(make_jpeg(JCS_RGB, JCS_YCbCr, 3, colour, 0, 1), "truncated JPEG");
    check_cut(make_png(PNG_COLOR_TYPE_RGB, 8, repeated(colour, 3)), "truncated PNG");
}

static void test_changed_bytes_never_break_the_decoders(void) {
    const uint8_t colour[] = {200, 40, 120};
    struct file files[3] = {make_jpeg(JCS_RGB, JCS_YCbCr, 3, colour, 0, 0),
                            make_jpeg(JCS_RGB, JCS_YCbCr, 3, colour, 0, 1),
                            make_png(PNG_COLOR_TYPE_RGB, 8, repeated(colour, 3))};
    struct random r = random_stream(1, random_purpose("damage"), 0);
    unsigned silent = 0, refused = 0;
    for (int round = 0; round < 1500; round++) {
        struct file *file = &files[round % 3];
        size_t at = random_below(&r, (uint32_t)file->size);
        uint8_t kept = file->bytes[at];
        struct image image;
        struct error err = {0};
        file->bytes[at] = (uint8_t)random_below(&r, 256);
        int bad = image_decode(file->bytes, file->size, "a picture", &image, &err) != 0;
        refused += bad;
        silent += bad == !err.message[0]; // a refusal without a word, a picture with one
        image_free(&image);
        file->bytes[at] = kept;
    }
    CU_ASSERT_EQUAL(silent, 0);
    CU_ASSERT(refused > 450); // at least those of the PNG, but for a byte that was drawn again
    for (int i = 0; i < 3; i++)
        free(files[i].bytes);
}

// Unlike a JPEG, a PNG holds a checksum of everything: no changed byte may pass, the last ones included.
static void test_every_changed_byte_of_a_png_is_noticed(void) {
    const uint8_t colour[] = {200, 40, 120};
    struct file file = make_png(PNG_COLOR_TYPE_RGB, 8, repeated(colour, 3));
    unsigned unnoticed = 0;
    for (size_t at = 0; at < file.size; at++) {
        struct image image;
        struct error err = {0};
        file.bytes[at] ^= 4;
        unnoticed += !image_decode(file.bytes, file.size, "a picture", &image, &err);
        image_free(&image);
        file.bytes[at] ^= 4;
    }
    CU_ASSERT_EQUAL(unnoticed, 0);
    file.bytes[file.size - 1] ^= 4;
    check_refused(file.bytes, file.size, "damaged PNG (wrong checksum of IEND, byte ");
    free(file.bytes);
}

static size_t put_chunk(uint8_t *to, const char *type, const void *data, size_t size);

static void test_what_is_no_picture_is_called_what_it_is(void) {
    static const char html[] = "<!DOCTYPE html><html>403 Forbidden</html>", gif[] = "GIF89a....",
                      text[] = "hello";
    check_refused((const uint8_t *)html, sizeof html - 1, "an HTML page");
    check_refused((const uint8_t *)gif, sizeof gif - 1, "a GIF picture");
    check_refused((const uint8_t *)text, sizeof text - 1, "neither JPEG nor PNG but something else");
    check_refused((const uint8_t *)text, 0, "an empty file");
    static const struct {
        const char *bytes, *words;
    } kinds[] = {{"RIFF\x10\0\0\0WEBPVP8 ", "a WebP picture"},
                 {"II*\0........", "a TIFF picture"},
                 {"MM\0*........", "a TIFF picture"},
                 {"\0\0\0\x1C"
                  "ftypavif",
                  "an AVIF picture"},
                 {"\0\0\0\x18"
                  "ftypheic",
                  "a HEIC picture"},
                 {"BM..........", "a BMP picture"},
                 {"\x93NUMPY......", "a NumPy array"}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        check_refused((const uint8_t *)kinds[i].bytes, 12, kinds[i].words);
}

// A grey picture in which each pass over its coefficients is a scan: `scans` of them.
static struct file many_scans(int scans) {
    static jpeg_scan_info script[600];
    struct jpeg_compress_struct info;
    struct jpeg_error_mgr manager;
    unsigned char *bytes = NULL;
    unsigned long size = 0;
    uint8_t row[WIDTH];
    for (int i = 0; i < WIDTH; i++)
        row[i] = (uint8_t)(13 * i);
    info.err = jpeg_std_error(&manager);
    jpeg_create_compress(&info);
    jpeg_mem_dest(&info, &bytes, &size);
    info.image_width = WIDTH;
    info.image_height = HEIGHT;
    info.input_components = 1;
    info.in_color_space = JCS_GRAYSCALE;
    jpeg_set_defaults(&info);
    // the mean, then one frequency after another, each of a bit: 10 for the mean, 63 * 10 for the others are possible
    script[0] = (jpeg_scan_info){1, {0}, 0, 0, 0, 0};
    for (int i = 1; i < scans; i++) {
        int frequency = 1 + (i - 1) % 63, turn = (i - 1) / 63;
        script[i] = (jpeg_scan_info){1, {0}, frequency, frequency, turn ? 10 - turn + 1 : 0, 10 - turn};
    }
    info.scan_info = script;
    info.num_scans = scans;
    write_rows(&info, row);
    return (struct file){bytes, size};
}

static void test_a_jpeg_of_too_many_scans_is_refused(void) {
    struct file file = many_scans(500);
    struct image image;
    struct error err = {0};
    CU_ASSERT(!image_decode(file.bytes, file.size, "a picture", &image, &err));
    CU_ASSERT(image.width == WIDTH && image.height == HEIGHT);
    image_free(&image);
    free(file.bytes);
    file = many_scans(501);
    check_refused(file.bytes, file.size, "a JPEG of more than 500 scans, which no picture needs");
    free(file.bytes);
}

// The file with a chunk behind its header.
static struct file with_chunk(struct file file, const char *type, const void *data, size_t size) {
    struct file out = {malloc(file.size + size + 12), 33};
    CU_ASSERT_FATAL(out.bytes != NULL);
    memcpy(out.bytes, file.bytes, 33); // signature and IHDR
    out.size += put_chunk(out.bytes + 33, type, data, size);
    memcpy(out.bytes + out.size, file.bytes + 33, file.size - 33);
    out.size += file.size - 33;
    free(file.bytes);
    return out;
}

// As Pillow and torchvision: a sample is what the file has.
static void test_gamma_and_profiles_are_not_applied(void) {
    static const uint8_t linear[4] = {0, 1, 0x86, 0xA0}, // 1.0 as 100,000
        chromaticities[32] = {0, 0, 0x7A, 0x26, 0, 0, 0x80, 0x84}, colour[] = {200, 40, 120}, grey[] = {90};
    check_colour(with_chunk(make_png(PNG_COLOR_TYPE_RGB, 8, repeated(colour, 3)), "gAMA", linear, 4), 200, 40,
                 120, 0);
    check_colour(with_chunk(make_png(PNG_COLOR_TYPE_GRAY, 8, repeated(grey, 1)), "gAMA", linear, 4), 90, 90,
                 90, 0);
    check_colour(with_chunk(make_png(PNG_COLOR_TYPE_RGB, 8, repeated(colour, 3)), "cHRM", chromaticities, 32),
                 200, 40, 120, 0);
}

// The same pixels whatever a camera says of how it was held (as Pillow and torchvision read them).
static void test_orientation_is_not_applied(void) {
    static const uint8_t exif[] = "\xFF\xE1\0\x22"
                                  "Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    const uint8_t colour[] = {200, 40, 120};
    struct file plain = make_jpeg(JCS_RGB, JCS_YCbCr, 3, colour, 0, 0), turned = {malloc(plain.size + 36), 2};
    CU_ASSERT_FATAL(turned.bytes != NULL);
    memcpy(turned.bytes, plain.bytes, 2);
    memcpy(turned.bytes + 2, exif, 36);
    memcpy(turned.bytes + 38, plain.bytes + 2, plain.size - 2);
    turned.size = plain.size + 36;
    free(plain.bytes);
    check_colour(turned, 200, 40, 120, 2); // and WIDTH x HEIGHT
}

static void test_a_header_that_claims_too_much_is_refused(void) {
    const uint8_t colour[] = {200, 40, 120};
    struct file file = make_jpeg(JCS_RGB, JCS_YCbCr, 3, colour, 0, 0);
    size_t at = 0;
    while (at + 9 < file.size && !(file.bytes[at] == 0xff && file.bytes[at + 1] == 0xc0)) // start of frame
        at++;
    CU_ASSERT_FATAL(at + 9 < file.size);
    memset(file.bytes + at + 5, 0xfe, 4); // height and width
    check_refused(file.bytes, file.size, "sides may be 1..");
    free(file.bytes);
}

// ---------------------------------------------------------------------------------------------- hostile PNGs

static size_t put_chunk(uint8_t *to, const char *type, const void *data, size_t size) {
    const uint8_t length[4] = {(uint8_t)(size >> 24), (uint8_t)(size >> 16), (uint8_t)(size >> 8),
                               (uint8_t)size};
    memcpy(to, length, 4);
    memcpy(to + 4, type, 4);
    if (size)
        memcpy(to + 8, data, size);
    uint32_t sum = (uint32_t)crc32(crc32(0, NULL, 0), to + 4, (uInt)size + 4);
    for (int i = 0; i < 4; i++)
        to[8 + size + i] = (uint8_t)(sum >> (24 - 8 * i));
    return size + 12;
}

// A black picture of 8 x 8 pixels that claims to be `side` wide and high, with one more chunk before its pixels.
static struct file hostile_png(uint32_t side, int colour_type, const char *type, const void *data,
                               size_t size) {
    static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    uint8_t head[13] = {[8] = 8}, rows[8 * 9] = {0}, packed[200];
    uLongf length = sizeof packed;
    for (int i = 0; i < 4; i++)
        head[i] = head[4 + i] = (uint8_t)(side >> (24 - 8 * i));
    head[9] = (uint8_t)colour_type;
    CU_ASSERT_FATAL(compress(packed, &length, rows, sizeof rows) == Z_OK);
    struct file file = {malloc(1000 + size), sizeof signature};
    CU_ASSERT_FATAL(file.bytes != NULL);
    memcpy(file.bytes, signature, sizeof signature);
    file.size += put_chunk(file.bytes + file.size, "IHDR", head, sizeof head);
    if (type)
        file.size += put_chunk(file.bytes + file.size, type, data, size);
    file.size += put_chunk(file.bytes + file.size, "IDAT", packed, length);
    file.size += put_chunk(file.bytes + file.size, "IEND", NULL, 0);
    return file;
}

static void check_hostile(struct file file, const char *message) {
    check_refused(file.bytes, file.size, message);
    free(file.bytes);
}

// Made by hand, with right checksums throughout.
static void test_hostile_pngs_are_refused(void) {
    static const uint8_t one_colour[3] = {10, 20, 30};
    check_hostile(hostile_png(60000, PNG_COLOR_TYPE_GRAY, NULL, NULL, 0),
                  "a picture of 60000 x 60000 pixels; the sides may be 1..");
    check_hostile(hostile_png(0x7fffffff, PNG_COLOR_TYPE_RGB, NULL, NULL, 0), "PNG");
    check_hostile(hostile_png(0, PNG_COLOR_TYPE_GRAY, NULL, NULL, 0), "PNG");
    check_hostile(hostile_png(8, PNG_COLOR_TYPE_PALETTE, NULL, NULL, 0), "damaged PNG (");
    check_hostile(hostile_png(8, 5, NULL, NULL, 0), "damaged PNG (");
    check_hostile(hostile_png(8, PNG_COLOR_TYPE_GRAY, "ABCD", one_colour, 3),
                  "damaged PNG ("); // critical and unknown
    check_hostile(hostile_png(64, PNG_COLOR_TYPE_GRAY, NULL, NULL, 0), "damaged PNG ("); // too few rows
}

// A text of 64 MiB, packed into 64 KiB, is no part of the picture and is not unpacked for it.
static void test_a_text_that_unpacks_to_much_is_left_alone(void) {
    enum { TEXT = 64 << 20 };
    uint8_t *text = calloc(1, TEXT), *data = malloc(TEXT / 100);
    uLongf length = TEXT / 100 - 20;
    CU_ASSERT_FATAL(text && data && compress(data + 9, &length, text, TEXT) == Z_OK);
    memcpy(data, "Comment\0", 9); // keyword, its end, method 0
    struct file file = hostile_png(8, PNG_COLOR_TYPE_GRAY, "zTXt", data, length + 9);
    struct image image;
    struct error err = {0};
    CU_ASSERT_EQUAL(image_decode(file.bytes, file.size, "a picture", &image, &err), 0);
    CU_ASSERT(image.width == 8 && image.height == 8 && image.pixels[0] == 0);
    image_free(&image);
    free(file.bytes);
    free(text);
    free(data);
}

static void test_allocation_failures_are_reported(void) {
    const uint8_t inks[] = {204, 153, 102, 127};
    struct file file = make_jpeg(JCS_CMYK, JCS_CMYK, 4, inks, 1, 0);
    struct image image;
    struct error err = {0};
    for (int n = 1; n <= 2; n++) {
        memory_fail_at = n;
        CU_ASSERT(image_decode(file.bytes, file.size, "a picture", &image, &err));
        memory_fail_at = 0;
        suite_text_has(err.message, "out of memory");
    }
    CU_ASSERT(!image_decode(file.bytes, file.size, "a picture", &image, &err));
    image_free(&image);
    free(file.bytes);
}

// ---------------------------------------------------------------------------------- writing, scaling

static void fill(struct image *image, int width, int height) {
    struct random r = random_stream(2, random_purpose("pixels"), 0);
    *image = (struct image){width, height, malloc((size_t)width * (size_t)height * 3)};
    for (int i = 0; i < width * height * 3; i++)
        image->pixels[i] = (uint8_t)random_below(&r, 256);
}

static void test_png_files_come_back_as_they_were(void) {
    struct image image, back;
    struct error err = {0};
    struct file first, second;
    fill(&image, WIDTH, HEIGHT);
    CU_ASSERT_FATAL(!image_encode_png(image.pixels, WIDTH, HEIGHT, 3, &first.bytes, &first.size, &err));
    CU_ASSERT_FATAL(!image_encode_png(image.pixels, WIDTH, HEIGHT, 3, &second.bytes, &second.size, &err));
    CU_ASSERT(first.size == second.size && !memcmp(first.bytes, second.bytes, first.size));
    CU_ASSERT_FATAL(!image_decode(first.bytes, first.size, "a picture", &back, &err));
    CU_ASSERT(!memcmp(back.pixels, image.pixels, WIDTH * HEIGHT * 3));
    image_free(&back);
    free(first.bytes);
    free(second.bytes);
    image_free(&image);
}

// Against the formula in doubles, with half-pixel centres.
static void test_covering_is_bilinear_with_half_pixel_centres(void) {
    struct image image, covered;
    struct error err = {0};
    double worst = 0;
    fill(&image, WIDTH, HEIGHT);
    CU_ASSERT_FATAL(!image_cover(&image, 40, &covered, &err));
    CU_ASSERT_EQUAL(covered.height, 40);
    CU_ASSERT_EQUAL(covered.width, 58); // 19 * 40 / 13 = 58.46
    for (int y = 0; y < covered.height; y++)
        for (int x = 0; x < covered.width; x++)
            for (int c = 0; c < 3; c++) {
                double u = fmax((x + 0.5) * WIDTH / covered.width - 0.5, 0);
                double v = fmax((y + 0.5) * HEIGHT / covered.height - 0.5, 0);
                int left = (int)u, top = (int)v;
                int right = left + 1 < WIDTH ? left + 1 : left, bottom = top + 1 < HEIGHT ? top + 1 : top;
                double fu = u - left, fv = v - top;
                const uint8_t *p = image.pixels + c;
                double value =
                    (1 - fv) * ((1 - fu) * p[(top * WIDTH + left) * 3] + fu * p[(top * WIDTH + right) * 3]) +
                    fv * ((1 - fu) * p[(bottom * WIDTH + left) * 3] + fu * p[(bottom * WIDTH + right) * 3]);
                worst = fmax(worst, fabs(value - covered.pixels[(y * covered.width + x) * 3 + c]));
            }
    CU_ASSERT(worst < 2.5); // weights are in 1/256
    image_free(&covered);
    CU_ASSERT_FATAL(!image_cover(&image, 10, &covered, &err)); // large enough as it is
    CU_ASSERT(covered.width == WIDTH && covered.height == HEIGHT);
    image_free(&covered);
    image_free(&image);
}

void suite_image(void) {
    CU_pSuite s = CU_add_suite("image", NULL, NULL);
    CU_add_test(s, "every kind of JPEG becomes RGB", test_every_kind_of_jpeg_becomes_rgb);
    CU_add_test(s, "inks are multiplied out, inverted or not", test_inks_are_multiplied_out_inverted_or_not);
    CU_add_test(s, "every kind of PNG becomes RGB", test_every_kind_of_png_becomes_rgb);
    CU_add_test(s, "16 bits are scaled alone", test_16_bits_are_scaled_alone);
    CU_add_test(s, "transparent pixels are on black", test_transparent_pixels_are_on_black);
    CU_add_test(s, "files cut at any length are refused", test_files_cut_at_any_length_are_refused);
    CU_add_test(s, "changed bytes never break the decoders", test_changed_bytes_never_break_the_decoders);
    CU_add_test(s, "every changed byte of a PNG is noticed", test_every_changed_byte_of_a_png_is_noticed);
    CU_add_test(s, "what is no picture is called what it is", test_what_is_no_picture_is_called_what_it_is);
    CU_add_test(s, "a JPEG of too many scans is refused", test_a_jpeg_of_too_many_scans_is_refused);
    CU_add_test(s, "gamma and profiles are not applied", test_gamma_and_profiles_are_not_applied);
    CU_add_test(s, "orientation is not applied", test_orientation_is_not_applied);
    CU_add_test(s, "a header that claims too much is refused", test_a_header_that_claims_too_much_is_refused);
    CU_add_test(s, "hostile PNGs are refused", test_hostile_pngs_are_refused);
    CU_add_test(s, "a text that unpacks to much is left alone",
                test_a_text_that_unpacks_to_much_is_left_alone);
    CU_add_test(s, "allocation failures are reported", test_allocation_failures_are_reported);
    CU_add_test(s, "PNG files come back as they were", test_png_files_come_back_as_they_were);
    CU_add_test(s, "covering is bilinear with half-pixel centres",
                test_covering_is_bilinear_with_half_pixel_centres);
}
