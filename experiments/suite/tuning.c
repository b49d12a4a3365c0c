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
    json_t *values; // {"lambda": {"50": true, "150": true}}
};

static int trial_begin(struct trial *t, struct error *err) {
    *t = (struct trial){.seeds = json_object(), .values = json_object()};
    return t->seeds && t->values ? 0 : fail_memory(err, "a trial");
}

static void trial_end(struct trial *t) {
    json_decref(t->seeds);
    json_decref(t->values);
}

// ---------------------------------------------------------------------------------------- records

static void add_value(struct trial *t, const char *key, const json_t *value) {
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(9));
    if (!json_object_get(t->values, key))
        json_object_set_new(t->values, key, json_object());
    json_object_set_new(json_object_get(t->values, key), text ? text : "?", json_true());
    free(text);
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

// "lambda 50, 150, 500; p 0, 1": what differs among the runs.
static void add_grid(struct text *out, const struct trial *t) {
    const char *key;
    json_t *values;
    int grids = 0;
    json_object_foreach(t->values, key, values) {
        if (json_object_size(values) < 2)
            continue;
        text_printf(out, "%s%s", grids++ ? "; " : "", key);
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
