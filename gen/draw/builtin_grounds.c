// SPDX-License-Identifier: Apache-2.0
#include "gen/draw/builtin_grounds.h"

#include "gen/draw/builtin_animals.h"

const char *const builtin_animal_grounds[BUILTIN_ANIMAL_GROUNDS] = {
    "grass", "sofa", "snow", "water", "wooden floor", "sand", "carpet", "leaves"};

struct ground {             // choices that every kind reads as it likes
    float horizon;          // where far things begin, in units from the top
    float a, b, c;          // 0..1
    struct colour one, two; // of cloth and walls
};

typedef struct colour ground_colour(const struct drawing *d, const struct ground *g, float x, float y);

static struct colour rgb(float red, float green, float blue) {
    return (struct colour){{red, green, blue}};
}

// Blurred trees or a bright sky behind an open field.
static struct colour far_away(const struct drawing *d, const struct ground *g, float x, float y) {
    float blot = draw_noise(d, x / 13 + 70, y / 11 + 9);
    struct colour trees =
        colour_mix(rgb(0.16f, 0.28f, 0.13f), rgb(0.42f, 0.52f, 0.28f), clamp01(0.5f + blot));
    struct colour sky =
        colour_mix(rgb(0.62f, 0.75f, 0.90f), rgb(0.86f, 0.90f, 0.94f), clamp01(y / g->horizon));
    return g->a < 0.6f ? trees : sky;
}

static struct colour grass(const struct drawing *d, const struct ground *g, float x, float y) {
    float lean = 0.3f * draw_noise(d, x / 9, y / 9), near = clamp01((y - g->horizon) / 60);
    float blades = draw_noise(d, (x + lean * y) / mix(0.7f, 1.7f, near), y / mix(2.5f, 7, near));
    float patch = draw_noise(d, x / 21 + 13, y / 14 + 2);
    struct colour c =
        colour_mix(rgb(0.20f, 0.38f, 0.10f), rgb(0.52f, 0.66f, 0.24f), clamp01(0.45f + 0.5f * blades));
    return colour_mix(c, rgb(0.62f, 0.60f, 0.30f), clamp01(0.5f * patch + 0.4f * g->b - 0.1f));
}

static struct colour sofa(const struct drawing *d, const struct ground *g, float x, float y) {
    float weave = 0.05f * draw_noise(d, x / 0.9f, y / 0.9f), fold = draw_noise(d, x / 16, y / 22);
    float seat = g->horizon + 12 + 2 * sine(x / 96 + g->c), cushion = fraction(x / (40 + 20 * g->b) + g->c);
    float seam = smooth_step(0.03f, 0.0f, cushion < 0.5f ? cushion : 1 - cushion);
    float gap = smooth_step(2.5f, 0, fabsf(y - seat));
    float light = 1 + weave + 0.14f * fold - 0.35f * gap - (y < seat ? 0.3f * seam : 0.12f);
    light += y < seat ? 0.12f * sine(0.5f * cushion) : 0;
    return colour_scale(g->one, light);
}

static struct colour snow(const struct drawing *d, const struct ground *g, float x, float y) {
    float drift = draw_noise(d, x / 22, y / 9), fine = draw_noise(d, x / 2, y / 1.4f);
    (void)g;
    return colour_mix(rgb(0.95f, 0.96f, 0.98f), rgb(0.70f, 0.78f, 0.90f),
                      clamp01(0.3f + 0.55f * drift + 0.08f * fine));
}

static struct colour water(const struct drawing *d, const struct ground *g, float x, float y) {
    float near = clamp01((y - g->horizon) / 70);
    float wave = draw_noise(d, x / mix(5, 16, near), y / mix(1.1f, 4.2f, near));
    struct colour c =
        colour_mix(rgb(0.10f, 0.28f, 0.42f), rgb(0.30f, 0.56f, 0.66f), clamp01(0.45f + 0.6f * wave));
    return colour_mix(c, rgb(0.92f, 0.96f, 0.97f), 0.8f * smooth_step(0.45f, 0.75f, wave));
}

static struct colour boards(const struct drawing *d, const struct ground *g, float x, float y) {
    float depth = 14 / (y - g->horizon + 14); // boards run away from the eye
    float board = (x - 48) * depth / (7 + 4 * g->b) + 20, which = floorf(board), in = board - which;
    float own = draw_noise(d, which * 3.7f, 0.5f) * 0.25f,
          grain = draw_noise(d, board * 5, y / 18 + which * 5);
    float gap = in < 0.05f || in > 0.95f ? 0.5f : 1;
    return colour_scale(colour_mix(rgb(0.46f, 0.29f, 0.16f), rgb(0.74f, 0.54f, 0.33f), clamp01(g->c + own)),
                        gap * (1 + 0.14f * grain));
}

static struct colour sand(const struct drawing *d, const struct ground *g, float x, float y) {
    float ripple = sine((y + 3 * draw_noise(d, x / 14, y / 14)) / (4 + 3 * g->b)),
          fine = draw_noise(d, x / 0.8f, y / 0.8f);
    return colour_scale(rgb(0.84f, 0.73f, 0.53f), 1 + 0.07f * ripple + 0.09f * fine);
}

static struct colour carpet(const struct drawing *d, const struct ground *g, float x, float y) {
    float pile = draw_noise(d, x / 0.8f, y / 0.8f), u = fraction(x / 15 + g->b), v = fraction(y / 12 + g->c);
    float du = u - 0.5f, dv = v - 0.5f;
    struct colour c = fabsf(du) + fabsf(dv) < 0.27f ? g->two : g->one; // diamonds
    return colour_scale(c, 1 + 0.13f * pile);
}

static struct colour leaves(const struct drawing *d, const struct ground *g, float x, float y) {
    struct pattern_cell leaf = nearest_cell(&d->pattern, x / 5, y / 4, 1);
    const float *own = leaf.lattice;
    struct colour c = colour_mix(rgb(0.66f, 0.36f, 0.11f), rgb(0.80f, 0.62f, 0.20f), own[0]);
    c = colour_mix(c, rgb(0.36f, 0.22f, 0.12f), own[1] * own[1]);
    float rim = smooth_step(0.02f, 0.2f, leaf.second - leaf.near),
          vein = smooth_step(0.06f, 0, fabsf(leaf.dx - leaf.dy * (own[2] - 0.5f)));
    (void)g;
    return colour_scale(c, 0.55f + 0.45f * rim - 0.12f * vein);
}

// A wall behind what is indoors, with a skirting board.
static struct colour wall(const struct drawing *d, const struct ground *g, float x, float y) {
    float stain = 0.04f * draw_noise(d, x / 25, y / 25);
    float board = y > g->horizon - 5 ? 1 : 0;
    return colour_scale(board > 0 ? rgb(0.88f, 0.86f, 0.82f) : g->two, 0.94f + stain + 0.06f * x / 96);
}

void builtin_ground_draw(struct drawing *d, int kind) {
    static ground_colour *const near_by[BUILTIN_ANIMAL_GROUNDS] = {grass,  sofa, snow,   water,
                                                                   boards, sand, carpet, leaves};
    static ground_colour *const behind[BUILTIN_ANIMAL_GROUNDS] = {far_away, sofa,     far_away, far_away,
                                                                  wall,     far_away, wall,     far_away};
    static const struct colour cloths[6] = {{{0.58f, 0.20f, 0.20f}}, {{0.25f, 0.33f, 0.48f}},
                                            {{0.62f, 0.58f, 0.50f}}, {{0.30f, 0.42f, 0.33f}},
                                            {{0.45f, 0.36f, 0.50f}}, {{0.75f, 0.66f, 0.48f}}};
    struct ground g = {.horizon = draw_uniform(d, 16, 52)};
    g.a = draw_uniform(d, 0, 1);
    g.b = draw_uniform(d, 0, 1);
    g.c = draw_uniform(d, 0, 1);
    int first = draw_choose(d, 6), other = draw_choose(d, 5);
    g.one = draw_shade(d, cloths[first], 0.15f);
    g.two = draw_shade(d, cloths[other + (other >= first)], 0.15f);
    float exposure = draw_uniform(d, 0.85f, 1.1f), blur = draw_uniform(d, 0.5f, 3);
    int count = d->side * d->side;
    for (int i = 0; i < count; i++) {
        float x = pixel_x(d, i), y = pixel_y(d, i), uneven = 1.2f * draw_noise(d, x / 12, 0.5f);
        float here = smooth_step(-blur, blur, y - g.horizon - uneven);
        struct colour c = here > 0 ? near_by[kind](d, &g, x, y > g.horizon ? y : g.horizon) : g.one;
        if (here < 1)
            c = colour_mix(behind[kind](d, &g, x, y), c, here);
        draw_pixel(d, i, 1, colour_scale(c, exposure));
    }
}
