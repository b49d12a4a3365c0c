// SPDX-License-Identifier: Apache-2.0
// The settings of a training run, and what each method makes of them (docs/mathematics.md, section 2;
// docs/experiments.md, section 3).
#include "core/methods/method.h"
#include "core/optimisers/rate.h"
#include "core/train/train.h"
#include "core/train/trainer.h"

#include <omp.h>
#include <string.h>

typedef struct train_settings T;

const struct setting train_schema[] = {
    SETTING_CHOICE(T, model, "small", NETWORK_MODELS, "network"),
    SETTING_INT(T, width, "64", 1, 512, "channels", "channels of the first stage"),
    SETTING_CHOICE(T, method, METHOD_DEFAULT, METHOD_NAMES, "method"),
    SETTING_REAL(T, lambda, "-1", -1, 1e12, "", "factor of the regulariser; -1: the paper's for the method"),
    SETTING_REALS(T, layer_weights, "", 0, 1e12, "",
                  "weights of layer1..layer4; none: the paper's for the method"),
    SETTING_LATER_REAL(T, gamma, "10", 0, 1e12, "", "factor of abn's map loss; 0: no map loss"),
    SETTING_CHOICE(T, order, "normalise-first", "normalise-first resize-first",
                   "order of normalising and resizing a map"),
    SETTING_CHOICE(
        T, reduction, "auto", "auto sum mean",
        "what the pixels of a map are reduced to; auto: mean for ReFF and ABN, sum for L1, L2 and energy"),
    SETTING_REAL(T, cam_eps, "1e-8", 0, 1, "", "eps of the normalised map"),
    SETTING_REAL(T, lambda_ramp, "0", 0, 100000, "epochs",
                 "how long lambda takes to rise from 0; 0: it is there from the start"),
    SETTING_REAL(T, clip_norm, "0", 0, 1e12, "", "largest 2-norm of the gradient; 0: no clipping"),
    SETTING_REAL(T, lr, "0.01", 0, 1000, "", "learning rate"),
    SETTING_LATER_CHOICE(T, schedule, "constant", RATE_SCHEDULES,
                         "how the learning rate falls; linear and cosine end at 0"),
    SETTING_LATER_REAL(T, warmup, "0", 0, 100000, "epochs",
                       "how long the learning rate takes to rise to lr at the start"),
    SETTING_REAL(T, momentum, "0.8", 0, 1, "", "share of the last update that goes into the next"),
    SETTING_REAL(T, weight_decay, "1e-5", 0, 1000, "", "factor of the L2 penalty on every parameter"),
    SETTING_REAL(T, bn_eps, "1e-5", 0, 1, "", "eps of batch norm"),
    SETTING_REAL(T, bn_momentum, "0.1", 0, 1, "", "momentum of batch norm's running statistics"),
    SETTING_LATER_CHOICE(T, precision, "f32", PRECISIONS,
                         "precision of convolutions' operands; auto: bf16 where it is faster on this "
                         "machine"),
    SETTING_LATER_CHOICE(T, activations, "f32", "f32 bf16",
                         "how activations are stored where convolutions are in bf16; bf16: half the traffic, "
                         "one rounding more"),
    SETTING_INT(T, batch, "32", 2, 4096, "images", "images per step"),
    SETTING_INT(T, epochs, "50", 1, 1000000, "epochs", "passes over the training data"),
    SETTING_SEED(T, seed, "1", "seed of the initial weights and of the batches' order"),
    SETTING_CHOICE(T, select, "last", "last best-validation", "epoch whose test accuracy is reported"),
    SETTING_PATH(T, weights, "", "FILE", "safetensors to start from; none: from scratch"),
    {"checkpoint_seconds", SETTING_TYPE_REAL, offsetof(T, checkpoint_seconds), "10", 0, 1e9, NULL, "seconds",
     "minimum time between checkpoints", 0}, // how often we save changes no result
    SETTING_SWITCH(T, save_model, "keep the trained network as model.safetensors"),
    SETTING_END,
};

int train_resolve(const struct train_settings *s, int pixels, int classes, struct trainer_settings *out,
                  double *lambda, struct error *err) {
    const struct method *m = method_find(s->method, err);
    if (!m)
        return -1;
    if (s->layer_weights.count != 0 && s->layer_weights.count != STAGES)
        return fail_usage(err, "--layer-weights: %d numbers instead of %d", s->layer_weights.count, STAGES);
    if (s->warmup > s->epochs)
        return fail_usage(err, "--warmup: %.15g epochs are more than the training's %d", s->warmup,
                          s->epochs);
    memset(out, 0, sizeof *out);
    out->network = (struct network){.model = s->model,
                                    .width = s->width,
                                    .classes = classes,
                                    .pixels = pixels,
                                    .bn_eps = s->bn_eps,
                                    .bn_momentum = s->bn_momentum,
                                    .attention = m->attention};
    out->batch = s->batch;
    out->precision = precision_choose(s->precision);
    if (out->precision == PRECISION_BF16)
        out->activations = precision_choose(s->activations);
    out->regularises = m->regularises;
    out->detached = m->detached;
    out->explains_input = m->explains_input;
    out->group_step = m->group_step;
    out->regulariser = (struct regulariser){
        .penalty = m->penalty,
        .order = m->resize_first || !strcmp(s->order, "resize-first") ? RESIZE_FIRST : NORMALISE_FIRST,
        .mean = strcmp(s->reduction, "auto") ? !strcmp(s->reduction, "mean") : m->mean,
        .cam_eps = s->cam_eps};
    for (int l = 0; l < STAGES; l++)
        out->layer_weights[l] =
            s->layer_weights.count && m->regularises ? s->layer_weights.values[l] : m->weights[l];
    out->gamma = s->gamma;
    out->sgd = (struct sgd){.lr = s->lr, .momentum = s->momentum, .weight_decay = s->weight_decay};
    out->clip_norm = s->clip_norm;
    out->threads = omp_get_max_threads();
    *lambda = s->lambda < 0 ? m->lambda : s->lambda;
    return 0;
}

int train_memory(const struct train_settings *settings, int pixels, int classes, double *bytes,
                 struct error *err) {
    struct trainer_settings resolved;
    double lambda;
    return train_resolve(settings, pixels, classes, &resolved, &lambda, err) ||
                   trainer_memory(&resolved, bytes, err)
               ? -1
               : 0;
}
