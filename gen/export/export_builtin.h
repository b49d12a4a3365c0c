// SPDX-License-Identifier: Apache-2.0
// The built-in sources as files that other programs read, and that give the same shards when read back.
#ifndef REFF_GEN_EXPORT_EXPORT_BUILTIN_H
#define REFF_GEN_EXPORT_EXPORT_BUILTIN_H

#include "core/base/error.h"

// Writes MNIST's four files (IDX, gzip without time stamps) into the new folder. Equal bytes every time.
int export_builtin_digits(const char *folder, struct error *err);

// Writes dtd/images/CLASS/CLASS_NNNN.png, `count` of each class, size x size pixels, into the new folder.
int export_builtin_textures(const char *folder, int count, int size, struct error *err);

#endif
