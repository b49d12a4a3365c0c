// SPDX-License-Identifier: Apache-2.0
#include "core/shard/layout.h"

#include "core/base/memory.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK 4096 // bytes: about a node of HDF5's trees

struct layout_block {
    uint64_t number; // it begins at number * BLOCK
    uint8_t *bytes;
};

static const char what[] = "the layout of a file";

// Where the block is, or would have to be.
static int find_block(const struct file_layout *l, uint64_t number) {
    int low = 0, high = l->block_count;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (l->blocks[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int has_block(const struct file_layout *l, int at, uint64_t number) {
    return at < l->block_count && l->blocks[at].number == number;
}

// The block's bytes, zero where it is new. NULL when memory runs out.
static uint8_t *make_block(struct file_layout *l, uint64_t number) {
    int at = find_block(l, number);
    if (has_block(l, at, number))
        return l->blocks[at].bytes;
    if (l->block_count == l->block_room) {
        int room = 2 * l->block_room + 16;
        if (array_resize(l->blocks, (size_t)room, what, &l->err))
            return NULL;
        l->block_room = room;
    }
    uint8_t *bytes = allocate(BLOCK, 1, what, &l->err);
    if (!bytes)
        return NULL;
    memmove(l->blocks + at + 1, l->blocks + at, (size_t)(l->block_count - at) * sizeof *l->blocks);
    l->blocks[at] = (struct layout_block){number, bytes};
    l->block_count++;
    return bytes;
}

static void note_range(struct file_layout *l, uint64_t begin, uint64_t end) {
    uint64_t before = l->range_count ? l->ranges[l->range_count - 1].end : 0;
    if (l->range_count && begin == before) {
        l->ranges[l->range_count - 1].end = end;
        return;
    }
    l->unordered |= begin < before;
    if (l->range_count == l->range_room) {
        int room = 2 * l->range_room + 16;
        if (array_resize(l->ranges, (size_t)room, what, &l->err)) {
            l->stopped = 1;
            return;
        }
        l->range_room = room;
    }
    l->ranges[l->range_count++] = (struct layout_range){begin, end};
}

void layout_note(struct file_layout *l, int raw, uint64_t address, size_t size, const void *bytes) {
    const uint8_t *from = bytes;
    if (raw && !l->stopped)
        note_range(l, address, address + size);
    while (!raw && size && !l->stopped) {
        size_t at = (size_t)(address % BLOCK), now = size < BLOCK - at ? size : BLOCK - at;
        uint8_t *block = make_block(l, address / BLOCK);
        if (!block) {
            l->stopped = 1;
            return;
        }
        memcpy(block + at, from, now);
        from += now;
        address += now;
        size -= now;
    }
}

void layout_copy(const struct file_layout *l, uint64_t address, size_t size, uint8_t *to) {
    while (size) {
        size_t at = (size_t)(address % BLOCK), now = size < BLOCK - at ? size : BLOCK - at;
        int block = find_block(l, address / BLOCK);
        if (has_block(l, block, address / BLOCK))
            memcpy(to, l->blocks[block].bytes + at, now);
        else
            memset(to, 0, now);
        to += now;
        address += now;
        size -= now;
    }
}

// Whether the blocks of `a` before `end` have their bytes in `b`, too.
static int holds_blocks(const struct file_layout *a, const struct file_layout *b, uint64_t end) {
    uint8_t other[BLOCK];
    for (int i = 0; i < a->block_count; i++) {
        uint64_t begin = a->blocks[i].number * BLOCK;
        if (begin >= end)
            break;
        size_t size = end - begin < BLOCK ? (size_t)(end - begin) : BLOCK;
        layout_copy(b, begin, size, other);
        if (memcmp(a->blocks[i].bytes, other, size) != 0)
            return 0;
    }
    return 1;
}

int layout_agrees(const struct file_layout *a, const struct file_layout *b, uint64_t end) {
    if (a->stopped || b->stopped || a->size != b->size || a->range_count != b->range_count)
        return 0;
    for (int i = 0; i < a->range_count; i++)
        if (a->ranges[i].begin != b->ranges[i].begin || a->ranges[i].end != b->ranges[i].end)
            return 0;
    return holds_blocks(a, b, end) && holds_blocks(b, a, end);
}

void layout_free(struct file_layout *l) {
    for (int i = 0; i < l->block_count; i++)
        free(l->blocks[i].bytes);
    free(l->blocks);
    free(l->ranges);
    *l = (struct file_layout){0};
}
