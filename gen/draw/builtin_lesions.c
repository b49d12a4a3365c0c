// SPDX-License-Identifier: Apache-2.0
#include "gen/draw/builtin_lesions.h"

#include "gen/draw/drawing.h"

const char *const builtin_lesion_classes[BUILTIN_LESION_CLASSES] = {"melanoma", "seborrheic keratosis",
                                                                    "nevus"};
const char *const builtin_artefacts[ARTEFACTS] = {"none", "colour patch", "ruler", "gel bubbles",
                                                  "ink marks"};
const int builtin_lesion_counts[SPLITS][BUILTIN_LESION_CLASSES] = {
    {374, 254, 1372}, {30, 42, 78}, {117, 90, 393}};

enum { MELANOMA, KERATOSIS, NEVUS };

struct skin {
    struct colour base, red; // reddish where noise is high
    float rough;             // of the fine lines
    float light_x, light_y;  // how the light falls off
};

struct look { // of a lesion
    int label;
    float x, y, rx, ry, c, s;       // units; cosine and sine of its turn
    float uneven, fine;             // border: slow waves and small teeth, as shares of the radius
    float wave_x, wave_y;           // where in the noise
    float soft;                     // width of the border in shares of the radius
    struct colour tone, dark, pale; // main colour, the darkest and the palest
    struct colour veil, blush;      // melanoma: bluish grey, red
    float contrast, network, lopsided;
    float waxy, ridges; // keratosis
};

static struct random stream(uint64_t seed, const char *what, enum split split, int index) {
    return random_stream(seed, random_purpose(what), (uint64_t)index * SPLITS + (uint64_t)split);
}

enum artefact builtin_own_artefact(int label) {
    return label == MELANOMA ? ARTEFACT_INK : label == KERATOSIS ? ARTEFACT_BUBBLES : ARTEFACT_PATCH;
}

void builtin_lesion_plan(uint64_t seed, enum split split, int index, enum artefact_rule rule,
                         struct lesion *lesion) {
    const int *counts = builtin_lesion_counts[split];
    struct random r = stream(seed, "drawn lesions: class", split, index);
    int at = (int)random_below(&r, (uint32_t)(counts[0] + counts[1] + counts[2]));
    lesion->label = at < counts[0] ? 0 : at < counts[0] + counts[1] ? 1 : 2;
    r = stream(seed, "drawn lesions: artefact", split, index);
    double own = random_uniform(&r);
    lesion->artefact = (enum artefact)random_below(&r, ARTEFACTS);
    lesion->drawn = rule == ARTEFACT_UNIFORM || split == SPLIT_TEST || own >= BUILTIN_ARTEFACT_CHANCE;
    if (!lesion->drawn)
        lesion->artefact = builtin_own_artefact(lesion->label);
    if (rule == ARTEFACT_ABSENT) {
        lesion->artefact = ARTEFACT_NONE;
        lesion->drawn = 0;
    }
}

// ---------------------------------------------------------------------------------------------- skin

static void draw_skin(struct drawing *d) {
    static const struct colour tones[4] = {
        {{0.94f, 0.78f, 0.71f}}, {{0.90f, 0.70f, 0.60f}}, {{0.82f, 0.62f, 0.52f}}, {{0.91f, 0.74f, 0.70f}}};
    int first = draw_choose(d, 4), second = draw_choose(d, 4);
    float between = draw_uniform(d, 0, 1), exposure = draw_uniform(d, 0.86f, 1.06f);
    struct skin skin = {.base = colour_scale(colour_mix(tones[first], tones[second], between), exposure)};
    skin.red = colour_mix(skin.base, (struct colour){{0.86f, 0.45f, 0.42f}}, draw_uniform(d, 0.15f, 0.5f));
    skin.rough = draw_uniform(d, 0.01f, 0.035f);
    skin.light_x = draw_uniform(d, -0.0016f, 0.0016f);
    skin.light_y = draw_uniform(d, -0.0016f, 0.0016f);
    int count = d->side * d->side;
    for (int i = 0; i < count; i++) {
        float x = pixel_x(d, i), y = pixel_y(d, i);
        float wide = draw_noise(d, x / 34, y / 34), mottled = draw_noise(d, x / 9 + 31, y / 9 + 7);
        float lines = fabsf(draw_noise(d, x / 2.2f + 50, y / 1.3f + 3)); // fine, as skin's
        float light = 1 + skin.light_x * (x - 48) + skin.light_y * (y - 48) + 0.03f * mottled +
                      skin.rough * (lines - 0.3f) * 2;
        struct colour c = colour_mix(skin.base, skin.red, clamp01(0.3f + 0.5f * wide + 0.3f * mottled));
        draw_pixel(d, i, 1, colour_scale(c, light));
    }
}

// ---------------------------------------------------------------------------------------------- lesions

static void choose_colours(struct drawing *d, struct look *l) {
    // The same tones for all: what tells the classes apart is how they are laid out.
    static const struct colour tones[5] = {{{0.55f, 0.36f, 0.24f}},
                                           {{0.44f, 0.27f, 0.19f}},
                                           {{0.64f, 0.45f, 0.33f}},
                                           {{0.60f, 0.47f, 0.33f}},
                                           {{0.48f, 0.36f, 0.29f}}};
    int kind = draw_choose(d, 5);
    l->tone = draw_shade(d, tones[kind], 0.14f);
    l->dark = draw_shade(d, (struct colour){{0.17f, 0.10f, 0.09f}}, 0.25f);
    l->pale = draw_shade(d, (struct colour){{0.80f, 0.62f, 0.48f}}, 0.1f);
    l->veil = draw_shade(d, (struct colour){{0.36f, 0.39f, 0.48f}}, 0.12f);
    l->blush = draw_shade(d, (struct colour){{0.74f, 0.34f, 0.31f}}, 0.12f);
}

static void choose_look(struct drawing *d, struct look *l) {
    float size = l->label == KERATOSIS  ? draw_uniform(d, 14, 28)
                 : l->label == MELANOMA ? draw_uniform(d, 14, 29)
                                        : draw_uniform(d, 10, 25);
    float narrow = l->label == MELANOMA ? draw_uniform(d, 0.6f, 0.95f) : draw_uniform(d, 0.75f, 1);
    float turn = draw_uniform(d, 0, 1);
    l->x = draw_around(d, 48, 5);
    l->y = draw_around(d, 48, 5);
    l->rx = size;
    l->ry = size * narrow;
    l->c = cosine(turn);
    l->s = sine(turn);
    float waves = draw_uniform(d, 0, 1), teeth = draw_uniform(d, 0, 1), edge = draw_uniform(d, 0, 1);
    l->uneven = l->label == MELANOMA ? mix(0.12f, 0.45f, waves) : mix(0.03f, 0.2f, waves);
    l->fine = l->label == MELANOMA ? mix(0.03f, 0.16f, teeth) : mix(0, 0.06f, teeth);
    l->soft = l->label == KERATOSIS  ? mix(0.04f, 0.12f, edge)
              : l->label == MELANOMA ? mix(0.06f, 0.3f, edge)
                                     : mix(0.2f, 0.5f, edge);
    l->wave_x = draw_uniform(d, 0, 60);
    l->wave_y = draw_uniform(d, 0, 60);
    l->contrast = draw_uniform(d, 0.4f, 1);
    l->network = draw_uniform(d, 0, 0.22f);
    l->lopsided = draw_uniform(d, 0.2f, 0.9f);
    l->waxy = draw_uniform(d, 0.35f, 1);
    l->ridges = draw_uniform(d, 0.1f, 0.5f);
    choose_colours(d, l);
}

// Where a pixel is in the lesion: its distance from the centre, 1 at the border.
static float place_in(const struct drawing *d, const struct look *l, float x, float y, float *u, float *v) {
    float dx = x - l->x, dy = y - l->y;
    *u = (l->c * dx + l->s * dy) / l->rx;
    *v = (l->c * dy - l->s * dx) / l->ry;
    float r = sqrtf(*u * *u + *v * *v), way = r > 1e-4f ? 1 / r : 0;
    float slow = draw_noise(d, l->wave_x + 1.1f * *u * way, l->wave_y + 1.1f * *v * way);
    float fast = draw_noise(d, l->wave_x + 4.5f * *u * way + 9, l->wave_y + 4.5f * *v * way + 3);
    return r / (1 + l->uneven * slow + l->fine * fast);
}

// Even, or darker inwards.
static struct colour nevus_colour(const struct drawing *d, const struct look *l, float x, float y, float r) {
    float mottle = 0.12f * draw_noise(d, x / 9, y / 9);
    struct colour c =
        colour_mix(l->tone, l->dark, clamp01(0.5f * l->contrast * (1 - smooth_step(0, 1, r)) + mottle));
    float net = smooth_step(0.12f, 0, fabsf(draw_noise(d, x / 2.4f, y / 2.4f))); // a fine brown net
    return colour_mix(c, l->dark, l->network * net);
}

// Regions of several colours, and one end darker than the other.
static struct colour melanoma_colour(const struct drawing *d, const struct look *l, float x, float y,
                                     float u) {
    float a = draw_noise(d, x / 15 + 11, y / 15 + 5), b = draw_noise(d, x / 12 + 23, y / 12 + 40),
          e = draw_noise(d, x / 17 + 37, y / 17 + 19), f = draw_noise(d, x / 2.6f, y / 2.6f);
    struct colour c = colour_mix(l->tone, l->pale, smooth_step(0.05f, 0.6f, b) * 0.6f * l->contrast);
    c = colour_mix(c, l->blush, smooth_step(0.1f, 0.6f, e) * 0.6f * l->contrast);
    c = colour_mix(c, l->veil, smooth_step(0.1f, 0.6f, -e) * 0.7f * l->contrast);
    float black = smooth_step(0, 0.7f, a + l->lopsided * u * 0.8f);
    c = colour_mix(c, l->dark, black * 0.75f * l->contrast);
    return colour_scale(c, 1 + 0.1f * f);
}

static struct colour keratosis_colour(const struct drawing *d, const struct look *l, float x, float y,
                                      float r, float v) {
    struct pattern_cell dots = nearest_cell(&d->pattern, x / 6.2f + 3, y / 6.2f + 8, 0.9f);
    float furrow = smooth_step(0.16f, 0, fabsf(draw_noise(d, x / 5, y / 5)));
    struct colour c = colour_mix(l->tone, l->dark, 0.55f * l->ridges * furrow);
    c = colour_scale(c, 1 - 0.3f * l->waxy * v); // lit from above: it stands out of the skin
    float rim = smooth_step(0.78f, 0.98f, r);
    c = colour_mix(c, l->dark, 0.45f * rim);
    float dot = smooth_step(0.24f, 0.13f, dots.near);
    if (dots.lattice[2] < 0.45f) // plugs of horn, dark
        c = colour_mix(c, l->dark, 0.75f * l->waxy * dot);
    else if (dots.lattice[2] > 0.6f) // cysts, bright
        c = colour_mix(c, (struct colour){{0.95f, 0.89f, 0.74f}}, 0.8f * l->waxy * dot);
    return c;
}

// Also notes how much of every pixel is lesion: the annotation is cut where the border is half faded.
static void draw_lesion(struct drawing *d, const struct look *l) {
    int count = d->side * d->side;
    for (int i = 0; i < count; i++) {
        float x = pixel_x(d, i), y = pixel_y(d, i), u, v, r = place_in(d, l, x, y, &u, &v);
        if (r > 2)
            continue;
        float pixel = d->unit / l->ry, width = l->soft > pixel ? l->soft : pixel;
        float share = smooth_step(1 + width / 2, 1 - width / 2, r);
        d->cover[i] = clamp01(0.5f + (1 - r) / pixel);
        if (l->label == KERATOSIS) // a shadow below what stands out
            draw_pixel(d, i, 0.35f * smooth_step(1.22f, 1, r) * clamp01(0.5f + v),
                       (struct colour){{0.35f, 0.2f, 0.16f}});
        struct colour c = l->label == NEVUS      ? nevus_colour(d, l, x, y, r)
                          : l->label == MELANOMA ? melanoma_colour(d, l, x, y, u)
                                                 : keratosis_colour(d, l, x, y, r, v);
        draw_pixel(d, i, share * (l->label == NEVUS ? 0.88f : 0.95f), c);
    }
}

// ---------------------------------------------------------------------------------------------- artefacts

// How free a place is: 0 on the lesion and close by, 1 away from it.
static float room_at(const struct drawing *d, const struct look *l, float x, float y) {
    float u, v, r = place_in(d, l, x, y, &u, &v);
    return smooth_step(1.02f, 1.02f + 4 / l->ry, r);
}

// Lays a shape that leaves the lesion free.
static void lay_shape(struct drawing *d, const struct look *l, const struct shape *s, float opacity,
                      float soft, struct colour colour) {
    float edge = soft > d->unit ? soft : d->unit;
    int count = d->side * d->side;
    for (int i = 0; i < count; i++) {
        float x = pixel_x(d, i), y = pixel_y(d, i), distance = shape_distance(s, x, y);
        if (distance < edge)
            draw_pixel(d, i, clamp01(0.5f - distance / edge) * opacity * room_at(d, l, x, y), colour);
    }
}

// A point on the square's rim region, by a position 0..1 around it.
static void rim_point(float around, float inset, float *x, float *y) {
    float at = 4 * around, along = fraction(at) * DRAWING_UNITS;
    int side = (int)at & 3;
    *x = side == 0 ? along : side == 1 ? DRAWING_UNITS - inset : side == 2 ? DRAWING_UNITS - along : inset;
    *y = side == 0 ? inset : side == 1 ? along : side == 2 ? DRAWING_UNITS - inset : DRAWING_UNITS - along;
}

// One or two large round stickers that reach in from the rim.
static void draw_patches(struct drawing *d, const struct look *l) {
    static const struct colour colours[5] = {{{0.93f, 0.78f, 0.18f}},
                                             {{0.20f, 0.45f, 0.80f}},
                                             {{0.25f, 0.66f, 0.38f}},
                                             {{0.88f, 0.42f, 0.16f}},
                                             {{0.30f, 0.70f, 0.78f}}};
    int count = 1 + draw_chance(d, 0.4f);
    for (int k = 0; k < count; k++) {
        float x, y, around = draw_uniform(d, 0, 1), inset = draw_uniform(d, -2, 7),
                    r = draw_uniform(d, 13, 20), narrow = draw_uniform(d, 0.8f, 1),
                    turn = draw_uniform(d, 0, 1);
        int which = draw_choose(d, 5);
        struct colour colour = draw_shade(d, colours[which], 0.12f);
        rim_point(around, inset, &x, &y);
        struct shape rim = shape_ellipse(x, y, r + 1.2f, (r + 1.2f) * narrow, turn),
                     disc = shape_ellipse(x, y, r, r * narrow, turn);
        lay_shape(d, l, &rim, 0.5f, 2, colour_scale(colour, 0.5f));
        lay_shape(d, l, &disc, 0.96f, 0, colour);
    }
}

// A pale strip along a side, with ticks of which every fifth is longer.
static void draw_ruler(struct drawing *d, const struct look *l) {
    int side = draw_choose(d, 4);
    float wide = draw_uniform(d, 8, 11), step = draw_uniform(d, 3, 4.4f), phase = draw_uniform(d, 0, 4),
          strip = draw_uniform(d, 0.25f, 0.75f);
    int count = d->side * d->side;
    for (int i = 0; i < count; i++) {
        float x = pixel_x(d, i), y = pixel_y(d, i);
        float along = side & 1 ? y : x, in = side == 0   ? y
                                             : side == 1 ? DRAWING_UNITS - x
                                             : side == 2 ? DRAWING_UNITS - y
                                                         : x;
        if (in > wide + 2)
            continue;
        float free = room_at(d, l, x, y), tick = (along + phase) / step, number = floorf(tick + 0.5f);
        float length = wide * (fraction(number / 5) < 0.1f ? 0.8f : 0.45f);
        float line =
            clamp01(0.5f + (0.55f - fabsf(tick - number) * step) / (d->unit > 0.4f ? d->unit : 0.4f));
        draw_pixel(d, i, strip * free * smooth_step(wide + 0.4f, wide - 0.4f, in),
                   (struct colour){{0.93f, 0.93f, 0.90f}});
        draw_pixel(d, i, 0.9f * free * line * smooth_step(length + 0.3f, length - 0.3f, in),
                   (struct colour){{0.10f, 0.10f, 0.12f}});
    }
}

// Round bubbles in the gel: a bright ring, a dark one within, a highlight.
static void draw_bubbles(struct drawing *d, const struct look *l) {
    int count = 7 + draw_choose(d, 6);
    for (int k = 0; k < count; k++) {
        float x = draw_uniform(d, 3, 93), y = draw_uniform(d, 3, 93), r = draw_uniform(d, 4, 9);
        float u, v, place = place_in(d, l, x, y, &u, &v);
        if (place < 1 + (r + 1) / l->ry) // not on the lesion; the draw is spent
            continue;
        struct shape outer = shape_ellipse(x, y, r, r, 0),
                     inner = shape_ellipse(x, y, r * 0.78f, r * 0.78f, 0),
                     core = shape_ellipse(x, y, r * 0.62f, r * 0.62f, 0),
                     shine = shape_ellipse(x - 0.3f * r, y - 0.3f * r, 0.22f * r, 0.22f * r, 0);
        lay_shape(d, l, &outer, 0.75f, 0.5f, (struct colour){{0.98f, 0.97f, 0.95f}});
        lay_shape(d, l, &inner, 0.6f, 0.8f, (struct colour){{0.50f, 0.36f, 0.33f}});
        lay_shape(d, l, &core, 0.75f, 1.5f, (struct colour){{0.88f, 0.74f, 0.68f}});
        lay_shape(d, l, &shine, 0.95f, 0.5f, (struct colour){{1, 1, 1}});
    }
}

// Strokes and dots of a surgical pen around the lesion, violet, worn in places.
static void draw_ink(struct drawing *d, const struct look *l) {
    struct colour violet = draw_shade(d, (struct colour){{0.30f, 0.18f, 0.55f}}, 0.15f);
    int count = 3 + draw_choose(d, 3);
    float start = draw_uniform(d, 0, 1), far = draw_uniform(d, 1.25f, 1.5f);
    for (int k = 0; k < count; k++) {
        float turn = start + (float)k / (float)count + draw_uniform(d, -0.05f, 0.05f),
              bow = draw_uniform(d, 0.02f, 0.08f);
        float wide = draw_uniform(d, 0.9f, 1.7f), reach = l->rx * far + draw_uniform(d, 2, 7);
        float end = reach + draw_uniform(d, -3, 3);
        struct shape s =
            shape_capsule(l->x + reach * cosine(turn - bow), l->y + reach * sine(turn - bow), wide,
                          l->x + end * cosine(turn + bow), l->y + end * sine(turn + bow), wide);
        float worn = draw_uniform(d, 0.7f, 0.95f);
        lay_shape(d, l, &s, worn, 1.2f, violet);
    }
}

// ---------------------------------------------------------------------------------------------- above all

// Hairs: long thin bows over everything.
static void draw_hairs(struct drawing *d) {
    int some = draw_chance(d, 0.6f), count = draw_choose(d, 12);
    struct colour dark = draw_shade(d, (struct colour){{0.20f, 0.13f, 0.10f}}, 0.3f);
    float wide = draw_uniform(d, 0.18f, 0.42f);
    for (int k = 0; k < (some ? count : 0); k++) {
        float x = draw_uniform(d, -5, 101), y = draw_uniform(d, -5, 101), turn = draw_uniform(d, 0, 1),
              bend = draw_uniform(d, -0.03f, 0.03f), step = draw_uniform(d, 4, 9);
        for (int piece = 0; piece < 7; piece++) {
            float nx = x + step * cosine(turn), ny = y + step * sine(turn);
            struct shape s = shape_capsule(x, y, wide, nx, ny, wide);
            draw_plain(d, &s, 0.8f, 0.3f, 0, dark);
            x = nx;
            y = ny;
            turn += bend;
        }
    }
}

// The dermoscope's round field of view.
static void draw_corners(struct drawing *d) {
    int some = draw_chance(d, 0.4f);
    float radius = draw_uniform(d, 50, 62), soft = draw_uniform(d, 2, 10), x0 = draw_uniform(d, 45, 51),
          y0 = draw_uniform(d, 45, 51);
    int count = d->side * d->side;
    for (int i = 0; i < (some ? count : 0); i++) {
        float dx = pixel_x(d, i) - x0, dy = pixel_y(d, i) - y0, r = sqrtf(dx * dx + dy * dy);
        draw_pixel(d, i, smooth_step(radius - soft, radius + soft, r),
                   (struct colour){{0.05f, 0.04f, 0.05f}});
    }
}

static void draw_artefact(struct drawing *d, const struct look *l, enum artefact artefact,
                          struct random random) {
    struct random before = d->pattern.random;
    d->pattern.random = random; // its own draws: what follows is the same whatever lies on the skin
    if (artefact == ARTEFACT_PATCH)
        draw_patches(d, l);
    else if (artefact == ARTEFACT_RULER)
        draw_ruler(d, l);
    else if (artefact == ARTEFACT_BUBBLES)
        draw_bubbles(d, l);
    else if (artefact == ARTEFACT_INK)
        draw_ink(d, l);
    d->pattern.random = before;
}

int builtin_lesion_draw(uint64_t seed, enum split split, int index, struct lesion *lesion, int pixels,
                        int soft, uint8_t *image, uint8_t *mask, struct error *err) {
    struct drawing d;
    struct look look = {.label = lesion->label};
    int bad = drawing_start(&d, pixels, stream(seed, "drawn lesions: picture", split, index), err);
    if (!bad) {
        draw_skin(&d);
        choose_look(&d, &look);
        draw_lesion(&d, &look);
        draw_artefact(&d, &look, lesion->artefact, stream(seed, "drawn lesions: laid on", split, index));
        draw_hairs(&d);
        draw_corners(&d);
        lesion->x = look.x / DRAWING_UNITS;
        lesion->y = look.y / DRAWING_UNITS;
        lesion->radius_x = look.rx / DRAWING_UNITS;
        lesion->radius_y = look.ry / DRAWING_UNITS;
        bad = drawing_finish(&d, pixels, 0.03f, soft, image, mask, err);
    }
    drawing_free(&d);
    return bad;
}
