// SPDX-License-Identifier: Apache-2.0
// Running statistics against the data: what the drift is, and that measuring it changes nothing.
#include "core/train/drift.h"

#include "core/base/memory.h"
#include "core/base/random.h"
#include "core/train/train.h"
#include "tests/support/suite.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { PIXELS = 8, CLASSES = 3, BATCH = 8 };

static struct shard *shard;

static void fill(uint8_t *images, size_t size, int i) {
    struct random r = random_stream(4, random_purpose("drift"), (uint64_t)i);
    for (size_t p = 0; p < size; p++)
        images[p] = (uint8_t)random_below(&r, 256);
}

static int make_shard(const char *path) {
    struct error err = {0};
    struct column none[] = {{0}};
    uint8_t images[PIXELS * PIXELS * 3], masks[PIXELS * PIXELS] = {0};
    struct shard_writer *w =
        shard_create(path, (struct shard_shape){40, PIXELS, PIXELS, CLASSES}, none, 0, 4, &err);
    for (int i = 0; w && i < 40; i++) {
        int32_t label = i % CLASSES;
        fill(images, sizeof images, i);
        if (shard_append(w, 1, images, masks, &label, NULL, &err))
            return -1;
    }
    json_t *attributes = json_pack("{s:s}", "title", "test");
    int failed = !w || shard_finish(w, attributes, (char[65]){0}, &err);
    json_decref(attributes);
    return failed || !(shard = shard_open(path, &err)) ? -1 : 0;
}

static struct trainer *make_trainer(double momentum) {
    struct error err = {0};
    struct train_settings s;
    struct trainer_settings resolved;
    double lambda;
    settings_default(train_schema, &s);
    s.width = 4;
    s.batch = BATCH;
    s.bn_momentum = momentum;
    CU_ASSERT_FATAL(!train_resolve(&s, PIXELS, CLASSES, &resolved, &lambda, &err));
    struct trainer *t = trainer_create(&resolved, 3, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    return t;
}

static double drift_of(struct trainer *t) {
    struct error err = {0};
    double drift = -1;
    CU_ASSERT_FATAL(!drift_of_statistics(t, shard, &drift, &err));
    return drift;
}

// Moves the running statistics by `steps` batches, as training does.
static void settle(struct trainer *t, int steps) {
    struct error err = {0};
    struct step_result ignored;
    uint8_t images[BATCH * PIXELS * PIXELS * 3], masks[BATCH * PIXELS * PIXELS];
    int32_t labels[BATCH];
    uint32_t index[BATCH];
    for (int step = 0; step < steps; step++) {
        for (int i = 0; i < BATCH; i++)
            index[i] = (uint32_t)((step * BATCH + i) % 40);
        CU_ASSERT_FATAL(!shard_read(shard, index, BATCH, images, masks, labels, &err));
        CU_ASSERT_FATAL(!trainer_gradient(t, images, masks, labels, 0, &ignored, &err));
    }
}

// Fresh statistics (0 and 1) are far off, settled ones near, and nearer with a small momentum than with one
// that forgets all but the last batches.
static void test_settled_statistics_drift_little(void) {
    struct trainer *slow = make_trainer(0.1), *fast = make_trainer(0.9);
    CU_ASSERT(drift_of(slow) > 0.5);
    settle(slow, 60);
    settle(fast, 60);
    double small = drift_of(slow), large = drift_of(fast);
    CU_ASSERT(small > 0 && small < 0.1);
    CU_ASSERT(large > 2 * small);
    trainer_free(slow);
    trainer_free(fast);
}

// The first channel's mean of every layer is off by 20 standard deviations, or its variance e^4 times too
// small: that is the root mean square over all channels.
static void check_formula(int of_variance, double off) {
    struct trainer *t = make_trainer(0.1);
    struct parameters *p = &t->parameters;
    int channels = 0, moved = 0;
    settle(t, 60);
    for (int i = 0; i + 1 < p->count; i++)
        if (!p->items[i].trained) {
            for (size_t c = 0; c < p->items[i].size; c++, channels++)
                if (c == 0) {
                    real *mean = &p->items[i].value[c], *variance = &p->items[i + 1].value[c];
                    if (of_variance)
                        *variance *= (real)exp(-off);
                    else
                        *mean += (real)(off * sqrt((double)*variance));
                    moved++;
                }
            i++;
        }
    double expected = off * sqrt((double)moved / channels);
    CU_ASSERT_DOUBLE_EQUAL(drift_of(t) / expected, 1, 0.05);
    trainer_free(t);
}

static void test_drift_is_what_the_formula_says(void) {
    check_formula(0, 20);
    check_formula(1, 4);
}

static void test_measuring_changes_nothing(void) {
    struct trainer *t = make_trainer(0.1);
    struct parameters *p = &t->parameters;
    settle(t, 3);
    size_t size = 0;
    for (int i = 0; i < p->count; i++)
        size += p->items[i].size;
    real *before = malloc(size * sizeof *before), *at = before;
    CU_ASSERT_PTR_NOT_NULL_FATAL(before);
    for (int i = 0; i < p->count; at += p->items[i++].size)
        memcpy(at, p->items[i].value, p->items[i].size * sizeof *at);
    double first = drift_of(t);
    at = before;
    for (int i = 0; i < p->count; at += p->items[i++].size)
        CU_ASSERT(!memcmp(at, p->items[i].value, p->items[i].size * sizeof *at));
    CU_ASSERT_EQUAL(drift_of(t), first);
    free(before);
    trainer_free(t);
}

static void test_running_out_of_memory_is_told(void) {
    struct trainer *t = make_trainer(0.1);
    double drift;
    int failures = 0;
    for (long n = 1; n < 100; n++) {
        struct error err = {0};
        memory_fail_at = n;
        int failed = drift_of_statistics(t, shard, &drift, &err), used_up = memory_fail_at > 0;
        memory_fail_at = 0;
        CU_ASSERT_EQUAL(failed, used_up ? 0 : -1);
        if (used_up)
            break;
        suite_text_has(err.message, "out of memory");
        CU_ASSERT(n < 20);
        failures++;
    }
    CU_ASSERT(failures > 0);
    trainer_free(t);
}

static int threads;

// One thread: the networks are so small that others would only wait.
static int set_up(void) {
    threads = omp_get_max_threads();
    omp_set_num_threads(1);
    return suite_make_folder() || make_shard(suite_path("data.h5")) ? -1 : 0;
}

static int clean_up(void) {
    shard_close(shard);
    omp_set_num_threads(threads);
    return suite_remove_folder();
}

void suite_drift(void) {
    CU_pSuite s = CU_add_suite("drift", set_up, clean_up);
    CU_add_test(s, "settled statistics drift little", test_settled_statistics_drift_little);
    CU_add_test(s, "drift is what the formula says", test_drift_is_what_the_formula_says);
    CU_add_test(s, "measuring changes nothing", test_measuring_changes_nothing);
    CU_add_test(s, "running out of memory is told", test_running_out_of_memory_is_told);
}
