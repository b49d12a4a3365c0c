// SPDX-License-Identifier: Apache-2.0
// reff bench: how fast training steps are on this machine, beside what it can do at most.
#include "core/base/file.h"
#include "core/base/interrupt.h"
#include "core/base/json_fields.h"
#include "core/base/limits.h"
#include "core/base/memory.h"
#include "core/base/options.h"
#include "core/base/progress.h"
#include "core/base/provenance.h"
#include "core/base/suggest.h"
#include "core/kernels/arithmetic.h"
#include "experiments/bench/bench.h"
#include "experiments/command/commands.h"

#include <libgen.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#define BENCH_PARTS "steps,convolutions,data,scaling"

struct bench_options {
    char model[SETTING_TEXT_SIZE], method[SETTING_TEXT_SIZE], parts[SETTING_TEXT_SIZE],
        peers[SETTING_WORD_SIZE], output[SETTING_TEXT_SIZE];
    int threads, quick, json;
};

typedef struct bench_options O;

static const struct setting schema[] = {
    SETTING_PATH(
        O, model, "", "NAMES",
        "networks of experiments/bench/bench.ini, separated by commas; none: all (with --quick: small)"),
    SETTING_PATH(O, method, "baseline,reff", "NAMES", "methods, separated by commas"),
    SETTING_PATH(O, parts, BENCH_PARTS, "NAMES", "what is measured beside the limits, separated by commas"),
    SETTING_COUNT(O, threads, "0", 0, 1024, "threads", "threads; 0: all cores"),
    SETTING_CHOICE(
        O, peers, "found", "none found all",
        "PyTorch, oneDNN and Pillow: leave them out, measure those installed, fail when one is missing"),
    SETTING_SWITCH(O, quick, "a tenth of the time for each measurement: a first impression"),
    SETTING_PATH(O, output, "results/bench/step.json", "FILE", "results as JSON; -: none"),
    SETTING_SWITCH(O, json, "print the results as JSON instead of tables"),
    SETTING_END,
};

static const struct command command = {
    .name = "bench",
    .arguments = "",
    .summary = "Measure how fast training steps and their convolutions are, beside the machine's limits.",
    .description =
        "Limits: multiplications in registers and reading of memory, by all threads together. Steps: forward "
        "and backward passes and update of networks with settings of profiles (experiments/bench/bench.ini), "
        "on images made up once, and where each step's time goes, by layer and map. Convolutions: each shape "
        "of the first network. Data: images generated to disk, beside as many bytes written plainly, and "
        "read "
        "again; 800 MB at a time, beside the results (with --quick 40 MB), removed afterwards. Scaling: "
        "steps "
        "on 1, 2, 4, ... and all threads, and by several runs at once. All that stands beside the project's "
        "goals for such a machine. Where PyTorch (python3-torch), oneDNN, and Pillow with NumPy are "
        "installed "
        "they are measured too; make bench PEER=1 installs them. Nothing else should run meanwhile. "
        "scripts/bench_compare.py compares two files of results.",
    .example = "reff bench --model resnet50 --method reff --threads 2",
    .minimum_words = 0,
    .maximum_words = 0,
    .schema = schema,
};

// ---------------------------------------------------------------------------------------- measuring

enum bench_part { PART_STEPS, PART_CONVOLUTIONS, PART_DATA, PART_SCALING, PARTS }; // as BENCH_PARTS has them

struct bench {
    struct bench_report report;
    struct bench_peers peers;
    int strict; // a peer that fails is our failure
    int parts[PARTS];
    int images, rounds; // of the data
    const char *output;
    struct progress progress;
    int done;
};

// Says what is measured next; -1 when the user has interrupted.
static int begin(struct bench *b, const char *what, struct error *err) {
    if (interrupt_requested())
        return fail_interrupted(err, "interrupted before %s", what);
    progress_update(&b->progress, b->done++, what);
    return 0;
}

// A peer that does not do its work leaves its places empty, unless it was asked for by name.
static int forgive(const struct bench *b, const struct error *peer, struct error *err) {
    if (b->strict) {
        *err = *peer;
        return -1;
    }
    fprintf(stderr, "reff: %s\n", peer->message);
    return 0;
}

static int measure_step(struct bench *b, int i, struct error *err) {
    const struct bench_case *c = &b->report.cases.items[i];
    struct bench_step *s = &b->report.steps[i];
    struct error peer = {0};
    char what[160];
    snprintf(what, sizeof what, "%s, %s, %s", c->training.model, c->training.method,
             bench_precision_name(c->precision));
    if (begin(b, what, err) || bench_step_measure(s, c, &b->report.effort, err))
        return -1;
    if (c->precision != PRECISION_F32) { // the peer has but one, and was measured with our first
        s->peer = b->report.steps[i - 1].peer;
        return 0;
    }
    return bench_peer_step(&s->peer, &b->peers, c, s->parameters, &b->report.effort, &peer) &&
                   forgive(b, &peer, err)
               ? -1
               : 0;
}

static int measure_convolution(struct bench *b, struct bench_convolution *c, struct error *err) {
    struct error peer = {0};
    char shape[BENCH_SHAPE_SIZE];
    if (begin(b, bench_shape_text(&c->shape, shape), err) ||
        bench_convolution_measure(c, &b->report.effort, err))
        return -1;
    return *b->peers.onednn && bench_peer_convolution(c, &b->report.effort, &peer) && forgive(b, &peer, err)
               ? -1
               : 0;
}

static int measure_data(struct bench *b, struct error *err) {
    struct bench_report *r = &b->report;
    struct error peer = {0};
    if (begin(b, "data", err) ||
        bench_data_measure(&r->data, b->images, b->rounds, b->output, &r->effort, err))
        return -1;
    return *b->peers.pillow && bench_peer_generator(&r->data, &b->peers, &r->effort, &peer) &&
                   forgive(b, &peer, err)
               ? -1
               : 0;
}

// The last case of a network: in the precision that `auto` takes.
static int is_scaled(const struct bench_cases *cases, int i) {
    return cases->items[i].scaling &&
           (i + 1 == cases->count ||
            strcmp(cases->items[i].training.model, cases->items[i + 1].training.model) != 0);
}

static int measure_scaling(struct bench *b, int i, struct error *err) {
    struct bench_report *r = &b->report;
    if (!is_scaled(&r->cases, i))
        return 0;
    char what[80];
    snprintf(what, sizeof what, "%s on fewer threads", r->cases.items[i].training.model);
    bench_scaling_plan(&r->scaling[i], &r->cases.items[i], r->effort.threads);
    return begin(b, what, err) || bench_scaling_measure(&r->scaling[i], limits_memory(), &r->effort, err) ? -1
                                                                                                          : 0;
}

// Data first: a disk that is too small for them is found before the long measurements.
static int measure_all(struct bench *b, struct error *err) {
    struct bench_report *r = &b->report;
    int failed = begin(b, "limits", err) || bench_limits_measure(&r->limits, &r->effort, err) ||
                 (b->parts[PART_DATA] && measure_data(b, err));
    for (int i = 0; i < r->cases.count && b->parts[PART_STEPS] && !failed; i++)
        failed = measure_step(b, i, err);
    for (int i = 0; i < r->convolutions.count && !failed; i++)
        failed = measure_convolution(b, &r->convolutions.items[i], err);
    for (int i = 0; i < r->cases.count && b->parts[PART_SCALING] && !failed; i++)
        failed = measure_scaling(b, i, err);
    return failed ? -1 : 0;
}

// ---------------------------------------------------------------------------------------- the command

// What the numbers were made with, beside the limits' units.
static int describe_machine(struct bench *b, struct error *err) {
    struct bench_report *r = &b->report;
    r->machine = provenance_json(err);
    if (!r->machine)
        return -1;
    json_object_set_new(r->machine, "threads", json_integer(r->effort.threads));
    json_object_set_new(r->machine, "seconds", json_real(r->effort.seconds));
    double load = 0; // of the last minute: what else was running, or what this had to be compiled with
    json_object_set_new(r->machine, "load", getloadavg(&load, 1) == 1 ? json_real(load) : json_null());
    json_object_set_new(r->machine, "pytorch", *b->peers.torch ? json_string(b->peers.torch) : json_null());
    json_object_set_new(r->machine, "onednn", *b->peers.onednn ? json_string(b->peers.onednn) : json_null());
    json_object_set_new(r->machine, "pillow", *b->peers.pillow ? json_string(b->peers.pillow) : json_null());
    json_object_set_new(r->machine, "automatic_precision",
                        json_string(bench_precision_name(bench_kind_precision(r->kind))));
    return 0;
}

// A place that cannot be written to is found before the minutes of measuring, not after.
static int prepare_output(const char *path, struct error *err) {
    char folder[PATH_SIZE];
    snprintf(folder, sizeof folder, "%s", path);
    return !strcmp(path, "-")                                                  ? 0
           : folder_make(dirname(folder), err) || file_check_target(path, err) ? -1
                                                                               : 0;
}

static int choose_parts(struct bench *b, const char *list, struct error *err) {
    static const char *const names[PARTS] = {"steps", "convolutions", "data", "scaling"};
    struct suggestion near;
    for (const char *at = list; *at;) {
        char word[SETTING_WORD_SIZE];
        int length = (int)strcspn(at, ","), known = 0;
        snprintf(word, sizeof word, "%.*s", length, at);
        for (int i = 0; i < PARTS; i++)
            if (!strcmp(word, names[i]))
                b->parts[i] = known = 1;
        if (!known)
            return fail_usage(err, "--parts: '%s'%s is none of: " BENCH_PARTS, word,
                              suggest_from_list(&near, word, "steps convolutions data scaling"));
        at += length + (at[length] == ',');
    }
    return 0;
}

static int prepare(struct bench *b, const struct bench_options *o, struct error *err) {
    struct bench_report *r = &b->report;
    const char *networks = *o->model || !o->quick ? o->model : "small";
    const enum bench_peers_wish wish = !strcmp(o->peers, "none")    ? BENCH_PEERS_NONE
                                       : !strcmp(o->peers, "found") ? BENCH_PEERS_FOUND
                                                                    : BENCH_PEERS_ALL;
    b->strict = wish == BENCH_PEERS_ALL;
    r->effort = (struct bench_effort){.threads = o->threads ? o->threads : omp_get_max_threads(),
                                      .seconds = o->quick ? 0.1 : 1};
    r->kind = bench_kind_of(arithmetic_auto()->precision, isa_for_bf16());
    b->images = o->quick ? 200 : 4000;
    b->rounds = o->quick ? 1 : 3;
    b->output = o->output;
    if (choose_parts(b, o->parts, err) || bench_cases_read(&r->cases, networks, o->method, err) ||
        prepare_output(o->output, err) ||
        (b->parts[PART_CONVOLUTIONS] && bench_convolutions_list(&r->convolutions, &r->cases.items[0], err)) ||
        bench_peers_find(&b->peers, wish, err) || describe_machine(b, err))
        return -1;
    r->steps = allocate((size_t)r->cases.count, sizeof *r->steps, "the steps", err);
    r->scaling = r->steps ? allocate((size_t)r->cases.count, sizeof *r->scaling, "the scaling", err) : NULL;
    int measurements =
        1 + b->parts[PART_DATA] + b->parts[PART_STEPS] * r->cases.count + r->convolutions.count;
    for (int i = 0; i < r->cases.count && b->parts[PART_SCALING]; i++)
        measurements += is_scaled(&r->cases, i);
    progress_start(&b->progress, "bench", "measurements", measurements, 0);
    return r->scaling ? 0 : -1;
}

static int publish(const struct bench *b, const struct bench_options *o, struct error *err) {
    json_t *results = bench_report_json(&b->report, err);
    char *text = results && o->json ? json_text(results) : NULL;
    int failed = !results || (strcmp(o->output, "-") && json_write(o->output, results, err));
    if (!failed && text)
        puts(text);
    else if (!failed && o->json)
        failed = fail_memory(err, "the results");
    else if (!failed)
        bench_report_print(stdout, &b->report);
    if (!failed && !o->json && strcmp(o->output, "-"))
        printf("Written to %s.\n", o->output);
    free(text);
    json_decref(results);
    return failed ? -1 : 0;
}

int command_bench(int argc, char **argv, struct error *err) {
    static struct bench_options o;
    static struct bench b;
    struct words words;
    int result = options_parse(&command, argc, argv, &o, &words, err);
    if (result)
        return result < 0 ? -1 : 0;
    int failed = prepare(&b, &o, err) || measure_all(&b, err);
    progress_end(&b.progress);
    failed = failed || publish(&b, &o, err);
    for (int i = 0; i < b.report.cases.count && b.report.steps; i++)
        bench_step_free(&b.report.steps[i]);
    free(b.report.steps);
    free(b.report.scaling);
    bench_cases_free(&b.report.cases);
    bench_convolutions_free(&b.report.convolutions);
    json_decref(b.report.machine);
    return failed ? -1 : 0;
}
