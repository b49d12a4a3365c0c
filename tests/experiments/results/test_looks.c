// SPDX-License-Identifier: Apache-2.0
// Tests at looks: how their p is made, that what is decided stays so, and, by simulation of the very tests, that they
// err no more often than they may and find what they should. The simulations have fixed seeds: their shares are
// numbers, not chances; the bounds are those of the level, and of an independent simulation of 20,000 experiments.
#include "experiments/results/claims.h"
#include "experiments/results/looks.h"
#include "experiments/results/paper.h"
#include "experiments/results/simulation.h"
#include "tests/support/suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { EXPERIMENTS = 10000, SEEDS = 20 };

static const struct looks looks = {5, {3, 5, 8, 12, 20}, {0.005, 0.01, 0.01, 0.01, 0.015}};

// ---------------------------------------------------------------------------------------------- one part

static void test_p_over_the_looks_is_the_least_of_p_by_its_share(void) {
    struct evidence e = looks_evidence_none();
    struct t_test t = {.p = 0.004, .p_opposite = 0.996};
    CU_ASSERT_EQUAL(e.p, 1);
    looks_evidence_add(&e, &t, 0.2, 0.005, 0.05);
    CU_ASSERT_DOUBLE_EQUAL(e.p, 0.04, 1e-15); // ten times
    CU_ASSERT_EQUAL(e.p_opposite, 1);
    CU_ASSERT_EQUAL(e.p_absent, 1);
    t = (struct t_test){.p = 0.5, .p_opposite = 0.01};
    looks_evidence_add(&e, &t, 0.006, 0.015, 0.05);
    CU_ASSERT_DOUBLE_EQUAL(e.p, 0.04, 1e-15); // what was known stays known
    CU_ASSERT_DOUBLE_EQUAL(e.p_opposite, 0.01 * 0.05 / 0.015, 1e-15);
    CU_ASSERT_DOUBLE_EQUAL(e.p_absent, 0.02, 1e-15);
}

// With a common part of 10 points over the seeds and differences of 1 to 2: pairs see the difference, Welch does not.
static void test_pairs_are_taken_from_five_seeds_on(void) {
    static const double a[] = {51, 62, 71.5, 41, 57}, b[] = {50, 60, 70, 40, 55.5};
    const struct effect_estimate four = looks_estimate(a, b, 4), five = looks_estimate(a, b, 5);
    const struct sample x = sample_of(a, 4), y = sample_of(b, 4);
    CU_ASSERT_DOUBLE_EQUAL(four.error, welch_estimate(&x, &y).error, 1e-12);
    CU_ASSERT(four.error > 5);
    CU_ASSERT_DOUBLE_EQUAL(five.effect, 1.4, 1e-12);
    CU_ASSERT_EQUAL(five.df, 4);
    CU_ASSERT_DOUBLE_EQUAL(five.error, sqrt(0.175 / 5),
                           1e-12); // deviations -.4, .6, .1, -.4, .1: squares .7 / 4
}

static void test_absence_is_tested_on_both_sides_over_the_whole_row(void) {
    const struct effect_estimate slope = {-0.5, 0.1, 4}, none = {0.2, 0.1, 4};
    CU_ASSERT(looks_absent_p(&none, 1, 1) < 0.001);
    CU_ASSERT_DOUBLE_EQUAL(looks_absent_p(&slope, 1, 1), 0.0037452169, 1e-9); // t = 5, df 4: in closed form
    CU_ASSERT(looks_absent_p(&slope, 2, 1) > 0.49);                           // one whole point
    CU_ASSERT_EQUAL(looks_absent_p(&none, 1, 0), 1); // every difference is of interest
}

// ---------------------------------------------------------------------------------------------- claims

static struct table *tables;
static json_t *paper;
static struct cell_result cells[2][TABLE_ROWS_MAXIMUM * TABLE_COLUMNS_MAXIMUM];
static struct table_result results[2];
static struct claim_result *claims;
static struct seeds seeds = {.count = SEEDS};
static double smallest_effect = 1;

static int set_up(void) {
    struct error err = {0};
    char *words[] = {"table1"};
    int count;
    for (int i = 0; i < SEEDS; i++)
        seeds.values[i] = (uint64_t)i + 1;
    paper = paper_read(&err);
    return !paper || tables_read(&tables, &count, words, 1, &err) || count != 2 ? -1 : 0;
}

static int clean_up(void) {
    free(tables);
    free(claims);
    json_decref(paper);
    return 0;
}

// ReFF leads by `lead` points at the first `turn` seeds and lags by as much at the others; every cell has n seeds.
static void begin(double lead, int turn, int n) {
    memset(cells, 0, sizeof cells);
    for (int t = 0; t < 2; t++) {
        results[t] = (struct table_result){.table = &tables[t], .cells = cells[t]};
        for (int i = 0; i < tables[t].row_count * tables[t].column_count; i++)
            for (int s = 0; s < n; s++) {
                struct cell_result *c = &cells[t][i];
                int reff = i % tables[t].column_count == 1;
                c->seeds[s] = seeds.values[s];
                c->values[s] = 50 + 0.1 * ((s * 7 + i * 3) % 5) + (reff ? (s < turn ? lead : -lead) : 0);
                c->n = s + 1;
            }
    }
}

static const struct claim_result *decide(const char *id) {
    struct error err = {0};
    int count;
    const struct claim_rules rules = {smallest_effect, &looks, &seeds};
    free(claims);
    CU_ASSERT_FATAL(!claims_decide(results, 2, paper, &rules, &claims, &count, &err));
    CU_ASSERT_EQUAL_FATAL(count, 3);
    for (int i = 0; i < count; i++)
        if (!strcmp(claims[i].id, id))
            return &claims[i];
    CU_FAIL_FATAL("no such claim");
    return NULL;
}

// ReFF is 20 points above at seeds 1 to 3 and 20 below at all others.
static void test_a_claim_once_decided_stays_decided_whatever_comes(void) {
    begin(20, 3, 3);
    double p = decide("C1")->ours.p;
    CU_ASSERT_EQUAL(decide("C1")->ours.verdict, REPRODUCED);
    begin(20, 3, SEEDS);
    const struct claim_result *c1 = decide("C1");
    CU_ASSERT_EQUAL(c1->ours.verdict, REPRODUCED);
    CU_ASSERT_EQUAL(c1->looks, 1);
    CU_ASSERT_EQUAL(c1->seeds, 3);
    CU_ASSERT_EQUAL(c1->ours.p, p);
}

// Four seeds say what three do; with five of which one cell lacks the last, too.
static void test_nothing_is_tested_between_looks(void) {
    smallest_effect = 0; // so that it is not absent
    begin(0.05, SEEDS, 3);
    double p = decide("C1")->ours.p;
    CU_ASSERT_EQUAL(decide("C1")->ours.verdict, UNDECIDED);
    begin(0.05, SEEDS, 4);
    CU_ASSERT_EQUAL(decide("C1")->ours.p, p);
    CU_ASSERT_EQUAL(decide("C1")->looks, 1);
    begin(0.05, SEEDS, 5);
    cells[0][1].n = 4;
    CU_ASSERT_EQUAL(decide("C1")->looks, 1);
    cells[0][1].n = 5;
    CU_ASSERT_EQUAL(decide("C1")->looks, 2);
    CU_ASSERT_EQUAL(decide("C1")->parts[0].test.df, 4); // by pairs
    smallest_effect = 1;
}

// Holm's method counts all three claims though two have no results: p is three times as large, and a p that is small
// enough alone is not enough.
static void test_all_claims_count_tested_or_not(void) {
    begin(20, SEEDS, 3);
    for (int i = 0; i < tables[1].row_count * tables[1].column_count; i++)
        cells[1][i].n = 0;
    cells[0][2].n = 0; // C2
    const struct claim_result *c1 = decide("C1");
    CU_ASSERT_EQUAL(c1->ours.tested_together, 3);
    CU_ASSERT_DOUBLE_EQUAL(c1->ours.p_holm, 3 * c1->ours.p, 1e-15);
    CU_ASSERT_EQUAL(decide("C2")->ours.verdict, NOT_TESTED);
    CU_ASSERT_EQUAL(decide("C3")->ours.verdict, NOT_TESTED);
    CU_ASSERT_STRING_EQUAL(decide("C3")->reason,
                           "q = 0.0, baseline has results of 0 of 3 seeds, a look needs all");
}

// C1 needs the two cells of p = 0, C2 all of its table.
static void test_a_claim_names_the_cells_that_it_needs(void) {
    int needed = 0;
    begin(1, SEEDS, 3);
    const struct claim_result *c1 = decide("C1");
    for (int i = 0; i < tables[0].row_count * tables[0].column_count; i++)
        needed += c1->needs[i];
    CU_ASSERT_EQUAL(needed, 2);
    CU_ASSERT(c1->needs[0] && c1->needs[1]);
    needed = 0;
    for (int i = 0; i < tables[0].row_count * tables[0].column_count; i++)
        needed += decide("C2")->needs[i];
    CU_ASSERT_EQUAL(needed, 12);
}

// ---------------------------------------------------------------------------------------------- by simulation

static struct simulated run(double effect, double margin, int heavy, int together) {
    const struct simulation s = {.looks = &looks,
                                 .level = 0.05,
                                 .effect = effect,
                                 .margin = margin,
                                 .correlation = 0.5,
                                 .heavy_tails = heavy,
                                 .together = together,
                                 .experiments = EXPERIMENTS,
                                 .seed = 20};
    return simulate(&s);
}

// With no effect a claim is wrongly reproduced, and wrongly contradicted, in at most .05 of the experiments, for one
// claim alone; of the strictest of eleven both together are below it. One whose effect is just the smallest of
// interest is wrongly absent no more often.
static void test_under_the_null_at_most_5_percent_are_wrongly_decided(void) {
    for (int heavy = 0; heavy < 2; heavy++) {
        struct simulated null = run(0, 0, heavy, 1), eleven = run(0, 0, heavy, 11),
                         edge = run(1, 1, heavy, 1);
        CU_ASSERT(null.reproduced <= 0.05);
        CU_ASSERT(null.contradicted <= 0.05);
        CU_ASSERT(eleven.reproduced + eleven.contradicted <= 0.05);
        CU_ASSERT(edge.absent <= 0.05);
        CU_ASSERT_EQUAL(null.absent, 0);
        CU_ASSERT(null.reproduced > 0.01); // the test can fail: it is no test that never decides
    }
    CU_ASSERT_DOUBLE_EQUAL(run(0, 0, 0, 1).reproduced, 0.035, 0.006);
    CU_ASSERT_DOUBLE_EQUAL(run(0, 0, 1, 1).reproduced, 0.028, 0.006);
    CU_ASSERT_DOUBLE_EQUAL(run(0, 0, 0, 11).reproduced, 0.004, 0.002);
}

static void test_effects_are_found_in_the_seeds_that_they_need(void) {
    static const struct {
        double effect, one, one_seeds, strictest, strictest_seeds;
    } expected[] = {
        {0.5, 0.51, 17.1, 0.18, 19.5}, {1, 0.98, 10.9, 0.83, 16.4}, {2, 1, 5.7, 1, 8.5}, {4, 1, 4.1, 1, 5.5}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        struct simulated one = run(expected[i].effect, 0, 0, 1), eleven = run(expected[i].effect, 0, 0, 11);
        CU_ASSERT_DOUBLE_EQUAL(one.reproduced, expected[i].one, 0.02);
        CU_ASSERT_DOUBLE_EQUAL(one.seeds, expected[i].one_seeds, 0.2);
        CU_ASSERT_DOUBLE_EQUAL(eleven.reproduced, expected[i].strictest, 0.02);
        CU_ASSERT_DOUBLE_EQUAL(eleven.seeds, expected[i].strictest_seeds, 0.2);
    }
    CU_ASSERT(run(0, 2, 0, 1).absent > 0.9); // no effect, where two deviations are of interest
}

void suite_looks(void) {
    CU_pSuite s = CU_add_suite("looks", set_up, clean_up);
    CU_add_test(s, "p over the looks is the least of p by its share",
                test_p_over_the_looks_is_the_least_of_p_by_its_share);
    CU_add_test(s, "pairs are taken from five seeds on", test_pairs_are_taken_from_five_seeds_on);
    CU_add_test(s, "absence is tested on both sides, over the whole row",
                test_absence_is_tested_on_both_sides_over_the_whole_row);
    CU_add_test(s, "a claim once decided stays decided, whatever comes",
                test_a_claim_once_decided_stays_decided_whatever_comes);
    CU_add_test(s, "nothing is tested between looks", test_nothing_is_tested_between_looks);
    CU_add_test(s, "all claims count, tested or not", test_all_claims_count_tested_or_not);
    CU_add_test(s, "a claim names the cells that it needs", test_a_claim_names_the_cells_that_it_needs);
    CU_add_test(s, "under the null at most 5 % are wrongly decided",
                test_under_the_null_at_most_5_percent_are_wrongly_decided);
    CU_add_test(s, "effects are found in the seeds that they need",
                test_effects_are_found_in_the_seeds_that_they_need);
}
