// SPDX-License-Identifier: Apache-2.0
#include "gen/photographs/folder_catalogue.h"

#include "core/base/memory.h"
#include "core/base/text.h"
#include "gen/photographs/folder_names.h"
#include "gen/read/members.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

void folder_free(struct folder *f) {
    free(f->images);
    free(f->by_file);
    free(f->boxes);
    free(f->masks);
    free(f->group_names);
    free(f->skipped.items);
    free(f->notes.items);
    *f = (struct folder){0};
}

// ---------------------------------------------------------------------------------------------- names

// Of pictures of any kind: those that cannot be read are skipped and called what they are.
static int is_picture(const char *name) {
    static const char *const endings[] = {".jpg",  ".jpeg", ".png",  ".jfif", ".gif",  ".bmp", ".tif",
                                          ".tiff", ".webp", ".heic", ".heif", ".avif", ".jp2", ".jxl"};
    const char *dot = strrchr(member_file_name(name), '.');
    for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++)
        if (!strcasecmp(dot, endings[i]))
            return member_file_name(name)[0] != '.';
    return 0;
}

static int is_metadata(const char *name) {
    const char *file = member_file_name(name);
    return !strcmp(file, "metadata.csv") || !strcmp(file, "metadata.jsonl");
}

static int is_either(const void *context, const char *name) {
    (void)context;
    return is_picture(name) || is_metadata(name);
}

static int is_listed_picture(const void *context, const char *name) {
    (void)context;
    return is_picture(name);
}

static int is_listed_metadata(const void *context, const char *name) {
    (void)context;
    return is_metadata(name);
}

struct name_list {
    int count;
    char **items;
};

static int add_name(void *context, const char *name, uint8_t *bytes, size_t size, struct error *err) {
    struct name_list *l = context;
    (void)size;
    free(bytes);
    if (!(l->count & (l->count - 1)) &&
        array_resize(l->items, l->count ? 2 * (size_t)l->count : 1, "a list of files", err))
        return -1;
    return (l->items[l->count] = duplicate(name, err)) ? l->count++, 0 : -1;
}

static void free_names(struct name_list *l) {
    for (int i = 0; i < l->count; i++)
        free(l->items[i]);
    free(l->items);
    *l = (struct name_list){0};
}

// Bytes of the first folder that all names have, with its "/"; 0: none. `from`: what is stripped already.
static size_t common_folder(const struct name_list *l, size_t from) {
    const char *slash = l->count ? strchr(l->items[0] + from, '/') : NULL;
    size_t length = slash ? (size_t)(slash - l->items[0]) + 1 : 0;
    for (int i = 1; i < l->count && length; i++)
        if (strncmp(l->items[i], l->items[0], length) != 0)
            length = 0;
    return length;
}

static int has_deeper_folder(const struct name_list *l, size_t from) {
    for (int i = 0; i < l->count; i++)
        if (!strchr(l->items[i] + from, '/'))
            return 0;
    return 1;
}

// What an archive's files have around all of them ("birds/" of birds/crow/1.png), but for a split's folder,
// and for the one that says the class where folders do.
static size_t find_strip(const struct name_list *l, const char *path, int keep_class) {
    struct stat status;
    size_t strip = 0, next;
    if (stat(path, &status) || S_ISDIR(status.st_mode))
        return 0; // the user has named the folder
    while ((next = common_folder(l, strip)) &&
           folder_split_of(l->items[0] + strip, next - 1 - strip) == SPLIT_UNTOLD &&
           (!keep_class || has_deeper_folder(l, next)))
        strip = next;
    return strip;
}

int folder_split_of(const char *word, size_t length) {
    static const struct {
        const char *word;
        int split;
    } words[] = {{"train", SPLIT_TRAIN},           {"training", SPLIT_TRAIN}, {"0", SPLIT_TRAIN},
                 {"validation", SPLIT_VALIDATION}, {"val", SPLIT_VALIDATION}, {"valid", SPLIT_VALIDATION},
                 {"dev", SPLIT_VALIDATION},        {"1", SPLIT_VALIDATION},   {"test", SPLIT_TEST},
                 {"testing", SPLIT_TEST},          {"2", SPLIT_TEST}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i].word) == length && !strncasecmp(word, words[i].word, length))
            return words[i].split;
    return SPLIT_UNTOLD;
}

static void cut_ending(char *name) {
    char *dot = strrchr(name, '.');
    if (dot && dot > member_file_name(name))
        *dot = 0;
}

// ---------------------------------------------------------------------------------------------- images

static int by_image_name(const void *a, const void *b) {
    return strcmp(((const struct folder_image *)a)->name, ((const struct folder_image *)b)->name);
}

// Class and split as folders say them: [SPLIT/]CLASS/.../FILE.
static void take_folders(struct folder_image *image, int splits) {
    const char *at = image->name, *slash = strchr(at, '/');
    image->split = SPLIT_UNTOLD;
    if (splits && slash) {
        image->split = folder_split_of(at, (size_t)(slash - at));
        at = slash + 1;
        slash = strchr(at, '/');
    }
    if (slash && slash - at < CLASS_NAME_SIZE)
        snprintf(image->class, sizeof image->class, "%.*s", (int)(slash - at), at);
}

// Whether the outermost folders are all splits; a "0" is a class there.
static int are_splits(const struct name_list *l, size_t strip) {
    for (int i = 0; i < l->count; i++) {
        const char *at = l->items[i] + strip, *slash = strchr(at, '/');
        if (!slash || slash - at == 1 || folder_split_of(at, (size_t)(slash - at)) == SPLIT_UNTOLD)
            return 0;
    }
    return l->count > 0;
}

// Whether a path of an archive, or a part of it, leads upwards: its folders are no classes.
static int leads_out(const char *name) {
    for (const char *at = name; at; at = strchr(at, '/') ? strchr(at, '/') + 1 : NULL)
        if (!strncmp(at, "../", 3) || !strcmp(at, ".."))
            return 1;
    return 0;
}

static int take_images(struct folder *f, const struct name_list *l, struct error *err) {
    int splits = are_splits(l, f->image_strip);
    f->split_told = splits;
    f->images = allocate((size_t)l->count, sizeof *f->images, "a list of images", err);
    if (!f->images)
        return -1;
    for (int i = 0; i < l->count; i++) {
        const char *name = l->items[i] + f->image_strip;
        struct folder_image *image = &f->images[f->count];
        if (is_metadata(name))
            continue;
        int too_long = strlen(name) >= LISTED_ID_SIZE;
        if (too_long || leads_out(name)) {
            if (too_long
                    ? remark_add(&f->skipped, name, err, "a path of more than %d bytes", LISTED_ID_SIZE - 1)
                    : remark_add(&f->skipped, name, err, "its path leads out of the archive"))
                return -1;
            continue;
        }
        image->first_box = -1;
        snprintf(image->name, sizeof image->name, "%s", name);
        snprintf(image->id, sizeof image->id, "%s", name);
        cut_ending(image->id);
        take_folders(image, splits);
        f->count++;
    }
    if (f->count)
        qsort(f->images, (size_t)f->count, sizeof *f->images, by_image_name);
    return 0;
}

static int is_called(const void *name, const void *image) {
    return strcmp(name, ((const struct folder_image *)image)->name);
}

static int find_exact(const struct folder *f, const char *name) {
    const struct folder_image *found =
        f->count ? bsearch(name, f->images, (size_t)f->count, sizeof *f->images, is_called) : NULL;
    return found ? (int)(found - f->images) : FOLDER_NONE;
}

// Whether the path's end, folder by folder, is the name: with its ending or without.
static int ends_in(const struct folder_image *image, const char *name) {
    const char *const paths[2] = {image->name, image->id};
    size_t length = strlen(name);
    for (int k = 0; k < 2; k++) {
        size_t whole = strlen(paths[k]);
        if (whole >= length && !strcmp(paths[k] + whole - length, name) &&
            (whole == length || paths[k][whole - length - 1] == '/'))
            return 1;
    }
    return 0;
}

static const struct folder_image *sorted_images; // of by_file, for qsort

static int by_file(const void *a, const void *b) {
    const struct folder_image *x = sorted_images + *(const int *)a, *y = sorted_images + *(const int *)b;
    int order = strcmp(member_file_name(x->id), member_file_name(y->id));
    return order ? order : (x > y) - (x < y);
}

static int index_files(struct folder *f, struct error *err) {
    if (!(f->by_file = allocate((size_t)f->count, sizeof *f->by_file, "a list of images", err)))
        return -1;
    for (int i = 0; i < f->count; i++)
        f->by_file[i] = i;
    sorted_images = f->images;
    qsort(f->by_file, (size_t)f->count, sizeof *f->by_file, by_file);
    return 0;
}

// The only image whose file is called so, and whose path ends in the name.
static int find_by_file(const struct folder *f, const char *name, const char *file) {
    int low = 0, high = f->count, found = FOLDER_NONE;
    while (low < high) { // the first that is not before it
        int middle = (low + high) / 2;
        if (strcmp(member_file_name(f->images[f->by_file[middle]].id), file) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < f->count; low++) {
        const struct folder_image *image = &f->images[f->by_file[low]];
        if (strcmp(member_file_name(image->id), file) != 0)
            break;
        if (!ends_in(image, name))
            continue;
        if (found >= 0)
            return FOLDER_SEVERAL;
        found = f->by_file[low];
    }
    return found;
}

int folder_find(const struct folder *f, const char *name) {
    char file[LISTED_ID_SIZE];
    while (!strncmp(name, "./", 2))
        name += 2;
    int found = find_exact(f, name);
    if (found >= 0 || snprintf(file, sizeof file, "%s", member_file_name(name)) >= (int)sizeof file)
        return found;
    found = find_by_file(f, name, file); // without an ending
    cut_ending(file);
    return found == FOLDER_NONE ? find_by_file(f, name, file) : found;
}

// ---------------------------------------------------------------------------------------------- lists

// "train/" of "birds/train/metadata.csv", of whose path `strip` bytes are around all files; its split.
static void metadata_folder(const char *name, size_t strip, char below[LISTED_ID_SIZE]) {
    size_t length = (size_t)(member_file_name(name) - name);
    snprintf(below, LISTED_ID_SIZE, "%.*s", (int)(length > strip ? length - strip : 0),
             name + (length > strip ? strip : length));
}

static int take_metadata(struct folder *f, struct error *err) {
    struct members members;
    int bad = members_read(f->settings->images, is_listed_metadata, NULL, &members, err);
    for (int i = 0; i < members.count && !bad; i++) {
        const struct member *m = &members.items[i];
        char below[LISTED_ID_SIZE], name[PATH_SIZE];
        const char *dot = strrchr(m->name, '.');
        snprintf(name, sizeof name, "%.2000s: %.2000s", f->settings->images, m->name);
        metadata_folder(m->name, f->image_strip, below);
        char *text = allocate(m->size + 1, 1, name, err); // with a zero at its end
        if (text && m->size)
            memcpy(text, m->bytes, m->size);
        bad = !text || (!strcmp(dot, ".csv") ? folder_take_csv : folder_take_jsonl)(f, name, text, m->size,
                                                                                    below, err);
        free(text);
    }
    members_free(&members);
    return bad ? -1 : 0;
}

static int take_labels(struct folder *f, struct error *err) {
    size_t size;
    const char *path = f->settings->labels, *dot = strrchr(path, '.');
    char *text = file_read(path, (size_t)256 << 20, &size, err);
    int bad = !text || (dot && !strcasecmp(dot, ".jsonl") ? folder_take_jsonl
                                                          : folder_take_csv)(f, path, text, size, "", err);
    free(text);
    return bad ? -1 : 0;
}

// Images that the list does not name, and are nobody's mask.
static void count_unlisted(struct folder *f) {
    for (int i = 0; i < f->count; i++)
        f->unlisted += !f->images[i].used;
    for (int i = 0; i < f->count && !*f->settings->masks; i++) {
        int mask = f->images[i].used && *f->images[i].mask ? find_exact(f, f->images[i].mask) : -1;
        f->unlisted -= mask >= 0 && !f->images[mask].used;
    }
}

static int take_lists(struct folder *f, int metadata, struct error *err) {
    if (!*f->settings->labels && !metadata) {
        for (int i = 0; i < f->count; i++) {
            struct folder_image *image = &f->images[i];
            image->used = *image->class != 0;
            if (!image->used && remark_add(&f->skipped, image->id, err, "lies in no class's folder"))
                return -1;
        }
        return 0;
    }
    if (*f->settings->labels ? take_labels(f, err) : take_metadata(f, err))
        return -1;
    for (int i = 0; i < f->count; i++)
        f->split_told |= f->images[i].used && f->images[i].split != SPLIT_UNTOLD;
    count_unlisted(f);
    return 0;
}

// ---------------------------------------------------------------------------------------------- masks

static int by_mask_name(const void *a, const void *b) {
    return strcmp(((const struct folder_mask *)a)->name, ((const struct folder_mask *)b)->name);
}

static int add_mask(struct folder *f, const char *name, int image, struct error *err) {
    int count = f->mask_count;
    if (!(count & (count - 1)) &&
        array_resize(f->masks, count ? 2 * (size_t)count : 1, "a list of masks", err))
        return -1;
    snprintf(f->masks[count].name, LISTED_ID_SIZE, "%s", name);
    f->masks[count].image = image;
    f->mask_count++;
    return 0;
}

static int by_name_pointer(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

// Whether the list has a mask of that path below `strip`; without an ending it may have any. The name, or NULL.
static const char *find_mask(const struct name_list *l, size_t strip, const char *name, int any_ending) {
    size_t length = strlen(name);
    int low = 0, high = l->count;
    while (low < high) { // the first that is not before it
        int middle = (low + high) / 2;
        *(strcmp(l->items[middle] + strip, name) < 0 ? &low : &high) =
            strcmp(l->items[middle] + strip, name) < 0 ? middle + 1 : middle;
    }
    for (; low < l->count && !strncmp(l->items[low] + strip, name, length); low++) {
        const char *rest = l->items[low] + strip + length;
        if (any_ending ? *rest == '.' && !strpbrk(rest + 1, "./") : !*rest)
            return l->items[low] + strip;
    }
    return NULL;
}

static int count_matches(const struct folder *f, const struct name_list *l, size_t strip) {
    int matches = 0;
    for (int i = 0; i < f->count; i++)
        if (f->images[i].used)
            matches += find_mask(l, strip, *f->images[i].mask ? f->images[i].mask : f->images[i].id,
                                 !*f->images[i].mask) != NULL;
    return matches;
}

// As many folders around all masks are passed over as give most images their masks.
static size_t best_strip(const struct folder *f, const struct name_list *l) {
    size_t best = 0, strip = 0;
    int most = count_matches(f, l, 0);
    while ((strip = common_folder(l, strip))) {
        int matches = count_matches(f, l, strip);
        if (matches > most) {
            most = matches;
            best = strip;
        }
    }
    return best;
}

static int match_masks(struct folder *f, const struct name_list *l, struct error *err) {
    int by_stem = *f->settings->masks != 0;
    for (int i = 0; i < f->count; i++) {
        struct folder_image *image = &f->images[i];
        if (!image->used || (!*image->mask && !by_stem))
            continue;
        const char *name = find_mask(l, f->mask_strip, *image->mask ? image->mask : image->id, !*image->mask);
        if (!name && strchr(image->mask, '\\')) { // written on Windows
            for (char *c = image->mask; *c; c++)
                *c = (char)(*c == '\\' ? '/' : *c);
            name = find_mask(l, f->mask_strip, image->mask, 0);
        }
        if (!name && *image->mask &&
            remark_add(&f->notes, image->id, err, "its mask %.100s is not there", image->mask))
            return -1;
        if (!name || strlen(name) >= LISTED_ID_SIZE) {
            image->mask[0] = 0;
            continue;
        }
        snprintf(image->mask, sizeof image->mask, "%s", name);
        if (add_mask(f, name, i, err))
            return -1;
    }
    if (f->mask_count)
        qsort(f->masks, (size_t)f->mask_count, sizeof *f->masks, by_mask_name);
    for (int i = 1; i < f->mask_count; i++)
        if (!strcmp(f->masks[i].name, f->masks[i - 1].name))
            return fail(err, "%s: %s is the mask of two images", f->masks_path, f->masks[i].name);
    f->stray_masks = by_stem ? l->count - f->mask_count : 0;
    return 0;
}

static int take_masks(struct folder *f, struct error *err) {
    int named = 0;
    for (int i = 0; i < f->count; i++)
        named |= f->images[i].used && *f->images[i].mask;
    f->masks_path = *f->settings->masks ? f->settings->masks : named ? f->settings->images : NULL;
    if (!f->masks_path)
        return 0;
    struct name_list l = {0};
    int bad = members_list(f->masks_path, is_listed_picture, NULL, add_name, &l, err);
    if (!bad && !l.count)
        bad = fail(err, "%s: has no pictures", f->masks_path);
    if (!bad) {
        qsort(l.items, (size_t)l.count, sizeof *l.items, by_name_pointer);
        f->mask_strip = *f->settings->masks ? best_strip(f, &l) : f->image_strip;
        bad = match_masks(f, &l, err);
    }
    free_names(&l);
    return bad ? -1 : 0;
}

// ---------------------------------------------------------------------------------------------- all

static int list_images(struct folder *f, int *metadata, struct error *err) {
    struct name_list l = {0};
    int bad = members_list(f->settings->images, is_either, NULL, add_name, &l, err), pictures = 0;
    *metadata = 0;
    for (int i = 0; i < l.count; i++) {
        *metadata |= is_metadata(l.items[i]);
        pictures += !is_metadata(l.items[i]);
    }
    if (!bad && !pictures)
        bad = fail(err, "%s: has no pictures (.png, .jpg)", f->settings->images);
    if (!bad) {
        f->image_strip = find_strip(&l, f->settings->images, !*metadata && !*f->settings->labels);
        bad = take_images(f, &l, err) || index_files(f, err);
    }
    free_names(&l);
    return bad ? -1 : 0;
}

int folder_open(struct folder *f, const struct folder_settings *settings, struct catalogue *c,
                struct error *err) {
    int metadata;
    *f = (struct folder){.settings = settings};
    if (!*settings->images)
        return fail_usage(err, "--images: a folder or an archive of images must be given");
    return list_images(f, &metadata, err) || take_lists(f, metadata, err) || folder_number(f, c, err) ||
                   take_masks(f, err)
               ? -1
               : 0;
}
