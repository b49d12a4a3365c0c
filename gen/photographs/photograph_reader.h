// SPDX-License-Identifier: Apache-2.0
// Photographs and annotations out of archives of any size: members come one after another in the archive's
// own order, are decoded and resized by all threads, and put down in a file without a name beside the output,
// from where they are taken in the order of their ids. So memory holds a few photographs, whatever the
// archive's size or order.
#ifndef REFF_GEN_PHOTOGRAPHS_PHOTOGRAPH_READER_H
#define REFF_GEN_PHOTOGRAPHS_PHOTOGRAPH_READER_H

#include "core/base/digest.h"
#include "core/base/progress.h"
#include "gen/photographs/catalogue.h"
#include "gen/photographs/photographs.h"
#include "gen/read/resample.h"

struct photograph {
    const struct listed *listed;
    int width, height;           // of the file; 0 until it was read
    int mask_width, mask_height; //
    char digest[DIGEST_SIZE];    // of the image's file
    char why[REMARK_SIZE];       // why it cannot be used; "" if it can
    struct mask_summary mask;    // how its annotation was read
    int annotated, left; // whether the annotation marks anything, and anything that is left in the square
    int full;            // it marks all of the square
    int masked;          // it has an annotation; else all of the image counts as relevant
};

struct photograph_reader {
    const struct photograph_format *format;
    const void *context; // of the format's functions
    const struct photographs_settings *settings;
    // Of a user's own images: paths in place of the official names (masks_path NULL: there are none), how
    // masks are coded, and that an image without a mask is not annotated. NULL and 0 else.
    const char *images_path, *masks_path;
    const struct mask_coding *coding;
    int masks_optional, mask_resize;
    enum fit fit;
    struct catalogue catalogue;
    int count;
    struct photograph *items; // the images wanted, sorted by id; after reading those that can be used
    struct remarks skipped;   // what cannot be used
    struct remarks notes;     // what was left alone, or is worth knowing: duplicates
    int listed;               // rows of the split: count + left_out + skipped.count, after reading
    int left_out;             // images of the split that --count did not draw
    int unlisted, duplicates; // images in the archive that are in no list; files that equal an earlier one
    int *slots;               // [count] where in the store
    int store;                // the file without a name; -1 none
    const char *output;       // the shard's path, for messages
    // Progress, in steps of which each image takes three: image, annotation, writing.
    progress_function *progress;
    void *progress_context;
    double steps, steps_done;
    struct shard_written *written; // gets what is to be told of the shard; NULL: nothing
};

// Lists, then reads. `reader` zeroed but for format, settings, output and progress; photograph_reader_close
// is needed after failures, too. Damaged images are remarks; damaged archives are failures.
int photograph_reader_run(struct photograph_reader *reader, struct error *err);
void photograph_reader_close(struct photograph_reader *reader);

// Image [pixels,pixels,3] and annotation [pixels,pixels] number i.
int photograph_reader_get(const struct photograph_reader *reader, int i, uint8_t *image, uint8_t *mask,
                          struct error *err);

#endif
