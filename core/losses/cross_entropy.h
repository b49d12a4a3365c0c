// SPDX-License-Identifier: Apache-2.0
// L_main: the mean over the batch of the cross entropy of the logits with the labels (docs/mathematics.md,
// section 2), or its sum with a weight per image.
#ifndef REFF_LOSSES_CROSS_ENTROPY_H
#define REFF_LOSSES_CROSS_ENTROPY_H

#include "core/kernels/real.h"

#include <stdint.h>

// logits [classes][n], labels [n]. Returns the mean loss; d_logits (may be NULL) gets its gradient,
// [classes][n].
double cross_entropy(const real *logits, const int32_t *labels, int classes, int n, real *d_logits);

// The cross entropy of each image into out [n].
void cross_entropy_losses(const real *logits, const int32_t *labels, int classes, int n, double *out);

// Returns sum_i weights[i] loss_i instead of the mean; d_logits gets its gradient.
double cross_entropy_weighted(const real *logits, const int32_t *labels, const double *weights, int classes,
                              int n, real *d_logits);

// The class of the largest logit of each image (the first of equal ones) into out [n].
void cross_entropy_predict(const real *logits, int classes, int n, int32_t *out);

// The probability (softmax) of each image's class in `predictions` into out [n].
void cross_entropy_confidence(const real *logits, const int32_t *predictions, int classes, int n,
                              double *out);

#endif
