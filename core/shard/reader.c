// SPDX-License-Identifier: Apache-2.0
// Reading shards. Nothing in the file is believed before it is checked: extents are bounded, and must be
// covered by bytes that are really there, before memory is asked for.
#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/base/memory.h"
#include "core/shard/content.h"
#include "core/shard/shard.h"

#include <errno.h>
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define COUNT_MOST      (1L << 24)
#define SIDE_MOST       8192
#define TEXT_MOST       4096
#define DATASETS_MOST   80
#define ATTRIBUTES_MOST 256
#define MEMORY_MOST     ((size_t)1 << 30) // images and masks up to here are kept in memory
#define DEFLATE_MOST    1100              // zlib never compresses better than 1032 : 1

struct shard {
    char path[PATH_SIZE];
    struct shard_shape shape;
    hid_t file, images, masks;
    uint8_t *image_memory, *mask_memory; // all of them, or NULL: read from the file
    int32_t *labels;                     // [N]
    char content[DIGEST_SIZE];
};

// ---------------------------------------------------------------------------------------------- opening

static hid_t open_file(const char *path, struct error *err) {
    FILE *stream = fopen(path, "rb"); // for the system's own words when it cannot be read
    if (!stream)
        return fail_system(err, errno, "%s", path);
    fclose(stream);
    struct stat status;
    if (!stat(path, &status) && S_ISDIR(status.st_mode))
        return fail(err, "%s: a folder, not a shard", path);
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

// Opens a dataset of the root group; its extents into `shape` (rank of them).
static hid_t open_dataset(struct shard *s, const char *name, int rank, hsize_t *shape, struct error *err) {
    if (H5Lexists(s->file, name, H5P_DEFAULT) <= 0)
        return fail(err, "%s: has no dataset '%s'", s->path, name);
    hid_t dataset = H5Dopen2(s->file, name, H5P_DEFAULT);
    if (dataset < 0)
        return fail(err, "%s: '%s' is no readable dataset", s->path, name);
    hid_t space = H5Dget_space(dataset);
    int found = H5Sget_simple_extent_ndims(space);
    if (found == rank)
        H5Sget_simple_extent_dims(space, shape, NULL);
    H5Sclose(space);
    if (found != rank) {
        H5Dclose(dataset);
        return fail(err, "%s: '%s' has %d dimensions; it should have %d", s->path, name, found, rank);
    }
    return dataset;
}

// Whether the dataset's values are of the class and size, and whether the file holds as many bytes as they
// need.
static int check_storage(struct shard *s, hid_t dataset, const char *name, H5T_class_t class, size_t size,
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
    if (found != class || (size && found_size != size))
        return fail(err, "%s: '%s' has values of another type than expected", s->path, name);
    double stored = (double)H5Dget_storage_size(dataset) * (filters > 0 ? DEFLATE_MOST : 1);
    if (points < 0 || (double)points * (double)found_size > stored)
        return fail(err, "%s: '%s' is larger than what the file holds of it", s->path, name);
    return 0;
}

static int check_shapes(struct shard *s, const hsize_t images[4], const hsize_t masks[3],
                        const hsize_t labels[1], struct error *err) {
    if (images[3] != 3)
        return fail(err, "%s: images have %llu channels; it should be 3", s->path,
                    (unsigned long long)images[3]);
    if (images[0] != masks[0] || images[1] != masks[1] || images[2] != masks[2])
        return fail(err, "%s: shapes disagree: images [%llu,%llu,%llu,3], masks [%llu,%llu,%llu]", s->path,
                    (unsigned long long)images[0], (unsigned long long)images[1],
                    (unsigned long long)images[2], (unsigned long long)masks[0], (unsigned long long)masks[1],
                    (unsigned long long)masks[2]);
    if (images[0] != labels[0])
        return fail(err, "%s: shapes disagree: %llu images, %llu labels", s->path,
                    (unsigned long long)images[0], (unsigned long long)labels[0]);
    if (images[0] < 1 || images[0] > COUNT_MOST || images[1] < 1 || images[1] > SIDE_MOST || images[2] < 1 ||
        images[2] > SIDE_MOST)
        return fail(err, "%s: %llu images of %llu x %llu pixels are not in 1..%ld images of 1..%d pixels",
                    s->path, (unsigned long long)images[0], (unsigned long long)images[2],
                    (unsigned long long)images[1], COUNT_MOST, SIDE_MOST);
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
    if ((s->images = open_dataset(s, "images", 4, images, err)) < 0 ||
        (s->masks = open_dataset(s, "masks", 3, masks, err)) < 0 ||
        (dataset = open_dataset(s, "labels", 1, labels, err)) < 0)
        return -1;
    int bad = check_shapes(s, images, masks, labels, err);
    if (!bad) {
        s->shape.count = (long)images[0];
        s->shape.height = (int)images[1];
        s->shape.width = (int)images[2];
        bad = check_storage(s, s->images, "images", H5T_INTEGER, 1, err) ||
              check_storage(s, s->masks, "masks", H5T_INTEGER, 1, err) ||
              check_storage(s, dataset, "labels", H5T_INTEGER, 0, err) || read_labels(s, dataset, err);
    }
    H5Dclose(dataset);
    return bad ? -1 : 0;
}

static int read_into_memory(struct shard *s, struct error *err) {
    size_t pixels = (size_t)s->shape.height * (size_t)s->shape.width, count = (size_t)s->shape.count;
    if (4 * pixels > MEMORY_MOST / count)
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
        return fail(err, "%s: an HDF5 file, but no shard (no attribute format_version)", s->path);
    if (version != SHARD_FORMAT_VERSION)
        return fail(err, "%s: shard of format version %lld; this program reads version %d", s->path,
                    (long long)version, SHARD_FORMAT_VERSION);
    if (integer_attribute(s->file, "classes", &classes) || classes < 1 || classes > 1 << 20)
        return fail(err, "%s: attribute classes is missing or out of range", s->path);
    s->shape.classes = (int)classes;
    read_content(s);
    return 0;
}

// Checked, but with its images in the file alone.
static struct shard *open_checked(const char *path, struct error *err) {
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL); // our messages instead of the library's stack
    struct shard *s = allocate(1, sizeof *s, "a shard", err);
    if (!s)
        return NULL;
    s->file = s->images = s->masks = -1;
    if (snprintf(s->path, PATH_SIZE, "%s", path) >= PATH_SIZE)
        fail(err, "%.200s...: path too long", path);
    else if ((s->file = open_file(path, err)) >= 0 && !check_attributes(s, err) && !check_datasets(s, err))
        return s;
    shard_close(s);
    return NULL;
}

struct shard *shard_open(const char *path, struct error *err) {
    struct shard *s = open_checked(path, err);
    if (!s || !read_into_memory(s, err))
        return s;
    shard_close(s);
    return NULL;
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

// Image `index` of a dataset [N,H,W] or [N,H,W,3] from the file.
static int read_one(struct shard *s, hid_t dataset, int rank, uint32_t index, uint8_t *out,
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
        else if (image && read_one(s, s->images, 4, index[i], image, err))
            return -1;
        if (mask && s->mask_memory)
            memcpy(mask, s->mask_memory + index[i] * pixels, pixels);
        else if (mask && read_one(s, s->masks, 3, index[i], mask, err))
            return -1;
        if (labels)
            labels[i] = s->labels[index[i]];
    }
    return 0;
}

int shard_summarise(const char *path, struct shard_summary *summary, struct error *err) {
    struct shard *s = open_checked(path, err);
    if (!s)
        return -1;
    size_t pixels = (size_t)s->shape.height * (size_t)s->shape.width;
    uint8_t *mask = allocate(pixels, 1, "a mask", err);
    double sum = 0;
    int bad = !mask;
    for (long i = 0; i < s->shape.count && !bad; i++) {
        bad = read_one(s, s->masks, 3, (uint32_t)i, mask, err);
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

// ---------------------------------------------------------------------------------------------- columns

// Opens column `name` [N] of the class; size 0: any.
static hid_t open_column(struct shard *s, const char *name, H5T_class_t class, size_t size,
                         struct error *err) {
    hsize_t extent[1];
    hid_t dataset = open_dataset(s, name, 1, extent, err);
    if (dataset < 0)
        return -1;
    int bad = 0;
    if (extent[0] != (hsize_t)s->shape.count)
        bad = fail(err, "%s: '%s' has %llu values for %ld images", s->path, name,
                   (unsigned long long)extent[0], s->shape.count);
    if (!bad)
        bad = check_storage(s, dataset, name, class, size, err);
    if (bad)
        H5Dclose(dataset);
    return bad ? -1 : dataset;
}

static int read_column(struct shard *s, const char *name, H5T_class_t class, hid_t memory, void *out,
                       struct error *err) {
    hid_t dataset = open_column(s, name, class, 0, err);
    if (dataset < 0)
        return -1;
    int bad = H5Dread(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, out) < 0;
    H5Dclose(dataset);
    return bad ? fail(err, "%s: '%s' cannot be read: damaged", s->path, name) : 0;
}

int shard_column(struct shard *s, const char *name, int32_t *out, struct error *err) {
    return read_column(s, name, H5T_INTEGER, H5T_NATIVE_INT32, out, err);
}

int shard_real_column(struct shard *s, const char *name, double *out, struct error *err) {
    return read_column(s, name, H5T_FLOAT, H5T_NATIVE_DOUBLE, out, err);
}

int shard_text_column(struct shard *s, const char *name, char **values, size_t *size, struct error *err) {
    hid_t dataset = open_column(s, name, H5T_STRING, 0, err);
    if (dataset < 0)
        return -1;
    *values = NULL;
    hid_t type = H5Dget_type(dataset), memory = -1;
    size_t stored = H5Tget_size(type);
    int bad = 0;
    if (H5Tis_variable_str(type) || stored > TEXT_MOST) {
        bad = fail(err, "%s: '%s' holds no text of fixed length up to %d", s->path, name, TEXT_MOST);
    } else if (!(*values = allocate((size_t)s->shape.count, stored + 1, name, err))) {
        bad = -1;
    } else {
        *size = stored + 1; // room for a zero after text that fills its field
        memory = H5Tcopy(type);
        H5Tset_size(memory, *size);
        H5Tset_strpad(memory, H5T_STR_NULLTERM);
        if (H5Dread(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, *values) < 0)
            bad = fail(err, "%s: '%s' cannot be read: damaged", s->path, name);
        H5Tclose(memory);
    }
    H5Tclose(type);
    H5Dclose(dataset);
    if (bad) {
        free(*values);
        *values = NULL;
    }
    return bad ? -1 : 0;
}

// ---------------------------------------------------------------------------------------------- attributes

static json_t *text_values(hid_t attribute, hid_t type, hsize_t count, int scalar) {
    if (H5Tis_variable_str(type)) { // h5py's usual kind; ours are of fixed length
        char *text = NULL;
        if (count != 1 || H5Aread(attribute, type, &text) < 0 || !text)
            return NULL;
        json_t *value = json_string(text);
        H5free_memory(text);
        return value;
    }
    size_t size = H5Tget_size(type);
    char *bytes = size <= 1 << 16 && count <= 4096 ? calloc(count + 1, size) : NULL;
    json_t *list = json_array();
    if (bytes && list && H5Aread(attribute, type, bytes) >= 0)
        for (hsize_t i = 0; i < count; i++)
            json_array_append_new(list, json_stringn(bytes + i * size, strnlen(bytes + i * size, size)));
    free(bytes);
    if (json_array_size(list) != count || !scalar)
        return list;
    json_t *only = json_incref(json_array_get(list, 0));
    json_decref(list);
    return only;
}

static json_t *number_values(hid_t attribute, H5T_class_t class, hsize_t count, int scalar) {
    if (count > 8192)
        return NULL;
    if (scalar && class == H5T_INTEGER) {
        int64_t value;
        return H5Aread(attribute, H5T_NATIVE_INT64, &value) < 0 ? NULL : json_integer(value);
    }
    double *values = calloc(count + 1, sizeof *values);
    json_t *list = json_array();
    if (values && list && H5Aread(attribute, H5T_NATIVE_DOUBLE, values) >= 0)
        for (hsize_t i = 0; i < count; i++)
            json_array_append_new(list, json_real(values[i]));
    free(values);
    if (!scalar)
        return list;
    json_t *only = json_incref(json_array_get(list, 0));
    json_decref(list);
    return only;
}

// H5Aiterate's callback: adds one attribute to the JSON object. Kinds that JSON cannot hold are left out.
static herr_t add_attribute(hid_t file, const char *name, const H5A_info_t *info, void *object) {
    (void)info;
    hid_t attribute = H5Aopen(file, name, H5P_DEFAULT);
    if (attribute < 0)
        return -1;
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    H5T_class_t class = H5Tget_class(type);
    hssize_t count = H5Sget_simple_extent_npoints(space);
    int scalar = H5Sget_simple_extent_type(space) == H5S_SCALAR;
    json_t *value = NULL;
    if (count > 0 && class == H5T_STRING)
        value = text_values(attribute, type, (hsize_t)count, scalar);
    else if (count > 0 && (class == H5T_INTEGER || class == H5T_FLOAT))
        value = number_values(attribute, class, (hsize_t)count, scalar);
    if (value)
        json_object_set_new(object, name, value);
    H5Sclose(space);
    H5Tclose(type);
    H5Aclose(attribute);
    return 0;
}

json_t *shard_attributes(struct shard *s, struct error *err) {
    json_t *object = json_object();
    hsize_t position = 0;
    if (object && H5Aiterate2(s->file, H5_INDEX_NAME, H5_ITER_INC, &position, add_attribute, object) >= 0)
        return object;
    json_decref(object);
    fail(err, "%s: attributes cannot be read: damaged", s->path);
    return NULL;
}

// ---------------------------------------------------------------------------------------------- all datasets

struct dataset_list {
    int count;
    struct content_line line[DATASETS_MOST];
    char description[DATASETS_MOST][256];
};

static void shape_text(hid_t dataset, char out[64]) {
    hsize_t shape[H5S_MAX_RANK] = {0};
    hid_t space = H5Dget_space(dataset);
    int rank = H5Sget_simple_extent_dims(space, shape, NULL), length = 0;
    H5Sclose(space);
    out[0] = 0;
    for (int i = 0; i < rank && length < 63; i++)
        length +=
            snprintf(out + length, 64 - (size_t)length, "%s%llu", i ? "," : "", (unsigned long long)shape[i]);
}

static int type_text(hid_t dataset, char out[24]) {
    hid_t type = H5Dget_type(dataset);
    size_t size = H5Tget_size(type);
    H5T_class_t class = H5Tget_class(type);
    int known = 1;
    if (class == H5T_STRING && !H5Tis_variable_str(type))
        snprintf(out, 24, "text%zu", size);
    else if (class == H5T_INTEGER)
        snprintf(out, 24, "%sint%zu", H5Tget_sign(type) == H5T_SGN_NONE ? "u" : "", 8 * size);
    else if (class == H5T_FLOAT)
        snprintf(out, 24, "float%zu", 8 * size);
    else
        known = 0;
    H5Tclose(type);
    return known ? 0 : -1;
}

static void description_text(hid_t dataset, char out[256]) {
    out[0] = 0;
    if (H5Aexists(dataset, "description") <= 0)
        return;
    hid_t attribute = H5Aopen(dataset, "description", H5P_DEFAULT), type = H5Aget_type(attribute);
    if (H5Tget_class(type) == H5T_STRING && !H5Tis_variable_str(type) && H5Tget_size(type) < 256) {
        size_t size = H5Tget_size(type);
        if (H5Aread(attribute, type, out) < 0)
            size = 0;
        out[size] = 0;
    }
    H5Tclose(type);
    H5Aclose(attribute);
}

// H5Literate's callback: notes one dataset of the root group.
static herr_t add_dataset(hid_t file, const char *name, const H5L_info_t *info, void *context) {
    (void)info;
    struct dataset_list *list = context;
    hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT);
    if (dataset < 0)
        return 0; // a group, which no shard of this project has
    int bad = list->count == DATASETS_MOST || strlen(name) >= CONTENT_NAME_SIZE;
    if (!bad) {
        struct content_line *line = &list->line[list->count];
        strcpy(line->name, name);
        shape_text(dataset, line->shape);
        bad = type_text(dataset, line->type);
        description_text(dataset, list->description[list->count++]);
    }
    H5Dclose(dataset);
    return bad ? -1 : 0;
}

static struct dataset_list *list_datasets(struct shard *s, struct error *err) {
    struct dataset_list *list = allocate(1, sizeof *list, "a list of datasets", err);
    hsize_t position = 0;
    if (list && H5Literate(s->file, H5_INDEX_NAME, H5_ITER_INC, &position, add_dataset, list) < 0) {
        fail(err, "%s: holds datasets that no shard has, or is damaged", s->path);
        free(list);
        list = NULL;
    }
    return list;
}

json_t *shard_datasets(struct shard *s, struct error *err) {
    struct dataset_list *list = list_datasets(s, err);
    json_t *array = list ? json_array() : NULL;
    for (int i = 0; array && i < list->count; i++) {
        json_t *shape = json_array();
        for (char *text = list->line[i].shape, *next; *text; text = next + (*next == ',')) {
            json_array_append_new(shape, json_integer(strtoll(text, &next, 10)));
        }
        json_array_append_new(array,
                              json_pack("{ssssso ss}", "name", list->line[i].name, "type", list->line[i].type,
                                        "shape", shape, "description", list->description[i]));
    }
    free(list);
    return array;
}

// Digest of images or masks, image by image.
static int digest_plane(struct shard *s, hid_t dataset, int rank, const uint8_t *memory,
                        char hex[DIGEST_SIZE], struct error *err) {
    size_t size = (size_t)s->shape.height * (size_t)s->shape.width * (rank == 4 ? 3 : 1);
    if (memory)
        return digest_bytes(memory, (size_t)s->shape.count * size, hex, err);
    uint8_t *image = allocate(1, size, "an image", err);
    struct digest *d = image ? digest_start(err) : NULL;
    int bad = !d;
    for (long i = 0; i < s->shape.count && !bad; i++) {
        bad = read_one(s, dataset, rank, (uint32_t)i, image, err);
        if (!bad)
            digest_add(d, image, size);
    }
    if (d)
        digest_finish(d, hex);
    free(image);
    return bad ? -1 : 0;
}

static int digest_column(struct shard *s, struct content_line *line, struct error *err) {
    hsize_t extent[1];
    hid_t dataset = open_dataset(s, line->name, 1, extent, err);
    if (dataset < 0)
        return -1;
    hid_t type = H5Dget_type(dataset);
    size_t size = H5Tget_size(type);
    uint8_t *values = NULL;
    int bad = size > TEXT_MOST || check_storage(s, dataset, line->name, H5Tget_class(type), size, err) ||
              !(values = allocate(extent[0], size, line->name, err));
    if (!bad && H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0)
        bad = fail(err, "%s: '%s' cannot be read: damaged", s->path, line->name);
    if (!bad)
        bad = digest_bytes(values, (size_t)extent[0] * size, line->digest, err);
    free(values);
    H5Tclose(type);
    H5Dclose(dataset);
    return bad ? -1 : 0;
}

int shard_content_compute(struct shard *s, char hex[65], struct error *err) {
    struct dataset_list *list = list_datasets(s, err);
    int bad = !list;
    for (int i = 0; !bad && i < list->count; i++) {
        struct content_line *line = &list->line[i];
        if (!strcmp(line->name, "images"))
            bad = digest_plane(s, s->images, 4, s->image_memory, line->digest, err);
        else if (!strcmp(line->name, "masks"))
            bad = digest_plane(s, s->masks, 3, s->mask_memory, line->digest, err);
        else
            bad = digest_column(s, line, err);
    }
    if (!bad)
        bad = content_digest(list->line, list->count, hex, err);
    free(list);
    return bad ? -1 : 0;
}
