// SPDX-License-Identifier: Apache-2.0
#include "experiments/regress/regress.h"

#include "core/methods/method.h"
#include "core/train/drift.h"
#include "core/train/weights.h"
#include "experiments/store/data_sets.h"
#include "experiments/store/record.h"
#include "experiments/store/same_build.h"

#include <string.h>

static const struct quantity {
    const char *name;
    int sign;
} quantities[] = {{"accuracy", 1}, {"drift", -1}, {"pointing", 1}};

enum { QUANTITIES = sizeof quantities / sizeof *quantities };

// ---------------------------------------------------------------------------------------- measuring

static int open_model(const struct cell *cell, const char *results, struct shard *shard, struct trainer **t,
                      struct error *err) {
    struct train_settings settings = cell->training;
    struct trainer_settings resolved;
    struct shard_shape shape = shard_shape(shard);
    char path[PATH_SIZE];
    double lambda;
    int head_replaced;
    snprintf(settings.method, sizeof settings.method, METHOD_DEFAULT); // the network alone
    if (run_file(path, results, cell, "model.safetensors", err) ||
        train_resolve(&settings, shape.width, shape.classes, &resolved, &lambda, err) ||
        !(*t = trainer_create(&resolved, 0, err)))
        return -1;
    return weights_load(&(*t)->parameters, path, &head_replaced, NULL, err);
}

static int measure_drift(const struct cell *cell, const char *results, double *drift, struct error *err) {
    char path[PATH_SIZE];
    struct trainer *t = NULL;
    if (data_sets_shard(path, results, cell, SPLIT_TRAIN, err))
        return -1;
    struct shard *shard = shard_open_measured(path, err);
    int failed =
        !shard || open_model(cell, results, shard, &t, err) || drift_of_statistics(t, shard, drift, err);
    trainer_free(t);
    shard_close(shard);
    return failed ? -1 : 0;
}

static json_t *measure_run(const struct cell *cell, const char *results, const json_t *run,
                           struct error *err) {
    const json_t *metrics = json_object_get(run, "metrics");
    const json_t *pointing = json_object_get(json_object_get(metrics, "pointing"), "layer4");
    double drift;
    if (measure_drift(cell, results, &drift, err))
        return NULL;
    json_t *out = json_pack("{sI ss sO sO sf}", "seed", (json_int_t)cell->seed, "digest", cell->digest,
                            "model_sha256", json_object_get(run, "model_sha256"), "accuracy",
                            json_object_get(metrics, "accuracy"), "drift", drift);
    if (out && method_of(cell->training.method)->regularises && pointing)
        json_object_set(out, "pointing", (json_t *)pointing);
    if (!out)
        fail(err, "%s: its record lacks what the check measures", cell->name);
    return out;
}

// One run into its cell's list; the record's build is that of every run.
static int add_run(json_t *record, json_t *runs, const struct cell *cell, const char *results,
                   struct error *err) {
    struct run_status status;
    if (!cell)
        return fail(err, "a cell of the check cannot be run with this profile");
    if (run_look(results, cell, &status, err))
        return -1;
    json_t *build = status.run ? build_of(status.run) : NULL, *first = json_object_get(record, "build");
    json_t *measured = NULL;
    if (!build)
        fail(err, "%s: %s", cell->name, run_state_names[status.state]);
    else if (first && !json_equal(first, build))
        fail(err, "%s: made by another build than the runs before it", cell->name);
    else
        measured = measure_run(cell, results, status.run, err);
    if (measured && !first) {
        json_object_set(record, "build", build);
        json_object_set(record, "made_by", json_object_get(status.run, "provenance"));
    }
    json_decref(build);
    run_status_clear(&status);
    return !measured || json_array_append_new(runs, measured) ? -1 : 0;
}

json_t *regress_measure(const struct request *r, const char *results, struct error *err) {
    const struct table *t = &r->tables[0];
    json_t *record = json_pack("{ss ss so}", "profile", r->profile.name, "command", "reff regress --write",
                               "cells", json_array());
    int failed = 0;
    for (int row = 0; row < t->row_count && !failed; row++)
        for (int column = 0; column < t->column_count && !failed; column++) {
            const struct cell *first = plan_find(&r->plan, t, row, column, r->seeds.values[0]);
            json_t *runs = json_array();
            json_array_append_new(
                json_object_get(record, "cells"),
                json_pack("{ss ss sO? so}", "row", t->rows[row], "column", t->columns[column], "identity",
                          first ? json_object_get(first->record, "identity") : NULL, "runs", runs));
            for (int s = 0; s < r->seeds.count && !failed; s++)
                failed = add_run(record, runs, plan_find(&r->plan, t, row, column, r->seeds.values[s]),
                                 results, err);
        }
    if (failed) {
        json_decref(record);
        return NULL;
    }
    return record;
}

// ---------------------------------------------------------------------------------------- reading records

// The record's cell of the same place.
static const json_t *known_cell(const json_t *record, const json_t *like) {
    size_t i;
    json_t *cell;
    json_array_foreach(json_object_get(record, "cells"), i, cell) {
        if (json_equal(json_object_get(cell, "row"), json_object_get(like, "row")) &&
            json_equal(json_object_get(cell, "column"), json_object_get(like, "column")))
            return cell;
    }
    return NULL;
}

static const json_t *cell_runs(const json_t *record, const json_t *like) {
    return json_object_get(known_cell(record, like), "runs");
}

const json_t *regress_run_of_seed(const json_t *runs, const json_t *seed) {
    size_t i;
    json_t *run;
    json_array_foreach((json_t *)runs, i, run) if (json_equal(json_object_get(run, "seed"), seed)) return run;
    return NULL;
}

int regress_values(const json_t *runs, const json_t *without, const char *part, const char *quantity,
                   double *out) {
    int n = 0;
    size_t i;
    json_t *run;
    json_array_foreach((json_t *)runs, i, run) {
        const json_t *value = json_object_get(part ? json_object_get(run, part) : run, quantity);
        if (without && regress_run_of_seed(without, json_object_get(run, "seed")))
            continue;
        if (!json_is_number(value) || n == REGRESS_SEEDS_MAXIMUM)
            return -1;
        out[n++] = json_number_value(value);
    }
    return n;
}

static void cell_text(const json_t *cell, char out[96]) {
    const char *row = json_string_value(json_object_get(cell, "row")),
               *column = json_string_value(json_object_get(cell, "column"));
    snprintf(out, 96, "row %.40s, %.40s", row ? row : "?", column ? column : "?");
}

// ---------------------------------------------------------------------------------------- same settings,
// bits

// " (precision "float" -> "double")", from the identities of the cell's first runs, where both have one.
static void settings_difference(const json_t *known, const json_t *now, char *out, size_t size) {
    const json_t *before = json_object_get(known, "identity"), *after = json_object_get(now, "identity");
    struct text text = {0};
    if (before && after)
        identity_difference(&text, before, after);
    snprintf(out, size, "%s%.255s%s", text.length ? " (" : "", text_string(&text), text.length ? ")" : "");
    text_free(&text);
}

static int check_settings(const json_t *reference, const json_t *now, const char *where, struct error *err) {
    size_t i, j;
    json_t *cell, *run;
    json_array_foreach(json_object_get(now, "cells"), i, cell) {
        const json_t *known = cell_runs(reference, cell);
        char name[96], difference[300];
        cell_text(cell, name);
        settings_difference(known_cell(reference, cell), cell, difference, sizeof difference);
        json_array_foreach(json_object_get(cell, "runs"), j, run) {
            const json_t *seed = json_object_get(run, "seed"), *before = regress_run_of_seed(known, seed);
            if (!before)
                return fail(err, "%s: has no %s, seed %lld", where, name,
                            (long long)json_integer_value(seed));
            if (!json_equal(json_object_get(before, "digest"), json_object_get(run, "digest")))
                return fail(err,
                            "%s: %s, seed %lld: made with other settings, data or TRAINER_REVISION%s; if the "
                            "change is meant, write the reference anew (reff regress --write)",
                            where, name, (long long)json_integer_value(seed), difference);
        }
    }
    return 0;
}

static void compare_bits_of(const json_t *reference, const json_t *now, struct regress_result *out) {
    size_t i, j;
    json_t *cell, *run;
    out->bits = BITS_EQUAL;
    json_array_foreach(json_object_get(now, "cells"), i, cell)
        json_array_foreach(json_object_get(cell, "runs"), j, run) {
        const json_t *seed = json_object_get(run, "seed"),
                     *before = regress_run_of_seed(cell_runs(reference, cell), seed);
        char name[96];
        if (out->bits == BITS_DIFFER ||
            json_equal(json_object_get(before, "model_sha256"), json_object_get(run, "model_sha256")))
            continue;
        cell_text(cell, name);
        out->bits = BITS_DIFFER;
        snprintf(out->where, sizeof out->where, "%s, seed %lld", name, (long long)json_integer_value(seed));
    }
}

// ---------------------------------------------------------------------------------------- tests

int regress_reference_needed(int now) {
    return now < 2 ? 3 : 2 * now;
}

void regress_add_test(struct regress_result *out, const char *cell, const char *quantity, int sign,
                      const struct sample *reference, const struct sample *now) {
    struct regress_test *t = &out->tests[out->test_count++];
    memset(t, 0, sizeof *t);
    snprintf(t->cell, sizeof t->cell, "%s", cell);
    snprintf(t->quantity, sizeof t->quantity, "%s", quantity);
    t->sign = sign;
    t->reference = *reference;
    t->now = *now;
    t->test = loss_test(reference, now, sign);
    out->seeds = now->n;
    out->reference_seeds = reference->n;
}

static int add_test(struct regress_result *out, const json_t *cell, const json_t *known,
                    const struct quantity *q, const char *where, struct error *err) {
    const json_t *runs = json_object_get(cell, "runs");
    double before[REGRESS_SEEDS_MAXIMUM], now[REGRESS_SEEDS_MAXIMUM];
    char name[96];
    cell_text(cell, name);
    if (!json_object_get(json_array_get(runs, 0), q->name))
        return 0; // not of this method
    int n = regress_values(runs, NULL, NULL, q->name, now),
        m = regress_values(known, runs, NULL, q->name, before);
    if (n < 1 || m < regress_reference_needed(n) || n + m > REGRESS_SEEDS_MAXIMUM ||
        out->test_count == REGRESS_TESTS_MAXIMUM)
        return fail(err,
                    "%s: %s: %s: %d values beside the check's own, a check of %d needs %d (and no more than "
                    "%d in all)",
                    where, name, q->name, m < 0 ? 0 : m, n < 0 ? 0 : n, regress_reference_needed(n),
                    REGRESS_SEEDS_MAXIMUM);
    struct sample a = sample_of(before, m), b = sample_of(now, n);
    regress_add_test(out, name, q->name, q->sign, &a, &b);
    return 0;
}

void regress_decide(struct regress_result *out) {
    out->alpha_each = out->alpha / out->test_count;
    for (int i = 0; i < out->test_count; i++) {
        struct regress_test *t = &out->tests[i];
        t->failed = t->test.p < out->alpha_each;
        out->failed_count += t->failed;
        t->found = t->reference.std > 0 ? detectable_loss(REGRESS_POWER, t->reference.std, t->now.n,
                                                          t->reference.n, out->alpha_each)
                                        : 0;
    }
}

// One resampled test: the seeds of `chosen` (bits) of one cell's quantity against the others.
static int resampled_fails(const double *values, int n, unsigned chosen, int sign, double alpha) {
    double now[REGRESS_SEEDS_MAXIMUM], rest[REGRESS_SEEDS_MAXIMUM];
    int k = 0, m = 0;
    for (int i = 0; i < n; i++)
        *(chosen >> i & 1 ? &now[k++] : &rest[m++]) = values[i];
    struct sample a = sample_of(rest, m), b = sample_of(now, k);
    return loss_test(&a, &b, sign).p < alpha;
}

// Every choice of the check's number of seeds out of all of the reference's, the same in every cell.
static void resample(struct regress_result *out, const json_t *reference, const json_t *now) {
    double values[REGRESS_TESTS_MAXIMUM][REGRESS_SEEDS_MAXIMUM];
    int signs[REGRESS_TESTS_MAXIMUM], tests = 0, n = out->seeds + out->reference_seeds;
    long checks = 0, alarms = 0;
    if (n < 1 || n > REGRESS_SEEDS_MAXIMUM)
        return; // refused before
    size_t i;
    json_t *cell;
    json_array_foreach(json_object_get(now, "cells"), i, cell) {
        for (int q = 0; q < QUANTITIES; q++)
            if (regress_values(cell_runs(reference, cell), NULL, NULL, quantities[q].name, values[tests]) ==
                n)
                signs[tests++] = quantities[q].sign;
    }
    for (unsigned chosen = 0; chosen < 1u << n; chosen++) {
        int alarm = 0;
        if (__builtin_popcount(chosen) != out->seeds)
            continue;
        for (int t = 0; t < tests && !alarm; t++)
            alarm = resampled_fails(values[t], n, chosen, signs[t], out->alpha_each);
        checks++;
        alarms += alarm;
    }
    out->false_alarms = checks ? (double)alarms / (double)checks : 0;
}

int regress_compare(const json_t *reference, const json_t *now, const char *where, int compare_bits,
                    double alpha, struct regress_result *out, struct error *err) {
    size_t i;
    json_t *cell;
    memset(out, 0, sizeof *out);
    out->alpha = alpha;
    if (!json_is_array(json_object_get(reference, "cells")))
        return fail(err, "%s: no reference: it lacks \"cells\"", where);
    if (check_settings(reference, now, where, err))
        return -1;
    json_array_foreach(json_object_get(now, "cells"), i, cell) {
        for (int q = 0; q < QUANTITIES; q++)
            if (add_test(out, cell, cell_runs(reference, cell), &quantities[q], where, err))
                return -1;
    }
    if (!out->test_count)
        return fail(err, "%s: nothing to compare", where);
    regress_decide(out);
    resample(out, reference, now);
    if (!compare_bits)
        out->bits = BITS_NOT_COMPARED;
    else if (build_difference(json_object_get(reference, "build"), json_object_get(now, "build"), out->where,
                              sizeof out->where))
        out->bits = BITS_OF_ANOTHER_BUILD;
    else
        compare_bits_of(reference, now, out);
    return 0;
}

int regress_fails(const struct regress_result *r) {
    return r->bits == BITS_DIFFER || (r->bits != BITS_EQUAL && r->failed_count > 0);
}

// ---------------------------------------------------------------------------------------- printing

static void print_bits(FILE *out, const struct regress_result *r) {
    switch (r->bits) {
    case BITS_EQUAL:
        fputs("Trained networks: the same bits as the reference's; the tests below are for information.\n",
              out);
        break;
    case BITS_DIFFER:
        fprintf(out,
                "Trained networks: other bits than the reference's, by the same build (first: %s). FAILED.\n",
                r->where);
        break;
    case BITS_OF_ANOTHER_BUILD:
        fprintf(out, "Trained networks: not compared bit by bit, the reference is of another build (%s).\n",
                r->where);
        break;
    case BITS_NOT_COMPARED:
        fputs("Trained networks: not compared bit by bit, as asked.\n", out);
        break;
    }
}

// "53.5 +- 4.7 (8)"; of one value there is no deviation.
static void sample_text(const struct sample *s, char out[40]) {
    if (s->n > 1)
        snprintf(out, 40, "%.4g +- %.2g (%d)", s->mean, s->std, s->n);
    else
        snprintf(out, 40, "%.4g (%d)", s->mean, s->n);
}

void regress_print_tests(FILE *out, const struct regress_result *r) {
    int width = 9;
    for (int i = 0; i < r->test_count; i++)
        if ((int)strlen(r->tests[i].quantity) > width)
            width = (int)strlen(r->tests[i].quantity);
    fprintf(out, "\n%-22s %-*s %-6s %20s %20s %8s %8s %8s\n", "cell", width, "quantity", "worse", "reference",
            "now", "t", "p", "found");
    for (int i = 0; i < r->test_count; i++) {
        const struct regress_test *t = &r->tests[i];
        char before[40], now[40];
        sample_text(&t->reference, before);
        sample_text(&t->now, now);
        fprintf(out, "%-22s %-*s %-6s %20s %20s %8.2f %8.2g %8.2g  %s\n", t->cell, width, t->quantity,
                t->sign > 0 ? "lower" : "higher", before, now, t->test.statistic, t->test.p, t->found,
                t->failed ? "FAILED" : "ok");
    }
}

void regress_print(FILE *out, const struct regress_result *r) {
    print_bits(out, r);
    regress_print_tests(out, r);
    fprintf(
        out,
        "\n+-: sample standard deviation over seeds, their number in brackets. A test fails below p = %.2g "
        "(%.2g over %d tests):\nthe chance that noise alone fails the check is at most %.2g; of all choices "
        "of %d "
        "among the reference's %d seeds, tested\nagainst the rest, %.2g fail. found: the loss that the test "
        "finds "
        "with a chance of %.0f %%, in the quantity's unit.\n",
        r->alpha_each, r->alpha, r->test_count, r->alpha, r->seeds, r->seeds + r->reference_seeds,
        r->false_alarms, 100 * REGRESS_POWER);
}
