// SPDX-License-Identifier: Apache-2.0
#include "core/shard/disc.h"

#include <math.h>
#include <stddef.h>

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

void disc_replace(uint8_t *annotation, int side, struct random *r) {
    double area = 0;
    for (size_t p = 0; p < (size_t)side * (size_t)side; p++)
        area += annotation[p] / 255.0;
    const struct disc d = draw_disc(area, side, r);
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++)
            annotation[y * side + x] = (uint8_t)lround(area > 0 ? 255 * coverage(&d, x, y) : 0);
}
