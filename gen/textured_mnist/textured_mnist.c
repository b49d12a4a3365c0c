// SPDX-License-Identifier: Apache-2.0
// How a data set is made, batch by batch (gen/write/shard_batch.h): first every image's draws
// (textured_mnist_plan.c), then the textures that they ask for, then the pictures.
#include "gen/textured_mnist/textured_mnist.h"

#include "core/base/memory.h"
#include "core/base/version.h"
#include "core/shard/groups.h"
#include "gen/textured_mnist/compose.h"
#include "gen/textured_mnist/shifts.h"
#include "gen/textured_mnist/textured_mnist_plan.h"
#include "gen/write/shard_batch.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_MAXIMUM 512 // images that are made and written together

typedef struct textured_mnist_settings settings_t;

const struct setting textured_mnist_schema[] = {
    SETTING_REAL(settings_t, p, "0", 0, 1, "",
                 "chance that the background's class is drawn at random, else it goes with the digit"),
    SETTING_REAL(settings_t, q, "1", 0, 1, "", "the same for the class of the digit's texture"),
    SETTING_INT(settings_t, size, "223", DIGIT_SIDE_MINIMUM, 1024, "pixels",
                "side of the digit, at most the canvas"),
    SETTING_INT(settings_t, canvas, "224", 8, 1024, "pixels", "side of the image"),
    SETTING_SEED(settings_t, seed, "1", "seed of every draw"),
    SETTING_CHOICE(settings_t, split, "train", "train validation test",
                   "part of MNIST: 54,000, 6,000 or 10,000 digits"),
    SETTING_INT(settings_t, count, "0", 0, 1000000, "images",
                "how many; 0: all of the split (train at 224 pixels: 11 GB)"),
    SETTING_CHOICE(settings_t, texture_split, "shared", "shared disjoint",
                   "whether train, validation and test share texture pictures"),
    SETTING_CHOICE(settings_t, mask, "hard", "hard soft",
                   "annotation: 255 where the digit covers half, or its share"),
    SETTING_CHOICE(settings_t, blend, "soft", "soft hard",
                   "digit's edge: mixed by its share, or cut at one half"),
    SETTING_LATER_REAL(settings_t, label_noise, "0", 0, 1, "",
                       "share of images with the label of another class"),
    SETTING_LATER_REAL(settings_t, covered, "0", 0, 0.9, "",
                       "share of each digit that its background covers"),
    SETTING_LATER_REAL(
        settings_t, patch_p, "-1", -1, 1, "",
        "chance that the colour of a patch in a corner is drawn at random, else it goes with the "
        "digit; negative: no patch"),
    SETTING_LATER_CHOICE(settings_t, annotation, "exact", "exact box disc",
                         "the digit, the smallest box around it, or a disc of its area at a random place"),
    SETTING_LATER_INT(settings_t, annotation_dilated, "0", 0, 512, "pixels", "how far annotations are grown"),
    SETTING_LATER_REAL(settings_t, annotation_missing, "0", 0, 1, "",
                       "share of images without an annotation: all of the image counts as relevant"),
    SETTING_LATER_REAL(settings_t, annotation_shuffled, "0", 0, 1, "",
                       "share of images with the annotation of another one"),
    SETTING_PATH(settings_t, mnist, "", "PATH",
                 "folder or archive with MNIST's four files; none: built-in digits"),
    SETTING_PATH(settings_t, textures, "", "PATH", "folder or archive of textures; none: built-in textures"),
    SETTING_PATH(settings_t, texture_set, "dtd", "NAME",
                 "dtd, mixed20, mixed47, or FILE.ini with lists as in gen/textured_mnist/sets/dtd.ini"),
    SETTING_COUNT(settings_t, compression, "0", 0, 9, "", "gzip level of the shard, 0: none"),
    SETTING_COUNT(settings_t, chunk, "4", 1, 16, "images", "images per HDF5 chunk"),
    SETTING_END};

int textured_mnist_balances(const char *split, double p) {
    return strcmp(split, "train") != 0 && p >= 1;
}

// ---------------------------------------------------------------------------------------------- inputs

static json_t *inputs_json(const settings_t *settings, const struct texture_set *set, struct error *err) {
    char mnist[DIGEST_SIZE], textures[DIGEST_SIZE];
    if (digits_digest(settings->mnist, mnist, err) || textures_digest(settings->textures, set, textures, err))
        return NULL;
    json_t *inputs = json_pack("{ssssss}", "mnist", mnist, "textures", textures, "texture_set", set->digest);
    if (!inputs)
        fail_memory(err, "digests of the inputs");
    return inputs;
}

json_t *textured_mnist_inputs(const settings_t *settings, struct error *err) {
    struct texture_set *set = texture_set_open(settings->texture_set, err);
    json_t *inputs = set ? inputs_json(settings, set, err) : NULL;
    texture_set_close(set);
    return inputs;
}

static json_t *class_labels(const struct texture_set *set, int first, int count) {
    json_t *list = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(list, json_string(set->classes[first + i].label));
    return list;
}

// The shard's root attributes.
static json_t *attributes_json(const settings_t *settings, const struct sources *sources, int count,
                               struct error *err) {
    const struct texture_set *set = sources->set;
    json_t *inputs = inputs_json(settings, set, err);
    json_t *all = inputs ? settings_json(textured_mnist_schema, settings, 1) : NULL;
    if (!all) {
        json_decref(inputs);
        return NULL;
    }
    json_object_set_new(all, "count", json_integer(count));
    json_t *fixed = json_array();
    for (int d = 0; d < TEXTURE_DIGITS; d++)
        json_array_append_new(fixed,
                              json_string(set->classes[TEXTURE_DIGITS + set->fixed_background[d]].label));
    const char *made_by_code = "made by the generator's code, Apache-2.0",
               *others = "see the distributor of the files";
    json_t *more = json_pack(
        "{ss ss si ss ss sO sO sO so so so so}", "title", "Textured MNIST", "generator", "reff " REFF_VERSION,
        "generator_revision", GENERATOR_REVISION, "licence_of_digits",
        *settings->mnist ? others : made_by_code, "licence_of_textures",
        *settings->textures ? others : made_by_code, "mnist_sha256", json_object_get(inputs, "mnist"),
        "textures_sha256", json_object_get(inputs, "textures"), "texture_set_sha256",
        json_object_get(inputs, "texture_set"), "digit_texture_classes", class_labels(set, 0, TEXTURE_DIGITS),
        "background_classes", class_labels(set, TEXTURE_DIGITS, set->backgrounds), "fixed_backgrounds", fixed,
        "group_names", group_names(NULL, TEXTURE_DIGITS, 1));
    json_object_set_new(all, "digits_from", json_string(*settings->mnist ? "files" : "built-in"));
    json_object_set_new(all, "textures_from", json_string(*settings->textures ? "files" : "built-in"));
    json_object_set_new(all, "texture_set", json_string(set->name));
    int bad = !more || json_object_update(all, more);
    json_decref(more);
    json_decref(inputs);
    if (!bad)
        return all;
    json_decref(all);
    fail_memory(err, "attributes");
    return NULL;
}

// ---------------------------------------------------------------------------------------------- images

struct thread_room {                            // working memory of one thread
    uint8_t *outside, *inside, *compose, *mask; // mask [canvas][canvas]
};

struct job {
    const settings_t *settings;
    struct sources sources;
    struct composer composer;
    int count;                         // images of the shard
    int shifts;                        // some are on
    struct textured_mnist_plan *plans; // [BATCH_MAXIMUM] of the batch that is being made
    struct texture_choice *choices;    // two an image
    int first;                         // the batch's first image
    int threads;
    struct thread_room *rooms; // [threads]
};

_Static_assert((int)PLAN_COLUMNS + (int)SHIFT_COLUMNS <= (int)SHARD_BATCH_COLUMNS,
               "a batch holds all columns");

static int make_rooms(struct job *job, struct error *err) {
    size_t canvas = (size_t)job->settings->canvas, size = (size_t)job->settings->size;
    if (!(job->plans = allocate(BATCH_MAXIMUM, sizeof *job->plans, "a batch of images", err)) ||
        !(job->choices = allocate(2 * BATCH_MAXIMUM, sizeof *job->choices, "a batch of images", err)))
        return -1;
    job->threads = omp_get_max_threads();
    job->rooms = allocate((size_t)job->threads, sizeof *job->rooms, "working memory", err);
    for (int t = 0; job->rooms && t < job->threads; t++) {
        struct thread_room *room = &job->rooms[t];
        if (!(room->outside = allocate(canvas * canvas, 3, "working memory", err)) ||
            !(room->inside = allocate(size * size, 3, "working memory", err)) ||
            !(room->compose = allocate(composer_room(&job->composer), 1, "working memory", err)) ||
            !(room->mask = allocate(canvas, canvas, "working memory", err)))
            return -1;
    }
    return job->rooms ? 0 : -1;
}

static void free_job(struct job *job) {
    for (int t = 0; job->rooms && t < job->threads; t++) {
        free(job->rooms[t].outside);
        free(job->rooms[t].inside);
        free(job->rooms[t].compose);
        free(job->rooms[t].mask);
    }
    free(job->rooms);
    free(job->plans);
    free(job->choices);
    composer_free(&job->composer);
    sources_close(&job->sources);
}

// Draws which textures the batch's images use, and has these read.
static int prepare_images(void *context, int first, int count, struct error *err) {
    struct job *job = context;
    job->first = first;
    for (int i = 0; i < count; i++) {
        plan_choose(&job->sources, job->settings, first + i, &job->plans[i]);
        const struct texture_use *uses[2] = {&job->plans[i].background, &job->plans[i].digit_texture};
        for (int k = 0; k < 2; k++)
            job->choices[2 * i + k] = (struct texture_choice){uses[k]->class, uses[k]->number};
    }
    return textures_prepare(job->sources.textures, job->choices, 2 * count, err);
}

// The exact mask of another image: its digit, where it lies.
static void draw_other_mask(const struct job *job, int index, uint8_t *mask) {
    struct textured_mnist_plan other;
    uint8_t drawn[DIGIT_SIZE * DIGIT_SIZE];
    plan_choose(&job->sources, job->settings, index, &other);
    plan_place_digit(job->settings, index, &other);
    compose_mask(&job->composer,
                 digits_image(job->sources.digits, job->sources.part, other.digit_index, drawn),
                 other.digit_x, other.digit_y, mask, job->rooms[omp_get_thread_num()].compose);
}

// What shifts make of a picture and its exact mask.
static void shift_picture(const struct job *job, struct shift *shift, int index,
                          const struct texture_crop *outside, uint8_t *image, uint8_t *mask) {
    int of = shift->values[SHIFT_ANNOTATION_OF];
    shift_cover(shift, job->settings, outside, image, mask);
    shift_patch(shift, job->settings->canvas, image, mask);
    if (of != index)
        draw_other_mask(job, of, mask);
    shift_annotation(shift, job->settings, index, mask, job->rooms[omp_get_thread_num()].mask);
}

// The picture that a plan describes; shift: NULL where none is on.
static int draw_image(const struct job *job, const struct textured_mnist_plan *plan, struct shift *shift,
                      int index, uint8_t *image, uint8_t *mask, struct error *err) {
    const struct thread_room *room = &job->rooms[omp_get_thread_num()];
    int size = job->settings->size, canvas = job->settings->canvas;
    uint8_t drawn[DIGIT_SIZE * DIGIT_SIZE];
    const uint8_t *digit = digits_image(job->sources.digits, job->sources.part, plan->digit_index, drawn);
    struct texture_crop outside = {0}, inside = {0};
    const struct texture_use *b = &plan->background, *d = &plan->digit_texture;
    // Of the digit's texture only the part below the digit is needed: its crop is as large as the canvas,
    // too.
    int bad = textures_crop(job->sources.textures, b->class, b->number, b->x, b->y, canvas, canvas,
                            room->outside, &outside, err) ||
              textures_crop(job->sources.textures, d->class, d->number, d->x + plan->digit_x,
                            d->y + plan->digit_y, size, size, room->inside, &inside, err);
    if (!bad)
        compose(&job->composer, digit, plan->digit_x, plan->digit_y, &outside, &inside, image, mask,
                room->compose);
    if (!bad && shift)
        shift_picture(job, shift, index, &outside, image, mask);
    texture_crop_free(&outside);
    texture_crop_free(&inside);
    return bad ? -1 : 0;
}

static int make_image(void *context, struct shard_batch *batch, int at, int index, struct error *err) {
    struct job *job = context;
    struct textured_mnist_plan *plan = &job->plans[index - job->first];
    plan_place(&job->sources, job->settings, index, plan);
    struct shift shift = {.label = plan->label};
    if (job->shifts)
        shift_draw(&shift, job->settings, job->count, index, plan->label);
    batch->labels[at] = job->shifts ? shift.label : plan->label;
    plan_columns(&job->sources, plan, batch, at);
    if (draw_image(job, plan, job->shifts ? &shift : NULL, index, shard_batch_image(batch, at),
                   shard_batch_mask(batch, at), err))
        return -1;
    for (int k = 0; job->shifts && k < SHIFT_COLUMNS; k++)
        shard_batch_set_number(batch, PLAN_COLUMNS + k, at, shift.values[k]);
    return 0;
}

static json_t *make_attributes(void *context, struct error *err) {
    const struct job *job = context;
    return attributes_json(job->settings, &job->sources, job->count, err);
}

// ---------------------------------------------------------------------------------------------- shards

static int check_settings(const settings_t *settings, struct error *err) {
    if (settings_check(textured_mnist_schema, settings, err))
        return -1;
    if (settings->size > settings->canvas)
        return fail_usage(err, "--size: %d is not in %d..%d, the canvas; --size %d fills it", settings->size,
                          DIGIT_SIDE_MINIMUM, settings->canvas, settings->canvas);
    return 0;
}

static int generate(struct job *job, const char *path, progress_function *progress, void *progress_context,
                    struct shard_written *written, struct error *err) {
    const settings_t *s = job->settings;
    if (sources_open(&job->sources, s, err) ||
        composer_make(&job->composer, s->size, s->canvas, !strcmp(s->blend, "hard"), !strcmp(s->mask, "soft"),
                      err))
        return -1;
    struct column columns[PLAN_COLUMNS + SHIFT_COLUMNS + 1] = {{0}};
    job->count = s->count ? s->count : job->sources.split_count;
    job->shifts = shifts_any(s);
    plan_describe(&job->sources, columns);
    if (job->shifts)
        memcpy(columns + PLAN_COLUMNS, shift_columns, sizeof shift_columns);
    if (make_rooms(job, err))
        return -1;
    struct shard_recipe recipe = {.shape = {job->count, s->canvas, s->canvas, TEXTURE_DIGITS},
                                  .columns = columns,
                                  .compression = s->compression,
                                  .chunk = s->chunk,
                                  .batch = BATCH_MAXIMUM,
                                  .context = job,
                                  .prepare = prepare_images,
                                  .make = make_image,
                                  .attributes = make_attributes,
                                  .progress = progress,
                                  .progress_context = progress_context,
                                  .written = written};
    return shard_batch_generate(&recipe, path, err);
}

int textured_mnist_generate(const settings_t *settings, const char *path, progress_function *progress,
                            void *progress_context, struct shard_written *written, struct error *err) {
    if (check_settings(settings, err))
        return -1;
    struct job *job = allocate(1, sizeof *job, "a data set", err);
    if (!job)
        return -1;
    job->settings = settings;
    int result = generate(job, path, progress, progress_context, written, err);
    free_job(job);
    free(job);
    return result;
}
