// SPDX-License-Identifier: Apache-2.0
#include "core/losses/input_gradient.h"

#include "core/base/memory.h"
#include "core/kernels/wide.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct input_gradient *input_gradient_create(const struct graph *g, struct error *err) {
    struct input_gradient *e = allocate(1, sizeof *e, "an input's gradient", err);
    if (!e)
        return NULL;
    size_t n = (size_t)g->batch;
    e->batch = g->batch;
    e->terms = allocate(n, sizeof *e->terms, "an input's gradient", err);
    e->rows =
        allocate(2 * n * (size_t)g->values[g->input].height, sizeof *e->rows, "an input's gradient", err);
    if (e->terms && e->rows)
        return e;
    input_gradient_free(e);
    return NULL;
}

void input_gradient_free(struct input_gradient *e) {
    if (!e)
        return;
    free(e->terms);
    free(e->rows);
    free(e);
}

// The softmax of image i: exp(z - most) / sum.
struct softmax {
    const real *z; // [C][n]
    size_t n, i;
    double most, sum;
};

static struct softmax softmax_of(const struct value *logits, size_t n, size_t i) {
    struct softmax s = {.z = logits->map[MAP_X], .n = n, .i = i};
    s.most = (double)s.z[i];
    for (int k = 1; k < logits->channels; k++)
        s.most = fmax(s.most, (double)s.z[(size_t)k * n + i]);
    for (int k = 0; k < logits->channels; k++)
        s.sum += exp((double)s.z[(size_t)k * n + i] - s.most);
    return s;
}

static double probability(const struct softmax *s, int k) {
    return exp((double)s->z[(size_t)k * s->n + s->i] - s->most) / s->sum;
}

void input_gradient_seed(const struct graph *g) {
    const struct value *z = &g->values[g->logits];
    size_t n = (size_t)g->batch;
    for (size_t i = 0; i < n; i++) {
        const struct softmax s = softmax_of(z, n, i);
        for (int k = 0; k < z->channels; k++)
            z->map[MAP_G][(size_t)k * n + i] = (real)(1 - z->channels * probability(&s, k));
    }
}

// One colour of a pixel of all images.
WIDE static void pixel_loss(const double *outside, const real *g, size_t n, double factor, double *terms,
                            real *t) {
    for (size_t i = 0; i < n; i++) {
        double gradient = (double)g[i];
        terms[i] += outside[i] * gradient * gradient;
        t[i] = (real)(factor * outside[i] * gradient);
    }
}

// One row of the images: its share of each term, and t. Annotations lie image by image.
static void row_loss(const struct value *x, size_t n, int y, const uint8_t *annotations, double factor,
                     double *terms, double *outside) {
    size_t area = (size_t)x->height * (size_t)x->width;
    memset(terms, 0, n * sizeof *terms);
    for (int at = y * x->width; at < (y + 1) * x->width; at++) {
        for (size_t i = 0; i < n; i++)
            outside[i] = 1 - annotations[i * area + (size_t)at] / 255.0;
        for (int c = 0; c < x->channels; c++) {
            size_t place = ((size_t)c * area + (size_t)at) * n;
            pixel_loss(outside, x->map[MAP_G] + place, n, factor, terms, x->map[MAP_T] + place);
        }
    }
}

double input_gradient_loss(struct input_gradient *e, const struct graph *g, const uint8_t *annotations,
                           double lambda) {
    const struct value *x = &g->values[g->input];
    size_t n = (size_t)e->batch, rows = (size_t)x->height;
    double loss = 0, factor = 2 * lambda / e->batch;
#pragma omp parallel for schedule(static)
    for (int y = 0; y < x->height; y++)
        row_loss(x, n, y, annotations, factor, e->rows + (size_t)y * n, e->rows + (rows + (size_t)y) * n);
    memset(e->terms, 0, n * sizeof *e->terms);
    for (int y = 0; y < x->height; y++)
        for (size_t i = 0; i < n; i++)
            e->terms[i] += e->rows[(size_t)y * n + i];
    for (size_t i = 0; i < n; i++)
        loss += e->terms[i];
    return loss / e->batch;
}

// g of the logits is 1 - C p(z): <t, g> has the gradient -C (p t - p <p, t>) in z.
void input_gradient_backward(const struct graph *g) {
    const struct value *z = &g->values[g->logits];
    size_t n = (size_t)g->batch;
    for (size_t i = 0; i < n; i++) {
        const struct softmax s = softmax_of(z, n, i);
        const real *t = z->map[MAP_T] + i;
        real *d = z->map[MAP_D] + i;
        double along = 0;
        for (int k = 0; k < z->channels; k++)
            along += probability(&s, k) * (double)t[(size_t)k * n];
        for (int k = 0; k < z->channels; k++)
            d[(size_t)k * n] += (real)(z->channels * probability(&s, k) * (along - (double)t[(size_t)k * n]));
    }
}
