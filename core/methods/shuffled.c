// SPDX-License-Identifier: Apache-2.0
// A control: ReFF with the annotation of another training image. Each image has one of its own that stays: a cycle
// through all images, drawn by the seed, so that none keeps its own.
#include "core/base/random.h"
#include "core/methods/reff.h"

// Sattolo's algorithm: one cycle, each of them with equal chance.
static void another_image(uint32_t count, uint64_t seed, uint32_t *of) {
    struct random r = random_stream(seed, random_purpose("annotations of other images"), 0);
    for (uint32_t i = 0; i < count; i++)
        of[i] = i;
    for (uint32_t i = count; i > 1; i--) {
        uint32_t k = random_below(&r, i - 1), last = of[i - 1];
        of[i - 1] = of[k];
        of[k] = last;
    }
}

const struct method method_reff_shuffled = {.name = "reff-shuffled",
                                            .title = "ReFF (shuffled)",
                                            .summary = "ReFF with the annotations of other images",
                                            .style = {.colour = 1, .marker = 2},
                                            .control = 1,
                                            .settings = REFF_SETTINGS,
                                            .annotations = 1,
                                            .without = "baseline",
                                            .cost = 2,
                                            .annotations_of = another_image,
                                            .regularises = 1,
                                            .penalty = PENALTY_REFF,
                                            .mean = 1,
                                            .lambda = 1,
                                            .weights = REFF_WEIGHTS};
