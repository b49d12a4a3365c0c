// SPDX-License-Identifier: Apache-2.0
// A table as curves: accuracy over its rows with error bars, ours on the left, the paper's on the right, on
// one scale.
#include "core/base/text.h"
#include "experiments/figure/figure.h"

#include "core/methods/method.h"
#include "experiments/results/wording.h"
#include "gen/data_set/data_set.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEFT_SIDE, RIGHT_SIDE, SIDES }; // ours and the paper's, or two metrics

#define WIDTH 468.0 // points, the text width of the report
#define FRAME 112.0 // height of a frame
#define LEFT  46.0
#define RIGHT 8.0
#define GAP   20.0
#define WIDER 24.0 // of the gap, where the second frame has a scale of its own

struct curve {
    const char *column;
    double up[SIDES][TABLE_ROWS_MAXIMUM], spread[SIDES][TABLE_ROWS_MAXIMUM];
};

struct curves {
    const char *profile, *row_name;
    int row_count, column_count;
    const char *rows[TABLE_ROWS_MAXIMUM];
    double across[TABLE_ROWS_MAXIMUM];
    struct curve columns[TABLE_COLUMNS_MAXIMUM];
    char metrics[SIDES][SETTING_WORD_SIZE], labels[SIDES][SETTING_WORD_SIZE]; // "": accuracy
    double minimum[SIDES], maximum[SIDES];                                    // of all that is drawn
    int present[SIDES];                                                       // values
    int seeds, seeds_most;                                                    // of a cell: fewest and most
    int legend_lines;                                                         // above each frame
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
    if (v->row_count == TABLE_ROWS_MAXIMUM)
        return -1;
    v->rows[v->row_count] = row;
    return v->row_count++;
}

static struct curve *find_column(struct curves *v, const char *column) {
    for (int i = 0; i < v->column_count; i++)
        if (!strcmp(v->columns[i].column, column))
            return &v->columns[i];
    if (v->column_count == TABLE_COLUMNS_MAXIMUM)
        return NULL;
    struct curve *c = &v->columns[v->column_count++];
    c->column = column;
    for (int s = 0; s < SIDES; s++)
        for (int i = 0; i < TABLE_ROWS_MAXIMUM; i++)
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
    v->minimum[side] = fmin(v->minimum[side], up - (isnan(spread) ? 0 : spread));
    v->maximum[side] = fmax(v->maximum[side], up + (isnan(spread) ? 0 : spread));
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
        v->minimum[s] = INFINITY;
        v->maximum[s] = -INFINITY;
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

// What is drawn on a side, with its colours; returns how many.
static int legend_of(const struct curves *v, int side, struct legend_entry entries[TABLE_COLUMNS_MAXIMUM]) {
    int count = 0;
    for (int i = 0; i < v->column_count; i++) {
        int drawn = 0;
        for (int row = 0; row < v->row_count; row++)
            drawn |= !isnan(v->columns[i].up[side][row]);
        if (!drawn)
            continue;
        entries[count] = (struct legend_entry){.title = wording_title(v->columns[i].column)};
        figure_style(v->columns[i].column, &entries[count++].look);
    }
    return count;
}

// Accuracies share a scale of at most 0..100, others have their own, from 0.
static struct scale scale_of(const struct curves *v, int side) {
    struct scale a;
    if (*v->metrics[side])
        axis_round(&a, 0, v->present[side] ? v->maximum[side] : 1, 5);
    else
        axis_round(&a, fmax(fmin(v->minimum[0], v->minimum[1]), 0),
                   fmin(fmax(v->maximum[0], v->maximum[1]), 100), 6);
    return a;
}

static int has_metrics(const struct curves *v) {
    return *v->metrics[LEFT_SIDE] != 0;
}

static struct plot frame_of(const struct curves *v, int side) {
    double gap = GAP + (has_metrics(v) ? WIDER : 0), width = (WIDTH - LEFT - gap - RIGHT) / SIDES;
    return (struct plot){.x = LEFT + side * (width + gap),
                         .y = plot_head(v->legend_lines),
                         .width = width,
                         .height = FRAME,
                         .legend_lines = v->legend_lines};
}

static void draw_frame(cairo_t *c, const struct curves *v, int side) {
    struct plot p = frame_of(v, side);
    struct legend_entry entries[TABLE_COLUMNS_MAXIMUM];
    struct text ours = {0};
    axis_named(&p.across, v->across, v->rows, v->row_count);
    p.up = scale_of(v, side);
    text_printf(&ours, "Ours (profile %s)", v->profile);
    plot_frame(c, &p,
               has_metrics(v)      ? v->labels[side]
               : side == LEFT_SIDE ? text_string(&ours)
               : v->present[side]  ? "Paper"
                                   : "Paper: no values",
               across_title(v->row_name), has_metrics(v) || side == RIGHT_SIDE ? "" : "test accuracy (%)",
               has_metrics(v) || side == LEFT_SIDE);
    plot_legend(c, &p, entries, legend_of(v, side, entries));
    draw_side(c, v, &p, side);
    text_free(&ours);
}

// How many seeds a cell has, or from how many to how many.
static void seeds_text(const struct curves *v, struct text *out) {
    if (v->seeds == v->seeds_most)
        text_printf(out, "%d", v->seeds);
    else
        text_printf(out, "%d to %d", v->seeds, v->seeds_most);
}

static double draw_note(cairo_t *c, const struct curves *v) {
    struct text note = {0};
    if (has_metrics(v))
        text_printf(&note, "Profile %s. ", v->profile);
    text_printf(&note, "Error bars: sample standard deviation over the seeds (%s",
                has_metrics(v) ? "" : "ours: ");
    seeds_text(v, &note);
    text_add(&note, " a cell).");
    double y = plot_head(v->legend_lines) + FRAME;
    double depth = plot_note(c, LEFT, y, WIDTH - LEFT - RIGHT, text_string(&note));
    text_free(&note);
    return y + depth;
}

static int draw(cairo_t *c, void *context, struct error *err) {
    const struct curves *v = context;
    (void)err;
    for (int side = 0; side < SIDES; side++)
        draw_frame(c, v, side);
    draw_note(c, v);
    return 0;
}

// Lines of legend, and with them the height of the figure.
static double lay_out(struct curves *v) {
    struct legend_entry entries[TABLE_COLUMNS_MAXIMUM];
    cairo_t *c = canvas_measure();
    int lines = 0;
    for (int side = 0; side < SIDES; side++) {
        struct plot p = frame_of(v, side);
        int taken = plot_legend(c, &p, entries, legend_of(v, side, entries));
        lines = taken > lines ? taken : lines;
    }
    v->legend_lines = lines;
    double height = draw_note(c, v);
    canvas_measured(c);
    return height;
}

int figure_curves(const struct figure *f, const struct figure_job *job, struct error *err) {
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
    } else if (figure_write(f, job, WIDTH, lay_out(&v), draw, &v, err)) {
        result = -1;
    }
    json_decref(table);
    return result;
}
