// SPDX-License-Identifier: Apache-2.0
// reff bench: which steps and convolutions it measures, how it counts their work, what it writes. How fast
// anything is, no test says.
#include "experiments/bench/bench.h"

#include "core/networks/network.h"
#include "core/train/trainer.h"
#include "tests/support/suite.h"

#include <omp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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

// ---------------------------------------------------------------------------------------- repetitions

// However many there are: the first is kept, and from then on each of the same distance.
static void test_a_few_repetitions_are_kept_spread_evenly_over_all(void) {
    static const struct {
        int all, kept, stride;
    } expected[] = {{1, 1, 1}, {32, 32, 1}, {33, 17, 2}, {64, 32, 2}, {65, 17, 4}, {1000, 32, 32}};
    for (size_t k = 0; k < sizeof expected / sizeof *expected; k++) {
        struct bench_repeats r = {0};
        for (int i = 0; i < expected[k].all; i++)
            bench_repeats_add(&r, i == 7 ? 0.5 : 1 + i);
        CU_ASSERT_EQUAL(r.seen, expected[k].all);
        CU_ASSERT_EQUAL_FATAL(r.count, expected[k].kept);
        for (int i = 0; i < r.count; i++)
            CU_ASSERT(i * expected[k].stride == 7 || r.seconds[i] == 1 + i * expected[k].stride);
        CU_ASSERT_EQUAL(r.fastest, expected[k].all > 7 ? 0.5 : 1); // of all, kept or not
    }
}

static void test_repetitions_have_a_median_and_go_through_json(void) {
    static const double seconds[] = {3, 1, 2, 10, 0.123456};
    struct bench_repeats r = {0}, back;
    CU_ASSERT_EQUAL(bench_repeats_median(&r), 0); // of none
    for (int i = 0; i < 4; i++)
        bench_repeats_add(&r, seconds[i]);
    CU_ASSERT_EQUAL(bench_repeats_median(&r), 2.5);
    bench_repeats_add(&r, seconds[4]);
    CU_ASSERT_EQUAL(bench_repeats_median(&r), 2);
    json_t *json = bench_repeats_json(&r);
    bench_repeats_read(&back, json);
    json_decref(json);
    CU_ASSERT_EQUAL_FATAL(back.count, 5);
    CU_ASSERT_EQUAL(back.seconds[3], 10);
    CU_ASSERT_EQUAL(back.seconds[4], 0.1235); // to four digits
    CU_ASSERT_EQUAL(back.fastest, 0.123456);
}

// ---------------------------------------------------------------------------------------- goals

static void test_goals_are_those_of_what_auto_multiplies_with(void) {
    CU_ASSERT_EQUAL(bench_kind_of(PRECISION_F32, ISA_PLAIN), BENCH_KIND_F32);
    CU_ASSERT_EQUAL(bench_kind_of(PRECISION_F32, ISA_AVX512_BF16), BENCH_KIND_F32); // Intel, its tiles hidden
    CU_ASSERT_EQUAL(bench_kind_of(PRECISION_BF16, ISA_AVX512_BF16), BENCH_KIND_PAIRS);
    CU_ASSERT_EQUAL(bench_kind_of(PRECISION_BF16, ISA_AMX), BENCH_KIND_TILES);
    CU_ASSERT_EQUAL(bench_kind_precision(BENCH_KIND_F32), PRECISION_F32);
    CU_ASSERT_EQUAL(bench_kind_precision(BENCH_KIND_PAIRS), PRECISION_BF16);
    CU_ASSERT_EQUAL(bench_kind_precision(BENCH_KIND_TILES), PRECISION_BF16);
}

enum { MADE_STEPS = 8, MADE_CONVOLUTIONS = 4 };

struct made_report { // with numbers made up
    struct bench_report report;
    struct bench_case cases[MADE_STEPS];
    struct bench_step steps[MADE_STEPS];
    struct bench_convolution convolutions[MADE_CONVOLUTIONS];
};

static void make_step(struct made_report *m, const char *model, const char *method, enum precision precision,
                      double rate, double peer) {
    int i = m->report.cases.count++;
    struct bench_case *c = &m->cases[i];
    snprintf(c->training.model, sizeof c->training.model, "%s", model);
    snprintf(c->training.method, sizeof c->training.method, "%s", method);
    c->precision = precision;
    c->pixels = strcmp(model, "small") ? 224 : 32;
    m->steps[i] = (struct bench_step){.seconds = 16 / rate, .images_per_s = rate, .peak_mb = 900};
    m->steps[i].peer = (struct bench_peer){"PyTorch 1", peer, 2000};
}

// Of oneDNN's rate of 100: forward, data, weight.
static void make_convolution(struct made_report *m, int kernel, enum precision precision, double forward,
                             double data, double weight) {
    struct bench_convolution *c = &m->convolutions[m->report.convolutions.count++];
    *c = (struct bench_convolution){.gflops = {forward, data, weight}, .onednn_gflops = {100, 100, 100}};
    c->shape.kernel_h = c->shape.kernel_w = kernel;
    c->shape.precision = precision;
}

static void make_report(struct made_report *m, enum bench_kind kind) {
    memset(m, 0, sizeof *m);
    m->report.kind = kind;
    m->report.machine = json_pack("{s:s}", "onednn", "9.9");
    m->report.cases.items = m->cases;
    m->report.steps = m->steps;
    m->report.convolutions.items = m->convolutions;
    make_step(m, "resnet50", "baseline", PRECISION_F32, 10, 5);
    make_step(m, "resnet50", "baseline", PRECISION_BF16, 20, 5);
    make_step(m, "resnet50", "reff", PRECISION_F32, 4, 2);
    make_step(m, "resnet50", "reff", PRECISION_BF16, 10, 2);
    make_step(m, "small", "baseline", PRECISION_F32, 390, 100);
    make_step(m, "small", "baseline", PRECISION_BF16, 410, 100);
    make_step(m, "resnet50", "rrr", PRECISION_F32, 5, 2);
    make_step(m, "resnet50", "rrr", PRECISION_BF16, 8, 2);
    make_convolution(m, 1, PRECISION_F32, 90, 101, 120);
    make_convolution(m, 1, PRECISION_F32, 130, 99, 0); // its weight was not measured
    make_convolution(m, 3, PRECISION_F32, 200, 79, 200);
    make_convolution(m, 1, PRECISION_BF16, 71, 75, 85);
    m->report.data = (struct bench_data){.images = 1, .pixels = 224, .file_images_per_s = 250};
    bench_repeats_add(&m->report.data.generate, 4);
    bench_repeats_add(&m->report.data.plain, 3);
}

// value 0: not measured, so neither met nor missed
static void check_goals(const struct bench_report *report, const struct bench_goal expected[BENCH_GOALS],
                        const char *const met[BENCH_GOALS]) {
    json_t *list = bench_goals_json(report);
    CU_ASSERT_EQUAL_FATAL(json_array_size(list), BENCH_GOALS);
    for (int i = 0; i < BENCH_GOALS; i++) {
        const json_t *goal = json_array_get(list, i), *value = json_object_get(goal, "value"),
                     *is_met = json_object_get(goal, "met");
        const char *peer = json_string_value(json_object_get(goal, "peer"));
        suite_text_is(json_string_value(json_object_get(goal, "figure")), expected[i].figure);
        CU_ASSERT_DOUBLE_EQUAL(json_number_value(json_object_get(goal, "goal")), expected[i].goal, 1e-12);
        CU_ASSERT_DOUBLE_EQUAL(json_number_value(value), expected[i].value, 1e-12);
        CU_ASSERT_EQUAL(json_is_null(value), !expected[i].value);
        suite_text_is(json_is_null(is_met) ? "-" : json_is_true(is_met) ? "met" : "missed", met[i]);
        suite_text_is(peer ? peer : "", expected[i].peer);
    }
    json_decref(list);
}

static void test_goals_stand_beside_what_was_measured(void) {
    static const char torch[] = "PyTorch 1";
    static const struct bench_goal f32[BENCH_GOALS] = {
        {"baseline step / PyTorch", 2, 2, 0, "PyTorch 1"},
        {"ReFF step / PyTorch", 2, 2.6, 0, "PyTorch 1"},
        {"small network, baseline step / PyTorch", 3.9, 4, 0, "PyTorch 1"},
        {"small network, ReFF step / PyTorch", 0, 5, 0, ""},
        {"ReFF step time / baseline step time", 2.5, 1.9, 1, "the baseline's step"},
        {"RRR step time / baseline step time", 2, 2.2, 1, "the baseline's step"},
        {"1x1 convolutions / oneDNN, median, forward", 1.1, 1, 0, "oneDNN 9.9"},
        {"1x1 convolutions / oneDNN, median, data", 1, 1, 0, "oneDNN 9.9"},
        {"1x1 convolutions / oneDNN, median, weight", 1.2, 1, 0, "oneDNN 9.9"},
        {"any convolution, any map / oneDNN, least", 0.79, 0.8, 0, "oneDNN 9.9"},
        {"peak memory, ReFF / PyTorch", 0.45, 0.5, 1, "PyTorch 1"},
        {"generator / plain writes to the disk", 0.75, 0.8, 0, "plain writes"},
        {"loader / training", 12.5, 10, 0, "training: resnet50, baseline"},
    };
    static const char *const f32_met[BENCH_GOALS] = {"met", "missed", "missed", "-",   "missed", "met", "met",
                                                     "met", "met",    "missed", "met", "missed", "met"};
    static const double tiles_value[BENCH_GOALS] = {4, 5, 4.1, 0, 2, 2.5, .71, .75, .85, .71, .45, .75, 12.5},
                        tiles_goal[BENCH_GOALS] = {8, 12, 5, 8, 1.9, 2.2, 1, 1, 1, .7, .45, .8, 10},
                        pairs_goal[BENCH_GOALS] = {2.6, 4, 4, 5.5, 1.75, 2.2, 1, 1, 1, .8, .45, .8, 10};
    static const char *const tiles_met[BENCH_GOALS] = {"missed", "missed", "missed", "-",      "missed",
                                                       "missed", "missed", "missed", "missed", "met",
                                                       "met",    "missed", "met"},
                             *const pairs_met[BENCH_GOALS] = {
                                 "met",    "met",    "met",    "-",   "missed", "missed", "missed",
                                 "missed", "missed", "missed", "met", "missed", "met"};
    struct made_report m;
    struct bench_goal expected[BENCH_GOALS];
    make_report(&m, BENCH_KIND_F32);
    CU_ASSERT_STRING_EQUAL(f32[0].peer, torch);
    check_goals(&m.report, f32, f32_met);
    json_decref(m.report.machine);
    for (int tiles = 0; tiles < 2; tiles++) {
        make_report(&m, tiles ? BENCH_KIND_TILES : BENCH_KIND_PAIRS);
        for (int i = 0; i < BENCH_GOALS; i++) {
            expected[i] = f32[i];
            expected[i].value = tiles_value[i];
            expected[i].goal = (tiles ? tiles_goal : pairs_goal)[i];
        }
        check_goals(&m.report, expected, tiles ? tiles_met : pairs_met);
        json_decref(m.report.machine);
    }
}

// A loader of other images than the network's, oneDNN on another network's convolutions, a peer that is not there.
static void test_what_was_not_measured_has_no_value(void) {
    struct made_report m;
    struct bench_goal goals[BENCH_GOALS];
    make_report(&m, BENCH_KIND_F32);
    for (int i = 0; i < MADE_STEPS; i++)
        if (!strcmp(m.cases[i].training.model, "resnet50"))
            snprintf(m.cases[i].training.model, sizeof m.cases[i].training.model, "resnet18");
    m.steps[4].peer = (struct bench_peer){0};
    m.report.data.pixels = 112;
    bench_goals_evaluate(goals, &m.report);
    for (int i = 0; i < BENCH_GOALS; i++)
        CU_ASSERT_EQUAL(goals[i].value > 0, !strncmp(goals[i].figure, "generator", 9));
    m.report.data.images = 0;
    m.report.cases.count = m.report.convolutions.count = 0;
    bench_goals_evaluate(goals, &m.report);
    for (int i = 0; i < BENCH_GOALS; i++)
        CU_ASSERT(goals[i].value == 0 && !*goals[i].peer);
    json_decref(m.report.machine);
}

// ---------------------------------------------------------------------------------------- scaling

static void test_scaling_has_powers_of_two_and_all_threads(void) {
    static const struct {
        int threads, count, of_a_run[5], jobs[5];
    } expected[] = {{1, 1, {1}, {1}},
                    {2, 2, {1, 2}, {2, 1}},
                    {6, 4, {1, 2, 4, 6}, {6, 3, 1, 1}},
                    {16, 5, {1, 2, 4, 8, 16}, {16, 8, 4, 2, 1}}};
    const struct bench_case c = {0};
    struct bench_scaling s;
    for (size_t k = 0; k < sizeof expected / sizeof *expected; k++) {
        bench_scaling_plan(&s, &c, expected[k].threads);
        CU_ASSERT_PTR_EQUAL(s.of, &c);
        CU_ASSERT_EQUAL_FATAL(s.count, expected[k].count);
        for (int i = 0; i < s.count; i++) {
            CU_ASSERT_EQUAL(s.rows[i].threads, expected[k].of_a_run[i]);
            CU_ASSERT_EQUAL(s.rows[i].jobs, expected[k].jobs[i]);
        }
        CU_ASSERT_PTR_NULL(bench_scaling_best(&s)); // nothing is measured yet
    }
    s.rows[1].together_per_s = 7;
    s.rows[3].together_per_s = 9;
    s.rows[4].together_per_s = 8;
    CU_ASSERT_PTR_EQUAL(bench_scaling_best(&s), &s.rows[3]);
}

// Two runs at once do not fit into a byte, but one does always.
static void test_runs_at_once_that_memory_does_not_hold_are_left_out(void) {
    struct error err = {0};
    struct bench_cases cases;
    struct bench_scaling s;
    const struct bench_effort effort = {2, 0.01};
    CU_ASSERT_FATAL(!bench_cases_read(&cases, "small", "baseline", &err));
    bench_scaling_plan(&s, &cases.items[0], 2);
    s.rows[1].threads = 1; // a child of this process, which has computed, has one thread (isolate.h)
    CU_ASSERT_FATAL(!bench_scaling_measure(&s, 1, &effort, &err));
    CU_ASSERT(s.rows[0].images_per_s > 0 && s.rows[0].together_per_s == 0);
    CU_ASSERT(s.rows[1].images_per_s > 0 && s.rows[1].together_per_s == s.rows[1].images_per_s);
    json_t *json = bench_scaling_json(&s);
    const json_t *row = json_array_get(json_object_get(json, "rows"), 0);
    CU_ASSERT(json_is_null(json_object_get(row, "together_images_per_s")));
    json_decref(json);
    bench_cases_free(&cases);
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

static void check_repeats(const json_t *entry) {
    const json_t *repeats = json_object_get(entry, "repeats");
    CU_ASSERT(json_array_size(repeats) >= 5 && json_array_size(repeats) <= BENCH_REPEATS_MAXIMUM);
    for (size_t i = 0; i < json_array_size(repeats); i++)
        CU_ASSERT(json_number_value(json_array_get(repeats, i)) > 0);
}

static void check_convolutions(const json_t *convolutions) {
    size_t i;
    json_t *c;
    CU_ASSERT(json_array_size(convolutions) > 10);
    json_array_foreach(convolutions, i, c) {
        CU_ASSERT(HAS_KEYS(c, "shape", "map", "precision", "isa", "gflops", "repeats", "share_of_limit",
                           "onednn_gflops"));
        check_repeats(c);
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

static void check_data(const json_t *data) {
    static const char *const rates[] = {"bytes", "generate_images_per_s", "share_of_disk",
                                        "memory_images_per_s", "file_images_per_s"};
    CU_ASSERT(HAS_KEYS(data, "images", "pixels", "bytes", "generate", "processor", "plain", "read_again",
                       "generate_images_per_s", "share_of_disk", "memory_images_per_s", "file_images_per_s",
                       "peer", "peer_images_per_s"));
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++)
        CU_ASSERT(json_number_value(json_object_get(data, rates[i])) > 0);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(data, "images")), 200);
    CU_ASSERT(json_number_value(json_object_get(data, "bytes")) > 200.0 * 224 * 224 * 4);
    CU_ASSERT(json_is_null(json_object_get(data, "peer")));
}

// One entry, the small network's, with a row for each number of threads.
static void check_scaling(const json_t *scaling, const char *method, int threads) {
    const json_t *one = json_array_get(scaling, 0), *rows = json_object_get(one, "rows");
    CU_ASSERT_EQUAL(json_array_size(scaling), 1);
    CU_ASSERT(HAS_KEYS(one, "model", "pixels", "batch", "method", "precision", "rows", "best_jobs",
                       "best_threads"));
    suite_text_is(json_string_value(json_object_get(one, "method")), method);
    CU_ASSERT_EQUAL(json_array_size(rows), threads); // 1 or 2
    for (int i = 0; i < threads; i++) {
        const json_t *row = json_array_get(rows, i);
        CU_ASSERT(HAS_KEYS(row, "threads", "images_per_s", "jobs", "together_images_per_s"));
        CU_ASSERT_EQUAL(json_integer_value(json_object_get(row, "threads")), 1 + i);
        CU_ASSERT(json_number_value(json_object_get(row, "together_images_per_s")) > 0);
    }
}

static void check_results(const json_t *results, const char *method, int threads) {
    const json_t *steps = json_object_get(results, "steps"), *step = json_array_get(steps, 0);
    CU_ASSERT(HAS_KEYS(results, "machine", "limits", "goals", "steps", "convolutions", "layers", "data",
                       "scaling"));
    CU_ASSERT(HAS_KEYS(json_object_get(results, "limits"), "f32_gflops", "bf16_gflops", "read_gbs"));
    CU_ASSERT(HAS_KEYS(step, "model", "pixels", "batch", "method", "precision", "isa", "images_per_s",
                       "repeats", "peer", "peer_images_per_s", "ratio", "peak_mb", "peer_peak_mb"));
    CU_ASSERT(json_array_size(steps) >= 1);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(step, "model")), "small");
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(step, "method")), method);
    CU_ASSERT(json_number_value(json_object_get(step, "images_per_s")) > 0);
    CU_ASSERT(json_number_value(json_object_get(step, "peak_mb")) > 1);
    CU_ASSERT(json_is_null(json_object_get(step, "peer")) && json_is_null(json_object_get(step, "ratio")));
    CU_ASSERT_EQUAL(json_array_size(json_object_get(results, "layers")), json_array_size(steps));
    CU_ASSERT_EQUAL(json_array_size(json_object_get(results, "goals")), BENCH_GOALS);
    check_repeats(step);
    check_data(json_object_get(results, "data"));
    check_scaling(json_object_get(results, "scaling"), method, threads);
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
    check_results(results, "reff", 1);
    suite_text_has(r.out, "\nData: 200 images of Textured MNIST, 224 px, ");
    suite_text_has(r.out, "\nThreads: small, 32 px, batch 32, reff, ");
    suite_text_has(r.out, "\n  most images a second: JOBS=1 THREADS=1\n");
    suite_text_has(r.out, "\nGoals for machines where auto takes ");
    suite_text_has(r.out, "\n  baseline step / PyTorch                             - at least ");
    CU_ASSERT_EQUAL(suite_count_entries(suite_path("bench")), 1); // the data are gone
    json_decref(results);
    program_free(&r);
}

// --parts leaves the others' places empty.
static void test_bench_measures_the_parts_that_are_asked_for(void) {
    struct program_result r;
    CU_ASSERT_EQUAL(reff_run(&r, 0, "bench", "--quick", "--parts", "data", "--threads", "1", "--peers",
                             "none", "--output", "-", "--json"),
                    0);
    json_t *results = json_loads(r.out, 0, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(results);
    check_data(json_object_get(results, "data"));
    CU_ASSERT_EQUAL(json_array_size(json_object_get(results, "steps")), 0);
    CU_ASSERT_EQUAL(json_array_size(json_object_get(results, "layers")), 0);
    CU_ASSERT_EQUAL(json_array_size(json_object_get(results, "convolutions")), 0);
    CU_ASSERT_EQUAL(json_array_size(json_object_get(results, "scaling")), 0);
    json_decref(results);
    program_free(&r);
    CU_ASSERT_EQUAL(reff_run(&r, 0, "bench", "--quick", "--parts", "scaling", "--threads", "1", "--peers",
                             "none", "--output", "-"),
                    0);
    suite_text_has(r.out, "\nThreads: small, ");
    CU_ASSERT_PTR_NULL(strstr(r.out, "\nData: "));
    CU_ASSERT_PTR_NULL(strstr(r.out, "images/s arithmetic"));
    CU_ASSERT_PTR_NULL(strstr(r.out, "convolution (images"));
    program_free(&r);
}

// Data that the disk does not take are one line, and leave nothing.
static void test_a_disk_too_small_for_the_data_is_named_and_left_clean(void) {
    struct program_result r;
    const char *path = suite_path("full/step.json");
    CU_ASSERT_EQUAL(reff_run(&r, 1 << 20, "bench", "--quick", "--parts", "data", "--threads", "1", "--peers",
                             "none", "--output", path),
                    1);
    suite_text_has(r.err, "/shard.h5: File too large\n");
    CU_ASSERT_EQUAL(suite_count_entries(suite_path("full")), 0);
    program_free(&r);
}

// A signal while data are written: they are removed, and the exit status says so.
static void test_an_interrupted_bench_leaves_no_data_behind(void) {
    const char *folder = suite_path("interrupted"), *output = suite_path("interrupted/step.json");
    const char *const argv[] = {suite_reff(), "bench",   "--quick", "--parts",  "data", "--threads",
                                "1",          "--peers", "none",    "--output", output, NULL};
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        execv(argv[0], (char *const *)argv);
        _exit(127);
    }
    CU_ASSERT_FATAL(child > 0);
    for (int i = 0; i < 6000 && suite_count_entries(folder) < 1; i++)
        usleep(10000);
    CU_ASSERT_EQUAL(suite_count_entries(folder), 1); // its folder of data
    CU_ASSERT(!kill(child, SIGTERM));
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_INTERRUPTED);
    CU_ASSERT_EQUAL(suite_count_entries(folder), 0);
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
    check_results(results, "baseline", 2);
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
    CU_add_test(suite, "a few repetitions are kept, spread evenly over all",
                test_a_few_repetitions_are_kept_spread_evenly_over_all);
    CU_add_test(suite, "repetitions have a median and go through JSON",
                test_repetitions_have_a_median_and_go_through_json);
    CU_add_test(suite, "goals are those of what auto multiplies with",
                test_goals_are_those_of_what_auto_multiplies_with);
    CU_add_test(suite, "goals stand beside what was measured", test_goals_stand_beside_what_was_measured);
    CU_add_test(suite, "what was not measured has no value", test_what_was_not_measured_has_no_value);
    CU_add_test(suite, "scaling has powers of two and all threads",
                test_scaling_has_powers_of_two_and_all_threads);
    CU_add_test(suite, "runs at once that memory does not hold are left out",
                test_runs_at_once_that_memory_does_not_hold_are_left_out);
    CU_add_test(suite, "an observer is told of every map of every node",
                test_an_observer_is_told_of_every_map_of_every_node);
    CU_add_test(suite, "bench prints tables and writes the promised structure",
                test_bench_prints_tables_and_writes_the_promised_structure);
    CU_add_test(suite, "bench measures the parts that are asked for",
                test_bench_measures_the_parts_that_are_asked_for);
    CU_add_test(suite, "a disk too small for the data is named and left clean",
                test_a_disk_too_small_for_the_data_is_named_and_left_clean);
    CU_add_test(suite, "an interrupted bench leaves no data behind",
                test_an_interrupted_bench_leaves_no_data_behind);
    CU_add_test(suite, "bench --json prints what it would write", test_bench_json_prints_what_it_would_write);
}
