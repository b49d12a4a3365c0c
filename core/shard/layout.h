// SPDX-License-Identifier: Apache-2.0
// What HDF5 puts where into a file: the ranges of raw data (images, masks, columns), and the bytes of everything
// else (superblock, headers, trees), which are few. The file driver notes it. Private to core/shard.
#ifndef REFF_SHARD_LAYOUT_H
#define REFF_SHARD_LAYOUT_H

#include "core/base/error.h"

#include <stddef.h>
#include <stdint.h>

struct layout_range {
    uint64_t begin, end;
};

struct layout_block; // a piece of what is no raw data

struct file_layout {
    struct layout_range *ranges; // raw data, in the order of writing; neighbours are joined
    int range_count, range_room;
    int unordered;               // a range began before the end of the one before
    struct layout_block *blocks; // sorted
    int block_count, block_room;
    uint64_t size;    // of the file, once it is closed
    int stopped;      // nothing more is noted
    struct error err; // memory ran out: the notes lack something
};

// `size` bytes are written at `address`.
void layout_note(struct file_layout *layout, int raw, uint64_t address, size_t size, const void *bytes);

// What is not raw data at address .. address + size - 1; zeros where nothing was noted.
void layout_copy(const struct file_layout *layout, uint64_t address, size_t size, uint8_t *to);

// Whether both have the same ranges, the same size, and the same bytes before `end`.
int layout_agrees(const struct file_layout *a, const struct file_layout *b, uint64_t end);

void layout_free(struct file_layout *layout);

#endif
