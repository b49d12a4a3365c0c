// SPDX-License-Identifier: Apache-2.0
// WebDataset: tar archives whose members of one sample follow each other, told apart by what comes after the first dot of
// their names: train-000000.png, .mask.png, .cls (the label), .json (everything).
#include "core/base/memory.h"
#include "gen/export/export.h"
#include "gen/export/export_croissant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const size_t mebibyte = (size_t)1 << 20;

struct sample { // as it lies in the tar
    char key[EXPORT_NAME_SIZE + 24];
    char cls[16];
    char *json;
};

static int begin_tar(struct export_job *job, const struct export_split *split, struct error *err) {
    char name[PATH_SIZE];
    const char *slash = strrchr(job->sink->path, '/');
    if (job->sink->kind == EXPORT_SAMPLES)
        snprintf(name, sizeof name, "%s", slash ? slash + 1 : job->sink->path);
    else
        snprintf(name, sizeof name, "%s-%06d.tar", split->name, job->tar_number++);
    job->tar_bytes = 0;
    return export_sink_tar_begin(job->sink, name, err);
}

static int begin(struct export_job *job, const struct export_split *split, struct error *err) {
    if (job->sink->kind == EXPORT_SAMPLES && split != job->data->splits)
        return 0; // all splits go into the one file
    job->tar_number = 0;
    return begin_tar(job, split, err);
}

static size_t bytes_of(const struct export_item *item, const struct sample *s) {
    return tar_member_size(item->image_size) + (item->mask ? tar_member_size(item->mask_size) : 0) +
           tar_member_size(strlen(s->cls)) + tar_member_size(strlen(s->json));
}

static int add(struct export_job *job, const struct sample *s, const char *ending, const void *bytes,
               size_t size, struct error *err) {
    char member[sizeof s->key + 16];
    snprintf(member, sizeof member, "%s.%s", s->key, ending);
    return export_sink_tar_add(job->sink, member, bytes, size, err);
}

static int put(struct export_job *job, const struct export_item *item, struct error *err) {
    const struct export_split *split = item->split;
    struct sample s;
    snprintf(s.key, sizeof s.key, "%s-%06ld", split->name, item->index);
    snprintf(s.cls, sizeof s.cls, "%d", split->labels[item->index]);
    json_t *record = json_pack("{ss}", "split", split->name);
    int bad =
        !record || export_record(job->data, split, item->index, record) ? fail_memory(err, "a sample") : 0;
    s.json = bad ? NULL : export_line(record, err);
    json_decref(record);
    if (!s.json)
        return -1;
    size_t size = bytes_of(item, &s);
    if (job->sink->kind == EXPORT_FOLDER && job->tar_bytes &&
        job->tar_bytes + size > (size_t)job->settings->tar_size * mebibyte)
        bad = export_sink_tar_end(job->sink, err) || begin_tar(job, split, err);
    bad = bad || add(job, &s, "png", item->image, item->image_size, err) ||
          (item->mask && add(job, &s, "mask.png", item->mask, item->mask_size, err)) ||
          add(job, &s, "cls", s.cls, strlen(s.cls), err) || add(job, &s, "json", s.json, strlen(s.json), err);
    job->tar_bytes += size;
    free(s.json);
    return bad ? -1 : 0;
}

static int end(struct export_job *job, const struct export_split *split, struct error *err) {
    (void)split;
    return job->sink->kind == EXPORT_SAMPLES ? 0 : export_sink_tar_end(job->sink, err);
}

static int finish(struct export_job *job, struct error *err) {
    return job->sink->kind == EXPORT_SAMPLES ? export_sink_tar_end(job->sink, err) : 0;
}

static void pattern(const struct export_job *job, const struct export_split *split, struct text *out) {
    const char *slash = strrchr(job->sink->path, '/');
    if (job->sink->kind == EXPORT_SAMPLES)
        text_add(out, slash ? slash + 1 : job->sink->path);
    else
        text_printf(out, "%s-*.tar", split->name);
}

// Whether a file of the sink is one of the split's archives.
static int is_of(const struct export_sink *sink, const char *file, const char *split) {
    size_t length = strlen(split), all = strlen(file);
    return all > 4 && !strcmp(file + all - 4, ".tar") &&
           (sink->kind == EXPORT_SAMPLES || (!strncmp(file, split, length) && file[length] == '-' &&
                                             strspn(file + length + 1, "0123456789") + length + 5 == all));
}

// The split's archives: [{"@id": "train-000000.tar"}, ...]; each a resource, once.
static json_t *describe_tars(const struct export_job *job, const struct export_split *s, json_t *resources) {
    json_t *tars = json_array();
    for (int i = 0; i < job->sink->file_count; i++) {
        const char *name = job->sink->files[i].name;
        if (!is_of(job->sink, name, s->name))
            continue;
        json_array_append_new(tars, json_pack("{ss}", "@id", name));
        if (job->sink->kind == EXPORT_FOLDER || s == job->data->splits)
            croissant_add_file(resources, job->sink, name, "application/x-tar", "samples");
    }
    return tars;
}

static void describe_split(const struct export_job *job, const struct export_split *s, json_t *resources,
                           json_t *record_sets) {
    static const struct {
        const char *ending, *encoding, *name, *what;
    } parts[] = {{"png", "image/png", "image", "the images"},
                 {"mask.png", "image/png", "mask", "the masks, 255: relevant"},
                 {"json", "application/json", NULL, "what is known of each image"}};
    json_t *tars = describe_tars(job, s, resources);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        char set[EXPORT_NAME_SIZE + 24], glob[EXPORT_NAME_SIZE + 24], records[EXPORT_NAME_SIZE + 24];
        const char *name = parts[i].name;
        if (i == 1 && !s->annotated)
            continue;
        snprintf(set, sizeof set, "%s-%s", s->name, parts[i].ending);
        snprintf(glob, sizeof glob, "%s-[0-9]*.%s", s->name, parts[i].ending);
        snprintf(records, sizeof records, "%s%s%s", s->name, name ? "-" : "", name ? name : "");
        croissant_add_files(resources, tars, set, glob, parts[i].encoding, parts[i].what);
        if (!i) // "*.png" has the masks as well
            json_object_set_new(json_array_get(resources, json_array_size(resources) - 1), "excludes",
                                json_string("*.mask.png"));
        json_t *fields = croissant_add_records(record_sets, records, parts[i].what);
        croissant_add_property(fields, records, "key", "sc:Text", "the sample", set, "filename", "^([^.]+)",
                               NULL);
        if (name) {
            croissant_add_property(fields, records, name, "sc:ImageObject", parts[i].what, set, "content",
                                   NULL, NULL);
        } else {
            croissant_add_path(fields, records, "label", "sc:Integer", "number of the class", set, "$.label");
            croissant_add_columns(fields, s, records, NULL, set);
        }
    }
    json_decref(tars);
}

static void describe(const struct export_job *job, json_t *resources, json_t *record_sets) {
    for (int i = 0; i < job->data->count; i++)
        describe_split(job, &job->data->splits[i], resources, record_sets);
}

const struct export_format export_webdataset = {
    .name = "webdataset",
    .about = "Tar archives of samples, as WebDataset reads them: `SPLIT-NUMBER.png` is the image, "
             "`.mask.png` its mask, "
             "`.cls` its label and `.json` all that is known of it.",
    .samples_alone = 1,
    .begin = begin,
    .put = put,
    .end = end,
    .finish = finish,
    .pattern = pattern,
    .describe = describe,
};
