// SPDX-License-Identifier: Apache-2.0
#include "experiments/sweep/schedule.h"

#include "core/methods/method.h"

#include <stdlib.h>
#include <string.h>

void forecast_add(struct forecast *f, const struct cell *cell, double seconds, double weight) {
    int i = 0;
    while (i < f->count && strcmp(f->items[i].key, cell->cost_key))
        i++;
    if (i == FORECAST_MAXIMUM || seconds <= 0)
        return;
    if (i == f->count || f->items[i].weight < weight) {
        snprintf(f->items[i].key, DIGEST_SIZE, "%s", cell->cost_key);
        snprintf(f->items[i].method, SETTING_WORD_SIZE, "%s", cell->training.method);
        f->items[i].steps = cell->steps;
        f->items[i].seconds = seconds;
        f->items[i].weight = weight;
        f->count += i == f->count;
    } else if (weight >= 1) {
        double w = f->items[i].weight;
        f->items[i].seconds = (w * f->items[i].seconds + seconds) / (w + 1);
        f->items[i].weight = w + 1;
    } else if (weight == f->items[i].weight) {
        f->items[i].seconds = seconds; // a newer estimate
    }
}

void forecast_add_annotator(struct forecast *f, const struct cell *cell, double seconds, double weight) {
    int i = 0;
    while (i < f->annotator_count && strcmp(f->annotators[i].key, cell->annotation_cost_key))
        i++;
    if (i == FORECAST_MAXIMUM || seconds <= 0 || !cell->has_annotator)
        return;
    if (i == f->annotator_count) {
        snprintf(f->annotators[i].key, DIGEST_SIZE, "%s", cell->annotation_cost_key);
        f->annotators[i].weight = 0;
        f->annotator_count++;
    }
    double w = f->annotators[i].weight;
    if (weight >= 1 && w >= 1) { // what is measured is averaged, and prevails over estimates
        f->annotators[i].seconds = (w * f->annotators[i].seconds + seconds) / (w + 1);
        f->annotators[i].weight = w + 1;
    } else if (weight >= w) {
        f->annotators[i].seconds = seconds;
        f->annotators[i].weight = weight;
    }
}

double forecast_annotator(const struct forecast *f, const struct cell *cell) {
    for (int i = 0; i < f->annotator_count && cell->has_annotator; i++)
        if (!strcmp(f->annotators[i].key, cell->annotation_cost_key))
            return f->annotators[i].seconds;
    return 0;
}

double forecast_seconds(const struct forecast *f, const struct cell *cell) {
    for (int i = 0; i < f->count; i++)
        if (!strcmp(f->items[i].key, cell->cost_key))
            return f->items[i].seconds;
    if (!f->count || f->items[0].steps <= 0)
        return -1;
    double per_step = f->items[0].seconds / f->items[0].steps;
    return per_step * method_of(cell->training.method)->cost / method_of(f->items[0].method)->cost *
           cell->steps;
}

// ---------------------------------------------------------------------------------------- order

struct schedule_entry { // a run to be placed
    int index;
    double seconds, group_seconds; // its own, and its data set's in all
    int group, annotations;        // data set, pseudo-annotations: the first entry that has them
};

// qsort is not stable: ties are decided by the position in the plan.
static int by_index(const struct schedule_entry *x, const struct schedule_entry *y) {
    return (x->index > y->index) - (x->index < y->index);
}

static int by_group(const void *a, const void *b) {
    const struct schedule_entry *x = a, *y = b;
    if (x->group_seconds != y->group_seconds)
        return x->group_seconds > y->group_seconds ? -1 : 1;
    if (x->group != y->group)
        return x->group - y->group;
    if (x->annotations != y->annotations)
        return x->annotations - y->annotations;
    if (x->seconds != y->seconds)
        return x->seconds > y->seconds ? -1 : 1;
    return by_index(x, y);
}

static int by_length(const void *a, const void *b) {
    const struct schedule_entry *x = a, *y = b;
    return x->seconds != y->seconds ? (x->seconds > y->seconds ? -1 : 1) : by_index(x, y);
}

// Runs without pseudo-annotations come first: they need not wait for any.
static void group_entries(struct schedule_entry *entries, const struct cell *const *cells, int count) {
    for (int i = 0; i < count; i++) {
        entries[i].group = i;
        entries[i].annotations = cells[i]->has_annotator ? i : -1;
        for (int k = i; k-- > 0;) {
            if (!strcmp(cells[k]->data_digest, cells[i]->data_digest))
                entries[i].group = entries[k].group;
            if (cells[i]->has_annotator && !strcmp(cells[k]->annotation_digest, cells[i]->annotation_digest))
                entries[i].annotations = entries[k].annotations;
        }
    }
    for (int i = 0; i < count; i++)
        for (int k = 0; k < count; k++)
            if (entries[k].group == entries[i].group)
                entries[i].group_seconds += entries[k].seconds;
}

void schedule_order(const struct cell *const *cells, const double *seconds, int count, int jobs, int *order) {
    struct schedule_entry *entries = calloc((size_t)count, sizeof *entries);
    for (int i = 0; i < count; i++)
        order[i] = i;
    if (!entries)
        return; // any order will do
    for (int i = 0; i < count; i++)
        entries[i] = (struct schedule_entry){.index = i, .seconds = seconds[i]};
    group_entries(entries, cells, count);
    qsort(entries, (size_t)count, sizeof *entries, by_group);
    int first = count; // of the mixed tail
    for (int groups = 0; first > 0; first--) {
        groups += first == count || entries[first].group != entries[first - 1].group;
        if (groups > jobs)
            break;
    }
    qsort(entries + first, (size_t)(count - first), sizeof *entries, by_length);
    for (int i = 0; i < count; i++)
        order[i] = entries[i].index;
    free(entries);
}

double schedule_length(const double *seconds, int count, const double *left, int running, int jobs) {
    enum { JOBS_MAXIMUM = 1024 };
    static _Thread_local double busy[JOBS_MAXIMUM];
    double end = 0;
    if (jobs < running)
        jobs = running;
    if (jobs > JOBS_MAXIMUM)
        jobs = JOBS_MAXIMUM;
    for (int j = 0; j < jobs; j++)
        busy[j] = j < running ? left[j] : 0;
    for (int i = 0; i < count; i++) {
        int first = 0; // the job that is free first
        for (int j = 1; j < jobs; j++)
            if (busy[j] < busy[first])
                first = j;
        busy[first] += seconds[i] > 0 ? seconds[i] : 0;
    }
    for (int j = 0; j < jobs; j++)
        if (busy[j] > end)
            end = busy[j];
    return end;
}
