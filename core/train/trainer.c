// SPDX-License-Identifier: Apache-2.0
#include "core/train/trainer.h"

#include "core/base/memory.h"
#include "core/kernels/gemm.h"
#include "core/kernels/vector.h"
#include "core/losses/cross_entropy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ALL_STAGES = (1 << STAGES) - 1 };

// What the penalty is on: stages, or the input.
static unsigned regularised_stages(const struct trainer_settings *s) {
    unsigned stages = 0;
    for (int l = 0; l < STAGES; l++)
        stages |= s->regularises && s->layer_weights[l] != 0 ? 1u << l : 0;
    return stages | (s->explains_input ? EXPLAIN_INPUT : 0);
}

static enum graph_mode step_mode(const struct trainer_settings *s) {
    if (!regularised_stages(s))
        return GRAPH_TRAIN;
    return s->detached ? GRAPH_TRAIN_DETACHED : GRAPH_TRAIN_EXPLAIN;
}

static struct graph *build(const struct trainer_settings *s, struct parameters *parameters,
                           struct error *err) {
    struct graph *g = network_build(&s->network, s->batch, parameters, err);
    if (g) {
        g->precision = s->precision;
        g->activations = s->activations;
    }
    return g;
}

struct graph *trainer_graph(const struct trainer_settings *settings, struct parameters *parameters,
                            struct error *err) {
    struct graph *g = build(settings, parameters, err);
    if (g && graph_plan(g, step_mode(settings), regularised_stages(settings), settings->threads, err)) {
        graph_free(g);
        g = NULL;
    }
    return g;
}

static int make_graphs(struct trainer *t, struct error *err) {
    const struct trainer_settings *s = &t->settings;
    t->steps = trainer_graph(s, &t->parameters, err);
    t->evaluation = t->steps ? build(s, &t->parameters, err) : NULL;
    return t->evaluation ? graph_plan(t->evaluation, GRAPH_INFER_EXPLAIN, ALL_STAGES, s->threads, err) : -1;
}

static size_t arena_bytes(const struct trainer *t) {
    size_t a = t->steps->arena_bytes, b = t->evaluation->arena_bytes;
    return ((a > b ? a : b) + 63) / 64 * 64;
}

static int make_explanations(struct trainer *t, struct error *err) {
    const struct trainer_settings *s = &t->settings;
    int pixels = s->network.pixels;
    if (s->explains_input && !(t->input_gradient = input_gradient_create(t->steps, err)))
        return -1;
    if (s->groups && !(t->group_weights = group_weights_create(s->groups, s->batch, s->group_step, err)))
        return -1;
    if (regularised_stages(s) & ALL_STAGES) {
        t->regularised =
            explanation_create(t->steps, &s->regulariser, s->layer_weights, pixels, pixels, s->threads, err);
        if (!t->regularised)
            return -1;
    }
    t->inspected =
        explanation_create(t->evaluation, &s->regulariser, s->layer_weights, pixels, pixels, s->threads, err);
    if (t->inspected && s->network.attention) {
        t->attention = attention_create(t->steps, s->regulariser.mean, pixels, pixels, s->threads, err);
        return t->attention ? 0 : -1;
    }
    return t->inspected ? 0 : -1;
}

const double trainer_mean[3] = {0.485, 0.456, 0.406}, trainer_deviation[3] = {0.229, 0.224, 0.225};

static void fill_pixel_table(struct trainer *t) {
    for (int c = 0; c < 3; c++)
        for (int v = 0; v < 256; v++)
            t->pixel[c][v] = (real)((v / 255.0 - trainer_mean[c]) / trainer_deviation[c]);
}

struct trainer *trainer_create(const struct trainer_settings *settings, uint64_t seed, struct error *err) {
    struct trainer *t = allocate(1, sizeof *t, "a trainer", err);
    if (!t)
        return NULL;
    t->settings = *settings;
    gemm_prepare();
    vector_flush_denormals();
    fill_pixel_table(t);
    if (make_graphs(t, err) || make_explanations(t, err))
        goto failed;
    t->velocity = allocate_for_steps(t->parameters.trained_size, sizeof(real), "the optimiser", err);
    t->predictions = allocate((size_t)settings->batch, sizeof(int32_t), "the predictions", err);
    if (!t->velocity || !t->predictions)
        goto failed;
    t->arena = allocate_arena(arena_bytes(t), "a step", err);
    if (!t->arena || gemm_check_memory(settings->threads, err))
        goto failed;
    graph_place(t->steps, t->arena);
    graph_place(t->evaluation, t->arena);
    network_initialise(&t->parameters, seed);
    return t;
failed:
    trainer_free(t);
    return NULL;
}

void trainer_free(struct trainer *t) {
    if (!t)
        return;
    explanation_free(t->regularised);
    explanation_free(t->inspected);
    input_gradient_free(t->input_gradient);
    group_weights_free(t->group_weights);
    attention_free(t->attention);
    graph_free(t->steps);
    graph_free(t->evaluation);
    parameters_free(&t->parameters);
    free(t->velocity);
    free(t->predictions);
    free(t->arena);
    free(t);
}

int trainer_memory(const struct trainer_settings *settings, double *bytes, struct error *err) {
    struct trainer *t = allocate(1, sizeof *t, "a trainer", err);
    if (!t)
        return -1;
    t->settings = *settings;
    int result = make_graphs(t, err);
    if (!result) {
        *bytes = (double)arena_bytes(t);
        *bytes += 3.0 * sizeof(real) * (double)t->parameters.trained_size; // value, gradient, velocity
    }
    trainer_free(t);
    return result;
}

// [N,H,W,3] bytes -> [3][H][W][N] numbers.
static void load_images(const struct trainer *t, const uint8_t *images, real *x) {
    size_t n = (size_t)t->settings.batch,
           pixels = (size_t)t->settings.network.pixels * t->settings.network.pixels;
#pragma omp parallel for schedule(static)
    for (size_t p = 0; p < pixels; p++)
        for (size_t c = 0; c < 3; c++)
            for (size_t i = 0; i < n; i++)
                x[(c * pixels + p) * n + i] = t->pixel[c][images[(i * pixels + p) * 3 + c]];
}

static int not_finite(const struct graph *g, const char *what, enum map map, struct error *err) {
    const char *layer = graph_first_nonfinite(g, map);
    return fail_work(err, "%s is not a finite number%s%s", what, layer ? ", first in " : "",
                     layer ? layer : "");
}

// What an attention branch adds to the loss, and to the d of its logits and map.
static int attention_gradient(struct trainer *t, const uint8_t *annotations, const int32_t *labels,
                              struct step_result *result, struct error *err) {
    struct graph *g = t->steps;
    const struct value *z = &g->values[g->attention_logits];
    result->loss_att = cross_entropy(z->map[MAP_X], labels, z->channels, g->batch, z->map[MAP_D]);
    result->loss_map = attention_loss(t->attention, g, annotations, t->settings.gamma);
    result->loss += result->loss_att + t->settings.gamma * result->loss_map;
    return isfinite(result->loss) ? 0 : not_finite(g, "the attention branch's loss", MAP_X, err);
}

// The cross entropy, and its d of the logits.
static double main_loss(struct trainer *t, const int32_t *labels) {
    const struct value *z = &t->steps->values[t->steps->logits];
    int classes = t->settings.network.classes, batch = t->settings.batch;
    struct group_weights *w = t->group_weights;
    if (!w)
        return cross_entropy(z->map[MAP_X], labels, classes, batch, z->map[MAP_D]);
    cross_entropy_losses(z->map[MAP_X], labels, classes, batch, w->losses);
    group_weights_step(w, t->groups);
    return cross_entropy_weighted(z->map[MAP_X], labels, w->weights, classes, batch, z->map[MAP_D]);
}

// The rest of a step whose penalty is on the gradient in the image.
static int input_step(struct trainer *t, const uint8_t *annotations, double lambda,
                      struct step_result *result, struct error *err) {
    struct graph *g = t->steps;
    input_gradient_seed(g);
    graph_score_seeded(g, NULL, NULL);
    result->loss_reg = input_gradient_loss(t->input_gradient, g, annotations, lambda);
    result->loss += lambda * result->loss_reg;
    if (!isfinite(result->loss))
        return not_finite(g, "the regulariser", MAP_G, err);
    graph_tangent(g, NULL, NULL);
    input_gradient_backward(g);
    graph_backward(g, NULL, NULL);
    return 0;
}

int trainer_gradient(struct trainer *t, const uint8_t *images, const uint8_t *annotations,
                     const int32_t *labels, double lambda, struct step_result *result, struct error *err) {
    struct graph *g = t->steps;
    struct explanation *e = t->regularised;
    int classes = t->settings.network.classes, batch = t->settings.batch;
    memset(result, 0, sizeof *result);
    load_images(t, images, g->values[g->input].map[MAP_X]);
    graph_forward(g);
    const struct value *z = &g->values[g->logits];
    cross_entropy_predict(z->map[MAP_X], classes, batch, t->predictions);
    for (int n = 0; n < batch; n++)
        result->correct += t->predictions[n] == labels[n];
    result->loss = result->loss_main = main_loss(t, labels);
    if (!isfinite(result->loss_main))
        return not_finite(g, "the cross entropy", MAP_X, err);
    if (t->attention && attention_gradient(t, annotations, labels, result, err))
        return -1;
    if (t->input_gradient)
        return input_step(t, annotations, lambda, result, err);
    if (!e) {
        graph_backward(g, NULL, NULL);
        return 0;
    }
    graph_score(g, labels, explanation_collect, e);
    result->loss_reg = explanation_loss(e, g, annotations, lambda);
    result->loss += lambda * result->loss_reg;
    for (int l = 0; l < STAGES; l++)
        for (int n = 0; n < batch && e->stages[l].terms; n++)
            result->terms[l] += e->stages[l].terms[n] / batch;
    if (!isfinite(result->loss))
        return not_finite(g, "the regulariser", MAP_G, err);
    if (!t->settings.detached)
        graph_tangent(g, explanation_seed_tangent, e);
    graph_backward(g, explanation_seed_backward, e);
    return 0;
}

void trainer_update(struct trainer *t, struct step_result *result) {
    struct parameter *first = NULL;
    for (int i = 0; i < t->parameters.count && !first; i++)
        first = t->parameters.items[i].trained ? &t->parameters.items[i] : NULL;
    if (!first)
        return;
    // Trained parameters and their gradients lie in one array each, beginning with the first.
    size_t n = t->parameters.trained_size;
    double scale = 1, limit = t->settings.clip_norm;
    if (limit > 0) {
        result->gradient_norm = sqrt(vector_dot(first->gradient, first->gradient, n));
        scale = result->gradient_norm > limit ? limit / result->gradient_norm : 1;
    }
    sgd_step(&t->settings.sgd, first->value, first->gradient, t->velocity, n, scale);
}

void trainer_evaluate(struct trainer *t, const uint8_t *images, const int32_t *labels, int32_t *predictions) {
    struct graph *g = t->evaluation;
    load_images(t, images, g->values[g->input].map[MAP_X]);
    graph_forward(g);
    cross_entropy_predict(g->values[g->logits].map[MAP_X], t->settings.network.classes, t->settings.batch,
                          predictions);
    if (labels)
        graph_score(g, labels, explanation_collect, t->inspected);
}

const real *trainer_attention(const struct trainer *t, int *height, int *width) {
    const struct graph *g = t->evaluation;
    if (g->attention_map < 0)
        return NULL;
    *height = g->values[g->attention_map].height;
    *width = g->values[g->attention_map].width;
    return g->values[g->attention_map].map[MAP_X];
}
