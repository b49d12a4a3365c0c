// SPDX-License-Identifier: Apache-2.0
// What shards of photographs have in common, whoever lists them: columns of provenance, remarks, the writing
// itself.
#ifndef REFF_GEN_PHOTOGRAPHS_PHOTOGRAPH_SHARD_H
#define REFF_GEN_PHOTOGRAPHS_PHOTOGRAPH_SHARD_H

#include "gen/photographs/photograph_reader.h"

enum photograph_extra { PHOTOGRAPH_NOTHING, PHOTOGRAPH_SPECIES, PHOTOGRAPH_HAS_MASK }; // the last column

struct photograph_form { // in what their shards differ
    int id_size;         // bytes of the column `id`, with a zero at the end
    enum photograph_extra extra;
    json_t *(*attributes)(void *reader, struct error *err); // new reference; NULL on failure
};

// Writes what the reader has, whole or not at all.
int photograph_shard_write(struct photograph_reader *reader, const struct photograph_form *form,
                           const char *path, struct error *err);

// The first 100 as an attribute, "ID: why"; "" where there are none. New reference.
json_t *photograph_remarks_json(const struct remarks *remarks);

// The first 20 on standard error, "reff: PATH: ID skipped: why", and how many more there are.
void photograph_print_remarks(const char *path, const struct remarks *remarks, const char *what);

#endif
