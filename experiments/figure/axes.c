// SPDX-License-Identifier: Apache-2.0
#include "experiments/figure/axes.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define TEXT        7.5 // points
#define LEGEND_LINE 11.0
#define LEGEND_GAP  12.0 // between entries
#define NOTE        6.5
#define NOTE_LINE   8.2
#define NOTE_TOP    38.0 // from the frame to the first base line: ticks and the axis's name lie between

void axis_round(struct scale *a, double minimum, double maximum, int wanted) {
    static const double steps[] = {1, 2, 2.5, 5, 10};
    double span = maximum > minimum ? maximum - minimum : fabs(maximum) > 0 ? fabs(maximum) : 1;
    double power = pow(10, floor(log10(span / wanted))), step = 10 * power;
    for (int i = 4; i >= 0; i--)
        if (span / (steps[i] * power) <= wanted)
            step = steps[i] * power;
    double first = floor(minimum / step + 1e-9), last = ceil(maximum / step - 1e-9);
    if (last - first < 2)
        last = first + 2;
    *a = (struct scale){.minimum = first * step, .maximum = last * step};
    int digits = (int)fmax(0, ceil(-log10(step) - 1e-9));
    if (fabs(step * pow(10, digits) - round(step * pow(10, digits))) > 1e-6)
        digits++; // 2.5, .25
    for (double k = first; k <= last && a->tick_count < TICKS_MAXIMUM; k++) {
        a->ticks[a->tick_count] = k * step;
        snprintf(a->labels[a->tick_count++], sizeof *a->labels, "%.*f", digits, k * step);
    }
}

void axis_named(struct scale *a, const double *at, const char *const *labels, int count) {
    *a = (struct scale){.minimum = count ? at[0] : 0, .maximum = count ? at[0] : 1};
    for (int i = 0; i < count && i < TICKS_MAXIMUM; i++) {
        a->minimum = fmin(a->minimum, at[i]);
        a->maximum = fmax(a->maximum, at[i]);
        a->ticks[i] = at[i];
        snprintf(a->labels[i], sizeof a->labels[i], "%.23s", labels[i]);
        a->tick_count++;
    }
    double margin = a->maximum > a->minimum ? 0.06 * (a->maximum - a->minimum) : 0.5;
    a->minimum -= margin;
    a->maximum += margin;
}

double plot_across(const struct plot *p, double value) {
    return p->x + (value - p->across.minimum) / (p->across.maximum - p->across.minimum) * p->width;
}

double plot_up(const struct plot *p, double value) {
    return p->y + p->height - (value - p->up.minimum) / (p->up.maximum - p->up.minimum) * p->height;
}

static void line(cairo_t *c, double x0, double y0, double x1, double y1) {
    cairo_move_to(c, x0, y0);
    cairo_line_to(c, x1, y1);
    cairo_stroke(c);
}

static void side_title(cairo_t *c, const struct plot *p, const char *text, double left) {
    cairo_save(c);
    cairo_translate(c, left, p->y + p->height / 2);
    cairo_rotate(c, -1.5707963267948966);
    canvas_text(c, 0, 0, ALIGN_CENTRE, TEXT, 0, text);
    cairo_restore(c);
}

void plot_frame(cairo_t *c, const struct plot *p, const char *title, const char *across, const char *up,
                int up_labels) {
    double widest = 0;
    cairo_set_line_width(c, 0.4);
    for (int i = 0; i < p->up.tick_count; i++) {
        double y = plot_up(p, p->up.ticks[i]);
        cairo_set_source_rgb(c, 0.88, 0.88, 0.88);
        line(c, p->x, y, p->x + p->width, y);
        canvas_colour(c, ink);
        if (up_labels)
            canvas_text(c, p->x - 4, y + 2.7, ALIGN_RIGHT, TEXT, 0, p->up.labels[i]);
        widest = fmax(widest, canvas_text_width(c, TEXT, 0, p->up.labels[i]));
    }
    cairo_set_line_width(c, 0.6);
    for (int i = 0; i < p->across.tick_count; i++) {
        double x = plot_across(p, p->across.ticks[i]);
        line(c, x, p->y + p->height, x, p->y + p->height + 3);
        canvas_text(c, x, p->y + p->height + 11, ALIGN_CENTRE, TEXT, 0, p->across.labels[i]);
    }
    line(c, p->x, p->y, p->x, p->y + p->height);
    line(c, p->x, p->y + p->height, p->x + p->width, p->y + p->height);
    canvas_text(c, p->x + p->width / 2, p->y + p->height + 22, ALIGN_CENTRE, TEXT, 0, across);
    canvas_text(c, p->x + p->width / 2, p->y - 6 - LEGEND_LINE * p->legend_lines, ALIGN_CENTRE, TEXT + 0.5, 1,
                title);
    if (*up)
        side_title(c, p, up, p->x - 10 - widest);
}

static void marker(cairo_t *c, double x, double y, int shape) {
    const double r = 2.4;
    cairo_new_path(c);
    switch (shape) {
    case 1:
        cairo_arc(c, x, y, r, 0, 6.283185307179586);
        break;
    case 2:
        cairo_rectangle(c, x - 0.88 * r, y - 0.88 * r, 1.76 * r, 1.76 * r);
        break;
    case 3:
        cairo_move_to(c, x, y - 1.2 * r);
        cairo_line_to(c, x + 1.15 * r, y + 0.85 * r);
        cairo_line_to(c, x - 1.15 * r, y + 0.85 * r);
        cairo_close_path(c);
        break;
    default:
        cairo_move_to(c, x, y - 1.3 * r);
        cairo_line_to(c, x + 1.3 * r, y);
        cairo_line_to(c, x, y + 1.3 * r);
        cairo_line_to(c, x - 1.3 * r, y);
        cairo_close_path(c);
    }
    cairo_fill(c);
}

static void error_bar(cairo_t *c, const struct plot *p, double x, double up, double spread) {
    double high = plot_up(p, fmin(up + spread, p->up.maximum)),
           low = plot_up(p, fmax(up - spread, p->up.minimum));
    line(c, x, low, x, high);
    line(c, x - 2, low, x + 2, low);
    line(c, x - 2, high, x + 2, high);
}

void plot_series(cairo_t *c, const struct plot *p, const struct series *s) {
    canvas_colour(c, s->colour);
    cairo_set_line_width(c, s->line);
    cairo_set_line_join(c, CAIRO_LINE_JOIN_ROUND);
    cairo_new_path(c);
    for (int i = 0, drawing = 0; i < s->count; i++) {
        double x = plot_across(p, s->across[i]) + s->shift, y = plot_up(p, s->up[i]);
        if (isnan(s->up[i]))
            drawing = 0;
        else if (drawing)
            cairo_line_to(c, x, y);
        else
            cairo_move_to(c, x, y), drawing = 1;
    }
    cairo_stroke(c);
    for (int i = 0; i < s->count; i++) {
        if (isnan(s->up[i]))
            continue;
        double x = plot_across(p, s->across[i]) + s->shift;
        cairo_set_line_width(c, 0.7);
        if (s->spread && !isnan(s->spread[i]))
            error_bar(c, p, x, s->up[i], s->spread[i]);
        if (s->marker)
            marker(c, x, plot_up(p, s->up[i]), s->marker);
    }
}

static double entry_width(cairo_t *c, const struct legend_entry *e) {
    return 20 + canvas_text_width(c, TEXT, 0, e->title);
}

static void draw_entry(cairo_t *c, double x, double y, const struct legend_entry *e) {
    canvas_colour(c, e->look.colour);
    cairo_set_line_width(c, e->look.line);
    line(c, x, y - 2.6, x + 16, y - 2.6);
    if (e->look.marker)
        marker(c, x + 8, y - 2.6, e->look.marker);
    canvas_colour(c, ink);
    canvas_text(c, x + 20, y, ALIGN_LEFT, TEXT, 0, e->title);
}

// How many entries from the first on fit in a line, at least one; their width.
static int fill_line(cairo_t *c, double room, const struct legend_entry *entries, int count, double *width) {
    int fit = 1;
    *width = entry_width(c, &entries[0]);
    for (; fit < count; fit++) {
        double wider = *width + LEGEND_GAP + entry_width(c, &entries[fit]);
        if (wider > room)
            break;
        *width = wider;
    }
    return fit;
}

int plot_legend(cairo_t *c, const struct plot *p, const struct legend_entry *entries, int count) {
    int lines = 0;
    for (int first = 0; first < count; lines++) {
        double width, y = p->y - 7 - LEGEND_LINE * (p->legend_lines - 1 - lines);
        int fit = fill_line(c, p->width, entries + first, count - first, &width);
        double x = p->x + (p->width - width) / 2;
        for (int i = first; i < first + fit; i++) {
            draw_entry(c, x, y, &entries[i]);
            x += entry_width(c, &entries[i]) + LEGEND_GAP;
        }
        first += fit;
    }
    return lines;
}

double plot_head(int legend_lines) {
    return 18 + LEGEND_LINE * legend_lines;
}

double plot_note(cairo_t *c, double x, double y, double width, const char *note) {
    canvas_colour(c, faint);
    int lines = canvas_paragraph(c, x, y + NOTE_TOP, width, NOTE, NOTE_LINE, note);
    return NOTE_TOP + NOTE_LINE * (lines - 1) + 4;
}
