// SPDX-License-Identifier: Apache-2.0
#include "experiments/plan/cells.h"

#include "core/base/isolate.h"
#include "core/base/memory.h"
#include "core/base/version.h"
#include "core/kernels/real.h"
#include "core/methods/method.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// ---------------------------------------------------------------------------------------- places

struct place { // what a place of a table stands for, the seed aside
    const struct profile *profile;
    struct axes axes;
    const char *data, *method;
    struct variations settings;
};

const struct profile *plan_column_profile(const struct plan *plan, const struct table *t, int column) {
    const char *word = table_profile(t, column);
    const struct profile *own = *word ? profile_find(plan->profile, word) : NULL;
    return own ? own : plan->profile;
}

// Whether the data set is made to order; a profile's own, which the registry has not, are photographs.
static int is_placed(const char *data) {
    const struct data_set *set = data_set_of(data);
    return set && set->place;
}

// Without annotations some methods become others: ReFF has nothing to focus on and is the baseline. So do
// some where all images of a class are one group, as at p = 0. The settings of a table that was read fit.
static struct place place_of(const struct plan *plan, const struct table *t, int row, int column) {
    struct error none = {0};
    struct place p = {.profile = plan_column_profile(plan, t, column),
                      .axes = table_axes(t, row, column),
                      .data = table_data(t, column),
                      .method = table_method(t, column)};
    const struct method *m = method_of(p.method);
    if (p.axes.n == 0 && m->without)
        m = method_of(p.method = m->without);
    if (is_placed(p.data) && p.axes.p == 0 && m->without_conflict)
        m = method_of(p.method = m->without_conflict);
    if (!m->annotations)
        p.axes.n = 0;
    table_settings(&p.settings, t, row, column, &none);
    return p;
}

static int has_some_annotated(const struct axes *axes) {
    return axes->n > 0 && axes->n < N_ALL;
}

enum { PLACE_SIZE = 896 };

// "p 0, q 1, size 223, lambda 5, n 10, reff". A cell is looked for by its name, so that no name may fail for
// want of memory.
static void name_place(char out[PLACE_SIZE], const struct place *p) {
    const struct axes *a = &p->axes;
    const struct profile_data *data = profile_data_find(p->profile, p->data);
    char where[80], settings[PLACE_SIZE - 160], annotated[32] = "";
    if (is_placed(p->data))
        snprintf(where, sizeof where, "p %.6g, q %.6g, size %.6g", a->p, a->q, a->size);
    else
        snprintf(where, sizeof where, "%.40s", p->data);
    if (method_of(p->method)->annotations && a->n != N_ALL)
        snprintf(annotated, sizeof annotated, "n %.6g, ", a->n);
    variations_name(settings, sizeof settings, &p->settings, p->method, data ? data->set : NULL,
                    has_some_annotated(a));
    snprintf(out, PLACE_SIZE, "%s, %s%s%.40s", where, settings, annotated, p->method);
}

static void cell_name(char out[CELL_NAME_SIZE], const struct place *p, uint64_t seed) {
    char place[PLACE_SIZE];
    name_place(place, p);
    snprintf(out, CELL_NAME_SIZE, "%s: %s, seed %llu", p->profile->name, place, (unsigned long long)seed);
}

static struct place place_of_cell(const struct cell *c) {
    return (struct place){c->profile, c->axes, c->set->name, c->training.method, c->settings};
}

void cell_place_text(struct text *out, const struct cell *cell) {
    const struct place place = place_of_cell(cell);
    char name[PLACE_SIZE];
    name_place(name, &place);
    text_add(out, name);
}

int cell_has_same_place(const struct cell *a, const struct cell *b) {
    const struct place x = place_of_cell(a), y = place_of_cell(b);
    char name_x[PLACE_SIZE], name_y[PLACE_SIZE];
    name_place(name_x, &x), name_place(name_y, &y);
    return a->profile == b->profile && !strcmp(name_x, name_y);
}

// ---------------------------------------------------------------------------------------- settings

// Validation data are drawn as training data are, but for a method that retrains its last layer on such
// without a hint in the background: then as test data are.
static int fill_data(struct cell *c, const struct plan_data *d, const struct method *m, struct error *err) {
    c->set = d->data->set;
    c->classes = d->classes;
    c->has_validation = m->retrains_last_layer || d->data->images[SPLIT_VALIDATION] >= 0;
    for (int s = 0; s < SPLITS; s++) {
        int unbiased = m->retrains_last_layer && s == SPLIT_VALIDATION,
            count = unbiased ? d->data->unbiased : d->data->images[s];
        c->data[s] = d->data->settings;
        c->images[s] = unbiased ? count : d->images[s];
        if (variations_apply_data(&c->settings, c->set, &c->data[s], err))
            return -1;
        data_set_choose(c->set, &c->data[s], split_names[s], c->seed, count < 0 ? 0 : count);
        if (c->set->place) {
            const struct data_axes axes = {
                .p = unbiased ? 1 : c->axes.p, .q = c->axes.q, .size = c->axes.size};
            c->set->place(&c->data[s], &axes, (enum split)s);
        }
    }
    return 0;
}

// Settings that a table varies fit each other, as a profile's own do (profile.c).
static int check_together(const struct cell *c, struct error *err) {
    if (!c->settings.count)
        return 0;
    if (c->training.batch > c->images[SPLIT_TRAIN])
        return fail_usage(err, "%s: a batch of %d is more than the %d training images", c->name,
                          c->training.batch, c->images[SPLIT_TRAIN]);
    if (!strcmp(c->training.select, "best-validation") && !c->has_validation)
        return fail_usage(err, "%s: select = best-validation needs validation images in [data]", c->name);
    return 0;
}

static int fill_settings(struct cell *c, const char *method, struct error *err) {
    if (profile_training(c->profile, method, c->set->name, &c->training, err) ||
        profile_annotator(c->profile, c->set->name, &c->annotator, err) ||
        variations_apply_training(&c->settings, &c->training, err) ||
        (variations_find(&c->settings, "weights") &&
         profile_resolve_weights(c->profile, c->training.weights, err)) ||
        variations_apply_annotator(&c->settings, &c->annotator, err) || check_together(c, err))
        return -1;
    c->training.seed = c->seed;
    const char *factor = method_of(method)->annotation_factor;
    if (c->axes.n == 0 && factor &&
        settings_assign(settings_find(train_schema, factor), &c->training, "0", factor, err))
        return -1;
    c->has_annotator = has_some_annotated(&c->axes);
    c->annotator.n = c->has_annotator ? (int)c->axes.n : 1;
    c->annotator.seed = c->seed;
    c->steps = floor((double)c->images[SPLIT_TRAIN] / c->training.batch) * c->training.epochs;
    return 0;
}

int cell_pixels(const struct cell *cell) {
    return cell->set->pixels(&cell->data[SPLIT_TRAIN]);
}

// ---------------------------------------------------------------------------------------- digests

static json_t *data_identity(const struct cell *c, const json_t *inputs) {
    json_t *data = json_object();
    for (int s = 0; s < SPLITS; s++)
        if (s != SPLIT_VALIDATION || c->has_validation)
            json_object_set_new(data, split_names[s], settings_json(c->set->schema, &c->data[s], 1));
    return json_pack("{s:o, s:O, s:i}", "data", data, "inputs", inputs, "generator_revision",
                     c->set->revision);
}

// What costs depend on beside the settings. Data sets of one size cost the same, but for their classes.
static json_t *cost_base(const struct cell *c, const char *name, json_t *settings) {
    json_object_del(settings, "seed");
    json_object_del(settings, "n");
    json_t *key = json_pack("{s:o, s:i, s:f}", name, settings, "canvas", cell_pixels(c), "images",
                            (double)c->images[SPLIT_TRAIN]);
    if (!c->set->fixed_classes)
        json_object_set_new(key, "classes", json_integer(c->classes));
    return key;
}

static int make_cost_keys(struct cell *c, struct error *err) {
    json_t *key = cost_base(c, "train", settings_json(train_schema, &c->training, 1)), *annotator = NULL;
    json_object_set_new(key, "test", json_real(c->images[SPLIT_TEST]));
    json_object_set_new(key, "validation", json_real(c->images[SPLIT_VALIDATION]));
    int result = json_digest(key, c->cost_key, err);
    json_decref(key);
    if (result || !c->has_annotator)
        return result;
    annotator = cost_base(c, "annotator", settings_json(annotator_schema, &c->annotator, 1));
    result = json_digest(annotator, c->annotation_cost_key, err);
    json_decref(annotator);
    return result;
}

// Adds what pseudo-annotations depend on to the identity of a run that has some.
static int add_annotator(struct cell *c, json_t *identity, struct error *err) {
    if (!c->has_annotator)
        return 0;
    json_object_set_new(identity, "annotator", settings_json(annotator_schema, &c->annotator, 1));
    json_object_set_new(identity, "annotator_revision", json_integer(ANNOTATOR_REVISION));
    return json_digest(identity, c->annotation_digest, err);
}

static int make_record(struct cell *c, json_t *identity, struct error *err) {
    char description[256];
    profile_describe(c->profile, c->set->name, description);
    json_t *n = c->axes.n == N_ALL ? json_string("All") : json_real(c->axes.n);
    c->record = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:I, s:s, s:s, s:o}", "name", c->name,
                          "digest", c->digest, "profile", c->profile->name, "data_set", c->set->name, "data",
                          description, "n", n, "method", c->training.method, "seed", (json_int_t)c->seed,
                          "data_digest", c->data_digest, "cost_key", c->cost_key, "identity", identity);
    if (!c->record)
        return fail_memory(err, "a cell's record");
    if (c->set->place) {
        json_object_set_new(c->record, "p", json_real(c->axes.p));
        json_object_set_new(c->record, "q", json_real(c->axes.q));
        json_object_set_new(c->record, "size", json_real(c->axes.size));
    }
    if (c->has_annotator)
        json_object_set_new(c->record, "annotation_cost_key", json_string(c->annotation_cost_key));
    return 0;
}

static int make_identity(struct cell *c, const struct plan_data *data, const char *weights,
                         struct error *err) {
    json_t *identity = data_identity(c, data->inputs);
    int failed = json_digest(identity, c->data_digest, err) || add_annotator(c, identity, err);
    json_object_set_new(identity, "train", settings_json(train_schema, &c->training, 1));
    json_object_set_new(identity, "weights", *weights ? json_string(weights) : json_null());
    json_object_set_new(identity, "trainer_revision", json_integer(TRAINER_REVISION));
    // The double build gives other numbers, which must not be mixed with float's.
    json_object_set_new(identity, "precision", json_string(REAL_NAME));
    if (failed || json_digest(identity, c->digest, err) || make_cost_keys(c, err)) {
        json_decref(identity);
        return -1;
    }
    return make_record(c, identity, err);
}

// ---------------------------------------------------------------------------------------- the data

struct data_question {
    const struct work *work;
    const struct profile_data *data;
};

// {"inputs", "classes", "images": by split}, asked in a child process.
static json_t *ask_data(void *context, struct error *err) {
    const struct data_question *q = context;
    union data_settings settings = q->data->settings;
    const struct data_set *set = q->data->set;
    json_t *images = json_array();
    json_t *inputs = q->work->inputs(set, &settings, err);
    int failed = !inputs, classes = failed ? -1 : set->classes(&settings, err);
    failed = failed || classes < 0;
    for (int s = 0; s < SPLITS && !failed; s++) {
        int count = q->data->images[s], found = 0;
        data_set_choose(set, &settings, split_names[s], 1, count < 0 ? 0 : count);
        failed = count >= 0 && (found = set->images(&settings, err)) < 0;
        json_array_append_new(images, json_integer(found));
    }
    if (!failed)
        return json_pack("{s:o, s:i, s:o}", "inputs", inputs, "classes", classes, "images", images);
    json_decref(inputs);
    json_decref(images);
    return NULL;
}

// An outline (without `work`) takes any data to be there, and enough of them.
static struct plan_data *suppose_data(struct plan_data *known) {
    known->inputs = json_object();
    known->classes = 1;
    for (int s = 0; s < SPLITS; s++)
        known->images[s] = INT_MAX;
    return known;
}

static struct plan_data *find_data(const struct plan *plan, const struct profile *profile, const char *name) {
    for (int d = 0; d < plan->data_count; d++)
        if (plan->data[d].profile == profile && !strcmp(plan->data[d].data->set->name, name))
            return &plan->data[d];
    return NULL;
}

const struct plan_data *plan_column_data(const struct plan *plan, const struct table *t, int column) {
    return find_data(plan, plan_column_profile(plan, t, column), table_data(t, column));
}

// What the plan needs to know of the data set of that name; asked once. NULL with a message on failure;
// without `inputs` when it is absent. Valid until the next one is asked for.
static struct plan_data *know_data(struct plan *plan, const struct profile *profile, const char *name,
                                   const struct work *work, struct error *err) {
    const struct profile_data *data = profile_data_find(profile, name);
    struct plan_data *known = find_data(plan, profile, name);
    if (!data)
        return fail(err, "%.60s: a data set without a generator", name), NULL;
    if (known)
        return known;
    if (array_resize(plan->data, (size_t)plan->data_count + 1, "data sets", err))
        return NULL;
    known = &plan->data[plan->data_count++];
    *known = (struct plan_data){.profile = profile, .data = data};
    if (*data->absent)
        return known;
    if (!work)
        return suppose_data(known);
    struct data_question question = {work, data};
    json_t *answer = isolate_json(ask_data, &question, err);
    if (!answer)
        return NULL;
    known->inputs = json_incref(json_object_get(answer, "inputs"));
    known->classes = (int)json_integer_value(json_object_get(answer, "classes"));
    for (int s = 0; s < SPLITS; s++)
        known->images[s] =
            (int)json_integer_value(json_array_get(json_object_get(answer, "images"), (size_t)s));
    json_decref(answer);
    return known;
}

// ---------------------------------------------------------------------------------------- the plan

static int find_name(const struct plan *plan, const char *name) {
    for (int i = 0; i < plan->count; i++)
        if (!strcmp(plan->cells[i].name, name))
            return i;
    for (int i = 0; i < plan->alias_count; i++)
        if (!strcmp(plan->aliases[i].name, name))
            return plan->aliases[i].cell;
    return -1;
}

// Whether the place's table names weights that are not there: `file` gets their path.
static int lacks_weights(const struct place *place, char file[SETTING_TEXT_SIZE]) {
    struct error ignored = {0};
    const char *named = variations_find(&place->settings, "weights");
    if (!named || !*named)
        return 0;
    snprintf(file, SETTING_TEXT_SIZE, "%s", named);
    return profile_resolve_weights(place->profile, file, &ignored) || file_is_there(file, &ignored) <= 0;
}

// Whether there can be no such cell; `out` gets why.
static int is_absent(struct text *out, const struct plan *plan, const struct place *place) {
    const struct plan_data *known = find_data(plan, place->profile, place->data);
    double n = place->axes.n;
    char file[SETTING_TEXT_SIZE];
    if (!known && !profile_data_find(place->profile, place->data))
        profile_data_absent(out, place->profile, place->data);
    else if (!known)
        text_add(out, "not in the plan");
    else if (!known->inputs)
        text_add(out, known->data->absent);
    else if (lacks_weights(place, file))
        text_printf(out, "no weights: %.200s is not there", file);
    else if (method_of(place->method)->retrains_last_layer && known->data->unbiased < 1)
        text_printf(out, "%.40s needs validation data with p = 1, and the profile's [data] has no `unbiased`",
                    place->method);
    else if (n > 0 && n < N_ALL && n * known->classes > known->images[SPLIT_TRAIN])
        text_printf(out, "too few images: n = %.0f of each of %d classes are more than the profile's %d", n,
                    known->classes, known->images[SPLIT_TRAIN]);
    else if (n > 0 && n * known->classes == known->images[SPLIT_TRAIN])
        text_printf(
            out,
            "too few images: n = %.0f of each of %d classes are all of the profile's %d, none is left "
            "to a pseudo-annotator",
            n, known->classes, known->images[SPLIT_TRAIN]);
    else
        return 0;
    return 1;
}

// A cell without its digests; nothing if it is there already, or if there can be none.
static int add_cell(struct plan *plan, const struct place *place, uint64_t seed, const struct work *work,
                    struct error *err) {
    struct cell c = {
        .profile = place->profile, .axes = place->axes, .settings = place->settings, .seed = seed};
    cell_name(c.name, place, seed);
    if (find_name(plan, c.name) >= 0)
        return 0;
    if (!profile_data_find(place->profile, place->data)) // another profile's own
        return 0;
    const struct plan_data *data = know_data(plan, place->profile, place->data, work, err);
    if (!data)
        return -1;
    struct text reason = {0};
    int absent = is_absent(&reason, plan, place), unknown = text_check(&reason, "why a cell is absent", err);
    text_free(&reason);
    if (absent || unknown)
        return unknown;
    if (fill_data(&c, data, method_of(place->method), err) || fill_settings(&c, place->method, err) ||
        array_resize(plan->cells, (size_t)plan->count + 1, "cells", err))
        return -1;
    c.training.save_model |= seed == plan->seeds.values[0];
    plan->cells[plan->count++] = c;
    return 0;
}

static int add_table(struct plan *plan, const struct table *t, const struct work *work, struct error *err) {
    for (int row = 0; row < t->row_count; row++)
        for (int s = 0; s < plan->seeds.count; s++)
            for (int column = 0; column < t->column_count; column++) {
                struct place place = place_of(plan, t, row, column);
                if (add_cell(plan, &place, plan->seeds.values[s], work, err))
                    return -1;
            }
    return 0;
}

// Every method may start from weights of its own; each file is read once.
static int add_identities(struct plan *plan, const struct work *work, struct error *err) {
    char file[SETTING_TEXT_SIZE] = "", digest[DIGEST_SIZE] = "";
    for (int i = 0; i < plan->count; i++) {
        struct cell *c = &plan->cells[i];
        if (strcmp(file, c->training.weights)) {
            snprintf(file, sizeof file, "%s", c->training.weights);
            digest[0] = 0;
            if (*file && work && digest_file(file, digest, err))
                return -1;
        }
        if (make_identity(c, find_data(plan, c->profile, c->set->name), digest, err))
            return -1;
    }
    return 0;
}

static int find_digest(const struct plan *plan, int count, const char *digest) {
    for (int i = 0; i < count; i++)
        if (!strcmp(plan->cells[i].digest, digest))
            return i;
    return -1;
}

static int add_alias(struct plan *plan, const char *name, int cell, struct error *err) {
    if (array_resize(plan->aliases, (size_t)plan->alias_count + 1, "cells", err))
        return -1;
    struct plan_alias *alias = &plan->aliases[plan->alias_count++];
    memcpy(alias->name, name, sizeof alias->name);
    alias->cell = cell;
    return 0;
}

// Two sizes of digits may be one when scaled to the canvas: cells of one digest become one, else its run
// would meet itself.
static int merge_equal(struct plan *plan, struct error *err) {
    int kept = 0, failed = 0;
    for (int i = 0; i < plan->count; i++) {
        struct cell *c = &plan->cells[i];
        int first = find_digest(plan, kept, c->digest);
        if (first < 0) {
            plan->cells[kept++] = *c;
            continue;
        }
        failed |= add_alias(plan, c->name, first, err);
        json_decref(c->record);
    }
    plan->count = kept;
    return failed ? -1 : 0;
}

int plan_profiles(struct profile *profile, const struct table *tables, int count, struct error *err) {
    for (int t = 0; t < count; t++)
        for (int column = 0; column < tables[t].column_count; column++) {
            const char *word = table_profile(&tables[t], column);
            if (!*word || profile_find(profile, word))
                continue;
            struct profile *other = allocate(1, sizeof *other, "a profile", err);
            if (!other)
                return -1;
            int failed = profile_read(other, word, err);
            other->next = profile->next; // freed with the others, whole or not
            profile->next = other;
            if (failed)
                return -1;
        }
    return 0;
}

int plan_make(struct plan *plan, const struct profile *profile, const struct seeds *seeds,
              const struct table *tables, int table_count, const struct work *work, struct error *err) {
    *plan = (struct plan){.profile = profile, .seeds = *seeds};
    for (int t = 0; t < table_count; t++)
        if (add_table(plan, &tables[t], work, err))
            return -1;
    if (add_identities(plan, work, err) || merge_equal(plan, err))
        return -1;
    plan->table_cells = plan->count / seeds->count;
    return 0;
}

int plan_outline(struct plan *plan, const struct profile *profile, const struct seeds *seeds,
                 const struct table *tables, int table_count, struct error *err) {
    return plan_make(plan, profile, seeds, tables, table_count, NULL, err);
}

void plan_free(struct plan *plan) {
    for (int i = 0; i < plan->count; i++)
        json_decref(plan->cells[i].record);
    for (int d = 0; d < plan->data_count; d++)
        json_decref(plan->data[d].inputs);
    free(plan->data);
    free(plan->cells);
    free(plan->aliases);
    memset(plan, 0, sizeof *plan);
}

const struct cell *plan_find(const struct plan *plan, const struct table *table, int row, int column,
                             uint64_t seed) {
    struct place place = place_of(plan, table, row, column);
    char name[CELL_NAME_SIZE];
    cell_name(name, &place, seed);
    int i = find_name(plan, name);
    return i < 0 ? NULL : &plan->cells[i];
}

void plan_absent(struct text *out, const struct plan *plan, const struct table *table, int row, int column) {
    struct place place = place_of(plan, table, row, column);
    is_absent(out, plan, &place);
}

// ---------------------------------------------------------------------------------------- differences

static void add_value(struct text *out, const json_t *value) {
    char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(9)) : NULL;
    text_printf(out, "%.60s", text ? text : "none");
    free(text);
}

static void compare(struct text *out, const char *path, const json_t *before, const json_t *now) {
    if (json_is_object(before) && json_is_object(now)) {
        json_t *keys = json_deep_copy(before), *value;
        const char *key;
        json_object_update_missing(keys, (json_t *)now);
        json_object_foreach(keys, key, value) {
            char place[128];
            // Which method, which data: "train" alone needs no prefix, its names are known from profiles.
            int bare =
                !*path || !strcmp(path, "train") || !strcmp(path, "data") || !strcmp(path, "annotator");
            snprintf(place, sizeof place, "%s%s%s", bare ? "" : path, bare ? "" : " ", key);
            compare(out, place, json_object_get(before, key), json_object_get(now, key));
        }
        json_decref(keys);
    } else if (!json_equal((json_t *)before, (json_t *)now)) {
        text_printf(out, "%s%s ", out->length ? ", " : "", path);
        add_value(out, before);
        text_add(out, " -> ");
        add_value(out, now);
    }
}

void identity_difference(struct text *out, const json_t *before, const json_t *now) {
    compare(out, "", before, now);
}
