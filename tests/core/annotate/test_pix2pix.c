// SPDX-License-Identifier: Apache-2.0
// pix2pix: the sizes that the networks have, one iteration's losses and gradients, dropout. (Numbers against
// the reference: reff golden.)
#include "core/annotate/pix2pix.h"
#include "core/base/memory.h"
#include "core/layers/layers.h"
#include "tests/support/suite.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

static struct pix2pix_settings small(int depth) {
    return (struct pix2pix_settings){
        .networks = {.depth = depth, .ngf = 3, .ndf = 3, .dropout = 0.5, .bn_eps = 1e-5, .bn_momentum = 0.1},
        .batch = 3,
        .threads = omp_get_max_threads(),
        .lr = 2e-4,
        .beta1 = 0.5,
        .beta2 = 0.999,
        .adam_eps = 1e-8,
        .l1_weight = 100,
        .seed = 3};
}

static uint8_t *pattern(size_t n) {
    uint8_t *a = malloc(n);
    for (size_t i = 0; i < n; i++)
        a[i] = (uint8_t)(i * i % 251);
    return a;
}

// Channels and maps of every depth; the discriminator has patches to judge on the smallest images too.
static void test_the_networks_have_their_sizes_at_every_depth(void) {
    static const struct { int depth, patches; } sizes[] = {{3, 3}, {4, 4}, {5, 2}, {6, 6}, {8, 30}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct error err = {0};
        struct pix2pix_settings s = small(sizes[i].depth);
        struct parameters g = {0}, d = {0};
        struct graph *generator = generator_build(&s.networks, 1, &g, &err);
        struct graph *discriminator = discriminator_build(&s.networks, 1, &d, &err);
        CU_ASSERT_FATAL(generator && discriminator);
        const struct value *fake = &generator->values[generator->logits];
        const struct value *judged = &discriminator->values[discriminator->logits];
        CU_ASSERT(fake->channels == 1 && fake->height == 1 << sizes[i].depth && fake->width == fake->height);
        CU_ASSERT(judged->channels == 1 && judged->height == sizes[i].patches);
        CU_ASSERT_EQUAL(parameters_find(&d, "D.block5.conv.weight")->shape[1], 24);
        CU_ASSERT(!parameters_find(&g, "G.enc1.bn.weight") && parameters_find(&g, "G.dec1.conv.bias"));
        graph_free(generator);
        graph_free(discriminator);
        parameters_free(&g);
        parameters_free(&d);
    }
    struct error err = {0};
    struct pix2pix_settings s = small(1);
    CU_ASSERT_PTR_NULL(pix2pix_create(&s, &err));
    CU_ASSERT_EQUAL(err.status, EXIT_USAGE);
}

struct loss_at { // the generator's loss, everything else held
    struct pix2pix *p;
    const uint8_t *images, *annotations;
};

static double generator_loss(const struct loss_at *at) {
    struct pix2pix_losses l;
    struct error err;
    CU_ASSERT_FATAL(!pix2pix_judge(at->p, at->images, at->annotations, &l, &err));
    CU_ASSERT_FATAL(!pix2pix_draw(at->p, &l, &err));
    return l.g;
}

static double discriminator_loss(const struct loss_at *at) {
    struct pix2pix_losses l;
    struct error err;
    CU_ASSERT_FATAL(!pix2pix_judge(at->p, at->images, at->annotations, &l, &err));
    return l.d;
}

// Central differences of a side's loss in some of its parameters; dropout's draw is the same each time.
static void check_side(const struct loss_at *at, struct parameters *side,
                       double (*loss)(const struct loss_at *)) {
    int checked = 0;
    loss(at);
    for (int i = 0; i < side->count; i++) {
        struct parameter *p = &side->items[i];
        for (size_t k = 0; p->trained && k < p->size; k += 1 + p->size / 2) {
            double h = 1e-6, gradient = (double)p->gradient[k], kept = (double)p->value[k];
            p->value[k] = (real)(kept + h);
            double up = loss(at);
            p->value[k] = (real)(kept - h);
            double down = loss(at);
            p->value[k] = (real)kept;
            loss(at);
            double numeric = (up - down) / (2 * h);
            checked++;
            if (!suite_near(gradient, numeric, 2e-5 * (1 + fabs(numeric))))
                printf("\n  %s[%zu] ", p->name, k);
        }
    }
    CU_ASSERT(checked >= 2 * 5); // two numbers of each convolution's weights
}

static void test_the_gradients_of_both_losses_are_their_derivatives(void) {
    if (sizeof(real) != sizeof(double))
        SKIP("central differences need the double build");
    struct error err = {0};
    struct pix2pix_settings s = small(6);
    struct pix2pix *p = pix2pix_create(&s, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    size_t pixels = (size_t)64 * 64 * 3;
    uint8_t *images = pattern(pixels * 3), *annotations = pattern(pixels);
    struct loss_at at = {p, images, annotations};
    check_side(&at, &p->discriminator.parameters, discriminator_loss);
    check_side(&at, &p->generator.parameters, generator_loss);
    pix2pix_free(p);
    free(images);
    free(annotations);
}

static void test_an_annotation_has_the_same_bits_on_any_number_of_threads(void) {
    size_t pixels = (size_t)32 * 32 * 3;
    uint8_t *images = pattern(pixels * 3), *annotations = pattern(pixels);
    real *drawn[2] = {NULL, NULL};
    int most = omp_get_max_threads();
    for (int t = 0; t < 2; t++) {
        struct error err = {0};
        struct pix2pix_losses l;
        struct pix2pix_settings s = small(5);
        s.threads = 1 + 2 * t;
        omp_set_num_threads(s.threads);
        struct pix2pix *p = pix2pix_create(&s, &err);
        CU_ASSERT_PTR_NOT_NULL_FATAL(p);
        for (int k = 0; k < 3; k++)
            CU_ASSERT_FATAL(!pix2pix_step(p, images, annotations, &l, &err));
        drawn[t] = malloc(pixels * sizeof(real));
        pix2pix_annotate(p, images, 3, drawn[t]);
        pix2pix_free(p);
    }
    omp_set_num_threads(most);
    CU_ASSERT(!memcmp(drawn[0], drawn[1], pixels * sizeof(real)));
    for (size_t i = 0; i < pixels; i++)
        CU_ASSERT_FATAL(drawn[0][i] >= 0 && drawn[0][i] <= 1);
    free(drawn[0]);
    free(drawn[1]);
    free(images);
    free(annotations);
}

// The share that is dropped, what becomes of the rest, a new draw at each step, nothing in evaluation.
static void test_dropout_drops_its_share_scales_the_rest_and_draws_anew_at_each_step(void) {
    enum { CHANNELS = 5, SIDE = 20, BATCH = 3, SIZE = CHANNELS * SIDE * SIDE * BATCH };
    struct error err = {0};
    struct parameters none = {0};
    struct graph *g = graph_create(BATCH, &none, &err);
    graph_add_value(g, CHANNELS, SIDE, SIDE, &err);
    g->logits = graph_add_dropout(g, "drop", 0, 0.3, &err);
    g->input = 0;
    real *first = malloc(SIZE * sizeof *first);
    for (int mode = 0; mode < 2; mode++) {
        CU_ASSERT_FATAL(!graph_plan(g, mode ? GRAPH_INFER : GRAPH_TRAIN, 0, 2, &err));
        void *arena = aligned_alloc(64, (g->arena_bytes + 63) / 64 * 64);
        graph_place(g, arena);
        int same = 0;
        for (uint64_t step = 0; step < 2; step++) {
            real *x = g->values[0].map[MAP_X];
            const real *y = g->values[1].map[MAP_X];
            int dropped = 0, kept = 0;
            for (int i = 0; i < SIZE; i++)
                x[i] = (real)(1 + i % 7);
            g->dropout.step = step;
            graph_forward(g);
            for (int i = 0; i < SIZE; i++) {
                dropped += y[i] == 0;
                kept += fabs((double)y[i] - (1 + i % 7) / (mode ? 1 : 0.7)) < 1e-5;
                same += step && y[i] == first[i];
                first[i] = y[i];
            }
            CU_ASSERT_EQUAL(dropped + kept, SIZE);
            CU_ASSERT(mode ? dropped == 0 : fabs(dropped - 0.3 * SIZE) < 4 * sqrt(0.21 * SIZE));
        }
        // Of independent draws .49 are both kept and .09 both dropped.
        CU_ASSERT(mode ? same == SIZE : fabs(same - 0.58 * SIZE) < 4 * sqrt(0.2436 * SIZE));
        free(arena);
    }
    free(first);
    graph_free(g);
}

// Whichever allocation fails: a message, and nothing lost (the sanitizer tells).
static void test_every_allocation_may_fail(void) {
    struct pix2pix_settings s = small(4);
    for (long at = 1;; at++) {
        struct error err = {0};
        memory_fail_at = at;
        struct pix2pix *p = pix2pix_create(&s, &err);
        int reached = memory_fail_at == 0;
        memory_fail_at = 0;
        pix2pix_free(p);
        if (!reached) {
            CU_ASSERT(p != NULL && at > 30);
            break;
        }
        CU_ASSERT_FATAL(p == NULL && !strncmp(err.message, "out of memory", 13));
    }
}

void suite_pix2pix(void);
void suite_pix2pix(void) {
    CU_pSuite suite = CU_add_suite("pix2pix", NULL, NULL);
    CU_add_test(suite, "the networks have their sizes at every depth",
                test_the_networks_have_their_sizes_at_every_depth);
    CU_add_test(suite, "the gradients of both losses are their derivatives",
                test_the_gradients_of_both_losses_are_their_derivatives);
    CU_add_test(suite, "an annotation has the same bits on any number of threads",
                test_an_annotation_has_the_same_bits_on_any_number_of_threads);
    CU_add_test(suite, "every allocation may fail", test_every_allocation_may_fail);
    CU_add_test(suite, "dropout drops its share, scales the rest and draws anew at each step",
                test_dropout_drops_its_share_scales_the_rest_and_draws_anew_at_each_step);
}
