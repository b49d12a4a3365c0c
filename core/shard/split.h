// SPDX-License-Identifier: Apache-2.0
// The splits of a data set. Their order is part of what the built-in data sets draw; it never changes.
#ifndef REFF_SHARD_SPLIT_H
#define REFF_SHARD_SPLIT_H

enum split { SPLIT_TRAIN, SPLIT_VALIDATION, SPLIT_TEST, SPLITS };

extern const char *const split_names[SPLITS]; // "train", "validation", "test"

// The split of a name that a setting's list of choices has let through.
enum split split_of_name(const char *name);

#endif
