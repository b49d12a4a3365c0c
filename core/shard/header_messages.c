// SPDX-License-Identifier: Apache-2.0
#include "core/shard/header_messages.h"

#include <string.h>

enum {
    DATASPACE = 0x01,
    DATATYPE = 0x03,
    FILL_VALUE_OLD = 0x04,
    FILL_VALUE = 0x05,
    LINK = 0x06,
    EXTERNAL_FILES = 0x07,
    LAYOUT = 0x08,
    FILTERS = 0x0b,
    SHARED = 0x02,      // a flag: the content lies in another object
    RANK_MAXIMUM = 32,  // H5S_MAX_RANK
    DEPTH_MAXIMUM = 16, // of types within types
    ADDRESS = 8,
    LENGTH = 8,
};

const uint8_t *bytes_take(struct bytes *b, uint64_t n) {
    const uint8_t *at = b->at;
    if (n > b->left)
        return NULL;
    b->at += n;
    b->left -= (size_t)n;
    return at;
}

uint64_t bytes_number(const uint8_t *at, size_t size) {
    uint64_t value = 0;
    for (size_t i = size; i-- > 0;)
        value = value << 8 | at[i];
    return value;
}

// A number of `size` bytes into `value`; -1 where the bytes end before.
static int take_number(struct bytes *b, size_t size, uint64_t *value) {
    const uint8_t *at = bytes_take(b, size);
    if (at)
        *value = bytes_number(at, size);
    return at ? 0 : -1;
}

static uint64_t padded(uint64_t n) {
    return (n + 7) & ~(uint64_t)7;
}

// A text with its zero byte; padded to eight bytes as a whole where `pad` says so.
static int take_text(struct bytes *b, int pad) {
    size_t length = strnlen((const char *)b->at, b->left) + 1;
    return bytes_take(b, pad ? padded(length) : length) ? 0 : -1;
}

// ---------------------------------------------------------------------------------------------- space and type

// The number of values into `points`.
static int dataspace(struct bytes *b, uint64_t *points) {
    const uint8_t *head = bytes_take(b, 4);
    if (!head || head[0] < 1 || head[0] > 2 || head[1] > RANK_MAXIMUM || (head[0] == 1 && !bytes_take(b, 4)))
        return -1;
    int none = head[0] == 2 && head[3] == 2;
    const uint8_t *extents = bytes_take(b, (uint64_t)head[1] * LENGTH);
    if (!extents || (head[2] & 1 && !bytes_take(b, (uint64_t)head[1] * LENGTH)))
        return -1;
    *points = !none;
    for (int i = 0; i < head[1]; i++)
        if (__builtin_mul_overflow(*points, bytes_number(extents + i * LENGTH, LENGTH), points))
            return -1;
    return 0;
}

enum { OPAQUE = 5, COMPOUND, REFERENCE, ENUMERATION, VARIABLE_LENGTH, ARRAY }; // classes of types

static int datatype(struct bytes *b, int depth, uint64_t *size);

static int compound(struct bytes *b, int version, unsigned members, uint64_t size, int depth) {
    size_t offset = version < 3 ? 4 : size >> 24 ? 4 : size >> 16 ? 3 : size >> 8 ? 2 : 1;
    for (unsigned i = 0; i < members; i++) {
        uint64_t at, of_member;
        if (take_text(b, version < 3) || take_number(b, offset, &at) ||
            (version == 1 && !bytes_take(b, 28)) || datatype(b, depth + 1, &of_member) || at > size ||
            of_member > size - at)
            return -1;
    }
    return 0;
}

static int enumeration(struct bytes *b, int version, unsigned members, int depth) {
    uint64_t of_member;
    if (datatype(b, depth + 1, &of_member))
        return -1;
    for (unsigned i = 0; i < members; i++)
        if (take_text(b, version < 3))
            return -1;
    return bytes_take(b, members * of_member) ? 0 : -1;
}

static int array(struct bytes *b, int version, int depth) {
    uint64_t rank, of_member;
    if (take_number(b, 1, &rank) || rank > RANK_MAXIMUM || (version < 3 && !bytes_take(b, 3)) ||
        !bytes_take(b, rank * (version < 3 ? 8 : 4)))
        return -1;
    return datatype(b, depth + 1, &of_member);
}

// Bytes of a value into `size`.
static int datatype(struct bytes *b, int depth, uint64_t *size) {
    static const uint8_t properties[] = {4, 12, 2, 0, 4}; // whole numbers, reals, times, texts, bit fields
    const uint8_t *head = bytes_take(b, 8);
    if (!head || depth > DEPTH_MAXIMUM)
        return -1;
    int class = head[0] & 15, version = head[0] >> 4;
    unsigned bits = (unsigned)bytes_number(head + 1, 3);
    uint64_t of_base;
    *size = bytes_number(head + 4, 4);
    if (class < OPAQUE)
        return bytes_take(b, properties[class]) ? 0 : -1;
    switch (class) {
    case OPAQUE:
        return bytes_take(b, bits & 0xff) ? 0 : -1;
    case COMPOUND:
        return compound(b, version, bits & 0xffff, *size, depth);
    case REFERENCE:
        return 0;
    case ENUMERATION:
        return enumeration(b, version, bits & 0xffff, depth);
    case VARIABLE_LENGTH:
        return datatype(b, depth + 1, &of_base);
    case ARRAY:
        return array(b, version, depth);
    default:
        return -1;
    }
}

// ---------------------------------------------------------------------------------------------- messages

// Its name, its type, its space and its values, one behind the other, each as long as it says. `references` (NULL: unasked)
// are its values where these are of variable length.
static int attribute(struct bytes *b, struct header_references *references) {
    const uint8_t *head = bytes_take(b, 8);
    if (!head || head[0] < 1 || head[0] > 3 || (head[0] > 1 && head[1]) ||
        (head[0] == 3 && !bytes_take(b, 1)))
        return -1;
    uint64_t sizes[3], points, of_value, values;
    struct bytes parts[3];
    for (int i = 0; i < 3; i++) {
        sizes[i] = bytes_number(head + 2 + 2 * i, 2);
        parts[i].at = bytes_take(b, head[0] == 1 ? padded(sizes[i]) : sizes[i]);
        parts[i].left = (size_t)sizes[i];
        if (!parts[i].at)
            return -1;
    }
    const uint8_t *type = parts[1].at;
    if (!memchr(parts[0].at, 0, parts[0].left) || datatype(&parts[1], 0, &of_value) ||
        dataspace(&parts[2], &points) || __builtin_mul_overflow(points, of_value, &values))
        return -1;
    const uint8_t *first = bytes_take(b, values);
    if (!first)
        return -1;
    if (references && (type[0] & 15) == VARIABLE_LENGTH && of_value == HEADER_REFERENCE_SIZE)
        *references = (struct header_references){first, points, bytes_number(type + 12, 4)};
    return 0;
}

struct header_references header_attribute_references(struct bytes content) {
    struct header_references references = {0};
    return attribute(&content, &references) ? (struct header_references){0} : references;
}

static int fill_value(struct bytes *b) {
    uint64_t size;
    const uint8_t *head = bytes_take(b, 2);
    if (!head || head[0] < 1 || head[0] > 3)
        return -1;
    int follows = head[1] & 0x20;
    if (head[0] < 3) {
        const uint8_t *more = bytes_take(b, 2);
        if (!more)
            return -1;
        follows = head[0] == 1 || more[1];
    }
    if (follows && (take_number(b, 4, &size) || (size < 0x80000000U && !bytes_take(b, size))))
        return -1; // a size of -1: none is defined
    return 0;
}

static int fill_value_old(struct bytes *b) {
    uint64_t size;
    return take_number(b, 4, &size) || !bytes_take(b, size) ? -1 : 0;
}

static int filters(struct bytes *b) {
    const uint8_t *head = bytes_take(b, 2);
    if (!head || head[0] < 1 || head[0] > 2 || head[1] > 32 || (head[0] == 1 && !bytes_take(b, 6)))
        return -1;
    for (int i = 0; i < head[1]; i++) {
        uint64_t id, name = 0, flags, values;
        if (take_number(b, 2, &id) || ((head[0] == 1 || id >= 256) && take_number(b, 2, &name)) ||
            take_number(b, 2, &flags) || take_number(b, 2, &values) ||
            !bytes_take(b, head[0] == 1 ? padded(name) : name) ||
            !bytes_take(b, 4 * (values + (head[0] == 1 && values % 2))))
            return -1;
    }
    return 0;
}

// Where the values lie; those in the header itself stand last, behind their size.
static int layout(struct bytes *b) {
    enum { COMPACT, CONTIGUOUS, CHUNKED };
    const uint8_t *head = bytes_take(b, 2), *old;
    uint64_t size, rank, width;
    if (!head || head[0] < 1 || head[0] > 4)
        return -1;
    if (head[0] < 3) { // version, rank, class
        if (!(old = bytes_take(b, 6)) || head[1] > RANK_MAXIMUM + 1 ||
            (old[0] != COMPACT && !bytes_take(b, ADDRESS)) || !bytes_take(b, 4U * head[1]))
            return -1;
        return old[0] == COMPACT && (take_number(b, 4, &size) || !bytes_take(b, size)) ? -1 : 0;
    }
    if (head[1] == COMPACT)
        return take_number(b, 2, &size) || !bytes_take(b, size) ? -1 : 0;
    if (head[1] != CHUNKED)
        return bytes_take(b, head[1] == CONTIGUOUS ? ADDRESS + LENGTH : ADDRESS + 4) ? 0 : -1;
    if (head[0] == 3)
        return take_number(b, 1, &rank) || rank > RANK_MAXIMUM + 1 || !bytes_take(b, ADDRESS + 4 * rank) ? -1
                                                                                                         : 0;
    return !bytes_take(b, 1) || take_number(b, 1, &rank) || rank > RANK_MAXIMUM + 1 ||
                   take_number(b, 1, &width) || !bytes_take(b, rank * width) || !bytes_take(b, 1)
               ? -1
               : 0;
}

// A name and where it leads: an address, or the words of a soft or external link.
static int name_and_target(struct bytes *b) {
    enum { KIND = 0x08, ORDER = 0x04, CHARACTERS = 0x10, HARD = 0 };
    const uint8_t *head = bytes_take(b, 2), *kind = NULL;
    uint64_t length, target = ADDRESS;
    if (!head || (head[1] & KIND && !(kind = bytes_take(b, 1))) || (head[1] & ORDER && !bytes_take(b, 8)) ||
        (head[1] & CHARACTERS && !bytes_take(b, 1)) || take_number(b, (size_t)1 << (head[1] & 3), &length) ||
        !bytes_take(b, length) || (kind && *kind != HARD && take_number(b, 2, &target)))
        return -1;
    return bytes_take(b, target) ? 0 : -1;
}

static int external_files(struct bytes *b) {
    const uint8_t *head = bytes_take(b, 8 + ADDRESS);
    return head && bytes_take(b, bytes_number(head + 6, 2) * 3 * LENGTH) ? 0 : -1;
}

const char *header_message_fault(unsigned type, unsigned flags, struct bytes content) {
    struct bytes *b = &content;
    uint64_t number;
    const char *what = NULL;
    int bad = 0;
    switch (type) {
    case DATASPACE:
        what = "the shape", bad = dataspace(b, &number);
        break;
    case DATATYPE:
        what = "the type", bad = datatype(b, 0, &number);
        break;
    case FILL_VALUE_OLD:
        what = "the fill value", bad = fill_value_old(b);
        break;
    case FILL_VALUE:
        what = "the fill value", bad = fill_value(b);
        break;
    case LINK:
        what = "a name", bad = name_and_target(b);
        break;
    case EXTERNAL_FILES:
        what = "the list of external files", bad = external_files(b);
        break;
    case LAYOUT:
        what = "the layout", bad = layout(b);
        break;
    case FILTERS:
        what = "the list of filters", bad = filters(b);
        break;
    case HEADER_ATTRIBUTE:
        what = "an attribute", bad = attribute(b, NULL);
        break;
    case HEADER_CONTINUATION:
        what = "the rest", bad = !bytes_take(b, ADDRESS + LENGTH);
        break;
    case HEADER_SYMBOL_TABLE:
        what = "the list of names", bad = !bytes_take(b, 2 * ADDRESS);
        break;
    default: // nothing of which the library believes a size
        break;
    }
    return what && (bad || flags & SHARED) ? what : NULL;
}
