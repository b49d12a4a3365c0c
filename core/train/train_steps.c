// SPDX-License-Identifier: Apache-2.0
// The steps of a run, and the checkpoints between them.
#include "core/base/file.h"
#include "core/base/interrupt.h"
#include "core/base/notice.h"
#include "core/optimisers/rate.h"
#include "core/train/train_internal.h"

#include <string.h>

int train_resume(struct training *r) {
    char path[PATH_SIZE];
    r->state.best_validation = -1;
    if (path_join(path, r->err, r->job->folder, "checkpoint"))
        return -1;
    struct text notices = {0};
    int found = checkpoint_load(path, r->identity, &r->state, r->trainer, &notices, r->err);
    if (found >= 0) {
        enum precision precision = r->trainer->settings.precision;
        spans_begin(&r->state.spans, r->state.step, precision_name(precision), precision_isa(precision),
                    r->job->folder, "step", &notices);
    }
    notice_print(&notices);
    r->resumed_at = r->state.step;
    r->session_started = r->last_checkpoint = seconds_now();
    r->pause = r->settings->checkpoint_seconds;
    return found < 0 ? -1 : 0;
}

// lambda at this step: the ramp rises linearly from 0 over `lambda_ramp` epochs.
static double lambda_now(const struct training *r) {
    double ramp = r->settings->lambda_ramp * (double)r->steps_per_epoch;
    return ramp > 0 && (double)r->state.step < ramp ? r->lambda * (double)r->state.step / ramp : r->lambda;
}

// The learning rate at this step, which the settings' schedule makes of lr.
static double rate_now(const struct training *r) {
    double warmup = r->settings->warmup * (double)r->steps_per_epoch;
    return r->settings->lr *
           rate_factor(rate_schedule_find(r->settings->schedule), r->state.step, r->steps, warmup);
}

static int one_step(struct training *r) {
    const uint32_t *index = r->order + r->state.step % r->steps_per_epoch * r->settings->batch;
    struct step_result s;
    struct error inner;
    if (train_batch_read(r, index))
        return -1;
    if (trainer_gradient(r->trainer, r->images, r->annotations, r->labels, lambda_now(r), &s, &inner))
        return fail_around(r->err, &inner, "step %ld: %.900s", r->state.step, inner.message);
    train_trace_step(r, index, &s);
    r->trainer->settings.sgd.lr = rate_now(r);
    trainer_update(r->trainer, &s);
    r->state.step++;
    train_metrics_step(r, &s);
    return 0;
}

double train_seconds(const struct training *r) {
    return r->state.seconds + seconds_now() - r->session_started;
}

// Saving costs a hundredth of the time at most, unless it is asked for after every step.
static int save_checkpoint(struct training *r) {
    double started = seconds_now();
    char path[PATH_SIZE];
    struct checkpoint now = r->state;
    now.seconds = train_seconds(r);
    if (path_join(path, r->err, r->job->folder, "checkpoint") ||
        checkpoint_save(path, r->identity, &now, r->trainer, r->err))
        return -1;
    r->last_checkpoint = seconds_now(); // afterwards: saving on a slow disk leaves as much time for work
    r->pause = r->settings->checkpoint_seconds;
    if (r->pause > 0 && r->pause < 100 * (r->last_checkpoint - started))
        r->pause = 100 * (r->last_checkpoint - started);
    return 0;
}

static void report_progress(const struct training *r, const char *note) {
    if (r->job->progress)
        r->job->progress(r->job->progress_context, (double)r->state.step, (double)r->steps, note);
}

int train_steps(struct training *r) {
    long shuffled = -1;
    char note[120];
    while (r->state.step < r->steps) {
        long epoch = r->state.step / r->steps_per_epoch;
        if (epoch != shuffled && train_batch_order(r, shuffled = epoch))
            return -1;
        if (one_step(r))
            return -1;
        train_metrics_note(r, note, sizeof note);
        if (r->state.step % r->steps_per_epoch == 0 && train_metrics_epoch(r))
            return -1;
        report_progress(r, note);
        int interrupted = interrupt_requested();
        if ((interrupted || seconds_now() - r->last_checkpoint >= r->pause) && save_checkpoint(r))
            return -1;
        if (interrupted && r->state.step < r->steps)
            return fail_interrupted(r->err, "%s: interrupted at step %ld of %ld; run it again to go on",
                                    r->job->folder, r->state.step, r->steps);
    }
    return 0;
}
