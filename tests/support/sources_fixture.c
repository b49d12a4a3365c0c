// SPDX-License-Identifier: Apache-2.0
#include "tests/support/sources_fixture.h"

#include "core/base/random.h"
#include "gen/draw/builtin_digits.h"
#include "gen/read/image.h"
#include "tests/support/suite.h"

#include <archive.h>
#include <archive_entry.h>
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <jpeglib.h>

enum { PIXELS = BUILTIN_DIGIT_SIZE * BUILTIN_DIGIT_SIZE };

void sources_add(struct source_files *files, const char *name, const void *bytes, size_t size) {
    CU_ASSERT_FATAL(files->count < SOURCES_FILES_MAXIMUM && strlen(name) < sizeof files->items->name);
    struct source_file *file = &files->items[files->count++];
    strcpy(file->name, name);
    file->size = size;
    file->bytes = malloc(size + 1);
    CU_ASSERT_FATAL(file->bytes != NULL);
    memcpy(file->bytes, bytes, size);
}

struct source_file *sources_find(struct source_files *files, const char *name) {
    for (int i = 0; i < files->count; i++)
        if (strstr(files->items[i].name, name))
            return &files->items[i];
    CU_FAIL_FATAL("no such file among the sources");
    return NULL;
}

void sources_free(struct source_files *files) {
    for (int i = 0; i < files->count; i++)
        free(files->items[i].bytes);
    files->count = 0;
}

// ---------------------------------------------------------------------------------------------- digits

static void put(uint8_t *to, uint32_t value) {
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void add_gzip(struct source_files *files, const char *name, const uint8_t *bytes, size_t size) {
    z_stream z = {0};
    size_t room = size + 1000;
    uint8_t *packed = malloc(room);
    CU_ASSERT_FATAL(packed && deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    z.next_in = (uint8_t *)bytes;
    z.avail_in = (uInt)size;
    z.next_out = packed;
    z.avail_out = (uInt)room;
    CU_ASSERT_EQUAL_FATAL(deflate(&z, Z_FINISH), Z_STREAM_END);
    sources_add(files, name, packed, z.total_out);
    deflateEnd(&z);
    free(packed);
}

void sources_digits(struct source_files *files) {
    static const char *const names[2][2] = {
        {"MNIST/raw/train-images-idx3-ubyte.gz", "MNIST/raw/train-labels-idx1-ubyte.gz"},
        {"MNIST/raw/t10k-images-idx3-ubyte.gz", "MNIST/raw/t10k-labels-idx1-ubyte.gz"}};
    static uint8_t images[16 + SOURCES_TRAIN * PIXELS], labels[8 + SOURCES_TRAIN];
    files->count = 0;
    for (int test = 0; test < 2; test++) {
        uint32_t count = test ? SOURCES_TEST : SOURCES_TRAIN;
        put(images, 2051);
        put(images + 4, count);
        put(images + 8, BUILTIN_DIGIT_SIZE);
        put(images + 12, BUILTIN_DIGIT_SIZE);
        put(labels, 2049);
        put(labels + 4, count);
        for (uint32_t i = 0; i < count; i++) {
            builtin_digit_draw(test, (int)i, images + 16 + (size_t)i * PIXELS);
            labels[8 + i] = (uint8_t)builtin_digit_label(test, (int)i);
        }
        add_gzip(files, names[test][0], images, 16 + (size_t)count * PIXELS);
        add_gzip(files, names[test][1], labels, 8 + (size_t)count);
    }
}

// ---------------------------------------------------------------------------------------------- textures

void sources_add_jpeg(struct source_files *files, const char *name, const uint8_t *pixels, int width,
                      int height) {
    struct jpeg_compress_struct info;
    struct jpeg_error_mgr manager;
    unsigned char *bytes = NULL;
    unsigned long size = 0;
    info.err = jpeg_std_error(&manager);
    jpeg_create_compress(&info);
    jpeg_mem_dest(&info, &bytes, &size);
    info.image_width = (JDIMENSION)width;
    info.image_height = (JDIMENSION)height;
    info.input_components = 3;
    info.in_color_space = JCS_RGB;
    jpeg_set_defaults(&info);
    jpeg_start_compress(&info, TRUE);
    for (int y = 0; y < height; y++) {
        JSAMPROW line = (uint8_t *)pixels + (size_t)y * (size_t)width * 3;
        jpeg_write_scanlines(&info, &line, 1);
    }
    jpeg_finish_compress(&info);
    jpeg_destroy_compress(&info);
    sources_add(files, name, bytes, size);
    free(bytes);
}

// Noise around a colour of the class's own, so that a picture tells where it comes from.
static void add_picture(struct source_files *files, int class, int number) {
    struct random r = random_stream((uint64_t) class, random_purpose("test textures"), (uint64_t)number);
    int small = number == SOURCES_PICTURES - 1, width = small ? 17 : 30 + number, height = small ? 20 : 41;
    static uint8_t pixels[64 * 64 * 3];
    for (int i = 0; i < width * height * 3; i++)
        pixels[i] = (uint8_t)(class * 15 + (i % 3) * 10 + (int)random_below(&r, 40));
    char name[80];
    int background = class >= 10;
    snprintf(name, sizeof name, "tex/images/%c%d/%c%d_%04d.%s", background ? 'b' : 'd', class % 10,
             background ? 'b' : 'd', class % 10, number + 1, class == 10 ? "jpg" : "png");
    if (class == 10) {
        sources_add_jpeg(files, name, pixels, width, height);
        return;
    }
    struct error err = {0};
    uint8_t *png = NULL;
    size_t size = 0;
    CU_ASSERT_FATAL(!image_encode_png(pixels, width, height, 3, &png, &size, &err));
    sources_add(files, name, png, size);
    free(png);
}

void sources_textures(struct source_files *files) {
    files->count = 0;
    for (int class = 0; class < SOURCES_CLASSES; class ++)
        for (int i = 0; i < SOURCES_PICTURES; i++)
            add_picture(files, class, i);
}

const char *sources_set(const char *name, const char *line) {
    const char *path = suite_path(name);
    FILE *file = fopen(path, "w");
    CU_ASSERT_FATAL(file != NULL);
    fputs("[digits]\n", file);
    for (int d = 0; d < 10; d++)
        fprintf(file, "%d = d%d\n", d, d);
    fputs("[backgrounds]\n0 = b0\n1 = b1\n2 = b2\n[pairs]\n", file);
    for (int d = 0; d < 10; d++)
        fprintf(file, "%d = %d\n", d, d % 3);
    fprintf(file, "%s\n", line ? line : "");
    CU_ASSERT_FATAL(!fclose(file));
    return path;
}

// ---------------------------------------------------------------------------------------------- writing out

const char *sources_folder(const char *name, const struct source_files *files) {
    struct error err = {0};
    const char *folder = suite_path(name);
    CU_ASSERT_FATAL(!folder_make(folder, &err));
    for (int i = 0; i < files->count; i++) {
        char path[PATH_SIZE];
        const struct source_file *file = &files->items[i];
        CU_ASSERT_FATAL(!path_join(path, &err, folder, file->name));
        char *slash = strrchr(path, '/');
        *slash = 0;
        CU_ASSERT_FATAL(!folder_make(path, &err));
        *slash = '/';
        FILE *out = fopen(path, "wb"); // not file_write: hundreds of flushes to disk would take minutes
        CU_ASSERT_FATAL(out && fwrite(file->bytes, 1, file->size, out) == file->size && !fclose(out));
    }
    return folder;
}

const char *sources_archive(const char *name, const struct source_files *files) {
    const char *path = suite_path(name);
    struct archive *a = archive_write_new();
    CU_ASSERT_EQUAL_FATAL(strstr(name, ".zip") ? archive_write_set_format_zip(a)
                                               : archive_write_set_format_ustar(a),
                          ARCHIVE_OK);
    if (strstr(name, ".gz"))
        archive_write_add_filter_gzip(a);
    CU_ASSERT_EQUAL_FATAL(archive_write_open_filename(a, path), ARCHIVE_OK);
    for (int i = files->count - 1; i >= 0; i--) {
        const struct source_file *file = &files->items[i];
        struct archive_entry *entry = archive_entry_new();
        archive_entry_set_pathname(entry, file->name);
        archive_entry_set_size(entry, (int64_t)file->size);
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_perm(entry, 0644);
        CU_ASSERT_EQUAL(archive_write_header(a, entry), ARCHIVE_OK);
        CU_ASSERT_EQUAL((size_t)archive_write_data(a, file->bytes, file->size), file->size);
        archive_entry_free(entry);
    }
    CU_ASSERT_EQUAL(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
    return path;
}

void sources_settings(struct textured_mnist_settings *s, const char *mnist, const char *textures,
                      const char *texture_set) {
    settings_default(textured_mnist_schema, s);
    s->canvas = SOURCES_CANVAS;
    s->size = 20;
    s->count = 40;
    s->seed = 7;
    s->p = s->q = 0.5;
    snprintf(s->mnist, sizeof s->mnist, "%s", mnist);
    snprintf(s->textures, sizeof s->textures, "%s", textures);
    snprintf(s->texture_set, sizeof s->texture_set, "%s", texture_set);
}
