// SPDX-License-Identifier: Apache-2.0
// Checks a shard against its own claims: does it hold what its attributes and provenance say?
#ifndef REFF_GEN_VERIFY_VERIFY_H
#define REFF_GEN_VERIFY_VERIFY_H

#include "core/base/error.h"
#include "core/shard/shard.h"

#include <jansson.h>

// A share or a distribution is found wrong when data that are right would look so with less than this chance.
// Small enough that the hundreds of shards of a sweep pass together, and at 1,000 images still sensitive to
// shares that are off by a few hundredths.
#define VERIFY_SIGNIFICANCE 1e-6

// All checks that apply, in order: [{"name", "outcome": "pass" | "fail" | "skip", "detail"}]; a new
// reference, NULL when the shard cannot be read. `path` is the shard's (its manifest lies beside it); mnist
// names the digits' source where they are not built-in, source the folder with the official files of ISIC2017
// or Pets ("" skips the comparison with them).
json_t *verify_shard(struct shard *shard, const char *path, const char *mnist, const char *source,
                     struct error *err);

#endif
