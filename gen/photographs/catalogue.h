// SPDX-License-Identifier: Apache-2.0
// What the official lists of a data set of photographs say: which image is of which class and in which split;
// and what its archives' members mean. One file per data set: isic2017.c, pets.c.
#ifndef REFF_GEN_PHOTOGRAPHS_CATALOGUE_H
#define REFF_GEN_PHOTOGRAPHS_CATALOGUE_H

#include "core/base/file.h"
#include "core/shard/split.h"
#include "gen/read/mask.h"

#include <stddef.h>
#include <stdint.h>

#define LISTED_ID_SIZE   256
#define OFFICIAL_ID_SIZE 64      // of ISIC2017 and Pets
#define LISTED_MAXIMUM   1000000 // images
#define CLASSES_MAXIMUM  1024
#define CLASS_NAME_SIZE  128
#define REMARK_SIZE      240
#define CATALOGUE_FILES  9 // most files of a data set

struct listed { // an image of the lists
    char id[LISTED_ID_SIZE];
    int split, label, species; // species: 0 none; Pets: 1 cat, 2 dog
    int group;                 // of a user's own images
};

struct remark { // something that was passed over, and why
    char id[LISTED_ID_SIZE];
    char why[REMARK_SIZE];
};

struct remarks {
    int count;
    struct remark *items;
};

struct catalogue {
    int classes;
    char class_names[CLASSES_MAXIMUM][CLASS_NAME_SIZE];
    int count;
    struct listed *items;   // sorted by id, of all splits whose lists are there; no id twice
    struct remarks skipped; // rows of the split's list that cannot be used
    struct remarks notes;   // rows of it that are odd and were used
    struct remarks foreign; // rows of other splits' lists that cannot be used
};

struct photograph_format { // a data set's official files
    const char *name, *title, *licence;
    int has_species; // whether an image's species is known, a column of the shard
    // The bare names of all its files, and of those with the split's images, annotations and labels.
    const char *files[CATALOGUE_FILES];
    const char *images[SPLITS], *masks[SPLITS], *labels[SPLITS];

    // Reads the lists in the folder `source`. Those of `split` must be there. The seed splits what officially
    // is not split. catalogue_free is needed after failures, too. `context` is what whoever reads brings along.
    int (*list)(const void *context, const char *source, enum split split, uint64_t seed, struct catalogue *c,
                struct error *err);

    // The id of the image (of the annotation) that a member of the archive holds; 0 when it is something
    // else.
    int (*image_id)(const void *context, const char *member, char id[LISTED_ID_SIZE]);
    int (*mask_id)(const void *context, const char *member, char id[LISTED_ID_SIZE]);

    // Draws an annotation that is no picture [height, width] and returns 1; 0: the image has none. May be
    // NULL: none has.
    int (*draw_mask)(const void *context, const char *id, int width, int height, uint8_t *values);

    // An annotation as values 0..255; NULL, or why there is none. Without this function mask_mark decides.
    const char *(*read_mask)(const struct mask *mask, uint8_t *values);
};

extern const struct photograph_format isic2017_format, pets_format;

void catalogue_free(struct catalogue *c);
int catalogue_add(struct catalogue *c, const struct listed *item, struct error *err);
int catalogue_sort(struct catalogue *c, const char *source,
                   struct error *err);                                    // fails on an id in two splits
struct listed *catalogue_find(const struct catalogue *c, const char *id); // once sorted; or NULL

int remark_add(struct remarks *remarks, const char *id, struct error *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

// Where a file of the data set is: SOURCE/NAME, or with .zip, .tar.gz or .tar, or a folder of that name.
// Fails when there is none. catalogue_present: 1 or 0 instead, -1 with a message where the system does not tell.
int catalogue_locate(const char *source, const char *name, char path[PATH_SIZE], struct error *err);
int catalogue_present(const char *source, const char *name, struct error *err);

// "folder/ISIC_0000001_segmentation.png" with suffix "_segmentation" -> "ISIC_0000001"; 0 when the name has
// another form: other suffix, hidden file, an ending other than the ones given (each ends in a zero, the last
// is empty), characters beyond letters, digits, '_', '-' and '.'.
int catalogue_member_id(const char *member, const char *suffix, const char *endings, char id[LISTED_ID_SIZE]);

// The id that a row of a list names, with the ending of a picture or without; 0 where it is no id.
int catalogue_listed_id(const char *name, char id[LISTED_ID_SIZE]);

// The next line of a text in memory, without its end (\n or \r\n), cut to `size`; 0 at the end.
int catalogue_next_line(const char **text, const char *end, char *line, size_t size);

// Parsers of the lists, for tests: the rows of one file, in order. `name` begins messages.
int isic2017_parse(const char *name, const char *text, size_t size, int split, struct catalogue *c,
                   struct remarks *skipped, struct error *err);
int pets_parse(const char *name, const char *text, size_t size, int split, struct catalogue *c,
               struct remarks *skipped, struct error *err);
const char *pets_read_mask(const struct mask *mask, uint8_t *values);

#endif
