// SPDX-License-Identifier: Apache-2.0
#include "core/kernels/gemm_patches.h"

#include "core/kernels/gemm.h"

#include <omp.h>
#include <string.h>

int gemm_patches_pointwise(const struct convolution *c) {
    return c->kernel_h == 1 && c->kernel_w == 1 && c->stride == 1 && c->padding == 0;
}

enum { PATCH_BYTES = 384 << 10, MINIMUM_COLUMNS = 96 }; // a tile's patches fit a second-level cache
enum { WEIGHT_ROWS = 288 }; // rows of patches that one thread handles in the weight gradient

// Output pixels per tile, for patches of `rows` rows. Depends on the shape alone.
static int tile_pixels(size_t rows, int pixels, int batch) {
    size_t columns = PATCH_BYTES / sizeof(real) / (rows ? rows : 1);
    if (columns < MINIMUM_COLUMNS)
        columns = MINIMUM_COLUMNS;
    size_t tile = (columns + (size_t)batch - 1) / (size_t)batch;
    // At least eight tiles, so that several threads share small maps; never more than there are pixels.
    size_t share = ((size_t)pixels + 7) / 8;
    tile = tile < share ? tile : share;
    return tile ? (int)tile : 1;
}

static size_t patch_rows(const struct convolution *c) {
    return (size_t)c->c_in * c->kernel_h * c->kernel_w;
}

// Patch rows of one block of the weight gradient: at least eight blocks where the work is worth sharing.
static size_t weight_block(const struct convolution *c) {
    size_t rows = patch_rows(c), share = (rows + 7) / 8, block = rows < WEIGHT_ROWS ? rows : WEIGHT_ROWS;
    int worth = (size_t)c->h_out * c->w_out * c->batch * rows > 1 << 18;
    return worth && block > share ? share : block;
}

static size_t patch_size(const struct convolution *c) {
    size_t block = weight_block(c);
    size_t columns = (size_t)tile_pixels(block, c->h_out * c->w_out, c->batch) * c->batch;
    return (block * columns + 15) / 16 * 16;
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

void gemm_patches_forward(const struct convolution *c, const real *weight, const real *x, real *y, int add) {
    size_t rows = patch_rows(c), n = (size_t)c->batch;
    int pixels = c->h_out * c->w_out, tile = tile_pixels(rows, pixels, c->batch);
    size_t columns = (size_t)pixels * n;
#pragma omp parallel for schedule(static)
    for (int first = 0; first < pixels; first += tile) {
        int last = first + tile < pixels ? first + tile : pixels;
        size_t at = (size_t)first * n;
        gemm(GEMM_NN, c->c_out, (size_t)(last - first) * n, rows, weight, rows, x + at, columns, y + at,
             columns, add);
    }
}

void gemm_patches_backward_data(const struct convolution *c, const real *weight, const real *y, real *x,
                                int add) {
    size_t n = (size_t)c->batch, rows = (size_t)c->c_in;
    int pixels = c->h_out * c->w_out, tile = tile_pixels((size_t)c->c_out, pixels, c->batch);
    size_t columns = (size_t)pixels * n;
#pragma omp parallel for schedule(static)
    for (int first = 0; first < pixels; first += tile) {
        int last = first + tile < pixels ? first + tile : pixels;
        size_t at = (size_t)first * n;
        gemm(GEMM_TN, rows, (size_t)(last - first) * n, c->c_out, weight, rows, y + at, columns, x + at,
             columns, add);
    }
}

size_t gemm_patches_scratch(const struct convolution *c, int threads) {
    return patch_size(c) * (size_t)threads;
}

// Each thread owns a block of patch rows (columns of the weight matrix) and goes through all tiles in order.
void gemm_patches_backward_weight(const struct convolution *c, const real *y, const real *x, real *weight,
                                  int add, real *scratch) {
    size_t rows = patch_rows(c), n = (size_t)c->batch, block = weight_block(c);
    int pixels = c->h_out * c->w_out, tile = tile_pixels(block, pixels, c->batch);
    size_t columns = (size_t)pixels * n, share = patch_size(c);
    int blocks = (int)((rows + block - 1) / block), pointwise = gemm_patches_pointwise(c);
#pragma omp parallel for schedule(static)
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
