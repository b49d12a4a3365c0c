// SPDX-License-Identifier: Apache-2.0
// The model of a run that is done but has not kept it: the run is trained once more, in a folder `again` of
// its own, for the model alone. The record of the run stays what it is, from the first byte to the last.
//
//   again/             while unfinished: as a run's folder (train.h)
//   model.safetensors  the model, once it is there
//   model.json         only where that model has other bits than the recorded one (another build trained
//                      it): {"model_sha256", "recorded_sha256", "difference", "provenance"}
#ifndef REFF_EXPERIMENTS_STORE_RETRAIN_H
#define REFF_EXPERIMENTS_STORE_RETRAIN_H

#include "experiments/store/record.h"

// 1 if the cell's run is done, whether its model is there or not; -1 on failure.
int retrain_is_recorded(const char *results, const struct cell *cell, struct error *err);

int retrain_folder(char out[PATH_SIZE], const char *results, const struct cell *cell, struct error *err);

// The model from `again` into its place. `remark`: as retrain_remark.
int retrain_publish(const char *results, const struct cell *cell, char remark[256], struct error *err);

// "" if the model is the recorded one's, else one line that says what it is and why. -1 where it cannot be told.
int retrain_remark(const char *results, const struct cell *cell, char remark[256], struct error *err);

// Whether the network that was read from the cell's model.safetensors (its weights_digest) is the one that run.json, or
// model.json, records; else -1 with a message.
int retrain_check_model(const char *results, const struct cell *cell, const char *digest, struct error *err);

// Removes a model that belongs to no record.
int retrain_remove_model(const char *results, const struct cell *cell, struct error *err);

#endif
