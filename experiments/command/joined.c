// SPDX-License-Identifier: Apache-2.0
#include "experiments/command/joined.h"

#include "core/base/memory.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

enum { SETTINGS_MAXIMUM = 64 };

int joined_parse(const struct command *command, const struct options_part *first,
                 const struct options_part *second, int argc, char **argv, struct error *err) {
    struct setting schema[SETTINGS_MAXIMUM];
    struct command joined = *command;
    struct words words;
    size_t align = alignof(max_align_t), offset = (first->size + align - 1) / align * align;
    char *both = allocate(offset + second->size, 1, "options", err);
    if (!both)
        return -1;
    memcpy(both, first->target, first->size);
    memcpy(both + offset, second->target, second->size);
    settings_join(schema, SETTINGS_MAXIMUM, first->schema, second->schema, offset);
    joined.schema = schema;
    int result = options_parse(&joined, argc, argv, both, &words, err);
    memcpy(first->target, both, first->size);
    memcpy(second->target, both + offset, second->size);
    free(both);
    return result;
}
