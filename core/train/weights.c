// SPDX-License-Identifier: Apache-2.0
#include "core/train/weights.h"

#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/base/memory.h"
#include "core/base/notice.h"
#include "core/train/weights_names.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum dtype { F32, F16, BF16, F64, UNKNOWN };

struct tensor { // a tensor of the network's as the file has it, checked
    enum dtype dtype;
    const uint8_t *bytes; // NULL: the network keeps its own
    size_t count;
};

struct weight_span { // a tensor's place in the data
    const char *name;
    json_int_t begin, end;
};

struct weight_source { // a file's parts
    const char *path;
    json_t *header;
    const uint8_t *data;
    size_t size; // of data
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

// ---------------------------------------------------------------------------------- what a header claims

static int by_begin(const void *a, const void *b) {
    const struct weight_span *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

// weights_digest() of what is in the file, in the file's order (of sorted spans), which is the network's in files of
// weights_save.
static int content_of(const struct weight_source *s, const struct weight_span *spans, size_t count,
                      char hex[DIGEST_SIZE], struct error *err) {
    struct digest *d = digest_start(err);
    if (!d)
        return -1;
    for (size_t i = 0; i < count; i++) {
        digest_add(d, spans[i].name, strlen(spans[i].name) + 1);
        digest_add(d, s->data + spans[i].begin, (size_t)(spans[i].end - spans[i].begin));
    }
    digest_finish(d, hex);
    return 0;
}

static const char content_key[] = "content_sha256"; // of __metadata__

// A file that says what is in it must hold that.
static int check_content(const struct weight_source *s, const struct weight_span *spans, size_t count,
                         struct error *err) {
    char measured[DIGEST_SIZE];
    const char *said =
        json_string_value(json_object_get(json_object_get(s->header, "__metadata__"), content_key));
    if (!said)
        return 0;
    if (content_of(s, spans, count, measured, err))
        return -1;
    return strcmp(said, measured) ? fail(err,
                                         "%s: damaged, or changed: its numbers have the digest %s, not %.64s "
                                         "(content_sha256 of __metadata__)",
                                         s->path, measured, said)
                                  : 0;
}

// As the format demands: tensors lie one after the other, from the first byte of the data to the last.
static int check_spans(const struct weight_source *s, struct weight_span *spans, size_t count,
                       struct error *err) {
    json_int_t at = 0;
    qsort(spans, count, sizeof *spans, by_begin);
    for (size_t i = 0; i < count; i++) {
        if (spans[i].begin < at)
            return fail(err, "%s: %s and %s overlap", s->path, spans[i - 1].name, spans[i].name);
        if (spans[i].begin > at)
            return fail(err, "%s: %s: data_offsets leave a gap before it", s->path, spans[i].name);
        at = spans[i].end;
    }
    if ((size_t)at != s->size)
        return fail(err, "%s: tensors of %lld bytes, but %zu bytes after the header", s->path, (long long)at,
                    s->size);
    return 0;
}

static int check_layout(const struct weight_source *s, struct error *err) {
    struct weight_span *spans =
        allocate(json_object_size(s->header) + 1, sizeof *spans, "a file of weights", err);
    size_t count = 0;
    const char *name;
    json_t *entry;
    int result = spans ? 0 : -1;
    if (!result)
        json_object_foreach(s->header, name, entry) {
            const json_t *offsets = json_object_get(entry, "data_offsets");
            const json_t *begin = json_array_get(offsets, 0), *end = json_array_get(offsets, 1);
            if (!strcmp(name, "__metadata__"))
                continue;
            spans[count] = (struct weight_span){name, json_integer_value(begin), json_integer_value(end)};
            if (json_array_size(offsets) != 2 || !json_is_integer(begin) || !json_is_integer(end) ||
                spans[count].begin < 0 || spans[count].end < spans[count].begin ||
                (size_t)spans[count].end > s->size) {
                result = fail(err, "%s: %s: data_offsets do not fit the file", s->path, name);
                break;
            }
            count++;
        }
    if (!result)
        result = check_spans(s, spans, count, err) || check_content(s, spans, count, err) ? -1 : 0;
    free(spans);
    return result;
}

// The entry's numbers, as many as its shape says. Its offsets are known to lie in the data.
static int locate(const struct weight_source *s, const char *name, const json_t *entry, struct tensor *t,
                  struct error *err) {
    const json_t *shape = json_object_get(entry, "shape"), *offsets = json_object_get(entry, "data_offsets");
    json_int_t begin = json_integer_value(json_array_get(offsets, 0)),
               end = json_integer_value(json_array_get(offsets, 1));
    size_t index;
    json_t *item;
    t->dtype = dtype_of(json_string_value(json_object_get(entry, "dtype")));
    if (t->dtype == UNKNOWN)
        return fail(err, "%s: %s: dtype is none of F32, F16, BF16, F64", s->path, name);
    if (!json_is_array(shape))
        return fail(err, "%s: %s: no shape", s->path, name);
    t->count = 1;
    json_array_foreach(shape, index, item) {
        json_int_t n = json_integer_value(item);
        if (!json_is_integer(item) || n < 0 || (n && t->count > s->size / (size_t)n))
            return fail(err, "%s: %s: shape is none, or larger than the file", s->path, name);
        t->count *= (size_t)n;
    }
    if ((size_t)(end - begin) != t->count * dtype_size(t->dtype))
        return fail(err, "%s: %s: data_offsets do not fit its shape", s->path, name);
    t->bytes = s->data + begin;
    return 0;
}

// ---------------------------------------------------------------------------------- against the network

static int same_shape(const json_t *shape, const struct parameter *p) {
    if ((int)json_array_size(shape) != p->rank)
        return 0;
    for (int i = 0; i < p->rank; i++)
        if (json_integer_value(json_array_get(shape, (size_t)i)) != p->shape[i])
            return 0;
    return 1;
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

static int check_numbers(const struct weight_source *s, const char *name, const struct tensor *t,
                         struct error *err) {
    for (size_t i = 0; i < t->count; i++)
        if (!isfinite((real)number(t, i)))
            return fail(err, "%s: %s: number %zu is not finite", s->path, name, i);
    return 0;
}

static int in_branch(const char *name) {
    return !strncmp(name, "att_", 4) || !strncmp(name, "bn_att", 6);
}

int weights_fresh(const char *name) {
    return in_branch(name) && strncmp(name, "att_layer4.", 11) != 0;
}

static int has_branch(const struct weight_source *s) {
    const char *name;
    json_t *entry;
    json_object_foreach(s->header, name, entry) if (in_branch(name)) return 1;
    return 0;
}

struct replaced { // what the network does not take from the file by its own name
    int head, branch;
    int start;            // a training starts from the file
    struct text *notices; // or NULL
};

static int in_head(const char *name) {
    return !strncmp(name, "fc.", 3);
}

// Whether the file ends before the classes: a training may start from it, which is told.
static int lacks_head(const struct weight_source *s, const struct replaced *r) {
    if (json_object_get(s->header, "fc.weight") || json_object_get(s->header, "fc.bias"))
        return 0;
    if (r->start && r->notices)
        notice_add(r->notices, "%s: has no head (fc.weight, fc.bias): the network's starts fresh", s->path);
    return 1;
}

// "FILE: missing tensors: a, b (what the file seems to be)".
static int fail_names(const struct weight_source *s, const char *what, const char *names, struct error *err) {
    struct text hint = {0};
    weights_add_hint(s->header, &hint);
    fail(err, "%s: %s: %s%s", s->path, what, names, text_string(&hint));
    text_free(&hint);
    return -1;
}

// The file's name for a tensor of the network.
static const char *name_in_file(const char *name, const struct replaced *r) {
    return r->branch && in_branch(name) ? name + strlen("att_") : name;
}

// Is everything there, of the right shape, finite? Fills tensors [p->count].
static int check(const struct parameters *p, const struct weight_source *s, struct tensor *tensors,
                 struct replaced *replaced, struct error *err) {
    struct names missing = {0}, misshapen = {0};
    int headless = replaced->head = lacks_head(s, replaced);
    for (int i = 0; i < p->count; i++) {
        if (replaced->branch && weights_fresh(p->items[i].name))
            continue; // the network keeps its own
        const char *name = name_in_file(p->items[i].name, replaced);
        const json_t *entry = json_object_get(s->header, name);
        if (headless && in_head(name))
            continue;
        if (!entry)
            names_add(&missing, name);
        else if (locate(s, name, entry, &tensors[i], err))
            return -1;
        else if (same_shape(json_object_get(entry, "shape"), &p->items[i])) {
            if (check_numbers(s, name, &tensors[i], err))
                return -1;
        } else if (in_head(name))
            replaced->head = 1;
        else
            names_add(&misshapen, name);
    }
    names_end(&missing);
    names_end(&misshapen);
    if (headless && !replaced->start && !missing.count)
        return fail(err,
                    "%s: has no head (fc.weight, fc.bias); reff train --weights starts a training from it",
                    s->path);
    if (missing.count)
        return fail_names(s, "missing tensors", missing.text, err);
    if (misshapen.count)
        return fail_names(s, "tensors of another shape than the network's", misshapen.text, err);
    for (int i = 0; i < p->count; i++)
        if (replaced->head && in_head(p->items[i].name))
            tensors[i].bytes = NULL;
    if (replaced->head && !headless && replaced->start && replaced->notices)
        notice_add(replaced->notices, "%s: its head is of other classes: the network's starts fresh",
                   s->path);
    return 0;
}

// An attention branch on one side only: a mistake, but for a training that starts from a ResNet.
static int match_branches(const struct parameters *p, const struct weight_source *s,
                          struct replaced *replaced, struct error *err) {
    int wanted = 0, there = has_branch(s);
    for (int i = 0; i < p->count; i++)
        wanted |= in_branch(p->items[i].name);
    if (there && !wanted)
        return fail(err, "%s: has an attention branch, which the network lacks (method abn has one)",
                    s->path);
    replaced->branch = wanted && !there && replaced->start;
    return 0;
}

// A pickle's first bytes could be the length of a header: what follows them could not.
static int is_pickle(const uint8_t *file, size_t size) {
    return size >= 8 && file[0] == 0x80 && file[1] >= 2 && file[1] <= 5 &&
           (file[1] < 4 ? file[7] != 0 : file[2] == 0x95);
}

enum { HEADER_MAXIMUM = 100 << 20 }; // bytes, as the format limits it

// PyTorch's own files are zip archives of pickles, or bare pickles.
static int check_format(const char *path, const uint8_t *file, size_t size, struct error *err) {
    if (size < sizeof(uint64_t))
        return fail(err, "%s: too short for a safetensors file", path);
    if (!memcmp(file, "PK\3\4", 4) || is_pickle(file, size))
        return fail(
            err,
            "%s: a PyTorch file (.pth), no safetensors; convert it: python3 scripts/reff_shard.py convert "
            "'%.200s' '%.200s.safetensors' (installed: share/reff/scripts/reff_shard.py)",
            path, path, path);
    uint64_t length;
    memcpy(&length, file, sizeof length);
    return length > HEADER_MAXIMUM ? fail(err, "%s: not a safetensors file", path) : 0;
}

// Splits the file into header and data. The header is the caller's to release, also on failure.
static int open_source(const uint8_t *file, size_t size, struct weight_source *s, struct error *err) {
    uint64_t length;
    json_error_t where;
    if (check_format(s->path, file, size, err))
        return -1;
    memcpy(&length, file, sizeof length);
    if (length > size - sizeof length)
        return fail(err, "%s: header of %llu bytes in a file of %zu", s->path, (unsigned long long)length,
                    size);
    s->header = json_loadb((const char *)file + sizeof length, length, JSON_REJECT_DUPLICATES, &where);
    if (!json_is_object(s->header))
        return fail(err, "%s: header is no JSON object: %.200s", s->path,
                    s->header ? "another value" : where.text);
    s->data = file + sizeof length + length;
    s->size = size - sizeof length - length;
    return check_layout(s, err);
}

// The header by the network's names.
static int rename_tensors(struct weight_source *s, struct text *notices, struct error *err) {
    json_t *named = weights_rename(s->path, s->header, notices, err);
    if (!named)
        return -1;
    json_decref(s->header);
    s->header = named;
    return 0;
}

// sha256: of the file's bytes, which are the ones that are used; or NULL.
static int load(struct parameters *p, const char *path, struct replaced *replaced, char sha256[DIGEST_SIZE],
                struct error *err) {
    struct weight_source s = {.path = path};
    size_t size;
    uint8_t *file = (uint8_t *)file_read(path, (size_t)4 << 30, &size, err);
    struct tensor *tensors = allocate((size_t)p->count, sizeof *tensors, "a file of weights", err);
    int result = !file || !tensors || (sha256 && digest_bytes(file, size, sha256, err)) ||
                         open_source(file, size, &s, err) || rename_tensors(&s, replaced->notices, err) ||
                         match_branches(p, &s, replaced, err) || check(p, &s, tensors, replaced, err)
                     ? -1
                     : 0;
    for (int i = 0; !result && i < p->count; i++)
        for (size_t j = 0; tensors[i].bytes && j < p->items[i].size; j++)
            p->items[i].value[j] = (real)number(&tensors[i], j);
    json_decref(s.header);
    free(tensors);
    free(file);
    return result;
}

int weights_load(struct parameters *p, const char *path, int *head_replaced, struct text *notices,
                 struct error *err) {
    struct replaced replaced = {.notices = notices};
    int result = load(p, path, &replaced, NULL, err);
    *head_replaced = replaced.head;
    return result;
}

int weights_start(struct parameters *p, const char *path, int *head_replaced, int *branch_replaced,
                  char sha256[DIGEST_SIZE], struct text *notices, struct error *err) {
    struct replaced replaced = {.start = 1, .notices = notices};
    int result = load(p, path, &replaced, sha256, err);
    *head_replaced = replaced.head;
    *branch_replaced = replaced.branch;
    return result;
}

// ---------------------------------------------------------------------------------------- description

static json_t *read_header(FILE *file, const char *path, struct error *err) {
    uint8_t start[8];
    uint64_t length;
    json_error_t where;
    size_t size = fread(start, 1, sizeof start, file);
    if (check_format(path, start, size, err))
        return NULL;
    memcpy(&length, start, sizeof length);
    char *text = allocate(length + 1, 1, "a file of weights", err);
    json_t *header = NULL;
    if (text && fread(text, 1, length, file) != length)
        fail(err, "%s: shorter than its header of %llu bytes", path, (unsigned long long)length);
    else if (text && !(header = json_loadb(text, length, JSON_REJECT_DUPLICATES, &where)))
        fail(err, "%s: header is no JSON object: %.200s", path, where.text);
    free(text);
    return header;
}

int weights_about(const char *path, json_t **about, struct error *err) {
    FILE *file = fopen(path, "rb");
    *about = NULL;
    if (!file)
        return fail_system(err, errno, "%s", path);
    json_t *header = read_header(file, path, err);
    fclose(file);
    if (!header)
        return -1;
    *about = json_incref(json_object_get(header, "__metadata__"));
    json_object_del(*about, content_key); // checked when the numbers are read
    if (json_is_object(*about) && !json_object_size(*about)) {
        json_decref(*about);
        *about = NULL;
    }
    json_decref(header);
    return 0;
}

// ---------------------------------------------------------------------------------------- writing

static json_t *make_header(const struct parameters *p, const json_t *about, const char *content) {
    json_t *header = json_object(), *said = about ? json_copy((json_t *)about) : json_object();
    json_object_set_new(said, content_key, json_string(content));
    json_object_set_new(header, "__metadata__", said);
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

int weights_save(const struct parameters *p, const char *path, const json_t *about, struct error *err) {
    char content[DIGEST_SIZE];
    if (weights_digest(p, content, err))
        return -1;
    json_t *header = make_header(p, about, content);
    char *text = json_dumps(header, JSON_COMPACT);
    json_decref(header);
    if (!text)
        return fail_memory(err, "%s", path);
    struct output out;
    if (output_open(&out, path, err)) {
        free(text);
        return -1;
    }
    uint64_t length = (strlen(text) + 7) / 8 * 8; // the numbers begin at a multiple of 8
    fwrite(&length, sizeof length, 1, out.stream);
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
