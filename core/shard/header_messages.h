// SPDX-License-Identifier: Apache-2.0
// Messages of HDF5's object headers (file format specification, section IV.A.2): whether what each claims to hold lies
// within it. The library's own parser takes a message's word for its sizes and reads what lies behind it in memory;
// whether that ends the process is chance. Nothing here allocates or keeps anything.
#ifndef REFF_CORE_SHARD_HEADER_MESSAGES_H
#define REFF_CORE_SHARD_HEADER_MESSAGES_H

#include <stddef.h>
#include <stdint.h>

struct bytes { // what is left of a part of the file
    const uint8_t *at;
    size_t left;
};

// The next n bytes, which are then behind; NULL where so many are not left.
const uint8_t *bytes_take(struct bytes *b, uint64_t n);

// A little-endian number of 1 to 8 bytes.
uint64_t bytes_number(const uint8_t *at, size_t size);

enum header_message_type {
    HEADER_ATTRIBUTE = 0x0c,
    HEADER_CONTINUATION = 0x10,
    HEADER_SYMBOL_TABLE = 0x11,
};

// NULL if what the message claims lies within it; else what does not: "an attribute", "the type of the values".
const char *header_message_fault(unsigned type, unsigned flags, struct bytes content);

// An attribute's values of variable length: each is a length in the file's global heap, the heap's address, and the object's
// number there.
enum { HEADER_REFERENCE_SIZE = 16 };
struct header_references {
    const uint8_t *at;    // [count][HEADER_REFERENCE_SIZE]
    uint64_t count, unit; // bytes of what the lengths count
};

// Those of an attribute without faults; count 0 where it has none.
struct header_references header_attribute_references(struct bytes content);

#endif
