// SPDX-License-Identifier: Apache-2.0
#include "core/annotate/columns.h"

#include "core/base/memory.h"

#include <stdlib.h>
#include <string.h>

static size_t value_size_of(const struct column *c) {
    return c->type == COLUMN_INT32     ? sizeof(int32_t)
           : c->type == COLUMN_FLOAT64 ? sizeof(double)
                                       : (size_t)c->text_size;
}

// Text as the file has it: without the extra zero that the reader puts behind each.
static int read_text(struct columns *c, struct shard *shard, const char *name, struct error *err) {
    char *wide;
    size_t size;
    if (shard_text_column(shard, name, &wide, &size, err))
        return -1;
    size_t count = (size_t)shard_shape(shard).count, stored = size - 1;
    char *values = allocate(count, stored, name, err);
    for (size_t i = 0; values && i < count; i++)
        memcpy(values + i * stored, wide + i * size, stored);
    free(wide);
    c->values[c->count] = values;
    c->list[c->count].type = COLUMN_TEXT;
    c->list[c->count].text_size = (int)stored;
    return values ? 0 : -1;
}

static int read_one(struct columns *c, struct shard *shard, const char *path, const json_t *dataset,
                    struct error *err) {
    const char *name = json_string_value(json_object_get(dataset, "name"));
    const char *type = json_string_value(json_object_get(dataset, "type"));
    size_t count = (size_t)shard_shape(shard).count;
    if (!strcmp(name, "images") || !strcmp(name, "masks") || !strcmp(name, "labels"))
        return 0;
    if (c->count == COLUMNS_MAXIMUM)
        return fail(err, "%s: more than %d columns", path, COLUMNS_MAXIMUM);
    struct column *column = &c->list[c->count];
    *column =
        (struct column){.name = name, .help = json_string_value(json_object_get(dataset, "description"))};
    int bad = 0;
    if (!strncmp(type, "text", 4)) {
        bad = read_text(c, shard, name, err);
    } else if (!strcmp(type, "int32")) {
        column->type = COLUMN_INT32;
        c->values[c->count] = allocate(count, sizeof(int32_t), name, err);
        bad = !c->values[c->count] || shard_column(shard, name, c->values[c->count], err);
    } else if (!strcmp(type, "float64")) {
        column->type = COLUMN_FLOAT64;
        c->values[c->count] = allocate(count, sizeof(double), name, err);
        bad = !c->values[c->count] || shard_real_column(shard, name, c->values[c->count], err);
    } else {
        return fail(err, "%s: '%s' is of type %s, which no column of a shard has", path, name, type);
    }
    c->count++; // also after a failure, to be freed
    return bad ? -1 : 0;
}

int columns_read(struct columns *c, struct shard *shard, const char *path, struct error *err) {
    memset(c, 0, sizeof *c);
    c->datasets = shard_datasets(shard, err);
    size_t i;
    json_t *dataset;
    int bad = !c->datasets;
    json_array_foreach(c->datasets, i, dataset) {
        bad = bad || read_one(c, shard, path, dataset, err);
    }
    if (bad)
        columns_free(c);
    return bad ? -1 : 0;
}

void columns_add(struct columns *c, const char *name, const char *help, int32_t *values) {
    c->list[c->count] = (struct column){name, COLUMN_INT32, 0, help};
    c->values[c->count] = values;
    c->list[c->count + 1].name = NULL;
}

void columns_at(const struct columns *c, long first, const void **values) {
    for (int i = 0; c->list[i].name; i++)
        values[i] = (const char *)c->values[i] + (size_t)first * value_size_of(&c->list[i]);
}

void columns_free(struct columns *c) {
    for (int i = 0; i < c->count; i++)
        free(c->values[i]);
    json_decref(c->datasets);
    memset(c, 0, sizeof *c);
}

int columns_has(struct shard *shard, const char *name, struct error *err) {
    json_t *datasets = shard_datasets(shard, err), *dataset;
    size_t i;
    int found = datasets ? 0 : -1;
    json_array_foreach(datasets, i, dataset) {
        found |= !strcmp(json_string_value(json_object_get(dataset, "name")), name);
    }
    json_decref(datasets);
    return found;
}
