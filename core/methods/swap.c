// SPDX-License-Identifier: Apache-2.0
// Counterexamples without a penalty: with a chance of 1/2 an image gets the background of another one of its batch,
//
//     x' = s x + (1 - s) b     b: the other image, its own object filled with its background's mean colour
//
// drawn by seed, step and place in the batch.
#include "core/base/random.h"
#include "core/methods/method.h"

#include <math.h>

// The mean colour where the annotation is not; of all of the image where it is everywhere.
static void background_colour(const uint8_t *image, const uint8_t *annotation, size_t area,
                              double colour[3]) {
    double all = 0;
    uint64_t outside = 0;
    for (size_t p = 0; p < area; p++)
        outside += 255u - annotation[p];
    colour[0] = colour[1] = colour[2] = 0;
    for (size_t p = 0; p < area; p++) {
        double weight = outside ? 255 - annotation[p] : 1;
        all += weight;
        for (int c = 0; c < 3; c++)
            colour[c] += weight * image[3 * p + (size_t)c];
    }
    for (int c = 0; c < 3; c++)
        colour[c] /= all;
}

static void swap_background(const struct batch *b, size_t i, size_t other) {
    size_t area = batch_area(b);
    const uint8_t *own = b->images_read + i * area * 3, *there = b->images_read + other * area * 3,
                  *s = b->annotations + i * area, *s_there = b->annotations + other * area;
    uint8_t *out = b->images + i * area * 3;
    double colour[3];
    background_colour(there, s_there, area, colour);
    for (size_t p = 0; p < area; p++) {
        double keep = s[p] / 255.0, fill = s_there[p] / 255.0;
        for (size_t c = 0; c < 3; c++) {
            double background = fill * colour[c] + (1 - fill) * there[3 * p + c];
            out[3 * p + c] = (uint8_t)lround(keep * own[3 * p + c] + (1 - keep) * background);
        }
    }
}

static void swap_backgrounds(const struct batch *b) {
#pragma omp parallel for schedule(static)
    for (int i = 0; i < b->count; i++) {
        struct random r = random_stream(b->seed, random_purpose("backgrounds of other images"),
                                        b->step * (uint64_t)b->count + (uint64_t)i);
        if (random_uniform(&r) >= 0.5)
            continue;
        int other = (int)random_below(&r, (uint32_t)b->count - 1);
        swap_background(b, (size_t)i, (size_t)(other < i ? other : other + 1));
    }
}

const struct method method_swap = {.name = "swap",
                                   .title = "Swapped backgrounds",
                                   .summary = "half of the images on the background of another one",
                                   .style = {.colour = 2, .marker = 3},
                                   .control = 1,
                                   .settings = "",
                                   .annotations = 1,
                                   .without = "baseline",
                                   .cost = 1,
                                   .transform = swap_backgrounds,
                                   .reads_images_twice = 1,
                                   .penalty = PENALTY_REFF,
                                   .mean = 1};
