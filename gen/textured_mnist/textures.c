// SPDX-License-Identifier: Apache-2.0
#include "gen/textured_mnist/textures.h"

#include "core/base/file.h"
#include "core/base/memory.h"
#include "gen/draw/builtin_textures.h"
#include "gen/read/image.h"
#include "gen/read/members.h"

#include <errno.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

size_t textures_kept_most = (size_t)1 << 30;

struct picture {
    char *file;         // "CLASS/FILE"
    char *member;       // its name in the folder or archive; NULL for built-in ones
    uint8_t *bytes;     // as in the file; NULL once decoded and kept, and for built-in ones
    size_t size;        // of bytes
    struct image image; // scaled to cover the canvas; empty unless kept
    int width, height;  // after scaling; 0: not known yet
};

struct picture_class {
    int builtin; // number of the built-in class, -1 for files
    char *where; // the folder with "/", or the archive with ": ", before a member's name in messages
    int count;
    struct picture *items;
};

struct textures {
    const struct texture_set *set;
    int canvas;
    struct picture_class *classes; // [set->count]
    size_t kept;                   // bytes in all items' images
    int decoded;                   // files have been decoded once
};

// --------------------------------------------------------------------------------- where sources lie

struct wanted { // the classes of one source
    const struct texture_set *set;
    const char *source;
};

// The folder that a file lies in, without what is above it: ".../banded/banded_0002.jpg" -> "banded".
static int folder_is(const char *name, const char *folder) {
    const char *file = member_file_name(name);
    size_t length = strlen(folder), before = (size_t)(file - name);
    return before > length && !strncmp(file - length - 1, folder, length) &&
           (before == length + 1 || name[before - length - 2] == '/');
}

// Which class of the set a file belongs to, -1 none. Hidden files (".directory", "._copy") belong to none.
static int class_of(const struct wanted *w, const char *name) {
    if (member_file_name(name)[0] == '.')
        return -1;
    for (int i = 0; i < w->set->count; i++)
        if (!strcmp(w->set->classes[i].source, w->source) && folder_is(name, w->set->classes[i].name))
            return i;
    return -1;
}

static int is_wanted(const void *context, const char *name) {
    return class_of(context, name) >= 0;
}

// Where a source lies: `textures` itself for "", else the folder or archive of that name in it.
static int find_source(const char *textures, const char *source, char path[PATH_SIZE], struct error *err) {
    static const char *const endings[] = {"", ".tar.gz", ".tgz", ".zip", ".tar", ".tar.xz", ".tar.bz2"};
    if (!*textures)
        return fail_usage(
            err,
            "the texture set takes classes from '%s', which is not built in: --textures must name the "
            "folder that holds it",
            source);
    if (!*source) {
        snprintf(path, PATH_SIZE, "%s", textures);
        return 0;
    }
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        int length = snprintf(path, PATH_SIZE, "%s/%s%s", textures, source, endings[i]);
        int there = length < PATH_SIZE ? file_is_there(path, err) : 0;
        if (there)
            return there < 0 ? -1 : 0;
    }
    return fail(err, "%s: has no folder or archive '%s' (.tar.gz, .tgz, .zip, .tar, .tar.xz, .tar.bz2)",
                textures, source);
}

// Whether class `i` is the first of the set with its source, so that each source is visited once.
static int first_of_source(const struct texture_set *set, int i) {
    for (int k = 0; k < i; k++)
        if (!strcmp(set->classes[k].source, set->classes[i].source))
            return 0;
    return 1;
}

// ---------------------------------------------------------------------------------------------- opening

static char *joined(const char *first, const char *between, const char *second, struct error *err) {
    size_t size = strlen(first) + strlen(between) + strlen(second) + 1;
    char *text = allocate(size, 1, "a file name", err);
    if (text)
        snprintf(text, size, "%s%s%s", first, between, second);
    return text;
}

// 1 or 0; -1 with a message.
static int is_folder(const char *path, struct error *err) {
    struct stat status;
    return stat(path, &status) ? fail_system(err, errno, "%s", path) : S_ISDIR(status.st_mode);
}

// Distributes the files of one source over its classes, taking over their bytes.
static int take_source(struct textures *t, const char *path, const char *source, struct error *err) {
    struct wanted wanted = {t->set, source};
    struct members members;
    char actual[PATH_SIZE];
    if (find_source(path, source, actual, err) || members_read(actual, is_wanted, &wanted, &members, err))
        return -1;
    int folder = is_folder(actual, err), bad = folder < 0;
    for (int i = 0; i < members.count; i++)
        t->classes[class_of(&wanted, members.items[i].name)].count++;
    for (int c = 0; c < t->set->count && !bad; c++) {
        struct picture_class *class = &t->classes[c];
        if (strcmp(t->set->classes[c].source, source))
            continue;
        if (!class->count)
            bad = fail(err, "%s: has no pictures of class '%s'", actual, t->set->classes[c].name);
        else if (!(class->where = joined(actual, folder ? "/" : ": ", "", err)) ||
                 !(class->items =
                       allocate((size_t) class->count, sizeof *class->items, "a class of textures", err)))
            bad = -1;
        class->count = 0;
    }
    for (int i = 0; i < members.count && !bad; i++) { // sorted by path: within a class by file name
        struct member *m = &members.items[i];
        int c = class_of(&wanted, m->name);
        struct picture *picture = &t->classes[c].items[t->classes[c].count++];
        picture->file = joined(t->set->classes[c].label, "/", member_file_name(m->name), err);
        picture->member = m->name;
        picture->bytes = m->bytes;
        picture->size = m->size;
        m->name = NULL;
        m->bytes = NULL;
        bad = !picture->file;
    }
    members_free(&members);
    return bad ? -1 : 0;
}

static int by_file(const void *a, const void *b) {
    return strcmp(((const struct picture *)a)->file, ((const struct picture *)b)->file);
}

static int open_files(struct textures *t, const char *path, struct error *err) {
    for (int c = 0; c < t->set->count; c++)
        if (first_of_source(t->set, c) && take_source(t, path, t->set->classes[c].source, err))
            return -1;
    for (int c = 0; c < t->set->count; c++) {
        struct picture_class *class = &t->classes[c];
        class->builtin = -1;
        qsort(class->items, (size_t) class->count, sizeof *class->items, by_file);
        for (int i = 1; i < class->count; i++)
            if (!strcmp(class->items[i].file, class->items[i - 1].file))
                return fail(err, "%s: %s and %s are both called %s", path, class->items[i - 1].member,
                            class->items[i].member, class->items[i].file);
    }
    return 0;
}

static int open_builtin_class(struct textures *t, int c, struct error *err) {
    const struct texture_class *wanted = &t->set->classes[c];
    struct picture_class *class = &t->classes[c];
    class->builtin = 0;
    while (class->builtin < BUILTIN_TEXTURE_CLASSES &&
           strcmp(builtin_texture_classes[class->builtin], wanted->label))
        class->builtin++;
    if (class->builtin == BUILTIN_TEXTURE_CLASSES)
        return fail_usage(
            err, "texture class '%s' is not built in (DTD's 47 are): --textures must name its source",
            wanted->label);
    class->items = allocate(BUILTIN_TEXTURE_COUNT, sizeof *class->items, "a class of textures", err);
    if (!class->items)
        return -1;
    for (class->count = 0; class->count < BUILTIN_TEXTURE_COUNT; class->count++) {
        char name[2 * TEXTURE_NAME_SIZE];
        struct picture *picture = &class->items[class->count];
        builtin_texture_file(class->builtin, class->count, name, sizeof name);
        if (!(picture->file = joined(wanted->label, "/", name, err)))
            return -1;
        image_cover_size(BUILTIN_TEXTURE_SIZE, BUILTIN_TEXTURE_SIZE, t->canvas, &picture->width,
                         &picture->height);
    }
    return 0;
}

struct textures *textures_open(const char *path, const struct texture_set *set, int canvas,
                               struct error *err) {
    struct textures *t = allocate(1, sizeof *t, "textures", err);
    if (!t)
        return NULL;
    t->set = set;
    t->canvas = canvas;
    t->classes = allocate((size_t)set->count, sizeof *t->classes, "textures", err);
    int bad = !t->classes;
    if (!bad && *path)
        bad = open_files(t, path, err);
    for (int c = 0; c < set->count && !bad && !*path; c++)
        bad = open_builtin_class(t, c, err);
    if (!bad)
        return t;
    textures_close(t);
    return NULL;
}

void textures_close(struct textures *t) {
    if (!t)
        return;
    for (int c = 0; t->classes && c < t->set->count; c++) {
        struct picture_class *class = &t->classes[c];
        for (int i = 0; class->items && i < class->count; i++) {
            free(class->items[i].file);
            free(class->items[i].member);
            free(class->items[i].bytes);
            image_free(&class->items[i].image);
        }
        free(class->items);
        free(class->where);
    }
    free(t->classes);
    free(t);
}

int textures_count(const struct textures *t, int class) {
    return t->classes[class].count;
}

const char *textures_file(const struct textures *t, int class, int number) {
    return t->classes[class].items[number].file;
}

void textures_size(const struct textures *t, int class, int number, int *width, int *height) {
    *width = t->classes[class].items[number].width;
    *height = t->classes[class].items[number].height;
}

// ---------------------------------------------------------------------------------------------- pictures

// The whole picture, scaled to cover the canvas.
static int make_picture(const struct textures *t, int class, int number, struct image *out,
                        struct error *err) {
    const struct picture *picture = &t->classes[class].items[number];
    struct image image = {0};
    *out = image;
    if (picture->bytes) {
        char name[2 * PATH_SIZE];
        snprintf(name, sizeof name, "%.4000s%.4000s", t->classes[class].where, picture->member);
        if (image_decode(picture->bytes, picture->size, name, &image, err))
            return -1;
    } else {
        int size = BUILTIN_TEXTURE_SIZE;
        image = (struct image){size, size, allocate((size_t)size * (size_t)size, 3, "a texture", err)};
        if (!image.pixels || builtin_texture_draw(t->classes[class].builtin, number, size, 0, 0, size, size,
                                                  image.pixels, err)) {
            image_free(&image);
            return -1;
        }
    }
    if (image.width >= t->canvas && image.height >= t->canvas) {
        *out = image;
        return 0;
    }
    int result = image_cover(&image, t->canvas, out, err);
    image_free(&image);
    return result;
}

// Makes one picture, notes its size and keeps it while there is room.
static int prepare_one(struct textures *t, int class, int number, struct error *err) {
    struct picture *picture = &t->classes[class].items[number];
    struct image image;
    if (make_picture(t, class, number, &image, err))
        return -1;
    picture->width = image.width;
    picture->height = image.height;
    size_t size = (size_t)image.width * (size_t)image.height * 3, before;
#pragma omp atomic capture
    {
        before = t->kept;
        t->kept += size;
    }
    if (before + size <= textures_kept_most) {
        picture->image = image;
        free(picture->bytes);
        picture->bytes = NULL;
    } else {
#pragma omp atomic
        t->kept -= size;
        image_free(&image);
    }
    return 0;
}

// Built-in pictures that cover the canvas as they are need not be kept: their crops are drawn on the spot.
static int drawn_on_the_spot(const struct textures *t, int class) {
    return t->classes[class].builtin >= 0 && t->canvas <= BUILTIN_TEXTURE_SIZE;
}

static int by_choice(const void *a, const void *b) {
    const struct texture_choice *p = a, *q = b;
    return p->class != q->class ? p->class - q->class : p->number - q->number;
}

// Those of the choices that are still to be made, each once. NULL on failure.
static struct texture_choice *missing_choices(const struct textures *t, const struct texture_choice *choices,
                                              int count, int *missing, struct error *err) {
    int all = 0; // from files: all pictures there are
    for (int c = 0; c < t->set->count; c++)
        all += t->classes[c].builtin < 0 && !t->decoded ? t->classes[c].count : 0;
    struct texture_choice *list =
        allocate((size_t)(all > count ? all : count), sizeof *list, "choices of textures", err);
    if (!list)
        return NULL;
    int n = 0;
    for (int c = 0; all && c < t->set->count; c++)
        for (int i = 0; i < t->classes[c].count; i++)
            list[n++] = (struct texture_choice){c, i};
    for (int i = 0; i < count && !all; i++) {
        int class = choices[i].class;
        if (t->classes[class].builtin >= 0 && !drawn_on_the_spot(t, class) && t->kept < textures_kept_most &&
            !t->classes[class].items[choices[i].number].image.pixels)
            list[n++] = choices[i];
    }
    qsort(list, (size_t)n, sizeof *list, by_choice);
    *missing = 0;
    for (int i = 0; i < n; i++)
        if (!i || by_choice(&list[i], &list[i - 1]))
            list[(*missing)++] = list[i];
    return list;
}

// Called by one thread of a team; the others help.
static int prepare_list(struct textures *t, const struct texture_choice *list, int count, struct error *err) {
    int failed = -1; // the first that failed, whatever the order of the threads
#pragma omp taskloop grainsize(4) shared(failed)
    for (int i = 0; i < count; i++) {
        struct error own = {0};
        if (prepare_one(t, list[i].class, list[i].number, &own)) {
#pragma omp critical(textures_failed)
            if (failed < 0 || i < failed) {
                failed = i;
                *err = own;
            }
        }
    }
    return failed < 0 ? 0 : -1;
}

int textures_prepare(struct textures *t, const struct texture_choice *choices, int count, struct error *err) {
    int missing, bad = 0;
    struct texture_choice *list = missing_choices(t, choices, count, &missing, err);
    if (!list)
        return -1;
    if (omp_in_parallel()) {
        bad = prepare_list(t, list, missing, err);
    } else {
#pragma omp parallel
#pragma omp single
        bad = prepare_list(t, list, missing, err);
    }
    t->decoded = 1;
    free(list);
    return bad;
}

int textures_crop(const struct textures *t, int class, int number, int left, int top, int columns, int rows,
                  uint8_t *room, struct texture_crop *crop, struct error *err) {
    const struct image *image = &t->classes[class].items[number].image;
    struct image own = {0};
    *crop = (struct texture_crop){0};
    if (!image->pixels && drawn_on_the_spot(t, class)) {
        crop->pixels = room;
        crop->stride = 3L * columns;
        return builtin_texture_draw(t->classes[class].builtin, number, BUILTIN_TEXTURE_SIZE, left, top,
                                    columns, rows, room, err);
    }
    if (!image->pixels) { // more than may be kept
        if (make_picture(t, class, number, &own, err))
            return -1;
        crop->owned = own.pixels;
        image = &own;
    }
    crop->stride = 3L * image->width;
    crop->pixels = image->pixels + top * crop->stride + 3L * left;
    return 0;
}

void texture_crop_free(struct texture_crop *crop) {
    free(crop->owned);
    crop->owned = NULL;
}

// ---------------------------------------------------------------------------------------------- digest

// Digest of one source: of the archive's bytes, or of the names and bytes of the folder's files.
static int digest_source(const char *path, const struct wanted *wanted, char hex[DIGEST_SIZE],
                         struct error *err) {
    int folder = is_folder(path, err);
    if (folder != 1)
        return folder < 0 ? -1 : digest_file(path, hex, err);
    struct members members;
    if (members_read(path, is_wanted, wanted, &members, err))
        return -1;
    struct digest *sum = digest_start(err);
    int bad = !sum;
    for (int i = 0; i < members.count && !bad; i++) {
        char own[DIGEST_SIZE];
        bad = digest_bytes(members.items[i].bytes, members.items[i].size, own, err);
        digest_add(sum, members.items[i].name, strlen(members.items[i].name) + 1);
        digest_add(sum, own, sizeof own);
    }
    if (sum)
        digest_finish(sum, hex);
    members_free(&members);
    return bad ? -1 : 0;
}

int textures_digest(const char *path, const struct texture_set *set, char hex[DIGEST_SIZE],
                    struct error *err) {
    char line[TEXTURE_NAME_SIZE + DIGEST_SIZE + 64], actual[PATH_SIZE], own[DIGEST_SIZE];
    if (!*path) {
        int length = snprintf(line, sizeof line, "built-in textures, revision %d", BUILTIN_TEXTURE_REVISION);
        return digest_bytes(line, (size_t)length, hex, err);
    }
    struct digest *sum = digest_start(err);
    if (!sum)
        return -1;
    int bad = 0;
    for (int c = 0; c < set->count && !bad; c++) {
        struct wanted wanted = {set, set->classes[c].source};
        if (!first_of_source(set, c))
            continue;
        bad = find_source(path, wanted.source, actual, err) || digest_source(actual, &wanted, own, err);
        int length = snprintf(line, sizeof line, "%s %s\n", wanted.source, own);
        if (!bad)
            digest_add(sum, line, (size_t)length);
    }
    digest_finish(sum, hex);
    return bad ? -1 : 0;
}
