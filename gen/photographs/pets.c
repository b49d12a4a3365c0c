// SPDX-License-Identifier: Apache-2.0
// The Oxford-IIIT Pet Dataset (Parkhi et al., "Cats and dogs", CVPR 2012): images.tar.gz (images/*.jpg) and
// annotations.tar.gz (annotations/trainval.txt and test.txt with lines "NAME CLASS SPECIES BREED",
// annotations/trimaps/*.png with 1 animal, 2 background, 3 not classified). Classes are numbered 1..37;
// labels are their ranks among those that the two lists name, so that a part of the data set is one as well.
#include "gen/photographs/catalogue.h"

#include "core/base/memory.h"
#include "core/base/random.h"
#include "gen/read/members.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_SIZE 256
#define FIELDS    4

enum { PETS_CLASSES_MAXIMUM = 256 }; // numbers of classes

// The breed in an image's name: "american_bulldog_12" -> "american_bulldog".
static void breed_of(const char *id, char breed[OFFICIAL_ID_SIZE]) {
    snprintf(breed, OFFICIAL_ID_SIZE, "%s", id);
    char *last = strrchr(breed, '_');
    if (last)
        *last = 0;
}

// A whole number of at most six digits; -1 for anything else.
static int read_number(const char *text) {
    size_t length = strspn(text, "0123456789");
    return length && length <= 6 && !text[length] ? (int)strtol(text, NULL, 10) : -1;
}

// One row: an image (whose label is its class's number for now), or a remark.
static int take_row(char *line, int number, int split, struct catalogue *c, struct remarks *skipped,
                    struct error *err) {
    char *words[FIELDS + 1] = {0}, *rest, id[LISTED_ID_SIZE], member[LINE_SIZE + 8];
    int count = 0, numbers[FIELDS] = {0};
    for (char *word = strtok_r(line, " \t", &rest); word && count <= FIELDS;
         word = strtok_r(NULL, " \t", &rest))
        words[count++] = word;
    if (!count)
        return 0; // blank
    snprintf(member, sizeof member, "%s.txt", words[0]);
    if (!catalogue_member_id(member, "", ".txt\0", id) || strchr(words[0], '/'))
        return remark_add(skipped, "?", err, "line %d: '%.60s' is no image's name", number, words[0]);
    for (int k = 1; k < FIELDS && count == FIELDS; k++)
        if ((numbers[k] = read_number(words[k])) < 0)
            count = 0;
    if (count != FIELDS)
        return remark_add(skipped, id, err, "line %d: not a name and three numbers", number);
    int class = numbers[1], species = numbers[2];
    if (class < 1 || class > PETS_CLASSES_MAXIMUM || species < 1 || species > 2)
        return remark_add(skipped, id, err, "line %d: class %d, species %d are not in 1..%d, 1..2", number,
                          class, species, PETS_CLASSES_MAXIMUM);
    struct listed item = {.split = split, .label = class, .species = species};
    memcpy(item.id, id, sizeof id);
    return catalogue_add(c, &item, err);
}

int pets_parse(const char *name, const char *text, size_t size, int split, struct catalogue *c,
               struct remarks *skipped, struct error *err) {
    const char *at = text, *end = text + size;
    char line[LINE_SIZE];
    int first = c->count, remarks = skipped->count, number = 0;
    if (members_is_web_page((const uint8_t *)text, size))
        return fail(err, "%s: an HTML page, not a list (a download that failed?)", name);
    while (catalogue_next_line(&at, end, line, sizeof line)) {
        number++;
        if (*line != '#' && take_row(line, number, split, c, skipped, err))
            return -1;
    }
    if (c->count == first && skipped->count == remarks)
        return fail(err, "%s: lists no image", name);
    return 0;
}

// ---------------------------------------------------------------------------------------------- classes

// The name that most images of a class have (the majority's vote of Boyer and Moore: one pass, and right when
// more than half agree).
static void name_classes(const struct catalogue *c, char names[PETS_CLASSES_MAXIMUM + 1][OFFICIAL_ID_SIZE]) {
    int lead[PETS_CLASSES_MAXIMUM + 1] = {0};
    for (int i = 0; i < c->count; i++) {
        char breed[OFFICIAL_ID_SIZE], *name = names[c->items[i].label];
        int *ahead = &lead[c->items[i].label];
        breed_of(c->items[i].id, breed);
        if (!*ahead)
            snprintf(name, OFFICIAL_ID_SIZE, "%s", breed);
        *ahead += !strcmp(name, breed) ? 1 : -1;
    }
}

// Class numbers to ranks; an image whose name says another breed than its class's is mislabelled.
static int rank_classes(struct catalogue *c, enum split split, struct error *err) {
    char(*names)[OFFICIAL_ID_SIZE] = allocate(PETS_CLASSES_MAXIMUM + 1, sizeof *names, "class names", err);
    int rank[PETS_CLASSES_MAXIMUM + 1], kept = 0;
    if (!names)
        return -1;
    name_classes(c, names);
    for (int k = 1; k <= PETS_CLASSES_MAXIMUM; k++)
        if (*names[k]) {
            rank[k] = c->classes++;
            snprintf(c->class_names[rank[k]], CLASS_NAME_SIZE, "%s", names[k]);
        }
    int bad = 0;
    for (int i = 0; i < c->count && !bad; i++) {
        struct listed *item = &c->items[i];
        char breed[OFFICIAL_ID_SIZE];
        breed_of(item->id, breed);
        if (!strcmp(breed, names[item->label])) {
            item->label = rank[item->label];
            c->items[kept++] = *item;
        } else {
            int ours = (item->split == SPLIT_TEST) == (split == SPLIT_TEST);
            bad = remark_add(ours ? &c->skipped : &c->foreign, item->id, err,
                             "listed as class %d, which is %s", item->label, names[item->label]);
        }
    }
    c->count = kept;
    free(names);
    return bad;
}

// Of each class nine tenths (rounded) of trainval are train, the rest validation, drawn by the seed: so every
// class is in both, in equal shares.
static int draw_split(struct catalogue *c, uint64_t seed, struct error *err) {
    uint32_t *of_class = allocate((size_t)c->count + 1, sizeof *of_class, "a split", err);
    if (!of_class)
        return -1;
    for (int k = 0; k < c->classes; k++) {
        uint32_t count = 0;
        for (int i = 0; i < c->count; i++)
            if (c->items[i].label == k && c->items[i].split != SPLIT_TEST)
                of_class[count++] = (uint32_t)i;
        struct random r = random_stream(seed, random_purpose("pets train and validation"), (uint64_t)k);
        random_shuffle(&r, of_class, count);
        for (uint32_t i = (count * 9 + 5) / 10; i < count; i++)
            c->items[of_class[i]].split = SPLIT_VALIDATION;
    }
    free(of_class);
    return 0;
}

// ---------------------------------------------------------------------------------------------- lists

static int is_list(const void *context, const char *name) {
    (void)context;
    const char *file = member_file_name(name);
    return !strcmp(file, "trainval.txt") || !strcmp(file, "test.txt");
}

// Both lists, of which each may be anywhere in the archive, once.
static int read_lists(const char *path, enum split split, struct catalogue *c, struct error *err) {
    struct members members;
    int found[2] = {0}, bad = members_read(path, is_list, NULL, &members, err);
    for (int i = 0; i < members.count && !bad; i++) {
        const struct member *m = &members.items[i];
        int test = !strcmp(member_file_name(m->name), "test.txt");
        int ours = test == (split == SPLIT_TEST);
        char name[PATH_SIZE];
        snprintf(name, sizeof name, "%.2000s: %.2000s", path, m->name);
        if (found[test]++)
            bad = fail(err, "%s: a second %s", path, member_file_name(m->name));
        else
            bad = pets_parse(name, (const char *)m->bytes, m->size, test ? SPLIT_TEST : SPLIT_TRAIN, c,
                             ours ? &c->skipped : &c->foreign, err);
    }
    for (int k = 0; k < 2 && !bad; k++)
        if (!found[k])
            bad = fail(err, "%s: has no %s", path, k ? "test.txt" : "trainval.txt");
    members_free(&members);
    return bad ? -1 : 0;
}

static int list_all(const void *context, const char *source, enum split split, uint64_t seed,
                    struct catalogue *c, struct error *err) {
    (void)context;
    char path[PATH_SIZE];
    return catalogue_locate(source, "annotations", path, err) || read_lists(path, split, c, err) ||
                   catalogue_sort(c, path, err) || rank_classes(c, split, err) || draw_split(c, seed, err)
               ? -1
               : 0;
}

static int image_id(const void *context, const char *member, char id[LISTED_ID_SIZE]) {
    (void)context;
    return catalogue_member_id(member, "", ".jpg\0.jpeg\0.png\0", id);
}

static int mask_id(const void *context, const char *member, char id[LISTED_ID_SIZE]) {
    (void)context;
    return catalogue_member_id(member, "", ".png\0", id) && strstr(member, "trimaps/");
}

const char *pets_read_mask(const struct mask *mask, uint8_t *values) {
    size_t count = (size_t)mask->width * (size_t)mask->height;
    for (size_t i = 0; i < count; i++) {
        uint16_t value = mask->samples[i];
        if (value < 1 || value > 3)
            return "a trimap with other values than 1, 2, 3";
        values[i] = value == 1 ? 255 : 0;
    }
    return NULL;
}

const struct photograph_format pets_format = {
    .name = "pets",
    .title = "Pets",
    .has_species = 1,
    .licence = "CC BY-SA 4.0, as published with the Oxford-IIIT Pet Dataset; the images remain their owners'",
    .files = {"images", "annotations"},
    .images = {"images", "images", "images"},
    .masks = {"annotations", "annotations", "annotations"},
    .labels = {"annotations", "annotations", "annotations"},
    .list = list_all,
    .image_id = image_id,
    .mask_id = mask_id,
    .read_mask = pets_read_mask};
