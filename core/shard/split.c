// SPDX-License-Identifier: Apache-2.0
#include "core/shard/split.h"

#include <string.h>

const char *const split_names[SPLITS] = {"train", "validation", "test"};

enum split split_of_name(const char *name) {
    enum split split = SPLIT_TRAIN;
    while (split < SPLIT_TEST && strcmp(name, split_names[split]) != 0)
        split++;
    return split;
}
