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
#include <strings.h>
#include <sys/stat.h>

#define DEPTH_MAXIMUM 16 // of folders within folders

struct link { // in an archive, whose bytes are another member's
    char *name, *target;
    int taken;
};

struct members_reading {
    const char *path;
    member_wanted *wanted;
    const void *context;
    member_take *take;
    void *take_context;
    int looked_at;
    int link_count;
    struct link *links; // that are wanted
    int following;      // the second time through: targets of links are taken
    int names_only;     // no bytes are read
    struct error *err;
};

const char *member_file_name(const char *name) {
    const char *slash = strrchr(name, '/');
    return slash ? slash + 1 : name;
}

// What systems put beside files, which nobody means: macOS (._x, .DS_Store, __MACOSX/), Windows (Thumbs.db,
// desktop.ini).
static int is_clutter(const char *name) {
    const char *file = member_file_name(name);
    return !strncmp(file, "._", 2) || !strcasecmp(file, ".DS_Store") || !strcasecmp(file, "Thumbs.db") ||
           !strcasecmp(file, "desktop.ini") || !strncmp(name, "__MACOSX/", 9) || strstr(name, "/__MACOSX/");
}

static int is_wanted(const struct members_reading *r, const char *name) {
    return !is_clutter(name) && r->wanted(r->context, name);
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

// What sources are packed with. Of all that libarchive knows, some filters run programs that the file names
// by its first bytes (grzip, lrzip, lzop).
static void support_filters(struct archive *a) {
    archive_read_support_filter_gzip(a);
    archive_read_support_filter_bzip2(a);
    archive_read_support_filter_xz(a);
}

// Why an entry's data end: libarchive gives up on the entry alone where it is packed in a way that it does
// not know, and on the archive where that is damaged.
static int fail_entry(struct archive *a, struct archive_entry *entry, int got, size_t length,
                      const char *path, const char *name, struct error *err) {
    const char *colon = *name ? ": " : "";
    if (entry && archive_entry_is_encrypted(entry))
        return fail(err, "%s: %s%sis encrypted; unpack it, or pack it without a password", path, name, colon);
    if (!length && got == ARCHIVE_FAILED && archive_errno(a) == EILSEQ) // its word for a file's form
        return fail(err,
                    "%s: %s%spacked in a way that is not read (%s); unpack it, or pack it again as zip by "
                    "Deflate, or as tar.gz",
                    path, name, colon, archive_words(a));
    return fail(err, "%s: %s%struncated or damaged archive (%s)", path, name, colon, archive_words(a));
}

// The data of the current entry; NULL on failure.
static uint8_t *read_entry(struct archive *a, struct archive_entry *entry, const char *path, const char *name,
                           size_t limit, size_t *size, struct error *err) {
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
            fail_entry(a, entry, (int)got, length, path, name, err);
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

char *member_path(const char *name, const char *target, int from_folder, struct error *err) {
    size_t folder = from_folder && *target != '/' ? (size_t)(member_file_name(name) - name) : 0,
           size = folder + strlen(target) + 2, length = 0;
    char *joined = allocate(size, 1, "a link's target", err),
         *out = joined ? allocate(size, 1, "a link's target", err) : NULL;
    if (!out) {
        free(joined);
        return NULL;
    }
    memcpy(joined, name, folder);
    memcpy(joined + folder, target, strlen(target) + 1);
    for (char *at = joined; *(at += strspn(at, "/"));) {
        size_t part = strcspn(at, "/");
        if (part == 2 && !strncmp(at, "..", 2)) {
            while (length && out[--length] != '/')
                ;
        } else if (part != 1 || *at != '.') {
            if (length)
                out[length++] = '/';
            memcpy(out + length, at, part);
            length += part;
        }
        at += part;
    }
    out[length] = 0;
    free(joined);
    return out;
}

// A wanted name whose bytes lie under another one.
static int note_link(struct members_reading *r, const char *name, const char *target, int symbolic) {
    int count = r->link_count;
    if (!(count & (count - 1)) &&
        array_resize(r->links, count ? 2 * (size_t)count : 1, "a list of links", r->err))
        return -1;
    struct link link = {duplicate(name, r->err), NULL, 0};
    if (!link.name || !(link.target = member_path(name, target, symbolic, r->err))) {
        free(link.name);
        return -1;
    }
    r->links[r->link_count++] = link;
    return 0;
}

static int take_copy(struct members_reading *r, struct link *link, const uint8_t *bytes, size_t size) {
    uint8_t *copy = allocate(size + 1, 1, link->name, r->err);
    if (!copy)
        return -1;
    memcpy(copy, bytes, size);
    link->taken = 1;
    return r->take(r->take_context, link->name, copy, size, r->err);
}

static int leads_to(const struct link *link, const char *name) {
    return !link->taken && !strcmp(link->target, name);
}

// The second time through: a member that links lead to.
static int follow(struct members_reading *r, struct archive *a, struct archive_entry *entry,
                  const char *name) {
    int wanted = 0;
    for (int i = 0; i < r->link_count; i++)
        wanted |= leads_to(&r->links[i], name);
    if (!wanted)
        return 0;
    size_t size;
    uint8_t *bytes = read_entry(a, entry, r->path, name, MEMBER_SIZE_MAXIMUM, &size, r->err);
    int bad = !bytes;
    for (int i = 0; i < r->link_count && !bad; i++)
        if (leads_to(&r->links[i], name))
            bad = take_copy(r, &r->links[i], bytes, size);
    free(bytes);
    return bad ? -1 : 0;
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
    const char *hard = archive_entry_hardlink(entry),
               *symbolic = archive_entry_filetype(entry) == AE_IFLNK ? archive_entry_symlink(entry) : NULL;
    if (r->following)
        return hard || archive_entry_filetype(entry) != AE_IFREG ? 0 : follow(r, a, entry, name);
    if (r->names_only)
        return (hard || symbolic || archive_entry_filetype(entry) == AE_IFREG) && is_wanted(r, name)
                   ? r->take(r->take_context, name, NULL, 0, r->err)
                   : 0;
    if (hard || symbolic)
        return is_wanted(r, name) ? note_link(r, name, hard ? hard : symbolic, !hard) : 0;
    if (archive_entry_filetype(entry) != AE_IFREG || !is_wanted(r, name))
        return 0;
    size_t size;
    uint8_t *bytes = read_entry(a, entry, r->path, name, MEMBER_SIZE_MAXIMUM, &size, r->err);
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

// Archives of other kinds, by their first bytes; NULL: it may be one of ours.
static const char *other_archive(const uint8_t *bytes, size_t size) {
    static const struct {
        const char *magic;
        size_t length;
        const char *words;
    } kinds[] = {{"7z\xBC\xAF\x27\x1C", 6, "a 7z archive"},
                 {"Rar!\x1A\x07", 6, "a RAR archive"},
                 {"\x28\xB5\x2F\xFD", 4, "packed by zstd"},
                 {"\x89HDF", 4, "an HDF5 file"}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (size >= kinds[i].length && !memcmp(bytes, kinds[i].magic, kinds[i].length))
            return kinds[i].words;
    return NULL;
}

static int read_archive(struct members_reading *r) {
    uint8_t start[64];
    FILE *file = fopen(r->path, "rb");
    if (!file)
        return fail_system(r->err, errno, "%s", r->path);
    size_t size = fread(start, 1, sizeof start, file);
    const char *kind = other_archive(start, size);
    struct archive *a = archive_read_new();
    int result;
    if (!a)
        result = fail_memory(r->err, "an archive");
    else if (!size)
        result = ferror(file) ? fail_system(r->err, errno, "%s", r->path)
                              : fail(r->err, "%s: an empty file, not an archive", r->path);
    else if (members_is_web_page(start, size))
        result = fail(r->err, "%s: an HTML page, not an archive (a download that failed?)", r->path);
    else if (kind)
        result = fail(r->err, "%s: %s, which is not read; pack it as .zip, .tar or .tar.gz", r->path, kind);
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

// The links of an archive that are wanted: a second time through it for the bytes that they lead to.
static int read_links(struct members_reading *r) {
    for (int i = 0; i < r->link_count; i++) // a link may lead to a link, as often as there are some
        for (int hops = 0, k = 0; k < r->link_count && hops <= r->link_count; k++)
            if (strcmp(r->links[i].target, r->links[k].name) == 0) {
                char *target = duplicate(r->links[k].target, r->err);
                if (!target)
                    return -1;
                free(r->links[i].target);
                r->links[i].target = target;
                hops++;
                k = -1;
            }
    r->following = 1;
    r->looked_at = 0;
    if (read_archive(r))
        return -1;
    for (int i = 0; i < r->link_count; i++)
        if (!r->links[i].taken)
            return fail(r->err, "%s: %s: a link to %s, which is no file of the archive", r->path,
                        r->links[i].name, r->links[i].target);
    return 0;
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
        *out = read_entry(a, NULL, name, "", limit, out_size, err);
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
    if (stat(path,
             &status)) { // a link that leads nowhere is nobody's business, unless it is what we look for
        int cause = errno, leads_nowhere = cause == ENOENT || cause == ELOOP;
        if (leads_nowhere && !is_wanted(r, relative))
            return 0;
        return leads_nowhere ? fail(r->err, "%s: a symbolic link that leads nowhere", path)
                             : fail_system(r->err, cause, "%s", path);
    }
    if (S_ISDIR(status.st_mode))
        return strcmp(member_file_name(relative), "__MACOSX") ? read_folder(r, relative, depth + 1) : 0;
    if (++r->looked_at > MEMBERS_MAXIMUM)
        return fail(r->err, "%s: more than %d files", r->path, MEMBERS_MAXIMUM);
    if (!S_ISREG(status.st_mode) || !is_wanted(r, relative))
        return 0;
    if (r->names_only)
        return r->take(r->take_context, relative, NULL, 0, r->err);
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

static int read_any(struct members_reading *r) {
    struct stat status;
    if (stat(r->path, &status))
        return fail_system(r->err, errno, "%s", r->path);
    int result = S_ISDIR(status.st_mode) ? read_folder(r, "", 0) : read_archive(r);
    if (!result && r->link_count)
        result = read_links(r);
    for (int i = 0; i < r->link_count; i++) {
        free(r->links[i].name);
        free(r->links[i].target);
    }
    free(r->links);
    return result;
}

static int go_through(const char *path, member_wanted *wanted, const void *context, member_take *take,
                      void *take_context, int names_only, struct error *err) {
    struct members_reading r = {.path = path,
                                .wanted = wanted,
                                .context = context,
                                .take = take,
                                .take_context = take_context,
                                .names_only = names_only,
                                .err = err};
    return read_any(&r);
}

int members_stream(const char *path, member_wanted *wanted, const void *context, member_take *take,
                   void *take_context, struct error *err) {
    return go_through(path, wanted, context, take, take_context, 0, err);
}

int members_list(const char *path, member_wanted *wanted, const void *context, member_take *take,
                 void *take_context, struct error *err) {
    return go_through(path, wanted, context, take, take_context, 1, err);
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
