// SPDX-License-Identifier: Apache-2.0
// Whole networks: the gradient of each method against finite differences, the detached control told apart
// from the full gradient, the same bits for any number of threads, evaluation that leaves training untouched.
#include "core/base/random.h"
#include "core/train/trainer.h"
#include "tests/support/suite.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 5, PIXELS = 24, CLASSES = 4 };

struct batch {
    uint8_t images[BATCH * PIXELS * PIXELS * 3], annotations[BATCH * PIXELS * PIXELS];
    int32_t labels[BATCH];
};

// Smooth blobs rather than noise: maps then have values of all sizes.
static void make_batch(struct batch *b, uint64_t seed) {
    struct random r = random_stream(seed, random_purpose("test batch"), 0);
    for (int n = 0; n < BATCH; n++) {
        double phase[6];
        for (int i = 0; i < 6; i++)
            phase[i] = 6.28 * random_uniform(&r);
        for (int y = 0; y < PIXELS; y++)
            for (int x = 0; x < PIXELS; x++) {
                int p = (n * PIXELS + y) * PIXELS + x;
                for (int c = 0; c < 3; c++)
                    b->images[3 * p + c] =
                        (uint8_t)(128 + 60 * sin(0.5 * x + phase[c]) + 40 * sin(0.7 * y + phase[c + 3]) +
                                  20 * random_uniform(&r));
                double d = hypot(x - 8 - n, y - 11) / 6;
                b->annotations[p] = (uint8_t)(d < 1 ? 255 : d > 1.5 ? 0 : 510 * (1.5 - d));
            }
        b->labels[n] = (int32_t)random_below(&r, CLASSES);
    }
}

struct method {
    const char *name;
    int regularises, detached;
    struct regulariser regulariser;
    double lambda, weights[STAGES];
    int attention;
    double gamma;
    int explains_input;
};

static const struct method methods[] = {
    {"baseline", 0, 0, {PENALTY_REFF, NORMALISE_FIRST, 1, 1e-8}, 0, {0, 0, 0, 0}, 0, 0, 0},
    {"reff", 1, 0, {PENALTY_REFF, RESIZE_FIRST, 0, 1e-4}, 30, {15, 60, 250, 1000}, 0, 0, 0},
    {"reff normalise-first mean",
     1,
     0,
     {PENALTY_REFF, NORMALISE_FIRST, 1, 1e-3},
     1,
     {15, 60, 250, 1000},
     0,
     0,
     0},
    {"reff-single", 1, 0, {PENALTY_REFF, RESIZE_FIRST, 0, 1e-4}, 300, {0, 0, 0, 1}, 0, 0, 0},
    {"reff-l1", 1, 0, {PENALTY_L1, NORMALISE_FIRST, 0, 1e-3}, 1e-4, {15, 60, 250, 1000}, 0, 0, 0},
    {"reff-l2", 1, 0, {PENALTY_L2, NORMALISE_FIRST, 0, 1e-3}, 1e-5, {15, 60, 250, 1000}, 0, 0, 0},
    {"reff-detached", 1, 1, {PENALTY_REFF, RESIZE_FIRST, 0, 1e-4}, 30, {15, 60, 250, 1000}, 0, 0, 0},
    {"abn", 0, 0, {PENALTY_L2, NORMALISE_FIRST, 1, 1e-8}, 0, {0, 0, 0, 0}, 1, 10, 0},
    {"abn, sum", 0, 0, {PENALTY_L2, NORMALISE_FIRST, 0, 1e-8}, 0, {0, 0, 0, 0}, 1, 0.01, 0},
    {"energy", 1, 0, {PENALTY_ENERGY, RESIZE_FIRST, 0, 1e-4}, 1e-2, {15, 60, 250, 1000}, 0, 0, 0},
    {"rrr", 0, 0, {PENALTY_REFF, NORMALISE_FIRST, 1, 1e-8}, 0.3, {0, 0, 0, 0}, 0, 0, .explains_input = 1},
    // No method of the paper's: every second-order term of the attention branch at once.
    {"reff over abn", 1, 0, {PENALTY_REFF, RESIZE_FIRST, 0, 1e-4}, 30, {15, 60, 250, 1000}, 1, 0.01, 0},
};

static enum precision precision = PRECISION_F32; // of products and activations alike, where the build has it

static struct trainer *make_trainer(const struct method *m, const char *model) {
    struct error err = {0};
    struct trainer_settings s = {.batch = BATCH, .regularises = m->regularises, .detached = m->detached};
    s.network = (struct network){model, 4, CLASSES, PIXELS, 1e-5, 0.1, m->attention};
    s.precision = s.activations = precision;
    s.regulariser = m->regulariser;
    s.gamma = m->gamma;
    s.explains_input = m->explains_input;
    memcpy(s.layer_weights, m->weights, sizeof s.layer_weights);
    s.sgd = (struct sgd){.lr = 0.01, .momentum = 0.8, .weight_decay = 1e-5};
    s.threads = omp_get_max_threads();
    struct trainer *t = trainer_create(&s, 3, &err);
    CU_ASSERT_FATAL(t != NULL);
    return t;
}

static double loss_at(struct trainer *t, const struct batch *b, double lambda, const real *start,
                      const real *direction, double h) {
    struct step_result r;
    struct error err;
    for (size_t i = 0; i < t->parameters.trained_size; i++)
        t->parameters.storage[i] = (real)((double)start[i] + h * (double)direction[i]);
    CU_ASSERT_FATAL(!trainer_gradient(t, b->images, b->annotations, b->labels, lambda, &r, &err));
    return r.loss;
}

// Worst disagreement of the gradient with four-point differences over a few random directions. Directions on
// which two step sizes disagree have a kink between their points and say nothing; *used counts the others.
static double worst_disagreement(const struct method *m, const char *model, int *used) {
    static struct batch b;
    struct trainer *t = make_trainer(m, model);
    size_t n = t->parameters.trained_size;
    real *start = malloc(n * sizeof(real)), *gradient = malloc(n * sizeof(real)),
         *direction = malloc(n * sizeof(real));
    struct random r = random_stream(11, random_purpose("directions"), 0);
    double worst = 0;
    make_batch(&b, 5);
    memcpy(start, t->parameters.storage, n * sizeof(real));
    for (size_t i = 0; i < n; i++)
        direction[i] = 0;
    loss_at(t, &b, m->lambda, start, direction, 0);
    for (int i = 0; i < t->parameters.count; i++)
        if (t->parameters.items[i].trained)
            memcpy(gradient + (t->parameters.items[i].value - t->parameters.storage),
                   t->parameters.items[i].gradient, t->parameters.items[i].size * sizeof(real));
    *used = 0;
    for (int k = 0; k < 12; k++) {
        double exact = 0, by_step[2];
        for (size_t i = 0; i < n; i++) {
            direction[i] = (real)random_normal(&r) * (k ? (real)0.02 : gradient[i]);
            exact += (double)(direction[i] * gradient[i]);
        }
        for (int s = 0; s < 2; s++) {
            double h = s ? 5e-8 : 2e-7;
            by_step[s] = (8 * (loss_at(t, &b, m->lambda, start, direction, h) -
                               loss_at(t, &b, m->lambda, start, direction, -h)) -
                          (loss_at(t, &b, m->lambda, start, direction, 2 * h) -
                           loss_at(t, &b, m->lambda, start, direction, -2 * h))) /
                         (12 * h);
        }
        if (fabs(by_step[0] - by_step[1]) > 3e-6 * fabs(by_step[1]))
            continue;
        ++*used;
        double off = fabs(by_step[0] - exact) / fabs(exact);
        worst = off <= worst || isnan(worst) ? worst : off; // fmax would pass a NaN over
    }
    free(start);
    free(gradient);
    free(direction);
    trainer_free(t);
    return worst;
}

static void test_every_methods_gradient_agrees_with_differences_in_every_network(void) {
    if (sizeof(real) != sizeof(double))
        SKIP("central differences need the double build");
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        for (int k = 0; k < 3; k++) {
            static const char *const models[] = {"small", "resnet18", "resnet50"};
            int used;
            double worst = worst_disagreement(&methods[i], models[k], &used);
            if (methods[i]
                    .detached) { // the gradient of nothing: it must differ from the derivative of its loss
                CU_ASSERT(worst > 1e-3);
            } else if (!(used >= 2 && worst < 1e-5)) {
                printf("  %s, %s: off by %.1e in %d directions\n", methods[i].name, models[k], worst, used);
                CU_FAIL("a gradient is off");
            }
        }
}

// Full and detached gradients share losses and maps and differ in the gradient, in any precision.
static void test_detached_control_and_full_gradient_are_told_apart(void) {
    static struct batch b;
    struct trainer *full = make_trainer(&methods[1], "resnet18"),
                   *detached = make_trainer(&methods[6], "resnet18");
    struct step_result a, c;
    struct error err;
    make_batch(&b, 5);
    CU_ASSERT_FATAL(!trainer_gradient(full, b.images, b.annotations, b.labels, 30, &a, &err));
    CU_ASSERT_FATAL(!trainer_gradient(detached, b.images, b.annotations, b.labels, 30, &c, &err));
    CU_ASSERT(a.loss == c.loss && a.loss_reg == c.loss_reg && a.loss_reg > 0);
    const struct parameter *p = parameters_find(&full->parameters, "layer3.0.conv1.weight");
    const struct parameter *q = parameters_find(&detached->parameters, "layer3.0.conv1.weight");
    double off = 0, norm = 0;
    for (size_t i = 0; i < p->size; i++) {
        off += pow((double)(p->gradient[i] - q->gradient[i]), 2);
        norm += pow((double)p->gradient[i], 2);
    }
    CU_ASSERT(sqrt(off / norm) > 0.05);
    trainer_free(full);
    trainer_free(detached);
}

static void train_steps(const struct method *m, const char *model, int threads, real **out, size_t *size) {
    static struct batch b;
    struct step_result r;
    struct error err;
    int before = omp_get_max_threads();
    omp_set_num_threads(threads);
    struct trainer *t = make_trainer(m, model);
    for (int step = 0; step < 3; step++) {
        make_batch(&b, (uint64_t)step);
        CU_ASSERT_FATAL(!trainer_gradient(t, b.images, b.annotations, b.labels, m->lambda, &r, &err));
        trainer_update(t, &r);
    }
    *size = 0;
    for (int i = 0; i < t->parameters.count; i++)
        *size += t->parameters.items[i].size;
    *out = malloc(*size * sizeof(real));
    memcpy(*out, t->parameters.storage, *size * sizeof(real));
    trainer_free(t);
    omp_set_num_threads(before);
}

// OpenBLAS is kept to one thread, and took OpenMP's other threads with it: every run was single threaded.
static void test_a_trainer_leaves_openmp_its_threads(void) {
    int before = omp_get_max_threads(), at_work = 0;
    for (int threads = 2; threads <= 3; threads++) {
        omp_set_num_threads(threads);
        trainer_free(make_trainer(&methods[0], "small"));
        CU_ASSERT_EQUAL(omp_get_max_threads(), threads);
#pragma omp parallel
#pragma omp single
        at_work = omp_get_num_threads();
        CU_ASSERT_EQUAL(at_work, threads);
    }
    omp_set_num_threads(before);
}

static void check_same_bits(void) {
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        real *one, *other;
        size_t size;
        train_steps(&methods[i], i % 2 ? "small" : "resnet50", 1, &one, &size);
        for (int threads = 2; threads <= 5; threads++) {
            train_steps(&methods[i], i % 2 ? "small" : "resnet50", threads, &other, &size);
            CU_ASSERT(!memcmp(one, other, size * sizeof(real)));
            free(other);
        }
        free(one);
    }
}

static void test_training_has_the_same_bits_for_1_to_5_threads(void) {
    check_same_bits();
}

static void test_training_in_bf16_has_the_same_bits_for_1_to_5_threads(void) {
    if (sizeof(real) != sizeof(float))
        SKIP("a double build has no bf16");
    precision = PRECISION_BF16;
    check_same_bits();
    precision = PRECISION_F32;
}

// Evaluation shares the arena and the parameters with training and must change neither results nor running
// statistics.
static void test_evaluation_leaves_no_trace_in_training(void) {
    static struct batch b;
    real *plain, *evaluated;
    size_t size;
    struct step_result r;
    struct error err;
    int32_t predictions[BATCH];
    train_steps(&methods[1], "small", 1, &plain, &size);
    int before = omp_get_max_threads();
    omp_set_num_threads(1);
    struct trainer *t = make_trainer(&methods[1], "small");
    for (int step = 0; step < 3; step++) {
        make_batch(&b, (uint64_t)step);
        trainer_evaluate(t, b.images, b.labels, predictions);
        CU_ASSERT_FATAL(!trainer_gradient(t, b.images, b.annotations, b.labels, methods[1].lambda, &r, &err));
        trainer_update(t, &r);
    }
    evaluated = t->parameters.storage;
    CU_ASSERT(!memcmp(plain, evaluated, size * sizeof(real)));
    trainer_free(t);
    free(plain);
    omp_set_num_threads(before);
}

static void check_layer_is_named(void) {
    static struct batch b;
    struct trainer *t = make_trainer(&methods[1], "small");
    struct step_result r;
    struct error err = {0};
    make_batch(&b, 1);
    parameters_find(&t->parameters, "layer3.0.bn2.weight")->value[1] = (real)NAN;
    CU_ASSERT(trainer_gradient(t, b.images, b.annotations, b.labels, 1, &r, &err) == -1);
    CU_ASSERT_STRING_EQUAL(err.message, "the cross entropy is not a finite number, first in layer3.0.bn2");
    trainer_free(t);
    t = make_trainer(&methods[7], "small"); // abn: its logits see what the perception branch does not
    parameters_find(&t->parameters, "att_conv2.weight")->value[1] = (real)NAN;
    CU_ASSERT(trainer_gradient(t, b.images, b.annotations, b.labels, 0, &r, &err) == -1);
    CU_ASSERT_STRING_EQUAL(err.message,
                           "the attention branch's loss is not a finite number, first in att_conv2");
    trainer_free(t);
}

static void test_a_loss_that_is_no_number_names_its_layer(void) {
    check_layer_is_named();
    precision = PRECISION_BF16;
    check_layer_is_named();
    precision = PRECISION_F32;
}

void suite_engine(void);
void suite_engine(void) {
    CU_pSuite suite = CU_add_suite("engine", NULL, NULL);
    CU_add_test(suite, "every method's gradient agrees with differences in every network",
                test_every_methods_gradient_agrees_with_differences_in_every_network);
    CU_add_test(suite, "detached control and full gradient are told apart",
                test_detached_control_and_full_gradient_are_told_apart);
    CU_add_test(suite, "a trainer leaves OpenMP its threads", test_a_trainer_leaves_openmp_its_threads);
    CU_add_test(suite, "training has the same bits for 1 to 5 threads",
                test_training_has_the_same_bits_for_1_to_5_threads);
    CU_add_test(suite, "training in bf16 has the same bits for 1 to 5 threads",
                test_training_in_bf16_has_the_same_bits_for_1_to_5_threads);
    CU_add_test(suite, "evaluation leaves no trace in training", test_evaluation_leaves_no_trace_in_training);
    CU_add_test(suite, "a loss that is no number names its layer",
                test_a_loss_that_is_no_number_names_its_layer);
}
