// SPDX-License-Identifier: Apache-2.0
#include "gen/draw/noise.h"
#include "gen/draw/patterns.h"

#include <stdlib.h>

// Softness of an edge in u and v: about one unit.
static float soft(const struct pattern *p) {
    return 0.8f / p->period;
}

// 1 inside a line of the given half width around every whole number of t, 0 outside.
static float line(float t, float half, float edge) {
    return 1 - smooth_step(half - edge / 2, half + edge / 2, fabsf(t - floorf(t + 0.5f)));
}

// Wide bands of several flat colours and widths, each differing from its neighbours.
void pattern_banded(struct pattern *p) {
    pattern_coordinates(p, 11, 18, 0.5f);
    p->colours = 2 + pattern_choose(p, 3);
    float uneven = pattern_uniform(p, 0.1f, 0.35f), edge = soft(p) * pattern_uniform(p, 1, 2.5f);
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        float t = p->v[i] + uneven * sine(p->v[i] * 0.37f) * 1.5f +
                  0.08f * noise(p, p->u[i] * 0.4f, p->v[i] * 0.4f);
        float k = floorf(t + 0.5f), across = smooth_step(-edge, edge, t - k);
        int below = (int)k - 1, above = (int)k;
        // Neighbouring bands always differ: the parity of the band decides which half of the palette it
        // takes.
        float low = clamp01((float)(below & 1) * 0.7f + 0.3f * lattice_at(p, below, 5, 0));
        float high = clamp01((float)(above & 1) * 0.7f + 0.3f * lattice_at(p, above, 5, 0));
        p->value[i] = mix(low, high, across);
    }
}

// Plaits side by side: in each, strands come in from both sides in turn and lie over each other.
void pattern_braided(struct pattern *p) {
    pattern_coordinates(p, 13, 20, 0.5f);
    float rise = pattern_uniform(p, 0.7f, 1.2f), gap = pattern_uniform(p, 0.04f, 0.1f);
    p->relief = pattern_uniform(p, 0.2f, 0.45f);
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        float across = p->u[i] - floorf(p->u[i]) - 0.5f; // -1/2 .. 1/2 over one plait
        int side = across < 0.12f * sine(p->v[i] * 1.7f * 0.5f);
        float t = 1.7f * p->v[i] + rise * 2 * fabsf(across + 0.1f) + (side ? 0.5f : 0);
        float strand = 2 * fabsf(fraction(t) - 0.5f); // 0 in the middle, 1 between two strands
        float body = sqrtf(clamp01(1 - strand * strand));
        float inside = smooth_step(0.5f, 0.5f - 2 * gap, fabsf(across));
        p->value[i] = inside * (0.25f + 0.75f * body);
        p->height[i] = p->period * 0.25f * inside * body;
    }
}

void pattern_chequered(struct pattern *p) {
    pattern_coordinates(p, 7, 14, 0.5f);
    float edge = soft(p);
    int three = pattern_chance(p, 0.3f);
    p->colours = three ? 3 : 2;
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        float across = smooth_step(-edge, edge, triangle(p->u[i] / 2) - 0.5f);
        float along = smooth_step(-edge, edge, triangle(p->v[i] / 2) - 0.5f);
        // Exclusive or, softened; with three colours (gingham) the mixed squares take the middle one.
        p->value[i] = three ? (across + along) / 2 : across + along - 2 * across * along;
    }
}

// Strokes of a pen in two or three directions, of changing pressure.
void pattern_crosshatched(struct pattern *p) {
    pattern_coordinates(p, 5, 8, 0.5f);
    float angle = pattern_uniform(p, -0.09f, 0.09f), c = cosine(angle), s = sine(angle);
    float half = pattern_uniform(p, 0.13f, 0.2f), edge = 1.5f * soft(p);
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        float u = p->u[i], v = p->v[i], w = c * u + s * v;
        float shake = 0.35f * noise(p, u * 0.25f, v * 0.25f);
        float first = line(v + shake, half, edge) *
                      clamp01(0.75f + 0.9f * noise(p, u * 0.2f, floorf(v + shake + 0.5f) * 3.7f));
        float second = line(w - shake, half, edge) *
                       clamp01(0.75f + 0.9f * noise(p, floorf(w - shake + 0.5f) * 3.3f, v * 0.2f));
        p->value[i] = first > second ? first : second;
    }
}

// Thin lines crossing at right angles, the same distance apart both ways.
void pattern_grid(struct pattern *p) {
    pattern_coordinates(p, 8, 13, 0.5f);
    float half = pattern_uniform(p, 0.06f, 0.14f), edge = soft(p);
    p->relief = pattern_chance(p, 0.4f) ? 0.3f : 0;
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        float a = line(p->u[i], half, edge), b = line(p->v[i], half, edge);
        p->value[i] = a > b ? a : b;
        p->height[i] = p->value[i];
    }
}

// Parallel grooves cut into a surface: rounded ridges with narrow, dark bottoms, lit from the side.
void pattern_grooved(struct pattern *p) {
    pattern_coordinates(p, 7, 12, 0.5f);
    float width = pattern_uniform(p, 0.18f, 0.35f);
    p->relief = pattern_uniform(p, 0.35f, 0.6f);
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        float d = fabsf(p->v[i] - floorf(p->v[i] + 0.5f)) / width; // 0 at the bottom of a groove
        float depth = d < 1 ? 1 - d * d : 0;
        p->height[i] = -depth * p->period * 0.22f;
        p->value[i] = 0.85f - 0.7f * depth * depth + 0.1f * noise(p, p->u[i] * 0.7f, p->v[i] * 6);
    }
}

// Flat ribbons in two directions, passing over and under each other, with gaps between them.
void pattern_interlaced(struct pattern *p) {
    pattern_coordinates(p, 13, 19, 0.5f);
    float half = pattern_uniform(p, 0.22f, 0.32f), edge = soft(p), rim = pattern_uniform(p, 0.05f, 0.09f);
    p->colours = 3;
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        float u = p->u[i] + 0.12f * sine(p->v[i] / 2), v = p->v[i] + 0.12f * sine(p->u[i] / 2);
        float du = fabsf(u - floorf(u + 0.5f)), dv = fabsf(v - floorf(v + 0.5f));
        int over = ((int)floorf(u + 0.5f) + (int)floorf(v + 0.5f)) & 1; // which ribbon is on top here
        float a = over ? du : dv, b = over ? dv : du;
        float top = smooth_step(half + edge / 2, half - edge / 2, a);
        float below = smooth_step(half + edge / 2, half - edge / 2, b);
        float shadow = smooth_step(half + 0.14f, half, a);
        float top_rim = smooth_step(half - rim - edge, half - rim, a),
              below_rim = smooth_step(half - rim - edge, half - rim, b);
        float under = below * (1 - 0.55f * below_rim) * (1 - 0.5f * shadow);
        p->value[i] = mix(under, 1 - 0.55f * top_rim, top);
    }
}

// Columns of V-shaped stitches.
void pattern_knitted(struct pattern *p) {
    pattern_coordinates(p, 9.5f, 14, 0.1f);
    float rise = pattern_uniform(p, 0.5f, 0.9f), rows = pattern_uniform(p, 1.25f, 1.6f);
    p->relief = pattern_uniform(p, 0.15f, 0.4f);
    p->colours = pattern_chance(p, 0.35f) ? 3 : 2;
    int motif = p->colours == 3;
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        float across = fraction(p->u[i]) - 0.5f, leg = fabsf(across);
        float t = rows * p->v[i] - rise * 2 * leg;
        float strand = 2 * fabsf(fraction(t) - 0.5f), between = 2 * fabsf(2 * leg - 0.5f); // of one leg
        float body = clamp01(1.1f - strand * strand) * clamp01(1.15f - between * between * between);
        float wool = 0.12f * noise(p, p->u[i] * 9, p->v[i] * 3);
        int other = motif & (lattice_at(p, (int)floorf(p->u[i] / 2), (int)floorf(t / 2), 0) < 0.35f);
        p->value[i] = clamp01(body + wool) * (other ? 0.55f : 1);
        p->height[i] = p->period * 0.2f * body;
    }
}

// Thin lines on a plain ground, as on ruled paper or drawn by hand.
void pattern_lined(struct pattern *p) {
    pattern_coordinates(p, 6, 11, 0.5f);
    float half = pattern_uniform(p, 0.07f, 0.12f), edge = soft(p), shake = pattern_uniform(p, 0, 0.35f);
#pragma omp simd
    for (int i = 0; i < p->count; i++)
        p->value[i] = line(p->v[i] + shake * noise(p, p->u[i] * 0.15f, p->v[i] * 0.3f), half, edge);
}

// Wire mesh: diamonds of wire, lit as rods, over a dark or light hole.
void pattern_meshed(struct pattern *p) {
    pattern_coordinates(p, 9, 13, 0.06f);
    float half = pattern_uniform(p, 0.1f, 0.15f), edge = soft(p), slant = pattern_uniform(p, 0.8f, 1.2f);
    p->relief = pattern_uniform(p, 0.3f, 0.5f);
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        float a = p->u[i] * slant + p->v[i], b = p->u[i] * slant - p->v[i]; // both wires are slanted
        a += 0.1f * sine(b);
        b += 0.1f * sine(a);
        float da = fabsf(a - floorf(a + 0.5f)), db = fabsf(b - floorf(b + 0.5f));
        int over = ((int)floorf(a + 0.5f) + (int)floorf(b + 0.5f)) & 1;
        float near = over ? da : db, far = over ? db : da;
        float top = smooth_step(half + edge / 2, half - edge / 2, near);
        float below = smooth_step(half + edge / 2, half - edge / 2, far);
        float round_top = sqrtf(clamp01(1 - near * near / (half * half)));
        float round_below = sqrtf(clamp01(1 - far * far / (half * half)));
        p->value[i] = mix(below * 0.7f * (0.5f + 0.5f * round_below), 0.5f + 0.5f * round_top, top);
        p->height[i] = p->period * half * (top > 0.5f ? round_top + 0.4f : below * round_below);
    }
}

// Folds that rise slowly and fall at once.
void pattern_pleated(struct pattern *p) {
    pattern_coordinates(p, 11, 17, 0.5f);
    float share = pattern_uniform(p, 0.72f, 0.9f), bend = pattern_uniform(p, 0, 0.25f);
    int turned = pattern_chance(p, 0.5f);
    p->relief = pattern_uniform(p, 0, 0.2f);
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        float t = fraction(p->u[i] + bend * sine(p->v[i] * 0.12f) +
                           0.07f * noise(p, p->u[i] * 0.5f, p->v[i] * 0.15f));
        t = turned ? 1 - t : t;
        float ramp = t < share ? t / share : (1 - t) / (1 - share);
        p->value[i] = ramp * ramp * 0.6f + ramp * 0.4f;
        p->height[i] = p->period * 0.3f * ramp;
    }
}

// Layers of rock: of every thickness, rough, with thin dark seams.
void pattern_stratified(struct pattern *p) {
    pattern_coordinates(p, 9, 14, 0.07f);
    p->colours = 3 + pattern_choose(p, 3);
    p->relief = pattern_uniform(p, 0.1f, 0.3f);
    float wild = pattern_uniform(p, 0.3f, 0.8f);
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        float u = p->u[i], v = p->v[i] + wild * noise_octaves(p, p->u[i] * 0.25f, p->v[i] * 0.35f, 3);
        float t = 2.2f * v + 1.1f * noise(p, 0.5f, v * 0.9f);
        float k = floorf(t), part = t - k;
        float layer = lattice_at(p, (int)k, 3, 0), next = lattice_at(p, (int)k + 1, 3, 0);
        float seam = smooth_step(0.16f, 0.02f, part) * (lattice_at(p, (int)k, 9, 1) < 0.6f);
        float rough = 0.16f * noise_octaves(p, u * 1.5f, v * 6, 3);
        p->value[i] = clamp01(mix(layer, next, smooth_step(0.75f, 1, part)) + rough) * (1 - 0.8f * seam);
        p->height[i] = 2 * rough * p->period * 0.4f - seam + layer;
    }
}

// Two colours in equal, straight stripes.
void pattern_striped(struct pattern *p) {
    pattern_coordinates(p, 8, 13, 0.5f);
    float edge = 2 * soft(p), share = pattern_uniform(p, 0.42f, 0.58f);
#pragma omp simd
    for (int i = 0; i < p->count; i++)
        p->value[i] = smooth_step(share - edge, share + edge, triangle(p->v[i]));
}

// Square pits between raised ridges.
void pattern_waffled(struct pattern *p) {
    pattern_coordinates(p, 12, 18, 0.5f);
    float ridge = pattern_uniform(p, 0.14f, 0.2f), wall = pattern_uniform(p, 0.1f, 0.16f);
    p->relief = pattern_uniform(p, 0.45f, 0.7f);
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        float du = fabsf(p->u[i] - floorf(p->u[i] + 0.5f)), dv = fabsf(p->v[i] - floorf(p->v[i] + 0.5f));
        float d = du < dv ? du : dv; // distance to the nearest ridge
        float depth = smooth_step(ridge, ridge + wall, d);
        p->height[i] = -depth * p->period * 0.22f;
        p->value[i] = 0.9f - 0.6f * depth + 0.12f * noise_octaves(p, p->u[i] * 3, p->v[i] * 3, 2);
    }
}

// Plain weave: threads of both directions, each rounded, in turn on top.
void pattern_woven(struct pattern *p) {
    pattern_coordinates(p, 7, 11, 0.5f);
    int wide = 1 + pattern_choose(p, 2); // threads that go together
    float other = pattern_uniform(p, 0.3f, 1);
    p->relief = pattern_uniform(p, 0.2f, 0.4f);
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        float u = p->u[i], v = p->v[i];
        int over = ((int)floorf(u) + (int)floorf(v)) & 1;
        float along = fraction(over ? v : u) - 0.5f, across = fraction((over ? u : v) * (float)wide) - 0.5f;
        float body = sqrtf(clamp01(1 - 3.6f * across * across)) * (1 - 1.9f * along * along);
        float thread = 0.1f * noise(p, (over ? u : v) * 8, (over ? v : u) * 2);
        p->value[i] = clamp01(body + thread) * (over ? 1 : other);
        p->height[i] = p->period * 0.25f * body;
    }
}

// Stripes that turn left and right in sharp corners.
void pattern_zigzagged(struct pattern *p) {
    pattern_coordinates(p, 8, 13, 0.5f);
    float rise = pattern_uniform(p, 0.6f, 1.1f), length = pattern_uniform(p, 1.2f, 2), edge = 2 * soft(p);
    p->colours = pattern_chance(p, 0.25f) ? 3 : 2;
#pragma omp simd
    for (int i = 0; i < p->count; i++) {
        float t = p->v[i] + rise * triangle(p->u[i] / length);
        float stripe = smooth_step(0.5f - edge, 0.5f + edge, triangle(t));
        p->value[i] = p->colours == 3 ? stripe * (((int)floorf(t) & 1) ? 1 : 0.5f) : stripe;
    }
}
