// SPDX-License-Identifier: Apache-2.0
#include "core/train/checkpoint.h"

#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/base/memory.h"

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

enum { VERSION = 2 }; // 2: losses of an attention branch

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

// 1 read, 0 not for us or damaged, -1 out of memory.
static int load(const char *path, const char *identity, struct checkpoint *c, struct trainer *t,
                struct error *err) {
    size_t size, parts = all_values(&t->parameters) + t->parameters.trained_size;
    struct error unreadable;
    struct header h;
    char hex[DIGEST_SIZE];
    char *file = file_read(path, parts * sizeof(real) + ((size_t)64 << 20), &size, &unreadable);
    int result = 0;
    if (!file)
        return 0;
    size_t fixed = sizeof magic + sizeof h + DIGEST_SIZE - 1;
    if (size < fixed || memcmp(file, magic, sizeof magic) || digest_bytes(file, size - 64, hex, err) ||
        memcmp(hex, file + size - 64, 64))
        goto done;
    memcpy(&h, file + sizeof magic, sizeof h);
    if (h.version != VERSION || h.real_size != sizeof(real) || h.identity_size != strlen(identity) ||
        h.values != all_values(&t->parameters) || h.velocities != t->parameters.trained_size ||
        size != fixed + h.identity_size + h.metrics_size + parts * sizeof(real) ||
        memcmp(file + sizeof magic + sizeof h, identity, h.identity_size))
        goto done;
    const char *at = file + sizeof magic + sizeof h + h.identity_size;
    char *metrics = allocate(h.metrics_size + 1, 1, "metrics", err);
    result = -1;
    if (!metrics)
        goto done;
    memcpy(metrics, at, h.metrics_size);
    at += h.metrics_size;
    memcpy(t->parameters.storage, at, h.values * sizeof(real));
    memcpy(t->velocity, at + h.values * sizeof(real), h.velocities * sizeof(real));
    t->settings.sgd.steps = h.sgd_steps;
    *c = h.state;
    c->metrics = metrics;
    result = 1;
done:
    free(file);
    return result;
}

int checkpoint_load(const char *path, const char *identity, struct checkpoint *c, struct trainer *t,
                    struct error *err) {
    char old[PATH_SIZE + 8];
    snprintf(old, sizeof old, "%s.old", path);
    int result = load(path, identity, c, t, err);
    return result ? result : load(old, identity, c, t, err);
}
