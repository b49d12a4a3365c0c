// SPDX-License-Identifier: Apache-2.0
// A network's convolutions one by one, each product on operands of its own.
#include "core/base/isolate.h"
#include "core/base/memory.h"
#include "core/base/progress.h"
#include "core/kernels/convolution.h"
#include "core/kernels/gemm.h"
#include "core/kernels/pairs.h"
#include "core/kernels/vector.h"
#include "core/layers/layers.h"
#include "core/networks/network.h"
#include "core/train/trainer.h"
#include "experiments/bench/bench.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

const char *const bench_products[BENCH_PRODUCTS] = {"forward", "data", "weight"};

double bench_convolution_flop(const struct convolution *c) {
    return 2.0 * c->batch * c->c_out * c->h_out * c->w_out * c->c_in * c->kernel_h * c->kernel_w;
}

static size_t input_size(const struct convolution *c) {
    return (size_t)c->batch * c->c_in * c->h_in * c->w_in;
}
static size_t output_size(const struct convolution *c) {
    return (size_t)c->batch * c->c_out * c->h_out * c->w_out;
}
static size_t weight_size(const struct convolution *c) {
    return (size_t)c->c_out * c->c_in * c->kernel_h * c->kernel_w;
}

static size_t input_bytes(const struct convolution *c) {
    return c->x_paired ? pairs_bytes(c->c_in, (size_t)c->h_in * c->w_in * c->batch)
                       : input_size(c) * sizeof(real);
}
static size_t output_bytes(const struct convolution *c) {
    return c->y_paired ? pairs_bytes(c->c_out, (size_t)c->h_out * c->w_out * c->batch)
                       : output_size(c) * sizeof(real);
}

double bench_convolution_bytes(const struct convolution *c) {
    return (double)(input_bytes(c) + output_bytes(c) + weight_size(c) * sizeof(real));
}

char *bench_shape_text(const struct convolution *c, char out[BENCH_SHAPE_SIZE]) {
    snprintf(out, BENCH_SHAPE_SIZE, "%d x %dx%dx%d -> %dx%dx%d, %dx%d / %d", c->batch, c->c_in, c->h_in,
             c->w_in, c->c_out, c->h_out, c->w_out, c->kernel_h, c->kernel_w, c->stride);
    return out;
}

// ---------------------------------------------------------------------------------------- which

static int add_shape(struct bench_convolutions *out, const struct convolution *c, int of_images,
                     struct error *err) {
    for (int i = 0; i < out->count; i++)
        if (!memcmp(&out->items[i].shape, c, sizeof *c)) // ints and an enum: no padding
            return 0;
    if (array_resize(out->items, (size_t)out->count + 1, "the convolutions", err))
        return -1;
    out->items[out->count++] = (struct bench_convolution){.shape = *c, .of_images = of_images};
    return 0;
}

int bench_convolutions_list(struct bench_convolutions *out, const struct bench_case *c, struct error *err) {
    struct trainer_settings settings;
    struct parameters parameters = {0};
    double lambda;
    memset(out, 0, sizeof *out);
    if (train_resolve(&c->training, c->pixels, c->classes, &settings, &lambda, err))
        return -1;
    struct graph *g = network_build(&settings.network, settings.batch, &parameters, err);
    int failed = !g;
    for (int n = 0; g && n < g->node_count && !failed; n++) {
        const struct node *node = &g->nodes[n];
        struct convolution shape;
        if (!layer_convolution(g, node, &shape))
            continue;
        for (enum precision precision = PRECISION_F32; precision <= PRECISION_BF16 && !failed; precision++) {
            shape.precision = precision;
            // As the steps keep them, but for the maps that Grad-CAM reads.
            int pairs = precision == PRECISION_BF16 && !strcmp(c->training.activations, "bf16");
            shape.x_paired = pairs && node->inputs[0] != g->input && pairs_hold(shape.c_in);
            shape.y_paired = pairs && pairs_hold(shape.c_out);
            failed = bench_measures(precision) && add_shape(out, &shape, node->inputs[0] == g->input, err);
        }
    }
    graph_free(g);
    parameters_free(&parameters);
    return failed ? -1 : 0;
}

void bench_convolutions_free(struct bench_convolutions *convolutions) {
    free(convolutions->items);
    memset(convolutions, 0, sizeof *convolutions);
}

// ---------------------------------------------------------------------------------------- one, in a child

struct operands {
    struct convolution_plan plan;
    void *x, *y;
    real *weight, *scratch;
};

static void run(const struct operands *o, enum bench_product product) {
    if (product == BENCH_FORWARD)
        convolution_forward(&o->plan, o->weight, o->x, o->y, 0, o->scratch);
    else if (product == BENCH_DATA)
        convolution_backward_data(&o->plan, o->weight, o->y, o->x, 0, o->scratch);
    else
        convolution_backward_weight(&o->plan, o->y, o->x, o->weight, 0, o->scratch);
}

// Many runs after a first one, which meets cold pages.
static void repeat(const struct operands *o, enum bench_product product, double enough,
                   struct bench_repeats *out) {
    enum { LEAST = 5 };
    double start = seconds_now();
    run(o, product);
    while (out->seen < LEAST || seconds_now() - start < enough) {
        double from = seconds_now();
        run(o, product);
        bench_repeats_add(out, seconds_now() - from);
    }
}

// Numbers in [-1, 1), all different enough, as they lie in a trainer's arena.
static real *fill(size_t count, struct error *err) {
    real *a = allocate_arena(count * sizeof *a, "a convolution", err);
    for (size_t i = 0; a && i < count; i++)
        a[i] = (real)((uint32_t)i * 2654435761u >> 8) / (real)(1 << 23) - 1;
    return a;
}

// The same for an array of activations, of so many bytes.
static void *fill_activations(size_t bytes, int paired, struct error *err) {
    if (!paired)
        return fill(bytes / sizeof(real), err);
    bf16 *a = allocate_arena(bytes + 64, "a convolution", err); // a tile reads past the end
    for (size_t i = 0; a && i < bytes / sizeof *a; i++)
        a[i] = (bf16)(0x3c00 | (uint32_t)i * 2654435761u >> 25 | (i & 1) << 15);
    return a;
}

struct convolution_measurement {
    const struct bench_convolution *convolution;
    const struct bench_effort *effort;
};

static json_t *measure(void *context, struct error *err) {
    const struct convolution_measurement *m = context;
    const struct convolution *c = &m->convolution->shape;
    struct operands o = {.plan = convolution_choose(c)};
    json_t *result = NULL;
    omp_set_num_threads(m->effort->threads);
    gemm_prepare();
    vector_flush_denormals();
    if ((o.x = fill_activations(input_bytes(c), c->x_paired, err)) &&
        (o.weight = fill(weight_size(c), err)) &&
        (o.y = fill_activations(output_bytes(c), c->y_paired, err)) &&
        (o.scratch = fill(convolution_scratch(&o.plan, m->effort->threads), err))) {
        result = json_array();
        for (enum bench_product p = 0; p < BENCH_PRODUCTS; p++) {
            struct bench_repeats repeats = {0};
            if (p != BENCH_DATA || !m->convolution->of_images)
                repeat(&o, p, m->effort->seconds / BENCH_PRODUCTS, &repeats);
            json_array_append_new(result, bench_repeats_json(&repeats));
        }
    }
    free(o.x);
    free(o.weight);
    free(o.y);
    free(o.scratch);
    return result;
}

int bench_convolution_measure(struct bench_convolution *out, const struct bench_effort *effort,
                              struct error *err) {
    struct convolution_measurement m = {out, effort};
    json_t *repeats = isolate_json(measure, &m, err);
    if (!repeats)
        return -1;
    for (int p = 0; p < BENCH_PRODUCTS; p++) {
        struct bench_repeats *r = &out->repeats[p];
        bench_repeats_read(r, json_array_get(repeats, p));
        out->gflops[p] = r->fastest > 0 ? 1e-9 * bench_convolution_flop(&out->shape) / r->fastest : 0;
    }
    json_decref(repeats);
    return 0;
}
