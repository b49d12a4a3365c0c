// SPDX-License-Identifier: Apache-2.0
#include "core/kernels/convolution.h"

#include "core/kernels/gemm.h"

#include <omp.h>
#include <string.h>

void convolution_output(struct convolution *c) {
    c->h_out = (c->h_in + 2 * c->padding - c->kernel_h) / c->stride + 1;
    c->w_out = (c->w_in + 2 * c->padding - c->kernel_w) / c->stride + 1;
}

// A 1x1 convolution of stride 1 needs no patches: its input is the matrix.
static int is_pointwise(const struct convolution *c) {
    return c->kernel_h == 1 && c->kernel_w == 1 && c->stride == 1 && c->padding == 0;
}

enum { PATCH_BYTES = 384 << 10, LEAST_COLUMNS = 96 }; // a tile's patches fit a second-level cache

// Output pixels per tile, for patches of `rows` rows. Depends on the shape alone.
static int tile_pixels(size_t rows, int pixels, int batch) {
    size_t columns = PATCH_BYTES / sizeof(real) / (rows ? rows : 1);
    if (columns < LEAST_COLUMNS)
        columns = LEAST_COLUMNS;
    size_t tile = (columns + (size_t)batch - 1) / (size_t)batch;
    // At least eight tiles, so that several threads share small maps; never more than there are pixels.
    size_t share = ((size_t)pixels + 7) / 8;
    tile = tile < share ? tile : share;
    return tile ? (int)tile : 1;
}

static size_t patch_rows(const struct convolution *c) {
    return (size_t)c->c_in * c->kernel_h * c->kernel_w;
}

// Rows of the transposed map's patches: taps of one phase at the most, times output channels.
static size_t phase_taps_most(const struct convolution *c) {
    int taps_h = (c->kernel_h + c->stride - 1) / c->stride,
        taps_w = (c->kernel_w + c->stride - 1) / c->stride;
    return (size_t)taps_h * taps_w;
}

enum { WEIGHT_ROWS = 288 }; // rows of patches that one thread handles in the weight gradient

size_t convolution_scratch(const struct convolution *c, int threads) {
    size_t rows = patch_rows(c), n = (size_t)c->batch;
    size_t forward =
        is_pointwise(c) ? 0 : rows * (size_t)tile_pixels(rows, c->h_out * c->w_out, c->batch) * n;
    size_t back_rows = phase_taps_most(c) * c->c_out;
    int phase_pixels = ((c->h_in + c->stride - 1) / c->stride) * ((c->w_in + c->stride - 1) / c->stride);
    size_t columns = (size_t)tile_pixels(back_rows, phase_pixels, c->batch) * n;
    size_t backward = is_pointwise(c) ? 0 : (back_rows + (size_t)c->c_in) * columns;
    size_t weight_rows = rows < WEIGHT_ROWS ? rows : WEIGHT_ROWS;
    size_t weight = weight_rows * (size_t)tile_pixels(weight_rows, c->h_out * c->w_out, c->batch) * n;
    size_t most = forward > backward ? forward : backward;
    if (weight > most)
        most = weight;
    most = (most + 15) / 16 * 16;
    // The rearranged weights of one phase are shared by the threads.
    return most * (size_t)threads + back_rows * (size_t)c->c_in + 16;
}

static size_t scratch_share(const struct convolution *c, int threads) {
    return (convolution_scratch(c, threads) - phase_taps_most(c) * c->c_out * c->c_in - 16) / (size_t)threads;
}

// Row (channel, ky, kx) of the patches of output pixels [first, last): runs of N numbers, zero outside the
// image.
static void patch_row(const struct convolution *c, const real *plane, int ky, int kx, int first, int last,
                      real *out) {
    size_t n = (size_t)c->batch;
    int oy = first / c->w_out, ox = first % c->w_out;
    for (int pixel = first; pixel < last;) {
        int run =
            c->w_out - ox < last - pixel ? c->w_out - ox : last - pixel; // to the end of this output row
        int iy = oy * c->stride + ky - c->padding, ix = ox * c->stride + kx - c->padding;
        if (iy < 0 || iy >= c->h_in) {
            memset(out, 0, (size_t)run * n * sizeof(real));
        } else if (c->stride == 1) {
            int left = ix < 0 ? (-ix < run ? -ix : run) : 0;
            int inside = c->w_in - (ix + left);
            inside = inside < 0 ? 0 : inside < run - left ? inside : run - left;
            const real *row = plane + (size_t)iy * c->w_in * n;
            memset(out, 0, (size_t)left * n * sizeof(real));
            if (inside)
                memcpy(out + (size_t)left * n, row + (size_t)(ix + left) * n,
                       (size_t)inside * n * sizeof(real));
            memset(out + (size_t)(left + inside) * n, 0, (size_t)(run - left - inside) * n * sizeof(real));
        } else {
            const real *row = plane + (size_t)iy * c->w_in * n;
            for (int i = 0; i < run; i++, ix += c->stride) {
                if (ix >= 0 && ix < c->w_in)
                    memcpy(out + (size_t)i * n, row + (size_t)ix * n, n * sizeof(real));
                else
                    memset(out + (size_t)i * n, 0, n * sizeof(real));
            }
        }
        out += (size_t)run * n;
        pixel += run;
        ox = 0;
        oy++;
    }
}

// Rows [row_first, row_last) of the patches of output pixels [first, last), each `stride` numbers apart.
static void patches(const struct convolution *c, const real *x, size_t row_first, size_t row_last, int first,
                    int last, real *out, size_t stride) {
    size_t taps = (size_t)c->kernel_h * c->kernel_w, plane = (size_t)c->h_in * c->w_in * c->batch;
    for (size_t row = row_first; row < row_last; row++, out += stride) {
        int tap = (int)(row % taps);
        patch_row(c, x + row / taps * plane, tap / c->kernel_w, tap % c->kernel_w, first, last, out);
    }
}

void convolution_forward(const struct convolution *c, const real *weight, const real *x, real *y, int add,
                         real *scratch) {
    size_t rows = patch_rows(c), n = (size_t)c->batch;
    int pixels = c->h_out * c->w_out, tile = tile_pixels(rows, pixels, c->batch);
    size_t columns = (size_t)pixels * n, share = scratch_share(c, omp_get_max_threads());
    int pointwise = is_pointwise(c);
#pragma omp parallel for schedule(dynamic, 1)
    for (int first = 0; first < pixels; first += tile) {
        int last = first + tile < pixels ? first + tile : pixels;
        size_t width = (size_t)(last - first) * n, at = (size_t)first * n;
        if (pointwise) {
            gemm(GEMM_NN, c->c_out, width, rows, weight, rows, x + at, columns, y + at, columns, add);
        } else {
            real *patch = scratch + share * (size_t)omp_get_thread_num();
            patches(c, x, 0, rows, first, last, patch, width);
            gemm(GEMM_NN, c->c_out, width, rows, weight, rows, patch, width, y + at, columns, add);
        }
    }
}

// ------------------------------------------------------------------------------------------ transposed map
//
// Input pixel (iy, ix) receives from output pixel (oy, ox) through tap (ky, kx) where oy * stride + ky = iy +
// padding. Pixels whose (iy + padding) mod stride and (ix + padding) mod stride agree form a phase: they
// share their taps, so each phase is a convolution of stride 1 over y, and no work is done on zeros between
// the pixels.

struct phase {
    int first_y, first_x; // the first input pixel
    int height, width;    // pixels of the phase: first + i * stride
    int taps_h, taps_w;   // its taps: ky = tap_y + i * stride
    int tap_y, tap_x;
    int from_y, from_x; // output pixel that tap 0 of pixel 0 reads; tap i reads from - i
};

static struct phase make_phase(const struct convolution *c, int py, int px) {
    int s = c->stride;
    struct phase f = {.first_y = py, .first_x = px};
    f.height = py < c->h_in ? (c->h_in - py + s - 1) / s : 0;
    f.width = px < c->w_in ? (c->w_in - px + s - 1) / s : 0;
    f.tap_y = (py + c->padding) % s;
    f.tap_x = (px + c->padding) % s;
    f.taps_h = f.tap_y < c->kernel_h ? (c->kernel_h - f.tap_y + s - 1) / s : 0;
    f.taps_w = f.tap_x < c->kernel_w ? (c->kernel_w - f.tap_x + s - 1) / s : 0;
    f.from_y = (py + c->padding - f.tap_y) / s;
    f.from_x = (px + c->padding - f.tap_x) / s;
    return f;
}

// out [c_in][tap][c_out] = weight [c_out][c_in][ky][kx] of the phase's taps.
static void phase_weights(const struct convolution *c, const struct phase *f, const real *weight, real *out) {
    size_t taps = (size_t)c->kernel_h * c->kernel_w, step = taps * c->c_in;
#pragma omp parallel for schedule(static)
    for (int i = 0; i < c->c_in; i++) {
        real *to = out + (size_t)i * f->taps_h * f->taps_w * c->c_out;
        for (int a = 0; a < f->taps_h; a++)
            for (int b = 0; b < f->taps_w; b++) {
                size_t tap = (size_t)(f->tap_y + a * c->stride) * c->kernel_w + (f->tap_x + b * c->stride);
                for (int o = 0; o < c->c_out; o++)
                    *to++ = weight[(size_t)o * step + (size_t)i * taps + tap];
            }
    }
}

// One row of the phase's patches: y's plane shifted by the tap.
static void phase_row(const struct convolution *c, const struct phase *f, const real *plane, int a, int b,
                      int first, int last, real *out) {
    size_t n = (size_t)c->batch;
    int row = first / f->width, column = first % f->width;
    for (int pixel = first; pixel < last;) {
        int run = f->width - column < last - pixel ? f->width - column : last - pixel;
        int oy = f->from_y + row - a, ox = f->from_x + column - b;
        int left = ox < 0 ? (-ox < run ? -ox : run) : 0;
        int inside = oy < 0 || oy >= c->h_out ? 0 : c->w_out - (ox + left);
        inside = inside < 0 ? 0 : inside < run - left ? inside : run - left;
        memset(out, 0, (size_t)left * n * sizeof(real));
        if (inside)
            memcpy(out + (size_t)left * n, plane + ((size_t)oy * c->w_out + (size_t)(ox + left)) * n,
                   (size_t)inside * n * sizeof(real));
        memset(out + (size_t)(left + inside) * n, 0, (size_t)(run - left - inside) * n * sizeof(real));
        out += (size_t)run * n;
        pixel += run;
        column = 0;
        row++;
    }
}

static void phase_patches(const struct convolution *c, const struct phase *f, const real *y, int first,
                          int last, real *out) {
    size_t n = (size_t)c->batch, plane = (size_t)c->h_out * c->w_out * n, width = (size_t)(last - first) * n;
    for (int a = 0; a < f->taps_h; a++)
        for (int b = 0; b < f->taps_w; b++)
            for (int o = 0; o < c->c_out; o++, out += width)
                phase_row(c, f, y + (size_t)o * plane, a, b, first, last, out);
}

// Puts a tile [c_in][pixels of the phase][N] where it belongs in x; tile NULL stands for zeros.
static void phase_store(const struct convolution *c, const struct phase *f, const real *tile, int first,
                        int last, real *x, int add) {
    size_t n = (size_t)c->batch, plane = (size_t)c->h_in * c->w_in * n;
    for (int i = 0; i < c->c_in; i++)
        for (int pixel = first; pixel < last; pixel++) {
            size_t iy = (size_t)f->first_y + (size_t)(pixel / f->width) * c->stride;
            size_t ix = (size_t)f->first_x + (size_t)(pixel % f->width) * c->stride;
            real *to = x + (size_t)i * plane + (iy * c->w_in + ix) * n;
            if (!tile) {
                if (!add)
                    memset(to, 0, n * sizeof(real));
                continue;
            }
            if (add)
                for (size_t j = 0; j < n; j++)
                    to[j] += tile[j];
            else
                memcpy(to, tile, n * sizeof(real));
            tile += n;
        }
}

static void backward_phase(const struct convolution *c, const struct phase *f, const real *weights,
                           const real *y, real *x, int add, real *scratch, size_t share) {
    size_t n = (size_t)c->batch, rows = (size_t)f->taps_h * f->taps_w * c->c_out;
    int pixels = f->height * f->width;
    int tile = tile_pixels(phase_taps_most(c) * c->c_out,
                           ((c->h_in + c->stride - 1) / c->stride) * ((c->w_in + c->stride - 1) / c->stride),
                           c->batch);
    size_t columns = (size_t)c->h_in * c->w_in * n;
#pragma omp parallel for schedule(dynamic, 1)
    for (int first = 0; first < pixels; first += tile) {
        int last = first + tile < pixels ? first + tile : pixels;
        size_t width = (size_t)(last - first) * n;
        if (!rows) {
            phase_store(c, f, NULL, first, last, x, add);
            continue;
        }
        real *patch = scratch + share * (size_t)omp_get_thread_num(), *result = patch + rows * width;
        phase_patches(c, f, y, first, last, patch);
        if (c->stride == 1) { // the phase is the whole image: its columns are x's
            gemm(GEMM_NN, c->c_in, width, rows, weights, rows, patch, width, x + (size_t)first * n, columns,
                 add);
        } else {
            gemm(GEMM_NN, c->c_in, width, rows, weights, rows, patch, width, result, width, 0);
            phase_store(c, f, result, first, last, x, add);
        }
    }
}

void convolution_backward_data(const struct convolution *c, const real *weight, const real *y, real *x,
                               int add, real *scratch) {
    size_t n = (size_t)c->batch;
    if (is_pointwise(c)) {
        int pixels = c->h_out * c->w_out, tile = tile_pixels((size_t)c->c_out, pixels, c->batch);
        size_t columns = (size_t)pixels * n;
#pragma omp parallel for schedule(dynamic, 1)
        for (int first = 0; first < pixels; first += tile) {
            int last = first + tile < pixels ? first + tile : pixels;
            gemm(GEMM_TN, c->c_in, (size_t)(last - first) * n, c->c_out, weight, c->c_in,
                 y + (size_t)first * n, columns, x + (size_t)first * n, columns, add);
        }
        return;
    }
    int threads = omp_get_max_threads();
    size_t share = scratch_share(c, threads);
    real *weights = scratch + share * (size_t)threads;
    for (int py = 0; py < c->stride; py++)
        for (int px = 0; px < c->stride; px++) {
            struct phase f = make_phase(c, py, px);
            phase_weights(c, &f, weight, weights);
            backward_phase(c, &f, weights, y, x, add, scratch, share);
        }
}

// Each thread owns a block of patch rows (columns of the weight matrix) and goes through all tiles in order.
void convolution_backward_weight(const struct convolution *c, const real *y, const real *x, real *weight,
                                 int add, real *scratch) {
    size_t rows = patch_rows(c), n = (size_t)c->batch;
    size_t block = rows < WEIGHT_ROWS ? rows : WEIGHT_ROWS;
    int pixels = c->h_out * c->w_out, tile = tile_pixels(block, pixels, c->batch);
    size_t columns = (size_t)pixels * n, share = scratch_share(c, omp_get_max_threads());
    size_t least = (rows + 7) / 8; // at least eight blocks where rows allow it
    if (block > least && (size_t)pixels * n * rows > 1 << 18)
        block = least;
    int blocks = (int)((rows + block - 1) / block), pointwise = is_pointwise(c);
#pragma omp parallel for schedule(dynamic, 1)
    for (int b = 0; b < blocks; b++) {
        size_t row = (size_t)b * block, count = row + block < rows ? block : rows - row;
        real *patch = scratch + share * (size_t)omp_get_thread_num();
        for (int first = 0; first < pixels; first += tile) {
            int last = first + tile < pixels ? first + tile : pixels;
            size_t width = (size_t)(last - first) * n, at = (size_t)first * n;
            const real *operand = x + row * columns + at;
            size_t stride = columns;
            if (!pointwise) {
                patches(c, x, row, row + count, first, last, patch, width);
                operand = patch;
                stride = width;
            }
            gemm(GEMM_NT, c->c_out, count, width, y + at, columns, operand, stride, weight + row, rows,
                 add || first);
        }
    }
}
