// SPDX-License-Identifier: Apache-2.0
// The order of runs and the estimates of their time.
#include "experiments/sweep/schedule.h"
#include "tests/support/fake_work.h"
#include "tests/support/suite.h"
#include "tests/support/sweep_fixture.h"

#include <string.h>

enum { RUNS = 12 };

// Runs of data sets "0" .. "5" with two methods each, the second of which takes twice as long.
static void make_cells(struct cell cells[RUNS], const struct cell *pointers[RUNS], double seconds[RUNS]) {
    memset(cells, 0, RUNS * sizeof *cells);
    for (int i = 0; i < RUNS; i++) {
        snprintf(cells[i].data_digest, DIGEST_SIZE, "%d", i / 2);
        snprintf(cells[i].cost_key, DIGEST_SIZE, "%d", i % 2);
        snprintf(cells[i].training.method, SETTING_WORD_SIZE, "%s", i % 2 ? "reff" : "baseline");
        cells[i].steps = 100;
        pointers[i] = &cells[i];
        seconds[i] = i % 2 ? 20 : 10;
    }
}

static double length_of(const int *order, const double *seconds, int jobs) {
    double ordered[RUNS];
    for (int i = 0; i < RUNS; i++)
        ordered[i] = seconds[order[i]];
    return schedule_length(ordered, RUNS, NULL, 0, jobs);
}

static void test_runs_go_data_set_by_data_set_longest_first_jobs_end_together(void) {
    struct cell cells[RUNS];
    const struct cell *pointers[RUNS];
    double seconds[RUNS];
    int order[RUNS], seen[RUNS] = {0};
    make_cells(cells, pointers, seconds);
    schedule_order(pointers, seconds, RUNS, 2, order);
    for (int i = 0; i < RUNS; i++)
        seen[order[i]]++;
    for (int i = 0; i < RUNS; i++)
        CU_ASSERT_EQUAL(seen[i], 1); // every run once
    for (int i = 0; i < RUNS - 4;
         i += 2) { // data set by data set, the longer run first, but for the last two
        CU_ASSERT_STRING_EQUAL(pointers[order[i]]->data_digest, pointers[order[i + 1]]->data_digest);
        CU_ASSERT(seconds[order[i]] > seconds[order[i + 1]]);
    }
    CU_ASSERT(seconds[order[RUNS - 1]] == 10 && seconds[order[RUNS - 2]] == 10); // short ones fill the end
    CU_ASSERT_EQUAL(length_of(order, seconds, 2), 90); // 180 seconds of work: both jobs end together
    CU_ASSERT_EQUAL(length_of(order, seconds, 1), 180);
}

// Within a data set runs of the same pseudo-annotations follow one another, those without any come first.
static void test_runs_of_the_same_pseudo_annotations_follow_one_another(void) {
    struct cell cells[RUNS];
    const struct cell *pointers[RUNS];
    double seconds[RUNS];
    int order[RUNS];
    make_cells(cells, pointers, seconds);
    for (int i = 0; i < RUNS; i++) { // three data sets of four runs: one plain, annotations "a", "b", "a"
        static const char *const annotations[] = {"", "a", "b", "a"};
        snprintf(cells[i].data_digest, DIGEST_SIZE, "%d", i / 4);
        snprintf(cells[i].annotation_digest, DIGEST_SIZE, "%s%s", annotations[i % 4],
                 i % 4 ? cells[i].data_digest : "");
        cells[i].has_annotator = i % 4 > 0;
    }
    schedule_order(pointers, seconds, RUNS, 1, order);
    for (int i = 0; i < RUNS - 4; i += 4) {
        CU_ASSERT_EQUAL(order[i] % 4, 0);
        CU_ASSERT_STRING_EQUAL(pointers[order[i + 1]]->annotation_digest,
                               pointers[order[i + 2]]->annotation_digest);
        CU_ASSERT_EQUAL(order[i + 3] % 4, 2);
    }
}

// What is measured of annotators is averaged and prevails over estimates; what is unknown costs nothing.
static void test_measured_annotators_prevail_over_estimated_ones(void) {
    struct forecast f = {0};
    struct cell cell = {.has_annotator = 1, .annotation_cost_key = "key"}, other = cell, none = {0};
    snprintf(other.annotation_cost_key, DIGEST_SIZE, "other");
    CU_ASSERT_EQUAL(forecast_annotator(&f, &cell), 0);
    forecast_add_annotator(&f, &cell, 50, 0.5);
    CU_ASSERT_EQUAL(forecast_annotator(&f, &cell), 50);
    forecast_add_annotator(&f, &cell, 10, 1);
    forecast_add_annotator(&f, &cell, 20, 1);
    forecast_add_annotator(&f, &cell, 90, 0.5);
    forecast_add_annotator(&f, &cell, 0, 1); // a run that found them made
    CU_ASSERT_EQUAL(forecast_annotator(&f, &cell), 15);
    CU_ASSERT_EQUAL(forecast_annotator(&f, &other), 0);
    CU_ASSERT_EQUAL(forecast_annotator(&f, &none), 0);
}

static void test_the_length_of_a_schedule_counts_runs_under_way(void) {
    const double seconds[] = {5, 5, 5}, left[] = {10, 1};
    CU_ASSERT_EQUAL(schedule_length(seconds, 3, left, 2, 2), 15); // 10 + 5 beside 1 + 5 + 5
    CU_ASSERT_EQUAL(schedule_length(seconds, 0, left, 2, 2), 10);
    CU_ASSERT_EQUAL(schedule_length(seconds, 0, left, 0, 2), 0);
}

static void test_measured_runs_prevail_over_estimates_one_method_tells_the_others(void) {
    struct cell cells[RUNS];
    const struct cell *pointers[RUNS];
    double seconds[RUNS];
    struct forecast f = {0};
    make_cells(cells, pointers, seconds);
    CU_ASSERT_EQUAL(forecast_seconds(&f, &cells[0]), -1);
    forecast_add(&f, &cells[0], 12, 0.5); // an estimate
    CU_ASSERT_EQUAL(forecast_seconds(&f, &cells[0]), 12);
    CU_ASSERT_EQUAL(forecast_seconds(&f, &cells[1]), 24); // the other method: from the baseline's
    forecast_add(&f, &cells[0], 10, 1);                   // measured: replaces the estimate
    CU_ASSERT_EQUAL(forecast_seconds(&f, &cells[2]), 10); // and holds for all runs of its kind
    forecast_add(&f, &cells[0], 99, 0.5);                 // an estimate is worth nothing any more
    CU_ASSERT_EQUAL(forecast_seconds(&f, &cells[0]), 10);
    forecast_add(&f, &cells[2], 20, 1);
    CU_ASSERT_EQUAL(forecast_seconds(&f, &cells[0]), 15);
    forecast_add(&f, &cells[1], 21, 1);
    CU_ASSERT_EQUAL(forecast_seconds(&f, &cells[3]), 21);
}

void suite_schedule(void) {
    CU_pSuite suite = CU_add_suite("schedule", NULL, NULL);
    CU_add_test(suite, "runs of the same pseudo-annotations follow one another",
                test_runs_of_the_same_pseudo_annotations_follow_one_another);
    CU_add_test(suite, "measured annotators prevail over estimated ones",
                test_measured_annotators_prevail_over_estimated_ones);
    CU_add_test(suite, "runs go data set by data set, longest first, jobs end together",
                test_runs_go_data_set_by_data_set_longest_first_jobs_end_together);
    CU_add_test(suite, "the length of a schedule counts runs under way",
                test_the_length_of_a_schedule_counts_runs_under_way);
    CU_add_test(suite, "measured runs prevail over estimates, one method tells the other's",
                test_measured_runs_prevail_over_estimates_one_method_tells_the_others);
}
