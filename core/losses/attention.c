// SPDX-License-Identifier: Apache-2.0
#include "core/losses/attention.h"

#include "core/base/memory.h"
#include "core/losses/explanation.h"

#include <omp.h>
#include <stdlib.h>

struct attention *attention_create(const struct graph *g, int mean, int height, int width, int threads,
                                   struct error *err) {
    const struct value *m = &g->values[g->attention_map];
    struct attention *a = allocate(1, sizeof *a, "an attention map", err);
    if (!a)
        return NULL;
    a->batch = g->batch;
    a->penalty = (struct regulariser){.penalty = PENALTY_L2, .order = UNNORMALISED, .mean = mean};
    a->terms = allocate((size_t)g->batch, sizeof *a->terms, "an attention map", err);
    if (a->terms && !bilinear_create(&a->resize, m->height, m->width, height, width, err)) {
        // M, dM and U(M) of an image, what the penalty needs, and a line's distance to the next thread's.
        a->scratch_share =
            (size_t)(2 * m->height * m->width + height * width) + (size_t)regulariser_scratch(&a->resize) + 8;
        a->scratch = allocate(a->scratch_share * (size_t)threads, sizeof(double), "an attention map", err);
        if (a->scratch)
            return a;
    }
    attention_free(a);
    return NULL;
}

void attention_free(struct attention *a) {
    if (!a)
        return;
    bilinear_free(&a->resize);
    free(a->terms);
    free(a->scratch);
    free(a);
}

static void image_loss(struct attention *a, const real *m, real *d, int image, const uint8_t *annotation,
                       double factor, double *scratch) {
    int pixels = a->resize.rows.in * a->resize.columns.in, area = a->resize.rows.out * a->resize.columns.out;
    double *of_image = scratch, *gradient = of_image + pixels, *resized = gradient + pixels;
    for (int i = 0; i < pixels; i++)
        of_image[i] = (double)m[(size_t)i * a->batch + image];
    a->terms[image] =
        regulariser_term(&a->penalty, &a->resize, of_image, annotation, resized, gradient, resized + area);
    for (int i = 0; i < pixels; i++)
        d[(size_t)i * a->batch + image] = (real)(factor * gradient[i]);
}

double attention_loss(struct attention *a, const struct graph *g, const uint8_t *annotations, double gamma) {
    const struct value *m = &g->values[g->attention_map];
    size_t area = (size_t)a->resize.rows.out * a->resize.columns.out;
    double loss = 0;
#pragma omp parallel for schedule(static)
    for (int n = 0; n < a->batch; n++)
        image_loss(a, m->map[MAP_X], m->map[MAP_D], n, annotations + n * area, gamma / a->batch,
                   a->scratch + a->scratch_share * (size_t)omp_get_thread_num());
    for (int n = 0; n < a->batch; n++)
        loss += a->terms[n];
    return loss / a->batch;
}

void attention_inside(struct attention *a, const struct graph *g, const uint8_t *annotations, double *inside,
                      double *pointing) {
    maps_inside(&a->resize, g->values[g->attention_map].map[MAP_X], a->batch, annotations, inside, pointing,
                a->scratch);
}
