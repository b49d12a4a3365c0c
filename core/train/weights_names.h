// SPDX-License-Identifier: Apache-2.0
// Names that other programs give the tensors of a ResNet, as torchvision's, which are ours: prefixes of wrappers
// ("module.", "backbone.", ...), Hugging Face's names. (timm's are torchvision's.)
#ifndef REFF_TRAIN_WEIGHTS_NAMES_H
#define REFF_TRAIN_WEIGHTS_NAMES_H

#include "core/base/text.h"

#include <jansson.h>

// The header with torchvision's names where the file's are known, else as it is: new reference, NULL on failure (two
// tensors would get one name). Adds a line to `notices` (NULL: none) that says what was recognised.
json_t *weights_rename(const char *path, const json_t *header, struct text *notices, struct error *err);

// What a file that lacks something seems to be: " (these are resnet50's blocks, of width 64: --model resnet50 --width 64)",
// or which tensors it has, where these are no ResNet's. header: with torchvision's names.
void weights_add_hint(const json_t *header, struct text *out);

#endif
