// SPDX-License-Identifier: Apache-2.0
#include "experiments/regress/gate.h"

#include "core/base/notice.h"
#include "core/train/train.h"
#include "experiments/results/measured.h"
#include "experiments/results/metric.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

// ---------------------------------------------------------------------------------------- reading runs

// Settings that make two runs comparable: all that a run's identity has, but for the seed and the file's place of weights, whose
// digest is in the data.
static json_t *settings_of(const json_t *run) {
    json_t *settings = json_object(), *value;
    const char *key;
    json_object_foreach(json_object_get(run, "settings"), key, value) {
        const struct setting *s = settings_find(train_schema, key);
        if (s && s->record && strcmp(key, "seed") != 0 && strcmp(key, "weights") != 0)
            json_object_set(settings, key, value);
    }
    return settings;
}

static json_t *data_of(const json_t *run) {
    static const char *const keys[] = {"pixels", "classes", "test_images", "test_sha256", "weights_sha256"};
    json_t *data = json_object();
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        json_t *value = json_object_get(json_object_get(run, "data"), keys[i]);
        if (value)
            json_object_set(data, keys[i], value);
    }
    return data;
}

static json_t *metrics_of(const json_t *run) {
    json_t *metrics = json_object();
    char name[MEASURED_NAME_SIZE];
    for (const char *at = metric_names; *at; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        double value;
        snprintf(name, sizeof name, "%.*s", (int)length, at);
        if (measured_value(json_object_get(run, "metrics"), name, &value))
            json_object_set_new(metrics, name, json_real(value));
        at += length;
    }
    return metrics;
}

static json_t *read_record(const char *path, struct error *err) {
    char file[PATH_SIZE];
    struct stat status;
    int is_folder = !stat(path, &status) && S_ISDIR(status.st_mode);
    if (is_folder && path_join(file, err, path, "run.json"))
        return NULL;
    json_t *run = json_read(is_folder ? file : path, err);
    const char *state = json_string_value(json_object_get(run, "state"));
    if (run && state && !strcmp(state, "done") && json_is_object(json_object_get(run, "metrics")) &&
        json_is_integer(json_object_get(json_object_get(run, "settings"), "seed")))
        return run;
    if (run)
        fail(err, "%s: no record of a run that is done (run.json of reff train)", path);
    json_decref(run);
    return NULL;
}

// In what two runs or records differ beside the seed.
static void add_difference(struct text *out, const json_t *before, const json_t *now) {
    static const char *const parts[] = {"settings", "data"};
    for (int i = 0; i < 2; i++) {
        struct text part = {0};
        json_t *a = json_deep_copy(json_object_get(before, parts[i])),
               *b = json_deep_copy(json_object_get(now, parts[i]));
        if (!json_object_get(a, "test_sha256") ||
            !json_object_get(b, "test_sha256")) { // each seed has data of its own
            json_object_del(a, "test_sha256");
            json_object_del(b, "test_sha256");
        }
        if (a && b)
            identity_difference(&part, a, b);
        if (part.length)
            text_printf(out, "%s%s", out->length ? ", " : "", text_string(&part));
        text_free(&part);
        json_decref(a);
        json_decref(b);
    }
}

static const json_t *run_of_seed(const json_t *record, const json_t *seed) {
    return regress_run_of_seed(json_object_get(record, "runs"), seed);
}

// One run into the record, whose settings and data are those of the first.
static int add_run(json_t *record, const json_t *run, const char *path, struct error *err) {
    json_t *one = json_pack("{so so}", "settings", settings_of(run), "data", data_of(run));
    json_t *seed = json_object_get(json_object_get(run, "settings"), "seed");
    struct text difference = {0};
    int bad = !one;
    if (!bad && !json_object_get(record, "settings")) {
        bad = json_object_update(record, one) ||
              json_object_set(record, "made_by",
                              json_object_get(run, "provenance") ? json_object_get(run, "provenance")
                                                                 : json_null());
    } else if (!bad) {
        // Test images that differ from seed to seed are known by their number alone.
        if (!json_equal(json_object_get(json_object_get(record, "data"), "test_sha256"),
                        json_object_get(json_object_get(one, "data"), "test_sha256")))
            json_object_del(json_object_get(record, "data"), "test_sha256");
        add_difference(&difference, record, one);
    }
    if (!bad && difference.length)
        bad = fail(err, "%s: other settings than the first run's: %s", path, text_string(&difference));
    else if (!bad && run_of_seed(record, seed))
        bad = fail(err, "%s: another run of seed %lld; each counts once", path,
                   (long long)json_integer_value(seed));
    else if (!bad)
        bad = json_array_append_new(json_object_get(record, "runs"),
                                    json_pack("{sO sO? so}", "seed", seed, "model_sha256",
                                              json_object_get(run, "model_sha256"), "metrics",
                                              metrics_of(run)));
    text_free(&difference);
    json_decref(one);
    return bad ? -1 : 0;
}

json_t *gate_read_runs(char *const *paths, int count, struct error *err) {
    json_t *record = json_pack("{ss s[]}", "command", "reff gate --write", "runs");
    int bad = !record;
    for (int i = 0; i < count && !bad; i++) {
        json_t *run = read_record(paths[i], err);
        bad = !run || add_run(record, run, paths[i], err);
        json_decref(run);
    }
    if (!bad)
        return record;
    json_decref(record);
    return NULL;
}

// ---------------------------------------------------------------------------------------- comparing

// Whether every run is, bit by bit, the reference's of its seed.
static int same_bits(const json_t *reference, const json_t *now) {
    size_t i;
    json_t *run;
    int same = 1;
    json_array_foreach(json_object_get(now, "runs"), i, run) {
        const json_t *before = run_of_seed(reference, json_object_get(run, "seed"));
        const json_t *digest = json_object_get(before, "model_sha256");
        same &= json_is_string(digest) && json_equal(digest, json_object_get(run, "model_sha256")) &&
                json_equal(json_object_get(before, "metrics"), json_object_get(run, "metrics"));
    }
    return same;
}

// needed: whether it was asked for by name; else it is passed over where some run has not measured it.
static int add_test(const json_t *reference, const json_t *now, const char *name, int needed,
                    const char *where, struct regress_result *out, struct error *err) {
    double before[REGRESS_SEEDS_MAXIMUM], values[REGRESS_SEEDS_MAXIMUM];
    const json_t *runs = json_object_get(now, "runs"), *known = json_object_get(reference, "runs");
    int n = regress_values(runs, NULL, "metrics", name, values),
        m = regress_values(known, runs, "metrics", name, before);
    if ((n < 0 || m < 0) && !needed)
        return 0;
    if (n < 0 || m < 0)
        return fail(err, "%s: %s: not measured in every run %s, or in more than %d", where, name,
                    n < 0 ? "of the gate" : "of the reference", REGRESS_SEEDS_MAXIMUM);
    if (m < regress_reference_needed(n) && out->bits == BITS_EQUAL)
        return 0; // nothing has changed: no test is needed
    if (m < regress_reference_needed(n))
        return fail(err, "%s: %d runs of seeds that the gate's runs do not have; a gate of %d needs %d",
                    where, m, n, regress_reference_needed(n));
    const char *method = json_string_value(json_object_get(json_object_get(now, "settings"), "method"));
    struct sample a = sample_of(before, m), b = sample_of(values, n);
    if (out->test_count == REGRESS_TESTS_MAXIMUM)
        return fail(err, "%s: more than %d numbers", where, REGRESS_TESTS_MAXIMUM);
    regress_add_test(out, method ? method : "?", name, measured_sign(name), &a, &b);
    return 0;
}

static int add_tests(const json_t *reference, const json_t *now, const char *metrics, const char *where,
                     struct regress_result *out, struct error *err) {
    const char *list = *metrics ? metrics : "accuracy,worst_group_accuracy,pointing.layer4";
    char *copy = strdup(list), *rest = copy, *word, name[MEASURED_NAME_SIZE];
    int bad = !copy ? fail_memory(err, "%s", where) : 0;
    while (!bad && (word = strsep(&rest, ",")))
        bad = measured_name(word, "--metrics", name, err) ||
              add_test(reference, now, name, *metrics || !strcmp(name, "accuracy"), where, out, err);
    free(copy);
    return bad ? -1 : 0;
}

int gate_compare(const json_t *reference, const json_t *now, const char *where, const char *metrics,
                 double alpha, int other_settings, struct text *notices, struct regress_result *out,
                 struct error *err) {
    struct text difference = {0};
    memset(out, 0, sizeof *out);
    out->alpha = alpha;
    if (!json_is_array(json_object_get(reference, "runs")) ||
        !json_is_object(json_object_get(reference, "settings")))
        return fail(err, "%s: no reference of reff gate: it lacks \"runs\" or \"settings\"", where);
    add_difference(&difference, reference, now);
    int bad = text_check(&difference, where, err);
    if (!bad && difference.length && !other_settings)
        bad = fail(err, "%s: made with other settings: %s; --other-settings compares all the same", where,
                   text_string(&difference));
    if (!bad && difference.length)
        notice_add(notices, "%s: made with other settings: %s", where, text_string(&difference));
    text_free(&difference);
    out->bits = same_bits(reference, now) ? BITS_EQUAL : BITS_NOT_COMPARED;
    if (bad || add_tests(reference, now, metrics, where, out, err))
        return -1;
    if (out->test_count)
        regress_decide(out);
    return 0;
}

void gate_add_failures(struct text *out, const struct regress_result *r) {
    for (int i = 0; i < r->test_count && r->bits != BITS_EQUAL; i++) {
        const struct regress_test *t = &r->tests[i];
        if (t->failed)
            text_printf(out, "%s%s %.4g (reference %.4g +- %.2g, p = %.1g)", out->length ? ", " : "",
                        t->quantity, t->now.mean, t->reference.mean, t->reference.std, t->test.p);
    }
}
