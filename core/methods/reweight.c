// SPDX-License-Identifier: Apache-2.0
// Reweighting: an image is drawn with a chance inverse to the size of its group, with replacement. An epoch draws as
// many images as there are.
#include "core/base/memory.h"
#include "core/base/random.h"
#include "core/methods/method.h"

#include <stdlib.h>

struct members {       // of all groups, one group behind the other
    uint32_t *first;   // [groups + 1]
    uint32_t *indices; // [count]
};

static void members_fill(struct members *m, const struct training_images *images) {
    for (uint32_t i = 0; i < images->count; i++)
        m->first[images->group[i]]++;
    for (int g = 1; g <= images->groups; g++) // ends; the last one stays
        m->first[g] += m->first[g - 1];
    for (uint32_t i = images->count; i-- > 0;) // from behind, down to the beginnings
        m->indices[--m->first[images->group[i]]] = i;
}

// A group with equal chances, then one of its images.
static int draw_order(const struct training_images *images, uint64_t seed, uint64_t epoch, uint32_t *order,
                      struct error *err) {
    size_t groups = (size_t)images->groups;
    struct members m = {allocate(groups + 1, sizeof *m.first, "groups of images", err),
                        allocate(images->count, sizeof *m.indices, "groups of images", err)};
    int failed = !m.first || !m.indices;
    struct random r = random_stream(seed, random_purpose("images drawn group by group"), epoch);
    if (!failed)
        members_fill(&m, images);
    for (uint32_t i = 0; !failed && i < images->count; i++) {
        uint32_t g = random_below(&r, (uint32_t)groups);
        order[i] = m.indices[m.first[g] + random_below(&r, m.first[g + 1] - m.first[g])];
    }
    free(m.first);
    free(m.indices);
    return failed ? -1 : 0;
}

const struct method method_reweight = {.name = "reweight",
                                       .title = "Reweighting",
                                       .summary = "images drawn so that every group is as frequent",
                                       .style = {.colour = 6, .marker = 4},
                                       .control = 1,
                                       .settings = "",
                                       .groups = 1,
                                       .without_conflict = "baseline",
                                       .cost = 1,
                                       .order = draw_order,
                                       .penalty = PENALTY_REFF,
                                       .mean = 1};
