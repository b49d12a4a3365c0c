// SPDX-License-Identifier: Apache-2.0
// WILDS's folder (as Waterbirds has it): images/SPLIT/000000.png, masks/SPLIT/000000.png, and one metadata.csv with y, split
// (0 train, 1 validation, 2 test) and place, what may be spurious.
#include "core/base/memory.h"
#include "core/shard/split.h"
#include "gen/export/export.h"
#include "gen/export/export_croissant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char table_name[] = "metadata.csv";

// The column that says what may go with a class: the first of these that the shard has; else its groups.
static const char *const places[] = {"background_class", "artefact", "background", "group"};

static const struct export_column *place_of(const struct export_split *s) {
    const struct export_column *column = NULL;
    for (size_t i = 0; i < sizeof places / sizeof *places && !column; i++) {
        column = export_column_of(s, places[i]);
        if (column && column->type != COLUMN_INT32)
            column = NULL;
    }
    return column;
}

static int split_number(const struct export_split *s, struct error *err) {
    for (int i = 0; i < SPLITS; i++)
        if (!strcmp(s->name, split_names[i]))
            return i;
    return fail(
        err, "%s: split '%s' has no number in WILDS's metadata.csv, which knows train, validation and test",
        shard_path(s->shard), s->name);
}

// ---------------------------------------------------------------------------------------------- the table

// RFC 4180: quoted where a comma, a quote or a line break would end it.
static void add_cell(struct text *out, const char *words) {
    if (!words[strcspn(words, ",\"\r\n")]) {
        text_add(out, words);
        return;
    }
    text_add(out, "\"");
    for (; *words; words++)
        text_add_bytes(out, *words == '"' ? "\"\"" : words, *words == '"' ? 2 : 1);
    text_add(out, "\"");
}

static void add_value(struct text *out, const json_t *value) {
    text_add(out, ",");
    if (json_is_string(value))
        add_cell(out, json_string_value(value));
    else if (json_is_integer(value))
        text_printf(out, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        json_add_real(out, json_real_value(value));
}

// The keys of records of all splits, in the order in which they come: {"label": null, ...}.
static json_t *all_keys(const struct export_data *d) {
    json_t *keys = json_object();
    for (int i = 0; i < d->count; i++) {
        json_t *record = json_object();
        if (d->splits[i].shape.count && !export_record(d, &d->splits[i], 0, record))
            json_object_update_missing(keys, record);
        json_decref(record);
    }
    json_object_del(keys, "label"); // is y
    return keys;
}

static int begin(struct export_job *job, const struct export_split *split, struct error *err) {
    const char *key;
    json_t *value;
    if (split_number(split, err) < 0)
        return -1;
    if (split != job->data->splits)
        return 0;
    text_add(&job->table, "img_id,img_filename,y,split,place,mask_filename");
    job->keys = all_keys(job->data);
    json_object_foreach(job->keys, key, value) {
        text_add(&job->table, ",");
        add_cell(&job->table, key);
    }
    text_add(&job->table, "\n");
    return 0;
}

static int add_row(struct export_job *job, const struct export_item *item, const char *image,
                   const char *mask, struct error *err) {
    const struct export_split *s = item->split;
    const struct export_column *place = place_of(s);
    const char *key;
    json_t *unused, *record = json_object();
    int bad = !job->keys || !record || export_record(job->data, s, item->index, record);
    if (!bad) {
        text_printf(&job->table, "%ld,%s,%d,%d,", job->rows++, image, s->labels[item->index],
                    split_number(s, err));
        if (place)
            text_printf(&job->table, "%d", ((const int32_t *)place->values)[item->index]);
        text_printf(&job->table, ",%s", mask);
        json_object_foreach(job->keys, key, unused) add_value(&job->table, json_object_get(record, key));
        text_add(&job->table, "\n");
    }
    json_decref(record);
    return bad ? fail_memory(err, "%s", table_name) : 0;
}

static int put(struct export_job *job, const struct export_item *item, struct error *err) {
    char image[EXPORT_NAME_SIZE + 40], mask[EXPORT_NAME_SIZE + 40] = "";
    snprintf(image, sizeof image, "images/%s/%06ld.png", item->split->name, item->index);
    if (item->mask)
        snprintf(mask, sizeof mask, "masks/%s/%06ld.png", item->split->name, item->index);
    return export_sink_put(job->sink, image, item->image, item->image_size, item->image_digest, err) ||
                   (item->mask &&
                    export_sink_put(job->sink, mask, item->mask, item->mask_size, item->mask_digest, err)) ||
                   add_row(job, item, image, mask, err)
               ? -1
               : 0;
}

static int finish(struct export_job *job, struct error *err) {
    return text_check(&job->table, table_name, err) ||
                   export_sink_put(job->sink, table_name, text_string(&job->table), job->table.length, NULL,
                                   err)
               ? -1
               : 0;
}

// ---------------------------------------------------------------------------------------------- croissant.json

static void describe_files(json_t *resources, json_t *record_sets, const char *set, const char *name,
                           const char *what) {
    char records[32], glob[32], path[32], column[32];
    snprintf(records, sizeof records, "%s-files", name);
    snprintf(glob, sizeof glob, "%s/*/*.png", set);
    snprintf(path, sizeof path, "(%s/[^/]+/[^/]+)$", set);
    snprintf(column, sizeof column, "rows/%s_filename", !strcmp(name, "image") ? "img" : name);
    croissant_add_files(resources, NULL, set, glob, "image/png", what);
    json_t *files = croissant_add_records(record_sets, records, what);
    croissant_add_property(files, records, name, "sc:ImageObject", what, set, "content", NULL, NULL);
    croissant_add_property(files, records, "path", "sc:Text", "its path", set, "fullpath", path, column);
}

static void describe(const struct export_job *job, json_t *resources, json_t *record_sets) {
    static const char *const columns[][3] = {{"img_id", "sc:Integer", "number of the row"},
                                             {"img_filename", "sc:Text", "the image"},
                                             {"y", "sc:Integer", "number of the class"},
                                             {"split", "sc:Integer", "0 train, 1 validation, 2 test"},
                                             {"place", "sc:Integer", "what may be spurious, else the group"},
                                             {"mask_filename", "sc:Text", "its mask"}};
    int annotated = 0;
    for (int i = 0; i < job->data->count; i++)
        annotated |= job->data->splits[i].annotated;
    croissant_add_file(resources, job->sink, table_name, "text/csv", "a row for each image");
    json_t *rows = croissant_add_records(record_sets, "rows", "what is known of each image");
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        croissant_add_column(rows, "rows", columns[i][0], columns[i][1], columns[i][2], table_name);
    croissant_add_columns(rows, &job->data->splits[0], "rows", table_name, NULL);
    describe_files(resources, record_sets, "images", "image", "the images");
    if (annotated)
        describe_files(resources, record_sets, "masks", "mask", "the masks, 255: relevant");
}

const struct export_format export_wilds = {
    .name = "wilds",
    .about = "`metadata.csv` has a row for each image: `img_filename`, `y` (the label), `split` (0 train, 1 "
             "validation, "
             "2 test), `place` (the class of the background or the artefact, where the shards have one, else "
             "the group) "
             "and `mask_filename`.",
    .begin = begin,
    .put = put,
    .finish = finish,
    .describe = describe,
};
