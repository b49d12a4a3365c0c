// SPDX-License-Identifier: Apache-2.0
// What `reff bench` measures (docs/performance.md): the machine's own limits, whole training steps, where
// their time goes, single convolutions, making and reading data, threads and runs at once; what PyTorch, oneDNN
// and Pillow do on the same machine in the same minutes; and how far all that is from the goals.
//
// Each measurement is made in a child process of its own (isolate.h), so that its peak memory is its own too.
// Other work on the machine disturbs in one direction only: the fastest of several repetitions counts, of
// ours and of the peers'. Others are kept too (bench_repeats), for scripts/bench_compare.py.
#ifndef REFF_EXPERIMENTS_BENCH_BENCH_H
#define REFF_EXPERIMENTS_BENCH_BENCH_H

#include "core/base/error.h"
#include "core/graph/graph.h"
#include "core/kernels/convolution_shape.h"
#include "core/kernels/isa.h"
#include "core/train/train.h"

#include <jansson.h>
#include <stdio.h>

struct bench_effort { // how long each thing is measured
    int threads;
    double seconds; // at least
};

// ---- repetitions: experiments/bench/bench_repeats.c

enum { BENCH_REPEATS_MAXIMUM = 32 };

struct bench_repeats { // all zero: none yet
    long seen;         // repetitions
    double fastest;    // seconds of the fastest of all
    int count, stride; // those that are kept: every stride-th, from the first on
    double seconds[BENCH_REPEATS_MAXIMUM];
};

void bench_repeats_add(struct bench_repeats *repeats, double seconds);
void bench_sort(double *values, int count);                       // from the least on
double bench_median(double *values, int count);                   // which it sorts; 0: there are none
double bench_repeats_median(const struct bench_repeats *repeats); // of those kept; 0: there are none

// {"fastest": seconds, "repeats": [seconds]}, the latter to four digits, and back.
json_t *bench_repeats_json(const struct bench_repeats *repeats);
void bench_repeats_read(struct bench_repeats *out, const json_t *value);

// ---- limits of the machine: experiments/bench/bench_limits.c

struct bench_limits { // all threads together; 0: the processor has no such instructions
    double f32_gflops, bf16_gflops, read_gbs;
    const char *f32_unit, *bf16_unit; // "AVX-512", "AMX-BF16"; "none"
};

int bench_limits_measure(struct bench_limits *out, const struct bench_effort *effort, struct error *err);

// ---- precisions: experiments/bench/bench_steps.c

// Those measured: f32 (f64 in a build in double), and bf16 where `auto` would choose it.
int bench_measures(enum precision precision);
const char *bench_precision_name(enum precision precision); // "f32", "f64", "bf16"
double bench_limit(const struct bench_limits *limits, enum precision precision);

// ---- training steps: experiments/bench/bench_steps.c

struct bench_case {                 // a network of experiments/bench/bench.ini with a method
    struct train_settings training; // the profile's
    int pixels, classes;
    enum precision precision; // that of `training`
    int scaling;              // whether its threads are measured (bench_scaling.c)
};

struct bench_cases {
    int count;
    struct bench_case *items;
};

// The cases of the networks and methods in these lists ("resnet50,small"; networks "": all of bench.ini), in
// bench.ini's order, each in every precision. Free with bench_cases_free, also after a failure.
int bench_cases_read(struct bench_cases *out, const char *networks, const char *methods, struct error *err);
void bench_cases_free(struct bench_cases *cases);

struct bench_peer { // the same step, or the same convolution, by someone else
    char name[64];  // "PyTorch 1.13.1, contiguous"; "": not measured
    double images_per_s, peak_mb;
};

struct bench_step {
    double seconds, images_per_s; // of the fastest step
    struct bench_repeats repeats;
    double peak_mb;          // high-water mark of the process, program and libraries included
    double parameters;       // how many numbers are trained
    double gflop;            // multiplications and additions of its products
    double gbyte;            // if each map of each layer read and wrote its arrays once
    json_t *kinds, *slowest; // bench_layers_json
    struct bench_peer peer;
};

int bench_step_measure(struct bench_step *out, const struct bench_case *c, const struct bench_effort *effort,
                       struct error *err);
void bench_step_free(struct bench_step *step);

// Steps of a trainer made for them, after some to warm up, in this process: for children. `warm` is called
// between the two; NULL: nothing is.
int bench_step_run(struct bench_repeats *out, const struct bench_case *c, const struct bench_effort *effort,
                   void (*warm)(void *context), void *context, struct error *err);

// ---- where a step's time goes: experiments/bench/bench_layers.c

struct bench_layers { // an observer of a graph
    const struct graph *graph;
    double began;           // the map at hand
    double in_layers;       // seconds of this step so far
    double *seconds;        // [nodes][MAP_COUNT] of the fastest time; 0: never run
    double outside, update; // the same of what is in no layer, and of the optimiser
};

int bench_layers_watch(struct bench_layers *layers, struct graph *g, struct error *err);
void bench_layers_free(struct bench_layers *layers); // before the graph, which loses its observer

// A step has ended whose gradient and update took so long.
void bench_layers_end_step(struct bench_layers *layers, double gradient, double update);

// {"kinds": [{"layer", "map", "seconds", "share"}], "slowest": [{"node", "layer", "map", "seconds",
// "share"}]} of the steps seen. Images and losses, which are in no layer, are a kind too, and so is the
// optimiser: the shares sum to 1.
json_t *bench_layers_json(const struct bench_layers *layers, struct error *err);

// Work of one step, counted from the graph as it is planned (see struct bench_step).
void bench_layers_work(const struct graph *g, double *flop, double *bytes);

// ---- convolutions: experiments/bench/bench_convolutions.c

enum bench_product { BENCH_FORWARD, BENCH_DATA, BENCH_WEIGHT, BENCH_PRODUCTS };
extern const char *const bench_products[BENCH_PRODUCTS]; // "forward", "data", "weight"

struct bench_convolution {
    struct convolution shape;
    int of_images; // its input is the images, which need no gradient
    double gflops[BENCH_PRODUCTS];
    struct bench_repeats repeats[BENCH_PRODUCTS];
    double onednn_gflops[BENCH_PRODUCTS]; // 0: not measured
};

struct bench_convolutions {
    int count;
    struct bench_convolution *items;
};

// The distinct convolutions of a case's network, each in every precision. Free with bench_convolutions_free,
// also after a failure.
int bench_convolutions_list(struct bench_convolutions *out, const struct bench_case *c, struct error *err);
int bench_convolution_measure(struct bench_convolution *out, const struct bench_effort *effort,
                              struct error *err);
void bench_convolutions_free(struct bench_convolutions *convolutions);

enum { BENCH_SHAPE_SIZE = 96 };
// "16 x 64x56x56 -> 256x56x56, 1x1 / 1": images, input, output, kernel, stride.
char *bench_shape_text(const struct convolution *c, char out[BENCH_SHAPE_SIZE]);
double bench_convolution_flop(const struct convolution *c);  // of any of the three products
double bench_convolution_bytes(const struct convolution *c); // of input, weight and output together

// ---- data: experiments/bench/bench_data.c

struct bench_data { // what is 0 was not measured
    int images, pixels;
    double bytes;                  // of the shard
    struct bench_repeats generate, // until the shard is on disk with its manifest: what `reff gen` does
        processor,                 // processor time of that, of all threads, in the program and in the kernel
        plain;                     // as many bytes written in pieces of 1 MB, until they are on disk
    int read_again;                // the shard was, for its digest
    // Read in random order, by training's batches: from a shard in memory, and from one too large for that.
    double memory_images_per_s, file_images_per_s;
    struct bench_peer peer; // a loop in Pillow and NumPy, which writes no file
};

// The shards are made beside `beside` ("-": in $TMPDIR, or /tmp), so many times, and removed.
int bench_data_measure(struct bench_data *out, int images, int rounds, const char *beside,
                       const struct bench_effort *effort, struct error *err);
double bench_data_share_of_disk(const struct bench_data *data); // of its plain rate, that generating reaches
json_t *bench_data_json(const struct bench_data *data);         // null: not measured
void bench_data_print(FILE *out, const struct bench_data *data);

// ---- threads of a run, and runs at once: experiments/bench/bench_scaling.c

enum { BENCH_SCALING_MAXIMUM = 16 };

struct bench_scaling { // of one case; `of` NULL: not measured
    const struct bench_case *of;
    int count;
    struct bench_scaling_row {
        int threads;           // of a run
        int jobs;              // runs at once that keep all threads at work
        double images_per_s;   // of one run alone
        double together_per_s; // of all these runs; 0: memory does not hold them
    } rows[BENCH_SCALING_MAXIMUM];
};

// Rows of 1, 2, 4, ... and all threads, without their rates.
void bench_scaling_plan(struct bench_scaling *out, const struct bench_case *c, int threads);

// The rates. memory: bytes that all runs together may use; 0: unknown, any.
int bench_scaling_measure(struct bench_scaling *out, double memory, const struct bench_effort *effort,
                          struct error *err);

// The row with the most images a second in all; NULL: nothing is measured.
const struct bench_scaling_row *bench_scaling_best(const struct bench_scaling *scaling);
json_t *bench_scaling_json(const struct bench_scaling *scaling);
void bench_scaling_print(FILE *out, const struct bench_scaling *scaling);

// ---- peers: experiments/bench/bench_peers.c

struct bench_peers {
    char torch[32];  // PyTorch's version; "": not installed, or not asked for
    char onednn[32]; // oneDNN's
    char pillow[32]; // Pillow's; NumPy is there too
};

enum bench_peers_wish { BENCH_PEERS_NONE, BENCH_PEERS_FOUND, BENCH_PEERS_ALL };

// What is installed (a build in double has no peers). BENCH_PEERS_ALL: fails when one is missing.
int bench_peers_find(struct bench_peers *peers, enum bench_peers_wish wish, struct error *err);

// The step in the faster of PyTorch's two memory formats, in float32 whatever the precision of ours. Leaves
// peer->name empty for methods and networks that scripts/bench_peer.py does not have.
int bench_peer_step(struct bench_peer *peer, const struct bench_peers *peers, const struct bench_case *c,
                    double parameters, const struct bench_effort *effort, struct error *err);

// Fills in onednn_gflops. Only where oneDNN is there.
int bench_peer_convolution(struct bench_convolution *convolution, const struct bench_effort *effort,
                           struct error *err);

// Fills in data->peer. Only where Pillow is there.
int bench_peer_generator(struct bench_data *data, const struct bench_peers *peers,
                         const struct bench_effort *effort, struct error *err);

// ---- goals: experiments/bench/bench_goals.c

struct bench_report;

enum bench_kind {     // of machine, as far as goals differ
    BENCH_KIND_F32,   // `auto` takes f32
    BENCH_KIND_PAIRS, // bf16, by dot products of pairs
    BENCH_KIND_TILES, // bf16, by AMX's tiles
    BENCH_KINDS,
};

enum bench_kind bench_kind_of(enum precision automatic, enum isa for_bf16);
enum precision bench_kind_precision(enum bench_kind kind);

enum { BENCH_GOALS = 13 };

struct bench_goal {
    const char *figure;
    double value; // 0: not measured
    double goal;
    int at_most;    // the goal is not to be passed; else it is to be reached
    char peer[128]; // what the value is compared with; "": not measured
};

void bench_goals_evaluate(struct bench_goal out[BENCH_GOALS], const struct bench_report *report);
int bench_goal_met(const struct bench_goal *goal); // of one that was measured
json_t *bench_goals_json(const struct bench_report *report);
void bench_goals_print(FILE *out, const struct bench_report *report);

// ---- results: experiments/bench/bench_report.c

struct bench_report {
    json_t *machine;
    enum bench_kind kind;
    struct bench_effort effort;
    struct bench_limits limits;
    struct bench_cases cases;
    struct bench_step *steps; // [cases.count]
    struct bench_convolutions convolutions;
    struct bench_data data;
    struct bench_scaling *scaling; // [cases.count]
};

// What a step is known by: {"model", "pixels", "batch", "method", "precision"}.
json_t *bench_case_json(const struct bench_case *c);

enum { BENCH_NUMBER_SIZE = 24 };
// A number to three digits, or "-" for one that is not known (0).
const char *bench_number_text(double number, char out[BENCH_NUMBER_SIZE]);
json_t *bench_number_json(double number); // null for one that is not known

json_t *bench_report_json(const struct bench_report *report, struct error *err);
void bench_report_print(FILE *out, const struct bench_report *report);

#endif
