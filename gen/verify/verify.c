// SPDX-License-Identifier: Apache-2.0
#include "gen/verify/verify.h"

#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/base/memory.h"
#include "core/base/version.h"
#include "core/shard/groups.h"
#include "gen/textured_mnist/compose.h"
#include "gen/textured_mnist/digits.h"
#include "gen/textured_mnist/textured_mnist.h"
#include "gen/verify/verify_checks.h"
#include "gen/verify/verify_shifts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { // provenance columns that the checks read
    GROUP,
    DIGIT_INDEX,
    DIGIT_X,
    DIGIT_Y,
    BACKGROUND_DRAWN,
    BACKGROUND_CLASS,
    DIGIT_TEXTURE_DRAWN,
    DIGIT_TEXTURE_CLASS,
    COLUMNS
};

static const char *const column_names[COLUMNS] = {"group",
                                                  "digit_index",
                                                  "digit_x",
                                                  "digit_y",
                                                  "background_drawn",
                                                  "background_class",
                                                  "digit_texture_drawn",
                                                  "digit_texture_class"};

struct claims {
    struct shard *shard;
    const char *path, *source;
    struct shard_shape shape;
    json_t *attributes, *checks;
    int32_t *labels, *columns[COLUMNS];
    int32_t *annotated; // 0: the mask is a pseudo-annotation; NULL: none is
    int size, canvas, soft_mask, backgrounds;
    double p, q;
    struct shift_claims shifts;
};

#define report(c, name, outcome, ...) checks_report((c)->checks, name, outcome, __VA_ARGS__)

// ---------------------------------------------------------------------------------------------- bytes

static int check_content(struct claims *c, struct error *err) {
    char digest[DIGEST_SIZE];
    const char *claimed = shard_content_digest(c->shard);
    if (shard_content_compute(c->shard, digest, err))
        return -1;
    if (!*claimed)
        report(c, "content digest", FAIL, "it lacks the attribute content_sha256, which for these data is %s",
               digest);
    else if (strcmp(claimed, digest))
        report(c, "content digest", FAIL, "claims %.16s..., the data have %.16s...", claimed, digest);
    else
        report(c, "content digest", PASS, "%s", digest);
    return 0;
}

static int check_manifest(struct claims *c, struct error *err) {
    char path[PATH_SIZE], digest[DIGEST_SIZE];
    int there = snprintf(path, sizeof path, "%s.sha256", c->path) < PATH_SIZE ? file_is_there(path, err) : 0;
    if (there < 0)
        return -1;
    if (!there) {
        report(c, "manifest", SKIP, "there is no %s.sha256", c->path);
        return 0;
    }
    char *text = file_read(path, 1 << 16, NULL, err);
    int bad = !text || digest_file(c->path, digest, err);
    if (!bad && strncmp(text, digest, DIGEST_SIZE - 1))
        report(c, "manifest", FAIL, "%s names another digest than the file's %.16s...", path, digest);
    else if (!bad)
        report(c, "manifest", PASS, "%s", digest);
    free(text);
    return bad ? -1 : 0;
}

// ---------------------------------------------------------------------------------------------- claims

static double number(const struct claims *c, const char *name) {
    return json_number_value(json_object_get(c->attributes, name));
}

static const char *text(const struct claims *c, const char *name) {
    const char *value = json_string_value(json_object_get(c->attributes, name));
    return value ? value : "";
}

static const char *list_text(const struct claims *c, const char *name, long index) {
    const char *value =
        json_string_value(json_array_get(json_object_get(c->attributes, name), (size_t)index));
    return value ? value : "";
}

// 1 when the shard is Textured MNIST with all that the checks need, 0 when not, -1 on failure.
static int read_claims(struct claims *c, struct error *err) {
    size_t count = (size_t)c->shape.count;
    c->labels = allocate(count, sizeof *c->labels, "labels", err);
    if (!c->labels || shard_column(c->shard, "labels", c->labels, err))
        return -1;
    if (*text(c, "photographs_from")) // files, or drawn
        return checks_photographs(c->checks, c->shard, c->attributes, c->labels, c->source, err) ? -1 : 0;
    if (!*text(c, "digits_from")) {
        return checks_unknown(c->checks, c->shard, c->attributes, err) ? -1 : 0;
    }
    for (int i = 0; i < COLUMNS; i++)
        if (!(c->columns[i] = allocate(count, sizeof *c->columns[i], column_names[i], err)) ||
            shard_column(c->shard, column_names[i], c->columns[i], err))
            return -1;
    if (json_object_get(c->attributes, "annotator_n") &&
        (!(c->annotated = allocate(count, sizeof *c->annotated, "annotated", err)) ||
         shard_column(c->shard, "annotated", c->annotated, err)))
        return -1;
    c->size = (int)number(c, "size");
    c->canvas = (int)number(c, "canvas");
    c->p = number(c, "p");
    c->q = number(c, "q");
    c->soft_mask = !strcmp(text(c, "mask"), "soft");
    c->backgrounds = (int)json_array_size(json_object_get(c->attributes, "background_classes"));
    if (c->canvas != c->shape.height || c->canvas != c->shape.width || c->size < DIGIT_SIDE_MINIMUM ||
        c->size > c->canvas || c->shape.classes != 10 || c->backgrounds < 1 || c->p < 0 || c->p > 1 ||
        c->q < 0 || c->q > 1) {
        report(c, "attributes", FAIL,
               "size, canvas, p, q, classes or background_classes disagree with the data");
        return 0;
    }
    report(c, "attributes", PASS, "size %d, canvas %d, p %g, q %g, %d backgrounds", c->size, c->canvas, c->p,
           c->q, c->backgrounds);
    return shift_claims_read(&c->shifts, c->shard, c->attributes, err) ? -1 : 1;
}

static int in_range(int32_t value, int32_t below) {
    return value >= 0 && value < below;
}

// Whether the columns can be gone by: other checks take them for places and numbers.
static int check_ranges(struct claims *c) {
    int offsets = c->canvas - c->size + 1;
    for (long i = 0; i < c->shape.count; i++) {
        const char *bad =
            !in_range(c->columns[DIGIT_X][i], offsets) || !in_range(c->columns[DIGIT_Y][i], offsets)
                ? "the digit is not on the canvas"
            : !in_range(c->columns[BACKGROUND_CLASS][i], c->backgrounds)
                ? "background_class is not in background_classes"
            : !in_range(c->columns[DIGIT_TEXTURE_CLASS][i], 10) ? "digit_texture_class is not in 0..9"
            : !in_range(c->columns[BACKGROUND_DRAWN][i], 2) ||
                    !in_range(c->columns[DIGIT_TEXTURE_DRAWN][i], 2)
                ? "a _drawn column is neither 0 nor 1"
            : c->columns[DIGIT_INDEX][i] < 0 ? "digit_index is negative"
                                             : NULL;
        if (bad) {
            report(c, "ranges", FAIL, "image %ld: %s", i, bad);
            return 0;
        }
    }
    report(c, "ranges", PASS, "positions and classes of %ld images", c->shape.count);
    return 1;
}

static int ascending(const void *a, const void *b) {
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

static int check_digits_differ(struct claims *c, struct error *err) {
    size_t count = (size_t)c->shape.count;
    int32_t *sorted = allocate(count, sizeof *sorted, "digit_index", err);
    if (!sorted)
        return -1;
    memcpy(sorted, c->columns[DIGIT_INDEX], count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, ascending);
    size_t i = 1;
    while (i < count && sorted[i] != sorted[i - 1])
        i++;
    if (i < count)
        report(c, "digits differ", FAIL, "digit %d is there twice", sorted[i]);
    else
        report(c, "digits differ", PASS, "%zu digits, none twice", count);
    free(sorted);
    return 0;
}

// An image whose class was not drawn has the digit's own.
static void check_fixed(struct claims *c) {
    for (long i = 0; i < c->shape.count; i++) {
        const char *own = list_text(c, "fixed_backgrounds", c->labels[i]);
        const char *has = list_text(c, "background_classes", c->columns[BACKGROUND_CLASS][i]);
        if (!c->columns[BACKGROUND_DRAWN][i] && strcmp(own, has)) {
            report(c, "fixed classes", FAIL, "image %ld: digit %d on '%s', not drawn; its own is '%s'", i,
                   c->labels[i], has, own);
            return;
        }
        if (!c->columns[DIGIT_TEXTURE_DRAWN][i] && c->columns[DIGIT_TEXTURE_CLASS][i] != c->labels[i]) {
            report(c, "fixed classes", FAIL, "image %ld: digit %d has texture class %d, not drawn", i,
                   c->labels[i], c->columns[DIGIT_TEXTURE_CLASS][i]);
            return;
        }
    }
    report(c, "fixed classes", PASS, "every class that was not drawn is the digit's own");
}

static void check_share(struct claims *c, const char *name, int column, double chance) {
    long drawn = 0;
    for (long i = 0; i < c->shape.count; i++)
        drawn += c->columns[column][i] == 1;
    checks_share(c->checks, name, drawn, c->shape.count, chance);
}

// Drawn classes are uniform: chi-squared, where enough of each are expected for it to hold.
static int check_uniform(struct claims *c, const char *name, int drawn, int class, int classes,
                         struct error *err) {
    long *counts = allocate((size_t)classes, sizeof *counts, "images per class", err);
    if (!counts)
        return -1;
    for (long i = 0; i < c->shape.count; i++)
        if (c->columns[drawn][i] == 1 && in_range(c->columns[class][i], classes))
            counts[c->columns[class][i]]++;
    checks_frequencies(c->checks, name, counts, NULL, classes);
    free(counts);
    return 0;
}

// ---------------------------------------------------------------------------------------------- groups

// Conflicting are the images whose background is not their digit's own, whether it was drawn or not.
static int check_groups(struct claims *c, struct error *err) {
    if (!checks_revision(c->checks, "groups", c->attributes, GENERATOR_REVISION))
        return 0;
    int32_t *expected = allocate((size_t)c->shape.count, sizeof *expected, "groups", err);
    if (!expected)
        return -1;
    for (long i = 0; i < c->shape.count; i++) {
        const char *own = list_text(c, "fixed_backgrounds", c->labels[i]);
        int aligned = !strcmp(own, list_text(c, "background_classes", c->columns[BACKGROUND_CLASS][i]));
        expected[i] = group_of(c->labels[i], aligned ? GROUP_ALIGNED : GROUP_CONFLICTING);
    }
    int bad = checks_groups(c->checks, c->attributes, c->columns[GROUP], expected, c->shape.count, NULL,
                            c->shape.classes, 1, err);
    free(expected);
    return bad;
}

// A digit has each background as often as another, or once more.
static int check_balance(struct claims *c, struct error *err) {
    if (!checks_revision(c->checks, "balanced backgrounds", c->attributes, GENERATOR_REVISION))
        return 0;
    size_t backgrounds = (size_t)c->backgrounds;
    long *counts =
        allocate((size_t)c->shape.classes * backgrounds, sizeof *counts, "images per background", err);
    if (!counts)
        return -1;
    for (long i = 0; i < c->shape.count; i++)
        if (in_range(c->columns[BACKGROUND_CLASS][i], c->backgrounds))
            counts[(size_t)c->labels[i] * backgrounds + (size_t)c->columns[BACKGROUND_CLASS][i]]++;
    for (int label = 0; label < c->shape.classes; label++) {
        const long *own = counts + (size_t)label * backgrounds;
        size_t least = 0, most = 0;
        for (size_t b = 1; b < backgrounds; b++) {
            least = own[b] < own[least] ? b : least;
            most = own[b] > own[most] ? b : most;
        }
        if (own[most] > own[least] + 1) {
            report(c, "balanced backgrounds", FAIL, "digit %d is %ld times on '%s', %ld times on '%s'", label,
                   own[most], list_text(c, "background_classes", (long)most), own[least],
                   list_text(c, "background_classes", (long)least));
            free(counts);
            return 0;
        }
    }
    report(c, "balanced backgrounds", PASS, "each digit is on each as often as on another, or once more");
    free(counts);
    return 0;
}

// Drawn each by itself, or balanced: then their frequencies are nothing that chance explains.
static int check_backgrounds(struct claims *c, struct error *err) {
    return textured_mnist_balances(text(c, "split"), c->p)
               ? check_balance(c, err)
               : check_uniform(c, "drawn backgrounds", BACKGROUND_DRAWN, BACKGROUND_CLASS, c->backgrounds,
                               err);
}

// ---------------------------------------------------------------------------------------------- masks

struct digit_check { // what masks are compared with; digits NULL: only with the digit's box
    struct digits *digits;
    enum digit_part part;
    struct composer composer;
    uint8_t *mask, *m;
    void *room;
    uint8_t *own, *other; // exact masks, where there are shifts
};

// The exact mask of image i's digit.
static void exact_mask(const struct claims *c, const struct digit_check *d, long i, uint8_t *mask) {
    uint8_t drawn[DIGIT_SIZE * DIGIT_SIZE];
    compose_mask(&d->composer, digits_image(d->digits, d->part, c->columns[DIGIT_INDEX][i], drawn),
                 c->columns[DIGIT_X][i], c->columns[DIGIT_Y][i], mask, d->room);
}

// Why the label or annotation of image i of a shard with shifts is wrong, or NULL.
static const char *shifted_fault(struct claims *c, const struct digit_check *d, long i) {
    long of = c->shifts.columns[SHIFT_ANNOTATION_OF][i];
    int all = d->digits ? digits_count(d->digits, d->part) : 0;
    if (!d->digits)
        return NULL;
    if (c->columns[DIGIT_INDEX][i] >= all || c->columns[DIGIT_INDEX][of] >= all)
        return "digit_index is beyond the source";
    if (digits_label(d->digits, d->part, c->columns[DIGIT_INDEX][i]) != c->labels[i])
        return "true_label is not the digit's";
    if (c->annotated && !c->annotated[i])
        return NULL;
    exact_mask(c, d, i, d->own);
    exact_mask(c, d, of, d->other);
    return shift_claims_fault(&c->shifts, i, d->own, d->other, d->mask);
}

// Opens the digits that the shard was made from, if they are at hand: *why says why not.
static int open_digits(struct claims *c, const char *mnist, struct digit_check *d, char why[PATH_SIZE + 100],
                       struct error *err) {
    char digest[DIGEST_SIZE];
    int builtin = !strcmp(text(c, "digits_from"), "built-in");
    why[0] = 0;
    if (!builtin && !*mnist) {
        snprintf(why, PATH_SIZE, "the digits are not at hand (--mnist)");
        return 0;
    }
    if (digits_digest(builtin ? "" : mnist, digest, err))
        return -1;
    if (strcmp(digest, text(c, "mnist_sha256"))) {
        snprintf(why, PATH_SIZE + 100, "%s are other digits than the shard's",
                 builtin ? "this program's" : mnist);
        return 0;
    }
    d->part = strcmp(text(c, "split"), "test") ? DIGITS_TRAIN : DIGITS_TEST;
    d->digits = digits_open(builtin ? "" : mnist, err);
    return d->digits ? 0 : -1;
}

// Why the mask of image i is wrong, or NULL. Of a pseudo-annotated image nothing is known but its label.
static const char *mask_fault(const struct claims *c, const struct digit_check *d, long i) {
    int x = c->columns[DIGIT_X][i], y = c->columns[DIGIT_Y][i], index = c->columns[DIGIT_INDEX][i];
    int pseudo = c->annotated && !c->annotated[i];
    long area = 0;
    for (int row = 0; row < c->canvas && !pseudo; row++)
        for (int column = 0; column < c->canvas; column++) {
            uint8_t value = d->mask[(size_t)row * (size_t)c->canvas + (size_t)column];
            if (value && (row < y || row >= y + c->size || column < x || column >= x + c->size))
                return "annotated outside the digit's box";
            if (value && value < 255 && !c->soft_mask)
                return "neither 0 nor 255 in a hard mask";
            area += value > 0;
        }
    if (!area && !pseudo)
        return "nothing is annotated";
    if (!d->digits)
        return NULL;
    if (index >= digits_count(d->digits, d->part))
        return "digit_index is beyond the source";
    if (digits_label(d->digits, d->part, index) != c->labels[i])
        return "the label is not the digit's";
    if (pseudo)
        return NULL;
    uint8_t drawn[DIGIT_SIZE * DIGIT_SIZE];
    compose_digit(&d->composer, digits_image(d->digits, d->part, index, drawn), d->m, d->room);
    for (int row = 0; row < c->size; row++)
        for (int column = 0; column < c->size; column++) {
            uint8_t m = d->m[(size_t)row * (size_t)c->size + (size_t)column];
            uint8_t expected = c->soft_mask ? m : m >= 128 ? 255 : 0;
            if (d->mask[(size_t)(y + row) * (size_t)c->canvas + (size_t)(x + column)] != expected)
                return "the mask is not the digit's";
        }
    return NULL;
}

static int compare_masks(struct claims *c, struct digit_check *d, const char *why, struct error *err) {
    for (long i = 0; i < c->shape.count; i++) {
        uint32_t index = (uint32_t)i;
        if (shard_read(c->shard, &index, 1, NULL, d->mask, NULL, err))
            return -1;
        const char *fault = c->shifts.any ? shifted_fault(c, d, i) : mask_fault(c, d, i);
        if (fault) {
            report(c, "masks", FAIL, "image %ld: %s", i, fault);
            return 0;
        }
    }
    const char *which = c->annotated ? "each true one" : "each";
    if (c->shifts.any)
        report(c, "masks", d->digits ? PASS : SKIP, "%s%s",
               d->digits ? "each annotation is what its columns make of the digits"
                         : "not compared with digits: ",
               why);
    else if (d->digits)
        report(c, "masks", PASS, "%s is its digit, scaled and moved as recorded; labels are the digits'",
               which);
    else
        report(c, "masks", PASS, "%s is inside its digit's box and not empty; not compared with digits: %s",
               which, why);
    return 0;
}

static int check_masks(struct claims *c, const char *mnist, struct error *err) {
    struct digit_check d = {0};
    char why[PATH_SIZE + 100];
    size_t canvas = (size_t)c->canvas, size = (size_t)c->size;
    int bad = open_digits(c, mnist, &d, why, err) ||
              composer_make(&d.composer, c->size, c->canvas, 0, c->soft_mask, err) ||
              !(d.mask = allocate(canvas, canvas, "a mask", err)) ||
              !(d.m = allocate(size, size, "a mask", err)) ||
              !(d.own = allocate(canvas, canvas, "a mask", err)) ||
              !(d.other = allocate(canvas, canvas, "a mask", err)) ||
              !(d.room = allocate(composer_room(&d.composer), 1, "working memory", err)) ||
              compare_masks(c, &d, why, err);
    composer_free(&d.composer);
    digits_close(d.digits);
    free(d.mask);
    free(d.m);
    free(d.own);
    free(d.other);
    free(d.room);
    return bad ? -1 : 0;
}

// ---------------------------------------------------------------------------------------------- all

static int check_all(struct claims *c, const char *mnist, struct error *err) {
    if (check_content(c, err) || check_manifest(c, err))
        return -1;
    int known = read_claims(c, err);
    if (known <= 0)
        return known;
    int sound = check_ranges(c);
    if (c->shifts.any) {
        int shifts = shift_claims_check(&c->shifts, c->checks, c->shard, c->labels, err);
        if (shifts < 0)
            return -1;
        sound = sound && shifts;
    }
    if (!sound) {
        report(c, "masks", SKIP, "nothing else is compared: what the columns say cannot be");
        return 0;
    }
    if (c->shifts.any) // what follows is about the digits
        memcpy(c->labels, c->shifts.columns[SHIFT_TRUE_LABEL], (size_t)c->shape.count * sizeof *c->labels);
    check_fixed(c);
    check_share(c, "share of p", BACKGROUND_DRAWN, c->p);
    check_share(c, "share of q", DIGIT_TEXTURE_DRAWN, c->q);
    return check_groups(c, err) || check_backgrounds(c, err) ||
                   check_uniform(c, "drawn digit textures", DIGIT_TEXTURE_DRAWN, DIGIT_TEXTURE_CLASS, 10,
                                 err) ||
                   check_digits_differ(c, err) || check_masks(c, mnist, err)
               ? -1
               : 0;
}

json_t *verify_shard(struct shard *shard, const char *path, const char *mnist, const char *source,
                     struct error *err) {
    struct claims c = {.shard = shard, .path = path, .source = source, .shape = shard_shape(shard)};
    c.attributes = shard_attributes(shard, err);
    c.checks = json_array();
    int bad = !c.attributes || !c.checks || check_all(&c, mnist, err);
    json_decref(c.attributes);
    free(c.labels);
    for (int i = 0; i < COLUMNS; i++)
        free(c.columns[i]);
    free(c.annotated);
    shift_claims_free(&c.shifts);
    if (!bad)
        return c.checks;
    json_decref(c.checks);
    return NULL;
}
