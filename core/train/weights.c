// SPDX-License-Identifier: Apache-2.0
#include "core/train/weights.h"

#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/base/memory.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum dtype { F32, F16, BF16, F64, UNKNOWN };

struct tensor { // one entry of the header, checked against the file
    enum dtype dtype;
    const uint8_t *bytes;
    size_t count;
};

static size_t dtype_size(enum dtype t) {
    return t == F64 ? 8 : t == F32 ? 4 : 2;
}

static enum dtype dtype_of(const char *name) {
    static const char *const names[] = {"F32", "F16", "BF16", "F64"};
    for (int i = 0; name && i < UNKNOWN; i++)
        if (!strcmp(name, names[i]))
            return (enum dtype)i;
    return UNKNOWN;
}

static double half(uint16_t bits) {
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double value = exponent == 31 ? (fraction ? NAN : INFINITY)
                   : exponent     ? ldexp(1024 + fraction, exponent - 25)
                                  : ldexp(fraction, -24);
    return bits & 0x8000 ? -value : value;
}

static double number(const struct tensor *t, size_t i) {
    if (t->dtype == F64) {
        double v;
        memcpy(&v, t->bytes + 8 * i, sizeof v);
        return v;
    }
    if (t->dtype == F32) {
        float v;
        memcpy(&v, t->bytes + 4 * i, sizeof v);
        return (double)v;
    }
    uint16_t bits;
    memcpy(&bits, t->bytes + 2 * i, sizeof bits);
    if (t->dtype == F16)
        return half(bits);
    uint32_t wide = (uint32_t)bits << 16;
    float v;
    memcpy(&v, &wide, sizeof v);
    return (double)v;
}

// Shape of the entry against the parameter's. 1: same.
static int same_shape(const json_t *shape, const struct parameter *p) {
    if ((int)json_array_size(shape) != p->rank)
        return 0;
    for (int i = 0; i < p->rank; i++)
        if (json_integer_value(json_array_get(shape, (size_t)i)) != p->shape[i])
            return 0;
    return 1;
}

// Checks an entry's type and place; the header may claim anything.
static int locate(const json_t *entry, const char *path, const char *name, const uint8_t *data,
                  size_t data_size, struct tensor *t, struct error *err) {
    const json_t *shape = json_object_get(entry, "shape"), *offsets = json_object_get(entry, "data_offsets");
    t->dtype = dtype_of(json_string_value(json_object_get(entry, "dtype")));
    if (t->dtype == UNKNOWN)
        return fail(err, "%s: %s: dtype is none of F32, F16, BF16, F64", path, name);
    t->count = 1;
    size_t index;
    json_t *item;
    json_array_foreach((json_t *)shape, index, item) {
        json_int_t n = json_integer_value(item);
        if (n < 0 || (n && t->count > data_size / (size_t)n))
            return fail(err, "%s: %s: shape larger than the file", path, name);
        t->count *= (size_t)n;
    }
    json_int_t begin = json_integer_value(json_array_get(offsets, 0)),
               end = json_integer_value(json_array_get(offsets, 1));
    if (!json_is_array(shape) || json_array_size(offsets) != 2 || begin < 0 || end < begin ||
        (size_t)end > data_size || (size_t)(end - begin) != t->count * dtype_size(t->dtype))
        return fail(err, "%s: %s: data_offsets do not fit its shape or the file", path, name);
    t->bytes = data + begin;
    return 0;
}

struct names { // for a message: "a, b, c and 5 more"
    char text[600];
    int count;
};

static void names_add(struct names *n, const char *name) {
    size_t used = strlen(n->text);
    if (n->count++ < 8)
        snprintf(n->text + used, sizeof n->text - used, "%s%s", used ? ", " : "", name);
}

static void names_end(struct names *n) {
    size_t used = strlen(n->text);
    if (n->count > 8)
        snprintf(n->text + used, sizeof n->text - used, " and %d more", n->count - 8);
}

// First pass: is everything there, of the right shape, finite?
static int check(const struct parameters *p, const json_t *header, const char *path, const uint8_t *data,
                 size_t size, int *head_replaced, struct error *err) {
    struct names missing = {0}, misshapen = {0};
    for (int i = 0; i < p->count; i++) {
        const struct parameter *item = &p->items[i];
        const json_t *entry = json_object_get(header, item->name);
        struct tensor t;
        if (!entry)
            names_add(&missing, item->name);
        else if (locate(entry, path, item->name, data, size, &t, err))
            return -1;
        else if (same_shape(json_object_get(entry, "shape"), item))
            for (size_t j = 0; j < t.count; j++) {
                if (!isfinite(number(&t, j)))
                    return fail(err, "%s: %s: number %zu is not finite", path, item->name, j);
            }
        else if (!strncmp(item->name, "fc.", 3))
            *head_replaced = 1;
        else
            names_add(&misshapen, item->name);
    }
    names_end(&missing);
    names_end(&misshapen);
    if (missing.count)
        return fail(err, "%s: missing tensors: %s", path, missing.text);
    if (misshapen.count)
        return fail(err, "%s: tensors of another shape than the network's: %s", path, misshapen.text);
    return 0;
}

int weights_load(struct parameters *p, const char *path, int *head_replaced, struct error *err) {
    size_t size;
    uint8_t *file = (uint8_t *)file_read(path, (size_t)4 << 30, &size, err);
    json_t *header = NULL;
    uint64_t length = 0;
    int result = -1;
    if (!file)
        return -1;
    *head_replaced = 0;
    if (size < 8) {
        fail(err, "%s: too short for a safetensors file", path);
        goto done;
    }
    memcpy(&length, file, 8);
    if (length > size - 8) {
        fail(err, "%s: header of %llu bytes in a file of %zu", path, (unsigned long long)length, size);
        goto done;
    }
    json_error_t where;
    header = json_loadb((const char *)file + 8, length, JSON_REJECT_DUPLICATES, &where);
    if (!json_is_object(header)) {
        fail(err, "%s: header is no JSON object: %.200s", path, header ? "another value" : where.text);
        goto done;
    }
    const uint8_t *data = file + 8 + length;
    result = check(p, header, path, data, size - 8 - length, head_replaced, err);
    for (int i = 0; i < p->count && !result; i++) {
        struct parameter *item = &p->items[i];
        const json_t *entry = json_object_get(header, item->name);
        struct tensor t;
        if (*head_replaced && !strncmp(item->name, "fc.", 3))
            continue;
        locate(entry, path, item->name, data, size - 8 - length, &t, err);
        for (size_t j = 0; j < item->size; j++)
            item->value[j] = (real)number(&t, j);
    }
done:
    json_decref(header);
    free(file);
    return result;
}

static json_t *make_header(const struct parameters *p) {
    json_t *header = json_object();
    size_t offset = 0;
    for (int i = 0; i < p->count; i++) {
        const struct parameter *item = &p->items[i];
        json_t *shape = json_array();
        for (int r = 0; r < item->rank; r++)
            json_array_append_new(shape, json_integer(item->shape[r]));
        size_t end = offset + 4 * item->size;
        json_object_set_new(header, item->name,
                            json_pack("{s:s, s:o, s:[I,I]}", "dtype", "F32", "shape", shape, "data_offsets",
                                      (json_int_t)offset, (json_int_t)end));
        offset = end;
    }
    return header;
}

int weights_save(const struct parameters *p, const char *path, struct error *err) {
    json_t *header = make_header(p);
    char *text = json_dumps(header, JSON_COMPACT);
    json_decref(header);
    if (!text)
        return fail(err, "out of memory: %s", path);
    struct output out;
    if (output_open(&out, path, err)) {
        free(text);
        return -1;
    }
    uint64_t length = (strlen(text) + 7) / 8 * 8; // the numbers begin at a multiple of 8
    fwrite(&length, 8, 1, out.stream);
    fprintf(out.stream, "%-*s", (int)length, text);
    free(text);
    for (int i = 0; i < p->count; i++)
        for (size_t j = 0; j < p->items[i].size; j++) {
            float v = (float)p->items[i].value[j];
            fwrite(&v, sizeof v, 1, out.stream);
        }
    return output_commit(&out, err);
}

int weights_digest(const struct parameters *p, char hex[65], struct error *err) {
    struct digest *d = digest_start(err);
    if (!d)
        return -1;
    for (int i = 0; i < p->count; i++) {
        digest_add(d, p->items[i].name, strlen(p->items[i].name) + 1);
        for (size_t j = 0; j < p->items[i].size; j++) {
            float v = (float)p->items[i].value[j];
            digest_add(d, &v, sizeof v);
        }
    }
    digest_finish(d, hex);
    return 0;
}
