// SPDX-License-Identifier: Apache-2.0
// The content digest of a shard: independent of chunking, compression and the HDF5 library's version.
//
// Each dataset gives one line "NAME TYPE SHAPE SHA256\n": the type is uint8, int32, float64 or text<bytes>,
// the shape its extents joined by commas, the digest that of its values in C order, little-endian, text
// padded with zeros. The lines, sorted by name, are digested once more. Private to core/shard.
#ifndef REFF_SHARD_CONTENT_H
#define REFF_SHARD_CONTENT_H

#include "core/base/digest.h"
#include "core/base/error.h"

#define CONTENT_NAME_SIZE 64 // most bytes in a dataset's name, with the terminating zero

struct content_line {
    char name[CONTENT_NAME_SIZE];
    char type[24], shape[64];
    char digest[DIGEST_SIZE];
};

// Sorts `lines` by name and digests them.
int content_digest(struct content_line *lines, int count, char hex[DIGEST_SIZE], struct error *err);

#endif
