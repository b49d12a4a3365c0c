// SPDX-License-Identifier: Apache-2.0
// How fast oneDNN computes a convolution, for `reff bench` to set beside its own:
//
//     bench_onednn f32|bf16 THREADS SECONDS N,C_IN,H,W,C_OUT,KERNEL,STRIDE,PADDING
//
// prints {"forward": GFLOP/s, "data": .., "weight": ..}, the best of all runs within so many seconds each.
// Operands are in the layouts that oneDNN likes best, and putting them there is not counted. bf16: all
// operands; sums are f32. `make bench` builds this where libdnnl-dev is installed.
#include <dnnl.h>
#include <omp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// An error here is a fault of this program or of the library: say where, and end.
static void check(dnnl_status_t status, int line) {
    if (status == dnnl_success)
        return;
    fprintf(stderr, "bench_onednn: line %d: oneDNN says %d\n", line, (int)status);
    exit(1);
}
#define CHECK(call) check(call, __LINE__)

enum { X, W, Y, OPERANDS };
enum { FORWARD, DATA, WEIGHT, PRODUCTS };

struct problem {
    int n, c_in, h, w, c_out, kernel, stride, padding, h_out, w_out;
    dnnl_memory_desc_t operands[OPERANDS];
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    double seconds;
};

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static dnnl_primitive_desc_t describe(const struct problem *p, int product) {
    const dnnl_dims_t strides = {p->stride, p->stride}, padding = {p->padding, p->padding};
    const dnnl_memory_desc_t *x = &p->operands[X], *w = &p->operands[W], *y = &p->operands[Y];
    const dnnl_alg_kind_t direct = dnnl_convolution_direct;
    dnnl_convolution_desc_t forward, desc;
    dnnl_primitive_desc_t hint = NULL, result;
    CHECK(dnnl_convolution_forward_desc_init(&forward, dnnl_forward_training, direct, x, w, NULL, y, strides,
                                             padding, padding));
    CHECK(dnnl_primitive_desc_create(&hint, &forward, NULL, p->engine, NULL));
    if (product == FORWARD)
        return hint;
    if (product == DATA)
        CHECK(dnnl_convolution_backward_data_desc_init(&desc, direct, x, w, y, strides, padding, padding));
    else
        CHECK(dnnl_convolution_backward_weights_desc_init(&desc, direct, x, w, NULL, y, strides, padding,
                                                          padding));
    CHECK(dnnl_primitive_desc_create(&result, &desc, NULL, p->engine, hint));
    dnnl_primitive_desc_destroy(hint);
    return result;
}

// An operand in the layout that the primitive wants, filled with small numbers: 0x3c of each byte is .0116 in
// f32 and .0117 in bf16.
static dnnl_memory_t operand(const struct problem *p, dnnl_primitive_desc_t desc, dnnl_query_t which) {
    const dnnl_memory_desc_t *wanted = dnnl_primitive_desc_query_md(desc, which, 0);
    dnnl_memory_t memory;
    void *numbers;
    CHECK(dnnl_memory_create(&memory, wanted, p->engine, DNNL_MEMORY_ALLOCATE));
    CHECK(dnnl_memory_get_data_handle(memory, &numbers));
    memset(numbers, 0x3c, dnnl_memory_desc_get_size(wanted));
    return memory;
}

// The shortest of many runs after a first one, which meets cold pages.
static double shortest(const struct problem *p, dnnl_primitive_t primitive,
                       const dnnl_exec_arg_t *arguments) {
    enum { LEAST = 3 };
    double best = 1e30, start = now();
    for (int i = -1; i < LEAST || now() - start < p->seconds; i++) {
        double from = now();
        CHECK(dnnl_primitive_execute(primitive, p->stream, OPERANDS, arguments));
        CHECK(dnnl_stream_wait(p->stream));
        double seconds = now() - from;
        best = i >= 0 && seconds < best ? seconds : best;
    }
    return best;
}

static double best_gflops(const struct problem *p, int product) {
    static const struct {
        int argument;
        dnnl_query_t query;
    } wanted[PRODUCTS][OPERANDS] = {
        {{DNNL_ARG_SRC, dnnl_query_src_md},
         {DNNL_ARG_WEIGHTS, dnnl_query_weights_md},
         {DNNL_ARG_DST, dnnl_query_dst_md}},
        {{DNNL_ARG_DIFF_SRC, dnnl_query_diff_src_md},
         {DNNL_ARG_WEIGHTS, dnnl_query_weights_md},
         {DNNL_ARG_DIFF_DST, dnnl_query_diff_dst_md}},
        {{DNNL_ARG_SRC, dnnl_query_src_md},
         {DNNL_ARG_DIFF_WEIGHTS, dnnl_query_diff_weights_md},
         {DNNL_ARG_DIFF_DST, dnnl_query_diff_dst_md}},
    };
    dnnl_primitive_desc_t desc = describe(p, product);
    dnnl_primitive_t primitive;
    dnnl_exec_arg_t arguments[OPERANDS];
    CHECK(dnnl_primitive_create(&primitive, desc));
    for (int i = 0; i < OPERANDS; i++)
        arguments[i] =
            (dnnl_exec_arg_t){wanted[product][i].argument, operand(p, desc, wanted[product][i].query)};
    double best = shortest(p, primitive, arguments);
    for (int i = 0; i < OPERANDS; i++)
        dnnl_memory_destroy(arguments[i].memory);
    dnnl_primitive_destroy(primitive);
    dnnl_primitive_desc_destroy(desc);
    return 2e-9 * p->n * p->c_out * p->h_out * p->w_out * p->c_in * p->kernel * p->kernel / best;
}

// In any layout: each primitive then chooses its own.
static void describe_operands(struct problem *p, dnnl_data_type_t type) {
    const dnnl_dims_t dims[OPERANDS] = {{p->n, p->c_in, p->h, p->w},
                                        {p->c_out, p->c_in, p->kernel, p->kernel},
                                        {p->n, p->c_out, p->h_out, p->w_out}};
    for (int i = 0; i < OPERANDS; i++)
        CHECK(dnnl_memory_desc_init_by_tag(&p->operands[i], 4, dims[i], type, dnnl_format_tag_any));
}

int main(int argc, char **argv) {
    static const char *const names[PRODUCTS] = {"forward", "data", "weight"};
    struct problem p = {0};
    if (argc == 2 && !strcmp(argv[1], "--version")) {
        const dnnl_version_t *v = dnnl_version();
        printf("%d.%d.%d\n", v->major, v->minor, v->patch);
        return 0;
    }
    if (argc != 5 || (strcmp(argv[1], "f32") && strcmp(argv[1], "bf16")) ||
        sscanf(argv[4], "%d,%d,%d,%d,%d,%d,%d,%d", &p.n, &p.c_in, &p.h, &p.w, &p.c_out, &p.kernel, &p.stride,
               &p.padding) != 8) {
        fputs("usage: bench_onednn f32|bf16 THREADS SECONDS N,C_IN,H,W,C_OUT,KERNEL,STRIDE,PADDING\n",
              stderr);
        return 2;
    }
    omp_set_num_threads(atoi(argv[2]));
    p.seconds = atof(argv[3]);
    CHECK(dnnl_engine_create(&p.engine, dnnl_cpu, 0));
    CHECK(dnnl_stream_create(&p.stream, p.engine, dnnl_stream_default_flags));
    p.h_out = (p.h + 2 * p.padding - p.kernel) / p.stride + 1;
    p.w_out = (p.w + 2 * p.padding - p.kernel) / p.stride + 1;
    describe_operands(&p, strcmp(argv[1], "bf16") ? dnnl_f32 : dnnl_bf16);
    for (int product = 0; product < PRODUCTS; product++)
        printf("%s\"%s\": %.6g", product ? ", " : "{", names[product], best_gflops(&p, product));
    puts("}");
    dnnl_stream_destroy(p.stream);
    dnnl_engine_destroy(p.engine);
    return 0;
}
