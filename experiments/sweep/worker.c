// SPDX-License-Identifier: Apache-2.0
#include "experiments/sweep/worker.h"

#include "core/base/interrupt.h"
#include "core/base/isolate.h"
#include "core/base/progress.h"
#include "experiments/process/lock.h"
#include "experiments/store/annotations.h"
#include "experiments/store/data_sets.h"
#include "experiments/store/retrain.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <omp.h>
#include <string.h>
#include <unistd.h>

_Static_assert(sizeof(struct worker_report) <= PIPE_BUF, "a report must be written in one piece");

const char *const phase_words[PHASES] = {
    [PHASE_GENERATE] = "making data", [PHASE_ANNOTATE] = "annotator ", [PHASE_TRAIN] = ""};

struct worker {
    const struct worker_job *job;
    int pipe;
    double last_report;
    int recorded;     // the run is done, and only lacks its model
    char remark[256]; // about the run that is done, for the parent
    struct error *err;
};

static void send(struct worker *w, const struct worker_report *report) {
    ssize_t written;
    do
        written = write(w->pipe, report, sizeof *report);
    while (written < 0 && errno == EINTR); // a parent that is gone kills us anyway
}

static void send_progress(struct worker *w, enum phase phase, double done, double total, const char *note) {
    double now = seconds_now();
    if (now - w->last_report < 0.1 && done < total)
        return;
    w->last_report = now;
    struct worker_report report = {.kind = REPORT_PROGRESS, .phase = phase, .done = done, .total = total};
    snprintf(report.text, sizeof report.text, "%s", note ? note : "");
    send(w, &report);
}

static void on_generated(void *context, double done, double total, const char *note) {
    send_progress(context, PHASE_GENERATE, done, total, note);
}

static void on_annotated(void *context, double done, double total, const char *note) {
    send_progress(context, PHASE_ANNOTATE, done, total, note);
}

static void on_step(void *context, double done, double total, const char *note) {
    send_progress(context, PHASE_TRAIN, done, total, note);
}

// What the run wrote on standard error in earlier sessions stays in its log.
static int redirect_output(struct worker *w) {
    char path[PATH_SIZE];
    if (run_file(path, w->job->results, w->job->cell, "log", w->err))
        return -1;
    int log = open(path, O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (log < 0)
        return fail_system(w->err, errno, "%s", path);
    dup2(log, STDERR_FILENO);
    dup2(log, STDOUT_FILENO);
    close(log);
    return 0;
}

// The run's folder as it must be before training: says what it is, and holds no failure; no damaged record
// either, and no model beside it.
static int prepare_folder(struct worker *w) {
    const struct worker_job *job = w->job;
    char folder[PATH_SIZE], cell[PATH_SIZE], failure[PATH_SIZE], record[PATH_SIZE];
    if (run_folder(folder, job->results, job->cell, w->err) || path_join(cell, w->err, folder, "cell.json") ||
        path_join(failure, w->err, folder, "failed.json") || path_join(record, w->err, folder, "run.json"))
        return -1;
    lock_remove_all_leftovers(folder);
    if (json_write(cell, job->cell->record, w->err) || redirect_output(w))
        return -1;
    if (file_remove(failure, w->err))
        return -1;
    if (w->recorded)
        return 0;
    return file_remove(record, w->err) || retrain_remove_model(job->results, job->cell, w->err) ? -1 : 0;
}

// What is stored with the run: what is known of its cell, and of its annotations.
static json_t *record_of(const struct cell *cell, json_t *annotation) {
    json_t *record = json_copy(cell->record);
    if (annotation)
        json_object_set(record, "annotation", annotation);
    return record;
}

static int train(struct worker *w, json_t *annotation) {
    const struct cell *cell = w->job->cell;
    const char *results = w->job->results;
    char folder[PATH_SIZE], shards[SPLITS][PATH_SIZE];
    struct train_settings settings = cell->training;
    settings.save_model |= cell->needs_model;
    if ((w->recorded ? retrain_folder : run_folder)(folder, results, cell, w->err))
        return -1;
    for (enum split s = 0; s < SPLITS; s++)
        if (data_sets_shard(shards[s], results, cell, s, w->err))
            return -1;
    if (cell->has_annotator && annotations_path(shards[SPLIT_TRAIN], results, cell, w->err))
        return -1;
    json_t *record = record_of(cell, annotation);
    struct train_job job = {
        .settings = &settings,
        .train = shards[SPLIT_TRAIN],
        .test = shards[SPLIT_TEST],
        .validation = cell->has_validation ? shards[SPLIT_VALIDATION] : NULL,
        .folder = folder,
        .cell = record,
        .identity = cell->digest,
        .weights_sha256 =
            json_string_value(json_object_get(json_object_get(cell->record, "identity"), "weights")),
        .progress = on_step,
        .progress_context = w,
    };
    int result = w->job->work->train(&job, w->err);
    json_decref(record);
    return result || (w->recorded && retrain_publish(results, cell, w->remark, w->err)) ? -1 : 0;
}

// The data set is held: annotates if need be, then trains.
static int annotate_and_train(struct worker *w) {
    json_t *annotation = NULL;
    if (w->job->cell->has_annotator && annotations_make(&annotation, w->job->results, w->job->cell,
                                                        w->job->sweep, w->job->work, on_annotated, w, w->err))
        return -1;
    int result = train(w, annotation);
    json_decref(annotation);
    return result;
}

// What a process was writing that had lost the run's lock to this one, and was killed before it saw that.
static void remove_others_parts(const struct worker *w) {
    char folder[PATH_SIZE];
    struct error ignored = {0};
    if (!run_folder(folder, w->job->results, w->job->cell, &ignored))
        lock_remove_all_leftovers(folder);
}

// The run, under its lock.
static int run(struct worker *w) {
    const struct worker_job *job = w->job;
    struct run_status status;
    if (run_look(job->results, job->cell, &status, w->err))
        return -1;
    run_status_clear(&status);
    if (status.state == RUN_DONE)
        return 0; // another sweep finished it just now
    w->recorded = retrain_is_recorded(job->results, job->cell, w->err);
    if (w->recorded < 0 || prepare_folder(w))
        return -1;
    int shards = data_sets_hold(job->results, job->cell, job->work, on_generated, w, w->err);
    int failed = shards < 0 || (job->keep_shards && data_sets_keep(job->results, job->cell, w->err)) ||
                 annotate_and_train(w);
    lock_release(shards);
    remove_others_parts(w);
    return failed ? -1 : 0;
}

static void work(const struct worker_job *job, int pipe) {
    struct error err = {0};
    struct worker w = {.job = job, .pipe = pipe, .err = &err};
    struct worker_report report = {.kind = REPORT_DONE};
    char path[PATH_SIZE];
    int busy = 0, lock = -1;
    omp_set_num_threads(job->threads);
    int failed = run_folder(path, job->results, job->cell, &err) || folder_make(path, &err) ||
                 run_file(path, job->results, job->cell, "lease", &err);
    if (!failed)
        lock = lock_take(path, LOCK_EXCLUSIVE, 0, &busy, &err);
    failed = lock < 0 || run(&w);
    if (failed)
        report.kind = busy                             ? REPORT_ELSEWHERE
                      : err.status == EXIT_INTERRUPTED ? REPORT_STOPPED
                                                       : REPORT_FAILED;
    snprintf(report.text, sizeof report.text, "%s", failed ? err.message : w.remark);
    report.cause = failed ? err.cause : 0;
    report.of_work = failed && err.of_work;
    send(&w, &report);
    lock_release(lock);
}

pid_t worker_start(const struct worker_job *job, int *reports, struct error *err) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC))
        return fail_system(err, errno, "cannot make a pipe");
    pid_t child = isolate_start(err);
    if (child == 0) {
        close(ends[0]);
        work(job, ends[1]);
        _exit(0);
    }
    close(ends[1]);
    if (child < 0) {
        close(ends[0]);
        return -1;
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    *reports = ends[0];
    return child;
}

int worker_read(int reports, struct worker_report *out) {
    ssize_t got;
    do
        got = read(reports, out, sizeof *out);
    while (got < 0 && errno == EINTR);
    if (got == (ssize_t)sizeof *out) {
        out->text[sizeof out->text - 1] = 0;
        return 1;
    }
    return got < 0 && errno == EAGAIN ? 0 : -1;
}
