// SPDX-License-Identifier: Apache-2.0
#include "gen/photographs/photographs.h"

#include "core/base/memory.h"
#include "core/base/version.h"
#include "core/shard/groups.h"
#include "gen/photographs/mask_readings.h"
#include "gen/photographs/photograph_reader.h"
#include "gen/photographs/photograph_shard.h"
#include "gen/photographs/source_digest.h"
#include "gen/photographs/standins.h"
#include "gen/read/members.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct photographs_settings settings_t;

const struct setting photographs_schema[] = {
    SETTING_CHOICE(settings_t, data, "isic2017", "isic2017 pets", "the data set"),
    SETTING_INT(settings_t, pixels, "224", 8, 1024, "pixels", "side of the images"),
    SETTING_CHOICE(settings_t, fit, "crop", "crop stretch pad",
                   "crop: the middle square; stretch: all, squeezed to a square; pad: all, with black edges"),
    SETTING_CHOICE(settings_t, mask, "hard", "hard soft",
                   "annotation: 255 where half is marked, or its share"),
    SETTING_SEED(settings_t, seed, "1", "seed of every draw"),
    SETTING_CHOICE(settings_t, split, "train", "train validation test", "part of the data set"),
    SETTING_INT(settings_t, count, "0", 0, 1000000, "images",
                "how many of the split's images, drawn by the seed; 0: all"),
    SETTING_CHOICE(settings_t, annotations, "needed", "needed none",
                   "none: read no masks and mark all of each image; not for training"),
    SETTING_CHOICE(settings_t, artefacts, "spurious", "spurious uniform none",
                   "drawn lesions: whether artefacts go with the class (never in test data)"),
    SETTING_PATH(settings_t, source, "", "FOLDER",
                 "folder with the official files; none: stand-ins drawn by the program"),
    SETTING_COUNT(settings_t, compression, "0", 0, 9, "", "gzip level of the shard, 0: none"),
    SETTING_COUNT(settings_t, chunk, "4", 1, 16, "images", "images per HDF5 chunk"),
    SETTING_END};

static const struct photograph_format *format_of(const settings_t *s) {
    static const struct photograph_format *const formats[] = {&isic2017_format, &pets_format, NULL};
    int i = 0;
    while (formats[i + 1] && strcmp(formats[i]->name, s->data) != 0) // the schema has these words
        i++;
    return formats[i];
}

// ---------------------------------------------------------------------------------------------- inputs

// Adds {name: digest} of one of the official files.
static int add_digest(json_t *inputs, const char *source, const char *name, struct error *err) {
    char path[PATH_SIZE];
    return catalogue_locate(source, name, path, err) ||
                   source_digest_add(inputs, member_file_name(path), path, err)
               ? -1
               : 0;
}

json_t *photographs_inputs(const settings_t *s, struct error *err) {
    if (!*s->source)
        return standins_inputs(s, err);
    const struct photograph_format *f = format_of(s);
    json_t *inputs = json_object();
    int bad = inputs ? 0 : fail_memory(err, "digests of the inputs");
    for (int i = 0; i < CATALOGUE_FILES && f->files[i] && !bad; i++) {
        int there = catalogue_present(s->source, f->files[i], err);
        bad = there < 0 ? -1 : there ? add_digest(inputs, s->source, f->files[i], err) : 0;
    }
    if (!bad && !json_object_size(inputs)) {
        char path[PATH_SIZE];
        bad = catalogue_locate(s->source, f->files[0], path, err); // says what is missing
    }
    if (!bad)
        return inputs;
    json_decref(inputs);
    return NULL;
}

// ---------------------------------------------------------------------------------------------- lists

static int check_settings(const settings_t *settings, struct error *err) {
    if (settings_check(photographs_schema, settings, err))
        return -1;
    if (!strcmp(settings->annotations, "none") && !strcmp(settings->split, "train"))
        return fail_usage(err, "--annotations: none is not for training: where all of an image is marked, "
                               "nothing is learned from the annotation");
    if (*settings->source && strcmp(settings->artefacts, "spurious") != 0)
        return fail_usage(err, "--artefacts: %s is of drawn lesions, not of photographs",
                          settings->artefacts);
    return 0;
}

static int read_lists(const settings_t *s, struct catalogue *c, enum split *split, struct error *err) {
    *split = split_of_name(s->split);
    return check_settings(s, err) || format_of(s)->list(NULL, s->source, *split, s->seed, c, err) ? -1 : 0;
}

int photographs_classes(const settings_t *s, struct error *err) {
    if (!*s->source)
        return standins_kind(s)->classes;
    struct catalogue c = {0};
    enum split split;
    int bad = read_lists(s, &c, &split, err), classes = c.classes;
    catalogue_free(&c);
    return bad ? -1 : classes;
}

int photographs_images(const settings_t *s, struct error *err) {
    struct catalogue c = {0};
    enum split split;
    int bad = 0, count = *s->source ? s->count : standins_images(s);
    if (!count) {
        bad = read_lists(s, &c, &split, err);
        for (int i = 0; i < c.count; i++)
            count += c.items[i].split == (int)split;
        catalogue_free(&c);
    }
    return bad ? -1 : count;
}

// ---------------------------------------------------------------------------------------------- attributes

static json_t *attributes_json(void *context, struct error *err) {
    const struct photograph_reader *r = context;
    const settings_t *s = r->settings;
    enum split split = r->items[0].listed->split;
    const struct photograph_format *f = r->format;
    json_t *all = settings_json(photographs_schema, s, 1), *inputs = json_object(), *names = json_array();
    const char *const files[3] = {
        f->images[split], strcmp(s->annotations, "none") != 0 ? f->masks[split] : NULL, f->labels[split]};
    int bad = !all || !inputs || !names;
    for (int i = 0; i < 3 && !bad; i++)
        bad = files[i] && add_digest(inputs, s->source, files[i], err);
    for (int k = 0; k < r->catalogue.classes && !bad; k++)
        json_array_append_new(names, json_string(r->catalogue.class_names[k]));
    json_t *digests = source_digest_lines(inputs);
    json_t *more =
        bad ? NULL
            : json_pack("{ss ss ss si ss sO so sO si si si si so si so}", "title", f->title,
                        "photographs_from", "files", "generator", "reff " REFF_VERSION, "generator_revision",
                        PHOTOGRAPHS_REVISION, "licence_of_photographs", f->licence, "class_names", names,
                        "group_names", group_names(names, r->catalogue.classes, 0), "sources_sha256", digests,
                        "count", r->count, "listed", r->listed, "left_out", r->left_out, "skipped",
                        r->skipped.count, "skipped_why", photograph_remarks_json(&r->skipped), "duplicates",
                        r->duplicates, "notes", photograph_remarks_json(&r->notes));
    json_object_del(all, "artefacts");                         // of drawings only
    json_t *readings = more ? mask_readings(r, 0, err) : NULL; // an attribute where some are not as usual
    bad |= more && !readings;
    int joined = readings && !json_object_update(all, more) &&
                 (!json_array_size(readings) || !json_object_set(all, "masks_read", readings));
    json_decref(readings);
    json_decref(more);
    json_decref(names);
    json_decref(digests);
    json_decref(inputs);
    if (joined)
        return all;
    json_decref(all);
    if (!bad)
        fail_memory(err, "attributes");
    return NULL;
}

// ---------------------------------------------------------------------------------------------- writing

static int write_shard(struct photograph_reader *r, const char *path, struct error *err) {
    const struct photograph_form form = {.id_size = OFFICIAL_ID_SIZE,
                                         .extra =
                                             r->format->has_species ? PHOTOGRAPH_SPECIES : PHOTOGRAPH_NOTHING,
                                         .attributes = attributes_json};
    return photograph_shard_write(r, &form, path, err);
}

int photographs_generate(const settings_t *settings, const char *path, progress_function *progress,
                         void *progress_context, struct shard_written *written, struct error *err) {
    if (check_settings(settings, err))
        return -1;
    if (!*settings->source)
        return standins_generate(settings, path, progress, progress_context, written, err);
    struct photograph_reader *r = allocate(1, sizeof *r, "a data set", err);
    if (!r)
        return -1;
    r->format = format_of(settings);
    r->settings = settings;
    r->output = path;
    r->progress = progress;
    r->progress_context = progress_context;
    r->written = written;
    int bad = file_check_target(path, err) || photograph_reader_run(r, err);
    photograph_print_remarks(path, &r->skipped, "skipped"); // after failures, too: they may be why
    if (!bad) {
        json_t *readings = mask_readings(r, 0, err);
        photograph_print_remarks(path, &r->notes, "noted");
        mask_readings_print(readings, path);
        bad = !readings || write_shard(r, path, err);
        json_decref(readings);
    }
    photograph_reader_close(r);
    free(r);
    return bad ? -1 : 0;
}
