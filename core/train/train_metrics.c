// SPDX-License-Identifier: Apache-2.0
// The sums of an epoch, and its line in metrics.jsonl.
#include "core/base/file.h"
#include "core/base/memory.h"
#include "core/train/evaluate.h"
#include "core/train/train_internal.h"
#include "core/train/weights.h"

#include <stdlib.h>
#include <string.h>

void train_metrics_step(struct training *r, const struct step_result *s) {
    r->state.epoch.steps++;
    r->state.epoch.seen += r->settings->batch;
    r->state.epoch.correct += s->correct;
    r->state.epoch.loss += s->loss;
    r->state.epoch.loss_main += s->loss_main;
    r->state.epoch.loss_reg += s->loss_reg;
    r->state.epoch.loss_att += s->loss_att;
    r->state.epoch.loss_map += s->loss_map;
    r->state.epoch.gradient_norm += s->gradient_norm;
    r->state.epoch.clipped += s->gradient_norm > r->settings->clip_norm;
    for (int l = 0; l < STAGES; l++)
        r->state.epoch.terms[l] += s->terms[l];
}

void train_metrics_note(const struct training *r, char *note, size_t size) {
    double steps = (double)r->state.epoch.steps, seen = (double)r->state.epoch.seen;
    int used = snprintf(note, size, "epoch %ld/%d, loss %.3g, accuracy %.1f %%",
                        (r->state.step - 1) / r->steps_per_epoch + 1, r->settings->epochs,
                        r->state.epoch.loss / steps, 100 * (double)r->state.epoch.correct / seen);
    if (r->test_accuracy >= 0)
        snprintf(note + used, size - (size_t)used, ", test %.1f %%", r->test_accuracy);
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
    if (r->trainer->input_gradient)
        json_object_set_new(line, "reg_terms", json_pack("{s:f}", "input", r->state.epoch.loss_reg / n));
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

int train_metrics_epoch(struct training *r) {
    double accuracy;
    json_t *line = epoch_line(r);
    int result = evaluate_accuracy(r->trainer, r->test, &accuracy, r->err);
    r->test_accuracy = accuracy;
    json_object_set_new(line, "test_accuracy", json_real(accuracy));
    if (!result && r->validation) {
        result = evaluate_accuracy(r->trainer, r->validation, &accuracy, r->err);
        json_object_set_new(line, "validation_accuracy", json_real(accuracy));
        if (!result && accuracy > r->state.best_validation) {
            char path[PATH_SIZE];
            r->state.best_validation = accuracy;
            if (!strcmp(r->settings->select, "best-validation"))
                result = path_join(path, r->err, r->job->folder, "best.safetensors") ||
                         weights_save(&r->trainer->parameters, path, r->about, r->err);
        }
    }
    if (result && r->err->of_work) { // the network has come to this, whatever the shard is
        struct error inner = *r->err;
        fail_around(r->err, &inner, "after epoch %d: %.900s",
                    (int)json_integer_value(json_object_get(line, "epoch")), inner.message);
    }
    if (!result)
        result = add_metrics(r, line);
    json_decref(line);
    memset(&r->state.epoch, 0, sizeof r->state.epoch);
    return result ? -1 : 0;
}
