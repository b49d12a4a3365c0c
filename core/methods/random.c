// SPDX-License-Identifier: Apache-2.0
// A control: ReFF with a disc of the annotation's area at a random place, drawn by the seed and the image's index.
#include "core/methods/reff.h"
#include "core/shard/disc.h"

static void random_discs(const struct batch *b) {
#pragma omp parallel for schedule(static)
    for (int i = 0; i < b->count; i++) {
        struct random r = random_stream(b->seed, random_purpose("a random disc"), b->index[i]);
        disc_replace(b->annotations + (size_t)i * batch_area(b), b->side, &r);
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
