// SPDX-License-Identifier: Apache-2.0
#include "experiments/executor/slurm_plan.h"

#include "core/base/json_fields.h"
#include "core/base/limits.h"
#include "core/base/memory.h"
#include "experiments/executor/packing.h"
#include "experiments/executor/submission.h"
#include "experiments/store/data_sets.h"
#include "experiments/sweep/estimate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double memory_per_core = 4e9,
                    memory_of_program = 512e6; // bytes; the former where nothing is asked for

// ---------------------------------------------------------------------------------------- what is queued

// The task of a submission that this element of the queue is; -1 where it is none of its. A job that gathers does no runs.
static int task_of(const json_t *submission, const json_t *element) {
    const json_t *job;
    size_t i;
    json_array_foreach(json_object_get(submission, "jobs"), i, job) {
        if (json_integer_value(json_object_get(job, "count")) > 0 &&
            !strcmp(json_field_text(job, "name"), json_field_text(element, "name")))
            return (int)(json_integer_value(json_object_get(job, "first")) +
                         json_integer_value(json_object_get(element, "index")));
    }
    return -1;
}

static void note_cells(json_t *queued, const json_t *submission, int task, const json_t *element) {
    const json_t *cell,
        *cells = json_object_get(json_array_get(json_object_get(submission, "tasks"), (size_t)task), "cells");
    size_t i;
    json_array_foreach(cells, i, cell) json_object_set(queued, json_string_value(cell), (json_t *)element);
}

json_t *slurm_plan_queued(const json_t *submissions, const json_t *queue) {
    json_t *queued = json_object();
    const json_t *submission, *element;
    size_t s, e;
    json_array_foreach((json_t *)submissions, s, submission) json_array_foreach((json_t *)queue, e, element) {
        int task = task_of(submission, element);
        // An element that is completing has ended: what it left undone is nobody's.
        if (task >= 0 && strncmp(json_field_text(element, "state"), "COMPLET", 7) != 0)
            note_cells(queued, submission, task, element);
    }
    return queued;
}

// ---------------------------------------------------------------------------------------- which runs

static int choose_runs(struct slurm_plan *p, const struct executor_job *job, const json_t *queued,
                       struct error *err) {
    p->todo = allocate((size_t)job->plan->count + 1, sizeof(struct cell *), "a submission", err);
    if (!p->todo)
        return -1;
    for (int i = 0; i < job->plan->count; i++) {
        const struct cell *cell = &job->plan->cells[i];
        struct run_status status;
        if (run_look(job->sweep.results, cell, &status, err))
            return -1;
        run_status_clear(&status);
        if (status.state == RUN_DONE)
            p->done++;
        else if (json_object_get(queued, cell->digest))
            p->queued++;
        else if (status.state == RUN_FAILED && (!job->sweep.retry || job->round))
            p->failed++;
        else
            p->todo[p->count++] = cell;
    }
    return 0;
}

// ---------------------------------------------------------------------------------------- how much of a node

// Fewer at once than where a task's process was killed without a word.
static int most_at_once(const struct slurm_plan *p, const char *results, const json_t *submissions) {
    const json_t *submission;
    size_t s, k;
    int most = 0;
    json_array_foreach((json_t *)submissions, s, submission) {
        int fewest, mine = 0;
        const json_t *cell;
        json_array_foreach(json_object_get(submission, "cells"), k,
                           cell) for (int i = 0; i < p->count && !mine; i++) mine =
            !strcmp(json_string_value(cell) ? json_string_value(cell) : "", p->todo[i]->digest);
        if (mine && submission_silent(results, submission, &fewest) && fewest)
            most = !most || fewest / 2 < most ? (fewest > 1 ? fewest / 2 : 1) : most;
    }
    return most;
}

// All data sets and pseudo-annotations, each once.
static double bytes_of_data(const struct slurm_plan *p) {
    double bytes = 0;
    for (int i = 0; i < p->count; i++) {
        const struct cell *c = p->todo[i];
        int fresh = 1, annotated = c->has_annotator;
        for (int k = 0; k < i; k++) {
            fresh &= strcmp(p->todo[k]->data_digest, c->data_digest) != 0;
            annotated &= strcmp(p->todo[k]->annotation_digest, c->annotation_digest) != 0;
        }
        bytes += (fresh ? data_sets_bytes(c) : 0) + (annotated ? data_sets_annotation_bytes(c) : 0);
    }
    return bytes;
}

// A task's cores and memory for so many runs at a time.
static void share_task(struct slurm_plan *p, const struct sweep_options *o, int at_once) {
    double memory = cluster_bytes(p->cluster.memory);
    p->at_once = at_once;
    p->threads = o->threads ? o->threads : p->cpus / at_once > 0 ? p->cpus / at_once : 1;
    p->bytes = memory > 0 ? memory : memory_of_program + 1.2 * p->run_bytes * at_once;
}

static int choose_size(struct slurm_plan *p, const struct executor_job *job, const json_t *submissions,
                       struct error *err) {
    const struct sweep_options *o = &job->sweep;
    struct resources r;
    int most = most_at_once(p, o->results, submissions);
    p->cpus = p->cluster.cpus ? p->cluster.cpus : limits_cores();
    if (resources_plan(&r, p->todo, p->count, job->work, o->results, 1, 1, 1, err))
        return -1;
    double memory = cluster_bytes(p->cluster.memory),
           room = (memory > 0 ? memory : memory_per_core * p->cpus) - memory_of_program;
    int at_once = o->jobs ? o->jobs : (int)fmax(1, fmin(p->cpus, floor(room / (1.2 * r.run_memory))));
    if (most && at_once > most)
        at_once = most;
    p->run_bytes = r.run_memory;
    share_task(p, o, at_once < p->count ? at_once : p->count);
    // A task removes a data set when all runs of it are done: while one ends another one has begun.
    p->shards = bytes_of_data(p);
    if (p->cluster.throttle)
        p->shards = fmin(p->shards, 2 * p->cluster.throttle * r.data_set);
    return 0;
}

// ---------------------------------------------------------------------------------------- how long

static double seconds_of_data(const struct estimate *e, const struct cell *c) {
    const struct probed_data *data = &e->data[estimate_data_place(e, c->set)];
    double seconds = 0;
    for (enum split s = 0; s < SPLITS; s++)
        if (c->images[s] > 0)
            seconds += data->per_shard + data->per_image * c->images[s];
    return seconds;
}

// By earlier runs or trials here, with as many threads as a task's runs have; a machine with fewer cores is taken to be
// slower in proportion.
static int forecast_here(struct slurm_plan *p, const struct executor_job *job, struct error *err) {
    struct estimate e = {0};
    double data, annotations;
    int threads = p->threads < limits_cores() ? p->threads : limits_cores();
    json_t *known = records_scan(job->sweep.results, err);
    int failed =
        !known || estimate_make(&e, p->todo, p->count, known, threads, job->sweep.results, job->work, err) ||
        estimate_seconds(&e, p->todo, p->count, job->sweep.results, p->seconds, &data, &annotations, err);
    json_decref(known);
    for (int i = 0; i < p->count && !failed; i++) {
        double making = seconds_of_data(&e, p->todo[i]);
        p->data = fmax(p->data, making * threads / p->threads);
        for (int k = 0; k < i && making > 0; k++)
            making = strcmp(p->todo[k]->data_digest, p->todo[i]->data_digest) ? making : 0;
        p->seconds[i] = (p->seconds[i] - making) * threads / p->threads;
    }
    p->measured = e.measured;
    p->tried = e.tried;
    return failed ? -1 : 0;
}

static int forecast(struct slurm_plan *p, const struct executor_job *job, struct error *err) {
    for (int i = 0; i < p->count; i++)
        p->seconds[i] = p->cluster.run_seconds;
    return p->cluster.run_seconds > 0 ? 0 : forecast_here(p, job, err);
}

// Runs of the task that has most.
static int fullest_task(const struct slurm_plan *p) {
    int fullest = 1;
    for (int t = 0; t < p->tasks; t++) {
        int runs = 0;
        for (int i = 0; i < p->count; i++)
            runs += p->task[i] == t;
        fullest = runs > fullest ? runs : fullest;
    }
    return fullest;
}

// Long runs are alone in their task: then no more are foreseen at a time, and each has the cores of all.
static int pack(struct slurm_plan *p, const struct executor_job *job, struct error *err) {
    for (;;) {
        if (forecast(p, job, err))
            return -1;
        p->tasks =
            packing_make(p->todo, p->seconds, p->count, p->data, p->at_once, 60 * p->cluster.pack, p->task);
        int fullest = fullest_task(p);
        if (fullest >= p->at_once)
            return 0;
        share_task(p, &job->sweep, fullest);
    }
}

int slurm_plan_make(struct slurm_plan *p, const struct executor_job *job, const json_t *submissions,
                    const json_t *queued, struct error *err) {
    memset(p, 0, sizeof *p);
    if (cluster_read(&p->cluster, job->cluster, err) || choose_runs(p, job, queued, err))
        return -1;
    if (!p->count)
        return 0;
    p->seconds = allocate((size_t)p->count + 1, sizeof *p->seconds, "a submission", err);
    p->task = allocate((size_t)p->count + 1, sizeof *p->task, "a submission", err);
    if (!p->seconds || !p->task || choose_size(p, job, submissions, err) || pack(p, job, err))
        return -1;
    for (int t = 0; t < p->tasks; t++) {
        double length = packing_length(p->todo, p->seconds, p->count, p->data, p->at_once, p->task, t);
        p->longest = fmax(p->longest, length);
        p->total += length;
    }
    return 0;
}

void slurm_plan_free(struct slurm_plan *p) {
    cluster_free(&p->cluster);
    free(p->todo);
    free(p->seconds);
    free(p->task);
    memset(p, 0, sizeof *p);
}

// ---------------------------------------------------------------------------------------- in words

static void add_hours(struct text *out, double seconds) {
    double hours = seconds / 3600;
    text_printf(out, hours < 0.1 ? "%.3f" : hours < 100 ? "%.1f" : "%.0f", hours);
}

int slurm_plan_print(FILE *out, const struct slurm_plan *p, struct error *err) {
    static const int nodes[] = {10, 50, 250};
    char a[32], b[32];
    struct text line = {0};
    fprintf(out, "%d task%s of %d core%s for %d run%s, up to %d at a time with %d thread%s each\n", p->tasks,
            p->tasks == 1 ? "" : "s", p->cpus, p->cpus == 1 ? "" : "s", p->count, p->count == 1 ? "" : "s",
            p->at_once, p->threads, p->threads == 1 ? "" : "s");
    text_add(&line, "time: ");
    add_hours(&line, p->total);
    text_add(&line, " task hours (node hours, where a task's cores are a node's), the longest task ");
    add_hours(&line, p->longest);
    text_printf(&line, " hours (%s)\n",
                p->cluster.run_seconds > 0 ? "run_seconds of the cluster's settings"
                : p->tried ? p->measured ? "partly from earlier runs, partly from trials on this machine"
                                         : "from trials of a few steps on this machine"
                           : "from earlier runs");
    for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++) {
        text_printf(&line, "%s%d at once: ", i ? ", " : "", nodes[i]);
        add_hours(&line, fmax(p->longest, p->total / nodes[i]));
        text_add(&line, " hours");
    }
    text_printf(&line, "\nmemory: %s a task\ndisk: up to %s of data sets%s, beside checkpoints and models\n",
                resources_bytes_text(p->bytes, a), resources_bytes_text(p->shards, b),
                *p->cluster.scratch ? " on the nodes together" : " in the results folder");
    int failed = text_check(&line, "a forecast", err);
    fputs(text_string(&line), out);
    text_free(&line);
    return failed;
}
