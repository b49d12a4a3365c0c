// SPDX-License-Identifier: Apache-2.0
// Drawn stand-ins for the Oxford-IIIT Pets: cats and dogs, standing, sitting or lying, in 37 coats and
// builds, as many as there are breeds, on grass, sofas, snow, water and the like. Backgrounds are drawn alike
// for all classes in every split: nothing is spurious. They are no photographs, and results on them name them
// as drawings.
#ifndef REFF_GEN_DRAW_BUILTIN_ANIMALS_H
#define REFF_GEN_DRAW_BUILTIN_ANIMALS_H

#include "core/base/error.h"
#include "core/shard/split.h"

#include <stdint.h>

#define BUILTIN_ANIMAL_REVISION 1 // raised whenever a picture changes
#define BUILTIN_ANIMAL_CLASSES  37
#define BUILTIN_ANIMAL_GROUNDS  8

extern const char *const builtin_animal_grounds[BUILTIN_ANIMAL_GROUNDS];
extern const int builtin_animal_counts[SPLITS]; // images of a split, as in Pets

const char *builtin_animal_class(int label); // "cat, grey, striped"
int builtin_animal_species(int label);       // 1 cat, 2 dog

struct animal {
    int label, species, background;
    int pose, left;    // 0 stands, 1 sits, 2 lies, 3 is close, seen from the front; looks to the left
    float x, y, scale; // of the body: shares of the side, and how large it is
};

// What number `index` of a split is, but for what drawing fills in (pose, position, scale).
void builtin_animal_plan(uint64_t seed, enum split split, int index, struct animal *animal);

// Draws it: image [pixels,pixels,3], mask [pixels,pixels].
int builtin_animal_draw(uint64_t seed, enum split split, int index, struct animal *animal, int pixels,
                        int soft, uint8_t *image, uint8_t *mask, struct error *err);

#endif
