// SPDX-License-Identifier: Apache-2.0
// Slurm: arrays of tasks that do several runs each, then a job that gathers: it asks for the same again, which submits what
// is unfinished, goes on with the next look, or prints the tables. What was submitted is recorded first (submission.h);
// what became of it, the records of runs tell.
#include "experiments/executor/executor.h"

#include "core/base/interrupt.h"
#include "core/base/json_fields.h"
#include "core/base/memory.h"
#include "experiments/executor/handed.h"
#include "experiments/executor/packing.h"
#include "experiments/executor/slurm_plan.h"
#include "experiments/executor/slurm_queue.h"
#include "experiments/executor/slurm_script.h"
#include "experiments/executor/slurm_status.h"
#include "experiments/executor/submission.h"
#include "experiments/process/lock.h"
#include "experiments/process/shared_folder.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct submitting {
    const struct executor_job *job;
    struct slurm_plan plan;
    struct slurm_script script;
    char id[SUBMISSION_ID_SIZE], results[PATH_SIZE], folder[PATH_SIZE];
    json_t *queue, *submissions, *queued, *record;
    int taken, tasks;   // tasks that are submitted now, of all
    int jobs_submitted; // arrays
    struct text after;  // numbers of the jobs to gather from
};

// ---------------------------------------------------------------------------------------- before

static int place(struct submitting *s, struct error *err) {
    if (!realpath(s->job->sweep.results, s->results))
        return fail_system(err, errno, "%s", s->job->sweep.results);
    if (!getcwd(s->folder, sizeof s->folder))
        return fail_system(err, errno, "the current folder");
    for (const char *c = s->results; *c; c++)
        if (iscntrl((unsigned char)*c) || *c == '"' || *c == '\\')
            return fail(
                err,
                "%s: Slurm's directives take no double quotes, backslashes or control characters in the "
                "results folder's name",
                s->results);
    return 0;
}

// What is wrong with the settings is said before anything is asked of Slurm.
static int check_settings(const char *path, struct error *err) {
    struct cluster c;
    int failed = cluster_read(&c, path, err);
    cluster_free(&c);
    return failed;
}

static int look_at_queue(struct submitting *s, struct error *err) {
    s->submissions = submission_scan(s->job->sweep.results, err);
    s->queue = s->submissions ? slurm_queue(s->submissions, err) : NULL;
    s->queued = s->queue ? slurm_plan_queued(s->submissions, s->queue) : NULL;
    return s->queued ? 0 : -1;
}

// Slurm starts a task again whose node failed, but holds one whose node failed just when it was started. One that the user
// holds stays so.
static void release_held(struct submitting *s) {
    const json_t *submission, *job, *element;
    size_t i, k, e;
    struct error ignored;
    int released = 0;
    json_array_foreach(s->submissions, i, submission) {
        json_array_foreach(json_object_get(submission, "jobs"), k, job) {
            json_array_foreach(s->queue, e, element) {
                char name[64];
                if (strcmp(json_field_text(element, "name"), json_field_text(job, "name")) ||
                    !slurm_is_held_after_launch(element))
                    continue;
                int is_array = json_integer_value(json_object_get(job, "count")) > 0;
                snprintf(name, sizeof name, is_array ? "%.20s_%d" : "%.20s", json_field_text(element, "job"),
                         (int)json_integer_value(json_object_get(element, "index")));
                released += !slurm_release(name, &ignored);
            }
        }
    }
    if (released)
        fprintf(s->job->sweep.log, "%d task%s released that Slurm held after a failed start\n", released,
                released == 1 ? "" : "s");
}

static void add_after(struct submitting *s, const char *job) {
    text_printf(&s->after, "%s%s", s->after.length ? ":" : "", job);
}

// ---------------------------------------------------------------------------------------- the record

static json_t *task_json(const struct slurm_plan *p, int task) {
    json_t *cells = json_array();
    for (int i = 0; i < p->count; i++)
        if (p->task[i] == task)
            json_array_append_new(cells, json_string(p->todo[i]->digest));
    double seconds = packing_length(p->todo, p->seconds, p->count, p->data, p->at_once, p->task, task);
    return json_pack("{s:o, s:f}", "cells", cells, "seconds", seconds);
}

static int make_record(struct submitting *s, struct error *err) {
    const struct slurm_plan *p = &s->plan;
    json_t *cells = json_array(), *tasks = json_array();
    char folder[PATH_SIZE];
    for (int t = 0; t < s->taken; t++)
        json_array_append_new(tasks, task_json(p, t));
    for (int i = 0; i < p->count; i++)
        if (p->task[i] < s->taken)
            json_array_append_new(cells, json_string(p->todo[i]->digest));
    for (int i = 0; i < s->job->plan->count; i++) // those that its last job waits for
        if (json_object_get(s->queued, s->job->plan->cells[i].digest))
            json_array_append_new(cells, json_string(s->job->plan->cells[i].digest));
    json_t *data = json_object();
    for (int i = 0; i < p->count; i++)
        json_object_set_new(data, p->todo[i]->digest, json_string(p->todo[i]->data_digest));
    s->record =
        json_pack("{s:s, s:i, s:s, s:s, s:i, s:s, s:i, s:o, s:o, s:o, s:[]}", "id", s->id, "user",
                  (int)getuid(), "profile", p->count ? json_field_text(p->todo[0]->record, "profile") : "",
                  "label", s->job->sweep.label, "round", s->job->round, "isa", p->cluster.isa, "at_once_most",
                  p->at_once, "cells", cells, "data", data, "tasks", tasks, "jobs");
    if (!s->record)
        return fail_memory(err, "a submission");
    return submission_path(folder, s->results, s->id, "log", err) || folder_make(folder, err) ||
                   submission_write(s->results, s->record, err)
               ? -1
               : 0;
}

// ---------------------------------------------------------------------------------------- submitting

// sbatch complains also where the controller took the job and its answer came late. The job's number, to be freed; NULL: it
// is not in the queue, or that is not known.
static char *find_submitted(const struct submitting *s, const char *name, const struct error *why) {
    struct error ignored = {0};
    json_t *queue = slurm_queue(NULL, &ignored);
    const char *number = slurm_queue_job(queue, name);
    char *job = number ? strdup(number) : NULL;
    if (job)
        fprintf(s->job->sweep.log, "%s; the job is in the queue all the same (%s)\n", why->message, job);
    json_decref(queue);
    return job;
}

// Recorded under its name before it is submitted, with its number afterwards. What the system says in between is kept too.
static int submit(struct submitting *s, const char *name, int first, int count, struct text *script,
                  struct error *err) {
    char path[PATH_SIZE], file[64];
    json_t *one = json_pack("{s:s, s:i, s:i}", "name", name, "first", first, "count", count);
    snprintf(file, sizeof file, "%s.sh", name);
    if (json_array_append_new(json_object_get(s->record, "jobs"), one))
        return fail_memory(err, "a submission");
    if (submission_path(path, s->results, s->id, file, err) ||
        file_write(path, text_string(script), script->length, err) ||
        submission_write(s->results, s->record, err))
        return -1;
    char *job = slurm_submit(path, text_string(script), err);
    if (!job)
        job = find_submitted(s, name, err);
    if (!job) {
        struct error unsaid;
        json_object_set_new(s->record, "refused", record_message_json(err->message));
        submission_write(s->results, s->record, &unsaid);
        return -1;
    }
    json_object_set_new(one, "job", json_string(job));
    if (count)
        add_after(s, job);
    free(job);
    return submission_write(s->results, s->record, err);
}

static int submit_array(struct submitting *s, int first, int count, struct error *err) {
    struct text script = {0};
    char name[48];
    snprintf(name, sizeof name, "reff-%s-%d", s->id, first);
    int failed = slurm_script_array(&script, &s->script, name, first, count, s->plan.at_once, err) ||
                 submit(s, name, first, count, &script, err);
    text_free(&script);
    s->jobs_submitted += !failed;
    return failed ? -1 : 0;
}

static int submit_gather(struct submitting *s, struct error *err) {
    struct text script = {0};
    char name[48];
    if (!*s->job->command || !s->after.length)
        return 0;
    snprintf(name, sizeof name, "reff-%s-gather", s->id);
    int failed = slurm_script_gather(&script, &s->script, name, text_string(&s->after), s->job->command,
                                     s->job->round, err) ||
                 submit(s, name, 0, 0, &script, err);
    text_free(&script);
    return failed ? -1 : 0;
}

// All arrays that the largest index allows.
static int submit_arrays(struct submitting *s, struct error *err) {
    int most = slurm_array_most(err);
    if (most < 0)
        return -1;
    for (int first = 0; first < s->taken; first += most) {
        if (interrupt_requested())
            return fail_interrupted(err,
                                    "interrupted after %d of the arrays; what was submitted is recorded (%s)",
                                    s->jobs_submitted, s->id);
        if (submit_array(s, first, s->taken - first < most ? s->taken - first : most, err))
            return -1;
    }
    return 0;
}

// A later one was refused: what was submitted is kept or taken back, as the settings say, and told.
static int end_halfway(struct submitting *s, struct error *err) {
    const int cancel = !strcmp(s->plan.cluster.refused, "cancel");
    const json_t *job;
    size_t i;
    struct error why = *err, other;
    if (why.status == EXIT_INTERRUPTED || !s->jobs_submitted)
        return -1;
    json_array_foreach(json_object_get(s->record, "jobs"), i, job) if (cancel && json_object_get(job, "job"))
        slurm_cancel(json_field_text(job, "job"), &other);
    if (cancel)
        json_object_set_new(s->record, "cancelled", json_true());
    else if (submit_gather(s, &other))
        fprintf(s->job->sweep.log, "no job gathers the results: %s\n", other.message);
    submission_write(s->results, s->record, &other);
    return fail_around(err, &why, "%.600s; %d of the arrays had been submitted and %s (%s/sweeps/%s)",
                       why.message, s->jobs_submitted,
                       cancel ? "are cancelled" : "are kept; the same command submits the rest",
                       s->job->sweep.results, s->id);
}

// Tasks that the limit of the queue leaves room for.
static int room(const struct submitting *s) {
    int taken = s->plan.tasks, mine = 0;
    const json_t *one;
    size_t i;
    json_array_foreach(s->queue, i, one) mine += !strncmp(json_field_text(one, "name"), "reff-", 5) &&
                                                 !strstr(json_field_text(one, "name"), "-gather");
    if (s->plan.cluster.jobs && taken > s->plan.cluster.jobs - mine)
        taken = s->plan.cluster.jobs - mine;
    return taken > 0 ? taken : 0;
}

static int write_cells(const struct submitting *s, struct error *err) {
    for (int i = 0; i < s->plan.count; i++)
        if (s->plan.task[i] < s->taken && handed_write(s->results, s->plan.todo[i], err))
            return -1;
    return 0;
}

static int begin_script(struct submitting *s, struct error *err) {
    const struct cluster *c = &s->plan.cluster;
    double most = *c->time ? INFINITY : slurm_time_most(c->partition);
    s->script = (struct slurm_script){.cluster = &s->plan.cluster,
                                      .folder = s->folder,
                                      .results = s->results,
                                      .id = s->id,
                                      .cpus = s->plan.cpus ? s->plan.cpus : 1,
                                      .threads = s->job->sweep.threads,
                                      .bytes = s->plan.bytes > 0 ? s->plan.bytes : 1e9,
                                      .seconds = s->plan.longest,
                                      .most = most};
    return most > c->signal ? 0
                            : fail(err,
                                   "jobs of the partition last %.0f seconds at most: nothing is left "
                                   "of them when checkpoints "
                                   "are saved %d seconds before their end (signal)",
                                   most, c->signal);
}

// Jobs with runs of this plan that are in the queue already, and whether one waits to gather them.
static int follow_queued(struct submitting *s) {
    const json_t *submission, *cell;
    size_t i, k;
    json_t *jobs = json_object();
    const char *job;
    json_t *value;
    int gathered = 0;
    for (int c = 0; c < s->job->plan->count; c++) {
        const json_t *element = json_object_get(s->queued, s->job->plan->cells[c].digest);
        if (element)
            json_object_set_new(jobs, json_field_text(element, "job"), json_true());
    }
    json_object_foreach(jobs, job, value) add_after(s, job);
    json_decref(jobs);
    json_array_foreach(s->submissions, i, submission) {
        char name[48];
        int mine = 0;
        snprintf(name, sizeof name, "reff-%.12s-gather", json_field_text(submission, "id"));
        json_array_foreach(json_object_get(submission, "cells"), k,
                           cell) for (int c = 0; c < s->job->plan->count && !mine; c++) mine =
            !strcmp(s->job->plan->cells[c].digest, json_string_value(cell) ? json_string_value(cell) : "");
        const json_t *element;
        size_t e;
        json_array_foreach(s->queue, e, element) gathered |=
            mine && !strcmp(json_field_text(element, "name"), name) &&
            !strcmp(json_field_text(element, "state"), "PENDING");
    }
    return gathered;
}

// Under the lock of submissions: two that submit one sweep at once would submit each run twice.
static int hand_over(struct submitting *s, struct error *err) {
    FILE *log = s->job->sweep.log;
    struct slurm_plan *p = &s->plan;
    if (check_settings(s->job->cluster, err) || look_at_queue(s, err) ||
        slurm_plan_make(p, s->job, s->submissions, s->queued, err))
        return -1;
    release_held(s);
    int gathered = follow_queued(s), over = s->job->round > p->cluster.rounds;
    s->taken = p->count && !over ? room(s) : 0;
    if (over || (!s->taken && !p->queued))
        return 0;
    if (begin_script(s, err))
        return -1;
    if (s->taken || !gathered) {
        if (submission_make_id(s->id, err) || make_record(s, err) || write_cells(s, err))
            return -1;
        if (submit_arrays(s, err) || submit_gather(s, err))
            return end_halfway(s, err);
    }
    fprintf(log, "%s: %d run%s done, %d in the queue already, %d failed", s->job->sweep.label, p->done,
            p->done == 1 ? "" : "s", p->queued, p->failed);
    if (s->taken)
        fprintf(log, "; submitted %d of %d task%s for %d runs (%s/sweeps/%s)", s->taken, p->tasks,
                p->tasks == 1 ? "" : "s", p->count, s->job->sweep.results, s->id);
    fprintf(log, "\nreff status (make status) shows where they stand; the last job writes the tables\n");
    return 1;
}

static void submitting_free(struct submitting *s) {
    slurm_plan_free(&s->plan);
    json_decref(s->queue);
    json_decref(s->submissions);
    json_decref(s->queued);
    json_decref(s->record);
    text_free(&s->after);
}

static int run(const struct executor_job *job, int *handed_over, struct error *err) {
    struct submitting s = {.job = job};
    char folder[PATH_SIZE], path[PATH_SIZE];
    const char *results = job->sweep.results;
    int busy, lock;
    *handed_over = 1; // who cannot submit has no results to show either
    if (folder_make(results, err) || shared_folder_check(results, err) || place(&s, err) ||
        path_join(folder, err, results, "sweeps") || folder_make(folder, err) ||
        path_join(path, err, folder, SUBMISSION_LEASE))
        return -1;
    lock = lock_take(path, LOCK_EXCLUSIVE, 0, &busy, err);
    if (lock < 0 && busy) {
        fprintf(job->sweep.log, "another process submits runs of %s just now; waiting for it\n", results);
        lock = lock_take(path, LOCK_EXCLUSIVE, 1, &busy, err);
    }
    if (lock < 0)
        return -1;
    int result = hand_over(&s, err);
    lock_release(lock);
    submitting_free(&s);
    if (result)
        return result < 0 ? -1 : 0;
    *handed_over = 0;
    struct sweep_options judge = job->sweep;
    judge.judge_only = 1;
    return sweep_run(job->plan, job->work, &judge, err);
}

// ---------------------------------------------------------------------------------------- showing

static int show(FILE *out, const struct executor_job *job, struct error *err) {
    struct submitting s = {.job = job, .id = "000000000000"};
    struct text array = {0}, gather = {0};
    struct error unknown = {0};
    char place_now[PATH_SIZE];
    if (check_settings(job->cluster, err))
        return -1;
    if (!getcwd(s.folder, sizeof s.folder))
        return fail_system(err, errno, "the current folder");
    if (realpath(job->sweep.results, place_now))
        snprintf(s.results, sizeof s.results, "%s", place_now);
    else if (snprintf(s.results, sizeof s.results, "%s%s%s", *job->sweep.results == '/' ? "" : s.folder,
                      *job->sweep.results == '/' ? "" : "/", job->sweep.results) >= PATH_SIZE)
        return fail(err, "%.200s...: path too long", job->sweep.results);
    if (look_at_queue(&s, &unknown)) { // a plan can be made where there is no Slurm
        fprintf(out, "the queue is not known here: %s\n", unknown.message);
        json_decref(s.submissions);
        s.submissions = json_array();
        s.queued = json_object();
    }
    int failed = slurm_plan_make(&s.plan, job, s.submissions, s.queued, err);
    s.taken = s.plan.tasks;
    failed = failed || begin_script(&s, err);
    if (!failed && s.plan.queued)
        fprintf(out, "%d runs are in the queue already\n", s.plan.queued);
    if (!failed && s.plan.count)
        failed =
            slurm_plan_print(out, &s.plan, err) ||
            folder_make(s.job->sweep.results, err) || // reff cell is told its real name
            slurm_script_array(&array, &s.script, "reff-ID-0", 0, s.plan.tasks, s.plan.at_once, err) ||
            slurm_script_gather(&gather, &s.script, "reff-ID-gather", "JOB", job->command, job->round, err);
    if (!failed && s.plan.count)
        fprintf(out, "\n---- %d task%s, cut where MaxArraySize asks for it:\n%s\n---- then:\n%s",
                s.plan.tasks, s.plan.tasks == 1 ? "" : "s", text_string(&array), text_string(&gather));
    text_free(&array);
    text_free(&gather);
    submitting_free(&s);
    return failed ? -1 : 0;
}

const struct executor executor_slurm = {.name = "slurm",
                                        .summary = "jobs of a Slurm cluster",
                                        .run = run,
                                        .show = show,
                                        .status = slurm_status,
                                        .cancel = slurm_take_back};
