// SPDX-License-Identifier: Apache-2.0
// Whole runs of every method on a shard with groups: stopped and continued, on other threads, and what those say that
// miss what they need. The last layer's regression on its own.
#include "core/base/file.h"
#include "core/base/interrupt.h"
#include "core/base/random.h"
#include "core/methods/method.h"
#include "core/shard/shard.h"
#include "core/train/last_layer.h"
#include "core/train/train.h"
#include "tests/support/suite.h"

#include <math.h>
#include <omp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 16, CLASSES = 3, AREA = SIDE * SIDE };

// A class is a brightness of the left half, which is annotated; its background goes with it in seven of eight images.
static void make_shard(const char *path, int count, int with_groups) {
    struct error err = {0};
    struct column columns[] = {{"group", COLUMN_INT32, 0, "of the image"}, {0}};
    struct random r = random_stream(1, random_purpose(path + strlen(suite_folder())), 0);
    uint8_t images[AREA * 3], masks[AREA];
    struct shard_writer *w = shard_create(path, (struct shard_shape){count, SIDE, SIDE, CLASSES},
                                          with_groups ? columns : columns + 1, 0, 4, &err);
    CU_ASSERT_FATAL(w != NULL);
    for (int i = 0; i < count; i++) {
        int32_t label = i % CLASSES, background = i % 8 == 7 ? (label + 1) % CLASSES : label,
                group = 10 + 2 * label + (background != label); // numbers need not begin at 0
        for (int p = 0; p < AREA; p++) {
            masks[p] = p % SIDE < SIDE / 2 ? 255 : 0;
            for (int c = 0; c < 3; c++)
                images[3 * p + c] = (uint8_t)(60 * (masks[p] ? label : background) + 60 * random_uniform(&r));
        }
        const void *values[] = {&group};
        CU_ASSERT_FATAL(!shard_append(w, 1, images, masks, &label, values, &err));
    }
    json_t *attributes = json_pack("{s:s}", "title", "test");
    CU_ASSERT_FATAL(!shard_finish(w, attributes, (char[65]){0}, &err));
    json_decref(attributes);
}

// Once, by whichever test comes first.
static void make_shards(void) {
    struct error err;
    if (file_is_there(suite_path("validation.h5"), &err) == 1)
        return;
    make_shard(suite_path("train.h5"), 52, 1);
    make_shard(suite_path("bare.h5"), 52, 0);
    make_shard(suite_path("test.h5"), 21, 1);
    make_shard(suite_path("validation.h5"), 30, 1);
}

static struct train_settings settings_of(const char *method) {
    struct train_settings s;
    settings_default(train_schema, &s);
    snprintf(s.method, sizeof s.method, "%s", method);
    s.width = 4;
    s.batch = 8;
    s.epochs = 2;
    s.seed = 5;
    s.checkpoint_seconds = 0;
    return s;
}

static void stop_at_7(void *context, double done, double total, const char *note) {
    (void)context, (void)total, (void)note;
    if (done == 7)
        raise(SIGTERM);
}

static int run(const struct train_settings *s, const char *train, const char *folder, int stop,
               struct error *err) {
    struct train_job job = {
        .settings = s,
        .train = suite_path(train),
        .test = suite_path("test.h5"),
        .validation = method_of(s->method)->retrains_last_layer ? suite_path("validation.h5") : NULL,
        .folder = suite_path(folder),
        .progress = stop ? stop_at_7 : NULL};
    return train_run(&job, err);
}

// The digest of the trained network; "" where there is no record.
static void digest_of(const char *folder, char out[65]) {
    struct error err;
    char file[80];
    snprintf(file, sizeof file, "%s/run.json", folder);
    json_t *record = json_read(suite_path(file), &err);
    snprintf(out, 65, "%s", record ? json_string_value(json_object_get(record, "model_sha256")) : "");
    json_decref(record);
}

static void test_every_methods_run_goes_on_with_the_same_bits(void) {
    make_shards();
    char whole[65], resumed[65], folder[40], part[40];
    for (int i = 0; method_list[i]; i++) {
        struct error err = {0};
        struct train_settings s = settings_of(method_list[i]->name);
        snprintf(folder, sizeof folder, "whole-%d", i);
        snprintf(part, sizeof part, "part-%d", i);
        CU_ASSERT_FATAL(!run(&s, "train.h5", folder, 0, &err));
        CU_ASSERT_FATAL(run(&s, "train.h5", part, 1, &err) == -1 && err.status == EXIT_INTERRUPTED);
        interrupt_clear();
        CU_ASSERT_FATAL(!run(&s, "train.h5", part, 0, &err));
        digest_of(folder, whole);
        digest_of(part, resumed);
        CU_ASSERT(strlen(whole) == 64);
        suite_text_is(resumed, whole);
    }
}

static void test_every_methods_run_has_the_same_bits_on_any_threads(void) {
    make_shards();
    char one[65], three[65], folder[40];
    int before = omp_get_max_threads();
    for (int i = 0; method_list[i]; i++) {
        struct error err = {0};
        struct train_settings s = settings_of(method_list[i]->name);
        for (int threads = 1; threads <= 3; threads += 2) {
            omp_set_num_threads(threads);
            snprintf(folder, sizeof folder, "threads-%d-%d", threads, i);
            CU_ASSERT_FATAL(!run(&s, "train.h5", folder, 0, &err));
            digest_of(folder, threads == 1 ? one : three);
        }
        suite_text_is(three, one);
    }
    omp_set_num_threads(before);
}

static void test_methods_of_groups_tell_that_there_are_none(void) {
    make_shards();
    static const char *const methods[] = {"reweight", "group-dro"};
    for (int i = 0; i < 2; i++) {
        struct error err = {0};
        char end[80];
        struct train_settings s = settings_of(methods[i]);
        CU_ASSERT(run(&s, "bare.h5", "none", 0, &err) == -1);
        snprintf(end, sizeof end, "bare.h5: no column 'group', which the method %s needs", methods[i]);
        suite_text_has(err.message, end);
        CU_ASSERT(file_is_there(suite_path("none/run.json"), &err) == 0);
    }
}

static void test_dfr_needs_validation_and_records_its_last_layer(void) {
    make_shards();
    struct error err = {0};
    struct train_settings s = settings_of("dfr");
    struct train_job job = {.settings = &s,
                            .train = suite_path("train.h5"),
                            .test = suite_path("test.h5"),
                            .folder = suite_path("no")};
    CU_ASSERT(train_run(&job, &err) == -1);
    CU_ASSERT_EQUAL(err.status, EXIT_USAGE);
    suite_text_is(err.message, "--method: dfr needs a validation shard (--validation FILE)");
    CU_ASSERT_FATAL(!run(&s, "train.h5", "dfr", 0, &err));
    json_t *record = json_read(suite_path("dfr/run.json"), &err),
           *layer = json_object_get(record, "last_layer");
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(layer, "images")), 30);
    CU_ASSERT(json_number_value(json_object_get(layer, "l2")) > 0);
    CU_ASSERT(json_integer_value(json_object_get(layer, "iterations")) > 0);
    json_decref(record);
}

// The loss of the regression, written out.
static double loss_of(const double *x, const int32_t *labels, long n, int width, int classes, double l2,
                      const double *w) {
    double loss = 0;
    for (long i = 0; i < n; i++) {
        double sum = 0, own = 0;
        for (int c = 0; c < classes; c++) {
            double z = w[c * (width + 1) + width];
            for (int f = 0; f < width; f++)
                z += w[c * (width + 1) + f] * x[f * n + i];
            sum += exp(z);
            own = c == labels[i] ? z : own;
        }
        loss += (log(sum) - own) / (double)n;
    }
    for (int k = 0; k < classes * (width + 1); k++)
        loss += (k + 1) % (width + 1) ? l2 / 2 * w[k] * w[k] : 0;
    return loss;
}

static void test_the_last_layers_regression_ends_where_its_loss_is_least(void) {
    enum { COUNT = 331, WIDTH = 7, SIZE = CLASSES * (WIDTH + 1) };
    static double x[WIDTH * COUNT];
    double w[SIZE] = {0};
    int32_t labels[COUNT];
    struct error err = {0};
    struct random r = random_stream(2, random_purpose("features"), 0);
    for (int i = 0; i < COUNT; i++) {
        labels[i] = (int32_t)random_below(&r, CLASSES);
        for (int f = 0; f < WIDTH; f++) // the first features tell something, the last two are nearly one
            x[f * COUNT + i] = f == WIDTH - 1 ? x[(f - 1) * COUNT + i] + 0.01 * random_normal(&r)
                                              : random_normal(&r) + (f < CLASSES && f == labels[i] ? 1 : 0);
    }
    int iterations = last_layer_fit(x, labels, COUNT, WIDTH, CLASSES, 0.003, w, &err);
    CU_ASSERT(iterations > 3 && iterations < 5000);
    double least = loss_of(x, labels, COUNT, WIDTH, CLASSES, 0.003, w);
    CU_ASSERT(least < 0.95);
    for (int k = 0; k < SIZE; k++) { // flat in each direction, and higher beside it
        double kept = w[k];
        w[k] = kept + 1e-3;
        double above = loss_of(x, labels, COUNT, WIDTH, CLASSES, 0.003, w);
        w[k] = kept - 1e-3;
        double below = loss_of(x, labels, COUNT, WIDTH, CLASSES, 0.003, w);
        w[k] = kept;
        suite_near((above - below) / 2e-3, 0, 2e-6);
        CU_ASSERT(above > least - 1e-9 && below > least - 1e-9);
    }
}

void suite_train_methods(void);
void suite_train_methods(void) {
    CU_pSuite suite = CU_add_suite("train_methods", suite_make_folder, suite_remove_folder);
    CU_add_test(suite, "every method's run goes on with the same bits",
                test_every_methods_run_goes_on_with_the_same_bits);
    CU_add_test(suite, "every method's run has the same bits on any threads",
                test_every_methods_run_has_the_same_bits_on_any_threads);
    CU_add_test(suite, "methods of groups tell that there are none",
                test_methods_of_groups_tell_that_there_are_none);
    CU_add_test(suite, "dfr needs validation and records its last layer",
                test_dfr_needs_validation_and_records_its_last_layer);
    CU_add_test(suite, "the last layer's regression ends where its loss is least",
                test_the_last_layers_regression_ends_where_its_loss_is_least);
}
