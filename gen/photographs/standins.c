// SPDX-License-Identifier: Apache-2.0
#include "gen/photographs/standins.h"

#include "core/base/digest.h"
#include "core/base/version.h"
#include "core/shard/groups.h"
#include "gen/write/shard_batch.h"

#include <stdio.h>
#include <string.h>

#define BATCH_MAXIMUM 256 // images that are drawn and written together

typedef struct photographs_settings settings_t;

static const char warning[] = "drawn by the program: stand-ins, no photographs";

// ---------------------------------------------------------------------------------------------- lesions

static enum artefact_rule rule_of(const settings_t *s) {
    return !strcmp(s->artefacts, "none")      ? ARTEFACT_ABSENT
           : !strcmp(s->artefacts, "uniform") ? ARTEFACT_UNIFORM
                                              : ARTEFACT_SPURIOUS;
}

static int is_soft(const settings_t *s) {
    return !strcmp(s->mask, "soft");
}

static int draw_lesion(const settings_t *s, int index, struct standin *d, uint8_t *image, uint8_t *mask,
                       struct error *err) {
    enum split split = split_of_name(s->split);
    builtin_lesion_plan(s->seed, split, index, rule_of(s), &d->lesion);
    d->label = d->lesion.label;
    d->group =
        !standins_have_cues(s)
            ? d->label
            : group_of(d->label, d->lesion.artefact == builtin_own_artefact(d->label) ? GROUP_ALIGNED
                                                                                      : GROUP_CONFLICTING);
    return builtin_lesion_draw(s->seed, split, index, &d->lesion, s->pixels, is_soft(s), image, mask, err);
}

static const int *lesion_counts(enum split split) {
    return builtin_lesion_counts[split];
}

static int lesion_images(enum split split) {
    int sum = 0;
    for (int k = 0; k < BUILTIN_LESION_CLASSES; k++)
        sum += builtin_lesion_counts[split][k];
    return sum;
}

static const char *lesion_class(int i) {
    return builtin_lesion_classes[i];
}

static const char *artefact_name(int i) {
    return builtin_artefacts[i];
}

static double lesion_value(int column, const struct standin *d) {
    const double values[] = {d->group,    d->lesion.artefact, d->lesion.drawn,   d->lesion.x,
                             d->lesion.y, d->lesion.radius_x, d->lesion.radius_y};
    return values[column];
}

static const struct column lesion_columns[] = {
    {"group", COLUMN_INT32, 0,
     "number in group_names: 2 * label, and 1 more without the class's own artefact (artefacts none: label)"},
    {"artefact", COLUMN_INT32, 0, "number in artefact_names: what lies beside the lesion"},
    {"artefact_drawn", COLUMN_INT32, 0, "1: drawn from all artefacts, 0: the class's own"},
    {"lesion_x", COLUMN_FLOAT64, 0, "centre, as a share of the side"},
    {"lesion_y", COLUMN_FLOAT64, 0, "centre, as a share of the side"},
    {"lesion_radius_x", COLUMN_FLOAT64, 0,
     "half axis before the border was made uneven, as a share of the side"},
    {"lesion_radius_y", COLUMN_FLOAT64, 0, "the other half axis"},
    {0}};

static const struct standin_kind lesions = {.data = "isic2017",
                                            .title = "ISIC2017, drawn stand-in",
                                            .drawings = "drawn lesions",
                                            .revision = BUILTIN_LESION_REVISION,
                                            .classes = BUILTIN_LESION_CLASSES,
                                            .class_counts = lesion_counts,
                                            .images = lesion_images,
                                            .has_artefacts = 1,
                                            .columns = lesion_columns,
                                            .value = lesion_value,
                                            .class_name = lesion_class,
                                            .surroundings = "artefact_names",
                                            .surrounding = artefact_name,
                                            .surrounding_count = ARTEFACTS,
                                            .draw = draw_lesion};

// ---------------------------------------------------------------------------------------------- animals

static int draw_animal(const settings_t *s, int index, struct standin *d, uint8_t *image, uint8_t *mask,
                       struct error *err) {
    enum split split = split_of_name(s->split);
    builtin_animal_plan(s->seed, split, index, &d->animal);
    d->label = d->animal.label;
    d->group = d->label;
    return builtin_animal_draw(s->seed, split, index, &d->animal, s->pixels, is_soft(s), image, mask, err);
}

static int animal_images(enum split split) {
    return builtin_animal_counts[split];
}

static const char *ground_name(int i) {
    return builtin_animal_grounds[i];
}

static double animal_value(int column, const struct standin *d) {
    const double values[] = {d->group,       d->animal.species, d->animal.background, d->animal.pose,
                             d->animal.left, d->animal.x,       d->animal.y,          d->animal.scale};
    return values[column];
}

static const struct column animal_columns[] = {
    {"group", COLUMN_INT32, 0, "number in group_names: the label, since nothing goes with a class"},
    {"species", COLUMN_INT32, 0, "1 cat, 2 dog"},
    {"background", COLUMN_INT32, 0, "number in background_names"},
    {"pose", COLUMN_INT32, 0, "0 stands, 1 sits, 2 lies, 3 is close, seen from the front"},
    {"looks_left", COLUMN_INT32, 0, "1: to the left, 0: to the right"},
    {"animal_x", COLUMN_FLOAT64, 0, "middle of the body, as a share of the side"},
    {"animal_y", COLUMN_FLOAT64, 0, "middle of the body, as a share of the side"},
    {"animal_scale", COLUMN_FLOAT64, 0, "size relative to the usual"},
    {0}};

static const struct standin_kind animals = {.data = "pets",
                                            .title = "Pets, drawn stand-in",
                                            .drawings = "drawn animals",
                                            .revision = BUILTIN_ANIMAL_REVISION,
                                            .classes = BUILTIN_ANIMAL_CLASSES,
                                            .images = animal_images,
                                            .columns = animal_columns,
                                            .value = animal_value,
                                            .class_name = builtin_animal_class,
                                            .surroundings = "background_names",
                                            .surrounding = ground_name,
                                            .surrounding_count = BUILTIN_ANIMAL_GROUNDS,
                                            .draw = draw_animal};

// ---------------------------------------------------------------------------------------------- both

const struct standin_kind *standins_kind(const settings_t *s) {
    static const struct standin_kind *const kinds[] = {&lesions, &animals, NULL};
    int i = 0;
    while (kinds[i + 1] && strcmp(kinds[i]->data, s->data) != 0) // the schema has these words
        i++;
    return kinds[i];
}

int standins_have_cues(const settings_t *s) {
    return standins_kind(s)->has_artefacts && rule_of(s) != ARTEFACT_ABSENT;
}

int standins_images(const settings_t *s) {
    return s->count ? s->count : standins_kind(s)->images(split_of_name(s->split));
}

json_t *standins_inputs(const settings_t *s, struct error *err) {
    const struct standin_kind *kind = standins_kind(s);
    char name[64], hex[DIGEST_SIZE];
    int length = snprintf(name, sizeof name, "%s, revision %d", kind->drawings, kind->revision);
    if (digest_bytes(name, (size_t)length, hex, err))
        return NULL;
    json_t *inputs = json_pack("{ss}", kind->drawings, hex);
    if (!inputs)
        fail_memory(err, "digests of the inputs");
    return inputs;
}

int standins_draw(const settings_t *s, int index, struct standin *d, uint8_t *image, uint8_t *mask,
                  struct error *err) {
    if (standins_kind(s)->draw(s, index, d, image, mask, err))
        return -1;
    if (!strcmp(s->annotations, "none"))
        memset(mask, 255, (size_t)s->pixels * (size_t)s->pixels);
    return 0;
}

// ---------------------------------------------------------------------------------------------- shards

static json_t *names_json(const char *(*name)(int), int count) {
    json_t *list = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(list, json_string(name(i)));
    return list;
}

static json_t *attributes_json(void *context, struct error *err) {
    const settings_t *s = context;
    const struct standin_kind *kind = standins_kind(s);
    json_t *all = settings_json(photographs_schema, s, 1),
           *names = names_json(kind->class_name, kind->classes);
    json_t *more = json_pack(
        "{ss ss ss si ss si sO so so}", "title", kind->title, "photographs_from", warning, "generator",
        "reff " REFF_VERSION, "generator_revision", PHOTOGRAPHS_REVISION, "licence_of_photographs",
        "made by the generator's code, Apache-2.0", "drawing_revision", kind->revision, "class_names", names,
        "group_names", group_names(names, kind->classes, standins_have_cues(s)), kind->surroundings,
        names_json(kind->surrounding, kind->surrounding_count));
    json_decref(names);
    int bad = !all || !more || json_object_set_new(all, "count", json_integer(standins_images(s))) ||
              json_object_update(all, more);
    json_object_del(all, "fit"); // of files only
    if (!kind->has_artefacts)
        json_object_del(all, "artefacts");
    json_decref(more);
    if (!bad)
        return all;
    json_decref(all);
    fail_memory(err, "attributes");
    return NULL;
}

_Static_assert((int)STANDIN_COLUMNS <= (int)SHARD_BATCH_COLUMNS, "a batch holds all columns");

static int make_image(void *context, struct shard_batch *b, int at, int index, struct error *err) {
    const settings_t *s = context;
    const struct standin_kind *kind = standins_kind(s);
    struct standin drawing;
    if (standins_draw(s, index, &drawing, shard_batch_image(b, at), shard_batch_mask(b, at), err))
        return -1;
    b->labels[at] = drawing.label;
    for (int c = 0; kind->columns[c].name; c++)
        shard_batch_set_number(b, c, at, kind->value(c, &drawing));
    return 0;
}

int standins_generate(const settings_t *settings, const char *path, progress_function *progress,
                      void *progress_context, struct shard_written *written, struct error *err) {
    settings_t own = *settings;
    const struct standin_kind *kind = standins_kind(&own);
    struct shard_recipe recipe = {.shape = {standins_images(&own), own.pixels, own.pixels, kind->classes},
                                  .columns = kind->columns,
                                  .compression = own.compression,
                                  .chunk = own.chunk,
                                  .batch = BATCH_MAXIMUM,
                                  .context = &own,
                                  .make = make_image,
                                  .attributes = attributes_json,
                                  .progress = progress,
                                  .progress_context = progress_context,
                                  .written = written};
    return shard_batch_generate(&recipe, path, err);
}
