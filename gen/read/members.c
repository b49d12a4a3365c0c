// SPDX-License-Identifier: Apache-2.0
#include "gen/read/members.h"

#include "core/base/file.h"
#include "core/base/memory.h"
#include "gen/read/gzip.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DEPTH_MAXIMUM 16 // of folders within folders

struct members_reading {
    const char *path;
    member_wanted *wanted;
    const void *context;
    member_take *take;
    void *take_context;
    int looked_at;
    struct error *err;
};

const char *member_file_name(const char *name) {
    const char *slash = strrchr(name, '/');
    return slash ? slash + 1 : name;
}

void members_free(struct members *members) {
    for (int i = 0; i < members->count; i++) {
        free(members->items[i].name);
        free(members->items[i].bytes);
    }
    free(members->items);
    *members = (struct members){0};
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const struct member *)a)->name, ((const struct member *)b)->name);
}

struct collection { // what members_read gathers
    const char *path;
    struct members *out;
    size_t total; // bytes taken so far
};

static int add_member(void *context, const char *name, uint8_t *bytes, size_t size, struct error *err) {
    struct collection *c = context;
    struct members *m = c->out;
    char *copy = duplicate(name, err);
    // Doubled whenever the count is a power of two, so that many members cost few copies.
    if (!copy || (!(m->count & (m->count - 1)) &&
                  array_resize(m->items, m->count ? 2 * (size_t)m->count : 1, "a list of files", err))) {
        free(copy);
        free(bytes);
        return -1;
    }
    m->items[m->count++] = (struct member){copy, bytes, size};
    c->total += size;
    if (c->total > MEMBERS_SIZE_MAXIMUM)
        return fail(err, "%s: more than %zu MiB of files", c->path, MEMBERS_SIZE_MAXIMUM >> 20);
    return 0;
}

// ---------------------------------------------------------------------------------------------- archives

static const char *archive_words(struct archive *a) {
    const char *words = archive_error_string(a);
    return words ? words : "damaged";
}

// What sources are packed with. Of all that libarchive knows, some filters run programs that the file names by its
// first bytes (grzip, lrzip, lzop).
static void support_filters(struct archive *a) {
    archive_read_support_filter_gzip(a);
    archive_read_support_filter_bzip2(a);
    archive_read_support_filter_xz(a);
}

// The data of the current entry; NULL on failure.
static uint8_t *read_entry(struct archive *a, const char *path, const char *name, size_t limit, size_t *size,
                           struct error *err) {
    uint8_t *bytes = NULL;
    size_t room = 0, length = 0;
    for (;;) {
        if (length == room) {
            room = room ? 2 * room : 1 << 14;
            if (array_resize(bytes, room + 1, name, err))
                break;
        }
        la_ssize_t got = archive_read_data(a, bytes + length, room - length);
        if (got < 0) {
            fail(err, "%s: %s%struncated or damaged archive (%s)", path, name, *name ? ": " : "",
                 archive_words(a));
            break;
        }
        if (got == 0) {
            *size = length;
            return bytes;
        }
        length += (size_t)got;
        if (length > limit) {
            fail(err, "%s: %s%slarger than %zu MiB", path, name, *name ? ": " : "", limit >> 20);
            break;
        }
    }
    free(bytes);
    return NULL;
}

static int take_entry(struct members_reading *r, struct archive *a, struct archive_entry *entry) {
    const char *name = archive_entry_pathname(entry);
    if (!name)
        name = archive_entry_pathname_utf8(entry);
    if (++r->looked_at > MEMBERS_MAXIMUM)
        return fail(r->err, "%s: more than %d entries", r->path, MEMBERS_MAXIMUM);
    if (!name)
        return fail(r->err, "%s: entry %d has no readable name", r->path, r->looked_at);
    while (!strncmp(name, "./", 2))
        name += 2;
    if (archive_entry_filetype(entry) != AE_IFREG || !r->wanted(r->context, name))
        return 0;
    size_t size;
    uint8_t *bytes = read_entry(a, r->path, name, MEMBER_SIZE_MAXIMUM, &size, r->err);
    return bytes ? r->take(r->take_context, name, bytes, size, r->err) : -1;
}

// Every entry up to the archive's end.
static int take_entries(struct members_reading *r, struct archive *a) {
    for (;;) {
        struct archive_entry *entry;
        int got = archive_read_next_header(a, &entry);
        if (got == ARCHIVE_EOF)
            return 0;
        if (got != ARCHIVE_OK && got != ARCHIVE_WARN)
            return fail(r->err, "%s: %s (%s)", r->path,
                        r->looked_at ? "truncated or damaged archive" : "not an archive, or cut short",
                        archive_words(a));
        if (take_entry(r, a, entry))
            return -1;
    }
}

// libarchive takes a tar that was cut between two files for a whole one; but a whole one ends in zeros.
static int check_tar_end(struct members_reading *r, struct archive *a, const uint8_t tail[GZIP_TAIL]) {
    if ((archive_format(a) & ARCHIVE_FORMAT_BASE_MASK) != ARCHIVE_FORMAT_TAR)
        return 0;
    for (int i = 0; i < GZIP_TAIL; i++)
        if (tail[i])
            return fail(r->err, "%s: truncated archive (tar's end mark is missing)", r->path);
    return 0;
}

static int read_gzipped(struct members_reading *r, struct archive *a) {
    struct gzip_source *source = allocate(1, sizeof *source, "a buffer", r->err);
    if (!source || gzip_source_open(source, r->path, r->err)) {
        free(source);
        return -1;
    }
    int bad =
        archive_read_open(a, source, NULL, gzip_source_read, NULL) != ARCHIVE_OK
            ? fail(r->err, "%s: not an archive, or cut short (%s)", r->path, archive_words(a))
            : take_entries(r, a) || gzip_source_finish(source, r->err) || check_tar_end(r, a, source->tail);
    gzip_source_close(source);
    free(source);
    return bad ? -1 : 0;
}

static int read_plain(struct members_reading *r, struct archive *a, FILE *file) {
    uint8_t tail[GZIP_TAIL] = {1};
    if (archive_read_open_filename(a, r->path, 1 << 16) != ARCHIVE_OK)
        return fail(r->err, "%s: not an archive, or cut short (%s)", r->path, archive_words(a));
    if (take_entries(r, a))
        return -1;
    if (archive_filter_count(a) > 1) // xz and the like know their own ends
        return 0;
    if (fseek(file, -(long)sizeof tail, SEEK_END) || fread(tail, 1, sizeof tail, file) < sizeof tail)
        tail[0] = 1;
    return check_tar_end(r, a, tail);
}

static int read_archive(struct members_reading *r) {
    uint8_t start[64];
    FILE *file = fopen(r->path, "rb");
    if (!file)
        return fail_system(r->err, errno, "%s", r->path);
    size_t size = fread(start, 1, sizeof start, file);
    struct archive *a = archive_read_new();
    int result;
    if (!a)
        result = fail_memory(r->err, "an archive");
    else if (!size)
        result = ferror(file) ? fail_system(r->err, errno, "%s", r->path)
                              : fail(r->err, "%s: an empty file, not an archive", r->path);
    else if (members_is_web_page(start, size))
        result = fail(r->err, "%s: an HTML page, not an archive (a download that failed?)", r->path);
    else {
        support_filters(a);
        archive_read_support_format_tar(a);
        archive_read_support_format_zip(a);
        result = gzip_is(start, size) ? read_gzipped(r, a) : read_plain(r, a, file);
    }
    archive_read_free(a);
    fclose(file);
    return result;
}

int members_is_web_page(const uint8_t *bytes, size_t size) {
    size_t start = 0;
    while (start < size && start < 64 && bytes[start] && strchr(" \t\r\n", bytes[start]))
        start++;
    return start < size && bytes[start] == '<';
}

int members_decompress(const char *name, const uint8_t *bytes, size_t size, size_t limit, uint8_t **out,
                       size_t *out_size, struct error *err) {
    *out = NULL;
    if (!size)
        return fail(err, "%s: an empty file", name);
    if (gzip_is(bytes, size))
        return gzip_decompress(name, bytes, size, limit, out, out_size, err);
    struct archive *a = archive_read_new();
    if (!a)
        return fail_memory(err, "an archive");
    support_filters(a);
    archive_read_support_format_raw(a);
    struct archive_entry *entry;
    if (archive_read_open_memory(a, bytes, size) != ARCHIVE_OK ||
        archive_read_next_header(a, &entry) != ARCHIVE_OK)
        fail(err, "%s: cannot be decompressed (%s)", name, archive_words(a));
    else
        *out = read_entry(a, name, "", limit, out_size, err);
    archive_read_free(a);
    return *out ? 0 : -1;
}

// ---------------------------------------------------------------------------------------------- folders

static int read_folder(struct members_reading *r, const char *below, int depth);

static int take_path(struct members_reading *r, const char *relative, int depth) {
    char path[PATH_SIZE];
    struct stat status;
    if (path_join(path, r->err, r->path, relative))
        return -1;
    if (stat(path, &status)) // a link that leads nowhere is nobody's business, unless it is what we look for
        return (errno == ENOENT || errno == ELOOP) && !r->wanted(r->context, relative)
                   ? 0
                   : fail_system(r->err, errno, "%s", path);
    if (S_ISDIR(status.st_mode))
        return read_folder(r, relative, depth + 1);
    if (++r->looked_at > MEMBERS_MAXIMUM)
        return fail(r->err, "%s: more than %d files", r->path, MEMBERS_MAXIMUM);
    if (!S_ISREG(status.st_mode) || !r->wanted(r->context, relative))
        return 0;
    size_t size;
    char *bytes = file_read(path, MEMBER_SIZE_MAXIMUM, &size, r->err);
    return bytes ? r->take(r->take_context, relative, (uint8_t *)bytes, size, r->err) : -1;
}

static int read_folder(struct members_reading *r, const char *below, int depth) {
    char path[PATH_SIZE], relative[PATH_SIZE];
    if (depth > DEPTH_MAXIMUM)
        return fail(r->err, "%s/%s: more than %d folders deep", r->path, below, DEPTH_MAXIMUM);
    if (path_join(path, r->err, r->path, below))
        return -1;
    DIR *folder = opendir(path);
    if (!folder)
        return fail_system(r->err, errno, "%s", path);
    struct dirent *entry;
    int result = 0, more;
    while (!result && (more = folder_next(folder, path, &entry, r->err))) {
        if (more < 0) {
            result = -1;
            break;
        }
        int length = snprintf(relative, sizeof relative, "%s%s%s", below, *below ? "/" : "", entry->d_name);
        result = length < PATH_SIZE ? take_path(r, relative, depth) : fail(r->err, "%s: path too long", path);
    }
    closedir(folder);
    return result;
}

// ---------------------------------------------------------------------------------------------- either

int members_stream(const char *path, member_wanted *wanted, const void *context, member_take *take,
                   void *take_context, struct error *err) {
    struct members_reading r = {.path = path,
                                .wanted = wanted,
                                .context = context,
                                .take = take,
                                .take_context = take_context,
                                .err = err};
    struct stat status;
    if (stat(path, &status))
        return fail_system(err, errno, "%s", path);
    return S_ISDIR(status.st_mode) ? read_folder(&r, "", 0) : read_archive(&r);
}

int members_read(const char *path, member_wanted *wanted, const void *context, struct members *out,
                 struct error *err) {
    *out = (struct members){0};
    struct collection c = {.path = path, .out = out};
    int result = members_stream(path, wanted, context, add_member, &c, err);
    if (!result && out->count)
        qsort(out->items, (size_t)out->count, sizeof *out->items, by_name);
    for (int i = 1; !result && i < out->count; i++)
        if (!strcmp(out->items[i].name, out->items[i - 1].name))
            result = fail(err, "%s: %s: stands there twice", path, out->items[i].name);
    if (result)
        members_free(out);
    return result;
}
