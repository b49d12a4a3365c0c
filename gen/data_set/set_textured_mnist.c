// SPDX-License-Identifier: Apache-2.0
#include "core/base/version.h"
#include "gen/data_set/data_set.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CLASSES = 10, PAPER_CANVAS = 224 };

static const char description[] =
    "Textured MNIST: each image is a digit of MNIST, filled with a picture of one texture and laid on a "
    "picture of another. With --p 0 the background's class gives the digit away, with --q 0 the digit's "
    "texture does; with --p 1 --q 1 only the digit's shape tells. Without --mnist and --textures the program "
    "draws digits and textures itself; both take a folder, .tar.gz or .zip, which is read in place.\n\nA "
    "shard is one HDF5 file: images uint8 [N,H,W,3], masks uint8 [N,H,W] (255 where the digit is), labels, "
    "and where each image came from. See also: reff info, preview, verify; docs/shards.md.";

// Tables give the digit's size for the paper's canvas.
static int scaled_size(double size, int canvas) {
    int scaled = (int)floor(size * canvas / PAPER_CANVAS);
    return scaled < DIGIT_SIDE_MINIMUM ? DIGIT_SIDE_MINIMUM : scaled;
}

static void place(union data_settings *settings, const struct data_axes *axes, enum split split) {
    struct textured_mnist_settings *s = &settings->textured_mnist;
    s->p = split == SPLIT_TEST ? 1 : axes->p;
    s->q = axes->q;
    s->size = scaled_size(axes->size, s->canvas);
    if (split == SPLIT_TRAIN)
        return;
    // What measures has true labels and annotations, and a patch that tells nothing.
    s->label_noise = s->annotation_missing = s->annotation_shuffled = s->annotation_dilated = 0;
    snprintf(s->annotation, sizeof s->annotation, "exact");
    s->patch_p = s->patch_p >= 0 && split == SPLIT_TEST ? 1 : s->patch_p;
}

static void describe(const struct data_set *set, const union data_settings *settings, char *out,
                     size_t size) {
    const struct textured_mnist_settings *s = &settings->textured_mnist;
    const char *digits = *s->mnist ? "MNIST" : "built-in digits (drawn by code, not MNIST)";
    (void)set;
    if (*s->textures)
        snprintf(out, size, "%s, texture photographs (set %.40s)", digits, s->texture_set);
    else
        snprintf(out, size, "%s, built-in textures (made by code, not photographs)", digits);
}

static json_t *inputs(const union data_settings *s, struct error *err) {
    return textured_mnist_inputs(&s->textured_mnist, err);
}

static int generate(const union data_settings *s, const char *path, progress_function *progress,
                    void *progress_context, struct shard_written *written, struct error *err) {
    return textured_mnist_generate(&s->textured_mnist, path, progress, progress_context, written, err);
}

static int pixels(const union data_settings *s) {
    return s->textured_mnist.canvas;
}

static int classes(const union data_settings *s, struct error *err) {
    (void)s, (void)err;
    return CLASSES;
}

static int images(const union data_settings *s, struct error *err) {
    static const int counts[SPLITS] = {
        [SPLIT_TRAIN] = 54000, [SPLIT_VALIDATION] = 6000, [SPLIT_TEST] = 10000};
    const struct textured_mnist_settings *t = &s->textured_mnist;
    (void)err;
    return t->count ? t->count : counts[split_of_name(t->split)];
}

const struct data_set data_set_textured_mnist = {
    .name = "textured-mnist",
    .title = "Textured MNIST",
    .schema = textured_mnist_schema,
    .revision = GENERATOR_REVISION,
    .style = {.colour = 0, .marker = 2},
    .contents = "images, annotations and labels of Textured MNIST in one HDF5 file",
    .summary = "Write images of Textured MNIST with their annotations into one file, a shard.",
    .description = description,
    .example =
        "reff gen textured-mnist --p 0 --q 1 --size 112 --canvas 224 --seed 5 --split train --count 500 "
        "--output train.h5\n"
        "  reff gen textured-mnist --mnist MNIST/raw --textures dtd-r1.0.1.tar.gz --output train.h5",
    .paths = "mnist textures",
    .fixed_classes = CLASSES,
    .place = place,
    .describe = describe,
    .inputs = inputs,
    .generate = generate,
    .pixels = pixels,
    .classes = classes,
    .images = images};
