// SPDX-License-Identifier: Apache-2.0
// Which images keep their true annotations.
#ifndef REFF_ANNOTATE_DRAW_H
#define REFF_ANNOTATE_DRAW_H

#include "core/shard/shard.h"

// Draws n images of every class: *chosen gets the numbers of *count = shape.classes * n images, class by
// class (free() it). The draw of a class depends on the seed, the class and its images alone, and n's choice
// contains every smaller one's. Fails, with `path` in its message, when a class has fewer than n images or no
// image would be left.
// Images with a negative label are none of those: they have no true annotation.
int draw_annotated(const char *path, const int32_t *labels, struct shard_shape shape, int n, uint64_t seed,
                   uint32_t **chosen, int *count, struct error *err);

#endif
