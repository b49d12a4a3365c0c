// SPDX-License-Identifier: Apache-2.0
#include "experiments/results/table_result.h"

#include "core/base/memory.h"
#include "experiments/results/paper.h"
#include "experiments/results/table_provenance.h"

#include <stdlib.h>
#include <string.h>

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
        double values[SEEDS_MAXIMUM];
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

// ---------------------------------------------------------------------------------------- missing seeds

void table_result_miss(struct cell_result *c, const struct missing_seed *missing) {
    c->missing[c->missing_count++] = *missing;
}

// A number that is not recorded empties the whole cell.
const struct missing_seed *table_result_missing(const struct cell_result *c) {
    for (int i = 0; i < c->missing_count; i++)
        if (c->missing[i].kind == MISSING_NUMBER)
            return &c->missing[i];
    return c->missing_count ? c->missing : NULL;
}

void table_result_missing_text(struct text *out, const struct missing_seed *m) {
    if (m->kind != MISSING_CELL)
        text_add(out, m->kind == MISSING_RUN ? run_state_names[m->state] : "not recorded");
    if (m->kind != MISSING_CELL && *m->detail)
        text_add(out, ": ");
    text_add(out, m->detail);
    text_add(out, m->elsewhere ? " (running elsewhere)" : "");
}

int table_result_missing_is_alike(const struct missing_seed *a, const struct missing_seed *b) {
    return a->kind == b->kind && a->state == b->state && a->elsewhere == b->elsewhere &&
           !strcmp(a->detail, b->detail);
}

static int note_absent(struct table_result *r, struct cell_result *c, int row, int column, uint64_t seed,
                       struct error *err) {
    struct missing_seed missing = {.seed = seed, .kind = MISSING_CELL};
    struct text why = {0};
    plan_absent(&why, r->plan, r->table, row, column);
    int failed = text_check(&why, "why a cell is absent", err);
    snprintf(missing.detail, sizeof missing.detail, "%s", text_string(&why));
    text_free(&why);
    table_result_miss(c, &missing);
    return failed;
}

static void note_missing(struct cell_result *c, uint64_t seed, const struct run_status *status) {
    struct missing_seed missing = {.seed = seed, .kind = MISSING_RUN, .state = status->state};
    int has_message = status->state == RUN_FAILED || status->state == RUN_DAMAGED;
    missing.elsewhere = status->elsewhere && !has_message;
    snprintf(missing.detail, sizeof missing.detail, "%s", has_message ? status->message : "");
    table_result_miss(c, &missing);
}

// ---------------------------------------------------------------------------------------- cells

static int read_cell(struct table_result *r, struct cell_result *c, int row, int column, const char *results,
                     struct error *err) {
    c->metrics = json_object();
    if (!(c->missing = allocate((size_t)r->plan->seeds.count, sizeof *c->missing, "missing seeds", err)))
        return -1;
    for (int i = 0; i < r->plan->seeds.count; i++) {
        uint64_t seed = r->plan->seeds.values[i];
        const struct cell *cell = plan_find(r->plan, r->table, row, column, seed);
        struct run_status status;
        if (!cell) {
            if (note_absent(r, c, row, column, seed, err))
                return -1;
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
            table_provenance_add_run(r->runs, r->makers, status.run, r->table->rows[row],
                                     r->table->columns[column], seed);
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
            c->has_paper = !paper_value_at(paper, table->name, table->rows[row], table->columns[column],
                                           &c->paper_mean, &c->paper_std);
            if (read_cell(r, c, row, column, results, err))
                return -1;
        }
    return 0;
}

const char *table_result_reference(const struct table_result *r) {
    return *r->reference ? r->reference : "paper";
}

int table_result_compare(struct table_result *r, const json_t *reference, const char *name) {
    const struct table *t = r->table;
    int found = 0;
    snprintf(r->reference, sizeof r->reference, "%s", name);
    for (int row = 0; row < t->row_count; row++)
        for (int column = 0; column < t->column_count; column++) {
            struct cell_result *c = &r->cells[row * t->column_count + column];
            c->has_paper = !paper_value_at(reference, t->name, t->rows[row], t->columns[column],
                                           &c->paper_mean, &c->paper_std);
            found += c->has_paper;
        }
    return found;
}

static int is_among_first(const struct seeds *seeds, int count, uint64_t seed) {
    for (int i = 0; i < count && i < seeds->count; i++)
        if (seeds->values[i] == seed)
            return 1;
    return 0;
}

void table_result_forget_later(struct table_result *r, int count) {
    r->by_looks = 1;
    for (int i = 0; i < r->table->row_count * r->table->column_count; i++) {
        struct cell_result *c = &r->cells[i];
        int kept = 0;
        for (int k = 0; k < c->missing_count; k++) {
            const struct missing_seed *m = &c->missing[k];
            int never_run = m->kind == MISSING_CELL ||
                            (m->kind == MISSING_RUN && m->state == RUN_MISSING && !m->elsewhere);
            if (!never_run || is_among_first(&r->plan->seeds, count, m->seed))
                c->missing[kept++] = *m;
        }
        c->missing_count = kept;
    }
}

void table_result_free(struct table_result *r) {
    for (int i = 0; r->cells && i < r->table->row_count * r->table->column_count; i++) {
        json_decref(r->cells[i].metrics);
        free(r->cells[i].missing);
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
