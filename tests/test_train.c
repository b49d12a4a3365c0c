// SPDX-License-Identifier: Apache-2.0
// Training runs on small shards: the record, resuming with the same bits, weights in and out, what bad input
// says.
#include "core/base/file.h"
#include "core/base/interrupt.h"
#include "core/base/random.h"
#include "core/shard/shard.h"
#include "core/train/train.h"
#include "core/train/trainer.h"
#include "core/train/weights.h"

#include <CUnit/CUnit.h>
#include <dirent.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIXELS = 16, CLASSES = 3 };

static char folder[64];

static int make_folder(void) {
    snprintf(folder, sizeof folder, "/tmp/reff-test-train-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void) {
    char command[96];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static const char *in_folder(const char *name) {
    static char paths[8][PATH_SIZE];
    static int next;
    struct error err;
    char *path = paths[next++ % 8];
    path_join(path, &err, folder, name);
    return path;
}

// Images whose brightness tells the class; annotations are the left half.
static void make_shard(const char *path, int count, int pixels, int classes) {
    struct error err = {0};
    struct column none[] = {{0}};
    struct random r = random_stream(1, random_purpose(path + strlen(folder)), 0);
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

static int run(const struct train_settings *s, const char *name, struct stop *stop, struct error *err) {
    struct train_job job = {.settings = s,
                            .train = in_folder("train.h5"),
                            .test = in_folder("test.h5"),
                            .folder = in_folder(name),
                            .progress = stop ? stop_at : NULL,
                            .progress_context = stop};
    return train_run(&job, err);
}

static json_t *read_record(const char *name) {
    struct error err;
    char file[80];
    snprintf(file, sizeof file, "%s/run.json", name);
    return json_read(in_folder(file), &err);
}

static char *read_metrics(const char *name) {
    struct error err;
    char file[80];
    snprintf(file, sizeof file, "%s/metrics.jsonl", name);
    return file_read(in_folder(file), 1 << 20, NULL, &err);
}

static int entries_in(const char *name) {
    struct dirent **entries;
    int count = scandir(in_folder(name), &entries, NULL, NULL);
    for (int i = 0; i < count; i++)
        free(entries[i]);
    if (count >= 0)
        free(entries);
    return count < 0 ? count : count - 2; // without . and ..
}

static void test_record_is_complete(void) {
    struct error err = {0};
    struct train_settings s = small_settings("reff");
    make_shard(in_folder("train.h5"), 50, PIXELS, CLASSES);
    make_shard(in_folder("test.h5"), 21, PIXELS, CLASSES);
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
    CU_ASSERT_PTR_NOT_NULL(json_object_get(record, "provenance"));
    char *lines = read_metrics("whole");
    int count = 0;
    for (char *c = lines; *c; c++)
        count += *c == '\n';
    CU_ASSERT_EQUAL(count, 3);
    CU_ASSERT_EQUAL(entries_in("whole"), 2); // run.json, metrics.jsonl; no checkpoint is left
    free(lines);
    json_decref(record);
}

// Stopped at any step and continued, a run ends with the same network, the same metrics and the same curve.
static void test_resumed_run_has_the_same_bits(void) {
    struct error err = {0};
    static const char *const names[] = {"baseline", "reff", "reff-l1"};
    for (int m = 0; m < 3; m++) {
        struct train_settings s = small_settings(names[m]);
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

// The newest checkpoint damaged: the one before is taken, and the end is the same.
static void test_damaged_checkpoint_is_not_believed(void) {
    struct error err = {0};
    struct train_settings s = small_settings("baseline");
    struct stop stop = {7};
    CU_ASSERT(run(&s, "damaged", &stop, &err) == -1);
    interrupt_clear();
    const char *path = in_folder("damaged/checkpoint");
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
static void test_other_settings_start_anew(void) {
    struct error err = {0};
    struct train_settings s = small_settings("baseline");
    struct stop stop = {7};
    CU_ASSERT(run(&s, "other", &stop, &err) == -1);
    interrupt_clear();
    s.lr = 0.02;
    CU_ASSERT_FATAL(!run(&s, "other", NULL, &err));
    json_t *b = read_record("other");
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(b, "resumed_at_step")), 0);
    json_decref(b);
}

static void test_loss_that_is_no_number_names_step_and_layer(void) {
    struct error err = {0};
    struct train_settings s = small_settings("baseline");
    s.lr = 1000;
    s.momentum = 1;
    s.weight_decay = 1000;
    s.epochs = 40;
    CU_ASSERT(run(&s, "nan", NULL, &err) == -1);
    CU_ASSERT_EQUAL(err.status, EXIT_FAILED);
    CU_ASSERT(!strncmp(err.message, "step ", 5) && strstr(err.message, "not a finite number, first in "));
    CU_ASSERT(!file_exists(in_folder("nan/run.json")));
}

static void test_shards_must_agree(void) {
    struct error err = {0};
    struct train_settings s = small_settings("baseline");
    make_shard(in_folder("wide.h5"), 21, PIXELS + 1, CLASSES);
    make_shard(in_folder("more.h5"), 21, PIXELS, CLASSES + 1);
    make_shard(in_folder("few.h5"), 7, PIXELS, CLASSES);
    struct train_job job = {.settings = &s, .train = in_folder("train.h5"), .folder = in_folder("bad")};
    static const struct {
        const char *train, *test, *says;
    } cases[] = {{"train.h5", "wide.h5", "17 x 17 pixels, 3 classes"},
                 {"train.h5", "more.h5", "16 x 16 pixels, 4 classes"},
                 {"few.h5", "test.h5", "7 images are fewer than a batch of 8"},
                 {"train.h5", "absent.h5", "absent.h5"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        job.train = in_folder(cases[i].train);
        job.test = in_folder(cases[i].test);
        CU_ASSERT(train_run(&job, &err) == -1);
        CU_ASSERT(strstr(err.message, cases[i].says) != NULL);
    }
    CU_ASSERT(!file_exists(in_folder("bad/run.json")));
}

static struct trainer *any_trainer(int classes) {
    struct error err = {0};
    struct trainer_settings s = {.batch = 4, .threads = 1};
    s.network = (struct network){"small", 4, classes, PIXELS, 1e-5, 0.1};
    return trainer_create(&s, 9, &err);
}

static void test_weights_survive_a_file(void) {
    struct error err = {0};
    struct trainer *a = any_trainer(CLASSES), *b = any_trainer(CLASSES), *c = any_trainer(CLASSES + 2);
    int replaced;
    char x[65], y[65];
    parameters_find(&a->parameters, "layer2.0.bn1.running_var")->value[3] = (real)1.25;
    parameters_find(&a->parameters, "fc.bias")->value[1] = (real)-7.5;
    CU_ASSERT_FATAL(!weights_save(&a->parameters, in_folder("w.safetensors"), &err));
    CU_ASSERT_FATAL(!weights_load(&b->parameters, in_folder("w.safetensors"), &replaced, &err));
    CU_ASSERT(!replaced && !weights_digest(&a->parameters, x, &err) &&
              !weights_digest(&b->parameters, y, &err));
    CU_ASSERT_STRING_EQUAL(x, y);
    // Another number of classes: all but the head.
    CU_ASSERT_FATAL(!weights_load(&c->parameters, in_folder("w.safetensors"), &replaced, &err));
    CU_ASSERT(replaced &&
              parameters_find(&c->parameters, "layer2.0.bn1.running_var")->value[3] == (real)1.25);
    CU_ASSERT(parameters_find(&c->parameters, "fc.bias")->value[1] != (real)-7.5);
    trainer_free(a);
    trainer_free(b);
    trainer_free(c);
}

static void write_safetensors(const char *name, uint64_t claimed, const char *header, size_t data) {
    struct error err;
    size_t length = strlen(header);
    char *bytes = calloc(8 + length + data + 1, 1);
    memcpy(bytes, &claimed, 8);
    memcpy(bytes + 8, header, length);
    file_write(in_folder(name), bytes, 8 + length + data, &err);
    free(bytes);
}

// Headers that lie, at any length of the file: one line, the network unchanged.
static void test_bad_weights_are_refused(void) {
    struct error err = {0};
    struct trainer *t = any_trainer(CLASSES);
    int replaced;
    char before[65], after[65];
    weights_digest(&t->parameters, before, &err);
    static const char fits[] =
        "{\"conv1.weight\":{\"dtype\":\"F32\",\"shape\":[4,3,3,3],\"data_offsets\":[0,432]}}";
    static const struct {
        const char *header;
        uint64_t claimed; // 0: the true length
        const char *says;
    } cases[] = {
        {"{}", (uint64_t)1 << 62, "header of 4611686018427387904 bytes"},
        {"{", 0, "no JSON object"},
        {"[]", 0, "no JSON object"},
        {"{}", 0, "missing tensors: conv1.weight, "},
        {fits, 0, "missing tensors: bn1.weight"},
        {"{\"conv1.weight\":{\"dtype\":\"I8\",\"shape\":[4,3,3,3],\"data_offsets\":[0,432]}}", 0, "dtype"},
        {"{\"conv1.weight\":{\"dtype\":\"F32\",\"shape\":[4,3,3,3],\"data_offsets\":[0,433]}}", 0,
         "data_offsets"},
        {"{\"conv1.weight\":{\"dtype\":\"F32\",\"shape\":[4,3,3,3],\"data_offsets\":[400,832]}}", 0,
         "data_offsets"},
        {"{\"conv1.weight\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4,3],\"data_offsets\":[0,0]}}",
         0, "shape"},
        {"{\"conv1.weight\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,0]}}", 0, "shape"},
        {"{\"conv1.weight\":7}", 0, "dtype"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_safetensors("bad.safetensors", cases[i].claimed ? cases[i].claimed : strlen(cases[i].header),
                          cases[i].header, 432);
        CU_ASSERT(weights_load(&t->parameters, in_folder("bad.safetensors"), &replaced, &err) == -1);
        if (!strstr(err.message, cases[i].says)) {
            printf("  '%s' instead of '%s'\n", err.message, cases[i].says);
            CU_FAIL("another message was expected");
        }
    }
    struct trainer *other = any_trainer(CLASSES);
    size_t size;
    CU_ASSERT_FATAL(!weights_save(&other->parameters, in_folder("cut.safetensors"), &err));
    char *whole = file_read(in_folder("cut.safetensors"), 1 << 22, &size, &err);
    for (size_t length = 0; length < size; length += 1 + size / 97) {
        CU_ASSERT(!file_write(in_folder("cut.safetensors"), whole, length, &err));
        CU_ASSERT(weights_load(&t->parameters, in_folder("cut.safetensors"), &replaced, &err) == -1);
    }
    free(whole);
    trainer_free(other);
    weights_digest(&t->parameters, after, &err);
    CU_ASSERT_STRING_EQUAL(before, after);
    trainer_free(t);
}

// Weights of a wider network: which tensors do not fit.
static void test_weights_of_another_shape_are_named(void) {
    struct error err = {0};
    struct trainer *t = any_trainer(CLASSES);
    struct trainer_settings s = t->settings;
    int replaced;
    s.network.width = 6;
    struct trainer *wide = trainer_create(&s, 1, &err);
    CU_ASSERT_FATAL(wide && !weights_save(&wide->parameters, in_folder("wide.safetensors"), &err));
    CU_ASSERT(weights_load(&t->parameters, in_folder("wide.safetensors"), &replaced, &err) == -1);
    CU_ASSERT(strstr(err.message, "another shape than the network's: conv1.weight, bn1.weight") != NULL);
    trainer_free(t);
    trainer_free(wide);
}

void suite_train(void);
void suite_train(void) {
    CU_pSuite suite = CU_add_suite("train", make_folder, remove_folder);
    CU_add_test(suite, "a run's record is complete and counts every image once", test_record_is_complete);
    CU_add_test(suite, "a run stopped anywhere ends with the same bits", test_resumed_run_has_the_same_bits);
    CU_add_test(suite, "a damaged checkpoint is not believed", test_damaged_checkpoint_is_not_believed);
    CU_add_test(suite, "a checkpoint of other settings is not continued", test_other_settings_start_anew);
    CU_add_test(suite, "a loss that is no number: step and layer",
                test_loss_that_is_no_number_names_step_and_layer);
    CU_add_test(suite, "shards that do not agree are refused", test_shards_must_agree);
    CU_add_test(suite, "weights survive a file; another head is left alone", test_weights_survive_a_file);
    CU_add_test(suite, "bad weights are refused, the network unchanged", test_bad_weights_are_refused);
    CU_add_test(suite, "weights of another shape are named", test_weights_of_another_shape_are_named);
}
