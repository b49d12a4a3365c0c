// SPDX-License-Identifier: Apache-2.0
#include "experiments/results/metric.h"

#include "core/base/memory.h"
#include "core/base/suggest.h"

#include <stdlib.h>
#include <string.h>

const char metric_names[] =
    "accuracy aligned_accuracy annotation.iou annotation.mae attention_accuracy attention_inside "
    "attention_pointing cam_beyond_area.layer1 cam_beyond_area.layer2 cam_beyond_area.layer3 "
    "cam_beyond_area.layer4 "
    "cam_inside.layer1 cam_inside.layer2 cam_inside.layer3 cam_inside.layer4 "
    "conflicting_accuracy confusion ece group_gap mean_class_accuracy "
    "pointing.layer1 pointing.layer2 pointing.layer3 pointing.layer4 worst_class_accuracy "
    "worst_group_accuracy";

static int is_known(const char *name) {
    size_t length = strlen(name);
    const char *at = metric_names;
    while (length && (at = strstr(at, name)) &&
           !((at == metric_names || at[-1] == ' ') && strchr(" ", at[length])))
        at += length;
    return length && at;
}

static int cells_of(const struct table_result *r) {
    return r->table->row_count * r->table->column_count;
}

static int has(const struct cell_result *c, const char *name) {
    return !strcmp(name, "confusion") ? c->confusion != NULL : json_object_get(c->metrics, name) != NULL;
}

// An emptied cell: its runs are there, but have not recorded this number.
static void empty(struct cell_result *c, const char *name) {
    for (int i = 0; i < c->n; i++) {
        struct missing_seed missing = {.seed = c->seeds[i], .kind = MISSING_NUMBER};
        snprintf(missing.detail, sizeof missing.detail, "%s", name);
        table_result_miss(c, &missing);
    }
    c->n = 0;
}

static void replace(struct cell_result *c, const char *name) {
    const json_t *values = json_object_get(json_object_get(c->metrics, name), "values");
    for (int i = 0; i < c->n; i++)
        c->values[i] = json_number_value(json_array_get(values, (size_t)i));
}

// Runs of the table, and its cells whose runs have recorded the number.
static void look(const struct table_result *r, const char *name, int *runs, int *found) {
    *runs = *found = 0;
    for (int i = 0; i < cells_of(r); i++) {
        *runs += r->cells[i].n;
        *found += r->cells[i].n && has(&r->cells[i], name);
    }
}

static void put_in_place(struct table_result *r, const char *name) {
    int matrix = !strcmp(name, "confusion");
    snprintf(r->metric, sizeof r->metric, "%s", name);
    for (int i = 0; i < cells_of(r); i++) {
        struct cell_result *c = &r->cells[i];
        c->has_paper &= *r->reference != 0; // the paper's are accuracies
        if (c->n && !has(c, name))
            empty(c, name);
        else if (c->n && !matrix) // beside the matrix stays the accuracy
            replace(c, name);
        c->sample = sample_of(c->values, c->n);
    }
}

// A name that no run of the tables has. Without any run, one that runs would record is as good as accuracy.
static int refuse(const struct table_result *tables, int count, const char *name, int runs,
                  struct error *err) {
    struct suggestion near;
    const char *key;
    json_t *value;
    if (!runs && is_known(name))
        return 0;
    suggest_from_list(&near, name, metric_names);
    for (int t = 0; t < count; t++)
        for (int i = 0; i < cells_of(&tables[t]); i++)
            json_object_foreach(tables[t].cells[i].metrics, key, value) suggest_consider(&near, key);
    if (!runs)
        return fail_usage(err, "--metric: '%.60s'%s is none of the numbers that runs record: %s", name,
                          suggest_text(&near), metric_names);
    return fail_usage(
        err, "--metric: no run of %s%s has recorded '%.60s'%s; --metric list names what there is",
        tables[0].table->name, count > 1 ? " and the other tables" : "", name, suggest_text(&near));
}

int metric_select(struct table_result *tables, int count, const char *name, enum sheet_format format,
                  int *kept, struct error *err) {
    int all_runs = 0, all_found = 0, runs, found;
    int same = !*name || !strcmp(name, "accuracy");
    for (int t = 0; t < count; t++) {
        look(&tables[t], name, &runs, &found);
        kept[t] = same || !runs || found;
        all_runs += runs;
        all_found += found;
    }
    if (same)
        return 0;
    if (!all_found && count && refuse(tables, count, name, all_runs, err))
        return -1;
    if (!strcmp(name, "confusion") && (format == SHEET_CSV || format == SHEET_LATEX))
        return fail_usage(err, "--metric: a confusion matrix has its place in md and json alone");
    for (int t = 0; t < count; t++)
        if (kept[t])
            put_in_place(&tables[t], name);
    return 0;
}

// ---------------------------------------------------------------------------------------- beside accuracy

int metric_view(struct table_result *view, const struct table_result *r, const char *name,
                struct error *err) {
    static struct missing_seed not_recorded = {.kind = MISSING_NUMBER};
    int found = 0;
    *view = *r;
    snprintf(view->metric, sizeof view->metric, "%s", name);
    view->reference[0] = 0;
    if (!(view->cells = allocate((size_t)cells_of(r), sizeof *view->cells, "a table", err)))
        return -1;
    for (int i = 0; i < cells_of(r); i++) {
        struct cell_result *c = &view->cells[i];
        *c = r->cells[i];
        c->has_paper = 0;
        if (c->n && has(c, name)) {
            replace(c, name);
            found++;
        } else if (c->n) {
            c->n = 0;
            c->missing = &not_recorded;
            c->missing_count = 1;
        }
        c->sample = sample_of(c->values, c->n);
    }
    return found;
}

void metric_view_free(struct table_result *view) {
    free(view->cells);
    view->cells = NULL;
}

// ---------------------------------------------------------------------------------------- their names

static void count(json_t *counts, const char *name) {
    json_int_t before = json_integer_value(json_object_get(counts, name));
    json_object_set_new(counts, name, json_integer(before + 1));
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void print_sorted(FILE *out, json_t *counts, int cells) {
    size_t size = json_object_size(counts), i = 0;
    struct error ignored; // main asks whether memory has failed
    const char **names = allocate(size + 1, sizeof(char *), "names", &ignored), *name;
    json_t *value;
    if (!names)
        return;
    json_object_foreach(counts, name, value) names[i++] = name;
    qsort(names, size, sizeof *names, by_name);
    for (i = 0; i < size; i++)
        fprintf(out, "%-28s in %lld of %d cells\n", names[i],
                json_integer_value(json_object_get(counts, names[i])), cells);
    free(names);
}

// Without any run: what runs of today would record.
static void print_known(FILE *out) {
    fprintf(out, "no runs yet; each will record\n");
    for (const char *name = metric_names; *name; name += strspn(name, " ")) {
        size_t length = strcspn(name, " ");
        fprintf(out, "%.*s\n", (int)length, name);
        name += length;
    }
}

void metric_list(FILE *out, const struct table_result *tables, int table_count) {
    json_t *counts = json_object(), *metric;
    int cells = 0;
    for (int t = 0; t < table_count; t++)
        for (int i = 0; i < cells_of(&tables[t]); i++) {
            const struct cell_result *c = &tables[t].cells[i];
            const char *name;
            cells++;
            json_object_foreach(c->metrics, name, metric) count(counts, name);
            if (c->confusion)
                count(counts, "confusion");
        }
    if (!json_object_size(counts))
        print_known(out);
    print_sorted(out, counts, cells);
    json_decref(counts);
}
