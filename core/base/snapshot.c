// SPDX-License-Identifier: Apache-2.0
#include "core/base/snapshot.h"

#include "core/base/digest.h"
#include "core/base/file.h"

#include <dirent.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// The file: "reffsnap", a head, the identity, the parts, and 64 hex digits over everything before them.
struct head {
    uint64_t version, identity_size, parts, bytes; // bytes: of all parts
};

static const char magic[8] = {'r', 'e', 'f', 'f', 's', 'n', 'a', 'p'};

enum { DIGITS = DIGEST_SIZE - 1 };

static struct head make_head(const char *identity, const struct snapshot_part *parts, int count) {
    struct head h = {.version = 1, .identity_size = strlen(identity), .parts = (uint64_t)count};
    for (int i = 0; i < count; i++)
        h.bytes += parts[i].size;
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
        put(&out, digest, parts[i].bytes, parts[i].size);
    digest_finish(digest, hex);
    fwrite(hex, 1, DIGITS, out.stream);
    old_name(path, old);
    if (file_exists(path)) {
        unlink(old);
        if (link(path, old))
            rename(path, old); // a file system without links
    }
    return output_commit(&out, err);
}

static int load(const char *path, const char *identity, const struct snapshot_part *parts, int count,
                struct error *err) {
    struct head want = make_head(identity, parts, count);
    size_t fixed = sizeof magic + sizeof want + want.identity_size, size;
    struct error unreadable;
    char hex[DIGEST_SIZE];
    char *file = file_read(path, fixed + want.bytes + DIGITS, &size, &unreadable);
    if (!file)
        return 0;
    int result = 0;
    if (size == fixed + want.bytes + DIGITS && !memcmp(file, magic, sizeof magic) &&
        !memcmp(file + sizeof magic, &want, sizeof want) &&
        !memcmp(file + sizeof magic + sizeof want, identity, want.identity_size))
        result =
            digest_bytes(file, size - DIGITS, hex, err) ? -1 : !memcmp(hex, file + size - DIGITS, DIGITS);
    const char *at = file + fixed;
    for (int i = 0; i < count && result == 1; i++) {
        memcpy(parts[i].bytes, at, parts[i].size);
        at += parts[i].size;
    }
    free(file);
    return result;
}

int snapshot_load(const char *path, const char *identity, const struct snapshot_part *parts, int count,
                  struct error *err) {
    char old[PATH_SIZE + 8];
    int result = load(path, identity, parts, count, err);
    old_name(path, old);
    return result ? result : load(old, identity, parts, count, err);
}

// What processes that were killed while saving left beside it: "<path>.part-<process>".
static void remove_parts(const char *path) {
    char folder[PATH_SIZE], part[PATH_SIZE];
    struct error ignored;
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    const char *name = slash ? path + (slash - folder) + 1 : path;
    if (slash)
        slash[slash == folder] = 0;
    DIR *entries = opendir(slash ? folder : ".");
    size_t length = strlen(name);
    for (struct dirent *entry; entries && (entry = readdir(entries));)
        if (!strncmp(entry->d_name, name, length) && !strncmp(entry->d_name + length, ".part-", 6) &&
            !path_join(part, &ignored, slash ? folder : ".", entry->d_name))
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
