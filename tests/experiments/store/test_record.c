// SPDX-License-Identifier: Apache-2.0
// Records of runs: what a folder says of its run's state, and that nothing cut, changed or foreign passes for
// a result.
#include "core/base/host.h"
#include "experiments/process/lock.h"
#include "experiments/store/reason.h"
#include "experiments/store/record.h"
#include "tests/support/fake_work.h"
#include "tests/support/suite.h"
#include "tests/support/sweep_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct fixture f;
static const struct cell *cell;
static char folder[PATH_SIZE];

static void begin(void) {
    struct error err = {0};
    fixture_make(&f, fixture_profile_text);
    cell = &f.plan.cells[0];
    CU_ASSERT_FATAL(!run_folder(folder, suite_path("results"), cell, &err));
    CU_ASSERT_FATAL(!folder_make(folder, &err));
}

static void put(const char *name, const char *text) {
    struct error err = {0};
    char path[PATH_SIZE];
    CU_ASSERT_FATAL(!path_join(path, &err, folder, name));
    CU_ASSERT_FATAL(!file_write(path, text, strlen(text), &err));
}

static void drop(const char *name) {
    struct error err = {0};
    char path[PATH_SIZE];
    if (!path_join(path, &err, folder, name))
        unlink(path);
}

static enum run_state state_now(char message[600]) {
    struct error err = {0};
    struct run_status status;
    CU_ASSERT_FATAL(!run_look(suite_path("results"), cell, &status, &err));
    if (message)
        snprintf(message, 600, "%s", status.message);
    run_status_clear(&status);
    return status.state;
}

static char *good_record(void) {
    json_t *run = json_pack("{s:s, s:O, s:{s:f}, s:f}", "state", "done", "cell", cell->record, "metrics",
                            "accuracy", 46.5, "seconds", 2.0);
    char *text = json_dumps(run, JSON_INDENT(2));
    json_decref(run);
    CU_ASSERT_FATAL(text != NULL);
    return text;
}

static void test_a_failure_is_recorded_whatever_its_message_is(void) {
    struct error err = {0};
    char message[600];
    begin();
    CU_ASSERT(!run_record_failure(suite_path("results"), cell, "caf\xe9.png: is no picture", &err));
    CU_ASSERT_EQUAL(state_now(message), RUN_FAILED);
    CU_ASSERT_STRING_EQUAL(message, "caf?.png: is no picture"); // JSON has UTF-8 only
    drop("failed.json");
    fixture_free(&f);
}

static void test_a_runs_folder_says_its_state(void) {
    struct error err = {0};
    struct run_status status;
    char message[600];
    begin();
    CU_ASSERT_EQUAL(state_now(NULL), RUN_MISSING);
    put("checkpoint.old", "x"); // killed between the two renames of a checkpoint
    CU_ASSERT_EQUAL(state_now(NULL), RUN_UNFINISHED);
    put("checkpoint", "x");
    CU_ASSERT_EQUAL(state_now(NULL), RUN_UNFINISHED);
    CU_ASSERT(!run_record_failure(suite_path("results"), cell, "step 3: loss is NaN", &err));
    CU_ASSERT_EQUAL(state_now(message), RUN_FAILED);
    CU_ASSERT_STRING_EQUAL(message, "step 3: loss is NaN");
    char *text = good_record();
    put("run.json", text);
    CU_ASSERT_FATAL(!run_look(suite_path("results"), cell, &status, &err));
    CU_ASSERT_EQUAL(status.state, RUN_DONE);
    CU_ASSERT_EQUAL(status.accuracy, 46.5);
    CU_ASSERT_EQUAL(status.seconds, 2);
    run_status_clear(&status);
    drop("run.json"), drop("failed.json"), drop("checkpoint"), drop("checkpoint.old");
    free(text);
    fixture_free(&f);
}

// The kind decides, the sentence is only printed.
static void expect_reason(const struct cell *of, const struct run_status *status, const json_t *known,
                          enum run_reason kind, const char *sentence) {
    struct reason reason;
    struct text text = {0};
    reason_find(&reason, of, status, known);
    CU_ASSERT_EQUAL(reason.kind, kind);
    reason_text(&text, &reason);
    CU_ASSERT_STRING_EQUAL(text_string(&text), sentence);
    text_free(&text);
}

// Figures need models: a run that is done without one is to be repeated for them, and for nobody else.
static void test_a_run_without_the_model_that_is_asked_for_is_missing(void) {
    begin();
    struct cell wanted = *cell;
    struct error err = {0};
    struct run_status status;
    char *text = good_record();
    put("run.json", text);
    wanted.needs_model = 1;
    CU_ASSERT_FATAL(!run_look(suite_path("results"), &wanted, &status, &err));
    CU_ASSERT_EQUAL(status.state, RUN_MISSING);
    CU_ASSERT_PTR_NULL(status.run);
    CU_ASSERT_EQUAL(status.lacks_model, 1);
    expect_reason(&wanted, &status, NULL, REASON_MODEL_NOT_KEPT, "done, but its model was not kept");
    CU_ASSERT_EQUAL(state_now(NULL), RUN_DONE); // whoever wants no model
    put("model.safetensors", "x");
    CU_ASSERT_FATAL(!run_look(suite_path("results"), &wanted, &status, &err));
    CU_ASSERT_EQUAL(status.state, RUN_DONE);
    run_status_clear(&status);
    drop("run.json"), drop("model.safetensors");
    free(text);
    fixture_free(&f);
}

// A record cut at any length is damaged, never done and never an error of the sweep.
static void test_a_record_cut_at_any_length_is_damaged_not_done(void) {
    char message[600];
    begin();
    char *text = good_record();
    for (size_t length = strlen(text); length-- > 0;) {
        char *cut = strndup(text, length);
        put("run.json", cut);
        CU_ASSERT_EQUAL(state_now(message), RUN_DAMAGED);
        CU_ASSERT(*message != 0);
        free(cut);
    }
    drop("run.json");
    free(text);
    fixture_free(&f);
}

static void test_impossible_records_are_damaged(void) {
    static const char *const bad[][2] = {
        {"{\"state\": \"running\"}", "state"},
        {"{\"state\": 3}", "state"},
        {"[]", "state"},
        {"{\"state\": \"done\", \"cell\": {\"digest\": \"0123\"}, \"metrics\": {\"accuracy\": 50.0}}",
         "another"},
    };
    static const char *const accuracies[] = {"101.0", "-0.5", "\"90\"", "null"};
    char message[600], text[1000];
    begin();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        put("run.json", bad[i][0]);
        CU_ASSERT_EQUAL(state_now(message), RUN_DAMAGED);
        suite_text_has(message, bad[i][1]);
    }
    for (size_t i = 0; i < sizeof accuracies / sizeof *accuracies; i++) {
        snprintf(text, sizeof text,
                 "{\"state\": \"done\", \"cell\": {\"digest\": \"%s\"}, \"metrics\": {\"accuracy\": %s}}",
                 cell->digest, accuracies[i]);
        put("run.json", text);
        CU_ASSERT_EQUAL(state_now(message), RUN_DAMAGED);
        suite_text_has(message, "accuracy");
    }
    drop("run.json");
    fixture_free(&f);
}

static void test_the_reason_why_a_run_runs_names_new_settings(void) {
    struct run_status status = {.state = RUN_MISSING};
    struct error err = {0};
    json_t *changed, *known;
    begin();
    known = json_array();
    expect_reason(cell, &status, known, REASON_NEVER_RUN, "never run");
    json_decref(known);

    changed = json_deep_copy(cell->record); // the same place with other settings, recorded earlier
    json_object_set_new(changed, "digest", json_string("feedfeedfeedfeed"));
    json_object_set_new(json_object_get(json_object_get(changed, "identity"), "train"), "epochs",
                        json_integer(9));
    char *text = json_dumps(changed, 0);
    CU_ASSERT_FATAL(!folder_make(suite_path("results/runs/feedfeedfeedfeed"), &err));
    fixture_write("results/runs/feedfeedfeedfeed/cell.json", text);
    fixture_write("results/runs/stray.txt", "no record"); // and what does not belong there
    known = records_scan(suite_path("results"), &err);
    CU_ASSERT_FATAL(known != NULL);
    CU_ASSERT_EQUAL(json_array_size(known), 1);
    expect_reason(cell, &status, known, REASON_NEW_SETTINGS,
                  "new settings: epochs 9 -> 2 since feedfeedfeedfeed");
    status.state = RUN_UNFINISHED;
    expect_reason(cell, &status, known, REASON_UNFINISHED, "unfinished: continues from its checkpoint");
    status.state = RUN_DAMAGED;
    snprintf(status.message, sizeof status.message, "run.json: no accuracy");
    expect_reason(cell, &status, known, REASON_DAMAGED, "record damaged: run.json: no accuracy");
    status.state = RUN_FAILED;
    snprintf(status.message, sizeof status.message, "loss is NaN");
    expect_reason(cell, &status, known, REASON_FAILED, "failed before (retry asked): loss is NaN");
    status.state = RUN_DONE;
    expect_reason(cell, &status, known, REASON_NONE, "done");
    json_decref(known);
    json_decref(changed);
    free(text);
    fixture_free(&f);
}

// A sweep tells runs of one reason in one line: which earlier run had other settings makes no other reason.
static void test_reasons_are_the_same_whichever_run_had_other_settings(void) {
    struct reason a = {.kind = REASON_NEW_SETTINGS, .detail = "epochs 9 -> 2", .since = "0123456789abcdef"},
                  b = a;
    struct text text = {0};
    snprintf(b.since, sizeof b.since, "fedcba9876543210");
    CU_ASSERT(reason_is_same(&a, &b));
    reason_text_without_run(&text, &a);
    CU_ASSERT_STRING_EQUAL(text_string(&text), "new settings: epochs 9 -> 2");
    text_free(&text);
    snprintf(b.detail, sizeof b.detail, "epochs 8 -> 2");
    CU_ASSERT(!reason_is_same(&a, &b));
    b = (struct reason){.kind = REASON_NEVER_RUN};
    CU_ASSERT(!reason_is_same(&a, &b));
}

// A lock is held by one process, seen by others, and gone with its holder, however that one ends.
static void test_a_lock_is_seen_by_others_and_gone_with_its_holder(void) {
    struct error err = {0};
    int busy = 0, status, ends[2];
    char byte;
    const char *path = suite_path("lease");
    CU_ASSERT_FATAL(!pipe(ends));
    pid_t child = fork();
    if (!child) {
        int lock = lock_take(path, LOCK_EXCLUSIVE, 0, &busy, &err);
        if (lock >= 0 && write(ends[1], "x", 1) == 1)
            for (;;)
                pause();
        _exit(1);
    }
    CU_ASSERT_FATAL(read(ends[0], &byte, 1) == 1);
    CU_ASSERT_EQUAL(lock_is_held(path, &err), 1);
    CU_ASSERT_EQUAL(lock_take(path, LOCK_EXCLUSIVE, 0, &busy, &err), -1);
    CU_ASSERT(busy);
    CU_ASSERT_STRING_EQUAL(err.message, "");
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    CU_ASSERT_EQUAL(lock_is_held(path, &err), 0);
    int one = lock_take(path, LOCK_SHARED, 0, &busy, &err),
        two = lock_take(path, LOCK_SHARED, 0, &busy, &err);
    CU_ASSERT(one >= 0 && two >= 0);
    CU_ASSERT_EQUAL(lock_take(path, LOCK_EXCLUSIVE, 0, &busy, &err), -1);
    lock_release(one);
    lock_release(two);
    close(ends[0]), close(ends[1]);
    unlink(path);
}

static void test_what_a_killed_process_was_writing_is_removed(void) {
    struct error err = {0};
    char process[HOST_PROCESS_SIZE], mine[160], gone[160], elsewhere[160], forgotten[160];
    int status;
    const struct timespec long_ago[2] = {{.tv_sec = 1000000}, {.tv_sec = 1000000}};
    pid_t child = fork();
    if (!child)
        _exit(0);
    waitpid(child, &status, 0); // a process id that is nobody's now
    host_process(process);
    CU_ASSERT_FATAL(!folder_make(suite_path("leftovers"), &err));
    snprintf(mine, sizeof mine, "leftovers/a.json.part-%s", process);
    *strrchr(process, '-') = 0;
    snprintf(gone, sizeof gone, "leftovers/a.json.part-%s-%d", process, (int)child);
    snprintf(elsewhere, sizeof elsewhere, "leftovers/a.json.part-other.01234567-%d", (int)child);
    snprintf(forgotten, sizeof forgotten, "leftovers/b.json.part-other.01234567-%d", (int)child);
    fixture_write("leftovers/a.json", "x"); // first: it passes through the name of the next one
    fixture_write(mine, "x");
    fixture_write(gone, "x");
    fixture_write(elsewhere, "x");
    fixture_write(forgotten, "x");
    CU_ASSERT_FATAL(!utimensat(AT_FDCWD, suite_path(forgotten), long_ago, 0));
    fixture_write("leftovers/b.part-x", "x");
    lock_remove_leftovers(suite_path("leftovers"));
    CU_ASSERT(file_exists(suite_path(mine))); // being written
    CU_ASSERT(!file_exists(suite_path(gone)));
    CU_ASSERT(file_exists(suite_path(elsewhere))); // another host's process of that number may be at work
    CU_ASSERT(!file_exists(suite_path(forgotten)));
    CU_ASSERT(file_exists(suite_path("leftovers/a.json")));
    CU_ASSERT(file_exists(suite_path("leftovers/b.part-x")));
    lock_remove_all_leftovers(suite_path("leftovers")); // by who has the folder for itself
    CU_ASSERT(file_exists(suite_path(mine)));
    CU_ASSERT(!file_exists(suite_path(elsewhere)));
}

// A name that leads in a circle stands for all that the system does not tell: for root, too, it has no permission.
static void test_what_cannot_be_looked_at_is_an_error(void) {
    static const char *const names[] = {"run.json", "failed.json", "checkpoint", "checkpoint.old", "lease"};
    struct error err = {0};
    struct run_status status;
    char path[PATH_SIZE];
    int busy;
    begin();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        drop(names[i]);
        CU_ASSERT_FATAL(!path_join(path, &err, folder, names[i]) && !symlink(names[i], path));
        CU_ASSERT_EQUAL(run_look(suite_path("results"), cell, &status, &err), -1);
        CU_ASSERT_EQUAL(err.cause, ELOOP);
        suite_text_has(err.message, names[i]);
        drop(names[i]);
    }
    CU_ASSERT_EQUAL(state_now(NULL), RUN_MISSING);
    CU_ASSERT_FATAL(!path_join(path, &err, folder, "cell.json") && !symlink("cell.json", path));
    CU_ASSERT_PTR_NULL(records_scan(suite_path("results"), &err));
    suite_text_has(err.message, "cell.json: Too many levels of symbolic links");
    drop("cell.json");
    CU_ASSERT_FATAL(!folder_make(suite_path("circle"), &err) && !symlink("runs", suite_path("circle/runs")));
    CU_ASSERT_EQUAL(run_look(suite_path("circle"), cell, &status, &err), -1);
    CU_ASSERT_PTR_NULL(records_scan(suite_path("circle"), &err));
    int lock = lock_take(suite_path("circle/runs/lease"), LOCK_SHARED, 0, &busy, &err);
    CU_ASSERT(lock < 0 && !busy);
    fixture_free(&f);
}

void suite_record(void) {
    CU_pSuite suite = CU_add_suite("record", suite_make_folder, suite_remove_folder);
    CU_add_test(suite, "a run's folder says its state", test_a_runs_folder_says_its_state);
    CU_add_test(suite, "a failure is recorded whatever its message is",
                test_a_failure_is_recorded_whatever_its_message_is);
    CU_add_test(suite, "a run without the model that is asked for is missing",
                test_a_run_without_the_model_that_is_asked_for_is_missing);
    CU_add_test(suite, "a record cut at any length is damaged, not done",
                test_a_record_cut_at_any_length_is_damaged_not_done);
    CU_add_test(suite, "impossible records are damaged", test_impossible_records_are_damaged);
    CU_add_test(suite, "the reason why a run runs names new settings",
                test_the_reason_why_a_run_runs_names_new_settings);
    CU_add_test(suite, "reasons are the same whichever run had other settings",
                test_reasons_are_the_same_whichever_run_had_other_settings);
    CU_add_test(suite, "a lock is seen by others and gone with its holder",
                test_a_lock_is_seen_by_others_and_gone_with_its_holder);
    CU_add_test(suite, "what cannot be looked at is an error", test_what_cannot_be_looked_at_is_an_error);
    CU_add_test(suite, "what a killed process was writing is removed",
                test_what_a_killed_process_was_writing_is_removed);
}
