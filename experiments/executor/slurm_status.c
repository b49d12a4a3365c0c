// SPDX-License-Identifier: Apache-2.0
#include "experiments/executor/slurm_status.h"

#include "core/base/json_fields.h"
#include "experiments/executor/slurm_plan.h"
#include "experiments/executor/slurm_queue.h"
#include "experiments/executor/submission.h"

#include <string.h>

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
            text_printf(&reason, "%s, in no job any more", run_state_names[status.state]);
        json_int_t before = json_integer_value(json_object_get(counts, text_string(&reason)));
        json_object_set_new(counts, text_string(&reason), json_integer(before + 1));
        text_free(&reason);
    }
    return 0;
}

// Digests of all runs that were ever submitted, as keys.
static json_t *all_cells(const json_t *submissions) {
    json_t *all = json_object();
    const json_t *submission, *cell;
    size_t i, k;
    json_array_foreach((json_t *)submissions, i, submission) {
        json_array_foreach(json_object_get(submission, "cells"), k, cell)
            json_object_set_new(all, json_string_value(cell), json_true());
    }
    return all;
}

int slurm_status(FILE *out, const struct plan *plan, const char *results, struct error *err) {
    struct error unknown = {0};
    const char *reason;
    json_t *value, *submissions = submission_scan(results, err), *counts = json_object();
    if (!submissions || !json_array_size(submissions)) {
        json_decref(counts);
        json_decref(submissions);
        return submissions ? 0 : -1;
    }
    json_t *queue = slurm_queue(&unknown), *handed = all_cells(submissions),
           *queued = slurm_plan_queued(submissions, queue);
    if (!queue)
        fprintf(out, "slurm: the queue is not known here (%s); by our records:\n", unknown.message);
    int failed = count_by_reason(counts, plan, results, queued, handed, err), fewest;
    json_object_foreach(counts, reason, value) {
        struct text visible = {0};
        text_add_visible(&visible, reason);
        fprintf(out, "slurm: %lld run%s %s\n", json_integer_value(value),
                json_integer_value(value) == 1 ? "" : "s", text_string(&visible));
        text_free(&visible);
    }
    size_t i;
    const json_t *one;
    json_array_foreach(submissions, i, one) {
        int silent = submission_silent(results, one, &fewest);
        if (json_object_get(one, "refused"))
            fprintf(out, "slurm: submission %s was refused: %s\n", json_field_text(one, "id"),
                    json_field_text(one, "refused"));
        if (silent)
            fprintf(out, "slurm: submission %s: %d attempt%s of tasks at work or killed\n",
                    json_field_text(one, "id"), silent, silent == 1 ? "" : "s");
    }
    json_decref(queue);
    json_decref(handed);
    json_decref(queued);
    json_decref(counts);
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

// The mark comes first: a task that ends because of this must not put itself back into the queue.
static int cancel_one(FILE *out, json_t *submission, const json_t *queue, const char *results,
                      struct error *err) {
    char mark[PATH_SIZE];
    const char *id = json_field_text(submission, "id");
    const json_t *job;
    size_t i;
    int cancelled = 0;
    if (submission_path(mark, results, id, "cancelled", err) || file_write(mark, "", 0, err))
        return -1;
    json_array_foreach(json_object_get(submission, "jobs"), i, job) {
        const char *number = slurm_queue_job(queue, json_field_text(job, "name"));
        if (number && slurm_cancel(number, err))
            return -1;
        cancelled += number != NULL;
    }
    json_object_set_new(submission, "cancelled", json_true());
    if (cancelled)
        fprintf(out, "%s: %d job%s cancelled\n", id, cancelled, cancelled == 1 ? "" : "s");
    return submission_write(results, submission, err) ? -1 : cancelled;
}

int slurm_take_back(FILE *out, const struct plan *plan, const char *results, struct error *err) {
    json_t *queue = slurm_queue(err), *submissions = queue ? submission_scan(results, err) : NULL, *one;
    int failed = !submissions, all = 0;
    size_t i;
    json_array_foreach(submissions, i, one) {
        if (failed || !is_of_plan(one, plan))
            continue;
        int cancelled = cancel_one(out, one, queue, results, err);
        failed = cancelled < 0;
        all += cancelled > 0 ? cancelled : 0;
    }
    if (!failed && !all)
        fprintf(out, "no job of these runs is in the queue\n");
    json_decref(queue);
    json_decref(submissions);
    return failed ? -1 : 0;
}
