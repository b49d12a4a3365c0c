// SPDX-License-Identifier: Apache-2.0
// What the files that read shards share. Private to core/shard.
//
//   reader.c             opening and checking; images, masks, labels
//   reader_guard.c       what a file from a stranger may not be, before HDF5 looks at it and before its values are read
//   reader_headers.c     the same of the headers of its objects (header_messages.c: of each message in them)
//   reader_columns.c     provenance columns
//   reader_attributes.c  root attributes
//   reader_content.c     the list of datasets and the digest over them
#ifndef REFF_SHARD_READER_INTERNAL_H
#define REFF_SHARD_READER_INTERNAL_H

#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/shard/shard.h"

#include <hdf5.h>

enum {
    SHARD_COUNT_MAXIMUM = 1 << 24,
    SHARD_SIDE_MAXIMUM = 8192,
    SHARD_TEXT_MAXIMUM = 4096, // bytes of a value of a text column
    SHARD_DATASETS_MAXIMUM = 80,
    SHARD_ATTRIBUTES_MAXIMUM = 256,
};
#define SHARD_MEMORY_MAXIMUM    ((size_t)1 << 30)   // images and masks up to here are kept in memory
#define SHARD_CHUNK_MAXIMUM     ((size_t)256 << 20) // bytes of one chunk, which HDF5 unpacks as a whole
#define SHARD_COLUMN_MAXIMUM    ((size_t)256 << 20) // bytes of one column
#define SHARD_LIBRARY_ROOM      ((size_t)16 << 20) // bytes that HDF5 must find: it does not stand finding none
#define SHARD_ATTRIBUTE_MAXIMUM ((size_t)4 << 20)  // bytes of one attribute

struct shard {
    char path[PATH_SIZE];
    struct shard_shape shape;
    hid_t file, images, masks;
    uint8_t *image_memory, *mask_memory; // all of them, or NULL: read from the file
    int32_t *labels;                     // [N]
    char content[DIGEST_SIZE];           // as claimed; after shard_open_measured as measured
    uint8_t mask_most;                   // the largest value of a mask, once the content is measured
};

// ---- reader_guard.c

// Refuses what is no regular file, without waiting for a pipe's other end, and a file that differs from its
// manifest PATH.sha256, if there is one.
int shard_guard_file(const char *path, int compare_manifest, struct error *err);

// Refuses links of the root group that lead elsewhere, and more datasets or attributes than a shard has.
int shard_guard_links(struct shard *s, struct error *err);

// Refuses a dataset whose values are not in this file, or need a filter beyond deflate, shuffle and
// checksums, or whose chunks are larger than memory allows.
int shard_guard_storage(struct shard *s, hid_t dataset, const char *name, struct error *err);

// A descriptor of a regular file, and its size; -1 with a message. close() it.
int shard_guard_open(const char *path, off_t *size, struct error *err);

// Reads the whole file once in a child, so that a crash of the HDF5 library is a message.
int shard_guard_parse(const char *path, struct error *err);

// ---- reader_headers.c

// Before HDF5 parses the headers of the root group and of an object that it names: refuses those in which anything
// reaches beyond its place, since the library would read what lies there in memory.
int shard_guard_root(const char *path, struct error *err);
int shard_guard_header(struct shard *s, const char *name, haddr_t address, struct error *err);

// ---- reader.c

// Opens and guards a dataset of the root group; its extents into `shape` (rank of them). Negative on failure.
hid_t shard_open_dataset(struct shard *s, const char *name, int rank, hsize_t *shape, struct error *err);

// Whether the dataset's values are of the class and size (0: any), and whether the file holds as many bytes
// as they need.
int shard_check_values(struct shard *s, hid_t dataset, const char *name, H5T_class_t class, size_t size,
                       struct error *err);

// Image `index` of a dataset [N,H,W] or [N,H,W,3] from the file.
int shard_read_image(struct shard *s, hid_t dataset, int rank, uint32_t index, uint8_t *out,
                     struct error *err);

// As shard_open, but in this process from the start.
struct shard *shard_open_here(const char *path, struct error *err);

// ---- reader_content.c

// "uint8", "int32", "float64", "text12": what the content digest calls a type; "" for others, which the second calls what
// they are.
void shard_type_text(hid_t dataset, char out[24]);
const char *shard_other_type(hid_t dataset);

// The content digest; or, where hex is NULL, every value is read and nothing computed.
int shard_read_content(struct shard *shard, char *hex, struct error *err);

#endif
