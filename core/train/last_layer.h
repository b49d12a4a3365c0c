// SPDX-License-Identifier: Apache-2.0
// The last layer trained anew (deep feature reweighting: Kirichenko, Izmailov and Wilson, ICLR 2023): multinomial
// logistic regression on the features below it, as evaluation has them, of a validation shard,
//
//     mean cross entropy + l2 / 2 |W|^2      features brought to mean 0 and variance 1; the bias is free
//
// l2 is that of the grid with which a layer trained on one half of the images, drawn by the seed, classifies the other
// half best (of equal ones the largest); the layer is then trained on all of them, and replaces fc.weight and fc.bias.
#ifndef REFF_TRAIN_LAST_LAYER_H
#define REFF_TRAIN_LAST_LAYER_H

#include "core/shard/shard.h"
#include "core/train/trainer.h"

struct last_layer {
    double l2;
    double accuracy; // of the half that chose it, percent
    long images;
    int iterations; // of the last training
};

int last_layer_retrain(struct trainer *t, struct shard *validation, uint64_t seed, struct last_layer *about,
                       struct error *err);

// The regression alone. features [width][count], already standardised; labels [count] below `classes`; weights
// [classes][width + 1], the bias last: where to begin (0 before the first), and the result. Returns the iterations, or
// -1 when memory is out.
int last_layer_fit(const double *features, const int32_t *labels, long count, int width, int classes,
                   double l2, double *weights, struct error *err);

#endif
