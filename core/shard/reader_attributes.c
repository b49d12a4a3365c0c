// SPDX-License-Identifier: Apache-2.0
// Root attributes as JSON. Kinds that JSON cannot hold are left out; memory that cannot be had is an error.
#include "core/base/memory.h"
#include "core/shard/reader_internal.h"

#include <stdlib.h>
#include <string.h>

struct collecting {
    struct shard *shard;
    json_t *object;
    struct error *err;
    int failed; // a message is in err
};

static void no_memory(struct collecting *c) {
    if (!c->failed)
        c->failed = fail(c->err, "%s: out of memory for its attributes", c->shard->path);
}

// Whether `value` could be made; else out of memory.
static json_t *made(struct collecting *c, json_t *value) {
    if (!value)
        no_memory(c);
    return value;
}

// A text, which may hold anything: bytes that are no UTF-8 become '?'.
static json_t *text_value(struct collecting *c, char *text, size_t length) {
    json_t *value = json_stringn(text, length);
    if (value)
        return value;
    for (size_t i = 0; i < length; i++)
        text[i] = (char)(text[i] & 0x80 ? '?' : text[i]);
    return made(c, json_stringn(text, length));
}

static void append(struct collecting *c, json_t *list, json_t *value) {
    if (value && json_array_append_new(list, value))
        no_memory(c);
}

// h5py writes texts of variable length.
static void add_variable_texts(struct collecting *c, hid_t attribute, hid_t type, hsize_t count,
                               json_t *list) {
    char **texts = allocate(count, sizeof *texts, "texts of a shard", c->err);
    c->failed |= !texts;
    if (texts && H5Aread(attribute, type, texts) >= 0)
        for (hsize_t i = 0; i < count; i++) {
            append(c, list,
                   text_value(c, texts[i] ? texts[i] : (char[]){""}, texts[i] ? strlen(texts[i]) : 0));
            H5free_memory(texts[i]);
        }
    free(texts);
}

static void add_texts(struct collecting *c, hid_t attribute, hid_t type, hsize_t count, json_t *list) {
    size_t size = H5Tget_size(type);
    char *bytes = allocate(count, size, "texts of a shard", c->err);
    c->failed |= !bytes;
    if (bytes && H5Aread(attribute, type, bytes) >= 0)
        for (hsize_t i = 0; i < count; i++)
            append(c, list, text_value(c, bytes + i * size, strnlen(bytes + i * size, size)));
    free(bytes);
}

static void add_integer(struct collecting *c, hid_t attribute, json_t *list) {
    int64_t value;
    if (H5Aread(attribute, H5T_NATIVE_INT64, &value) >= 0)
        append(c, list, made(c, json_integer(value)));
}

static void add_reals(struct collecting *c, hid_t attribute, hsize_t count, json_t *list) {
    double *values = allocate(count, sizeof *values, "numbers of a shard", c->err);
    c->failed |= !values;
    if (values && H5Aread(attribute, H5T_NATIVE_DOUBLE, values) >= 0)
        for (hsize_t i = 0; i < count; i++) {
            json_t *value = json_real(values[i]); // NULL for what is not finite, which JSON lacks
            append(c, list, value ? value : made(c, json_null()));
        }
    free(values);
}

// The attribute's values in `list`, which stays empty where they cannot be read or JSON has no such kind.
static void read_values(struct collecting *c, hid_t attribute, hid_t type, hsize_t count, int scalar,
                        json_t *list) {
    H5T_class_t class = H5Tget_class(type);
    size_t size = H5Tget_size(type);
    if (!count || !size || count > SHARD_ATTRIBUTE_MAXIMUM / (size > sizeof(double) ? size : sizeof(double)))
        return;
    if (class == H5T_STRING && H5Tis_variable_str(type))
        add_variable_texts(c, attribute, type, count, list);
    else if (class == H5T_STRING)
        add_texts(c, attribute, type, count, list);
    else if (class == H5T_INTEGER && scalar)
        add_integer(c, attribute, list);
    else if (class == H5T_INTEGER || class == H5T_FLOAT)
        add_reals(c, attribute, count, list);
}

// JSON has no other names.
static int is_utf8(const char *name) {
    json_t *value = json_string(name);
    json_decref(value);
    return value != NULL;
}

// H5Aiterate's callback: adds one attribute to the JSON object.
static herr_t add_attribute(hid_t file, const char *name, const H5A_info_t *info, void *context) {
    (void)info;
    struct collecting *c = context;
    hid_t attribute = H5Aopen(file, name, H5P_DEFAULT);
    if (attribute < 0)
        return -1;
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    hssize_t count = H5Sget_simple_extent_npoints(space);
    int scalar = H5Sget_simple_extent_type(space) == H5S_SCALAR;
    json_t *list = made(c, json_array());
    if (list && count > 0)
        read_values(c, attribute, type, (hsize_t)count, scalar, list);
    json_t *value = scalar ? json_array_get(list, 0) : list;
    if (!c->failed && json_array_size(list) > 0 && is_utf8(name) && json_object_set(c->object, name, value))
        no_memory(c);
    json_decref(list);
    H5Sclose(space);
    H5Tclose(type);
    H5Aclose(attribute);
    return c->failed ? -1 : 0;
}

json_t *shard_attributes(struct shard *s, struct error *err) {
    struct collecting c = {s, json_object(), err, 0};
    hsize_t position = 0;
    if (made(&c, c.object) &&
        H5Aiterate2(s->file, H5_INDEX_NAME, H5_ITER_INC, &position, add_attribute, &c) >= 0)
        return c.object;
    json_decref(c.object);
    if (!c.failed)
        fail(err, "%s: attributes cannot be read: damaged", s->path);
    return NULL;
}
