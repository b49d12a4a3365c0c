// SPDX-License-Identifier: Apache-2.0
// Attributes of the file and of its datasets.
#include "core/shard/writer_internal.h"

#include <stdlib.h>
#include <string.h>

#define ATTRIBUTE_MAXIMUM 60000 // bytes; HDF5's limit is 64 KiB

hid_t writer_text_type(size_t size) {
    hid_t type = H5Tcopy(H5T_C_S1);
    if (type >= 0 && (H5Tset_size(type, size ? size : 1) < 0 || H5Tset_strpad(type, H5T_STR_NULLPAD) < 0)) {
        H5Tclose(type);
        return -1;
    }
    return type;
}

// count 0: a scalar.
int writer_put_attribute(hid_t where, const char *name, hid_t file_type, hid_t memory_type, hsize_t count,
                         const void *values) {
    hid_t space = count ? H5Screate_simple(1, &count, NULL) : H5Screate(H5S_SCALAR);
    hid_t attribute = H5Acreate2(where, name, file_type, space, H5P_DEFAULT, H5P_DEFAULT);
    int bad = attribute < 0 || H5Awrite(attribute, memory_type, values) < 0;
    if (attribute >= 0)
        H5Aclose(attribute);
    H5Sclose(space);
    return bad ? -1 : 0;
}

int writer_put_text(hid_t where, const char *name, const char *text) {
    hid_t type = writer_text_type(strlen(text));
    int bad = strlen(text) > ATTRIBUTE_MAXIMUM || type < 0 || H5Tset_cset(type, H5T_CSET_UTF8) < 0 ||
              writer_put_attribute(where, name, type, type, 0, *text ? text : "\0");
    H5Tclose(type);
    return bad ? -1 : 0;
}

static int put_reals(hid_t where, const char *name, const json_t *array) {
    size_t count = json_array_size(array);
    double *values = count * sizeof *values <= ATTRIBUTE_MAXIMUM ? calloc(count + 1, sizeof *values) : NULL;
    for (size_t i = 0; values && i < count; i++)
        values[i] = json_number_value(json_array_get(array, i));
    int bad = !values || writer_put_attribute(where, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, count, values);
    free(values);
    return bad ? -1 : 0;
}

static int put_texts(hid_t where, const char *name, const json_t *array) {
    size_t count = json_array_size(array), size = 1;
    for (size_t i = 0; i < count; i++) {
        size_t length = json_string_length(json_array_get(array, i));
        size = length > size ? length : size;
    }
    char *values = count * size <= ATTRIBUTE_MAXIMUM ? calloc(count + 1, size) : NULL;
    for (size_t i = 0; values && i < count; i++)
        memcpy(values + i * size, json_string_value(json_array_get(array, i)),
               json_string_length(json_array_get(array, i)));
    hid_t type = writer_text_type(size);
    int bad = !values || type < 0 || writer_put_attribute(where, name, type, type, count, values);
    H5Tclose(type);
    free(values);
    return bad ? -1 : 0;
}

int writer_put_json(hid_t where, const char *name, const json_t *value) {
    if (json_is_string(value))
        return writer_put_text(where, name, json_string_value(value));
    if (json_is_integer(value) || json_is_boolean(value)) {
        int64_t number = json_is_integer(value) ? json_integer_value(value) : json_is_true(value);
        return writer_put_attribute(where, name, H5T_STD_I64LE, H5T_NATIVE_INT64, 0, &number);
    }
    if (json_is_real(value)) {
        double number = json_real_value(value);
        return writer_put_attribute(where, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 0, &number);
    }
    if (!json_is_array(value) || !json_array_size(value))
        return -1;
    size_t strings = 0, i;
    json_t *item;
    json_array_foreach(value, i, item) {
        strings += json_is_string(item);
        if (!json_is_string(item) && !json_is_number(item))
            return -1;
    }
    if (strings && strings < json_array_size(value))
        return -1;
    return strings ? put_texts(where, name, value) : put_reals(where, name, value);
}
