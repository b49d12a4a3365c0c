// SPDX-License-Identifier: Apache-2.0
#include "core/shard/file_digest.h"

int file_digest_start(struct file_digest *d, struct file_layout *expected, struct error *err) {
    *d = (struct file_digest){.digest = digest_start(err), .expected = *expected};
    *expected = (struct file_layout){0};
    if (d->digest)
        return 0;
    layout_free(&d->expected);
    return -1;
}

// What lies between the raw data, up to `end`.
static void add_rest(struct file_digest *d, uint64_t end) {
    uint8_t buffer[4096];
    while (d->end < end) {
        size_t now = end - d->end < sizeof buffer ? (size_t)(end - d->end) : sizeof buffer;
        layout_copy(d->written ? d->written : &d->expected, d->end, now, buffer);
        digest_add(d->digest, buffer, now);
        d->end += now;
    }
}

void file_digest_add(struct file_digest *d, const void *bytes, size_t size) {
    const uint8_t *from = bytes;
    while (size &&
           d->range < d->expected.range_count) { // more than expected: its end is not where it should be
        const struct layout_range *range = &d->expected.ranges[d->range];
        if (d->end < range->begin)
            add_rest(d, range->begin);
        size_t left = (size_t)(range->end - d->end), now = size < left ? size : left;
        digest_add(d->digest, from, now);
        from += now;
        size -= now;
        d->end += now;
        d->range += d->end == range->end;
    }
}

int file_digest_settle(struct file_digest *d, const struct file_layout *written) {
    d->written = written;
    return layout_agrees(&d->expected, written, d->end) ? 0 : -1;
}

void file_digest_finish(struct file_digest *d, char hex[DIGEST_SIZE]) {
    add_rest(d, d->written->size);
    digest_finish(d->digest, hex);
    d->digest = NULL;
    file_digest_abandon(d);
}

void file_digest_abandon(struct file_digest *d) {
    if (d->digest)
        digest_finish(d->digest, NULL);
    layout_free(&d->expected);
    d->digest = NULL;
}
