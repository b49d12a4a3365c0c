// SPDX-License-Identifier: Apache-2.0
// Activations in bf16, two channels side by side: each instruction set moves them as the plain kernels do,
// bit for bit; and each layer that takes them gives in all four maps what it gives on floats, but for the
// rounding.
#include "core/base/memory.h"
#include "core/base/random.h"
#include "core/kernels/pairs.h"
#include "core/layers/layers.h"
#include "tests/support/suite.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

// ---------------------------------------------------------------------------------------------- kernels

enum { MOST = 75 }; // pairs of a row: whole vectors and a rest

static const real odd_numbers[] = {
    0,         (real)-0.0,      (real)1e-40,      (real)-1e-40,    (real)INFINITY, (real)-INFINITY,
    (real)NAN, (real)3.3895e38, (real)1.00390625, (real)1.01171875};

static void fill(real *a, size_t n, const char *name) { // every third number an odd one
    struct random r = random_stream(7, random_purpose(name), n);
    for (size_t i = 0; i < n; i++)
        a[i] = i % 3 ? (real)random_normal(&r) : odd_numbers[i / 3 % (sizeof odd_numbers / sizeof(real))];
}

static void fill_pairs(bf16 *pairs, size_t n) {
    real even[16 * MOST], odd[16 * MOST];
    fill(even, n, "even");
    fill(odd, n, "odd");
    tiles_plain_bf16.join(even, odd, n, pairs);
}

// Bits, not numbers: a NaN is equal to itself, and -0 is not 0.
#define EQUAL(a, b) CU_ASSERT(!memcmp((const void *)(a), (const void *)(b), sizeof(a)))

static void check_split_and_join(const struct tile_kernels *k, size_t n) {
    bf16 from[2 * MOST], mine[2 * MOST], want[2 * MOST];
    real a[2][2][MOST], even[MOST], odd[MOST];
    memset(a, 0xff, sizeof a);
    fill_pairs(from, MOST);
    k->split(from, n, a[0][0], a[0][1]);
    tiles_plain_bf16.split(from, n, a[1][0], a[1][1]);
    EQUAL(a[0], a[1]);
    memset(mine, 0xff, sizeof mine);
    memset(want, 0xff, sizeof want);
    fill(even, MOST, "e");
    fill(odd, MOST, "o");
    k->join(even, odd, n, mine);
    tiles_plain_bf16.join(even, odd, n, want);
    EQUAL(mine, want);
}

// A row behind a gate of every kind of number.
static void check_split_gated(const struct tile_kernels *k, size_t n) {
    bf16 from[2 * MOST], gate[2 * MOST];
    real mine[2][MOST], want[2][MOST], gates[2][MOST];
    memset(mine, 0xff, sizeof mine);
    memset(want, 0xff, sizeof want);
    fill_pairs(from, MOST);
    for (size_t i = 0; i < 2 * MOST; i++)
        gate[i] = from[(i + 14) % (2 * MOST)];
    k->split_gated(from, gate, n, mine[0], mine[1]);
    tiles_plain_bf16.split(from, n, want[0], want[1]);
    tiles_plain_bf16.split(gate, n, gates[0], gates[1]);
    for (size_t i = 0; i < n; i++)
        for (int h = 0; h < 2; h++)
            want[h][i] = gates[h][i] > 0 ? want[h][i] : 0;
    EQUAL(mine, want);
}

// Joined behind a gate of every kind of number: what is joined, or 0.
static void check_join_gated(const struct tile_kernels *k, size_t n) {
    bf16 gate[2 * MOST], mine[2 * MOST], want[2 * MOST];
    real even[MOST], odd[MOST], gates[2][MOST];
    memset(mine, 0xff, sizeof mine);
    memset(want, 0xff, sizeof want);
    fill(even, MOST, "e");
    fill(odd, MOST, "o");
    fill_pairs(gate, MOST);
    k->join_gated(even, odd, gate, n, mine);
    tiles_plain_bf16.join(even, odd, n, want);
    tiles_plain_bf16.split(gate, n, gates[0], gates[1]);
    int shut = 0, open = 0;
    for (size_t i = 0; i < 2 * n; i++) {
        shut += !(gates[i % 2][i / 2] > 0);
        open += gates[i % 2][i / 2] > 0;
        want[i] = gates[i % 2][i / 2] > 0 ? want[i] : 0;
    }
    CU_ASSERT(n < MOST || (shut > 10 && open > 10));
    EQUAL(mine, want);
}

static void check_put(const struct tile_kernels *k, int rows, int columns, enum put how) {
    enum { PLANE = 64 };
    float sums[TILE_SUMS] __attribute__((aligned(64)));
    bf16 mine[8 * PLANE] __attribute__((aligned(64))), want[8 * PLANE];
    fill_pairs(mine, 4 * PLANE);
    memcpy(want, mine, sizeof mine);
    for (int i = 0; i < TILE_SUMS; i++)
        sums[i] = (float)sin(i) * 3;
    k->put_pairs(sums, rows, columns, how, mine, PLANE);
    tiles_plain_bf16.put_pairs(sums, rows, columns, how, want, PLANE);
    EQUAL(mine, want);
}

static void check_rows(const struct tile_kernels *k, size_t n) {
    bf16 from[2 * MOST];
    cell a[2][3 * TILE] __attribute__((aligned(64)));
    memset(a, 0xff, sizeof a);
    fill_pairs(from, MOST);
    k->row_pairs(from, n, a[0], a[0] + TILE_CELLS);
    tiles_plain_bf16.row_pairs(from, n, a[1], a[1] + TILE_CELLS);
    EQUAL(a[0], a[1]);
}

static void check_turn(const struct tile_kernels *k) {
    enum { N = 64 };
    static bf16 from[8 * 2 * MOST];
    cell a[2][N / 2 * TILE_COLUMNS] __attribute__((aligned(64)));
    fill_pairs(from, 8 * MOST);
    k->turn_pairs(from, 2 * MOST, N, a[0]);
    tiles_plain_bf16.turn_pairs(from, 2 * MOST, N, a[1]);
    EQUAL(a[0], a[1]);
}

static void test_every_instruction_set_moves_pairs_as_the_plain_kernels_do(void) {
    if (sizeof(real) != sizeof(float))
        SKIP("a double build");
    int compared = 0;
    check_split_gated(&tiles_plain_bf16, MOST);
    check_join_gated(&tiles_plain_bf16, MOST);
    for (enum isa isa = ISA_PLAIN + 1; isa < ISA_COUNT; isa++) {
        const struct tile_kernels *k = isa_available(isa) ? tiles_of(PRECISION_BF16, isa) : NULL;
        for (size_t n = 1; n <= MOST && k; n++) {
            check_split_and_join(k, n);
            check_split_gated(k, n);
            check_join_gated(k, n);
            check_rows(k, n);
        }
        for (int i = 0; i < 8 * TILE_COLUMNS && k; i++)
            for (enum put how = PUT_OVER; how <= PUT_PAST; how++)
                check_put(k, 2 * (i % 8) + 2, i / 8 + 1, how);
        if (k)
            check_turn(k);
        compared += k != NULL;
    }
    if (!compared)
        SKIP("this processor has the plain kernels alone");
}

static void test_planes_hold_their_columns_and_are_an_odd_number_of_lines_apart(void) {
    for (size_t columns = 1; columns < 300; columns++) {
        size_t lines = pairs_plane(columns) / (2 * TILE_CELLS);
        CU_ASSERT(pairs_plane(columns) % (2 * TILE_CELLS) == 0 && lines % 2 == 1);
        CU_ASSERT(lines * PAIRS_OF_LINE >= columns && lines * PAIRS_OF_LINE < columns + 2 * PAIRS_OF_LINE);
    }
    CU_ASSERT(pairs_hold(2) && pairs_hold(30) && pairs_hold(32) && pairs_hold(2048));
    CU_ASSERT(!pairs_hold(3) && !pairs_hold(34) && !pairs_hold(48));
}

// ---------------------------------------------------------------------------------------------- layers

enum { BATCH = 5, HEIGHT = 16, WIDTH = 15 }; // more numbers a row than a piece of it has

// A layer between convolutions that hand on each channel as it is: what reaches it, and what it gives, is
// in pairs where the graph keeps activations in bf16.
enum chain { NORM, NORM_RELU_RESIDUAL, NORM_TWICE, POOL, STRIDED, CHAINS };

struct bench {
    struct parameters parameters;
    struct graph *g;
    void *arena;
    int output;
    real *maps[MAP_COUNT]; // copies: x and t of the output, g of the input, whose arrays are used again
};

static int hand_on(struct bench *b, const char *name, int v, int channels) {
    struct error err;
    return graph_add_convolution(b->g, name, v, channels, 1, 1, 0, &err);
}

static int middle(struct bench *b, enum chain chain, int v, int other, int channels) {
    struct error err;
    int first = v;
    switch (chain) {
    case NORM:
        return graph_add_batch_norm(b->g, "bn", v, -1, 0, 1e-5, 0.1, &err);
    case NORM_RELU_RESIDUAL:
        return graph_add_batch_norm(b->g, "bn", v, other, 1, 1e-5, 0.1, &err);
    case NORM_TWICE: // both inputs have two readers: g and d are added up
        first = graph_add_batch_norm(b->g, "bn", v, other, 1, 1e-5, 0.1, &err);
        first = graph_add_batch_norm(b->g, "bn_", other, first, 1, 1e-5, 0.1, &err);
        return graph_add_batch_norm(b->g, "bn__", v, first, 0, 1e-5, 0.1, &err);
    case POOL:
        return graph_add_max_pool(b->g, "pool", v, 3, 2, 1, &err);
    default:
        return graph_add_convolution(b->g, "conv", v, channels, 3, 2, 1, &err);
    }
}

static void set_parameters(struct parameters *p) {
    struct random r = random_stream(3, random_purpose("parameters"), 0);
    for (int i = 0; i < p->count; i++) {
        struct parameter *w = &p->items[i];
        int identity = w->rank == 4 && w->shape[2] == 1;
        for (size_t j = 0; j < w->size; j++)
            w->value[j] = identity ? (real)(j % (size_t)(w->shape[1] + 1) == 0)
                                   : (real)(0.25 * round(4 * (1 + random_normal(&r)))); // no rounding
    }
}

static void bench_open(struct bench *b, enum chain chain, int channels, enum precision activations) {
    struct error err = {0};
    memset(b, 0, sizeof *b);
    b->g = graph_create(BATCH, &b->parameters, &err);
    CU_ASSERT_FATAL(b->g != NULL);
    int input = b->g->input = graph_add_value(b->g, channels, HEIGHT, WIDTH, &err);
    int v = hand_on(b, "in", input, channels),
        needs_other = chain == NORM_RELU_RESIDUAL || chain == NORM_TWICE;
    int other = needs_other ? hand_on(b, "in_", input, channels) : -1;
    v = middle(b, chain, v, other, channels);
    b->output = b->g->logits = hand_on(b, "out", v, channels);
    b->g->stage[0] = input;
    for (int l = 1; l < STAGES; l++)
        b->g->stage[l] = -1;
    b->g->precision = PRECISION_BF16;
    b->g->activations = activations;
    CU_ASSERT_FATAL(b->output > 0 && !parameters_allocate(&b->parameters, &err));
    CU_ASSERT_FATAL(!graph_plan(b->g, GRAPH_TRAIN_EXPLAIN, 1, omp_get_max_threads(), &err));
    b->arena = allocate_arena(b->g->arena_bytes, "a test", &err);
    memset(b->arena, 0xff, b->g->arena_bytes);
    graph_place(b->g, b->arena);
    set_parameters(&b->parameters);
}

static void bench_close(struct bench *b) {
    graph_free(b->g);
    parameters_free(&b->parameters);
    free(b->arena);
    for (enum map map = MAP_X; map < MAP_D; map++)
        free(b->maps[map]);
}

// Numbers that bf16 has: eighths up to 16, rising along a row, so that its pieces have means of their own.
static void seed(struct bench *b, int value, enum map map, const char *name) {
    struct random r = random_stream(5, random_purpose(name), 0);
    real *a = b->g->values[value].map[map];
    size_t columns = value_columns(b->g, value);
    for (size_t i = 0; i < value_size(b->g, value); i++) {
        double rise = 6 * (double)(i % columns) / (double)columns;
        a[i] = (real)(round(8 * (random_normal(&r) + rise)) / 8);
    }
}

static void keep(struct bench *b, int value, enum map map) {
    size_t bytes = value_size(b->g, value) * sizeof(real);
    b->maps[map] = malloc(bytes);
    memcpy(b->maps[map], b->g->values[value].map[map], bytes);
}

static void run_maps(struct bench *b) {
    struct graph *g = b->g;
    seed(b, g->input, MAP_X, "x");
    for (int n = 0; n < g->node_count; n++)
        g->nodes[n].layer->forward(g, &g->nodes[n]);
    keep(b, b->output, MAP_X);
    seed(b, b->output, MAP_G, "g");
    for (int n = g->node_count - 1; n >= 0; n--)
        g->nodes[n].layer->score(g, &g->nodes[n]);
    keep(b, g->input, MAP_G);
    seed(b, g->input, MAP_T, "t");
    for (int n = 0; n < g->node_count; n++)
        g->nodes[n].layer->tangent(g, &g->nodes[n]);
    keep(b, b->output, MAP_T);
    seed(b, b->output, MAP_D, "d");
    for (int n = g->node_count - 1; n >= 0; n--)
        g->nodes[n].layer->backward(g, &g->nodes[n]);
}

// The largest difference, by the root mean square of what is wanted.
static double off(const real *mine, const real *want, size_t n) {
    double worst = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        double d = fabs((double)mine[i] - (double)want[i]);
        worst = d <= worst || isnan(worst) ? worst : d; // a NaN is the worst, and stays it
        squares += (double)want[i] * (double)want[i];
    }
    return worst / sqrt(squares / (double)n);
}

static void take_worse(double *worst, const char **where, const char *name, double off_by) {
    if (isnan(*worst) || off_by <= *worst) // a NaN is the worst
        return;
    *worst = off_by;
    *where = name;
}

static void check_chain(enum chain chain, int channels) {
    static const char *const names[] = {"norm", "norm, relu, residual", "norm twice", "pool", "strided"};
    struct bench floats, pairs;
    bench_open(&floats, chain, channels, PRECISION_F32);
    bench_open(&pairs, chain, channels, PRECISION_BF16);
    int in = pairs.g->input, out = pairs.output, paired = 0;
    for (int v = 0; v < pairs.g->value_count; v++) {
        CU_ASSERT(!floats.g->values[v].paired);
        paired += pairs.g->values[v].paired;
    }
    // What lies between layers and is read.
    CU_ASSERT(paired >= 2 && !pairs.g->values[in].paired && !pairs.g->values[out].paired);
    CU_ASSERT(pairs.g->arena_bytes < floats.g->arena_bytes);
    run_maps(&floats);
    run_maps(&pairs);
    static const char *const map_names[MAP_COUNT] = {"x", "g", "t", "d"};
    const char *where = "";
    double worst = -1;
    for (enum map map = MAP_X; map < MAP_D; map++) {
        int v = map == MAP_G ? in : out;
        take_worse(&worst, &where, map_names[map],
                   off(pairs.maps[map], floats.maps[map], value_size(pairs.g, v)));
    }
    // The input has no d: the weights' gradients behind it are made of it.
    for (int i = 0; i < pairs.parameters.count; i++) {
        const struct parameter *a = &pairs.parameters.items[i], *b = &floats.parameters.items[i];
        take_worse(&worst, &where, a->name,
                   off(a->trained ? a->gradient : a->value, b->trained ? b->gradient : b->value, a->size));
    }
    CU_ASSERT(worst < 0.04);
    if (!(worst < 0.04))
        printf("\n    %s, %d channels: off by %.3f in %s ", names[chain], channels, worst, where);
    bench_close(&floats);
    bench_close(&pairs);
}

static void test_layers_give_on_pairs_what_they_give_on_floats_in_all_maps(void) {
    if (sizeof(real) != sizeof(float))
        SKIP("a double build");
    for (enum chain chain = 0; chain < CHAINS; chain++) {
        check_chain(chain, 6);
        check_chain(chain, 32);
    }
}

void suite_pairs(void);
void suite_pairs(void) {
    CU_pSuite suite = CU_add_suite("pairs", NULL, NULL);
    CU_add_test(suite, "every instruction set moves pairs as the plain kernels do",
                test_every_instruction_set_moves_pairs_as_the_plain_kernels_do);
    CU_add_test(suite, "planes hold their columns and are an odd number of lines apart",
                test_planes_hold_their_columns_and_are_an_odd_number_of_lines_apart);
    CU_add_test(suite, "layers give on pairs what they give on floats, in all maps",
                test_layers_give_on_pairs_what_they_give_on_floats_in_all_maps);
}
