// SPDX-License-Identifier: Apache-2.0
// Reading shards. A shard may come from a stranger: nothing in the file is believed before it is checked.
// Extents are bounded, and must be covered by bytes that are really there, before memory is asked for; the
// first reading happens in a child (reader_guard.c).
#include "core/base/memory.h"
#include "core/shard/reader_internal.h"

#include <stdlib.h>
#include <string.h>

#define DEFLATE_MAXIMUM 1100 // zlib never compresses better than 1032 : 1

// ---------------------------------------------------------------------------------------------- opening

static hid_t open_file(const char *path, struct error *err) {
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    // Locks fail on NFS and Lustre, and shards are never written in place: nothing needs them.
    if (access >= 0)
        H5Pset_file_locking(access, 0, 1);
    hid_t file = access >= 0 ? H5Fopen(path, H5F_ACC_RDONLY, access) : -1;
    H5Pclose(access);
    return file >= 0 ? file : fail(err, "%s: not a whole HDF5 file (cut short, or something else)", path);
}

static int integer_attribute(hid_t file, const char *name, int64_t *value) {
    if (H5Aexists(file, name) <= 0)
        return -1;
    hid_t attribute = H5Aopen(file, name, H5P_DEFAULT), space = H5Aget_space(attribute),
          type = H5Aget_type(attribute);
    int good = attribute >= 0 && H5Sget_simple_extent_npoints(space) == 1 &&
               H5Tget_class(type) == H5T_INTEGER && H5Aread(attribute, H5T_NATIVE_INT64, value) >= 0;
    H5Tclose(type);
    H5Sclose(space);
    H5Aclose(attribute);
    return good ? 0 : -1;
}

// The dataset opened anew with a cache that holds one of its chunks: images of a chunk are asked for one by
// one, and each asking would unpack it again.
static hid_t with_chunk_cache(hid_t file, const char *name, hid_t dataset) {
    hsize_t chunk[H5S_MAX_RANK];
    hid_t properties = H5Dget_create_plist(dataset), type = H5Dget_type(dataset),
          access = H5Pcreate(H5P_DATASET_ACCESS);
    size_t bytes = H5Tget_size(type);
    int rank = H5Pget_layout(properties) == H5D_CHUNKED ? H5Pget_chunk(properties, H5S_MAX_RANK, chunk) : 0;
    for (int i = 0; i < rank; i++)
        bytes *= chunk[i];
    if (rank > 0 && access >= 0 && H5Pset_chunk_cache(access, 101, bytes, 1) >= 0) {
        H5Dclose(dataset);
        dataset = H5Dopen2(file, name, access);
    }
    H5Pclose(access);
    H5Tclose(type);
    H5Pclose(properties);
    return dataset;
}

hid_t shard_open_dataset(struct shard *s, const char *name, int rank, hsize_t *shape, struct error *err) {
    int has = shard_has(s, name, err);
    if (has <= 0)
        return has < 0 ? -1 : fail(err, "%s: has no dataset '%s'", s->path, name);
    hid_t dataset = H5Dopen2(s->file, name, H5P_DEFAULT);
    if (dataset < 0)
        return fail(err, "%s: '%s' is no readable dataset", s->path, name);
    hid_t space = H5Dget_space(dataset);
    int found = H5Sget_simple_extent_ndims(space), bad = 0;
    if (found == rank)
        H5Sget_simple_extent_dims(space, shape, NULL);
    else
        bad = fail(err, "%s: '%s' has %d dimensions; it should have %d", s->path, name, found, rank);
    H5Sclose(space);
    if (bad || shard_guard_storage(s, dataset, name, err)) {
        H5Dclose(dataset);
        return -1;
    }
    dataset = with_chunk_cache(s->file, name, dataset);
    return dataset >= 0 ? dataset : fail(err, "%s: '%s' is no readable dataset", s->path, name);
}

static const char *class_name(H5T_class_t class, size_t size) {
    return class == H5T_STRING  ? "text of fixed length"
           : class == H5T_FLOAT ? "float64"
           : size == 1          ? "uint8"
                                : "int32";
}

int shard_check_values(struct shard *s, hid_t dataset, const char *name, H5T_class_t class, size_t size,
                       struct error *err) {
    hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset),
          properties = H5Dget_create_plist(dataset);
    H5T_class_t found = H5Tget_class(type);
    size_t found_size = H5Tget_size(type);
    hssize_t points = H5Sget_simple_extent_npoints(space);
    int filters = H5Pget_nfilters(properties);
    H5Tclose(type);
    H5Sclose(space);
    H5Pclose(properties);
    if (found != class || (size && found_size != size)) {
        char text[24];
        shard_type_text(dataset, text);
        return fail(err, "%s: '%s' holds %s; %s is needed", s->path, name,
                    *text ? text : shard_other_type(dataset), class_name(class, size));
    }
    if (!found_size) // a text of no length, which H5Tset_size would not make
        return fail(err, "%s: '%s' holds values of no size: damaged", s->path, name);
    double stored = (double)H5Dget_storage_size(dataset) * (filters > 0 ? DEFLATE_MAXIMUM : 1);
    if (points < 0 || (double)points * (double)found_size > stored)
        return fail(err, "%s: '%s' is larger than what the file holds of it", s->path, name);
    return 0;
}

static int check_shapes(struct shard *s, const hsize_t images[4], const hsize_t masks[3],
                        const hsize_t labels[1], struct error *err) {
    if (images[3] != 3)
        return fail(err, "%s: images have %llu channels; it should be 3%s", s->path,
                    (unsigned long long)images[3],
                    images[1] == 3 ? ", which come last: images.transpose(0, 2, 3, 1)" : "");
    if (images[0] != masks[0] || images[1] != masks[1] || images[2] != masks[2])
        return fail(err, "%s: shapes disagree: images [%llu,%llu,%llu,3], masks [%llu,%llu,%llu]", s->path,
                    (unsigned long long)images[0], (unsigned long long)images[1],
                    (unsigned long long)images[2], (unsigned long long)masks[0], (unsigned long long)masks[1],
                    (unsigned long long)masks[2]);
    if (images[0] != labels[0])
        return fail(err, "%s: shapes disagree: %llu images, %llu labels", s->path,
                    (unsigned long long)images[0], (unsigned long long)labels[0]);
    if (images[0] < 1 || images[0] > SHARD_COUNT_MAXIMUM || images[1] < 1 || images[1] > SHARD_SIDE_MAXIMUM ||
        images[2] < 1 || images[2] > SHARD_SIDE_MAXIMUM)
        return fail(err, "%s: %llu images of %llu x %llu pixels are not in 1..%d images of 1..%d pixels",
                    s->path, (unsigned long long)images[0], (unsigned long long)images[2],
                    (unsigned long long)images[1], SHARD_COUNT_MAXIMUM, SHARD_SIDE_MAXIMUM);
    return 0;
}

static int read_labels(struct shard *s, hid_t dataset, struct error *err) {
    s->labels = allocate((size_t)s->shape.count, sizeof *s->labels, "labels", err);
    if (!s->labels)
        return -1;
    if (H5Dread(dataset, H5T_NATIVE_INT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, s->labels) < 0)
        return fail(err, "%s: labels cannot be read: damaged", s->path);
    for (long i = 0; i < s->shape.count; i++)
        if (s->labels[i] < 0 || s->labels[i] >= s->shape.classes)
            return fail(err, "%s: image %ld: label %d is not in 0..%d", s->path, i, s->labels[i],
                        s->shape.classes - 1);
    return 0;
}

// Datasets, types, shapes, labels.
static int check_datasets(struct shard *s, struct error *err) {
    hsize_t images[4], masks[3], labels[1];
    hid_t dataset = -1;
    if ((s->images = shard_open_dataset(s, "images", 4, images, err)) < 0 ||
        (s->masks = shard_open_dataset(s, "masks", 3, masks, err)) < 0 ||
        (dataset = shard_open_dataset(s, "labels", 1, labels, err)) < 0)
        return -1;
    int bad = check_shapes(s, images, masks, labels, err);
    if (!bad) {
        s->shape.count = (long)images[0];
        s->shape.height = (int)images[1];
        s->shape.width = (int)images[2];
        bad = shard_check_values(s, s->images, "images", H5T_INTEGER, 1, err) ||
              shard_check_values(s, s->masks, "masks", H5T_INTEGER, 1, err) ||
              shard_check_values(s, dataset, "labels", H5T_INTEGER, 0, err) || read_labels(s, dataset, err);
    }
    H5Dclose(dataset);
    return bad ? -1 : 0;
}

static int read_into_memory(struct shard *s, struct error *err) {
    size_t pixels = (size_t)s->shape.height * (size_t)s->shape.width, count = (size_t)s->shape.count;
    if (4 * pixels > SHARD_MEMORY_MAXIMUM / count)
        return 0;
    s->image_memory = allocate(count, 3 * pixels, "images of a shard", err);
    s->mask_memory = s->image_memory ? allocate(count, pixels, "masks of a shard", err) : NULL;
    if (!s->mask_memory)
        return -1;
    if (H5Dread(s->images, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, s->image_memory) < 0)
        return fail(err, "%s: images cannot be read: damaged", s->path);
    if (H5Dread(s->masks, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, s->mask_memory) < 0)
        return fail(err, "%s: masks cannot be read: damaged", s->path);
    return 0;
}

static void read_content(struct shard *s) {
    if (H5Aexists(s->file, "content_sha256") <= 0)
        return;
    hid_t attribute = H5Aopen(s->file, "content_sha256", H5P_DEFAULT), type = H5Aget_type(attribute);
    if (H5Tget_class(type) == H5T_STRING && !H5Tis_variable_str(type) && H5Tget_size(type) == DIGEST_SIZE - 1)
        if (H5Aread(attribute, type, s->content) < 0)
            s->content[0] = 0;
    H5Tclose(type);
    H5Aclose(attribute);
}

static int check_attributes(struct shard *s, struct error *err) {
    int64_t version, classes;
    if (integer_attribute(s->file, "format_version", &version))
        return fail(
            err,
            "%s: an HDF5 file, but no shard: it lacks the attribute format_version, the whole number %d "
            "(docs/shards.md says how to make one)",
            s->path, SHARD_FORMAT_VERSION);
    if (version != SHARD_FORMAT_VERSION)
        return fail(err, "%s: shard of format version %lld; this program reads version %d", s->path,
                    (long long)version, SHARD_FORMAT_VERSION);
    if (integer_attribute(s->file, "classes", &classes) || classes < 1 || classes > 1 << 20)
        return fail(err, "%s: attribute classes, the number of classes, is missing or out of range", s->path);
    s->shape.classes = (int)classes;
    read_content(s);
    return 0;
}

struct shard *shard_open_here(const char *path, struct error *err) {
    if (memory_room(SHARD_LIBRARY_ROOM, path, err))
        return NULL;
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL); // our messages instead of the library's stack
    H5PLset_loading_state(0);              // a file's filters never make the library load a program's code
    struct shard *s = allocate(1, sizeof *s, "a shard", err);
    if (!s)
        return NULL;
    s->file = s->images = s->masks = -1;
    if (snprintf(s->path, PATH_SIZE, "%s", path) >= PATH_SIZE)
        fail(err, "%.200s...: path too long", path);
    else if (!shard_guard_root(path, err) && (s->file = open_file(path, err)) >= 0 &&
             !shard_guard_links(s, err) && !check_attributes(s, err) && !check_datasets(s, err))
        return s;
    shard_close(s);
    return NULL;
}

static struct shard *open_guarded(const char *path, int compare_manifest, struct error *err) {
    if (shard_guard_file(path, compare_manifest, err) || shard_guard_parse(path, err))
        return NULL;
    return shard_open_here(path, err);
}

struct shard *shard_open(const char *path, struct error *err) {
    return open_guarded(path, 1, err);
}

struct shard *shard_open_to_verify(const char *path, struct error *err) {
    return open_guarded(path, 0, err);
}

// The digest that the file claims against that of what was read; a file that claims none gets its own.
static int measure_content(struct shard *s, struct error *err) {
    char measured[DIGEST_SIZE];
    if (shard_content_compute(s, measured, err))
        return -1;
    if (*s->content && strcmp(s->content, measured) != 0)
        return fail(err,
                    "%s: its content has the digest %.16s..., not %.16s... as it says: damaged or changed",
                    s->path, measured, s->content);
    memcpy(s->content, measured, DIGEST_SIZE);
    if (s->mask_most == 1) // next to nothing would count as annotated
        return fail(err, "%s: masks hold 0 and 1; 0 and 255 are expected: multiply them by 255", s->path);
    return 0;
}

struct shard *shard_open_measured(const char *path, struct error *err) {
    struct shard *s = shard_open(path, err);
    if (s && (read_into_memory(s, err) || measure_content(s, err))) {
        shard_close(s);
        return NULL;
    }
    return s;
}

void shard_close(struct shard *s) {
    if (!s)
        return;
    if (s->images >= 0)
        H5Dclose(s->images);
    if (s->masks >= 0)
        H5Dclose(s->masks);
    if (s->file >= 0)
        H5Fclose(s->file);
    free(s->image_memory);
    free(s->mask_memory);
    free(s->labels);
    free(s);
}

struct shard_shape shard_shape(const struct shard *s) {
    return s->shape;
}

const char *shard_path(const struct shard *s) {
    return s->path;
}

const char *shard_content_digest(const struct shard *s) {
    return s->content;
}

// ---------------------------------------------------------------------------------------------- images

int shard_read_image(struct shard *s, hid_t dataset, int rank, uint32_t index, uint8_t *out,
                     struct error *err) {
    hsize_t start[4] = {index, 0, 0, 0};
    hsize_t extent[4] = {1, (hsize_t)s->shape.height, (hsize_t)s->shape.width, 3};
    hid_t space = H5Dget_space(dataset), memory = H5Screate_simple(rank, extent, NULL);
    int bad = H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, extent, NULL) < 0 ||
              H5Dread(dataset, H5T_NATIVE_UINT8, memory, space, H5P_DEFAULT, out) < 0;
    H5Sclose(memory);
    H5Sclose(space);
    return bad ? fail(err, "%s: image %u cannot be read: damaged", s->path, index) : 0;
}

int shard_read(struct shard *s, const uint32_t *index, int count, uint8_t *images, uint8_t *masks,
               int32_t *labels, struct error *err) {
    size_t pixels = (size_t)s->shape.height * (size_t)s->shape.width;
    for (int i = 0; i < count; i++) {
        if (index[i] >= (uint32_t)s->shape.count)
            return fail(err, "%s: there is no image %u among %ld", s->path, index[i], s->shape.count);
        uint8_t *image = images ? images + (size_t)i * 3 * pixels : NULL;
        uint8_t *mask = masks ? masks + (size_t)i * pixels : NULL;
        if (image && s->image_memory)
            memcpy(image, s->image_memory + index[i] * 3 * pixels, 3 * pixels);
        else if (image && shard_read_image(s, s->images, 4, index[i], image, err))
            return -1;
        if (mask && s->mask_memory)
            memcpy(mask, s->mask_memory + index[i] * pixels, pixels);
        else if (mask && shard_read_image(s, s->masks, 3, index[i], mask, err))
            return -1;
        if (labels)
            labels[i] = s->labels[index[i]];
    }
    return 0;
}

int shard_summarise(const char *path, struct shard_summary *summary, struct error *err) {
    struct shard *s = shard_open_here(path, err);
    if (!s)
        return -1;
    size_t pixels = (size_t)s->shape.height * (size_t)s->shape.width;
    uint8_t *mask = allocate(pixels, 1, "a mask", err);
    double sum = 0;
    int bad = !mask;
    for (long i = 0; i < s->shape.count && !bad; i++) {
        bad = shard_read_image(s, s->masks, 3, (uint32_t)i, mask, err);
        uint64_t of_image = 0;
        for (size_t p = 0; p < pixels && !bad; p++)
            of_image += mask[p];
        sum += (double)of_image;
    }
    *summary = (struct shard_summary){.shape = s->shape,
                                      .annotated = sum / 255 / (double)pixels / (double)s->shape.count};
    free(mask);
    shard_close(s);
    return bad ? -1 : 0;
}
