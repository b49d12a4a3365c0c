// SPDX-License-Identifier: Apache-2.0
// How a data set is made: batch by batch, first every image's draws (textured_mnist_plan.c), then the
// textures that they ask for, then the pictures, all in parallel. The shard's writer takes the batches in
// order, each while the next one is made; batches are small, so that their bytes are still in the processor's
// cache when they are digested and written.
#include "gen/textured_mnist/textured_mnist.h"

#include "core/base/interrupt.h"
#include "core/base/memory.h"
#include "core/base/version.h"
#include "core/shard/shard.h"
#include "gen/textured_mnist/compose.h"
#include "gen/textured_mnist/textured_mnist_plan.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

// The size of a batch decides how the file is laid out: it must not depend on the number of threads.
#define BATCH_BYTES   ((size_t)12 << 20) // images and masks of a batch
#define BATCH_MAXIMUM 512

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
    SETTING_PATH(settings_t, mnist, "", "PATH",
                 "folder or archive with MNIST's four files; empty: built-in digits"),
    SETTING_PATH(settings_t, textures, "", "PATH", "folder or archive of textures; empty: built-in textures"),
    SETTING_PATH(settings_t, texture_set, "dtd", "NAME",
                 "dtd, mixed20, mixed47, or FILE.ini with lists as in gen/textured_mnist/sets/dtd.ini"),
    SETTING_COUNT(settings_t, compression, "0", 0, 9, "", "gzip level of the shard, 0: none"),
    SETTING_COUNT(settings_t, chunk, "4", 1, 16, "images", "images per HDF5 chunk"),
    SETTING_END};

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
    json_t *more =
        json_pack("{ss ss si ss ss sO sO sO so so so}", "title", "Textured MNIST", "generator",
                  "reff " REFF_VERSION, "generator_revision", GENERATOR_REVISION, "licence_of_digits",
                  *settings->mnist ? others : made_by_code, "licence_of_textures",
                  *settings->textures ? others : made_by_code, "mnist_sha256",
                  json_object_get(inputs, "mnist"), "textures_sha256", json_object_get(inputs, "textures"),
                  "texture_set_sha256", json_object_get(inputs, "texture_set"), "digit_texture_classes",
                  class_labels(set, 0, TEXTURE_DIGITS), "background_classes",
                  class_labels(set, TEXTURE_DIGITS, set->backgrounds), "fixed_backgrounds", fixed);
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

// ---------------------------------------------------------------------------------------------- batches

struct batch { // up to `most` images and what is known of each
    int most, count;
    struct textured_mnist_plan *plans;
    struct texture_choice *choices; // two an image
    uint8_t *images, *masks;
    int32_t *labels;
    void *columns[PLAN_COLUMNS];
};

struct thread_room { // working memory of one thread
    uint8_t *outside, *inside, *compose;
};

struct job {
    const settings_t *settings;
    struct sources sources;
    struct composer composer;
    struct batch batches[2]; // one is made while the other is written
    struct column columns[PLAN_COLUMNS + 1];
    int threads;
    struct thread_room *rooms; // [threads]
};

static int make_batch(struct batch *b, const settings_t *settings, const struct column *columns,
                      struct error *err) {
    size_t pixels = (size_t)settings->canvas * (size_t)settings->canvas, most = BATCH_BYTES / (4 * pixels);
    most = most > BATCH_MAXIMUM ? BATCH_MAXIMUM : most < 16 ? 16 : most;
    most -= most % (size_t)settings->chunk; // so that chunks go to the file without a copy
    b->most = (int)most;
    if (!(b->plans = allocate(most, sizeof *b->plans, "a batch of images", err)) ||
        !(b->choices = allocate(2 * most, sizeof *b->choices, "a batch of images", err)) ||
        !(b->images = allocate(most, 3 * pixels, "a batch of images", err)) ||
        !(b->masks = allocate(most, pixels, "a batch of images", err)) ||
        !(b->labels = allocate(most, sizeof *b->labels, "a batch of images", err)))
        return -1;
    for (int c = 0; c < PLAN_COLUMNS; c++)
        if (!(b->columns[c] = allocate(
                  most, columns[c].type == COLUMN_TEXT ? (size_t)columns[c].text_size : sizeof(int32_t),
                  columns[c].name, err)))
            return -1;
    return 0;
}

static int make_rooms(struct job *job, struct error *err) {
    size_t canvas = (size_t)job->settings->canvas, size = (size_t)job->settings->size;
    job->threads = omp_get_max_threads();
    job->rooms = allocate((size_t)job->threads, sizeof *job->rooms, "working memory", err);
    for (int t = 0; job->rooms && t < job->threads; t++) {
        struct thread_room *room = &job->rooms[t];
        if (!(room->outside = allocate(canvas * canvas, 3, "working memory", err)) ||
            !(room->inside = allocate(size * size, 3, "working memory", err)) ||
            !(room->compose = allocate(composer_room(&job->composer), 1, "working memory", err)))
            return -1;
    }
    return job->rooms ? 0 : -1;
}

static void free_batch(struct batch *b) {
    free(b->plans);
    free(b->choices);
    free(b->images);
    free(b->masks);
    free(b->labels);
    for (int c = 0; c < PLAN_COLUMNS; c++)
        free(b->columns[c]);
}

static void free_job(struct job *job) {
    free_batch(&job->batches[0]);
    free_batch(&job->batches[1]);
    for (int t = 0; job->rooms && t < job->threads; t++) {
        free(job->rooms[t].outside);
        free(job->rooms[t].inside);
        free(job->rooms[t].compose);
    }
    free(job->rooms);
    composer_free(&job->composer);
    sources_close(&job->sources);
}

// Image `i` of the batch.
static int make_image(struct job *job, struct batch *batch, int i, struct thread_room *room,
                      struct error *err) {
    const struct textured_mnist_plan *plan = &batch->plans[i];
    int size = job->settings->size, canvas = job->settings->canvas;
    size_t pixels = (size_t)canvas * (size_t)canvas;
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
        compose(&job->composer, digit, plan->digit_x, plan->digit_y, &outside, &inside,
                batch->images + (size_t)i * 3 * pixels, batch->masks + (size_t)i * pixels, room->compose);
    texture_crop_free(&outside);
    texture_crop_free(&inside);
    return bad ? -1 : 0;
}

// Images first .. first+count-1 into the batch. Called by one thread of a team; the others help.
static int fill_batch(struct job *job, struct batch *b, int first, int count, struct error *err) {
    b->count = count;
    for (int i = 0; i < count; i++) {
        plan_choose(&job->sources, job->settings, first + i, &b->plans[i]);
        const struct texture_use *uses[2] = {&b->plans[i].background, &b->plans[i].digit_texture};
        for (int k = 0; k < 2; k++)
            b->choices[2 * i + k] = (struct texture_choice){uses[k]->class, uses[k]->number};
    }
    if (textures_prepare(job->sources.textures, b->choices, 2 * count, err))
        return -1;
    int failed = -1; // the first that failed, whatever the order of the threads
#pragma omp taskloop grainsize(4) shared(failed)
    for (int i = 0; i < count; i++) {
        struct error own = {0};
        plan_place(&job->sources, job->settings, first + i, &b->plans[i]);
        if (make_image(job, b, i, &job->rooms[omp_get_thread_num()], &own)) {
#pragma omp critical(textured_mnist_failed)
            if (failed < 0 || i < failed) {
                failed = i;
                *err = own;
            }
        }
    }
    for (int i = 0; i < count && failed < 0; i++) {
        b->labels[i] = b->plans[i].label;
        plan_columns(&job->sources, &b->plans[i], i, job->columns, b->columns);
    }
    return failed < 0 ? 0 : -1;
}

static int append_batch(const struct batch *b, struct shard_writer *writer, struct error *err) {
    return b->count ? shard_append(writer, b->count, b->images, b->masks, b->labels,
                                   (const void *const *)b->columns, err)
                    : 0;
}

// The work of the team's first thread: each batch is made while the one before is written.
static int write_images(struct job *job, int count, struct shard_writer *writer, progress_function *progress,
                        void *progress_context, struct error *err) {
    struct batch *made = &job->batches[0], *written = &job->batches[1];
    for (int first = 0; first < count; first += made->most) {
        int now = count - first < made->most ? count - first : made->most, unmade = 0, unwritten = 0;
        struct error write_error = {0};
        if (interrupt_requested())
            return fail_interrupted(err, "interrupted after %d of %d images", first, count);
#pragma omp taskgroup
        {
#pragma omp task shared(unwritten, write_error)
            unwritten = append_batch(written, writer, &write_error);
            unmade = fill_batch(job, made, first, now, err);
        }
        if (unwritten) // earlier images than those just made
            *err = write_error;
        if (unwritten || unmade)
            return -1;
        if (progress)
            progress(progress_context, first + now, count, NULL);
        struct batch *swapped = made;
        made = written;
        written = swapped;
    }
    return append_batch(written, writer, err);
}

static int check_settings(const settings_t *settings, struct error *err) {
    if (settings_check(textured_mnist_schema, settings, err))
        return -1;
    if (settings->size > settings->canvas)
        return fail_usage(err, "--size: %d is not in %d..%d, the canvas", settings->size, DIGIT_SIDE_MINIMUM,
                          settings->canvas);
    return 0;
}

static int generate(struct job *job, const char *path, progress_function *progress, void *progress_context,
                    struct error *err) {
    const settings_t *s = job->settings;
    if (sources_open(&job->sources, s, err) ||
        composer_make(&job->composer, s->size, s->canvas, !strcmp(s->blend, "hard"), !strcmp(s->mask, "soft"),
                      err))
        return -1;
    int count = s->count ? s->count : job->sources.split_count;
    plan_describe(&job->sources, job->columns);
    if (make_batch(&job->batches[0], s, job->columns, err) ||
        make_batch(&job->batches[1], s, job->columns, err) || make_rooms(job, err))
        return -1;
    struct shard_shape shape = {count, s->canvas, s->canvas, TEXTURE_DIGITS};
    struct shard_writer *writer = shard_create(path, shape, job->columns, s->compression, s->chunk, err);
    if (!writer)
        return -1;
    json_t *attributes = NULL;
    struct error attribute_error = {0};
    int bad = 0;
#pragma omp parallel num_threads(job->threads)
#pragma omp single
    {
        // The sources' digests are needed at the end only.
#pragma omp task shared(attributes, attribute_error)
        attributes = attributes_json(s, &job->sources, count, &attribute_error);
        bad = write_images(job, count, writer, progress, progress_context, err);
    }
    if (!bad && !attributes) {
        *err = attribute_error;
        bad = -1;
    }
    if (bad)
        shard_abandon(writer);
    else
        bad = shard_finish(writer, attributes, NULL, err);
    json_decref(attributes);
    return bad ? -1 : 0;
}

int textured_mnist_generate(const settings_t *settings, const char *path, progress_function *progress,
                            void *progress_context, struct error *err) {
    if (check_settings(settings, err))
        return -1;
    struct job *job = allocate(1, sizeof *job, "a data set", err);
    if (!job)
        return -1;
    job->settings = settings;
    int result = generate(job, path, progress, progress_context, err);
    free_job(job);
    free(job);
    return result;
}
