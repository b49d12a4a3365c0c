// SPDX-License-Identifier: Apache-2.0
// A table's row as training curves: cross entropy, regulariser and test accuracy of each run, epoch by epoch.
#include "experiments/figure/figure.h"

#include "core/base/memory.h"
#include "experiments/plan/profile.h"
#include "experiments/results/wording.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES = 3, RUNS_MAXIMUM = TABLE_COLUMNS_MAXIMUM * SEEDS_MAXIMUM };

#define WIDTH 468.0 // points
#define FRAME 112.0
#define LEFT  42.0
#define RIGHT 8.0
#define GAP   44.0

struct training_run {
    const char *column;
    int epochs;
    double *epoch, *values[FRAMES]; // [epochs], one block, owned by `epoch`
};

struct training_figure {
    struct training_run runs[RUNS_MAXIMUM];
    int run_count;
    const char *columns[TABLE_COLUMNS_MAXIMUM];
    int column_count;
    double epochs, minimum[FRAMES], maximum[FRAMES];
    int legend_lines; // above each frame
};

static const char *const keys[FRAMES] = {"loss_main", "loss_reg", "test_accuracy"};

// ---------------------------------------------------------------------------------------- values

static int count_lines(const char *text) {
    int lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

static int take_line(struct training_figure *t, struct training_run *r, const char *text, size_t length) {
    json_t *line = json_loadb(text, length, 0, NULL);
    if (!line)
        return -1;
    r->epoch[r->epochs] = json_number_value(json_object_get(line, "epoch"));
    for (int f = 0; f < FRAMES; f++) {
        const json_t *value = json_object_get(line, keys[f]);
        double v = json_is_number(value) ? json_number_value(value) : NAN;
        // Without a regulariser there is nothing to draw of it.
        r->values[f][r->epochs] = v = f == 1 && !(v > 0) ? NAN : v;
        t->minimum[f] = fmin(t->minimum[f], v);
        t->maximum[f] = fmax(t->maximum[f], v);
    }
    t->epochs = fmax(t->epochs, r->epoch[r->epochs]);
    r->epochs++;
    json_decref(line);
    return 0;
}

static int read_run(struct training_figure *t, const char *path, const char *column, struct error *err) {
    char *text = file_read(path, 1 << 26, NULL, err);
    if (!text)
        return -1;
    struct training_run *r = &t->runs[t->run_count];
    size_t lines = (size_t)count_lines(text);
    *r = (struct training_run){.column = column,
                               .epoch = allocate(lines * (1 + FRAMES) + 1, sizeof(double), path, err)};
    int failed = !r->epoch;
    t->run_count += !failed;
    for (int f = 0; f < FRAMES && !failed; f++)
        r->values[f] = r->epoch + lines * (size_t)(f + 1);
    for (const char *at = text; *at && !failed;) {
        size_t length = strcspn(at, "\n");
        if (!at[length])
            break; // no whole line
        if (take_line(t, r, at, length))
            failed = fail(err, "%s: line %d is no JSON", path, r->epochs + 1);
        at += length + 1;
    }
    free(text);
    return failed ? -1 : 0;
}

static void note_column(struct training_figure *t, const char *column) {
    for (int i = 0; i < t->column_count; i++)
        if (!strcmp(t->columns[i], column))
            return;
    if (t->column_count < TABLE_COLUMNS_MAXIMUM)
        t->columns[t->column_count++] = column;
}

// All runs of the row whose records are there.
static int read_runs(struct training_figure *t, const struct figure *f, const struct figure_job *job,
                     const json_t *table, struct error *err) {
    size_t i;
    const json_t *run, *runs = json_object_get(json_object_get(table, "provenance"), "runs");
    for (int k = 0; k < FRAMES; k++) {
        t->minimum[k] = INFINITY;
        t->maximum[k] = -INFINITY;
    }
    json_array_foreach(runs, i, run) {
        const char *row = json_string_value(json_object_get(run, "row")),
                   *column = json_string_value(json_object_get(run, "column")),
                   *digest = json_string_value(json_object_get(run, "digest"));
        char name[64], path[PATH_SIZE];
        if (!row || !column || !digest || strcmp(row, f->row) || t->run_count == RUNS_MAXIMUM)
            continue;
        snprintf(name, sizeof name, "runs/%.16s/metrics.jsonl", digest);
        if (path_join(path, err, job->results, name))
            return -1;
        int there = file_is_there(path, err);
        if (there < 0)
            return -1;
        if (!there)
            continue; // a table whose runs lie elsewhere
        note_column(t, column);
        if (read_run(t, path, column, err))
            return -1;
    }
    return 0;
}

// ---------------------------------------------------------------------------------------- drawing

// The methods that have values in a frame; returns how many.
static int legend_of(const struct training_figure *t, int frame,
                     struct legend_entry entries[TABLE_COLUMNS_MAXIMUM]) {
    int count = 0;
    for (int i = 0; i < t->column_count; i++) {
        int drawn = 0;
        for (int k = 0; k < t->run_count && !drawn; k++)
            for (int e = 0; e < t->runs[k].epochs && !strcmp(t->runs[k].column, t->columns[i]); e++)
                drawn |= !isnan(t->runs[k].values[frame][e]);
        if (!drawn)
            continue;
        entries[count] = (struct legend_entry){.title = wording_title(t->columns[i])};
        figure_style(t->columns[i], &entries[count++].look);
    }
    return count;
}

static struct plot frame_of(const struct training_figure *t, int frame) {
    double width = (WIDTH - LEFT - (FRAMES - 1) * GAP - RIGHT) / FRAMES;
    return (struct plot){.x = LEFT + frame * (width + GAP),
                         .y = plot_head(t->legend_lines),
                         .width = width,
                         .height = FRAME,
                         .legend_lines = t->legend_lines};
}

static void draw_frame(cairo_t *c, const struct training_figure *t, int f) {
    static const char *const titles[FRAMES] = {"Cross entropy", "Regulariser", "Test accuracy"};
    static const char *const units[FRAMES] = {"mean over the epoch", "mean over the epoch", "percent"};
    struct legend_entry entries[TABLE_COLUMNS_MAXIMUM];
    struct plot p = frame_of(t, f);
    int drawn = isfinite(t->minimum[f]);
    axis_round(&p.up, drawn ? fmin(t->minimum[f], 0) : 0, drawn ? t->maximum[f] : 1, 5);
    axis_round(&p.across, 0, t->epochs, t->epochs < 5 ? (int)fmax(1, t->epochs) : 5); // whole epochs
    plot_frame(c, &p, titles[f], "epoch", units[f], 1);
    plot_legend(c, &p, entries, legend_of(t, f, entries));
    for (int i = 0; i < t->run_count; i++) {
        const struct training_run *r = &t->runs[i];
        struct series s = {.count = r->epochs, .across = r->epoch, .up = r->values[f]};
        figure_style(r->column, &s);
        s.marker = r->epochs > 12 ? 0 : s.marker;
        s.line = 0.9;
        plot_series(c, &p, &s);
    }
    if (!drawn) {
        canvas_colour(c, faint);
        canvas_text(c, p.x + p.width / 2, p.y + p.height / 2, ALIGN_CENTRE, 7, 0, "not regularised");
    }
}

static double draw_note(cairo_t *c, const struct training_figure *t) {
    double y = plot_head(t->legend_lines) + FRAME;
    return y + plot_note(c, LEFT, y, WIDTH - LEFT - RIGHT,
                         "One line a run; the runs of a method differ in their seed.");
}

static int draw(cairo_t *c, void *context, struct error *err) {
    const struct training_figure *t = context;
    (void)err;
    for (int f = 0; f < FRAMES; f++)
        draw_frame(c, t, f);
    draw_note(c, t);
    return 0;
}

// Lines of legend, and with them the height of the figure.
static double lay_out(struct training_figure *t) {
    struct legend_entry entries[TABLE_COLUMNS_MAXIMUM];
    cairo_t *c = canvas_measure();
    int lines = 0;
    for (int f = 0; f < FRAMES; f++) {
        struct plot p = frame_of(t, f);
        int taken = plot_legend(c, &p, entries, legend_of(t, f, entries));
        lines = taken > lines ? taken : lines;
    }
    t->legend_lines = lines;
    double height = draw_note(c, t);
    canvas_measured(c);
    return height;
}

int figure_training(const struct figure *f, const struct figure_job *job, struct error *err) {
    int missing;
    json_t *table = figure_table(job, f->table, &missing, err);
    struct training_figure *t = allocate(1, sizeof *t, "training curves", err);
    int result = !table && missing ? 1 : !table || !t || read_runs(t, f, job, table, err) ? -1 : 0;
    if (!result && !t->run_count) {
        fail(
            err,
            "%s/runs has no run of row %s of %s; make them: build/release/reff run %s --rows %s --profile %s",
            job->results, f->row, f->table, f->table, f->row, job->profile);
        result = 1;
    }
    if (!result && figure_write(f, job, WIDTH, lay_out(t), draw, t, err))
        result = -1;
    for (int i = 0; t && i < t->run_count; i++)
        free(t->runs[i].epoch);
    free(t);
    json_decref(table);
    return result;
}
