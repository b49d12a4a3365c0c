// SPDX-License-Identifier: Apache-2.0
// reff bench: which steps and convolutions it measures, how it counts their work, what it writes. How fast
// anything is, no test says.
#include "experiments/bench/bench.h"

#include "core/networks/network.h"
#include "core/train/trainer.h"
#include "tests/support/suite.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

// ---------------------------------------------------------------------------------------- cases

// The settings are those of the profiles, but for ResNet-50's batch.
static void test_what_is_measured_comes_from_the_profiles(void) {
    struct error err = {0};
    struct bench_cases cases;
    static const struct {
        const char *model, *method;
        int width, pixels, batch;
    } expected[] = {{"resnet50", "baseline", 64, 224, 16}, {"resnet50", "reff", 64, 224, 16},
                    {"resnet18", "baseline", 64, 112, 32}, {"resnet18", "reff", 64, 112, 32},
                    {"small", "baseline", 8, 32, 32},      {"small", "reff", 8, 32, 32}};
    enum { COUNT = sizeof expected / sizeof *expected };
    CU_ASSERT_FATAL(!bench_cases_read(&cases, "", "baseline,reff", &err));
    int precisions = 1 + bench_measures(PRECISION_BF16); // of a case, one after the other
    CU_ASSERT_EQUAL_FATAL(cases.count, precisions * COUNT);
    for (int i = 0; i < cases.count; i++) {
        const struct bench_case *c = &cases.items[i];
        int k = i / precisions;
        CU_ASSERT_STRING_EQUAL(c->training.model, expected[k].model);
        CU_ASSERT_STRING_EQUAL(c->training.method, expected[k].method);
        CU_ASSERT_EQUAL(c->training.width, expected[k].width);
        CU_ASSERT_EQUAL(c->pixels, expected[k].pixels);
        CU_ASSERT_EQUAL(c->training.batch, expected[k].batch);
        CU_ASSERT_EQUAL(c->classes, 10);
        CU_ASSERT_EQUAL(c->precision, (enum precision)(i % precisions));
        CU_ASSERT_EQUAL(precision_choose(c->training.precision), c->precision); // not the profile's
    }
    bench_cases_free(&cases);
    CU_ASSERT_FATAL(!bench_cases_read(&cases, "small,resnet18", "reff-l1", &err));
    CU_ASSERT_EQUAL(cases.count, 2 * precisions);
    CU_ASSERT_STRING_EQUAL(cases.items[0].training.model, "resnet18"); // in bench.ini's order
    bench_cases_free(&cases);
}

static void test_a_networks_distinct_convolutions_are_measured_once_each(void) {
    struct error err = {0};
    struct bench_cases cases;
    struct bench_convolutions list;
    char text[BENCH_SHAPE_SIZE];
    CU_ASSERT_FATAL(!bench_cases_read(&cases, "resnet50", "baseline", &err));
    CU_ASSERT_FATAL(!bench_convolutions_list(&list, &cases.items[0], &err));
    int precisions = 1 + bench_measures(PRECISION_BF16);
    CU_ASSERT_EQUAL(list.count, 23 * precisions); // of 53
    CU_ASSERT_STRING_EQUAL(bench_shape_text(&list.items[0].shape, text),
                           "16 x 3x224x224 -> 64x112x112, 7x7 / 2");
    double flop = 0;
    for (int i = 0; i < list.count; i++) {
        CU_ASSERT_EQUAL(list.items[i].of_images, i < precisions);
        flop += bench_convolution_flop(&list.items[i].shape);
        for (int j = 0; j < i; j++)
            CU_ASSERT(memcmp(&list.items[i].shape, &list.items[j].shape, sizeof list.items[i].shape));
    }
    CU_ASSERT_EQUAL(bench_convolution_flop(&list.items[0].shape), 2.0 * 16 * 64 * 112 * 112 * 3 * 7 * 7);
    CU_ASSERT(flop < 16 * 8.2e9 * precisions); // each once is less than a forward pass
    bench_convolutions_free(&list);
    bench_cases_free(&cases);
}

// ---------------------------------------------------------------------------------------- work

// ResNet-50's steps at 224 px have the arithmetic that docs/performance.md, gives: 8.2 GFLOP forward, three
// times that for the baseline's step, about 45 GFLOP for ReFF's.
static void test_the_work_of_a_step_is_what_docs_performance_md_says(void) {
    static const struct {
        enum graph_mode mode;
        double gflop, tolerance;
    } expected[] = {{GRAPH_TRAIN, 24.5, 0.5}, {GRAPH_TRAIN_EXPLAIN, 45, 1.5}};
    const struct network network = {"resnet50", 64, 1000, 224, 1e-5, 0.1, 0};
    double bytes[2];
    for (int i = 0; i < 2; i++) {
        struct error err = {0};
        struct parameters parameters = {0};
        double flop;
        struct graph *g = network_build(&network, 1, &parameters, &err);
        CU_ASSERT_PTR_NOT_NULL_FATAL(g);
        CU_ASSERT_FATAL(!graph_plan(g, expected[i].mode, 15, 1, &err));
        bench_layers_work(g, &flop, &bytes[i]);
        CU_ASSERT_DOUBLE_EQUAL(1e-9 * flop, expected[i].gflop, expected[i].tolerance);
        graph_free(g);
        parameters_free(&parameters);
    }
    CU_ASSERT(bytes[0] > 0 && bytes[1] > bytes[0] && bytes[1] < 4 * bytes[0]);
}

// ---------------------------------------------------------------------------------------- observer

struct seen {
    int begun[MAP_COUNT], done[MAP_COUNT], open; // open: begun and not done
};

static void see(void *context, const struct graph *g, int node, enum map map, int done) {
    struct seen *s = context;
    CU_ASSERT(node >= 0 && node < g->node_count);
    CU_ASSERT_EQUAL(s->open, done);
    s->open = !done;
    (done ? s->done : s->begun)[map]++;
}

// Each map of each node that takes part is told of once before and once after; who looks changes no result.
static void test_an_observer_is_told_of_every_map_of_every_node(void) {
    enum { BATCH = 4, PIXELS = 16 };
    static uint8_t images[BATCH * PIXELS * PIXELS * 3], annotations[BATCH * PIXELS * PIXELS];
    static const int32_t labels[BATCH] = {0, 1, 2, 3};
    struct trainer_settings settings = {.network = {"small", 4, 10, PIXELS, 1e-5, 0.1, 0},
                                        .batch = BATCH,
                                        .regularises = 1,
                                        .layer_weights = {0, 0, 0, 1},
                                        .threads = omp_get_max_threads()};
    struct error err = {0};
    double losses[2];
    struct seen seen = {0};
    for (size_t i = 0; i < sizeof images; i++)
        images[i] = (uint8_t)(i * 37);
    for (int observed = 0; observed < 2; observed++) {
        struct trainer *t = trainer_create(&settings, 1, &err);
        struct step_result result;
        CU_ASSERT_PTR_NOT_NULL_FATAL(t);
        t->steps->observe = observed ? see : NULL;
        t->steps->observer = &seen;
        CU_ASSERT(!trainer_gradient(t, images, annotations, labels, 1, &result, &err));
        losses[observed] = result.loss;
        if (observed) {
            CU_ASSERT_EQUAL(seen.done[MAP_X], t->steps->node_count);
            CU_ASSERT_EQUAL(seen.done[MAP_D], t->steps->node_count);
            CU_ASSERT_EQUAL(seen.done[MAP_G], 2); // layer4's output is explained: average pool, linear
            CU_ASSERT_EQUAL(seen.done[MAP_T], 2);
        }
        trainer_free(t);
    }
    CU_ASSERT_EQUAL(seen.open, 0);
    for (int map = 0; map < MAP_COUNT; map++)
        CU_ASSERT_EQUAL(seen.begun[map], seen.done[map]);
    CU_ASSERT_EQUAL(losses[0], losses[1]);
}

// ---------------------------------------------------------------------------------------- the command

// Whether the object has these keys and no others.
static int has_keys(const json_t *object, const char *const *keys, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!json_object_get(object, keys[i]))
            return 0;
    return json_object_size(object) == count;
}
#define HAS_KEYS(object, ...)                                                                                \
    has_keys(object, (const char *const[]){__VA_ARGS__},                                                     \
             sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static void check_convolutions(const json_t *convolutions) {
    size_t i;
    json_t *c;
    CU_ASSERT(json_array_size(convolutions) > 10);
    json_array_foreach(convolutions, i, c) {
        CU_ASSERT(
            HAS_KEYS(c, "shape", "map", "precision", "isa", "gflops", "share_of_limit", "onednn_gflops"));
        CU_ASSERT(json_number_value(json_object_get(c, "gflops")) > 0);
        CU_ASSERT(json_is_null(json_object_get(c, "onednn_gflops")));
    }
}

// The shares of what a step's time goes into are whole together.
static void check_layers(const json_t *layers) {
    double share = 0;
    size_t i;
    json_t *kind;
    CU_ASSERT_EQUAL(json_array_size(json_object_get(layers, "slowest")), 10);
    json_array_foreach(json_object_get(layers, "kinds"), i, kind) share +=
        json_number_value(json_object_get(kind, "share"));
    CU_ASSERT_DOUBLE_EQUAL(share, 1, 1e-6);
}

static void check_results(const json_t *results, const char *method) {
    const json_t *steps = json_object_get(results, "steps"), *step = json_array_get(steps, 0);
    CU_ASSERT(HAS_KEYS(results, "machine", "limits", "steps", "convolutions", "layers"));
    CU_ASSERT(HAS_KEYS(json_object_get(results, "limits"), "f32_gflops", "bf16_gflops", "read_gbs"));
    CU_ASSERT(HAS_KEYS(step, "model", "pixels", "batch", "method", "precision", "isa", "images_per_s", "peer",
                       "peer_images_per_s", "ratio", "peak_mb", "peer_peak_mb"));
    CU_ASSERT(json_array_size(steps) >= 1);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(step, "model")), "small");
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(step, "method")), method);
    CU_ASSERT(json_number_value(json_object_get(step, "images_per_s")) > 0);
    CU_ASSERT(json_number_value(json_object_get(step, "peak_mb")) > 1);
    CU_ASSERT(json_is_null(json_object_get(step, "peer")) && json_is_null(json_object_get(step, "ratio")));
    CU_ASSERT_EQUAL(json_array_size(json_object_get(results, "layers")), json_array_size(steps));
    check_convolutions(json_object_get(results, "convolutions"));
    check_layers(json_array_get(json_object_get(results, "layers"), 0));
}

static void test_bench_prints_tables_and_writes_the_promised_structure(void) {
    struct program_result r;
    struct error err = {0};
    const char *path = suite_path("bench/step.json");
    CU_ASSERT_EQUAL(reff_run(&r, 0, "bench", "--quick", "--method", "reff", "--threads", "1", "--peers",
                             "none", "--output", path),
                    0);
    suite_text_has(r.out, "Limits: f32 ");
    suite_text_has(r.out, "\nsmall ");
    suite_text_has(r.out, "\n32 x 3x32x32 -> 8x16x16, 3x3 / 2 ");
    suite_text_has(r.out, "\nWhere the time of a step goes: small, 32 px, batch 32, reff");
    json_t *results = json_read(path, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(results);
    check_results(results, "reff");
    json_decref(results);
    program_free(&r);
}

// --json prints what would be written; --output - writes nothing.
static void test_bench_json_prints_what_it_would_write(void) {
    struct program_result r;
    int before = suite_count_entries(suite_folder());
    CU_ASSERT_EQUAL(reff_run(&r, 0, "bench", "--quick", "--method", "baseline", "--threads", "2", "--peers",
                             "none", "--output", "-", "--json"),
                    0);
    json_t *results = json_loads(r.out, 0, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(results);
    check_results(results, "baseline");
    json_decref(results);
    program_free(&r);
    CU_ASSERT_EQUAL(suite_count_entries(suite_folder()), before);
}

static int set_up(void) {
    // Threads that wait by spinning would keep the others from working where cores are few.
    return setenv("OMP_WAIT_POLICY", "passive", 1) || suite_make_folder() ? -1 : 0;
}

void suite_bench(void) {
    CU_pSuite suite = CU_add_suite("bench", set_up, suite_remove_folder);
    CU_add_test(suite, "what is measured comes from the profiles",
                test_what_is_measured_comes_from_the_profiles);
    CU_add_test(suite, "a network's distinct convolutions are measured once each",
                test_a_networks_distinct_convolutions_are_measured_once_each);
    CU_add_test(suite, "the work of a step is what docs/performance.md says",
                test_the_work_of_a_step_is_what_docs_performance_md_says);
    CU_add_test(suite, "an observer is told of every map of every node",
                test_an_observer_is_told_of_every_map_of_every_node);
    CU_add_test(suite, "bench prints tables and writes the promised structure",
                test_bench_prints_tables_and_writes_the_promised_structure);
    CU_add_test(suite, "bench --json prints what it would write", test_bench_json_prints_what_it_would_write);
}
