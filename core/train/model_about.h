// SPDX-License-Identifier: Apache-2.0
// What a file of trained weights says of itself (safetensors' __metadata__, all strings), so that nobody has
// to tell it again: version, model, width, classes, pixels, method, class_names (a JSON array, where they are
// known), how its inputs are normalised: mean and deviation, (x / 255 - mean) / deviation, and what its last steps
// computed in: precision and activations, f32 or bf16 (files of reff 0.1.0 do not say).
//
// It is no part of the recorded digest, which is that of the numbers alone.
#ifndef REFF_TRAIN_MODEL_ABOUT_H
#define REFF_TRAIN_MODEL_ABOUT_H

#include "core/shard/shard.h"
#include "core/train/train.h"

// The description of a network that these settings train on this shard. New reference; NULL on failure.
json_t *model_about(const struct train_settings *settings, struct shard *shard, struct error *err);

// The settings that a description gives, by number; NULL after the last.
enum { ABOUT_MODEL, ABOUT_WIDTH, ABOUT_METHOD, ABOUT_PRECISION, ABOUT_ACTIVATIONS, ABOUT_SETTINGS };
const char *model_about_setting(int i);

// Takes these settings from the file. given[i]: 1 where the user has given the setting, and another value in
// the file is refused with both; -1 where the user's prevails. A file without a description changes nothing.
// Fails on a normalisation that is not this program's. *says_precision (may be NULL): whether the file tells it.
int model_about_take(const char *path, const int given[ABOUT_SETTINGS], struct train_settings *settings,
                     int *says_precision, struct error *err);

#endif
