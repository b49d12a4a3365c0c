// SPDX-License-Identifier: Apache-2.0
// What a sweep reports while it works: why runs run, one progress line, what went wrong.
#include "core/base/interrupt.h"
#include "core/base/progress.h"
#include "core/base/terminal.h"
#include "experiments/store/annotations.h"
#include "experiments/sweep/sweep.h"

#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>

enum { LOG_SECONDS = 20 }; // between progress lines where there is no terminal
static const double terminal_seconds = 0.3;

int sweep_count(const struct sweep *s, enum task_state state) {
    int count = 0;
    for (int i = 0; i < s->plan->count; i++)
        count += s->tasks[i].state == state;
    return count;
}

static void clear_line(struct sweep *s) {
    if (s->line_shown)
        terminal_rewrite_line(s->options->log, "", 0);
    s->line_shown = 0;
}

void sweep_say(struct sweep *s, const char *format, ...) {
    va_list args;
    clear_line(s);
    va_start(args, format);
    vfprintf(s->options->log, format, args);
    va_end(args);
    fputc('\n', s->options->log);
    fflush(s->options->log);
}

// Why runs run, one line for all runs of a reason. Those that never ran are only counted.
static int tell_reasons(struct sweep *s) {
    int fresh = 0;
    for (int i = 0; i < s->order_count; i++) {
        const struct task *t = &s->tasks[s->order[i]];
        int told = 0, same = 1;
        if (t->reason.kind == REASON_NEVER_RUN) {
            fresh++;
            continue;
        }
        for (int k = 0; k < i && !told; k++)
            told = reason_is_same(&t->reason, &s->tasks[s->order[k]].reason);
        for (int k = i + 1; k < s->order_count; k++)
            same += reason_is_same(&t->reason, &s->tasks[s->order[k]].reason);
        if (told)
            continue;
        struct text why = {0};
        reason_text(&why, &t->reason);
        if (same > 1)
            sweep_say(s, "%s and %d more: %s", t->cell->name, same - 1, text_string(&why));
        else
            sweep_say(s, "%s: %s", t->cell->name, text_string(&why));
        text_free(&why);
    }
    return fresh;
}

void sweep_announce(struct sweep *s) {
    char memory[32], disk[32];
    int fresh = tell_reasons(s);
    if (!s->order_count) {
        sweep_say(s, "%s: nothing to do: %d of %d runs are done", s->options->label,
                  sweep_count(s, TASK_DONE), s->plan->count);
        return;
    }
    sweep_say(s,
              "%s: %d run%s to do (%d never run), %d done; %d at a time with %d thread%s each; memory up to "
              "%s, shards "
              "up to %s",
              s->options->label, s->order_count, s->order_count == 1 ? "" : "s", fresh,
              sweep_count(s, TASK_DONE), s->resources.jobs, s->resources.threads,
              s->resources.threads == 1 ? "" : "s",
              resources_bytes_text(s->resources.run_memory * s->resources.jobs, memory),
              resources_bytes_text(s->resources.shards, disk));
    if (s->resources.memory > 0 && s->resources.run_memory * s->resources.jobs > s->resources.memory)
        sweep_say(s, "%s: more memory than is free (%s): fewer jobs may be faster (JOBS=)", s->options->label,
                  resources_bytes_text(s->resources.memory, memory));
    if (s->resources.disk > 0 && s->resources.shards > s->resources.disk)
        sweep_say(s, "%s: the shards take more disk than is free (%s)", s->options->label,
                  resources_bytes_text(s->resources.disk, disk));
}

// ---------------------------------------------------------------------------------------- time left

// Share of a running task's training that is done, 0..1.
static double share_done(const struct task *t) {
    int training = t->last.kind == REPORT_PROGRESS && t->last.phase == PHASE_TRAIN && t->last.total > 0;
    return training ? t->last.done / t->last.total : 0;
}

// The same of making its pseudo-annotations.
static double share_annotated(const struct task *t) {
    int annotating = t->last.kind == REPORT_PROGRESS && t->last.phase == PHASE_ANNOTATE && t->last.total > 0;
    return annotating ? t->last.done / t->last.total : 0;
}

// What running tasks show of their kind's speed, before any of it has ended.
static void learn_from_running(struct sweep *s) {
    double now = seconds_now();
    for (int i = 0; i < s->plan->count; i++) {
        const struct task *t = &s->tasks[i];
        double annotated = t->last.total > 0 ? share_annotated(t) - t->first_annotated / t->last.total : 0;
        if (t->state == TASK_RUNNING && t->annotating >= 0 && annotated > 0.02)
            forecast_add_annotator(&s->forecast, t->cell, (now - t->annotating) / annotated, 0.5);
        if (t->state != TASK_RUNNING || t->started < 0 || t->last.phase != PHASE_TRAIN || t->last.total <= 0)
            continue;
        double share = (t->last.done - t->first_done) / t->last.total;
        if (share > 0.02 || (share > 0 && now - t->started > 10))
            forecast_add(&s->forecast, t->cell, (now - t->started) / share, 0.5);
    }
}

// Whether the pseudo-annotations of the i-th waiting run are neither there nor another's to make.
static int must_annotate(const struct sweep *s, int i) {
    const struct cell *cell = s->tasks[s->order[i]].cell;
    char path[PATH_SIZE];
    struct error ignored;
    if (!cell->has_annotator || forecast_annotator(&s->forecast, cell) <= 0)
        return 0;
    for (int k = s->next; k < i; k++)
        if (!strcmp(s->tasks[s->order[k]].cell->annotation_digest, cell->annotation_digest))
            return 0;
    for (int k = 0; k < s->plan->count; k++)
        if (s->tasks[k].state == TASK_RUNNING &&
            !strcmp(s->tasks[k].cell->annotation_digest, cell->annotation_digest))
            return 0;
    return annotations_path(path, s->options->results, cell, &ignored) || file_is_there(path, &ignored) < 1;
}

double sweep_seconds_left(struct sweep *s) {
    static _Thread_local double left[1024], seconds[4096];
    int running = 0, waiting = 0;
    learn_from_running(s);
    for (int i = 0; i < s->plan->count && running < 1024; i++)
        if (s->tasks[i].state == TASK_RUNNING) {
            double whole = forecast_seconds(&s->forecast, s->tasks[i].cell);
            if (whole < 0)
                return -1;
            left[running] = whole * (1 - share_done(&s->tasks[i]));
            if (s->tasks[i].last.phase == PHASE_ANNOTATE)
                left[running] +=
                    forecast_annotator(&s->forecast, s->tasks[i].cell) * (1 - share_annotated(&s->tasks[i]));
            running++;
        }
    for (int i = s->next; i < s->order_count && waiting < 4096; i++) {
        const struct cell *cell = s->tasks[s->order[i]].cell;
        if ((seconds[waiting] = forecast_seconds(&s->forecast, cell)) < 0)
            return -1;
        if (must_annotate(s, i))
            seconds[waiting] += forecast_annotator(&s->forecast, cell);
        waiting++;
    }
    return schedule_length(seconds, waiting, left, running, s->resources.jobs);
}

static int terminal_width(FILE *terminal) {
    struct winsize size;
    return ioctl(terminal_descriptor(terminal), TIOCGWINSZ, &size) || size.ws_col < 20 ? 80 : size.ws_col;
}

void sweep_progress(struct sweep *s, int now) {
    double time = seconds_now(), interval = s->terminal ? terminal_seconds : LOG_SECONDS, steps = 0, all = 0;
    char detail[160] = "", line[400];
    struct text left = {0};
    if (s->last_line <= 0 && !s->terminal)
        s->last_line = time; // the first plain line comes after an interval
    if (!now && time - s->last_line < interval)
        return;
    s->last_line = time;
    for (int i = 0; i < s->plan->count; i++) {
        const struct task *t = &s->tasks[i];
        all += t->cell->steps;
        steps += t->cell->steps * (t->state == TASK_DONE ? 1 : t->state == TASK_RUNNING ? share_done(t) : 0);
        if (t->state == TASK_RUNNING && !*detail && t->last.kind == REPORT_PROGRESS)
            snprintf(detail, sizeof detail, ", %.90s %s%.40s", t->cell->name, phase_words[t->last.phase],
                     t->last.text);
    }
    double remaining = sweep_seconds_left(s);
    if (remaining >= 0)
        progress_add_duration(&left, remaining);
    text_add(&left, remaining < 0 ? "time left not yet known" : " left");
    snprintf(line, sizeof line, "%.60s: %d/%d runs done, %.0f %% of the steps, %s%s", s->options->label,
             sweep_count(s, TASK_DONE), s->plan->count, all > 0 ? 100 * steps / all : 0, text_string(&left),
             detail);
    text_free(&left);
    if (s->terminal) // a line that wraps could not be written over
        terminal_rewrite_line(s->options->log, line, terminal_width(s->options->log) - 1);
    else
        fprintf(s->options->log, "%s\n", line);
    fflush(s->options->log);
    s->line_shown = s->terminal;
}

// ---------------------------------------------------------------------------------------- the end

static void list(struct sweep *s, enum task_state state, const char *what) {
    enum { MOST = 10 };
    int count = sweep_count(s, state), listed = 0;
    if (!count)
        return;
    sweep_say(s, "%d %s:", count, what);
    for (int i = 0; i < s->plan->count; i++)
        if (s->tasks[i].state == state && listed++ < MOST)
            sweep_say(s, "  %s (%s/runs/%.16s)%s%s", s->tasks[i].cell->name, s->options->results,
                      s->tasks[i].cell->digest, *s->tasks[i].message ? ": " : "", s->tasks[i].message);
    if (listed > MOST)
        sweep_say(s, "  and %d more (reff status lists them)", listed - MOST);
}

void sweep_summary(struct sweep *s) {
    clear_line(s);
    list(s, TASK_FAILED, "failed (the same command with --retry, or RETRY=1 for make, runs them again)");
    if (!interrupt_requested()) // else reported already, run by run
        list(s, TASK_UNFINISHED, "unfinished (the same command goes on with them)");
    list(s, TASK_ELSEWHERE, "running elsewhere (the same command takes their results when they are done)");
}
