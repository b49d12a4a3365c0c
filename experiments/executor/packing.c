// SPDX-License-Identifier: Apache-2.0
#include "experiments/executor/packing.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int is_first_of_data(const struct cell *const *cells, int i) {
    for (int k = 0; k < i; k++)
        if (!strcmp(cells[k]->data_digest, cells[i]->data_digest))
            return 0;
    return 1;
}

// Runs that share pseudo-annotations share a task where that is possible: these take hours, and who comes second waits.
static int is_first_of_annotations(const struct cell *const *cells, int i, const int *task) {
    for (int k = 0; k < i; k++)
        if (cells[i]->has_annotator && cells[k]->has_annotator && task[k] >= 0 &&
            !strcmp(cells[k]->annotation_digest, cells[i]->annotation_digest))
            return 0;
    return 1;
}

struct open_task {
    int number;
    double work, longest, data; // seconds of runs in sum, of the longest, of making data
    int jobs;
};

static double length_of(const struct open_task *t) {
    return t->data + fmax(t->longest, t->work / t->jobs);
}

static double with(const struct open_task *t, double run, double data) {
    struct open_task more = *t;
    more.work += run;
    more.longest = fmax(more.longest, run);
    more.data += data;
    return length_of(&more);
}

static void put(struct open_task *t, double run, double data) {
    t->work += run;
    t->longest = fmax(t->longest, run);
    t->data += data;
}

// What all runs of a data set would add to a task.
static double with_all(const struct open_task *t, const struct cell *const *cells, const double *seconds,
                       int count, int first, double data) {
    struct open_task more = *t;
    more.data += data;
    for (int i = first; i < count; i++)
        if (!strcmp(cells[i]->data_digest, cells[first]->data_digest))
            put(&more, seconds[i], 0);
    return length_of(&more);
}

static void next_task(struct open_task *t) {
    *t = (struct open_task){.number = t->number + 1, .jobs = t->jobs};
}

// The runs of one data set, those of the same pseudo-annotations one after the other.
static void put_data_set(struct open_task *t, const struct cell *const *cells, const double *seconds,
                         int count, int first, double data, double length, int *task) {
    for (int a = first; a < count; a++) {
        if (strcmp(cells[a]->data_digest, cells[first]->data_digest) || task[a] >= 0 ||
            !is_first_of_annotations(cells, a, task))
            continue;
        for (int i = a; i < count; i++) {
            int mine = i == a || (cells[a]->has_annotator && cells[i]->has_annotator &&
                                  !strcmp(cells[a]->annotation_digest, cells[i]->annotation_digest));
            if (!mine || task[i] >= 0)
                continue;
            if (t->work > 0 && with(t, seconds[i], 0) > length) {
                next_task(t);
                t->data = data;
            }
            put(t, seconds[i], 0);
            task[i] = t->number;
        }
    }
}

int packing_make(const struct cell *const *cells, const double *seconds, int count, double data, int jobs,
                 double length, int *task) {
    struct open_task t = {.jobs = jobs < 1 ? 1 : jobs};
    for (int i = 0; i < count; i++)
        task[i] = -1;
    for (int i = 0; i < count; i++) {
        if (!is_first_of_data(cells, i))
            continue;
        if (t.work > 0 && with_all(&t, cells, seconds, count, i, data) > length)
            next_task(&t);
        t.data += data;
        put_data_set(&t, cells, seconds, count, i, data, length, task);
    }
    return count ? t.number + 1 : 0;
}

double packing_length(const struct cell *const *cells, const double *seconds, int count, double data,
                      int jobs, const int *task, int which) {
    struct open_task t = {.jobs = jobs < 1 ? 1 : jobs};
    for (int i = 0; i < count; i++) {
        int fresh = task[i] == which;
        for (int k = 0; k < i && fresh; k++)
            fresh = task[k] != which || strcmp(cells[k]->data_digest, cells[i]->data_digest) != 0;
        if (task[i] == which)
            put(&t, seconds[i], fresh ? data : 0);
    }
    return length_of(&t);
}
