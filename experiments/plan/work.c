// SPDX-License-Identifier: Apache-2.0
#include "experiments/plan/work.h"

#include "core/shard/shard.h"

static json_t *data_inputs(const struct data_set *set, const union data_settings *settings,
                           struct error *err) {
    return set->inputs(settings, err);
}

static int data_generate(const struct data_set *set, const union data_settings *settings, const char *path,
                         progress_function *progress, void *progress_context, struct error *err) {
    return set->generate(settings, path, progress, progress_context, err);
}

static json_t *annotation_quality(const char *path, struct error *err) {
    struct shard *shard = shard_open_measured(path, err);
    json_t *attributes = shard ? shard_attributes(shard, err) : NULL;
    shard_close(shard);
    if (!attributes)
        return NULL;
    json_t *quality = json_pack("{s:O, s:O}", "iou", json_object_get(attributes, "annotation_iou"), "mae",
                                json_object_get(attributes, "annotation_mae"));
    json_t *computed = json_object_get(attributes, "annotator_computed");
    if (quality && computed)
        json_object_set(quality, "computed", computed);
    json_decref(attributes);
    if (!quality)
        fail(err, "%s: it does not say how good its annotations are", path);
    return quality;
}

const struct work real_work = {
    .inputs = data_inputs,
    .generate = data_generate,
    .annotate = annotate_run,
    .annotation = annotation_quality,
    .train = train_run,
    .memory = train_memory,
    .annotator_memory = annotator_memory,
};
