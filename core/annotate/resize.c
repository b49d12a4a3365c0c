// SPDX-License-Identifier: Apache-2.0
#include "core/annotate/resize.h"

#include "core/base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void enlarge(struct resize_axis *a, int o) {
    double at = fmin(fmax((o + 0.5) * a->in / a->out - 0.5, 0), a->in - 1);
    int low = (int)floor(at), last = a->in - a->taps;
    a->first[o] = low < last ? low : last; // at the far edge both weights must lie inside
    for (int k = 0; k < a->taps; k++)
        a->weights[(size_t)o * a->taps + k] = fmax(1 - fabs(at - (a->first[o] + k)), 0);
}

static void reduce(struct resize_axis *a, int o) {
    double share = (double)a->in / a->out, from = o * share, to = (o + 1) * share;
    int low = (int)floor(from), last = a->in - a->taps;
    a->first[o] = low < last ? low : last;
    for (int k = 0; k < a->taps; k++) {
        double left = fmax(from, a->first[o] + k), right = fmin(to, a->first[o] + k + 1);
        a->weights[(size_t)o * a->taps + k] = fmax(right - left, 0) / share;
    }
}

static int axis_create(struct resize_axis *a, int in, int out, struct error *err) {
    *a = (struct resize_axis){.in = in, .out = out};
    a->taps = out >= in ? 2 : (int)ceil((double)in / out) + 1;
    a->taps = a->taps < in ? a->taps : in;
    a->first = allocate((size_t)out, sizeof *a->first, "a resize", err);
    a->weights = a->first ? allocate((size_t)out * a->taps, sizeof *a->weights, "a resize", err) : NULL;
    if (!a->weights)
        return -1;
    for (int o = 0; o < out; o++)
        (out >= in ? enlarge : reduce)(a, o);
    return 0;
}

static void axis_free(struct resize_axis *a) {
    free(a->first);
    free(a->weights);
}

int resize_create(struct resize *r, int height, int width, int out_height, int out_width, struct error *err) {
    memset(r, 0, sizeof *r);
    if (!axis_create(&r->rows, height, out_height, err) && !axis_create(&r->columns, width, out_width, err))
        return 0;
    resize_free(r);
    return -1;
}

void resize_free(struct resize *r) {
    axis_free(&r->rows);
    axis_free(&r->columns);
    memset(r, 0, sizeof *r);
}

void resize_plane(const struct resize *r, const double *in, double *out, double *scratch) {
    const struct resize_axis *rows = &r->rows, *columns = &r->columns;
    for (int y = 0; y < rows->in; y++)
        for (int x = 0; x < columns->out; x++) {
            const double *from = in + (size_t)y * columns->in + columns->first[x];
            double sum = 0;
            for (int k = 0; k < columns->taps; k++)
                sum += columns->weights[(size_t)x * columns->taps + k] * from[k];
            scratch[(size_t)y * columns->out + x] = sum;
        }
    for (int y = 0; y < rows->out; y++)
        for (int x = 0; x < columns->out; x++) {
            const double *from = scratch + (size_t)rows->first[y] * columns->out + x;
            double sum = 0;
            for (int k = 0; k < rows->taps; k++)
                sum += rows->weights[(size_t)y * rows->taps + k] * from[(size_t)k * columns->out];
            out[(size_t)y * columns->out + x] = sum;
        }
}
