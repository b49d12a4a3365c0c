// SPDX-License-Identifier: Apache-2.0
// Which way each product goes, decided by the shape, the precision and the instruction sets at hand:
//
//   float builds          in tiles, by the best instruction set at hand (tiled.h), 3x3 kernels of stride 1 by
//                         Winograd's algorithm, in f32 1x1 kernels by panels where the set has them
//
// and what that does not take (double builds, small batches, few channels; of f32 without AVX-512 what is not
// a weight gradient, nor done by Winograd's algorithm):
//
//   1x1, stride 1         OpenBLAS (gemm_patches.h)
//   forward, data         direct.h
//   weight gradient       direct.h for few channels, else OpenBLAS
#include "core/kernels/convolution.h"

#include "core/kernels/direct.h"
#include "core/kernels/gemm_patches.h"
#include "core/kernels/isa.h"
#include "core/kernels/tiled.h"
#include "core/kernels/tiled_gather.h"
#include "core/kernels/tiled_point.h"
#include "core/kernels/tiled_point_weight.h"
#include "core/kernels/tiled_stem.h"
#include "core/kernels/tiled_weight.h"
#include "core/kernels/tiled_winograd.h"

void convolution_output(struct convolution *c) {
    c->h_out = (c->h_in + 2 * c->padding - c->kernel_h) / c->stride + 1;
    c->w_out = (c->w_in + 2 * c->padding - c->kernel_w) / c->stride + 1;
}

// Where channels are few, a matrix product has too little to do per packed number (measured: 2 to 3 times
// slower at 8 to 16 channels, even at 32, faster from 64 on).
static int weight_goes_direct(const struct convolution *c) {
    return !gemm_patches_pointwise(c) && c->stride == 1 && c->c_in <= 32;
}

static struct convolution_way in_tiles(const struct tile_kernels *k, const struct convolution *c) {
    return (struct convolution_way){tiled_by_winograd(k, c) ? CONVOLUTION_WINOGRAD
                                    : tiled_by_point(k, c)  ? CONVOLUTION_PANELS
                                    : tiled_by_stem(k, c)   ? CONVOLUTION_STEM
                                                            : CONVOLUTION_TILES,
                                    k};
}

struct convolution_plan convolution_choose(const struct convolution *shape) {
    const struct tile_kernels *k = tiled_kernels(shape), *of_weight = tiled_weight_kernels(shape);
    struct convolution_plan p = {.shape = *shape};
    p.activations.algorithm = gemm_patches_pointwise(shape) ? CONVOLUTION_GEMM : CONVOLUTION_DIRECT;
    p.weight.algorithm = weight_goes_direct(shape) ? CONVOLUTION_DIRECT : CONVOLUTION_GEMM;
    if (k)
        p.activations = in_tiles(k, shape);
    if (of_weight)
        p.weight = in_tiles(of_weight, shape);
    return p;
}

const char *convolution_algorithm_name(enum convolution_algorithm algorithm) {
    static const char *const names[] = {"winograd", "panels", "stem", "tiles", "direct", "gemm"};
    return names[algorithm];
}

const char *convolution_numbers(const struct convolution_way *way) {
    if (!way->tiles)
        return sizeof(real) == sizeof(float) ? "f32" : "double";
    // Winograd's algorithm multiplies in f32, whatever the arrays are stored in.
    int rounded = way->algorithm == CONVOLUTION_TILES && way->tiles->precision == PRECISION_BF16;
    return rounded ? "bf16" : "f32";
}

const char *convolution_isa(const struct convolution_way *way) {
    if (!way->tiles)
        return NULL;
    const struct tile_kernels *k = way->algorithm == CONVOLUTION_WINOGRAD ? way->tiles->winograd : way->tiles;
    return k->isa == ISA_PLAIN ? NULL : isa_name(k->isa);
}

static size_t way_scratch(const struct convolution_way *way, const struct convolution *c, int of_weight,
                          int threads) {
    switch (way->algorithm) {
    case CONVOLUTION_WINOGRAD:
        return (tiled_winograd_scratch(c, threads) + sizeof(real) - 1) / sizeof(real);
    case CONVOLUTION_PANELS:
        return (of_weight ? tiled_point_weight_scratch : tiled_point_scratch)(c, threads) / sizeof(real);
    case CONVOLUTION_STEM: {
        size_t gather = tiled_gather_scratch(way->tiles, c, threads), stem = tiled_stem_scratch(c, threads);
        return ((gather > stem ? gather : stem) + sizeof(real) - 1) / sizeof(real);
    }
    case CONVOLUTION_TILES:
        return ((of_weight ? tiled_weight_scratch : tiled_gather_scratch)(way->tiles, c, threads) +
                sizeof(real) - 1) /
               sizeof(real);
    case CONVOLUTION_DIRECT:
        return of_weight ? 0 : direct_scratch(c, threads);
    default:
        return of_weight ? gemm_patches_scratch(c, threads) : 0;
    }
}

size_t convolution_scratch(const struct convolution_plan *p, int threads) {
    size_t a = way_scratch(&p->activations, &p->shape, 0, threads),
           b = way_scratch(&p->weight, &p->shape, 1, threads);
    return a > b ? a : b;
}

void convolution_forward(const struct convolution_plan *p, const real *weight, const void *x, void *y,
                         int add, real *scratch) {
    const struct convolution *c = &p->shape;
    switch (p->activations.algorithm) {
    case CONVOLUTION_WINOGRAD:
        tiled_winograd_forward(p->activations.tiles, c, weight, x, y, add, scratch);
        break;
    case CONVOLUTION_PANELS:
        tiled_point_forward(p->activations.tiles, c, weight, x, y, add, scratch);
        break;
    case CONVOLUTION_STEM:
        tiled_stem_forward(p->activations.tiles, c, weight, x, y, add, scratch);
        break;
    case CONVOLUTION_TILES:
        tiled_gather_forward(p->activations.tiles, c, weight, x, y, add, scratch);
        break;
    case CONVOLUTION_DIRECT:
        direct_forward(c, weight, x, y, add, scratch);
        break;
    default:
        gemm_patches_forward(c, weight, x, y, add);
    }
}

void convolution_backward_data(const struct convolution_plan *p, const real *weight, const void *y, void *x,
                               int add, real *scratch) {
    const struct convolution *c = &p->shape;
    switch (p->activations.algorithm) {
    case CONVOLUTION_WINOGRAD:
        tiled_winograd_backward_data(p->activations.tiles, c, weight, y, x, add, scratch);
        break;
    case CONVOLUTION_PANELS:
        tiled_point_backward_data(p->activations.tiles, c, weight, y, x, add, scratch);
        break;
    case CONVOLUTION_STEM: // the gradient of pictures, which methods of the input's gradient alone ask for
    case CONVOLUTION_TILES:
        tiled_gather_backward_data(p->activations.tiles, c, weight, y, x, add, scratch);
        break;
    case CONVOLUTION_DIRECT:
        direct_backward_data(c, weight, y, x, add, scratch);
        break;
    default:
        gemm_patches_backward_data(c, weight, y, x, add);
    }
}

void convolution_backward_weight(const struct convolution_plan *p, const void *y, const void *x, real *weight,
                                 int add, real *scratch) {
    const struct convolution *c = &p->shape;
    switch (p->weight.algorithm) {
    case CONVOLUTION_WINOGRAD:
        tiled_winograd_backward_weight(p->weight.tiles, c, y, x, weight, add, scratch);
        break;
    case CONVOLUTION_PANELS:
        tiled_point_backward_weight(p->weight.tiles, c, y, x, weight, add, scratch);
        break;
    case CONVOLUTION_STEM:
        tiled_stem_backward_weight(p->weight.tiles, c, y, x, weight, add, scratch);
        break;
    case CONVOLUTION_TILES:
        tiled_backward_weight(p->weight.tiles, c, y, x, weight, add, scratch);
        break;
    case CONVOLUTION_DIRECT:
        direct_backward_weight(c, y, x, weight, add);
        break;
    default:
        gemm_patches_backward_weight(c, y, x, weight, add, scratch);
    }
}
