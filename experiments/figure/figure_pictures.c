// SPDX-License-Identifier: Apache-2.0
#include "experiments/figure/figure_pictures.h"

#include "core/base/digest.h"
#include "core/base/memory.h"
#include "core/base/progress.h"
#include "core/shard/shard.h"
#include "core/train/trainer.h"
#include "core/train/weights.h"
#include "experiments/figure/colour_map.h"
#include "experiments/process/lock.h"
#include "experiments/store/annotations.h"
#include "experiments/store/data_sets.h"
#include "experiments/store/record.h"
#include "experiments/store/retrain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Of so many images of a split those are chosen that are shown: enough for one of every class.
enum { CANDIDATES = 256 };

#define MAP_SHARE 0.62 // of the map's colour in an overlay; the rest is the image in grey

struct panel_reader { // a panel being read
    struct pictures *out;
    const struct figure *figure;
    const struct panel *panel;
    const struct figure_cells *cells;
    const struct figure_job *job;
    const struct cell *cell; // with the panel's data
    struct shard *shard;     // images and true annotations
    uint32_t *chosen;        // [images] indices in it
    struct error *err;
};

// ---------------------------------------------------------------------------------------- choosing

static int has_pseudo(const struct panel *p) {
    for (int i = 0; i < p->column_count; i++)
        if (p->pictures[i].kind == PICTURE_PSEUDO)
            return 1;
    return 0;
}

// 1 for images that some pseudo-annotator of the panel was given: their annotation shows nothing.
static int mark_given(struct panel_reader *r, uint8_t *given, long count) {
    int32_t *annotated = allocate((size_t)count, sizeof *annotated, "annotated images", r->err);
    int failed = !annotated;
    for (int i = 0; i < r->panel->column_count && !failed; i++) {
        char path[PATH_SIZE];
        if (r->panel->pictures[i].kind != PICTURE_PSEUDO)
            continue;
        const struct cell *cell = figure_cell(r->cells, r->panel, &r->panel->pictures[i], r->err);
        struct shard *shard = cell && !annotations_path(path, r->job->results, cell, r->err)
                                  ? shard_open_measured(path, r->err)
                                  : NULL;
        failed = !shard || shard_column(shard, "annotated", annotated, r->err);
        for (long k = 0; k < count && !failed; k++)
            given[k] |= annotated[k] != 0;
        shard_close(shard);
    }
    free(annotated);
    return failed ? -1 : 0;
}

static int by_label(const void *a, const void *b) {
    const int64_t *x = a, *y = b; // label << 32 | index
    return (*x > *y) - (*x < *y);
}

// The first image of each class, then the second of each, and so on; shown in the order of their labels.
static int choose(struct panel_reader *r, const int32_t *labels, const uint8_t *given, long count,
                  int classes) {
    struct pictures *out = r->out;
    int *taken = allocate((size_t)classes, sizeof *taken, "classes", r->err);
    int64_t *keys = allocate((size_t)out->images, sizeof *keys, "images", r->err);
    int n = 0, failed = !taken || !keys;
    for (int round = 0; n < out->images && round < count && !failed; round++)
        for (long i = 0; i < count && n < out->images; i++) {
            int seen = 0;
            for (int k = 0; k < n; k++)
                seen |= (keys[k] & 0xffffffff) == i;
            if (!seen && !given[i] && taken[labels[i]] == round) {
                taken[labels[i]]++;
                keys[n++] = (int64_t)labels[i] << 32 | i;
            }
        }
    if (!failed)
        qsort(keys, (size_t)n, sizeof *keys, by_label);
    for (int i = 0; i < n; i++)
        r->chosen[i] = (uint32_t)(keys[i] & 0xffffffff);
    out->images = n;
    free(taken);
    free(keys);
    return failed ? -1 : n ? 0 : fail(r->err, "%s: no image to show", r->panel->data);
}

static int choose_images(struct panel_reader *r) {
    struct shard_shape shape = shard_shape(r->shard);
    long count = shape.count < CANDIDATES ? shape.count : CANDIDATES;
    int32_t *labels = allocate((size_t)shape.count, sizeof *labels, "labels", r->err);
    uint8_t *given = allocate((size_t)shape.count, 1, "images", r->err);
    uint32_t *all = allocate((size_t)count, sizeof *all, "images", r->err);
    int failed = !labels || !given || !all;
    for (long i = 0; i < count && !failed; i++)
        all[i] = (uint32_t)i;
    failed = failed || shard_read(r->shard, all, (int)count, NULL, NULL, labels, r->err) ||
             (has_pseudo(r->panel) && mark_given(r, given, shape.count)) ||
             choose(r, labels, given, count, shape.classes);
    free(labels);
    free(given);
    free(all);
    return failed ? -1 : 0;
}

// Names of the classes, where the shard has them; the labels where not.
static int name_classes(struct panel_reader *r) {
    json_t *attributes = shard_attributes(r->shard, r->err);
    const json_t *names = json_object_get(attributes, "class_names");
    for (int i = 0; i < r->out->images && attributes; i++) {
        const char *name = json_string_value(json_array_get(names, (size_t)r->out->labels[i]));
        if (name)
            snprintf(r->out->names[i], sizeof r->out->names[i], "%.47s", name);
        else
            snprintf(r->out->names[i], sizeof r->out->names[i], "%d", r->out->labels[i]);
        for (char *c = r->out->names[i]; *c; c++)
            *c = *c == '_' ? ' ' : *c;
    }
    json_decref(attributes);
    return attributes ? 0 : -1;
}

// ---------------------------------------------------------------------------------------- columns

static uint8_t *picture_at(const struct panel_reader *r, int column, int image) {
    size_t area = (size_t)r->out->pixels * (size_t)r->out->pixels;
    return r->out->rgb + ((size_t)column * (size_t)r->out->images + (size_t)image) * area * 3;
}

static void put_masks(const struct panel_reader *r, int column, const uint8_t *masks) {
    size_t area = (size_t)r->out->pixels * (size_t)r->out->pixels;
    for (int i = 0; i < r->out->images; i++)
        for (size_t p = 0; p < area; p++)
            memset(picture_at(r, column, i) + 3 * p, masks[(size_t)i * area + p], 3);
}

void picture_overlay(const uint8_t *image, const double *map, int pixels, uint8_t *rgb) {
    for (size_t p = 0; p < (size_t)pixels * (size_t)pixels; p++) {
        const uint8_t *from = image + 3 * p;
        double grey = 0.299 * from[0] + 0.587 * from[1] + 0.114 * from[2];
        uint8_t colour[3];
        colour_map(map[p], colour);
        for (int c = 0; c < 3; c++)
            rgb[3 * p + c] = (uint8_t)lround(MAP_SHARE * colour[c] + (1 - MAP_SHARE) * grey);
    }
}

void picture_overlay_colour(double value, uint8_t rgb[3]) {
    static const uint8_t grey[3] = {128, 128, 128};
    picture_overlay(grey, &value, 1, rgb);
}

// small [height][width][N] of image i, resized; Grad-CAMs are divided by their maximum. Returns 1 for a map
// that is zero everywhere.
static int spread_map(const real *small, int height, int width, int i, int n, int by_most,
                      const struct bilinear *resize, double *in, double *map, double *scratch, int pixels) {
    double most = 0;
    for (int p = 0; p < height * width; p++)
        in[p] = (double)small[(size_t)p * (size_t)n + (size_t)i];
    bilinear_resize(resize, in, map, scratch);
    for (int p = 0; p < pixels * pixels; p++)
        most = fmax(most, map[p]);
    for (int p = 0; p < pixels * pixels && by_most; p++)
        map[p] = most > 0 ? map[p] / most : 0;
    return !(most > 0);
}

// The maps of a trainer that has just evaluated the images: ABN's attention, or the layer's Grad-CAM.
static int put_maps(struct panel_reader *r, int column, const struct trainer *t) {
    struct pictures *out = r->out;
    const struct explained *stage = &t->inspected->stages[r->panel->pictures[column].layer - 1];
    int height = stage->height, width = stage->width, pixels = out->pixels;
    const real *attention = trainer_attention(t, &height, &width),
               *small = attention ? attention : stage->cam;
    struct bilinear resize = {0};
    size_t area = (size_t)pixels * (size_t)pixels;
    double *map = allocate(area, sizeof *map, "a map", r->err);
    double *in = allocate((size_t)height * (size_t)width, sizeof *in, "a map", r->err);
    double *scratch = allocate((size_t)height * (size_t)pixels, sizeof *scratch, "a map", r->err);
    int failed = !map || !in || !scratch || bilinear_create(&resize, height, width, pixels, pixels, r->err);
    for (int i = 0; i < out->images && !failed; i++) {
        out->zero[column * out->images + i] =
            spread_map(small, height, width, i, out->images, !attention, &resize, in, map, scratch, pixels);
        picture_overlay(out->input + (size_t)i * area * 3, map, pixels, picture_at(r, column, i));
    }
    bilinear_free(&resize);
    free(map);
    free(in);
    free(scratch);
    return failed ? -1 : 0;
}

static int read_map(struct panel_reader *r, int column) {
    const struct cell *cell = figure_cell(r->cells, r->panel, &r->panel->pictures[column], r->err);
    struct pictures *out = r->out;
    struct trainer_settings settings;
    char path[PATH_SIZE], digest[DIGEST_SIZE];
    double lambda;
    int head_replaced = 0;
    if (!cell || run_file(path, r->job->results, cell, "model.safetensors", r->err) ||
        train_resolve(&cell->training, out->pixels, cell->classes, &settings, &lambda, r->err))
        return -1;
    settings.batch = out->images; // with running statistics images do not depend on each other
    struct trainer *t = trainer_create(&settings, 0, r->err);
    int failed = !t || weights_load(&t->parameters, path, &head_replaced, NULL, r->err) ||
                 weights_digest(&t->parameters, digest, r->err) ||
                 retrain_check_model(r->job->results, cell, digest, r->err);
    if (!failed && head_replaced)
        failed = fail(r->err, "%s: its head is for another number of classes", path);
    if (!failed) {
        trainer_evaluate(t, out->input, out->labels, out->predictions + column * out->images);
        failed = put_maps(r, column, t);
    }
    trainer_free(t);
    return failed ? -1 : 0;
}

static int read_pseudo(struct panel_reader *r, int column) {
    const struct cell *cell = figure_cell(r->cells, r->panel, &r->panel->pictures[column], r->err);
    size_t area = (size_t)r->out->pixels * (size_t)r->out->pixels;
    char path[PATH_SIZE];
    uint8_t *masks = allocate((size_t)r->out->images * area, 1, "annotations", r->err);
    struct shard *shard = masks && cell && !annotations_path(path, r->job->results, cell, r->err)
                              ? shard_open_measured(path, r->err)
                              : NULL;
    int failed = !shard || shard_read(shard, r->chosen, r->out->images, NULL, masks, NULL, r->err);
    if (!failed)
        put_masks(r, column, masks);
    shard_close(shard);
    free(masks);
    return failed ? -1 : 0;
}

static int read_column(struct panel_reader *r, int column) {
    struct pictures *out = r->out;
    size_t bytes = (size_t)out->images * (size_t)out->pixels * (size_t)out->pixels * 3;
    switch (r->panel->pictures[column].kind) {
    case PICTURE_INPUT:
        memcpy(picture_at(r, column, 0), out->input, bytes);
        return 0;
    case PICTURE_ANNOTATION:
        put_masks(r, column, out->annotation);
        return 0;
    case PICTURE_PSEUDO:
        return read_pseudo(r, column);
    case PICTURE_MAP:
        break;
    }
    return read_map(r, column);
}

// ---------------------------------------------------------------------------------------- shards

static int make_room(struct panel_reader *r) {
    struct pictures *out = r->out;
    size_t n = (size_t)out->images, area = (size_t)out->pixels * (size_t)out->pixels,
           pictures = n * (size_t)out->columns;
    out->labels = allocate(n, sizeof *out->labels, "pictures", r->err);
    out->names = allocate(n, sizeof *out->names, "pictures", r->err);
    out->input = allocate(n * area, 3, "pictures", r->err);
    out->annotation = allocate(n * area, 1, "pictures", r->err);
    out->rgb = allocate(pictures * area, 3, "pictures", r->err);
    out->predictions = allocate(pictures, sizeof *out->predictions, "pictures", r->err);
    out->zero = allocate(pictures, sizeof *out->zero, "pictures", r->err);
    if (!out->labels || !out->names || !out->input || !out->annotation || !out->rgb || !out->predictions ||
        !out->zero)
        return -1;
    for (size_t i = 0; i < pictures; i++)
        out->predictions[i] = -1;
    return 0;
}

static int read_shard(struct panel_reader *r, const char *path) {
    struct pictures *out = r->out;
    r->shard = shard_open_measured(path, r->err);
    if (!r->shard)
        return -1;
    out->pixels = shard_shape(r->shard).width;
    out->images = r->panel->images;
    out->columns = r->panel->column_count;
    r->chosen = allocate((size_t)out->images, sizeof *r->chosen, "pictures", r->err);
    int failed =
        !r->chosen || choose_images(r) || make_room(r) ||
        shard_read(r->shard, r->chosen, out->images, out->input, out->annotation, out->labels, r->err) ||
        name_classes(r);
    int result = failed ? -1 : 0;
    for (int column = 0; column < out->columns && !result; column++)
        result = read_column(r, column);
    shard_close(r->shard);
    free(r->chosen);
    return result;
}

// Pictures without pseudo-annotations need no more than the split's first images, made for the occasion.
static int from_sample(struct panel_reader *r) {
    char stem[PATH_SIZE], sample[PATH_SIZE], path[PATH_SIZE];
    enum split split = strcmp(r->panel->split, "train") ? SPLIT_TEST : SPLIT_TRAIN;
    union data_settings settings = r->cell->data[split];
    int count = r->cell->images[split] < CANDIDATES ? r->cell->images[split] : CANDIDATES;
    data_set_choose(r->cell->set, &settings, r->panel->split, r->cell->seed, count);
    if (figure_stem(stem, r->figure, r->job, r->err))
        return -1;
    // Named as what a killed process leaves, so that the next one removes it.
    if (snprintf(sample, sizeof sample, "%s.sample", stem) >= (int)sizeof sample)
        return fail(r->err, "%.200s...: path too long", stem);
    if (file_temporary(sample, path, r->err))
        return -1;
    int result = r->cell->set->generate(&settings, path, NULL, NULL, NULL, r->err) ? -1 : read_shard(r, path);
    unlink(path);
    return result;
}

// Makes the pseudo-annotations that the panel shows; the data set is held.
static int make_annotations(struct panel_reader *r) {
    for (int i = 0; i < r->panel->column_count; i++) {
        const struct panel_column *picture = &r->panel->pictures[i];
        json_t *record = NULL;
        char label[96];
        if (picture->kind != PICTURE_PSEUDO)
            continue;
        const struct cell *cell = figure_cell(r->cells, r->panel, picture, r->err);
        if (!cell)
            return -1;
        if (!cell->has_annotator)
            return fail_usage(r->err, "%s: n = %s makes no pseudo-annotations", r->figure->path, picture->n);
        struct progress progress;
        snprintf(label, sizeof label, "pseudo-annotator, n = %s", picture->n);
        progress_start(&progress, label, "iterations", cell->annotator.iterations, 0);
        int failed = annotations_make(&record, r->job->results, cell, "", &real_work, progress_follow,
                                      &progress, r->err);
        progress_end(&progress);
        json_decref(record);
        if (failed)
            return -1;
    }
    return 0;
}

// 1 if all pseudo-annotations of the panel lie where a sweep has left them, 0 if not, -1 on failure.
static int annotations_exist(const struct panel_reader *r) {
    for (int i = 0; i < r->panel->column_count; i++) {
        char path[PATH_SIZE];
        if (r->panel->pictures[i].kind != PICTURE_PSEUDO)
            continue;
        const struct cell *cell = figure_cell(r->cells, r->panel, &r->panel->pictures[i], r->err);
        int there =
            !cell || annotations_path(path, r->job->results, cell, r->err) ? -1 : file_is_there(path, r->err);
        if (there != 1)
            return there;
    }
    return 1;
}

static int from_data_set(struct panel_reader *r) {
    char path[PATH_SIZE], folder[PATH_SIZE];
    struct progress progress;
    if (data_sets_folder(folder, r->job->results, r->cell, r->err))
        return -1;
    int there = file_is_there(folder, r->err), made = there < 0 ? -1 : annotations_exist(r);
    int mine = !there; // what others have made is theirs to remove
    if (made < 0)
        return -1;
    if (!made && !r->job->train) {
        fail(r->err,
             "its pseudo-annotations are missing; make them: build/release/reff figure %s --profile %s "
             "--train",
             r->figure->name, r->job->profile_word);
        return 1;
    }
    progress_start(&progress, r->cell->set->title, "images", r->cell->images[SPLIT_TRAIN], 0);
    int lock = data_sets_hold(r->job->results, r->cell, &real_work, progress_follow, &progress, r->err);
    progress_end(&progress);
    int result = lock < 0 || make_annotations(r) ||
                         data_sets_shard(path, r->job->results, r->cell, SPLIT_TRAIN, r->err)
                     ? -1
                     : read_shard(r, path);
    lock_release(lock);
    if (mine)
        data_sets_remove(r->job->results, r->cell);
    return result;
}

// ---------------------------------------------------------------------------------------- all of it

// 1 if a model that the panel shows is missing: reported before anything is made for the others.
static int models_missing(const struct panel_reader *r) {
    for (int i = 0; i < r->panel->column_count; i++) {
        char path[PATH_SIZE];
        if (r->panel->pictures[i].kind != PICTURE_MAP)
            continue;
        const struct cell *cell = figure_cell(r->cells, r->panel, &r->panel->pictures[i], r->err);
        if (!cell || run_file(path, r->job->results, cell, "model.safetensors", r->err))
            return -1;
        int there = file_is_there(path, r->err);
        if (there < 0)
            return -1;
        if (!there) {
            fail(r->err,
                 "the model of '%s' is missing; make it: build/release/reff figure %s --profile %s --train",
                 cell->name, r->figure->name, r->job->profile_word);
            return 1;
        }
    }
    return 0;
}

int pictures_read(struct pictures *out, const struct figure *f, const struct panel *panel,
                  const struct figure_cells *cells, const struct figure_job *job, struct error *err) {
    struct panel_reader r = {.out = out, .figure = f, .panel = panel, .cells = cells, .job = job, .err = err};
    memset(out, 0, sizeof *out);
    r.cell = figure_cell(cells, panel, &panel->pictures[0], err);
    if (!r.cell)
        return -1;
    int missing = models_missing(&r);
    return missing ? missing : has_pseudo(panel) ? from_data_set(&r) : from_sample(&r);
}

void pictures_free(struct pictures *p) {
    free(p->labels);
    free(p->names);
    free(p->input);
    free(p->annotation);
    free(p->rgb);
    free(p->predictions);
    free(p->zero);
    memset(p, 0, sizeof *p);
}
