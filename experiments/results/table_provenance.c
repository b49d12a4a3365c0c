// SPDX-License-Identifier: Apache-2.0
#include "experiments/results/table_provenance.h"

#include "core/base/file.h"
#include "core/base/provenance.h"

#include <stdio.h>
#include <string.h>

// ---------------------------------------------------------------------------------------- the command

// Appends a blank and a word, in quotes if a shell would read it otherwise.
static void add_word(struct text *out, const char *word) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./,=+:@%";
    if (*word && !word[strspn(word, plain)]) {
        text_printf(out, " %s", word);
        return;
    }
    text_add(out, " '");
    for (; *word; word++)
        if (*word == '\'')
            text_add(out, "'\\''");
        else
            text_add_bytes(out, word, 1);
    text_add(out, "'");
}

static void add_option(struct text *out, const char *name, const char *value) {
    if (!*value)
        return;
    add_word(out, name);
    add_word(out, value);
}

void table_provenance_command(struct text *out, char *const *words, int word_count, const char *profile,
                              const char *data, const struct seeds *seeds, const char *rows,
                              const char *columns, const char *set) {
    text_add(out, "reff run");
    for (int i = 0; i < word_count; i++)
        add_word(out, words[i]);
    add_option(out, "--profile", profile);
    text_add(out, seeds ? " --seeds " : " --until-decided");
    for (int i = 0; seeds && i < seeds->count; i++)
        text_printf(out, "%s%llu", i ? "," : "", (unsigned long long)seeds->values[i]);
    if (seeds && seeds->count == 1)
        text_add(out, ","); // a list: one number alone is a count
    add_option(out, "--rows", rows);
    add_option(out, "--columns", columns);
    add_option(out, "--set", set);
    add_option(out, "--data", data);
}

// ---------------------------------------------------------------------------------------- the runs

// The parts of a run's provenance that may explain a difference between runs.
static json_t *maker_of(const json_t *run) {
    static const char *const keys[] = {"version", "git_revision", "git_dirty",       "compiler",
                                       "flags",   "processor",    "instruction_set", "libraries"};
    const json_t *provenance = json_object_get(run, "provenance");
    json_t *maker = json_object();
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (json_object_get(provenance, keys[i]))
            json_object_set(maker, keys[i], json_object_get(provenance, keys[i]));
    if (json_object_get(run, "precision"))
        json_object_set(maker, "precision", json_object_get(run, "precision"));
    if (json_object_get(run, "products"))
        json_object_set(maker, "products", json_object_get(run, "products"));
    return maker;
}

static void count_maker(json_t *makers, json_t *maker) {
    size_t i;
    json_t *known;
    json_array_foreach(makers, i, known) {
        json_t *runs = json_incref(json_object_get(known, "runs"));
        json_object_del(known, "runs");
        int same = json_equal(known, maker);
        json_object_set_new(known, "runs", json_integer(json_integer_value(runs) + same));
        json_decref(runs);
        if (same) {
            json_decref(maker);
            return;
        }
    }
    json_object_set_new(maker, "runs", json_integer(1));
    json_array_append_new(makers, maker);
}

void table_provenance_add_run(json_t *runs, json_t *makers, const json_t *run, const char *row,
                              const char *column, uint64_t seed) {
    const json_t *data = json_object_get(run, "data");
    json_array_append_new(runs, json_pack("{s:s, s:s, s:I, s:O?, s:O?, s:O?, s:O?, s:O?}", "row", row,
                                          "column", column, "seed", (json_int_t)seed, "digest",
                                          json_object_get(json_object_get(run, "cell"), "digest"), "accuracy",
                                          json_object_get(json_object_get(run, "metrics"), "accuracy"),
                                          "model_sha256", json_object_get(run, "model_sha256"),
                                          "train_sha256", json_object_get(data, "train_sha256"),
                                          "test_sha256", json_object_get(data, "test_sha256")));
    count_maker(makers, maker_of(run));
}

// ---------------------------------------------------------------------------------------- all of it

// A cell of the column that shows its method's own settings: the last row's, for without annotations (n = 0)
// ReFF is the baseline.
static const struct cell *settings_cell(const struct table_result *r, int column) {
    int row = strcmp(r->table->row_name, "n") ? 0 : r->table->row_count - 1;
    return plan_find(r->plan, r->table, row, column, r->plan->seeds.values[0]);
}

// The digests of the sources: of one data set as they are, of several by name, with the profile before it where that is
// another than the plan's.
static json_t *inputs_of(const struct table_result *r) {
    json_t *all = json_object();
    const struct plan_data *first = NULL;
    int alone = !strcmp(r->table->column_name, "method");
    for (int column = 0; column < r->table->column_count; column++) {
        const struct plan_data *data = plan_column_data(r->plan, r->table, column);
        char name[2 * SETTING_WORD_SIZE + 2];
        if (!data || !data->inputs)
            continue;
        int other = data->profile != r->plan->profile;
        snprintf(name, sizeof name, "%s%s%s", other ? data->profile->name : "", other ? " " : "",
                 data->data->set->name);
        json_object_set(all, name, data->inputs);
        alone &= !first || first == data;
        first = first ? first : data;
    }
    if (!first || !alone)
        return all;
    json_decref(all);
    return json_incref(first->inputs);
}

// Of settings, those that vary over the rows go: they say nothing of a whole column. prefix: as names of variation.h have
// it, "" for those of training.
static void drop_varied(json_t *settings, const struct table *t, const char *prefix) {
    size_t length = strlen(prefix);
    if (!strncmp(t->row_name, prefix, length))
        json_object_del(settings, t->row_name + length);
    for (int row = 0; row < t->row_count; row++)
        for (int i = 0; i < t->row_settings[row].count; i++)
            if (!strncmp(t->row_settings[row].items[i].name, prefix, length))
                json_object_del(settings, t->row_settings[row].items[i].name + length);
}

// The settings of the column's annotators, n and seed aside; NULL: it has none.
static json_t *annotator_of(const struct table_result *r, int column) {
    for (int row = 0; row < r->table->row_count; row++) {
        const struct cell *cell = plan_find(r->plan, r->table, row, column, r->plan->seeds.values[0]);
        if (!cell || !cell->has_annotator)
            continue;
        json_t *annotator =
            json_deep_copy(json_object_get(json_object_get(cell->record, "identity"), "annotator"));
        json_object_del(annotator, "seed");
        json_object_del(annotator, "n");
        drop_varied(annotator, r->table, "annotator.");
        return annotator;
    }
    return NULL;
}

// The part of the cells' identities that is the same for a whole column.
json_t *table_provenance_settings(const struct table_result *r) {
    json_t *settings = json_object();
    for (int column = 0; column < r->table->column_count; column++) {
        const struct cell *cell = settings_cell(r, column);
        const json_t *identity = cell ? json_object_get(cell->record, "identity") : NULL;
        json_t *train = json_deep_copy(json_object_get(identity, "train"));
        json_object_del(train, "seed");
        drop_varied(train, r->table, "");
        json_object_set_new(settings, r->table->columns[column],
                            json_pack("{s:o?, s:O?}", "train", train, "weights_sha256",
                                      json_object_get(identity, "weights")));
        json_t *annotator = annotator_of(r, column);
        if (annotator)
            json_object_set_new(json_object_get(settings, r->table->columns[column]), "annotator", annotator);
    }
    return settings;
}

json_t *table_provenance(const struct table_result *r, const char *command, struct error *err) {
    char digest[DIGEST_SIZE];
    json_t *program = provenance_json(err);
    if (!program || json_digest(r->runs, digest, err)) {
        json_decref(program);
        return NULL;
    }
    json_t *origin = json_pack("{s:s, s:o, s:O, s:o, s:o, s:O, s:s}", "command", command, "table_made_by",
                               program, "runs_made_by", r->makers, "inputs", inputs_of(r), "settings",
                               table_provenance_settings(r), "runs", r->runs, "results_sha256", digest);
    if (!origin)
        fail(err, "%s: its provenance cannot be put into JSON", r->table->name);
    return origin;
}
