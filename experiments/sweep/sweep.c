// SPDX-License-Identifier: Apache-2.0
#include "experiments/sweep/sweep.h"

#include "core/base/interrupt.h"
#include "core/base/memory.h"
#include "core/base/progress.h"
#include "core/base/terminal.h"
#include "core/methods/method.h"
#include "experiments/process/lock.h"
#include "experiments/process/shared_folder.h"
#include "experiments/store/data_sets.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

enum { POLL_MILLISECONDS = 200, JOBS_MAXIMUM = 1024, VISIT_SECONDS = 60 };

// ---------------------------------------------------------------------------------------- what is to be done

// How long a done run took, and its annotator if it was the run's.
static void learn(struct sweep *s, const struct cell *cell, const struct run_status *done) {
    const json_t *annotation = json_object_get(json_object_get(done->run, "cell"), "annotation");
    forecast_add(&s->forecast, cell, done->seconds, 1);
    forecast_add_annotator(&s->forecast, cell, json_number_value(json_object_get(annotation, "seconds")), 1);
}

static int look(struct sweep *s, struct task *t, const json_t *known, struct error *err) {
    struct run_status status;
    if (run_look(s->options->results, t->cell, &status, err))
        return -1;
    reason_find(&t->reason, t->cell, &status, known);
    snprintf(t->message, sizeof t->message, "%s", status.message);
    t->state = status.state == RUN_DONE                           ? TASK_DONE
               : status.elsewhere                                 ? TASK_ELSEWHERE
               : status.state == RUN_FAILED && !s->options->retry ? TASK_FAILED
                                                                  : TASK_WAITING;
    if (status.state == RUN_DONE)
        learn(s, t->cell, &status);
    run_status_clear(&status);
    return 0;
}

static int look_at_all(struct sweep *s, struct error *err) {
    json_t *known = records_scan(s->options->results, err);
    int failed = !known;
    for (int i = 0; i < s->plan->count && !failed; i++) {
        s->tasks[i].cell = &s->plan->cells[i];
        s->tasks[i].reports = -1;
        failed = look(s, &s->tasks[i], known, err);
    }
    json_decref(known);
    return failed ? -1 : 0;
}

// Sorts the waiting tasks into the order in which they are started.
static int order_tasks(struct sweep *s, struct error *err) {
    const struct cell **cells = allocate((size_t)s->plan->count, sizeof(struct cell *), "a sweep", err);
    double *seconds = allocate((size_t)s->plan->count, sizeof *seconds, "a sweep", err);
    int *index = allocate((size_t)s->plan->count, sizeof *index, "a sweep", err);
    int failed = !cells || !seconds || !index, count = 0;
    for (int i = 0; i < s->plan->count && !failed; i++)
        if (s->tasks[i].state == TASK_WAITING) {
            cells[count] = s->tasks[i].cell;
            seconds[count] = forecast_seconds(&s->forecast, cells[count]);
            if (seconds[count] < 0) // nothing known: in steps of the baseline
                seconds[count] = cells[count]->steps * method_of(cells[count]->training.method)->cost;
            seconds[count] += forecast_annotator(&s->forecast, cells[count]);
            index[count++] = i;
        }
    if (!failed)
        failed = resources_plan(&s->resources, cells, count, s->work, s->options->results, s->options->jobs,
                                s->options->threads, s->options->keep_shards, err);
    if (!failed && count) {
        schedule_order(cells, seconds, count, s->resources.jobs, s->order);
        for (int i = 0; i < count; i++)
            s->order[i] = index[s->order[i]];
    }
    s->order_count = count;
    s->next = 0;
    free(cells);
    free(seconds);
    free(index);
    return failed ? -1 : 0;
}

// ---------------------------------------------------------------------------------------- one run's life

static int start_task(struct sweep *s, struct task *t, struct error *err) {
    const struct worker_job job = {.results = s->options->results,
                                   .sweep = s->id,
                                   .cell = t->cell,
                                   .work = s->work,
                                   .threads = s->resources.threads,
                                   .keep_shards = s->options->keep_shards};
    memset(&t->last, 0, sizeof t->last);
    t->started = t->annotating = -1;
    t->process = worker_start(&job, &t->reports, err);
    if (t->process < 0)
        return -1;
    t->state = TASK_RUNNING;
    return 0;
}

// No run that is still to do needs this data set any more.
static int data_set_is_spent(const struct sweep *s, const struct cell *cell) {
    for (int i = 0; i < s->plan->count; i++)
        if (s->tasks[i].state != TASK_DONE && s->tasks[i].state != TASK_FAILED &&
            !strcmp(s->tasks[i].cell->data_digest, cell->data_digest))
            return 0;
    return 1;
}

// Memory ran out, as far as it can be told: the run waits for another turn, with fewer at once. Not where it was
// alone already.
static void give_another_turn(struct sweep *s, struct task *t) {
    int at = 0, index = (int)(t - s->tasks);
    if (s->resources.jobs < 2 || s->stopping)
        return;
    s->resources.jobs--;
    while (s->order[at] != index)
        at++;
    s->order[at] = s->order[s->next - 1];
    s->order[--s->next] = index;
    t->state = TASK_WAITING;
    sweep_say(s, "%s: %s; once more, %d at a time from here on", t->cell->name, t->message,
              s->resources.jobs);
}

// The run has, or should have, a record.
static void judge_record(struct sweep *s, struct task *t) {
    struct run_status status;
    struct error err = {0};
    t->state = TASK_UNFINISHED;
    if (run_look(s->options->results, t->cell, &status, &err)) {
        snprintf(t->message, sizeof t->message, "its record cannot be read: %s", err.message);
    } else if (status.state != RUN_DONE) {
        snprintf(t->message, sizeof t->message, "training ended without a good record: %s",
                 *status.message ? status.message : "it is not there");
    } else {
        t->state = TASK_DONE;
        snprintf(t->message, sizeof t->message, "%.2f %%%s%.500s", status.accuracy, *t->last.text ? "; " : "",
                 t->last.text);
        learn(s, t->cell, &status);
    }
    run_status_clear(&status);
}

// The child ended without a report, from outside or in a crash, for which the machine may be the cause as well as
// the program: no verdict on the run.
static void judge_silence(struct sweep *s, struct task *t, int status) {
    int gone = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    t->last.text[0] = 0; // a note on its progress
    judge_record(s, t);
    if (t->state == TASK_DONE)
        return; // its record was there before its end
    if (gone == SIGKILL || gone == SIGTERM || gone == SIGINT || gone == SIGHUP)
        snprintf(t->message, sizeof t->message, "its process was ended from outside (%s%s)", strsignal(gone),
                 gone == SIGKILL ? "; by the system if memory ran out" : "");
    else
        snprintf(t->message, sizeof t->message,
                 gone ? "its process crashed (%s)" : "its process ended early (%s)",
                 gone ? strsignal(gone) : "see the log");
    if (gone == SIGKILL)
        give_another_turn(s, t);
}

// Only what the work itself is to blame for is a failure, which is recorded and not repeated unasked. All else (a full
// disk, no memory, no lock, a folder that vanished) says nothing of the run: it is unfinished.
static void judge_failure(struct sweep *s, struct task *t) {
    const struct error met = {.cause = t->last.cause};
    t->state = t->last.of_work ? TASK_FAILED : TASK_UNFINISHED;
    if (error_is_full_disk(&met))
        s->full_disk = s->stopping = 1; // the others would fail in the same way
    if (met.cause == ENOMEM)
        give_another_turn(s, t);
}

static void judge_report(struct sweep *s, struct task *t) {
    snprintf(t->message, sizeof t->message, "%s", t->last.text);
    switch (t->last.kind) {
    case REPORT_DONE:
        judge_record(s, t);
        break;
    case REPORT_STOPPED:
        t->state = TASK_UNFINISHED;
        break;
    case REPORT_ELSEWHERE:
        t->state = TASK_ELSEWHERE;
        break;
    default:
        judge_failure(s, t);
    }
}

static void end_task(struct sweep *s, struct task *t) {
    struct error err = {0};
    int status = 0;
    close(t->reports);
    t->reports = -1;
    while (waitpid(t->process, &status, 0) < 0 && errno == EINTR)
        ;
    t->process = 0;
    if (t->last.kind == REPORT_PROGRESS)
        judge_silence(s, t, status);
    else
        judge_report(s, t);
    if (t->state == TASK_FAILED && run_record_failure(s->options->results, t->cell, t->message, &err))
        sweep_say(s, "the failure of %s could not be recorded: %s", t->cell->name, err.message);
    if (t->state == TASK_ELSEWHERE || t->state == TASK_WAITING)
        return;
    s->finished++;
    struct text why = {0};
    if (t->reason.kind != REASON_NEVER_RUN) // which is told once, by their number
        reason_text(&why, &t->reason);
    sweep_say(s, "[%d/%d] %s: %s%s%s%.200s%s", s->finished, s->to_do, t->cell->name,
              t->state == TASK_FAILED       ? "failed: "
              : t->state == TASK_UNFINISHED ? "unfinished: "
                                            : "",
              t->message, why.length ? " (" : "", text_string(&why), why.length ? ")" : "");
    text_free(&why);
    if (!s->options->keep_shards && !s->options->leave_shards && data_set_is_spent(s, t->cell))
        data_sets_remove(s->options->results, t->cell);
}

static void read_reports(struct sweep *s, struct task *t) {
    struct worker_report report;
    int got;
    while ((got = worker_read(t->reports, &report)) > 0) {
        t->last = report;
        if (report.kind == REPORT_PROGRESS && report.phase == PHASE_TRAIN && t->started < 0) {
            t->started = seconds_now();
            t->first_done = report.done;
        }
        if (report.kind == REPORT_PROGRESS && report.phase == PHASE_ANNOTATE && t->annotating < 0) {
            t->annotating = seconds_now();
            t->first_annotated = report.done;
        }
    }
    if (got < 0)
        end_task(s, t);
}

// ---------------------------------------------------------------------------------------- the loop

static void stop_children(struct sweep *s) {
    for (int i = 0; i < s->plan->count; i++)
        if (s->tasks[i].state == TASK_RUNNING)
            kill(s->tasks[i].process, SIGTERM);
}

// Waits a moment for reports of running tasks.
static void wait_for_reports(struct sweep *s) {
    struct pollfd pipes[JOBS_MAXIMUM];
    struct task *owners[JOBS_MAXIMUM];
    nfds_t count = 0;
    for (int i = 0; i < s->plan->count && count < JOBS_MAXIMUM; i++)
        if (s->tasks[i].state == TASK_RUNNING) {
            owners[count] = &s->tasks[i];
            pipes[count++] = (struct pollfd){.fd = s->tasks[i].reports, .events = POLLIN};
        }
    if (poll(pipes, count, POLL_MILLISECONDS) <= 0)
        return;
    for (nfds_t i = 0; i < count; i++)
        if (pipes[i].revents)
            read_reports(s, owners[i]);
}

// A run that needs pseudo-annotations which another one is about to make would only wait for them.
static int must_wait(const struct sweep *s, const struct task *t) {
    for (int i = 0; i < s->plan->count && t->cell->has_annotator; i++) {
        const struct task *other = &s->tasks[i];
        if (other->state == TASK_RUNNING && other->last.phase != PHASE_TRAIN &&
            !strcmp(other->cell->annotation_digest, t->cell->annotation_digest))
            return 1;
    }
    return 0;
}

// Brings the first run that can start to the place of the next one; 0 if none can now.
static int choose_next(struct sweep *s) {
    int i = s->next;
    while (i < s->order_count && must_wait(s, &s->tasks[s->order[i]]))
        i++;
    if (i >= s->order_count)
        return 0;
    int chosen = s->order[i];
    memmove(&s->order[s->next + 1], &s->order[s->next], (size_t)(i - s->next) * sizeof *s->order);
    s->order[s->next] = chosen;
    return 1;
}

// After the deadline runs that are at work end, and no others begin.
static void watch_deadline(struct sweep *s) {
    if (s->options->deadline > 0 && s->next < s->order_count && seconds_now() >= s->options->deadline)
        s->stopping = s->out_of_time = 1;
}

// A visitor has a twentieth of the time at most.
static void let_visit(struct sweep *s) {
    double begun = seconds_now();
    if (!s->options->visit || begun < s->next_visit)
        return;
    s->options->visit(s->options->visit_context);
    double taken = seconds_now() - begun, interval = 20 * taken;
    s->next_visit = begun + taken + (interval > VISIT_SECONDS ? interval : VISIT_SECONDS);
}

static int run_tasks(struct sweep *s, struct error *err) {
    int told = 0, failed = 0;
    for (;;) {
        watch_deadline(s);
        int running = sweep_count(s, TASK_RUNNING);
        while (!s->stopping && !failed && running < s->resources.jobs && choose_next(s)) {
            failed = start_task(s, &s->tasks[s->order[s->next]], err);
            s->next += !failed;
            running += !failed;
        }
        if (!running)
            return failed;
        wait_for_reports(s);
        if ((failed || interrupt_requested()) && !told) {
            told = s->stopping = 1;
            stop_children(s);
            sweep_say(s, "stopping: %d run%s finishing the step to save a checkpoint (again Ctrl-C: at once)",
                      running, running == 1 ? " is" : "s are");
        }
        sweep_progress(s, 0);
        let_visit(s);
    }
}

// Looks again at runs that another process was working on: they may be done by now, or free.
static int look_elsewhere(struct sweep *s, struct error *err) {
    json_t *known = NULL;
    int failed = 0;
    for (int i = 0; i < s->plan->count && !failed; i++) {
        struct task *t = &s->tasks[i];
        struct run_status status;
        if (t->state != TASK_ELSEWHERE)
            continue;
        failed = run_look(s->options->results, t->cell, &status, err);
        int same = !failed && status.elsewhere && status.state != RUN_DONE;
        run_status_clear(&status);
        if (failed || same)
            continue;
        failed = (!known && !(known = records_scan(s->options->results, err))) || look(s, t, known, err);
    }
    json_decref(known);
    return failed ? -1 : 0;
}

// Does the runs that other processes leave, and waits for those that they are working on.
static int finish_elsewhere(struct sweep *s, struct error *err) {
    int told = 0;
    while (sweep_count(s, TASK_ELSEWHERE) && !s->stopping && !interrupt_requested()) {
        if (look_elsewhere(s, err))
            return -1;
        int waiting = sweep_count(s, TASK_WAITING), elsewhere = sweep_count(s, TASK_ELSEWHERE);
        if (waiting) {
            s->to_do = s->finished + waiting;
            if (order_tasks(s, err) || run_tasks(s, err))
                return -1;
        } else if (elsewhere && told != elsewhere) {
            sweep_say(s, "waiting for %d run%s that another process is at work on (running elsewhere)",
                      elsewhere, elsewhere == 1 ? "" : "s");
            told = elsewhere;
        } else if (elsewhere) {
            usleep(1000 * POLL_MILLISECONDS);
            let_visit(s);
        }
    }
    return 0;
}

// Looks once more for what this sweep, or others before it, called done: a results folder may have been removed or
// replaced meanwhile.
static int look_again(struct sweep *s, struct error *err) {
    int gone = 0;
    for (int i = 0; i < s->plan->count; i++) {
        struct task *t = &s->tasks[i];
        struct run_status status;
        if (t->state != TASK_DONE)
            continue;
        if (run_look(s->options->results, t->cell, &status, err))
            return -1;
        if (status.state != RUN_DONE) {
            t->state = TASK_UNFINISHED;
            snprintf(t->message, sizeof t->message, "its record is no longer there");
            gone++;
        }
        run_status_clear(&status);
    }
    if (gone)
        sweep_say(s, "%s: %d record%s of runs that were done went while the sweep was at work",
                  s->options->results, gone, gone == 1 ? "" : "s");
    return 0;
}

static int verdict(struct sweep *s, struct error *err) {
    int failed = sweep_count(s, TASK_FAILED), elsewhere = sweep_count(s, TASK_ELSEWHERE);
    int open = sweep_count(s, TASK_WAITING) + sweep_count(s, TASK_UNFINISHED);
    if (interrupt_requested())
        return fail_interrupted(err,
                                "interrupted: %d of %d runs are done; the same command goes on from here",
                                sweep_count(s, TASK_DONE), s->plan->count);
    if (s->full_disk)
        return fail(
            err, "%s: the disk is full; %d of %d runs are done; free some space and the same command goes on",
            s->options->results, sweep_count(s, TASK_DONE), s->plan->count);
    if (s->out_of_time && open && s->options->out_of_time)
        return *s->options->out_of_time = 1, 0;
    if (failed || open || elsewhere)
        return fail(err, "of %d runs %d failed, %d are unfinished, %d are running elsewhere", s->plan->count,
                    failed, open, elsewhere);
    return 0;
}

static int make_id(char id[33], struct error *err) {
    unsigned char bytes[16];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return fail_system(err, errno, "no random bytes");
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(id + 2 * i, 3, "%02x", bytes[i]);
    return 0;
}

// All that is to do, here and now.
static int do_tasks(struct sweep *s, struct error *err) {
    if (order_tasks(s, err) || (s->order_count && shared_folder_check(s->options->results, err)))
        return -1;
    s->to_do = s->order_count;
    sweep_announce(s);
    int failed = run_tasks(s, err);
    if (!failed && !s->stopping)
        failed = finish_elsewhere(s, err);
    if (!failed)
        failed = look_again(s, err);
    if (failed)
        sweep_summary(s);
    return failed ? -1 : 0;
}

// What processes left at runs that are done, which nobody will work on again.
static void clear_leases(const struct sweep *s) {
    double end = seconds_now() + lock_patience();
    for (int left = 1; left && seconds_now() < end && !interrupt_requested();) {
        left = 0;
        for (int i = 0; i < s->plan->count; i++)
            if (s->tasks[i].state == TASK_DONE)
                left += run_clear_lease(s->options->results, s->tasks[i].cell);
        if (left)
            usleep(1000 * POLL_MILLISECONDS);
    }
}

// Nothing of it: what is not done is unfinished.
static void leave_tasks(struct sweep *s) {
    for (int i = 0; i < s->plan->count; i++)
        if (s->tasks[i].state == TASK_WAITING)
            s->tasks[i].state = TASK_UNFINISHED;
}

int sweep_run(const struct plan *plan, const struct work *work, const struct sweep_options *options,
              struct error *err) {
    struct sweep s = {.plan = plan, .work = work, .options = options};
    s.terminal = isatty(terminal_descriptor(options->log));
    s.tasks = allocate((size_t)plan->count, sizeof *s.tasks, "a sweep", err);
    s.order = allocate((size_t)plan->count, sizeof *s.order, "a sweep", err);
    int failed = !s.tasks || !s.order || make_id(s.id, err) || folder_make(options->results, err) ||
                 look_at_all(&s, err);
    if (!failed && !options->judge_only)
        failed = do_tasks(&s, err);
    else if (!failed)
        leave_tasks(&s);
    if (!failed) {
        sweep_summary(&s);
        clear_leases(&s);
        if (!s.stopping && !options->keep_shards && !options->leave_shards &&
            !sweep_count(&s, TASK_UNFINISHED) && !sweep_count(&s, TASK_ELSEWHERE))
            data_sets_prune(options->results);
        failed = verdict(&s, err);
    }
    free(s.tasks);
    free(s.order);
    return failed ? -1 : 0;
}
