// SPDX-License-Identifier: Apache-2.0
// What the parts of the writer share: writer.c, writer_attributes.c, writer_rehearsal.c.
#ifndef REFF_SHARD_WRITER_INTERNAL_H
#define REFF_SHARD_WRITER_INTERNAL_H

#include "core/base/file.h"
#include "core/shard/file_digest.h"
#include "core/shard/hdf5_driver.h"
#include "core/shard/shard.h"

#include <hdf5.h>

#define COLUMNS_MAXIMUM 64
#define DEFLATE_AT_ONCE 64                 // chunks compressed before they are written
#define LIBRARY_ROOM    ((size_t)16 << 20) // bytes that HDF5 must find: it does not stand finding none

struct plane { // images or masks: a chunked dataset that is written while it comes
    const char *name;
    size_t image_size; // bytes per image
    int rank;
    hsize_t shape[4];
    hid_t dataset;
    uint8_t *pending; // images that do not fill a chunk yet, [chunk * image_size]
    struct digest *digest;
};

struct shard_writer {
    char path[PATH_SIZE], temporary[PATH_SIZE];
    struct shard_shape shape;
    int compression, chunk;
    hid_t driver, file;
    struct write_fault fault;
    struct file_layout layout;     // as it is written, where it is measured
    int rehearsal;                 // nothing is written, the layout alone is wanted
    struct file_digest measured;   // not started: the file is not digested while it is written
    char order;                    // of what is added to it: tasks depend on this
    struct shard_written *written; // what is to be told of the file; NULL: nothing
    uint64_t annotated;            // sum of all masks' values
    struct plane planes[2];        // images, masks
    int pending;                   // images in planes[].pending
    long done;                     // images appended
    int32_t *labels;               // [N]
    int columns;
    struct column column[COLUMNS_MAXIMUM];
    void *values[COLUMNS_MAXIMUM];      // [N] of each column
    uint8_t *deflated[DEFLATE_AT_ONCE]; // buffers for compressed chunks
    size_t deflated_size[DEFLATE_AT_ONCE];
};

// writer.c: the steps of a file, for the rehearsal.

// A writer without a file; the path is for messages. NULL on failure.
struct shard_writer *writer_new(const char *path, struct shard_shape shape, const struct column *columns,
                                int compression, int chunk, struct error *err);
int writer_create_file(struct shard_writer *w);
// Writes what fills whole chunks of `count` images and keeps the rest pending. bytes: images, masks.
int writer_write_images(struct shard_writer *w, const uint8_t *const bytes[2], int count);
// Columns and attributes, once all images are written; `content` gets the content digest.
int writer_write_rest(struct shard_writer *w, const json_t *attributes, char content[DIGEST_SIZE],
                      struct error *err);
// Closes everything of HDF5's. -1 when the file cannot be trusted.
int writer_close_file(struct shard_writer *w);

// writer_attributes.c. -1 on failure, without a message.
hid_t writer_text_type(size_t size);
// count 0: a scalar.
int writer_put_attribute(hid_t where, const char *name, hid_t file_type, hid_t memory_type, hsize_t count,
                         const void *values);
int writer_put_text(hid_t where, const char *name, const char *text);
int writer_put_json(hid_t where, const char *name, const json_t *value);

#endif
