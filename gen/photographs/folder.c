// SPDX-License-Identifier: Apache-2.0
#include "gen/photographs/folder.h"

#include "core/base/digest.h"
#include "core/base/memory.h"
#include "core/base/version.h"
#include "gen/photographs/folder_catalogue.h"
#include "gen/photographs/mask_readings.h"
#include "gen/photographs/photograph_reader.h"
#include "gen/photographs/photograph_shard.h"
#include "gen/photographs/source_digest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct folder_settings settings_t;

const struct setting folder_schema[] = {
    SETTING_PATH(settings_t, images, "", "PATH",
                 "folder or archive of the images: CLASS/FILE, or with a list"),
    SETTING_PATH(
        settings_t, masks, "", "PATH",
        "folder or archive of the masks, of the images' paths but for the ending; an image without one is "
        "not annotated"),
    SETTING_PATH(
        settings_t, labels, "", "FILE",
        "CSV with columns file_name and label; optional: class, split, group, mask_file_name, x, y, w, h"),
    SETTING_TEXT(settings_t, title, "own images", "TEXT",
                 "what the images are, as tables and the shard say it"),
    SETTING_TEXT(settings_t, licence, "not stated", "TEXT",
                 "licence of the images, an attribute of the shard"),
    SETTING_INT(settings_t, pixels, "224", 8, 1024, "pixels", "side of the images"),
    SETTING_CHOICE(settings_t, fit, "crop", "crop stretch pad",
                   "crop: the middle square; stretch: all, squeezed to a square; pad: all, with black edges"),
    SETTING_CHOICE(settings_t, mask, "hard", "hard soft",
                   "annotation: 255 where half is marked, or its share"),
    SETTING_INT(settings_t, mask_threshold, "0", 0, 255, "",
                "masks are annotated from this grey level on; 0: as their values say"),
    SETTING_REALS(
        settings_t, mask_values, "", 0, 65535, "",
        "masks are annotated where they have these values, or indices of a palette; none: as their values "
        "say"),
    SETTING_FLAG(settings_t, mask_resize, "scale masks of other sizes than their images to them"),
    SETTING_REAL(settings_t, test_share, "0.2", 0, 1, "",
                 "share of test images where neither folders nor a list name splits"),
    SETTING_REAL(settings_t, validation_share, "0", 0, 1, "", "share of validation images, likewise"),
    SETTING_SEED(settings_t, seed, "1", "seed of every draw"),
    SETTING_CHOICE(settings_t, split, "train", "train validation test", "part of the data set"),
    SETTING_INT(settings_t, count, "0", 0, 1000000, "images",
                "how many of the split's images, drawn by the seed; 0: all"),
    SETTING_COUNT(settings_t, compression, "0", 0, 9, "", "gzip level of the shard, 0: none"),
    SETTING_COUNT(settings_t, chunk, "4", 1, 16, "images", "images per HDF5 chunk"),
    SETTING_END};

void folder_photographs_settings(const settings_t *s, struct photographs_settings *out) {
    settings_default(photographs_schema, out);
    snprintf(out->data, sizeof out->data, "folder");
    out->pixels = s->pixels;
    memcpy(out->fit, s->fit, sizeof s->fit);
    memcpy(out->mask, s->mask, sizeof s->mask);
    memcpy(out->split, s->split, sizeof s->split);
    memcpy(out->source, s->images, sizeof s->images);
    out->seed = s->seed;
    out->count = s->count;
    out->compression = s->compression;
    out->chunk = s->chunk;
}

static int check_settings(const settings_t *s, struct error *err) {
    if (settings_check(folder_schema, s, err))
        return -1;
    if (s->mask_threshold && s->mask_values.count)
        return fail_usage(err, "--mask-threshold and --mask-values exclude each other");
    for (int i = 0; i < s->mask_values.count; i++)
        if (s->mask_values.values[i] != floor(s->mask_values.values[i]))
            return fail_usage(err, "--mask-values: %g is no whole number", s->mask_values.values[i]);
    if (s->test_share + s->validation_share > 1)
        return fail_usage(err, "--test-share and --validation-share: their sum %g is above 1",
                          s->test_share + s->validation_share);
    return 0;
}

// ---------------------------------------------------------------------------------------------- inputs

json_t *folder_inputs(const settings_t *s, struct error *err) {
    const char *const paths[3] = {s->images, s->masks, s->labels};
    static const char *const names[3] = {"images", "masks", "labels"};
    json_t *inputs = json_object();
    int bad = inputs ? 0 : fail_memory(err, "digests of the inputs");
    if (!bad && !*s->images)
        bad = fail_usage(err, "--images: a folder or an archive of images must be given");
    for (int i = 0; i < 3 && !bad; i++)
        bad = *paths[i] ? source_digest_add(inputs, names[i], paths[i], err) : 0;
    if (!bad)
        return inputs;
    json_decref(inputs);
    return NULL;
}

static int open_lists(const settings_t *s, struct folder *f, struct catalogue *c, struct error *err) {
    return check_settings(s, err) || folder_open(f, s, c, err) ? -1 : 0;
}

static int count_split(const struct catalogue *c, enum split split) {
    int count = 0;
    for (int i = 0; i < c->count; i++)
        count += c->items[i].split == (int)split;
    return count;
}

int folder_classes(const settings_t *s, struct error *err) {
    struct folder f = {0};
    struct catalogue c = {0};
    int bad = open_lists(s, &f, &c, err), classes = c.classes;
    folder_free(&f);
    catalogue_free(&c);
    return bad ? -1 : classes;
}

int folder_images(const settings_t *s, struct error *err) {
    struct folder f = {0};
    struct catalogue c = {0};
    if (s->count)
        return s->count;
    int bad = open_lists(s, &f, &c, err), count = count_split(&c, split_of_name(s->split));
    folder_free(&f);
    catalogue_free(&c);
    return bad ? -1 : count;
}

// ---------------------------------------------------------------------------------------------- the format

// What is being read: a folder and its catalogue, which the reader takes over.
struct reading {
    struct folder folder;
    struct catalogue catalogue;
    struct photograph_reader reader;
    struct photographs_settings photographs;
    struct mask_coding coding;
    json_t *readings; // how masks were read
};

// Whatever lists and folders say, no image has a class.
static int fail_no_image(const struct folder *f, struct error *err) {
    const char *list = f->settings->labels;
    return *list ? fail(err, "%s: names none of the images of %s", list, f->settings->images)
                 : fail(err,
                        "%s: no image has a class: it is the name of its folder, or stands in a list "
                        "(--labels FILE.csv)",
                        f->settings->images);
}

static int list_images(const void *context, const char *source, enum split split, uint64_t seed,
                       struct catalogue *c, struct error *err) {
    struct reading *r = (struct reading *)context;
    (void)source, (void)split, (void)seed;
    if (!r->catalogue.count)
        return fail_no_image(&r->folder, err);
    *c = r->catalogue;
    r->catalogue = (struct catalogue){0};
    c->skipped = r->folder.skipped;
    c->notes = r->folder.notes;
    r->folder.skipped = r->folder.notes = (struct remarks){0};
    return 0;
}

static int by_name(const void *a, const void *b) {
    return strcmp(a, ((const struct folder_image *)b)->name);
}

// The image that a member is; NULL where it is none that is used.
static const struct folder_image *image_of(const struct folder *f, const char *member) {
    if (!f->count || strlen(member) < f->image_strip)
        return NULL;
    const struct folder_image *found =
        bsearch(member + f->image_strip, f->images, (size_t)f->count, sizeof *f->images, by_name);
    return found && found->used ? found : NULL;
}

static int image_id(const void *context, const char *member, char id[LISTED_ID_SIZE]) {
    const struct reading *r = context;
    const struct folder_image *image = image_of(&r->folder, member);
    if (image)
        memcpy(id, image->id, LISTED_ID_SIZE);
    return image && catalogue_find(&r->reader.catalogue, id);
}

static int by_mask(const void *a, const void *b) {
    return strcmp(a, ((const struct folder_mask *)b)->name);
}

static int mask_id(const void *context, const char *member, char id[LISTED_ID_SIZE]) {
    const struct folder *f = &((const struct reading *)context)->folder;
    if (!f->mask_count || strlen(member) < f->mask_strip)
        return 0;
    const struct folder_mask *found =
        bsearch(member + f->mask_strip, f->masks, (size_t)f->mask_count, sizeof *f->masks, by_mask);
    if (found)
        memcpy(id, f->images[found->image].id, LISTED_ID_SIZE);
    return found != NULL;
}

static const struct folder_image *image_by_id(const struct folder *f, const char *id) {
    int found = folder_find(f, id);
    return found >= 0 && !strcmp(f->images[found].id, id) ? &f->images[found] : NULL;
}

// Pixels whose centres lie in one of the boxes. An image with a mask has no need of them.
static int draw_boxes(const void *context, const char *id, int width, int height, uint8_t *values) {
    const struct folder *f = &((const struct reading *)context)->folder;
    const struct folder_image *image = image_by_id(f, id);
    if (!image || image->first_box < 0 || *image->mask)
        return 0;
    memset(values, 0, (size_t)width * (size_t)height);
    for (int b = image->first_box; b >= 0; b = f->boxes[b].next)
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
                if (x + 0.5 >= f->boxes[b].x && x + 0.5 < f->boxes[b].x + f->boxes[b].width &&
                    y + 0.5 >= f->boxes[b].y && y + 0.5 < f->boxes[b].y + f->boxes[b].height)
                    values[(size_t)y * (size_t)width + (size_t)x] = 255;
    return 1;
}

static const struct photograph_format folder_format = {
    .name = "folder", .list = list_images, .image_id = image_id, .mask_id = mask_id, .draw_mask = draw_boxes};

// ---------------------------------------------------------------------------------------------- attributes

struct found { // of the images that are written
    int unmasked, full, empty;
};

static struct found count_masks(const struct photograph_reader *r) {
    struct found n = {0};
    for (int i = 0; i < r->count; i++) {
        const struct photograph *item = &r->items[i];
        int empty = !item->masked && item->mask_width > 0;
        n.empty += empty;
        n.unmasked += !item->masked && !empty;
        n.full += item->masked && item->full;
    }
    return n;
}

static json_t *names_json(const char *first, size_t size, int count) {
    json_t *names = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(names, json_string(first + (size_t)i * size));
    return names;
}

static json_t *attributes_json(void *context, struct error *err) {
    const struct photograph_reader *reader = context;
    const struct reading *r = reader->context;
    const settings_t *s = r->folder.settings;
    struct found n = count_masks(reader);
    json_t *all = settings_json(folder_schema, s, 1), *inputs = all ? folder_inputs(s, err) : NULL;
    if (!inputs) {
        json_decref(all);
        return NULL;
    }
    struct text values = {0}; // a list may be empty, which no attribute can
    settings_add_text(&values, settings_find(folder_schema, "mask_values"), s);
    json_object_set_new(all, "mask_values", json_string(text_string(&values)));
    json_object_del(all, "licence"); // licence_of_photographs
    text_free(&values);
    json_t *more = json_pack(
        "{ss ss ss si ss so so so si si si si so si so so si si si ss}", "title", s->title,
        "photographs_from", "folder", "generator", "reff " REFF_VERSION, "generator_revision",
        FOLDER_REVISION, "licence_of_photographs", s->licence, "class_names",
        names_json(reader->catalogue.class_names[0], CLASS_NAME_SIZE, reader->catalogue.classes),
        "group_names", names_json(r->folder.group_names[0], sizeof *r->folder.group_names, r->folder.groups),
        "sources_sha256", source_digest_lines(inputs), "count", reader->count, "listed", reader->listed,
        "left_out", reader->left_out, "skipped", reader->skipped.count, "skipped_why",
        photograph_remarks_json(&reader->skipped), "duplicates", reader->duplicates, "notes",
        photograph_remarks_json(&reader->notes), "masks_read",
        json_array_size(r->readings) ? json_incref(r->readings) : json_string(""), "without_mask", n.unmasked,
        "empty_masks", n.empty, "full_masks", n.full, "annotations",
        n.unmasked + n.empty == reader->count ? "none" : "needed");
    json_decref(inputs);
    if (more && !json_object_update(all, more)) {
        json_decref(more);
        return all;
    }
    json_decref(more);
    json_decref(all);
    fail_memory(err, "attributes");
    return NULL;
}

// ---------------------------------------------------------------------------------------------- all

// What was read, and how, said once.
static void say_found(const struct reading *r, const char *path) {
    const struct photograph_reader *reader = &r->reader;
    const struct folder *f = &r->folder;
    struct found n = count_masks(reader);
    char shown[PATH_SIZE];
    text_visible(shown, sizeof shown, path);
    if (f->classless)
        fprintf(stderr, "reff: %s: the list has no column 'label' or 'class': folders say the classes\n",
                shown);
    if (f->unlisted)
        fprintf(stderr, "reff: %s: %d pictures of the folder are in no row of the list\n", shown,
                f->unlisted);
    if (f->stray_masks)
        fprintf(stderr, "reff: %s: %d masks belong to no image\n", shown, f->stray_masks);
    mask_readings_print(r->readings, path);
    if (n.unmasked == reader->count)
        fprintf(stderr, "reff: %s: no image has a mask: nothing is annotated\n", shown);
    else if (n.unmasked)
        fprintf(stderr, "reff: %s: %d images have no mask and count as not annotated\n", shown, n.unmasked);
    if (n.empty)
        fprintf(stderr,
                "reff: %s: %d masks mark nothing that is shown; their images count as not annotated\n", shown,
                n.empty);
    if (n.full)
        fprintf(stderr, "reff: %s: %d masks mark all of what is shown\n", shown, n.full);
}

// The first few by name.
static void say_empty_classes(const struct catalogue *c, enum split split, const char *path,
                              const char *name_of_split) {
    enum { NAMED = 5 };
    struct text list = {0};
    int empty = 0;
    for (int k = 0; k < c->classes; k++) {
        int found = 0;
        char name[CLASS_NAME_SIZE + 40];
        for (int i = 0; i < c->count; i++)
            found += c->items[i].label == k && c->items[i].split == (int)split;
        if (!found && empty++ < NAMED)
            text_printf(&list, "%s'%s'", empty > 1 ? ", " : "",
                        text_visible(name, sizeof name, c->class_names[k]));
    }
    if (empty == 1)
        fprintf(stderr, "reff: %s: class %s has no image in %s\n", path, text_string(&list), name_of_split);
    else if (empty)
        fprintf(stderr, "reff: %s: %d classes have no image in %s: %s%s\n", path, empty, name_of_split,
                text_string(&list), empty > NAMED ? ", ..." : "");
    text_free(&list);
}

// How many images each split has, where the seed drew them; and classes that this one lacks.
static void say_split(const struct photograph_reader *reader, const struct folder *f, const char *path) {
    const struct catalogue *c = &reader->catalogue;
    enum split split = split_of_name(f->settings->split);
    char shown[PATH_SIZE];
    text_visible(shown, sizeof shown, path);
    if (!f->split_told)
        fprintf(stderr, "reff: %s: splits drawn by seed %llu: %d train, %d validation, %d test\n", shown,
                (unsigned long long)f->settings->seed, count_split(c, SPLIT_TRAIN),
                count_split(c, SPLIT_VALIDATION), count_split(c, SPLIT_TEST));
    say_empty_classes(c, split, shown, f->settings->split);
    if (c->classes == 1)
        fprintf(stderr, "reff: %s: all images are of one class: a network has nothing to tell apart\n",
                shown);
}

static void begin_reader(struct reading *r, const char *path, progress_function *progress,
                         void *progress_context) {
    const settings_t *s = r->folder.settings;
    folder_photographs_settings(s, &r->photographs);
    r->coding = (struct mask_coding){.threshold = s->mask_threshold,
                                     .value_count = s->mask_values.count,
                                     .advice = "--mask-threshold or --mask-values says which are annotated"};
    for (int i = 0; i < s->mask_values.count; i++)
        r->coding.values[i] = (int)s->mask_values.values[i];
    r->reader = (struct photograph_reader){.format = &folder_format,
                                           .context = r,
                                           .settings = &r->photographs,
                                           .images_path = s->images,
                                           .masks_path = r->folder.masks_path,
                                           .coding = &r->coding,
                                           .masks_optional = 1,
                                           .mask_resize = s->mask_resize,
                                           .output = path,
                                           .progress = progress,
                                           .progress_context = progress_context};
}

// A width for the ids that all splits and counts of a source have in common: a whole number of 64 bytes.
static int id_size(const struct catalogue *c) {
    size_t longest = 0;
    for (int i = 0; i < c->count; i++)
        longest = strlen(c->items[i].id) > longest ? strlen(c->items[i].id) : longest;
    return (int)((longest + 64) / 64 * 64);
}

static int write_folder(struct reading *r, const char *path, struct error *err) {
    const struct photograph_form form = {.id_size = id_size(&r->reader.catalogue),
                                         .extra = PHOTOGRAPH_HAS_MASK,
                                         .attributes = attributes_json};
    if (!(r->readings = mask_readings(&r->reader, 1, err)))
        return -1;
    photograph_print_remarks(path, &r->reader.notes, "noted");
    say_found(r, path);
    say_split(&r->reader, &r->folder, path);
    return photograph_shard_write(&r->reader, &form, path, err);
}

int folder_generate(const settings_t *settings, const char *path, progress_function *progress,
                    void *progress_context, struct shard_written *written, struct error *err) {
    struct reading *r = allocate(1, sizeof *r, "a data set", err);
    if (!r)
        return -1;
    r->reader.store = -1;
    int bad = open_lists(settings, &r->folder, &r->catalogue, err);
    if (!bad) {
        begin_reader(r, path, progress, progress_context);
        r->reader.written = written;
        bad = file_check_target(path, err) || photograph_reader_run(&r->reader, err);
        photograph_print_remarks(path, &r->reader.skipped, "skipped"); // after failures, too: they may be why
        bad = bad || write_folder(r, path, err);
        photograph_reader_close(&r->reader);
    } else {
        photograph_print_remarks(path, &r->folder.skipped, "skipped");
    }
    json_decref(r->readings);
    folder_free(&r->folder);
    catalogue_free(&r->catalogue);
    free(r);
    return bad ? -1 : 0;
}
