// SPDX-License-Identifier: Apache-2.0
#include "core/train/checkpoint.h"

#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/base/memory.h"
#include "core/base/snapshot.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// The file: "reffckpt", then this header, the identity, the metrics, all parameter values, all velocities,
// and 64 hex digits over everything before them.
struct header {
    uint64_t version, real_size, identity_size, metrics_size, values, velocities;
    int64_t sgd_steps;
    struct checkpoint state; // its pointer is not used
};

enum { VERSION = 3 }; // 3: the gradient's norm, spans

static const char magic[8] = {'r', 'e', 'f', 'f', 'c', 'k', 'p', 't'};

static size_t all_values(const struct parameters *p) {
    size_t total = 0;
    for (int i = 0; i < p->count; i++)
        total += p->items[i].size;
    return total;
}

static struct header make_header(const char *identity, const struct checkpoint *c, const struct trainer *t) {
    struct header h;
    memset(&h, 0, sizeof h); // padding too: equal states give equal files
    h.version = VERSION;
    h.real_size = sizeof(real);
    h.identity_size = strlen(identity);
    h.metrics_size = c->metrics ? strlen(c->metrics) : 0;
    h.values = all_values(&t->parameters);
    h.velocities = t->parameters.trained_size;
    h.sgd_steps = t->settings.sgd.steps;
    h.state = *c;
    h.state.metrics = NULL;
    return h;
}

static void put(struct output *out, struct digest *digest, const void *bytes, size_t size) {
    fwrite(bytes, 1, size, out->stream);
    digest_add(digest, bytes, size);
}

int checkpoint_save(const char *path, const char *identity, const struct checkpoint *c,
                    const struct trainer *t, struct error *err) {
    struct header h = make_header(identity, c, t);
    struct output out;
    char hex[DIGEST_SIZE], old[PATH_SIZE + 8];
    if (output_open(&out, path, err))
        return -1;
    struct digest *digest = digest_start(err);
    if (!digest) {
        output_discard(&out);
        return -1;
    }
    put(&out, digest, magic, sizeof magic);
    put(&out, digest, &h, sizeof h);
    put(&out, digest, identity, h.identity_size);
    put(&out, digest, c->metrics ? c->metrics : "", h.metrics_size);
    put(&out, digest, t->parameters.storage, h.values * sizeof(real));
    put(&out, digest, t->velocity, h.velocities * sizeof(real));
    digest_finish(digest, hex);
    fwrite(hex, 1, DIGEST_SIZE - 1, out.stream);
    snprintf(old, sizeof old, "%s.old", path);
    if (link(path, old) && file_exists(path)) { // an old one is there: replace it by the present one
        unlink(old);
        if (link(path, old))
            rename(path, old); // a file system without links
    }
    return output_commit(&out, err);
}

// Whether the open file is of this identity and network; then *h is its header, and it stands at the metrics.
static int is_ours(FILE *file, const char *path, size_t size, const char *identity, const struct trainer *t,
                   struct header *h, struct error *err) {
    char start[sizeof magic], other[DIGEST_SIZE];
    size_t length = strlen(identity), parts = all_values(&t->parameters) + t->parameters.trained_size;
    if (size < sizeof start + sizeof *h)
        return 0;
    if (snapshot_take(file, path, start, sizeof start, err) < 0 ||
        snapshot_take(file, path, h, sizeof *h, err) < 0)
        return -1;
    if (memcmp(start, magic, sizeof magic) != 0 || h->version != VERSION || h->real_size != sizeof(real) ||
        h->identity_size != length || length > sizeof other || h->values != all_values(&t->parameters) ||
        h->velocities != t->parameters.trained_size ||
        size != sizeof start + sizeof *h + length + h->metrics_size + parts * sizeof(real))
        return 0;
    if (snapshot_take(file, path, other, length, err) < 0)
        return -1;
    return !memcmp(other, identity, length);
}

// From where the metrics begin.
static int take_state(FILE *file, const char *path, const struct header *h, struct checkpoint *c,
                      struct trainer *t, struct error *err) {
    char *metrics = allocate(h->metrics_size + 1, 1, "metrics", err);
    if (!metrics || snapshot_take(file, path, metrics, h->metrics_size, err) < 0 ||
        snapshot_take(file, path, t->parameters.storage, h->values * sizeof(real), err) < 0 ||
        snapshot_take(file, path, t->velocity, h->velocities * sizeof(real), err) < 0) {
        free(metrics);
        return -1;
    }
    t->settings.sgd.steps = h->sgd_steps;
    *c = h->state;
    c->metrics = metrics;
    return 1;
}

static int load(const char *path, const char *identity, struct checkpoint *c, struct trainer *t,
                struct error *err) {
    struct header h;
    size_t size;
    FILE *file;
    int found = snapshot_open(path, &file, &size, err);
    if (found != 1)
        return found;
    found = is_ours(file, path, size, identity, t, &h, err);
    if (!found)
        fail(err, "%s: of another run or version: ignored", path);
    if (found == 1)
        found = take_state(file, path, &h, c, t, err);
    fclose(file);
    return found;
}

int checkpoint_load(const char *path, const char *identity, struct checkpoint *c, struct trainer *t,
                    struct error *err) {
    char old[PATH_SIZE + 8];
    snprintf(old, sizeof old, "%s.old", path);
    *err = (struct error){0};
    int result = load(path, identity, c, t, err);
    return result ? result : load(old, identity, c, t, err);
}
