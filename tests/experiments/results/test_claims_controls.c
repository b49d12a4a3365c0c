// SPDX-License-Identifier: Apache-2.0
// The claims D1 to D4 on made-up results of the table of controls, beside the paper's: a family of their own.
#include "experiments/results/claims.h"
#include "experiments/results/paper.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

enum { SEEDS = 3, TABLES = 3, CELLS = TABLE_ROWS_MAXIMUM * TABLE_COLUMNS_MAXIMUM };

static struct table *tables;
static json_t *paper;
static struct cell_result cells[TABLES][CELLS];
static struct table_result results[TABLES];
static struct claim_result *claims;
static int claim_count;

static int set_up(void) {
    struct error err = {0};
    char *words[] = {"table1", "controls"};
    int count;
    paper = paper_read(&err);
    return !paper || tables_read(&tables, &count, words, 2, &err) || count != TABLES ? -1 : 0;
}

static int clean_up(void) {
    free(tables);
    free(claims);
    json_decref(paper);
    return 0;
}

static void set_cell(int t, int row, const char *column, double mean, double spread) {
    struct cell_result *c = &cells[t][row * tables[t].column_count + table_column(&tables[t], column)];
    memset(c, 0, sizeof *c);
    c->n = SEEDS;
    for (int s = 0; s < SEEDS; s++) {
        c->seeds[s] = (uint64_t)s + 1;
        c->values[s] = mean + (s - 1) * spread;
    }
    c->sample = sample_of(c->values, c->n);
}

// At p = 0 and .05: 40 for all but ReFF, 60, and swap, 80.
static void begin(void) {
    for (int t = 0; t < TABLES; t++) {
        results[t] = (struct table_result){.table = &tables[t], .cells = cells[t]};
        for (int row = 0; row < tables[t].row_count; row++)
            for (int column = 0; column < tables[t].column_count; column++) {
                const char *name = tables[t].columns[column];
                set_cell(t, row, name, !strcmp(name, "reff") ? 60 : !strcmp(name, "swap") ? 80 : 40, 0.5);
            }
    }
}

static const struct claim_result *decide(const char *id, int first_table) {
    struct error err = {0};
    free(claims);
    CU_ASSERT_FATAL(!claims_decide(results + first_table, TABLES - first_table, paper, NULL, &claims,
                                   &claim_count, &err));
    for (int i = 0; i < claim_count; i++)
        if (!strcmp(claims[i].id, id))
            return &claims[i];
    CU_FAIL_FATAL("no such claim");
    return NULL;
}

static void test_each_claim_of_the_controls_has_its_verdict(void) {
    begin();
    CU_ASSERT_EQUAL(decide("D1", 2)->ours.verdict, REPRODUCED);
    CU_ASSERT_EQUAL(decide("D1", 2)->part_count, 2);
    CU_ASSERT_EQUAL(decide("D2", 2)->ours.verdict, CONTRADICTED);
    CU_ASSERT_EQUAL(decide("D3", 2)->ours.verdict, REPRODUCED);
    set_cell(2, 0, "reff-random", 60, 0.5); // one of two controls is as good
    CU_ASSERT(decide("D1", 2)->ours.verdict != REPRODUCED);
    set_cell(2, 0, "reff-detached", 61, 20);
    CU_ASSERT_EQUAL(decide("D3", 2)->ours.verdict, UNDECIDED);
}

// p by Holm of three claims, whether the paper's are decided beside them or not; and theirs of three.
static void test_holms_method_keeps_the_families_apart(void) {
    begin();
    double alone = decide("D1", 2)->ours.p_holm;
    CU_ASSERT_EQUAL(decide("D1", 2)->ours.tested_together, 3);
    CU_ASSERT_EQUAL(decide("D1", 0)->ours.tested_together, 3);
    suite_near(decide("D1", 0)->ours.p_holm, alone, 0);
    CU_ASSERT_EQUAL(decide("C1", 0)->ours.tested_together, 3); // C1 to C3
    CU_ASSERT_EQUAL(claim_count, 7);
}

static void test_an_order_has_intervals_and_no_verdict(void) {
    begin();
    int row = table_row(&tables[2], 0.05);
    set_cell(2, row, "dfr", 70, 1);
    set_cell(2, row, "rrr", 41, 0);
    set_cell(2, row, "energy", 42, 2);
    const struct claim_result *c = decide("D4", 2);
    CU_ASSERT_EQUAL(c->ours.verdict, NOT_TESTED);
    CU_ASSERT_EQUAL(c->part_count, 0);
    // Student's t of two degrees of freedom, 4.303: 1 / sqrt 3 times it is 2.48.
    suite_text_is(c->reason, "dfr 70.0 [67.5, 72.5], reff 60.0 [58.8, 61.2], energy 42.0 [37.0, 47.0], "
                             "rrr 41.0 [41.0, 41.0], group-dro 40.0 [38.8, 41.2]");
    cells[2][row * tables[2].column_count + table_column(&tables[2], "rrr")].n = 1;
    suite_text_has(decide("D4", 2)->reason, "p = 0.05, rrr has results of one seed");
}

void suite_claims_controls(void);
void suite_claims_controls(void) {
    CU_pSuite s = CU_add_suite("claims_controls", set_up, clean_up);
    CU_add_test(s, "each claim of the controls has its verdict",
                test_each_claim_of_the_controls_has_its_verdict);
    CU_add_test(s, "Holm's method keeps the families apart", test_holms_method_keeps_the_families_apart);
    CU_add_test(s, "an order has intervals and no verdict", test_an_order_has_intervals_and_no_verdict);
}
