// SPDX-License-Identifier: Apache-2.0
// run.json: what the run was, and what came of it.
#include "core/kernels/arithmetic.h"
#include "core/train/train_internal.h"
#include "core/train/weights.h"

#include <string.h>

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

// What was trained on, by digests that this run has measured itself (core/shard/shard.h, weights.h).
static json_t *data_json(const struct training *r) {
    struct shard_shape shape = shard_shape(r->train);
    json_t *data = json_pack(
        "{s:s, s:s, s:b, s:I, s:I, s:i, s:i}", "train_sha256", shard_content_digest(r->train), "test_sha256",
        shard_content_digest(r->test), "measured", 1, "train_images", (json_int_t)shape.count, "test_images",
        (json_int_t)shard_shape(r->test).count, "pixels", shape.height, "classes", shape.classes);
    if (data && r->validation)
        json_object_set_new(data, "validation_sha256", json_string(shard_content_digest(r->validation)));
    if (data && *r->weights)
        json_object_set_new(data, "weights_sha256", json_string(r->weights));
    return data;
}

json_t *train_record(const struct training *r, json_t *metrics, const char *model_digest) {
    json_t *run = json_object();
    double seconds = train_seconds(r);
    json_object_set_new(run, "state", json_string("done"));
    if (r->job->cell)
        json_object_set(run, "cell", (json_t *)r->job->cell);
    json_object_set_new(run, "settings", settings_json(train_schema, r->settings, 0));
    json_object_set_new(run, "lambda", json_real(r->lambda));
    json_object_set(run, "metrics", metrics);
    json_object_set_new(run, "model_sha256", json_string(model_digest));
    json_object_set_new(run, "data", data_json(r));
    enum precision precision = r->trainer->settings.precision;
    json_object_set_new(run, "precision", json_string(precision_name(precision)));
    if (!strcmp(r->settings->precision, "auto"))
        json_object_set_new(run, "arithmetic", json_string(arithmetic_auto()->reason));
    if (precision_isa(precision))
        json_object_set_new(run, "products", json_string(precision_isa(precision)));
    if (r->trainer->settings.activations == PRECISION_BF16)
        json_object_set_new(run, "activations", json_string("bf16"));
    json_object_set_new(run, "threads", json_integer(r->trainer->settings.threads));
    json_object_set_new(run, "seconds", json_real(seconds));
    json_object_set_new(run, "resumed_at_step", json_integer(r->resumed_at));
    if (r->state.spans.count > 1)
        json_object_set_new(run, "computed", spans_json(&r->state.spans));
    if (r->last_layer.images)
        json_object_set_new(run, "last_layer",
                            json_pack("{s:f, s:f, s:I, s:i}", "l2", r->last_layer.l2, "half_accuracy",
                                      r->last_layer.accuracy, "images", (json_int_t)r->last_layer.images,
                                      "iterations", r->last_layer.iterations));
    json_object_set_new(run, "head_replaced", json_boolean(r->head_replaced));
    if (r->branch_replaced)
        json_object_set_new(run, "attention_branch", branch_origin(&r->trainer->parameters));
    return run;
}
