// SPDX-License-Identifier: Apache-2.0
#include "core/base/snapshot.h"

#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/base/memory.h"
#include "core/base/notice.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// The file: "reffsnap", a head, the identity, the parts, and 64 hex digits over everything before them.
struct head {
    uint64_t version, identity_size, parts, sizes[SNAPSHOT_PARTS_MAXIMUM];
};

static const char magic[8] = {'r', 'e', 'f', 'f', 's', 'n', 'a', 'p'};

enum { DIGITS = DIGEST_SIZE - 1 };

static const char *text_of(const struct snapshot_part *p) {
    return *p->text ? *p->text : "";
}

static struct head make_head(const char *identity, const struct snapshot_part *parts, int count) {
    struct head h = {.version = 2, .identity_size = strlen(identity), .parts = (uint64_t)count};
    for (int i = 0; i < count; i++)
        h.sizes[i] = parts[i].text ? strlen(text_of(&parts[i])) : parts[i].size;
    return h;
}

static void old_name(const char *path, char old[PATH_SIZE + 8]) {
    snprintf(old, PATH_SIZE + 8, "%s.old", path);
}

static void put(struct output *out, struct digest *digest, const void *bytes, size_t size) {
    fwrite(bytes, 1, size, out->stream);
    digest_add(digest, bytes, size);
}

int snapshot_save(const char *path, const char *identity, const struct snapshot_part *parts, int count,
                  struct error *err) {
    struct head h = make_head(identity, parts, count);
    struct output out;
    char hex[DIGEST_SIZE], old[PATH_SIZE + 8];
    if (output_open(&out, path, err))
        return -1;
    struct digest *digest = digest_start(err);
    if (!digest) {
        output_discard(&out);
        return -1;
    }
    put(&out, digest, magic, sizeof magic);
    put(&out, digest, &h, sizeof h);
    put(&out, digest, identity, h.identity_size);
    for (int i = 0; i < count; i++)
        put(&out, digest, parts[i].text ? text_of(&parts[i]) : parts[i].bytes, h.sizes[i]);
    digest_finish(digest, hex);
    fwrite(hex, 1, DIGITS, out.stream);
    old_name(path, old);
    int before = file_is_there(path, err);
    if (before < 0) {
        output_discard(&out);
        return -1;
    }
    if (before) {
        unlink(old);
        if (link(path, old))
            rename(path, old); // a file system without links
    }
    return output_commit(&out, err);
}

// ---------------------------------------------------------------------------------------- reading

// Reads on to `size` bytes. 1, 0 at the end of the file, -1 when it cannot be read.
static int take(FILE *file, const char *path, void *bytes, size_t size, struct error *err) {
    if (fread(bytes, 1, size, file) == size)
        return 1;
    return ferror(file) ? fail_system(err, errno, "%s", path) : 0;
}

// Whether the file ends with the digest over all before it: 1, 0, or -1 when it cannot be read.
static int check_digest(FILE *file, const char *path, size_t size, struct error *err) {
    char buffer[1 << 14], hex[DIGEST_SIZE], stored[DIGITS];
    struct digest *digest = digest_start(err);
    int whole = 1;
    if (!digest)
        return -1;
    for (size_t done = 0, now; done < size && whole == 1; done += now) {
        now = size - done < sizeof buffer ? size - done : sizeof buffer;
        whole = take(file, path, buffer, now, err);
        if (whole == 1)
            digest_add(digest, buffer, now);
    }
    digest_finish(digest, hex);
    if (whole == 1)
        whole = take(file, path, stored, DIGITS, err);
    return whole == 1 ? !memcmp(hex, stored, DIGITS) : whole;
}

// 1: the file is there and whole; *file stands at its beginning, and *size bytes come before the digits. 0:
// it is not there, or damaged, which is a notice. -1: it cannot be read.
static int open_whole(const char *path, FILE **file, size_t *size, struct text *notices, struct error *err) {
    struct stat status;
    *file = fopen(path, "rb");
    if (!*file)
        return errno == ENOENT ? 0 : fail_system(err, errno, "%s", path);
    int found = -1;
    if (fstat(fileno(*file), &status))
        fail_system(err, errno, "%s", path);
    else if (!S_ISREG(status.st_mode))
        fail(err, "%s: not a regular file", path);
    else
        found = status.st_size >= DIGITS;
    *size = found == 1 ? (size_t)status.st_size - DIGITS : 0;
    if (found == 1)
        found = check_digest(*file, path, *size, err);
    if (!found)
        notice_add(notices, "%s: damaged: ignored", path);
    rewind(*file);
    if (found != 1)
        fclose(*file);
    return found;
}

static int take_more(FILE *file, const char *path, void *bytes, size_t size, struct error *err) {
    return take(file, path, bytes, size, err) == 1 ? 0 : fail(err, "%s: shorter than a moment ago", path);
}

// Whether the open file is of this identity and these parts; then it stands at their beginning, and *want has
// the sizes of its texts.
static int is_ours(FILE *file, const char *path, size_t size, struct head *want,
                   const struct snapshot_part *parts, const char *identity, struct error *err) {
    char start[sizeof magic], buffer[256];
    struct head h;
    if (size < sizeof start + sizeof h)
        return 0;
    if (take_more(file, path, start, sizeof start, err) || take_more(file, path, &h, sizeof h, err))
        return -1;
    size_t all = sizeof start + sizeof h + want->identity_size;
    for (uint64_t i = 0; i < want->parts; i++) {
        if (parts[i].text)
            want->sizes[i] = h.sizes[i];
        all += want->sizes[i];
    }
    if (memcmp(start, magic, sizeof magic) != 0 || memcmp(&h, want, sizeof h) != 0 || size != all)
        return 0;
    for (size_t done = 0, now; done < h.identity_size; done += now) {
        now = h.identity_size - done < sizeof buffer ? h.identity_size - done : sizeof buffer;
        if (take_more(file, path, buffer, now, err))
            return -1;
        if (memcmp(buffer, identity + done, now) != 0)
            return 0;
    }
    return 1;
}

static int fill(FILE *file, const char *path, const struct head *h, const struct snapshot_part *parts,
                struct error *err) {
    char *texts[SNAPSHOT_PARTS_MAXIMUM] = {0};
    int failed = 0;
    for (uint64_t i = 0; i < h->parts && !failed; i++) {
        const struct snapshot_part *p = &parts[i];
        failed = (p->text && !(texts[i] = allocate(h->sizes[i] + 1, 1, "a text of a checkpoint", err))) ||
                 take_more(file, path, p->text ? texts[i] : p->bytes, h->sizes[i], err);
    }
    for (uint64_t i = 0; i < h->parts; i++) {
        if (failed)
            free(texts[i]);
        else if (parts[i].text)
            *parts[i].text = texts[i];
    }
    return failed ? -1 : 1;
}

static int load(const char *path, const char *identity, const struct snapshot_part *parts, int count,
                struct text *notices, struct error *err) {
    struct head h = make_head(identity, parts, count);
    size_t size = 0;
    FILE *file;
    int found = open_whole(path, &file, &size, notices, err);
    if (found != 1)
        return found;
    found = is_ours(file, path, size, &h, parts, identity, err);
    if (!found)
        notice_add(notices, "%s: of other work or another version: ignored", path);
    if (found == 1)
        found = fill(file, path, &h, parts, err);
    fclose(file);
    return found;
}

int snapshot_load(const char *path, const char *identity, const struct snapshot_part *parts, int count,
                  struct text *notices, struct error *err) {
    char old[PATH_SIZE + 8];
    int result = load(path, identity, parts, count, notices, err);
    old_name(path, old);
    return result ? result : load(old, identity, parts, count, notices, err);
}

// ---------------------------------------------------------------------------------------- removing

// What processes that were killed while saving left beside it: "<path>.part-<process>".
static void remove_parts(const char *path) {
    char folder[PATH_SIZE], part[PATH_SIZE];
    struct error ignored;
    path_folder(folder, path);
    const char *name = path_name(path);
    DIR *entries = opendir(folder);
    size_t length = strlen(name);
    for (struct dirent *entry; entries && (entry = readdir(entries));)
        if (!strncmp(entry->d_name, name, length) && !strncmp(entry->d_name + length, ".part-", 6) &&
            !path_join(part, &ignored, folder, entry->d_name))
            unlink(part);
    if (entries)
        closedir(entries);
}

void snapshot_remove(const char *path) {
    char old[PATH_SIZE + 8];
    old_name(path, old);
    unlink(path);
    unlink(old);
    remove_parts(path);
}
