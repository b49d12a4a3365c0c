// SPDX-License-Identifier: Apache-2.0
// What drawn animals stand on.
#ifndef REFF_GEN_DRAW_BUILTIN_GROUNDS_H
#define REFF_GEN_DRAW_BUILTIN_GROUNDS_H

#include "gen/draw/drawing.h"

// Fills the square with background number `kind` of builtin_animal_grounds. Draws the same number of random
// numbers whatever the kind.
void builtin_ground_draw(struct drawing *d, int kind);

#endif
