// SPDX-License-Identifier: Apache-2.0
#include "experiments/cells.h"

#include "core/base/memory.h"
#include "core/base/version.h"
#include "core/kernels/real.h"
#include "experiments/isolate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const split_names[SPLITS] = {"train", "test", "validation"};

enum { PAPER_CANVAS = 224 };

static void cell_name(char out[192], const struct profile *p, const struct axes *a, const char *method,
                      uint64_t seed) {
    snprintf(out, 192, "%s: p %.6g, q %.6g, size %.6g, %s, seed %llu", p->name, a->p, a->q, a->size, method,
             (unsigned long long)seed);
}

// Tables give the digit's size for a canvas of 224 pixels.
static int scaled_size(double size, int canvas) {
    int scaled = (int)floor(size * canvas / PAPER_CANVAS);
    return scaled < DIGIT_SIDE_LEAST ? DIGIT_SIDE_LEAST : scaled;
}

static void fill_data(struct cell *c, const struct profile *p) {
    const int counts[SPLITS] = {p->train, p->test, p->validation};
    c->has_validation = p->validation >= 0;
    for (int s = 0; s < SPLITS; s++) {
        struct textured_mnist_settings *d = &c->data[s];
        *d = p->data;
        d->p = s == SPLIT_TEST ? 1 : c->axes.p;
        d->q = c->axes.q;
        d->size = scaled_size(c->axes.size, d->canvas);
        d->seed = c->seed;
        d->count = counts[s] < 0 ? 0 : counts[s];
        snprintf(d->split, sizeof d->split, "%s", split_names[s]);
    }
}

double cell_images(const struct cell *cell, enum split split) {
    static const int all[SPLITS] = {54000, 10000, 6000};
    if (split == SPLIT_VALIDATION && !cell->has_validation)
        return 0;
    return cell->data[split].count ? cell->data[split].count : all[split];
}

// ---------------------------------------------------------------------------------------- digests

static json_t *data_identity(const struct cell *c, const json_t *inputs) {
    json_t *data = json_object();
    for (int s = 0; s < SPLITS; s++)
        if (s != SPLIT_VALIDATION || c->has_validation)
            json_object_set_new(data, split_names[s], settings_json(textured_mnist_schema, &c->data[s], 1));
    return json_pack("{s:o, s:O, s:i}", "data", data, "inputs", inputs, "generator_revision",
                     GENERATOR_REVISION);
}

static int make_cost_key(struct cell *c, struct error *err) {
    json_t *key =
        json_pack("{s:o, s:i, s:f, s:f, s:f}", "train", settings_json(train_schema, &c->training, 1),
                  "canvas", c->data[0].canvas, "images", cell_images(c, SPLIT_TRAIN), "test",
                  cell_images(c, SPLIT_TEST), "validation", cell_images(c, SPLIT_VALIDATION));
    json_object_del(json_object_get(key, "train"), "seed");
    int result = json_digest(key, c->cost_key, err);
    json_decref(key);
    return result;
}

static int make_identity(struct cell *c, const struct plan *plan, const char *weights, struct error *err) {
    json_t *identity = data_identity(c, plan->inputs);
    int result = json_digest(identity, c->data_digest, err);
    json_object_set_new(identity, "train", settings_json(train_schema, &c->training, 1));
    json_object_set_new(identity, "weights", *weights ? json_string(weights) : json_null());
    json_object_set_new(identity, "trainer_revision", json_integer(TRAINER_REVISION));
    // The double build gives other numbers, which must not be mixed with float's.
    json_object_set_new(identity, "precision", json_string(REAL_NAME));
    if (!result)
        result = json_digest(identity, c->digest, err) || make_cost_key(c, err);
    char description[256];
    profile_describe(plan->profile, description);
    c->record = json_pack("{s:s, s:s, s:s, s:s, s:s, s:f, s:f, s:f, s:s, s:I, s:s, s:s, s:o}", "name",
                          c->name, "digest", c->digest, "profile", plan->profile->name, "data_set",
                          "textured-mnist", "data", description, "p", c->axes.p, "q", c->axes.q, "size",
                          c->axes.size, "method", c->training.method, "seed", (json_int_t)c->seed,
                          "data_digest", c->data_digest, "cost_key", c->cost_key, "identity", identity);
    return result ? -1 : c->record ? 0 : fail(err, "out of memory: a cell's record");
}

struct input_question {
    const struct work *work;
    const struct textured_mnist_settings *settings;
};

static json_t *ask_inputs(void *context, struct error *err) {
    struct input_question *q = context;
    return q->work->inputs(q->settings, err);
}

// ---------------------------------------------------------------------------------------- the plan

static int find_name(const struct plan *plan, const char *name) {
    for (int i = 0; i < plan->count; i++)
        if (!strcmp(plan->cells[i].name, name))
            return i;
    return -1;
}

// A cell without its digests; nothing if it is there already.
static int add_cell(struct plan *plan, const struct table *t, int row, int column, uint64_t seed,
                    struct error *err) {
    struct cell c = {.axes = table_axes(t, row), .seed = seed};
    const char *method = table_method(t, column);
    if (strcmp(table_data(t, column), "textured-mnist") || c.axes.n != N_ALL)
        return fail(err, "%s: the sweep knows neither other data sets nor n", t->path);
    cell_name(c.name, plan->profile, &c.axes, method, seed);
    if (find_name(plan, c.name) >= 0)
        return 0;
    if (profile_training(plan->profile, method, &c.training, err))
        return -1;
    c.training.seed = seed;
    fill_data(&c, plan->profile);
    c.steps = floor(cell_images(&c, SPLIT_TRAIN) / c.training.batch) * c.training.epochs;
    if (reallocate((void **)&plan->cells, (size_t)plan->count + 1, sizeof c, "cells", err))
        return -1;
    plan->cells[plan->count++] = c;
    return 0;
}

// Every method may start from weights of its own; each file is read once.
static int add_identities(struct plan *plan, struct error *err) {
    char file[SETTING_TEXT_SIZE] = "", digest[DIGEST_SIZE] = "";
    for (int i = 0; i < plan->count; i++) {
        struct cell *c = &plan->cells[i];
        if (strcmp(file, c->training.weights)) {
            snprintf(file, sizeof file, "%s", c->training.weights);
            digest[0] = 0;
            if (*file && digest_file(file, digest, err))
                return -1;
        }
        if (make_identity(c, plan, digest, err))
            return -1;
    }
    return 0;
}

int plan_make(struct plan *plan, const struct profile *profile, const struct seeds *seeds,
              const struct table *tables, int table_count, const struct work *work, struct error *err) {
    *plan = (struct plan){.profile = profile, .seeds = *seeds};
    for (int t = 0; t < table_count; t++)
        for (int row = 0; row < tables[t].row_count; row++)
            for (int s = 0; s < seeds->count; s++)
                for (int column = 0; column < tables[t].column_count; column++)
                    if (add_cell(plan, &tables[t], row, column, seeds->values[s], err))
                        return -1;
    if (!plan->count)
        return fail_usage(err, "no cells to run");
    plan->table_cells = plan->count / seeds->count;
    struct input_question question = {work, &plan->cells[0].data[SPLIT_TRAIN]};
    plan->inputs = isolated_json(ask_inputs, &question, err);
    return plan->inputs ? add_identities(plan, err) : -1;
}

void plan_free(struct plan *plan) {
    for (int i = 0; i < plan->count; i++)
        json_decref(plan->cells[i].record);
    free(plan->cells);
    json_decref(plan->inputs);
    memset(plan, 0, sizeof *plan);
}

const struct cell *plan_find(const struct plan *plan, const struct table *table, int row, int column,
                             uint64_t seed) {
    struct axes axes = table_axes(table, row);
    char name[192];
    cell_name(name, plan->profile, &axes, table_method(table, column), seed);
    int i = find_name(plan, name);
    return i < 0 ? NULL : &plan->cells[i];
}

// ---------------------------------------------------------------------------------------- differences

static void value_text(const json_t *value, char out[64]) {
    char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(9)) : NULL;
    snprintf(out, 64, "%.60s", text ? text : "none");
    free(text);
}

static void compare(const char *path, const json_t *before, const json_t *now, char *out, size_t size,
                    size_t *used) {
    if (json_is_object(before) && json_is_object(now)) {
        json_t *keys = json_deep_copy(before), *value;
        const char *key;
        json_object_update_missing(keys, (json_t *)now);
        json_object_foreach(keys, key, value) {
            char place[128];
            // Which method, which data: "train" alone needs no prefix, its names are known from profiles.
            int bare = !*path || !strcmp(path, "train") || !strcmp(path, "data");
            snprintf(place, sizeof place, "%s%s%s", bare ? "" : path, bare ? "" : " ", key);
            compare(place, json_object_get(before, key), json_object_get(now, key), out, size, used);
        }
        json_decref(keys);
    } else if (!json_equal((json_t *)before, (json_t *)now) && *used < size) {
        char a[64], b[64];
        value_text(before, a);
        value_text(now, b);
        *used += (size_t)snprintf(out + *used, size - *used, "%s%s %s -> %s", *used ? ", " : "", path, a, b);
    }
}

void identity_difference(const json_t *before, const json_t *now, char *out, size_t size) {
    size_t used = 0;
    out[0] = 0;
    compare("", before, now, out, size, &used);
}
