// SPDX-License-Identifier: Apache-2.0
// The digest of a source: of a file's bytes, or of a folder's sorted names and files.
#ifndef REFF_GEN_PHOTOGRAPHS_SOURCE_DIGEST_H
#define REFF_GEN_PHOTOGRAPHS_SOURCE_DIGEST_H

#include "core/base/digest.h"

#include <jansson.h>

int source_digest(const char *path, char hex[DIGEST_SIZE], struct error *err);

// Adds {name: digest} of it.
int source_digest_add(json_t *inputs, const char *name, const char *path, struct error *err);

// ["DIGEST  NAME", ...] of such an object: the attribute sources_sha256. New reference.
json_t *source_digest_lines(const json_t *inputs);

#endif
