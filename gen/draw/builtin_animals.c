// SPDX-License-Identifier: Apache-2.0
// An animal is a handful of capsules, ellipses and triangles in coordinates of its own: u forwards, v down,
// the trunk about one long. Each takes its colour from the coat, by the part that it is and the place where
// it is.
#include "gen/draw/builtin_animals.h"

#include "gen/draw/builtin_grounds.h"

const int builtin_animal_counts[SPLITS] = {3312, 368, 3669};

enum ears { UPRIGHT, LARGE, FOLDED, HANGING, LONG_HANGING };
enum tail { LONG, BUSHY, CURLED, SHORT };
enum build { SLIM, STOUT, LOW, TALL };
enum pattern_kind { PLAIN, STRIPED, SPOTTED, PATCHED, WHITE_BELOW, POINTED, SADDLED, MASKED };
enum part { TRUNK, HEAD, LEG, TAIL, EAR, MUZZLE };

struct breed {
    const char *name;
    int species; // 1 cat, 2 dog
    enum pattern_kind pattern;
    enum ears ears;
    enum tail tail;
    enum build build;
    int fluffy;
    struct colour coat, other;
};

#define BLACK                                                                                                \
    {                                                                                                        \
        { 0.12f, 0.11f, 0.12f }                                                                              \
    }
#define WHITE                                                                                                \
    {                                                                                                        \
        { 0.94f, 0.92f, 0.89f }                                                                              \
    }
#define GREY                                                                                                 \
    {                                                                                                        \
        { 0.50f, 0.52f, 0.56f }                                                                              \
    }
#define GINGER                                                                                               \
    {                                                                                                        \
        { 0.84f, 0.50f, 0.20f }                                                                              \
    }
#define CREAM                                                                                                \
    {                                                                                                        \
        { 0.91f, 0.82f, 0.64f }                                                                              \
    }
#define BROWN                                                                                                \
    {                                                                                                        \
        { 0.40f, 0.25f, 0.15f }                                                                              \
    }
#define FAWN                                                                                                 \
    {                                                                                                        \
        { 0.78f, 0.62f, 0.43f }                                                                              \
    }
#define RED                                                                                                  \
    {                                                                                                        \
        { 0.60f, 0.27f, 0.12f }                                                                              \
    }
#define BLUE                                                                                                 \
    {                                                                                                        \
        { 0.36f, 0.42f, 0.52f }                                                                              \
    }
#define SEAL                                                                                                 \
    {                                                                                                        \
        { 0.22f, 0.15f, 0.12f }                                                                              \
    }
#define SILVER                                                                                               \
    {                                                                                                        \
        { 0.74f, 0.75f, 0.77f }                                                                              \
    }

static const struct breed breeds[BUILTIN_ANIMAL_CLASSES] = {
    {"cat, ginger, striped", 1, STRIPED, UPRIGHT, LONG, SLIM, 0, GINGER, RED},
    {"cat, grey, striped", 1, STRIPED, UPRIGHT, LONG, STOUT, 0, SILVER, BLACK},
    {"cat, black", 1, PLAIN, UPRIGHT, LONG, SLIM, 0, BLACK, BLACK},
    {"cat, blue-grey", 1, PLAIN, UPRIGHT, LONG, STOUT, 0, BLUE, BLUE},
    {"cat, cream with dark points", 1, POINTED, LARGE, LONG, SLIM, 0, CREAM, SEAL},
    {"cat, white, fluffy", 1, PLAIN, UPRIGHT, BUSHY, STOUT, 1, WHITE, WHITE},
    {"cat, fawn, spotted", 1, SPOTTED, LARGE, LONG, SLIM, 0, FAWN, SEAL},
    {"cat, black and white", 1, WHITE_BELOW, UPRIGHT, LONG, STOUT, 0, BLACK, WHITE},
    {"cat, three-coloured", 1, PATCHED, UPRIGHT, LONG, SLIM, 0, WHITE, GINGER},
    {"cat, brown, fluffy, striped", 1, STRIPED, LARGE, BUSHY, STOUT, 1, BROWN, BLACK},
    {"cat, hairless pink", 1, PLAIN, LARGE, LONG, SLIM, 0, {{0.88f, 0.66f, 0.58f}}, WHITE},
    {"cat, ginger and white", 1, WHITE_BELOW, UPRIGHT, BUSHY, SLIM, 1, GINGER, WHITE},
    {"dog, black, short tail", 2, PLAIN, HANGING, SHORT, STOUT, 0, BLACK, BLACK},
    {"dog, golden, fluffy", 2, PLAIN, HANGING, BUSHY, TALL, 1, {{0.85f, 0.64f, 0.33f}}, CREAM},
    {"dog, white, curled tail", 2, PLAIN, UPRIGHT, CURLED, STOUT, 1, WHITE, WHITE},
    {"dog, white, black-spotted", 2, SPOTTED, HANGING, LONG, TALL, 0, WHITE, BLACK},
    {"dog, tan with black saddle", 2, SADDLED, UPRIGHT, BUSHY, TALL, 0, {{0.72f, 0.48f, 0.25f}}, BLACK},
    {"dog, three-coloured, hanging ears", 2, PATCHED, LONG_HANGING, LONG, STOUT, 0, WHITE, BROWN},
    {"dog, fawn with dark mask", 2, MASKED, FOLDED, CURLED, STOUT, 0, FAWN, BLACK},
    {"dog, red, low", 2, PLAIN, LONG_HANGING, LONG, LOW, 0, RED, BROWN},
    {"dog, red, pointed ears", 2, WHITE_BELOW, UPRIGHT, CURLED, SLIM, 0, {{0.80f, 0.42f, 0.16f}}, WHITE},
    {"dog, grey, tall", 2, PLAIN, HANGING, LONG, TALL, 0, GREY, GREY},
    {"dog, brown, hanging ears", 2, PLAIN, LONG_HANGING, SHORT, TALL, 0, BROWN, BROWN},
    {"dog, black with red marks", 2, MASKED, UPRIGHT, SHORT, SLIM, 0, BLACK, RED},
    {"dog, brown and white", 2, WHITE_BELOW, FOLDED, SHORT, STOUT, 0, BROWN, WHITE},
    {"dog, blue-grey and white", 2, WHITE_BELOW, FOLDED, LONG, STOUT, 0, BLUE, WHITE},
    {"dog, brindled", 2, STRIPED, UPRIGHT, SHORT, STOUT, 0, {{0.52f, 0.36f, 0.20f}}, BLACK},
    {"dog, cream, low, fluffy", 2, PLAIN, UPRIGHT, BUSHY, LOW, 1, CREAM, WHITE},
    {"dog, black and white, fluffy", 2, WHITE_BELOW, FOLDED, BUSHY, TALL, 1, BLACK, WHITE},
    {"dog, grey with white mask", 2, WHITE_BELOW, UPRIGHT, BUSHY, TALL, 1, {{0.40f, 0.42f, 0.46f}}, WHITE},
    {"dog, white with brown patches", 2, PATCHED, HANGING, SHORT, SLIM, 0, WHITE, RED},
    {"dog, fawn, slim, large ears", 2, PLAIN, LARGE, LONG, SLIM, 0, {{0.86f, 0.66f, 0.42f}}, CREAM},
    {"dog, black, low", 2, POINTED, UPRIGHT, SHORT, LOW, 0, BLACK, FAWN},
    {"dog, white, low, fluffy", 2, PLAIN, HANGING, BUSHY, LOW, 1, WHITE, CREAM},
    {"dog, red and white, low", 2, WHITE_BELOW, LARGE, SHORT, LOW, 0, GINGER, WHITE},
    {"dog, silver, long ears, fluffy", 2, SADDLED, LONG_HANGING, SHORT, LOW, 1, FAWN, BLUE},
    {"dog, cream with black spots", 2, SPOTTED, FOLDED, CURLED, STOUT, 0, CREAM, BROWN}};

const char *builtin_animal_class(int label) {
    return breeds[label].name;
}

int builtin_animal_species(int label) {
    return breeds[label].species;
}

static struct random stream(uint64_t seed, const char *what, enum split split, int index) {
    return random_stream(seed, random_purpose(what), (uint64_t)index * SPLITS + (uint64_t)split);
}

void builtin_animal_plan(uint64_t seed, enum split split, int index, struct animal *animal) {
    struct random r = stream(seed, "drawn animals: class", split, index);
    animal->label = (int)random_below(&r, BUILTIN_ANIMAL_CLASSES);
    animal->species = breeds[animal->label].species;
    r = stream(seed, "drawn animals: background", split, index);
    animal->background = (int)random_below(&r, BUILTIN_ANIMAL_GROUNDS);
}

// ---------------------------------------------------------------------------------------------- figure

struct animal_figure {
    struct drawing *d;
    const struct breed *breed;
    float x, y, scale, flip, c, s; // place, units per unit, -1 looks left, turn
    float far;                     // 1: beyond the trunk, in its shade
    struct colour coat, other, third;
    float where; // in the noise
    enum part part;
    float legs, stout, snout; // build: length of the legs, thickness, length of the muzzle
};

static float screen_x(const struct animal_figure *f, float u, float v) {
    return f->x + f->scale * f->flip * (f->c * u - f->s * v);
}
static float screen_y(const struct animal_figure *f, float u, float v) {
    return f->y + f->scale * (f->s * u + f->c * v);
}

// Whether the coat shows its second colour at (u, v) of a part, 0..1.
static float pattern_at(const struct animal_figure *f, float u, float v) {
    const struct drawing *d = f->d;
    float w = f->where, slow = draw_noise(d, u * 2.2f + w, v * 2.2f + w);
    int far_end = f->part != TRUNK && f->part != HEAD;
    switch (f->breed->pattern) {
    case STRIPED:
        return 0.85f * smooth_step(0.1f, 0.5f, sine(u * 5.5f + 1.1f * slow + 0.7f * v + w));
    case SPOTTED:
        return 0.9f *
               smooth_step(0.36f, 0.26f, nearest_cell(&d->pattern, u * 5.5f + w, v * 5.5f + w, 0.8f).near);
    case PATCHED:
        return smooth_step(-0.03f, 0.08f, slow + (f->part == EAR ? 0.5f : 0));
    case WHITE_BELOW:
        return f->part == LEG || f->part == MUZZLE ? smooth_step(-0.5f, -0.3f, slow + 0.2f)
               : f->part == TRUNK ? smooth_step(0.02f, 0.12f, v + 0.25f * u - 0.05f + 0.1f * slow)
                                  : 0;
    case POINTED:
        return far_end ? 0.95f : f->part == HEAD ? 0.25f : 0.1f * clamp01(-u);
    case SADDLED:
        return f->part == TRUNK ? smooth_step(0.05f, -0.05f, v + 0.1f * slow) : f->part == TAIL ? 0.7f : 0;
    case MASKED:
        return f->part == MUZZLE ? 0.95f : f->part == EAR ? 0.6f : f->part == LEG ? 0.3f : 0;
    default:
        return 0.12f * clamp01(0.5f + slow);
    }
}

static struct colour paint_coat(const struct drawing *d, float x, float y, float depth, const void *context) {
    const struct animal_figure *f = context;
    float dx = (x - f->x) / (f->scale * f->flip), dy = (y - f->y) / f->scale;
    float u = f->c * dx + f->s * dy * f->flip, v = f->c * dy - f->s * dx * f->flip;
    struct colour c = colour_mix(f->coat, f->other, pattern_at(f, u, v));
    if (f->breed->pattern == PATCHED) // of three colours
        c = colour_mix(c, f->third, smooth_step(0.1f, 0.2f, draw_noise(d, u * 2 + 40, v * 2 + f->where)));
    float fur = draw_noise(d, x / 0.9f, y / (f->breed->fluffy ? 2.6f : 1.3f));
    float round = clamp01(depth / (0.13f * f->scale));
    float light = 0.74f + 0.3f * round + (f->breed->fluffy ? 0.13f : 0.07f) * fur;
    return colour_scale(c, light * (1 - 0.3f * f->far));
}

static void lay(struct animal_figure *f, enum part part, const struct shape *shape) {
    f->part = part;
    float soft = f->breed->fluffy ? 1.3f : 0.4f;
    draw_shape(f->d, shape, 1, soft, 1, paint_coat, f);
}

static void limb(struct animal_figure *f, enum part part, float u0, float v0, float r0, float u1, float v1,
                 float r1) {
    float thick = f->scale * f->stout * (f->breed->fluffy ? 1.12f : 1);
    struct shape s = shape_capsule(screen_x(f, u0, v0), screen_y(f, u0, v0), r0 * thick, screen_x(f, u1, v1),
                                   screen_y(f, u1, v1), r1 * thick);
    lay(f, part, &s);
}

static void blob(struct animal_figure *f, enum part part, float u, float v, float ru, float rv, float turn) {
    struct shape s =
        shape_ellipse(screen_x(f, u, v), screen_y(f, u, v), ru * f->scale, rv * f->scale, turn * f->flip);
    lay(f, part, &s);
}

static void spike(struct animal_figure *f, enum part part, const float u[3], const float v[3], float round) {
    struct shape s = shape_triangle(screen_x(f, u[0], v[0]), screen_y(f, u[0], v[0]), screen_x(f, u[1], v[1]),
                                    screen_y(f, u[1], v[1]), screen_x(f, u[2], v[2]), screen_y(f, u[2], v[2]),
                                    round * f->scale);
    lay(f, part, &s);
}

// An eye, a nose, the inside of an ear: in a colour of its own.
static void spot(struct animal_figure *f, float u, float v, float ru, float rv, struct colour colour) {
    struct shape s = shape_ellipse(screen_x(f, u, v), screen_y(f, u, v), ru * f->scale, rv * f->scale, 0);
    draw_plain(f->d, &s, 0.95f, 0.3f, 1, colour);
}

static const struct colour dark = {{0.06f, 0.05f, 0.05f}};

static struct colour eye_colour(const struct animal_figure *f) {
    return f->breed->species == 1 ? (struct colour){{0.80f, 0.78f, 0.25f}}
                                  : (struct colour){{0.32f, 0.18f, 0.08f}};
}

// ---------------------------------------------------------------------------------------------- heads

static void side_ear(struct animal_figure *f, float u, float v) {
    enum ears ears = f->breed->ears;
    float high = ears == LARGE ? 0.34f : 0.25f, wide = ears == LARGE ? 0.13f : 0.1f;
    if (ears == UPRIGHT || ears == LARGE) {
        const float us[3] = {u - wide, u + wide, u - 0.03f}, vs[3] = {v - 0.08f, v - 0.1f, v - high};
        spike(f, EAR, us, vs, 0.015f);
    } else if (ears == FOLDED) {
        const float us[3] = {u - 0.12f, u + 0.06f, u + 0.1f}, vs[3] = {v - 0.17f, v - 0.2f, v - 0.02f};
        spike(f, EAR, us, vs, 0.03f);
    } else {
        float longer = ears == LONG_HANGING ? 0.2f : 0.14f;
        blob(f, EAR, u - 0.08f, v - 0.06f + longer, 0.085f, longer + 0.04f, 0.02f);
    }
}

// A head seen from the side, its middle at (u, v).
static void side_head(struct animal_figure *f, float u, float v) {
    int cat = f->breed->species == 1;
    f->far = 0.6f;
    if (f->breed->ears <= LARGE)
        side_ear(f, u + 0.1f, v);
    f->far = 0;
    blob(f, HEAD, u, v, cat ? 0.2f : 0.195f, cat ? 0.185f : 0.18f, 0);
    if (cat) {
        blob(f, MUZZLE, u + 0.15f, v + 0.06f, 0.09f, 0.075f, 0);
        spot(f, u + 0.235f, v + 0.03f, 0.022f, 0.018f, (struct colour){{0.75f, 0.42f, 0.42f}});
    } else {
        limb(f, MUZZLE, u + 0.1f, v + 0.05f, 0.11f, u + 0.14f + f->snout, v + 0.08f, 0.075f);
        spot(f, u + 0.2f + f->snout, v + 0.05f, 0.04f, 0.035f, dark);
    }
    spot(f, u + 0.09f, v - 0.04f, 0.036f, 0.034f, eye_colour(f));
    spot(f, u + 0.1f, v - 0.04f, 0.018f, 0.026f, dark);
    side_ear(f, u - 0.05f, v);
}

static void front_ear(struct animal_figure *f, float side) {
    enum ears ears = f->breed->ears;
    if (ears == UPRIGHT || ears == LARGE) {
        float high = ears == LARGE ? 0.9f : 0.74f, out = ears == LARGE ? 0.52f : 0.42f;
        const float us[3] = {side * 0.12f, side * 0.46f, side * out}, vs[3] = {-0.36f, -0.12f, -high};
        spike(f, EAR, us, vs, 0.03f);
        const float ui[3] = {side * 0.22f, side * 0.4f, side * (out - 0.03f)},
                    vi[3] = {-0.4f, -0.25f, 0.12f - high};
        struct shape s = shape_triangle(screen_x(f, ui[0], vi[0]), screen_y(f, ui[0], vi[0]),
                                        screen_x(f, ui[1], vi[1]), screen_y(f, ui[1], vi[1]),
                                        screen_x(f, ui[2], vi[2]), screen_y(f, ui[2], vi[2]), 0);
        draw_plain(f->d, &s, 0.6f, 1, 1, (struct colour){{0.80f, 0.56f, 0.52f}});
    } else if (ears == FOLDED) {
        const float us[3] = {side * 0.1f, side * 0.46f, side * 0.56f}, vs[3] = {-0.42f, -0.4f, -0.1f};
        spike(f, EAR, us, vs, 0.05f);
    } else {
        float longer = ears == LONG_HANGING ? 0.46f : 0.32f;
        blob(f, EAR, side * 0.5f, -0.28f + longer, 0.15f, longer, -0.03f * side * f->flip);
    }
}

// Head and shoulders, seen from the front and close.
static void draw_face(struct animal_figure *f) {
    int cat = f->breed->species == 1;
    limb(f, TRUNK, 0, 0.55f, 0.42f, 0, 1.5f, 0.62f);
    front_ear(f, -1);
    front_ear(f, 1);
    blob(f, HEAD, 0, 0, cat ? 0.5f : 0.46f, cat ? 0.43f : 0.48f, 0);
    blob(f, MUZZLE, 0, cat ? 0.2f : 0.26f, cat ? 0.22f : 0.25f, cat ? 0.16f : 0.24f, 0);
    for (float side = -1; side <= 1; side += 2) {
        spot(f, side * 0.2f, -0.06f, cat ? 0.095f : 0.07f, cat ? 0.08f : 0.065f, eye_colour(f));
        spot(f, side * 0.2f, -0.06f, cat ? 0.035f : 0.042f, cat ? 0.07f : 0.045f, dark);
    }
    if (cat) {
        spot(f, 0, 0.13f, 0.05f, 0.04f, (struct colour){{0.75f, 0.42f, 0.42f}});
        spot(f, 0, 0.25f, 0.09f, 0.012f, dark);
    } else {
        spot(f, 0, 0.15f, 0.1f, 0.075f, dark);
        spot(f, 0, 0.36f, 0.13f, 0.014f, dark);
    }
    front_ear(f, f->breed->ears >= HANGING ? -1 : 1);
    if (f->breed->ears >= HANGING)
        front_ear(f, 1);
}

// ---------------------------------------------------------------------------------------------- bodies

// A tail from (u, v) on: `turn` is where it begins to point, `bend` how it goes on.
static void draw_tail(struct animal_figure *f, float u, float v, float turn, float bend) {
    enum tail tail = f->breed->tail;
    int pieces = tail == SHORT ? 2 : 7;
    float thick = tail == BUSHY   ? 0.085f
                  : tail == SHORT ? 0.06f
                                  : 0.045f,
          step = tail == CURLED ? 0.1f : 0.115f;
    if (tail == CURLED) {
        turn = 0.32f;
        bend = -0.085f;
    }
    for (int i = 0; i < pieces; i++) {
        float nu = u - step * cosine(turn), nv = v - step * sine(turn);
        float swell = tail == BUSHY ? 1 + 0.5f * sine(0.5f * (float)i / 6) : 1;
        limb(f, TAIL, u, v, thick * swell, nu, nv, thick * swell);
        u = nu;
        v = nv;
        turn += bend;
    }
}

static void draw_standing(struct animal_figure *f, float stride, float tail_turn, float nod) {
    float foot = 0.16f + f->legs;
    f->far = 1;
    limb(f, LEG, -0.36f, 0.08f, 0.1f, -0.36f + stride, foot, 0.055f);
    limb(f, LEG, 0.34f, 0.08f, 0.09f, 0.34f - stride, foot, 0.055f);
    f->far = 0;
    draw_tail(f, -0.56f, -0.08f, tail_turn, 0.03f);
    limb(f, TRUNK, -0.4f, 0, 0.2f, 0.36f, -0.02f, 0.23f);
    limb(f, LEG, -0.44f, 0.08f, 0.13f, -0.46f - stride, foot + 0.02f, 0.06f);
    limb(f, LEG, 0.38f, 0.1f, 0.11f, 0.4f + stride, foot + 0.02f, 0.06f);
    limb(f, TRUNK, 0.38f, -0.1f, 0.17f, 0.56f, -0.34f + nod, 0.13f);
    side_head(f, 0.64f, -0.46f + nod);
}

static void draw_sitting(struct animal_figure *f, float stride, float tail_turn, float nod) {
    (void)tail_turn;
    draw_tail(f, -0.4f, 0.5f, 0.03f, 0.03f);
    f->far = 1;
    limb(f, LEG, 0.12f, 0, 0.1f, 0.14f + stride / 2, 0.56f, 0.06f);
    f->far = 0;
    limb(f, TRUNK, -0.2f, 0.34f, 0.25f, 0.14f, -0.16f, 0.19f);
    limb(f, LEG, 0.18f, -0.02f, 0.1f, 0.24f, 0.58f, 0.06f);
    limb(f, LEG, -0.2f, 0.4f, 0.19f, -0.1f, 0.45f, 0.17f);
    limb(f, LEG, -0.12f, 0.59f, 0.055f, 0.08f, 0.6f, 0.055f);
    limb(f, TRUNK, 0.14f, -0.2f, 0.17f, 0.22f, -0.4f, 0.14f);
    side_head(f, 0.28f, -0.54f + nod);
}

static void draw_lying(struct animal_figure *f, float stride, float tail_turn, float nod) {
    (void)tail_turn;
    draw_tail(f, -0.58f, 0.28f, 0.02f, 0.02f);
    limb(f, TRUNK, -0.44f, 0.16f, 0.21f, 0.34f, 0.1f, 0.22f);
    limb(f, LEG, -0.42f, 0.22f, 0.16f, -0.2f, 0.3f, 0.1f);
    limb(f, LEG, -0.24f, 0.36f, 0.06f, 0.02f + stride, 0.37f, 0.055f);
    limb(f, LEG, 0.32f, 0.2f, 0.1f, 0.4f, 0.36f, 0.06f);
    limb(f, LEG, 0.4f, 0.36f, 0.06f, 0.74f + stride, 0.37f, 0.055f);
    limb(f, TRUNK, 0.36f, 0, 0.17f, 0.5f, -0.2f + nod, 0.13f);
    side_head(f, 0.58f, -0.3f + nod);
}

static void build_figure(struct animal_figure *f) {
    enum build build = f->breed->build;
    int cat = f->breed->species == 1;
    f->legs = build == LOW ? 0.2f : build == TALL ? 0.56f : 0.44f;
    f->stout = build == STOUT ? 1.12f : build == SLIM ? 0.84f : 1;
    f->snout = build == STOUT ? 0.1f : build == TALL || build == LOW ? 0.22f : 0.17f;
    if (cat)
        f->legs -= 0.06f;
}

// A soft shadow on the ground.
static void draw_shadow(struct animal_figure *f, float v, float wide) {
    struct shape s =
        shape_ellipse(screen_x(f, 0.05f, v), screen_y(f, 0.05f, v), wide * f->scale, 0.1f * f->scale, 0);
    draw_plain(f->d, &s, 0.45f, 6, 0, (struct colour){{0.08f, 0.08f, 0.08f}});
}

static void draw_animal(struct drawing *d, struct animal *a) {
    const struct breed *breed = &breeds[a->label];
    struct animal_figure f = {.d = d, .breed = breed};
    int pose = draw_choose(d, 4), left = draw_choose(d, 2);
    float scale = draw_uniform(d, 0.85f, 1.15f), turn = draw_around(d, 0, 0.008f);
    f.x = draw_around(d, 48, 4);
    f.y = draw_around(d, 0, 3);
    f.where = draw_uniform(d, 0, 40);
    f.coat = draw_shade(d, breed->coat, 0.1f);
    f.other = draw_shade(d, breed->other, 0.1f);
    f.third = draw_shade(d, (struct colour)BLACK, 0.1f);
    float stride = draw_uniform(d, -0.1f, 0.1f), tail = draw_uniform(d, -0.05f, 0.22f),
          nod = draw_uniform(d, -0.04f, 0.12f);
    build_figure(&f);
    f.flip = left ? -1 : 1;
    f.c = cosine(turn);
    f.s = sine(turn);
    f.scale = scale * (pose == 3 ? 48 : pose == 1 ? 48 : 43);
    f.y += pose == 3 ? 46 : pose == 1 ? 48 : pose == 2 ? 54 : 56 - 12 * f.legs;
    f.x -= f.flip * (pose == 0 || pose == 2 ? 4 : 0);
    if (pose == 0) {
        draw_shadow(&f, 0.2f + f.legs, 0.75f);
        draw_standing(&f, stride, tail, nod);
    } else if (pose == 1) {
        draw_shadow(&f, 0.64f, 0.55f);
        draw_sitting(&f, stride, tail, nod);
    } else if (pose == 2) {
        draw_shadow(&f, 0.42f, 0.85f);
        draw_lying(&f, stride, tail, nod);
    } else {
        draw_face(&f);
    }
    a->pose = pose;
    a->left = left;
    a->x = f.x / DRAWING_UNITS;
    a->y = f.y / DRAWING_UNITS;
    a->scale = scale;
}

int builtin_animal_draw(uint64_t seed, enum split split, int index, struct animal *animal, int pixels,
                        int soft, uint8_t *image, uint8_t *mask, struct error *err) {
    struct drawing d;
    int bad = drawing_start(&d, pixels, stream(seed, "drawn animals: picture", split, index), err);
    if (!bad) {
        builtin_ground_draw(&d, animal->background);
        draw_animal(&d, animal);
        bad = drawing_finish(&d, pixels, 0.03f, soft, image, mask, err);
    }
    drawing_free(&d);
    return bad;
}
