// SPDX-License-Identifier: Apache-2.0
// reff gradients: what one step's gradient is made of, and what a precision's rounding makes of it.
#include "core/base/memory.h"
#include "core/base/options.h"
#include "core/kernels/vector.h"
#include "core/shard/shard.h"
#include "core/train/model_about.h"
#include "core/train/train.h"
#include "core/train/trainer.h"
#include "core/train/weights.h"
#include "experiments/command/commands.h"
#include "experiments/command/joined.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct gradients_options { // what is looked at; how it is trained is in struct train_settings
    char data[SETTING_TEXT_SIZE];
    int threads;
};

typedef struct gradients_options O;

static const struct setting file_schema[] = {
    SETTING_PATH(O, data, NULL, "FILE", "shard whose first images are the batch"),
    SETTING_COUNT(O, threads, "0", 0, 1024, "threads", "threads; 0: all cores"),
    SETTING_END,
};

// The training's settings that a gradient depends on.
static const char *const taken[] = {"model",     "width",       "method",    "lambda",  "layer_weights",
                                    "gamma",     "order",       "reduction", "cam_eps", "bn_eps",
                                    "precision", "activations", "batch",     "seed",    "weights"};

enum { TAKEN = sizeof taken / sizeof *taken };

struct gradients_batch {
    int pixels, classes;
    uint8_t *images, *annotations;
    int32_t *labels;
};

enum { MAIN, PENALTY, PARTS };

// The gradients of a step's two parts, the cross entropies and the penalty with its factor, in one precision.
struct gradients_parts {
    size_t size;
    real *gradient[PARTS]; // [size]; PENALTY: NULL where the method has none
    double loss[PARTS];
};

static int read_batch(const struct gradients_options *o, const struct train_settings *s,
                      struct gradients_batch *b, struct error *err) {
    struct shard *shard = shard_open_measured(o->data, err);
    if (!shard || train_takes(s, shard, err)) {
        shard_close(shard);
        return -1;
    }
    struct shard_shape shape = shard_shape(shard);
    size_t n = (size_t)s->batch, area = (size_t)shape.height * (size_t)shape.width;
    uint32_t *index = allocate(n, sizeof *index, "a batch", err);
    b->pixels = shape.height;
    b->classes = shape.classes;
    b->images = allocate(n * area, 3, "a batch", err);
    b->annotations = allocate(n * area, 1, "a batch", err);
    b->labels = allocate(n, sizeof *b->labels, "a batch", err);
    int result = index && b->images && b->annotations && b->labels ? 0 : -1;
    for (uint32_t i = 0; !result && i < n; i++)
        index[i] = i;
    if (!result)
        result = shard_read(shard, index, (int)n, b->images, b->annotations, b->labels, err);
    free(index);
    shard_close(shard);
    return result;
}

static void copy_gradient(const struct parameters *p, real *out) {
    for (int i = 0; i < p->count; i++)
        if (p->items[i].trained) {
            memcpy(out, p->items[i].gradient, p->items[i].size * sizeof *out);
            out += p->items[i].size;
        }
}

// The gradient of a step with the penalty's factor multiplied by `factor`; NULL on failure.
static real *take_gradient(struct trainer *t, const struct gradients_batch *b, double lambda, double gamma,
                           double factor, struct step_result *step, struct error *err) {
    real *gradient = allocate(t->parameters.trained_size, sizeof *gradient, "a gradient", err);
    t->settings.gamma = gamma * factor;
    if (!gradient || trainer_gradient(t, b->images, b->annotations, b->labels, lambda * factor, step, err)) {
        free(gradient);
        return NULL;
    }
    copy_gradient(&t->parameters, gradient);
    return gradient;
}

// The penalty's gradient is the difference of two steps', without it and with so much of it that the rest is
// a rounding error beside it (docs/mathematics.md has both parts go through the network in one pass, as
// training does).
enum { MUCH = 1000 };

static int take_parts(struct trainer *t, const struct gradients_batch *b, double lambda,
                      struct gradients_parts *out, struct error *err) {
    double gamma = t->settings.gamma;
    struct step_result step;
    out->size = t->parameters.trained_size;
    real *main = take_gradient(t, b, lambda, gamma, 0, &step, err);
    out->gradient[MAIN] = main;
    if (!main)
        return -1;
    out->loss[MAIN] = step.loss_main + step.loss_att;
    if (t->attention ? gamma <= 0 : !t->settings.regularises || lambda <= 0)
        return 0;
    real *penalty = take_gradient(t, b, lambda, gamma, MUCH, &step, err);
    out->gradient[PENALTY] = penalty;
    if (!penalty)
        return -1;
    out->loss[PENALTY] = t->attention ? gamma * step.loss_map : lambda * step.loss_reg;
    for (size_t i = 0; i < out->size; i++)
        penalty[i] = (penalty[i] - main[i]) / MUCH;
    return 0;
}

static int measure(const struct train_settings *s, const struct gradients_batch *b,
                   struct gradients_parts *out, struct error *err) {
    struct trainer_settings resolved;
    double lambda;
    int head_replaced, branch_replaced;
    if (train_resolve(s, b->pixels, b->classes, &resolved, &lambda, err))
        return -1;
    struct trainer *t = trainer_create(&resolved, s->seed, err);
    int result = !t || (*s->weights && weights_start(&t->parameters, s->weights, &head_replaced,
                                                     &branch_replaced, NULL, NULL, err))
                     ? -1
                     : take_parts(t, b, lambda, out, err);
    trainer_free(t);
    return result;
}

static void free_parts(struct gradients_parts *p) {
    for (int part = 0; part < PARTS; part++)
        free(p->gradient[part]);
}

static double norm(const real *a, size_t n) {
    return sqrt(vector_dot(a, a, n));
}

static double cosine(const real *a, const real *b, size_t n) { // 0 where one of them is
    double norms = norm(a, n) * norm(b, n);
    return norms > 0 ? vector_dot(a, b, n) / norms : 0;
}

static void print_parts(const struct train_settings *s, const struct gradients_batch *batch,
                        const struct gradients_parts *exact, const struct gradients_parts *rounded) {
    static const char *const names[PARTS] = {"cross entropy", "penalty"};
    size_t n = exact->size;
    enum precision precision = precision_choose(s->precision);
    const char *isa = precision_isa(precision);
    printf("%d images of %d x %d pixels, %s, %s: convolutions in %s%s%s, activations in %s, beside %s\n",
           s->batch, batch->pixels, batch->pixels, s->model, s->method, precision_name(precision),
           isa ? ", " : "", isa ? isa : "",
           precision_name(precision == PRECISION_BF16 ? precision_choose(s->activations) : precision),
           precision_name(PRECISION_F32));
    printf("%-14s %12s %12s %12s %9s\n", "", "loss", "norm", "rounded", "cosine");
    for (int part = 0; part < PARTS; part++) {
        if (!exact->gradient[part])
            continue;
        const real *a = exact->gradient[part], *b = rounded->gradient[part];
        printf("%-14s %12.5g %12.5g %12.5g %9.5f\n", names[part], exact->loss[part], norm(a, n), norm(b, n),
               cosine(a, b, n));
    }
    if (exact->gradient[PENALTY])
        printf("cosine of the two: %.4f\n", cosine(exact->gradient[MAIN], exact->gradient[PENALTY], n));
}

// Both precisions from the same weights and images.
static int compare(const struct gradients_options *o, const struct train_settings *s, struct error *err) {
    struct gradients_batch batch = {0};
    struct gradients_parts exact = {0}, rounded = {0};
    struct train_settings plain = *s;
    strcpy(plain.precision, "f32");
    int result = read_batch(o, s, &batch, err) || measure(&plain, &batch, &exact, err) ||
                         measure(s, &batch, &rounded, err)
                     ? -1
                     : 0;
    if (!result)
        print_parts(s, &batch, &exact, &rounded);
    free_parts(&exact);
    free_parts(&rounded);
    free(batch.images);
    free(batch.annotations);
    free(batch.labels);
    return result;
}

int command_gradients(int argc, char **argv, struct error *err) {
    struct setting picked[TAKEN + 1];
    struct gradients_options o = {0};
    struct train_settings training;
    const struct options_part own = {file_schema, &o, sizeof o}, work = {picked, &training, sizeof training};
    int given[ABOUT_SETTINGS];
    for (int i = 0; i < TAKEN; i++)
        picked[i] = *settings_find(train_schema, taken[i]);
    picked[TAKEN] = (struct setting)SETTING_END;
    for (int i = 0; model_about_setting(i); i++)
        given[i] = options_given(settings_find(train_schema, model_about_setting(i)), argc, argv);
    given[ABOUT_METHOD] = given[ABOUT_METHOD] ? -1 : 0; // any method may start from any weights
    given[ABOUT_PRECISION] = given[ABOUT_ACTIVATIONS] =
        -1; // what is to be compared, not what it was trained in
    const struct command command = {
        .name = "gradients",
        .arguments = "",
        .summary = "Show what a step's gradient is made of, and how much of it a precision rounds away.",
        .description =
            "Prints a line for the cross entropy and one for the penalty (lambda times the regulariser; of "
            "abn, gamma times the map loss): its value, the 2-norm of its gradient in float and with "
            "--precision and --activations, and the cosine between these two gradients. Then the cosine "
            "between the gradients of cross entropy and penalty. All are taken before clipping and weight "
            "decay, on the shard's first images, from the weights that a training would start from. Weights "
            "saved by reff say which network they are of: --model, --width and --method are for others.",
        .example = "reff gradients --data train.h5 --method reff --precision bf16 --activations bf16",
    };
    settings_default(train_schema, &training);
    int result = joined_parse(&command, &own, &work, argc, argv, err);
    if (result)
        return result < 0 ? -1 : 0;
    if (o.threads)
        omp_set_num_threads(o.threads);
    if (*training.weights && model_about_take(training.weights, given, &training, NULL, err))
        return -1;
    return compare(&o, &training, err);
}
