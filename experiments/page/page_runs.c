// SPDX-License-Identifier: Apache-2.0
// The runs, by what they were trained on: the curves of each, and its record.
#include "experiments/page/page_internal.h"

#include "core/base/json_fields.h"
#include "core/base/memory.h"
#include "experiments/figure/axes.h"
#include "experiments/page/html.h"
#include "experiments/results/wording.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// ---------------------------------------------------------------------------------------- reading

static int is_kept(const struct page *p, const struct page_run *run) {
    const struct request *r = p->request;
    if (!r->rules.looks || run->state != RUN_MISSING || run->elsewhere)
        return 1;
    for (int i = 0; i < r->rules.looks->seeds[0]; i++)
        if (r->plan.seeds.values[i] == run->cell->seed)
            return 1;
    return 0;
}

int page_runs_read(struct page *p, struct error *err) {
    const struct plan *plan = &p->request->plan;
    if (!(p->runs = allocate((size_t)plan->count + 1, sizeof *p->runs, "a page's runs", err)))
        return -1;
    for (int i = 0; i < plan->count; i++) {
        struct run_status status;
        if (run_look(p->job->results, &plan->cells[i], &status, err))
            return -1;
        struct page_run *run = &p->runs[p->run_count];
        *run = (struct page_run){.cell = &plan->cells[i],
                                 .state = status.state,
                                 .elsewhere = status.elsewhere,
                                 .accuracy = status.accuracy,
                                 .record = json_incref(status.run)};
        memcpy(run->message, status.message, sizeof run->message);
        run_status_clear(&status);
        p->done += run->state == RUN_DONE;
        if (is_kept(p, run))
            p->run_count++;
        else
            p->later++;
    }
    return 0;
}

void page_runs_free(struct page *p) {
    for (int i = 0; i < p->run_count; i++)
        json_decref(p->runs[i].record);
    free(p->runs);
    p->runs = NULL;
    p->run_count = 0;
}

// ---------------------------------------------------------------------------------------- groups

// Runs of one group share what they are trained and tested on; methods and seeds differ, and whether all images are
// annotated or none.
static int has_some(const struct cell *c) {
    return c->axes.n > 0 && c->axes.n < N_ALL;
}

static int same_group(const struct cell *a, const struct cell *b) {
    if (a->set != b->set || has_some(a) != has_some(b) || (has_some(a) && a->axes.n != b->axes.n))
        return 0;
    return !a->set->place ||
           (a->axes.p == b->axes.p && a->axes.q == b->axes.q && a->axes.size == b->axes.size);
}

static void add_group_name(struct text *out, const struct cell *c) {
    html_text(out, wording_title(c->set->name));
    if (c->set->place)
        text_printf(out, ", p&nbsp;=&nbsp;%.6g, q&nbsp;=&nbsp;%.6g, size&nbsp;%.6g", c->axes.p, c->axes.q,
                    c->axes.size);
    if (has_some(c))
        text_printf(out, ", n&nbsp;=&nbsp;%.6g", c->axes.n);
}

// ---------------------------------------------------------------------------------------- curves

enum {
    FRAMES = 3,
    WIDTH = 300,
    HEIGHT = 150,
    LEFT = 36,
    BOTTOM = 20,
    TOP = 8,
    RIGHT = 8
}; // of a frame, pixels

static const struct {
    const char *key, *title;
    int from_zero;
} frames[FRAMES] = {{"test_accuracy", "Test accuracy, percent", 0},
                    {"loss_main", "Cross entropy", 1},
                    {"loss_reg", "Regulariser", 1}};

struct curves { // of the runs of a group: metrics.jsonl of each as an array, NULL where there is none
    json_t **epochs;
    double last, low[FRAMES], high[FRAMES];
};

// The lines of metrics.jsonl; a line that is not whole yet, or no JSON, ends them. NULL with a message.
static json_t *read_epochs(const struct page *p, const struct cell *cell, struct error *err) {
    char path[PATH_SIZE];
    json_t *epochs = json_array();
    if (run_file(path, p->job->results, cell, "metrics.jsonl", err))
        return json_decref(epochs), NULL;
    int there = file_is_there(path, err);
    char *text = there > 0 ? file_read(path, 1 << 26, NULL, err) : NULL;
    if (!epochs || there < 0 || (there && !text)) {
        json_decref(epochs);
        free(text);
        return NULL;
    }
    for (const char *at = text; at && *at;) {
        size_t length = strcspn(at, "\n");
        json_t *line = at[length] ? json_loadb(at, length, 0, NULL) : NULL;
        if (!line)
            break;
        json_array_append_new(epochs, line);
        at += length + 1;
    }
    free(text);
    return epochs;
}

// A regulariser of 0 is that of a method without one.
static double value_of(const json_t *epoch, int frame) {
    const json_t *value = json_object_get(epoch, frames[frame].key);
    double v = json_is_number(value) ? json_number_value(value) : NAN;
    return frame == 2 && !(v > 0) ? NAN : v;
}

static int read_curves(const struct page *p, int *group, int count, struct curves *c, struct error *err) {
    c->last = 1;
    for (int f = 0; f < FRAMES; f++)
        c->low[f] = INFINITY, c->high[f] = -INFINITY;
    for (int i = 0; i < count; i++) {
        size_t e;
        const json_t *epoch;
        if (!(c->epochs[i] = read_epochs(p, p->runs[group[i]].cell, err)))
            return -1;
        json_array_foreach(c->epochs[i], e, epoch) {
            c->last = fmax(c->last, json_field_number(epoch, "epoch"));
            for (int f = 0; f < FRAMES; f++) {
                c->low[f] = fmin(c->low[f], value_of(epoch, f));
                c->high[f] = fmax(c->high[f], value_of(epoch, f));
            }
        }
    }
    return 0;
}

static double across(const struct scale *s, double value) {
    return LEFT + (WIDTH - LEFT - RIGHT) * (value - s->minimum) / (s->maximum - s->minimum);
}

static double up(const struct scale *s, double value) {
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * (value - s->minimum) / (s->maximum - s->minimum);
}

static void add_run_keys(struct page *p, const struct page_run *run) {
    page_filter_keys(p, run->cell->training.method, run->cell->set->name);
    text_printf(p->out, " data-seed=\"%llu\" data-run=\"%.16s\"", (unsigned long long)run->cell->seed,
                run->cell->digest);
}

// One run's line; a run of one epoch is a dot.
static void add_curve(struct page *p, const struct page_run *run, const json_t *epochs, int frame,
                      const struct scale *x, const struct scale *y) {
    size_t e, points = 0;
    const json_t *epoch;
    struct text line = {0};
    json_array_foreach(epochs, e, epoch) {
        double value = value_of(epoch, frame);
        if (!isfinite(value))
            continue;
        text_printf(&line, "%s%.1f %.1f", points++ ? "L" : "M", across(x, json_field_number(epoch, "epoch")),
                    up(y, value));
    }
    if (points) {
        text_add(p->out, "<path class=\"curve\"");
        add_run_keys(p, run);
        page_colour(p, run->cell->training.method);
        text_printf(p->out, " d=\"%s%s\"><title>", text_string(&line), points == 1 ? "h.1" : "");
        html_text(p->out, wording_title(run->cell->training.method));
        text_printf(p->out, ", seed %llu</title></path>\n", (unsigned long long)run->cell->seed);
    }
    p->out->incomplete |= line.incomplete;
    text_free(&line);
}

static void add_frame(struct page *p, const int *group, int count, const struct curves *c, int f) {
    struct scale x, y;
    struct text *out = p->out;
    if (!isfinite(c->low[f]))
        return;
    axis_round(&x, 0, c->last, c->last < 5 ? (int)c->last : 5);
    axis_round(&y, frames[f].from_zero ? fmin(0, c->low[f]) : c->low[f],
               c->high[f] > c->low[f] ? c->high[f] : c->low[f] + 1, 4);
    text_printf(out,
                "<figure><figcaption>%s</figcaption><svg class=\"curves\" viewBox=\"0 0 %d %d\" role=\"img\" "
                "aria-label=\"%s by epoch\">\n",
                frames[f].title, WIDTH, HEIGHT, frames[f].title);
    for (int i = 0; i < y.tick_count; i++)
        text_printf(
            out, "<path class=\"grid\" d=\"M%d %.1fH%d\"/><text class=\"y\" x=\"%d\" y=\"%.1f\">%s</text>\n",
            LEFT, up(&y, y.ticks[i]), WIDTH - RIGHT, LEFT - 5, up(&y, y.ticks[i]) + 3.5, y.labels[i]);
    for (int i = 0; i < x.tick_count; i++) {
        int last = i == x.tick_count - 1;
        text_printf(out, "<text%s x=\"%.1f\" y=\"%d\">%s%s</text>\n", last ? " class=\"y\"" : "",
                    across(&x, x.ticks[i]) + (last ? 4 : 0), HEIGHT - 5, last ? "epoch " : "", x.labels[i]);
    }
    for (int i = 0; i < count; i++)
        add_curve(p, &p->runs[group[i]], c->epochs[i], f, &x, &y);
    text_add(out, "</svg></figure>\n");
}

// ---------------------------------------------------------------------------------------- the list of a group

static void add_state(struct page *p, const struct page_run *run) {
    struct text *out = p->out;
    if (run->state == RUN_DONE) {
        html_number(out, run->accuracy, 2);
        text_add(out, "&nbsp;%");
        return;
    }
    text_add(out, "<span class=\"missing\">");
    html_text(out, run_state_names[run->state]);
    if (run->elsewhere)
        text_add(out, ", at work");
    if (*run->message) {
        text_add(out, ": ");
        html_text(out, run->message);
    }
    text_add(out, "</span>");
}

static void add_origin(struct page *p, const struct page_run *run) {
    const json_t *made = json_object_get(run->record, "provenance");
    double seconds = json_field_number(run->record, "seconds");
    const char *revision = json_field_text(made, "git_revision");
    if (seconds > 0)
        text_printf(p->out, "%.1f s", seconds);
    text_add(p->out, "</td><td>");
    html_text(p->out, json_field_text(made, "processor"));
    if (*revision) {
        text_add(p->out, ", revision ");
        html_text(p->out, revision);
    }
}

static void add_run(struct page *p, const struct page_run *run) {
    struct text *out = p->out;
    text_add(out, "<tr class=\"run\"");
    add_run_keys(p, run);
    text_add(out, "><td><span class=\"name\"");
    page_colour(p, run->cell->training.method);
    text_add(out, "><svg class=\"key\" viewBox=\"-6 -6 12 12\" aria-hidden=\"true\">");
    page_mark(out, run->cell->training.method);
    text_add(out, "</svg>");
    html_text(out, wording_title(run->cell->training.method));
    text_printf(out, "</span></td><td>%llu</td><td>", (unsigned long long)run->cell->seed);
    add_state(p, run);
    text_add(out, "</td><td>");
    add_origin(p, run);
    text_add(out, "</td><td>");
    if (run->state == RUN_DONE) {
        text_add(out, "<a");
        page_run_link(p, run->cell, "run.json");
        text_add(out, ">record</a> <a");
        page_run_link(p, run->cell, "metrics.jsonl");
        text_add(out, ">epochs</a> ");
    }
    text_printf(out, "<code>%.16s</code></td></tr>\n", run->cell->digest);
}

static void add_list(struct page *p, const int *group, int count) {
    text_add(p->out,
             "<div class=\"scroll\"><table class=\"plain\"><thead><tr><th>method</th><th>seed</th><th>test "
             "accuracy</th><th>time</th><th>made by</th><th>run</th></tr></thead><tbody>\n");
    for (int i = 0; i < count; i++)
        add_run(p, &p->runs[group[i]]);
    text_add(p->out, "</tbody></table></div>\n");
}

// `group` [count] are indices of runs.
static int add_group(struct page *p, int *group, int count, struct error *err) {
    const struct cell *first = p->runs[group[0]].cell;
    struct curves curves = {.epochs = allocate((size_t)count, sizeof(json_t *), "curves", err)};
    int failed = !curves.epochs || read_curves(p, group, count, &curves, err);
    if (!failed) {
        text_add(p->out, "<details class=\"group\"");
        html_attribute(p->out, "data-set", first->set->name);
        text_add(p->out, "><summary>");
        add_group_name(p->out, first);
        text_printf(p->out, " <span class=\"n\">%d run%s</span></summary>\n<div class=\"frames\">\n", count,
                    count == 1 ? "" : "s");
        for (int f = 0; f < FRAMES; f++)
            add_frame(p, group, count, &curves, f);
        text_add(p->out, "</div>\n");
        add_list(p, group, count);
        text_add(p->out, "</details>\n");
    }
    for (int i = 0; curves.epochs && i < count; i++)
        json_decref(curves.epochs[i]);
    free(curves.epochs);
    return failed ? -1 : 0;
}

// A group stands where its first run stands in the plan.
int page_runs(struct page *p, struct error *err) {
    int *group = allocate((size_t)p->run_count + 1, sizeof *group, "groups of runs", err);
    char *told = allocate((size_t)p->run_count + 1, 1, "groups of runs", err);
    int failed = !group || !told;
    text_add(
        p->out,
        "<section id=\"runs\">\n<h2>Runs</h2>\n<p class=\"note\">Every run with its curves, by what it was "
        "trained on. A line is a run.</p>\n");
    for (int i = 0; i < p->run_count && !failed; i++) {
        int count = 0;
        for (int k = i; k < p->run_count && !told[i]; k++)
            if (!told[k] && same_group(p->runs[i].cell, p->runs[k].cell))
                group[count++] = k;
        for (int k = 0; k < count; k++)
            told[group[k]] = 1;
        failed = count && add_group(p, group, count, err);
    }
    text_add(p->out, "</section>\n");
    free(group);
    free(told);
    return failed ? -1 : 0;
}
