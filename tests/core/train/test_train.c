// SPDX-License-Identifier: Apache-2.0
// Training runs on small shards: the record, resuming with the same bits, full disks, what bad input says.
#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/base/interrupt.h"
#include "core/base/memory.h"
#include "core/base/random.h"
#include "core/kernels/real.h"
#include "core/shard/shard.h"
#include "core/train/train.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { PIXELS = 16, CLASSES = 3 };

// Images whose brightness tells the class; annotations are the left half.
static void make_shard(const char *path, int count, int pixels, int classes) {
    struct error err = {0};
    struct column none[] = {{0}};
    struct random r = random_stream(1, random_purpose(path + strlen(suite_folder())), 0);
    size_t area = (size_t)pixels * pixels;
    uint8_t *images = malloc(area * 3), *masks = malloc(area);
    struct shard_writer *w =
        shard_create(path, (struct shard_shape){count, pixels, pixels, classes}, none, 0, 4, &err);
    CU_ASSERT_FATAL(w != NULL);
    for (int i = 0; i < count; i++) {
        int32_t label = i % classes;
        for (size_t p = 0; p < area * 3; p++)
            images[p] = (uint8_t)(60 * label + 50 * random_uniform(&r));
        for (size_t p = 0; p < area; p++)
            masks[p] = p % (size_t)pixels < (size_t)pixels / 2 ? 255 : 0;
        CU_ASSERT_FATAL(!shard_append(w, 1, images, masks, &label, NULL, &err));
    }
    json_t *attributes = json_pack("{s:s}", "title", "test");
    CU_ASSERT_FATAL(!shard_finish(w, attributes, (char[65]){0}, &err));
    json_decref(attributes);
    free(images);
    free(masks);
}

static struct train_settings small_settings(const char *method) {
    struct train_settings s;
    settings_default(train_schema, &s);
    strcpy(s.method, method);
    s.width = 4;
    s.batch = 8;
    s.epochs = 3;
    s.seed = 5;
    s.checkpoint_seconds = 0;
    return s;
}

struct stop { // raises SIGTERM in this process once `at` steps are done
    double at;
};

static void stop_at(void *context, double done, double total, const char *note) {
    (void)total;
    (void)note;
    if (done == ((struct stop *)context)->at)
        raise(SIGTERM);
}

static int run_in(const struct train_settings *s, const char *name, int force, struct stop *stop,
                  struct error *err) {
    struct train_job job = {.settings = s,
                            .force = force,
                            .train = suite_path("train.h5"),
                            .test = suite_path("test.h5"),
                            .folder = suite_path(name),
                            .progress = stop ? stop_at : NULL,
                            .progress_context = stop};
    return train_run(&job, err);
}

static int run(const struct train_settings *s, const char *name, struct stop *stop, struct error *err) {
    return run_in(s, name, 0, stop, err);
}

static int run_anew(const struct train_settings *s, const char *name, struct stop *stop, struct error *err) {
    return run_in(s, name, 1, stop, err);
}

static json_t *read_record(const char *name) {
    struct error err;
    char file[80];
    snprintf(file, sizeof file, "%s/run.json", name);
    return json_read(suite_path(file), &err);
}

static char *read_metrics(const char *name) {
    struct error err;
    char file[80];
    snprintf(file, sizeof file, "%s/metrics.jsonl", name);
    return file_read(suite_path(file), 1 << 20, NULL, &err);
}

static void test_a_runs_record_is_complete_and_counts_every_image_once(void) {
    struct error err = {0};
    struct train_settings s = small_settings("reff");
    make_shard(suite_path("train.h5"), 50, PIXELS, CLASSES);
    make_shard(suite_path("test.h5"), 21, PIXELS, CLASSES);
    CU_ASSERT_FATAL(!run(&s, "whole", NULL, &err));
    json_t *record = read_record("whole");
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(record, "state")), "done");
    json_t *metrics = json_object_get(record, "metrics"), *confusion = json_object_get(metrics, "confusion");
    long images = 0, hits = 0;
    size_t i, j;
    json_t *row, *cell;
    json_array_foreach(confusion, i, row) json_array_foreach(row, j, cell) {
        images += json_integer_value(cell);
        hits += i == j ? json_integer_value(cell) : 0;
    }
    CU_ASSERT_EQUAL(images, 21); // the filled-up last batch counts its images once
    CU_ASSERT_DOUBLE_EQUAL(json_number_value(json_object_get(metrics, "accuracy")),
                           100.0 * (double)hits / 21.0, 1e-9);
    CU_ASSERT_EQUAL(json_object_size(json_object_get(metrics, "cam_inside")), 4);
    CU_ASSERT_EQUAL(strlen(json_string_value(json_object_get(record, "model_sha256"))), 64);
    CU_ASSERT(json_is_true(json_object_get(json_object_get(record, "data"), "measured")));
    CU_ASSERT_PTR_NOT_NULL(json_object_get(record, "provenance"));
    char *lines = read_metrics("whole");
    int count = 0;
    for (char *c = lines; *c; c++)
        count += *c == '\n';
    CU_ASSERT_EQUAL(count, 3);
    CU_ASSERT_EQUAL(suite_count_entries(suite_path("whole")),
                    2); // run.json, metrics.jsonl; no checkpoint is left
    free(lines);
    json_decref(record);
}

// What a run starts from is the file that its identity was made with, by the bytes that were read.
static void test_weights_are_held_to_what_is_recorded(void) {
    struct error err = {0};
    struct train_settings s = small_settings("baseline");
    char right[65], wrong[65], *start = NULL;
    size_t size;
    s.epochs = 1;
    s.save_model = 1;
    CU_ASSERT_FATAL(!run_anew(&s, "before", NULL, &err));
    snprintf(s.weights, sizeof s.weights, "%s", suite_path("before/model.safetensors"));
    CU_ASSERT_FATAL(!digest_file(s.weights, right, &err));
    snprintf(wrong, sizeof wrong, "%s", right);
    wrong[3] = wrong[3] == '0' ? '1' : '0';
    struct train_job job = {.settings = &s,
                            .train = suite_path("train.h5"),
                            .test = suite_path("test.h5"),
                            .folder = suite_path("after"),
                            .identity = "planned",
                            .weights_sha256 = wrong};
    CU_ASSERT_EQUAL(train_run(&job, &err), -1);
    suite_text_has(err.message, "model.safetensors: another file than the run is recorded with: SHA-256 ");
    CU_ASSERT(!file_exists(suite_path("after/run.json")));
    job.weights_sha256 = right;
    CU_ASSERT_FATAL(!train_run(&job, &err));
    json_t *record = read_record("after");
    suite_text_is(json_string_value(json_object_get(json_object_get(record, "data"), "weights_sha256")),
                  right);
    json_decref(record);
    // A number of it changed: the file itself says so.
    start = file_read(s.weights, 1 << 24, &size, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(start);
    start[size - 2] ^= 1;
    snprintf(s.weights, sizeof s.weights, "%s", suite_path("changed.safetensors"));
    CU_ASSERT_FATAL(!file_write(s.weights, start, size, &err));
    job.weights_sha256 = NULL;
    CU_ASSERT_EQUAL(train_run(&job, &err), -1);
    suite_text_has(err.message, "changed.safetensors: damaged, or changed: its numbers have the digest ");
    free(start);
}

// ABN's parts of the loss, epoch by epoch, and what is measured of its attention branch.
static void test_abns_losses_and_attention_are_recorded(void) {
    struct error err = {0};
    struct train_settings s = small_settings("abn");
    s.gamma = 3;
    CU_ASSERT_FATAL(!run(&s, "abn", NULL, &err));
    char *lines = read_metrics("abn");
    int epochs = 0;
    for (char *line = lines, *end; (end = strchr(line, '\n')); line = end + 1, epochs++) {
        json_t *epoch = json_loadb(line, (size_t)(end - line), 0, NULL);
        double part[4];
        static const char *const names[] = {"loss_main", "loss_att", "loss_map", "loss"};
        for (int i = 0; i < 4; i++)
            part[i] = json_number_value(json_object_get(epoch, names[i]));
        CU_ASSERT(part[1] > 0.3 && part[2] > 0 && part[2] < 1);
        CU_ASSERT_DOUBLE_EQUAL(part[3], part[0] + part[1] + 3 * part[2], 1e-6);
        json_decref(epoch);
    }
    CU_ASSERT_EQUAL(epochs, s.epochs);
    json_t *record = read_record("abn"), *metrics = json_object_get(record, "metrics");
    double accuracy = json_number_value(json_object_get(metrics, "attention_accuracy"));
    double inside = json_number_value(json_object_get(metrics, "attention_inside"));
    CU_ASSERT(accuracy > 100.0 / 3); // brightness tells the class
    CU_ASSERT(inside > 0.3 && inside < 1);
    CU_ASSERT(json_is_number(json_object_get(metrics, "attention_pointing")));
    CU_ASSERT_EQUAL(json_object_size(json_object_get(metrics, "cam_inside")), 4);
    json_decref(record);
    free(lines);
    // Runs of other methods recorded before there was a gamma keep their identity.
    s = small_settings("baseline");
    json_t *identity = settings_json(train_schema, &s, 1);
    CU_ASSERT(json_object_get(identity, "gamma") == NULL && json_object_get(identity, "lambda") != NULL);
    json_decref(identity);
}

static json_t *first_epoch(const char *name) {
    char *lines = read_metrics(name);
    json_t *epoch = json_loadb(lines, (size_t)(strchr(lines, '\n') - lines), 0, NULL);
    free(lines);
    return epoch;
}

// The gradient's norm is told as it was before clipping, and only where clipping asks for it.
static void test_clipping_is_recorded(void) {
    struct error err = {0};
    struct train_settings s = small_settings("reff");
    s.lr = 0; // so that the networks are the same whatever is clipped
    s.epochs = 1;
    double norms[2];
    for (int i = 0; i < 2; i++) {
        s.clip_norm = i ? 1e-6 : 1e6;
        CU_ASSERT_FATAL(!run(&s, i ? "tight" : "loose", NULL, &err));
        json_t *epoch = first_epoch(i ? "tight" : "loose");
        norms[i] = json_number_value(json_object_get(epoch, "grad_norm"));
        CU_ASSERT_DOUBLE_EQUAL(json_number_value(json_object_get(epoch, "clipped")), (double)i, 0);
        json_decref(epoch);
    }
    CU_ASSERT(norms[0] > .01);
    CU_ASSERT_DOUBLE_EQUAL(norms[0], norms[1], 0);
    json_t *free_one = first_epoch("whole");
    CU_ASSERT(json_object_get(free_one, "loss") && !json_object_get(free_one, "grad_norm"));
    json_decref(free_one);
}

// Stopped at any step and continued, a run ends with the same network, the same metrics and the same curve.
static void test_a_run_stopped_anywhere_ends_with_the_same_bits(void) {
    struct error err = {0};
    static const char *const names[] = {"baseline", "reff", "reff-l1", "abn"};
    for (int m = 0; m < 4; m++) {
        struct train_settings s = small_settings(names[m]);
        s.clip_norm = m == 1 ? 1 : 0;
        if (m == 2) { // the rate of a step is its own, wherever the run went on
            strcpy(s.schedule, "cosine");
            s.warmup = 0.5;
        }
        char whole[16], parts[16];
        snprintf(whole, sizeof whole, "whole%d", m);
        snprintf(parts, sizeof parts, "parts%d", m);
        CU_ASSERT_FATAL(!run(&s, whole, NULL, &err));
        for (int at = 1; at < 18; at += 5) { // 6 steps an epoch, 3 epochs
            struct stop stop = {at};
            CU_ASSERT(run(&s, parts, &stop, &err) == -1);
            CU_ASSERT_EQUAL(err.status, EXIT_INTERRUPTED);
            interrupt_clear();
        }
        CU_ASSERT_FATAL(!run(&s, parts, NULL, &err));
        json_t *a = read_record(whole), *b = read_record(parts);
        CU_ASSERT(json_equal(json_object_get(a, "model_sha256"), json_object_get(b, "model_sha256")));
        CU_ASSERT(json_equal(json_object_get(a, "metrics"), json_object_get(b, "metrics")));
        CU_ASSERT(json_integer_value(json_object_get(b, "resumed_at_step")) > 0);
        char *x = read_metrics(whole), *y = read_metrics(parts);
        CU_ASSERT_STRING_EQUAL(x, y);
        free(x);
        free(y);
        json_decref(a);
        json_decref(b);
    }
}

// What the schedule makes of the rate reaches the network; a warmup longer than the training is refused.
static void test_a_schedule_changes_the_network(void) {
    struct error err = {0};
    static const char *const schedules[] = {"constant", "linear", "cosine"};
    json_t *records[3];
    for (int i = 0; i < 3; i++) {
        struct train_settings s = small_settings("baseline");
        strcpy(s.schedule, schedules[i]);
        CU_ASSERT_FATAL(!run(&s, schedules[i], NULL, &err));
        records[i] = read_record(schedules[i]);
    }
    json_t *plain = read_record("whole0");
    const json_t *digest = json_object_get(plain, "model_sha256");
    CU_ASSERT(json_equal(json_object_get(records[0], "model_sha256"), digest));
    CU_ASSERT(!json_equal(json_object_get(records[1], "model_sha256"), digest));
    CU_ASSERT(!json_equal(json_object_get(records[2], "model_sha256"),
                          json_object_get(records[1], "model_sha256")));
    for (int i = 0; i < 3; i++)
        json_decref(records[i]);
    json_decref(plain);
    struct train_settings s = small_settings("baseline");
    s.warmup = s.epochs + 0.5;
    CU_ASSERT(run(&s, "warm", NULL, &err) == -1);
    CU_ASSERT_STRING_EQUAL(err.message, "--warmup: 3.5 epochs are more than the training's 3");
    CU_ASSERT_EQUAL(err.status, EXIT_USAGE);
}

// Continued where products are rounded otherwise, a run's record tells from which step on.
static void test_a_change_of_precision_on_the_way_is_recorded(void) {
    struct error err = {0};
    struct train_settings s = small_settings("baseline");
    struct stop stop = {7};
    struct train_job job = {.settings = &s,
                            .train = suite_path("train.h5"),
                            .test = suite_path("test.h5"),
                            .folder = suite_path("moved"),
                            .identity = "one run, whatever the machine",
                            .progress = stop_at,
                            .progress_context = &stop};
    CU_ASSERT(train_run(&job, &err) == -1 && err.status == EXIT_INTERRUPTED);
    interrupt_clear();
    strcpy(s.precision, "bf16");
    stop.at = 0;
    CU_ASSERT_FATAL(!train_run(&job, &err));
    json_t *moved = read_record("moved"), *stayed = read_record("parts0");
    const json_t *spans = json_object_get(moved, "computed");
    if (sizeof(real) == sizeof(float)) {
        CU_ASSERT_EQUAL(json_array_size(spans), 2);
        const json_t *first = json_array_get(spans, 0), *second = json_array_get(spans, 1);
        CU_ASSERT_EQUAL(json_integer_value(json_object_get(first, "from_step")), 0);
        CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(first, "precision")), "float");
        CU_ASSERT_EQUAL(json_integer_value(json_object_get(second, "from_step")), 7);
        CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(second, "precision")), "bf16");
    } else { // a double build knows its own precision alone
        CU_ASSERT_PTR_NULL(spans);
    }
    CU_ASSERT_PTR_NULL(json_object_get(stayed, "computed")); // stopped and continued as it was
    json_decref(moved);
    json_decref(stayed);
}

// The newest checkpoint damaged: the one before is taken, and the end is the same.
static void test_a_damaged_checkpoint_is_not_believed(void) {
    struct error err = {0};
    struct train_settings s = small_settings("baseline");
    struct stop stop = {7};
    CU_ASSERT(run(&s, "damaged", &stop, &err) == -1);
    interrupt_clear();
    const char *path = suite_path("damaged/checkpoint");
    FILE *f = fopen(path, "r+b");
    CU_ASSERT_FATAL(f != NULL);
    fseek(f, 300, SEEK_SET);
    fputc(fgetc(f) ^ 1, f);
    fclose(f);
    CU_ASSERT_FATAL(!run(&s, "damaged", NULL, &err));
    json_t *a = read_record("whole0"), *b = read_record("damaged");
    CU_ASSERT(json_equal(json_object_get(a, "model_sha256"), json_object_get(b, "model_sha256")));
    json_decref(a);
    json_decref(b);
}

// A checkpoint of other settings is not continued.
static void test_a_checkpoint_of_other_settings_is_not_continued(void) {
    struct error err = {0};
    struct train_settings s = small_settings("baseline");
    struct stop stop = {7};
    CU_ASSERT(run(&s, "other", &stop, &err) == -1);
    interrupt_clear();
    s.lr = 0.02;
    s.epochs = 2;
    CU_ASSERT(run(&s, "other", NULL, &err) == -1);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(err.message,
               "other: its unfinished run has lr 0.01, not 0.02; epochs 3, not 2; --force begins anew"));
    CU_ASSERT(file_exists(suite_path("other/checkpoint"))); // refusing loses nothing
    CU_ASSERT_FATAL(!run_anew(&s, "other", NULL, &err));
    json_t *b = read_record("other");
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(b, "resumed_at_step")), 0);
    json_decref(b);
    // Nor does the record of a whole run pass for that of one begun after it.
    CU_ASSERT(file_exists(suite_path("other/run.json")));
    CU_ASSERT(run(&s, "other", &stop, &err) == -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "other: holds a finished run; --force replaces it"));
    CU_ASSERT(file_exists(suite_path("other/run.json")));
    CU_ASSERT(run_anew(&s, "other", &stop, &err) == -1 && err.status == EXIT_INTERRUPTED);
    interrupt_clear();
    CU_ASSERT(!file_exists(suite_path("other/run.json")));
}

// The disk is full while a checkpoint is written: the one before stays, nothing else does, and with room
// again the run ends as an undisturbed one.
static void test_a_full_disk_keeps_the_checkpoint_before(void) {
    struct error err = {0};
    struct train_settings s = small_settings("baseline");
    struct stop stop = {7};
    CU_ASSERT(run(&s, "full", &stop, &err) == -1);
    interrupt_clear();
    int entries = suite_count_entries(suite_path("full"));
    for (long limit = 2000; limit < 40000; limit += 19000) {
        suite_limit_files(limit);
        int result = run(&s, "full", NULL, &err);
        suite_limit_files(0);
        CU_ASSERT_EQUAL(result, -1);
        CU_ASSERT_EQUAL(err.status, EXIT_FAILED);
        suite_text_has(err.message, "full/checkpoint: File too large");
        CU_ASSERT_EQUAL(suite_count_entries(suite_path("full")), entries);
    }
    CU_ASSERT_FATAL(!run(&s, "full", NULL, &err));
    json_t *a = read_record("whole0"), *b = read_record("full");
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(b, "resumed_at_step")), 7);
    CU_ASSERT(json_equal(json_object_get(a, "model_sha256"), json_object_get(b, "model_sha256")));
    json_decref(a);
    json_decref(b);
}

// Memory runs out at any allocation: the run fails and says so, and what its checkpoint holds is not lost.
static void test_out_of_memory_anywhere_keeps_the_checkpoint(void) {
    struct error err = {0};
    struct train_settings s = small_settings("baseline");
    struct stop stop = {7};
    CU_ASSERT(run(&s, "memory", &stop, &err) == -1);
    interrupt_clear();
    int result = -1, reached = 1, failures = 0;
    for (long n = 1; result && n < 5000; n++) {
        memory_fail_at = n;
        result = run(&s, "memory", NULL, &err);
        reached = memory_fail_at == 0;
        memory_fail_at = 0;
        failures += result != 0;
        if (result)
            suite_text_has(err.message, "out of memory");
        CU_ASSERT(!result || file_exists(suite_path("memory/checkpoint")));
    }
    CU_ASSERT(!result && !reached && failures > 20);
    json_t *a = read_record("whole0"), *b = read_record("memory");
    CU_ASSERT(json_integer_value(json_object_get(b, "resumed_at_step")) >= 7);
    CU_ASSERT(json_equal(json_object_get(a, "model_sha256"), json_object_get(b, "model_sha256")));
    json_decref(a);
    json_decref(b);
}

// A checkpoint that is there and cannot be read is no reason to begin anew.
static void test_a_checkpoint_that_cannot_be_read_stops_the_run(void) {
    struct error err = {0};
    struct train_settings s = small_settings("baseline");
    CU_ASSERT_FATAL(!folder_make(suite_path("unreadable/checkpoint"), &err));
    CU_ASSERT(run(&s, "unreadable", NULL, &err) == -1);
    suite_text_has(err.message, "unreadable/checkpoint: not a regular file");
    CU_ASSERT(!file_exists(suite_path("unreadable/metrics.jsonl")));
}

// A trace begins with the first step: a peer could not follow one that does not.
static void test_a_trace_is_whole_or_refused(void) {
    struct error err = {0};
    struct train_settings s = small_settings("reff");
    struct stop stop = {3};
    struct train_job job = {.settings = &s,
                            .train = suite_path("train.h5"),
                            .test = suite_path("test.h5"),
                            .folder = suite_path("traced"),
                            .trace = suite_path("trace"),
                            .progress = stop_at,
                            .progress_context = &stop};
    CU_ASSERT(train_run(&job, &err) == -1);
    interrupt_clear();
    char *steps = file_read(suite_path("trace/steps.jsonl"), 1 << 20, NULL, &err);
    char *order = file_read(suite_path("trace/order.txt"), 1 << 20, NULL, &err);
    CU_ASSERT_FATAL(steps && order);
    int lines = 0, images = 0;
    for (const char *c = steps; *c; c++)
        lines += *c == '\n';
    for (const char *c = order; *c; c++)
        images += *c == ' ' || *c == '\n';
    CU_ASSERT_EQUAL(lines, 3);
    CU_ASSERT_EQUAL(images, 3 * s.batch);
    free(steps);
    free(order);
    job.progress = NULL;
    CU_ASSERT(train_run(&job, &err) == -1);
    suite_text_has(err.message, "traced: continues from step 3, but a trace begins");
}

static void test_a_loss_that_is_no_number_names_step_and_layer(void) {
    struct error err = {0};
    struct train_settings s = small_settings("baseline");
    s.lr = 1000;
    s.momentum = 1;
    s.weight_decay = 1000;
    s.epochs = 40;
    CU_ASSERT(run(&s, "nan", NULL, &err) == -1);
    CU_ASSERT_EQUAL(err.status, EXIT_FAILED);
    CU_ASSERT(!strncmp(err.message, "step ", 5) && strstr(err.message, "not a finite number, first in "));
    CU_ASSERT(!file_exists(suite_path("nan/run.json")));
}

static void test_shards_that_disagree_and_folders_that_cannot_be_are_refused(void) {
    struct error err = {0};
    struct train_settings s = small_settings("baseline");
    make_shard(suite_path("wide.h5"), 21, PIXELS + 1, CLASSES);
    make_shard(suite_path("more.h5"), 21, PIXELS, CLASSES + 1);
    make_shard(suite_path("few.h5"), 7, PIXELS, CLASSES);
    struct train_job job = {.settings = &s, .train = suite_path("train.h5"), .folder = suite_path("bad")};
    static const struct {
        const char *train, *test, *says;
    } cases[] = {{"train.h5", "wide.h5", "17 x 17 pixels, 3 classes"},
                 {"train.h5", "more.h5", "16 x 16 pixels, 4 classes"},
                 {"few.h5", "test.h5", "7 images are fewer than a batch of 8"},
                 {"train.h5", "absent.h5", "absent.h5"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        job.train = suite_path(cases[i].train);
        job.test = suite_path(cases[i].test);
        CU_ASSERT(train_run(&job, &err) == -1);
        suite_text_has(err.message, cases[i].says);
    }
    CU_ASSERT(!file_exists(suite_path("bad/run.json")));
    job.train = suite_path("train.h5");
    job.test = suite_path("test.h5");
    job.folder = suite_path("few.h5/run"); // below a file no folder can be
    CU_ASSERT(train_run(&job, &err) == -1);
    suite_text_has(err.message, "few.h5/run: Not a directory");
}

struct notes {
    char first[120], last[120];
};

static void keep_notes(void *context, double done, double total, const char *note) {
    struct notes *n = context;
    (void)total;
    snprintf(done <= 1 ? n->first : n->last, sizeof n->first, "%s", note);
}

// Loss and accuracy of the epoch so far; the test data's of the epoch before, once there is one.
static void test_progress_tells_loss_and_accuracy_so_far(void) {
    struct error err = {0};
    struct train_settings s = small_settings("baseline");
    struct notes notes = {0};
    struct train_job job = {.settings = &s,
                            .train = suite_path("train.h5"),
                            .test = suite_path("test.h5"),
                            .folder = suite_path("noted"),
                            .progress = keep_notes,
                            .progress_context = &notes};
    CU_ASSERT_FATAL(!train_run(&job, &err));
    int epoch, epochs, lines = 0;
    double loss, accuracy, test, tested[3] = {0}, losses[3] = {0}, accuracies[3] = {0};
    CU_ASSERT_EQUAL(
        sscanf(notes.first, "epoch %d/%d, loss %lf, accuracy %lf %%", &epoch, &epochs, &loss, &accuracy), 4);
    CU_ASSERT(epoch == 1 && epochs == 3 && loss > 0 && !strstr(notes.first, "test"));
    CU_ASSERT_EQUAL(sscanf(notes.last, "epoch %d/%d, loss %lf, accuracy %lf %%, test %lf %%", &epoch, &epochs,
                           &loss, &accuracy, &test),
                    5);
    CU_ASSERT(epoch == 3 && epochs == 3);
    char *text = read_metrics("noted"), *rest, *line = strtok_r(text, "\n", &rest);
    for (; line && lines < 3; line = strtok_r(NULL, "\n", &rest), lines++) {
        json_t *object = json_loads(line, 0, NULL);
        tested[lines] = json_number_value(json_object_get(object, "test_accuracy"));
        losses[lines] = json_number_value(json_object_get(object, "loss"));
        accuracies[lines] = json_number_value(json_object_get(object, "train_accuracy"));
        json_decref(object);
    }
    CU_ASSERT_EQUAL(lines, 3);
    CU_ASSERT_DOUBLE_EQUAL(loss, losses[2], 0.005 * losses[2]); // three digits
    CU_ASSERT_DOUBLE_EQUAL(accuracy, accuracies[2], 0.051);
    CU_ASSERT_DOUBLE_EQUAL(test, tested[1], 0.051);
    free(text);
}

void suite_train(void) {
    CU_pSuite suite = CU_add_suite("train", suite_make_folder, suite_remove_folder);
    CU_add_test(suite, "a run's record is complete and counts every image once",
                test_a_runs_record_is_complete_and_counts_every_image_once);
    CU_add_test(suite, "weights are held to what is recorded", test_weights_are_held_to_what_is_recorded);
    CU_add_test(suite, "ABN's losses and attention are recorded",
                test_abns_losses_and_attention_are_recorded);
    CU_add_test(suite, "clipping is recorded", test_clipping_is_recorded);
    CU_add_test(suite, "a run stopped anywhere ends with the same bits",
                test_a_run_stopped_anywhere_ends_with_the_same_bits);
    CU_add_test(suite, "a schedule changes the network", test_a_schedule_changes_the_network);
    CU_add_test(suite, "a change of precision on the way is recorded",
                test_a_change_of_precision_on_the_way_is_recorded);
    CU_add_test(suite, "a damaged checkpoint is not believed", test_a_damaged_checkpoint_is_not_believed);
    CU_add_test(suite, "a checkpoint of other settings is not continued",
                test_a_checkpoint_of_other_settings_is_not_continued);
    CU_add_test(suite, "a full disk keeps the checkpoint before",
                test_a_full_disk_keeps_the_checkpoint_before);
    CU_add_test(suite, "out of memory anywhere keeps the checkpoint",
                test_out_of_memory_anywhere_keeps_the_checkpoint);
    CU_add_test(suite, "a checkpoint that cannot be read stops the run",
                test_a_checkpoint_that_cannot_be_read_stops_the_run);
    CU_add_test(suite, "a trace is whole or refused", test_a_trace_is_whole_or_refused);
    CU_add_test(suite, "a loss that is no number names step and layer",
                test_a_loss_that_is_no_number_names_step_and_layer);
    CU_add_test(suite, "shards that disagree and folders that cannot be are refused",
                test_shards_that_disagree_and_folders_that_cannot_be_are_refused);
    CU_add_test(suite, "progress tells loss and accuracy so far",
                test_progress_tells_loss_and_accuracy_so_far);
}
