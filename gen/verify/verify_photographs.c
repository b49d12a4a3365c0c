// SPDX-License-Identifier: Apache-2.0
// Shards of ISIC2017 and Pets against their own claims. Of drawings everything is drawn again and compared;
// of photographs what needs no photographs: names, sizes, crops, masks, counts, and the archives' digests
// where these are at hand.
#include "core/base/digest.h"
#include "core/base/memory.h"
#include "core/shard/groups.h"
#include "gen/photographs/catalogue.h"
#include "gen/photographs/photographs.h"
#include "gen/photographs/source_digest.h"
#include "gen/photographs/standins.h"
#include "gen/read/image.h"
#include "gen/read/resample.h"
#include "gen/verify/verify_checks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct photo_claims {
    struct shard *shard;
    struct shard_shape shape;
    const json_t *attributes;
    json_t *checks;
    const int32_t *labels;
    int32_t *annotated; // 0: the mask is a pseudo-annotation; NULL: none is
    int32_t *has_mask;  // 0: the image has no annotation; NULL: all have, or none
    struct photographs_settings settings;
};

typedef struct photo_claims claims_t;

static const char *text(const claims_t *c, const char *name) {
    const char *value = json_string_value(json_object_get(c->attributes, name));
    return value ? value : "";
}

static long number(const claims_t *c, const char *name) {
    return (long)json_number_value(json_object_get(c->attributes, name));
}

// One's own images.
static int is_folder(const claims_t *c) {
    return !strcmp(text(c, "photographs_from"), "folder");
}

// A column of numbers; NULL on failure.
static int32_t *read_column(const claims_t *c, const char *name, struct error *err) {
    int32_t *values = allocate((size_t)c->shape.count, sizeof *values, name, err);
    if (values && shard_column(c->shard, name, values, err)) {
        free(values);
        return NULL;
    }
    return values;
}

// The settings that the attributes name. 1, or 0 (reported) when they cannot be.
static int read_settings(claims_t *c) {
    struct photographs_settings *s = &c->settings;
    struct error ignored = {0};
    settings_default(photographs_schema, s);
    for (const struct setting *p = photographs_schema; p->name; p++) {
        const json_t *value = json_object_get(c->attributes, p->name);
        char words[SETTING_TEXT_SIZE];
        if (!value)
            continue;
        if (json_is_string(value))
            snprintf(words, sizeof words, "%s", json_string_value(value));
        else if (json_is_integer(value)) // not by way of a double: seeds have 64 bits
            snprintf(words, sizeof words, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        else
            snprintf(words, sizeof words, "%.0f", json_number_value(value));
        if (settings_assign(p, s, words, p->name, &ignored)) {
            checks_report(c->checks, "attributes", FAIL, "%s", ignored.message);
            return 0;
        }
    }
    if (s->pixels != c->shape.height || s->pixels != c->shape.width || s->count != c->shape.count ||
        (long)json_array_size(json_object_get(c->attributes, "class_names")) != c->shape.classes) {
        checks_report(c->checks, "attributes", FAIL, "pixels, count or class_names disagree with the data");
        return 0;
    }
    checks_report(c->checks, "attributes", PASS, "%s %s, %d pixels, %ld images, %d classes",
                  is_folder(c) ? text(c, "title") : s->data, s->split, s->pixels, c->shape.count,
                  c->shape.classes);
    return 1;
}

// ---------------------------------------------------------------------------------------------- drawings

struct redrawn {
    const struct standin_kind *kind;
    int32_t *values[STANDIN_COLUMNS]; // of the columns that are whole numbers
    uint8_t *stored[2], *drawn[2];    // image, mask
};

// What of an image is not what its number gives.
enum drawing_part { DRAWING_SAME, DRAWING_LABEL, DRAWING_COLUMN, DRAWING_PIXELS, DRAWING_MASK };

// The first part of image i that differs; `column` is the number of a DRAWING_COLUMN. -1 on failure.
static int differing_part(const claims_t *c, struct redrawn *r, long i, int *column, struct error *err) {
    const struct standin_kind *kind = r->kind;
    struct standin standin;
    uint32_t index = (uint32_t)i;
    size_t area = (size_t)c->settings.pixels * (size_t)c->settings.pixels;
    if (shard_read(c->shard, &index, 1, r->stored[0], r->stored[1], NULL, err) ||
        standins_draw(&c->settings, (int)i, &standin, r->drawn[0], r->drawn[1], err))
        return -1;
    if (standin.label != c->labels[i])
        return DRAWING_LABEL;
    for (*column = 0; kind->columns[*column].name; ++*column)
        if (r->values[*column] && r->values[*column][i] != (int32_t)kind->value(*column, &standin))
            return DRAWING_COLUMN;
    if (memcmp(r->stored[0], r->drawn[0], 3 * area) != 0)
        return DRAWING_PIXELS;
    if ((!c->annotated || c->annotated[i]) && memcmp(r->stored[1], r->drawn[1], area) != 0)
        return DRAWING_MASK;
    return DRAWING_SAME;
}

static int compare_drawings(claims_t *c, struct redrawn *r, struct error *err) {
    static const char *const words[] = {[DRAWING_LABEL] = "its label is not the drawing's",
                                        [DRAWING_COLUMN] = "not the drawing's: ",
                                        [DRAWING_PIXELS] = "its pixels are not the drawing's",
                                        [DRAWING_MASK] = "its mask is not the drawing's"};
    for (long i = 0; i < c->shape.count; i++) {
        int column = 0, part = differing_part(c, r, i, &column, err);
        if (part < 0)
            return -1;
        if (part != DRAWING_SAME) {
            checks_report(c->checks, "drawings", FAIL, "image %ld: %s%s", i, words[part],
                          part == DRAWING_COLUMN ? r->kind->columns[column].name : "");
            return 0;
        }
    }
    checks_report(c->checks, "drawings", PASS,
                  "%ld images, %s and what is said of them, drawn again, are the same", c->shape.count,
                  c->annotated ? "true masks" : "masks");
    return 0;
}

static int check_drawings(claims_t *c, struct error *err) {
    struct redrawn r = {.kind = standins_kind(&c->settings)};
    size_t area = (size_t)c->settings.pixels * (size_t)c->settings.pixels;
    int revision = r.kind->revision, bad = 0;
    if (number(c, "drawing_revision") != revision) {
        checks_report(c->checks, "drawings", SKIP, "of revision %ld; this program draws revision %d",
                      number(c, "drawing_revision"), revision);
        return 0;
    }
    if (!checks_revision(c->checks, "drawings", c->attributes, PHOTOGRAPHS_REVISION))
        return 0;
    for (int k = 0; r.kind->columns[k].name && !bad; k++)
        if (r.kind->columns[k].type == COLUMN_INT32)
            bad = !(r.values[k] = read_column(c, r.kind->columns[k].name, err));
    for (int k = 0; k < 2 && !bad; k++)
        bad = !(r.stored[k] = allocate(area, k ? 1 : 3, "an image", err)) ||
              !(r.drawn[k] = allocate(area, k ? 1 : 3, "an image", err));
    bad = bad || compare_drawings(c, &r, err);
    for (int k = 0; k < STANDIN_COLUMNS; k++)
        free(r.values[k]);
    for (int k = 0; k < 2; k++) {
        free(r.stored[k]);
        free(r.drawn[k]);
    }
    return bad ? -1 : 0;
}

// How often artefacts go with the class, and that the drawn ones do not.
static int check_artefacts(claims_t *c, struct error *err) {
    int32_t *artefact = read_column(c, "artefact", err),
            *drawn = artefact ? read_column(c, "artefact_drawn", err) : NULL;
    long counts[ARTEFACTS] = {0}, all = 0, astray = -1;
    const char *rule = c->settings.artefacts;
    int spurious = !strcmp(rule, "spurious") && strcmp(c->settings.split, "test") != 0;
    double chance = !strcmp(rule, "none") ? 0 : spurious ? 1 - BUILTIN_ARTEFACT_CHANCE : 1;
    for (long i = 0; drawn && i < c->shape.count; i++) {
        enum artefact own = strcmp(rule, "none") != 0 ? builtin_own_artefact(c->labels[i]) : ARTEFACT_NONE;
        all += drawn[i] == 1;
        if (artefact[i] < 0 || artefact[i] >= ARTEFACTS || (!drawn[i] && artefact[i] != (int)own))
            astray = astray < 0 ? i : astray;
        else if (drawn[i])
            counts[artefact[i]]++;
    }
    if (drawn && astray >= 0)
        checks_report(c->checks, "artefacts of the class", FAIL,
                      "image %ld: '%s' was not drawn, and is not its class's", astray,
                      artefact[astray] >= 0 && artefact[astray] < ARTEFACTS
                          ? builtin_artefacts[artefact[astray]]
                          : "?");
    else if (drawn)
        checks_report(c->checks, "artefacts of the class", PASS,
                      "every artefact that was not drawn is the class's own");
    if (drawn) {
        checks_share(c->checks, "share of artefacts", all, c->shape.count, chance);
        checks_frequencies(c->checks, "drawn artefacts", counts, NULL, ARTEFACTS);
    }
    free(artefact);
    free(drawn);
    return drawn ? 0 : -1;
}

// Background and class are drawn apart: the table of both, where it is filled enough, else each alone.
static int check_grounds(claims_t *c, struct error *err) {
    int32_t *ground = read_column(c, "background", err);
    long table[BUILTIN_ANIMAL_CLASSES * BUILTIN_ANIMAL_GROUNDS] = {0}, alone[BUILTIN_ANIMAL_GROUNDS] = {0};
    if (!ground)
        return -1;
    for (long i = 0; i < c->shape.count; i++)
        if (ground[i] >= 0 && ground[i] < BUILTIN_ANIMAL_GROUNDS && c->labels[i] < BUILTIN_ANIMAL_CLASSES) {
            table[c->labels[i] * BUILTIN_ANIMAL_GROUNDS + ground[i]]++;
            alone[ground[i]]++;
        }
    checks_frequencies(c->checks, "backgrounds", alone, NULL, BUILTIN_ANIMAL_GROUNDS);
    checks_frequencies(c->checks, "classes on backgrounds", table, NULL,
                       BUILTIN_ANIMAL_CLASSES * BUILTIN_ANIMAL_GROUNDS);
    free(ground);
    return 0;
}

static void check_classes(claims_t *c, const struct standin_kind *kind) {
    const int *common = kind->class_counts ? kind->class_counts(split_of_name(c->settings.split)) : NULL;
    long counts[CLASSES_MAXIMUM] = {0};
    double weights[CLASSES_MAXIMUM];
    for (int k = 0; k < kind->classes; k++)
        weights[k] = common ? common[k] : 1;
    for (long i = 0; i < c->shape.count; i++)
        if (c->labels[i] < kind->classes)
            counts[c->labels[i]]++;
    checks_frequencies(c->checks, "classes", counts, weights, kind->classes);
}

// Which group an image is in is compared with its drawing, or is its label.
static int check_groups(claims_t *c, int both, struct error *err) {
    if (!checks_revision(c->checks, "groups", c->attributes, PHOTOGRAPHS_REVISION))
        return 0;
    int32_t *groups = read_column(c, "group", err), *artefact = NULL, *expected = NULL;
    int bad = !groups || (both && !(artefact = read_column(c, "artefact", err))) ||
              !(expected = allocate((size_t)c->shape.count, sizeof *expected, "groups", err));
    for (long i = 0; i < c->shape.count && !bad; i++)
        expected[i] = !both
                          ? c->labels[i]
                          : group_of(c->labels[i], artefact[i] == (int32_t)builtin_own_artefact(c->labels[i])
                                                       ? GROUP_ALIGNED
                                                       : GROUP_CONFLICTING);
    bad = bad || checks_groups(c->checks, c->attributes, groups, expected, c->shape.count,
                               json_object_get(c->attributes, "class_names"), c->shape.classes, both, err);
    free(groups);
    free(artefact);
    free(expected);
    return bad ? -1 : 0;
}

static int check_standin(claims_t *c, struct error *err) {
    const struct standin_kind *kind = standins_kind(&c->settings);
    if (c->shape.classes != kind->classes) {
        checks_report(c->checks, "classes", FAIL, "%d classes; drawings of %s have %d", c->shape.classes,
                      c->settings.data, kind->classes);
        return 0;
    }
    check_classes(c, kind);
    if (kind->has_artefacts ? check_artefacts(c, err) : check_grounds(c, err))
        return -1;
    if (check_groups(c, standins_have_cues(&c->settings), err))
        return -1;
    return check_drawings(c, err);
}

// ---------------------------------------------------------------------------------------------- photographs

static int is_digest(const char *hex) {
    return strlen(hex) == DIGEST_SIZE - 1 && strspn(hex, "0123456789abcdef") == DIGEST_SIZE - 1;
}

static int by_text(const void *a, const void *b) {
    return strcmp(a, b);
}

// Names in order, none twice; as many equal files as the attributes say.
static int check_names(claims_t *c, struct error *err) {
    char *ids = NULL, *digests = NULL;
    size_t size, digest_size, count = (size_t)c->shape.count;
    if (shard_text_column(c->shard, "id", &ids, &size, err) ||
        shard_text_column(c->shard, "file_sha256", &digests, &digest_size, err)) {
        free(ids);
        return -1;
    }
    long unordered = 0, odd = 0, equal = 0;
    for (size_t i = 1; i < count && !unordered; i++)
        unordered = strcmp(ids + (i - 1) * size, ids + i * size) >= 0 ? (long)i : 0;
    for (size_t i = 0; i < count; i++)
        odd += !is_digest(digests + i * digest_size);
    if (unordered)
        checks_report(c->checks, "names", FAIL, "image %ld: '%s' does not come after '%s'", unordered,
                      ids + (size_t)unordered * size, ids + (size_t)(unordered - 1) * size);
    else
        checks_report(c->checks, "names", PASS, "%zu ids in order, none twice", count);
    qsort(digests, count, digest_size, by_text);
    for (size_t i = 1; i < count; i++)
        equal += !strcmp(digests + (i - 1) * digest_size, digests + i * digest_size);
    int right = !odd && equal == number(c, "duplicates");
    checks_report(c->checks, "equal files", right ? PASS : FAIL,
                  "%ld images are the same file as another; the attributes say %ld", equal,
                  number(c, "duplicates"));
    free(ids);
    free(digests);
    return 0;
}

static int check_crops(claims_t *c, struct error *err) {
    static const char *const names[6] = {"width", "height", "crop_x", "crop_y", "crop_width", "crop_height"};
    int32_t *v[6] = {0};
    const char *fit_word = c->settings.fit;
    enum fit fit = resample_fit_of_word(fit_word);
    int bad = 0;
    long wrong = -1;
    for (int k = 0; k < 6 && !bad; k++)
        bad = !(v[k] = read_column(c, names[k], err));
    for (long i = 0; i < c->shape.count && !bad && wrong < 0; i++) {
        if (v[0][i] < 1 || v[0][i] > IMAGE_SIDE_MAXIMUM || v[1][i] < 1 || v[1][i] > IMAGE_SIDE_MAXIMUM) {
            wrong = i;
            continue;
        }
        struct placement p = resample_place(v[0][i], v[1][i], fit, c->settings.pixels);
        if (p.x != v[2][i] || p.y != v[3][i] || p.width != v[4][i] || p.height != v[5][i])
            wrong = i;
    }
    if (!bad && wrong >= 0)
        checks_report(c->checks, "crops", FAIL,
                      "image %ld: the crop is not what --fit %s takes of %d x %d pixels", wrong, fit_word,
                      v[0][wrong], v[1][wrong]);
    else if (!bad)
        checks_report(c->checks, "crops", PASS, "every crop is what --fit %s takes of the file's size",
                      fit_word);
    for (int k = 0; k < 6; k++)
        free(v[k]);
    return bad ? -1 : 0;
}

// Why a mask is wrong, or NULL.
static const char *mask_fault(const claims_t *c, const uint8_t *mask, int none) {
    size_t area = (size_t)c->settings.pixels * (size_t)c->settings.pixels, marked = 0;
    int hard = !strcmp(c->settings.mask, "hard");
    for (size_t i = 0; i < area; i++) {
        if (none && mask[i] != 255)
            return "not all marked, though it has no annotation";
        if (hard && mask[i] && mask[i] != 255)
            return "neither 0 nor 255 in a hard mask";
        marked += mask[i] > 0;
    }
    return marked ? NULL : "nothing is annotated";
}

static int check_masks(claims_t *c, struct error *err) {
    uint8_t *mask = allocate((size_t)c->settings.pixels * (size_t)c->settings.pixels, 1, "a mask", err);
    const char *fault = NULL;
    long i = 0;
    int bad = !mask;
    for (; i < c->shape.count && !bad && !fault; i++) {
        uint32_t index = (uint32_t)i;
        int none = !strcmp(c->settings.annotations, "none") || (c->has_mask && !c->has_mask[i]);
        bad = shard_read(c->shard, &index, 1, NULL, mask, NULL, err);
        if (!bad && (!c->annotated || c->annotated[i]))
            fault = mask_fault(c, mask, none);
    }
    free(mask);
    if (bad)
        return -1;
    if (fault)
        checks_report(c->checks, "masks", FAIL, "image %ld: %s", i - 1, fault);
    else
        checks_report(c->checks, "masks", PASS, "%s %s and not empty",
                      c->annotated ? "each true one" : "each",
                      strcmp(c->settings.mask, "hard") != 0 ? "is there" : "is 0 or 255");
    return 0;
}

// Every "DIGEST  NAME" of the attributes is the digest of the file of that name.
static int check_sources(claims_t *c, const char *source, struct error *err) {
    struct photographs_settings s = c->settings;
    if (!*source) {
        checks_report(c->checks, "archives", SKIP, "the official files are not at hand (--source)");
        return 0;
    }
    snprintf(s.source, sizeof s.source, "%s", source);
    json_t *inputs = photographs_inputs(&s, err);
    if (!inputs)
        return -1;
    const json_t *line;
    size_t i, wrong = 0;
    json_array_foreach((json_t *)json_object_get(c->attributes, "sources_sha256"), i, line) {
        const char *claim = json_string_value(line) ? json_string_value(line) : "",
                   *name = strstr(claim, "  ");
        const char *found = name ? json_string_value(json_object_get(inputs, name + 2)) : NULL;
        if (!found || strncmp(found, claim, DIGEST_SIZE - 1) != 0) {
            checks_report(c->checks, "archives", FAIL, "%s in %s is not the one that the shard was made from",
                          name ? name + 2 : "?", source);
            wrong++;
        }
    }
    if (!wrong)
        checks_report(c->checks, "archives", i ? PASS : FAIL,
                      "%zu files in %s are those that the shard was made from", i, source);
    json_decref(inputs);
    return 0;
}

// The digest of a user's images is the one that the shard names.
static int check_folder(claims_t *c, const char *source, struct error *err) {
    char hex[DIGEST_SIZE];
    if (!*source) {
        checks_report(c->checks, "sources", SKIP, "the images are not at hand (--source)");
        return 0;
    }
    if (source_digest(source, hex, err))
        return -1;
    const json_t *line;
    size_t i;
    json_array_foreach((json_t *)json_object_get(c->attributes, "sources_sha256"), i, line) {
        const char *claim = json_string_value(line) ? json_string_value(line) : "",
                   *name = strstr(claim, "  ");
        if (name && !strcmp(name, "  images")) {
            int same = !strncmp(claim, hex, DIGEST_SIZE - 1);
            checks_report(c->checks, "sources", same ? PASS : FAIL,
                          "%s %s the images that the shard was made from", source,
                          same ? "holds" : "does not hold");
        }
    }
    return 0;
}

// Numbers of group_names, of which each has a name.
static int check_own_groups(claims_t *c, struct error *err) {
    int32_t *groups = read_column(c, "group", err);
    long count = (long)json_array_size(json_object_get(c->attributes, "group_names")), wrong = 0;
    if (!groups)
        return -1;
    while (wrong < c->shape.count && groups[wrong] >= 0 && groups[wrong] < count)
        wrong++;
    if (wrong < c->shape.count)
        checks_report(c->checks, "groups", FAIL, "image %ld: group %d is none of the %ld in group_names",
                      wrong, groups[wrong], count);
    else
        checks_report(c->checks, "groups", PASS, "every image is in one of %ld", count);
    free(groups);
    return 0;
}

static void check_count(claims_t *c) {
    long listed = number(c, "listed"), skipped = number(c, "skipped"), left_out = number(c, "left_out");
    char words[40] = "";
    if (left_out)
        snprintf(words, sizeof words, ", %ld not drawn", left_out);
    checks_report(c->checks, "counts", listed == skipped + left_out + c->shape.count ? PASS : FAIL,
                  "%ld listed, %ld skipped%s, %ld there", listed, skipped, words, c->shape.count);
}

int checks_photographs(json_t *checks, struct shard *shard, const json_t *attributes, const int32_t *labels,
                       const char *source, struct error *err) {
    claims_t c = {.shard = shard,
                  .shape = shard_shape(shard),
                  .attributes = attributes,
                  .checks = checks,
                  .labels = labels};
    int bad = 0;
    if (!read_settings(&c))
        return 0;
    if (json_object_get(attributes, "annotator_n"))
        bad = !(c.annotated = read_column(&c, "annotated", err));
    if (!bad && is_folder(&c)) {
        check_count(&c);
        bad = !(c.has_mask = read_column(&c, "has_mask", err)) || check_own_groups(&c, err) ||
              check_names(&c, err) || check_crops(&c, err) || check_masks(&c, err) ||
              check_folder(&c, source, err);
    } else if (!bad && strcmp(text(&c, "photographs_from"), "files") != 0) {
        bad = check_standin(&c, err);
    } else if (!bad) {
        check_count(&c);
        bad = check_groups(&c, 0, err) || check_names(&c, err) || check_crops(&c, err) ||
              check_masks(&c, err) || check_sources(&c, source, err);
    }
    free(c.annotated);
    free(c.has_mask);
    return bad ? -1 : 0;
}
