// SPDX-License-Identifier: Apache-2.0
// How far batch norm's running statistics, which evaluation uses, are from the data's.
//
// Training does not depend on them, so that neither loss nor gradient shows a fault in them, and the accuracy
// hides much of one. Here the data are asked: with the weights held, the mean and variance of every channel
// are estimated from many batches, and compared with the running ones,
//     drift = sqrt(mean over channels of ((running mean - mean) / sd)^2 + log(running variance / variance)^2)
// Running statistics with momentum m lag about 1/m steps behind the weights and carry the noise of m / (2 -
// m) of a batch's variance; a drift is small if both are.
#ifndef REFF_TRAIN_DRIFT_H
#define REFF_TRAIN_DRIFT_H

#include "core/shard/shard.h"
#include "core/train/trainer.h"

enum { DRIFT_BATCHES = 60 }; // of the shard's first images, for forgetting and again for estimating

// The estimate is the mean of the running statistics over the second half of 2 * DRIFT_BATCHES batches, which
// no momentum biases. The trainer's parameters are left as they were. The shard's images are as many as that
// takes, or are taken several times.
int drift_of_statistics(struct trainer *t, struct shard *shard, double *drift, struct error *err);

#endif
