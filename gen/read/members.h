// SPDX-License-Identifier: Apache-2.0
// Files out of a folder or an archive (.zip; .tar, plain or packed by gzip, bzip2 or xz), taken into memory
// in place: nothing is ever extracted to a path that an archive names. Sizes are bounded. A link in an
// archive, hard or symbolic, is followed to a file of the same archive. What systems put beside files is
// passed over: ._x, .DS_Store and __MACOSX/ (macOS), Thumbs.db and desktop.ini (Windows).
#ifndef REFF_GEN_READ_MEMBERS_H
#define REFF_GEN_READ_MEMBERS_H

#include "core/base/error.h"

#include <stddef.h>
#include <stdint.h>

#define MEMBER_SIZE_MAXIMUM  ((size_t)256 << 20) // bytes of one file
#define MEMBERS_SIZE_MAXIMUM ((size_t)4 << 30)   // of all that are taken
#define MEMBERS_MAXIMUM      1000000             // entries that are looked at

struct member {
    char *name; // relative to the folder, or as in the archive, "/" between parts
    uint8_t *bytes;
    size_t size;
};

struct members { // sorted by name, so that neither the folder's nor the archive's order matters
    int count;
    struct member *items;
};

// Whether a file of this name is wanted.
typedef int member_wanted(const void *context, const char *name);

// All wanted files below `path`. Two of the same name in an archive are refused. Messages name archive and
// member.
int members_read(const char *path, member_wanted *wanted, const void *context, struct members *out,
                 struct error *err);
void members_free(struct members *members);

// Takes one wanted file, and its bytes (to be freed), also when it fails.
typedef int member_take(void *context, const char *name, uint8_t *bytes, size_t size, struct error *err);

// Hands over the wanted files one by one, in the archive's or the folder's own order, so that no more than
// one is in memory: for archives that are larger than it. The same name may come twice.
int members_stream(const char *path, member_wanted *wanted, const void *context, member_take *take,
                   void *take_context, struct error *err);

// Names alone, of files for which `wanted` is not 0, through `take` with NULL and 0 for bytes: an archive is
// looked through.
int members_list(const char *path, member_wanted *wanted, const void *context, member_take *take,
                 void *take_context, struct error *err);

// Where `target` leads, seen from the folder of the member `name` (0: from the top), without "." and "..":
// "b/x.png" and "../a/y.png" -> "a/y.png". To be freed; NULL on failure.
char *member_path(const char *name, const char *target, int from_folder, struct error *err);

const char *member_file_name(const char *name); // the part after the last "/"

// Whether bytes begin as HTML or XML does: what a failed download leaves under a data file's name.
int members_is_web_page(const uint8_t *bytes, size_t size);

// Decompresses a file in memory (gzip, bzip2, xz; others come back unchanged). At most `limit` bytes.
int members_decompress(const char *name, const uint8_t *bytes, size_t size, size_t limit, uint8_t **out,
                       size_t *out_size, struct error *err);

#endif
