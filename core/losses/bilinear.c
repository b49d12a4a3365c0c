// SPDX-License-Identifier: Apache-2.0
#include "core/losses/bilinear.h"

#include "core/base/memory.h"
#include "core/kernels/wide.h"

#include <stdlib.h>
#include <string.h>

static int axis_create(struct axis *a, int in, int out, struct error *err) {
    *a = (struct axis){.in = in, .out = out};
    a->low = allocate((size_t)out, sizeof(int), "resize tables", err);
    a->high = allocate((size_t)out, sizeof(int), "resize tables", err);
    a->weight = allocate((size_t)out, sizeof(double), "resize tables", err);
    if (!a->low || !a->high || !a->weight)
        return -1;
    for (int i = 0; i < out; i++) {
        double position = ((double)i + 0.5) * (double)in / (double)out - 0.5;
        if (position < 0)
            position = 0;
        int low = (int)position;
        low = low < in - 1 ? low : in - 1;
        a->low[i] = low;
        a->high[i] = low + 1 < in ? low + 1 : low;
        a->weight[i] = a->high[i] > low ? position - low : 0;
    }
    return 0;
}

static void axis_free(struct axis *a) {
    free(a->low);
    free(a->high);
    free(a->weight);
}

int bilinear_create(struct bilinear *b, int h, int w, int height, int width, struct error *err) {
    memset(b, 0, sizeof *b);
    if (axis_create(&b->rows, h, height, err) || axis_create(&b->columns, w, width, err)) {
        bilinear_free(b);
        return -1;
    }
    return 0;
}

void bilinear_free(struct bilinear *b) {
    axis_free(&b->rows);
    axis_free(&b->columns);
    memset(b, 0, sizeof *b);
}

void bilinear_resize(const struct bilinear *b, const double *in, double *out, double *scratch) {
    const struct axis *r = &b->rows, *c = &b->columns;
    for (int y = 0; y < r->in; y++)
        for (int x = 0; x < c->out; x++)
            scratch[y * c->out + x] =
                (1 - c->weight[x]) * in[y * c->in + c->low[x]] + c->weight[x] * in[y * c->in + c->high[x]];
    for (int y = 0; y < r->out; y++) {
        const double *low = scratch + r->low[y] * c->out, *high = scratch + r->high[y] * c->out;
        double weight = r->weight[y];
        for (int x = 0; x < c->out; x++)
            out[y * c->out + x] = (1 - weight) * low[x] + weight * high[x];
    }
}

WIDE static void add_scaled(double *to, double factor, const double *from, int n) {
    for (int i = 0; i < n; i++)
        to[i] += factor * from[i];
}

void bilinear_adjoint(const struct bilinear *b, const double *out, double *in, double *scratch) {
    const struct axis *r = &b->rows, *c = &b->columns;
    memset(scratch, 0, sizeof *scratch * (size_t)r->in * c->out);
    for (int y = 0; y < r->out; y++) {
        double weight = r->weight[y];
        add_scaled(scratch + r->low[y] * c->out, 1 - weight, out + y * c->out, c->out);
        if (weight > 0)
            add_scaled(scratch + r->high[y] * c->out, weight, out + y * c->out, c->out);
    }
    memset(in, 0, sizeof *in * (size_t)r->in * c->in);
    for (int y = 0; y < r->in; y++)
        for (int x = 0; x < c->out; x++) {
            in[y * c->in + c->low[x]] += (1 - c->weight[x]) * scratch[y * c->out + x];
            in[y * c->in + c->high[x]] += c->weight[x] * scratch[y * c->out + x];
        }
}
