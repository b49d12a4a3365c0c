// SPDX-License-Identifier: Apache-2.0
// A table's row as accuracy against what it costs: a point for each method, its mean with a 95 % interval, over the
// time of a training step. That is the fastest one that `reff bench` has measured (RESULTS/bench/step.json), where it has
// measured every method's; else the time of the quickest run over its steps, which other work on the machine stretches.
#include "core/base/json_fields.h"
#include "experiments/figure/figure.h"
#include "experiments/results/wording.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 468.0 // points
#define FRAME 190.0
#define LEFT  46.0
#define RIGHT 14.0

struct cost_point { // of a column
    const char *column;
    double accuracy, spread; // mean, and half its 95 % interval (NaN: one run)
    double milliseconds;     // of a step, least of the runs; 0: no run's time is known
    double measured;         // by `reff bench`, likewise
    const char *digest;      // of its first run
};

struct cost_figure {
    const char *profile, *row_name, *row;
    struct cost_point points[TABLE_COLUMNS_MAXIMUM];
    int count;
    int measured;     // all points are
    struct text same; // which columns have the runs of another one, for the note
    int legend_lines;
};

// ---------------------------------------------------------------------------------------- values

static void take_cell(struct cost_figure *v, const json_t *cell) {
    const char *column = json_string_value(json_object_get(cell, "column"));
    const json_t *mean = json_object_get(cell, "mean"), *interval = json_object_get(cell, "ci95");
    if (!column || !json_is_number(mean) || v->count == TABLE_COLUMNS_MAXIMUM)
        return;
    double low = json_number_value(json_array_get(interval, 0)),
           high = json_number_value(json_array_get(interval, 1));
    v->points[v->count++] =
        (struct cost_point){.column = column,
                            .accuracy = json_number_value(mean),
                            .spread = json_array_size(interval) == 2 ? (high - low) / 2 : NAN};
}

// Steps that a run has taken: of the last line of its metrics.
static double steps_of(const char *text) {
    const char *last = text, *end = text + strlen(text);
    for (const char *at = text; at < end; at++)
        if (*at == '\n' && at + 1 < end)
            last = at + 1;
    json_t *line = json_loads(last, JSON_DISABLE_EOF_CHECK, NULL);
    double steps = json_field_number(line, "step");
    json_decref(line);
    return steps;
}

// Milliseconds of the step in a file of `reff bench` that is like this run's; 0: there is none.
static double measured_of(const json_t *bench, const json_t *run) {
    const json_t *settings = json_object_get(run, "settings"), *step;
    const char *precision = json_field_text(run, "precision");
    size_t i;
    precision = strcmp(precision, "float") ? precision : "f32"; // a record's word, and a measurement's
    json_array_foreach(json_object_get(bench, "steps"), i, step) {
        double rate = json_field_number(step, "images_per_s");
        if (!strcmp(json_field_text(step, "model"), json_field_text(settings, "model")) &&
            !strcmp(json_field_text(step, "method"), json_field_text(settings, "method")) &&
            !strcmp(json_field_text(step, "precision"), precision) &&
            json_field_number(step, "batch") == json_field_number(settings, "batch") &&
            json_field_number(step, "pixels") == json_field_number(json_object_get(run, "data"), "pixels") &&
            rate > 0)
            return 1000 * json_field_number(step, "batch") / rate;
    }
    return 0;
}

// A run's time to its column's point; one that lies elsewhere adds nothing.
static int take_run(struct cost_point *p, const char *results, const char *digest, const json_t *bench,
                    struct error *err) {
    char name[64], path[PATH_SIZE];
    snprintf(name, sizeof name, "runs/%.16s/run.json", digest);
    int there = path_join(path, err, results, name) ? -1 : file_is_there(path, err);
    if (there <= 0)
        return there;
    json_t *run = json_read(path, err);
    snprintf(name, sizeof name, "runs/%.16s/metrics.jsonl", digest);
    char *text = run && !path_join(path, err, results, name) ? file_read(path, 1 << 26, NULL, err) : NULL;
    double steps = text ? steps_of(text) : 0, seconds = json_field_number(run, "seconds");
    if (steps > 0 && seconds > 0) {
        double here = 1000 * seconds / steps;
        p->milliseconds = p->milliseconds > 0 ? fmin(p->milliseconds, here) : here;
        p->measured = measured_of(bench, run);
    }
    p->digest = p->digest ? p->digest : digest;
    int failed = !text;
    json_decref(run);
    free(text);
    return failed ? -1 : 0;
}

// What `reff bench` has left in the results; NULL where it has left nothing, or there is no reading it (*failed).
static json_t *read_bench(const char *results, int *failed, struct error *err) {
    char path[PATH_SIZE];
    int there = path_join(path, err, results, "bench/step.json") ? -1 : file_is_there(path, err);
    json_t *bench = there > 0 ? json_read(path, err) : NULL;
    *failed = there < 0 || (there > 0 && !bench);
    return bench;
}

// Leaves out points without a time, which have no place, and those whose runs are another column's.
static void keep_points(struct cost_figure *v) {
    int kept = 0;
    for (int k = 0; k < v->count; k++) {
        const struct cost_point *p = &v->points[k];
        int same = 0;
        while (same < kept && p->digest && strcmp(v->points[same].digest, p->digest) != 0)
            same++;
        if (p->digest && same < kept)
            text_printf(&v->same, " %s has the runs of %s.", wording_title(p->column),
                        wording_title(v->points[same].column));
        else if (p->milliseconds > 0)
            v->points[kept++] = *p;
    }
    v->count = kept;
    v->measured = 1;
    for (int k = 0; k < v->count; k++)
        v->measured &= v->points[k].measured > 0;
    for (int k = 0; k < v->count && v->measured; k++)
        v->points[k].milliseconds = v->points[k].measured;
}

static int read_values(struct cost_figure *v, const struct figure_job *job, const json_t *table,
                       struct error *err) {
    size_t i;
    int failed;
    const json_t *cell, *run, *runs = json_object_get(json_object_get(table, "provenance"), "runs");
    json_t *bench = read_bench(job->results, &failed, err);
    json_array_foreach(json_object_get(table, "cells"), i, cell) {
        if (!strcmp(json_field_text(cell, "row"), v->row))
            take_cell(v, cell);
    }
    json_array_foreach(runs, i, run) {
        if (strcmp(json_field_text(run, "row"), v->row))
            continue;
        for (int k = 0; k < v->count && !failed; k++)
            if (!strcmp(v->points[k].column, json_field_text(run, "column")))
                failed = take_run(&v->points[k], job->results, json_field_text(run, "digest"), bench, err);
    }
    json_decref(bench);
    if (!failed)
        keep_points(v);
    return failed ? -1 : 0;
}

// ---------------------------------------------------------------------------------------- drawing

static struct plot frame_of(const struct cost_figure *v) {
    struct plot p = {.x = LEFT,
                     .y = plot_head(v->legend_lines),
                     .width = WIDTH - LEFT - RIGHT,
                     .height = FRAME,
                     .legend_lines = v->legend_lines};
    double slowest = 0, low = 100, high = 0;
    for (int i = 0; i < v->count; i++) {
        const struct cost_point *c = &v->points[i];
        double spread = isnan(c->spread) ? 0 : c->spread;
        slowest = fmax(slowest, c->milliseconds);
        low = fmin(low, c->accuracy - spread);
        high = fmax(high, c->accuracy + spread);
    }
    axis_round(&p.across, 0, slowest, 8);
    axis_round(&p.up, fmax(low, 0), fmin(high, 100), 6);
    return p;
}

static int legend_of(const struct cost_figure *v, struct legend_entry entries[TABLE_COLUMNS_MAXIMUM]) {
    for (int i = 0; i < v->count; i++) {
        entries[i] = (struct legend_entry){.title = wording_title(v->points[i].column)};
        figure_style(v->points[i].column, &entries[i].look);
    }
    return v->count;
}

static double draw_note(cairo_t *c, const struct cost_figure *v) {
    struct text note = {0};
    double y = plot_head(v->legend_lines) + FRAME;
    text_printf(&note,
                "Profile %s, %s = %s. Error bars: 95 %% interval of the mean over the seeds. Time: %s.%s",
                v->profile, v->row_name, v->row,
                v->measured ? "the fastest step, as reff bench measured it"
                            : "seconds of the quickest run over its steps, evaluations included; other work "
                              "on the machine stretches it (reff bench measures)",
                text_string(&v->same));
    double depth = plot_note(c, LEFT, y, WIDTH - LEFT - RIGHT, text_string(&note));
    text_free(&note);
    return y + depth;
}

static int draw(cairo_t *c, void *context, struct error *err) {
    const struct cost_figure *v = context;
    struct legend_entry entries[TABLE_COLUMNS_MAXIMUM];
    struct plot p = frame_of(v);
    (void)err;
    plot_frame(c, &p, "", "time of a training step (milliseconds)", "test accuracy (%)", 1);
    plot_legend(c, &p, entries, legend_of(v, entries));
    for (int i = 0; i < v->count; i++) {
        const struct cost_point *point = &v->points[i];
        struct series s = {
            .count = 1, .across = &point->milliseconds, .up = &point->accuracy, .spread = &point->spread};
        figure_style(point->column, &s);
        plot_series(c, &p, &s);
    }
    draw_note(c, v);
    return 0;
}

static double lay_out(struct cost_figure *v) {
    struct legend_entry entries[TABLE_COLUMNS_MAXIMUM];
    cairo_t *c = canvas_measure();
    struct plot p = frame_of(v);
    v->legend_lines = plot_legend(c, &p, entries, legend_of(v, entries));
    double height = draw_note(c, v);
    canvas_measured(c);
    return height;
}

int figure_cost(const struct figure *f, const struct figure_job *job, struct error *err) {
    int missing;
    json_t *table = figure_table(job, f->table, &missing, err);
    if (!table)
        return missing ? 1 : -1;
    struct cost_figure v = {
        .profile = job->profile, .row_name = json_field_text(table, "row_name"), .row = f->row};
    int result = read_values(&v, job, table, err) ? -1 : 0;
    if (!result && !v.count) {
        fail(err,
             "%s of profile %s has no run with %s = %s; make them: build/release/reff run %s --profile %s",
             f->table, job->profile, v.row_name, f->row, f->table, job->profile);
        result = 1;
    } else if (!result && figure_write(f, job, WIDTH, lay_out(&v), draw, &v, err)) {
        result = -1;
    }
    text_free(&v.same);
    json_decref(table);
    return result;
}
