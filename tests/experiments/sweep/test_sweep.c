// SPDX-License-Identifier: Apache-2.0
// The runner, through everything that may happen to a sweep: kill -9 of the sweep and of its runs at random
// moments, Ctrl-C, a full disk, runs that fail, crash or lie, damaged records, changed settings, a second
// sweep at the same time. The work is fake (fake_work.h), and its results depend on every step: a lost
// or repeated one would show. Moments are counted in steps of the fake work, never in time.
#include "core/base/interrupt.h"
#include "core/base/random.h"
#include "experiments/process/lock.h"
#include "experiments/store/data_sets.h"
#include "experiments/store/retrain.h"
#include "tests/support/suite.h"
#include "tests/support/sweep_trial.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

// ------------------------------------------------------------------------------------- the plain way

static void test_all_runs_are_done_once_and_a_rerun_does_nothing(void) {
    trial_begin("whole");
    CU_ASSERT_EQUAL(trial_whole(), 0);
    trial_check_all_done();
    CU_ASSERT_EQUAL(fake_events("train "), FIXTURE_RUNS);
    CU_ASSERT_EQUAL(fake_events("generate train"), FIXTURE_DATA_SETS); // both methods use the same shards
    CU_ASSERT_EQUAL(fake_events("generate test"), FIXTURE_DATA_SETS);
    CU_ASSERT_EQUAL(trial_count_in_results("shards"), -1); // removed, the folder too
    CU_ASSERT(trial_log_has("8 never run"));
    CU_ASSERT(trial_log_has("[8/8]"));

    CU_ASSERT_EQUAL(trial_whole(), 0); // again: nothing
    CU_ASSERT(trial_log_has("nothing to do: 8 of 8 runs are done"));
    CU_ASSERT_EQUAL(fake_events("train "), FIXTURE_RUNS);
    CU_ASSERT_EQUAL(fake_events("generate "), 2 * FIXTURE_DATA_SETS);
    trial_end();
}

static void test_what_a_run_prints_is_in_its_log(void) {
    struct error err = {0};
    char path[PATH_SIZE];
    trial_begin("log");
    CU_ASSERT_EQUAL(trial_whole(), 0);
    CU_ASSERT_FATAL(!run_file(path, trial.results, &trial.fixture.plan.cells[0], "log", &err));
    char *text = file_read(path, 10000, NULL, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    suite_text_has(text, "the fake trainer says something");
    free(text);
    trial_end();
}

static void test_shards_are_kept_when_asked_for(void) {
    trial_begin("keep");
    trial.options.keep_shards = 1;
    CU_ASSERT_EQUAL(trial_whole(), 0);
    CU_ASSERT_EQUAL(trial_count_in_results("shards"), FIXTURE_DATA_SETS);
    trial.options.keep_shards = 0;
    CU_ASSERT_EQUAL(trial_whole(), 0); // kept is kept
    CU_ASSERT_EQUAL(trial_count_in_results("shards"), FIXTURE_DATA_SETS);
    trial_end();
}

// Whatever shards lie about that no run needs go with the end of a sweep.
static void test_shards_that_nobody_needs_are_removed(void) {
    struct error err = {0};
    trial_begin("prune");
    CU_ASSERT_FATAL(!folder_make(suite_path("prune/shards/0123456789abcdef"), &err));
    fixture_write("prune/shards/0123456789abcdef/train.h5", "of other settings");
    CU_ASSERT_EQUAL(trial_whole(), 0);
    CU_ASSERT_EQUAL(trial_count_in_results("shards"), -1);
    trial_end();
}

// ---------------------------------------------------------------------------------- failures of runs

static void check_one_failure(enum fake_fault fault, const char *message) {
    fake.fault = fault;
    fake.fault_method = "reff";
    fake.fault_seed = 2;
    CU_ASSERT_EQUAL(trial_whole(), EXIT_FAILED);
    CU_ASSERT_EQUAL(trial_count_state(RUN_FAILED), 2); // p = 0 and p = 1
    CU_ASSERT_EQUAL(trial_count_state(RUN_DONE), FIXTURE_RUNS - 2);
    CU_ASSERT(trial_log_has(message));
    CU_ASSERT(trial_log_has("--retry"));
    CU_ASSERT_EQUAL(trial_count_in_results("shards"), -1); // a failed run holds no shards back

    int trained = fake_events("train ");
    CU_ASSERT_EQUAL(trial_whole(), EXIT_FAILED); // not repeated unasked, still told
    CU_ASSERT_EQUAL(fake_events("train "), trained);
    CU_ASSERT(trial_log_has(message));

    fake.fault_method = NULL; // the cause is gone
    trial.options.retry = 1;
    CU_ASSERT_EQUAL(trial_whole(), 0);
    CU_ASSERT_EQUAL(fake_events("train "), trained + 2);
    CU_ASSERT(trial_log_has("failed before (retry asked)"));
    trial_check_all_done();
}

static void test_a_failed_run_is_kept_told_and_repeated_on_request(void) {
    trial_begin("fails");
    check_one_failure(FAKE_FAILS, "step 3: loss is NaN, first in layer3.0.bn2");
    trial_end();
}

// What ended a run from without is no verdict on it: it is told, and the next sweep goes on with it unasked.
static void check_one_unfinished(enum fake_fault fault, const char *message) {
    fake.fault = fault;
    fake.fault_method = "reff";
    fake.fault_seed = 2;
    CU_ASSERT_EQUAL(trial_whole(), EXIT_FAILED);
    CU_ASSERT_EQUAL(trial_count_state(RUN_FAILED), 0);
    CU_ASSERT_EQUAL(trial_count_state(RUN_DONE), FIXTURE_RUNS - 2);
    CU_ASSERT(trial_log_has(message));
    CU_ASSERT(trial_log_has("unfinished (the same command goes on with them)"));
    fake.fault_method = NULL; // the cause is gone
    CU_ASSERT_EQUAL(trial_whole(), 0);
    trial_check_all_done();
}

static void test_a_crashed_run_is_unfinished(void) {
    trial_begin("crashes");
    check_one_unfinished(FAKE_CRASHES, "unfinished: its process crashed (Aborted)");
    trial_end();
}

static void test_a_run_that_leaves_no_record_is_unfinished(void) {
    trial_begin("lies");
    check_one_unfinished(FAKE_LIES, "unfinished: training ended without a good record");
    trial_end();
}

static void test_a_run_that_the_system_refused_something_is_unfinished(void) {
    trial_begin("refused");
    check_one_unfinished(FAKE_REFUSED, ": No locks available");
    trial_end();
}

static void test_a_run_without_memory_has_another_turn_with_fewer_at_once(void) {
    trial_begin("starves");
    fake.fault = FAKE_STARVES;
    fake.fault_method = "reff";
    fake.fault_seed = 2;
    CU_ASSERT_EQUAL(trial_whole(), 0);
    CU_ASSERT_EQUAL(fake_events("starved"), 1);
    CU_ASSERT(trial_log_has("out of memory: a step needs 1.0 MiB; once more, 1 at a time from here on"));
    trial_check_all_done();
    trial_end();
}

static void test_a_run_that_is_killed_after_its_record_is_done(void) {
    trial_begin("dies");
    fake.fault = FAKE_DIES;
    fake.fault_method = "reff";
    fake.fault_seed = 2;
    CU_ASSERT_EQUAL(trial_whole(), 0);
    CU_ASSERT_EQUAL(fake_events("train "), FIXTURE_RUNS); // none once more
    trial_check_all_done();
    trial_end();
}

static void test_half_files_of_who_lost_a_run_are_removed_at_its_end(void) {
    struct error err = {0};
    char part[PATH_SIZE];
    trial_begin("litters");
    fake.fault = FAKE_LITTERS;
    fake.fault_method = "reff";
    fake.fault_seed = 2;
    CU_ASSERT_EQUAL(trial_whole(), 0);
    trial_check_all_done();
    for (int i = 0; i < FIXTURE_RUNS; i++) {
        CU_ASSERT_FATAL(!run_file(part, trial.results, &trial.fixture.plan.cells[i],
                                  "run.json.part-other.01234567-8", &err));
        CU_ASSERT(!file_exists(part));
    }
    trial_end();
}

// Whoever removes or renames the results while a sweep is at work: records that went are told, and no status says that
// all runs are done. What the sweep made anew where they lay is whole.
static void test_results_that_go_while_a_sweep_is_at_work_are_told(void) {
    trial_begin("gone");
    fake.steps = 20;
    fake_halt(100); // some runs are done
    pid_t sweep = trial_start(0);
    fake_wait_halted();
    CU_ASSERT_FATAL(trial_count_state(RUN_DONE) > 0);
    CU_ASSERT_FATAL(!rename(trial.results, suite_path("gone-elsewhere")));
    fake_go();
    CU_ASSERT_EQUAL(trial_wait(sweep), EXIT_FAILED);
    CU_ASSERT(trial_log_has("went while the sweep was at work"));
    CU_ASSERT_EQUAL(trial_count_state(RUN_FAILED) + trial_count_state(RUN_DAMAGED), 0);
    CU_ASSERT_EQUAL(trial_whole(), 0);
    trial_check_all_done();
    trial_end();
}

// ---------------------------------------------------------------------------------------------- reruns

static void test_a_damaged_record_is_noticed_and_made_again(void) {
    struct error err = {0};
    char path[PATH_SIZE];
    trial_begin("damaged");
    CU_ASSERT_EQUAL(trial_whole(), 0);
    CU_ASSERT_FATAL(!run_file(path, trial.results, &trial.fixture.plan.cells[3], "run.json", &err));
    CU_ASSERT_FATAL(!truncate(path, 40));
    CU_ASSERT_EQUAL(trial_whole(), 0);
    CU_ASSERT(trial_log_has("record damaged: "));
    CU_ASSERT_EQUAL(fake_events("train "), FIXTURE_RUNS + 1);
    trial_check_all_done();
    trial_end();
}

static void test_changed_settings_run_anew_and_are_named(void) {
    char text[1000], before[64];
    trial_begin("changed");
    CU_ASSERT_EQUAL(trial_whole(), 0);
    const struct cell *reff = plan_find(&trial.fixture.plan, &trial.fixture.tables[0], 0, 1, 1);
    snprintf(before, sizeof before, "since %.16s", reff->digest);
    fixture_free(&trial.fixture);
    snprintf(text, sizeof text, "%s", fixture_profile_text);
    *strstr(strstr(text, "lambda"), "3") = '4';
    fixture_make(&trial.fixture, text);
    CU_ASSERT_EQUAL(trial_whole(), 0);
    CU_ASSERT(trial_log_has("new settings: lambda 3"));
    CU_ASSERT(trial_log_has("-> 4"));
    CU_ASSERT(trial_log_has(before));
    CU_ASSERT(trial_log_has("4 done")); // the baseline has no lambda of its own in this profile
    CU_ASSERT_EQUAL(fake_events("train "), FIXTURE_RUNS + FIXTURE_RUNS / 2);
    trial_end();
}

// Figures want a model of runs that are done without one: these are trained again, and whatever happens
// meanwhile, what is recorded stays.
static void want_models(char *records[FIXTURE_RUNS]) {
    struct error err = {0};
    char path[PATH_SIZE];
    CU_ASSERT_EQUAL(trial_whole(), 0);
    for (int i = 0; i < FIXTURE_RUNS; i++) {
        trial.fixture.plan.cells[i].needs_model = 1;
        CU_ASSERT_FATAL(!retrain_remove_model(trial.results, &trial.fixture.plan.cells[i], &err));
        CU_ASSERT_FATAL(!run_file(path, trial.results, &trial.fixture.plan.cells[i], "run.json", &err));
        records[i] = file_read(path, 1 << 16, NULL, &err);
        CU_ASSERT_PTR_NOT_NULL_FATAL(records[i]);
    }
}

static int models_now(char *records[FIXTURE_RUNS]) {
    int models = 0;
    for (int i = 0; i < FIXTURE_RUNS; i++) {
        struct error err = {0};
        char path[PATH_SIZE];
        CU_ASSERT_FATAL(!run_file(path, trial.results, &trial.fixture.plan.cells[i], "run.json", &err));
        char *now = file_read(path, 1 << 16, NULL, &err);
        CU_ASSERT_PTR_NOT_NULL_FATAL(now);
        CU_ASSERT_STRING_EQUAL(now, records[i]);
        free(now);
        CU_ASSERT_FATAL(
            !run_file(path, trial.results, &trial.fixture.plan.cells[i], "model.safetensors", &err));
        int has_model = file_exists(path);
        CU_ASSERT_FATAL(!run_file(path, trial.results, &trial.fixture.plan.cells[i], "again", &err));
        CU_ASSERT(!has_model || !file_exists(path)); // no scratch folder is left
        models += has_model;
    }
    return models;
}

static void free_records(char *records[FIXTURE_RUNS]) {
    for (int i = 0; i < FIXTURE_RUNS; i++)
        free(records[i]);
}

static void test_a_run_trained_again_for_its_model_keeps_its_record(void) {
    char *records[FIXTURE_RUNS], remark[256];
    struct error err = {0};
    trial_begin("models");
    want_models(records);
    fake.hold_step = 3;
    pid_t sweep = trial_start(0);
    fake_wait_events("hold ", trial.options.jobs);
    CU_ASSERT_FATAL(!kill(sweep, SIGTERM));
    CU_ASSERT_EQUAL(trial_wait(sweep), EXIT_INTERRUPTED);
    CU_ASSERT_EQUAL(models_now(records), 0);
    fake.hold_step = 0;
    CU_ASSERT_EQUAL(trial_whole(), 0);
    CU_ASSERT_EQUAL(models_now(records), FIXTURE_RUNS);
    CU_ASSERT_EQUAL(fake_events("train 1 baseline from 2") + fake_events("train 1 reff from 2") +
                        fake_events("train 2 baseline from 2") + fake_events("train 2 reff from 2"),
                    trial.options.jobs);
    CU_ASSERT(!retrain_remark(trial.results, &trial.fixture.plan.cells[0], remark, &err));
    CU_ASSERT_STRING_EQUAL(remark, "");
    free_records(records);
    trial_end();
}

static void test_another_builds_model_is_told_from_the_recorded_ones(void) {
    char *records[FIXTURE_RUNS], remark[256];
    struct error err = {0};
    trial_begin("builds");
    want_models(records);
    fake.build = 3;
    CU_ASSERT_EQUAL(trial_whole(), 0);
    CU_ASSERT_EQUAL(models_now(records), FIXTURE_RUNS);
    CU_ASSERT(!retrain_remark(trial.results, &trial.fixture.plan.cells[0], remark, &err));
    CU_ASSERT_STRING_EQUAL(
        remark, "model trained again by another build, its bits differ from the record's (in: flags)");
    CU_ASSERT(trial_log_has("%; model trained again by another build"));
    fake.build = 0; // and back
    for (int i = 0; i < FIXTURE_RUNS; i++) {
        char path[PATH_SIZE];
        CU_ASSERT_FATAL(
            !run_file(path, trial.results, &trial.fixture.plan.cells[i], "model.safetensors", &err));
        unlink(path);
    }
    CU_ASSERT_EQUAL(trial_whole(), 0);
    CU_ASSERT_EQUAL(models_now(records), FIXTURE_RUNS);
    CU_ASSERT(!retrain_remark(trial.results, &trial.fixture.plan.cells[0], remark, &err));
    CU_ASSERT_STRING_EQUAL(remark, "");
    free_records(records);
    trial_end();
}

// -------------------------------------------------------------------------------- kill -9 and Ctrl-C

// Every session is killed after 0 to 9 points, while a second process may be in the middle of anything. Eight
// runs of twenty steps are not done in twelve such sessions.
static void test_a_sweep_killed_at_random_moments_ends_with_the_same_results(void) {
    enum { KILLS = 12, POINTS = 10 };
    struct random r = random_stream(1, random_purpose("test killed sweep"), 0);
    trial_begin("killed");
    fake.steps = 20;
    for (int k = 0; k < KILLS; k++) {
        int points = (int)random_below(&r, POINTS);
        fake_halt(points);
        pid_t sweep = trial_start(0);
        if (points) // else at once, before or after it has begun
            fake_wait_halted();
        CU_ASSERT_EQUAL(kill(sweep, SIGKILL), 0);
        CU_ASSERT_EQUAL(trial_wait(sweep), 128 + SIGKILL);
        CU_ASSERT_FATAL(trial_locks_free()); // its children died with it
        CU_ASSERT_EQUAL(trial_count_state(RUN_DAMAGED), 0);
        CU_ASSERT_EQUAL(trial_count_state(RUN_FAILED), 0);
    }
    fake_go();
    CU_ASSERT_EQUAL(trial_whole(), 0);
    trial_check_all_done();
    CU_ASSERT_EQUAL(trial_count_parts("runs"), 0);
    CU_ASSERT_EQUAL(trial_count_in_results("shards"), -1);
    CU_ASSERT(fake_events("train ") > FIXTURE_RUNS); // some were cut off, and went on
    trial_end();
}

static void test_runs_killed_at_random_moments_end_with_the_same_results(void) {
    // The first one of a sweep has another turn, alone. A run that is killed alone is not begun again in the same sweep.
    static const int kills[] = {4, 2, 1};
    struct random r = random_stream(1, random_purpose("test killed runs"), 0);
    trial_begin("killedruns");
    fake.steps = 20;
    for (size_t i = 0; i < sizeof kills / sizeof *kills; i++) {
        fake_halt(1);
        pid_t sweep = trial_start(0);
        for (int k = 0; k < kills[i]; k++) {
            CU_ASSERT_EQUAL(kill(fake_wait_halted(), SIGKILL), 0);
            if (k + 1 < kills[i])
                fake_halt(1 + (int)random_below(&r, i ? 1 : 8));
        }
        fake_go();
        CU_ASSERT_EQUAL(trial_wait(sweep), EXIT_FAILED);
        CU_ASSERT(trial_log_has("ended from outside"));
        int alone = kills[i] > 1 ? kills[i] - 1 : 1;
        CU_ASSERT_EQUAL(trial_count_state(RUN_DONE), FIXTURE_RUNS - alone);
        CU_ASSERT_EQUAL(trial_count_state(RUN_DAMAGED), 0);
        CU_ASSERT_EQUAL(trial_count_state(RUN_FAILED), 0); // ended from outside is no failure of the run
    }
    CU_ASSERT_EQUAL(trial_whole(), 0);
    trial_check_all_done();
    CU_ASSERT_EQUAL(trial_count_parts("runs"), 0);
    trial_end();
}

static void interrupt_once(int signal_number, int to_group) {
    fake.steps = 20;
    fake.hold_step = 4;
    pid_t sweep = trial_start(0);
    fake_wait_events("hold ", 2);
    kill(to_group ? -sweep : sweep, signal_number);
    CU_ASSERT_EQUAL(trial_wait(sweep), EXIT_INTERRUPTED);
    CU_ASSERT(trial_log_has("the same command goes on from here"));
    CU_ASSERT_EQUAL(trial_count_state(RUN_UNFINISHED), 2); // two jobs, both with a checkpoint
    CU_ASSERT_EQUAL(trial_count_state(RUN_DONE), 0);
    CU_ASSERT(trial_locks_free());
    fake.hold_step = 0;
    CU_ASSERT_EQUAL(trial_whole(), 0);
    CU_ASSERT(trial_log_has("unfinished: continues from its checkpoint"));
    CU_ASSERT_EQUAL(fake_events("train "), FIXTURE_RUNS + 2);
    CU_ASSERT_EQUAL(fake_events("train 1 reff from 3") + fake_events("train 2 reff from 3") +
                        fake_events("train 1 baseline from 3") + fake_events("train 2 baseline from 3"),
                    2); // no step is done twice
    trial_check_all_done();
}

static void test_sigterm_saves_checkpoints_and_the_same_command_goes_on(void) {
    trial_begin("terminated");
    interrupt_once(SIGTERM, 0);
    trial_end();
}

static void test_ctrl_c_to_the_group_saves_checkpoints_and_the_same_command_goes_on(void) {
    trial_begin("interrupted");
    interrupt_once(SIGINT, 1);
    trial_end();
}

// Both runs of a data set are at work at once, whichever of them made it: neither waits for the other to end.
static void test_both_runs_of_a_data_set_are_at_work_at_once(void) {
    trial_begin("shared");
    fake.steps = 20;
    fake.hold_step = 4;
    for (int i = 1; i <= 10; i++) {
        char name[32];
        snprintf(name, sizeof name, "shared%d", i);
        snprintf(trial.results, sizeof trial.results, "%s", suite_path(name));
        pid_t sweep = trial_start(0);
        fake_wait_events("hold ", 2 * i);
        kill(sweep, SIGTERM);
        CU_ASSERT_EQUAL(trial_wait(sweep), EXIT_INTERRUPTED);
    }
    CU_ASSERT_EQUAL(fake_events("generate train"), 10);
    trial_end();
}

// ---------------------------------------------------------------------------------------------- a full disk

static void test_a_full_disk_is_no_runs_fault_and_leaves_nothing_half_written(void) {
    trial_begin("full");
    fake.shard_bytes = 100000;
    CU_ASSERT_EQUAL(trial_wait(trial_start(50000)), EXIT_FAILED); // shards do not fit
    CU_ASSERT(trial_log_has("the disk is full"));
    CU_ASSERT_EQUAL(trial_count_state(RUN_FAILED), 0); // no run's fault
    CU_ASSERT_EQUAL(trial_count_parts("shards"), 0);
    CU_ASSERT_EQUAL(fake_events("train "), 0);
    CU_ASSERT_EQUAL(trial_whole(), 0); // there is space again
    trial_check_all_done();
    trial_end();
}

// The disk fills while records are written, at whatever byte: nothing broken, and later all is well.
static void test_a_disk_that_fills_at_any_size_of_file_damages_nothing(void) {
    trial_begin("fills");
    fake.shard_bytes = 10;
    int failed = 0;
    for (long limit = 20; limit <= 2000; limit = limit * 3 / 2) {
        int status = trial_wait(trial_start(limit));
        CU_ASSERT(status == EXIT_FAILED || status == 0);
        failed += status == EXIT_FAILED;
        CU_ASSERT_EQUAL(trial_count_state(RUN_DAMAGED), 0);
        CU_ASSERT_EQUAL(trial_count_parts("runs"), 0);
    }
    CU_ASSERT(failed > 1);
    CU_ASSERT_EQUAL(trial_whole(), 0);
    trial_check_all_done();
    trial_end();
}

static void test_a_results_folder_that_cannot_be_made_is_told(void) {
    trial_begin("unwritable");
    fixture_write("unwritable", "a file where the folder should be");
    CU_ASSERT_EQUAL(trial_whole(), EXIT_FAILED);
    CU_ASSERT(trial_log_has("unwritable"));
    CU_ASSERT_EQUAL(fake_events("train "), 0);
    trial_end();
}

// -------------------------------------------------------------------------------- two sweeps at once

static void test_two_sweeps_at_once_share_the_work(void) {
    trial_begin("two");
    fake.steps = 20;
    fake_halt(10); // the second one comes while the first is at work
    pid_t one = trial_start(0);
    fake_wait_halted();
    snprintf(trial.log_path, sizeof trial.log_path, "%s", suite_path("two-second.log"));
    pid_t two = trial_start(0);
    fake_go();
    int first = trial_wait(one), second = trial_wait(two);
    // One may have nothing left while the other is still at work on some runs: it waits. None does any run
    // twice.
    CU_ASSERT(first == 0 && second == 0);
    CU_ASSERT_EQUAL(fake_events("done "), FIXTURE_RUNS);
    trial_check_all_done();
    CU_ASSERT_EQUAL(trial_whole(), 0);
    CU_ASSERT_EQUAL(fake_events("done "), FIXTURE_RUNS);
    CU_ASSERT_EQUAL(trial_count_in_results("shards"), -1);
    trial_end();
}

static void wait_for_log(const char *text) {
    int found = 0;
    for (int tries = 0; tries < 6000 && !found; tries++, usleep(10000)) {
        struct error ignored;
        char *log = file_read(trial.log_path, 1 << 20, NULL, &ignored);
        found = log && strstr(log, text) != NULL;
        free(log);
    }
    CU_ASSERT(found);
}

// A run that another process holds is left alone, told, waited for, and done here once it is left.
static void test_a_run_that_is_locked_elsewhere_is_waited_for_and_done_if_left(void) {
    struct error err = {0};
    char folder[PATH_SIZE], path[PATH_SIZE];
    int busy, ends[2];
    char byte;
    trial_begin("locked");
    CU_ASSERT_FATAL(!run_folder(folder, trial.results, &trial.fixture.plan.cells[2], &err) &&
                    !folder_make(folder, &err));
    CU_ASSERT_FATAL(!path_join(path, &err, folder, "lease") && !pipe(ends));
    pid_t holder = fork();
    if (!holder) {
        if (lock_take(path, LOCK_EXCLUSIVE, 0, &busy, &err) >= 0 && write(ends[1], "x", 1) == 1)
            for (;;)
                pause();
        _exit(1);
    }
    CU_ASSERT_FATAL(read(ends[0], &byte, 1) == 1);
    pid_t sweep = trial_start(0);
    wait_for_log("waiting for 1 run that another process is at work on");
    CU_ASSERT_EQUAL(trial_count_state(RUN_DONE), FIXTURE_RUNS - 1);
    kill(sweep, SIGTERM); // a signal ends the waiting
    CU_ASSERT_EQUAL(trial_wait(sweep), EXIT_INTERRUPTED);
    CU_ASSERT(trial_log_has("running elsewhere"));
    sweep = trial_start(0);
    wait_for_log("waiting for 1 run that another process is at work on");
    kill(holder, SIGKILL);
    trial_wait(holder);
    CU_ASSERT_EQUAL(trial_wait(sweep), 0);
    trial_check_all_done();
    close(ends[0]), close(ends[1]);
    trial_end();
}

void suite_sweep(void) {
    CU_pSuite suite = CU_add_suite("sweep", suite_make_folder, suite_remove_folder);
    CU_add_test(suite, "all runs are done once, and a rerun does nothing",
                test_all_runs_are_done_once_and_a_rerun_does_nothing);
    CU_add_test(suite, "what a run prints is in its log", test_what_a_run_prints_is_in_its_log);
    CU_add_test(suite, "shards are kept when asked for", test_shards_are_kept_when_asked_for);
    CU_add_test(suite, "shards that nobody needs are removed", test_shards_that_nobody_needs_are_removed);
    CU_add_test(suite, "a failed run is kept, told and repeated on request",
                test_a_failed_run_is_kept_told_and_repeated_on_request);
    CU_add_test(suite, "a crashed run is unfinished", test_a_crashed_run_is_unfinished);
    CU_add_test(suite, "a run that leaves no record is unfinished",
                test_a_run_that_leaves_no_record_is_unfinished);
    CU_add_test(suite, "a run that the system refused something is unfinished",
                test_a_run_that_the_system_refused_something_is_unfinished);
    CU_add_test(suite, "a run without memory has another turn, with fewer at once",
                test_a_run_without_memory_has_another_turn_with_fewer_at_once);
    CU_add_test(suite, "a run that is killed after its record is done",
                test_a_run_that_is_killed_after_its_record_is_done);
    CU_add_test(suite, "half files of who lost a run are removed at its end",
                test_half_files_of_who_lost_a_run_are_removed_at_its_end);
    CU_add_test(suite, "results that go while a sweep is at work are told",
                test_results_that_go_while_a_sweep_is_at_work_are_told);
    CU_add_test(suite, "a damaged record is noticed and made again",
                test_a_damaged_record_is_noticed_and_made_again);
    CU_add_test(suite, "changed settings run anew and are named",
                test_changed_settings_run_anew_and_are_named);
    CU_add_test(suite, "a run trained again for its model keeps its record",
                test_a_run_trained_again_for_its_model_keeps_its_record);
    CU_add_test(suite, "another build's model is told from the recorded one's",
                test_another_builds_model_is_told_from_the_recorded_ones);
    CU_add_test(suite, "a sweep killed at random moments ends with the same results",
                test_a_sweep_killed_at_random_moments_ends_with_the_same_results);
    CU_add_test(suite, "runs killed at random moments end with the same results",
                test_runs_killed_at_random_moments_end_with_the_same_results);
    CU_add_test(suite, "SIGTERM saves checkpoints, and the same command goes on",
                test_sigterm_saves_checkpoints_and_the_same_command_goes_on);
    CU_add_test(suite, "Ctrl-C to the group saves checkpoints, and the same command goes on",
                test_ctrl_c_to_the_group_saves_checkpoints_and_the_same_command_goes_on);
    CU_add_test(suite, "both runs of a data set are at work at once",
                test_both_runs_of_a_data_set_are_at_work_at_once);
    CU_add_test(suite, "a full disk is no run's fault and leaves nothing half-written",
                test_a_full_disk_is_no_runs_fault_and_leaves_nothing_half_written);
    CU_add_test(suite, "a disk that fills at any size of file damages nothing",
                test_a_disk_that_fills_at_any_size_of_file_damages_nothing);
    CU_add_test(suite, "a results folder that cannot be made is told",
                test_a_results_folder_that_cannot_be_made_is_told);
    CU_add_test(suite, "two sweeps at once share the work", test_two_sweeps_at_once_share_the_work);
    CU_add_test(suite, "a run that is locked elsewhere is waited for, and done if left",
                test_a_run_that_is_locked_elsewhere_is_waited_for_and_done_if_left);
}
