// SPDX-License-Identifier: Apache-2.0
// A table's row as training curves: cross entropy, regulariser and test accuracy of each run, epoch by epoch.
#include "experiments/figure/figure.h"

#include "core/base/memory.h"
#include "experiments/plan/profile.h"
#include "experiments/results/wording.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES = 3, RUNS_MOST = TABLE_COLUMNS_MOST * SEEDS_MOST };

#define WIDTH  468.0 // points
#define HEIGHT 200.0
#define LEFT   42.0
#define TOP    42.0
#define BOTTOM 46.0
#define GAP    44.0

struct run {
    const char *column;
    int epochs;
    double *epoch, *values[FRAMES]; // [epochs], one block, owned by `epoch`
};

struct training {
    struct run runs[RUNS_MOST];
    int run_count;
    const char *columns[TABLE_COLUMNS_MOST];
    int column_count;
    double epochs, least[FRAMES], most[FRAMES];
};

static const char *const keys[FRAMES] = {"loss_main", "loss_reg", "test_accuracy"};

// ---------------------------------------------------------------------------------------- values

static int count_lines(const char *text) {
    int lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

static int take_line(struct training *t, struct run *r, const char *text, size_t length) {
    json_t *line = json_loadb(text, length, 0, NULL);
    if (!line)
        return -1;
    r->epoch[r->epochs] = json_number_value(json_object_get(line, "epoch"));
    for (int f = 0; f < FRAMES; f++) {
        const json_t *value = json_object_get(line, keys[f]);
        double v = json_is_number(value) ? json_number_value(value) : NAN;
        // Without a regulariser there is nothing to draw of it.
        r->values[f][r->epochs] = v = f == 1 && !(v > 0) ? NAN : v;
        t->least[f] = fmin(t->least[f], v);
        t->most[f] = fmax(t->most[f], v);
    }
    t->epochs = fmax(t->epochs, r->epoch[r->epochs]);
    r->epochs++;
    json_decref(line);
    return 0;
}

static int read_run(struct training *t, const char *path, const char *column, struct error *err) {
    char *text = file_read(path, 1 << 26, NULL, err);
    if (!text)
        return -1;
    struct run *r = &t->runs[t->run_count];
    size_t lines = (size_t)count_lines(text);
    *r = (struct run){.column = column,
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

static void note_column(struct training *t, const char *column) {
    for (int i = 0; i < t->column_count; i++)
        if (!strcmp(t->columns[i], column))
            return;
    if (t->column_count < TABLE_COLUMNS_MOST)
        t->columns[t->column_count++] = column;
}

// All runs of the row whose records are there.
static int read_runs(struct training *t, const struct figure *f, const struct figure_job *job,
                     const json_t *table, struct error *err) {
    size_t i;
    const json_t *run, *runs = json_object_get(json_object_get(table, "provenance"), "runs");
    for (int k = 0; k < FRAMES; k++) {
        t->least[k] = INFINITY;
        t->most[k] = -INFINITY;
    }
    json_array_foreach(runs, i, run) {
        const char *row = json_string_value(json_object_get(run, "row")),
                   *column = json_string_value(json_object_get(run, "column")),
                   *digest = json_string_value(json_object_get(run, "digest"));
        char name[64], path[PATH_SIZE];
        if (!row || !column || !digest || strcmp(row, f->row) || t->run_count == RUNS_MOST)
            continue;
        snprintf(name, sizeof name, "runs/%.16s/metrics.jsonl", digest);
        if (path_join(path, err, job->results, name))
            return -1;
        if (!file_exists(path))
            continue; // a table whose runs lie elsewhere
        note_column(t, column);
        if (read_run(t, path, column, err))
            return -1;
    }
    return 0;
}

// ---------------------------------------------------------------------------------------- drawing

static void draw_frame(cairo_t *c, const struct training *t, int f, struct plot *p) {
    static const char *const titles[FRAMES] = {"Cross entropy", "Regulariser", "Test accuracy"};
    static const char *const units[FRAMES] = {"mean over the epoch", "L_reg, mean over the epoch", "percent"};
    int drawn = isfinite(t->least[f]);
    axis_round(&p->up, drawn ? fmin(t->least[f], 0) : 0, drawn ? t->most[f] : 1, 5);
    axis_round(&p->across, 0, t->epochs, t->epochs < 5 ? (int)fmax(1, t->epochs) : 5); // whole epochs
    plot_frame(c, p, titles[f], "epoch", units[f], 1);
    for (int i = 0; i < t->run_count; i++) {
        const struct run *r = &t->runs[i];
        struct series s = {.count = r->epochs, .across = r->epoch, .up = r->values[f]};
        figure_style(r->column, &s);
        s.marker = r->epochs > 12 ? 0 : s.marker;
        s.line = 0.9;
        plot_series(c, p, &s);
    }
    if (!drawn) {
        canvas_colour(c, faint);
        canvas_text(c, p->x + p->width / 2, p->y + p->height / 2, ALIGN_CENTRE, 7, 0, "not regularised");
    }
}

static int draw(cairo_t *c, void *context, struct error *err) {
    const struct training *t = context;
    struct plot p = {
        .x = LEFT, .y = TOP, .width = (WIDTH - LEFT - 2 * GAP - 8) / FRAMES, .height = HEIGHT - TOP - BOTTOM};
    double x = LEFT;
    (void)err;
    for (int i = 0; i < t->column_count; i++) {
        struct series s = {0};
        figure_style(t->columns[i], &s);
        x = plot_legend(c, x, 14, &s, title_of(t->columns[i]));
    }
    for (int f = 0; f < FRAMES; f++) {
        draw_frame(c, t, f, &p);
        p.x += p.width + GAP;
    }
    canvas_colour(c, faint);
    canvas_text(c, LEFT, HEIGHT - 5, ALIGN_LEFT, 6.5, 0,
                "One line a run; the runs of a method differ in their seed.");
    return 0;
}

int figure_training(const struct figure *f, const struct figure_job *job, struct error *err) {
    char stem[PATH_SIZE];
    int missing;
    json_t *table = figure_table(job, f->table, &missing, err);
    struct training *t = allocate(1, sizeof *t, "training curves", err);
    int result = !table && missing ? 1 : !table || !t || read_runs(t, f, job, table, err) ? -1 : 0;
    if (!result && !t->run_count) {
        fail(
            err,
            "%s/runs has no run of row %s of %s; make them: build/release/reff run %s --rows %s --profile %s",
            job->results, f->row, f->table, f->table, f->row, job->profile);
        result = 1;
    }
    if (!result &&
        (figure_stem(stem, f, job, err) || canvas_write(stem, f->title, WIDTH, HEIGHT, draw, t, err)))
        result = -1;
    for (int i = 0; t && i < t->run_count; i++)
        free(t->runs[i].epoch);
    free(t);
    json_decref(table);
    return result;
}
