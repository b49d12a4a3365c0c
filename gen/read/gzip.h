// SPDX-License-Identifier: Apache-2.0
// gzip through zlib, checked to its end. libarchive's own gzip filter passes over the checksum and the length
// that end a file (a TODO in its source), so that damaged digits or textures would be read as sound.
#ifndef REFF_GEN_READ_GZIP_H
#define REFF_GEN_READ_GZIP_H

#include "core/base/error.h"

#include <archive.h>
#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

#define GZIP_TAIL 512 // bytes: a block of tar

int gzip_is(const uint8_t *bytes, size_t size); // by the first bytes

// Decompresses a file in memory: one gzip member or several, at most `limit` bytes. free() *out.
int gzip_decompress(const char *name, const uint8_t *bytes, size_t size, size_t limit, uint8_t **out,
                    size_t *out_size, struct error *err);

// A compressed archive as libarchive's source of bytes:
//
//     struct gzip_source source;
//     if (gzip_source_open(&source, path, err)) return -1;
//     archive_read_open(a, &source, NULL, gzip_source_read, NULL); ...
//     bad = gzip_source_finish(&source, err);  // reads what the archive left, and its checksum
//     gzip_source_close(&source);
struct gzip_source {
    const char *path;
    gzFile file;
    uint8_t buffer[1 << 16];
    uint8_t tail[GZIP_TAIL]; // the last bytes received
    uint64_t total;          // bytes received
};

int gzip_source_open(struct gzip_source *source, const char *path, struct error *err);
la_ssize_t gzip_source_read(struct archive *a, void *source, const void **bytes);
int gzip_source_finish(struct gzip_source *source, struct error *err);
void gzip_source_close(struct gzip_source *source);

#endif
