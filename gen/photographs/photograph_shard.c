// SPDX-License-Identifier: Apache-2.0
#include "gen/photographs/photograph_shard.h"

#include "core/base/text.h"
#include "gen/write/shard_batch.h"

#include <stdio.h>
#include <string.h>

#define BATCH_MAXIMUM  512 // images that are written together
#define REMARKS_SHOWN  20  // on standard error
#define REMARKS_STORED 100 // in the shard's attributes

typedef struct photographs_settings settings_t;

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
    EXTRA,
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
    [SCALE_Y] = {"scale_y", COLUMN_FLOAT64, 0, "the same downwards"}};

static const struct column extra_columns[] = {
    [PHOTOGRAPH_SPECIES] = {"species", COLUMN_INT32, 0, "1 cat, 2 dog"},
    [PHOTOGRAPH_HAS_MASK] = {
        "has_mask", COLUMN_INT32, 0,
        "1: its annotation is the source's; 0: it has none, and all of it counts as relevant"}};

_Static_assert((int)COLUMNS <= (int)SHARD_BATCH_COLUMNS, "a batch holds all columns");

static void describe_columns(const struct photograph_form *form, struct column columns[COLUMNS + 1]) {
    memcpy(columns, all_columns, sizeof all_columns);
    columns[ID].text_size = form->id_size;
    columns[EXTRA] = extra_columns[form->extra];
    if (form->extra == PHOTOGRAPH_HAS_MASK) {
        columns[ID].help = "path of the image below the folder, without its ending";
        columns[GROUP].help = "number in group_names";
    }
}

static void fill_columns(struct shard_batch *b, int at, const struct photograph *item,
                         const struct placement *p, enum photograph_extra extra) {
    const double numbers[COLUMNS] = {
        [GROUP] = extra == PHOTOGRAPH_HAS_MASK ? item->listed->group : item->listed->label,
        [WIDTH] = item->width,
        [HEIGHT] = item->height,
        [CROP_X] = p->x,
        [CROP_Y] = p->y,
        [CROP_WIDTH] = p->width,
        [CROP_HEIGHT] = p->height,
        [SCALE_X] = (double)p->wide / p->width,
        [SCALE_Y] = (double)p->high / p->height,
        [EXTRA] = extra == PHOTOGRAPH_SPECIES ? item->listed->species : item->masked};
    b->labels[at] = item->listed->label;
    for (int c = 0; b->columns[c].name; c++)
        if (b->columns[c].type != COLUMN_TEXT)
            shard_batch_set_number(b, c, at, numbers[c]);
    shard_batch_set_text(b, ID, at, item->listed->id);
    shard_batch_set_text(b, FILE_DIGEST, at, item->digest);
}

// ---------------------------------------------------------------------------------------------- remarks

json_t *photograph_remarks_json(const struct remarks *remarks) {
    json_t *list = json_array();
    for (int i = 0; i < remarks->count && i < REMARKS_STORED; i++)
        json_array_append_new(list, json_sprintf("%s: %s", remarks->items[i].id, remarks->items[i].why));
    if (!json_array_size(list)) {
        json_decref(list);
        return json_string("");
    }
    return list;
}

void photograph_print_remarks(const char *path, const struct remarks *remarks, const char *what) {
    char shown[PATH_SIZE];
    text_visible(shown, sizeof shown, path);
    for (int i = 0; i < remarks->count && i < REMARKS_SHOWN; i++)
        fprintf(stderr, "reff: %s: %s %s: %s\n", shown, remarks->items[i].id, what, remarks->items[i].why);
    if (remarks->count > REMARKS_SHOWN)
        fprintf(stderr, "reff: %s: %d more %s; the shard's attributes name the first %d\n", shown,
                remarks->count - REMARKS_SHOWN, what, REMARKS_STORED);
}

// ---------------------------------------------------------------------------------------------- writing

struct photograph_writing {
    struct photograph_reader *reader;
    const struct photograph_form *form;
};

// Photograph number `index`, which the reader has in its store.
static int make_image(void *context, struct shard_batch *b, int at, int index, struct error *err) {
    const struct photograph_writing *w = context;
    const struct photograph_reader *r = w->reader;
    const struct photograph *item = &r->items[index];
    struct placement p = resample_place(item->width, item->height, r->fit, r->settings->pixels);
    fill_columns(b, at, item, &p, w->form->extra);
    return photograph_reader_get(r, index, shard_batch_image(b, at), shard_batch_mask(b, at), err);
}

// Images that are written, as steps of the whole work: the third of each image's steps.
static void count_written(void *context, double done, double total, const char *note) {
    const struct photograph_reader *r = ((const struct photograph_writing *)context)->reader;
    (void)total;
    if (r->progress)
        r->progress(r->progress_context, (r->steps_done + done) / 3, r->steps / 3, note);
}

static json_t *make_attributes(void *context, struct error *err) {
    const struct photograph_writing *w = context;
    return w->form->attributes(w->reader, err);
}

int photograph_shard_write(struct photograph_reader *r, const struct photograph_form *form, const char *path,
                           struct error *err) {
    const settings_t *s = r->settings;
    struct column columns[COLUMNS + 1];
    struct photograph_writing writing = {r, form};
    describe_columns(form, columns);
    struct shard_recipe recipe = {.shape = {r->count, s->pixels, s->pixels, r->catalogue.classes},
                                  .columns = columns,
                                  .compression = s->compression,
                                  .chunk = s->chunk,
                                  .batch = BATCH_MAXIMUM,
                                  .context = &writing,
                                  .make = make_image,
                                  .attributes = make_attributes,
                                  .progress = count_written,
                                  .progress_context = &writing,
                                  .written = r->written};
    return shard_batch_generate(&recipe, path, err);
}
