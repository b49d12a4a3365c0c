// SPDX-License-Identifier: Apache-2.0
#include "experiments/results/simulation.h"

#include "core/base/random.h"

#include <math.h>

enum { TAIL_DF = 3 };

// Mean 0, variance 1.
static double score(struct random *r, int heavy_tails) {
    double z = random_normal(r), squares = 0;
    if (!heavy_tails)
        return z;
    for (int i = 0; i < TAIL_DF; i++) {
        double one = random_normal(r);
        squares += one * one;
    }
    return z / sqrt(squares / TAIL_DF) / sqrt((double)TAIL_DF / (TAIL_DF - 2));
}

// Each score is sqrt(c) times what the methods share of a seed and sqrt(1 - c) times its own.
static void draw(const struct simulation *s, int experiment, double *a, double *b) {
    struct random r = random_stream(s->seed, random_purpose("simulated claims"), (uint64_t)experiment);
    double common = sqrt(s->correlation), own = sqrt(1 - s->correlation);
    for (int i = 0; i < s->looks->seeds[s->looks->count - 1]; i++) {
        double shared = common * score(&r, s->heavy_tails);
        a[i] = s->effect + shared + own * score(&r, s->heavy_tails);
        b[i] = shared + own * score(&r, s->heavy_tails);
    }
}

static void run_experiment(const struct simulation *s, const double *a, const double *b,
                           struct simulated *sum) {
    struct evidence e = looks_evidence_none();
    for (int k = 0; k < s->looks->count; k++) {
        int n = s->looks->seeds[k];
        const struct effect_estimate estimate = looks_estimate(a, b, n);
        const struct t_test test = above_test(&estimate, 0);
        looks_evidence_add(&e, &test, looks_absent_p(&estimate, 1, s->margin), s->looks->shares[k], s->level);
        int reproduced = e.p * s->together < s->level, contradicted = e.p_opposite * s->together < s->level,
            absent = e.p_absent * s->together < s->level;
        if (reproduced || contradicted || absent || k + 1 == s->looks->count) {
            sum->reproduced += reproduced;
            sum->contradicted += !reproduced && contradicted;
            sum->absent += !reproduced && !contradicted && absent;
            sum->seeds += n;
            return;
        }
    }
}

struct simulated simulate(const struct simulation *s) {
    struct simulated sum = {0};
    double a[SEEDS_MAXIMUM], b[SEEDS_MAXIMUM];
    for (int i = 0; i < s->experiments; i++) {
        draw(s, i, a, b);
        run_experiment(s, a, b, &sum);
    }
    sum.reproduced /= s->experiments;
    sum.contradicted /= s->experiments;
    sum.absent /= s->experiments;
    sum.seeds /= s->experiments;
    return sum;
}

// ---------------------------------------------------------------------------------------- the table

enum { TOGETHER = 11 };

static void print_pair(FILE *out, struct simulation s) {
    const struct simulated one = simulate(&s);
    s.together = TOGETHER;
    const struct simulated strictest = simulate(&s);
    fprintf(out, " | %.3f, %.1f | %.3f, %.1f", one.reproduced, one.seeds, strictest.reproduced,
            strictest.seeds);
}

static void print_row(FILE *out, struct simulation s, double effect) {
    static const struct looks three = {1, {3}, {0.05}};
    struct simulation heavy = s, now = s;
    s.effect = heavy.effect = now.effect = effect;
    heavy.heavy_tails = 1;
    now.looks = &three;
    fprintf(out, "| %g", effect);
    print_pair(out, s);
    print_pair(out, heavy);
    const struct simulated one = simulate(&now);
    now.together = TOGETHER;
    fprintf(out, " | %.3f | %.3f |\n", one.reproduced, simulate(&now).reproduced);
}

static void print_wrong(FILE *out, struct simulation s, int heavy_tails) {
    s.heavy_tails = heavy_tails;
    const struct simulated null = simulate(&s);
    s.margin = s.effect = 1; // as large as the smallest effect of interest: not absent
    const struct simulated edge = simulate(&s);
    s.margin = 2;
    s.effect = 0;
    const struct simulated small = simulate(&s);
    fprintf(out, "| %s | %.3f | %.3f | %.3f | %.3f, %.1f |\n", heavy_tails ? "heavy tails" : "normal",
            null.reproduced, null.contradicted, edge.absent, small.absent, small.seeds);
}

void simulation_print(FILE *out, const struct looks *looks, int experiments) {
    static const double effects[] = {0, 0.5, 1, 2, 4, 8};
    struct simulation s = {.looks = looks,
                           .level = 0.05,
                           .correlation = 0.5,
                           .together = 1,
                           .experiments = experiments,
                           .seed = 1};
    fprintf(out, "looks after");
    for (int i = 0; i < looks->count; i++)
        fprintf(out, "%s %d", i ? "," : "", looks->seeds[i]);
    fprintf(out, " seeds, shares");
    for (int i = 0; i < looks->count; i++)
        fprintf(out, "%s %g", i ? "," : "", looks->shares[i]);
    fprintf(out, "; %d simulated experiments each\n\n", experiments);
    fprintf(out, "| effect | one claim | strictest of eleven | heavy tails: one claim | strictest of eleven "
                 "| three seeds, "
                 "Welch: one claim | strictest of eleven |\n| --- | --- | --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < sizeof effects / sizeof *effects; i++)
        print_row(out, s, effects[i]);
    fprintf(
        out,
        "\n| scores | wrongly reproduced | wrongly contradicted | wrongly absent | absent, of no effect |\n"
        "| --- | --- | --- | --- | --- |\n");
    print_wrong(out, s, 0);
    print_wrong(out, s, 1);
}
