// SPDX-License-Identifier: Apache-2.0
// A sweep's pseudo-annotations: made once for all runs that need them, whatever happens to their annotators.
// The work is fake, as in test_sweep.c.
#include "core/base/random.h"
#include "experiments/store/data_sets.h"
#include "tests/support/suite.h"
#include "tests/support/sweep_trial.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { ANNOTATED_RUNS = 2 * (2 + 3 * 3), ANNOTATIONS = 2 * 2, NEED_ANNOTATIONS = 2 * 2 * 3 };

static void begin_annotated(const char *name) {
    trial_begin(name);
    fixture_free(&trial.fixture);
    fixture_make_table(&trial.fixture, fixture_annotated_table_text, fixture_profile_text);
    CU_ASSERT_EQUAL_FATAL(trial.fixture.plan.count, ANNOTATED_RUNS);
}

// Made once for all methods, on the same images; their quality is in the records of the runs, and of no
// other.
static void test_pseudo_annotations_are_made_once_and_told(void) {
    begin_annotated("annotated");
    CU_ASSERT_EQUAL(trial_whole(), 0);
    trial_check_all_done();
    CU_ASSERT_EQUAL(fake_events("generate train"), 2);
    CU_ASSERT_EQUAL(fake_events("annotate "), ANNOTATIONS);
    CU_ASSERT_EQUAL(fake_events("annotated shard "), NEED_ANNOTATIONS);
    CU_ASSERT_EQUAL(fake_events("annotated 1 n 5") + fake_events("annotated 2 n 5"), 2);
    int makers = 0;
    for (int i = 0; i < trial.fixture.plan.count; i++) {
        struct error err = {0};
        struct run_status status;
        CU_ASSERT_FATAL(!run_look(trial.results, &trial.fixture.plan.cells[i], &status, &err));
        const json_t *annotation = json_object_get(json_object_get(status.run, "cell"), "annotation");
        CU_ASSERT_EQUAL(annotation != NULL, trial.fixture.plan.cells[i].has_annotator);
        if (annotation)
            CU_ASSERT_DOUBLE_EQUAL(json_number_value(json_object_get(annotation, "mae")),
                                   1.0 / (trial.fixture.plan.cells[i].annotator.n + 1), 1e-12);
        makers += json_object_get(annotation, "seconds") != NULL;
        run_status_clear(&status);
    }
    CU_ASSERT_EQUAL(makers, ANNOTATIONS); // who made them says how long it took
    CU_ASSERT_EQUAL(trial_count_in_results("shards"), -1);
    trial_end();
}

// However often an annotator is cut off, it goes on from its checkpoint, and nothing of it is left.
static void test_annotators_killed_at_random_moments_end_with_the_same_results(void) {
    enum { KILLS = 12, POINTS = 12 };
    struct random r = random_stream(1, random_purpose("test killed annotators"), 0);
    begin_annotated("annotatorskilled");
    fake.steps = 8;
    for (int k = 0; k < KILLS; k++) {
        int points = 1 + (int)random_below(&r, POINTS);
        fake_halt(points);
        pid_t sweep = trial_start(0);
        fake_wait_halted();
        CU_ASSERT_EQUAL(kill(sweep, SIGKILL), 0);
        CU_ASSERT_EQUAL(trial_wait(sweep), 128 + SIGKILL);
        CU_ASSERT_FATAL(trial_locks_free());
        CU_ASSERT_EQUAL(trial_count_state(RUN_DAMAGED) + trial_count_state(RUN_FAILED), 0);
    }
    fake_go();
    CU_ASSERT_EQUAL(trial_whole(), 0);
    trial_check_all_done();
    CU_ASSERT(fake_events("annotate ") > ANNOTATIONS); // some were cut off, and went on
    CU_ASSERT(fake_events("annotate ") >
              fake_events("annotate 1 n 1 from 0") + fake_events("annotate 2 n 1 from 0") +
                  fake_events("annotate 1 n 5 from 0") + fake_events("annotate 2 n 5 from 0"));
    CU_ASSERT_EQUAL(trial_count_in_results("shards"), -1); // with their checkpoints' folders
    trial_end();
}

// Annotations that cannot be made are tried once a sweep, and fail the runs that need them and no other.
static void test_an_annotator_that_fails_is_tried_once_and_fails_its_runs(void) {
    begin_annotated("annotatorfails");
    fake.annotator_fails = 1;
    fake.fault_seed = 2;
    CU_ASSERT_EQUAL(trial_whole(), EXIT_FAILED);
    CU_ASSERT_EQUAL(trial_count_state(RUN_FAILED), NEED_ANNOTATIONS / 2);
    CU_ASSERT_EQUAL(trial_count_state(RUN_DONE), ANNOTATED_RUNS - NEED_ANNOTATIONS / 2);
    CU_ASSERT_EQUAL(fake_events("annotate 2 "), 2); // n = 1 and n = 5
    CU_ASSERT(trial_log_has("failed: pseudo-annotations: iteration 7: loss is NaN"));
    fake.annotator_fails = 0;
    trial.options.retry = 1;
    CU_ASSERT_EQUAL(trial_whole(), 0);
    trial_check_all_done();
    trial_end();
}

// An earlier sweep's failure is no reason to fail, were it of a process of the same number.
static void test_another_sweep_tries_a_failed_annotator_again(void) {
    begin_annotated("annotatoragain");
    fake.annotator_fails = 1;
    fake.fault_seed = 2;
    trial.retry_at_once = 1;
    CU_ASSERT_EQUAL(trial_whole(), 0);
    trial.retry_at_once = 0;
    CU_ASSERT(trial_log_has("failed: pseudo-annotations: iteration 7: loss is NaN"));
    CU_ASSERT_EQUAL(fake_events("annotate 2 "), 4);
    trial_check_all_done();
    trial_end();
}

// What an unfinished run of any sweep has of its annotations outlives the end of another sweep; shards do
// not.
static void test_annotations_of_unfinished_runs_outlive_other_sweeps(void) {
    struct error err = {0};
    char data[64], work[128], other[128], shard[128], path[PATH_SIZE];
    begin_annotated("spared");
    const struct cell *cell = NULL;
    for (int i = 0; i < trial.fixture.plan.count && !cell; i++)
        cell = trial.fixture.plan.cells[i].annotator.n == 5 ? &trial.fixture.plan.cells[i] : NULL;
    CU_ASSERT_FATAL(cell != NULL);
    snprintf(data, sizeof data, "spared/shards/%.16s", cell->data_digest);
    snprintf(work, sizeof work, "%s/annotations-n5-01234567.work/checkpoint", data);
    snprintf(other, sizeof other, "%s/annotations-n50-01234567.h5", data);
    snprintf(shard, sizeof shard, "%s/train.h5", data);
    CU_ASSERT_FATAL(!run_folder(path, trial.results, cell, &err) && !folder_make(path, &err));
    CU_ASSERT_FATAL(!run_file(path, trial.results, cell, "cell.json", &err) &&
                    !json_write(path, cell->record, &err));
    snprintf(path, sizeof path, "%s/annotations-n5-01234567.work", suite_path(data));
    CU_ASSERT_FATAL(!folder_make(path, &err));
    fixture_write(work, "half way"), fixture_write(other, "nobody's"), fixture_write(shard, "x");
    data_sets_prune(trial.results);
    CU_ASSERT(file_exists(suite_path(work)));
    CU_ASSERT(!file_exists(suite_path(other)));
    CU_ASSERT(!file_exists(suite_path(shard)));
    CU_ASSERT_FATAL(!data_sets_keep(trial.results, cell, &err));
    CU_ASSERT_FATAL(!run_record_failure(trial.results, cell, "loss is NaN", &err));
    data_sets_prune(trial.results); // kept
    CU_ASSERT(file_exists(suite_path(work)));
    snprintf(path, sizeof path, "%s/keep", suite_path(data));
    CU_ASSERT_FATAL(!unlink(path));
    data_sets_prune(trial.results); // the run has failed
    CU_ASSERT(!file_exists(suite_path("spared/shards")));
    trial_end();
}

void suite_sweep_annotations(void) {
    CU_pSuite suite = CU_add_suite("sweep_annotations", suite_make_folder, suite_remove_folder);
    CU_add_test(suite, "pseudo-annotations are made once and told",
                test_pseudo_annotations_are_made_once_and_told);
    CU_add_test(suite, "annotators killed at random moments end with the same results",
                test_annotators_killed_at_random_moments_end_with_the_same_results);
    CU_add_test(suite, "an annotator that fails is tried once and fails its runs",
                test_an_annotator_that_fails_is_tried_once_and_fails_its_runs);
    CU_add_test(suite, "another sweep tries a failed annotator again",
                test_another_sweep_tries_a_failed_annotator_again);
    CU_add_test(suite, "annotations of unfinished runs outlive other sweeps",
                test_annotations_of_unfinished_runs_outlive_other_sweeps);
}
