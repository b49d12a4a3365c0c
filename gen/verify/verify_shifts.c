// SPDX-License-Identifier: Apache-2.0
#include "gen/verify/verify_shifts.h"

#include "core/base/memory.h"
#include "gen/verify/verify_checks.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// ---------------------------------------------------------------------------------------------- reading

// `other` where there is none; NaN where it is no number.
static double number_or(const json_t *attributes, const char *name, double other) {
    const json_t *value = json_object_get(attributes, name);
    return !value ? other : json_is_number(value) ? json_number_value(value) : NAN;
}

// -1 for what is no whole number of that setting's size.
static int whole_or(const json_t *attributes, const char *name, int other) {
    double value = number_or(attributes, name, other);
    return value >= 0 && value <= INT_MAX && value == floor(value) ? (int)value : -1;
}

static void take_word(char out[SETTING_WORD_SIZE], const json_t *attributes, const char *name,
                      const char *other) {
    const json_t *value = json_object_get(attributes, name);
    const char *word = value ? json_string_value(value) : other;
    snprintf(out, SETTING_WORD_SIZE, "%s", word ? word : "");
}

int shift_claims_read(struct shift_claims *s, struct shard *shard, const json_t *attributes,
                      struct error *err) {
    struct shard_shape shape = shard_shape(shard);
    size_t area = (size_t)shape.height * (size_t)shape.width;
    memset(s, 0, sizeof *s);
    settings_default(textured_mnist_schema, &s->settings);
    s->settings.label_noise = number_or(attributes, "label_noise", 0);
    s->settings.covered = number_or(attributes, "covered", 0);
    s->settings.patch_p = number_or(attributes, "patch_p", -1);
    s->settings.annotation_dilated = whole_or(attributes, "annotation_dilated", 0);
    s->settings.annotation_missing = number_or(attributes, "annotation_missing", 0);
    s->settings.annotation_shuffled = number_or(attributes, "annotation_shuffled", 0);
    take_word(s->settings.annotation, attributes, "annotation", "exact");
    int unusable = settings_check(textured_mnist_schema, &s->settings, &s->unusable);
    s->settings.canvas = shape.height;
    s->settings.seed = (uint64_t)json_integer_value(json_object_get(attributes, "seed"));
    take_word(s->settings.split, attributes, "split", "");
    s->any = unusable || shifts_any(&s->settings);
    if (unusable || !s->any)
        return 0;
    for (int k = 0; k < SHIFT_COLUMNS; k++)
        if (!(s->columns[k] = allocate((size_t)shape.count, sizeof(int32_t), shift_columns[k].name, err)) ||
            shard_column(shard, shift_columns[k].name, s->columns[k], err))
            return -1;
    s->mask = allocate(area, 1, "a mask", err);
    s->room = allocate(area, 1, "a mask", err);
    s->image = allocate(area, 3, "an image", err);
    s->painted = allocate(area, 3, "an image", err);
    return s->mask && s->room && s->image && s->painted ? 0 : -1;
}

void shift_claims_free(struct shift_claims *s) {
    for (int k = 0; k < SHIFT_COLUMNS; k++)
        free(s->columns[k]);
    free(s->mask);
    free(s->room);
    free(s->image);
    free(s->painted);
}

static struct shift shift_of(const struct shift_claims *s, long i) {
    struct shift shift = {.label = -1};
    for (int k = 0; k < SHIFT_COLUMNS; k++)
        shift.values[k] = s->columns[k][i];
    return shift;
}

// ---------------------------------------------------------------------------------------------- shares

static int in_range(int32_t value, int32_t first, int32_t last) {
    return value >= first && value <= last;
}

static const char *range_fault(const struct shift_claims *s, long i, long count) {
    const struct shift shift = shift_of(s, i);
    const int *v = shift.values;
    int patch = s->settings.patch_p >= 0;
    return !in_range(v[SHIFT_TRUE_LABEL], 0, 9)                      ? "true_label is not in 0..9"
           : !in_range(v[SHIFT_COVERED_SIDE], 0, 3)                  ? "covered_side is not in 0..3"
           : !in_range(v[SHIFT_COVERED_EDGE], 0, s->settings.canvas) ? "covered_edge is off the canvas"
           : !in_range(v[SHIFT_PATCH_COLOUR], patch ? 0 : -1, patch ? 9 : -1)
               ? "patch_colour is none of its colours"
           : !in_range(v[SHIFT_PATCH_CORNER], 0, 3)                   ? "patch_corner is not in 0..3"
           : !in_range(v[SHIFT_ANNOTATION_OF], 0, (int32_t)count - 1) ? "annotation_of is not an image"
           : !in_range(v[SHIFT_PATCH_DRAWN], 0, 1) || !in_range(v[SHIFT_ANNOTATION_MISSING], 0, 1)
               ? "patch_drawn or annotation_missing is neither 0 nor 1"
           : patch && !v[SHIFT_PATCH_DRAWN] && v[SHIFT_PATCH_COLOUR] != v[SHIFT_TRUE_LABEL]
               ? "patch_colour is not the digit's own, and not drawn"
               : NULL;
}

// Whether the image is the same with its patch painted once more.
static int has_patch(struct shift_claims *s, long i) {
    const struct shift shift = shift_of(s, i);
    size_t bytes = 3 * (size_t)s->settings.canvas * (size_t)s->settings.canvas;
    memcpy(s->painted, s->image, bytes);
    shift_patch(&shift, s->settings.canvas, s->painted, NULL);
    return !memcmp(s->painted, s->image, bytes);
}

static int check_patches(struct shift_claims *s, json_t *checks, struct shard *shard, struct error *err) {
    long count = shard_shape(shard).count;
    for (long i = 0; i < count; i++) {
        uint32_t index = (uint32_t)i;
        if (shard_read(shard, &index, 1, s->image, NULL, NULL, err))
            return -1;
        if (!has_patch(s, i)) {
            checks_report(checks, "patches", FAIL, "image %ld: its corner %d has another colour than %d", i,
                          s->columns[SHIFT_PATCH_CORNER][i], s->columns[SHIFT_PATCH_COLOUR][i]);
            return 0;
        }
    }
    checks_report(checks, "patches", PASS, "each in its corner, of its colour");
    return 0;
}

static void check_share(json_t *checks, const char *name, const int32_t *column, long count, double chance) {
    long found = 0;
    for (long i = 0; i < count; i++)
        found += column[i] == 1;
    checks_share(checks, name, found, count, chance);
}

int shift_claims_check(struct shift_claims *s, json_t *checks, struct shard *shard, const int32_t *labels,
                       struct error *err) {
    long count = shard_shape(shard).count, wrong = 0, others = 0;
    if (*s->unusable.message) {
        checks_report(checks, "shifts", FAIL, "attributes: %s", s->unusable.message);
        return 0;
    }
    for (long i = 0; i < count; i++) {
        const char *fault = range_fault(s, i, count);
        if (fault) {
            checks_report(checks, "shifts", FAIL, "image %ld: %s", i, fault);
            return 0;
        }
        wrong += labels[i] != s->columns[SHIFT_TRUE_LABEL][i];
        others += s->columns[SHIFT_ANNOTATION_OF][i] != i;
    }
    checks_report(checks, "shifts", PASS, "what %ld images record of them can be", count);
    checks_share(checks, "wrong labels", wrong, count, s->settings.label_noise);
    checks_share(checks, "others' annotations", others, count, s->settings.annotation_shuffled);
    check_share(checks, "missing annotations", s->columns[SHIFT_ANNOTATION_MISSING], count,
                s->settings.annotation_missing);
    if (s->settings.patch_p < 0)
        return 1;
    check_share(checks, "drawn patches", s->columns[SHIFT_PATCH_DRAWN], count, s->settings.patch_p);
    return check_patches(s, checks, shard, err) ? -1 : 1;
}

// ---------------------------------------------------------------------------------------------- annotations

static uint64_t sum_of(const uint8_t *mask, size_t area) {
    uint64_t sum = 0;
    for (size_t p = 0; p < area; p++)
        sum += mask[p];
    return sum;
}

// The background covers as many lines as it takes, and no more.
static int covers_enough(struct shift_claims *s, const struct shift *shift, const uint8_t *digit) {
    size_t area = (size_t)s->settings.canvas * (size_t)s->settings.canvas;
    double all = (double)sum_of(digit, area), want = s->settings.covered * all;
    struct shift fewer = *shift;
    fewer.values[SHIFT_COVERED_EDGE]--;
    memcpy(s->mask, digit, area);
    shift_uncover_mask(shift, s->settings.canvas, s->mask);
    double covered = all - (double)sum_of(s->mask, area);
    if (!(s->settings.covered > 0))
        return shift->values[SHIFT_COVERED_EDGE] == 0;
    memcpy(s->mask, digit, area);
    shift_uncover_mask(&fewer, s->settings.canvas, s->mask);
    return covered >= want && all - (double)sum_of(s->mask, area) < want;
}

const char *shift_claims_fault(struct shift_claims *s, long i, const uint8_t *digit, const uint8_t *annotated,
                               const uint8_t *found) {
    const struct shift shift = shift_of(s, i);
    size_t area = (size_t)s->settings.canvas * (size_t)s->settings.canvas;
    int own = shift.values[SHIFT_ANNOTATION_OF] == i;
    if (!covers_enough(s, &shift, digit))
        return "another share of the digit is covered";
    memcpy(s->mask, annotated, area);
    if (own) {
        shift_uncover_mask(&shift, s->settings.canvas, s->mask);
        shift_patch(&shift, s->settings.canvas, NULL, s->mask);
    }
    shift_annotation(&shift, &s->settings, (int)i, s->mask, s->room);
    return memcmp(s->mask, found, area) ? "the annotation is not what its columns say" : NULL;
}
