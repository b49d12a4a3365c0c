// SPDX-License-Identifier: Apache-2.0
// A walk through the headers of a file's objects before the HDF5 library parses them (HDF5 file format specification,
// version 3): every message in its block, every block in the file, and what a message claims within the message.
#include "core/base/memory.h"
#include "core/shard/header_messages.h"
#include "core/shard/reader_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BLOCKS_MAXIMUM = 4 * SHARD_ATTRIBUTES_MAXIMUM, // of one header
    BLOCK_MAXIMUM = 1 << 24,                       // bytes
    NODES_MAXIMUM = 1024,                          // of the tree of names
    ADDRESS = 8,
    CHECKSUM = 4,
};

struct walk {
    const char *path, *name; // the object's; "": the file itself
    int descriptor;
    uint64_t base, end; // addresses count from `base`; end of file
    struct error *err;
};

struct block {
    uint8_t *memory;
    struct bytes bytes;
};

static int damaged(struct walk *w, const char *what) {
    return *w->name
               ? fail(w->err, "%s: damaged: %s of '%.100s' reaches beyond its place", w->path, what, w->name)
               : fail(w->err, "%s: damaged: %s in the file's header reaches beyond its place", w->path, what);
}

// `size` bytes at an address; free block->memory.
static int read_block(struct walk *w, uint64_t address, uint64_t size, struct block *block) {
    *block = (struct block){0};
    if (size > BLOCK_MAXIMUM || address > w->end - w->base || size > w->end - w->base - address)
        return damaged(w, "a block");
    if (!(block->memory = allocate((size_t)size + 1, 1, "a header of a shard", w->err)))
        return -1;
    ssize_t got = pread(w->descriptor, block->memory, (size_t)size, (off_t)(w->base + address));
    if (got == (ssize_t)size) {
        block->bytes = (struct bytes){block->memory, (size_t)size};
        return 0;
    }
    int cause = errno;
    free(block->memory);
    block->memory = NULL;
    return got < 0 ? fail_system(w->err, cause, "%s", w->path) : damaged(w, "a block");
}

// ---------------------------------------------------------------------------------------------- names of a group

// The old way: a tree of nodes of names, which lie in a heap beside it.
struct names {
    struct walk *walk;
    uint64_t heap; // bytes of the names
    const uint8_t *text;
    int nodes;
};

static int check_symbols(struct names *n, uint64_t address) {
    enum { ENTRY = 40 };
    struct block head, entries = {0};
    if (read_block(n->walk, address, 8, &head))
        return -1;
    uint64_t count = bytes_number(head.memory + 6, 2);
    int bad = memcmp(head.memory, "SNOD", 4) ? damaged(n->walk, "a list of names")
                                             : read_block(n->walk, address + 8, count * ENTRY, &entries);
    free(head.memory);
    if (bad)
        return -1;
    for (uint64_t i = 0; i < count && !bad; i++) {
        uint64_t at = bytes_number(entries.memory + i * ENTRY, ADDRESS);
        if (at >= n->heap || !memchr(n->text + at, 0, (size_t)(n->heap - at)))
            bad = damaged(n->walk, "a name");
    }
    free(entries.memory);
    return bad;
}

static int check_tree(struct names *n, uint64_t address) {
    enum { HEAD = 8 + 2 * ADDRESS };
    struct block head, children = {0};
    if (++n->nodes > NODES_MAXIMUM)
        return damaged(n->walk, "the tree of names");
    if (read_block(n->walk, address, HEAD, &head))
        return -1;
    int level = head.memory[5], bad = 0;
    uint64_t count = bytes_number(head.memory + 6, 2);
    if (memcmp(head.memory, "TREE", 5))
        bad = damaged(n->walk, "the tree of names");
    else
        bad = read_block(n->walk, address + HEAD, (2 * count + 1) * ADDRESS, &children);
    for (uint64_t i = 0; i < count && !bad; i++) { // between each two keys an address
        uint64_t child = bytes_number(children.memory + (2 * i + 1) * ADDRESS, ADDRESS);
        bad = level ? check_tree(n, child) : check_symbols(n, child);
    }
    free(head.memory);
    free(children.memory);
    return bad;
}

static int check_names(struct walk *w, uint64_t tree, uint64_t heap) {
    struct block head, text = {0};
    if (read_block(w, heap, 32, &head))
        return -1;
    int bad = memcmp(head.memory, "HEAP", 4) ? damaged(w, "the names")
                                             : read_block(w, bytes_number(head.memory + 24, ADDRESS),
                                                          bytes_number(head.memory + 8, 8), &text);
    free(head.memory);
    if (bad)
        return -1;
    struct names names = {.walk = w, .heap = text.bytes.left, .text = text.memory};
    bad = check_tree(&names, tree);
    free(text.memory);
    return bad;
}

// ---------------------------------------------------------------------------------------------- texts of any length

// The collection's objects lie one behind the other up to its end; the bytes of one of them into `size`.
static int find_object(struct bytes collection, uint64_t number, uint64_t *size) {
    int found = 0;
    bytes_take(&collection, 16); // its own head
    while (collection.left >= 16) {
        const uint8_t *head = collection.at;
        uint64_t own = bytes_number(head, 2), bytes = bytes_number(head + 8, 8);
        // Number 0 is what is free, whose size counts its head as well.
        uint64_t step =
            own ? 16 + (bytes > BLOCK_MAXIMUM ? BLOCK_MAXIMUM : (bytes + 7) & ~(uint64_t)7) : bytes;
        if (step < 16 || !bytes_take(&collection, step))
            return -1;
        if (own == number) {
            *size = bytes;
            found = 1;
        }
    }
    return found ? 0 : -1;
}

// The library copies the object, as long as it is, to where the reference's length has room.
static int check_reference(struct walk *w, const uint8_t *reference, uint64_t unit) {
    uint64_t length = bytes_number(reference, 4), address = bytes_number(reference + 4, ADDRESS),
             number = bytes_number(reference + 12, 4), size;
    struct block head, collection = {0};
    if (!length && !address)
        return 0; // none
    if (read_block(w, address, 16, &head))
        return -1;
    int bad = memcmp(head.memory, "GCOL", 4)
                  ? damaged(w, "a heap of texts")
                  : read_block(w, address, bytes_number(head.memory + 8, 8), &collection);
    free(head.memory);
    if (!bad &&
        (collection.bytes.left < 16 || find_object(collection.bytes, number, &size) || size != length * unit))
        bad = damaged(w, "a text");
    free(collection.memory);
    return bad;
}

static int check_references(struct walk *w, struct bytes content) {
    enum { MOST = 1024 };
    struct header_references r = header_attribute_references(content);
    if (r.count > MOST)
        return fail(w->err, "%s: an attribute of more than %d texts of any length", w->path, MOST);
    for (uint64_t i = 0; i < r.count; i++)
        if (check_reference(w, r.at + i * HEADER_REFERENCE_SIZE, r.unit))
            return -1;
    return 0;
}

// ---------------------------------------------------------------------------------------------- a header

struct header {
    struct walk *walk;
    int version, ordered; // ordered: messages of version 2 have their order of creation, too
    struct {
        uint64_t address, size;
    } blocks[BLOCKS_MAXIMUM]; // that are still to be read
    int count;
};

static int check_message(struct header *h, unsigned type, unsigned flags, struct bytes content) {
    const char *fault = header_message_fault(type, flags, content);
    if (fault)
        return damaged(h->walk, fault);
    if (type == HEADER_ATTRIBUTE)
        return check_references(h->walk, content);
    if (type == HEADER_SYMBOL_TABLE)
        return check_names(h->walk, bytes_number(content.at, ADDRESS),
                           bytes_number(content.at + ADDRESS, ADDRESS));
    if (type == HEADER_CONTINUATION) {
        if (h->count == BLOCKS_MAXIMUM)
            return damaged(h->walk, "the chain of blocks");
        h->blocks[h->count].address = bytes_number(content.at, ADDRESS);
        h->blocks[h->count++].size = bytes_number(content.at + ADDRESS, ADDRESS);
    }
    return 0;
}

static int check_messages(struct header *h, struct bytes block) {
    size_t head = h->version == 1 ? 8 : h->ordered ? 6 : 4;
    while (block.left >= head) { // fewer bytes are a gap
        const uint8_t *at = bytes_take(&block, head);
        unsigned type = (unsigned)bytes_number(at, h->version == 1 ? 2 : 1);
        const uint8_t *rest = at + (h->version == 1 ? 2 : 1);
        struct bytes content = {block.at, (size_t)bytes_number(rest, 2)};
        if (!bytes_take(&block, content.left))
            return damaged(h->walk, "a message");
        if (check_message(h, type, rest[2], content))
            return -1;
    }
    return 0;
}

// Blocks of version 2 have a signature before their messages and a checksum behind them.
static int check_continuation(struct header *h, uint64_t address, uint64_t size) {
    struct block block;
    if (read_block(h->walk, address, size, &block))
        return -1;
    struct bytes messages = block.bytes;
    int bad = 0;
    if (h->version == 2) {
        const uint8_t *signature = bytes_take(&messages, 4);
        if (!signature || memcmp(signature, "OCHK", 4) || messages.left < CHECKSUM)
            bad = damaged(h->walk, "a block");
        else
            messages.left -= CHECKSUM;
    }
    if (!bad)
        bad = check_messages(h, messages);
    free(block.memory);
    return bad;
}

// What stands before the first messages of version 2; their size into `size`, where they begin behind the address into
// `offset`.
static int read_prefix(struct header *h, struct bytes prefix, uint64_t *offset, uint64_t *size) {
    enum { TIMES = 0x20, LIMITS = 0x10, ORDER = 0x04 };
    size_t whole = prefix.left;
    const uint8_t *head = bytes_take(&prefix, 6);
    unsigned flags = head ? head[5] : 0;
    size_t width = (size_t)1 << (flags & 3);
    const uint8_t *length;
    if (!head || head[4] != 2 || (flags & TIMES && !bytes_take(&prefix, 16)) ||
        (flags & LIMITS && !bytes_take(&prefix, 4)) || !(length = bytes_take(&prefix, width)))
        return damaged(h->walk, "the beginning");
    h->version = 2;
    h->ordered = (flags & ORDER) != 0;
    *offset = whole - prefix.left;
    *size = bytes_number(length, width);
    return 0;
}

static int check_first(struct header *h, uint64_t address) {
    enum { PREFIX = 34 }; // the longest of version 2
    struct block prefix, block;
    uint64_t offset = 16, size = 0, most = h->walk->end - h->walk->base;
    most = address < most ? most - address : 0;
    if (read_block(h->walk, address, most < PREFIX ? most : PREFIX, &prefix))
        return -1;
    int bad = 0, newer = prefix.bytes.left >= 16 && !memcmp(prefix.memory, "OHDR", 4);
    if (newer)
        bad = read_prefix(h, prefix.bytes, &offset, &size);
    else if (prefix.bytes.left < 16 || prefix.memory[0] != 1)
        bad = damaged(h->walk, "the beginning");
    else
        h->version = 1, size = bytes_number(prefix.memory + 8, 4);
    free(prefix.memory);
    if (bad || read_block(h->walk, address + offset, size, &block))
        return -1;
    bad = check_messages(h, block.bytes);
    free(block.memory);
    return bad;
}

static int check_header(struct walk *w, uint64_t address) {
    struct header *h = allocate(1, sizeof *h, "a header of a shard", w->err);
    if (!h)
        return -1;
    h->walk = w;
    int bad = check_first(h, address);
    for (int i = 0; i < h->count && !bad; i++) // a block may name further ones
        bad = check_continuation(h, h->blocks[i].address, h->blocks[i].size);
    free(h);
    return bad ? -1 : 0;
}

// ---------------------------------------------------------------------------------------------- the file

// Where the superblock lies: at the file's beginning, or at 512, 1024, 2048, ... behind a block of the user's own.
static int find_superblock(struct walk *w, uint8_t start[96]) {
    static const uint8_t signature[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
    for (w->base = 0; w->base < w->end; w->base = w->base ? 2 * w->base : 512) {
        memset(start, 0, 96);
        if (pread(w->descriptor, start, 96, (off_t)w->base) < 0)
            return fail_system(w->err, errno, "%s", w->path);
        if (!memcmp(start, signature, sizeof signature))
            return 0;
    }
    return fail(w->err, "%s: not a whole HDF5 file (cut short, or something else)", w->path);
}

static int root_address(struct walk *w, uint64_t *address) {
    static const int places[4] = {64, 68, 36, 36}; // by the superblock's version
    uint8_t start[96];
    if (find_superblock(w, start))
        return -1;
    int version = start[8];
    const uint8_t *widths = start + (version < 2 ? 13 : 9);
    if (version > 3 || widths[0] != ADDRESS || widths[1] != ADDRESS)
        return fail(w->err,
                    "%s: an HDF5 file of a kind that is not read (superblock %d, addresses of %d bytes)",
                    w->path, version, widths[0]);
    *address = bytes_number(start + places[version], ADDRESS);
    return 0;
}

// The header at an address of the file; NULL: the root's, which the superblock names.
static int check_object(const char *path, const char *name, const uint64_t *address, struct error *err) {
    struct walk w = {.path = path, .name = name, .err = err};
    off_t size;
    uint64_t root = 0;
    if ((w.descriptor = shard_guard_open(path, &size, err)) < 0)
        return -1;
    w.end = (uint64_t)size;
    int bad = root_address(&w, &root) || check_header(&w, address ? *address : root);
    close(w.descriptor);
    return bad ? -1 : 0;
}

int shard_guard_root(const char *path, struct error *err) {
    return check_object(path, "", NULL, err);
}

int shard_guard_header(struct shard *s, const char *name, haddr_t address, struct error *err) {
    uint64_t place = address;
    return check_object(s->path, name, &place, err);
}
