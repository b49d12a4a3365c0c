// SPDX-License-Identifier: Apache-2.0
#include "gen/export/export_builtin.h"

#include "core/base/interrupt.h"
#include "core/base/memory.h"
#include "core/base/progress.h"
#include "gen/draw/builtin_digits.h"
#include "gen/draw/builtin_textures.h"
#include "gen/read/image.h"
#include "gen/write/output_folder.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define PIXELS (BUILTIN_DIGIT_SIZE * BUILTIN_DIGIT_SIZE)

// ---------------------------------------------------------------------------------------------- digits

static void put_big_endian(uint8_t *to, uint32_t value) {
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(value >> (24 - 8 * i));
}

// Compresses to gzip; zlib's header has no name and no time unless asked for.
static int write_gzip(const struct output_folder *folder, const char *name, const uint8_t *bytes, size_t size,
                      struct error *err) {
    z_stream stream = {0};
    if (deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) // + 16: gzip
        return fail_memory(err, "%s", name);
    size_t room = deflateBound(&stream, (uLong)size);
    uint8_t *packed = allocate(room, 1, name, err);
    int bad = !packed;
    if (!bad) {
        stream.next_in = (uint8_t *)bytes;
        stream.avail_in = (uInt)size;
        stream.next_out = packed;
        stream.avail_out = (uInt)room;
        bad = deflate(&stream, Z_FINISH) != Z_STREAM_END
                  ? fail(err, "%s: zlib cannot compress", name)
                  : output_folder_write(folder, name, packed, stream.total_out, err);
    }
    deflateEnd(&stream);
    free(packed);
    return bad ? -1 : 0;
}

// The images and labels of one part: "train" or "t10k".
static int export_part(const struct output_folder *folder, int test, struct error *err) {
    int count = test ? BUILTIN_DIGIT_TEST : BUILTIN_DIGIT_TRAIN;
    uint8_t *images = allocate(16 + (size_t)count * PIXELS, 1, "images", err);
    uint8_t *labels = images ? allocate(8 + (size_t)count, 1, "labels", err) : NULL;
    int bad = !labels;
    if (!bad) {
        put_big_endian(images, 2051);
        put_big_endian(images + 4, (uint32_t)count);
        put_big_endian(images + 8, BUILTIN_DIGIT_SIZE);
        put_big_endian(images + 12, BUILTIN_DIGIT_SIZE);
        put_big_endian(labels, 2049);
        put_big_endian(labels + 4, (uint32_t)count);
#pragma omp parallel for schedule(static)
        for (int i = 0; i < count; i++) {
            builtin_digit_draw(test, i, images + 16 + (size_t)i * PIXELS);
            labels[8 + i] = (uint8_t)builtin_digit_label(test, i);
        }
        bad = write_gzip(folder, test ? "t10k-images-idx3-ubyte.gz" : "train-images-idx3-ubyte.gz", images,
                         16 + (size_t)count * PIXELS, err) ||
              write_gzip(folder, test ? "t10k-labels-idx1-ubyte.gz" : "train-labels-idx1-ubyte.gz", labels,
                         8 + (size_t)count, err);
    }
    free(images);
    free(labels);
    return bad ? -1 : 0;
}

int export_builtin_digits(const char *path, struct error *err) {
    struct output_folder folder;
    if (output_folder_begin(&folder, path, err))
        return -1;
    if (!export_part(&folder, 0, err) && !export_part(&folder, 1, err))
        return output_folder_finish(&folder, err);
    output_folder_discard(&folder);
    return -1;
}

// ---------------------------------------------------------------------------------------------- textures

static int export_texture(const struct output_folder *folder, int class, int index, int size,
                          struct error *err) {
    char file[64], name[160];
    uint8_t *pixels = allocate((size_t)size * (size_t)size, 3, "a texture", err), *png = NULL;
    size_t length;
    builtin_texture_file(class, index, file, sizeof file);
    snprintf(name, sizeof name, "dtd/images/%s/%s", builtin_texture_classes[class], file);
    int bad = !pixels || builtin_texture_draw(class, index, size, 0, 0, size, size, pixels, err) ||
              image_encode_png(pixels, size, size, 3, &png, &length, err) ||
              output_folder_write(folder, name, png, length, err);
    free(pixels);
    free(png);
    return bad ? -1 : 0;
}

// One class after the other, its pictures in parallel.
static int export_classes(const struct output_folder *folder, int count, int size, struct error *err) {
    struct progress progress;
    progress_start(&progress, folder->path, "textures", BUILTIN_TEXTURE_CLASSES * (double)count, 0);
    int bad = 0;
    for (int class = 0; class < BUILTIN_TEXTURE_CLASSES && !bad; class ++) {
#pragma omp parallel for schedule(dynamic, 4)
        for (int i = 0; i < count; i++) {
            struct error own = {0};
            if (export_texture(folder, class, i, size, &own)) {
#pragma omp critical(export_failed)
                {
                    bad = 1;
                    *err = own;
                }
            }
        }
        if (!bad && interrupt_requested())
            bad = fail_interrupted(err, "interrupted: nothing was written to %s", folder->path);
        progress_update(&progress, (class + 1.0) * count, NULL);
    }
    progress_end(&progress);
    return bad ? -1 : 0;
}

int export_builtin_textures(const char *path, int count, int size, struct error *err) {
    struct output_folder folder;
    if (output_folder_begin(&folder, path, err))
        return -1;
    if (!export_classes(&folder, count, size, err))
        return output_folder_finish(&folder, err);
    output_folder_discard(&folder);
    return -1;
}
