// SPDX-License-Identifier: Apache-2.0
#include "experiments/executor/task.h"

#include "core/base/json_fields.h"
#include "core/base/memory.h"
#include "experiments/executor/handed.h"
#include "experiments/executor/products.h"
#include "experiments/executor/submission.h"
#include "experiments/store/data_sets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Its cells have the sources that they were planned with. Each set of sources is read once, whatever varies in the data.
static int check_inputs(const struct plan *plan, const struct task_job *job, const char *results,
                        struct error *err) {
    for (int i = 0; i < plan->count; i++) {
        const struct cell *c = &plan->cells[i];
        const json_t *mine = json_object_get(c->record, "identity");
        int seen = 0, open = handed_is_open(results, c, job->sweep.retry, err);
        if (open < 0)
            return -1;
        for (int k = 0; k < i && !seen; k++) {
            const json_t *other = json_object_get(plan->cells[k].record, "identity");
            seen = plan->cells[k].set == c->set &&
                   json_equal(json_object_get(mine, "inputs"), json_object_get(other, "inputs")) &&
                   json_equal(json_object_get(mine, "weights"), json_object_get(other, "weights"));
        }
        if (open && !seen && cell_check_inputs(c, job->work, err))
            return -1;
    }
    return 0;
}

static int do_plan(const struct plan *plan, const struct task_job *job, const char *results, const char *isa,
                   int jobs, struct error *err) {
    struct sweep_options sweep = job->sweep;
    sweep.results = results;
    sweep.jobs = jobs;
    if (*job->scratch)
        data_sets_use_scratch(job->scratch);
    return check_inputs(plan, job, results, err) ||
                   products_hold(results, json_field_text(plan->cells[0].record, "profile"), isa, err) ||
                   sweep_run(plan, job->work, &sweep, err)
               ? -1
               : 0;
}

static const char *ending(int failed, const struct error *err) {
    return !failed                           ? "done"
           : err->status == EXIT_INTERRUPTED ? "stopped"
           : err->status == EXIT_ELSEWHERE   ? "not here"
           : error_is_full_disk(err)         ? "full disk"
                                             : "incomplete";
}

// The digests of a task. They stay the submission's.
static char **digests_of(const json_t *submission, const struct task_job *job, int *count,
                         struct error *err) {
    const json_t *task = json_array_get(json_object_get(submission, "tasks"), (size_t)job->number),
                 *cells = json_object_get(task, "cells");
    *count = (int)json_array_size(cells);
    if (!*count)
        return fail_usage(err, "--task: the submission %s has no task %d", job->submission, job->number),
               NULL;
    char **digests = allocate((size_t)*count, sizeof *digests, "a task", err);
    for (int i = 0; digests && i < *count; i++)
        digests[i] = (char *)json_string_value(json_array_get(cells, (size_t)i));
    for (int i = 0; digests && i < *count; i++)
        if (!digests[i]) {
            fail(err, "the submission %s: task %d: no digest", job->submission, job->number);
            free(digests);
            return NULL;
        }
    return digests;
}

// Whether a run of the submission that has this data set is still to do; where that cannot be told, one is.
static int data_are_needed(const json_t *submission, const char *results, const char *data_digest) {
    const char *digest;
    json_t *data;
    json_object_foreach(json_object_get(submission, "data"), digest, data) {
        struct cell other = {0};
        struct error ignored = {0};
        if (!json_is_string(data) || strcmp(json_string_value(data), data_digest))
            continue;
        snprintf(other.digest, DIGEST_SIZE, "%s", digest);
        if (handed_is_open(results, &other, 0, &ignored))
            return 1;
    }
    return 0;
}

// Data sets that this task's runs were the last to need.
static void remove_data(const struct plan *plan, const json_t *submission, const struct task_job *job,
                        const char *results) {
    for (int i = 0; i < plan->count && !*job->scratch; i++) {
        int seen = 0;
        for (int k = 0; k < i && !seen; k++)
            seen = !strcmp(plan->cells[k].data_digest, plan->cells[i].data_digest);
        if (!seen && !data_are_needed(submission, results, plan->cells[i].data_digest))
            data_sets_remove(results, &plan->cells[i]);
    }
}

static int do_task(const struct task_job *job, const char *results, struct error *err) {
    char folder[PATH_SIZE];
    struct plan plan = {0};
    int count, number, at_once, failed = -1;
    json_t *submission = submission_read(results, job->submission, err);
    char **digests = submission ? digests_of(submission, job, &count, err) : NULL;
    if (digests && !handed_plan(&plan, results, digests, count, folder, err)) {
        int most = (int)json_integer_value(json_object_get(submission, "at_once_most"));
        at_once = submission_begin_attempt(
            results, job->submission, job->number,
            most && (!job->sweep.jobs || job->sweep.jobs > most) ? most : job->sweep.jobs, &number, err);
        failed = at_once < 0 || (chdir(folder) && fail_system(err, errno, "%s", folder)) ||
                 do_plan(&plan, job, results, json_field_text(submission, "isa"), at_once, err);
        remove_data(&plan, submission, job, results);
        if (at_once >= 0) {
            struct error unsaid = {0};
            if (submission_end_attempt(results, job->submission, job->number, number, ending(failed, err),
                                       &unsaid) &&
                !failed)
                failed = (*err = unsaid, -1);
        }
    }
    plan_free(&plan);
    free(digests);
    json_decref(submission);
    return failed ? -1 : 0;
}

int task_run(const struct task_job *job, struct error *err) {
    char results[PATH_SIZE], folder[PATH_SIZE];
    struct plan plan;
    if (!realpath(job->sweep.results, results))
        return fail_system(err, errno, "%s", job->sweep.results);
    if (*job->submission)
        return do_task(job, results, err);
    int failed = handed_plan(&plan, results, job->digests, job->count, folder, err) ||
                 (chdir(folder) && fail_system(err, errno, "%s", folder)) ||
                 do_plan(&plan, job, results, job->isa, job->sweep.jobs, err);
    plan_free(&plan);
    return failed ? -1 : 0;
}
