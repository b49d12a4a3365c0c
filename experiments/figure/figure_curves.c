// SPDX-License-Identifier: Apache-2.0
// A table as curves: accuracy over its rows with error bars, ours on the left, the paper's on the right, on
// one scale.
#include "experiments/figure/figure.h"

#include "core/methods/method.h"
#include "experiments/results/wording.h"
#include "gen/data_set/data_set.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEFT_SIDE, RIGHT_SIDE, SIDES }; // ours and the paper's, or two metrics

#define WIDTH  468.0 // points, the text width of the report
#define HEIGHT 200.0
#define LEFT   46.0
#define TOP    44.0 // legend and titles above the frames
#define BOTTOM 46.0
#define GAP    20.0

struct curve {
    const char *column;
    double up[SIDES][TABLE_ROWS_MOST], spread[SIDES][TABLE_ROWS_MOST];
};

struct curves {
    const char *profile, *row_name;
    int row_count, column_count;
    const char *rows[TABLE_ROWS_MOST];
    double across[TABLE_ROWS_MOST];
    struct curve columns[TABLE_COLUMNS_MOST];
    char metrics[SIDES][SETTING_WORD_SIZE], labels[SIDES][SETTING_WORD_SIZE]; // "": accuracy
    double least[SIDES], most[SIDES];                                         // of all that is drawn
    int present[SIDES];                                                       // values
    int seeds, seeds_most;                                                    // of a cell: fewest and most
};

void figure_style(const char *column, struct series *s) {
    const struct method *method = method_of(column);
    const struct data_set *set = data_set_of(column);
    int colour = method ? method->style.colour : set ? set->style.colour : 3;
    s->colour = palette[colour];
    s->marker = method ? method->style.marker : set ? set->style.marker : 4;
    s->line = 1.3;
}

// ---------------------------------------------------------------------------------------- values

static int find_row(struct curves *v, const char *row) {
    for (int i = 0; i < v->row_count; i++)
        if (!strcmp(v->rows[i], row))
            return i;
    if (v->row_count == TABLE_ROWS_MOST)
        return -1;
    v->rows[v->row_count] = row;
    return v->row_count++;
}

static struct curve *find_column(struct curves *v, const char *column) {
    for (int i = 0; i < v->column_count; i++)
        if (!strcmp(v->columns[i].column, column))
            return &v->columns[i];
    if (v->column_count == TABLE_COLUMNS_MOST)
        return NULL;
    struct curve *c = &v->columns[v->column_count++];
    c->column = column;
    for (int s = 0; s < SIDES; s++)
        for (int i = 0; i < TABLE_ROWS_MOST; i++)
            c->up[s][i] = c->spread[s][i] = NAN;
    return c;
}

static double number_or_nan(const json_t *cell, const char *key) {
    const json_t *value = json_object_get(cell, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static void take_value(struct curves *v, struct curve *c, int row, int side, double up, double spread) {
    c->up[side][row] = up;
    c->spread[side][row] = spread;
    if (isnan(up))
        return;
    v->least[side] = fmin(v->least[side], up - (isnan(spread) ? 0 : spread));
    v->most[side] = fmax(v->most[side], up + (isnan(spread) ? 0 : spread));
    v->present[side]++;
}

static void take_cell(struct curves *v, const json_t *cell) {
    const char *row = json_string_value(json_object_get(cell, "row")),
               *column = json_string_value(json_object_get(cell, "column"));
    int i = row && column ? find_row(v, row) : -1;
    struct curve *c = i < 0 ? NULL : find_column(v, column);
    if (!c)
        return;
    for (int s = 0; s < SIDES; s++) {
        const json_t *metric = json_object_get(json_object_get(cell, "metrics"), v->metrics[s]);
        if (*v->metrics[s])
            take_value(v, c, i, s, number_or_nan(metric, "mean"), number_or_nan(metric, "std"));
        else
            take_value(v, c, i, s, number_or_nan(cell, s == LEFT_SIDE ? "mean" : "paper_mean"),
                       number_or_nan(cell, s == LEFT_SIDE ? "std" : "paper_std"));
    }
    int n = (int)json_integer_value(json_object_get(cell, "n"));
    if (n && (!v->seeds || n < v->seeds))
        v->seeds = n;
    v->seeds_most = n > v->seeds_most ? n : v->seeds_most;
}

// n has no scale of its own from 0 to All: its rows stand at equal distances. Others lie where they are.
static void place_rows(struct curves *v) {
    for (int i = 0; i < v->row_count; i++)
        v->across[i] = strcmp(v->row_name, "n") ? strtod(v->rows[i], NULL) : i;
}

// "a, b": the words of the two sides.
static void split(const char *text, char out[SIDES][SETTING_WORD_SIZE]) {
    const char *comma = strchr(text, ',');
    if (!comma)
        return;
    snprintf(out[LEFT_SIDE], SETTING_WORD_SIZE, "%.*s", (int)(comma - text), text);
    snprintf(out[RIGHT_SIDE], SETTING_WORD_SIZE, "%.47s", comma + 1 + strspn(comma + 1, " "));
}

static int read_curves(struct curves *v, const struct figure *f, const json_t *table) {
    size_t i;
    const json_t *cell, *cells = json_object_get(table, "cells");
    v->row_name = json_string_value(json_object_get(table, "row_name"));
    split(f->metrics, v->metrics);
    split(f->labels, v->labels);
    for (int s = 0; s < SIDES; s++) {
        v->least[s] = INFINITY;
        v->most[s] = -INFINITY;
    }
    json_array_foreach(cells, i, cell) take_cell(v, cell);
    if (!v->row_name)
        return 0;
    place_rows(v);
    return v->present[LEFT_SIDE];
}

// ---------------------------------------------------------------------------------------- drawing

static const char *across_title(const char *row_name) {
    return !strcmp(row_name, "n")      ? "n: annotated images per class"
           : !strcmp(row_name, "size") ? "size of the digit (pixels on a canvas of 224)"
           : !strcmp(row_name, "p")    ? "p: chance that the background is drawn at random"
           : !strcmp(row_name, "q")    ? "q: chance that the digit's texture is drawn at random"
                                       : row_name;
}

static void draw_side(cairo_t *c, const struct curves *v, const struct plot *p, int side) {
    for (int i = 0; i < v->column_count; i++) {
        struct series s = {.count = v->row_count,
                           .across = v->across,
                           .up = v->columns[i].up[side],
                           .spread = v->columns[i].spread[side],
                           .shift = 3.0 * (i - (v->column_count - 1) / 2.0)};
        figure_style(v->columns[i].column, &s);
        plot_series(c, p, &s);
    }
}

static void draw_legend(cairo_t *c, const struct curves *v) {
    double x = LEFT;
    for (int i = 0; i < v->column_count; i++) {
        struct series s = {0};
        figure_style(v->columns[i].column, &s);
        x = plot_legend(c, x, 14, &s, title_of(v->columns[i].column));
    }
}

// Accuracies share a scale of at most 0..100, others have their own, from 0.
static struct scale scale_of(const struct curves *v, int side) {
    struct scale a;
    if (*v->metrics[side])
        axis_round(&a, 0, v->present[side] ? v->most[side] : 1, 5);
    else
        axis_round(&a, fmax(fmin(v->least[0], v->least[1]), 0), fmin(fmax(v->most[0], v->most[1]), 100), 6);
    return a;
}

static int draw(cairo_t *c, void *context, struct error *err) {
    const struct curves *v = context;
    int metrics = *v->metrics[0] != 0;
    double gap = metrics ? GAP + 24 : GAP; // room for a second scale
    char ours[128], note[200], seeds[64];
    (void)err;
    struct plot p = {
        .x = LEFT, .y = TOP, .width = (WIDTH - LEFT - gap - 8) / 2, .height = HEIGHT - TOP - BOTTOM};
    axis_named(&p.across, v->across, v->rows, v->row_count);
    snprintf(ours, sizeof ours, "Ours (profile %.60s)", v->profile);
    draw_legend(c, v);
    p.up = scale_of(v, LEFT_SIDE);
    plot_frame(c, &p, metrics ? v->labels[LEFT_SIDE] : ours, across_title(v->row_name),
               metrics ? "" : "test accuracy (%)", 1);
    draw_side(c, v, &p, LEFT_SIDE);
    p.x += p.width + gap;
    p.up = scale_of(v, RIGHT_SIDE);
    plot_frame(c, &p,
               metrics                  ? v->labels[RIGHT_SIDE]
               : v->present[RIGHT_SIDE] ? "Paper"
                                        : "Paper: no values",
               across_title(v->row_name), "", metrics);
    draw_side(c, v, &p, RIGHT_SIDE);
    snprintf(seeds, sizeof seeds, v->seeds == v->seeds_most ? "%d" : "%d to %d", v->seeds, v->seeds_most);
    if (metrics)
        snprintf(note, sizeof note,
                 "Profile %.60s. Error bars: sample standard deviation over the seeds (%s a cell).",
                 v->profile, seeds);
    else
        snprintf(note, sizeof note, "Error bars: sample standard deviation over the seeds (ours: %s a cell).",
                 seeds);
    canvas_colour(c, faint);
    canvas_text(c, LEFT, HEIGHT - 5, ALIGN_LEFT, 6.5, 0, note);
    return 0;
}

int figure_curves(const struct figure *f, const struct figure_job *job, struct error *err) {
    char stem[PATH_SIZE];
    int missing;
    json_t *table = figure_table(job, f->table, &missing, err);
    if (!table)
        return missing ? 1 : -1;
    struct curves v = {.profile = job->profile};
    int result = 0;
    if (!read_curves(&v, f, table)) {
        fail(err, "%s of profile %s has no results yet; make them: build/release/reff run %s --profile %s",
             f->table, job->profile, f->table, job->profile);
        result = 1;
    } else if (figure_stem(stem, f, job, err) || canvas_write(stem, f->title, WIDTH, HEIGHT, draw, &v, err)) {
        result = -1;
    }
    json_decref(table);
    return result;
}
