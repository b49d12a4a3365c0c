// SPDX-License-Identifier: Apache-2.0
// Claims C1 to C3 on fabricated results of tables 1a and 1b: each verdict of each claim, with the numbers
// behind it. Expected values are scipy's (1.10: ttest_ind with equal_var=False, linregress, one-sided) and
// Holm's method by hand.
#include "experiments/results/claims.h"
#include "experiments/results/paper.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS = 6, METHODS = 2, SEEDS = 3, PLACES = ROWS * METHODS };

struct results { // of one table: [row][baseline, reff][seed]
    double values[ROWS][METHODS][SEEDS];
};

// Much as the paper's, with its spread over three seeds.
static const struct results table1a = {{
    {{31.0, 33.2, 29.1}, {46.0, 47.5, 46.6}},
    {{99.1, 99.4, 99.2}, {99.3, 99.0, 99.6}},
    {{99.5, 99.3, 99.6}, {99.2, 99.4, 99.3}},
    {{99.4, 99.5, 99.7}, {99.6, 99.5, 99.8}},
    {{99.3, 99.6, 99.4}, {99.5, 99.7, 99.4}},
    {{99.6, 99.5, 99.4}, {99.3, 99.6, 99.5}},
}};
static const struct results table1b = {{
    {{45.1, 46.0, 44.7}, {62.0, 64.5, 60.1}},
    {{36.0, 36.9, 35.4}, {51.8, 55.0, 48.9}},
    {{32.3, 31.0, 33.1}, {49.2, 49.9, 48.6}},
    {{31.2, 33.0, 30.1}, {47.4, 49.0, 45.2}},
    {{32.5, 36.1, 29.9}, {50.1, 53.0, 47.2}},
    {{30.8, 32.1, 29.4}, {46.4, 47.3, 45.6}},
}};

static struct table *tables;
static json_t *paper;
static struct cell_result cells[2][PLACES];
static struct table_result read_tables[2];
static struct claim_result *claims;
static int claim_count;

static int set_up(void) {
    struct error err = {0};
    char *words[] = {"table1"};
    int count;
    paper = paper_read(&err);
    return !paper || tables_read(&tables, &count, words, 1, &err) || count != 2 ? -1 : 0;
}

static int clean_up(void) {
    free(tables);
    json_decref(paper);
    return 0;
}

static void set_cell(int table, int row, int method, const double *values, int n) {
    struct cell_result *c = &cells[table][row * METHODS + method];
    memset(c, 0, sizeof *c);
    c->n = n;
    for (int i = 0; i < n; i++)
        c->values[i] = values[i];
    c->sample = sample_of(c->values, n);
}

static void begin(void) {
    for (int t = 0; t < 2; t++) {
        read_tables[t] = (struct table_result){.table = &tables[t], .cells = cells[t]};
        for (int row = 0; row < ROWS; row++)
            for (int m = 0; m < METHODS; m++)
                set_cell(t, row, m, (t ? &table1b : &table1a)->values[row][m], SEEDS);
    }
}

static const struct claim_result *decide(const char *id) {
    struct error err = {0};
    free(claims);
    CU_ASSERT_FATAL(!claims_decide(read_tables, 2, paper, NULL, &claims, &claim_count, &err));
    for (int i = 0; i < claim_count; i++)
        if (!strcmp(claims[i].id, id))
            return &claims[i];
    CU_FAIL_FATAL("no such claim");
    return NULL;
}

static void end(void) {
    free(claims);
    claims = NULL;
}

struct expected {
    enum verdict verdict;
    int deciding; // part
    double effect, statistic, df, p, p_holm, p_opposite_holm;
};

static void check(const char *id, const struct expected *e) {
    const struct claim_result *c = decide(id);
    const struct t_test *t = &c->parts[c->ours.deciding].test;
    CU_ASSERT_EQUAL(c->ours.verdict, e->verdict);
    CU_ASSERT_EQUAL(c->ours.deciding, e->deciding);
    CU_ASSERT_DOUBLE_EQUAL(t->effect, e->effect, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(t->statistic, e->statistic, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(t->df, e->df, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(c->ours.p, e->p, 1e-11);
    CU_ASSERT_DOUBLE_EQUAL(c->ours.p_holm, e->p_holm, 1e-11);
    CU_ASSERT_DOUBLE_EQUAL(c->ours.p_opposite_holm, e->p_opposite_holm, 1e-11);
    CU_ASSERT_EQUAL(c->ours.tested_together, 3);
    CU_ASSERT_EQUAL(*c->reason == 0, e->verdict == REPRODUCED); // whatever is not reproduced says why
}

// ---------------------------------------------------------------------------------------------- verdicts

// C2's weakest part is "no worse by more than a point" at p = .2, C3's that ReFF beats the baseline at q =
// .2.
static void test_c1_to_c3_are_reproduced_by_the_weakest_parts_p_holm_over_all(void) {
    static const struct expected c1 = {
        REPRODUCED, 0, 15.6, 12.3586569527, 2.53181893734, 0.00124813581824, 0.00374440745472, 1};
    static const struct expected c2 = {
        REPRODUCED, 2, 0.2 / 3, 5.48795472456, 2.97172236504, 0.00610024735239, 0.00898189265453, 1};
    static const struct expected c3 = {
        REPRODUCED, 2, 15.8, 8.70641254669, 2.24398340249, 0.00449094632726, 0.00898189265453, 1};
    begin();
    check("C1", &c1);
    check("C2", &c2);
    check("C3", &c3);
    end();
}

static void test_c1_can_be_undecided_or_contradicted(void) {
    static const double level[] = {34.0, 30.1, 33.9}, worse[] = {21.0, 20.5, 22.1};
    static const struct expected undecided = {
        UNDECIDED, 0, 4.7 / 3, 0.896907367529, 3.97448911017, 0.21038698752, 0.21038698752, 1};
    static const struct expected contradicted = {
        CONTRADICTED, 0, -9.9, -7.76221934632, 2.62085511473, 0.99646866718, 0.99646866718, 0.0105939984614};
    begin();
    set_cell(0, 0, 1, level, SEEDS);
    check("C1", &undecided);
    CU_ASSERT_STRING_EQUAL(decide("C1")->reason, "p = 0.21 (Holm) is not below 0.05");
    set_cell(0, 0, 1, worse, SEEDS);
    check("C1", &contradicted);
    suite_text_has(decide("C1")->reason, "opposite");
    end();
}

// One cell decides: all others hold.
static void test_c2_can_be_undecided_or_contradicted_by_one_cell(void) {
    static const double wide[] = {99.6, 97.1, 99.9}, worse[] = {90.1, 90.3, 90.2},
                        fallen[] = {10.2, 9.8, 10.1};
    static const struct expected undecided = {
        UNDECIDED, 8, -2.0 / 3, 0.373717546376, 2.03948839337, 0.371948116366, 0.371948116366, 1};
    static const struct expected contradicted = {
        CONTRADICTED,     11, -27.7 / 3, -78.1082582062, 3.44827586207, 0.99999949761007, 0.99999949761007,
        2.26075470194e-05};
    // The baseline at p = .4 is below its p = 0: one of fifteen parts, which Bonferroni and Holm leave just
    // short of a contradiction.
    static const struct expected below = {
        UNDECIDED,      3, -63.2 / 3, -17.6926033462, 2.04116745166, 0.998549058683, 0.998549058683,
        0.0652923592583};
    begin();
    set_cell(0, 3, 1, wide, SEEDS);
    check("C2", &undecided);
    suite_text_has(decide("C2")->reason, "each of its 15 parts, and p < 0.05, before Holm, holds for 14");
    begin();
    set_cell(0, 4, 1, worse, SEEDS);
    check("C2", &contradicted);
    begin();
    set_cell(0, 2, 0, fallen, SEEDS);
    check("C2", &below);
    end();
}

static void test_c3_can_be_undecided_or_contradicted_by_one_q_or_the_slope(void) {
    static const double level[] = {31.2, 33.4, 30.6}, worse[] = {20.1, 20.9, 20.4};
    static const struct expected undecided = {
        UNDECIDED, 4, 0.3, 0.25009650647, 3.99980681006, 0.407416475072, 0.407416475072, 1};
    static const struct expected contradicted = {
        CONTRADICTED,   4, -32.9 / 3, -12.5067034049, 2.30306119995, 0.998185865578, 0.998185865578,
        0.0380968228639};
    static const struct expected rises = {CONTRADICTED, 0, 10, 30.3821810125, 16, 1, 1, 1.39888101103e-14};
    begin();
    set_cell(1, 3, 1, level, SEEDS);
    check("C3", &undecided);
    set_cell(1, 3, 1, worse, SEEDS);
    check("C3", &contradicted);
    begin();
    for (int row = 0; row < ROWS; row++) { // the baseline gains ten points from q = 0 to q = 1
        double q = tables[1].row_values[row];
        const double rising[] = {29.5 + 10 * q, 30.1 + 10 * q, 30.6 + 10 * q};
        set_cell(1, row, 0, rising, SEEDS);
    }
    check("C3", &rises);
    end();
}

// C2 speaks of p >= .2 only, and every one of its 15 parts and C3's 7 is there, with the paper's effect.
static void test_a_claim_over_several_cells_has_a_part_for_each(void) {
    begin();
    const struct claim_result *c2 = decide("C2");
    CU_ASSERT_EQUAL(c2->part_count, 15);
    CU_ASSERT_STRING_EQUAL(c2->parts[0].label, "baseline: p = 0.2 above p = 0.0");
    CU_ASSERT_STRING_EQUAL(c2->parts[1].label, "reff: p = 0.2 above p = 0.0");
    CU_ASSERT_STRING_EQUAL(c2->parts[14].label, "p = 1.0: reff - baseline > -1");
    CU_ASSERT_EQUAL(c2->parts[14].test.bound, -1);
    CU_ASSERT_DOUBLE_EQUAL(c2->parts[1].paper_effect, 99.47 - 46.68, 1e-9);
    const struct claim_result *c3 = decide("C3");
    CU_ASSERT_EQUAL(c3->part_count, 7);
    CU_ASSERT_STRING_EQUAL(c3->parts[0].label, "baseline falls with q (slope < 0)");
    CU_ASSERT_DOUBLE_EQUAL(c3->parts[0].test.effect, -11.8571428571, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(c3->parts[0].paper_effect, -11.9442857143, 1e-9);
    CU_ASSERT_STRING_EQUAL(c3->parts[6].label, "q = 1.0: reff - baseline > 0");
    CU_ASSERT_DOUBLE_EQUAL(decide("C1")->parts[0].paper_effect, 46.68 - 31.29, 1e-9);
    end();
}

// ---------------------------------------------------------------------------------------------- too little

// A claim without all its results is not tested, says which are missing, and does not count for Holm.
static void test_a_claim_with_missing_results_is_not_tested_and_says_why(void) {
    static const double one[] = {46.0};
    begin();
    set_cell(0, 0, 1, one, 1);
    const struct claim_result *c1 = decide("C1");
    CU_ASSERT_EQUAL(c1->ours.verdict, NOT_TESTED);
    CU_ASSERT_STRING_EQUAL(c1->reason, "p = 0.0, reff has results of one seed, a test needs two");
    CU_ASSERT_EQUAL(decide("C2")->ours.verdict, NOT_TESTED); // needs the same cell
    CU_ASSERT_EQUAL(decide("C3")->ours.verdict, REPRODUCED);
    CU_ASSERT_EQUAL(decide("C3")->ours.tested_together, 1);
    CU_ASSERT_DOUBLE_EQUAL(decide("C3")->ours.p_holm, decide("C3")->ours.p, 0);

    begin();
    set_cell(1, 5, 0, one, 0);
    static struct missing_seed failed = {
        .kind = MISSING_RUN, .state = RUN_FAILED, .detail = "step 3: loss is NaN"};
    cells[1][5 * METHODS].missing = &failed;
    cells[1][5 * METHODS].missing_count = 1;
    const struct claim_result *c3 = decide("C3");
    CU_ASSERT_EQUAL(c3->ours.verdict, NOT_TESTED);
    CU_ASSERT_STRING_EQUAL(c3->reason,
                           "q = 1.0, baseline has results of no seed, a test needs two (failed: step "
                           "3: loss is NaN)");
    CU_ASSERT_EQUAL(decide("C1")->ours.tested_together, 2);
    end();
}

// Seeds that all give the same leave a limit, never NaN: 100 % everywhere is no contradiction of C2.
static void test_no_spread_over_the_seeds_gives_limits(void) {
    static const double all[] = {100, 100, 100}, half[] = {50, 50, 50};
    begin();
    for (int row = 0; row < ROWS; row++)
        for (int m = 0; m < METHODS; m++)
            set_cell(0, row, m, row ? all : half, SEEDS);
    const struct claim_result *c1 = decide("C1");
    CU_ASSERT_EQUAL(c1->ours.verdict, ABSENT); // no difference, for certain
    CU_ASSERT_EQUAL(c1->ours.p, 0.5);
    CU_ASSERT(c1->parts[0].test.no_spread);
    const struct claim_result *c2 = decide("C2");
    CU_ASSERT_EQUAL(c2->ours.verdict, REPRODUCED);
    CU_ASSERT_EQUAL(c2->ours.p_holm, 0);
    CU_ASSERT(c2->parts[2].test.no_spread);
    CU_ASSERT(!decide("C3")->parts[0].test.no_spread);
    end();
}

// A table without the claim's cells, and a claim that nobody knows.
static void test_a_table_without_the_cells_and_an_unknown_claim_are_told(void) {
    struct error err = {0};
    struct table other = tables[0];
    begin();
    read_tables[0].table = &other;
    other.row_values[0] = 0.1;
    CU_ASSERT_EQUAL(decide("C1")->ours.verdict, NOT_TESTED);
    CU_ASSERT_STRING_EQUAL(decide("C1")->reason, "table1a has no cell for it (reff)");
    CU_ASSERT_EQUAL(claims_check(&other, &err), 0);
    snprintf(other.claims[1], sizeof other.claims[1], "C99");
    CU_ASSERT(claims_check(&other, &err));
    CU_ASSERT_EQUAL(err.status, EXIT_USAGE);
    suite_text_has(err.message, "table1a.ini:8: unknown claim 'C99'");
    end();
}

// Whatever the rows that are left say, a claim over all of them is not decided by some.
static void test_claims_over_all_rows_are_not_tested_with_some_of_them(void) {
    begin();
    tables[0].partial = tables[1].partial = 1;
    CU_ASSERT_EQUAL(decide("C1")->ours.verdict, REPRODUCED);
    CU_ASSERT_EQUAL(decide("C2")->ours.verdict, NOT_TESTED);
    CU_ASSERT_EQUAL(decide("C3")->ours.verdict, NOT_TESTED);
    CU_ASSERT_STRING_EQUAL(decide("C3")->reason, "only some of the table's rows or columns were asked for");
    tables[0].partial = tables[1].partial = 0;
    end();
}

// [claim ID] of a table: the tests are those of the paper's claims, and the paper says nothing of it.
static void test_a_table_decides_claims_of_its_own(void) {
    struct table own = tables[0];
    begin();
    own.claim_count = own.own_claim_count = 2;
    own.own_claims[0] = (struct table_claim){
        .id = "mine", .text = "more at p = 0", .columns = {"reff", "baseline"}, .row_count = 1, .rows = {0}};
    own.own_claims[1] = (struct table_claim){.id = "same",
                                             .text = "alike",
                                             .same = 1,
                                             .by = 1,
                                             .columns = {"reff", "baseline"},
                                             .row_count = 2,
                                             .rows = {0.8, 1}};
    for (int i = 0; i < 2; i++)
        memcpy(own.claims[i], own.own_claims[i].id, sizeof own.claims[i]);
    const struct claim_result *c1 = decide("C1");
    double p = c1->ours.p, effect = c1->parts[0].test.effect, df = c1->parts[0].test.df;
    read_tables[0].table = &own;
    const struct claim_result *mine = decide("mine");
    CU_ASSERT_STRING_EQUAL(mine->text, "more at p = 0");
    CU_ASSERT_EQUAL(mine->ours.verdict, REPRODUCED);
    suite_near(mine->ours.p, p, 0);
    suite_near(mine->parts[0].test.effect, effect, 0);
    suite_near(mine->parts[0].test.df, df, 0);
    CU_ASSERT_STRING_EQUAL(mine->parts[0].label, "p = 0.0: reff - baseline > 0");
    const struct claim_result *same = decide("same");
    CU_ASSERT(same->part_count == 2 && same->parts[0].is_sameness && same->ours.verdict == REPRODUCED);
    CU_ASSERT_STRING_EQUAL(same->parts[1].label, "p = 1.0: |reff - baseline| < 1");
    end();
}

void suite_claims(void) {
    CU_pSuite suite = CU_add_suite("claims", set_up, clean_up);
    CU_add_test(suite, "C1 to C3 are reproduced by the weakest part's p, Holm over all",
                test_c1_to_c3_are_reproduced_by_the_weakest_parts_p_holm_over_all);
    CU_add_test(suite, "C1 can be undecided or contradicted", test_c1_can_be_undecided_or_contradicted);
    CU_add_test(suite, "C2 can be undecided or contradicted by one cell",
                test_c2_can_be_undecided_or_contradicted_by_one_cell);
    CU_add_test(suite, "C3 can be undecided or contradicted by one q or the slope",
                test_c3_can_be_undecided_or_contradicted_by_one_q_or_the_slope);
    CU_add_test(suite, "a claim over several cells has a part for each",
                test_a_claim_over_several_cells_has_a_part_for_each);
    CU_add_test(suite, "a claim with missing results is not tested and says why",
                test_a_claim_with_missing_results_is_not_tested_and_says_why);
    CU_add_test(suite, "claims over all rows are not tested with some of them",
                test_claims_over_all_rows_are_not_tested_with_some_of_them);
    CU_add_test(suite, "no spread over the seeds gives limits", test_no_spread_over_the_seeds_gives_limits);
    CU_add_test(suite, "a table decides claims of its own", test_a_table_decides_claims_of_its_own);
    CU_add_test(suite, "a table without the cells and an unknown claim are told",
                test_a_table_without_the_cells_and_an_unknown_claim_are_told);
}
