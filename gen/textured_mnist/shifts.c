// SPDX-License-Identifier: Apache-2.0
#include "gen/textured_mnist/shifts.h"

#include "core/shard/disc.h"

#include <string.h>

enum { COLOURS = 10, PATCH_SHARE = 8, MARGIN_SHARE = 32 };

const struct column shift_columns[SHIFT_COLUMNS] = {
    {"true_label", COLUMN_INT32, 0, "class of the digit, whatever the label says"},
    {"covered_side", COLUMN_INT32, 0,
     "side from which the background covers the digit: 0 left, 1 right, 2 top, 3 bottom"},
    {"covered_edge", COLUMN_INT32, 0, "columns or rows of the image from that side that it covers"},
    {"patch_drawn", COLUMN_INT32, 0,
     "1: colour of the patch drawn from all ten (chance patch_p), 0: the digit's own"},
    {"patch_colour", COLUMN_INT32, 0,
     "number of the patch's colour, the class that it goes with; -1: no patch"},
    {"patch_corner", COLUMN_INT32, 0, "0 upper left, 1 upper right, 2 lower left, 3 lower right"},
    {"annotation_of", COLUMN_INT32, 0, "number of the image whose digit is annotated"},
    {"annotation_missing", COLUMN_INT32, 0, "1: no annotation, 255 everywhere"},
};

// Ten hues that are far apart, none of them grey.
static const uint8_t colours[COLOURS][3] = {{230, 25, 75},  {60, 180, 75},  {255, 225, 25}, {0, 90, 220},
                                            {245, 130, 48}, {145, 30, 180}, {70, 240, 240}, {240, 50, 230},
                                            {128, 80, 0},   {0, 128, 128}};

int shifts_any(const struct textured_mnist_settings *s) {
    return s->label_noise > 0 || s->covered > 0 || s->patch_p >= 0 || strcmp(s->annotation, "exact") != 0 ||
           s->annotation_dilated > 0 || s->annotation_missing > 0 || s->annotation_shuffled > 0;
}

static struct random stream(const struct textured_mnist_settings *s, const char *purpose, int image) {
    char name[SETTING_WORD_SIZE + 80];
    snprintf(name, sizeof name, "textured-mnist %s shift %s", s->split, purpose);
    return random_stream(s->seed, random_purpose(name), (uint64_t)image);
}

// With the chance given, one of the numbers below `count` but `own`.
static int draw_other(struct random *r, double chance, int count, int own) {
    if (random_uniform(r) >= chance || count < 2)
        return own;
    int other = (int)random_below(r, (uint32_t)count - 1);
    return other < own ? other : other + 1;
}

void shift_draw(struct shift *shift, const struct textured_mnist_settings *s, int count, int image,
                int label) {
    struct random noise = stream(s, "label", image), side = stream(s, "covered side", image),
                  patch = stream(s, "patch", image), of = stream(s, "annotation of", image),
                  missing = stream(s, "annotation missing", image);
    int *v = shift->values;
    v[SHIFT_TRUE_LABEL] = label;
    shift->label = draw_other(&noise, s->label_noise, COLOURS, label);
    v[SHIFT_COVERED_SIDE] = (int)random_below(&side, 4);
    v[SHIFT_COVERED_EDGE] = 0;
    v[SHIFT_PATCH_CORNER] = (int)random_below(&patch, 4);
    v[SHIFT_PATCH_DRAWN] = random_uniform(&patch) < s->patch_p;
    v[SHIFT_PATCH_COLOUR] = s->patch_p < 0         ? -1
                            : v[SHIFT_PATCH_DRAWN] ? (int)random_below(&patch, COLOURS)
                                                   : label;
    v[SHIFT_ANNOTATION_OF] = draw_other(&of, s->annotation_shuffled, count, image);
    v[SHIFT_ANNOTATION_MISSING] = random_uniform(&missing) < s->annotation_missing;
}

// ---------------------------------------------------------------------------------------------- covering

// The pixel `across` lines from the side, number `along` of that line.
static size_t place_of(int side, int canvas, int across, int along) {
    int from_end = side % 2 ? canvas - 1 - across : across;
    return side < 2 ? (size_t)along * (size_t)canvas + (size_t)from_end
                    : (size_t)from_end * (size_t)canvas + (size_t)along;
}

void shift_cover(struct shift *shift, const struct textured_mnist_settings *s,
                 const struct texture_crop *background, uint8_t *image, uint8_t *mask) {
    int canvas = s->canvas, side = shift->values[SHIFT_COVERED_SIDE], edge = 0;
    uint64_t all = 0, covered = 0;
    for (size_t p = 0; p < (size_t)canvas * (size_t)canvas; p++)
        all += mask[p];
    while (s->covered > 0 && edge < canvas && (double)covered < s->covered * (double)all) {
        for (int along = 0; along < canvas; along++) {
            size_t p = place_of(side, canvas, edge, along), y = p / (size_t)canvas, x = p % (size_t)canvas;
            covered += mask[p];
            memcpy(image + 3 * p, background->pixels + (long)y * background->stride + 3 * (long)x, 3);
        }
        edge++;
    }
    shift->values[SHIFT_COVERED_EDGE] = edge;
    shift_uncover_mask(shift, canvas, mask);
}

void shift_uncover_mask(const struct shift *shift, int canvas, uint8_t *mask) {
    for (int across = 0; across < shift->values[SHIFT_COVERED_EDGE]; across++)
        for (int along = 0; along < canvas; along++)
            mask[place_of(shift->values[SHIFT_COVERED_SIDE], canvas, across, along)] = 0;
}

// ---------------------------------------------------------------------------------------------- patch

void shift_patch(const struct shift *shift, int canvas, uint8_t *image, uint8_t *mask) {
    int colour = shift->values[SHIFT_PATCH_COLOUR], corner = shift->values[SHIFT_PATCH_CORNER];
    int side = canvas / PATCH_SHARE, margin = canvas / MARGIN_SHARE, far = canvas - margin - side;
    int left = corner % 2 ? far : margin, top = corner / 2 ? far : margin;
    if (colour < 0)
        return;
    for (int y = top; y < top + side; y++)
        for (int x = left; x < left + side; x++) {
            size_t p = (size_t)y * (size_t)canvas + (size_t)x;
            if (image)
                memcpy(image + 3 * p, colours[colour], 3);
            if (mask)
                mask[p] = 0;
        }
}

// ---------------------------------------------------------------------------------------------- annotation

// The largest value within k pixels, first along rows, then along columns.
static void dilate(uint8_t *mask, int canvas, int k, uint8_t *room) {
    for (int pass = 0; pass < 2; pass++) {
        memcpy(room, mask, (size_t)canvas * (size_t)canvas);
        for (int line = 0; line < canvas; line++)
            for (int at = 0; at < canvas; at++) {
                int first = at > k ? at - k : 0, last = at + k < canvas ? at + k : canvas - 1;
                uint8_t most = 0;
                for (int i = first; i <= last; i++) {
                    uint8_t value = room[pass ? i * canvas + line : line * canvas + i];
                    most = value > most ? value : most;
                }
                mask[pass ? at * canvas + line : line * canvas + at] = most;
            }
    }
}

static void box(uint8_t *mask, int canvas) {
    int left = canvas, right = -1, top = canvas, bottom = -1;
    for (int y = 0; y < canvas; y++)
        for (int x = 0; x < canvas; x++)
            if (mask[y * canvas + x]) {
                left = x < left ? x : left;
                right = x > right ? x : right;
                top = y < top ? y : top;
                bottom = y;
            }
    for (int y = top; y <= bottom; y++)
        memset(mask + y * canvas + left, 255, (size_t)right - (size_t)left + 1);
}

void shift_annotation(const struct shift *shift, const struct textured_mnist_settings *s, int image,
                      uint8_t *mask, uint8_t *room) {
    size_t area = (size_t)s->canvas * (size_t)s->canvas;
    if (s->annotation_dilated > 0)
        dilate(mask, s->canvas, s->annotation_dilated, room);
    if (!strcmp(s->annotation, "box"))
        box(mask, s->canvas);
    if (!strcmp(s->annotation, "disc")) {
        struct random r = stream(s, "annotation disc", image);
        disc_replace(mask, s->canvas, &r);
    }
    if (shift->values[SHIFT_ANNOTATION_MISSING])
        memset(mask, 255, area);
}
