// SPDX-License-Identifier: Apache-2.0
#include "core/losses/explanation.h"

#include "core/base/memory.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

static int stage_create(struct explained *s, const struct value *v, int batch, int height, int width,
                        struct error *err) {
    size_t maps = (size_t)v->height * v->width * batch, alphas = (size_t)v->channels * batch;
    *s = (struct explained){.channels = v->channels, .height = v->height, .width = v->width};
    s->alpha = allocate(alphas, sizeof(real), "an explanation", err);
    s->d_alpha = allocate(alphas, sizeof(real), "an explanation", err);
    s->cam = allocate(maps, sizeof(real), "an explanation", err);
    s->d_cam = allocate(maps, sizeof(real), "an explanation", err);
    s->terms = allocate((size_t)batch, sizeof(double), "an explanation", err);
    if (!s->alpha || !s->d_alpha || !s->cam || !s->d_cam || !s->terms)
        return -1;
    return bilinear_create(&s->resize, v->height, v->width, height, width, err);
}

struct explanation *explanation_create(const struct graph *g, const struct regulariser *regulariser,
                                       const double layer_weights[STAGES], int height, int width, int threads,
                                       struct error *err) {
    struct explanation *e = allocate(1, sizeof *e, "an explanation", err);
    if (!e)
        return NULL;
    e->regulariser = *regulariser;
    e->batch = g->batch;
    e->height = height;
    e->width = width;
    e->threads = threads;
    int most = 0;
    for (int l = 0; l < STAGES; l++) {
        e->layer_weights[l] = layer_weights[l];
        if (!g->explained[l])
            continue;
        const struct value *v = &g->values[g->stage[l]];
        if (stage_create(&e->stages[l], v, g->batch, height, width, err))
            goto failed;
        int need = 2 * v->height * v->width + regulariser_scratch(&e->stages[l].resize);
        most = need > most ? need : most;
    }
    e->scratch_share = (size_t)most + (size_t)height * width + 8;
    e->scratch = allocate(e->scratch_share * (size_t)threads, sizeof(double), "an explanation", err);
    if (e->scratch)
        return e;
failed:
    explanation_free(e);
    return NULL;
}

void explanation_free(struct explanation *e) {
    if (!e)
        return;
    for (int l = 0; l < STAGES; l++) {
        struct explained *s = &e->stages[l];
        free(s->alpha);
        free(s->d_alpha);
        free(s->cam);
        free(s->d_cam);
        free(s->terms);
        bilinear_free(&s->resize);
    }
    free(e->scratch);
    free(e);
}

void explained_collect(struct explained *s, int batch, const real *a, const real *gradient) {
    size_t n = (size_t)batch, pixels = (size_t)s->height * s->width, row = pixels * n;
    real share = (real)(1.0 / (double)pixels);
#pragma omp parallel for schedule(static)
    for (int k = 0; k < s->channels; k++) { // Eq. 1
        real *alpha = s->alpha + k * n;
        memset(alpha, 0, n * sizeof *alpha);
        for (size_t p = 0; p < pixels; p++)
            for (size_t i = 0; i < n; i++)
                alpha[i] += gradient[k * row + p * n + i];
        for (size_t i = 0; i < n; i++)
            alpha[i] *= share;
    }
#pragma omp parallel for schedule(static)
    for (size_t p = 0; p < pixels; p++) { // Eq. 2
        real *cam = s->cam + p * n;
        memset(cam, 0, n * sizeof *cam);
        for (int k = 0; k < s->channels; k++)
            for (size_t i = 0; i < n; i++)
                cam[i] += s->alpha[k * n + i] * a[k * row + p * n + i];
        for (size_t i = 0; i < n; i++)
            cam[i] = cam[i] < 0 ? 0 : cam[i];
    }
}

// dL/dalpha[k][n] = sum_p dL/dR[p][n] A[k][p][n]
void explained_d_alpha(struct explained *s, int batch, const real *a) {
    size_t n = (size_t)batch, pixels = (size_t)s->height * s->width, row = pixels * n;
#pragma omp parallel for schedule(static)
    for (int k = 0; k < s->channels; k++) {
        real *d_alpha = s->d_alpha + k * n;
        memset(d_alpha, 0, n * sizeof *d_alpha);
        for (size_t p = 0; p < pixels; p++)
            for (size_t i = 0; i < n; i++)
                d_alpha[i] += s->d_cam[p * n + i] * a[k * row + p * n + i];
    }
}

void explanation_collect(void *context, struct graph *g, int stage) {
    struct explanation *e = context;
    const struct value *v = &g->values[g->stage[stage]];
    explained_collect(&e->stages[stage], g->batch, v->map[MAP_X], v->map[MAP_G]);
}

// One image of one stage: its term, and its column of d_cam (factor: lambda w_l / N).
static void image_term(struct explanation *e, struct explained *s, int image, const uint8_t *annotation,
                       double factor, double *scratch) {
    int pixels = s->height * s->width;
    double *r = scratch, *d_r = r + pixels, *p = d_r + pixels, *rest = p + e->height * e->width;
    for (int i = 0; i < pixels; i++)
        r[i] = (double)s->cam[(size_t)i * e->batch + image];
    s->terms[image] = regulariser_term(&e->regulariser, &s->resize, r, annotation, p, d_r, rest);
    for (int i = 0; i < pixels; i++)
        s->d_cam[(size_t)i * e->batch + image] = (real)(factor * d_r[i]);
}

double explanation_loss(struct explanation *e, const struct graph *g, const uint8_t *annotations,
                        double lambda) {
    size_t area = (size_t)e->height * e->width;
    double loss = 0;
    for (int l = 0; l < STAGES; l++) {
        struct explained *s = &e->stages[l];
        if (!s->alpha)
            continue;
        double factor = lambda * e->layer_weights[l] / e->batch;
#pragma omp parallel for schedule(static)
        for (int n = 0; n < e->batch; n++)
            image_term(e, s, n, annotations + n * area, factor,
                       e->scratch + e->scratch_share * (size_t)omp_get_thread_num());
        explained_d_alpha(s, e->batch, g->values[g->stage[l]].map[MAP_X]);
        for (int n = 0; n < e->batch; n++)
            loss += e->layer_weights[l] * s->terms[n];
    }
    return loss / e->batch;
}

void explanation_seed_tangent(void *context, struct graph *g, int stage) {
    const struct explained *s = &((struct explanation *)context)->stages[stage];
    size_t n = (size_t)g->batch, pixels = (size_t)s->height * s->width;
    real *t = g->values[g->stage[stage]].map[MAP_T], share = (real)(1.0 / (double)pixels);
#pragma omp parallel for schedule(static)
    for (int k = 0; k < s->channels; k++)
        for (size_t p = 0; p < pixels; p++)
            for (size_t i = 0; i < n; i++)
                t[(k * pixels + p) * n + i] += s->d_alpha[k * n + i] * share;
}

void explanation_seed_backward(void *context, struct graph *g, int stage) {
    const struct explained *s = &((struct explanation *)context)->stages[stage];
    size_t n = (size_t)g->batch, pixels = (size_t)s->height * s->width;
    real *d = g->values[g->stage[stage]].map[MAP_D];
#pragma omp parallel for schedule(static)
    for (int k = 0; k < s->channels; k++)
        for (size_t p = 0; p < pixels; p++)
            for (size_t i = 0; i < n; i++)
                d[(k * pixels + p) * n + i] += s->alpha[k * n + i] * s->d_cam[p * n + i];
}

void maps_inside(const struct bilinear *resize, const real *maps, int batch, const uint8_t *annotations,
                 double *inside, double *pointing, double *scratch) {
    int pixels = resize->rows.in * resize->columns.in, area = resize->rows.out * resize->columns.out;
    double *r = scratch, *p = r + pixels, *between = p + area;
    for (int n = 0; n < batch; n++) {
        const uint8_t *annotation = annotations + (size_t)n * area;
        double sum = 0, total = 0;
        int peak = 0;
        for (int i = 0; i < pixels; i++)
            r[i] = (double)maps[(size_t)i * batch + n];
        bilinear_resize(resize, r, p, between);
        for (int i = 0; i < area; i++) {
            total += p[i];
            sum += p[i] * annotation[i] / 255.0;
            peak = p[i] > p[peak] ? i : peak;
        }
        inside[n] = total > 0 ? sum / total : NAN;
        pointing[n] = total > 0 ? annotation[peak] >= 128 : NAN;
    }
}

void explanation_inside(struct explanation *e, int stage, const uint8_t *annotations, double *inside,
                        double *pointing) {
    struct explained *s = &e->stages[stage];
    maps_inside(&s->resize, s->cam, e->batch, annotations, inside, pointing, e->scratch);
}
