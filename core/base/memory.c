// SPDX-License-Identifier: Apache-2.0
#include "core/base/memory.h"

#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

long memory_fail_at = 0;

// True when this allocation is the one a test has chosen to fail; of several threads one gets the failure.
static int chosen_to_fail(void) {
    return __atomic_load_n(&memory_fail_at, __ATOMIC_RELAXED) > 0 &&
           __atomic_sub_fetch(&memory_fail_at, 1, __ATOMIC_RELAXED) == 0;
}

// ---------------------------------------------------------------------------------------------- watching

static int watched, ran_out;

void memory_missed(void) {
    if (watched)
        __atomic_store_n(&ran_out, 1, __ATOMIC_RELAXED);
}

static void *allocate_for_json(size_t size) {
    void *block = chosen_to_fail() ? NULL : malloc(size);
    if (!block)
        memory_missed();
    return block;
}

void memory_watch(void) {
    watched = 1;
    json_set_alloc_funcs(allocate_for_json, free);
}

int memory_check(struct error *err) {
    return __atomic_load_n(&ran_out, __ATOMIC_RELAXED) ? fail_memory(err, "the result would lack something")
                                                       : 0;
}

// ---------------------------------------------------------------------------------------------- allocating

static int too_large(size_t count, size_t size) {
    return size && count > SIZE_MAX / 2 / size;
}

static void report(struct error *err, const char *what, size_t count, size_t size) {
    memory_missed();
    fail_memory(err, "%s needs %.1f MiB", what, (double)count * (double)size / (1 << 20));
}

void *allocate(size_t count, size_t size, const char *what, struct error *err) {
    void *block = NULL;
    if (!too_large(count, size) && !chosen_to_fail())
        block = calloc(count ? count : 1, size ? size : 1);
    if (!block)
        report(err, what, count, size);
    return block;
}

enum { LINE = 64, HUGE_PAGE = 2 << 20, WORTH_PAGES = 2 * HUGE_PAGE };

// Asks for huge pages. A wish: nothing depends on it.
static void wish_for_huge_pages(void *page, size_t bytes) {
#ifdef MADV_HUGEPAGE
    madvise(page, bytes, MADV_HUGEPAGE);
#else
    (void)page, (void)bytes;
#endif
}

void *allocate_arena(size_t bytes, const char *what, struct error *err) {
    size_t unit = bytes < WORTH_PAGES ? LINE : HUGE_PAGE;
    void *block = NULL;
    if (bytes < SIZE_MAX - unit && !chosen_to_fail())
        block = aligned_alloc(unit, (bytes + unit - 1) / unit * unit);
    if (!block)
        report(err, what, bytes, 1);
    else if (unit == HUGE_PAGE)
        wish_for_huge_pages(block, (bytes + unit - 1) / unit * unit);
    return block;
}

void *allocate_for_steps(size_t count, size_t size, const char *what, struct error *err) {
    char *block = allocate(count, size, what, err);
    size_t bytes = block ? count * size : 0, before = -(uintptr_t)block % HUGE_PAGE; // the first whole page
    if (bytes >= WORTH_PAGES)
        wish_for_huge_pages(block + before, (bytes - before) / HUGE_PAGE * HUGE_PAGE);
    return block;
}

int memory_room(size_t bytes, const char *what, struct error *err) {
    void *block = chosen_to_fail()
                      ? MAP_FAILED
                      : mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED)
        return report(err, what, bytes, 1), -1;
    munmap(block, bytes);
    return 0;
}

void *reallocate(void *block, size_t count, size_t size, const char *what, struct error *err) {
    void *grown = NULL;
    if (!too_large(count, size) && !chosen_to_fail())
        grown = realloc(block, count && size ? count * size : 1);
    if (!grown)
        report(err, what, count, size);
    return grown;
}

char *duplicate(const char *text, struct error *err) {
    size_t length = strlen(text) + 1;
    char *copy = allocate(length, 1, "a string", err);
    if (copy)
        memcpy(copy, text, length);
    return copy;
}
