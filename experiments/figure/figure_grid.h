// SPDX-License-Identifier: Apache-2.0
// Figures of pictures. Lengths are points.
#ifndef REFF_EXPERIMENTS_FIGURE_FIGURE_GRID_H
#define REFF_EXPERIMENTS_FIGURE_FIGURE_GRID_H

#include "experiments/figure/figure_pictures.h"

enum { HEADER_LINES = 4 };
#define GRID_WIDTH_MAXIMUM 468.0 // the text width of the report
#define GRID_CELL_MAXIMUM  52.0

struct grid_content { // what a panel has
    int columns, images, header_lines, has_title, has_maps;
    int name_lines; // of the longest name of a class, below pictures
};

struct grid_place {            // where a panel lies
    double title, header, top; // base line of its title, top of its headers, top of its first picture
    double step;               // from one picture to the one below
};

struct grid {
    double width, height;   // of the figure
    double side, cell, gap; // labels on the left; a picture; between pictures
    double legend, notes;   // base lines of the colour scale and of the first remark below it
    int count, transpose, has_maps;
    struct grid_place places[PANELS_MAXIMUM];
};

// Everything but the height, which depends on the notes.
void grid_layout(struct grid *g, const struct grid_content *panels, int count, int transpose);

// As figure_draw. `cells` must know the figure's.
int figure_grid(const struct figure *f, const struct figure_cells *cells, const struct figure_job *job,
                struct error *err);

#endif
