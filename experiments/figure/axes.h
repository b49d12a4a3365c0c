// SPDX-License-Identifier: Apache-2.0
// A frame with two axes: ticks at round numbers, grid lines, series with error bars. Lengths are points.
#ifndef REFF_EXPERIMENTS_FIGURE_AXES_H
#define REFF_EXPERIMENTS_FIGURE_AXES_H

#include "experiments/figure/canvas.h"

enum { TICKS_MAXIMUM = 24 };

struct scale {
    double minimum, maximum; // of the values
    int tick_count;
    double ticks[TICKS_MAXIMUM];
    char labels[TICKS_MAXIMUM][24];
};

struct plot { // where its frame lies, and what it spans
    double x, y, width, height;
    int legend_lines; // between the title and the frame
    struct scale across, up;
};

struct series {
    int count;
    const double *across, *up; // [count]; NaN: a gap
    const double *spread;      // [count] half the length of the error bars; NULL or NaN: none
    struct canvas_colour colour;
    double shift; // points to the right, so that error bars do not cover each other
    double line;  // width
    int marker;   // 0: none, else a shape, 1..MARKERS
};
enum { MARKERS = 4 };

// An axis that holds [least, most] with 3 to about `wanted` round ticks, its ends on ticks.
void axis_round(struct scale *a, double least, double most, int wanted);

// An axis with these ticks; they are named by their own labels.
void axis_named(struct scale *a, const double *at, const char *const *labels, int count);

double plot_across(const struct plot *p, double value); // where a value lies on the paper
double plot_up(const struct plot *p, double value);

// Frame, grid lines, tick labels (those up the side only if asked for) and names of the axes ("" : none).
void plot_frame(cairo_t *c, const struct plot *p, const char *title, const char *across, const char *up,
                int up_labels);
void plot_series(cairo_t *c, const struct plot *p, const struct series *s);

struct legend_entry {
    const char *title;
    struct series look; // colour, line and marker
};

// The legend of a panel: entries side by side, centred between the panel's title and its frame, in as many
// lines as its width takes. Returns their number; to be asked beforehand on canvas_measure(), for
// p->legend_lines.
int plot_legend(cairo_t *c, const struct plot *p, const struct legend_entry *entries, int count);

// Height of the legend's lines and the title above a frame.
double plot_head(int legend_lines);

// The note below a figure's frames, in lines of at most `width`; the frames end at y. Returns how far below y
// it ends, which can be asked beforehand on canvas_measure().
double plot_note(cairo_t *c, double x, double y, double width, const char *note);

#endif
