// SPDX-License-Identifier: Apache-2.0
// A tar archive (ustar) written member by member through libarchive: no times, no owners, so that the same members
// give the same bytes.
#ifndef REFF_GEN_EXPORT_TAR_FILE_H
#define REFF_GEN_EXPORT_TAR_FILE_H

#include "core/base/error.h"

#include <stddef.h>

struct archive;

struct tar_file {
    struct archive *archive;
    const char *name; // the caller's, for messages
};

// Begins an archive in an open file, which stays the caller's to close.
int tar_begin(struct tar_file *tar, int descriptor, const char *name, struct error *err);
int tar_add(struct tar_file *tar, const char *member, const void *bytes, size_t size, struct error *err);
int tar_end(struct tar_file *tar, struct error *err); // frees it, also on failure
void tar_discard(struct tar_file *tar);               // likewise; harmless after tar_end

// Bytes that a member of so many bytes takes.
size_t tar_member_size(size_t size);

#endif
