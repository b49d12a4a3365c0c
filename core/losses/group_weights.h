// SPDX-License-Identifier: Apache-2.0
// Group DRO (Sagawa et al., ICLR 2020; docs/methods.md): the loss of a batch is sum_g q_g loss_g over groups of
// images, loss_g the mean loss of the group's images in the batch, 0 where it has none. Before each step
//
//     q_g  <-  q_g exp(eta loss_g)      then all q over their sum
#ifndef REFF_LOSSES_GROUP_WEIGHTS_H
#define REFF_LOSSES_GROUP_WEIGHTS_H

#include "core/base/error.h"

#include <stdint.h>

struct group_weights {
    int groups, batch;
    double eta;
    double *q;       // [groups], 1 / groups at first; what a run needs to go on with the same bits
    double *sums;    // [groups], of the batch
    int *counts;     // [groups], likewise
    double *losses;  // [batch], for the caller to fill
    double *weights; // [batch], of the last step: q_g / images of the group in the batch
};

struct group_weights *group_weights_create(int groups, int batch, double eta, struct error *err);
void group_weights_free(struct group_weights *w);

// losses [batch] must be filled; groups [batch], of the images. Moves q, sets weights.
void group_weights_step(struct group_weights *w, const int32_t *groups);

#endif
