// SPDX-License-Identifier: Apache-2.0
// Writing shards. HDF5 calls are made by one thread; compression and digests run in OpenMP threads beside it,
// because the library's own deflate filter is serial. Chunks go to the file through H5Dwrite_chunk, whole.
#include "core/base/memory.h"
#include "core/shard/content.h"
#include "core/shard/writer_internal.h"

#include <errno.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define CHUNK_MAXIMUM 16
#define COUNT_MAXIMUM (1L << 24)
#define SIDE_MAXIMUM  8192
#define TEXT_MAXIMUM  4096

static size_t column_size(const struct column *c) {
    return c->type == COLUMN_INT32     ? sizeof(int32_t)
           : c->type == COLUMN_FLOAT64 ? sizeof(double)
                                       : (size_t)c->text_size;
}

// ---------------------------------------------------------------------------------------------- beginning

static int check_request(const char *path, struct shard_shape shape, const struct column *columns,
                         int compression, int chunk, struct error *err) {
    if (shape.count < 1 || shape.count > COUNT_MAXIMUM)
        return fail(err, "%s: %ld images; 1..%ld fit into a shard", path, shape.count, COUNT_MAXIMUM);
    if (shape.height < 1 || shape.height > SIDE_MAXIMUM || shape.width < 1 || shape.width > SIDE_MAXIMUM)
        return fail(err, "%s: images of %d x %d pixels; 1..%d fit into a shard", path, shape.width,
                    shape.height, SIDE_MAXIMUM);
    if (shape.classes < 1)
        return fail(err, "%s: a shard needs at least one class", path);
    if (compression < 0 || compression > 9 || chunk < 1 || chunk > CHUNK_MAXIMUM)
        return fail(err, "%s: compression %d is not in 0..9, or chunk %d not in 1..%d", path, compression,
                    chunk, CHUNK_MAXIMUM);
    int count = 0;
    for (; columns && columns[count].name; count++) {
        const struct column *c = &columns[count];
        if (count == COLUMNS_MAXIMUM || strlen(c->name) >= CONTENT_NAME_SIZE || strchr(c->name, '/') ||
            (c->type == COLUMN_TEXT && (c->text_size < 1 || c->text_size > TEXT_MAXIMUM)))
            return fail(err, "%s: column '%.60s' cannot be stored", path, c->name);
    }
    return 0;
}

// A dataset property list without time stamps.
static hid_t dataset_properties(void) {
    hid_t p = H5Pcreate(H5P_DATASET_CREATE);
    if (p >= 0 && (H5Pset_obj_track_times(p, 0) < 0 || H5Pset_fill_time(p, H5D_FILL_TIME_NEVER) < 0)) {
        H5Pclose(p);
        p = -1;
    }
    return p;
}

static int create_plane(struct shard_writer *w, struct plane *plane) {
    hsize_t chunk[4] = {(hsize_t)w->chunk, plane->shape[1], plane->shape[2], 3};
    hid_t space = H5Screate_simple(plane->rank, plane->shape, NULL), properties = dataset_properties();
    int bad = space < 0 || properties < 0 || H5Pset_chunk(properties, plane->rank, chunk) < 0 ||
              (w->compression && H5Pset_deflate(properties, (unsigned)w->compression) < 0);
    if (!bad)
        plane->dataset =
            H5Dcreate2(w->file, plane->name, H5T_STD_U8LE, space, H5P_DEFAULT, properties, H5P_DEFAULT);
    H5Pclose(properties);
    H5Sclose(space);
    return bad || plane->dataset < 0 ? -1 : 0;
}

int writer_create_file(struct shard_writer *w) {
    hid_t access = H5Pcreate(H5P_FILE_ACCESS), create = H5Pcreate(H5P_FILE_CREATE);
    w->driver = hdf5_driver_register();
    // The oldest formats that can hold the data: HDF5 1.10 and anything later read them.
    int bad = access < 0 || create < 0 || w->driver < 0 ||
              hdf5_driver_use(access, w->driver, &w->fault, &w->layout, w->rehearsal) < 0 ||
              H5Pset_libver_bounds(access, H5F_LIBVER_EARLIEST, H5F_LIBVER_V110) < 0 ||
              H5Pset_obj_track_times(create, 0) < 0;
    if (!bad)
        w->file = H5Fcreate(w->rehearsal ? w->path : w->temporary, H5F_ACC_TRUNC, create, access);
    H5Pclose(access);
    H5Pclose(create);
    return bad || w->file < 0 || create_plane(w, &w->planes[0]) || create_plane(w, &w->planes[1]) ? -1 : 0;
}

static int allocate_writer(struct shard_writer *w, struct error *err) {
    size_t count = (size_t)w->shape.count;
    for (int i = 0; i < 2; i++) {
        struct plane *plane = &w->planes[i];
        plane->pending = allocate((size_t)w->chunk, plane->image_size, "a chunk of images", err);
        plane->digest = plane->pending ? digest_start(err) : NULL;
        if (!plane->digest)
            return -1;
    }
    w->labels = allocate(count, sizeof *w->labels, "labels", err);
    if (!w->labels)
        return -1;
    for (int c = 0; c < w->columns; c++)
        if (!(w->values[c] = allocate(count, column_size(&w->column[c]), w->column[c].name, err)))
            return -1;
    size_t room = compressBound((uLong)((size_t)w->chunk * w->planes[0].image_size));
    for (int i = 0; w->compression && i < DEFLATE_AT_ONCE; i++)
        if (!(w->deflated[i] = allocate(room, 1, "compressed chunks", err)))
            return -1;
    return 0;
}

struct shard_writer *writer_new(const char *path, struct shard_shape shape, const struct column *columns,
                                int compression, int chunk, struct error *err) {
    struct shard_writer *w = allocate(1, sizeof *w, "a shard", err);
    if (!w)
        return NULL;
    w->shape = shape;
    w->compression = compression;
    w->chunk = (long)chunk > shape.count ? (int)shape.count : chunk;
    w->file = w->driver = -1;
    hsize_t n = (hsize_t)shape.count, height = (hsize_t)shape.height, width = (hsize_t)shape.width;
    size_t pixels = (size_t)shape.height * (size_t)shape.width;
    w->planes[0] = (struct plane){
        .name = "images", .image_size = 3 * pixels, .rank = 4, .shape = {n, height, width, 3}, .dataset = -1};
    w->planes[1] = (struct plane){
        .name = "masks", .image_size = pixels, .rank = 3, .shape = {n, height, width}, .dataset = -1};
    while (columns && columns[w->columns].name) {
        w->column[w->columns] = columns[w->columns];
        w->columns++;
    }
    if (snprintf(w->path, PATH_SIZE, "%s", path) >= PATH_SIZE)
        fail(err, "%.200s...: path too long", path);
    else if (!allocate_writer(w, err))
        return w;
    shard_abandon(w);
    return NULL;
}

struct shard_writer *shard_create(const char *path, struct shard_shape shape, const struct column *columns,
                                  int compression, int chunk, struct error *err) {
    if (memory_room(LIBRARY_ROOM, path, err))
        return NULL;
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL); // our messages instead of the library's stack
    if (check_request(path, shape, columns, compression, chunk, err))
        return NULL;
    struct shard_writer *w = writer_new(path, shape, columns, compression, chunk, err);
    if (!w)
        return NULL;
    if (!file_check_target(path, err) && !file_temporary(path, w->temporary, err) &&
        !memory_room(LIBRARY_ROOM, path, err)) {
        if (!writer_create_file(w))
            return w;
        if (w->fault.cause)
            fail_system(err, w->fault.cause, "%s", path);
        else
            fail(err, "%s: cannot be created", path);
    }
    shard_abandon(w);
    return NULL;
}

// ---------------------------------------------------------------------------------------------- images

static int write_chunk(struct plane *plane, long first, const uint8_t *bytes, size_t size) {
    hsize_t offset[4] = {(hsize_t)first, 0, 0, 0};
    return H5Dwrite_chunk(plane->dataset, H5P_DEFAULT, 0, offset, size, bytes) < 0 ? -1 : 0;
}

// Compresses up to DEFLATE_AT_ONCE chunks in parallel, then writes them in order.
static int write_deflated(struct shard_writer *w, struct plane *plane, long first, const uint8_t *bytes,
                          int chunks) {
    size_t size = (size_t)w->chunk * plane->image_size;
    int bad = 0;
#pragma omp taskloop grainsize(1)
    for (int i = 0; i < chunks; i++) {
        uLongf length = compressBound((uLong)size);
        int result =
            compress2(w->deflated[i], &length, bytes + (size_t)i * size, (uLong)size, w->compression);
        w->deflated_size[i] = result == Z_OK ? length : 0;
    }
    for (int i = 0; i < chunks && !bad; i++)
        bad = !w->deflated_size[i] ||
              write_chunk(plane, first + (long)i * w->chunk, w->deflated[i], w->deflated_size[i]);
    return bad ? -1 : 0;
}

// Adds raw data to the file's digest, in the order of calls. The bytes must last until the team's tasks have ended,
// unless they are added at once.
static void measure(struct shard_writer *w, const uint8_t *bytes, size_t size, int at_once) {
    if (!w->measured.digest)
        return;
#pragma omp task depend(inout : w->order) if (!at_once)
    file_digest_add(&w->measured, bytes, size);
}

// `chunks` whole chunks, beginning with image `first`. lasting: as for measure.
static int write_chunks(struct shard_writer *w, struct plane *plane, long first, const uint8_t *bytes,
                        int chunks, int lasting) {
    size_t size = (size_t)w->chunk * plane->image_size;
    measure(w, bytes, (size_t)chunks * size, !lasting);
    int step = w->compression ? DEFLATE_AT_ONCE : 1, bad = 0;
    for (int i = 0; i < chunks && !bad && !w->fault.cause; i += step) {
        int now = chunks - i < step ? chunks - i : step;
        const uint8_t *from = bytes + (size_t)i * size;
        long at = first + (long)i * w->chunk;
        bad = w->compression ? write_deflated(w, plane, at, from, now) : write_chunk(plane, at, from, size);
    }
    return bad ? -1 : 0;
}

// The pending images, padded with zeros to a whole chunk.
static int flush_pending(struct shard_writer *w) {
    long first = w->done - w->pending;
    for (int i = 0; i < 2; i++) {
        struct plane *plane = &w->planes[i];
        size_t used = (size_t)w->pending * plane->image_size;
        memset(plane->pending + used, 0, (size_t)w->chunk * plane->image_size - used);
        if (write_chunks(w, plane, first, plane->pending, 1, 0))
            return -1;
    }
    w->pending = 0;
    return 0;
}

// Writes what fills whole chunks and keeps the rest pending.
int writer_write_images(struct shard_writer *w, const uint8_t *const bytes[2], int count) {
    int taken = 0;
    while (taken < count) {
        int now = count - taken;
        if (!w->pending && now >= w->chunk) {
            int chunks = now / w->chunk;
            now = chunks * w->chunk;
            for (int i = 0; i < 2; i++)
                if (write_chunks(w, &w->planes[i], w->done,
                                 bytes[i] + (size_t)taken * w->planes[i].image_size, chunks, 1))
                    return -1;
            w->done += now;
        } else {
            now = now < w->chunk - w->pending ? now : w->chunk - w->pending;
            for (int i = 0; i < 2; i++) {
                size_t size = w->planes[i].image_size;
                memcpy(w->planes[i].pending + (size_t)w->pending * size, bytes[i] + (size_t)taken * size,
                       (size_t)now * size);
            }
            w->pending += now;
            w->done += now;
            if ((w->pending == w->chunk || w->done == w->shape.count) && flush_pending(w))
                return -1;
        }
        taken += now;
    }
    return 0;
}

static uint64_t sum_of_bytes(const uint8_t *bytes, size_t size) {
    uint64_t sum = 0;
    for (size_t i = 0; i < size; i++)
        sum += bytes[i];
    return sum;
}

// Digests and writes. Called by one thread of a team, which makes the HDF5 calls; the others help.
static int append_pixels(struct shard_writer *w, const uint8_t *images, const uint8_t *masks, int count) {
    const uint8_t *const bytes[2] = {images, masks};
    int bad = 0;
#pragma omp taskgroup
    {
#pragma omp task
        digest_add(w->planes[0].digest, images, (size_t)count * w->planes[0].image_size);
#pragma omp task
        {
            size_t size = (size_t)count * w->planes[1].image_size;
            digest_add(w->planes[1].digest, masks, size);
            w->annotated += w->written ? sum_of_bytes(masks, size) : 0;
        }
        // A task, though at once: libgomp frees what it notes of dependences when the task that made them ends, and
        // with a team's first task never.
#pragma omp task shared(bad) if (0)
        bad = writer_write_images(w, bytes, count);
    }
    return bad;
}

int shard_append(struct shard_writer *w, int count, const uint8_t *images, const uint8_t *masks,
                 const int32_t *labels, const void *const *values, struct error *err) {
    if (count < 0 || w->done + count > w->shape.count)
        return fail(err, "%s: more than the %ld images announced", w->path, w->shape.count);
    for (int i = 0; i < count; i++)
        if (labels[i] < 0 || labels[i] >= w->shape.classes)
            return fail(err, "%s: image %ld: label %d is not in 0..%d", w->path, w->done + i, labels[i],
                        w->shape.classes - 1);
    w->layout.stopped |= !w->measured.digest && !w->rehearsal;
    memcpy(w->labels + w->done, labels, (size_t)count * sizeof *labels);
    for (int c = 0; c < w->columns; c++) {
        size_t size = column_size(&w->column[c]);
        memcpy((uint8_t *)w->values[c] + (size_t)w->done * size, values[c], (size_t)count * size);
    }
    int bad = 0;
    if (omp_in_parallel()) {
        bad = append_pixels(w, images, masks, count);
    } else {
#pragma omp parallel
#pragma omp single
        bad = append_pixels(w, images, masks, count);
    }
    if (w->fault.cause)
        return fail_system(err, w->fault.cause, "%s", w->path);
    return bad ? fail(err, "%s: HDF5 cannot write image data", w->path) : 0;
}

// ---------------------------------------------------------------------------------------------- ending

// One column (or the labels) as a contiguous dataset, with its line for the content digest.
static int write_column(struct shard_writer *w, const struct column *c, const void *values,
                        struct content_line *line, struct error *err) {
    hsize_t count = (hsize_t)w->shape.count;
    hid_t text = c->type == COLUMN_TEXT ? writer_text_type((size_t)c->text_size) : -1;
    hid_t type = c->type == COLUMN_INT32 ? H5T_STD_I32LE : c->type == COLUMN_FLOAT64 ? H5T_IEEE_F64LE : text;
    hid_t space = H5Screate_simple(1, &count, NULL), properties = dataset_properties();
    hid_t dataset = H5Dcreate2(w->file, c->name, type, space, H5P_DEFAULT, properties, H5P_DEFAULT);
    hid_t memory = c->type == COLUMN_INT32     ? H5T_NATIVE_INT32
                   : c->type == COLUMN_FLOAT64 ? H5T_NATIVE_DOUBLE
                                               : text;
    int bad = dataset < 0 || H5Dwrite(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0 ||
              (c->help && writer_put_text(dataset, "description", c->help));
    if (dataset >= 0)
        H5Dclose(dataset);
    H5Pclose(properties);
    H5Sclose(space);
    if (text >= 0)
        H5Tclose(text);
    if (bad)
        return fail(err, "%s: HDF5 cannot write column '%s'", w->path, c->name);

    snprintf(line->name, sizeof line->name, "%s", c->name);
    if (c->type == COLUMN_TEXT)
        snprintf(line->type, sizeof line->type, "text%d", c->text_size);
    else
        snprintf(line->type, sizeof line->type, "%s", c->type == COLUMN_INT32 ? "int32" : "float64");
    snprintf(line->shape, sizeof line->shape, "%ld", w->shape.count);
    return digest_bytes(values, (size_t)w->shape.count * column_size(c), line->digest, err);
}

static void plane_line(struct plane *plane, struct content_line *line) {
    snprintf(line->name, sizeof line->name, "%s", plane->name);
    snprintf(line->type, sizeof line->type, "uint8");
    int length = 0;
    for (int i = 0; i < plane->rank; i++)
        length += snprintf(line->shape + length, sizeof line->shape - (size_t)length, "%s%llu", i ? "," : "",
                           (unsigned long long)plane->shape[i]);
    digest_finish(plane->digest, line->digest);
    plane->digest = NULL;
}

int writer_write_rest(struct shard_writer *w, const json_t *attributes, char content[DIGEST_SIZE],
                      struct error *err) {
    struct content_line lines[COLUMNS_MAXIMUM + 3];
    memset(lines, 0, sizeof lines);
    int count = 0;
    plane_line(&w->planes[0], &lines[count++]);
    plane_line(&w->planes[1], &lines[count++]);
    struct column labels = {"labels", COLUMN_INT32, 0, "class of the image, 0 .. classes-1"};
    if (write_column(w, &labels, w->labels, &lines[count++], err))
        return -1;
    for (int c = 0; c < w->columns; c++)
        if (write_column(w, &w->column[c], w->values[c], &lines[count++], err))
            return -1;
    if (writer_put_text(w->planes[0].dataset, "description", "images, RGB [N, height, width, 3]") ||
        writer_put_text(w->planes[1].dataset, "description",
                        "annotation [N, height, width]: 255 relevant, 0 not") ||
        content_digest(lines, count, content, err))
        return err->message[0] ? -1 : fail(err, "%s: HDF5 cannot write a description", w->path);

    const char *key;
    json_t *value;
    json_object_foreach((json_t *)attributes, key, value) {
        if (writer_put_json(w->file, key, value))
            return fail(err, "%s: attribute '%s' cannot be stored", w->path, key);
    }
    int64_t version = SHARD_FORMAT_VERSION, classes = w->shape.classes;
    if (writer_put_attribute(w->file, "format_version", H5T_STD_I64LE, H5T_NATIVE_INT64, 0, &version) ||
        writer_put_attribute(w->file, "classes", H5T_STD_I64LE, H5T_NATIVE_INT64, 0, &classes) ||
        writer_put_text(w->file, "content_sha256", content))
        return fail(err, "%s: HDF5 cannot write its attributes", w->path);
    return 0;
}

// Closes everything of HDF5's. Returns -1 when the file cannot be trusted.
int writer_close_file(struct shard_writer *w) {
    int bad = 0;
    for (int i = 0; i < 2; i++)
        if (w->planes[i].dataset >= 0)
            bad |= H5Dclose(w->planes[i].dataset) < 0;
    if (w->file >= 0)
        bad |= H5Fclose(w->file) < 0;
    w->planes[0].dataset = w->planes[1].dataset = w->file = -1;
    hdf5_driver_release(w->driver);
    w->driver = -1;
    return bad || w->fault.cause ? -1 : 0;
}

void shard_abandon(struct shard_writer *w) {
    if (!w)
        return;
    writer_close_file(w);
    if (w->temporary[0]) // gone already after a success
        unlink(w->temporary);
    for (int i = 0; i < 2; i++) {
        free(w->planes[i].pending);
        if (w->planes[i].digest)
            digest_finish(w->planes[i].digest, NULL);
    }
    file_digest_abandon(&w->measured);
    layout_free(&w->layout);
    free(w->labels);
    for (int c = 0; c < w->columns; c++)
        free(w->values[c]);
    for (int i = 0; i < DEFLATE_AT_ONCE; i++)
        free(w->deflated[i]);
    free(w);
}

static int manifest_path(char out[PATH_SIZE], const char *path, struct error *err) {
    return snprintf(out, PATH_SIZE, "%s.sha256", path) < PATH_SIZE
               ? 0
               : fail(err, "%.200s...: path too long", path);
}

// The manifest of the file that is about to be replaced goes first: wherever this is interrupted, no manifest lies
// beside a file that it is not of.
static int publish(const struct shard_writer *w, struct error *err) {
    char manifest[PATH_SIZE];
    return manifest_path(manifest, w->path, err) || file_remove(manifest, err) ||
                   file_publish(w->temporary, w->path, err)
               ? -1
               : 0;
}

// The file's digest from what was written; -1, without a message, where it became another than foreseen.
static int finish_measured(struct shard_writer *w, char sha256[DIGEST_SIZE]) {
    if (!w->measured.digest || file_digest_settle(&w->measured, &w->layout))
        return -1;
    size_t count = (size_t)w->shape.count;
    file_digest_add(&w->measured, w->labels, count * sizeof *w->labels);
    for (int c = 0; c < w->columns; c++)
        file_digest_add(&w->measured, w->values[c], count * column_size(&w->column[c]));
    file_digest_finish(&w->measured, sha256);
    return 0;
}

// What shard_measure promised, of the file before it gets its name.
static int tell(struct shard_writer *w, struct error *err) {
    struct shard_written *told = w->written;
    struct stat status;
    if (stat(w->temporary, &status))
        return fail_system(err, errno, "%s", w->path);
    double pixels = (double)w->shape.count * w->shape.height * w->shape.width;
    told->summary = (struct shard_summary){w->shape, (double)w->annotated / 255 / pixels};
    told->bytes = status.st_size;
    told->read_again = finish_measured(w, told->sha256) != 0;
    return told->read_again ? digest_file(w->temporary, told->sha256, err) : 0;
}

int shard_finish(struct shard_writer *w, const json_t *attributes, char content_sha256[65],
                 struct error *err) {
    char content[DIGEST_SIZE];
    err->message[0] = 0;
    int bad = 0;
    if (w->done < w->shape.count)
        bad = fail(err, "%s: %ld of %ld images were written", w->path, w->done, w->shape.count);
    if (!bad)
        bad = writer_write_rest(w, attributes, content, err);
    if (!bad && writer_close_file(w))
        bad = fail(err, "%s: HDF5 cannot close the file", w->path);
    if (bad && w->fault.cause) // the true cause
        fail_system(err, w->fault.cause, "%s", w->path);
    bad = bad || (w->written && tell(w, err)) || publish(w, err);
    if (bad)
        unlink(w->temporary);
    if (!bad && content_sha256)
        memcpy(content_sha256, content, DIGEST_SIZE);
    shard_abandon(w);
    return bad ? -1 : 0;
}

int shard_write_manifest(const char *path, const char sha256[65], struct error *err) {
    char target[PATH_SIZE], line[PATH_SIZE + DIGEST_SIZE + 4];
    if (manifest_path(target, path, err))
        return -1;
    int length = snprintf(line, sizeof line, "%s  %s\n", sha256, path_name(path));
    return file_write(target, line, (size_t)length, err);
}
