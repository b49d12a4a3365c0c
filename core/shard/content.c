// SPDX-License-Identifier: Apache-2.0
#include "core/shard/content.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_name(const void *a, const void *b) {
    return strcmp(((const struct content_line *)a)->name, ((const struct content_line *)b)->name);
}

int content_digest(struct content_line *lines, int count, char hex[DIGEST_SIZE], struct error *err) {
    qsort(lines, (size_t)count, sizeof *lines, by_name);
    struct digest *d = digest_start(err);
    if (!d)
        return -1;
    for (int i = 0; i < count; i++) {
        char line[CONTENT_NAME_SIZE + 24 + 64 + DIGEST_SIZE + 8];
        int length = snprintf(line, sizeof line, "%s %s %s %s\n", lines[i].name, lines[i].type,
                              lines[i].shape, lines[i].digest);
        digest_add(d, line, (size_t)length);
    }
    digest_finish(d, hex);
    return 0;
}
