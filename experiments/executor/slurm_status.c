// SPDX-License-Identifier: Apache-2.0
#include "experiments/executor/slurm_status.h"

#include "core/base/json_fields.h"
#include "experiments/executor/handed.h"
#include "experiments/executor/slurm_plan.h"
#include "experiments/executor/slurm_queue.h"
#include "experiments/executor/submission.h"
#include "experiments/process/lock.h"

#include <string.h>
#include <unistd.h>

// ---------------------------------------------------------------------------------------- status

// Counts open runs of the plan by what is known of them: {"pending (Resources)": 12, ...}.
static int count_by_reason(json_t *counts, const struct plan *plan, const char *results, const json_t *queued,
                           const json_t *handed, struct error *err) {
    for (int i = 0; i < plan->count; i++) {
        struct run_status status;
        struct text reason = {0};
        const char *digest = plan->cells[i].digest;
        const json_t *element = json_object_get(queued, digest);
        if (run_look(results, &plan->cells[i], &status, err))
            return -1;
        run_status_clear(&status);
        if (status.state == RUN_DONE || !json_object_get(handed, digest))
            continue;
        if (status.elsewhere)
            text_add(&reason, "running");
        else if (status.state == RUN_FAILED)
            text_add(&reason, "failed");
        else if (element && !strcmp(json_field_text(element, "state"), "RUNNING"))
            text_add(&reason, "in a task at work, waiting for their turn");
        else if (element)
            text_printf(&reason, "in the queue, %s (%s)", json_field_text(element, "state"),
                        json_field_text(element, "reason"));
        else
            text_printf(&reason, "%s, in no job any more%s", run_state_names[status.state],
                        json_is_true(json_object_get(handed, digest)) ? "" : ": cancelled");
        json_int_t before = json_integer_value(json_object_get(counts, text_string(&reason)));
        json_object_set_new(counts, text_string(&reason), json_integer(before + 1));
        text_free(&reason);
    }
    return 0;
}

// Digests of all runs that were ever submitted: whether some submission of them was not cancelled.
static json_t *all_cells(const json_t *submissions) {
    json_t *all = json_object();
    const json_t *submission, *cell;
    size_t i, k;
    json_array_foreach((json_t *)submissions, i, submission) {
        int cancelled = json_is_true(json_object_get(submission, "cancelled"));
        json_array_foreach(json_object_get(submission, "cells"), k, cell) {
            const char *digest = json_string_value(cell);
            if (digest && !json_is_true(json_object_get(all, digest)))
                json_object_set_new(all, digest, json_boolean(!cancelled));
        }
    }
    return all;
}

// Whether a submission has runs of the plan that are not done.
static int is_open(const json_t *submission, const struct plan *plan, const char *results) {
    const json_t *cell;
    size_t k;
    json_array_foreach(json_object_get(submission, "cells"), k, cell) {
        for (int i = 0; i < plan->count; i++) {
            struct error ignored = {0};
            if (!strcmp(json_string_value(cell) ? json_string_value(cell) : "", plan->cells[i].digest) &&
                handed_is_open(results, &plan->cells[i], 1, &ignored))
                return 1;
        }
    }
    return 0;
}

static int is_in_queue(const json_t *submission, const json_t *queue) {
    const json_t *job;
    size_t i;
    json_array_foreach(json_object_get(submission, "jobs"), i,
                       job) if (slurm_queue_job(queue, json_field_text(job, "name"))) return 1;
    return 0;
}

// What one submission met that is of use as long as its runs are not done: that it was refused, and that tasks were killed.
static void print_troubles(FILE *out, const json_t *submission, const json_t *queue, const char *results) {
    const char *id = json_field_text(submission, "id");
    int fewest, silent = submission_silent(results, submission, &fewest);
    if (json_object_get(submission, "refused")) {
        struct text visible = {0};
        text_add_visible(&visible, json_field_text(submission, "refused"));
        fprintf(out, "slurm: submission %s was refused: %s\n", id, text_string(&visible));
        text_free(&visible);
    }
    if (silent)
        fprintf(out, "slurm: submission %s: %d attempt%s of tasks %s\n", id, silent, silent == 1 ? "" : "s",
                !queue                           ? "at work or killed"
                : is_in_queue(submission, queue) ? "at work, or killed before they could say so"
                                                 : "killed before they could say so");
}

static int print_status(FILE *out, const struct plan *plan, const char *results, const json_t *submissions,
                        const json_t *queue, struct error *err) {
    json_t *counts = json_object(), *handed = all_cells(submissions),
           *queued = slurm_plan_queued(submissions, queue), *value;
    const json_t *one;
    const char *reason;
    size_t i;
    int failed = count_by_reason(counts, plan, results, queued, handed, err);
    json_object_foreach(counts, reason, value) {
        struct text visible = {0};
        text_add_visible(&visible, reason);
        fprintf(out, "slurm: %lld run%s %s\n", json_integer_value(value),
                json_integer_value(value) == 1 ? "" : "s", text_string(&visible));
        text_free(&visible);
    }
    json_array_foreach(submissions, i, one) if (is_open(one, plan, results))
        print_troubles(out, one, queue, results);
    json_decref(handed);
    json_decref(queued);
    json_decref(counts);
    return failed;
}

static int has_open(const json_t *submissions, const struct plan *plan, const char *results) {
    const json_t *one;
    size_t i;
    json_array_foreach(submissions, i, one) if (is_open(one, plan, results)) return 1;
    return 0;
}

int slurm_status(FILE *out, const struct plan *plan, const char *results, struct error *err) {
    struct error unknown = {0};
    json_t *submissions = submission_scan(results, err), *queue = NULL;
    int failed = !submissions;
    if (!failed && has_open(submissions, plan, results)) {
        queue = slurm_queue(submissions, &unknown);
        if (!queue && unknown.status == EXIT_INTERRUPTED)
            failed = (*err = unknown, 1);
        else if (!queue)
            fprintf(out, "slurm: the queue is not known here (%s); by our records:\n", unknown.message);
        failed = failed || print_status(out, plan, results, submissions, queue, err);
    }
    json_decref(queue);
    json_decref(submissions);
    return failed ? -1 : 0;
}

// ---------------------------------------------------------------------------------------- cancelling

static int is_of_plan(const json_t *submission, const struct plan *plan) {
    const json_t *cell;
    size_t k;
    json_array_foreach(json_object_get(submission, "cells"), k,
                       cell) for (int i = 0; i < plan->count;
                                  i++) if (json_string_value(cell) &&
                                           !strcmp(json_string_value(cell), plan->cells[i].digest)) return 1;
    return 0;
}

// The mark comes first: a task that ends because of this must not put itself back into the queue. How many jobs were
// cancelled; -1 with a message where that failed for one that is in the queue.
static int cancel_one(FILE *out, json_t *submission, const json_t *queue, const char *results,
                      struct error *err) {
    char mark[PATH_SIZE];
    const char *id = json_field_text(submission, "id");
    const json_t *job;
    size_t i;
    int cancelled = 0, failed = 0;
    if (submission_path(mark, results, id, "cancelled", err) || file_write(mark, "", 0, err))
        return -1;
    json_array_foreach(json_object_get(submission, "jobs"), i, job) {
        struct error later;
        const char *number = slurm_queue_job(queue, json_field_text(job, "name"));
        if (!number)
            continue;
        int bad = slurm_cancel(number, failed ? &later : err); // the others all the same
        failed |= bad;
        cancelled += !bad;
    }
    json_object_set_new(submission, "cancelled", json_true());
    if (cancelled)
        fprintf(out, "%s: %d job%s cancelled\n", id, cancelled, cancelled == 1 ? "" : "s");
    return failed || submission_write(results, submission, err) ? -1 : cancelled;
}

// Somebody else's jobs are theirs to cancel, and go on as if nothing had been asked.
static int is_foreign(const json_t *submission, const json_t *queue, struct error *err) {
    const json_t *user = json_object_get(submission, "user");
    if (!json_is_integer(user) || json_integer_value(user) == (json_int_t)getuid() || !getuid() ||
        !is_in_queue(submission, queue))
        return 0;
    fail(err, "sweeps/%s: its jobs are those of user %lld, who alone can cancel them",
         json_field_text(submission, "id"), (long long)json_integer_value(user));
    return 1;
}

static int cancel_all(FILE *out, const struct plan *plan, const char *results, struct error *err) {
    json_t *submissions = submission_scan(results, err), *queue = NULL, *one;
    int failed = !submissions, all = 0;
    size_t i;
    if (json_array_size(submissions))
        failed = !(queue = slurm_queue(submissions, err));
    json_array_foreach(submissions, i, one) {
        struct error later;
        if (!queue || !is_of_plan(one, plan))
            continue;
        int cancelled = is_foreign(one, queue, failed ? &later : err)
                            ? -1
                            : cancel_one(out, one, queue, results, failed ? &later : err);
        failed |= cancelled < 0;
        all += cancelled > 0 ? cancelled : 0;
    }
    if (!failed && !all)
        fprintf(out, "no job of these runs is in the queue\n");
    json_decref(queue);
    json_decref(submissions);
    return failed ? -1 : 0;
}

// Under the lock of submissions: a last job that submits more just now would have its jobs forgotten.
int slurm_take_back(FILE *out, const struct plan *plan, const char *results, struct error *err) {
    char path[PATH_SIZE], folder[PATH_SIZE];
    int busy, there = path_join(folder, err, results, "sweeps") ? -1 : file_is_there(folder, err);
    if (there < 0)
        return -1;
    int lock = !there || path_join(path, err, folder, SUBMISSION_LEASE)
                   ? -1
                   : lock_take(path, LOCK_EXCLUSIVE, 1, &busy, err);
    if (there && lock < 0)
        return -1;
    int failed = cancel_all(out, plan, results, err);
    lock_release(lock);
    return failed;
}
