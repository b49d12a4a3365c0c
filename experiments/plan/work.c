// SPDX-License-Identifier: Apache-2.0
#include "experiments/plan/work.h"

#include "core/shard/shard.h"

#include <string.h>

static json_t *data_inputs(const struct data_set *set, const union data_settings *settings,
                           struct error *err) {
    return set->inputs(settings, err);
}

static int data_generate(const struct data_set *set, const union data_settings *settings, const char *path,
                         progress_function *progress, void *progress_context, struct error *err) {
    return set->generate(settings, path, progress, progress_context, NULL, err);
}

// Whether the annotations were made from this content, by this annotator.
static int check_origin(const char *path, const json_t *attributes, const char *content,
                        const struct annotator_settings *settings, struct error *err) {
    const char *source = json_string_value(json_object_get(attributes, "annotator_source"));
    json_int_t n = json_integer_value(json_object_get(attributes, "annotator_n")),
               seed = json_integer_value(json_object_get(attributes, "annotator_seed"));
    if (!source || strcmp(source, content) != 0)
        return fail(err,
                    "%s: annotations of another training shard (content %.16s, not %.16s); remove the file, "
                    "and it is "
                    "made again",
                    path, source ? source : "not told", content);
    if (n != settings->n || (uint64_t)seed != settings->seed)
        return fail(
            err,
            "%s: annotations of another annotator (n %lld, seed %lld); remove the file, and it is made again",
            path, (long long)n, (long long)seed);
    return 0;
}

static json_t *annotation_quality(const char *path, const char *from,
                                  const struct annotator_settings *settings, struct error *err) {
    struct shard *shard = shard_open_measured(path, err),
                 *source = shard ? shard_open_measured(from, err) : NULL;
    json_t *attributes = source ? shard_attributes(shard, err) : NULL;
    if (attributes && check_origin(path, attributes, shard_content_digest(source), settings, err)) {
        json_decref(attributes);
        attributes = NULL;
    }
    shard_close(shard);
    shard_close(source);
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
