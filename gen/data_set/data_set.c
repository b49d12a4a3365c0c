// SPDX-License-Identifier: Apache-2.0
#include "gen/data_set/data_set.h"

#include "core/base/version.h"

#include <stdio.h>
#include <string.h>

// ---------------------------------------------------------------------------------------- Textured MNIST

static json_t *mnist_inputs(const union data_settings *s, struct error *err) {
    return textured_mnist_inputs(&s->textured_mnist, err);
}

static int mnist_generate(const union data_settings *s, const char *path, progress_function *progress,
                          void *progress_context, struct error *err) {
    return textured_mnist_generate(&s->textured_mnist, path, progress, progress_context, err);
}

static int mnist_pixels(const union data_settings *s) {
    return s->textured_mnist.canvas;
}

static int mnist_classes(const union data_settings *s, struct error *err) {
    (void)s, (void)err;
    return 10;
}

static int mnist_images(const union data_settings *s, struct error *err) {
    const struct textured_mnist_settings *t = &s->textured_mnist;
    (void)err;
    return t->count                          ? t->count
           : !strcmp(t->split, "train")      ? 54000
           : !strcmp(t->split, "validation") ? 6000
                                             : 10000;
}

// ------------------------------------------------------------------------------------------- photographs

static json_t *photo_inputs(const union data_settings *s, struct error *err) {
    return photographs_inputs(&s->photographs, err);
}

static int photo_generate(const union data_settings *s, const char *path, progress_function *progress,
                          void *progress_context, struct error *err) {
    return photographs_generate(&s->photographs, path, progress, progress_context, err);
}

static int photo_pixels(const union data_settings *s) {
    return s->photographs.pixels;
}

static int photo_classes(const union data_settings *s, struct error *err) {
    return photographs_classes(&s->photographs, err);
}

static int photo_images(const union data_settings *s, struct error *err) {
    return photographs_images(&s->photographs, err);
}

// ---------------------------------------------------------------------------------------------- registry

const struct data_set data_sets[] = {
    {"textured-mnist", "Textured MNIST", textured_mnist_schema, GENERATOR_REVISION, mnist_inputs,
     mnist_generate, mnist_pixels, mnist_classes, mnist_images},
    {"isic2017", "ISIC2017", photographs_schema, PHOTOGRAPHS_REVISION, photo_inputs, photo_generate,
     photo_pixels, photo_classes, photo_images},
    {"pets", "Pets", photographs_schema, PHOTOGRAPHS_REVISION, photo_inputs, photo_generate, photo_pixels,
     photo_classes, photo_images},
    {0}};

const struct data_set *data_set_find(const char *name, struct error *err) {
    for (const struct data_set *set = data_sets; set->name; set++)
        if (!strcmp(set->name, name))
            return set;
    fail_usage(err, "'%.60s' is no data set; there are textured-mnist, isic2017 and pets", name);
    return NULL;
}

void data_set_default(const struct data_set *set, union data_settings *settings) {
    memset(settings, 0, sizeof *settings);
    settings_default(set->schema, settings);
    if (set->schema == photographs_schema)
        snprintf(settings->photographs.data, sizeof settings->photographs.data, "%s", set->name);
}

void data_set_choose(const struct data_set *set, union data_settings *settings, const char *split,
                     uint64_t seed, int count) {
    char *base = (char *)settings;
    char *word = base + settings_find(set->schema, "split")->offset;
    snprintf(word, SETTING_WORD_SIZE, "%s", split);
    memcpy(base + settings_find(set->schema, "seed")->offset, &seed, sizeof seed);
    memcpy(base + settings_find(set->schema, "count")->offset, &count, sizeof count);
}
