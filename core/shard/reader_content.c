// SPDX-License-Identifier: Apache-2.0
// The datasets of a shard, and the digest over all of their values (content.h).
#include "core/base/memory.h"
#include "core/shard/content.h"
#include "core/shard/reader_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct dataset_list {
    int count;
    struct content_line line[SHARD_DATASETS_MAXIMUM];
    char description[SHARD_DATASETS_MAXIMUM][256];
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

void shard_type_text(hid_t dataset, char out[24]) {
    hid_t type = H5Dget_type(dataset);
    size_t size = H5Tget_size(type);
    H5T_class_t class = H5Tget_class(type);
    out[0] = 0;
    if (class == H5T_STRING && !H5Tis_variable_str(type))
        snprintf(out, 24, "text%zu", size);
    else if (class == H5T_INTEGER)
        snprintf(out, 24, "%sint%zu", H5Tget_sign(type) == H5T_SGN_NONE ? "u" : "", 8 * size);
    else if (class == H5T_FLOAT)
        snprintf(out, 24, "float%zu", 8 * size);
    H5Tclose(type);
}

const char *shard_other_type(hid_t dataset) {
    hid_t type = H5Dget_type(dataset);
    H5T_class_t class = H5Tget_class(type);
    H5Tclose(type);
    return class == H5T_ENUM       ? "an enumeration, as which h5py writes bool"
           : class == H5T_STRING   ? "texts of variable length"
           : class == H5T_COMPOUND ? "records of several fields"
                                   : "values of another kind";
}

// "" where there is none, or one of another kind; -1 where it cannot be read.
static int description_text(hid_t dataset, char out[256]) {
    htri_t exists = H5Aexists(dataset, "description");
    out[0] = 0;
    if (exists <= 0)
        return exists < 0 ? -1 : 0;
    hid_t attribute = H5Aopen(dataset, "description", H5P_DEFAULT), type = H5Aget_type(attribute);
    int bad = attribute < 0 || type < 0;
    if (!bad && H5Tget_class(type) == H5T_STRING && !H5Tis_variable_str(type) && H5Tget_size(type) < 256) {
        size_t size = H5Tget_size(type);
        bad = H5Aread(attribute, type, out) < 0;
        out[bad ? 0 : size] = 0;
    }
    H5Tclose(type);
    H5Aclose(attribute);
    return bad ? -1 : 0;
}

// H5Literate's callback: notes one dataset of the root group.
static herr_t add_dataset(hid_t file, const char *name, const H5L_info_t *info, void *context) {
    (void)info;
    struct dataset_list *list = context;
    hid_t dataset = H5Oopen(file, name, H5P_DEFAULT);
    if (dataset >= 0 && H5Iget_type(dataset) != H5I_DATASET) { // a group: none of ours
        H5Oclose(dataset);
        return 0;
    }
    if (dataset < 0)
        return -1;
    int bad = list->count == SHARD_DATASETS_MAXIMUM || strlen(name) >= CONTENT_NAME_SIZE;
    if (!bad) {
        struct content_line *line = &list->line[list->count];
        strcpy(line->name, name);
        shape_text(dataset, line->shape);
        shard_type_text(dataset, line->type);
        bad = !*line->type || description_text(dataset, list->description[list->count++]);
    }
    H5Oclose(dataset);
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

static uint8_t most_of(uint8_t most, const uint8_t *values, size_t count) {
    for (size_t i = 0; i < count; i++)
        most = values[i] > most ? values[i] : most;
    return most;
}

// Digest of images or masks, image by image; hex NULL: they are only read.
static int digest_plane(struct shard *s, hid_t dataset, int rank, const uint8_t *memory, char *hex,
                        struct error *err) {
    size_t size = (size_t)s->shape.height * (size_t)s->shape.width * (rank == 4 ? 3 : 1);
    if (memory && hex) {
        if (rank == 3)
            s->mask_most = most_of(0, memory, (size_t)s->shape.count * size);
        return digest_bytes(memory, (size_t)s->shape.count * size, hex, err);
    }
    uint8_t *image = allocate(1, size, "an image", err);
    struct digest *d = image && hex ? digest_start(err) : NULL;
    int bad = !image || (hex && !d);
    for (long i = 0; i < s->shape.count && !bad; i++) {
        bad = shard_read_image(s, dataset, rank, (uint32_t)i, image, err);
        if (!bad && rank == 3)
            s->mask_most = most_of(s->mask_most, image, size);
        if (!bad && d)
            digest_add(d, image, size);
    }
    if (d)
        digest_finish(d, hex);
    free(image);
    return bad ? -1 : 0;
}

static int digest_column(struct shard *s, struct content_line *line, char *hex, struct error *err) {
    hsize_t extent[1];
    hid_t dataset = shard_open_dataset(s, line->name, 1, extent, err);
    if (dataset < 0)
        return -1;
    hid_t type = H5Dget_type(dataset);
    size_t size = H5Tget_size(type);
    uint8_t *values = NULL;
    int bad = shard_check_values(s, dataset, line->name, H5Tget_class(type), size, err);
    if (!bad && (size > SHARD_TEXT_MAXIMUM || extent[0] > SHARD_COLUMN_MAXIMUM / size))
        bad = fail(err, "%s: '%s' has more than %zu MB", s->path, line->name, SHARD_COLUMN_MAXIMUM >> 20);
    if (!bad && !(values = allocate(extent[0], size, line->name, err)))
        bad = -1;
    if (!bad && H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0)
        bad = fail(err, "%s: '%s' cannot be read: damaged", s->path, line->name);
    if (!bad && hex)
        bad = digest_bytes(values, (size_t)extent[0] * size, hex, err);
    free(values);
    H5Tclose(type);
    H5Oclose(dataset);
    return bad ? -1 : 0;
}

int shard_read_content(struct shard *s, char *hex, struct error *err) {
    struct dataset_list *list = list_datasets(s, err);
    int bad = !list;
    for (int i = 0; !bad && i < list->count; i++) {
        struct content_line *line = &list->line[i];
        char *digest = hex ? line->digest : NULL;
        if (!strcmp(line->name, "images"))
            bad = digest_plane(s, s->images, 4, s->image_memory, digest, err);
        else if (!strcmp(line->name, "masks"))
            bad = digest_plane(s, s->masks, 3, s->mask_memory, digest, err);
        else
            bad = digest_column(s, line, digest, err);
    }
    if (!bad && hex)
        bad = content_digest(list->line, list->count, hex, err);
    free(list);
    return bad ? -1 : 0;
}

int shard_content_compute(struct shard *s, char hex[65], struct error *err) {
    return shard_read_content(s, hex, err);
}
