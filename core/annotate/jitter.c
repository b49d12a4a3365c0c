// SPDX-License-Identifier: Apache-2.0
#include "core/annotate/jitter.h"

#include "core/base/random.h"

#include <string.h>

static void copy_row(const uint8_t *from, int pixels, int channels, int mirrored, uint8_t *to) {
    if (!mirrored) {
        memcpy(to, from, (size_t)pixels * (size_t)channels);
        return;
    }
    for (int x = 0; x < pixels; x++)
        memcpy(to + x * channels, from + (pixels - 1 - x) * channels, (size_t)channels);
}

void jitter_pair(const struct jitter *j, uint64_t k, const uint8_t *image, const uint8_t *mask,
                 uint8_t *out_image, uint8_t *out_mask) {
    struct random r = random_stream(j->seed, random_purpose("annotator's jitter"), k);
    int wide = j->side + j->margin, left = 0, top = 0, mirrored = 0;
    if (j->margin) {
        left = (int)random_below(&r, (uint32_t)j->margin + 1);
        top = (int)random_below(&r, (uint32_t)j->margin + 1);
    }
    if (j->mirror)
        mirrored = (int)random_below(&r, 2);
    for (int y = 0; y < j->side; y++) {
        int from = (top + y) * wide + left, to = y * j->side;
        copy_row(image + 3 * from, j->side, 3, mirrored, out_image + 3 * to);
        copy_row(mask + from, j->side, 1, mirrored, out_mask + to);
    }
}
