// SPDX-License-Identifier: Apache-2.0
#include "gen/textured_mnist/textured_mnist_plan.h"

#include "core/base/digest.h"
#include "core/base/memory.h"
#include "core/base/random.h"
#include "core/shard/groups.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The stream of one purpose of one image, or of whatever else the number is of.
static struct random stream(const struct textured_mnist_settings *settings, const char *purpose,
                            uint64_t number) {
    char name[SETTING_WORD_SIZE + 80];
    snprintf(name, sizeof name, "textured-mnist %s %s", settings->split, purpose);
    return random_stream(settings->seed, random_purpose(name), number);
}

// ---------------------------------------------------------------------------------------------- splits

// MNIST's training file is shuffled by the seed; its first nine tenths are the train split, the rest
// validation. The test file, which is ordered by writer, is shuffled as well.
static int draw_split(struct sources *s, const struct textured_mnist_settings *settings, struct error *err) {
    int test = !strcmp(settings->split, "test");
    s->part = test ? DIGITS_TEST : DIGITS_TRAIN;
    int all = digits_count(s->digits, s->part), train = (int)((int64_t)all * 9 / 10);
    uint32_t *order = allocate((size_t)all, sizeof *order, "the order of the digits", err);
    if (!order)
        return -1;
    for (int i = 0; i < all; i++)
        order[i] = (uint32_t)i;
    struct random r = random_stream(
        settings->seed,
        random_purpose(test ? "textured-mnist test digits" : "textured-mnist train and validation digits"),
        0);
    random_shuffle(&r, order, (size_t)all);
    int validation = !strcmp(settings->split, "validation");
    s->split_count = test ? all : validation ? all - train : train;
    if (validation)
        memmove(order, order + train, (size_t)s->split_count * sizeof *order);
    s->digit_order = order;
    if (settings->count > s->split_count)
        return fail_usage(err, "--count: %d is more than the %d images of split %s", settings->count,
                          s->split_count, settings->split);
    if (settings->annotation_shuffled > 0 && (settings->count == 1 || s->split_count == 1))
        return fail_usage(err,
                          "--annotation-shuffled: there is no image but one, whose annotation it could get");
    return 0;
}

// How many images before each have its label, which is all that balanced backgrounds need to know of others.
static int count_before(struct sources *s, const struct textured_mnist_settings *settings,
                        struct error *err) {
    int seen[TEXTURE_DIGITS] = {0};
    if (!textured_mnist_balances(settings->split, settings->p))
        return 0;
    if (!(s->before = allocate((size_t)s->split_count, sizeof *s->before, "the order of the digits", err)))
        return -1;
    for (int i = 0; i < s->split_count; i++)
        s->before[i] = seen[digits_label(s->digits, s->part, (int)s->digit_order[i])]++;
    return 0;
}

struct ranked { // a picture, and what decides on its split
    int number;
    long by_number;
    char digest[DIGEST_SIZE];
    const char *file;
};

static int by_rank(const void *a, const void *b) {
    const struct ranked *p = a, *q = b;
    if (p->by_number != q->by_number)
        return p->by_number < q->by_number ? -1 : 1;
    int order = strcmp(p->digest, q->digest);
    return order ? order : strcmp(p->file, q->file);
}

// The last number in a file's name: "cork/cork_0123.jpg" -> 123; 0 if there is none.
static long number_in(const char *file) {
    const char *end = strrchr(file, '.');
    end = end ? end : file + strlen(file);
    while (end > file && !isdigit((unsigned char)end[-1]))
        end--;
    while (end > file && isdigit((unsigned char)end[-1]))
        end--;
    return strtol(end, NULL, 10);
}

// The pictures of a class by rank: by number where neighbours show the same thing, else by a digest of the
// file's name.
static int rank_class(const struct sources *s, int class, struct ranked *ranks, int count,
                      struct error *err) {
    for (int i = 0; i < count; i++) {
        ranks[i] = (struct ranked){.number = i, .file = textures_file(s->textures, class, i)};
        if (s->set->classes[class].by_number)
            ranks[i].by_number = number_in(ranks[i].file);
        else if (digest_bytes(ranks[i].file, strlen(ranks[i].file), ranks[i].digest, err))
            return -1;
    }
    qsort(ranks, (size_t)count, sizeof *ranks, by_rank);
    return 0;
}

static int ascending(const void *a, const void *b) {
    return *(const int *)a - *(const int *)b;
}

// Which pictures of a class the split may use: all, or its share of the ranked ones: a tenth (one at least)
// each for validation and test, the others for training.
static int allow_class(struct sources *s, const struct textured_mnist_settings *settings, int class,
                       struct error *err) {
    int count = textures_count(s->textures, class), first = 0, last = count;
    struct ranked *ranks = allocate((size_t)count, sizeof *ranks, "a texture split", err);
    s->allowed[class] = ranks ? allocate((size_t)count, sizeof(int), "a texture split", err) : NULL;
    int bad = !s->allowed[class] || rank_class(s, class, ranks, count, err);
    if (!bad && !strcmp(settings->texture_split, "disjoint")) {
        int tenth = count / 10 ? count / 10 : 1, train = count - 2 * tenth;
        if (train < 1)
            bad = fail(err, "texture class '%s' has %d pictures, too few for a disjoint texture split",
                       s->set->classes[class].label, count);
        first = !strcmp(settings->split, "train")        ? 0
                : !strcmp(settings->split, "validation") ? train
                                                         : train + tenth;
        last = !strcmp(settings->split, "train") ? train : first + tenth;
    }
    if (!bad) {
        s->allowed_count[class] = last - first;
        for (int i = first; i < last; i++)
            s->allowed[class][i - first] = ranks[i].number;
        qsort(s->allowed[class], (size_t)(last - first), sizeof(int), ascending);
    }
    free(ranks);
    return bad ? -1 : 0;
}

// Digits and textures, both at once: each is read by one thread, since archives are.
static int open_files(struct sources *s, const struct textured_mnist_settings *settings, struct error *err) {
    struct error texture_error = {0};
#pragma omp parallel sections num_threads(2)
    {
#pragma omp section
        s->digits = digits_open(settings->mnist, err);
#pragma omp section
        s->textures = textures_open(settings->textures, s->set, settings->canvas, &texture_error);
    }
    if (s->digits && !s->textures)
        *err = texture_error;
    return s->digits && s->textures ? 0 : -1;
}

int sources_open(struct sources *s, const struct textured_mnist_settings *settings, struct error *err) {
    memset(s, 0, sizeof *s);
    if (!(s->set = texture_set_open(settings->texture_set, err)) || open_files(s, settings, err) ||
        draw_split(s, settings, err) || count_before(s, settings, err) ||
        !(s->allowed = allocate((size_t)s->set->count, sizeof *s->allowed, "a texture split", err)) ||
        !(s->allowed_count =
              allocate((size_t)s->set->count, sizeof *s->allowed_count, "a texture split", err)))
        return -1;
    for (int c = 0; c < s->set->count; c++)
        if (allow_class(s, settings, c, err))
            return -1;
    return 0;
}

void sources_close(struct sources *s) {
    for (int c = 0; s->allowed && c < s->set->count; c++)
        free(s->allowed[c]);
    free(s->allowed);
    free(s->allowed_count);
    free(s->digit_order);
    free(s->before);
    textures_close(s->textures);
    texture_set_close(s->set);
    digits_close(s->digits);
    memset(s, 0, sizeof *s);
}

// ---------------------------------------------------------------------------------------------- draws

// A class out of `count`: with the chance given a drawn one, else `fixed`.
static int choose_class(const struct textured_mnist_settings *settings, uint64_t image, const char *purpose,
                        double chance, int count, int fixed, int *drawn) {
    struct random r = stream(settings, purpose, image);
    *drawn = random_uniform(&r) < chance;
    return *drawn ? (int)random_below(&r, (uint32_t)count) : fixed;
}

// The images of a label get the backgrounds in rounds, each round all of them in an order of its own. So every
// background comes up as often as the others, or once more, however many images there are.
static int balanced_class(const struct sources *s, const struct textured_mnist_settings *settings, int label,
                          int before) {
    uint32_t order[TEXTURE_CLASSES_MAXIMUM], count = (uint32_t)s->set->backgrounds;
    uint64_t round = (uint64_t)before / count;
    struct random r = stream(settings, "background round", round * TEXTURE_DIGITS + (uint64_t)label);
    for (uint32_t i = 0; i < count; i++)
        order[i] = i;
    random_shuffle(&r, order, count);
    return (int)order[(uint32_t)before % count];
}

static void choose_picture(const struct sources *s, const struct textured_mnist_settings *settings,
                           uint64_t image, const char *purpose, struct texture_use *use) {
    struct random r = stream(settings, purpose, image);
    use->number = s->allowed[use->class][random_below(&r, (uint32_t)s->allowed_count[use->class])];
}

void plan_choose(const struct sources *s, const struct textured_mnist_settings *settings, int image,
                 struct textured_mnist_plan *plan) {
    struct texture_use *b = &plan->background, *d = &plan->digit_texture;
    uint64_t number = (uint64_t)image;
    plan->digit_index = (int)s->digit_order[image];
    plan->label = digits_label(s->digits, s->part, plan->digit_index);
    int background = choose_class(settings, number, "background class", settings->p, s->set->backgrounds,
                                  s->set->fixed_background[plan->label], &b->drawn);
    if (s->before)
        background = balanced_class(s, settings, plan->label, s->before[image]);
    b->class = TEXTURE_DIGITS + background;
    choose_picture(s, settings, number, "background picture", b);
    d->class = choose_class(settings, number, "digit texture class", settings->q, TEXTURE_DIGITS, plan->label,
                            &d->drawn);
    choose_picture(s, settings, number, "digit texture picture", d);
}

static void place_crop(const struct sources *s, const struct textured_mnist_settings *settings,
                       uint64_t image, const char *purpose, struct texture_use *use) {
    struct random r = stream(settings, purpose, image);
    textures_size(s->textures, use->class, use->number, &use->width, &use->height);
    use->x = (int)random_below(&r, (uint32_t)(use->width - settings->canvas + 1));
    use->y = (int)random_below(&r, (uint32_t)(use->height - settings->canvas + 1));
}

void plan_place(const struct sources *s, const struct textured_mnist_settings *settings, int image,
                struct textured_mnist_plan *plan) {
    uint64_t number = (uint64_t)image;
    place_crop(s, settings, number, "background crop", &plan->background);
    place_crop(s, settings, number, "digit texture crop", &plan->digit_texture);
    plan_place_digit(settings, image, plan);
}

void plan_place_digit(const struct textured_mnist_settings *settings, int image,
                      struct textured_mnist_plan *plan) {
    uint64_t number = (uint64_t)image;
    struct random r = stream(settings, "position", number);
    uint32_t offsets = (uint32_t)(settings->canvas - settings->size + 1);
    plan->digit_x = (int)random_below(&r, offsets);
    plan->digit_y = (int)random_below(&r, offsets);
}

// ---------------------------------------------------------------------------------------------- provenance

// The columns in the order of plan_columns.
static const struct column described[PLAN_COLUMNS] = {
    {"group", COLUMN_INT32, 0,
     "number in group_names: 2 * label, and 1 more where the background's class is not the digit's own"},
    {"digit_index", COLUMN_INT32, 0,
     "number of the digit in MNIST's file, from 0 (train: also validation's)"},
    {"digit_x", COLUMN_INT32, 0, "left edge of the digit on the canvas, pixels"},
    {"digit_y", COLUMN_INT32, 0, "upper edge of the digit on the canvas, pixels"},
    {"background_drawn", COLUMN_INT32, 0,
     "1: background class drawn from all (chance p), 0: the digit's own"},
    {"background_class", COLUMN_INT32, 0,
     "number in background_classes; where p is 1, validation and test have each as often for a digit"},
    {"background_file", COLUMN_TEXT, 0, "picture of the background"},
    {"background_x", COLUMN_INT32, 0, "left edge of the crop in the scaled picture, pixels"},
    {"background_y", COLUMN_INT32, 0, "upper edge of the crop in the scaled picture, pixels"},
    {"background_width", COLUMN_INT32, 0, "width of the picture after scaling to cover the canvas, pixels"},
    {"background_height", COLUMN_INT32, 0, "height of the picture after scaling to cover the canvas, pixels"},
    {"digit_texture_drawn", COLUMN_INT32, 0,
     "1: digit's texture class drawn from all ten (chance q), 0: the digit's own"},
    {"digit_texture_class", COLUMN_INT32, 0, "number in digit_texture_classes"},
    {"digit_texture_file", COLUMN_TEXT, 0, "picture of the digit's texture"},
    {"digit_texture_x", COLUMN_INT32, 0,
     "left edge of the crop (as large as the canvas) in the scaled picture, pixels"},
    {"digit_texture_y", COLUMN_INT32, 0, "upper edge of the crop in the scaled picture, pixels"},
    {"digit_texture_width", COLUMN_INT32, 0,
     "width of the picture after scaling to cover the canvas, pixels"},
    {"digit_texture_height", COLUMN_INT32, 0,
     "height of the picture after scaling to cover the canvas, pixels"},
};

void plan_describe(const struct sources *s, struct column columns[PLAN_COLUMNS + 1]) {
    size_t longest = 0; // over the whole set, so that it does not depend on which pictures are used
    for (int c = 0; c < s->set->count; c++)
        for (int i = 0; i < textures_count(s->textures, c); i++) {
            size_t length = strlen(textures_file(s->textures, c, i));
            longest = length > longest ? length : longest;
        }
    memcpy(columns, described, sizeof described);
    for (int c = 0; c < PLAN_COLUMNS; c++)
        if (columns[c].type == COLUMN_TEXT)
            columns[c].text_size = (int)longest + 1;
    memset(&columns[PLAN_COLUMNS], 0, sizeof *columns);
}

void plan_columns(const struct sources *s, const struct textured_mnist_plan *plan, struct shard_batch *batch,
                  int at) {
    const struct texture_use *b = &plan->background, *d = &plan->digit_texture;
    int background = b->class - TEXTURE_DIGITS;
    enum group_kind kind =
        background == s->set->fixed_background[plan->label] ? GROUP_ALIGNED : GROUP_CONFLICTING;
    const int numbers[PLAN_COLUMNS] = {group_of(plan->label, kind),
                                       plan->digit_index,
                                       plan->digit_x,
                                       plan->digit_y,
                                       b->drawn,
                                       background,
                                       0,
                                       b->x,
                                       b->y,
                                       b->width,
                                       b->height,
                                       d->drawn,
                                       d->class,
                                       0,
                                       d->x,
                                       d->y,
                                       d->width,
                                       d->height};
    const struct texture_use *files = b; // of the next column of text: the background's, then the digit's
    for (int c = 0; c < PLAN_COLUMNS; c++) {
        if (described[c].type == COLUMN_INT32) {
            shard_batch_set_number(batch, c, at, numbers[c]);
            continue;
        }
        shard_batch_set_text(batch, c, at, textures_file(s->textures, files->class, files->number));
        files = d;
    }
}
