// SPDX-License-Identifier: Apache-2.0
// The digest of a file while HDF5 writes it, though its headers, which come first in the file, are written last:
// they are known from a rehearsal (writer_rehearsal.c), and at the end it is checked that they became what was
// foreseen. Private to core/shard.
//
//     struct file_digest d;
//     if (file_digest_start(&d, &expected, err)) return -1;
//     ... file_digest_add(&d, bytes, size) for images and masks, in the order in which they are written ...
//     the file is closed, `written` is its layout:
//     if (file_digest_settle(&d, &written)) ... it is another than expected: abandon, and read the file
//     ... file_digest_add(&d, bytes, size) for columns, between which lies what cannot be foreseen ...
//     file_digest_finish(&d, hex);
#ifndef REFF_SHARD_FILE_DIGEST_H
#define REFF_SHARD_FILE_DIGEST_H

#include "core/base/digest.h"
#include "core/shard/layout.h"

struct file_digest {
    struct digest *digest; // NULL: not started
    struct file_layout expected;
    const struct file_layout *written; // once it is settled
    int range;                         // of `expected` that comes next
    uint64_t end;                      // of what is digested
};

// Takes over what `expected` holds, whatever happens. file_digest_finish or file_digest_abandon must follow.
int file_digest_start(struct file_digest *d, struct file_layout *expected, struct error *err);

// The next raw data; any pieces, also of several ranges.
void file_digest_add(struct file_digest *d, const void *bytes, size_t size);

// -1, without a message, where the file became another than expected; `written` is needed until the end.
int file_digest_settle(struct file_digest *d, const struct file_layout *written);
void file_digest_finish(struct file_digest *d, char hex[DIGEST_SIZE]);
void file_digest_abandon(struct file_digest *d);

#endif
