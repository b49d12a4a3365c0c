// SPDX-License-Identifier: Apache-2.0
// Hugging Face's and torchvision's folders: SPLIT/CLASS/000000.png, masks of the same path below masks/, and
// SPLIT/metadata.jsonl with a line for each image. Masks lie outside the split's folder, where readers of folders would
// take them for images.
#include "core/base/memory.h"
#include "gen/export/export.h"
#include "gen/export/export_croissant.h"

#include <stdio.h>
#include <stdlib.h>

static int put(struct export_job *job, const struct export_item *item, struct error *err) {
    const struct export_split *s = item->split;
    struct text file = {0}, image = {0}, mask = {0}, relative = {0};
    export_class_folder(job->data, s->labels[item->index], &file);
    text_printf(&file, "/%06ld.png", item->index);
    text_printf(&image, "%s/%s", s->name, text_string(&file));
    text_printf(&mask, "masks/%s", text_string(&image));
    text_printf(&relative, "../%s", text_string(&mask));
    json_t *record =
        json_pack("{ss so ss}", "file_name", text_string(&file), "mask_file_name",
                  item->mask ? json_string(text_string(&relative)) : json_null(), "split", s->name);
    int bad = !record || export_record(job->data, s, item->index, record) ? fail_memory(err, "metadata") : 0;
    char *line = bad ? NULL : export_line(record, err);
    bad = bad || !line || text_check(&relative, "a file's name", err) ||
          export_sink_put(job->sink, text_string(&image), item->image, item->image_size, item->image_digest,
                          err) ||
          (item->mask && export_sink_put(job->sink, text_string(&mask), item->mask, item->mask_size,
                                         item->mask_digest, err));
    if (!bad)
        text_printf(&job->table, "%s\n", line);
    free(line);
    json_decref(record);
    text_free(&file);
    text_free(&image);
    text_free(&mask);
    text_free(&relative);
    return bad ? -1 : 0;
}

static int end(struct export_job *job, const struct export_split *split, struct error *err) {
    char name[EXPORT_NAME_SIZE + 20];
    snprintf(name, sizeof name, "%s/metadata.jsonl", split->name);
    int bad = text_check(&job->table, name, err) ||
              export_sink_put(job->sink, name, text_string(&job->table), job->table.length, NULL, err);
    text_clear(&job->table);
    return bad ? -1 : 0;
}

static void pattern(const struct export_job *job, const struct export_split *split, struct text *out) {
    (void)job;
    text_printf(out, "%s/**", split->name);
}

static void describe_split(const struct export_job *job, const struct export_split *s, json_t *resources,
                           json_t *record_sets) {
    char metadata[EXPORT_NAME_SIZE + 20], images[EXPORT_NAME_SIZE + 20], masks[EXPORT_NAME_SIZE + 20],
        glob[EXPORT_NAME_SIZE + 20], file_name[EXPORT_NAME_SIZE + 20], records[EXPORT_NAME_SIZE + 20];
    snprintf(metadata, sizeof metadata, "%s/metadata.jsonl", s->name);
    snprintf(images, sizeof images, "%s-images", s->name);
    snprintf(masks, sizeof masks, "%s-masks", s->name);
    snprintf(file_name, sizeof file_name, "%s/file_name", s->name);
    croissant_add_file(resources, job->sink, metadata, "application/jsonlines", "a line for each image");
    snprintf(glob, sizeof glob, "%s/*/*.png", s->name);
    croissant_add_files(resources, NULL, images, glob, "image/png", "the images");
    json_t *rows = croissant_add_records(record_sets, s->name, "what is known of each image");
    croissant_add_column(rows, s->name, "file_name", "sc:Text", "the image, from the split's folder",
                         metadata);
    croissant_add_column(rows, s->name, "label", "sc:Integer", "number of the class", metadata);
    croissant_add_column(rows, s->name, "split", "sc:Text", "the split's name", metadata);
    snprintf(records, sizeof records, "%s-image", s->name);
    json_t *files = croissant_add_records(record_sets, records, "the images");
    croissant_add_property(files, records, "image", "sc:ImageObject", "the image", images, "content", NULL,
                           NULL);
    croissant_add_property(files, records, "path", "sc:Text", "its path, from the split's folder", images,
                           "fullpath", "([^/]+/[^/]+)$", file_name);
    if (s->annotated) {
        snprintf(glob, sizeof glob, "masks/%s/*/*.png", s->name);
        croissant_add_files(resources, NULL, masks, glob, "image/png", "the masks, 255: relevant");
        croissant_add_column(rows, s->name, "mask_file_name", "sc:Text", "its mask, from the split's folder",
                             metadata);
        snprintf(records, sizeof records, "%s-mask", s->name);
        files = croissant_add_records(record_sets, records, "the masks");
        croissant_add_property(files, records, "mask", "sc:ImageObject", "the mask", masks, "content", NULL,
                               NULL);
        croissant_add_property(files, records, "path", "sc:Text",
                               "path of its image, from the split's folder", masks, "fullpath",
                               "([^/]+/[^/]+)$", file_name);
    }
    croissant_add_columns(rows, s, s->name, metadata, NULL);
}

// Two or three record sets for each split: lines of metadata, images, masks.
static void describe(const struct export_job *job, json_t *resources, json_t *record_sets) {
    for (int i = 0; i < job->data->count; i++)
        describe_split(job, &job->data->splits[i], resources, record_sets);
}

const struct export_format export_imagefolder = {
    .name = "imagefolder",
    .about = "Images are `SPLIT/CLASS/NUMBER.png`, their masks `masks/SPLIT/CLASS/NUMBER.png`, and "
             "`SPLIT/metadata.jsonl` has a line for each image. Folders of classes begin with the label.",
    .put = put,
    .end = end,
    .pattern = pattern,
    .describe = describe,
};
