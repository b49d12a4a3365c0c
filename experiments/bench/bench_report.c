// SPDX-License-Identifier: Apache-2.0
// The results of `reff bench`, as JSON for programs and as tables for people.
#include "core/base/json_fields.h"
#include "core/base/version.h"
#include "experiments/bench/bench.h"

#include <stdlib.h>
#include <string.h>

// ---------------------------------------------------------------------------------------- JSON

json_t *bench_number_json(double number) {
    return number > 0 ? json_real(number) : json_null();
}

static double ratio(double a, double b) {
    return b > 0 ? a / b : 0;
}

// What the products of that precision ran with: chosen at run time, or what the program was compiled for.
static const char *isa(const struct bench_report *r, enum precision precision) {
    const char *chosen = precision_isa(precision);
    return chosen ? chosen : json_field_text(r->machine, "instruction_set");
}

static json_t *limits_json(const struct bench_limits *l) {
    return json_pack("{s:o, s:o, s:o}", "f32_gflops", bench_number_json(l->f32_gflops), "bf16_gflops",
                     bench_number_json(l->bf16_gflops), "read_gbs", bench_number_json(l->read_gbs));
}

json_t *bench_case_json(const struct bench_case *c) {
    return json_pack("{s:s, s:i, s:i, s:s, s:s}", "model", c->training.model, "pixels", c->pixels, "batch",
                     c->training.batch, "method", c->training.method, "precision",
                     bench_precision_name(c->precision));
}

// In "steps" and in "layers".
static json_t *case_json(const struct bench_report *r, const struct bench_case *c) {
    json_t *known_by = bench_case_json(c);
    json_object_set_new(known_by, "isa", json_string(isa(r, c->precision)));
    return known_by;
}

// The repetitions' seconds alone.
static json_t *repeats_json(const struct bench_repeats *repeats) {
    json_t *both = bench_repeats_json(repeats), *seconds = json_incref(json_object_get(both, "repeats"));
    json_decref(both);
    return seconds;
}

static json_t *step_json(const struct bench_report *r, int i) {
    const struct bench_step *s = &r->steps[i];
    json_t *step = case_json(r, &r->cases.items[i]);
    json_object_update_new(
        step, json_pack("{s:f, s:o, s:s?, s:o, s:o, s:f, s:o}", "images_per_s", s->images_per_s, "repeats",
                        repeats_json(&s->repeats), "peer", *s->peer.name ? s->peer.name : NULL,
                        "peer_images_per_s", bench_number_json(s->peer.images_per_s), "ratio",
                        bench_number_json(ratio(s->images_per_s, s->peer.images_per_s)), "peak_mb",
                        s->peak_mb, "peer_peak_mb", bench_number_json(s->peer.peak_mb)));
    return step;
}

static double share_of_limit(const struct bench_report *r, int i) {
    return ratio(r->steps[i].gflop / r->steps[i].seconds,
                 bench_limit(&r->limits, r->cases.items[i].precision));
}
static double share_of_read(const struct bench_report *r, int i) {
    return ratio(r->steps[i].gbyte / r->steps[i].seconds, r->limits.read_gbs);
}

static json_t *layers_json(const struct bench_report *r, int i) {
    const struct bench_step *s = &r->steps[i];
    json_t *layers = case_json(r, &r->cases.items[i]);
    json_object_update_new(layers, json_pack("{s:f, s:f, s:f, s:o, s:o, s:O, s:O}", "seconds", s->seconds,
                                             "gflop", s->gflop, "gbyte", s->gbyte, "share_of_limit",
                                             bench_number_json(share_of_limit(r, i)), "share_of_read",
                                             bench_number_json(share_of_read(r, i)), "kinds", s->kinds,
                                             "slowest", s->slowest));
    return layers;
}

static void append_convolution(json_t *list, const struct bench_report *r,
                               const struct bench_convolution *c) {
    enum precision precision = c->shape.precision;
    char shape[BENCH_SHAPE_SIZE];
    bench_shape_text(&c->shape, shape);
    for (int p = 0; p < BENCH_PRODUCTS; p++)
        if (c->gflops[p] > 0)
            json_array_append_new(
                list, json_pack("{s:s, s:s, s:s, s:s, s:f, s:o, s:o, s:o}", "shape", shape, "map",
                                bench_products[p], "precision", bench_precision_name(precision), "isa",
                                isa(r, precision), "gflops", c->gflops[p], "repeats",
                                repeats_json(&c->repeats[p]), "share_of_limit",
                                bench_number_json(ratio(c->gflops[p], bench_limit(&r->limits, precision))),
                                "onednn_gflops", bench_number_json(c->onednn_gflops[p])));
}

json_t *bench_report_json(const struct bench_report *r, struct error *err) {
    json_t *steps = json_array(), *convolutions = json_array(), *layers = json_array(),
           *scaling = json_array();
    for (int i = 0; i < r->cases.count; i++) {
        if (r->scaling[i].of)
            json_array_append_new(scaling, bench_scaling_json(&r->scaling[i]));
        if (r->steps[i].seconds <= 0) // not measured
            continue;
        json_array_append_new(steps, step_json(r, i));
        json_array_append_new(layers, layers_json(r, i));
    }
    for (int i = 0; i < r->convolutions.count; i++)
        append_convolution(convolutions, r, &r->convolutions.items[i]);
    json_t *all =
        json_pack("{s:O, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "machine", r->machine, "limits",
                  limits_json(&r->limits), "goals", bench_goals_json(r), "steps", steps, "convolutions",
                  convolutions, "layers", layers, "data", bench_data_json(&r->data), "scaling", scaling);
    if (!all)
        fail_memory(err, "the results");
    return all;
}

// ---------------------------------------------------------------------------------------- tables

enum { CELL = BENCH_NUMBER_SIZE };

const char *bench_number_text(double number, char out[BENCH_NUMBER_SIZE]) {
    snprintf(out, CELL, number <= 0 ? "-" : number < 10 ? "%.2f" : number < 100 ? "%.1f" : "%.0f", number);
    return out;
}

static const char *percent_text(double share, char out[CELL]) {
    snprintf(out, CELL, share > 0 ? "%.0f %%" : "-", 100 * share);
    return out;
}

static void print_limits(FILE *out, const struct bench_report *r) {
    char f32[CELL], bf16[CELL], read[CELL];
    const struct bench_limits *l = &r->limits;
    fprintf(out, "%s, threads: %d; reff %s, %s", json_field_text(r->machine, "processor"), r->effort.threads,
            REFF_VERSION, isa(r, PRECISION_F32));
    if (bench_measures(PRECISION_BF16))
        fprintf(out, ", in bf16 %s", isa(r, PRECISION_BF16));
    fprintf(out, "; load average as it began: %.1f\n\n", json_field_number(r->machine, "load"));
    fprintf(out, "Limits: f32 %s GFLOP/s (%s), bf16 %s GFLOP/s (%s), reading memory %s GB/s\n\n",
            bench_number_text(l->f32_gflops, f32), l->f32_unit, bench_number_text(l->bf16_gflops, bf16),
            l->bf16_unit, bench_number_text(l->read_gbs, read));
}

static void print_steps(FILE *out, const struct bench_report *r) {
    char a[CELL], b[CELL], c[CELL], d[CELL], e[CELL], f[CELL], g[CELL];
    int with_peer = 0;
    fprintf(out, "%-9s %6s %5s %-13s %-4s %9s %10s %8s %8s", "step", "pixels", "batch", "method", "",
            "images/s", "arithmetic", "memory", "peak MB");
    for (int i = 0; i < r->cases.count; i++)
        with_peer |= *r->steps[i].peer.name != 0;
    fprintf(out, with_peer ? " | %9s %6s %8s  %s\n" : "\n", "images/s", "ratio", "peak MB", "peer");
    for (int i = 0; i < r->cases.count; i++) {
        const struct bench_case *k = &r->cases.items[i];
        const struct bench_step *s = &r->steps[i];
        fprintf(out, "%-9s %6d %5d %-13s %-4s %9s %10s %8s %8s", k->training.model, k->pixels,
                k->training.batch, k->training.method, bench_precision_name(k->precision),
                bench_number_text(s->images_per_s, a), percent_text(share_of_limit(r, i), b),
                percent_text(share_of_read(r, i), c), bench_number_text(s->peak_mb, d));
        if (with_peer)
            fprintf(out, " | %9s %6s %8s  %s", bench_number_text(s->peer.images_per_s, e),
                    bench_number_text(ratio(s->images_per_s, s->peer.images_per_s), f),
                    bench_number_text(s->peer.peak_mb, g), s->peer.name);
        fputc('\n', out);
    }
    fputs(
        "\nImages a second in the fastest step. Arithmetic: share of the limit that its convolutions and "
        "matrix "
        "products reach;\nmemory: the same, if each map of each layer read and wrote its arrays once. Peak: "
        "resident memory of the whole process.\n\n",
        out);
}

static void print_convolution(FILE *out, const struct bench_report *r, const struct bench_convolution *c) {
    double bytes_per_flop = bench_convolution_bytes(&c->shape) / bench_convolution_flop(&c->shape);
    double limit = bench_limit(&r->limits, c->shape.precision);
    for (int p = 0; p < BENCH_PRODUCTS; p++) {
        char shape[BENCH_SHAPE_SIZE], a[CELL], b[CELL], d[CELL], e[CELL];
        if (c->gflops[p] > 0)
            fprintf(out, "%-46s %-8s %-4s %7s %11s %7s %7s\n", p ? "" : bench_shape_text(&c->shape, shape),
                    bench_products[p], bench_precision_name(c->shape.precision),
                    bench_number_text(c->gflops[p], a), percent_text(ratio(c->gflops[p], limit), b),
                    percent_text(ratio(c->gflops[p] * bytes_per_flop, r->limits.read_gbs), d),
                    bench_number_text(c->onednn_gflops[p], e));
    }
}

static void print_convolutions(FILE *out, const struct bench_report *r) {
    fprintf(out, "%-60s %7s %11s %7s %7s\n", "convolution (images x input -> output, kernel / stride)",
            "GFLOP/s", "arithmetic", "memory", "oneDNN");
    for (int i = 0; i < r->convolutions.count; i++)
        print_convolution(out, r, &r->convolutions.items[i]);
    fputs("\nThe fastest run. Memory: the same, if operands and result moved once (above 100 %: they stay in "
          "caches). oneDNN: GFLOP/s.\n\n",
          out);
}

// "  52 %   79 %   91 %": the least, the median (of an even number the upper one) and the most.
static void print_spread(FILE *out, double *shares, int count) {
    int at[3] = {0, count / 2, count - 1};
    char text[CELL];
    bench_sort(shares, count);
    for (int i = 0; i < 3; i++)
        fprintf(out, " %7s", count ? percent_text(shares[at[i]], text) : "-");
}

// One map of all kernels of one size, in one precision.
static int print_summary_row(FILE *out, const struct bench_report *r, int kernel, int product,
                             enum precision precision) {
    double *shares = calloc(2 * (size_t)r->convolutions.count + 1, sizeof *shares), *of_onednn;
    int count = 0, compared = 0;
    if (!shares)
        return -1;
    of_onednn = shares + r->convolutions.count;
    for (int i = 0; i < r->convolutions.count; i++) {
        const struct bench_convolution *c = &r->convolutions.items[i];
        if (c->shape.kernel_w != kernel || c->shape.precision != precision || c->gflops[product] <= 0)
            continue;
        shares[count++] = ratio(c->gflops[product], bench_limit(&r->limits, precision));
        if (c->onednn_gflops[product] > 0)
            of_onednn[compared++] = ratio(c->gflops[product], c->onednn_gflops[product]);
    }
    if (count) {
        fprintf(out, "%d x %-8d %-8s %-4s %7d", kernel, kernel, bench_products[product],
                bench_precision_name(precision), count);
        print_spread(out, shares, count);
        print_spread(out, of_onednn, compared);
        fputs("\n", out);
    }
    free(shares);
    return 0;
}

static void print_summary(FILE *out, const struct bench_report *r) {
    int most = 0;
    for (int i = 0; i < r->convolutions.count; i++)
        most =
            r->convolutions.items[i].shape.kernel_w > most ? r->convolutions.items[i].shape.kernel_w : most;
    fprintf(out, "%-36s %-24s of oneDNN's rate\n%-36s", "", "of the arithmetic limit", "kernels");
    fprintf(out, " %7s %7s %7s %7s %7s %7s\n", "least", "median", "most", "least", "median", "most");
    for (int kernel = 1; kernel <= most; kernel++)
        for (enum precision precision = PRECISION_F32; precision <= PRECISION_BF16; precision++)
            for (int p = 0; p < BENCH_PRODUCTS; p++)
                if (print_summary_row(out, r, kernel, p, precision))
                    return; // no memory for a few numbers: the table ends here
    fputs("\n", out);
}

static const char *const map_columns[] = {"forward", "score", "tangent", "backward"};
enum { MAP_COLUMNS = sizeof map_columns / sizeof *map_columns };

// A row of shares for each kind of layer, a column for each map (what has no map: the first).
static void print_kinds(FILE *out, const json_t *kinds) {
    const char *last = "";
    int column = 0;
    size_t i;
    json_t *kind;
    fprintf(out, "  %-20s", "");
    for (int m = 0; m < MAP_COLUMNS; m++)
        fprintf(out, " %9s", map_columns[m]);
    json_array_foreach(kinds, i, kind) {
        const char *layer = json_field_text(kind, "layer"), *map = json_field_text(kind, "map");
        if (strcmp(layer, last)) {
            fprintf(out, "\n  %-20s", layer);
            column = 0;
        }
        for (; *map && column < MAP_COLUMNS && strcmp(map_columns[column], map); column++)
            fprintf(out, " %9s", "");
        fprintf(out, " %8.1f%%", 100 * json_field_number(kind, "share"));
        column++;
        last = layer;
    }
    fputs("\n", out);
}

static void print_layers(FILE *out, const struct bench_report *r, int i) {
    const struct bench_case *c = &r->cases.items[i];
    const json_t *slowest = r->steps[i].slowest;
    size_t n;
    json_t *node;
    fprintf(out, "Where the time of a step goes: %s, %d px, batch %d, %s, %s: %.1f ms\n", c->training.model,
            c->pixels, c->training.batch, c->training.method, bench_precision_name(c->precision),
            1e3 * r->steps[i].seconds);
    print_kinds(out, r->steps[i].kinds);
    fputs("  slowest:", out);
    json_array_foreach(slowest, n, node)
        fprintf(out, "%s %s %s %.1f%%", n ? n % 4 ? "," : ",\n          " : "", json_field_text(node, "node"),
                json_field_text(node, "map"), 100 * json_field_number(node, "share"));
    fputs("\n\n", out);
}

void bench_report_print(FILE *out, const struct bench_report *r) {
    int steps = r->cases.count && r->steps[0].seconds > 0; // they were measured, or not, as a whole
    print_limits(out, r);
    if (steps)
        print_steps(out, r);
    if (r->convolutions.count) {
        print_convolutions(out, r);
        print_summary(out, r);
    }
    for (int i = 0; i < r->cases.count && steps; i++)
        print_layers(out, r, i);
    bench_data_print(out, &r->data);
    for (int i = 0; i < r->cases.count; i++)
        bench_scaling_print(out, &r->scaling[i]);
    bench_goals_print(out, r);
}
