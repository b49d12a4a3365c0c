// SPDX-License-Identifier: Apache-2.0
#include "gen/photographs/standins.h"

#include "core/base/digest.h"
#include "core/base/interrupt.h"
#include "core/base/memory.h"
#include "core/base/version.h"
#include "gen/write/shard_batch.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_MAXIMUM 256 // images that are drawn and written together

typedef struct photographs_settings settings_t;

static const char warning[] = "drawn by the program: stand-ins, no photographs";

static int is_pets(const settings_t *s) {
    return !strcmp(s->data, "pets");
}

int standins_revision(const settings_t *s) {
    static const int revisions[2] = {BUILTIN_LESION_REVISION, BUILTIN_ANIMAL_REVISION};
    return revisions[is_pets(s)];
}

static enum artefact_rule rule_of(const settings_t *s) {
    return !strcmp(s->artefacts, "none")      ? ARTEFACT_ABSENT
           : !strcmp(s->artefacts, "uniform") ? ARTEFACT_UNIFORM
                                              : ARTEFACT_SPURIOUS;
}

int standins_classes(const settings_t *s) {
    return is_pets(s) ? BUILTIN_ANIMAL_CLASSES : BUILTIN_LESION_CLASSES;
}

int standins_images(const settings_t *s) {
    const int *counts = builtin_lesion_counts[split_of_name(s->split)];
    return s->count     ? s->count
           : is_pets(s) ? builtin_animal_counts[split_of_name(s->split)]
                        : counts[0] + counts[1] + counts[2];
}

json_t *standins_inputs(const settings_t *s, struct error *err) {
    char name[64], hex[DIGEST_SIZE];
    int length = snprintf(name, sizeof name, "drawn %s, revision %d", is_pets(s) ? "animals" : "lesions",
                          standins_revision(s));
    if (digest_bytes(name, (size_t)length, hex, err))
        return NULL;
    json_t *inputs = json_pack("{ss}", is_pets(s) ? "drawn animals" : "drawn lesions", hex);
    if (!inputs)
        fail_memory(err, "digests of the inputs");
    return inputs;
}

int standins_draw(const settings_t *s, int index, struct standin *d, uint8_t *image, uint8_t *mask,
                  struct error *err) {
    enum split split = split_of_name(s->split);
    int soft = !strcmp(s->mask, "soft"), bad;
    if (is_pets(s)) {
        builtin_animal_plan(s->seed, split, index, &d->animal);
        bad = builtin_animal_draw(s->seed, split, index, &d->animal, s->pixels, soft, image, mask, err);
        d->label = d->animal.label;
        d->group = 0;
    } else {
        builtin_lesion_plan(s->seed, split, index, rule_of(s), &d->lesion);
        bad = builtin_lesion_draw(s->seed, split, index, &d->lesion, s->pixels, soft, image, mask, err);
        d->label = d->lesion.label;
        d->group = d->label * ARTEFACTS + (int)d->lesion.artefact;
    }
    if (!bad && !strcmp(s->annotations, "none"))
        memset(mask, 255, (size_t)s->pixels * (size_t)s->pixels);
    return bad;
}

// ---------------------------------------------------------------------------------------------- columns

static double lesion_value(int column, const struct standin *d) {
    const double values[] = {d->group,    d->lesion.artefact, d->lesion.drawn,   d->lesion.x,
                             d->lesion.y, d->lesion.radius_x, d->lesion.radius_y};
    return values[column];
}

static double animal_value(int column, const struct standin *d) {
    const double values[] = {d->animal.species, d->animal.background, d->animal.pose, d->animal.left,
                             d->animal.x,       d->animal.y,          d->animal.scale};
    return values[column];
}

static const struct column lesion_columns[] = {
    {"group", COLUMN_INT32, 0, "label * 5 + artefact"},
    {"artefact", COLUMN_INT32, 0, "number in artefact_names: what lies beside the lesion"},
    {"artefact_drawn", COLUMN_INT32, 0, "1: drawn from all artefacts, 0: the class's own"},
    {"lesion_x", COLUMN_FLOAT64, 0, "centre, as a share of the side"},
    {"lesion_y", COLUMN_FLOAT64, 0, "centre, as a share of the side"},
    {"lesion_radius_x", COLUMN_FLOAT64, 0,
     "half axis before the border was made uneven, as a share of the side"},
    {"lesion_radius_y", COLUMN_FLOAT64, 0, "the other half axis"},
    {0}};

static const struct column animal_columns[] = {
    {"species", COLUMN_INT32, 0, "1 cat, 2 dog"},
    {"background", COLUMN_INT32, 0, "number in background_names"},
    {"pose", COLUMN_INT32, 0, "0 stands, 1 sits, 2 lies, 3 is close, seen from the front"},
    {"looks_left", COLUMN_INT32, 0, "1: to the left, 0: to the right"},
    {"animal_x", COLUMN_FLOAT64, 0, "middle of the body, as a share of the side"},
    {"animal_y", COLUMN_FLOAT64, 0, "middle of the body, as a share of the side"},
    {"animal_scale", COLUMN_FLOAT64, 0, "size relative to the usual"},
    {0}};

void standins_describe(const settings_t *s, struct column columns[STANDIN_COLUMNS + 1]) {
    const struct column *from = is_pets(s) ? animal_columns : lesion_columns;
    int count = 0;
    while (from[count].name) {
        columns[count] = from[count];
        count++;
    }
    columns[count].name = NULL;
}

double standins_value(const settings_t *s, int column, const struct standin *d) {
    return is_pets(s) ? animal_value(column, d) : lesion_value(column, d);
}

// ---------------------------------------------------------------------------------------------- attributes

static json_t *names_json(const char *(*name)(int), int count) {
    json_t *list = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(list, json_string(name(i)));
    return list;
}

static const char *lesion_class(int i) {
    return builtin_lesion_classes[i];
}
static const char *artefact_name(int i) {
    return builtin_artefacts[i];
}
static const char *ground_name(int i) {
    return builtin_animal_grounds[i];
}

static json_t *attributes_json(const settings_t *s, int count, struct error *err) {
    json_t *all = settings_json(photographs_schema, s, 1);
    json_t *more = json_pack(
        "{ss ss ss si ss si so so}", "title",
        is_pets(s) ? "Pets, drawn stand-in" : "ISIC2017, drawn stand-in", "photographs_from", warning,
        "generator", "reff " REFF_VERSION, "generator_revision", PHOTOGRAPHS_REVISION,
        "licence_of_photographs", "made by the generator's code, Apache-2.0", "drawing_revision",
        standins_revision(s), "class_names",
        is_pets(s) ? names_json(builtin_animal_class, BUILTIN_ANIMAL_CLASSES)
                   : names_json(lesion_class, BUILTIN_LESION_CLASSES),
        is_pets(s) ? "background_names" : "artefact_names",
        is_pets(s) ? names_json(ground_name, BUILTIN_ANIMAL_GROUNDS) : names_json(artefact_name, ARTEFACTS));
    int bad = !all || !more || json_object_set_new(all, "count", json_integer(count)) ||
              json_object_update(all, more);
    json_object_del(all, "fit"); // of files only
    if (is_pets(s))
        json_object_del(all, "artefacts");
    json_decref(more);
    if (!bad)
        return all;
    json_decref(all);
    fail_memory(err, "attributes");
    return NULL;
}

// ---------------------------------------------------------------------------------------------- batches

_Static_assert((int)STANDIN_COLUMNS <= (int)SHARD_BATCH_COLUMNS, "a batch holds all columns");

struct batch {
    struct standin *drawings; // of the images
    struct shard_batch shard;
};

static int make_batch(struct batch *b, const settings_t *s, struct error *err) {
    struct column columns[STANDIN_COLUMNS + 1];
    standins_describe(s, columns);
    return shard_batch_make(&b->shard, columns, s->pixels, BATCH_MAXIMUM, s->chunk, err) ||
                   !(b->drawings =
                         allocate((size_t)b->shard.most, sizeof *b->drawings, "a batch of images", err))
               ? -1
               : 0;
}

static void free_batch(struct batch *b) {
    free(b->drawings);
    shard_batch_free(&b->shard);
}

static int fill_batch(struct batch *b, const settings_t *s, int first, int count, struct error *err) {
    size_t pixels = (size_t)s->pixels * (size_t)s->pixels;
    int failed = -1; // the first that failed, whatever the order of the threads
#pragma omp parallel for schedule(dynamic, 1)
    for (int i = 0; i < count; i++) {
        struct error own = {0};
        if (standins_draw(s, first + i, &b->drawings[i], b->shard.images + (size_t)i * 3 * pixels,
                          b->shard.masks + (size_t)i * pixels, &own)) {
#pragma omp critical(standins_failed)
            if (failed < 0 || i < failed) {
                failed = i;
                *err = own;
            }
        }
    }
    for (int i = 0; i < count && failed < 0; i++) {
        b->shard.labels[i] = b->drawings[i].label;
        for (int c = 0; b->shard.columns[c].name; c++) {
            double value = standins_value(s, c, &b->drawings[i]);
            if (b->shard.columns[c].type == COLUMN_INT32)
                ((int32_t *)b->shard.values[c])[i] = (int32_t)value;
            else
                ((double *)b->shard.values[c])[i] = value;
        }
    }
    return failed < 0 ? 0 : -1;
}

static int write_images(struct batch *b, const settings_t *s, int count, struct shard_writer *writer,
                        progress_function *progress, void *progress_context, struct error *err) {
    for (int first = 0; first < count; first += b->shard.most) {
        int now = count - first < b->shard.most ? count - first : b->shard.most;
        if (interrupt_requested())
            return fail_interrupted(err, "interrupted after %d of %d images", first, count);
        if (fill_batch(b, s, first, now, err) ||
            shard_append(writer, now, b->shard.images, b->shard.masks, b->shard.labels,
                         (const void *const *)b->shard.values, err))
            return -1;
        if (progress)
            progress(progress_context, first + now, count, NULL);
    }
    return 0;
}

int standins_generate(const settings_t *s, const char *path, progress_function *progress,
                      void *progress_context, struct error *err) {
    struct batch batch = {0};
    int count = standins_images(s);
    struct shard_shape shape = {count, s->pixels, s->pixels, standins_classes(s)};
    json_t *attributes = attributes_json(s, count, err);
    struct shard_writer *writer = NULL;
    int bad = !attributes || make_batch(&batch, s, err) ||
              !(writer = shard_create(path, shape, batch.shard.columns, s->compression, s->chunk, err));
    if (!bad && write_images(&batch, s, count, writer, progress, progress_context, err)) {
        shard_abandon(writer);
        bad = -1;
    } else if (!bad) {
        bad = shard_finish(writer, attributes, NULL, err);
    }
    json_decref(attributes);
    free_batch(&batch);
    return bad ? -1 : 0;
}
