// SPDX-License-Identifier: Apache-2.0
// The shards that are exported together: each is one split of a data set, with all that it says of its images.
#ifndef REFF_GEN_EXPORT_EXPORT_DATA_H
#define REFF_GEN_EXPORT_EXPORT_DATA_H

#include "core/base/text.h"
#include "core/shard/shard.h"

#include <jansson.h>

enum {
    EXPORT_NAME_SIZE = 64, // of a split's or a column's name, with the terminating zero
};

struct export_column { // what a shard says of each image
    char name[EXPORT_NAME_SIZE];
    char description[256];
    enum column_type type;
    void *values; // [N] int32_t, double, or texts of text_size bytes
    size_t text_size;
};

struct export_split {
    struct shard *shard;
    struct shard_shape shape;
    char name[EXPORT_NAME_SIZE]; // the shard's attribute `split`, else its file's name
    json_t *attributes;
    int annotated; // some mask says something (its attribute `annotations` is not "none", nor is `has_mask` 0 throughout)
    int32_t *labels; // [N]
    int column_count;
    struct export_column *columns; // but labels
};

struct export_data {
    int count; // splits
    struct export_split *splits;
    int classes;
    const json_t *class_names; // of the first shard that has them; NULL: classes go by their numbers
};

// Opens the shards with their content measured (shard_open_measured), in the order given. Fails where two are of one
// split, or disagree about the classes. What is worth knowing goes to `notices`. Free with export_data_close, also
// after a failure.
int export_data_open(struct export_data *data, char *const *paths, int count, struct text *notices,
                     struct error *err);
void export_data_close(struct export_data *data);

// The class's name, or its number as text. Valid until the next call by this thread.
const char *export_class_name(const struct export_data *data, int label);

const struct export_column *export_column_of(const struct export_split *split, const char *name); // or NULL

// Whether the image's mask says something: a shard of own images may have some without one (its column `has_mask`).
int export_has_mask(const struct export_split *split, long index);

// The key of a column in records. Names that records need for themselves get "shard_" before them.
const char *export_key_of(const struct export_column *column, char out[EXPORT_NAME_SIZE + 8]);

// What the shards say of image `index`: label, class, group (its name where the shard has names; group_number is
// then its number), and every column by its key. The members before and after it are the caller's. Safe from several
// threads. Returns -1 when out of memory.
int export_record(const struct export_data *data, const struct export_split *split, long index,
                  json_t *record);

// A text from a file as JSON: bytes that are no UTF-8 become '?'. New reference, NULL when out of memory.
json_t *export_text(const char *text);

// How many images each group has, by its name or number, in the order of the numbers: new reference, NULL on failure; {}
// where the shard has no column `group`.
json_t *export_group_counts(const struct export_split *split, struct error *err);

#endif
