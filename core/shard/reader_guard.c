// SPDX-License-Identifier: Apache-2.0
// What protects from shards made by strangers, in the order in which it is asked: the file itself, its
// manifest, a first reading in a child, links, storage.
#include "core/base/isolate.h"
#include "core/shard/reader_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// ---------------------------------------------------------------------------------------------- the file

// Opening a pipe waits for its other end unless told not to; opening a device may do anything. -1 with a
// message.
int shard_guard_open(const char *path, off_t *size, struct error *err) {
    struct stat status;
    int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (descriptor < 0)
        return fail_system(err, errno, "%s", path);
    int bad = 0;
    if (fstat(descriptor, &status))
        bad = fail_system(err, errno, "%s", path);
    else if (S_ISDIR(status.st_mode))
        bad = fail(err, "%s: a folder, not a shard", path);
    else if (!S_ISREG(status.st_mode))
        bad = fail(err, "%s: a pipe, socket or device; a shard is a regular file", path);
    else
        *size = status.st_size;
    if (bad)
        close(descriptor);
    return bad ? -1 : descriptor;
}

static int check_regular(const char *path, off_t *size, struct error *err) {
    int descriptor = shard_guard_open(path, size, err);
    if (descriptor >= 0)
        close(descriptor);
    return descriptor < 0 ? -1 : 0;
}

// Whether the file is as long as its superblock says (HDF5 file format specification, section II.A): the
// commonest damage, a file cut short, needs no library to be seen.
static int is_whole(const uint8_t *start, size_t got, off_t size) {
    static const uint8_t signature[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
    if (got < 48 || memcmp(start, signature, sizeof signature) != 0)
        return size >= 512; // a block of the user's own may come first
    int version = start[8], address_size = start[version < 2 ? 13 : 9];
    uint64_t end;
    memcpy(&end, start + (version < 2 ? 40 : 28),
           sizeof end); // with addresses of 8 bytes; little-endian, as we are
    return address_size != 8 || version > 3 || (uint64_t)size >= end;
}

static int check_length(const char *path, struct error *err) {
    uint8_t start[64];
    off_t size;
    int descriptor = shard_guard_open(path, &size, err);
    if (descriptor < 0)
        return -1;
    ssize_t got = pread(descriptor, start, sizeof start, 0);
    int cause = errno;
    close(descriptor);
    if (got < 0)
        return fail_system(err, cause, "%s", path);
    return is_whole(start, (size_t)got, size)
               ? 0
               : fail(err, "%s: not a whole HDF5 file (cut short, or something else)", path);
}

static int check_manifest(const char *path, struct error *err) {
    enum { LINE_MAXIMUM = 2 * PATH_SIZE };
    char manifest[PATH_SIZE], measured[DIGEST_SIZE];
    struct stat status;
    if (snprintf(manifest, sizeof manifest, "%s.sha256", path) >= PATH_SIZE)
        return fail(err, "%.200s...: path too long", path);
    if (stat(manifest, &status))
        return errno == ENOENT ? 0 : fail_system(err, errno, "%s", manifest);
    off_t size;
    size_t length = 0;
    char *line = check_regular(manifest, &size, err) ? NULL : file_read(manifest, LINE_MAXIMUM, &length, err);
    if (!line)
        return -1;
    int bad = 0;
    if (length < DIGEST_SIZE || strspn(line, "0123456789abcdef") != DIGEST_SIZE - 1)
        bad = fail(err, "%s: does not begin with a SHA-256 digest, as sha256sum writes it", manifest);
    else if (!(bad = digest_file(path, measured, err)) && memcmp(line, measured, DIGEST_SIZE - 1) != 0)
        bad = fail(err, "%s: has the digest %.16s..., its manifest %s names %.16s...: damaged or changed",
                   path, measured, manifest, line);
    free(line);
    return bad ? -1 : 0;
}

int shard_guard_file(const char *path, int compare_manifest, struct error *err) {
    off_t size;
    int bad = check_regular(path, &size, err) || (compare_manifest && check_manifest(path, err));
    return bad || check_length(path, err) ? -1 : 0;
}

// ---------------------------------------------------------------------------------------------- a first reading

static int read_everything(void *context, struct error *err) {
    struct shard *s = shard_open_here(context, err);
    json_t *attributes = s ? shard_attributes(s, err) : NULL,
           *datasets = attributes ? shard_datasets(s, err) : NULL;
    return !datasets || shard_read_content(s, NULL, err) ? -1 : 0; // the child ends: nothing is given back
}

int shard_guard_parse(const char *path, struct error *err) {
    enum { SECONDS = 120, BYTES_PER_SECOND = 4 << 20, MEMORY = 1 << 30 };
    off_t size;
    int died;
    if (check_regular(path, &size, err))
        return -1;
    struct child_limits limits = {SECONDS + (unsigned long)size / BYTES_PER_SECOND, MEMORY};
    char file[PATH_SIZE];
    snprintf(file, sizeof file, "%s", path);
    if (!isolate_call(read_everything, file, limits, &died, err))
        return 0;
    if (died) {
        struct error how = *err;
        fail(err, "%s: damaged: reading it ends the HDF5 library (%s)", path, how.message);
    }
    return -1;
}

// ---------------------------------------------------------------------------------------------- links

struct link_check {
    struct shard *shard;
    struct error *err;
    int count, refused;
};

static const char *link_kind(H5L_type_t type) {
    return type == H5L_TYPE_SOFT       ? "a soft link"
           : type == H5L_TYPE_EXTERNAL ? "an external link"
                                       : "a link of a kind of its own";
}

// H5Literate's callback.
static herr_t check_link(hid_t file, const char *name, const H5L_info_t *info, void *context) {
    struct link_check *c = context;
    (void)file;
    c->refused = 1; // unless this link passes
    if (++c->count > SHARD_DATASETS_MAXIMUM)
        return fail(c->err, "%s: more than %d datasets", c->shard->path, SHARD_DATASETS_MAXIMUM);
    if (info->type != H5L_TYPE_HARD)
        return fail(c->err, "%s: '%.100s' is %s; a shard's datasets are in the file itself", c->shard->path,
                    name, link_kind(info->type));
    if (shard_guard_header(c->shard, name, info->u.address, c->err))
        return -1;
    c->refused = 0;
    return 0;
}

int shard_guard_links(struct shard *s, struct error *err) {
    struct link_check check = {s, err, 0, 0};
    hsize_t position = 0;
    H5O_info_t info;
    if (H5Literate(s->file, H5_INDEX_NAME, H5_ITER_NATIVE, &position, check_link, &check) < 0)
        return check.refused ? -1 : fail(err, "%s: its datasets cannot be listed: damaged", s->path);
    if (H5Oget_info2(s->file, &info, H5O_INFO_NUM_ATTRS) < 0 || info.num_attrs > SHARD_ATTRIBUTES_MAXIMUM)
        return fail(err, "%s: more than %d attributes, or none that can be counted", s->path,
                    SHARD_ATTRIBUTES_MAXIMUM);
    return 0;
}

// ---------------------------------------------------------------------------------------------- storage

static int check_filters(struct shard *s, hid_t properties, const char *name, struct error *err) {
    int count = H5Pget_nfilters(properties);
    for (int i = 0; i < count; i++) {
        unsigned flags, config;
        size_t values = 0;
        H5Z_filter_t filter =
            H5Pget_filter2(properties, (unsigned)i, &flags, &values, NULL, 0, NULL, &config);
        if (filter != H5Z_FILTER_DEFLATE && filter != H5Z_FILTER_SHUFFLE && filter != H5Z_FILTER_FLETCHER32)
            return fail(err,
                        "%s: '%s' is stored through HDF5's filter %d; gzip, shuffle and checksums are read",
                        s->path, name, (int)filter);
    }
    return 0;
}

static int check_chunk(struct shard *s, hid_t dataset, hid_t properties, const char *name,
                       struct error *err) {
    hsize_t chunk[H5S_MAX_RANK];
    hid_t type = H5Dget_type(dataset);
    double bytes = (double)H5Tget_size(type);
    H5Tclose(type);
    int rank = H5Pget_chunk(properties, H5S_MAX_RANK, chunk);
    for (int i = 0; i < rank; i++)
        bytes *= (double)chunk[i];
    if (rank < 1 || bytes > (double)SHARD_CHUNK_MAXIMUM)
        return fail(err, "%s: a chunk of '%s' has %.0f MB; at most %zu are read", s->path, name,
                    bytes / (1 << 20), SHARD_CHUNK_MAXIMUM >> 20);
    return 0;
}

int shard_guard_storage(struct shard *s, hid_t dataset, const char *name, struct error *err) {
    hid_t properties = H5Dget_create_plist(dataset);
    H5D_layout_t layout = H5Pget_layout(properties);
    int bad;
    if (layout == H5D_VIRTUAL)
        bad = fail(err, "%s: '%s' is a virtual dataset; a shard's values are in the file itself", s->path,
                   name);
    else if (layout < 0)
        bad = fail(err, "%s: '%s' is no readable dataset", s->path, name);
    else if (H5Pget_external_count(properties) != 0)
        bad = fail(err, "%s: '%s' has its values in another file; a shard's values are in the file itself",
                   s->path, name);
    else
        bad = layout == H5D_CHUNKED &&
              (check_filters(s, properties, name, err) || check_chunk(s, dataset, properties, name, err));
    H5Pclose(properties);
    return bad ? -1 : 0;
}
