// SPDX-License-Identifier: Apache-2.0
#include "core/train/drift.h"

#include "core/base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct drift {
    struct trainer *t;
    struct shard *shard;
    uint32_t *index;
    uint8_t *images, *annotations;
    int32_t *labels;
    size_t count;         // running statistics in all
    double *before, *sum; // [count], in the parameters' order
};

static size_t count_statistics(const struct parameters *p) {
    size_t count = 0;
    for (int i = 0; i < p->count; i++)
        count += p->items[i].trained ? 0 : p->items[i].size;
    return count;
}

// Calls `visit` for every running statistic, with its number.
static void each(struct drift *d, void (*visit)(struct drift *d, size_t number, real *value)) {
    size_t number = 0;
    for (int i = 0; i < d->t->parameters.count; i++) {
        struct parameter *p = &d->t->parameters.items[i];
        for (size_t j = 0; !p->trained && j < p->size; j++)
            visit(d, number++, &p->value[j]);
    }
}

static void keep(struct drift *d, size_t number, real *value) {
    d->before[number] = (double)*value;
}

static void add(struct drift *d, size_t number, real *value) {
    d->sum[number] += (double)*value / DRIFT_BATCHES;
}

static void restore(struct drift *d, size_t number, real *value) {
    *value = (real)d->before[number];
}

// A forward pass in training mode moves the running statistics; the gradient is thrown away.
static int pass(struct drift *d, int batch, struct error *err) {
    struct step_result ignored;
    long images = shard_shape(d->shard).count;
    for (int i = 0; i < d->t->settings.batch; i++)
        d->index[i] = (uint32_t)(((long)batch * d->t->settings.batch + i) % images);
    return shard_read(d->shard, d->index, d->t->settings.batch, d->images, d->annotations, d->labels, err) ||
                   trainer_gradient(d->t, d->images, d->annotations, d->labels, 0, &ignored, err)
               ? -1
               : 0;
}

// Running mean and variance of a layer are parameters of equal size, one after the other.
static double compare(const struct drift *d) {
    const struct parameters *p = &d->t->parameters;
    double squares = 0, eps = d->t->settings.network.bn_eps;
    size_t number = 0, channels = 0;
    for (int i = 0; i + 1 < p->count; i++) {
        size_t n = p->items[i].size;
        if (p->items[i].trained)
            continue;
        for (size_t c = 0; c < n; c++) {
            double sd = sqrt(d->sum[number + n + c] + eps);
            double mean = (d->before[number + c] - d->sum[number + c]) / sd;
            double variance = log((d->before[number + n + c] + eps) / (sd * sd));
            squares += mean * mean + variance * variance;
        }
        channels += n;
        number += 2 * n;
        i++; // the variance
    }
    return channels ? sqrt(squares / (double)channels) : 0;
}

static int allocate_all(struct drift *d, struct error *err) {
    size_t batch = (size_t)d->t->settings.batch,
           pixels = (size_t)d->t->settings.network.pixels * (size_t)d->t->settings.network.pixels;
    d->count = count_statistics(&d->t->parameters);
    d->index = allocate(batch, sizeof *d->index, "running statistics", err);
    d->images = allocate(batch, 3 * pixels, "running statistics", err);
    d->annotations = allocate(batch, pixels, "running statistics", err);
    d->labels = allocate(batch, sizeof *d->labels, "running statistics", err);
    d->before = allocate(d->count + 1, sizeof *d->before, "running statistics", err);
    d->sum = allocate(d->count + 1, sizeof *d->sum, "running statistics", err);
    return d->index && d->images && d->annotations && d->labels && d->before && d->sum ? 0 : -1;
}

int drift_of_statistics(struct trainer *t, struct shard *shard, double *drift, struct error *err) {
    struct drift d = {.t = t, .shard = shard};
    int failed = allocate_all(&d, err);
    if (!failed) {
        each(&d, keep);
        for (int batch = 0; batch < 2 * DRIFT_BATCHES && !failed; batch++) {
            failed = pass(&d, batch, err);
            if (!failed && batch >= DRIFT_BATCHES)
                each(&d, add);
        }
        each(&d, restore);
        *drift = compare(&d);
    }
    free(d.index);
    free(d.images);
    free(d.annotations);
    free(d.labels);
    free(d.before);
    free(d.sum);
    return failed;
}
