// SPDX-License-Identifier: Apache-2.0
#include "core/train/train.h"

#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/base/interrupt.h"
#include "core/base/memory.h"
#include "core/base/notice.h"
#include "core/base/progress.h"
#include "core/base/provenance.h"
#include "core/base/random.h"
#include "core/base/snapshot.h"
#include "core/base/version.h"
#include "core/train/checkpoint.h"
#include "core/train/evaluate.h"
#include "core/train/weights.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct training { // a run at work
    const struct train_job *job;
    const struct train_settings *settings;
    struct trainer *trainer;
    struct shard *train, *validation, *test;
    struct checkpoint state;
    double lambda, session_started, last_checkpoint, pause; // seconds to the next checkpoint
    long steps_per_epoch, steps;
    int head_replaced, branch_replaced;
    long resumed_at; // step; 0: from the start
    uint32_t *order; // [training images], of the current epoch
    uint8_t *images, *annotations;
    int32_t *labels;
    FILE *trace_order, *trace_steps;
    struct error *err;
};

int train_takes(const struct train_settings *settings, const struct shard *shard, struct error *err) {
    struct shard_shape a = shard_shape(shard);
    if (a.height != a.width)
        return fail(err, "%s: images of %d x %d; networks take square ones", shard_path(shard), a.height,
                    a.width);
    if (a.count < settings->batch)
        return fail(err, "%s: %ld images are fewer than a batch of %d", shard_path(shard), a.count,
                    settings->batch);
    return 0;
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
            return fail(r->err, "%s: %d x %d pixels, %d classes, but %s has %d x %d, %d classes",
                        others[i].path, b.height, b.width, b.classes, job->train, a.height, a.width,
                        a.classes);
        if (!b.count)
            return fail(r->err, "%s: no images", others[i].path);
    }
    if (train_takes(r->settings, r->train, r->err))
        return -1;
    if (!strcmp(r->settings->select, "best-validation") && !r->validation)
        return fail_usage(r->err, "select: best-validation needs a validation shard");
    return 0;
}

static int make_trainer(struct training *r) {
    struct shard_shape shape = shard_shape(r->train);
    struct trainer_settings resolved;
    if (train_resolve(r->settings, shape.height, shape.classes, &resolved, &r->lambda, r->err))
        return -1;
    r->trainer = trainer_create(&resolved, r->settings->seed, r->err);
    if (!r->trainer)
        return -1;
    if (*r->settings->weights && weights_start(&r->trainer->parameters, r->settings->weights,
                                               &r->head_replaced, &r->branch_replaced, r->err))
        return -1;
    size_t n = (size_t)r->settings->batch, area = (size_t)shape.height * shape.width;
    r->order = allocate((size_t)shape.count, sizeof *r->order, "the batches' order", r->err);
    r->images = allocate(n * area, 3, "a batch", r->err);
    r->annotations = allocate(n * area, 1, "a batch", r->err);
    r->labels = allocate(n, sizeof *r->labels, "a batch", r->err);
    r->steps_per_epoch = shape.count / r->settings->batch;
    r->steps = r->steps_per_epoch * r->settings->epochs;
    return r->order && r->images && r->annotations && r->labels ? 0 : -1;
}

// What a checkpoint and a record must agree on: the caller's identity, or settings and shards.
static int make_identity(const struct training *r, char identity[DIGEST_SIZE]) {
    if (r->job->identity) {
        snprintf(identity, DIGEST_SIZE, "%s", r->job->identity);
        return 0;
    }
    json_t *parts = json_pack("{s:o, s:s, s:s, s:i}", "settings", settings_json(train_schema, r->settings, 1),
                              "train", shard_content_digest(r->train), "test", shard_content_digest(r->test),
                              "trainer", TRAINER_REVISION);
    if (r->validation)
        json_object_set_new(parts, "validation", json_string(shard_content_digest(r->validation)));
    char weights[DIGEST_SIZE] = "";
    int result = *r->settings->weights ? digest_file(r->settings->weights, weights, r->err) : 0;
    json_object_set_new(parts, "weights", json_string(weights));
    if (!result)
        result = json_digest(parts, identity, r->err);
    json_decref(parts);
    return result;
}

static int open_trace(struct training *r) {
    char path[PATH_SIZE];
    if (!r->job->trace)
        return 0;
    if (r->resumed_at)
        return fail(r->err, "%s: continues from step %ld, but a trace begins with the first step",
                    r->job->folder, r->resumed_at);
    if (folder_make(r->job->trace, r->err) || path_join(path, r->err, r->job->trace, "initial.safetensors") ||
        weights_save(&r->trainer->parameters, path, r->err) ||
        path_join(path, r->err, r->job->trace, "order.txt"))
        return -1;
    r->trace_order = fopen(path, "w");
    if (path_join(path, r->err, r->job->trace, "steps.jsonl"))
        return -1;
    r->trace_steps = fopen(path, "w");
    return r->trace_order && r->trace_steps ? 0 : fail(r->err, "%s: cannot be written", r->job->trace);
}

static int close_trace(struct training *r) {
    FILE **const files[2] = {&r->trace_order, &r->trace_steps};
    int bad = 0;
    for (int i = 0; i < 2; i++) {
        if (!*files[i])
            continue;
        bad |= ferror(*files[i]);
        bad |= fclose(*files[i]);
        *files[i] = NULL;
    }
    return bad ? fail(r->err, "%s: not all of the trace could be written", r->job->trace) : 0;
}

static void trace_step(const struct training *r, const uint32_t *index, const struct step_result *s) {
    if (!r->trace_order)
        return;
    for (int i = 0; i < r->settings->batch; i++)
        fprintf(r->trace_order, "%u%c", index[i], i + 1 < r->settings->batch ? ' ' : '\n');
    fprintf(r->trace_steps, "{\"step\": %ld, \"loss\": %.17g, \"loss_main\": %.17g, \"loss_reg\": %.17g",
            r->state.step, s->loss, s->loss_main, s->loss_reg);
    if (r->trainer->attention)
        fprintf(r->trace_steps, ", \"loss_att\": %.17g, \"loss_map\": %.17g", s->loss_att, s->loss_map);
    fprintf(r->trace_steps, "}\n");
}

// lambda at this step: the ramp rises linearly from 0 over `lambda_ramp` epochs.
static double lambda_now(const struct training *r) {
    double ramp = r->settings->lambda_ramp * (double)r->steps_per_epoch;
    return ramp > 0 && (double)r->state.step < ramp ? r->lambda * (double)r->state.step / ramp : r->lambda;
}

static void shuffle(struct training *r, long epoch) {
    uint32_t count = (uint32_t)shard_shape(r->train).count;
    struct random random = random_stream(r->settings->seed, random_purpose("batch order"), (uint64_t)epoch);
    for (uint32_t i = 0; i < count; i++)
        r->order[i] = i;
    random_shuffle(&random, r->order, count);
}

static int one_step(struct training *r) {
    const uint32_t *index = r->order + r->state.step % r->steps_per_epoch * r->settings->batch;
    struct step_result s;
    struct error inner;
    if (shard_read(r->train, index, r->settings->batch, r->images, r->annotations, r->labels, r->err))
        return -1;
    if (trainer_gradient(r->trainer, r->images, r->annotations, r->labels, lambda_now(r), &s, &inner))
        return fail(r->err, "step %ld: %.900s", r->state.step, inner.message);
    trace_step(r, index, &s);
    trainer_update(r->trainer, &s);
    r->state.step++;
    r->state.epoch.steps++;
    r->state.epoch.seen += r->settings->batch;
    r->state.epoch.correct += s.correct;
    r->state.epoch.loss += s.loss;
    r->state.epoch.loss_main += s.loss_main;
    r->state.epoch.loss_reg += s.loss_reg;
    r->state.epoch.loss_att += s.loss_att;
    r->state.epoch.loss_map += s.loss_map;
    r->state.epoch.gradient_norm += s.gradient_norm;
    r->state.epoch.clipped += s.gradient_norm > r->settings->clip_norm;
    for (int l = 0; l < STAGES; l++)
        r->state.epoch.terms[l] += s.terms[l];
    return 0;
}

static double seconds_spent(const struct training *r) {
    return r->state.seconds + seconds_now() - r->session_started;
}

// Saving costs a hundredth of the time at most, unless it is asked for after every step.
static int save_checkpoint(struct training *r) {
    double started = seconds_now();
    char path[PATH_SIZE], identity[DIGEST_SIZE];
    struct checkpoint now = r->state;
    now.seconds = seconds_spent(r);
    if (path_join(path, r->err, r->job->folder, "checkpoint") || make_identity(r, identity) ||
        checkpoint_save(path, identity, &now, r->trainer, r->err))
        return -1;
    r->last_checkpoint = seconds_now(); // afterwards: saving on a slow disk leaves as much time for work
    r->pause = r->settings->checkpoint_seconds;
    if (r->pause > 0 && r->pause < 100 * (r->last_checkpoint - started))
        r->pause = 100 * (r->last_checkpoint - started);
    return 0;
}

// Appends a line to the metrics, in memory and in the folder.
static int add_metrics(struct training *r, json_t *line) {
    char path[PATH_SIZE];
    char *text = json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(9));
    size_t old = r->state.metrics ? strlen(r->state.metrics) : 0;
    if (!text)
        return fail(r->err, "metrics of epoch %ld: a number that JSON cannot hold",
                    r->state.step / r->steps_per_epoch);
    int result = array_resize(r->state.metrics, old + strlen(text) + 2, "metrics", r->err);
    if (!result) {
        sprintf(r->state.metrics + old, "%s\n", text);
        result = path_join(path, r->err, r->job->folder, "metrics.jsonl") ||
                 file_write(path, r->state.metrics, strlen(r->state.metrics), r->err);
    }
    free(text);
    return result ? -1 : 0;
}

static json_t *epoch_line(const struct training *r) {
    double n = (double)r->state.epoch.steps;
    json_t *line =
        json_pack("{s:I, s:I, s:f, s:f, s:f, s:f}", "epoch", (json_int_t)(r->state.step / r->steps_per_epoch),
                  "step", (json_int_t)r->state.step, "loss", r->state.epoch.loss / n, "loss_main",
                  r->state.epoch.loss_main / n, "loss_reg", r->state.epoch.loss_reg / n, "train_accuracy",
                  100.0 * (double)r->state.epoch.correct / (double)r->state.epoch.seen);
    if (r->trainer->regularised) {
        json_t *terms = json_object();
        for (int l = 0; l < STAGES; l++) {
            char name[16];
            snprintf(name, sizeof name, "layer%d", l + 1);
            json_object_set_new(terms, name, json_real(r->state.epoch.terms[l] / n));
        }
        json_object_set_new(line, "reg_terms", terms);
    }
    if (r->trainer->attention) {
        json_object_set_new(line, "loss_att", json_real(r->state.epoch.loss_att / n));
        json_object_set_new(line, "loss_map", json_real(r->state.epoch.loss_map / n));
    }
    if (r->settings->clip_norm > 0) {
        json_object_set_new(line, "grad_norm", json_real(r->state.epoch.gradient_norm / n));
        json_object_set_new(line, "clipped", json_real((double)r->state.epoch.clipped / n));
    }
    return line;
}

static int end_epoch(struct training *r) {
    double accuracy;
    json_t *line = epoch_line(r);
    int result = evaluate_accuracy(r->trainer, r->test, &accuracy, r->err);
    json_object_set_new(line, "test_accuracy", json_real(accuracy));
    if (!result && r->validation) {
        result = evaluate_accuracy(r->trainer, r->validation, &accuracy, r->err);
        json_object_set_new(line, "validation_accuracy", json_real(accuracy));
        if (!result && accuracy > r->state.best_validation) {
            char path[PATH_SIZE];
            r->state.best_validation = accuracy;
            if (!strcmp(r->settings->select, "best-validation"))
                result = path_join(path, r->err, r->job->folder, "best.safetensors") ||
                         weights_save(&r->trainer->parameters, path, r->err);
        }
    }
    if (!result)
        result = add_metrics(r, line);
    json_decref(line);
    memset(&r->state.epoch, 0, sizeof r->state.epoch);
    return result ? -1 : 0;
}

static void report_progress(const struct training *r) {
    char note[48];
    if (!r->job->progress)
        return;
    snprintf(note, sizeof note, "epoch %ld/%d", (r->state.step - 1) / r->steps_per_epoch + 1,
             r->settings->epochs);
    r->job->progress(r->job->progress_context, (double)r->state.step, (double)r->steps, note);
}

static int train_steps(struct training *r) {
    long shuffled = -1;
    while (r->state.step < r->steps) {
        long epoch = r->state.step / r->steps_per_epoch;
        if (epoch != shuffled)
            shuffle(r, shuffled = epoch);
        if (one_step(r) || (r->state.step % r->steps_per_epoch == 0 && end_epoch(r)))
            return -1;
        report_progress(r);
        int interrupted = interrupt_requested();
        if ((interrupted || seconds_now() - r->last_checkpoint >= r->pause) && save_checkpoint(r))
            return -1;
        if (interrupted && r->state.step < r->steps)
            return fail_interrupted(r->err, "%s: interrupted at step %ld of %ld; run it again to go on",
                                    r->job->folder, r->state.step, r->steps);
    }
    return 0;
}

// Of an ABN that started from a ResNet's weights.
static json_t *branch_origin(const struct parameters *p) {
    json_t *initialised = json_array();
    for (int i = 0; i < p->count; i++)
        if (weights_fresh(p->items[i].name))
            json_array_append_new(initialised, json_string(p->items[i].name));
    return json_pack("{s:s, s:o}", "att_layer4", "copied from layer4", "initialised", initialised);
}

static json_t *spans_json(const struct spans *s) {
    json_t *spans = json_array();
    for (int i = 0; i < s->count; i++)
        json_array_append_new(spans, json_pack("{s:I, s:s, s:s}", "from_step", (json_int_t)s->items[i].from,
                                               "precision", s->items[i].precision, "products",
                                               s->items[i].products));
    return spans;
}

static json_t *record(const struct training *r, json_t *metrics, const char *model_digest) {
    json_t *run = json_object();
    struct shard_shape shape = shard_shape(r->train);
    double seconds = seconds_spent(r);
    json_object_set_new(run, "state", json_string("done"));
    if (r->job->cell)
        json_object_set(run, "cell", (json_t *)r->job->cell);
    json_object_set_new(run, "settings", settings_json(train_schema, r->settings, 0));
    json_object_set_new(run, "lambda", json_real(r->lambda));
    json_object_set(run, "metrics", metrics);
    json_object_set_new(run, "model_sha256", json_string(model_digest));
    json_object_set_new(run, "data",
                        json_pack("{s:s, s:s, s:I, s:I, s:i, s:i}", "train_sha256",
                                  shard_content_digest(r->train), "test_sha256",
                                  shard_content_digest(r->test), "train_images", (json_int_t)shape.count,
                                  "test_images", (json_int_t)shard_shape(r->test).count, "pixels",
                                  shape.height, "classes", shape.classes));
    enum precision precision = r->trainer->settings.precision;
    json_object_set_new(run, "precision", json_string(precision_name(precision)));
    if (precision_isa(precision))
        json_object_set_new(run, "products", json_string(precision_isa(precision)));
    if (r->trainer->settings.activations == PRECISION_BF16)
        json_object_set_new(run, "activations", json_string("bf16"));
    json_object_set_new(run, "threads", json_integer(r->trainer->settings.threads));
    json_object_set_new(run, "seconds", json_real(seconds));
    json_object_set_new(run, "resumed_at_step", json_integer(r->resumed_at));
    if (r->state.spans.count > 1)
        json_object_set_new(run, "computed", spans_json(&r->state.spans));
    json_object_set_new(run, "head_replaced", json_boolean(r->head_replaced));
    if (r->branch_replaced)
        json_object_set_new(run, "attention_branch", branch_origin(&r->trainer->parameters));
    return run;
}

static void remove_checkpoints(const struct training *r) {
    char path[PATH_SIZE];
    struct error ignored;
    if (!path_join(path, &ignored, r->job->folder, "checkpoint"))
        snapshot_remove(path);
    if (!path_join(path, &ignored, r->job->folder, "best.safetensors"))
        unlink(path);
}

static int finish(struct training *r) {
    char path[PATH_SIZE], digest[DIGEST_SIZE];
    int unused;
    if (!strcmp(r->settings->select, "best-validation") &&
        (path_join(path, r->err, r->job->folder, "best.safetensors") ||
         weights_load(&r->trainer->parameters, path, &unused, r->err)))
        return -1;
    json_t *metrics = evaluate_report(r->trainer, r->test, r->err), *provenance = NULL, *run = NULL;
    int result = !metrics || weights_digest(&r->trainer->parameters, digest, r->err) ? -1 : 0;
    if (!result && !(provenance = provenance_json(r->err)))
        result = -1;
    if (!result && r->settings->save_model)
        result = path_join(path, r->err, r->job->folder, "model.safetensors") ||
                 weights_save(&r->trainer->parameters, path, r->err);
    if (!result) {
        run = record(r, metrics, digest);
        json_object_set(run, "provenance", provenance);
        result = path_join(path, r->err, r->job->folder, "run.json") || json_write(path, run, r->err);
    }
    json_decref(metrics);
    json_decref(provenance);
    json_decref(run);
    if (!result)
        remove_checkpoints(r);
    return result ? -1 : 0;
}

static int resume(struct training *r) {
    char path[PATH_SIZE], identity[DIGEST_SIZE];
    r->state.best_validation = -1;
    if (path_join(path, r->err, r->job->folder, "run.json"))
        return -1;
    unlink(path); // an earlier run's record would pass for this one's
    if (path_join(path, r->err, r->job->folder, "checkpoint") || make_identity(r, identity))
        return -1;
    struct text notices = {0};
    int found = checkpoint_load(path, identity, &r->state, r->trainer, &notices, r->err);
    if (found >= 0) {
        enum precision precision = r->trainer->settings.precision;
        spans_begin(&r->state.spans, r->state.step, precision_name(precision), precision_isa(precision),
                    r->job->folder, "step", &notices);
    }
    notice_print(&notices);
    r->resumed_at = r->state.step;
    r->session_started = r->last_checkpoint = seconds_now();
    r->pause = r->settings->checkpoint_seconds;
    return found < 0 ? -1 : 0;
}

static void close_all(struct training *r) {
    trainer_free(r->trainer);
    shard_close(r->train);
    shard_close(r->validation);
    shard_close(r->test);
    free(r->state.metrics);
    free(r->order);
    free(r->images);
    free(r->annotations);
    free(r->labels);
}

int train_run(const struct train_job *job, struct error *err) {
    struct training r = {.job = job, .settings = job->settings, .err = err};
    int failed = folder_make(job->folder, err) || open_shards(&r) || make_trainer(&r) || resume(&r) ||
                 open_trace(&r) || train_steps(&r);
    int untraced = close_trace(&r);
    failed = failed || untraced || finish(&r);
    close_all(&r);
    return failed ? -1 : 0;
}
