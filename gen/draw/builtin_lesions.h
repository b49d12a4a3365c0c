// SPDX-License-Identifier: Apache-2.0
// Drawn stand-ins for ISIC2017: skin with hairs and dark corners, and on it a melanoma (irregular border,
// several colours, lopsided), a seborrheic keratosis (sharp border, waxy, with dark and bright dots) or a
// nevus (round, even, soft border), as rare or common as in ISIC2017. Beside the lesion lie artefacts of
// dermoscopy. In training and validation data an artefact goes with the class: ink marks with melanomas,
// bubbles of gel with keratoses, colour patches with nevi, in .96 of the images (BUILTIN_ARTEFACT_CHANCE, and
// one in five of the rest by chance); in test data all are equally common in all classes. They are no
// photographs and teach nothing about skin: what is measured on them is said to be measured on drawings.
#ifndef REFF_GEN_DRAW_BUILTIN_LESIONS_H
#define REFF_GEN_DRAW_BUILTIN_LESIONS_H

#include "core/base/error.h"
#include "core/shard/split.h"

#include <stdint.h>

#define BUILTIN_LESION_REVISION 1 // raised whenever a picture changes
#define BUILTIN_LESION_CLASSES  3

enum artefact { ARTEFACT_NONE, ARTEFACT_PATCH, ARTEFACT_RULER, ARTEFACT_BUBBLES, ARTEFACT_INK, ARTEFACTS };
enum artefact_rule { ARTEFACT_SPURIOUS, ARTEFACT_UNIFORM, ARTEFACT_ABSENT };

extern const char *const builtin_lesion_classes[BUILTIN_LESION_CLASSES];
extern const char *const builtin_artefacts[ARTEFACTS];

// Chances of the classes in a split, as many as ISIC2017 has images of them; their sum is the split's size.
extern const int builtin_lesion_counts[SPLITS][BUILTIN_LESION_CLASSES];

#define BUILTIN_ARTEFACT_CHANCE 0.95 // of the class's own artefact, where artefacts are spurious; else any

struct lesion {
    int label;
    enum artefact artefact;
    int drawn;                      // 1: the artefact was drawn from all, 0: the class's own
    float x, y, radius_x, radius_y; // of the lesion before its border was made uneven, as shares of the side
};

// What number `index` of a split is, but for the positions, which drawing fills in.
void builtin_lesion_plan(uint64_t seed, enum split split, int index, enum artefact_rule rule,
                         struct lesion *lesion);

// Draws it: image [pixels,pixels,3], mask [pixels,pixels]. The same lesion on the same skin whatever the
// artefact.
int builtin_lesion_draw(uint64_t seed, enum split split, int index, struct lesion *lesion, int pixels,
                        int soft, uint8_t *image, uint8_t *mask, struct error *err);

// The artefact that goes with a class.
enum artefact builtin_own_artefact(int label);

#endif
