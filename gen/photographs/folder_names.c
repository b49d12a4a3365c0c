// SPDX-License-Identifier: Apache-2.0
#include "gen/photographs/folder_names.h"

#include "core/base/digest.h"
#include "core/base/memory.h"
#include "core/shard/groups.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---------------------------------------------------------------------------------------------- lists of names

// Words in the order of people: numbers in them by their value.
static int by_order(const char *a, const char *b) {
    while (*a && *b) {
        if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
            size_t x, y;
            a += strspn(a, "0"), b += strspn(b, "0");
            x = strspn(a, "0123456789"), y = strspn(b, "0123456789");
            int order = x != y ? (x < y ? -1 : 1) : strncmp(a, b, x);
            if (order)
                return order;
            a += x, b += y;
        } else if (*a != *b) {
            return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
        } else {
            a++, b++;
        }
    }
    return (*a != 0) - (*b != 0);
}

static int by_word(const void *a, const void *b) {
    int order = by_order(*(const char *const *)a, *(const char *const *)b);
    return order ? order : strcmp(*(const char *const *)a, *(const char *const *)b);
}

// The different words of the images that are used, in order. *count of them; NULL on failure, to be freed.
static const char **list_words(const struct folder *f, size_t offset, int *count, struct error *err) {
    const char **words = allocate((size_t)f->count + 1, sizeof *words, "a list of names", err);
    int n = 0, kept = 0;
    if (!words)
        return NULL;
    for (int i = 0; i < f->count; i++)
        if (f->images[i].used)
            words[n++] = (const char *)&f->images[i] + offset;
    if (n)
        qsort(words, (size_t)n, sizeof *words, by_word);
    for (int i = 0; i < n; i++)
        if (!kept || strcmp(words[i], words[kept - 1]) != 0)
            words[kept++] = words[i];
    *count = kept;
    return words;
}

static int find_word(const char *const *words, int count, const char *word) {
    int low = 0, high = count;
    while (low < high) {
        int middle = (low + high) / 2, order = by_word(&words[middle], &word);
        if (!order)
            return middle;
        *(order < 0 ? &low : &high) = order < 0 ? middle + 1 : middle;
    }
    return -1;
}

// A whole number of at most six digits; -1 for anything else.
static int read_number(const char *text) {
    size_t length = strspn(text, "0123456789");
    return length && length <= 6 && !text[length] ? (int)strtol(text, NULL, 10) : -1;
}

// ---------------------------------------------------------------------------------------------- classes

struct classes {
    const char **words; // different ones, in order
    int count;
    int as_they_stand; // the words are the labels' numbers
};

static int label_of(const struct classes *k, const char *word) {
    return k->as_they_stand ? read_number(word) : find_word(k->words, k->count, word);
}

// Numbers are labels as they stand if they begin at 0, or if each has a name beside it; else words are
// counted through.
static int find_classes(const struct folder *f, struct classes *k, struct catalogue *c, struct error *err) {
    int numbers = 1, least = CLASSES_MAXIMUM, most = -1, titled = 1;
    if (!(k->words = list_words(f, offsetof(struct folder_image, class), &k->count, err)))
        return -1;
    for (int i = 0; i < k->count; i++) {
        int number = read_number(k->words[i]);
        numbers &= number >= 0;
        least = number < least ? number : least;
        most = number > most ? number : most;
    }
    for (int i = 0; i < f->count; i++)
        titled &= !f->images[i].used || *f->images[i].title;
    k->as_they_stand = numbers && k->count && (titled || !least);
    c->classes = k->as_they_stand ? most + 1 : k->count;
    return c->classes <= CLASSES_MAXIMUM ? 0
                                         : fail(err, "%s: %d classes; at most %d are possible",
                                                f->settings->images, c->classes, CLASSES_MAXIMUM);
}

static int name_class(char name[CLASS_NAME_SIZE], const struct folder_image *image, int as_they_stand,
                      const struct folder *f, struct error *err) {
    const char *word = *image->title ? image->title : image->class;
    if (as_they_stand && *name && *image->title && strcmp(name, word) != 0)
        return fail(err, "%s: class %s is called both '%s' and '%s'", f->settings->images, image->class, name,
                    word);
    json_t *text = json_string(word);
    if (!text)
        return memory_check(err) ? -1
                                 : fail(err,
                                        "%s: the name of a class is not UTF-8 (image %s); save the list, or "
                                        "name the folder, in UTF-8",
                                        f->settings->images, image->id);
    json_decref(text);
    snprintf(name, CLASS_NAME_SIZE, "%s", word);
    return 0;
}

static int number_classes(const struct folder *f, struct classes *k, struct catalogue *c, struct error *err) {
    if (find_classes(f, k, c, err))
        return -1;
    for (int i = 0; i < f->count; i++)
        if (f->images[i].used && name_class(c->class_names[label_of(k, f->images[i].class)], &f->images[i],
                                            k->as_they_stand, f, err))
            return -1;
    for (int label = 0; label < c->classes; label++)
        if (!*c->class_names[label])
            snprintf(c->class_names[label], CLASS_NAME_SIZE, "%d", label);
    return 0;
}

// ---------------------------------------------------------------------------------------------- groups

// Groups as the source says them; where it says none, each class is one.
static int number_groups(struct folder *f, const struct catalogue *c, const char ***words,
                         struct error *err) {
    int told = 0, count = 0;
    *words = NULL;
    for (int i = 0; i < f->count; i++)
        told |= f->images[i].used && *f->images[i].group;
    f->has_groups = told;
    if (told)
        for (int i = 0; i < f->count; i++)
            if (f->images[i].used && !*f->images[i].group)
                snprintf(f->images[i].group, sizeof f->images[i].group, "none");
    if (told && !(*words = list_words(f, offsetof(struct folder_image, group), &count, err)))
        return -1;
    f->groups = told ? count : c->classes;
    f->group_names = allocate((size_t)f->groups + 1, sizeof *f->group_names, "names of groups", err);
    if (!f->group_names)
        return -1;
    for (int g = 0; g < f->groups; g++) {
        snprintf(f->group_names[g], sizeof *f->group_names, "%s", told ? (*words)[g] : c->class_names[g]);
        json_t *text = json_string(f->group_names[g]);
        if (!text)
            return memory_check(err) ? -1
                                     : fail(err, "%s: the name of a group is not UTF-8", f->settings->images);
        json_decref(text);
    }
    return 0;
}

// ---------------------------------------------------------------------------------------------- splits

int folder_draw_split(const struct folder_settings *s, const char *id, struct error *err) {
    char text[LISTED_ID_SIZE + 64], hex[DIGEST_SIZE], start[14];
    snprintf(text, sizeof text, "reff split %llu %s", (unsigned long long)s->seed, id);
    if (digest_bytes(text, strlen(text), hex, err))
        return -1;
    snprintf(start, sizeof start, "%.13s", hex); // 52 bits
    double place = (double)strtoull(start, NULL, 16) * 0x1p-52;
    return place < s->test_share                         ? SPLIT_TEST
           : place < s->test_share + s->validation_share ? SPLIT_VALIDATION
                                                         : SPLIT_TRAIN;
}

// An item of the catalogue, or a remark.
static int add_item(struct folder *f, struct catalogue *c, const struct classes *k, const char **groups,
                    const struct folder_image *image, struct error *err) {
    struct listed item = {.label = label_of(k, image->class), .split = image->split};
    memcpy(item.id, image->id, sizeof item.id);
    item.group = groups ? find_word(groups, f->groups, image->group) : item.label;
    if (f->split_told && item.split == SPLIT_UNTOLD)
        return remark_add(&f->skipped, image->id, err, "the list says no split for it");
    if (!f->split_told && (item.split = folder_draw_split(f->settings, image->id, err)) < 0)
        return -1;
    return catalogue_add(c, &item, err);
}

static int by_id(const void *a, const void *b) {
    return strcmp(((const struct listed *)a)->id, ((const struct listed *)b)->id);
}

static int sort_items(const struct folder *f, struct catalogue *c, struct error *err) {
    if (c->count)
        qsort(c->items, (size_t)c->count, sizeof *c->items, by_id);
    for (int i = 1; i < c->count; i++)
        if (!strcmp(c->items[i].id, c->items[i - 1].id))
            return fail(err, "%s: two images are called %s, but for their endings", f->settings->images,
                        c->items[i].id);
    return 0;
}

int folder_number(struct folder *f, struct catalogue *c, struct error *err) {
    struct classes k = {0};
    const char **groups = NULL;
    int bad = number_classes(f, &k, c, err) || number_groups(f, c, &groups, err);
    for (int i = 0; i < f->count && !bad; i++)
        if (f->images[i].used)
            bad = add_item(f, c, &k, groups, &f->images[i], err);
    bad = bad || sort_items(f, c, err);
    free(k.words);
    free(groups);
    return bad ? -1 : 0;
}
