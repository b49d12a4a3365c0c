// SPDX-License-Identifier: Apache-2.0
#include "core/train/train.h"

#include "core/base/file.h"
#include "core/base/notice.h"
#include "core/base/provenance.h"
#include "core/base/snapshot.h"
#include "core/methods/method.h"
#include "core/train/evaluate.h"
#include "core/train/last_layer.h"
#include "core/train/model_about.h"
#include "core/train/train_internal.h"
#include "core/train/weights.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int train_takes(const struct train_settings *settings, const struct shard *shard, struct error *err) {
    struct shard_shape a = shard_shape(shard);
    if (a.height != a.width)
        return fail_work(err, "%s: images of %d x %d; networks take square ones", shard_path(shard), a.height,
                         a.width);
    if (a.count < settings->batch)
        return fail_work(err, "%s: %ld images are fewer than a batch of %d", shard_path(shard), a.count,
                         settings->batch);
    return 0;
}

// Where every mask says that all of its image is relevant, a method that learns from them would train without
// a word as if it were another.
static int check_annotations(const struct training *r) {
    const struct method *method = method_of(r->settings->method);
    const struct setting *factor =
        method->annotation_factor ? settings_find(train_schema, method->annotation_factor) : NULL;
    double value = 1;
    if (!method->annotations)
        return 0;
    if (factor)
        memcpy(&value, (const char *)r->settings + factor->offset, sizeof value);
    json_t *attributes = shard_attributes(r->train, r->err);
    const char *word = json_string_value(json_object_get(attributes, "annotations"));
    int bad = !attributes ? -1 : 0;
    if (word && !strcmp(word, "none") && (value > 0 || value < 0))
        bad = fail_work(
            r->err, "%s: nothing in it is annotated, and %s learns from annotations; baseline does without",
            shard_path(r->train), method->name);
    json_decref(attributes);
    return bad;
}

static int open_shards(struct training *r) {
    const struct train_job *job = r->job;
    if (!(r->train = shard_open_measured(job->train, r->err)) ||
        !(r->test = shard_open_measured(job->test, r->err)) ||
        (job->validation && !(r->validation = shard_open_measured(job->validation, r->err))))
        return -1;
    struct shard_shape a = shard_shape(r->train);
    struct {
        const char *path;
        struct shard *shard;
    } others[2] = {{job->test, r->test}, {job->validation, r->validation}};
    for (int i = 0; i < 2; i++) {
        if (!others[i].shard)
            continue;
        struct shard_shape b = shard_shape(others[i].shard);
        if (b.height != a.height || b.width != a.width || b.classes != a.classes)
            return fail_work(r->err, "%s: %d x %d pixels, %d classes, but %s has %d x %d, %d classes",
                             others[i].path, b.height, b.width, b.classes, job->train, a.height, a.width,
                             a.classes);
        if (!b.count)
            return fail_work(r->err, "%s: no images", others[i].path);
    }
    if (train_takes(r->settings, r->train, r->err) || !method_find(r->settings->method, r->err) ||
        check_annotations(r))
        return -1;
    if (!strcmp(r->settings->select, "best-validation") && !r->validation)
        return fail_usage(r->err, "--select: best-validation needs a validation shard (--validation FILE)");
    if (method_find(r->settings->method, r->err) && method_of(r->settings->method)->retrains_last_layer &&
        !r->validation)
        return fail_usage(r->err, "--method: %s needs a validation shard (--validation FILE)",
                          r->settings->method);
    return 0;
}

static int start_from_file(struct training *r) {
    struct text notices = {0};
    int bad = weights_start(&r->trainer->parameters, r->settings->weights, &r->head_replaced,
                            &r->branch_replaced, r->weights, &notices, r->err);
    notice_print(&notices);
    return bad;
}

static int make_trainer(struct training *r) {
    struct shard_shape shape = shard_shape(r->train);
    struct trainer_settings resolved;
    if (train_resolve(r->settings, shape.height, shape.classes, &resolved, &r->lambda, r->err) ||
        !(r->about = model_about(r->settings, r->train, r->err)) || train_batch_open(r))
        return -1;
    resolved.groups = r->batches.method->group_step > 0 ? r->batches.groups : 0;
    r->trainer = trainer_create(&resolved, r->settings->seed, r->err);
    if (!r->trainer)
        return -1;
    if (*r->settings->weights && start_from_file(r))
        return -1;
    if (r->job->weights_sha256 && strcmp(r->weights, r->job->weights_sha256) != 0)
        return fail(r->err, "%s: another file than the run is recorded with: SHA-256 %s, not %s",
                    r->settings->weights, r->weights, r->job->weights_sha256);
    r->trainer->groups = r->batches.of_step;
    r->steps_per_epoch = shape.count / r->settings->batch;
    r->steps = r->steps_per_epoch * r->settings->epochs;
    return 0;
}

static void remove_checkpoints(const struct training *r) {
    char path[PATH_SIZE];
    struct error ignored;
    if (!path_join(path, &ignored, r->job->folder, "checkpoint"))
        snapshot_remove(path);
    static const char *const names[] = {"best.safetensors", "settings.json"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!path_join(path, &ignored, r->job->folder, names[i]))
            unlink(path);
}

static int finish(struct training *r) {
    char path[PATH_SIZE], digest[DIGEST_SIZE];
    int unused;
    if (!strcmp(r->settings->select, "best-validation") &&
        (path_join(path, r->err, r->job->folder, "best.safetensors") ||
         weights_load(&r->trainer->parameters, path, &unused, NULL, r->err)))
        return -1;
    if (r->batches.method->retrains_last_layer &&
        last_layer_retrain(r->trainer, r->validation, r->settings->seed, &r->last_layer, r->err))
        return -1;
    json_t *metrics = evaluate_report(r->trainer, r->test, r->err), *provenance = NULL, *run = NULL;
    int result = !metrics || weights_digest(&r->trainer->parameters, digest, r->err) ? -1 : 0;
    if (!result && !(provenance = provenance_json(r->err)))
        result = -1;
    if (!result && r->settings->save_model)
        result = path_join(path, r->err, r->job->folder, "model.safetensors") ||
                 weights_save(&r->trainer->parameters, path, r->about, r->err);
    if (!result) {
        run = train_record(r, metrics, digest);
        json_object_set(run, "provenance", provenance);
        result = path_join(path, r->err, r->job->folder, "run.json");
        if (!result && json_write(path, run, r->err)) {
            unlink(path); // it may be there, and not be safe: what was told to have failed is not finished
            result = -1;
        }
    }
    json_decref(metrics);
    json_decref(provenance);
    json_decref(run);
    if (!result)
        remove_checkpoints(r);
    return result ? -1 : 0;
}

static void close_all(struct training *r) {
    trainer_free(r->trainer);
    shard_close(r->train);
    shard_close(r->validation);
    shard_close(r->test);
    free(r->state.metrics);
    train_batch_close(r);
    json_decref(r->about);
}

int train_run(const struct train_job *job, struct error *err) {
    struct training r = {.job = job, .settings = job->settings, .test_accuracy = -1, .err = err};
    int failed = folder_make(job->folder, err) || open_shards(&r) || make_trainer(&r) || train_identity(&r) ||
                 train_claim_folder(&r) || train_resume(&r) || train_trace_open(&r) || train_steps(&r);
    int untraced = train_trace_close(&r);
    failed = failed || untraced || finish(&r);
    close_all(&r);
    return failed ? -1 : 0;
}
