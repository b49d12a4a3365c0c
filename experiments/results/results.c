// SPDX-License-Identifier: Apache-2.0
#include "experiments/results/results.h"

#include "core/base/memory.h"
#include "experiments/plan/home.h"
#include "experiments/results/origin.h"
#include "experiments/store/record.h"

#include <stdlib.h>
#include <string.h>

// ------------------------------------------------------------------------------- the paper's numbers

enum { PAPER_FIELDS = 6 };

static void paper_key(char out[160], const char *table, double row, const char *column) {
    snprintf(out, 160, "%.40s|%.9g|%.40s", table, row, column);
}

// A number that fills the whole field.
static int number(const char *field, double *value) {
    char *end;
    *value = strtod(field, &end);
    return end != field && !*end;
}

// Rows are numbers, or All.
static int take_line(json_t *paper, char *line, const char *path, int place, struct error *err) {
    char *fields[PAPER_FIELDS], key[160];
    double row, mean, std;
    int count = 0;
    for (char *at = line; at && count < PAPER_FIELDS; count++) {
        fields[count] = at;
        at = strchr(at, ',');
        if (at)
            *at++ = 0;
        if (at && count == PAPER_FIELDS - 1)
            return fail(err, "%s:%d: more than %d fields", path, place, PAPER_FIELDS);
    }
    if (count < PAPER_FIELDS)
        return fail(err, "%s:%d: fewer than %d fields", path, place, PAPER_FIELDS);
    if ((strcmp(fields[2], "All") ? !number(fields[2], &row) : (row = N_ALL, 0)) ||
        !number(fields[4], &mean) || !number(fields[5], &std))
        return fail(err, "%s:%d: row, mean or std is no number", path, place);
    paper_key(key, fields[0], row, fields[3]);
    if (json_object_get(paper, key))
        return fail(err, "%s:%d: given twice", path, place);
    return json_object_set_new(paper, key, json_pack("[f, f]", mean, std)) ? fail_memory(err, "%s", path) : 0;
}

json_t *paper_read_file(const char *path, struct error *err) {
    char *text = file_read(path, 1 << 20, NULL, err), *at = text;
    json_t *paper = text ? json_object() : NULL;
    for (int place = 1; paper && *at; place++) {
        size_t length = strcspn(at, "\n");
        char *next = at + length + (at[length] == '\n');
        at[length] = 0;
        if (length && at[length - 1] == '\r')
            at[length - 1] = 0;
        if (place > 1 && *at && take_line(paper, at, path, place, err)) { // the first line names the fields
            json_decref(paper);
            paper = NULL;
        }
        at = next;
    }
    free(text);
    return paper;
}

json_t *paper_read(struct error *err) {
    char path[PATH_SIZE];
    return home_path(path, "tables/paper.csv", err) ? NULL : paper_read_file(path, err);
}

int paper_value(const json_t *paper, const char *table, double row, const char *column, double *mean,
                double *std) {
    char key[160];
    paper_key(key, table, row, column);
    const json_t *pair = json_object_get(paper, key);
    if (!pair)
        return -1;
    *mean = json_number_value(json_array_get(pair, 0));
    *std = json_number_value(json_array_get(pair, 1));
    return 0;
}

// ---------------------------------------------------------------------------------------- records of runs

// Collects the numbers of a run's metrics that are shares and means: reals, by dotted name. Whole numbers in
// records are indices and counts, of which no mean is taken.
static void collect(json_t *metrics, const char *prefix, const json_t *object) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value) {
        char name[128];
        snprintf(name, sizeof name, "%s%s%s", prefix, *prefix ? "." : "", key);
        if (json_is_object(value))
            collect(metrics, name, value);
        if (!json_is_real(value))
            continue;
        if (!json_object_get(metrics, name))
            json_object_set_new(metrics, name, json_pack("{s:[]}", "values"));
        json_array_append(json_object_get(json_object_get(metrics, name), "values"), value);
    }
}

// Means over the seeds; what not every seed has is left out.
static void summarise(json_t *metrics, int n) {
    void *next;
    const char *key;
    json_t *metric;
    json_object_foreach_safe(metrics, next, key, metric) {
        double values[SEEDS_MOST];
        const json_t *list = json_object_get(metric, "values");
        if (!n || json_array_size(list) != (size_t)n) {
            json_object_del(metrics, key);
            continue;
        }
        for (int i = 0; i < n; i++)
            values[i] = json_number_value(json_array_get(list, (size_t)i));
        struct sample s = sample_of(values, n);
        json_object_set_new(metric, "mean", json_real(s.mean));
        json_object_set_new(metric, "std", n > 1 ? json_real(s.std) : json_null());
    }
}

// Sums the confusion matrices of the seeds.
static void add_confusion(struct cell_result *c, const json_t *matrix) {
    size_t i, k;
    json_t *row, *value;
    if (!json_is_array(matrix))
        return;
    if (!c->confusion) {
        c->confusion = json_deep_copy(matrix);
        return;
    }
    json_array_foreach(c->confusion, i, row) {
        json_array_foreach(row, k, value) {
            json_int_t more = json_integer_value(json_array_get(json_array_get(matrix, i), k));
            json_integer_set(value, json_integer_value(value) + more);
        }
    }
}

// A seed without a result.
static void note_absent(struct cell_result *c, uint64_t seed, const char *reason) {
    json_array_append_new(c->missing_seeds,
                          json_pack("{s:I, s:o}", "seed", (json_int_t)seed, "reason", message_json(reason)));
    if (!*c->missing)
        snprintf(c->missing, sizeof c->missing, "%s", reason);
}

static void note_missing(struct cell_result *c, uint64_t seed, const struct run_status *status) {
    char reason[640];
    if (status->state == RUN_FAILED || status->state == RUN_DAMAGED)
        snprintf(reason, sizeof reason, "%s: %s", run_state_names[status->state], status->message);
    else
        snprintf(reason, sizeof reason, "%s%s", run_state_names[status->state],
                 status->elsewhere ? " (running elsewhere)" : "");
    note_absent(c, seed, reason);
}

static int read_cell(struct table_result *r, struct cell_result *c, int row, int column, const char *results,
                     struct error *err) {
    c->metrics = json_object();
    c->missing_seeds = json_array();
    for (int i = 0; i < r->plan->seeds.count; i++) {
        uint64_t seed = r->plan->seeds.values[i];
        const struct cell *cell = plan_find(r->plan, r->table, row, column, seed);
        struct run_status status;
        if (!cell) {
            struct text reason = {0};
            plan_absent(&reason, r->plan, r->table, row, column);
            note_absent(c, seed, text_string(&reason));
            text_free(&reason);
            continue;
        }
        if (run_look(results, cell, &status, err))
            return -1;
        if (status.state == RUN_DONE) {
            c->seeds[c->n] = seed;
            c->values[c->n++] = status.accuracy;
            collect(c->metrics, "", json_object_get(status.run, "metrics"));
            collect(c->metrics, "annotation",
                    json_object_get(json_object_get(status.run, "cell"), "annotation"));
            json_object_del(c->metrics, "annotation.seconds"); // a cost, not a quality
            add_confusion(c, json_object_get(json_object_get(status.run, "metrics"), "confusion"));
            origin_add_run(r->runs, r->makers, status.run, r->table->rows[row], r->table->columns[column],
                           seed);
        } else {
            note_missing(c, seed, &status);
        }
        run_status_clear(&status);
    }
    c->sample = sample_of(c->values, c->n);
    summarise(c->metrics, c->n);
    return 0;
}

int table_result_read(struct table_result *r, const struct table *table, const struct plan *plan,
                      const char *results, const json_t *paper, struct error *err) {
    *r = (struct table_result){.table = table, .plan = plan, .runs = json_array(), .makers = json_array()};
    r->cells =
        allocate((size_t)table->row_count * (size_t)table->column_count, sizeof *r->cells, "a table", err);
    if (!r->cells)
        return -1;
    for (int row = 0; row < table->row_count; row++)
        for (int column = 0; column < table->column_count; column++) {
            struct cell_result *c = &r->cells[row * table->column_count + column];
            c->has_paper = !paper_value(paper, table->name, table->row_values[row], table->columns[column],
                                        &c->paper_mean, &c->paper_std);
            if (read_cell(r, c, row, column, results, err))
                return -1;
        }
    return 0;
}

void table_result_free(struct table_result *r) {
    for (int i = 0; r->cells && i < r->table->row_count * r->table->column_count; i++) {
        json_decref(r->cells[i].metrics);
        json_decref(r->cells[i].missing_seeds);
        json_decref(r->cells[i].confusion);
    }
    free(r->cells);
    json_decref(r->runs);
    json_decref(r->makers);
    memset(r, 0, sizeof *r);
}

const struct cell_result *table_result_cell(const struct table_result *r, int row, int column) {
    return &r->cells[row * r->table->column_count + column];
}
