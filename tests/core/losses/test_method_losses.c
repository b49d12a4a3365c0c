// SPDX-License-Identifier: Apache-2.0
// The losses of energy, rrr and group-dro, as the registry sets them up, against their definitions written out here,
// and their gradients against differences in the small network: cheap enough for scripts/planted_bugs. (test_engine.c
// takes every method through every network.)
#include "core/base/random.h"
#include "core/train/train.h"
#include "core/train/trainer.h"
#include "tests/support/suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 3, SIDE = 16, CLASSES = 4, AREA = SIDE * SIDE };

static uint8_t images[BATCH * AREA * 3], annotations[BATCH * AREA];
static const int32_t labels[BATCH] = {2, 0, 2}, groups[BATCH] = {1, 0, 1};

// Smooth images; annotations with soft edges, of another size each.
static void make_batch(void) {
    struct random r = random_stream(3, random_purpose("method losses"), 0);
    for (int i = 0; i < BATCH * AREA; i++) {
        int n = i / AREA, y = i % AREA / SIDE, x = i % SIDE;
        double d = hypot(x - 6 - n, y - 7) / (3 + n);
        for (int c = 0; c < 3; c++)
            images[3 * i + c] = (uint8_t)(128 + 60 * sin(0.5 * x + n + c) + 40 * sin(0.7 * y - 2 * n + c) +
                                          20 * random_uniform(&r));
        annotations[i] = (uint8_t)(d < 1 ? 255 : d > 1.5 ? 0 : 510 * (1.5 - d));
    }
}

static struct trainer *make_trainer(const char *method, const char *reduction, double *lambda) {
    struct error err = {0};
    struct train_settings s;
    struct trainer_settings resolved;
    settings_default(train_schema, &s);
    snprintf(s.method, sizeof s.method, "%s", method);
    snprintf(s.reduction, sizeof s.reduction, "%s", reduction);
    s.batch = BATCH;
    s.width = 4;
    s.cam_eps = 1e-3;
    CU_ASSERT_FATAL(!train_resolve(&s, SIDE, CLASSES, &resolved, lambda, &err));
    if (resolved.group_step > 0) {
        resolved.groups = 2;
        resolved.group_step = 0; // else every evaluation of the loss would be of another one
    }
    struct trainer *t = trainer_create(&resolved, 3, &err);
    CU_ASSERT_FATAL(t != NULL);
    t->groups = groups;
    return t;
}

static struct step_result step(struct trainer *t, double lambda) {
    struct step_result r;
    struct error err = {0};
    CU_ASSERT_FATAL(!trainer_gradient(t, images, annotations, labels, lambda, &r, &err));
    return r;
}

// ---------------------------------------------------------------------------------------------- values

// - sum P s of one image and stage, P the map resized and then brought to a sum of one.
static double energy_of(const struct explained *s, int n) {
    double r[AREA], p[AREA], between[AREA], sum = 0, inside = 0;
    for (int i = 0; i < s->height * s->width; i++)
        r[i] = (double)s->cam[(size_t)i * BATCH + (size_t)n];
    bilinear_resize(&s->resize, r, p, between);
    for (int i = 0; i < AREA; i++) {
        sum += p[i];
        inside += p[i] * annotations[n * AREA + i] / 255;
    }
    return -inside / (sum + 1e-3);
}

static void test_the_energy_loss_is_the_weighted_share_of_grad_cam_inside(void) {
    static const double weights[STAGES] = {15, 60, 250, 1000};
    make_batch();
    for (int mean = 0; mean < 2; mean++) {
        double lambda, expected = 0, shares = 0;
        struct trainer *t = make_trainer("energy", mean ? "mean" : "auto", &lambda);
        const struct step_result r = step(t, 0.01);
        for (int l = 0; l < STAGES; l++)
            for (int n = 0; n < BATCH; n++) {
                double term = energy_of(&t->regularised->stages[l], n) / (mean ? AREA : 1);
                expected += weights[l] * term / BATCH;
                shares -= term;
            }
        CU_ASSERT(shares > 0.01);
        suite_near(lambda, 1e-3, 0);
        suite_near(r.loss_reg, expected, 1e-5 * fabs(expected));
        suite_near(r.loss, r.loss_main + 0.01 * expected, 1e-5 * fabs(r.loss));
        trainer_free(t);
    }
}

// sum_n sum_k log p[n,k] of the logits that are there.
static double log_probabilities(const struct graph *g) {
    const real *z = g->values[g->logits].map[MAP_X];
    double all = 0;
    for (int n = 0; n < BATCH; n++) {
        double sum = 0, logits = 0;
        for (int k = 0; k < CLASSES; k++) {
            sum += exp((double)z[k * BATCH + n]);
            logits += (double)z[k * BATCH + n];
        }
        all += logits - CLASSES * log(sum);
    }
    return all;
}

// The gradient G in the image as the maps have it: from a step up to where it is there.
static void gradient_in_images(struct graph *g, const real *x, double *out) {
    const struct value *input = &g->values[g->input];
    memcpy(input->map[MAP_X], x, 3 * AREA * BATCH * sizeof *x);
    graph_forward(g);
    input_gradient_seed(g);
    graph_score_seeded(g, NULL, NULL);
    for (int i = 0; i < 3 * AREA * BATCH; i++)
        out[i] = (double)input->map[MAP_G][i];
}

static void test_the_loss_of_rrr_is_the_square_of_the_images_gradient_outside(void) {
    if (sizeof(real) != sizeof(double))
        SKIP("differences need the double build");
    static real x[3 * AREA * BATCH];
    static double gradient[3 * AREA * BATCH], along[3 * AREA * BATCH];
    double lambda, expected = 0;
    make_batch();
    struct trainer *t = make_trainer("rrr", "auto", &lambda);
    struct graph *g = t->steps;
    suite_near(lambda, 1, 0);
    for (int i = 0; i < 3 * AREA * BATCH; i++) { // [3][H][W][N]
        int c = i / (AREA * BATCH), p = i / BATCH % AREA, n = i % BATCH;
        x[i] = t->pixel[c][images[(n * AREA + p) * 3 + c]];
    }
    gradient_in_images(g, x, gradient);
    struct random r = random_stream(4, random_purpose("directions"), 0);
    for (int k = 0; k < 6; k++) { // the first along the gradient, the others anywhere
        double exact = 0, by_step[4];
        static const double steps[4] = {1e-6, -1e-6, 2e-6, -2e-6};
        for (int i = 0; i < 3 * AREA * BATCH; i++) {
            along[i] = k ? random_normal(&r) : 10 * gradient[i];
            exact += along[i] * gradient[i];
        }
        for (int s = 0; s < 4; s++) {
            for (int i = 0; i < 3 * AREA * BATCH; i++)
                g->values[g->input].map[MAP_X][i] = x[i] + (real)(steps[s] * along[i]);
            graph_forward(g);
            by_step[s] = log_probabilities(g);
        }
        suite_near((8 * (by_step[0] - by_step[1]) - (by_step[2] - by_step[3])) / 12e-6, exact,
                   1e-5 * fabs(exact) + 1e-7);
    }
    for (int i = 0; i < 3 * AREA * BATCH; i++)
        expected += gradient[i] * gradient[i] / BATCH *
                    (1 - annotations[i % BATCH * AREA + i / BATCH % AREA] / 255.0);
    CU_ASSERT(expected > 1e-6);
    const struct step_result found = step(t, 0.5);
    suite_near(found.loss_reg, expected, 1e-9 * expected);
    suite_near(found.loss, found.loss_main + 0.5 * expected, 1e-12);
    trainer_free(t);
}

// With equal weights of groups: the mean over groups of their mean losses.
static void test_the_loss_of_groups_is_the_mean_of_theirs(void) {
    double lambda, loss[BATCH];
    make_batch();
    struct trainer *t = make_trainer("group-dro", "auto", &lambda);
    const struct step_result r = step(t, 0);
    const struct value *z = &t->steps->values[t->steps->logits];
    for (int n = 0; n < BATCH; n++) {
        double sum = 0;
        for (int k = 0; k < CLASSES; k++)
            sum += exp((double)z->map[MAP_X][k * BATCH + n]);
        loss[n] = log(sum) - (double)z->map[MAP_X][labels[n] * BATCH + n];
    }
    suite_near(r.loss, (loss[1] + (loss[0] + loss[2]) / 2) / 2, 1e-6);
    CU_ASSERT(fabs(r.loss - (loss[0] + loss[1] + loss[2]) / 3) > 1e-4);
    trainer_free(t);
}

// ---------------------------------------------------------------------------------------------- gradients

static double loss_at(struct trainer *t, double lambda, const real *start, const double *along, double h) {
    for (size_t i = 0; i < t->parameters.trained_size; i++)
        t->parameters.storage[i] = (real)((double)start[i] + h * along[i]);
    return step(t, lambda).loss;
}

// Directions on which two step sizes disagree have a kink between their points and say nothing.
static void check_gradient(const char *method, const char *reduction, double strength) {
    double lambda;
    struct trainer *t = make_trainer(method, reduction, &lambda);
    size_t n = t->parameters.trained_size;
    real *start = malloc(n * sizeof(real));
    double *gradient = malloc(n * sizeof(double)), *along = malloc(n * sizeof(double));
    struct random r = random_stream(11, random_purpose("directions"), 0);
    int used = 0;
    memcpy(start, t->parameters.storage, n * sizeof(real));
    step(t, strength);
    for (int i = 0; i < t->parameters.count; i++)
        for (size_t k = 0; t->parameters.items[i].trained && k < t->parameters.items[i].size; k++)
            gradient[t->parameters.items[i].value - t->parameters.storage + (ptrdiff_t)k] =
                (double)t->parameters.items[i].gradient[k];
    for (int k = 0; k < 4; k++) {
        double exact = 0, by_step[2];
        for (size_t i = 0; i < n; i++) {
            along[i] = random_normal(&r) * (k ? 0.02 : gradient[i]);
            exact += along[i] * gradient[i];
        }
        for (int s = 0; s < 2; s++) {
            double h = s ? 1e-7 : 2e-7;
            by_step[s] =
                (loss_at(t, strength, start, along, h) - loss_at(t, strength, start, along, -h)) / (2 * h);
        }
        if (fabs(by_step[0] - by_step[1]) > 3e-6 * fabs(by_step[1]))
            continue;
        used++;
        suite_near((4 * by_step[1] - by_step[0]) / 3, exact, 1e-5 * fabs(exact));
    }
    CU_ASSERT(used >= 2);
    free(start);
    free(gradient);
    free(along);
    trainer_free(t);
}

static void test_the_gradients_of_energy_rrr_and_group_dro_agree_with_differences(void) {
    if (sizeof(real) != sizeof(double))
        SKIP("central differences need the double build");
    make_batch();
    check_gradient("energy", "auto", 1e-2);
    check_gradient("energy", "mean", 1);
    check_gradient("rrr", "auto", 0.3);
    check_gradient("group-dro", "auto", 0);
}

void suite_method_losses(void);
void suite_method_losses(void) {
    CU_pSuite suite = CU_add_suite("method_losses", NULL, NULL);
    CU_add_test(suite, "the energy loss is the weighted share of Grad-CAM inside",
                test_the_energy_loss_is_the_weighted_share_of_grad_cam_inside);
    CU_add_test(suite, "the loss of rrr is the square of the image's gradient outside",
                test_the_loss_of_rrr_is_the_square_of_the_images_gradient_outside);
    CU_add_test(suite, "the loss of groups is the mean of theirs",
                test_the_loss_of_groups_is_the_mean_of_theirs);
    CU_add_test(suite, "the gradients of energy, rrr and group-dro agree with differences",
                test_the_gradients_of_energy_rrr_and_group_dro_agree_with_differences);
}
