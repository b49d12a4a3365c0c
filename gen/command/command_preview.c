// SPDX-License-Identifier: Apache-2.0
// reff preview: a contact sheet of a shard's images, their annotations and the names of their classes.
#include "core/base/file.h"
#include "core/base/memory.h"
#include "core/base/options.h"
#include "core/base/random.h"
#include "core/base/text.h"
#include "core/shard/shard.h"
#include "gen/command/commands.h"
#include "gen/command/contact_sheet.h"
#include "gen/read/image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE_WANTED = 96 /* screen pixels of a picture, at least, where no scale is given */ };

struct preview_options {
    int first, count, columns, scale, force;
    char shuffle[SETTING_TEXT_SIZE], annotation[SETTING_WORD_SIZE];
};

typedef struct preview_options O;

static const struct setting schema[] = {
    SETTING_COUNT(O, first, "0", 0, 16777215, "index", "number of the first image"),
    SETTING_COUNT(O, count, "40", 1, 4096, "images", "how many images"),
    SETTING_PATH(O, shuffle, "", "SEED", "images in an order drawn by this seed; none: as they lie in FILE"),
    SETTING_COUNT(O, columns, "10", 1, 256, "images", "images side by side"),
    SETTING_COUNT(O, scale, "0", 0, 16, "pixels",
                  "screen pixels per pixel; 0: so that images have 96 or more"),
    SETTING_CHOICE(O, annotation, "outline", "outline beside none", "how annotations are shown"),
    SETTING_SWITCH(O, force, "replace a file that is there"),
    SETTING_END,
};

static const struct command command = {
    .name = "preview",
    .arguments = "FILE OUT.png",
    .summary =
        "Draw a contact sheet of a shard: images with their annotations and the names of their classes.",
    .description = "Annotations (where they are at least one half) are outlined in magenta and white, or "
                   "shown as a grey picture beside each image. Below an image stands the name of its class "
                   "if FILE has names (class_names), else its label. With --shuffle, --first and --count are "
                   "places in the drawn order. \"-\" in place of OUT.png is standard output.",
    .example = "reff preview --shuffle 1 --count 60 --columns 12 train.h5 sheet.png",
    .minimum_words = 2,
    .maximum_words = 2,
    .schema = schema,
};

struct preview { // of a shard
    struct shard *shard;
    struct shard_shape shape;
    uint32_t *order;        // [shape.count] images as they are shown, of which those from `first` on
    int first, count;       // that are shown
    int32_t *labels;        // [count]
    struct text *own_names; // [shape.classes]
    const char **names;     // [count]
};

static int parse_seed(const char *text, uint64_t *seed, struct error *err) {
    static const struct setting seed_setting = {
        .name = "shuffle", .type = SETTING_TYPE_SEED, .maximum = 0x1p63};
    return settings_assign(&seed_setting, seed, text, "--shuffle", err);
}

// All images, in the order of the file or one drawn by the seed: places --first and on are shown.
static int order_images(struct preview *p, const struct preview_options *o, struct error *err) {
    uint64_t seed = 0;
    if (*o->shuffle && parse_seed(o->shuffle, &seed, err))
        return -1;
    p->order = allocate((size_t)p->shape.count, sizeof *p->order, "images", err);
    for (long i = 0; p->order && i < p->shape.count; i++)
        p->order[i] = (uint32_t)i;
    if (p->order && *o->shuffle) {
        struct random r = random_stream(seed, random_purpose("preview"), 0);
        random_shuffle(&r, p->order, (size_t)p->shape.count);
    }
    return p->order ? 0 : -1;
}

// The class's name in the shard, '_' as a blank, as DTD's and the Pets' file names have it; else its number.
static int name_classes(struct preview *p, struct error *err) {
    json_t *attributes = shard_attributes(p->shard, err);
    const json_t *names = json_object_get(attributes, "class_names");
    int bad = !attributes;
    p->own_names = bad ? NULL : allocate((size_t)p->shape.classes, sizeof *p->own_names, "names", err);
    bad = !p->own_names;
    for (int i = 0; i < p->shape.classes && !bad; i++) {
        const char *name = json_string_value(json_array_get(names, (size_t)i));
        if (name)
            text_add(&p->own_names[i], name);
        else
            text_printf(&p->own_names[i], "%d", i);
        bad = text_check(&p->own_names[i], "names", err);
        for (char *c = p->own_names[i].bytes; !bad && *c; c++)
            *c = *c == '_' ? ' ' : *c;
    }
    json_decref(attributes);
    return bad ? -1 : 0;
}

static int read_labels(struct preview *p, struct error *err) {
    p->labels = allocate((size_t)p->count, sizeof *p->labels, "labels", err);
    p->names = p->labels ? allocate((size_t)p->count, sizeof *p->names, "names", err) : NULL;
    if (!p->names || shard_read(p->shard, p->order + p->first, p->count, NULL, NULL, p->labels, err) ||
        name_classes(p, err))
        return -1;
    for (int i = 0; i < p->count; i++)
        p->names[i] = text_string(&p->own_names[p->labels[i]]);
    return 0;
}

static int put_pictures(struct contact_sheet *sheet, const struct preview *p, struct error *err) {
    size_t area = (size_t)p->shape.height * (size_t)p->shape.width;
    uint8_t *rgb = allocate(area, 3, "an image", err), *mask = rgb ? allocate(area, 1, "a mask", err) : NULL;
    int bad = !mask;
    for (int i = 0; i < p->count && !bad; i++)
        bad = shard_read(p->shard, &p->order[p->first + i], 1, rgb, mask, NULL, err) ||
              contact_sheet_put(sheet, i, rgb, mask, p->names[i], err);
    free(rgb);
    free(mask);
    return bad ? -1 : 0;
}

// "sheet.png: 40 of 800 images, 1004 x 460 pixels, 91234 bytes"
static void say_written(const char *out, const struct preview *p, const struct contact_sheet *sheet,
                        size_t size) {
    char shown[PATH_SIZE];
    fprintf(stderr, "%s: %d of %ld images, %d x %d pixels, %zu bytes\n",
            strcmp(out, "-") ? text_visible(shown, sizeof shown, out) : "standard output", p->count,
            p->shape.count, sheet->width, sheet->height, size);
}

static int write_sheet(struct contact_sheet *sheet, struct preview *p, const char *out, struct error *err) {
    uint8_t *png = NULL;
    size_t size = 0;
    int bad = contact_sheet_make(sheet, p->names, p->count, err) || put_pictures(sheet, p, err) ||
              image_encode_png(sheet->pixels, sheet->width, sheet->height, 3, &png, &size, err) ||
              file_write_or_print(out, png, size, err);
    if (!bad)
        say_written(out, p, sheet, size);
    free(png);
    contact_sheet_free(sheet);
    return bad ? -1 : 0;
}

static int preview(struct preview *p, const struct preview_options *o, const char *out, struct error *err) {
    struct shard_shape shape = p->shape = shard_shape(p->shard);
    if (o->first >= shape.count)
        return fail_usage(err, "--first: %d is not in 0..%ld, the images of %s", o->first, shape.count - 1,
                          shard_path(p->shard));
    p->first = o->first;
    p->count = o->first + o->count > shape.count ? (int)(shape.count - o->first) : o->count;
    struct contact_sheet sheet = {.columns = o->columns,
                                  .image_width = shape.width,
                                  .image_height = shape.height,
                                  .scale = o->scale ? o->scale
                                           : shape.height < SIDE_WANTED
                                               ? (SIDE_WANTED - 1 + shape.height) / shape.height
                                               : 1,
                                  .annotation = !strcmp(o->annotation, "beside")    ? SHEET_BESIDE
                                                : !strcmp(o->annotation, "outline") ? SHEET_OUTLINE
                                                                                    : SHEET_NO_ANNOTATION};
    return order_images(p, o, err) || read_labels(p, err) || write_sheet(&sheet, p, out, err) ? -1 : 0;
}

static void preview_free(struct preview *p) {
    for (int i = 0; p->own_names && i < p->shape.classes; i++)
        text_free(&p->own_names[i]);
    free(p->own_names);
    free(p->names);
    free(p->labels);
    free(p->order);
    shard_close(p->shard);
}

int command_preview(int argc, char **argv, struct error *err) {
    struct preview_options o;
    struct words words;
    int result = options_parse(&command, argc, argv, &o, &words, err);
    if (result)
        return result < 0 ? -1 : 0;
    const char *in = words.items[0], *out = words.items[1];
    if (strcmp(out, "-") && (file_check_not_input(out, in, err) || file_check_free(out, o.force, err)))
        return -1;
    struct preview p = {.shard = shard_open(in, err)};
    result = p.shard ? preview(&p, &o, out, err) : -1;
    preview_free(&p);
    return result;
}
