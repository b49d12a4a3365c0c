// SPDX-License-Identifier: Apache-2.0
// ISIC 2017 (Codella et al., "Skin lesion analysis toward melanoma detection", ISBI 2018): for each split the
// images ISIC-2017_<Split>_Data.zip (ISIC_nnnnnnn.jpg, and ISIC_nnnnnnn_superpixels.png, which are not read),
// the lesions' masks ..._Part1_GroundTruth.zip (ISIC_nnnnnnn_segmentation.png), and the labels
// ..._Part3_GroundTruth.csv: image_id,melanoma,seborrheic_keratosis with 0.0 or 1.0. A lesion that is neither
// is a nevus.
#include "gen/photographs/catalogue.h"

#include "gen/read/csv_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_MAXIMUM ((size_t)64 << 20) // bytes
// "0", "0.0", "1", "1.0"; -1 for anything else.
static int read_flag(const struct csv_rows *rows, const char *text) {
    double value;
    return csv_rows_number(rows, text, &value) ? value == 0 ? 0 : value == 1 ? 1 : -1 : -1;
}

enum { IMAGE_ID, MELANOMA, KERATOSIS, FIELDS };

static const char *const columns[FIELDS] = {"image_id", "melanoma", "seborrheic_keratosis"};

// One row: an image, or a remark.
static int take_row(const struct csv_rows *rows, int row, const int at[FIELDS], int split,
                    struct catalogue *c, struct remarks *skipped, struct error *err) {
    int number = csv_rows_line(rows, row), count = csv_rows_width(rows, row), flags[FIELDS];
    const char *name = csv_rows_field(rows, row, at[IMAGE_ID]);
    char id[LISTED_ID_SIZE];
    if (!catalogue_listed_id(name, id))
        return remark_add(skipped, "?", err, "line %d: '%.60s' is no image's id", number, name);
    if (count != rows->columns)
        return remark_add(skipped, id, err, "line %d: %s fields than %d", number,
                          count < rows->columns ? "fewer" : "more", rows->columns);
    for (int k = MELANOMA; k < FIELDS; k++) {
        const char *field = csv_rows_field(rows, row, at[k]);
        double value;
        if ((flags[k] = read_flag(rows, field)) < 0)
            return remark_add(skipped, id, err, "line %d: %s is '%.40s', %s", number, columns[k], field,
                              csv_rows_number(rows, field, &value) ? "neither 0 nor 1"
                                                                   : "not a decimal number (0 or 1)");
    }
    if (flags[MELANOMA] && flags[KERATOSIS])
        return remark_add(skipped, id, err, "line %d: both melanoma and seborrheic keratosis", number);
    struct listed item = {.split = split, .label = flags[MELANOMA] ? 0 : flags[KERATOSIS] ? 1 : 2};
    memcpy(item.id, id, sizeof id);
    return catalogue_add(c, &item, err);
}

int isic2017_parse(const char *name, const char *text, size_t size, int split, struct catalogue *c,
                   struct remarks *skipped, struct error *err) {
    struct csv_rows rows;
    int at[FIELDS], bad = csv_rows_read(&rows, name, text, size, err);
    for (int k = 0; k < FIELDS && !bad; k++)
        bad = (at[k] = csv_rows_need(&rows, columns[k], err)) < 0;
    for (int i = 0; i < rows.count && !bad; i++)
        bad = take_row(&rows, i, at, split, c, skipped, err);
    csv_rows_free(&rows);
    return bad ? -1 : 0;
}

static int by_id_then_label(const void *a, const void *b) {
    const struct listed *x = a, *y = b;
    int order = strcmp(x->id, y->id);
    return order ? order : (x->label > y->label) - (x->label < y->label);
}

// An id that the same list holds more than once is kept once if all its rows agree, else not at all.
static int drop_repeats(struct catalogue *c, int first, struct remarks *skipped, struct remarks *notes,
                        struct error *err) {
    struct listed *items = c->items + first;
    int count = c->count - first, kept = 0;
    if (count)
        qsort(items, (size_t)count, sizeof *items, by_id_then_label);
    for (int i = 0, next; i < count; i = next) {
        int agree = 1;
        for (next = i + 1; next < count && !strcmp(items[next].id, items[i].id); next++)
            agree &= items[next].label == items[i].label;
        if (next > i + 1 && remark_add(agree ? notes : skipped, items[i].id, err, "%d rows, %s", next - i,
                                       agree ? "which agree: the image is used once" : "which disagree"))
            return -1;
        if (agree)
            items[kept++] = items[i];
    }
    c->count = first + kept;
    return 0;
}

static int list_split(const char *source, int split, struct catalogue *c, struct remarks *skipped,
                      struct remarks *notes, struct error *err) {
    char path[PATH_SIZE];
    size_t size;
    int first = c->count;
    if (catalogue_locate(source, isic2017_format.labels[split], path, err))
        return -1;
    char *text = file_read(path, LIST_MAXIMUM, &size, err);
    int bad = !text || isic2017_parse(path, text, size, split, c, skipped, err) ||
              drop_repeats(c, first, skipped, notes, err);
    free(text);
    return bad ? -1 : 0;
}

static int list_all(const void *context, const char *source, enum split split, uint64_t seed,
                    struct catalogue *c, struct error *err) {
    static const char *const names[] = {"melanoma", "seborrheic keratosis", "nevus"};
    struct remarks others = {0};
    int bad = 0;
    (void)context, (void)seed;
    c->classes = 3;
    for (int k = 0; k < 3; k++)
        snprintf(c->class_names[k], CLASS_NAME_SIZE, "%s", names[k]);
    for (int s = 0; s < SPLITS && !bad; s++) {
        int own = s == (int)split,
            there = own ? 1 : catalogue_present(source, isic2017_format.labels[s], err);
        if (there < 0)
            bad = -1;
        else if (there)
            bad = own ? list_split(source, s, c, &c->skipped, &c->notes, err)
                      : list_split(source, s, c, &c->foreign, &others, err);
    }
    free(others.items);
    return bad || catalogue_sort(c, source, err) ? -1 : 0;
}

static int image_id(const void *context, const char *member, char id[LISTED_ID_SIZE]) {
    (void)context;
    return catalogue_member_id(member, "", ".jpg\0.jpeg\0.png\0", id) && !strstr(id, "_superpixels") &&
           !strstr(id, "_segmentation");
}

static int mask_id(const void *context, const char *member, char id[LISTED_ID_SIZE]) {
    (void)context;
    return catalogue_member_id(member, "_segmentation", ".png\0", id);
}

#define TRAIN "ISIC-2017_Training_"
#define VALID "ISIC-2017_Validation_"
#define TEST  "ISIC-2017_Test_v2_"

const struct photograph_format isic2017_format = {
    .name = "isic2017",
    .title = "ISIC2017",
    .licence = "CC-0, as published with the ISIC 2017 challenge",
    .files = {TRAIN "Data", TRAIN "Part1_GroundTruth", TRAIN "Part3_GroundTruth.csv", VALID "Data",
              VALID "Part1_GroundTruth", VALID "Part3_GroundTruth.csv", TEST "Data", TEST "Part1_GroundTruth",
              TEST "Part3_GroundTruth.csv"},
    .images = {TRAIN "Data", VALID "Data", TEST "Data"},
    .masks = {TRAIN "Part1_GroundTruth", VALID "Part1_GroundTruth", TEST "Part1_GroundTruth"},
    .labels = {TRAIN "Part3_GroundTruth.csv", VALID "Part3_GroundTruth.csv", TEST "Part3_GroundTruth.csv"},
    .list = list_all,
    .image_id = image_id,
    .mask_id = mask_id};
