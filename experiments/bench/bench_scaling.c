// SPDX-License-Identifier: Apache-2.0
// What threads are good for: one run on 1, 2, 4, ... and all of them, and the runs on so many threads each that fit
// beside one another, all at work at once. A sweep has the same choice (JOBS= and THREADS=).
//
// Runs at once share caches, memory's rate and the processor's heat, so their sum is measured, not multiplied. All
// rates here are those of the median step: what a run meets on the whole, not at best.
#include "core/base/isolate.h"
#include "core/base/memory.h"
#include "experiments/bench/bench.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static const double share_of_memory = 0.85; // as experiments/sweep/resources.c has it

void bench_scaling_plan(struct bench_scaling *out, const struct bench_case *c, int threads) {
    *out = (struct bench_scaling){.of = c};
    for (int t = 1; out->count < BENCH_SCALING_MAXIMUM; t *= 2) {
        int now = t < threads ? t : threads;
        out->rows[out->count++] = (struct bench_scaling_row){.threads = now, .jobs = threads / now};
        if (now == threads)
            break;
    }
}

// ---------------------------------------------------------------------------------------- runs at once

// A line that nobody crosses before all have reached it: everyone holds the pipe's writing end open until then, and
// waits for the end of what can be read. Who dies lets go of it too.
struct line {
    int ends[2];
};

static void reach_line(void *context) {
    struct line *line = context;
    char none;
    close(line->ends[1]);
    while (read(line->ends[0], &none, 1) < 0 && errno == EINTR)
        ;
}

struct outcome { // in memory shared with the children
    double images_per_s, bytes;
    struct error err;
};

static void work(struct outcome *out, const struct bench_case *c, const struct bench_effort *effort,
                 struct line *line) {
    struct bench_repeats steps = {0};
    struct rusage usage;
    if (bench_step_run(&steps, c, effort, reach_line, line, &out->err) || memory_check(&out->err))
        return;
    getrusage(RUSAGE_SELF, &usage);
    out->bytes = 1024 * (double)usage.ru_maxrss;
    out->images_per_s = c->training.batch / bench_repeats_median(&steps);
}

// Starts the runs and waits for them; how many were started.
static int run_all(struct outcome *outcomes, int jobs, const struct bench_case *c,
                   const struct bench_effort *effort, struct line *line, struct error *err) {
    pid_t *children = allocate((size_t)jobs, sizeof *children, "runs at once", err);
    int started = 0;
    for (; children && started < jobs; started++) {
        children[started] = isolate_start(err);
        if (children[started] == 0) {
            work(&outcomes[started], c, effort, line);
            _exit(0);
        }
        if (children[started] < 0)
            break;
    }
    close(line->ends[1]);
    close(line->ends[0]);
    for (int i = 0; i < started; i++)
        while (waitpid(children[i], NULL, 0) < 0 && errno == EINTR)
            ;
    free(children);
    return started;
}

// Images a second of so many runs at once, all together; -1 on failure. *bytes: the memory of the last one.
static double measure_together(int jobs, const struct bench_case *c, const struct bench_effort *effort,
                               double *bytes, struct error *err) {
    struct line line;
    size_t size = (size_t)jobs * sizeof(struct outcome);
    double sum = 0;
    struct outcome *outcomes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (outcomes == MAP_FAILED)
        return fail_system(err, errno, "memory for %d runs at once", jobs);
    if (pipe(line.ends)) {
        fail_system(err, errno, "cannot make a pipe");
        sum = -1;
    } else if (run_all(outcomes, jobs, c, effort, &line, err) < jobs) {
        sum = -1;
    }
    for (int i = 0; i < jobs && sum >= 0; i++) {
        if (!(outcomes[i].images_per_s > 0)) {
            if (*outcomes[i].err.message)
                *err = outcomes[i].err;
            else
                fail(err, "%s: one of %d runs at once died", c->training.model, jobs);
            sum = -1;
        } else {
            sum += outcomes[i].images_per_s;
            *bytes = outcomes[i].bytes;
        }
    }
    munmap(outcomes, size);
    return sum;
}

int bench_scaling_measure(struct bench_scaling *out, double memory, const struct bench_effort *effort,
                          struct error *err) {
    for (int i = 0; i < out->count; i++) {
        struct bench_scaling_row *r = &out->rows[i];
        const struct bench_effort each = {.threads = r->threads, .seconds = effort->seconds};
        double bytes = 0;
        if ((r->images_per_s = measure_together(1, out->of, &each, &bytes, err)) < 0)
            return -1;
        if (r->jobs == 1)
            r->together_per_s = r->images_per_s;
        else if (memory <= 0 || r->jobs * bytes <= share_of_memory * memory)
            r->together_per_s = measure_together(r->jobs, out->of, &each, &bytes, err);
        if (r->together_per_s < 0)
            return -1;
    }
    return 0;
}

// ---------------------------------------------------------------------------------------- results

const struct bench_scaling_row *bench_scaling_best(const struct bench_scaling *s) {
    const struct bench_scaling_row *best = NULL;
    for (int i = 0; i < s->count; i++)
        if (s->rows[i].together_per_s > (best ? best->together_per_s : 0))
            best = &s->rows[i];
    return best;
}

json_t *bench_scaling_json(const struct bench_scaling *s) {
    const struct bench_scaling_row *best = bench_scaling_best(s);
    json_t *all = bench_case_json(s->of), *rows = json_array();
    for (int i = 0; i < s->count; i++) {
        const struct bench_scaling_row *r = &s->rows[i];
        json_array_append_new(rows, json_pack("{s:i, s:o, s:i, s:o}", "threads", r->threads, "images_per_s",
                                              bench_number_json(r->images_per_s), "jobs", r->jobs,
                                              "together_images_per_s", bench_number_json(r->together_per_s)));
    }
    json_object_set_new(all, "rows", rows);
    json_object_set_new(all, "best_jobs", best ? json_integer(best->jobs) : json_null());
    json_object_set_new(all, "best_threads", best ? json_integer(best->threads) : json_null());
    return all;
}

void bench_scaling_print(FILE *out, const struct bench_scaling *s) {
    const struct bench_scaling_row *best = bench_scaling_best(s);
    char a[BENCH_NUMBER_SIZE], b[BENCH_NUMBER_SIZE], c[BENCH_NUMBER_SIZE];
    if (!s->of)
        return;
    fprintf(out, "Threads: %s, %d px, batch %d, %s, %s, images/s of the median step\n", s->of->training.model,
            s->of->pixels, s->of->training.batch, s->of->training.method,
            bench_precision_name(s->of->precision));
    fprintf(out, "  %7s %9s %9s | %12s %9s\n", "threads", "one run", "speed-up", "runs at once", "together");
    for (int i = 0; i < s->count; i++) {
        const struct bench_scaling_row *r = &s->rows[i];
        fprintf(out, "  %7d %9s %9s | %12d %9s\n", r->threads, bench_number_text(r->images_per_s, a),
                bench_number_text(r->images_per_s / s->rows[0].images_per_s, b), r->jobs,
                bench_number_text(r->together_per_s, c));
    }
    if (best)
        fprintf(out, "  most images a second: JOBS=%d THREADS=%d\n", best->jobs, best->threads);
    fputs("\n", out);
}
