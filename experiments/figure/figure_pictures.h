// SPDX-License-Identifier: Apache-2.0
// What a panel of a grid shows, as pixels: images of different classes, their annotations,
// pseudo-annotations, and Grad-CAMs of trained networks over them.
#ifndef REFF_EXPERIMENTS_FIGURE_FIGURE_PICTURES_H
#define REFF_EXPERIMENTS_FIGURE_FIGURE_PICTURES_H

#include "experiments/figure/figure_cells.h"

#include <stdint.h>

struct pictures {
    int pixels, images, columns;
    int32_t *labels;                  // [images]
    char (*names)[SETTING_WORD_SIZE]; // [images] of the classes
    uint8_t *input, *annotation;      // [images][pixels][pixels][3], [images][pixels][pixels] (255 s)
    uint8_t *rgb;                     // [columns][images][pixels][pixels][3]
    int32_t *predictions;             // [columns][images] of maps' networks; -1: no map
    int *zero;                        // [columns][images] 1: the map is zero everywhere
};

// 0; 1 when results are missing (err says which); -1. The profile must have the cells of all columns. Free
// with pictures_free in every case.
int pictures_read(struct pictures *out, const struct figure *f, const struct panel *panel,
                  const struct figure_cells *cells, const struct figure_job *job, struct error *err);
void pictures_free(struct pictures *pictures);

// A map over its image: the image in grey shows through the map's colours. map [pixels][pixels] in 0..1.
void picture_overlay(const uint8_t *image, const double *map, int pixels, uint8_t *rgb);

// The colour that a value of the map has over medium grey, for a legend.
void picture_overlay_colour(double value, uint8_t rgb[3]);

#endif
