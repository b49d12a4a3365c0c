// SPDX-License-Identifier: Apache-2.0
// Images to the annotator's power of two and annotations back. Each axis on its own: bilinear with half-pixel
// centres and clamped edges where it is enlarged, the mean over each output pixel's area where it is reduced.
#ifndef REFF_ANNOTATE_RESIZE_H
#define REFF_ANNOTATE_RESIZE_H

#include "core/base/error.h"

struct resize_axis { // out[o] = sum over k of weights[o][k] in[first[o] + k]
    int in, out, taps;
    int *first;      // [out]
    double *weights; // [out][taps], zero past the end
};

struct resize {
    struct resize_axis rows, columns;
};

int resize_create(struct resize *r, int height, int width, int out_height, int out_width, struct error *err);
void resize_free(struct resize *r);

// in [height][width] -> out [out_height][out_width]; scratch [height][out_width].
void resize_plane(const struct resize *r, const double *in, double *out, double *scratch);

#endif
