// SPDX-License-Identifier: Apache-2.0
// Shards in the formats of other programs: images and masks as PNG (the same pixels), with all that the shards say of them.
//
// A format is a file format_NAME.c with a struct export_format and a line of EXPORT_FORMAT_LINES. Whatever the format, the
// export holds shards.json (the shards' attributes), SHA256SUMS, croissant.json and README.md beside the data.
#ifndef REFF_GEN_EXPORT_EXPORT_H
#define REFF_GEN_EXPORT_EXPORT_H

#include "core/base/json.h"
#include "gen/export/export_data.h"
#include "gen/export/export_sink.h"

#define EXPORT_FORMAT_LINES                                                                                  \
    EXPORT_FORMAT(imagefolder)                                                                               \
    EXPORT_FORMAT(webdataset)                                                                                \
    EXPORT_FORMAT(wilds)
#define EXPORT_FORMAT_NAMES "imagefolder webdataset wilds"

struct export_words { // what the user says of the data set; "" where nothing was said
    const char *name, *url, *creator, *licence, *date;
    const json_t *about; // properties that croissant.json gets in place of those made here; or NULL
};

struct export_settings {
    const char *format, *output;
    int tar_size; // of webdataset's archives, MiB at most (one sample at least)
    int force;
    struct export_words words;
};

struct export_job { // an export under way
    const struct export_data *data;
    const struct export_settings *settings;
    struct export_sink *sink;
    struct text table; // the format's: lines of metadata so far
    size_t tar_bytes;  // the format's: of the tar at hand
    int tar_number;
    long rows;    // the format's: written so far
    json_t *keys; // the format's: columns of its table
};

struct export_item { // an image ready to be written
    const struct export_split *split;
    long index;
    uint8_t *image, *mask; // PNG; mask NULL where the image has none
    size_t image_size, mask_size;
    char image_digest[DIGEST_SIZE], mask_digest[DIGEST_SIZE];
};

struct export_format {
    const char *name;
    const char *about; // a sentence for README.md: where what lies
    int samples_alone; // FILE.tar is samples alone
    // Before, for and after each split's images, in order; begin and end may be NULL.
    int (*begin)(struct export_job *job, const struct export_split *split, struct error *err);
    int (*put)(struct export_job *job, const struct export_item *item, struct error *err);
    int (*end)(struct export_job *job, const struct export_split *split, struct error *err);
    int (*finish)(struct export_job *job, struct error *err); // after all splits; may be NULL
    // Where a reader finds the split's data: a glob, as in README.md's front matter. Appends to `out`.
    void (*pattern)(const struct export_job *job, const struct export_split *split, struct text *out);
    // What croissant.json says of the data: resources (FileObjects with their digests, FileSets) and record sets.
    // Both lists are the caller's. What finds no memory is told when the program ends (memory_watch).
    void (*describe)(const struct export_job *job, json_t *resources, json_t *record_sets);
};

#define EXPORT_FORMAT(name) extern const struct export_format export_##name;
EXPORT_FORMAT_LINES
#undef EXPORT_FORMAT

// Exports the data, whole or not at all; the same bytes for any number of threads. Says on standard error how far it is.
int export_write(const struct export_data *data, const struct export_settings *settings, struct error *err);

// ---------------------------------------------------------------------------------------------- for formats

// A record (export_record) as a line of JSON without its end; free() it. NULL on failure.
char *export_line(const json_t *record, struct error *err);

// "0-melanoma": the class's folder; its number first, so that readers that number folders in alphabetical order give the
// shard's labels.
void export_class_folder(const struct export_data *data, int label, struct text *out);

#endif
