// SPDX-License-Identifier: Apache-2.0
#include "core/base/memory.h"
#include "core/shard/reader_internal.h"

#include <stdlib.h>

// Opens column `name` [N] of the class; size 0: any.
static hid_t open_column(struct shard *s, const char *name, H5T_class_t class, size_t size,
                         struct error *err) {
    hsize_t extent[1];
    hid_t dataset = shard_open_dataset(s, name, 1, extent, err);
    if (dataset < 0)
        return -1;
    int bad = 0;
    if (extent[0] != (hsize_t)s->shape.count)
        bad = fail(err, "%s: '%s' has %llu values for %ld images", s->path, name,
                   (unsigned long long)extent[0], s->shape.count);
    if (!bad)
        bad = shard_check_values(s, dataset, name, class, size, err);
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

int shard_has(struct shard *s, const char *name, struct error *err) {
    htri_t found = H5Lexists(s->file, name, H5P_DEFAULT);
    return found < 0 ? fail(err, "%s: '%s' cannot be looked for: damaged", s->path, name) : found > 0;
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
    if (H5Tis_variable_str(type) || stored > SHARD_TEXT_MAXIMUM) {
        bad = fail(err, "%s: '%s' holds no text of fixed length up to %d", s->path, name, SHARD_TEXT_MAXIMUM);
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
