// SPDX-License-Identifier: Apache-2.0
// A frame with two axes: ticks at round numbers, grid lines, series with error bars. Lengths are points.
#ifndef REFF_EXPERIMENTS_FIGURE_AXES_H
#define REFF_EXPERIMENTS_FIGURE_AXES_H

#include "experiments/figure/canvas.h"

enum { TICKS_MOST = 24 };

struct scale {
    double least, most; // of the values
    int tick_count;
    double ticks[TICKS_MOST];
    char labels[TICKS_MOST][24];
};

struct plot { // where it lies, and what it spans
    double x, y, width, height;
    struct scale across, up;
};

struct series {
    int count;
    const double *across, *up; // [count]; NaN: a gap
    const double *spread;      // [count] half the length of the error bars; NULL or NaN: none
    struct colour colour;
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

// A line of legend entries beginning at x, y; returns where it ends.
double plot_legend(cairo_t *c, double x, double y, const struct series *s, const char *title);

#endif
