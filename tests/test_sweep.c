// SPDX-License-Identifier: Apache-2.0
// The runner, through everything that may happen to a sweep: kill -9 of the sweep and of its runs at random
// moments, Ctrl-C, a full disk, runs that fail, crash or lie, damaged records, changed settings, a second
// sweep at the same time. The work is fake (fake_work.h), and its results depend on every step: a lost or
// repeated one would show. Moments are counted in steps of the fake work, never in time.
#include "core/base/interrupt.h"
#include "core/base/random.h"
#include "experiments/data_sets.h"
#include "experiments/lock.h"
#include "experiments/remodel.h"
#include "experiments/sweep.h"
#include "tests/fake_work.h"
#include "tests/suite.h"
#include "tests/sweep_fixture.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static struct fixture f;
static struct sweep_options options;
static int retry_at_once; // a sweep is followed by one that repeats what failed
static char results[PATH_SIZE], log_path[PATH_SIZE];

// Every test has a results folder of its own.
static void begin(const char *name) {
    char file[64];
    fake_reset();
    fixture_make(&f, fixture_profile_text);
    snprintf(results, sizeof results, "%s", suite_path(name));
    snprintf(file, sizeof file, "%s.log", name);
    snprintf(log_path, sizeof log_path, "%s", suite_path(file));
    snprintf(file, sizeof file, "%s.events", name);
    snprintf(fake.events, sizeof fake.events, "%s", suite_path(file));
    options = (struct sweep_options){.results = results, .label = "test", .jobs = 2, .threads = 1};
}

static void end(void) {
    fixture_free(&f);
    fake_reset();
}

// ------------------------------------------------------------------------------- sweeps in a process

// A sweep in a process of its own, which can be killed. It ends with the exit status that reff would have;
// its messages are in log_path, the error last. It leads a process group, as a shell's job does.
static pid_t sweep_start(long file_limit) {
    fflush(NULL);
    pid_t child = fork();
    if (child)
        return child;
    setpgid(0, 0);                    // before it has children
    prctl(PR_SET_PDEATHSIG, SIGKILL); // a test that is given up leaves no sweep behind
    struct error err = {0};
    interrupt_clear();
    if (file_limit)
        suite_limit_files(file_limit);
    options.log = fopen(log_path, "w");
    int failed = !options.log || sweep_run(&f.plan, &fake_work, &options, &err);
    if (retry_at_once) { // in the same process, as process numbers that come again
        options.retry = 1;
        fake.annotator_fails = 0;
        failed = sweep_run(&f.plan, &fake_work, &options, &err);
    }
    if (failed && options.log)
        fprintf(options.log, "reff: %s\n", err.message);
    if (options.log)
        fclose(options.log);
    _exit(failed ? err.status ? (int)err.status : EXIT_FAILED : 0);
}

static int wait_for(pid_t child) { // exit status; 128 + signal
    int status;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int sweep_whole(void) {
    return wait_for(sweep_start(0));
}

static int log_has(const char *text) {
    struct error err;
    char *log = file_read(log_path, 1 << 20, NULL, &err);
    int found = log && strstr(log, text) != NULL;
    if (!found)
        printf("\n--- '%s' is not in the log:\n%s---\n", text, log ? log : "(none)\n");
    free(log);
    return found;
}

// ----------------------------------------------------------------------------------- what is on disk

static int count_state(enum run_state state) {
    int count = 0;
    for (int i = 0; i < f.plan.count; i++) {
        struct error err = {0};
        struct run_status status;
        CU_ASSERT_FATAL(!run_look(results, &f.plan.cells[i], &status, &err));
        count += status.state == state;
        run_status_clear(&status);
    }
    return count;
}

// Every run is done and has the result that an undisturbed one has.
static void check_all_done(void) {
    for (int i = 0; i < f.plan.count; i++) {
        struct error err = {0};
        struct run_status status;
        CU_ASSERT_FATAL(!run_look(results, &f.plan.cells[i], &status, &err));
        CU_ASSERT_EQUAL(status.state, RUN_DONE);
        CU_ASSERT_EQUAL(status.accuracy, fake_accuracy(&f.plan.cells[i].training));
        run_status_clear(&status);
    }
}

// No half-written file in any run's folder or data set, once the next sweep has been over it.
static int count_parts(const char *kind) {
    char folder[PATH_SIZE], inner[PATH_SIZE];
    struct error err;
    struct dirent *entry, *file;
    int count = 0;
    DIR *folders = path_join(folder, &err, results, kind) ? NULL : opendir(folder);
    while (folders && (entry = readdir(folders))) {
        if (entry->d_name[0] == '.' || path_join(inner, &err, folder, entry->d_name))
            continue;
        DIR *files = opendir(inner);
        while (files && (file = readdir(files)))
            count += strstr(file->d_name, ".part-") != NULL;
        if (files)
            closedir(files);
    }
    if (folders)
        closedir(folders);
    return count;
}

static int count_in_results(const char *name) {
    char path[PATH_SIZE];
    struct error err;
    return path_join(path, &err, results, name) ? -1 : suite_count_entries(path);
}

// ------------------------------------------------------------------------------------- the plain way

static void test_whole(void) {
    begin("whole");
    CU_ASSERT_EQUAL(sweep_whole(), 0);
    check_all_done();
    CU_ASSERT_EQUAL(fake_events("train "), FIXTURE_RUNS);
    CU_ASSERT_EQUAL(fake_events("generate train"), FIXTURE_DATA_SETS); // both methods use the same shards
    CU_ASSERT_EQUAL(fake_events("generate test"), FIXTURE_DATA_SETS);
    CU_ASSERT_EQUAL(count_in_results("shards"), -1); // removed, the folder too
    CU_ASSERT(log_has("8 never run"));
    CU_ASSERT(log_has("[8/8]"));

    CU_ASSERT_EQUAL(sweep_whole(), 0); // again: nothing
    CU_ASSERT(log_has("nothing to do: 8 of 8 runs are done"));
    CU_ASSERT_EQUAL(fake_events("train "), FIXTURE_RUNS);
    CU_ASSERT_EQUAL(fake_events("generate "), 2 * FIXTURE_DATA_SETS);
    end();
}

static void test_log(void) {
    struct error err = {0};
    char path[PATH_SIZE];
    begin("log");
    CU_ASSERT_EQUAL(sweep_whole(), 0);
    CU_ASSERT_FATAL(!run_file(path, results, &f.plan.cells[0], "log", &err));
    char *text = file_read(path, 10000, NULL, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "the fake trainer says something"));
    free(text);
    end();
}

static void test_keep_shards(void) {
    begin("keep");
    options.keep_shards = 1;
    CU_ASSERT_EQUAL(sweep_whole(), 0);
    CU_ASSERT_EQUAL(count_in_results("shards"), FIXTURE_DATA_SETS);
    options.keep_shards = 0;
    CU_ASSERT_EQUAL(sweep_whole(), 0); // kept is kept
    CU_ASSERT_EQUAL(count_in_results("shards"), FIXTURE_DATA_SETS);
    end();
}

// Whatever shards lie about that no run needs go with the end of a sweep.
static void test_prune(void) {
    struct error err = {0};
    begin("prune");
    CU_ASSERT_FATAL(!folder_make(suite_path("prune/shards/0123456789abcdef"), &err));
    fixture_write("prune/shards/0123456789abcdef/train.h5", "of other settings");
    CU_ASSERT_EQUAL(sweep_whole(), 0);
    CU_ASSERT_EQUAL(count_in_results("shards"), -1);
    end();
}

// ---------------------------------------------------------------------------------- failures of runs

static void check_one_failure(enum fake_fault fault, const char *message) {
    fake.fault = fault;
    fake.fault_method = "reff";
    fake.fault_seed = 2;
    CU_ASSERT_EQUAL(sweep_whole(), EXIT_FAILED);
    CU_ASSERT_EQUAL(count_state(RUN_FAILED), 2); // p = 0 and p = 1
    CU_ASSERT_EQUAL(count_state(RUN_DONE), FIXTURE_RUNS - 2);
    CU_ASSERT(log_has(message));
    CU_ASSERT(log_has("--retry"));
    CU_ASSERT_EQUAL(count_in_results("shards"), -1); // a failed run holds no shards back

    int trained = fake_events("train ");
    CU_ASSERT_EQUAL(sweep_whole(), EXIT_FAILED); // not repeated unasked, still told
    CU_ASSERT_EQUAL(fake_events("train "), trained);
    CU_ASSERT(log_has(message));

    fake.fault_method = NULL; // the cause is gone
    options.retry = 1;
    CU_ASSERT_EQUAL(sweep_whole(), 0);
    CU_ASSERT_EQUAL(fake_events("train "), trained + 2);
    CU_ASSERT(log_has("failed before (retry asked)"));
    check_all_done();
}

static void test_failure(void) {
    begin("fails");
    check_one_failure(FAKE_FAILS, "step 3: loss is NaN, first in layer3.0.bn2");
    end();
}

static void test_crash(void) {
    begin("crashes");
    check_one_failure(FAKE_CRASHES, "crashed (Aborted)");
    end();
}

static void test_lie(void) {
    begin("lies");
    check_one_failure(FAKE_LIES, "without a good record");
    end();
}

// ---------------------------------------------------------------------------------------------- reruns

static void test_damaged_record(void) {
    struct error err = {0};
    char path[PATH_SIZE];
    begin("damaged");
    CU_ASSERT_EQUAL(sweep_whole(), 0);
    CU_ASSERT_FATAL(!run_file(path, results, &f.plan.cells[3], "run.json", &err));
    CU_ASSERT_FATAL(!truncate(path, 40));
    CU_ASSERT_EQUAL(sweep_whole(), 0);
    CU_ASSERT(log_has("record damaged: "));
    CU_ASSERT_EQUAL(fake_events("train "), FIXTURE_RUNS + 1);
    check_all_done();
    end();
}

static void test_changed_settings(void) {
    char text[1000], before[64];
    begin("changed");
    CU_ASSERT_EQUAL(sweep_whole(), 0);
    const struct cell *reff = plan_find(&f.plan, &f.tables[0], 0, 1, 1);
    snprintf(before, sizeof before, "since %.16s", reff->digest);
    fixture_free(&f);
    snprintf(text, sizeof text, "%s", fixture_profile_text);
    *strstr(strstr(text, "lambda"), "3") = '4';
    fixture_make(&f, text);
    CU_ASSERT_EQUAL(sweep_whole(), 0);
    CU_ASSERT(log_has("new settings: lambda 3"));
    CU_ASSERT(log_has("-> 4"));
    CU_ASSERT(log_has(before));
    CU_ASSERT(log_has("4 done")); // the baseline has no lambda of its own in this profile
    CU_ASSERT_EQUAL(fake_events("train "), FIXTURE_RUNS + FIXTURE_RUNS / 2);
    end();
}

// Figures want a model of runs that are done without one: these are trained again, and whatever happens
// meanwhile, what is recorded stays.
static void want_models(char *records[FIXTURE_RUNS]) {
    struct error err = {0};
    char path[PATH_SIZE];
    CU_ASSERT_EQUAL(sweep_whole(), 0);
    for (int i = 0; i < FIXTURE_RUNS; i++) {
        f.plan.cells[i].needs_model = 1;
        model_remove(results, &f.plan.cells[i]);
        CU_ASSERT_FATAL(!run_file(path, results, &f.plan.cells[i], "run.json", &err));
        records[i] = file_read(path, 1 << 16, NULL, &err);
        CU_ASSERT_PTR_NOT_NULL_FATAL(records[i]);
    }
}

static int models_now(char *records[FIXTURE_RUNS]) {
    int models = 0;
    for (int i = 0; i < FIXTURE_RUNS; i++) {
        struct error err = {0};
        char path[PATH_SIZE];
        CU_ASSERT_FATAL(!run_file(path, results, &f.plan.cells[i], "run.json", &err));
        char *now = file_read(path, 1 << 16, NULL, &err);
        CU_ASSERT_PTR_NOT_NULL_FATAL(now);
        CU_ASSERT_STRING_EQUAL(now, records[i]);
        free(now);
        CU_ASSERT_FATAL(!run_file(path, results, &f.plan.cells[i], "model.safetensors", &err));
        int has_model = file_exists(path);
        CU_ASSERT_FATAL(!run_file(path, results, &f.plan.cells[i], "again", &err));
        CU_ASSERT(!has_model || !file_exists(path)); // no scratch folder is left
        models += has_model;
    }
    return models;
}

static void free_records(char *records[FIXTURE_RUNS]) {
    for (int i = 0; i < FIXTURE_RUNS; i++)
        free(records[i]);
}

static void test_models_again(void) {
    char *records[FIXTURE_RUNS], remark[256];
    begin("models");
    want_models(records);
    fake.hold_step = 3;
    pid_t sweep = sweep_start(0);
    fake_wait_events("hold ", options.jobs);
    CU_ASSERT_FATAL(!kill(sweep, SIGTERM));
    CU_ASSERT_EQUAL(wait_for(sweep), EXIT_INTERRUPTED);
    CU_ASSERT_EQUAL(models_now(records), 0);
    fake.hold_step = 0;
    CU_ASSERT_EQUAL(sweep_whole(), 0);
    CU_ASSERT_EQUAL(models_now(records), FIXTURE_RUNS);
    CU_ASSERT_EQUAL(fake_events("train 1 baseline from 2") + fake_events("train 1 reff from 2") +
                        fake_events("train 2 baseline from 2") + fake_events("train 2 reff from 2"),
                    options.jobs);
    model_remark(results, &f.plan.cells[0], remark);
    CU_ASSERT_STRING_EQUAL(remark, "");
    free_records(records);
    end();
}

static void test_models_of_another_build(void) {
    char *records[FIXTURE_RUNS], remark[256];
    begin("builds");
    want_models(records);
    fake.build = 3;
    CU_ASSERT_EQUAL(sweep_whole(), 0);
    CU_ASSERT_EQUAL(models_now(records), FIXTURE_RUNS);
    model_remark(results, &f.plan.cells[0], remark);
    CU_ASSERT_STRING_EQUAL(
        remark, "model trained again by another build, its bits differ from the record's (in: flags)");
    CU_ASSERT(log_has("%; model trained again by another build"));
    fake.build = 0; // and back
    for (int i = 0; i < FIXTURE_RUNS; i++) {
        char path[PATH_SIZE];
        struct error err = {0};
        CU_ASSERT_FATAL(!run_file(path, results, &f.plan.cells[i], "model.safetensors", &err));
        unlink(path);
    }
    CU_ASSERT_EQUAL(sweep_whole(), 0);
    CU_ASSERT_EQUAL(models_now(records), FIXTURE_RUNS);
    model_remark(results, &f.plan.cells[0], remark);
    CU_ASSERT_STRING_EQUAL(remark, "");
    free_records(records);
    end();
}

// -------------------------------------------------------------------------------- kill -9 and Ctrl-C

// All processes of a killed sweep are gone when no run's lock is held. They die with their parent; this only
// waits.
static int all_locks_free(void) {
    for (int tries = 0; tries < 1000; tries++, usleep(10000)) {
        int held = 0;
        for (int i = 0; i < f.plan.count; i++) {
            struct error err = {0};
            char path[PATH_SIZE];
            held += !run_file(path, results, &f.plan.cells[i], "lock", &err) && lock_is_held(path);
        }
        if (!held)
            return 1;
    }
    return 0;
}

// Every session is killed after 0 to 9 points, while a second process may be in the middle of anything. Eight
// runs of twenty steps are not done in twelve such sessions.
static void test_killed_sweep(void) {
    enum { KILLS = 12, POINTS = 10 };
    struct random r = random_stream(1, random_purpose("test killed sweep"), 0);
    begin("killed");
    fake.steps = 20;
    for (int k = 0; k < KILLS; k++) {
        int points = (int)random_below(&r, POINTS);
        fake_halt(points);
        pid_t sweep = sweep_start(0);
        if (points) // else at once, before or after it has begun
            fake_wait_halted();
        CU_ASSERT_EQUAL(kill(sweep, SIGKILL), 0);
        CU_ASSERT_EQUAL(wait_for(sweep), 128 + SIGKILL);
        CU_ASSERT_FATAL(all_locks_free()); // its children died with it
        CU_ASSERT_EQUAL(count_state(RUN_DAMAGED), 0);
        CU_ASSERT_EQUAL(count_state(RUN_FAILED), 0);
    }
    fake_go();
    CU_ASSERT_EQUAL(sweep_whole(), 0);
    check_all_done();
    CU_ASSERT_EQUAL(count_parts("runs"), 0);
    CU_ASSERT_EQUAL(count_in_results("shards"), -1);
    CU_ASSERT(fake_events("train ") > FIXTURE_RUNS); // some were cut off, and went on
    end();
}

static void test_killed_runs(void) {
    // A run that is killed is not begun again in the same sweep, so that fewer are left for each.
    static const int kills[] = {4, 2, 1};
    struct random r = random_stream(1, random_purpose("test killed runs"), 0);
    begin("killedruns");
    fake.steps = 20;
    for (size_t i = 0; i < sizeof kills / sizeof *kills; i++) {
        fake_halt(1);
        pid_t sweep = sweep_start(0);
        for (int k = 0; k < kills[i]; k++) {
            CU_ASSERT_EQUAL(kill(fake_wait_halted(), SIGKILL), 0);
            if (k + 1 < kills[i])
                fake_halt(1 + (int)random_below(&r, i ? 1 : 8));
        }
        fake_go();
        CU_ASSERT_EQUAL(wait_for(sweep), EXIT_FAILED);
        CU_ASSERT(log_has("ended from outside"));
        CU_ASSERT_EQUAL(count_state(RUN_DONE), FIXTURE_RUNS - kills[i]);
        CU_ASSERT_EQUAL(count_state(RUN_DAMAGED), 0);
        CU_ASSERT_EQUAL(count_state(RUN_FAILED), 0); // ended from outside is no failure of the run
    }
    CU_ASSERT_EQUAL(sweep_whole(), 0);
    check_all_done();
    CU_ASSERT_EQUAL(count_parts("runs"), 0);
    end();
}

static void interrupt_once(int signal_number, int to_group) {
    fake.steps = 20;
    fake.hold_step = 4;
    pid_t sweep = sweep_start(0);
    fake_wait_events("hold ", 2);
    kill(to_group ? -sweep : sweep, signal_number);
    CU_ASSERT_EQUAL(wait_for(sweep), EXIT_INTERRUPTED);
    CU_ASSERT(log_has("the same command goes on from here"));
    CU_ASSERT_EQUAL(count_state(RUN_UNFINISHED), 2); // two jobs, both with a checkpoint
    CU_ASSERT_EQUAL(count_state(RUN_DONE), 0);
    CU_ASSERT(all_locks_free());
    fake.hold_step = 0;
    CU_ASSERT_EQUAL(sweep_whole(), 0);
    CU_ASSERT(log_has("unfinished: continues from its checkpoint"));
    CU_ASSERT_EQUAL(fake_events("train "), FIXTURE_RUNS + 2);
    CU_ASSERT_EQUAL(fake_events("train 1 reff from 3") + fake_events("train 2 reff from 3") +
                        fake_events("train 1 baseline from 3") + fake_events("train 2 baseline from 3"),
                    2); // no step is done twice
    check_all_done();
}

static void test_terminated(void) {
    begin("terminated");
    interrupt_once(SIGTERM, 0);
    end();
}

static void test_interrupted(void) {
    begin("interrupted");
    interrupt_once(SIGINT, 1);
    end();
}

// Both runs of a data set are at work at once, whichever of them made it: neither waits for the other to end.
static void test_shared_data_set(void) {
    begin("shared");
    fake.steps = 20;
    fake.hold_step = 4;
    for (int i = 1; i <= 10; i++) {
        char name[32];
        snprintf(name, sizeof name, "shared%d", i);
        snprintf(results, sizeof results, "%s", suite_path(name));
        pid_t sweep = sweep_start(0);
        fake_wait_events("hold ", 2 * i);
        kill(sweep, SIGTERM);
        CU_ASSERT_EQUAL(wait_for(sweep), EXIT_INTERRUPTED);
    }
    CU_ASSERT_EQUAL(fake_events("generate train"), 10);
    end();
}

// ---------------------------------------------------------------------------------- pseudo-annotations

static const char annotated_table[] = "[table]\n"
                                      "title = t\n"
                                      "row = n\n"
                                      "rows = 0, 1, 5, All\n"
                                      "columns = reff, abn, reff-l1\n"
                                      "[fixed]\n"
                                      "p = 0\n"
                                      "q = 1\n"
                                      "size = 223\n";
enum { ANNOTATED_RUNS = 2 * (2 + 3 * 3), ANNOTATIONS = 2 * 2, NEED_ANNOTATIONS = 2 * 2 * 3 };

static void begin_annotated(const char *name) {
    begin(name);
    fixture_free(&f);
    fixture_make_table(&f, annotated_table, fixture_profile_text);
    CU_ASSERT_EQUAL_FATAL(f.plan.count, ANNOTATED_RUNS);
}

// Made once for all methods, on the same images; their quality is in the records of the runs, and of no
// other.
static void test_annotations(void) {
    begin_annotated("annotated");
    CU_ASSERT_EQUAL(sweep_whole(), 0);
    check_all_done();
    CU_ASSERT_EQUAL(fake_events("generate train"), 2);
    CU_ASSERT_EQUAL(fake_events("annotate "), ANNOTATIONS);
    CU_ASSERT_EQUAL(fake_events("annotated shard "), NEED_ANNOTATIONS);
    CU_ASSERT_EQUAL(fake_events("annotated 1 n 5") + fake_events("annotated 2 n 5"), 2);
    int makers = 0;
    for (int i = 0; i < f.plan.count; i++) {
        struct error err = {0};
        struct run_status status;
        CU_ASSERT_FATAL(!run_look(results, &f.plan.cells[i], &status, &err));
        const json_t *annotation = json_object_get(json_object_get(status.run, "cell"), "annotation");
        CU_ASSERT_EQUAL(annotation != NULL, f.plan.cells[i].has_annotator);
        if (annotation)
            CU_ASSERT_DOUBLE_EQUAL(json_number_value(json_object_get(annotation, "mae")),
                                   1.0 / (f.plan.cells[i].annotator.n + 1), 1e-12);
        makers += json_object_get(annotation, "seconds") != NULL;
        run_status_clear(&status);
    }
    CU_ASSERT_EQUAL(makers, ANNOTATIONS); // who made them says how long it took
    CU_ASSERT_EQUAL(count_in_results("shards"), -1);
    end();
}

// However often an annotator is cut off, it goes on from its checkpoint, and nothing of it is left.
static void test_killed_annotators(void) {
    enum { KILLS = 12, POINTS = 12 };
    struct random r = random_stream(1, random_purpose("test killed annotators"), 0);
    begin_annotated("annotatorskilled");
    fake.steps = 8;
    for (int k = 0; k < KILLS; k++) {
        int points = 1 + (int)random_below(&r, POINTS);
        fake_halt(points);
        pid_t sweep = sweep_start(0);
        fake_wait_halted();
        CU_ASSERT_EQUAL(kill(sweep, SIGKILL), 0);
        CU_ASSERT_EQUAL(wait_for(sweep), 128 + SIGKILL);
        CU_ASSERT_FATAL(all_locks_free());
        CU_ASSERT_EQUAL(count_state(RUN_DAMAGED) + count_state(RUN_FAILED), 0);
    }
    fake_go();
    CU_ASSERT_EQUAL(sweep_whole(), 0);
    check_all_done();
    CU_ASSERT(fake_events("annotate ") > ANNOTATIONS); // some were cut off, and went on
    CU_ASSERT(fake_events("annotate ") >
              fake_events("annotate 1 n 1 from 0") + fake_events("annotate 2 n 1 from 0") +
                  fake_events("annotate 1 n 5 from 0") + fake_events("annotate 2 n 5 from 0"));
    CU_ASSERT_EQUAL(count_in_results("shards"), -1); // with their checkpoints' folders
    end();
}

// Annotations that cannot be made are tried once a sweep, and fail the runs that need them and no other.
static void test_failing_annotator(void) {
    begin_annotated("annotatorfails");
    fake.annotator_fails = 1;
    fake.fault_seed = 2;
    CU_ASSERT_EQUAL(sweep_whole(), EXIT_FAILED);
    CU_ASSERT_EQUAL(count_state(RUN_FAILED), NEED_ANNOTATIONS / 2);
    CU_ASSERT_EQUAL(count_state(RUN_DONE), ANNOTATED_RUNS - NEED_ANNOTATIONS / 2);
    CU_ASSERT_EQUAL(fake_events("annotate 2 "), 2); // n = 1 and n = 5
    CU_ASSERT(log_has("failed: pseudo-annotations: iteration 7: loss is NaN"));
    fake.annotator_fails = 0;
    options.retry = 1;
    CU_ASSERT_EQUAL(sweep_whole(), 0);
    check_all_done();
    end();
}

// An earlier sweep's failure is no reason to fail, were it of a process of the same number.
static void test_annotator_is_tried_again(void) {
    begin_annotated("annotatoragain");
    fake.annotator_fails = 1;
    fake.fault_seed = 2;
    retry_at_once = 1;
    CU_ASSERT_EQUAL(sweep_whole(), 0);
    retry_at_once = 0;
    CU_ASSERT(log_has("failed: pseudo-annotations: iteration 7: loss is NaN"));
    CU_ASSERT_EQUAL(fake_events("annotate 2 "), 4);
    check_all_done();
    end();
}

// What an unfinished run of any sweep has of its annotations outlives the end of another sweep; shards do
// not.
static void test_spared_annotations(void) {
    struct error err = {0};
    char data[64], work[128], other[128], shard[128], path[PATH_SIZE];
    begin_annotated("spared");
    const struct cell *cell = NULL;
    for (int i = 0; i < f.plan.count && !cell; i++)
        cell = f.plan.cells[i].annotator.n == 5 ? &f.plan.cells[i] : NULL;
    CU_ASSERT_FATAL(cell != NULL);
    snprintf(data, sizeof data, "spared/shards/%.16s", cell->data_digest);
    snprintf(work, sizeof work, "%s/annotations-n5-01234567.work/checkpoint", data);
    snprintf(other, sizeof other, "%s/annotations-n50-01234567.h5", data);
    snprintf(shard, sizeof shard, "%s/train.h5", data);
    CU_ASSERT_FATAL(!run_folder(path, results, cell, &err) && !folder_make(path, &err));
    CU_ASSERT_FATAL(!run_file(path, results, cell, "cell.json", &err) &&
                    !json_write(path, cell->record, &err));
    snprintf(path, sizeof path, "%s/annotations-n5-01234567.work", suite_path(data));
    CU_ASSERT_FATAL(!folder_make(path, &err));
    fixture_write(work, "half way"), fixture_write(other, "nobody's"), fixture_write(shard, "x");
    data_sets_prune(results);
    CU_ASSERT(file_exists(suite_path(work)));
    CU_ASSERT(!file_exists(suite_path(other)));
    CU_ASSERT(!file_exists(suite_path(shard)));
    CU_ASSERT_FATAL(!data_set_keep(results, cell, &err));
    CU_ASSERT_FATAL(!run_record_failure(results, cell, "loss is NaN", &err));
    data_sets_prune(results); // kept
    CU_ASSERT(file_exists(suite_path(work)));
    snprintf(path, sizeof path, "%s/keep", suite_path(data));
    CU_ASSERT_FATAL(!unlink(path));
    data_sets_prune(results); // the run has failed
    CU_ASSERT(!file_exists(suite_path("spared/shards")));
    end();
}

// ---------------------------------------------------------------------------------------------- a full disk

static void test_full_disk(void) {
    begin("full");
    fake.shard_bytes = 100000;
    CU_ASSERT_EQUAL(wait_for(sweep_start(50000)), EXIT_FAILED); // shards do not fit
    CU_ASSERT(log_has("the disk is full"));
    CU_ASSERT_EQUAL(count_state(RUN_FAILED), 0); // no run's fault
    CU_ASSERT_EQUAL(count_parts("shards"), 0);
    CU_ASSERT_EQUAL(fake_events("train "), 0);
    CU_ASSERT_EQUAL(sweep_whole(), 0); // there is space again
    check_all_done();
    end();
}

// The disk fills while records are written, at whatever byte: nothing broken, and later all is well.
static void test_disk_fills_anywhere(void) {
    begin("fills");
    fake.shard_bytes = 10;
    for (long limit = 20; limit <= 2000; limit = limit * 3 / 2) {
        int status = wait_for(sweep_start(limit));
        CU_ASSERT(status == EXIT_FAILED || status == 0);
        CU_ASSERT_EQUAL(count_state(RUN_DAMAGED), 0);
        CU_ASSERT_EQUAL(count_parts("runs"), 0);
    }
    CU_ASSERT_EQUAL(sweep_whole(), 0);
    check_all_done();
    end();
}

static void test_unwritable(void) {
    begin("unwritable");
    fixture_write("unwritable", "a file where the folder should be");
    CU_ASSERT_EQUAL(sweep_whole(), EXIT_FAILED);
    CU_ASSERT(log_has("unwritable"));
    CU_ASSERT_EQUAL(fake_events("train "), 0);
    end();
}

// -------------------------------------------------------------------------------- two sweeps at once

static void test_two_sweeps(void) {
    begin("two");
    fake.steps = 20;
    fake_halt(10); // the second one comes while the first is at work
    pid_t one = sweep_start(0);
    fake_wait_halted();
    snprintf(log_path, sizeof log_path, "%s", suite_path("two-second.log"));
    pid_t two = sweep_start(0);
    fake_go();
    int first = wait_for(one), second = wait_for(two);
    // One may have nothing left while the other is still at work on some runs: it waits. None does any run
    // twice.
    CU_ASSERT(first == 0 && second == 0);
    CU_ASSERT_EQUAL(fake_events("done "), FIXTURE_RUNS);
    check_all_done();
    CU_ASSERT_EQUAL(sweep_whole(), 0);
    CU_ASSERT_EQUAL(fake_events("done "), FIXTURE_RUNS);
    CU_ASSERT_EQUAL(count_in_results("shards"), -1);
    end();
}

static void wait_for_log(const char *text) {
    int found = 0;
    for (int tries = 0; tries < 6000 && !found; tries++, usleep(10000)) {
        struct error ignored;
        char *log = file_read(log_path, 1 << 20, NULL, &ignored);
        found = log && strstr(log, text) != NULL;
        free(log);
    }
    CU_ASSERT(found);
}

// A run that another process holds is left alone, told, waited for, and done here once it is left.
static void test_locked_run(void) {
    struct error err = {0};
    char folder[PATH_SIZE], path[PATH_SIZE];
    int busy, ends[2];
    char byte;
    begin("locked");
    CU_ASSERT_FATAL(!run_folder(folder, results, &f.plan.cells[2], &err) && !folder_make(folder, &err));
    CU_ASSERT_FATAL(!path_join(path, &err, folder, "lock") && !pipe(ends));
    pid_t holder = fork();
    if (!holder) {
        if (lock_take(path, LOCK_EXCLUSIVE, 0, &busy, &err) >= 0 && write(ends[1], "x", 1) == 1)
            for (;;)
                pause();
        _exit(1);
    }
    CU_ASSERT_FATAL(read(ends[0], &byte, 1) == 1);
    pid_t sweep = sweep_start(0);
    wait_for_log("waiting for 1 run that another process is at work on");
    CU_ASSERT_EQUAL(count_state(RUN_DONE), FIXTURE_RUNS - 1);
    kill(sweep, SIGTERM); // a signal ends the waiting
    CU_ASSERT_EQUAL(wait_for(sweep), EXIT_INTERRUPTED);
    CU_ASSERT(log_has("running elsewhere"));
    sweep = sweep_start(0);
    wait_for_log("waiting for 1 run that another process is at work on");
    kill(holder, SIGKILL);
    wait_for(holder);
    CU_ASSERT_EQUAL(wait_for(sweep), 0);
    check_all_done();
    close(ends[0]), close(ends[1]);
    end();
}

void suite_sweep(void) {
    CU_pSuite suite = CU_add_suite("sweep", suite_make_folder, suite_remove_folder);
    CU_add_test(suite, "all runs are done once; a rerun does nothing", test_whole);
    CU_add_test(suite, "what a run prints is in its log", test_log);
    CU_add_test(suite, "shards are kept when asked for", test_keep_shards);
    CU_add_test(suite, "shards that nobody needs are removed", test_prune);
    CU_add_test(suite, "a failed run is kept, told, repeated on request; the others go on", test_failure);
    CU_add_test(suite, "a crashed run counts as failed", test_crash);
    CU_add_test(suite, "a run that leaves no record counts as failed", test_lie);
    CU_add_test(suite, "a damaged record is noticed and made again", test_damaged_record);
    CU_add_test(suite, "changed settings run anew and are named", test_changed_settings);
    CU_add_test(suite, "a done run is trained again for its model: its record stays", test_models_again);
    CU_add_test(suite, "another build's model is told from the recorded one's", test_models_of_another_build);
    CU_add_test(suite, "kill -9 of the sweep at random moments: same results in the end", test_killed_sweep);
    CU_add_test(suite, "kill -9 of runs at random moments: same results in the end", test_killed_runs);
    CU_add_test(suite, "SIGTERM: checkpoints are saved, the same command goes on", test_terminated);
    CU_add_test(suite, "Ctrl-C to the whole group: checkpoints are saved, the same command goes on",
                test_interrupted);
    CU_add_test(suite, "both runs of a data set are at work at once", test_shared_data_set);
    CU_add_test(suite, "pseudo-annotations are made once and told", test_annotations);
    CU_add_test(suite, "kill -9 of annotators at random moments: same results in the end",
                test_killed_annotators);
    CU_add_test(suite, "an annotator that fails is tried once and fails the runs that need it",
                test_failing_annotator);
    CU_add_test(suite, "another sweep tries it again", test_annotator_is_tried_again);
    CU_add_test(suite, "annotations of unfinished runs outlive other sweeps", test_spared_annotations);
    CU_add_test(suite, "a full disk is no run's fault and leaves nothing half-written", test_full_disk);
    CU_add_test(suite, "the disk fills at any size of file: nothing is damaged", test_disk_fills_anywhere);
    CU_add_test(suite, "a results folder that cannot be made is told", test_unwritable);
    CU_add_test(suite, "two sweeps at once share the work", test_two_sweeps);
    CU_add_test(suite, "a run that is locked elsewhere is waited for, and done if it is left",
                test_locked_run);
}
