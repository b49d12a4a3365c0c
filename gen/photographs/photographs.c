// SPDX-License-Identifier: Apache-2.0
#include "gen/photographs/photographs.h"

#include "core/base/memory.h"
#include "core/base/version.h"
#include "core/shard/groups.h"
#include "gen/photographs/mask_readings.h"
#include "gen/photographs/photograph_reader.h"
#include "gen/photographs/standins.h"
#include "gen/read/members.h"
#include "gen/write/shard_batch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define BATCH_MAXIMUM  512 // images that are written together
#define REMARKS_SHOWN  20  // on standard error
#define REMARKS_STORED 100 // in the shard's attributes

typedef struct photographs_settings settings_t;

const struct setting photographs_schema[] = {
    SETTING_CHOICE(settings_t, data, "isic2017", "isic2017 pets", "the data set"),
    SETTING_INT(settings_t, pixels, "224", 8, 1024, "pixels", "side of the images"),
    SETTING_CHOICE(settings_t, fit, "crop", "crop stretch pad",
                   "crop: the middle square; stretch: all, squeezed to a square; pad: all, with black edges"),
    SETTING_CHOICE(settings_t, mask, "hard", "hard soft",
                   "annotation: 255 where half is marked, or its share"),
    SETTING_SEED(settings_t, seed, "1", "seed of every draw"),
    SETTING_CHOICE(settings_t, split, "train", "train validation test", "part of the data set"),
    SETTING_INT(settings_t, count, "0", 0, 1000000, "images",
                "how many of the split's images, drawn by the seed; 0: all"),
    SETTING_CHOICE(settings_t, annotations, "needed", "needed none",
                   "none: read no masks and mark all of each image; not for training"),
    SETTING_CHOICE(settings_t, artefacts, "spurious", "spurious uniform none",
                   "drawn lesions: whether artefacts go with the class (never in test data)"),
    SETTING_PATH(settings_t, source, "", "FOLDER",
                 "folder with the official files; none: stand-ins drawn by the program"),
    SETTING_COUNT(settings_t, compression, "0", 0, 9, "", "gzip level of the shard, 0: none"),
    SETTING_COUNT(settings_t, chunk, "4", 1, 16, "images", "images per HDF5 chunk"),
    SETTING_END};

static const struct photograph_format *format_of(const settings_t *s) {
    static const struct photograph_format *const formats[] = {&isic2017_format, &pets_format, NULL};
    int i = 0;
    while (formats[i + 1] && strcmp(formats[i]->name, s->data) != 0) // the schema has these words
        i++;
    return formats[i];
}

// ---------------------------------------------------------------------------------------------- inputs

static int every_file(const void *context, const char *name) {
    (void)context;
    return member_file_name(name)[0] != '.';
}

// A line "NAME SHA256" of each file, for a sum over the sorted lines.
struct listing {
    int count;
    char (*lines)[PATH_SIZE];
};

static int list_file(void *context, const char *name, uint8_t *bytes, size_t size, struct error *err) {
    struct listing *l = context;
    char hex[DIGEST_SIZE];
    int bad = digest_bytes(bytes, size, hex, err);
    free(bytes);
    if (bad || (!(l->count & (l->count - 1)) &&
                array_resize(l->lines, l->count ? 2 * (size_t)l->count : 1, "a list of files", err)))
        return -1;
    snprintf(l->lines[l->count++], PATH_SIZE, "%.3900s %s\n", name, hex);
    return 0;
}

static int by_line(const void *a, const void *b) {
    return strcmp(a, b);
}

static int digest_folder(const char *path, char hex[DIGEST_SIZE], struct error *err) {
    struct listing l = {0};
    struct digest *sum = NULL;
    int bad = members_stream(path, every_file, NULL, list_file, &l, err) || !(sum = digest_start(err));
    if (!bad && l.count)
        qsort(l.lines, (size_t)l.count, sizeof *l.lines, by_line);
    for (int i = 0; i < l.count && !bad; i++)
        digest_add(sum, l.lines[i], strlen(l.lines[i]));
    if (sum)
        digest_finish(sum, hex);
    free(l.lines);
    return bad ? -1 : 0;
}

// Adds {name: digest} of one of the official files.
static int add_digest(json_t *inputs, const char *source, const char *name, struct error *err) {
    char path[PATH_SIZE], hex[DIGEST_SIZE];
    struct stat status;
    if (catalogue_locate(source, name, path, err))
        return -1;
    if (stat(path, &status))
        return fail_system(err, errno, "%s", path);
    if (S_ISDIR(status.st_mode) ? digest_folder(path, hex, err) : digest_file(path, hex, err))
        return -1;
    return json_object_set_new(inputs, member_file_name(path), json_string(hex))
               ? fail_memory(err, "digests of the inputs")
               : 0;
}

json_t *photographs_inputs(const settings_t *s, struct error *err) {
    if (!*s->source)
        return standins_inputs(s, err);
    const struct photograph_format *f = format_of(s);
    json_t *inputs = json_object();
    int bad = inputs ? 0 : fail_memory(err, "digests of the inputs");
    for (int i = 0; i < CATALOGUE_FILES && f->files[i] && !bad; i++) {
        int there = catalogue_present(s->source, f->files[i], err);
        bad = there < 0 ? -1 : there ? add_digest(inputs, s->source, f->files[i], err) : 0;
    }
    if (!bad && !json_object_size(inputs)) {
        char path[PATH_SIZE];
        bad = catalogue_locate(s->source, f->files[0], path, err); // says what is missing
    }
    if (!bad)
        return inputs;
    json_decref(inputs);
    return NULL;
}

// ---------------------------------------------------------------------------------------------- lists

static int check_settings(const settings_t *settings, struct error *err) {
    if (settings_check(photographs_schema, settings, err))
        return -1;
    if (!strcmp(settings->annotations, "none") && !strcmp(settings->split, "train"))
        return fail_usage(err, "--annotations: none is not for training: where all of an image is marked, "
                               "nothing is learned from the annotation");
    if (*settings->source && strcmp(settings->artefacts, "spurious") != 0)
        return fail_usage(err, "--artefacts: %s is of drawn lesions, not of photographs",
                          settings->artefacts);
    return 0;
}

static int read_lists(const settings_t *s, struct catalogue *c, enum split *split, struct error *err) {
    *split = split_of_name(s->split);
    return check_settings(s, err) || format_of(s)->list(NULL, s->source, *split, s->seed, c, err) ? -1 : 0;
}

int photographs_classes(const settings_t *s, struct error *err) {
    if (!*s->source)
        return standins_kind(s)->classes;
    struct catalogue c = {0};
    enum split split;
    int bad = read_lists(s, &c, &split, err), classes = c.classes;
    catalogue_free(&c);
    return bad ? -1 : classes;
}

int photographs_images(const settings_t *s, struct error *err) {
    struct catalogue c = {0};
    enum split split;
    int bad = 0, count = *s->source ? s->count : standins_images(s);
    if (!count) {
        bad = read_lists(s, &c, &split, err);
        for (int i = 0; i < c.count; i++)
            count += c.items[i].split == (int)split;
        catalogue_free(&c);
    }
    return bad ? -1 : count;
}

// ---------------------------------------------------------------------------------------------- columns

enum {
    GROUP,
    ID,
    FILE_DIGEST,
    WIDTH,
    HEIGHT,
    CROP_X,
    CROP_Y,
    CROP_WIDTH,
    CROP_HEIGHT,
    SCALE_X,
    SCALE_Y,
    SPECIES,
    COLUMNS
};

static const struct column all_columns[COLUMNS + 1] = {
    [GROUP] = {"group", COLUMN_INT32, 0,
               "number in group_names: the label, since nothing is known to go with it"},
    [ID] = {"id", COLUMN_TEXT, OFFICIAL_ID_SIZE, "name of the image in the official lists"},
    [FILE_DIGEST] = {"file_sha256", COLUMN_TEXT, DIGEST_SIZE, "digest of the image's file"},
    [WIDTH] = {"width", COLUMN_INT32, 0, "pixels of the file"},
    [HEIGHT] = {"height", COLUMN_INT32, 0, "pixels of the file"},
    [CROP_X] = {"crop_x", COLUMN_INT32, 0, "left end of the part that is shown, in the file's pixels"},
    [CROP_Y] = {"crop_y", COLUMN_INT32, 0, "upper end of it"},
    [CROP_WIDTH] = {"crop_width", COLUMN_INT32, 0, "its width"},
    [CROP_HEIGHT] = {"crop_height", COLUMN_INT32, 0, "its height"},
    [SCALE_X] = {"scale_x", COLUMN_FLOAT64, 0, "pixels of the shard for a pixel of the file, across"},
    [SCALE_Y] = {"scale_y", COLUMN_FLOAT64, 0, "the same downwards"},
    [SPECIES] = {"species", COLUMN_INT32, 0, "1 cat, 2 dog"}};

_Static_assert((int)COLUMNS <= (int)SHARD_BATCH_COLUMNS, "a batch holds all columns");

// Those that the data set has.
static void describe_columns(const struct photograph_format *f, struct column columns[COLUMNS + 1]) {
    memcpy(columns, all_columns, sizeof all_columns);
    if (!f->has_species)
        columns[SPECIES].name = NULL;
}

static void fill_columns(struct shard_batch *b, int at, const struct photograph *item,
                         const struct placement *p) {
    const double numbers[COLUMNS] = {[GROUP] = item->listed->label,
                                     [WIDTH] = item->width,
                                     [HEIGHT] = item->height,
                                     [CROP_X] = p->x,
                                     [CROP_Y] = p->y,
                                     [CROP_WIDTH] = p->width,
                                     [CROP_HEIGHT] = p->height,
                                     [SCALE_X] = (double)p->wide / p->width,
                                     [SCALE_Y] = (double)p->high / p->height,
                                     [SPECIES] = item->listed->species};
    b->labels[at] = item->listed->label;
    for (int c = 0; b->columns[c].name; c++)
        if (b->columns[c].type != COLUMN_TEXT)
            shard_batch_set_number(b, c, at, numbers[c]);
    shard_batch_set_text(b, ID, at, item->listed->id);
    shard_batch_set_text(b, FILE_DIGEST, at, item->digest);
}

// ---------------------------------------------------------------------------------------------- attributes

static json_t *remarks_json(const struct remarks *remarks) {
    json_t *list = json_array();
    for (int i = 0; i < remarks->count && i < REMARKS_STORED; i++)
        json_array_append_new(list, json_sprintf("%s: %s", remarks->items[i].id, remarks->items[i].why));
    if (!json_array_size(list)) {
        json_decref(list);
        return json_string("");
    }
    return list;
}

static json_t *attributes_json(void *context, struct error *err) {
    const struct photograph_reader *r = context;
    const settings_t *s = r->settings;
    enum split split = r->items[0].listed->split;
    const struct photograph_format *f = r->format;
    json_t *all = settings_json(photographs_schema, s, 1), *inputs = json_object(), *names = json_array();
    const char *const files[3] = {
        f->images[split], strcmp(s->annotations, "none") != 0 ? f->masks[split] : NULL, f->labels[split]};
    int bad = !all || !inputs || !names;
    for (int i = 0; i < 3 && !bad; i++)
        bad = files[i] && add_digest(inputs, s->source, files[i], err);
    for (int k = 0; k < r->catalogue.classes && !bad; k++)
        json_array_append_new(names, json_string(r->catalogue.class_names[k]));
    const char *name;
    json_t *value, *digests = json_array();
    json_object_foreach(inputs, name, value)
        json_array_append_new(digests, json_sprintf("%s  %s", json_string_value(value), name));
    json_t *more =
        bad ? NULL
            : json_pack("{ss ss ss si ss sO so sO si si si si so si so}", "title", f->title,
                        "photographs_from", "files", "generator", "reff " REFF_VERSION, "generator_revision",
                        PHOTOGRAPHS_REVISION, "licence_of_photographs", f->licence, "class_names", names,
                        "group_names", group_names(names, r->catalogue.classes, 0), "sources_sha256", digests,
                        "count", r->count, "listed", r->listed, "left_out", r->left_out, "skipped",
                        r->skipped.count, "skipped_why", remarks_json(&r->skipped), "duplicates",
                        r->duplicates, "notes", remarks_json(&r->notes));
    json_object_del(all, "artefacts");                         // of drawings only
    json_t *readings = more ? mask_readings(r, 0, err) : NULL; // an attribute where some are not as usual
    bad |= more && !readings;
    int joined = readings && !json_object_update(all, more) &&
                 (!json_array_size(readings) || !json_object_set(all, "masks_read", readings));
    json_decref(readings);
    json_decref(more);
    json_decref(names);
    json_decref(digests);
    json_decref(inputs);
    if (joined)
        return all;
    json_decref(all);
    if (!bad)
        fail_memory(err, "attributes");
    return NULL;
}

// ---------------------------------------------------------------------------------------------- writing

static void print_remarks(const char *path, const struct remarks *remarks, const char *what) {
    char shown[PATH_SIZE];
    text_visible(shown, sizeof shown, path);
    for (int i = 0; i < remarks->count && i < REMARKS_SHOWN; i++)
        fprintf(stderr, "reff: %s: %s %s: %s\n", shown, remarks->items[i].id, what, remarks->items[i].why);
    if (remarks->count > REMARKS_SHOWN)
        fprintf(stderr, "reff: %s: %d more %s; the shard's attributes name the first %d\n", shown,
                remarks->count - REMARKS_SHOWN, what, REMARKS_STORED);
}

// Photograph number `index`, which the reader has in its store.
static int make_image(void *context, struct shard_batch *b, int at, int index, struct error *err) {
    const struct photograph_reader *r = context;
    const struct photograph *item = &r->items[index];
    struct placement p = resample_place(item->width, item->height, r->fit, r->settings->pixels);
    fill_columns(b, at, item, &p);
    return photograph_reader_get(r, index, shard_batch_image(b, at), shard_batch_mask(b, at), err);
}

// Images that are written, as steps of the whole work: the third of each image's steps.
static void count_written(void *context, double done, double total, const char *note) {
    const struct photograph_reader *r = context;
    (void)total;
    if (r->progress)
        r->progress(r->progress_context, (r->steps_done + done) / 3, r->steps / 3, note);
}

static int write_shard(struct photograph_reader *r, const char *path, struct error *err) {
    const settings_t *s = r->settings;
    struct column columns[COLUMNS + 1];
    describe_columns(r->format, columns);
    struct shard_recipe recipe = {.shape = {r->count, s->pixels, s->pixels, r->catalogue.classes},
                                  .columns = columns,
                                  .compression = s->compression,
                                  .chunk = s->chunk,
                                  .batch = BATCH_MAXIMUM,
                                  .context = r,
                                  .make = make_image,
                                  .attributes = attributes_json,
                                  .progress = count_written,
                                  .progress_context = r};
    return shard_batch_generate(&recipe, path, err);
}

int photographs_generate(const settings_t *settings, const char *path, progress_function *progress,
                         void *progress_context, struct error *err) {
    if (check_settings(settings, err))
        return -1;
    if (!*settings->source)
        return standins_generate(settings, path, progress, progress_context, err);
    struct photograph_reader *r = allocate(1, sizeof *r, "a data set", err);
    if (!r)
        return -1;
    r->format = format_of(settings);
    r->settings = settings;
    r->output = path;
    r->progress = progress;
    r->progress_context = progress_context;
    int bad = file_check_target(path, err) || photograph_reader_run(r, err);
    print_remarks(path, &r->skipped, "skipped"); // after failures, too: they may be why
    if (!bad) {
        json_t *readings = mask_readings(r, 0, err);
        print_remarks(path, &r->notes, "noted");
        mask_readings_print(readings, path);
        bad = !readings || write_shard(r, path, err);
        json_decref(readings);
    }
    photograph_reader_close(r);
    free(r);
    return bad ? -1 : 0;
}
