// SPDX-License-Identifier: Apache-2.0
// Drawings as PNG and PDF from the same instructions (cairo). Lengths are points (1/72 inch), y downwards.
//
// Equal instructions give equal bytes: no time stamps, fonts without hinting, so that text is as wide in both
// formats and at any resolution.
#ifndef REFF_EXPERIMENTS_FIGURE_CANVAS_H
#define REFF_EXPERIMENTS_FIGURE_CANVAS_H

#include "core/base/error.h"

#include <cairo.h>
#include <stdint.h>

struct canvas_colour {
    double red, green, blue; // 0..1
};

// Okabe and Ito's palette, which colour-blind readers can tell apart; its yellow, too light on white, is left
// out.
enum { PALETTE_SIZE = 7 };
extern const struct canvas_colour palette[PALETTE_SIZE];
extern const struct canvas_colour ink, faint; // text and axes; grid lines and secondary text

// Draws; may be called several times and must do the same each time.
typedef int canvas_draw(cairo_t *c, void *context, struct error *err);

struct canvas_box { // what is drawn lies within; all 0 where nothing is
    double left, top, right, bottom;
};

// How far a drawing reaches, whatever its canvas.
int canvas_extents(canvas_draw *draw, void *context, struct canvas_box *box, struct error *err);

struct canvas_page {
    const char *title;    // of the PDF
    double width, height; // points
    double resolution;    // of the PNG: dots per inch
};

// Writes "<stem>.png" and "<stem>.pdf", each whole or absent. Where the drawing reaches past
// the right or lower edge the canvas grows, so that nothing is cut.
int canvas_write(const char *stem, const struct canvas_page *page, canvas_draw *draw, void *context,
                 struct error *err);

// Gives back the fonts that the libraries keep for the next drawing; nothing may be drawn at the time.
void canvas_forget_fonts(void);

enum alignment { ALIGN_LEFT, ALIGN_CENTRE, ALIGN_RIGHT };

void canvas_colour(cairo_t *c, struct canvas_colour colour);

// One line of text with its base line at y.
void canvas_text(cairo_t *c, double x, double y, enum alignment alignment, double size, int bold,
                 const char *text);
double canvas_text_width(cairo_t *c, double size, int bold, const char *text);

// Text broken into lines of at most `width`, at blanks; the first base line at y. Returns the number of
// lines, 0 for an empty text.
int canvas_paragraph(cairo_t *c, double x, double y, double width, double size, double line,
                     const char *text);

// A context that draws nowhere, for measuring text before the size of the drawing is known: what is drawn on
// it returns what it would on paper. Free with canvas_measured, which notices what cairo did not say.
cairo_t *canvas_measure(void);
void canvas_measured(cairo_t *c);

// An RGB picture [height, width, 3] into the square or rectangle at x, y. Small pictures keep their pixels'
// edges, those of 64 pixels and more are smoothed.
int canvas_picture(cairo_t *c, const uint8_t *rgb, int width, int height, double x, double y,
                   double shown_width, double shown_height, struct error *err);

#endif
