// SPDX-License-Identifier: Apache-2.0
#include "gen/read/gzip.h"

#include "core/base/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int gzip_is(const uint8_t *bytes, size_t size) {
    return size >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
}

// ---------------------------------------------------------------------------------------------- in memory

// Inflates until the end of the last member or an error; *used tells how much came out.
static int inflate_all(z_stream *z, const char *name, size_t limit, uint8_t **out, size_t *used,
                       struct error *err) {
    size_t room = 0;
    *used = 0;
    for (;;) {
        if (*used == room) {
            room = room ? 2 * room : 1 << 14;
            if (array_resize(*out, room, name, err))
                return -1;
        }
        z->next_out = *out + *used;
        z->avail_out = room - *used < 1 << 30 ? (uInt)(room - *used) : 1 << 30;
        int result = inflate(z, Z_NO_FLUSH);
        *used = (size_t)(z->next_out - *out);
        if (*used > limit)
            return fail(err, "%s: larger than %zu MiB", name, limit >> 20);
        if (result == Z_STREAM_END && !gzip_is(z->next_in, z->avail_in))
            return 0;
        if (result == Z_STREAM_END) // another member follows
            result = inflateReset(z);
        if (result == Z_MEM_ERROR)
            return fail_memory(err, "%s", name);
        if (result == Z_BUF_ERROR || (result == Z_OK && !z->avail_in && z->avail_out))
            return fail(err, "%s: truncated gzip", name);
        if (result != Z_OK)
            return fail(err, "%s: damaged gzip (%s)", name, z->msg ? z->msg : "unreadable");
    }
}

int gzip_decompress(const char *name, const uint8_t *bytes, size_t size, size_t limit, uint8_t **out,
                    size_t *out_size, struct error *err) {
    z_stream z = {.next_in = (uint8_t *)bytes, .avail_in = (uInt)size};
    *out = NULL;
    if (size > UINT32_MAX)
        return fail(err, "%s: larger than 4 GiB", name);
    if (inflateInit2(&z, 15 + 16) != Z_OK) // + 16: gzip
        return fail_memory(err, "%s", name);
    int bad = inflate_all(&z, name, limit, out, out_size, err);
    inflateEnd(&z);
    if (bad) {
        free(*out);
        *out = NULL;
    }
    return bad;
}

// ---------------------------------------------------------------------------------------------- archives

int gzip_source_open(struct gzip_source *s, const char *path, struct error *err) {
    s->path = path;
    s->total = 0;
    memset(s->tail, 0xff, sizeof s->tail);
    errno = 0;
    s->file = gzopen(path, "rb");
    return s->file ? 0 : fail_system(err, errno ? errno : ENOMEM, "%s", path);
}

static void keep_tail(struct gzip_source *s, size_t count) {
    size_t kept = count < GZIP_TAIL ? GZIP_TAIL - count : 0;
    memmove(s->tail, s->tail + GZIP_TAIL - kept, kept);
    memcpy(s->tail + kept, s->buffer + (count < GZIP_TAIL ? 0 : count - GZIP_TAIL), GZIP_TAIL - kept);
    s->total += count;
}

// 0 at the sound end of the file, -1 when it is cut or damaged.
static int read_some(struct gzip_source *s) {
    int got = gzread(s->file, s->buffer, sizeof s->buffer), state = Z_OK;
    if (got > 0)
        keep_tail(s, (size_t)got);
    else if (!got)
        gzerror(s->file, &state); // Z_BUF_ERROR: the file ended too early
    return got > 0 ? got : got < 0 || state != Z_OK ? -1 : 0;
}

static int describe(struct gzip_source *s, struct error *err) {
    int state;
    const char *words = gzerror(s->file, &state);
    if (state == Z_ERRNO)
        return fail_system(err, errno, "%s", s->path);
    if (state == Z_BUF_ERROR)
        return fail(err, "%s: truncated gzip", s->path);
    size_t before = strlen(s->path) + 2; // zlib's words begin with "PATH: "
    return fail(err, "%s: damaged gzip (%s)", s->path, strlen(words) > before ? words + before : words);
}

la_ssize_t gzip_source_read(struct archive *a, void *source, const void **bytes) {
    struct gzip_source *s = source;
    int got = read_some(s);
    *bytes = s->buffer;
    if (got < 0) {
        struct error err;
        describe(s, &err);
        archive_set_error(a, EIO, "%s", err.message + strlen(s->path) + 2);
    }
    return got;
}

int gzip_source_finish(struct gzip_source *s, struct error *err) {
    int got;
    while ((got = read_some(s)) > 0)
        continue;
    return got < 0 ? describe(s, err) : 0;
}

void gzip_source_close(struct gzip_source *s) {
    gzclose(s->file);
}
