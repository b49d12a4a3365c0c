// SPDX-License-Identifier: Apache-2.0
#include "experiments/sweep/resources.h"

#include "core/base/isolate.h"
#include "core/base/limits.h"
#include "experiments/store/data_sets.h"

#include <stdlib.h>
#include <string.h>

static const double shard_in_memory = 1 << 30; // the reader keeps smaller shards in memory whole
static const double share_of_memory = 0.85;    // of what is available: the rest is others'

char *resources_bytes_text(double bytes, char out[32]) {
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    int u = 0;
    while (bytes >= 1000 && u < 4) {
        bytes /= 1000;
        u++;
    }
    snprintf(out, 32, bytes < 10 && u ? "%.1f %s" : "%.0f %s", bytes, units[u]);
    return out;
}

// Free bytes where `path` is or will be made.
static double free_disk(const char *path) {
    char folder[PATH_SIZE];
    double left;
    snprintf(folder, sizeof folder, "%s", path);
    while (!((left = limits_disk(folder)) > 0)) {
        char *slash = strrchr(folder, '/');
        if (slash && slash != folder)
            *slash = 0;
        else if (strcmp(folder, slash ? "/" : "."))
            strcpy(folder, slash ? "/" : ".");
        else
            return 0;
    }
    return left;
}

struct memory_question {
    const struct work *work;
    const struct cell *cell;
};

static json_t *ask_memory(void *context, struct error *err) {
    const struct memory_question *q = context;
    const struct cell *c = q->cell;
    double training, annotating = 0;
    int pixels = cell_pixels(c);
    if (q->work->memory(&c->training, pixels, c->classes, &training, err) ||
        (c->has_annotator &&
         q->work->annotator_memory(&c->annotator, pixels, pixels, c->classes, &annotating, err)))
        return NULL;
    return json_real(training > annotating ? training : annotating);
}

// The data set on disk with all the pseudo-annotations that some cell needs.
static double bytes_on_disk(const struct cell *const *todo, int count, int which) {
    double bytes = data_sets_bytes(todo[which]);
    for (int i = 0; i < count; i++) {
        int fresh = todo[i]->has_annotator && !strcmp(todo[i]->data_digest, todo[which]->data_digest);
        for (int k = 0; k < i && fresh; k++)
            fresh = strcmp(todo[k]->annotation_digest, todo[i]->annotation_digest) != 0;
        if (fresh)
            bytes += data_sets_annotation_bytes(todo[i]);
    }
    return bytes;
}

// The largest run's memory: asked once per kind of run.
static int measure_runs(struct resources *r, const struct cell *const *todo, int count,
                        const struct work *work, struct error *err) {
    for (int i = 0; i < count; i++) {
        int seen = 0;
        for (int k = 0; k < i && !seen; k++)
            seen = !strcmp(todo[k]->cost_key, todo[i]->cost_key) &&
                   !strcmp(todo[k]->annotation_cost_key, todo[i]->annotation_cost_key);
        double data = data_sets_bytes(todo[i]), disk = bytes_on_disk(todo, count, i);
        if (disk > r->data_set)
            r->data_set = disk;
        if (seen)
            continue;
        struct memory_question question = {work, todo[i]};
        json_t *answer = isolate_json(ask_memory, &question, err);
        if (!answer)
            return -1;
        double bytes = json_number_value(answer) + (data < shard_in_memory ? data : 0);
        if (bytes > r->run_memory)
            r->run_memory = bytes;
        json_decref(answer);
    }
    return 0;
}

static int count_data_sets(const struct cell *const *todo, int count) {
    int distinct = 0;
    for (int i = 0; i < count; i++) {
        int seen = 0;
        for (int k = 0; k < i && !seen; k++)
            seen = !strcmp(todo[k]->data_digest, todo[i]->data_digest);
        distinct += !seen;
    }
    return distinct;
}

int resources_plan(struct resources *r, const struct cell *const *todo, int count, const struct work *work,
                   const char *results, int jobs, int threads, int keep_shards, struct error *err) {
    *r = (struct resources){.cores = limits_cores(), .memory = limits_memory(), .disk = free_disk(results)};
    if (measure_runs(r, todo, count, work, err))
        return -1;
    r->jobs = jobs ? jobs : r->cores;
    if (!jobs && r->memory > 0 && r->run_memory * r->jobs > share_of_memory * r->memory) {
        r->jobs = (int)(share_of_memory * r->memory / r->run_memory);
        if (r->jobs < 1)
            r->jobs = 1;
    }
    if (count && r->jobs > count)
        r->jobs = count;
    r->threads = threads ? threads : r->cores / r->jobs;
    if (r->threads < 1)
        r->threads = 1;
    // While the last run of one data set goes on, the other jobs have begun the next ones; the mixed end of
    // the schedule has as many as there are jobs.
    int distinct = count_data_sets(todo, count),
        live = keep_shards || distinct < r->jobs + 1 ? distinct : r->jobs + 1;
    r->shards = live * r->data_set;
    return 0;
}
