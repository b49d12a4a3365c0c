// SPDX-License-Identifier: Apache-2.0
// What a shard of Textured MNIST claims of its shifts (gen/textured_mnist/shifts.h): noise in the labels, coarse or false
// annotations, a patch, covered digits.
#ifndef REFF_GEN_VERIFY_VERIFY_SHIFTS_H
#define REFF_GEN_VERIFY_VERIFY_SHIFTS_H

#include "core/shard/shard.h"
#include "gen/textured_mnist/shifts.h"

struct shift_claims {
    int any;                                 // the shard has some; else nothing below means anything
    struct error unusable;                   // why its attributes cannot be settings; "": they can
    struct textured_mnist_settings settings; // those of shifts, split, seed and canvas
    int32_t *columns[SHIFT_COLUMNS];
    uint8_t *mask, *room, *image, *painted; // [canvas][canvas], for expected ones
};

int shift_claims_read(struct shift_claims *s, struct shard *shard, const json_t *attributes,
                      struct error *err);
void shift_claims_free(struct shift_claims *s);

// Reports on shares, ranges and the patches' pixels; labels [N] as the shard has them. 1: the columns can be gone by, 0:
// they are out of range, and nothing else may be asked. -1 on failure.
int shift_claims_check(struct shift_claims *s, json_t *checks, struct shard *shard, const int32_t *labels,
                       struct error *err);

// Why the annotation of image i is not what its columns say, or NULL. digit: the exact mask of the image's own digit;
// annotated: of the one that its annotation is of (the same where it is its own); found: the shard's.
const char *shift_claims_fault(struct shift_claims *s, long i, const uint8_t *digit, const uint8_t *annotated,
                               const uint8_t *found);

#endif
