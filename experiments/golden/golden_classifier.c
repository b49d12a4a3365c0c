// SPDX-License-Identifier: Apache-2.0
// Golden cases of whole networks: three training steps and an evaluation, every quantity compared.
#include "core/base/memory.h"
#include "core/train/trainer.h"
#include "experiments/golden/golden_parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct classifier_run { // one case at work
    struct golden_parts parts;
    struct trainer *t;
    char model[32];     // as the file has it
    char zero_grad[64]; // a parameter whose gradient is rounding noise, "" for none
    double lambda;
    int batch, pixels, steps;
    real *input_gradient; // rrr: a copy of G [3][H][W][N]; NULL else
};

static int compare_stages(struct classifier_run *r, int step) {
    for (int l = 0; l < STAGES && r->t->regularised; l++) {
        struct explained *s = &r->t->regularised->stages[l];
        char path[96];
        if (!s->alpha)
            continue;
        snprintf(path, sizeof path, "step/%d/alpha/layer%d", step, l + 1);
        if (golden_compare_lanes(&r->parts, path, "alpha", s->alpha, (size_t)s->channels, (size_t)r->batch))
            return -1;
        snprintf(path, sizeof path, "step/%d/cam/layer%d", step, l + 1);
        if (golden_compare_lanes(&r->parts, path, "cam", s->cam, (size_t)s->height * s->width,
                                 (size_t)r->batch))
            return -1;
        snprintf(path, sizeof path, "step/%d/reg_terms/layer%d", step, l + 1);
        if (golden_compare(&r->parts, path, "terms", s->terms, (size_t)r->batch))
            return -1;
    }
    return 0;
}

// Of an explained input: its gradient, whole where the file has it, and the terms.
static int compare_input(struct classifier_run *r, int step) {
    size_t n = (size_t)r->batch, inner = 3 * (size_t)r->pixels * (size_t)r->pixels;
    char path[96];
    struct golden_array whole;
    if (!r->t->input_gradient)
        return 0;
    snprintf(path, sizeof path, "step/%d/reg_terms/input", step);
    if (golden_compare(&r->parts, path, "terms", r->t->input_gradient->terms, n))
        return -1;
    double *mine = allocate(inner * n, sizeof *mine, "golden values", r->parts.err), norm, probe;
    for (size_t i = 0; mine && i < n; i++)
        for (size_t k = 0; k < inner; k++)
            mine[i * inner + k] = (double)r->input_gradient[k * n + i];
    snprintf(path, sizeof path, "step/%d/input_grad_norm", step);
    int failed = !mine || golden_read_scalar(&r->parts, path, &norm);
    snprintf(path, sizeof path, "step/%d/input_grad_probe", step);
    failed = failed || golden_read_scalar(&r->parts, path, &probe);
    if (!failed) {
        golden_note(r->parts.report, "input grad norm", fabs(golden_norm(mine, inner * n) - norm) / norm);
        golden_note(r->parts.report, "input grad probe", fabs(golden_probe(mine, inner * n) - probe) / norm);
    }
    snprintf(path, sizeof path, "step/%d/input_grad", step);
    if (!failed && golden_has(r->parts.file, path) &&
        !(failed = golden_read(r->parts.file, path, &whole, r->parts.err))) {
        failed = whole.size == inner * n ? 0 : fail(r->parts.err, "golden file: %s: wrong size", path);
        if (!failed) {
            golden_note(r->parts.report, "input grad", golden_max_error(mine, whole.items, inner * n));
            golden_note(r->parts.report, "input grad 2-norm",
                        golden_norm_error(mine, whole.items, inner * n));
        }
        golden_array_free(&whole);
    }
    free(mine);
    return failed ? -1 : 0;
}

// G of the input lies there until the first tangent map.
static void keep_input_gradient(void *context, const struct graph *g, int node, enum map map, int done) {
    struct classifier_run *r = context;
    if (map == MAP_T && !node && !done)
        memcpy(r->input_gradient, g->values[g->input].map[MAP_G], value_size(g, g->input) * sizeof(real));
}

static int compare_loss(struct classifier_run *r, int step, const char *name, double mine) {
    char path[64];
    snprintf(path, sizeof path, "step/%d/%s", step, name);
    return golden_has(r->parts.file, path) ? golden_compare_scalar(&r->parts, path, "losses", mine) : 0;
}

static int compare_attention(struct classifier_run *r, int step, const struct step_result *result) {
    const struct graph *g = r->t->steps;
    char path[64];
    size_t n = (size_t)r->batch;
    if (!r->t->attention)
        return 0;
    const struct value *z = &g->values[g->attention_logits], *m = &g->values[g->attention_map];
    snprintf(path, sizeof path, "step/%d/att_logits", step);
    if (golden_compare_lanes(&r->parts, path, "logits", z->map[MAP_X], (size_t)z->channels, n))
        return -1;
    snprintf(path, sizeof path, "step/%d/att_map", step);
    if (golden_compare_lanes(&r->parts, path, "map", m->map[MAP_X], (size_t)m->height * m->width, n))
        return -1;
    snprintf(path, sizeof path, "step/%d/map_terms", step);
    return golden_compare(&r->parts, path, "terms", r->t->attention->terms, n) ||
                   compare_loss(r, step, "loss_att", result->loss_att) ||
                   compare_loss(r, step, "loss_map", result->loss_map)
               ? -1
               : 0;
}

static int compare_step(struct classifier_run *r, int step, const struct step_result *result) {
    const struct graph *g = r->t->steps;
    char path[96];
    snprintf(path, sizeof path, "step/%d/logits", step);
    if (golden_compare_lanes(&r->parts, path, "logits", g->values[g->logits].map[MAP_X],
                             (size_t)r->t->settings.network.classes, (size_t)r->batch) ||
        compare_loss(r, step, "loss", result->loss) ||
        compare_loss(r, step, "loss_main", result->loss_main) ||
        compare_loss(r, step, "loss_reg", result->loss_reg) || compare_stages(r, step) ||
        compare_input(r, step) || compare_attention(r, step, result))
        return -1;
    return golden_compare_gradients(&r->parts, &r->t->parameters, step);
}

static int one_step(struct classifier_run *r, int step) {
    size_t area = (size_t)r->pixels * r->pixels, n = (size_t)r->batch;
    uint8_t *images = golden_bytes(&r->parts, "batch/images", (size_t)step * n * area * 3, n * area * 3);
    uint8_t *masks = golden_bytes(&r->parts, "batch/masks", (size_t)step * n * area, n * area);
    uint8_t *small = golden_bytes(&r->parts, "batch/labels", (size_t)step * n, n);
    int32_t *labels = allocate(n, sizeof *labels, "labels", r->parts.err);
    struct step_result result;
    int failed = !images || !masks || !small || !labels ? -1 : 0;
    for (size_t i = 0; i < n && !failed; i++)
        labels[i] = small[i];
    if (!failed)
        failed = trainer_gradient(r->t, images, masks, labels, r->lambda, &result, r->parts.err) ||
                 compare_step(r, step, &result);
    if (!failed)
        trainer_update(r->t, &result);
    free(images);
    free(masks);
    free(small);
    free(labels);
    return failed ? -1 : 0;
}

// Copies the lanes of a batch into [4][inner] rows from `first` on.
static void take_lanes(const real *a, size_t inner, size_t n, size_t first, double *out) {
    for (size_t i = 0; i < n && first + i < 4; i++)
        for (size_t k = 0; k < inner; k++)
            out[(first + i) * inner + k] = (double)a[k * n + i];
}

struct evaluated { // an array of the evaluation, gathered over batches
    char path[32];
    const char *quantity;
    const real *lanes; // [inner][N], of the batch last evaluated
    size_t inner;
    double *all; // [4][inner]
};

static int list_evaluated(const struct classifier_run *r, struct evaluated *out) {
    const struct graph *g = r->t->evaluation;
    const struct value *z = &g->values[g->logits];
    int count = 0, height, width;
    const real *map = trainer_attention(r->t, &height, &width);
    out[count++] = (struct evaluated){"eval/logits", "eval logits", z->map[MAP_X], (size_t)z->channels, NULL};
    if (map) {
        z = &g->values[g->attention_logits];
        out[count++] =
            (struct evaluated){"eval/att_logits", "eval logits", z->map[MAP_X], (size_t)z->channels, NULL};
        out[count++] =
            (struct evaluated){"eval/att_map", "eval map", map, (size_t)height * (size_t)width, NULL};
        return count;
    }
    for (int l = 0; l < STAGES; l++) {
        const struct explained *s = &r->t->inspected->stages[l];
        out[count] = (struct evaluated){"", "eval cam", s->cam, (size_t)s->height * s->width, NULL};
        snprintf(out[count++].path, sizeof out->path, "eval/cam/layer%d", l + 1);
    }
    return count;
}

// The evaluation has four images; batches of another size are filled up with the last one.
static int compare_evaluation(struct classifier_run *r) {
    size_t area3 = (size_t)r->pixels * r->pixels * 3, n = (size_t)r->batch;
    uint8_t *images = golden_bytes(&r->parts, "eval/images", 0, 4 * area3),
            *small = golden_bytes(&r->parts, "eval/labels", 0, 4);
    uint8_t *batch = allocate(n * area3, 1, "images", r->parts.err);
    int32_t *labels = allocate(2 * n, sizeof *labels, "labels", r->parts.err);
    struct evaluated arrays[1 + STAGES];
    int count = list_evaluated(r, arrays), failed = !images || !small || !batch || !labels;
    for (int i = 0; i < count && !failed; i++)
        failed =
            !(arrays[i].all = allocate(4 * arrays[i].inner, sizeof(double), arrays[i].path, r->parts.err));
    for (size_t first = 0; first < 4 && !failed; first += n) {
        for (size_t i = 0; i < n; i++) {
            size_t from = first + i < 4 ? first + i : 3;
            memcpy(batch + i * area3, images + from * area3, area3);
            labels[i] = small[from];
        }
        trainer_evaluate(r->t, batch, labels, labels + n);
        for (int i = 0; i < count; i++)
            take_lanes(arrays[i].lanes, arrays[i].inner, n, first, arrays[i].all);
    }
    for (int i = 0; i < count; i++) {
        failed = failed || golden_compare(&r->parts, arrays[i].path, arrays[i].quantity, arrays[i].all,
                                          4 * arrays[i].inner);
        free(arrays[i].all);
    }
    free(images);
    free(small);
    free(batch);
    free(labels);
    return failed ? -1 : 0;
}

static int make_trainer(struct classifier_run *r, const char *method) {
    char order[32], reduction[16];
    if (golden_text(r->parts.file, "order", order, sizeof order, r->parts.err) ||
        golden_text(r->parts.file, "reduction", reduction, sizeof reduction, r->parts.err))
        return -1;
    struct trainer_settings s = {.batch = r->batch,
                                 .threads = 2,
                                 .precision = r->parts.report->precision,
                                 .activations = r->parts.report->precision};
    s.network = (struct network){.model = r->model,
                                 .width = (int)golden_attribute(r->parts.file, "width", 0),
                                 .classes = (int)golden_attribute(r->parts.file, "classes", 0),
                                 .pixels = r->pixels,
                                 .bn_eps = golden_attribute(r->parts.file, "bn_eps", 0),
                                 .bn_momentum = golden_attribute(r->parts.file, "bn_momentum", 0)};
    s.network.attention = !strcmp(method, "abn");
    s.network.model += s.network.attention ? strlen("abn_") : 0;
    s.gamma = golden_attribute(r->parts.file, "gamma", 0);
    s.explains_input = !strcmp(method, "rrr");
    s.regularises = strcmp(method, "baseline") != 0 && !s.explains_input && !s.network.attention;
    s.detached = !strcmp(method, "reff_detached");
    s.regulariser =
        (struct regulariser){.penalty = !strcmp(method, "l1")       ? PENALTY_L1
                                        : !strcmp(method, "l2")     ? PENALTY_L2
                                        : !strcmp(method, "energy") ? PENALTY_ENERGY
                                                                    : PENALTY_REFF,
                             .order = !strcmp(order, "resize-first") ? RESIZE_FIRST : NORMALISE_FIRST,
                             .mean = !strcmp(reduction, "mean"),
                             .cam_eps = golden_attribute(r->parts.file, "cam_eps", 0)};
    s.sgd = (struct sgd){.lr = golden_attribute(r->parts.file, "lr", 0),
                         .momentum = golden_attribute(r->parts.file, "momentum", 0),
                         .weight_decay = golden_attribute(r->parts.file, "weight_decay", 0)};
    hid_t a = H5Aopen(r->parts.file, "layer_weights", H5P_DEFAULT);
    int bad = a < 0 || H5Aread(a, H5T_NATIVE_DOUBLE, s.layer_weights) < 0;
    if (a >= 0)
        H5Aclose(a);
    if (bad)
        return fail(r->parts.err, "golden file: no attribute 'layer_weights'");
    r->t = trainer_create(&s, 0, r->parts.err);
    r->parts.sets[0] = r->t ? &r->t->parameters : NULL;
    if (!r->t || !s.explains_input)
        return r->t ? 0 : -1;
    const struct graph *g = r->t->steps;
    r->input_gradient = allocate(value_size(g, g->input), sizeof(real), "golden values", r->parts.err);
    r->t->steps->observe = keep_input_gradient;
    r->t->steps->observer = r;
    return r->input_gradient ? 0 : -1;
}

// Three steps and an evaluation from the file's initial values, or from their neighbours (attempt > 0).
static int run_attempt(struct classifier_run *r, const char *method, int attempt) {
    r->parts.report->attempt = attempt;
    int failed = make_trainer(r, method) || golden_parts_open(&r->parts) || golden_parts_load(&r->parts);
    if (!failed && attempt)
        golden_parts_disturb(&r->parts, attempt);
    for (int step = 0; step < r->steps && !failed; step++)
        failed = one_step(r, step);
    if (r->parts.report->precision != PRECISION_BF16) // which follows the first step alone
        failed = failed || golden_compare_final(&r->parts) || compare_evaluation(r);
    golden_parts_close(&r->parts);
    trainer_free(r->t);
    free(r->input_gradient);
    r->input_gradient = NULL;
    return failed ? -1 : 0;
}

// A loss of Grad-CAMs is not continuous: it jumps where a ReLU changes sides, since dc/dA does. In float one
// ReLU may come to lie on its other side by rounding alone, and everything after it is off by 1e-3 and more,
// without any fault. So a case that fails in float is run again from neighbouring initial values, which lie
// no farther off than a rounding: where nothing but such a ReLU was in the way, some of them keep every
// bound; an engine with a fault keeps them in none.
enum { ATTEMPTS_MAXIMUM = 4 };

static int may_try_again(const struct golden_report *r) {
    return sizeof(real) < sizeof(double) && r->precision != PRECISION_BF16 && !golden_report_passes(r) &&
           r->attempt + 1 < ATTEMPTS_MAXIMUM;
}

int golden_classifier(hid_t file, const char *name, enum precision precision, golden_done *done,
                      void *context, struct error *err) {
    struct golden_report report = {.precision = precision}, first;
    char method[32];
    struct classifier_run r = {
        .parts = {.file = file, .report = &report, .err = err, .scale = "bn_att.weight"},
        .lambda = golden_attribute(file, "lambda", 0),
        .batch = (int)golden_attribute(file, "batch", 0),
        .pixels = (int)golden_attribute(file, "pixels", 0),
        .steps = golden_steps(file, precision)};
    snprintf(report.name, sizeof report.name, "%s", name);
    if (golden_text(file, "model", r.model, sizeof r.model, err) ||
        golden_text(file, "method", method, sizeof method, err) ||
        golden_text(file, "zero_grad", r.zero_grad, sizeof r.zero_grad, err))
        return -1;
    static const char *const known[] = {"baseline", "reff",   "reff_detached", "l1", "l2",
                                        "abn",      "energy", "rrr",           NULL};
    int i = 0;
    while (known[i] && strcmp(known[i], method))
        i++;
    if (!known[i]) {
        snprintf(report.skipped, sizeof report.skipped, "method %s is not part of this version", method);
        done(context, &report);
        return 0;
    }
    if (*r.zero_grad) // ABN's bn_att.bias: a shift that bn_att2 removes
        r.parts.noise = r.zero_grad;
    if (run_attempt(&r, method, 0))
        return -1;
    first = report;
    while (may_try_again(&report)) {
        report.count = 0;
        if (run_attempt(&r, method, report.attempt + 1))
            return -1;
    }
    done(context, golden_report_passes(&report) ? &report : &first);
    return 0;
}
