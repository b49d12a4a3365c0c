// SPDX-License-Identifier: Apache-2.0
// Shards: the HDF5 contract between the generator and the trainer, readable by h5py as it is.
//
//   /images  uint8 [N,H,W,3]   RGB
//   /masks   uint8 [N,H,W]     annotation s = value / 255: 255 relevant, 0 not
//   /labels  int32 [N]         0 .. classes-1
//   /group   int32 [N]         worst-group accuracy is taken over these (groups.h)
//   /<column> int32, float64 or fixed-length ASCII [N]   provenance of each image, one value per image
//
// Root attributes say what, how, from which inputs, which version; `format_version` decides whether a reader
// may go on, `content_sha256` is the digest over all datasets (names, types, shapes and values, in
// alphabetical order; content.h has the rule). Equal settings and inputs give equal bytes: no time stamps,
// one writer, images in order.
//
// Debian's HDF5 library is not safe for threads: call these functions from one thread at a time, whatever the
// shard.
#ifndef REFF_SHARD_SHARD_H
#define REFF_SHARD_SHARD_H

#include "core/base/error.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#define SHARD_FORMAT_VERSION 1

// ---------------------------------------------------------------------------------------------- reading

struct shard; // an open file; use from one thread at a time

struct shard_shape {
    long count;        // N
    int height, width; // pixels
    int classes;       // labels are 0 .. classes-1
};

// Opens and checks: is it a regular file that agrees with its manifest (PATH.sha256, if there is one), HDF5
// and whole, the format version, presence, types and agreeing shapes of images, masks and labels, labels in
// range, nothing stored elsewhere. The file may come from a stranger: it is read once in a child before, so
// that a crash of the HDF5 library is a message, and memory is asked for only within bounds. NULL with "FILE:
// what is wrong" on failure. Images and masks are read from the file when asked for.
struct shard *shard_open(const char *path, struct error *err);

// The same, and the content digest is measured: refused where it is not the one that the file claims. For
// whatever trains, evaluates or annotates; so are masks of 0 and 1 in place of 255. Images and masks of up to
// 1 GiB in all are read into memory at once.
struct shard *shard_open_measured(const char *path, struct error *err);

// As shard_open, for a caller that compares manifest and content itself and tells what differs (`reff
// verify`).
struct shard *shard_open_to_verify(const char *path, struct error *err);
void shard_close(struct shard *shard); // NULL is fine

struct shard_shape shard_shape(const struct shard *shard);
const char *shard_path(const struct shard *shard); // as it was opened, for messages

// The `count` images named by `index` (any order, repeats allowed), in that order: images [count,H,W,3],
// masks [count,H,W], labels [count]. Each output may be NULL.
int shard_read(struct shard *shard, const uint32_t *index, int count, uint8_t *images, uint8_t *masks,
               int32_t *labels, struct error *err);

// 1 if the file has a dataset of that name, 0 if not, -1 with a message where that cannot be told.
int shard_has(struct shard *shard, const char *name, struct error *err);

// An int32 column [N] by name into `out`. Fails when the file has none of that name.
int shard_column(struct shard *shard, const char *name, int32_t *out, struct error *err);

// A float64 column [N], likewise.
int shard_real_column(struct shard *shard, const char *name, double *out, struct error *err);

// What each dataset is: {"name", "type": "int32", "shape": [N], "description"}, sorted by name. New
// reference.
json_t *shard_datasets(struct shard *shard, struct error *err);

// A text column: *values gets N strings of *size bytes each, zero-terminated (free() it). Fails as
// shard_column.
int shard_text_column(struct shard *shard, const char *name, char **values, size_t *size, struct error *err);

// Computes the content digest from the data (reads everything).
int shard_content_compute(struct shard *shard, char hex[65], struct error *err);

// The content digest (64 hex digits), valid until shard_close: after shard_open_measured what was measured,
// else what the file claims in `content_sha256` ("" if it claims none).
const char *shard_content_digest(const struct shard *shard);

// All root attributes as a JSON object (new reference): strings, integers, reals.
json_t *shard_attributes(struct shard *shard, struct error *err);

struct shard_summary {
    struct shard_shape shape;
    double annotated; // share of all pixels that is, 0..1
};

// What a shard holds, without room for its images: reads its masks one by one.
int shard_summarise(const char *path, struct shard_summary *summary, struct error *err);

// ---------------------------------------------------------------------------------------------- writing

enum column_type { COLUMN_INT32, COLUMN_FLOAT64, COLUMN_TEXT };

struct column { // a provenance column
    const char *name;
    enum column_type type;
    int text_size;    // COLUMN_TEXT: bytes per value, with the terminating zero
    const char *help; // stored as the dataset's attribute `description`
};

struct shard_writer;

// Begins `path` (under a temporary name). `columns` ends with a NULL name. compression: 0 none, 1..9 gzip
// level, done in our threads. chunk: images per chunk (1..16).
struct shard_writer *shard_create(const char *path, struct shard_shape shape, const struct column *columns,
                                  int compression, int chunk, struct error *err);

// Appends `count` images in order; within a parallel region its team does the work. values[c] points to
// `count` values of column c (text: count * text_size bytes).
int shard_append(struct shard_writer *writer, int count, const uint8_t *images, const uint8_t *masks,
                 const int32_t *labels, const void *const *values, struct error *err);

struct shard_written { // of a file that was written
    struct shard_summary summary;
    long long bytes; // of the file
    char sha256[65]; // of the file
    int read_again;  // its digest could not be made while it was written
};

// To be called before the first images, where `written` is wanted: shard_finish fills it, if it succeeds. The file is
// digested while it is written, which needs to know its headers: they follow from `attributes`, which must be those of
// shard_finish, and from the images coming `batch` at a time. Where that holds not, or chunks are compressed, the file
// is read again.
int shard_measure(struct shard_writer *writer, int batch, const json_t *attributes,
                  struct shard_written *written, struct error *err);

// Sets root attributes from a JSON object (strings, integers, reals, arrays of reals or strings), adds
// format_version and content_sha256, closes, fsyncs and renames. Fails when fewer than shape.count images
// came. Frees the writer in every case; on failure nothing is left behind. A manifest of the file before is
// removed.
int shard_finish(struct shard_writer *writer, const json_t *attributes, char content_sha256[65],
                 struct error *err);
void shard_abandon(struct shard_writer *writer); // frees, removes the temporary file; NULL is fine

// Writes PATH.sha256 beside the shard: one line in sha256sum's format, "<digest>  <file name>". The digest is the
// file's, as shard_measure gives it.
int shard_write_manifest(const char *path, const char sha256[65], struct error *err);

#endif
