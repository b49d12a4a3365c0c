// SPDX-License-Identifier: Apache-2.0
#include "core/annotate/pix2pix.h"

#include "core/base/memory.h"
#include "core/kernels/gemm.h"
#include "core/kernels/vector.h"
#include "core/losses/binary_cross_entropy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// ---------------------------------------------------------------------------------------------- making

static int make_graphs(struct pix2pix *p, struct error *err) {
    const struct pix2pix_settings *s = &p->settings;
    p->generate = generator_build(&s->networks, s->batch, &p->generator.parameters, err);
    p->annotate =
        p->generate ? generator_build(&s->networks, ANNOTATE_BATCH, &p->generator.parameters, err) : NULL;
    p->judge =
        p->annotate ? discriminator_build(&s->networks, s->batch, &p->discriminator.parameters, err) : NULL;
    if (!p->judge)
        return -1;
    p->generate->precision = p->annotate->precision = p->judge->precision = s->precision;
    return graph_plan(p->generate, GRAPH_TRAIN, 0, s->threads, err) ||
                   graph_plan(p->annotate, GRAPH_INFER, 0, s->threads, err) ||
                   graph_plan(p->judge, GRAPH_TRAIN, 0, s->threads, err)
               ? -1
               : 0;
}

static size_t rounded(size_t bytes) {
    return (bytes + 63) / 64 * 64;
}

static size_t generator_arena(const struct pix2pix *p) {
    size_t a = p->generate->arena_bytes, b = p->annotate->arena_bytes;
    return rounded(a > b ? a : b);
}

static int make_side(struct pix2pix_side *side, const struct pix2pix_settings *s, size_t arena,
                     struct error *err) {
    side->adam = (struct adam){s->lr, s->beta1, s->beta2, s->adam_eps, 0};
    side->mean = allocate(side->parameters.trained_size, sizeof(real), "the optimiser", err);
    side->square =
        side->mean ? allocate(side->parameters.trained_size, sizeof(real), "the optimiser", err) : NULL;
    if (!side->square)
        return -1;
    side->arena = allocate_arena(arena, "a pseudo-annotator's iteration", err);
    if (!side->arena)
        return -1;
    pix2pix_initialise(&side->parameters, s->seed);
    return 0;
}

static int make_arrays(struct pix2pix *p, struct error *err) {
    size_t logits = value_size(p->judge, p->judge->logits);
    p->real_annotation = allocate(value_size(p->generate, p->generate->logits), sizeof(real), "a batch", err);
    p->gradient = allocate(p->discriminator.parameters.trained_size, sizeof(real), "gradients", err);
    for (int j = 0; j < JUDGEMENTS; j++)
        if (!(p->judgements[j] = allocate(logits, sizeof(real), "judgements", err)))
            return -1;
    return p->real_annotation && p->gradient ? 0 : -1;
}

struct pix2pix *pix2pix_create(const struct pix2pix_settings *settings, struct error *err) {
    struct pix2pix *p = allocate(1, sizeof *p, "a pseudo-annotator", err);
    if (!p)
        return NULL;
    p->settings = *settings;
    gemm_prepare();
    vector_flush_denormals();
    for (int v = 0; v < 256; v++)
        p->byte[v] = (real)(v / 255.0 * 2 - 1);
    if (make_graphs(p, err) || make_side(&p->generator, settings, generator_arena(p), err) ||
        make_side(&p->discriminator, settings, rounded(p->judge->arena_bytes), err) || make_arrays(p, err) ||
        gemm_check_memory(settings->threads, err)) {
        pix2pix_free(p);
        return NULL;
    }
    graph_place(p->generate, p->generator.arena);
    graph_place(p->annotate, p->generator.arena);
    graph_place(p->judge, p->discriminator.arena);
    return p;
}

static void free_side(struct pix2pix_side *side) {
    parameters_free(&side->parameters);
    free(side->mean);
    free(side->square);
    free(side->arena);
}

void pix2pix_free(struct pix2pix *p) {
    if (!p)
        return;
    graph_free(p->generate);
    graph_free(p->annotate);
    graph_free(p->judge);
    free_side(&p->generator);
    free_side(&p->discriminator);
    free(p->real_annotation);
    free(p->gradient);
    for (int j = 0; j < JUDGEMENTS; j++)
        free(p->judgements[j]);
    free(p);
}

int pix2pix_memory(const struct pix2pix_settings *settings, double *bytes, struct error *err) {
    struct pix2pix *p = allocate(1, sizeof *p, "a pseudo-annotator", err);
    if (!p)
        return -1;
    p->settings = *settings;
    int result = make_graphs(p, err);
    if (!result) // value, gradient, mean, square; and D's second gradient
        *bytes = (double)generator_arena(p) + (double)p->judge->arena_bytes +
                 sizeof(real) * (4.0 * (double)p->generator.parameters.trained_size +
                                 5.0 * (double)p->discriminator.parameters.trained_size);
    pix2pix_free(p);
    return result;
}

// ---------------------------------------------------------------------------------------------- batches

// `count` images of [pixels][channels] bytes -> [channels][pixels][batch] numbers; past `count` the last one.
static void load(const struct pix2pix *p, const uint8_t *bytes, size_t pixels, size_t channels, int count,
                 int batch, real *out) {
    size_t n = (size_t)batch;
#pragma omp parallel for schedule(static)
    for (size_t at = 0; at < pixels; at++)
        for (size_t c = 0; c < channels; c++)
            for (size_t i = 0; i < n; i++) {
                size_t from = i < (size_t)count ? i : (size_t)count - 1;
                out[(c * pixels + at) * n + i] = p->byte[bytes[(from * pixels + at) * channels + c]];
            }
}

static size_t side_pixels(const struct pix2pix *p) {
    return (size_t)1 << (2 * p->settings.networks.depth);
}

static real *first_value(const struct parameters *p, int gradient) {
    for (int i = 0; i < p->count; i++)
        if (p->items[i].trained)
            return gradient ? p->items[i].gradient : p->items[i].value;
    return NULL;
}

static void update(struct pix2pix_side *side) {
    adam_step(&side->adam, first_value(&side->parameters, 0), first_value(&side->parameters, 1), side->mean,
              side->square, side->parameters.trained_size);
}

static int not_finite(const struct graph *g, const char *what, struct error *err) {
    const char *layer = graph_first_nonfinite(g, MAP_X);
    return fail_work(err, "%s is not a finite number%s%s", what, layer ? ", first in " : "",
                     layer ? layer : "");
}

// D's forward pass and loss on (image, annotation), and `factor` times the loss's gradient at the logits.
static double judge(struct pix2pix *p, const real *annotation, int which, double target, double factor) {
    struct graph *g = p->judge;
    const struct value *z = &g->values[g->logits];
    size_t n = value_size(g, g->logits);
    // The plan may have given an input's place to others once it was used: both are written each time.
    memcpy(g->values[DISCRIMINATOR_IMAGE].map[MAP_X], p->generate->values[p->generate->input].map[MAP_X],
           value_size(g, DISCRIMINATOR_IMAGE) * sizeof(real));
    memcpy(g->values[DISCRIMINATOR_ANNOTATION].map[MAP_X], annotation,
           value_size(g, DISCRIMINATOR_ANNOTATION) * sizeof(real));
    graph_forward(g);
    memcpy(p->judgements[which], z->map[MAP_X], n * sizeof(real));
    return binary_cross_entropy(z->map[MAP_X], target, n, factor, z->map[MAP_D]);
}

// ---------------------------------------------------------------------------------------------- an iteration

int pix2pix_judge(struct pix2pix *p, const uint8_t *images, const uint8_t *annotations,
                  struct pix2pix_losses *losses, struct error *err) {
    struct graph *g = p->generate;
    size_t size = p->discriminator.parameters.trained_size;
    real *gradient = first_value(&p->discriminator.parameters, 1);
    const real *fake = g->values[g->logits].map[MAP_X];
    int batch = p->settings.batch;
    memset(losses, 0, sizeof *losses);
    load(p, images, side_pixels(p), 3, batch, batch, g->values[g->input].map[MAP_X]);
    load(p, annotations, side_pixels(p), 1, batch, batch, p->real_annotation);
    g->dropout.seed = p->settings.seed;
    g->dropout.step = (uint64_t)p->generator.adam.steps;
    graph_forward(g);
    p->judge->frozen = 0;
    losses->d_real = judge(p, p->real_annotation, JUDGED_REAL, 1, 0.5);
    graph_backward(p->judge, NULL, NULL);
    memcpy(p->gradient, gradient, size * sizeof(real));
    losses->d_fake = judge(p, fake, JUDGED_FAKE, 0, 0.5);
    graph_backward(p->judge, NULL, NULL);
    for (size_t i = 0; i < size; i++)
        gradient[i] += p->gradient[i];
    losses->d = 0.5 * (losses->d_real + losses->d_fake);
    return isfinite(losses->d) ? 0 : not_finite(p->judge, "the discriminator's loss", err);
}

void pix2pix_update_discriminator(struct pix2pix *p) {
    update(&p->discriminator);
}

// Mean |fake - real|, its gradient (0 where they are equal) added to d.
static double absolute_difference(const struct pix2pix *p, const real *fake, real *d) {
    size_t n = value_size(p->generate, p->generate->logits);
    double sum = 0;
    real share = (real)(p->settings.l1_weight / (double)n);
    for (size_t i = 0; i < n; i++) {
        real off = fake[i] - p->real_annotation[i];
        sum += fabs((double)off);
        d[i] += off > 0 ? share : off < 0 ? -share : 0;
    }
    return sum / (double)n;
}

int pix2pix_draw(struct pix2pix *p, struct pix2pix_losses *losses, struct error *err) {
    struct graph *g = p->generate;
    const struct value *fake = &g->values[g->logits];
    p->judge->frozen = 1; // D's own gradient is not wanted
    losses->g_gan = judge(p, fake->map[MAP_X], JUDGED_FAKE_AGAIN, 1, 1);
    graph_backward(p->judge, NULL, NULL);
    memcpy(fake->map[MAP_D], p->judge->values[DISCRIMINATOR_ANNOTATION].map[MAP_D],
           value_size(g, g->logits) * sizeof(real));
    losses->g_l1 = absolute_difference(p, fake->map[MAP_X], fake->map[MAP_D]);
    losses->g = losses->g_gan + p->settings.l1_weight * losses->g_l1;
    if (!isfinite(losses->g))
        return not_finite(g, "the generator's loss", err);
    graph_backward(g, NULL, NULL);
    return 0;
}

void pix2pix_update_generator(struct pix2pix *p) {
    update(&p->generator);
}

int pix2pix_step(struct pix2pix *p, const uint8_t *images, const uint8_t *annotations,
                 struct pix2pix_losses *losses, struct error *err) {
    if (pix2pix_judge(p, images, annotations, losses, err))
        return -1;
    pix2pix_update_discriminator(p);
    if (pix2pix_draw(p, losses, err))
        return -1;
    pix2pix_update_generator(p);
    return 0;
}

void pix2pix_annotate(struct pix2pix *p, const uint8_t *images, int count, real *out) {
    struct graph *g = p->annotate;
    size_t pixels = side_pixels(p), n = ANNOTATE_BATCH;
    load(p, images, pixels, 3, count, ANNOTATE_BATCH, g->values[g->input].map[MAP_X]);
    graph_forward(g);
    const real *t = g->values[g->logits].map[MAP_X];
    for (size_t i = 0; i < (size_t)count; i++)
        for (size_t at = 0; at < pixels; at++)
            out[i * pixels + at] = (t[at * n + i] + 1) / 2;
}
