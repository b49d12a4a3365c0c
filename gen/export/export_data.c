// SPDX-License-Identifier: Apache-2.0
#include "gen/export/export_data.h"

#include "core/base/file.h"
#include "core/base/memory.h"
#include "core/base/notice.h"
#include "core/shard/groups.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---------------------------------------------------------------------------------------------- columns

static int read_column(struct export_split *s, struct export_column *c, struct error *err) {
    size_t count = (size_t)s->shape.count;
    if (c->type == COLUMN_TEXT)
        return shard_text_column(s->shard, c->name, (char **)&c->values, &c->text_size, err);
    c->values = allocate(count, c->type == COLUMN_INT32 ? sizeof(int32_t) : sizeof(double), c->name, err);
    if (!c->values)
        return -1;
    return c->type == COLUMN_INT32 ? shard_column(s->shard, c->name, c->values, err)
                                   : shard_real_column(s->shard, c->name, c->values, err);
}

// Whether records can hold the dataset: one value an image, of a type that shards have.
static int is_column(const json_t *dataset, enum column_type *type) {
    const char *word = json_string_value(json_object_get(dataset, "type"));
    if (json_array_size(json_object_get(dataset, "shape")) != 1)
        return 0;
    *type = !strcmp(word, "int32") ? COLUMN_INT32 : !strcmp(word, "float64") ? COLUMN_FLOAT64 : COLUMN_TEXT;
    return *type != COLUMN_TEXT || !strncmp(word, "text", 4);
}

static int is_plane(const char *name) {
    return !strcmp(name, "images") || !strcmp(name, "masks") || !strcmp(name, "labels");
}

static int read_columns(struct export_split *s, struct text *notices, struct error *err) {
    json_t *datasets = shard_datasets(s->shard, err), *dataset;
    size_t i, most = json_array_size(datasets);
    s->columns = datasets ? allocate(most + 1, sizeof *s->columns, "columns", err) : NULL;
    int bad = !s->columns;
    json_array_foreach(datasets, i, dataset) {
        const char *name = json_string_value(json_object_get(dataset, "name")),
                   *description = json_string_value(json_object_get(dataset, "description"));
        struct export_column *c = &s->columns[s->column_count];
        if (bad || is_plane(name))
            continue;
        if (!is_column(dataset, &c->type)) {
            notice_add(notices, "%s: '%s' is left out: not one int32, float64 or text an image",
                       shard_path(s->shard), name);
            continue;
        }
        snprintf(c->name, sizeof c->name, "%s", name);
        snprintf(c->description, sizeof c->description, "%s", description ? description : "");
        bad = read_column(s, c, err);
        s->column_count += !bad;
    }
    json_decref(datasets);
    return bad ? -1 : 0;
}

const struct export_column *export_column_of(const struct export_split *split, const char *name) {
    for (int i = 0; i < split->column_count; i++)
        if (!strcmp(split->columns[i].name, name))
            return &split->columns[i];
    return NULL;
}

static const int32_t *mask_column(const struct export_split *split) {
    const struct export_column *c = export_column_of(split, "has_mask");
    return c && c->type == COLUMN_INT32 ? c->values : NULL;
}

int export_has_mask(const struct export_split *split, long index) {
    const int32_t *told = mask_column(split);
    return split->annotated && (!told || told[index]);
}

// ---------------------------------------------------------------------------------------------- opening

// "train" of the attribute, else "mine_train" of /tmp/mine-train.h5: letters, digits and '_', as readers ask of splits.
static void name_split(struct export_split *s) {
    const char *said = json_string_value(json_object_get(s->attributes, "split"));
    const char *from = said && *said ? said : path_name(shard_path(s->shard));
    size_t length = said && *said ? strlen(from) : strcspn(from, ".");
    if (length >= sizeof s->name)
        length = sizeof s->name - 1;
    for (size_t i = 0; i < length; i++)
        s->name[i] = (char)(isalnum((unsigned char)from[i]) && !(from[i] & 0x80) ? from[i] : '_');
    if (!length)
        snprintf(s->name, sizeof s->name, "data");
}

static int open_split(struct export_split *s, const char *path, struct text *notices, struct error *err) {
    s->shard = shard_open_measured(path, err);
    if (!s->shard || !(s->attributes = shard_attributes(s->shard, err)))
        return -1;
    s->shape = shard_shape(s->shard);
    const char *annotations = json_string_value(json_object_get(s->attributes, "annotations"));
    s->annotated = !annotations || strcmp(annotations, "none") != 0;
    name_split(s);
    s->labels = allocate((size_t)s->shape.count, sizeof *s->labels, "labels", err);
    uint32_t *all = s->labels ? allocate((size_t)s->shape.count, sizeof *all, "labels", err) : NULL;
    for (long i = 0; all && i < s->shape.count; i++)
        all[i] = (uint32_t)i;
    int bad = !all || shard_read(s->shard, all, (int)s->shape.count, NULL, NULL, s->labels, err) ||
              read_columns(s, notices, err);
    free(all);
    const int32_t *told = bad ? NULL : mask_column(s);
    long masks = 0;
    for (long i = 0; told && i < s->shape.count; i++)
        masks += told[i] != 0;
    s->annotated = s->annotated && (!told || masks);
    return bad ? -1 : 0;
}

static int agree(struct export_data *d, const struct export_split *now, struct error *err) {
    const char *path = shard_path(now->shard);
    const json_t *names = json_object_get(now->attributes, "class_names");
    for (const struct export_split *s = d->splits; s < now; s++)
        if (!strcmp(s->name, now->name))
            return fail(err, "%s: is split '%s', as %s is; export them one by one", path, now->name,
                        shard_path(s->shard));
    if (now->shape.classes != d->classes)
        return fail(err, "%s: %d classes, but %s has %d; shards of one data set have the same", path,
                    now->shape.classes, shard_path(d->splits[0].shard), d->classes);
    if (json_is_array(names) && d->class_names && !json_equal((json_t *)names, (json_t *)d->class_names))
        return fail(err, "%s: class_names are others than those of the shards before it", path);
    if (json_is_array(names) && !d->class_names)
        d->class_names = names;
    return 0;
}

int export_data_open(struct export_data *d, char *const *paths, int count, struct text *notices,
                     struct error *err) {
    memset(d, 0, sizeof *d);
    d->splits = allocate((size_t)count, sizeof *d->splits, "shards", err);
    int bad = !d->splits;
    for (int i = 0; i < count && !bad; i++) {
        d->count++;
        bad = open_split(&d->splits[i], paths[i], notices, err);
        if (!i && !bad)
            d->classes = d->splits[0].shape.classes;
        bad = bad || agree(d, &d->splits[i], err);
    }
    return bad ? -1 : 0;
}

void export_data_close(struct export_data *d) {
    for (int i = 0; i < d->count; i++) {
        struct export_split *s = &d->splits[i];
        for (int c = 0; c < s->column_count; c++)
            free(s->columns[c].values);
        free(s->columns);
        free(s->labels);
        json_decref(s->attributes);
        shard_close(s->shard);
    }
    free(d->splits);
    memset(d, 0, sizeof *d);
}

// ---------------------------------------------------------------------------------------------- records

const char *export_class_name(const struct export_data *d, int label) {
    static _Thread_local char number[16];
    const char *name = json_string_value(json_array_get(d->class_names, (size_t)label));
    snprintf(number, sizeof number, "%d", label);
    return name ? name : number;
}

json_t *export_text(const char *text) {
    json_t *value = json_string(text);
    if (value)
        return value;
    char *plain = strdup(text);
    for (char *c = plain; c && *c; c++)
        *c = (char)(*c & 0x80 ? '?' : *c);
    value = plain ? json_string(plain) : NULL;
    free(plain);
    return value;
}

const char *export_key_of(const struct export_column *c, char out[EXPORT_NAME_SIZE + 8]) {
    static const char *const own[] = {
        "file_name", "mask_file_name", "label",         "class", "split", "group_number",
        "img_id",    "img_filename",   "mask_filename", "y",     "place"};
    int taken = 0;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        taken |= !strcmp(c->name, own[i]);
    snprintf(out, EXPORT_NAME_SIZE + 8, "%s%s", taken ? "shard_" : "", c->name);
    return out;
}

static json_t *value_of(const struct export_column *c, long index) {
    double real;
    switch (c->type) {
    case COLUMN_INT32:
        return json_integer(((const int32_t *)c->values)[index]);
    case COLUMN_TEXT:
        return export_text((const char *)c->values + (size_t)index * c->text_size);
    default:
        real = ((const double *)c->values)[index];
        return isfinite(real) ? json_real(real) : json_null(); // JSON has no other
    }
}

int export_record(const struct export_data *d, const struct export_split *s, long index, json_t *record) {
    int label = s->labels[index];
    int bad = json_object_set_new(record, "label", json_integer(label)) ||
              json_object_set_new(record, "class", export_text(export_class_name(d, label)));
    const struct export_column *group = export_column_of(s, "group");
    if (group && group->type == COLUMN_INT32) {
        int32_t number = ((const int32_t *)group->values)[index];
        const char *name = group_name(json_object_get(s->attributes, "group_names"), number);
        bad = bad || json_object_set_new(record, "group", name ? export_text(name) : json_integer(number)) ||
              (name && json_object_set_new(record, "group_number", json_integer(number)));
    }
    for (int c = 0; c < s->column_count && !bad; c++) {
        char key[EXPORT_NAME_SIZE + 8];
        if (&s->columns[c] != group)
            bad = json_object_set_new(record, export_key_of(&s->columns[c], key),
                                      value_of(&s->columns[c], index));
    }
    return bad ? -1 : 0;
}

static int by_number(const void *a, const void *b) {
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

// Adds a count for each run of equal numbers.
static int count_runs(const int32_t *sorted, long n, const json_t *names, json_t *counts) {
    int bad = 0;
    for (long i = 0, end; i < n && !bad; i = end) {
        char number[16];
        for (end = i; end < n && sorted[end] == sorted[i]; end++)
            ;
        const char *name = group_name(names, sorted[i]);
        snprintf(number, sizeof number, "%d", sorted[i]);
        bad = json_object_set_new(counts, name ? name : number, json_integer(end - i));
    }
    return bad;
}

json_t *export_group_counts(const struct export_split *s, struct error *err) {
    const struct export_column *group = export_column_of(s, "group");
    const json_t *names = json_object_get(s->attributes, "group_names");
    json_t *counts = json_object();
    int bad = !counts;
    if (group && group->type == COLUMN_INT32) {
        int32_t *sorted = allocate((size_t)s->shape.count, sizeof *sorted, "groups", err);
        for (size_t i = 0; i < json_array_size(names) && !bad; i++) // a group may have no image
            bad = group_name(names, (long)i) &&
                  json_object_set_new(counts, group_name(names, (long)i), json_integer(0));
        if (sorted) {
            memcpy(sorted, group->values, (size_t)s->shape.count * sizeof *sorted);
            qsort(sorted, (size_t)s->shape.count, sizeof *sorted, by_number);
        }
        bad = bad || !sorted || count_runs(sorted, s->shape.count, names, counts);
        free(sorted);
    }
    if (!bad)
        return counts;
    json_decref(counts);
    fail_memory(err, "groups");
    return NULL;
}
