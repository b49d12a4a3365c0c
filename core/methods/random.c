// SPDX-License-Identifier: Apache-2.0
// A control: ReFF with a disc of the annotation's area at a random place, drawn by the seed and the image's index.
#include "core/base/random.h"
#include "core/methods/reff.h"

#include <math.h>

struct disc {
    double x, y, radius; // pixels; centres of pixels lie at halves
};

// How much of a pixel the disc covers, to within an edge one pixel wide.
static double coverage(const struct disc *d, int x, int y) {
    double inside = d->radius - hypot(x + 0.5 - d->x, y + 0.5 - d->y) + 0.5;
    return inside < 0 ? 0 : inside > 1 ? 1 : inside;
}

static double covered_area(const struct disc *d, int side) {
    double area = 0;
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++)
            area += coverage(d, x, y);
    return area;
}

// A disc that fits lies anywhere; a larger one in the middle, cut at the borders, with a radius that keeps the area.
static struct disc draw_disc(double area, int side, struct random *r) {
    struct disc d = {side / 2.0, side / 2.0, sqrt(area / 3.14159265358979323846)};
    double room = side - 2 * d.radius, u = random_uniform(r), v = random_uniform(r);
    if (room > 0) {
        d.x = d.radius + u * room;
        d.y = d.radius + v * room;
        return d;
    }
    double low = d.radius, high = 2 * side;
    for (int i = 0; i < 40; i++) {
        d.radius = (low + high) / 2;
        *(covered_area(&d, side) < area ? &low : &high) = d.radius;
    }
    return d;
}

static void random_discs(const struct batch *b) {
    size_t area = batch_area(b);
#pragma omp parallel for schedule(static)
    for (int i = 0; i < b->count; i++) {
        uint8_t *annotation = b->annotations + (size_t)i * area;
        struct random r = random_stream(b->seed, random_purpose("a random disc"), b->index[i]);
        double annotated = 0;
        for (size_t p = 0; p < area; p++)
            annotated += annotation[p] / 255.0;
        const struct disc d = draw_disc(annotated, b->side, &r);
        for (int y = 0; y < b->side; y++)
            for (int x = 0; x < b->side; x++)
                annotation[y * b->side + x] = (uint8_t)lround(annotated > 0 ? 255 * coverage(&d, x, y) : 0);
    }
}

const struct method method_reff_random = {.name = "reff-random",
                                          .title = "ReFF (random disc)",
                                          .summary = "ReFF with random discs in place of the annotations",
                                          .style = {.colour = 3, .marker = 2},
                                          .control = 1,
                                          .settings = REFF_SETTINGS,
                                          .annotations = 1,
                                          .without = "baseline",
                                          .cost = 2,
                                          .transform = random_discs,
                                          .regularises = 1,
                                          .penalty = PENALTY_REFF,
                                          .mean = 1,
                                          .lambda = 1,
                                          .weights = REFF_WEIGHTS};
