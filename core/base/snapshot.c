// SPDX-License-Identifier: Apache-2.0
#include "core/base/snapshot.h"

#include "core/base/digest.h"
#include "core/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
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

// ---------------------------------------------------------------------------------------- reading

// Reads on to `size` bytes. 1, 0 at the end of the file, -1 when it cannot be read.
static int take(FILE *file, const char *path, void *bytes, size_t size, struct error *err) {
    if (fread(bytes, 1, size, file) == size)
        return 1;
    return ferror(file) ? fail(err, "%s: %s", path, strerror(errno)) : 0;
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

int snapshot_open(const char *path, FILE **file, size_t *size, struct error *err) {
    struct stat status;
    *file = fopen(path, "rb");
    if (!*file)
        return errno == ENOENT ? 0 : fail(err, "%s: %s", path, strerror(errno));
    int found = -1;
    if (fstat(fileno(*file), &status))
        fail(err, "%s: %s", path, strerror(errno));
    else if (!S_ISREG(status.st_mode))
        fail(err, "%s: not a regular file", path);
    else
        found = status.st_size >= DIGITS;
    *size = found == 1 ? (size_t)status.st_size - DIGITS : 0;
    if (found == 1)
        found = check_digest(*file, path, *size, err);
    if (!found)
        fail(err, "%s: damaged: ignored", path);
    rewind(*file);
    if (found != 1)
        fclose(*file);
    return found;
}

int snapshot_take(FILE *file, const char *path, void *bytes, size_t size, struct error *err) {
    int found = take(file, path, bytes, size, err);
    return found ? found : fail(err, "%s: shorter than a moment ago", path);
}

// Whether the open file is of this identity and these parts; then it stands at their beginning.
static int is_ours(FILE *file, const char *path, size_t size, const struct head *want, const char *identity,
                   struct error *err) {
    char start[sizeof magic], buffer[256];
    struct head h;
    if (size != sizeof start + sizeof h + want->identity_size + want->bytes)
        return 0;
    if (snapshot_take(file, path, start, sizeof start, err) < 0 ||
        snapshot_take(file, path, &h, sizeof h, err) < 0)
        return -1;
    if (memcmp(start, magic, sizeof magic) != 0 || memcmp(&h, want, sizeof h) != 0)
        return 0;
    for (size_t done = 0, now; done < h.identity_size; done += now) {
        now = h.identity_size - done < sizeof buffer ? h.identity_size - done : sizeof buffer;
        if (snapshot_take(file, path, buffer, now, err) < 0)
            return -1;
        if (memcmp(buffer, identity + done, now) != 0)
            return 0;
    }
    return 1;
}

static int load(const char *path, const char *identity, const struct snapshot_part *parts, int count,
                struct error *err) {
    struct head want = make_head(identity, parts, count);
    size_t size;
    FILE *file;
    int found = snapshot_open(path, &file, &size, err);
    if (found != 1)
        return found;
    found = is_ours(file, path, size, &want, identity, err);
    if (!found)
        fail(err, "%s: of other work: ignored", path);
    for (int i = 0; i < count && found == 1; i++)
        found = snapshot_take(file, path, parts[i].bytes, parts[i].size, err);
    fclose(file);
    return found;
}

int snapshot_load(const char *path, const char *identity, const struct snapshot_part *parts, int count,
                  struct error *err) {
    char old[PATH_SIZE + 8];
    *err = (struct error){0};
    int result = load(path, identity, parts, count, err);
    old_name(path, old);
    return result ? result : load(old, identity, parts, count, err);
}

void snapshot_tell(struct error *err) {
    if (*err->message)
        fprintf(stderr, "reff: %s\n", err->message);
    *err = (struct error){0};
}

// ---------------------------------------------------------------------------------------- removing

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
