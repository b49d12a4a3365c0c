// SPDX-License-Identifier: Apache-2.0
#include "experiments/plan/cell_file.h"

#include "core/base/isolate.h"
#include "core/base/json_fields.h"

#include <string.h>

json_t *cell_to_json(const struct cell *c, struct error *err) {
    json_t *data = json_object(), *images = json_array();
    for (enum split s = 0; s < SPLITS; s++) {
        json_object_set_new(data, split_names[s], settings_json(c->set->schema, &c->data[s], 0));
        json_array_append_new(images, json_integer(c->images[s]));
    }
    json_t *json = json_pack(
        "{s:O, s:s, s:[f,f,f,f], s:i, s:o, s:b, s:b, s:o, s:o, s:o, s:f, s:s}", "cell", c->record,
        "data_kind", data_set_kind(c->set)->name, "axes", c->axes.p, c->axes.q, c->axes.size, c->axes.n,
        "classes", c->classes, "images", images, "has_validation", c->has_validation, "needs_model",
        c->needs_model, "data", data, "train", settings_json(train_schema, &c->training, 0), "annotator",
        c->has_annotator ? settings_json(annotator_schema, &c->annotator, 0) : json_null(), "steps", c->steps,
        "annotation_digest", c->annotation_digest);
    if (!json)
        fail_memory(err, "a cell");
    return json;
}

// ---------------------------------------------------------------------------------------- reading

static int take_text(char *out, size_t size, const json_t *object, const char *key, const char *where,
                     struct error *err) {
    const char *text = json_field_text(object, key);
    if (strlen(text) >= size)
        return fail(err, "%s: %s: too long", where, key);
    snprintf(out, size, "%s", text);
    return 0;
}

static int take_data(struct cell *c, const json_t *json, const char *where, struct error *err) {
    const json_t *data = json_object_get(json, "data"), *images = json_object_get(json, "images");
    const char *kind = json_field_text(json, "data_kind"); // a profile's own data set has another name
    c->set = data_set_of(kind);
    if (!c->set)
        return fail(err, "%s: no data set '%.60s' in this program", where, kind);
    for (enum split s = 0; s < SPLITS; s++) {
        data_set_default(c->set, &c->data[s]);
        c->images[s] = (int)json_integer_value(json_array_get(images, (size_t)s));
        if (settings_from_json(c->set->schema, &c->data[s], json_object_get(data, split_names[s]), where,
                               err))
            return -1;
    }
    return 0;
}

static int take_record(struct cell *c, const char *where, struct error *err) {
    const json_t *r = c->record;
    c->seed = (uint64_t)json_integer_value(json_object_get(r, "seed"));
    return take_text(c->name, sizeof c->name, r, "name", where, err) ||
                   take_text(c->digest, DIGEST_SIZE, r, "digest", where, err) ||
                   take_text(c->data_digest, DIGEST_SIZE, r, "data_digest", where, err) ||
                   take_text(c->cost_key, DIGEST_SIZE, r, "cost_key", where, err) ||
                   take_text(c->annotation_cost_key, DIGEST_SIZE, r, "annotation_cost_key", where, err)
               ? -1
               : 0;
}

static int same_settings(const struct setting *schema, const void *target, const json_t *recorded) {
    json_t *now = settings_json(schema, target, 1);
    int same = now && json_equal(now, (json_t *)recorded);
    json_decref(now);
    return same;
}

// The digest is over the identity, and the settings are the identity's: else the run would be another than its name.
static int check_identity(const struct cell *c, const char *where, struct error *err) {
    const json_t *identity = json_object_get(c->record, "identity"),
                 *data = json_object_get(identity, "data");
    char digest[DIGEST_SIZE];
    if (!json_is_object(identity))
        return fail(err, "%s: no identity", where);
    if (json_digest(identity, digest, err))
        return -1;
    int same = !strcmp(digest, c->digest) &&
               same_settings(train_schema, &c->training, json_object_get(identity, "train")) &&
               (!c->has_annotator ||
                same_settings(annotator_schema, &c->annotator, json_object_get(identity, "annotator")));
    for (enum split s = 0; s < SPLITS && same; s++)
        same = (s == SPLIT_VALIDATION && !c->has_validation) ||
               same_settings(c->set->schema, &c->data[s], json_object_get(data, split_names[s]));
    return same ? 0
                : fail(err,
                       "%s: its settings are not those of the run %.16s (another version of the program made "
                       "it?); ask for the runs anew",
                       where, c->digest);
}

int cell_from_json(struct cell *c, const json_t *json, const char *where, struct error *err) {
    const json_t *axes = json_object_get(json, "axes"), *annotator = json_object_get(json, "annotator");
    memset(c, 0, sizeof *c);
    c->record = json_incref(json_object_get(json, "cell"));
    c->axes = (struct axes){.p = json_number_value(json_array_get(axes, 0)),
                            .q = json_number_value(json_array_get(axes, 1)),
                            .size = json_number_value(json_array_get(axes, 2)),
                            .n = json_number_value(json_array_get(axes, 3))};
    c->classes = (int)json_integer_value(json_object_get(json, "classes"));
    c->has_validation = json_is_true(json_object_get(json, "has_validation"));
    c->needs_model = json_is_true(json_object_get(json, "needs_model"));
    c->has_annotator = json_is_object(annotator);
    c->steps = json_number_value(json_object_get(json, "steps"));
    settings_default(train_schema, &c->training);
    settings_default(annotator_schema, &c->annotator);
    int failed = !json_is_object(c->record) ? fail(err, "%s: no cell of a sweep", where)
                                            : take_record(c, where, err) || take_data(c, json, where, err);
    failed =
        failed || take_text(c->annotation_digest, DIGEST_SIZE, json, "annotation_digest", where, err) ||
        settings_from_json(train_schema, &c->training, json_object_get(json, "train"), where, err) ||
        (c->has_annotator && settings_from_json(annotator_schema, &c->annotator, annotator, where, err)) ||
        check_identity(c, where, err);
    if (failed) {
        json_decref(c->record);
        c->record = NULL;
    }
    return failed ? -1 : 0;
}

// ---------------------------------------------------------------------------------------- inputs

struct inputs_question {
    const struct cell *cell;
    const struct work *work;
};

static json_t *ask_inputs(void *context, struct error *err) {
    const struct inputs_question *q = context;
    return q->work->inputs(q->cell->set, &q->cell->data[SPLIT_TRAIN], err);
}

int cell_check_inputs(const struct cell *c, const struct work *work, struct error *err) {
    const json_t *identity = json_object_get(c->record, "identity");
    char digest[DIGEST_SIZE] = "";
    struct inputs_question question = {c, work};
    json_t *inputs = isolate_json(ask_inputs, &question, err);
    if (!inputs)
        return -1;
    int same = json_equal(inputs, json_object_get(identity, "inputs"));
    json_decref(inputs);
    if (!same)
        return fail(err, "%s: the sources of %s are other files here than where the run was planned", c->name,
                    c->set->title);
    if (*c->training.weights && digest_file(c->training.weights, digest, err))
        return -1;
    if (strcmp(digest, json_field_text(identity, "weights")) != 0)
        return fail(err, "%s: %s: other weights here than where the run was planned", c->name,
                    c->training.weights);
    return 0;
}
