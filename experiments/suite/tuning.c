// SPDX-License-Identifier: Apache-2.0
#include "experiments/suite/tuning.h"

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/json_fields.h"
#include "core/base/text.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct trial {
    int runs, reported, wrong; // for choosing; with seeds to report; unreadable, or where they do not belong
    double seconds;
    json_t *seeds;  // {"101": true}
    json_t *values; // {"lambda": {"50": 3, "150": 1}}: in how many runs
    json_t *parts;  // {"annotator.": 4}: runs that have settings with this prefix
};

static int trial_begin(struct trial *t, struct error *err) {
    *t = (struct trial){.seeds = json_object(), .values = json_object(), .parts = json_object()};
    return t->seeds && t->values && t->parts ? 0 : fail_memory(err, "a trial");
}

static void trial_end(struct trial *t) {
    json_decref(t->seeds);
    json_decref(t->values);
    json_decref(t->parts);
}

// ---------------------------------------------------------------------------------------- records

static void count_one(json_t *counts, const char *key) {
    json_object_set_new(counts, key, json_integer(json_integer_value(json_object_get(counts, key)) + 1));
}

static void add_value(struct trial *t, const char *key, const json_t *value) {
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(9));
    if (!json_object_get(t->values, key))
        json_object_set_new(t->values, key, json_object());
    count_one(json_object_get(t->values, key), text ? text : "?");
    free(text);
}

// Those of data or of an annotator, which a record holds only where they are not what they always were. The axes of tables
// are told as places, and seeds are no settings.
static void add_part(struct trial *t, const char *prefix, json_t *settings) {
    static const char *const others[] = {"data", "p", "q", "size", "n", "seed", "split"};
    const char *key;
    json_t *value;
    if (settings)
        count_one(t->parts, prefix);
    json_object_foreach(settings, key, value) {
        char name[128];
        size_t i = 0;
        while (i < sizeof others / sizeof *others && strcmp(key, others[i]))
            i++;
        if (i < sizeof others / sizeof *others)
            continue;
        snprintf(name, sizeof name, "%s%s", prefix, key);
        add_value(t, name, value);
    }
}

// Every setting that may belong to a grid, and the place in the tables.
static void add_settings(struct trial *t, const json_t *run) {
    static const char *const places[] = {"data_set", "p", "q", "size", "n"};
    const json_t *cell = json_object_get(run, "cell");
    const char *key;
    json_t *value;
    json_object_foreach(json_object_get(run, "settings"), key, value) {
        if (strcmp(key, "seed") && strcmp(key, "save_model") && strcmp(key, "checkpoint_seconds"))
            add_value(t, key, value);
    }
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if ((value = json_object_get(cell, places[i])))
            add_value(t, places[i], value);
    const json_t *identity = json_object_get(cell, "identity");
    add_part(t, "annotator.", json_object_get(identity, "annotator"));
    add_part(t, "data.", json_object_get(json_object_get(identity, "data"), "train"));
}

static void add_run(struct trial *t, const json_t *run) {
    char seed[32];
    json_int_t number = json_integer_value(json_object_get(json_object_get(run, "cell"), "seed"));
    if (number < TUNING_SEEDS) {
        t->reported++;
        return;
    }
    t->runs++;
    t->seconds += json_field_number(run, "seconds");
    snprintf(seed, sizeof seed, "%lld", (long long)number);
    json_object_set_new(t->seeds, seed, json_true());
    add_settings(t, run);
}

// One run's folder; one without a record counts nothing.
static int read_run(struct trial *t, const char *folder, const char *name, struct error *err) {
    char path[PATH_SIZE], inside[PATH_SIZE];
    struct error unread = {0};
    if (path_join(inside, err, folder, name) || path_join(path, err, inside, "run.json"))
        return -1;
    int there = file_is_there(path, err);
    json_t *run = there > 0 ? json_read(path, &unread) : NULL;
    if (unread.cause)
        return *err = unread, -1;
    t->wrong += there > 0 && !run;
    if (run)
        add_run(t, run);
    json_decref(run);
    return there < 0 ? -1 : 0;
}

typedef int each_folder(void *context, const char *folder, const char *name, struct error *err);

// Visits what lies in a folder, by name; one that is not there is empty.
static int visit(const char *folder, each_folder *each, void *context, struct error *err) {
    struct dirent **list;
    int count = scandir(folder, &list, NULL, alphasort), failed = 0;
    if (count < 0)
        return errno == ENOENT || errno == ENOTDIR ? 0 : fail_system(err, errno, "%s", folder);
    for (int i = 0; i < count; i++) {
        if (!failed && list[i]->d_name[0] != '.')
            failed = each(context, folder, list[i]->d_name, err);
        free(list[i]);
    }
    free(list);
    return failed ? -1 : 0;
}

static int visit_run(void *context, const char *folder, const char *name, struct error *err) {
    return read_run(context, folder, name, err);
}

// ---------------------------------------------------------------------------------------- in words

// Numbers by size, words by letters.
static int by_size(const void *a, const void *b) {
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;
    double first = strtod(x, NULL), second = strtod(y, NULL);
    return first < second ? -1 : first > second ? 1 : strcmp(x, y);
}

static void add_values(struct text *out, json_t *values) {
    enum { SHOWN = 64 };
    const char *texts[SHOWN], *text;
    size_t count = 0;
    json_t *yes;
    json_object_foreach(values, text, yes) if (count < SHOWN) texts[count++] = text;
    qsort(texts, count, sizeof *texts, by_size);
    for (size_t i = 0; i < count; i++)
        text_printf(out, "%s %s", i ? "," : "", texts[i]);
    if (json_object_size(values) > count)
        text_printf(out, " and %zu more", json_object_size(values) - count);
}

// Whether runs of the same part lack this setting.
static int is_unset_in_some(const struct trial *t, const char *key, json_t *values) {
    const char *prefix, *text;
    json_t *runs, *count;
    json_int_t set = 0;
    json_object_foreach(values, text, count) set += json_integer_value(count);
    json_object_foreach(t->parts, prefix, runs) {
        if (!strncmp(key, prefix, strlen(prefix)))
            return set < json_integer_value(runs);
    }
    return 0;
}

// "lambda 50, 150, 500; annotator.jitter unset, 4; p 0, 1": what differs among the runs.
static void add_grid(struct text *out, const struct trial *t) {
    const char *key;
    json_t *values;
    int grids = 0;
    json_object_foreach(t->values, key, values) {
        int unset = is_unset_in_some(t, key, values);
        if (json_object_size(values) + (size_t)unset < 2)
            continue;
        text_printf(out, "%s%s%s", grids++ ? "; " : "", key, unset ? " unset," : "");
        add_values(out, values);
    }
    if (!grids)
        text_add(out, "one setting");
}

static int print_trial(FILE *out, const char *name, const struct trial *t, struct error *err) {
    struct text line = {0};
    text_printf(&line, "%s: %d run%s, %zu seed%s, %.1f hours: ", name, t->runs, t->runs == 1 ? "" : "s",
                json_object_size(t->seeds), json_object_size(t->seeds) == 1 ? "" : "s", t->seconds / 3600);
    add_grid(&line, t);
    if (t->wrong)
        text_printf(&line, " (%d record%s cannot be read)", t->wrong, t->wrong == 1 ? "" : "s");
    int failed = text_check(&line, "a trial", err);
    if (!failed)
        fprintf(out, "%s\n", text_string(&line));
    text_free(&line);
    return failed;
}

// ---------------------------------------------------------------------------------------- all trials

struct sums {
    FILE *out;
    int trials, runs, misplaced;
    double seconds;
};

static int visit_trial(void *context, const char *folder, const char *name, struct error *err) {
    struct sums *sums = context;
    struct trial t;
    char path[PATH_SIZE];
    int failed =
        trial_begin(&t, err) || path_join(path, err, folder, name) || visit(path, visit_run, &t, err);
    if (!failed && (t.runs || t.reported || t.wrong)) {
        failed = print_trial(sums->out, name, &t, err);
        sums->trials++;
        sums->runs += t.runs;
        sums->seconds += t.seconds;
        sums->misplaced += t.reported;
    }
    trial_end(&t);
    return failed ? -1 : 0;
}

int tuning_print(FILE *out, const char *results, struct error *err) {
    struct sums sums = {.out = out};
    struct trial own;
    char folder[PATH_SIZE], runs[PATH_SIZE];
    int failed = trial_begin(&own, err) || path_join(folder, err, results, "tuning") ||
                 path_join(runs, err, results, "runs") || visit(folder, visit_trial, &sums, err) ||
                 visit(runs, visit_run, &own, err);
    if (!failed && own.runs) {
        failed = print_trial(out, "runs", &own, err);
        sums.trials++;
    }
    if (!failed) {
        fprintf(out,
                "for choosing settings: %d runs in %d trial%s, %.1f hours (seeds from %d up); to report: %d "
                "runs\n",
                sums.runs + own.runs, sums.trials, sums.trials == 1 ? "" : "s",
                (sums.seconds + own.seconds) / 3600, TUNING_SEEDS, own.reported);
        if (sums.misplaced)
            fprintf(out,
                    "%d runs under %s have seeds below %d, which are for reporting, and are not counted\n",
                    sums.misplaced, folder, TUNING_SEEDS);
    }
    trial_end(&own);
    return failed ? -1 : 0;
}
