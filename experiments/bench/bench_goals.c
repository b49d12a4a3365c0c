// SPDX-License-Identifier: Apache-2.0
// How fast the project wants to be, and whether it is: the goals of docs/performance.md, with what was measured.
//
// All figures are ratios, mostly to a peer measured in the same run, so that they say the same on a slow machine and
// on a fast one. What goals are within reach depends on what the processor multiplies with; a step is that in the
// precision that `auto` takes there.
#include "core/base/json_fields.h"
#include "experiments/bench/bench.h"

#include <stdlib.h>
#include <string.h>

static const char *const kind_titles[BENCH_KINDS] = {"f32", "bf16 by dot products", "bf16 by AMX's tiles"};

enum bench_kind bench_kind_of(enum precision automatic, enum isa for_bf16) {
    return automatic != PRECISION_BF16 ? BENCH_KIND_F32
           : for_bf16 == ISA_AMX       ? BENCH_KIND_TILES
                                       : BENCH_KIND_PAIRS;
}

enum precision bench_kind_precision(enum bench_kind kind) {
    return kind == BENCH_KIND_F32 ? PRECISION_F32 : PRECISION_BF16;
}

// ---------------------------------------------------------------------------------------- what is measured

// A figure's value from the report, and its peer; 0: not measured.
typedef double figure_value(const struct bench_report *r, struct bench_goal *goal);

static const char big[] = "resnet50", small[] = "small";

static const struct bench_step *step_of(const struct bench_report *r, const char *model, const char *method) {
    for (int i = 0; r->steps && i < r->cases.count; i++) {
        const struct bench_case *c = &r->cases.items[i];
        if (!strcmp(c->training.model, model) && !strcmp(c->training.method, method) &&
            c->precision == bench_kind_precision(r->kind) && r->steps[i].seconds > 0)
            return &r->steps[i];
    }
    return NULL;
}

static void name_peer(struct bench_goal *goal, const char *name) {
    snprintf(goal->peer, sizeof goal->peer, "%s", name);
}

static double over_torch(const struct bench_report *r, struct bench_goal *goal, const char *model,
                         const char *method) {
    const struct bench_step *s = step_of(r, model, method);
    if (!s || s->peer.images_per_s <= 0)
        return 0;
    name_peer(goal, s->peer.name);
    return s->images_per_s / s->peer.images_per_s;
}

static double baseline(const struct bench_report *r, struct bench_goal *goal) {
    return over_torch(r, goal, big, "baseline");
}
static double reff(const struct bench_report *r, struct bench_goal *goal) {
    return over_torch(r, goal, big, "reff");
}
static double small_baseline(const struct bench_report *r, struct bench_goal *goal) {
    return over_torch(r, goal, small, "baseline");
}
static double small_reff(const struct bench_report *r, struct bench_goal *goal) {
    return over_torch(r, goal, small, "reff");
}

static double over_baseline(const struct bench_report *r, struct bench_goal *goal, const char *method) {
    const struct bench_step *penalised = step_of(r, big, method), *plain = step_of(r, big, "baseline");
    if (!penalised || !plain)
        return 0;
    name_peer(goal, "the baseline's step");
    return penalised->seconds / plain->seconds;
}
static double reff_over_baseline(const struct bench_report *r, struct bench_goal *goal) {
    return over_baseline(r, goal, "reff");
}
static double rrr_over_baseline(const struct bench_report *r, struct bench_goal *goal) {
    return over_baseline(r, goal, "rrr");
}

static double memory(const struct bench_report *r, struct bench_goal *goal) {
    const struct bench_step *s = step_of(r, big, "reff");
    if (!s || s->peer.peak_mb <= 0)
        return 0;
    name_peer(goal, s->peer.name);
    return s->peak_mb / s->peer.peak_mb;
}

// Shares of oneDNN's rate: one map (BENCH_PRODUCTS: all) of kernels of that size (0: any). How many there are; -1:
// no memory. The convolutions are the first network's, and the goals are for those of ResNet-50.
static int shares_of_onednn(const struct bench_report *r, int kernel, int product, double **shares) {
    int count = 0;
    *shares = calloc((size_t)r->convolutions.count * BENCH_PRODUCTS + 1, sizeof **shares);
    if (!*shares || !r->cases.count || strcmp(r->cases.items[0].training.model, big) != 0)
        return 0;
    for (int i = 0; i < r->convolutions.count; i++) {
        const struct bench_convolution *c = &r->convolutions.items[i];
        if (c->shape.precision != bench_kind_precision(r->kind) || (kernel && c->shape.kernel_w != kernel))
            continue;
        for (int p = 0; p < BENCH_PRODUCTS; p++)
            if ((product == BENCH_PRODUCTS || product == p) && c->gflops[p] > 0 && c->onednn_gflops[p] > 0)
                (*shares)[count++] = c->gflops[p] / c->onednn_gflops[p];
    }
    return count;
}

static void name_onednn(const struct bench_report *r, struct bench_goal *goal) {
    snprintf(goal->peer, sizeof goal->peer, "oneDNN %s", json_field_text(r->machine, "onednn"));
}

static double median_of_onednn(const struct bench_report *r, struct bench_goal *goal, int product) {
    double *shares;
    int count = shares_of_onednn(r, 1, product, &shares);
    double median = bench_median(shares, count);
    if (count)
        name_onednn(r, goal);
    free(shares);
    return median;
}

static double median_forward(const struct bench_report *r, struct bench_goal *goal) {
    return median_of_onednn(r, goal, BENCH_FORWARD);
}
static double median_data(const struct bench_report *r, struct bench_goal *goal) {
    return median_of_onednn(r, goal, BENCH_DATA);
}
static double median_weight(const struct bench_report *r, struct bench_goal *goal) {
    return median_of_onednn(r, goal, BENCH_WEIGHT);
}

static double least_of_onednn(const struct bench_report *r, struct bench_goal *goal) {
    double *shares, least = 0;
    int count = shares_of_onednn(r, 0, BENCH_PRODUCTS, &shares);
    for (int i = 0; i < count; i++)
        least = i && least < shares[i] ? least : shares[i];
    if (count)
        name_onednn(r, goal);
    free(shares);
    return least;
}

static double generator(const struct bench_report *r, struct bench_goal *goal) {
    if (r->data.images)
        name_peer(goal, "plain writes");
    return bench_data_share_of_disk(&r->data);
}

// The fastest step of the first network is what a loader has to keep up with. Images of another size than the
// network's say nothing. Read from the file: the paper's shards are larger than what is kept in memory.
static double loader(const struct bench_report *r, struct bench_goal *goal) {
    const struct bench_case *first = r->cases.count ? &r->cases.items[0] : NULL, *fastest = NULL;
    double training = 0;
    for (int i = 0; r->steps && i < r->cases.count; i++)
        if (!strcmp(r->cases.items[i].training.model, first->training.model) &&
            r->steps[i].images_per_s > training) {
            fastest = &r->cases.items[i];
            training = r->steps[i].images_per_s;
        }
    if (!fastest || fastest->pixels != r->data.pixels)
        return 0;
    snprintf(goal->peer, sizeof goal->peer, "training: %.40s, %.40s", fastest->training.model,
             fastest->training.method);
    return r->data.file_images_per_s / training;
}

// ---------------------------------------------------------------------------------------- the goals

// Steps are those of ResNet-50 at 224 px with 16 images, and of the small network at 32 px with 32
// (experiments/bench/bench.ini); PyTorch's are in f32 in the faster of its two memory formats.
static const struct {
    const char *figure;
    figure_value *value;
    int at_most;
    double
        goal[BENCH_KINDS]; // f32 (Intel with AVX-512; others), dot products (Zen 4), tiles (Intel with AMX)
} goals[BENCH_GOALS] = {
    // images a second, ours over PyTorch's
    {"baseline step / PyTorch", baseline, 0, {2.0, 2.6, 8}},
    {"ReFF step / PyTorch", reff, 0, {2.6, 4.0, 12}},
    {"small network, baseline step / PyTorch", small_baseline, 0, {4, 4, 5}},
    {"small network, ReFF step / PyTorch", small_reff, 0, {5, 5.5, 8}},
    // seconds of one over seconds of the other, ResNet-50: what the penalty costs
    {"ReFF step time / baseline step time", reff_over_baseline, 1, {1.9, 1.75, 1.9}},
    {"RRR step time / baseline step time", rrr_over_baseline, 1, {2.2, 2.2, 2.2}},
    // rates of the distinct convolutions of ResNet-50, ours over oneDNN's in the same precision
    {"1x1 convolutions / oneDNN, median, forward", median_forward, 0, {1.0, 1.0, 1.0}},
    {"1x1 convolutions / oneDNN, median, data", median_data, 0, {1.0, 1.0, 1.0}},
    {"1x1 convolutions / oneDNN, median, weight", median_weight, 0, {1.0, 1.0, 1.0}},
    {"any convolution, any map / oneDNN, least", least_of_onednn, 0, {.8, .8, .7}},
    // of the process, at its highest, program and libraries included
    {"peak memory, ReFF / PyTorch", memory, 1, {.5, .45, .45}},
    // time of as many bytes written plainly over time of a shard with its manifest, both until they are on disk
    {"generator / plain writes to the disk", generator, 0, {.8, .8, .8}},
    // images a second, read in random order over trained on
    {"loader / training", loader, 0, {10, 10, 10}},
};

void bench_goals_evaluate(struct bench_goal out[BENCH_GOALS], const struct bench_report *r) {
    for (int i = 0; i < BENCH_GOALS; i++) {
        out[i] = (struct bench_goal){
            .figure = goals[i].figure, .goal = goals[i].goal[r->kind], .at_most = goals[i].at_most};
        out[i].value = goals[i].value(r, &out[i]);
    }
}

int bench_goal_met(const struct bench_goal *g) {
    return g->at_most ? g->value <= g->goal : g->value >= g->goal;
}

json_t *bench_goals_json(const struct bench_report *r) {
    struct bench_goal evaluated[BENCH_GOALS];
    json_t *list = json_array();
    bench_goals_evaluate(evaluated, r);
    for (int i = 0; i < BENCH_GOALS; i++) {
        const struct bench_goal *g = &evaluated[i];
        json_array_append_new(list,
                              json_pack("{s:s, s:o, s:f, s:b, s:o, s:s?}", "figure", g->figure, "value",
                                        bench_number_json(g->value), "goal", g->goal, "at_most", g->at_most,
                                        "met", g->value > 0 ? json_boolean(bench_goal_met(g)) : json_null(),
                                        "peer", *g->peer ? g->peer : NULL));
    }
    return list;
}

void bench_goals_print(FILE *out, const struct bench_report *r) {
    struct bench_goal evaluated[BENCH_GOALS];
    char value[BENCH_NUMBER_SIZE], goal[BENCH_NUMBER_SIZE];
    int measured = 0, met = 0;
    bench_goals_evaluate(evaluated, r);
    fprintf(out, "Goals for machines where auto takes %s, and what was measured:\n", kind_titles[r->kind]);
    fprintf(out, "  %-44s %8s %16s  %-7s  %s\n", "figure", "value", "goal", "", "peer");
    for (int i = 0; i < BENCH_GOALS; i++) {
        const struct bench_goal *g = &evaluated[i];
        measured += g->value > 0;
        met += g->value > 0 && bench_goal_met(g);
        fprintf(out, "  %-44s %8s %8s %7s  %-7s  %s\n", g->figure, bench_number_text(g->value, value),
                g->at_most ? "at most" : "at least", bench_number_text(g->goal, goal),
                g->value <= 0       ? "-"
                : bench_goal_met(g) ? "met"
                                    : "not met",
                *g->peer ? g->peer : "-");
    }
    fprintf(
        out,
        "  %d of %d measured ones are met. The time of make table1 is a goal too, and not measured here.\n\n",
        met, measured);
}
