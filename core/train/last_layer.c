// SPDX-License-Identifier: Apache-2.0
#include "core/train/last_layer.h"

#include "core/base/memory.h"
#include "core/base/random.h"
#include "core/kernels/wide.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// ---------------------------------------------------------------------------------------------- sums

enum { LANES = 8, BLOCK = 256 }; // images whose logits are made at once

// Eight sums side by side, then those: the same bits whatever the instruction set and the threads.
WIDE static double dot(const double *a, const double *b, long n) {
    double lanes[LANES] = {0}, sum = 0;
    long i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int k = 0; k < LANES; k++)
            lanes[k] += a[i + k] * b[i + k];
    for (; i < n; i++)
        lanes[0] += a[i] * b[i];
    for (int k = 0; k < LANES; k++)
        sum += lanes[k];
    return sum;
}

WIDE static void add_scaled(double *to, double factor, const double *from, long n) {
    for (long i = 0; i < n; i++)
        to[i] += factor * from[i];
}

static double sum_of(const double *a, long n) {
    double sum = 0;
    for (long i = 0; i < n; i++)
        sum += a[i];
    return sum;
}

// ---------------------------------------------------------------------------------------------- regression

struct regression {
    const double *features; // [width][count]
    const int32_t *labels;
    long count;
    int width, classes;
    double l2;
    double *off; // [classes][count]: probability less 1 at the label
};

// off of the images [first, first + n).
static void block_off(const struct regression *r, const double *weights, long first, long n) {
    double most[BLOCK], sum[BLOCK] = {0};
    size_t row = (size_t)r->width + 1;
    for (int c = 0; c < r->classes; c++) {
        double *z = r->off + c * r->count + first;
        for (long i = 0; i < n; i++)
            z[i] = weights[(size_t)c * row + (size_t)r->width];
        for (int f = 0; f < r->width; f++)
            add_scaled(z, weights[(size_t)c * row + (size_t)f], r->features + f * r->count + first, n);
        for (long i = 0; i < n; i++)
            most[i] = c ? fmax(most[i], z[i]) : z[i];
    }
    for (int c = 0; c < r->classes; c++)
        for (long i = 0; i < n; i++) {
            double *z = r->off + c * r->count + first + i;
            sum[i] += *z = exp(*z - most[i]);
        }
    for (int c = 0; c < r->classes; c++)
        for (long i = 0; i < n; i++)
            r->off[c * r->count + first + i] =
                r->off[c * r->count + first + i] / sum[i] - (r->labels[first + i] == c);
}

// The gradient [classes][width + 1] at these weights; its largest number.
static double gradient_at(const struct regression *r, const double *weights, double *gradient) {
    int row = r->width + 1;
    double largest = 0;
#pragma omp parallel for schedule(static)
    for (long first = 0; first < r->count; first += BLOCK)
        block_off(r, weights, first, r->count - first < BLOCK ? r->count - first : BLOCK);
#pragma omp parallel for schedule(static)
    for (int k = 0; k < r->classes * row; k++) {
        int c = k / row, f = k % row;
        const double *off = r->off + c * r->count;
        double sum = f < r->width ? dot(off, r->features + f * r->count, r->count) : sum_of(off, r->count);
        gradient[k] = sum / (double)r->count + (f < r->width ? r->l2 * weights[k] : 0);
    }
    for (int k = 0; k < r->classes * row; k++)
        largest = fmax(largest, fabs(gradient[k]));
    return largest;
}

// An upper bound of the curvature: half the largest eigenvalue of [x;1][x;1]' / count, by power iteration, with room
// for what that leaves out. v [width + 1], u [count].
static double curvature(const struct regression *r, double *v, double *u) {
    enum { POWERS = 40 };
    double norm = 1;
    for (int f = 0; f <= r->width; f++)
        v[f] = 1 + 1.0 / (f + 2);
    for (int k = 0; k < POWERS; k++) {
        for (long i = 0; i < r->count; i++)
            u[i] = v[r->width];
        for (int f = 0; f < r->width; f++)
            add_scaled(u, v[f], r->features + f * r->count, r->count);
        for (int f = 0; f < r->width; f++)
            v[f] = dot(u, r->features + f * r->count, r->count) / (double)r->count;
        v[r->width] = sum_of(u, r->count) / (double)r->count;
        norm = sqrt(dot(v, v, r->width + 1));
        for (int f = 0; f <= r->width; f++)
            v[f] /= norm;
    }
    return 0.6 * norm + r->l2;
}

// Nesterov's accelerated gradient, begun anew where it turns against the gradient (O'Donoghue and Candes 2015).
static int descend(const struct regression *r, double *weights, double *gradient, double *ahead, double *old,
                   double step) {
    enum { ITERATIONS_MAXIMUM = 5000 };
    const double enough = 1e-6;
    int size = r->classes * (r->width + 1), iteration = 0, momentum = 0;
    memcpy(ahead, weights, (size_t)size * sizeof *ahead);
    for (; iteration < ITERATIONS_MAXIMUM; iteration++) {
        double turned = 0;
        if (gradient_at(r, ahead, gradient) < enough)
            break;
        memcpy(old, weights, (size_t)size * sizeof *old);
        for (int k = 0; k < size; k++) {
            weights[k] = ahead[k] - step * gradient[k];
            turned += gradient[k] * (weights[k] - old[k]);
        }
        momentum = turned > 0 ? 0 : momentum + 1;
        double share = momentum / (momentum + 3.0);
        for (int k = 0; k < size; k++)
            ahead[k] = weights[k] + share * (weights[k] - old[k]);
    }
    memcpy(weights, ahead, (size_t)size * sizeof *weights);
    return iteration;
}

int last_layer_fit(const double *features, const int32_t *labels, long count, int width, int classes,
                   double l2, double *weights, struct error *err) {
    size_t size = (size_t)classes * ((size_t)width + 1), n = (size_t)count;
    double *work = allocate(3 * size + (size_t)width + 1 + n, sizeof *work, "the last layer", err);
    struct regression r = {features,
                           labels,
                           count,
                           width,
                           classes,
                           l2,
                           allocate(n * (size_t)classes, sizeof *r.off, "the last layer", err)};
    int iterations = -1;
    if (work && r.off) {
        double step = 1 / curvature(&r, work + 3 * size, work + 3 * size + width + 1);
        iterations = descend(&r, weights, work, work + size, work + 2 * size, step);
    }
    free(work);
    free(r.off);
    return iterations;
}

// ---------------------------------------------------------------------------------------------- features

struct features {
    long count;
    int width, classes;
    double *x;            // [width][count], standardised
    double *mean, *scale; // [width]; scale 0: it does not vary
    int32_t *labels;
    double *half[2]; // the same, of the two halves
    int32_t *half_labels[2];
    long half_count[2];
    double *weights;      // [classes][width + 1]
    uint32_t *index;      // [batch]
    uint8_t *images;      // [batch]
    int32_t *predictions; // [batch]
    uint32_t *order;      // [count]
};

static void features_free(struct features *f) {
    for (int h = 0; h < 2; h++) {
        free(f->half[h]);
        free(f->half_labels[h]);
    }
    free(f->x), free(f->mean), free(f->scale), free(f->labels), free(f->weights);
    free(f->index), free(f->images), free(f->predictions), free(f->order);
}

// The value below the logits, and the layer's name is fc in every network.
static const struct value *below_logits(const struct graph *g) {
    return &g->values[g->nodes[g->values[g->logits].producer].inputs[0]];
}

static int features_allocate(struct features *f, const struct trainer *t, struct error *err) {
    size_t n = (size_t)f->count, width = (size_t)f->width, batch = (size_t)t->settings.batch,
           area = (size_t)t->settings.network.pixels * (size_t)t->settings.network.pixels;
    const char *what = "the last layer's features";
    f->x = allocate(width * n, sizeof *f->x, what, err);
    f->mean = allocate(width, sizeof *f->mean, what, err);
    f->scale = allocate(width, sizeof *f->scale, what, err);
    f->labels = allocate(n, sizeof *f->labels, what, err);
    f->weights = allocate((size_t)f->classes * (width + 1), sizeof *f->weights, what, err);
    f->index = allocate(batch, sizeof *f->index, what, err);
    f->images = allocate(batch * area, 3, what, err);
    f->predictions = allocate(2 * batch, sizeof *f->predictions, what, err);
    f->order = allocate(n, sizeof *f->order, what, err);
    int there = f->x && f->mean && f->scale && f->labels && f->weights && f->index && f->images &&
                f->predictions && f->order;
    for (int h = 0; h < 2; h++) {
        f->half_count[h] = h ? f->count / 2 : f->count - f->count / 2;
        f->half[h] = allocate(width * (size_t)f->half_count[h], sizeof *f->half[h], what, err);
        f->half_labels[h] = allocate((size_t)f->half_count[h], sizeof *f->half_labels[h], what, err);
        there = there && f->half[h] && f->half_labels[h];
    }
    return there ? 0 : -1;
}

// As evaluation has them: running statistics, the last batch filled up with its last image.
static int features_read(struct features *f, struct trainer *t, struct shard *shard, struct error *err) {
    int batch = t->settings.batch;
    int32_t *labels = f->predictions + batch;
    for (long first = 0; first < f->count; first += batch) {
        long here = f->count - first < batch ? f->count - first : batch;
        for (int i = 0; i < batch; i++)
            f->index[i] = (uint32_t)(first + (i < here ? i : here - 1));
        if (shard_read(shard, f->index, batch, f->images, NULL, labels, err))
            return -1;
        trainer_evaluate(t, f->images, NULL, f->predictions);
        const struct value *v = below_logits(t->evaluation);
        for (long i = 0; i < here; i++) {
            f->labels[first + i] = labels[i];
            for (int k = 0; k < f->width; k++)
                f->x[k * f->count + first + i] = (double)v->map[MAP_X][(size_t)k * (size_t)batch + (size_t)i];
        }
    }
    return 0;
}

static void features_standardise(struct features *f) {
    for (int k = 0; k < f->width; k++) {
        double *x = f->x + k * f->count, squares;
        f->mean[k] = sum_of(x, f->count) / (double)f->count;
        for (long i = 0; i < f->count; i++)
            x[i] -= f->mean[k];
        squares = dot(x, x, f->count);
        f->scale[k] = squares > 0 ? 1 / sqrt(squares / (double)f->count) : 0;
        for (long i = 0; i < f->count; i++)
            x[i] *= f->scale[k];
    }
}

static void features_halve(struct features *f, uint64_t seed) {
    struct random r = random_stream(seed, random_purpose("halves of the validation images"), 0);
    for (long i = 0; i < f->count; i++)
        f->order[i] = (uint32_t)i;
    random_shuffle(&r, f->order, (size_t)f->count);
    for (int h = 0; h < 2; h++)
        for (long i = 0; i < f->half_count[h]; i++) {
            uint32_t from = f->order[h ? f->half_count[0] + i : i];
            f->half_labels[h][i] = f->labels[from];
            for (int k = 0; k < f->width; k++)
                f->half[h][k * f->half_count[h] + i] = f->x[k * f->count + (long)from];
        }
}

// ---------------------------------------------------------------------------------------------- choosing

// Percent of the second half that the weights classify correctly.
static double accuracy_of_half(const struct features *f) {
    long correct = 0, n = f->half_count[1];
    for (long i = 0; i < n; i++) {
        int best = 0;
        double highest = 0;
        for (int c = 0; c < f->classes; c++) {
            const double *w = f->weights + (size_t)c * ((size_t)f->width + 1);
            double z = w[f->width];
            for (int k = 0; k < f->width; k++)
                z += w[k] * f->half[1][k * n + i];
            if (!c || z > highest)
                highest = z, best = c;
        }
        correct += best == f->half_labels[1][i];
    }
    return 100 * (double)correct / (double)n;
}

// From the largest to the smallest, each from where the one before ended.
static int choose_l2(struct features *f, struct last_layer *about, struct error *err) {
    static const double grid[] = {1, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001};
    about->accuracy = -1;
    for (size_t i = 0; i < sizeof grid / sizeof *grid; i++) {
        if (last_layer_fit(f->half[0], f->half_labels[0], f->half_count[0], f->width, f->classes, grid[i],
                           f->weights, err) < 0)
            return -1;
        double accuracy = accuracy_of_half(f);
        if (accuracy > about->accuracy) {
            about->accuracy = accuracy;
            about->l2 = grid[i];
        }
    }
    memset(f->weights, 0, (size_t)f->classes * ((size_t)f->width + 1) * sizeof *f->weights);
    return 0;
}

// The layer takes features as they are, not standardised.
static void replace_layer(const struct features *f, struct trainer *t) {
    const struct parameter *weight = parameters_find(&t->parameters, "fc.weight"),
                           *bias = parameters_find(&t->parameters, "fc.bias");
    for (int c = 0; c < f->classes; c++) {
        const double *w = f->weights + (size_t)c * ((size_t)f->width + 1);
        double b = w[f->width];
        for (int k = 0; k < f->width; k++) {
            weight->value[(size_t)c * (size_t)f->width + (size_t)k] = (real)(w[k] * f->scale[k]);
            b -= w[k] * f->scale[k] * f->mean[k];
        }
        bias->value[c] = (real)b;
    }
}

int last_layer_retrain(struct trainer *t, struct shard *validation, uint64_t seed, struct last_layer *about,
                       struct error *err) {
    struct features f = {.count = shard_shape(validation).count,
                         .width = below_logits(t->evaluation)->channels,
                         .classes = t->settings.network.classes};
    if (f.count < 2)
        return fail_work(err, "%s: %ld images; two halves are needed", shard_path(validation), f.count);
    int failed = features_allocate(&f, t, err) || features_read(&f, t, validation, err);
    if (!failed) {
        features_standardise(&f);
        features_halve(&f, seed);
        failed = choose_l2(&f, about, err);
    }
    if (!failed) {
        about->images = f.count;
        about->iterations =
            last_layer_fit(f.x, f.labels, f.count, f.width, f.classes, about->l2, f.weights, err);
        failed = about->iterations < 0;
    }
    if (!failed)
        replace_layer(&f, t);
    features_free(&f);
    return failed ? -1 : 0;
}
