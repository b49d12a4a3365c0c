// SPDX-License-Identifier: Apache-2.0
// Every claim of the paper, C1 to C11, on fabricated results of all tables: each verdict of each claim
// arises, from what the results say and from nothing else.
//
// The results are the paper's means with a little spread over the seeds, on which every claim holds. A case
// changes some cells and says what becomes of its claim; the numbers behind are checked against scipy
// (1.10: ttest_ind with equal_var=False).
#include "experiments/results/claims.h"
#include "experiments/results/paper.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

enum { SEEDS = 3, TABLES_MAXIMUM = 16, CELLS_MAXIMUM = TABLE_ROWS_MAXIMUM * TABLE_COLUMNS_MAXIMUM };

static struct table *tables;
static int table_count;
static json_t *paper;
static struct cell_result cells[TABLES_MAXIMUM][CELLS_MAXIMUM];
static struct table_result results[TABLES_MAXIMUM];
static struct claim_result *claims;

static int set_up(void) {
    struct error err = {0};
    char *words[] = {"table1", "table2", "table3a", "table3b", "supp-table2", "supp-table3"};
    paper = paper_read(&err);
    return !paper || tables_read(&tables, &table_count, words, 6, &err) || table_count != 7 ? -1 : 0;
}

static int clean_up(void) {
    free(tables);
    free(claims);
    json_decref(paper);
    return 0;
}

// Values of a cell: mean + a part that all cells of a seed share + a small one of its own.
static void set_cell(int t, int row, int column, double mean, double shared, double own) {
    static const double common[SEEDS] = {-1.5, 0.5, 1.0}, single[SEEDS] = {-1, 0, 1};
    struct cell_result *c = &cells[t][row * tables[t].column_count + column];
    memset(c, 0, sizeof *c);
    c->n = SEEDS;
    for (int s = 0; s < SEEDS; s++) {
        c->seeds[s] = (uint64_t)s + 1;
        c->values[s] = mean + shared * common[s] + own * single[(s + row) % SEEDS];
    }
    c->sample = sample_of(c->values, c->n);
}

static void begin(double shared, double own) {
    for (int t = 0; t < table_count; t++) {
        results[t] = (struct table_result){.table = &tables[t], .cells = cells[t]};
        tables[t].partial = 0;
        for (int row = 0; row < tables[t].row_count; row++)
            for (int column = 0; column < tables[t].column_count; column++) {
                double mean, std;
                CU_ASSERT_EQUAL_FATAL(paper_value(paper, tables[t].name, tables[t].row_values[row],
                                                  tables[t].columns[column], &mean, &std),
                                      0);
                set_cell(t, row, column, mean, shared, own);
            }
    }
}

static int find_table(const char *name) {
    int t = 0;
    while (t < table_count && strcmp(tables[t].name, name))
        t++;
    CU_ASSERT_FATAL(t < table_count);
    return t;
}

static const struct claim_result *decide(const char *id) {
    struct error err = {0};
    int count;
    free(claims);
    CU_ASSERT_FATAL(!claims_decide(results, table_count, paper, NULL, &claims, &count, &err));
    CU_ASSERT_EQUAL(count, 11);
    for (int i = 0; i < count; i++)
        if (!strcmp(claims[i].id, id))
            return &claims[i];
    CU_FAIL_FATAL("no such claim");
    return NULL;
}

// ---------------------------------------------------------------------------------------------- verdicts

static void test_at_the_papers_means_all_are_reproduced(void) {
    begin(0.02, 0.02);
    decide("C1");
    for (int i = 0; i < 11; i++) {
        char id[8];
        snprintf(id, sizeof id, "C%d", i + 1);
        CU_ASSERT_STRING_EQUAL(claims[i].id, id);
        if (claims[i].ours.verdict != REPRODUCED)
            printf("\n  %s: %s\n", id, claims[i].reason);
        CU_ASSERT_EQUAL(claims[i].ours.verdict, REPRODUCED);
        CU_ASSERT_EQUAL(claims[i].ours.tested_together, 11);
        for (int p = 0; p < claims[i].part_count; p++)
            CU_ASSERT(claims[i].parts[p].has_paper);
    }
}

// What happens to the cells of one column: from the row `from` to the row `to` (by label) they move by
// `by` points, or, with `by` 0, spread out over the seeds by `spread`.
static const struct change {
    const char *claim, *table, *column, *from, *to;
    double by, spread;
    enum verdict verdict;
} changes[] = {
    {"C1", "table1a", "reff", "0.0", "0.0", -15, 0.3, UNDECIDED},
    {"C1", "table1a", "reff", "0.0", "0.0", -30, 0, CONTRADICTED},
    {"C1", "table1a", "reff", "0.0", "0.0", -15.39, 0, ABSENT},
    {"C1", "table1a", "reff", "0.0", "0.0", -16.1, 0,
     CONTRADICTED}, // by less than a point: the first that holds
    {"C2", "table1a", "reff", "0.4", "0.4", 0, 9, UNDECIDED},
    {"C2", "table1a", "baseline", "0.2", "0.2", -80, 0, CONTRADICTED},
    {"C2", "table1a", "reff", "1.0", "1.0", -5, 0, CONTRADICTED},
    {"C3", "table1b", "reff", "0.6", "0.6", 0, 20, UNDECIDED},
    {"C3", "table1b", "reff", "0.6", "0.6", -25, 0, CONTRADICTED},
    {"C3", "table1b", "baseline", "0.8", "1.0", 14, 0, UNDECIDED}, // falls no longer, and is still beaten
    {"C4", "table2", "reff", "112", "112", 0, 5, UNDECIDED},
    {"C4", "table2", "reff-single", "223", "223", 6, 0, CONTRADICTED},
    {"C4", "table2", "baseline", "168", "168", 9, 0, CONTRADICTED},
    {"C5", "table2", "reff", "28", "28", 0, 4, UNDECIDED},
    {"C5", "table2", "reff", "28", "28", 5, 0, CONTRADICTED},
    {"C5", "table2", "reff", "28", "28", -5, 0, CONTRADICTED},
    {"C6", "table3a", "textured-mnist", "1", "1", 0, 25, UNDECIDED},
    {"C6", "table3a", "textured-mnist", "1", "1", -25, 0, CONTRADICTED},
    {"C6", "table3a", "textured-mnist", "1", "1", -19.45, 0, ABSENT},
    {"C7", "table3a", "textured-mnist", "All", "All", 6.5, 0.3, UNDECIDED},
    {"C7", "table3a", "textured-mnist", "All", "All", 6.512, 0, ABSENT},
    {"C8", "table3a", "isic2017", "0", "0", 2.5467, 0, ABSENT},
    {"C9", "table3b", "reff", "5", "5", -10.69, 0, ABSENT}, // one of six parts
    {"C10", "supp-table2", "reff-l2", "1", "All", 6.33, 0, ABSENT},
    {"C2", "table1a", "baseline", "0.2", "0.2", -68.15, 0, ABSENT}, // no longer above p = 0
    {"C7", "table3a", "textured-mnist", "All", "All", 15, 0, CONTRADICTED},
    {"C8", "table3a", "isic2017", "0", "0", 0, 6, UNDECIDED},
    {"C8", "table3a", "isic2017", "0", "0", 6, 0, CONTRADICTED},
    {"C8", "table3a", "pets", "0", "0", 0.5, 0.4, UNDECIDED},
    {"C8", "table3a", "pets", "1", "All", 4, 0, CONTRADICTED},
    {"C9", "table3b", "reff", "5", "5", 0, 25, UNDECIDED},
    {"C9", "table3b", "abn", "50", "50", 15, 0, CONTRADICTED},
    {"C9", "table3b", "reff", "All", "All", 15, 0, CONTRADICTED},
    {"C9", "table3b", "abn", "0", "0", 30, 0, REPRODUCED}, // of n = 0 it says nothing
    {"C10", "supp-table2", "reff-l1", "1", "All", 0, 6, UNDECIDED},
    {"C10", "supp-table2", "reff-l2", "1", "All", 12, 0, CONTRADICTED},
    {"C10", "supp-table2", "abn", "1", "All", 30, 0, REPRODUCED}, // nor this one of ABN
    {"C11", "supp-table3", "reff", "0.4", "0.4", 0, 2, UNDECIDED},
    {"C11", "supp-table3", "reff", "0.4", "0.4", 3, 0, CONTRADICTED},
    {"C11", "supp-table3", "baseline", "1.0", "1.0", 3, 0, CONTRADICTED},
};

static int find_row(int t, const char *label) {
    int row = 0;
    while (row < tables[t].row_count && strcmp(tables[t].rows[row], label))
        row++;
    CU_ASSERT_FATAL(row < tables[t].row_count);
    return row;
}

static void apply(const struct change *c) {
    int t = find_table(c->table), column = table_column(&tables[t], c->column);
    CU_ASSERT_FATAL(column >= 0);
    for (int row = find_row(t, c->from); row <= find_row(t, c->to); row++) {
        double mean, std;
        paper_value(paper, c->table, tables[t].row_values[row], c->column, &mean, &std);
        set_cell(t, row, column, mean + c->by, c->spread > 0 ? c->spread : 0.02, 0.02);
    }
}

static void test_every_verdict_of_every_claim_arises(void) {
    int arisen[11][VERDICTS] = {{0}};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        begin(0.02, 0.02);
        apply(&changes[i]);
        const struct claim_result *c = decide(changes[i].claim);
        if (c->ours.verdict != changes[i].verdict)
            printf("\n  case %zu, %s: %s (%s), p %g, opposite %g\n", i, c->id, verdict_names[c->ours.verdict],
                   c->reason, c->ours.p_holm, c->ours.p_opposite_holm);
        CU_ASSERT_EQUAL(c->ours.verdict, changes[i].verdict);
        CU_ASSERT_EQUAL(*c->reason == 0, c->ours.verdict == REPRODUCED);
        arisen[atoi(c->id + 1) - 1][c->ours.verdict]++;
        // What contradicts a claim is what is printed of it.
        if (c->ours.verdict == CONTRADICTED)
            CU_ASSERT(c->parts[c->ours.deciding].test.p_opposite < 0.05);
    }
    for (int i = 0; i < 11; i++)
        CU_ASSERT(arisen[i][UNDECIDED] && arisen[i][CONTRADICTED]);
    CU_ASSERT(arisen[0][ABSENT] && arisen[5][ABSENT] && arisen[6][ABSENT] && arisen[7][ABSENT] &&
              arisen[8][ABSENT] && arisen[9][ABSENT]);
}

// A slope is absent when the change that it makes over the whole row is, whatever the unit: with rows from 0 to 10
// a slope of .15 +- .12 a unit is far below 1, its change of 1.5 points is not.
static void test_a_slope_is_absent_by_its_change_over_the_row(void) {
    int t = find_table("table1b"), column = table_column(&tables[t], "baseline");
    for (int falls = 0; falls < 2; falls++) {
        begin(0.02, 0.02);
        for (int row = 0; row < tables[t].row_count; row++) {
            set_cell(t, row, column, 30 - (falls ? 1.5 : 0) * tables[t].row_values[row], falls ? 1.2 : 0.05,
                     falls ? 0.4 : 0.05);
            tables[t].row_values[row] *= 10;
        }
        const struct claim_result *c = decide("C3");
        CU_ASSERT_EQUAL(c->ours.verdict, falls ? UNDECIDED : ABSENT);
        CU_ASSERT_DOUBLE_EQUAL(c->parts[0].span, 10, 1e-12);
        if (falls) {
            CU_ASSERT_DOUBLE_EQUAL(c->parts[0].test.effect, -0.15, 0.02);
            CU_ASSERT(c->parts[0].test.error < 0.2); // (1 - .15) / .2 deviations from 1 a unit
        }
        for (int row = 0; row < tables[t].row_count; row++)
            tables[t].row_values[row] /= 10;
    }
}

// ---------------------------------------------------------------------------------------------- the paper's own

// Its printed means and deviations, three runs a cell, by the same tests: 7 of 11, and what the others fall short by
// (the p of the weakest parts from scipy's formulas in another program).
static void test_the_papers_own_numbers_reproduce_seven_claims_of_eleven(void) {
    static const struct {
        const char *id, *part;
        enum verdict verdict;
        double p;
    } expected[] = {
        {"C1", "p = 0.0: reff - baseline > 0", REPRODUCED, 0.0014034138301543},
        {"C2", "p = 0.4: reff - baseline > -1", REPRODUCED, 0.00057988715745368},
        {"C3", "q = 0.2: reff - baseline > 0", REPRODUCED, 0.0097633319226484},
        {"C4", "size = 112: reff - reff-single > 0", UNDECIDED, 0.12643909930221},
        {"C5", "size = 28: |reff - baseline| < 2", REPRODUCED, 0.0057963598120088},
        {"C6", "textured-mnist: n = 1 above n = 0", REPRODUCED, 0.00079321863577897},
        {"C7", "textured-mnist: mean over n = 1..50 above n = All", REPRODUCED, 0.007874635438057},
        {"C8", "isic2017: mean over n = 1..All above n = 0", UNDECIDED, 0.081840969032883},
        {"C9", "n = 50: reff - abn > 0", UNDECIDED, 0.065680561208516},
        {"C10", "mean over n = 1..All: reff - reff-l1 > 0", UNDECIDED, 0.089444678066154},
        {"C11", "q = 0.8: |reff - baseline| < 0.5", REPRODUCED, 0.0022339029338621},
    };
    int reproduced = 0;
    begin(0.02, 0.02);
    decide("C1");
    for (int i = 0; i < 11; i++) {
        const struct judgement *j = &claims[i].paper;
        CU_ASSERT_STRING_EQUAL(claims[i].id, expected[i].id);
        CU_ASSERT_EQUAL(j->verdict, expected[i].verdict);
        CU_ASSERT_STRING_EQUAL(claims[i].parts[j->deciding].label, expected[i].part);
        CU_ASSERT_DOUBLE_EQUAL(j->p, expected[i].p, 1e-9);
        CU_ASSERT_EQUAL(j->tested_together, 11);
        reproduced += j->verdict == REPRODUCED;
    }
    CU_ASSERT_EQUAL(reproduced, 7);
}

// They are the paper's whatever our results are, even where there are none.
static void test_the_papers_verdict_needs_no_results_of_ours(void) {
    begin(0.02, 0.02);
    int t = find_table("table2");
    for (int i = 0; i < tables[t].row_count * tables[t].column_count; i++)
        cells[t][i].n = 0;
    CU_ASSERT_EQUAL(decide("C4")->ours.verdict, NOT_TESTED);
    CU_ASSERT_EQUAL(decide("C4")->paper.verdict, UNDECIDED);
    CU_ASSERT_DOUBLE_EQUAL(decide("C4")->paper.p, 0.12643909930221, 1e-9);
    CU_ASSERT_EQUAL(decide("C5")->paper.verdict, REPRODUCED);
    CU_ASSERT(!decide("C3")->parts[0].has_paper_test); // least squares over runs needs the runs
}

// ---------------------------------------------------------------------------------------------- too little

// A cell of each claim with one seed only: that claim is not tested, says why, and Holm knows of ten.
static void test_a_cell_with_one_seed_leaves_its_claim_untested(void) {
    static const struct {
        const char *claim, *table, *column, *row, *reason;
    } cases[] = {
        {"C1", "table1a", "reff", "0.0", "p = 0.0, reff has results of one seed, a test needs two"},
        {"C2", "table1a", "baseline", "0.8", "p = 0.8, baseline has results of one seed"},
        {"C3", "table1b", "baseline", "0.4", "q = 0.4, baseline has results of one seed"},
        {"C4", "table2", "reff-single", "168", "size = 168, reff-single has results of one seed"},
        {"C5", "table2", "baseline", "28", "size = 28, baseline has results of one seed"},
        {"C6", "table3a", "textured-mnist", "0", "n = 0, textured-mnist has results of one seed"},
        {"C7", "table3a", "textured-mnist", "20", "n = 20, textured-mnist has results of one seed"},
        {"C8", "table3a", "pets", "All", "n = All, pets has results of one seed"},
        {"C9", "table3b", "abn", "10", "n = 10, abn has results of one seed"},
        {"C10", "supp-table2", "reff-l2", "50", "n = 50, reff-l2 has results of one seed"},
        {"C11", "supp-table3", "reff", "0.2", "q = 0.2, reff has results of one seed"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int t = find_table(cases[i].table);
        begin(0.02, 0.02);
        cells[t]
             [find_row(t, cases[i].row) * tables[t].column_count + table_column(&tables[t], cases[i].column)]
                 .n = 1;
        const struct claim_result *c = decide(cases[i].claim);
        CU_ASSERT_EQUAL(c->ours.verdict, NOT_TESTED);
        suite_text_begins(c->reason, cases[i].reason);
        int tested = 0;
        for (int k = 0; k < 11; k++)
            tested += claims[k].ours.verdict != NOT_TESTED;
        CU_ASSERT(tested >= 9 && tested < 11); // C1 and C2 share a cell
        for (int k = 0; k < 11; k++)
            CU_ASSERT(claims[k].ours.verdict == NOT_TESTED || claims[k].ours.tested_together == tested);
    }
}

// A table of which only some rows were asked for decides the claims whose cells are there, no others.
static void test_some_rows_decide_only_their_claims(void) {
    struct error err = {0};
    struct table *kept;
    int count;
    char *words[] = {"table3a"};
    CU_ASSERT_FATAL(!tables_read(&kept, &count, words, 1, &err));
    CU_ASSERT_FATAL(!tables_keep(kept, &count, "0,1,All", "", &err));
    struct cell_result some[CELLS_MAXIMUM];
    struct table_result result = {.table = kept, .cells = some};
    int t = find_table("table3a"), claim_count;
    begin(0.02, 0.02);
    for (int row = 0; row < 3; row++)
        for (int column = 0; column < kept->column_count; column++)
            some[row * kept->column_count + column] =
                cells[t][find_row(t, kept->rows[row]) * kept->column_count + column];
    struct claim_result *decided;
    CU_ASSERT_FATAL(!claims_decide(&result, 1, paper, NULL, &decided, &claim_count, &err));
    CU_ASSERT_EQUAL_FATAL(claim_count, 3);
    CU_ASSERT_EQUAL(decided[0].ours.verdict, REPRODUCED); // C6: n = 1 and n = 0
    for (int i = 1; i < 3; i++) {
        CU_ASSERT_EQUAL(decided[i].ours.verdict, NOT_TESTED);
        CU_ASSERT_STRING_EQUAL(decided[i].reason, "only some of the table's rows or columns were asked for");
    }
    free(decided);
    free(kept);
}

// Means over n are of the seeds that all of their cells have.
static void test_means_need_common_seeds(void) {
    int t = find_table("supp-table2");
    begin(0.02, 0.02);
    cells[t][0].seeds[0] = 17; // n = 1, reff
    CU_ASSERT_EQUAL(decide("C10")->ours.verdict, REPRODUCED);
    CU_ASSERT(decide("C10")->parts[0].test.df < 3); // two seeds against three
    cells[t][0].seeds[1] = 18;
    CU_ASSERT_EQUAL(decide("C10")->ours.verdict, NOT_TESTED);
    CU_ASSERT_STRING_EQUAL(decide("C10")->reason,
                           "its cells have fewer than two seeds in common, a test needs two");
}

// ---------------------------------------------------------------------------------------------- numbers

static void check_part(const char *id, int part, const char *label, double effect, double statistic,
                       double df, double p) {
    const struct claim_result *c = decide(id);
    CU_ASSERT_FATAL(part < c->part_count);
    const struct t_test *t = &c->parts[part].test;
    if (strcmp(c->parts[part].label, label) != 0)
        printf("\n  %s\n", c->parts[part].label);
    CU_ASSERT_STRING_EQUAL(c->parts[part].label, label);
    CU_ASSERT_DOUBLE_EQUAL(t->effect, effect, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(t->statistic, statistic, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(t->df, df, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(t->p, p, 1e-9);
}

// With what the cells of a seed share left in: the means over n keep it, so their tests know three
// observations, not fifteen.
static void test_means_are_taken_seed_by_seed(void) {
    begin(1, 0.1);
    check_part("C7", 0, "textured-mnist: mean over n = 1..50 above n = All", 6.512, 5.85550901030204,
               3.9723428663550147, 0.0021686854519749575);
    check_part("C8", 0, "isic2017: mean over n = 1..All above n = 0", 2.546666666666667, 2.2747768965500845,
               3.9809647171458358, 0.04279746900450769);
    check_part("C8", 1, "pets: mean over n = 1..All within 1 of n = 0", -0.286666666666, 0.6371757275677109,
               3.9809647171458358, 0.2794046570835842);
    check_part("C10", 0, "mean over n = 1..All: reff - reff-l1 > 0", 1.9016666666666637, 1.760601223067465, 4,
               0.07655466996197496);
    CU_ASSERT_DOUBLE_EQUAL(decide("C7")->parts[0].paper_effect, 6.512, 1e-9);
}

static void test_parts_are_the_cells_of_the_specification(void) {
    begin(0.02, 0.02);
    CU_ASSERT_EQUAL(decide("C4")->part_count, 6);
    CU_ASSERT_STRING_EQUAL(decide("C4")->parts[0].label, "size = 112: reff - reff-single > 0");
    CU_ASSERT_STRING_EQUAL(decide("C4")->parts[5].label, "size = 223: reff-single - baseline > 0");
    CU_ASSERT_EQUAL(decide("C5")->part_count, 1);
    CU_ASSERT_STRING_EQUAL(decide("C5")->parts[0].label, "size = 28: |reff - baseline| < 2");
    CU_ASSERT_STRING_EQUAL(decide("C6")->parts[0].label, "textured-mnist: n = 1 above n = 0");
    CU_ASSERT_EQUAL(decide("C7")->part_count, 1);
    CU_ASSERT_EQUAL(decide("C8")->part_count, 2);
    CU_ASSERT_EQUAL(decide("C9")->part_count, 6);
    CU_ASSERT_STRING_EQUAL(decide("C9")->parts[5].label, "n = All: abn - reff > 0");
    CU_ASSERT_EQUAL(decide("C10")->part_count, 2);
    CU_ASSERT_EQUAL(decide("C11")->part_count, 6);
    CU_ASSERT_EQUAL(decide("C11")->parts[0].test.bound, 0.5);
}

void suite_claims_paper(void) {
    CU_pSuite s = CU_add_suite("claims_paper", set_up, clean_up);
    CU_add_test(s, "at the paper's means all are reproduced", test_at_the_papers_means_all_are_reproduced);
    CU_add_test(s, "every verdict of every claim arises", test_every_verdict_of_every_claim_arises);
    CU_add_test(s, "a slope is absent by its change over the row",
                test_a_slope_is_absent_by_its_change_over_the_row);
    CU_add_test(s, "the paper's own numbers reproduce seven claims of eleven",
                test_the_papers_own_numbers_reproduce_seven_claims_of_eleven);
    CU_add_test(s, "the paper's verdict needs no results of ours",
                test_the_papers_verdict_needs_no_results_of_ours);
    CU_add_test(s, "a cell with one seed leaves its claim untested",
                test_a_cell_with_one_seed_leaves_its_claim_untested);
    CU_add_test(s, "some rows decide only their claims", test_some_rows_decide_only_their_claims);
    CU_add_test(s, "means need common seeds", test_means_need_common_seeds);
    CU_add_test(s, "means are taken seed by seed", test_means_are_taken_seed_by_seed);
    CU_add_test(s, "parts are the cells of the specification", test_parts_are_the_cells_of_the_specification);
}
