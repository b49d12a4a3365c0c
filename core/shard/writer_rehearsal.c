// SPDX-License-Identifier: Apache-2.0
// Where HDF5 will put what, and what its headers will hold: it is made to write the file without a file and without
// pixels. Without compression that depends on shapes and attributes alone.
#include "core/base/memory.h"
#include "core/shard/writer_internal.h"

#include <stdlib.h>

// As the images will come: `batch` at a time. Their values do not matter.
static int rehearse_images(struct shard_writer *w, int batch, struct error *err) {
    int bad = 0;
    uint8_t *bytes = allocate((size_t)batch, w->planes[0].image_size, "a rehearsal", err);
    const uint8_t *const planes[2] = {bytes, bytes};
    if (!bytes)
        return -1;
    while (!bad && w->done < w->shape.count) {
        long left = w->shape.count - w->done;
        bad = writer_write_images(w, planes, left < batch ? (int)left : batch);
    }
    free(bytes);
    return bad ? fail(err, "%s: HDF5 cannot foresee the file", w->path) : 0;
}

static int rehearse(const struct shard_writer *w, int batch, const json_t *attributes,
                    struct file_layout *layout, struct error *err) {
    char content[DIGEST_SIZE]; // as long as the true one
    struct column columns[COLUMNS_MAXIMUM + 1] = {{0}};
    for (int c = 0; c < w->columns; c++)
        columns[c] = w->column[c];
    struct shard_writer *twin = writer_new(w->path, w->shape, columns, 0, w->chunk, err);
    if (!twin)
        return -1;
    twin->rehearsal = 1;
    int bad = memory_room(LIBRARY_ROOM, w->path, err);
    if (!bad && writer_create_file(twin))
        bad = fail(err, "%s: HDF5 cannot foresee the file", w->path);
    bad = bad || rehearse_images(twin, batch, err) || writer_write_rest(twin, attributes, content, err);
    if (!bad && writer_close_file(twin))
        bad = fail(err, "%s: HDF5 cannot foresee the file", w->path);
    if (!bad && twin->layout.err.message[0]) {
        *err = twin->layout.err;
        bad = -1;
    }
    *layout = twin->layout;
    twin->layout = (struct file_layout){0};
    shard_abandon(twin);
    return bad ? -1 : 0;
}

int shard_measure(struct shard_writer *w, int batch, const json_t *attributes, struct shard_written *written,
                  struct error *err) {
    struct file_layout layout = {0};
    w->written = written;
    if (w->compression) // the sizes of chunks depend on pixels: the file is digested when it is closed
        return 0;
    int bad = rehearse(w, batch, attributes, &layout, err);
    if (!bad && !layout.unordered)
        bad = file_digest_start(&w->measured, &layout, err);
    layout_free(&layout);
    return bad ? -1 : 0;
}
