// SPDX-License-Identifier: Apache-2.0
#include "gen/draw/noise.h"
#include "gen/draw/patterns.h"

struct lattice_point {
    float du, dv; // from it to here
    int column, row;
};

// The point of row j that is nearest to (u, v).
NOISE_INLINE struct lattice_point point_of_row(float u, float v, float shift, int j) {
    float offset = (j & 1) ? shift : 0, k = floorf(u - offset + 0.5f);
    return (struct lattice_point){u - offset - k, v - (float)j, (int)k, j};
}

// The nearest point of a lattice whose every second row is shifted by `shift` (0: square, 1/2: staggered).
NOISE_INLINE struct lattice_point lattice_point(float u, float v, float shift) {
    int j = (int)floorf(v);
    struct lattice_point a = point_of_row(u, v, shift, j), b = point_of_row(u, v, shift, j + 1);
    int second = b.du * b.du + b.dv * b.dv < a.du * a.du + a.dv * a.dv;
    return (struct lattice_point){second ? b.du : a.du, second ? b.dv : a.dv, second ? b.column : a.column,
                                  second ? b.row : a.row};
}

// Discs on a lattice, of radius `radius` periods.
static void discs(struct pattern *p, float radius, float shift, float spacing) {
    float edge = 0.8f / p->period;
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        struct lattice_point at = lattice_point(p->u[i], p->v[i] / spacing, shift);
        float d = sqrtf(at.du * at.du + at.dv * at.dv * spacing * spacing);
        p->value[i] = smooth_step(radius + edge / 2, radius - edge / 2, d);
    }
}

// Small dots, close together, in rows.
void pattern_dotted(struct pattern *p) {
    pattern_coordinates(p, 5.5f, 8.5f, 0.5f);
    float shift = pattern_chance(p, 0.5f) ? 0.5f : 0;
    discs(p, pattern_uniform(p, 0.2f, 0.28f), shift, 1);
}

// Large flat dots, far apart, staggered.
void pattern_polka_dotted(struct pattern *p) {
    pattern_coordinates(p, 18, 26, 0.5f);
    float spacing = pattern_uniform(p, 0.6f, 0.85f);
    discs(p, pattern_uniform(p, 0.27f, 0.36f), 0.5f, spacing);
}

// Round holes in a plate: dark inside, with a rim that catches the light.
void pattern_perforated(struct pattern *p) {
    pattern_coordinates(p, 9, 14, 0.5f);
    float radius = pattern_uniform(p, 0.24f, 0.32f), shift = pattern_chance(p, 0.5f) ? 0.5f : 0,
          edge = 0.8f / p->period;
    p->relief = pattern_uniform(p, 0.35f, 0.6f);
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        struct lattice_point at = lattice_point(p->u[i], p->v[i] / 0.87f, shift);
        float du = at.du, dv = at.dv, d = sqrtf(du * du + 0.757f * dv * dv);
        float hole = smooth_step(radius + edge / 2, radius - edge / 2, d);
        float wall = smooth_step(-radius, radius, du * 0.6f + dv); // the far wall of the hole is seen
        p->value[i] = mix(0.8f + 0.08f * noise_octaves(p, p->u[i] * 4, p->v[i] * 4, 2), 0.25f * wall, hole);
        p->height[i] = -2.2f * hole;
    }
}

// Pyramids or half spheres of metal on a lattice, with a highlight.
void pattern_studded(struct pattern *p) {
    pattern_coordinates(p, 13, 19, 0.5f);
    float radius = pattern_uniform(p, 0.3f, 0.38f), shift = pattern_chance(p, 0.5f) ? 0.5f : 0,
          edge = 0.8f / p->period;
    int pyramid = pattern_chance(p, 0.4f);
    float turn = pattern_uniform(p, 0, 1), lx = cosine(turn), ly = sine(turn);
    p->relief = pattern_uniform(p, 0.4f, 0.6f);
    p->colours = 3;
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        struct lattice_point at = lattice_point(p->u[i], p->v[i], shift);
        float du = at.du, dv = at.dv;
        float d = pyramid ? fabsf(du) > fabsf(dv) ? fabsf(du) : fabsf(dv) : sqrtf(du * du + dv * dv);
        float inside = smooth_step(radius + edge / 2, radius - edge / 2, d);
        float rise = pyramid ? clamp01(1 - d / radius) : sqrtf(clamp01(1 - d * d / (radius * radius)));
        float hx = du / radius + 0.4f * lx, hy = dv / radius + 0.4f * ly,
              shine = clamp01(1 - 5 * (hx * hx + hy * hy));
        p->height[i] = p->period * radius * 0.7f * rise;
        p->value[i] =
            mix(0.12f * (1 + noise_octaves(p, p->u[i] * 4, p->v[i] * 4, 2)), 0.55f + 0.45f * shine, inside);
    }
}

struct scale { // what is seen at a point
    float value, height;
};

// A scale of row j where it covers the point, else what lies below.
NOISE_INLINE struct scale scale_over(const struct pattern *p, float u, float v, int j, float row_height,
                                     float radius, struct scale below) {
    float offset = (j & 1) ? 0.5f : 0, k = floorf(u - offset + 0.5f);
    float dx = u - offset - k, dy = (v - (float)j) * row_height, d = sqrtf(dx * dx + dy * dy) / radius;
    float rim = smooth_step(0.8f, 0.97f, d), shade = 0.2f * lattice_at(p, (int)k, j, 0);
    int covers = (d <= 1) & (dy >= -0.1f);
    struct scale own = {(0.25f + shade + 0.55f * d * d) * (1 - 0.9f * rim), p->period * 0.2f * d * (1 - rim)};
    return (struct scale){covers ? own.value : below.value, covers ? own.height : below.height};
}

// Rows of overlapping round scales, each brighter towards its free edge.
void pattern_scaly(struct pattern *p) {
    pattern_coordinates(p, 14, 20, 0.12f);
    float row_height = pattern_uniform(p, 0.42f, 0.52f), radius = pattern_uniform(p, 0.54f, 0.6f);
    p->relief = pattern_uniform(p, 0.15f, 0.4f);
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        float u = p->u[i], v = p->v[i] / row_height;
        int row = (int)floorf(v);
        struct scale seen = {0, 0};
#pragma GCC unroll 4
        for (int j = 1; j >= -2; j--) // the rows above lie on those below
            seen = scale_over(p, u, v, row + j, row_height, radius, seen);
        p->value[i] = seen.value;
        p->height[i] = seen.height;
    }
}

// Hexagonal cells with raised walls and hollow insides.
void pattern_honeycombed(struct pattern *p) {
    pattern_coordinates(p, 11, 17, 0.5f);
    float wall = pattern_uniform(p, 0.06f, 0.11f), edge = 0.8f / p->period;
    p->relief = pattern_uniform(p, 0.1f, 0.4f);
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        struct lattice_point at = lattice_point(p->u[i], p->v[i] / 0.8660254f, 0.5f);
        float du = at.du, dv = 0.8660254f * at.dv;
        // Distance to the border of the hexagon: half the lattice constant less the largest of three
        // projections.
        float a = fabsf(du), b = fabsf(0.5f * du + 0.8660254f * dv), c = fabsf(0.5f * du - 0.8660254f * dv);
        float most = a > b ? a : b;
        float border = 0.5f - (most > c ? most : c);
        float inside = smooth_step(wall - edge / 2, wall + edge / 2, border);
        float hollow = smooth_step(0.5f, wall, border) * 0.3f + 0.12f * lattice_at(p, at.column, at.row, 0);
        p->value[i] = mix(1, hollow, inside);
        p->height[i] = -p->period * 0.12f * inside;
    }
}

// ------------------------------------------------------------------------------------- single shapes

struct disc {
    float radius, value, rim;
};

// A bubble: a dark ring, a clear inside, a highlight.
static void draw_bubble(struct pattern *p, int i, float dx, float dy, const void *shape) {
    const struct disc *b = shape;
    float d = sqrtf(dx * dx + dy * dy) / b->radius;
    if (d > 1)
        return;
    float ring = smooth_step(0.62f, 0.88f, d) * smooth_step(1, 0.93f, d), hx = dx / b->radius + 0.4f,
          hy = dy / b->radius + 0.35f;
    float shine = smooth_step(0.26f, 0.1f, sqrtf(hx * hx + hy * hy));
    float inside = mix(p->value[i], b->value, 0.65f * smooth_step(1, 0.95f, d));
    p->value[i] = mix(mix(inside, 0, 0.95f * ring), 1, shine);
}

void pattern_bubbly(struct pattern *p) {
    pattern_coordinates(p, 20, 30, 0.5f);
#pragma omp simd
    for (int i = 0; i < p->count; i++)
        p->value[i] = 0.45f + 0.15f * noise(p, p->u[i], p->v[i]);
    int count = 45 + pattern_choose(p, 40);
    float large = pattern_uniform(p, 8, 14), turn = pattern_uniform(p, 0, 1);
    for (int k = 0; k < count; k++) {
        float t = (float)k / (float)count;
        struct disc b = {.rim = 0};
        b.radius = mix(large, 2.5f, sqrtf(t)) * pattern_uniform(p, 0.8f, 1.2f);
        b.value = pattern_uniform(p, 0.4f, 0.75f);
        float x = pattern_uniform(p, -5, 101), y = pattern_uniform(p, -5, 101);
        pattern_shape(p, x, y, b.radius, turn, draw_bubble, &b);
    }
}

struct fleck {
    float length, width, value;
    float uneven, softness; // of the outline
    float rough;            // 1 / size of the outline's dents, in units
};

static void draw_fleck(struct pattern *p, int i, float dx, float dy, const void *shape) {
    const struct fleck *f = shape;
    float ex = dx / f->length, ey = dy / f->width;
    float d = sqrtf(ex * ex + ey * ey) + f->uneven * noise(p, p->x[i] * f->rough, p->y[i] * f->rough);
    p->value[i] = mix(p->value[i], f->value, smooth_step(1 + f->softness, 1 - f->softness, d));
}

// Small, sharp, irregular specks of several colours on a plain ground.
void pattern_flecked(struct pattern *p) {
    pattern_coordinates(p, 20, 30, 0.5f);
    p->colours = 3;
    int count = 110 + pattern_choose(p, 130);
    float size = pattern_uniform(p, 1.2f, 2.2f), turn = pattern_uniform(p, 0, 1);
    for (int k = 0; k < count; k++) {
        float own = size * pattern_uniform(p, 0.5f, 1.5f);
        struct fleck f = {own, own, 1, 0.6f, 0.3f, 0.5f};
        f.length *= pattern_uniform(p, 1, 2);
        f.value = pattern_chance(p, 0.5f) ? 1 : 0.5f;
        float x = pattern_uniform(p, 0, 96), y = pattern_uniform(p, 0, 96);
        pattern_shape(p, x, y, 2 * f.length + 1, turn + pattern_uniform(p, -0.1f, 0.1f), draw_fleck, &f);
    }
}

// Soft, round, see-through spots, in crowds and alone.
void pattern_freckled(struct pattern *p) {
    pattern_coordinates(p, 20, 30, 0.5f);
    int count = 160 + pattern_choose(p, 120);
    float size = pattern_uniform(p, 1.8f, 2.8f);
#pragma omp simd
    for (int i = 0; i < p->count; i++)
        p->value[i] = 0.08f + 0.1f * noise_octaves(p, p->u[i], p->v[i], 3);
    for (int k = 0; k < count; k++) {
        float x = pattern_uniform(p, 0, 96), y = pattern_uniform(p, 0, 96);
        if (noise(p, x * 0.04f, y * 0.04f) < pattern_uniform(p, -0.7f, 0.5f))
            continue; // crowds
        struct fleck f = {size, size, 1, 0.25f, 0.55f, 0.5f};
        f.length *= pattern_uniform(p, 0.5f, 1.5f);
        f.value = pattern_uniform(p, 0.5f, 1);
        f.width = f.length * pattern_uniform(p, 0.8f, 1.2f);
        pattern_shape(p, x, y, 2 * f.length + 1, 0, draw_fleck, &f);
    }
}

// Short round-ended sticks of several colours, in all directions.
static void draw_stick(struct pattern *p, int i, float dx, float dy, const void *shape) {
    const struct fleck *f = shape;
    float beyond = fabsf(dx) > f->length ? fabsf(dx) - f->length : 0;
    float d = sqrtf(beyond * beyond + dy * dy);
    float inside = smooth_step(f->width + 0.5f, f->width - 0.5f, d);
    p->value[i] = mix(p->value[i], f->value, inside);
    p->height[i] =
        mix(p->height[i], sqrtf(clamp01(1 - d * d / (f->width * f->width + 1))) * f->width, inside);
}

void pattern_sprinkled(struct pattern *p) {
    pattern_coordinates(p, 20, 30, 0.5f);
    p->colours = PATTERN_PALETTE;
    p->relief = pattern_uniform(p, 0.1f, 0.3f);
    int count = 50 + pattern_choose(p, 50);
    float length = pattern_uniform(p, 2.5f, 4.5f), width = pattern_uniform(p, 1.1f, 1.8f);
    for (int k = 0; k < count; k++) {
        struct fleck f = {length, width, 0.25f * (float)(1 + pattern_choose(p, 4)), 0, 0, 0};
        float x = pattern_uniform(p, -3, 99), y = pattern_uniform(p, -3, 99);
        pattern_shape(p, x, y, length + width + 1, pattern_uniform(p, 0, 1), draw_stick, &f);
    }
}

// A small hollow: dark, with a lit far side.
static void draw_pit(struct pattern *p, int i, float dx, float dy, const void *shape) {
    const struct fleck *f = shape;
    float ex = dx / f->length, ey = dy / f->width;
    float d = sqrtf(ex * ex + ey * ey) + f->uneven * noise(p, p->x[i] * f->rough, p->y[i] * f->rough);
    float inside = smooth_step(1 + f->softness, 1 - f->softness, d);
    p->value[i] = mix(p->value[i], f->value * clamp01(0.4f + d * d), inside);
    float depth = -f->width * 0.5f * smooth_step(1.2f, 0.3f, d);
    if (depth < p->height[i])
        p->height[i] = depth;
}

// Many small pits, of all sizes, in a rough surface.
void pattern_pitted(struct pattern *p) {
    pattern_coordinates(p, 6, 9, 0.5f);
    p->relief = pattern_uniform(p, 0.5f, 0.8f);
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        float rough = noise_octaves(p, p->u[i], p->v[i], 3);
        p->value[i] = 0.75f + 0.2f * rough;
        p->height[i] = 0.5f * rough;
    }
    int count = 60 + pattern_choose(p, 60);
    float size = pattern_uniform(p, 1.8f, 2.8f);
    for (int k = 0; k < count; k++) {
        float own = size * pattern_uniform(p, 0.6f, 1.4f);
        struct fleck f = {own, own, 0.15f, 0.3f, 0.3f, 0.35f};
        float x = pattern_uniform(p, 0, 96), y = pattern_uniform(p, 0, 96);
        pattern_shape(p, x, y, 2 * own + 1, 0, draw_pit, &f);
    }
}

// A few large, ragged holes in asphalt.
void pattern_potholed(struct pattern *p) {
    pattern_coordinates(p, 2.5f, 4, 0.5f);
    p->relief = pattern_uniform(p, 0.3f, 0.5f);
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        float rough = noise_octaves(p, p->u[i], p->v[i], 2);
        p->value[i] = 0.7f + 0.28f * rough;
        p->height[i] = 0.4f * rough;
    }
    int count = 6 + pattern_choose(p, 5);
    for (int k = 0; k < count; k++) {
        float own = pattern_uniform(p, 8, 15);
        struct fleck f = {own * pattern_uniform(p, 1, 1.5f), own * 0.8f, 0.3f, 0.5f, 0.1f, 0.13f};
        float x = pattern_uniform(p, 5, 91), y = pattern_uniform(p, 5, 91);
        pattern_shape(p, x, y, 2.2f * f.length, pattern_uniform(p, 0, 1), draw_pit, &f);
    }
}

// ---------------------------------------------------------------------------------------------- ornaments

struct drop {
    float size, bend;
    int rings;
};

// A drop with a bent tip: the disc around a centre that moves aside as the drop narrows.
static void draw_drop(struct pattern *p, int i, float dx, float dy, const void *shape) {
    const struct drop *d = shape;
    float t = (dy / d->size + 1) / 2.4f; // 0 at the round end, 1 at the tip
    if (t < -0.1f || t > 1)
        return;
    float width = t < 0.42f ? sqrtf(clamp01(1 - (t - 0.42f) * (t - 0.42f) / 0.1764f))
                            : (1 - t) / 0.58f * (1.05f - 0.3f * t);
    float centre = d->bend * clamp01(t - 0.4f) * clamp01(t - 0.4f) * 4;
    float edge = fabsf(dx / d->size - centre) / (0.72f * width + 1e-3f);
    float inside = smooth_step(1.05f, 0.93f, edge);
    float ring = 0.5f + 0.5f * cosine(edge * (float)d->rings * 0.5f + 0.5f);
    float heart_x = dx / d->size, heart_y = dy / d->size + 0.2f,
          heart = smooth_step(0.3f, 0.22f, sqrtf(heart_x * heart_x + heart_y * heart_y));
    float value = mix(edge > 0.72f ? 1 : 0.45f * ring + 0.2f, 1, heart);
    p->value[i] = mix(p->value[i], value, inside);
}

// Bent drops with rings inside, between small dots.
void pattern_paisley(struct pattern *p) {
    pattern_coordinates(p, 20, 26, 0.5f);
    p->colours = 3;
    float spot = pattern_uniform(p, 0.06f, 0.1f), turn = pattern_uniform(p, 0, 1);
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        struct lattice_point at = lattice_point(3 * p->u[i], 3 * p->v[i], 0.5f);
        p->value[i] =
            0.8f * smooth_step(3 * spot + 0.1f, 3 * spot - 0.1f, sqrtf(at.du * at.du + at.dv * at.dv));
    }
    float step = pattern_uniform(p, 23, 30), size = step * pattern_uniform(p, 0.42f, 0.5f);
    int rings = 2 + pattern_choose(p, 3), row = 0;
    for (float y = pattern_uniform(p, -14, 4); y < 110; y += step * 0.8f, row++)
        for (float x = (float)(row & 1) * step / 2 - 10; x < 110; x += step) {
            struct drop d = {size * pattern_uniform(p, 0.85f, 1.1f), (row & 1) ? 1 : -1, rings};
            pattern_shape(p, x, y, 1.8f * size,
                          turn + ((row & 1) ? 0.5f : 0) + pattern_uniform(p, -0.06f, 0.06f), draw_drop, &d);
        }
}

// Flowers of loops on a fine net of holes.
void pattern_lacelike(struct pattern *p) {
    pattern_coordinates(p, 26, 36, 0.5f);
    int petals = 5 + pattern_choose(p, 4);
    float net = pattern_uniform(p, 6, 9), spin = pattern_uniform(p, 0, 1),
          radius = pattern_uniform(p, 0.4f, 0.46f);
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        float u = p->u[i], v = p->v[i];
        struct lattice_point at = lattice_point(u, v, 0.5f), mesh = lattice_point(net * u, net * v, 0.5f);
        float du = at.du, dv = at.dv;
        float hole =
            smooth_step(0.24f, 0.36f, sqrtf(mesh.du * mesh.du + mesh.dv * mesh.dv)); // threads around holes
        float d = sqrtf(du * du + dv * dv) / radius;
        float petal =
            0.62f + 0.36f * cosine((turn_of(du, dv) + spin) * (float)petals); // the flower's outline
        float outline = smooth_step(0.14f, 0.05f, fabsf(d - petal));
        float inner = smooth_step(0.1f, 0.04f, fabsf(d - 0.55f * petal));
        float heart = smooth_step(0.2f, 0.13f, d) + smooth_step(0.08f, 0.03f, fabsf(d - 1.02f));
        float cloth = d < petal ? 0.45f : 0.8f * hole;
        cloth = outline > cloth ? outline : cloth;
        cloth = inner > cloth ? inner : cloth;
        p->value[i] = heart > cloth ? heart : cloth;
    }
}
