// SPDX-License-Identifier: Apache-2.0
#include "gen/export/export.h"

#include "core/base/interrupt.h"
#include "core/base/memory.h"
#include "core/base/progress.h"
#include "gen/export/export_card.h"
#include "gen/export/export_croissant.h"
#include "gen/read/image.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 64 /* images that are encoded side by side */ };

static const struct export_format *const formats[] = {
#define EXPORT_FORMAT(name) &export_##name,
    EXPORT_FORMAT_LINES
#undef EXPORT_FORMAT
};

enum {
#define EXPORT_FORMAT(name) FORMAT_##name,
    EXPORT_FORMAT_LINES
#undef EXPORT_FORMAT
        FORMATS
};

// The name is one that a setting's list of choices has let through.
static const struct export_format *format_of(const char *name) {
    int i = 0;
    while (i < FORMATS - 1 && strcmp(formats[i]->name, name) != 0)
        i++;
    return formats[i];
}

// ---------------------------------------------------------------------------------------------- for formats

char *export_line(const json_t *record, struct error *err) {
    char *indented = json_text(record); // reals at their shortest
    if (!indented) {
        fail_memory(err, "a line of metadata");
        return NULL;
    }
    char *to = indented;
    for (const char *from = indented; *from; from++) { // a line break is never part of a JSON string
        if (*from == '\n') {
            from += strspn(from, "\n ") - 1;
            if (to[-1] == ',')
                *to++ = ' ';
        } else {
            *to++ = *from;
        }
    }
    *to = 0;
    return indented;
}

void export_class_folder(const struct export_data *d, int label, struct text *out) {
    int digits = 1;
    for (int most = d->classes - 1; most >= 10; most /= 10)
        digits++;
    text_printf(out, "%0*d", digits, label);
    const char *name = json_string_value(json_array_get(d->class_names, (size_t)label));
    if (!name)
        return;
    text_add(out, "-");
    int blank = 0, length = 0;
    for (; *name && length < 40; name++) {
        int plain = isalnum((unsigned char)*name) && !(*name & 0x80);
        if (plain && blank && length)
            text_add(out, "_");
        if (plain)
            text_add_bytes(out, name, 1);
        length += plain;
        blank = !plain;
    }
}

// ---------------------------------------------------------------------------------------------- images

static int encode(struct export_item *item, const uint8_t *image, const uint8_t *mask, struct error *err) {
    struct shard_shape shape = item->split->shape;
    if (image_encode_png(image, shape.width, shape.height, 3, &item->image, &item->image_size, err) ||
        digest_bytes(item->image, item->image_size, item->image_digest, err))
        return -1;
    if (!export_has_mask(item->split, item->index))
        return 0;
    return image_encode_png(mask, shape.width, shape.height, 1, &item->mask, &item->mask_size, err) ||
                   digest_bytes(item->mask, item->mask_size, item->mask_digest, err)
               ? -1
               : 0;
}

// Images first .. first+count-1 of a split: encoded by all threads, put in order.
static int put_batch(struct export_job *job, const struct export_format *format,
                     const struct export_split *split, long first, int count, uint8_t *images, uint8_t *masks,
                     struct error *err) {
    struct export_item items[BATCH] = {0};
    uint32_t index[BATCH];
    size_t area = (size_t)split->shape.height * (size_t)split->shape.width;
    for (int i = 0; i < count; i++) {
        index[i] = (uint32_t)(first + i);
        items[i].split = split;
        items[i].index = first + i;
    }
    int bad = shard_read(split->shard, index, count, images, masks, NULL, err);
    if (!bad) {
#pragma omp parallel for schedule(dynamic, 1)
        for (int i = 0; i < count; i++) {
            struct error own = {0};
            if (encode(&items[i], images + (size_t)i * 3 * area, masks + (size_t)i * area, &own)) {
#pragma omp critical(export_encode)
                {
                    bad = -1;
                    *err = own;
                }
            }
        }
    }
    for (int i = 0; i < count && !bad; i++)
        bad = format->put(job, &items[i], err);
    for (int i = 0; i < count; i++) {
        free(items[i].image);
        free(items[i].mask);
    }
    return bad ? -1 : 0;
}

static int put_split(struct export_job *job, const struct export_format *format,
                     const struct export_split *split, struct progress *progress, long *done,
                     struct error *err) {
    size_t area = (size_t)split->shape.height * (size_t)split->shape.width;
    uint8_t *images = allocate(area * BATCH, 3, "images", err),
            *masks = images ? allocate(area, BATCH, "masks", err) : NULL;
    int bad = !masks || (format->begin && format->begin(job, split, err));
    for (long first = 0; first < split->shape.count && !bad; first += BATCH) {
        long left = split->shape.count - first;
        int count = left < BATCH ? (int)left : BATCH;
        bad = put_batch(job, format, split, first, count, images, masks, err);
        if (!bad && interrupt_requested())
            bad = fail_interrupted(err, "interrupted: nothing was written to %s", job->settings->output);
        *done += count;
        progress_update(progress, (double)*done, NULL);
    }
    free(images);
    free(masks);
    return bad || (format->end && format->end(job, split, err)) ? -1 : 0;
}

static int put_all(struct export_job *job, const struct export_format *format, struct error *err) {
    struct progress progress;
    long total = 0, done = 0;
    int bad = 0;
    for (int i = 0; i < job->data->count; i++)
        total += job->data->splits[i].shape.count;
    progress_start(&progress, job->settings->output, "images", (double)total, 0);
    for (int i = 0; i < job->data->count && !bad; i++)
        bad = put_split(job, format, &job->data->splits[i], &progress, &done, err);
    progress_end(&progress);
    return bad || (format->finish && format->finish(job, err)) ? -1 : 0;
}

// ---------------------------------------------------------------------------------------------- words

static int say_json(struct export_sink *sink, const char *name, json_t *value, struct error *err) {
    struct text text = {0};
    char *json = value ? json_text(value) : NULL;
    json_decref(value);
    if (!json)
        return err->message[0] ? -1 : fail_memory(err, "%s", name);
    text_printf(&text, "%s\n", json);
    free(json);
    int bad =
        text_check(&text, name, err) || export_sink_say(sink, name, text_string(&text), text.length, err);
    text_free(&text);
    return bad ? -1 : 0;
}

// {"train": {"file", "images", "height", "width", "attributes": {..}, "columns": {name: description}}, ...}
static json_t *shards_json(const struct export_data *d) {
    json_t *all = json_object();
    for (int i = 0; i < d->count && all; i++) {
        const struct export_split *s = &d->splits[i];
        json_t *columns = json_object();
        for (int c = 0; c < s->column_count; c++) {
            char key[EXPORT_NAME_SIZE + 8];
            json_object_set_new(columns, export_key_of(&s->columns[c], key),
                                export_text(s->columns[c].description));
        }
        json_object_set_new(all, s->name,
                            json_pack("{so sI si si sO so}", "file",
                                      export_text(path_name(shard_path(s->shard))), "images",
                                      (json_int_t)s->shape.count, "height", s->shape.height, "width",
                                      s->shape.width, "attributes", s->attributes, "columns", columns));
    }
    return all;
}

// Of all files so far, in sha256sum's format.
static int say_digests(struct export_sink *sink, struct error *err) {
    struct text sums = {0};
    for (int i = 0; i < sink->file_count; i++)
        text_printf(&sums, "%s  %s\n", sink->files[i].digest, sink->files[i].name);
    int bad = text_check(&sums, "SHA256SUMS", err) ||
              export_sink_say(sink, "SHA256SUMS", text_string(&sums), sums.length, err);
    text_free(&sums);
    return bad ? -1 : 0;
}

static int say_all(struct export_job *job, const struct export_format *format, struct error *err) {
    struct text card = {0};
    err->message[0] = 0;
    int bad = say_json(job->sink, "shards.json", shards_json(job->data), err) ||
              say_digests(job->sink, err) ||
              say_json(job->sink, "croissant.json", export_croissant(job, format, err), err) ||
              export_card(job, format, &card, err) || text_check(&card, "README.md", err) ||
              export_sink_say(job->sink, "README.md", text_string(&card), card.length, err);
    text_free(&card);
    return bad ? -1 : 0;
}

int export_write(const struct export_data *d, const struct export_settings *settings, struct error *err) {
    const struct export_format *format = format_of(settings->format);
    struct export_sink sink;
    struct export_job job = {.data = d, .settings = settings, .sink = &sink};
    if (export_sink_begin(&sink, settings->output, format->samples_alone, settings->force, err))
        return -1;
    int bad = put_all(&job, format, err) || say_all(&job, format, err);
    text_free(&job.table);
    json_decref(job.keys);
    if (!bad)
        return export_sink_finish(&sink, err);
    export_sink_discard(&sink);
    return -1;
}
