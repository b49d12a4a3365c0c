// SPDX-License-Identifier: Apache-2.0
// A disc at a random place in place of an annotation, of the same area.
#ifndef REFF_SHARD_DISC_H
#define REFF_SHARD_DISC_H

#include "core/base/random.h"

#include <stdint.h>

// Replaces the annotation [side][side], 255 s, by a disc of its area, with an edge one pixel wide. A disc that fits lies
// anywhere; a larger one in the middle, cut at the borders. Where nothing is annotated nothing is afterwards.
void disc_replace(uint8_t *annotation, int side, struct random *r);

#endif
