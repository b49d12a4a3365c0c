// SPDX-License-Identifier: Apache-2.0
#include "gen/draw/noise.h"
#include "gen/draw/patterns.h"

#include <string.h>

// Large, irregular patches with blurred borders.
void pattern_blotchy(struct pattern *p) {
    pattern_coordinates(p, 14, 21, 0.5f);
    p->colours = 2 + pattern_choose(p, 2);
    float edge = pattern_uniform(p, 0.1f, 0.25f), level = pattern_uniform(p, -0.08f, 0.12f);
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        float u = p->u[i], v = p->v[i], t = noise_octaves(p, u, v, 3);
        float first = smooth_step(level - edge, level + edge, t);
        float second = smooth_step(-edge, edge, noise_octaves(p, u + 31, v + 11, 3) - 0.15f);
        p->value[i] = clamp01(0.65f * first + 0.35f * second);
    }
}

// Rounded bumps, close together, lit from the side.
void pattern_bumpy(struct pattern *p) {
    pattern_coordinates(p, 9, 15, 0.5f);
    float jitter = pattern_uniform(p, 0.3f, 0.75f);
    p->relief = pattern_uniform(p, 0.6f, 0.85f);
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        struct pattern_cell c = nearest_cell(p, p->u[i], p->v[i], jitter);
        float rise = clamp01(1 - c.near * c.near * 2.6f);
        p->height[i] = p->period * 0.42f * rise;
        p->value[i] = 0.35f + 0.5f * rise + 0.15f * c.lattice[2];
    }
}

// Threads from a centre, and threads across between them, sagging towards it.
void pattern_cobwebbed(struct pattern *p) {
    pattern_coordinates(p, 9, 13, 0.5f);
    float x = pattern_uniform(p, 20, 76), y = pattern_uniform(p, 20, 76), spin = pattern_uniform(p, 0, 1);
    int spokes = 11 + pattern_choose(p, 8);
    float rings = pattern_uniform(p, 5, 8), sag = pattern_uniform(p, 0.06f, 0.15f),
          uneven = pattern_uniform(p, 0.1f, 0.4f);
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        float dx = p->x[i] - x, dy = p->y[i] - y, d = sqrtf(dx * dx + dy * dy);
        float turn = (turn_of(dx, dy) + spin) * (float)spokes;
        turn += uneven * sine(turn * 3 / (float)spokes);
        float from_spoke = fabsf(turn - floorf(turn + 0.5f)); // 0 on a spoke, 1/2 between two
        float apart = from_spoke * d * 6.2832f / (float)spokes;
        float spoke = smooth_step(1.3f, 0.4f, apart);
        float ring = d / rings * (1 + sag * (1 - 4 * from_spoke * from_spoke) * -1) +
                     0.15f * lattice_at(p, (int)floorf(turn + 0.5f), 2, 0);
        float thread = smooth_step(1.2f, 0.3f, fabsf(ring - floorf(ring + 0.5f)) * rings);
        float ground = 0.14f * (1 + noise_octaves(p, p->u[i], p->v[i], 3));
        float strand = spoke > 0.85f * thread ? spoke : 0.85f * thread;
        p->value[i] = mix(ground, 1, strand * clamp01(0.85f + 0.5f * noise(p, p->u[i] * 2, p->v[i] * 2)));
    }
}

// Dried mud or old paint: dark cracks around plates of many sizes.
void pattern_cracked(struct pattern *p) {
    pattern_coordinates(p, 16, 24, 0.5f);
    float width = pattern_uniform(p, 0.035f, 0.07f), bend = pattern_uniform(p, 0.15f, 0.3f);
    p->relief = pattern_uniform(p, 0.1f, 0.4f);
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        float u = p->u[i], v = p->v[i];
        float wu = u + bend * noise_octaves(p, 2 * u, 2 * v, 3),
              wv = v + bend * noise_octaves(p, 2 * u + 40, 2 * v + 20, 3);
        struct pattern_cell c = nearest_cell(p, wu, wv, 0.95f),
                            fine = nearest_cell(p, 1.9f * wu + 9, 1.9f * wv + 5, 0.95f);
        float crack = smooth_step(1.6f * width, 0.5f * width, c.second - c.near);
        float thin =
            0.85f * smooth_step(2 * width, 0.6f * width, fine.second - fine.near) * (c.lattice[1] < 0.55f);
        crack = crack > thin ? crack : thin;
        p->value[i] =
            (0.75f + 0.15f * c.lattice[2] + 0.12f * noise_octaves(p, 3 * u, 3 * v, 2)) * (1 - crack);
        p->height[i] = -1.5f * crack;
    }
}

// Flat facets with straight, bright edges, each with a light of its own.
void pattern_crystalline(struct pattern *p) {
    pattern_coordinates(p, 13, 20, 0.5f);
    float stretch = pattern_uniform(p, 1, 1.9f), fade = pattern_uniform(p, 0.5f, 0.9f);
    p->colours = 3;
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        float u = p->u[i], v = p->v[i] / stretch;
        struct pattern_cell c = nearest_cell(p, u, v, 1),
                            inner = nearest_cell(p, 1.7f * u + 13, 1.7f * v + 29, 1);
        float edge = smooth_step(0.07f, 0.02f, c.second - c.near);
        float tilt = (2 * c.lattice[0] - 1) * c.dx + (2 * c.lattice[1] - 1) * c.dy;
        float facet = c.lattice[2] * 0.75f + fade * tilt + 0.35f * (inner.lattice[1] - 0.5f);
        p->value[i] = mix(clamp01(facet), 1, 0.9f * edge);
    }
}

// Thin fibres lying side by side, nearly parallel.
void pattern_fibrous(struct pattern *p) {
    pattern_coordinates(p, 9, 13, 0.5f);
    float fine = pattern_uniform(p, 2.6f, 4), wander = pattern_uniform(p, 0.3f, 0.8f);
    p->relief = pattern_uniform(p, 0.1f, 0.4f);
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        float u = p->u[i], v = p->v[i] + wander * noise(p, p->u[i] * 0.25f, p->v[i] * 0.25f);
        float strands = noise(p, 0.25f * u, fine * v), more = noise(p, 0.5f * u + 50, 2 * fine * v);
        float tuft = noise(p, 0.2f * u + 9, 0.7f * v);
        p->value[i] = clamp01(0.5f + 0.6f * strands + 0.35f * more + 0.25f * tuft);
        p->height[i] = strands + 0.5f * more;
    }
}

struct ruffle {                 // a row of cloth at a point
    float above, ruffle, shift; // distance above its free edge; its wave there
};

NOISE_INLINE struct ruffle ruffle_at(const struct pattern *p, float u, float v, float waves, float depth,
                                     float k) {
    float shift = lattice_at(p, (int)k, 4, 0);
    float wave = sine(waves * u + shift + 0.1f * noise(p, 2 * u, k));
    float edge = k + depth * wave + 0.1f * sine(2.3f * waves * u + 3 * shift);
    return (struct ruffle){edge - v, wave, shift};
}

// The upper one, where it covers the point.
NOISE_INLINE struct ruffle ruffle_over(struct ruffle upper, struct ruffle lower) {
    int covers = (upper.above > 0) & (upper.above < 1.35f);
    return (struct ruffle){covers ? upper.above : lower.above, covers ? upper.ruffle : lower.ruffle,
                           covers ? upper.shift : lower.shift};
}

// Ruffles: rows of cloth whose free edges run in deep, uneven waves.
void pattern_frilly(struct pattern *p) {
    pattern_coordinates(p, 15, 21, 0.5f);
    float waves = pattern_uniform(p, 1.1f, 1.7f), depth = pattern_uniform(p, 0.22f, 0.32f);
    p->relief = pattern_uniform(p, 0.15f, 0.35f);
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        float u = p->u[i] + 0.4f * noise(p, 0.6f * p->u[i], 0.6f * p->v[i]);
        float v = p->v[i], row = floorf(v + 0.5f);
        struct ruffle r = ruffle_over(
            ruffle_at(p, u, v, waves, depth, row + 1),
            ruffle_over(ruffle_at(p, u, v, waves, depth, row), ruffle_at(p, u, v, waves, depth, row - 1)));
        float t = clamp01(r.above);
        float fold = sine(2 * waves * u + r.shift * 2) * (1 - t) * 0.5f;
        float hem = smooth_step(0.09f, 0.03f, t);
        p->value[i] = clamp01(0.75f - 0.75f * t + 0.35f * fold * (1 - t)) * (1 - hem) + hem;
        p->height[i] = p->period * 0.25f * (1 - t) * (1 + 0.6f * r.ruffle);
    }
}

// Thin cloth in wide, soft folds, its threads just visible.
void pattern_gauzy(struct pattern *p) {
    pattern_coordinates(p, 24, 34, 0.5f);
    float threads = pattern_uniform(p, 7, 9.5f), amount = pattern_uniform(p, 0.1f, 0.2f);
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        float u = p->u[i], v = p->v[i];
        float bent = u + 0.7f * noise(p, 0.5f * u, 0.5f * v) + 0.35f * v;
        float fold = 0.5f + 0.3f * sine(bent) + 0.2f * sine(1.7f * bent + 0.4f * noise(p, u, v)),
              veil = smooth_step(-0.25f, 0.3f, noise(p, 0.7f * bent, 0.4f * v));
        float cloth = sine(threads * (u + 0.1f * noise(p, u, v))) * 0.5f + sine(threads * v) * 0.5f;
        p->value[i] = clamp01(0.15f + 0.45f * fold + 0.35f * veil + amount * cloth);
    }
}

// Veins of stone, folded by turbulence.
void pattern_marbled(struct pattern *p) {
    pattern_coordinates(p, 22, 30, 0.5f);
    float force = pattern_uniform(p, 1, 1.7f), sharp = pattern_uniform(p, 0.5f, 1);
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        float u = p->u[i], v = p->v[i], turbulence = noise_octaves(p, u, v, 4);
        float first = fabsf(sine(0.5f * v + 0.5f * force * turbulence)),
              second = fabsf(sine(0.7f * u + 0.6f * force * noise_octaves(p, u + 20, v + 30, 3)));
        float vein = clamp01(1 - first / (0.3f * sharp + 0.15f)), thin = clamp01(1 - second / 0.1f);
        p->value[i] = clamp01(0.12f + 0.25f * (0.5f + turbulence) + 0.75f * vein + 0.35f * thin);
    }
}

struct hair {
    float length, bend, value;
};

// A thin, curved hair with a lit and a dark side.
static void draw_hair(struct pattern *p, int i, float dx, float dy, const void *shape) {
    const struct hair *h = shape;
    if (fabsf(dx) > h->length)
        return;
    float along = dx / h->length, across = dy - h->bend * along * along * h->length;
    float inside = smooth_step(1.3f, 0.5f, fabsf(across)) * (1 - along * along);
    float shade = smooth_step(2.2f, 1, fabsf(across - 0.9f)) * (1 - along * along);
    p->value[i] = mix(p->value[i] * (1 - 0.3f * shade), h->value, inside);
}

// Fur or wool, tangled: locks of hairs lying across each other.
void pattern_matted(struct pattern *p) {
    pattern_coordinates(p, 14, 20, 0.5f);
    int locks = 130 + pattern_choose(p, 50);
    float bend = pattern_uniform(p, 0.2f, 0.7f);
#pragma omp simd
    for (int i = 0; i < p->count; i++)
        p->value[i] = 0.25f + 0.2f * noise_octaves(p, p->u[i], p->v[i], 2);
    for (int k = 0; k < locks; k++) {
        float x = pattern_uniform(p, -4, 100), y = pattern_uniform(p, -4, 100),
              turn = pattern_uniform(p, 0, 1);
        for (int j = 0; j < 5; j++) {
            struct hair h;
            h.length = pattern_uniform(p, 7, 12);
            h.bend = bend * pattern_uniform(p, -1, 1);
            h.value = pattern_uniform(p, 0.35f, 1);
            float own_turn = turn + pattern_uniform(p, -0.05f, 0.05f);
            float down = pattern_uniform(p, -3, 3), right = pattern_uniform(p, -3, 3);
            pattern_shape(p, x + right, y + down, h.length, own_turn, draw_hair, &h);
        }
    }
}

// A sponge: holes of every size, with thin walls left between them.
void pattern_porous(struct pattern *p) {
    pattern_coordinates(p, 9, 14, 0.5f);
    float large = pattern_uniform(p, 0.32f, 0.42f), small = pattern_uniform(p, 0.26f, 0.36f);
    p->relief = pattern_uniform(p, 0.2f, 0.5f);
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        float u = p->u[i] + 0.12f * noise(p, 2 * p->u[i], 2 * p->v[i]), v = p->v[i];
        struct pattern_cell c = nearest_cell(p, u, v, 0.9f),
                            fine = nearest_cell(p, 2.3f * u + 7, 2.3f * v + 3, 1);
        float radius = large * (0.6f + 0.6f * c.lattice[2]), inner = small * (0.5f + 0.8f * fine.lattice[2]);
        float hole = smooth_step(radius + 0.07f, radius - 0.07f, c.near);
        float pore = 0.8f * smooth_step(inner + 0.12f, inner - 0.12f, fine.near);
        float depth = hole > pore ? hole : pore;
        p->value[i] = 0.85f - 0.8f * depth + 0.12f * noise(p, 5 * u, 5 * v);
        p->height[i] = -2.5f * depth;
    }
}

// Paint drawn out with a wide brush: long, curved streaks of several colours.
void pattern_smeared(struct pattern *p) {
    pattern_coordinates(p, 13, 19, 0.5f);
    p->colours = 3 + pattern_choose(p, 2);
    float bend = pattern_uniform(p, 0.8f, 1.6f), ends = pattern_uniform(p, 0.1f, 0.17f);
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        float u = p->u[i], v = p->v[i];
        float bent = v + bend * noise(p, 0.14f * u, 0.2f * v) + 0.8f * bend * sine(0.05f * u);
        float paint = noise_octaves(p, ends * u, 0.8f * bent, 2),
              bristles = noise(p, 0.12f * u + 80, 5 * bent);
        p->value[i] = clamp01(0.5f + 0.95f * paint + 0.18f * bristles);
    }
}

// One or more spirals of a single arm.
void pattern_spiralled(struct pattern *p) {
    pattern_coordinates(p, 8, 12, 0.5f);
    float reach = pattern_chance(p, 0.5f)
                      ? 96
                      : pattern_uniform(p, 32, 50); // of a single spiral or of a lattice of them
    float x = pattern_uniform(p, 30, 66), y = pattern_uniform(p, 30, 66),
          hand = pattern_chance(p, 0.5f) ? 1 : -1;
    float arm = p->period * pattern_uniform(p, 0.8f, 1.1f), half = pattern_uniform(p, 0.2f, 0.3f),
          edge = 0.8f / arm;
    float oval = pattern_uniform(p, 0.85f, 1.18f);
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        float dx = p->x[i] - x, dy = (p->y[i] - y) * oval;
        float column = floorf(dx / reach + 0.5f), row = floorf(dy / reach + 0.5f);
        dx -= column * reach;
        dy -= row * reach;
        float way = ((int)column + (int)row) & 1 ? -hand : hand, d = sqrtf(dx * dx + dy * dy);
        float t = d / arm + way * turn_of(dx, dy), off = fabsf(t - floorf(t + 0.5f));
        float rest =
            reach < 90 ? smooth_step(0.5f * reach, 0.5f * reach - 2, d) : 1; // each spiral ends in its cell
        p->value[i] =
            rest * smooth_step(half + edge / 2, half - edge / 2, off) + 0.08f * noise(p, p->u[i], p->v[i]);
    }
}

// Liquids that dried: large soft spots, each with a darker edge, over each other.
void pattern_stained(struct pattern *p) {
    pattern_coordinates(p, 18, 28, 0.5f);
    int spots = 5 + pattern_choose(p, 5);
    float x[10], y[10], radius[10], strength[10];
    for (int k = 0; k < spots; k++) {
        x[k] = pattern_uniform(p, 5, 91);
        y[k] = pattern_uniform(p, 5, 91);
        radius[k] = pattern_uniform(p, 9, 24);
        strength[k] = pattern_uniform(p, 0.15f, 0.4f);
    }
    float *ragged = p->height; // the surface is flat
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        p->value[i] = 0.06f + 0.08f * noise_octaves(p, 3 * p->u[i], 3 * p->v[i], 2);
        ragged[i] = 5 * noise_octaves(p, 1.5f * p->u[i], 1.5f * p->v[i], 3);
    }
    for (int k = 0; k < spots; k++)
#pragma omp simd
        for (int i = 0; i < p->count; i++) {
            float dx = p->x[i] - x[k], dy = p->y[i] - y[k];
            float d = sqrtf(dx * dx + dy * dy) + ragged[i] - radius[k];
            float inside = smooth_step(0.8f, -0.8f, d), rim = smooth_step(-3.2f, -0.6f, d) * inside;
            p->value[i] += strength[k] * (0.7f * inside + 0.9f * rim);
        }
    for (int i = 0; i < p->count; i++)
        p->value[i] = clamp01(p->value[i]);
}

// Turns u and v, which are in units here, about (x, y), the less the farther away.
static void whirl(struct pattern *p, float x, float y, float force, float width) {
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        float dx = p->u[i] - x, dy = p->v[i] - y, d = (dx * dx + dy * dy) / (width * width);
        float fall = (1 - d / 4) * (1 - d / 4), c = cosine(force * fall), s = sine(force * fall);
        p->u[i] = d > 4 ? p->u[i] : x + c * dx - s * dy;
        p->v[i] = d > 4 ? p->v[i] : y + s * dx + c * dy;
    }
}

// Stripes carried round by several whirls.
void pattern_swirly(struct pattern *p) {
    pattern_coordinates(p, 9, 13, 0.5f);
    enum { WHIRLS = 5 };
    float x[WHIRLS], y[WHIRLS], force[WHIRLS], width[WHIRLS];
    for (int k = 0; k < WHIRLS; k++) {
        x[k] = pattern_uniform(p, 5, 91);
        y[k] = pattern_uniform(p, 5, 91);
        force[k] = pattern_uniform(p, 0.3f, 0.65f);
        force[k] *= pattern_chance(p, 0.5f) ? 1 : -1;
        width[k] = pattern_uniform(p, 14, 24);
    }
    float turn = pattern_uniform(p, 0, 1), tx = cosine(turn) / p->period, ty = sine(turn) / p->period;
    float sharp = pattern_uniform(p, 0.15f, 0.5f);
    p->colours = 2 + pattern_choose(p, 2);
    memcpy(p->u, p->x, (size_t)p->count * sizeof *p->u);
    memcpy(p->v, p->y, (size_t)p->count * sizeof *p->v);
    for (int k = 0; k < WHIRLS; k++)
        whirl(p, x[k], y[k], force[k], width[k]);
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        float px = p->u[i], py = p->v[i];
        float t = tx * px + ty * py + 0.3f * noise(p, 0.04f * px, 0.04f * py);
        p->value[i] = smooth_step(0.5f - sharp, 0.5f + sharp, triangle(t));
    }
}

// A leaf: a midrib, side veins leaving it at an angle, and a fine net between them.
void pattern_veined(struct pattern *p) {
    pattern_coordinates(p, 12, 17, 0.5f);
    float rise = pattern_uniform(p, 0.5f, 1), net = pattern_uniform(p, 2.2f, 3),
          apart = pattern_uniform(p, 3.2f, 4.6f);
    float start = pattern_uniform(p, 0, 4);
    p->relief = pattern_uniform(p, 0.1f, 0.35f);
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        float u = p->u[i] + 0.25f * noise(p, 0.4f * p->u[i], 0.4f * p->v[i]), v = p->v[i];
        float from = u + start, rib = floorf(from / apart + 0.5f) * apart,
              d = fabsf(from - rib); // several leaves
        float side = v + rise * d - 0.06f * d * d + (from > rib ? 0.5f : 0);
        float off = fabsf(side - floorf(side + 0.5f));
        float midrib = smooth_step(0.14f, 0.07f, d),
              vein = 0.85f * smooth_step(0.1f, 0.035f, off) * smooth_step(apart * 0.5f, apart * 0.3f, d);
        struct pattern_cell c = nearest_cell(p, net * u, net * v, 0.9f);
        float thin = 0.45f * smooth_step(0.2f, 0.05f, c.second - c.near);
        float value = midrib > vein ? midrib : vein;
        value = value > thin ? value : thin;
        p->value[i] = value + 0.1f * noise(p, u, v);
        p->height[i] = 1.2f * value;
    }
}

// Creased cloth or paper: sharp ridges in all directions.
void pattern_wrinkled(struct pattern *p) {
    pattern_coordinates(p, 18, 27, 0.5f);
    float stretch = pattern_uniform(p, 0.5f, 1);
    p->relief = pattern_uniform(p, 0.6f, 0.9f);
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        float u = p->u[i] * stretch, v = p->v[i];
        float wu = u + 0.3f * noise(p, u + 5, v), wv = v + 0.3f * noise(p, u, v + 8);
        float ridge = 1 - 1.6f * fabsf(noise(p, wu, wv)),
              second = 1 - 1.6f * fabsf(noise(p, 2 * wu + 3, 2 * wv));
        float third = 1 - 1.6f * fabsf(noise(p, 4 * wu + 3, 4 * wv));
        float height = 0.55f * ridge + 0.3f * second + 0.15f * third;
        p->height[i] = p->period * 0.5f * height;
        p->value[i] = 0.2f + 0.65f * height * height;
    }
}
